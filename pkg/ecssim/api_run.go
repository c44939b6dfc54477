package ecssim

// This file is RunTask and StartTask: tasks that no service owns.

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"
)

// Limits of RunTask and StartTask [SDK RunTaskInput, StartTaskInput].
const (
	maxOverrides  = 8192 // characters
	runTokenValid = 24 * time.Hour
)

// runInput is the input of RunTask and StartTask; each uses its part of it.
type runInput struct {
	Cluster        string   `json:"cluster"`
	TaskDefinition string   `json:"taskDefinition"`
	Count          *int     `json:"count"`
	Instances      []string `json:"containerInstances"`
	LaunchType     string   `json:"launchType"`
	Platform       string   `json:"platformVersion"`
	Overrides      Document `json:"overrides"`
	StartedBy      string   `json:"startedBy"`
	Group          string   `json:"group"`
	Token          string   `json:"clientToken"`
	Propagate      string   `json:"propagateTags"`
	Managed        bool     `json:"enableECSManagedTags"`
	Exec           bool     `json:"enableExecuteCommand"`
	Tags           []tag    `json:"tags"`
}

func (e *engine) runTask(in runInput, raw Document) (any, *apiError) {
	c, apiErr := e.findCluster(in.Cluster)
	if apiErr != nil {
		return nil, apiErr
	}
	input := fingerprint(raw)
	if past, ok := c.Runs[in.Token]; ok && e.Now < past.Until {
		if past.Input != input {
			return nil, e.conflict(past)
		}
		return past.Answer, nil
	}
	count := 1
	if in.Count != nil {
		count = *in.Count
	}
	launchType, strategy, apiErr := e.launching(c, in.LaunchType, raw["capacityProviderStrategy"])
	if apiErr != nil {
		return nil, apiErr
	}
	o, apiErr := e.runOrder(c, in, raw, kindOfLaunch(launchType, strategy))
	if apiErr != nil {
		return nil, apiErr
	}
	if o.LaunchType == "EC2" && len(c.activeHosts()) == 0 {
		return nil, invalid("No Container Instances were found in your cluster.")
	}
	out := &runAnswer{Tasks: []any{}, Failures: []apiFailure{}}
	shares, tasks := readStrategy(strategy), map[string]int{}
	for range count {
		o.Provider = next(shares, tasks)
		t, why := e.start(o)
		if why != nil { // the others would find no place either
			out.Failures = why.failures
			break
		}
		tasks[o.Provider]++
		out.Tasks = append(out.Tasks, e.taskView(t, true))
	}
	return out, e.keepRun(c, in.Token, input, out)
}

func (e *engine) startTask(in runInput, raw Document) (any, *apiError) {
	c, apiErr := e.findCluster(in.Cluster)
	if apiErr != nil {
		return nil, apiErr
	}
	if len(in.Instances) == 0 {
		return nil, invalid("Container instances cannot be empty.") // assumed text
	}
	o, apiErr := e.runOrder(c, in, raw, "EC2")
	if apiErr != nil {
		return nil, apiErr
	}
	out := &runAnswer{Tasks: []any{}, Failures: []apiFailure{}}
	for _, instance := range in.Instances {
		t, why := e.startOn(o, shortName(instance))
		if why != nil {
			out.Failures = append(out.Failures, why.failures...)
			continue
		}
		out.Tasks = append(out.Tasks, e.taskView(t, true))
	}
	return out, nil
}

// runAnswer is what RunTask and StartTask answer.
type runAnswer struct {
	Tasks    []any        `json:"tasks"`
	Failures []apiFailure `json:"failures"`
}

// apiFailure is something that could not be had, and why.
type apiFailure struct {
	Arn    string `json:"arn,omitempty"`
	Reason string `json:"reason"`
	Detail string `json:"detail,omitempty"`
}

// runOrder checks an input and makes of it what its tasks are started with.
func (e *engine) runOrder(c *cluster, in runInput, raw Document, launchType string) (order, *apiError) {
	if in.TaskDefinition == "" {
		return order{}, invalid("TaskDefinition cannot be empty.") // assumed text
	}
	td, apiErr := e.usable(in.TaskDefinition)
	if apiErr != nil {
		return order{}, apiErr
	}
	for _, apiErr := range []*apiError{
		in.check(), checkTags(in.Tags), launchRequest{raw, launchType, td}.check(), checkOverrides(in.Overrides, launchType, td),
	} {
		if apiErr != nil {
			return order{}, apiErr
		}
	}
	if in.Exec && td.Doc["taskRoleArn"] == nil && in.Overrides["taskRoleArn"] == nil {
		return order{}, invalid("The task couldn't be started because a valid taskRoleArn is not being used. Specify a valid task role in your task definition and try again.") // assumed from UpdateService's text
	}
	o := order{
		Cluster: c.Name, Group: in.Group, StartedBy: in.StartedBy, TaskDefinition: td.arn(), LaunchType: launchType,
		Platform: in.Platform, Overrides: in.Overrides, Subnets: subnets(raw), Exec: in.Exec, Tags: in.Tags,
	}
	o.Constraints, o.Placings = placementOf(raw, td)
	if o.Group == "" {
		o.Group = "family:" + td.Doc["family"].(string)
	}
	if in.Propagate == "TASK_DEFINITION" {
		o.Tags = mergeTags(td.Tags, o.Tags)
	}
	if in.Managed {
		o.Tags = mergeTags(o.Tags, []tag{{managedTag + "ecs:clusterName", c.Name}})
	}
	return o, nil
}

// check refuses what the documentation of the input's members forbids. The
// texts are assumed, except for the group.
func (in runInput) check() *apiError {
	const signs = "-/_"
	switch {
	case strings.ContainsFunc(in.Token, func(r rune) bool { return r < 33 || r > 126 }):
		return invalid("clientToken can only have the characters from 33 to 126 of ASCII.")
	case strings.ContainsFunc(in.StartedBy, func(r rune) bool { return !isName(string(r)) && !strings.ContainsRune(signs, r) }):
		return invalid("startedBy contains invalid characters.")
	case strings.HasPrefix(in.Group, ownedGroup):
		return invalid("Invalid namespace for group.")
	case in.Propagate == "SERVICE":
		return invalid("Invalid value for propagateTags: " + in.Propagate + ".")
	}
	return nil
}

// checkOverrides refuses overrides that do not suit the task definition.
func checkOverrides(overrides Document, launchType string, td *taskDefinition) *apiError {
	if overrides == nil {
		return nil
	}
	if text, err := json.Marshal(overrides); err == nil && len(text) > maxOverrides {
		return invalid(fmt.Sprintf("Container Overrides length must be at most %d", maxOverrides))
	}
	for _, over := range objects(overrides["containerOverrides"]) {
		name, _ := over["name"].(string)
		if !slices.ContainsFunc(td.specs(), func(c containerSpec) bool { return c.name == name }) {
			return invalid("Override for container named " + name + " is not a container in the TaskDefinition.")
		}
	}
	cpu, memory := sizeOf(td, overrides)
	resized := overrides["cpu"] != nil || overrides["memory"] != nil
	if resized && launchType == "FARGATE" && !fargatePair(cpu, memory) {
		return refused("No Fargate configuration exists for given values.")
	}
	return nil
}

// sizeOf is the size of a task as its task definition or the overrides have it;
// 0: neither does.
func sizeOf(td *taskDefinition, overrides Document) (cpu, memory int) {
	if overrides["cpu"] == nil && overrides["memory"] == nil {
		return number(td.Doc["cpu"], 0), number(td.Doc["memory"], 0) // as registered
	}
	given := Document{"cpu": td.Doc["cpu"], "memory": td.Doc["memory"]}
	for _, member := range []string{"cpu", "memory"} {
		if over, ok := overrides[member]; ok {
			given[member] = over
		}
	}
	if normaliseSize(given) != nil {
		return 0, 0
	}
	return number(given["cpu"], 0), number(given["memory"], 0)
}

// fingerprint stands for an input, without its clientToken.
func fingerprint(raw Document) string {
	input := clone(raw)
	delete(input, "clientToken")
	sum := sha256.Sum256(encode(input))
	return hex.EncodeToString(sum[:])
}

// keepRun keeps the answer to a RunTask with a clientToken, and drops those
// whose day is over.
func (e *engine) keepRun(c *cluster, token, input string, out *runAnswer) *apiError {
	for old, past := range c.Runs {
		if e.Now >= past.Until {
			delete(c.Runs, old)
		}
	}
	if token == "" {
		return nil
	}
	answer, err := document(out)
	if err != nil {
		return serverError("%v", err)
	}
	if c.Runs == nil {
		c.Runs = map[string]pastRun{}
	}
	c.Runs[token] = pastRun{Input: input, Until: e.Now.add(runTokenValid), Answer: answer}
	return nil
}

// conflict is for a clientToken that was given with other parameters. The text
// is assumed; resourceIds is modelled.
func (e *engine) conflict(past pastRun) *apiError {
	ids := []string{}
	for _, t := range objects(past.Answer["tasks"]) {
		arn, _ := t["taskArn"].(string)
		ids = append(ids, arn)
	}
	return &apiError{
		code: "ConflictException", message: "The clientToken was already used for a RunTask with other parameters.", resourceIDs: ids,
	}
}
