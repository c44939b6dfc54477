package ecssim

// This file is the operations on tasks.

import (
	"slices"
	"strconv"
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
	return e.taskPage(c, in)
}

// taskPage cuts one page out of the tasks that fit, in the order in which they
// were started. Its token names the last of them, so that a task that stops
// between two pages makes no other one come twice or not at all.
func (e *engine) taskPage(c *cluster, in listTasksInput) (any, *apiError) {
	size, apiErr := pageSize(in.MaxResults, 100)
	if apiErr != nil {
		return nil, apiErr
	}
	last := 0
	if in.NextToken != "" {
		text, err := readToken(in.NextToken, "after:")
		if err == nil {
			last, err = strconv.Atoi(text)
		}
		if err != nil {
			return nil, errBadToken
		}
	}
	tasks := in.fitting(c, last, size+1)
	out := map[string]any{}
	if len(tasks) > size {
		tasks = tasks[:size]
		out["nextToken"] = makeToken("after:", strconv.Itoa(tasks[size-1].Number))
	}
	arns := []string{}
	for _, t := range tasks {
		arns = append(arns, e.taskArn(t))
	}
	out["taskArns"] = arns
	return out, nil
}

// fitting are the first tasks that fit, up to most, of those after a number.
func (in listTasksInput) fitting(c *cluster, last, most int) []*task {
	list := c.Tasks
	if in.Service != "" {
		list = c.owned(in.Service)
	}
	if in.Desired == "STOPPED" {
		list = slices.Concat(list, c.Gone)
		slices.SortFunc(list, byNumber)
	}
	from, _ := slices.BinarySearchFunc(list, last+1, func(t *task, number int) int { return t.Number - number })
	var found []*task
	for _, t := range list[from:] {
		if in.fits(t) {
			found = append(found, t)
		}
		if len(found) == most {
			break
		}
	}
	return found
}

// fits applies the filters. The desired status PENDING never matches: ECS never
// gives it to a task.
func (in listTasksInput) fits(t *task) bool {
	desired := in.Desired
	if desired == "" {
		desired = "RUNNING"
	}
	switch {
	case desired != t.desiredStatus(),
		in.Service != "" && t.Service != in.Service,
		in.Family != "" && familyOf(t.TaskDefinition) != in.Family,
		in.StartedBy != "" && in.StartedBy != t.StartedBy,
		in.LaunchType != "" && in.LaunchType != t.LaunchType,
		in.Host != "" && shortName(in.Host) != t.Host:
		return false
	}
	return true
}

// familyOf is the family of a task definition, by its ARN.
func familyOf(arn string) string {
	family, _, _ := strings.Cut(shortName(arn), ":")
	return family
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
	c, apiErr := e.findCluster(in.Cluster)
	if apiErr != nil {
		return nil, apiErr
	}
	if len(in.Tasks) == 0 {
		return nil, invalid("Tasks cannot be empty.")
	}
	if err := atMost(len(in.Tasks), 100, "Tasks"); err != nil {
		return nil, err
	}
	views, failures := []any{}, []any{}
	for _, identifier := range in.Tasks {
		t := c.findTask(identifier)
		if t == nil {
			failures = append(failures, missing(identifier, e.arn("task/"+c.Name+"/"+shortName(identifier))))
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
