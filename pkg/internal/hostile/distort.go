package hostile

import (
	"context"
	"encoding/json"
	"net/http"
	"slices"
	"strings"
	"time"
)

// lists are the members of answers whose order ECS does not promise.
var lists = []string{"deployments", "serviceDeployments", "tasks", "taskArns", "serviceRevisions", "services", "serviceArns", "containers", "loadBalancers"}

// optional are the members that an answer may lack, by operation. A rollout state
// is not among them: a service has one, or is behind a Classic Load Balancer.
var optional = map[string][]string{
	"DescribeServices":           {"rolloutStateReason", "failedTasks", "pendingCount", "events", "updatedAt", "createdAt", "failures", "createdBy", "roleArn", "deployments"},
	"UpdateService":              {"rolloutStateReason", "createdAt", "deployments", "events", "updatedAt", "id", "pendingCount", "service"},
	"DescribeServiceDeployments": {"deploymentCircuitBreaker", "rollback", "statusReason", "lifecycleStage", "alarms", "sourceServiceRevisions", "finishedAt", "createdAt", "status"},
	"ListServiceDeployments":     {"createdAt", "statusReason", "finishedAt", "targetServiceRevisionArn", "status", "startedAt"},
	"DescribeServiceRevisions":   {"containerImages", "createdAt", "taskDefinition"},
	"DescribeTasks":              {"containers", "stoppedReason", "startedBy", "stopCode", "exitCode", "lastStatus", "stoppedAt"},
	"ListTasks":                  {"taskArns"},
}

// words are the members that hold a word of an enumeration, by operation.
var words = map[string][]string{
	"DescribeServices":           {"rolloutState", "schedulingStrategy", "launchType"},
	"UpdateService":              {"rolloutState", "launchType", "schedulingStrategy"},
	"DescribeServiceDeployments": {"status", "lifecycleStage"},
	"ListServiceDeployments":     {"status"},
	"DescribeTasks":              {"lastStatus", "stopCode", "healthStatus", "desiredStatus"},
}

// distort edits an answer.
func (c *Client) distort(x *exchange, active []Distortion) error {
	if x.status != http.StatusOK {
		return nil
	}
	for _, d := range active {
		if !d.edits() && !d.olderUpdate(x.operation) {
			continue
		}
		if x.doc == nil {
			if err := json.Unmarshal(x.answer, &x.doc); err != nil {
				return err
			}
		}
		if err := c.edit(x, d); err != nil {
			return err
		}
	}
	if x.doc == nil {
		return nil
	}
	var err error
	x.answer, err = json.Marshal(x.doc)
	return err
}

// olderUpdate reports whether the answer of an UpdateService is to be older than
// the update.
func (d Distortion) olderUpdate(operation string) bool {
	return d.Name == Stale && d.On == "UpdateService" && operation == d.On
}

func (d Distortion) edits() bool {
	return slices.Contains([]string{Empty, Reverse, Repeat, Other, Missing, Null, Unknown, Loop, Clock}, d.Name)
}

func (c *Client) edit(x *exchange, d Distortion) error {
	members := optional[x.operation]
	switch d.Name {
	case Stale:
		return c.age(x, d.N)
	case Empty:
		x.doc = map[string]any{}
	case Reverse, Repeat:
		everyList(x.doc, func(list []any) []any { return reordered(list, d.Name) })
	case Other:
		return c.addOther(x, d.N)
	case Missing, Null:
		if len(members) > 0 {
			everyObject(x.doc, func(o map[string]any) { drop(o, members[d.N%len(members)], d.Name == Null) })
		}
	case Unknown:
		if known := words[x.operation]; len(known) > 0 {
			everyObject(x.doc, func(o map[string]any) { set(o, known[d.N%len(known)], "HITHERTO_UNKNOWN") })
		}
	case Loop:
		if strings.HasPrefix(x.operation, "List") {
			x.doc["nextToken"] = "again"
		}
	case Clock:
		at := []float64{0, 4070908800}[d.N%2]
		everyObject(x.doc, func(o map[string]any) { set(o, "createdAt", at) })
	}
	return nil
}

// age has an UpdateService answer with the service as it was some seconds ago.
func (c *Client) age(x *exchange, lag int) error {
	old := c.replicas[lag]
	if old == nil {
		return nil
	}
	describe := request{x.at, "DescribeServices", x.header.Clone(), []byte(`{"cluster":"` + Cluster + `","services":["` + Service + `"]}`)}
	describe.header.Set("X-Amz-Target", target+describe.operation)
	_, answer, err := old.read(context.WithoutCancel(x.ctx), x.at, c.written, describe)
	if err != nil {
		return err
	}
	var shown struct {
		Services []any `json:"services"`
	}
	if err := json.Unmarshal(answer, &shown); err != nil || len(shown.Services) == 0 {
		return err
	}
	x.doc["service"] = shown.Services[0]
	return nil
}

// set changes a member that is there.
func set(o map[string]any, member string, value any) {
	if _, ok := o[member]; ok {
		o[member] = value
	}
}

// drop leaves a member out, or makes it null.
func drop(o map[string]any, member string, null bool) {
	if null {
		set(o, member, nil)
	} else {
		delete(o, member)
	}
}

func reordered(list []any, how string) []any {
	if how == Reverse {
		list = slices.Clone(list)
		slices.Reverse(list)
		return list
	}
	var twice []any
	for _, each := range list {
		twice = append(twice, each, each)
	}
	return twice
}

// everyObject visits an object and all objects in it.
func everyObject(value any, visit func(map[string]any)) {
	switch v := value.(type) {
	case map[string]any:
		visit(v)
		for _, each := range v {
			everyObject(each, visit)
		}
	case []any:
		for _, each := range v {
			everyObject(each, visit)
		}
	}
}

// everyList changes every list of an answer whose order ECS does not promise.
func everyList(value any, change func([]any) []any) {
	everyObject(value, func(o map[string]any) {
		for _, name := range lists {
			if list, ok := o[name].([]any); ok {
				o[name] = change(list)
			}
		}
	})
}

// addOther adds something else than what was asked for to an answer.
func (c *Client) addOther(x *exchange, place int) error {
	var list string
	var other any
	switch x.operation {
	case "DescribeServices":
		list = "services"
	case "DescribeServiceRevisions":
		list = "serviceRevisions"
	case "DescribeServiceDeployments":
		list = "serviceDeployments"
		oldest, err := c.oldestRecord()
		if err != nil {
			return err
		}
		other = oldest
	default:
		return nil
	}
	right, _ := x.doc[list].([]any)
	if other == nil && len(right) > 0 {
		other = renamed(right[0])
	}
	if other == nil || len(right) == 1 && marshalled(other) == marshalled(right[0]) {
		return nil
	}
	switch place % 3 {
	case 0:
		x.doc[list] = append([]any{other}, right...)
	case 1:
		x.doc[list] = []any{other}
	default:
		x.doc[list] = append(slices.Clone(right), other)
	}
	return nil
}

// oldestRecord is ECS's record of the first deployment of the service.
func (c *Client) oldestRecord() (any, error) {
	out, err := c.ask("ListServiceDeployments", `{`+service+`,"maxResults":100}`)
	if err != nil {
		return nil, err
	}
	briefs, _ := out["serviceDeployments"].([]any)
	if len(briefs) == 0 {
		return nil, nil
	}
	oldest, _ := briefs[len(briefs)-1].(map[string]any)
	arn, _ := oldest["serviceDeploymentArn"].(string)
	out, err = c.ask("DescribeServiceDeployments", `{"serviceDeploymentArns":["`+arn+`"]}`)
	if err != nil {
		return nil, err
	}
	if records, _ := out["serviceDeployments"].([]any); len(records) > 0 {
		return records[0], nil
	}
	return nil, nil
}

// renamed is the same thing of another service, all of whose deployments have
// completed.
func renamed(thing any) any {
	text := strings.NewReplacer("/"+Service+`"`, "/"+Service+`-admin"`, "/"+Service+"/", "/"+Service+"-admin/", `"`+Service+`"`, `"`+Service+`-admin"`,
		"IN_PROGRESS", "COMPLETED").Replace(marshalled(thing))
	var other any
	if json.Unmarshal([]byte(text), &other) != nil {
		return nil
	}
	return other
}

func marshalled(value any) string {
	text, err := json.Marshal(value)
	if err != nil {
		return ""
	}
	return string(text)
}

// Since is how long the client has been there.
func (c *Client) Since() time.Duration { return time.Since(c.began) }
