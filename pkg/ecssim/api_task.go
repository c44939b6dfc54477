package ecssim

// This file is the operations on tasks.

import (
	"slices"
	"strings"
)

type listTasksInput struct {
	Cluster    string `json:"cluster"`
	Service    string `json:"serviceName"`
	Family     string `json:"family"`
	StartedBy  string `json:"startedBy"`
	Desired    string `json:"desiredStatus"`
	LaunchType string `json:"launchType"`
	Host       string `json:"containerInstance"`
	MaxResults *int   `json:"maxResults"`
	NextToken  string `json:"nextToken"`
}

func (e *engine) listTasks(in listTasksInput, _ Document) (any, *apiError) {
	c, apiErr := e.findCluster(in.Cluster)
	if apiErr != nil {
		return nil, apiErr
	}
	if in.StartedBy != "" && (in.Service != "" || in.Family != "" || in.Host != "") {
		return nil, invalid("startedBy must be the only filter.") // assumed text
	}
	if in.Service != "" {
		s, apiErr := c.findService(in.Service)
		if apiErr != nil {
			return nil, apiErr
		}
		in.Service = s.Name
	}
	var list listing
	for _, t := range slices.Concat(c.Gone, c.Tasks) {
		list.add(e.taskArn(t), in.fits(t))
	}
	return list.page("taskArns", in.MaxResults, in.NextToken)
}

// fits applies the filters. The desired status PENDING never matches: ECS never
// gives it to a task.
func (in listTasksInput) fits(t *task) bool {
	desired := in.Desired
	if desired == "" {
		desired = "RUNNING"
	}
	family, _, _ := strings.Cut(shortName(t.TaskDefinition), ":")
	switch {
	case desired != t.desiredStatus(),
		in.Service != "" && t.Service != in.Service,
		in.Family != "" && family != in.Family,
		in.StartedBy != "" && in.StartedBy != t.StartedBy,
		in.LaunchType != "" && in.LaunchType != t.LaunchType,
		in.Host != "" && shortName(in.Host) != t.Host:
		return false
	}
	return true
}

func (t *task) desiredStatus() string {
	if t.Stopping || t.Dying || t.Status == stopped {
		return "STOPPED"
	}
	return "RUNNING"
}

func (e *engine) taskArn(t *task) string { return e.arn("task/" + t.Cluster + "/" + t.ID) }

// findTask finds a task of the cluster by id or ARN, or nil.
func (c *cluster) findTask(identifier string) *task { return c.task(shortName(identifier)) }

func (e *engine) describeTasks(in struct {
	Cluster string   `json:"cluster"`
	Tasks   []string `json:"tasks"`
	Include []string `json:"include"`
}, _ Document) (any, *apiError) {
	if len(in.Tasks) == 0 {
		return nil, invalid("Tasks cannot be empty.")
	}
	if err := atMost(len(in.Tasks), 100, "Tasks"); err != nil {
		return nil, err
	}
	c, apiErr := e.findCluster(in.Cluster)
	if apiErr != nil {
		return nil, apiErr
	}
	views, failures := []any{}, []any{}
	for _, identifier := range in.Tasks {
		t := c.findTask(identifier)
		if t == nil {
			failures = append(failures, missing(e.arn("task/"+c.Name+"/"+shortName(identifier))))
			continue
		}
		views = append(views, e.taskView(t, slices.Contains(in.Include, "TAGS")))
	}
	return map[string]any{"tasks": views, "failures": failures}, nil
}

func (e *engine) stopTask(in struct {
	Cluster string `json:"cluster"`
	Task    string `json:"task"`
	Reason  string `json:"reason"`
}, _ Document) (any, *apiError) {
	c, apiErr := e.findCluster(in.Cluster)
	if apiErr != nil {
		return nil, apiErr
	}
	t := c.findTask(in.Task)
	if t == nil {
		return nil, invalid("The referenced task was not found.")
	}
	if t.alive() {
		reason := in.Reason
		if reason == "" {
			reason = "Task stopped by user"
		}
		e.halt(t, "UserInitiated", reason)
		e.tell(t, stoppedByHand)
	}
	return map[string]any{"task": e.taskView(t, false)}, nil
}
