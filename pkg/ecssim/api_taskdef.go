package ecssim

// This file is the operations on task definitions.

import (
	"slices"
	"strconv"
	"strings"
)

// taskDefinition finds a revision by its full ARN, or by family:revision.
func (e *engine) taskDefinition(arn string) *taskDefinition {
	name := arn[strings.LastIndexByte(arn, '/')+1:]
	familyName, revision, _ := strings.Cut(name, ":")
	f := e.Families[familyName]
	n, err := strconv.Atoi(revision)
	if f == nil || err != nil || n < 1 || n > len(f.Revisions) {
		return nil
	}
	return f.Revisions[n-1]
}

// resolve finds a revision by family (its latest ACTIVE one), family:revision
// or ARN. It is nil if there is no such revision; a revision that is not a
// number is an error.
func (e *engine) resolve(identifier string) (*taskDefinition, *apiError) {
	name := identifier[strings.LastIndexByte(identifier, '/')+1:]
	if _, revision, given := strings.Cut(name, ":"); given {
		if _, err := strconv.Atoi(revision); err != nil {
			return nil, invalid("Invalid revision number. Number: " + revision)
		}
		return e.taskDefinition(name), nil
	}
	f := e.Families[name]
	if f == nil {
		return nil, nil
	}
	for _, td := range slices.Backward(f.Revisions) {
		if td.Active {
			return td, nil
		}
	}
	return nil, nil
}

func (td *taskDefinition) arn() string { return td.Doc["taskDefinitionArn"].(string) }

func (td *taskDefinition) containers() []map[string]any {
	return objects(td.Doc["containerDefinitions"])
}

type registerInput struct {
	Tags []tag `json:"tags"`
}

func (e *engine) registerTaskDefinition(in registerInput, raw Document) (any, *apiError) {
	doc, err := checkRegistration(raw)
	if err != nil {
		return nil, err
	}
	if in.Tags != nil && len(in.Tags) == 0 {
		return nil, refused("Tags can not be empty.")
	}
	if err := checkTags(in.Tags); err != nil {
		return nil, err
	}
	name := doc["family"].(string)
	f := e.Families[name]
	if f == nil {
		f = &family{Name: name}
		e.Families[name] = f
	}
	number := len(f.Revisions) + 1
	e.describe(doc, number)
	td := &taskDefinition{Doc: doc, Tags: in.Tags, Number: number, Active: true}
	f.Revisions = append(f.Revisions, td)
	for _, c := range td.containers() {
		e.keepDigest(c["image"].(string)) // checkRegistration saw to it
	}
	out := map[string]any{"taskDefinition": td.Doc}
	if len(in.Tags) > 0 {
		out["tags"] = in.Tags
	}
	return out, nil
}

type taskDefinitionInput struct {
	TaskDefinition string   `json:"taskDefinition"`
	Include        []string `json:"include"`
}

func (e *engine) describeTaskDefinition(in taskDefinitionInput, _ Document) (any, *apiError) {
	td, err := e.resolve(in.TaskDefinition)
	switch {
	case err != nil:
		return nil, err
	case td == nil:
		return nil, errNoTD
	}
	out := map[string]any{"taskDefinition": td.Doc}
	if slices.Contains(in.Include, "TAGS") {
		out["tags"] = orNone(td.Tags)
	}
	return out, nil
}

func (e *engine) deregisterTaskDefinition(in taskDefinitionInput, _ Document) (any, *apiError) {
	if !strings.Contains(in.TaskDefinition[strings.LastIndexByte(in.TaskDefinition, '/')+1:], ":") {
		return nil, errNoRevision
	}
	td, err := e.resolve(in.TaskDefinition)
	switch {
	case err != nil:
		return nil, err
	case td == nil:
		return nil, errNoTD
	}
	if td.Active {
		td.Active = false
		td.Doc["status"] = "INACTIVE"
		td.Doc["deregisteredAt"] = e.Now.epoch()
	}
	return map[string]any{"taskDefinition": td.Doc}, nil
}

// deleteTaskDefinitions begins the deletion of INACTIVE revisions. A revision
// stays in DELETE_IN_PROGRESS as long as the simulator remembers it: it does not
// end anything that runs.
func (e *engine) deleteTaskDefinitions(in struct {
	TaskDefinitions []string `json:"taskDefinitions"`
}, _ Document) (any, *apiError) {
	switch n := len(in.TaskDefinitions); {
	case n == 0:
		return nil, invalid("size of TaskDefinition references list must be greater than 0")
	case n > 10:
		return nil, invalid("Size of TaskDefinition references list cannot exceed 10")
	}
	views, failures := []any{}, []any{}
	for _, identifier := range in.TaskDefinitions {
		if !strings.Contains(shortName(identifier), ":") {
			return nil, errNoRevision
		}
		td, err := e.resolve(identifier)
		switch {
		case err != nil:
			return nil, err
		case td == nil:
			failures = append(failures, map[string]any{"arn": identifier, "reason": "The specified task definition does not exist. Specify a valid account, family, revision and try again."})
		case td.Active:
			failures = append(failures, map[string]any{"arn": td.arn(), "reason": "The specified task definition is still in ACTIVE status. Please deregister the target and try again."})
		default:
			if !td.deleting() {
				td.Doc["status"], td.Doc["deleteRequestedAt"] = "DELETE_IN_PROGRESS", e.Now.epoch()
			}
			views = append(views, td.Doc)
		}
	}
	return map[string]any{"taskDefinitions": views, "failures": failures}, nil
}

// deleting reports whether somebody has asked for the revision to be deleted.
func (td *taskDefinition) deleting() bool { return td.Doc["status"] == "DELETE_IN_PROGRESS" }

type listTaskDefinitionsInput struct {
	Prefix     string `json:"familyPrefix"`
	Status     string `json:"status"`
	Sort       string `json:"sort"`
	MaxResults *int   `json:"maxResults"`
	NextToken  string `json:"nextToken"`
}

func (e *engine) listTaskDefinitions(in listTaskDefinitionsInput, _ Document) (any, *apiError) {
	status := in.Status
	if status == "" {
		status = "ACTIVE"
	}
	var list listing
	for _, name := range sortedKeys(e.Families) {
		if in.Prefix != "" && name != in.Prefix {
			continue // familyPrefix is the full family name here
		}
		for _, td := range e.Families[name].Revisions {
			list.add(td.arn(), td.Doc["status"] == status)
		}
	}
	if in.Sort == "DESC" {
		slices.Reverse(list.arns)
	}
	return list.page("taskDefinitionArns", in.MaxResults, in.NextToken)
}

func (e *engine) listTaskDefinitionFamilies(in listTaskDefinitionsInput, _ Document) (any, *apiError) {
	names := []string{}
	for _, name := range sortedKeys(e.Families) {
		active := slices.ContainsFunc(e.Families[name].Revisions, func(td *taskDefinition) bool { return td.Active })
		fits := in.Status == "" || in.Status == "ALL" || (in.Status == "ACTIVE") == active
		if strings.HasPrefix(name, in.Prefix) && fits {
			names = append(names, name)
		}
	}
	return page(names, "families", in.MaxResults, 100, in.NextToken)
}
