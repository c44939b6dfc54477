package ecssim

// This file is what is done with a running task: ExecuteCommand, which opens no
// real session, and the protection of tasks from scale-in.

import "time"

func (e *engine) executeCommand(in struct {
	Cluster     string `json:"cluster"`
	Task        string `json:"task"`
	Container   string `json:"container"`
	Command     string `json:"command"`
	Interactive bool   `json:"interactive"`
}, _ Document) (any, *apiError) {
	c, apiErr := e.findCluster(in.Cluster)
	if apiErr != nil {
		return nil, apiErr
	}
	t := c.findTask(in.Task)
	switch {
	case in.Command == "":
		return nil, invalid("Command cannot be empty.") // assumed text
	case !in.Interactive:
		return nil, invalid("Interactive is the only mode supported currently.")
	case t == nil:
		return nil, invalid("The task provided in the request was \"not found\". Check your task and try again.") // assumed text
	case t.Status != running || !t.Exec:
		return nil, invalid("The execute command failed because execute command was not enabled when the task was run or the execute command agent isn’t running. Wait and try again or run a new task with execute command enabled and try again.")
	case in.Container == "" && len(t.Containers) > 1:
		return nil, invalid("Container name is required: the task has more than one container.") // assumed text
	}
	for _, container := range t.Containers {
		if in.Container != "" && container.Name != in.Container {
			continue
		}
		id := "ecs-execute-command-" + derived("session "+e.Wire.uuid(), t.ID, 17)
		return map[string]any{
			"clusterArn": e.arn("cluster/" + c.Name), "taskArn": e.taskArn(t), "interactive": true,
			"containerName": container.Name, "containerArn": e.arn("container/" + c.Name + "/" + t.ID + "/" + container.ID),
			"session": map[string]any{
				"sessionId":  id,
				"streamUrl":  "wss://simulated.invalid/v1/data-channel/" + id + "?note=the-simulator-opens-no-session",
				"tokenValue": "simulated",
			},
		}, nil
	}
	return nil, invalid("The container " + in.Container + " does not exist in the task.") // assumed text
}

// protected reports whether scale-in and deployments leave the task alone.
func (e *engine) protected(t *task) bool { return e.Now < t.ProtectedUntil }

// awaitProtection looks at the service again when the first protection of one of
// its tasks ends.
func (e *engine) awaitProtection(s *service) {
	var first millis
	for _, t := range s.tasks() {
		if t.alive() && e.protected(t) && (first == 0 || t.ProtectedUntil < first) {
			first = t.ProtectedUntil
		}
	}
	if first != 0 {
		e.wake(s, time.Duration(first-e.Now)*time.Millisecond)
	}
}

type protectionInput struct {
	Cluster string   `json:"cluster"`
	Tasks   []string `json:"tasks"`
	Enabled bool     `json:"protectionEnabled"`
	Minutes *int     `json:"expiresInMinutes"`
}

func (e *engine) updateTaskProtection(in protectionInput, _ Document) (any, *apiError) {
	minutes := 120
	if in.Minutes != nil {
		minutes = *in.Minutes
	}
	if len(in.Tasks) == 0 {
		return nil, invalid("Tasks cannot be empty.")
	}
	return e.eachProtection(in, func(t *task) {
		t.ProtectedUntil = 0
		if in.Enabled {
			t.ProtectedUntil = e.Now.add(time.Duration(minutes) * time.Minute)
		}
		if s := e.Clusters[t.Cluster].owner(t); s != nil {
			e.wake(s, passDelay)
		}
	})
}

func (e *engine) getTaskProtection(in protectionInput, _ Document) (any, *apiError) {
	if c, err := e.findCluster(in.Cluster); err == nil && len(in.Tasks) == 0 {
		for _, t := range c.Tasks {
			if c.owner(t) != nil {
				in.Tasks = append(in.Tasks, t.ID)
			}
		}
	}
	return e.eachProtection(in, func(*task) {})
}

// eachProtection visits the tasks of services among those that an input names,
// and shows their protection.
func (e *engine) eachProtection(in protectionInput, visit func(*task)) (any, *apiError) {
	c, apiErr := e.findCluster(in.Cluster)
	if apiErr != nil {
		return nil, apiErr
	}
	views, failures := []any{}, []any{}
	for _, identifier := range in.Tasks {
		t := c.findTask(identifier)
		arn := e.arn("task/" + c.Name + "/" + shortName(identifier))
		switch {
		case t == nil:
			failures = append(failures, missing(arn, arn))
		case c.owner(t) == nil || !t.alive():
			failures = append(failures, map[string]any{"arn": arn, "reason": "TASK_NOT_VALID"})
		default:
			visit(t)
			view := map[string]any{"taskArn": arn, "protectionEnabled": e.protected(t)}
			if e.protected(t) {
				view["expirationDate"] = t.ProtectedUntil.epoch()
			}
			views = append(views, view)
		}
	}
	return map[string]any{"protectedTasks": views, "failures": failures}, nil
}
