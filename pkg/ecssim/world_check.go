package ecssim

// This file finds the contradictions in a world: what YAML alone cannot know.

import (
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/ecs"
)

// problem is one thing wrong with a world, and the path to it.
type problem struct {
	path    []any // map keys and list indexes
	message string
}

// isName reports whether a text can name a cluster, a service or a family: 1 to
// 255 letters, digits, hyphens and underscores.
func isName(text string) bool {
	const allowed = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-"
	return text != "" && len(text) <= 255 && strings.Trim(text, allowed) == ""
}

// isAccount reports whether a text is an AWS account: 12 digits.
func isAccount(text string) bool {
	return len(text) == 12 && strings.Trim(text, "0123456789") == ""
}

// checker collects problems.
type checker struct{ found []problem }

func (c *checker) add(path []any, format string, args ...any) {
	c.found = append(c.found, problem{slices.Clone(path), fmt.Sprintf(format, args...)})
}

func at(path ...any) []any { return path }

// err is all problems in one error, or nil.
func (w World) err() error {
	var found []error
	for _, p := range w.problems() {
		var b strings.Builder
		for _, step := range p.path {
			if i, ok := step.(int); ok {
				fmt.Fprintf(&b, "[%d]", i)
			} else {
				fmt.Fprintf(&b, ".%v", step)
			}
		}
		found = append(found, fmt.Errorf("world%s: %s", b.String(), p.message))
	}
	return errors.Join(found...)
}

// checkExpectation checks the words of an expectation.
func (c *checker) checkExpectation(x Expectation) {
	c.oneOf(at("expect", "ends"), string(x.Ends), "", string(Completed), string(RolledBack), string(Failed), string(Superseded), string(Never), string(Paused))
	c.behaviour(at("expect", "cause"), x.Cause)
	if x.Within < x.After {
		c.add(at("expect", "within"), "within is shorter than after")
	}
}

// problems checks everything about the world that does not need a simulator.
func (w World) problems() []problem {
	c := &checker{}
	if w.Account != "" && !isAccount(w.Account) {
		c.add(at("account"), "an account id is 12 digits, not %q", w.Account)
	}
	c.checkExpectation(w.Expect)
	c.checkSwitches(w.Switches)
	c.checkClusters(w)
	c.checkTaskDefinitions(w)
	c.checkServices(w)
	for i, rule := range w.Images {
		c.checkRule(at("images", i), rule)
	}
	c.checkRules(w.Rules)
	c.checkAlarms(w)
	c.checkAccess(w)
	for i, f := range w.Functions {
		c.checkFunction(at("functions", i), f)
	}
	if w.Policy != nil {
		if _, err := readPolicy(w.Policy); err != nil {
			c.add(at("policy"), "%v", err)
		}
	}
	for i, f := range w.Faults {
		c.checkFault(at("faults", i), f)
	}
	for i, a := range w.Actors {
		c.checkActor(at("actors", i), a)
	}
	return c.found
}

func (c *checker) checkSwitches(s Switches) {
	c.oneOf(at("switches", "partialDeploymentConfiguration"), s.PartialDeploymentConfiguration, "", "merge", "reset")
	c.oneOf(at("switches", "currentServiceDeployment"), s.CurrentServiceDeployment, "", "absent", "current", "late")
	c.oneOf(at("switches", "serviceRevisionIds"), s.ServiceRevisionIDs, "", "matching", "unrelated")
}

func (c *checker) oneOf(path []any, value string, allowed ...string) {
	if slices.Contains(allowed, value) {
		return
	}
	names := slices.DeleteFunc(slices.Clone(allowed), func(s string) bool { return s == "" })
	c.add(path, "%q is not one of %s", value, strings.Join(names, ", "))
}

func (c *checker) checkClusters(w World) {
	seen := map[string]bool{}
	for i, cl := range w.Clusters {
		switch {
		case !isName(cl.Name):
			c.add(at("clusters", i, "name"), "%q is not a cluster name", cl.Name)
		case seen[cl.Name]:
			c.add(at("clusters", i, "name"), "duplicate cluster %q", cl.Name)
		}
		seen[cl.Name] = true
		if cl.TaskSlots != nil && *cl.TaskSlots < 0 {
			c.add(at("clusters", i, "taskSlots"), "a number of tasks cannot be negative")
		}
		if text := cl.strategyRefusal(); text != "" {
			c.add(at("clusters", i, "defaultCapacityProviderStrategy"), "%s", text)
		}
		for j, inst := range cl.ContainerInstances {
			if inst.Count < 0 || inst.CPU < 0 || inst.Memory < 0 {
				c.add(at("clusters", i, "containerInstances", j), "count, cpu and memory cannot be negative")
			}
		}
	}
}

// strategyRefusal is the text with which ECS refuses the default strategy, or "".
func (cl ClusterSpec) strategyRefusal() string {
	members := cl.members()
	if text := shapeOf(reflect.TypeFor[ecs.CreateClusterInput]()).refusal(map[string]any(members)); text != "" {
		return text
	}
	shares := readStrategy(members["defaultCapacityProviderStrategy"])
	if len(shares) == 0 {
		return ""
	}
	for _, err := range []*apiError{coherent(shares), (&cluster{Extra: members}).associated(shares)} {
		if err != nil {
			return err.message
		}
	}
	return ""
}

func (c *checker) checkTaskDefinitions(w World) {
	for i, doc := range w.TaskDefinitions {
		input := clone(doc)
		delete(input, "status")
		if status, ok := doc["status"]; ok && status != "ACTIVE" && status != "INACTIVE" {
			c.add(at("taskDefinitions", i, "status"), "%v is not ACTIVE or INACTIVE", status)
		}
		if _, err := checkRegistration(input); err != nil {
			c.add(at("taskDefinitions", i), "%s: %s", err.code, err.message)
		}
	}
}

// checkServices checks what CreateService would only say without a place; the
// rest is said when New creates the service.
func (c *checker) checkServices(w World) {
	c.checkMembers(at("serviceDefaults"), w.ServiceDefaults)
	seen := map[string]bool{}
	for i, doc := range w.Services {
		c.checkMembers(at("services", i), doc)
		for _, member := range []string{"serviceName", "taskDefinition"} {
			optional := member == "taskDefinition" && isExternal(doc)
			if _, ok := doc[member].(string); !ok && !optional {
				c.add(at("services", i), "a service needs a %s", member)
			}
		}
		cluster := clusterOf(doc)
		if !slices.ContainsFunc(w.Clusters, func(s ClusterSpec) bool { return s.Name == cluster }) {
			c.add(at("services", i, "cluster"), "the world has no cluster %q", cluster)
		}
		key := fmt.Sprint(cluster, "/", doc["serviceName"])
		if seen[key] {
			c.add(at("services", i, "serviceName"), "duplicate service %s", key)
		}
		seen[key] = true
	}
}

func (c *checker) checkMembers(path []any, doc Document) {
	for _, member := range sortedKeys(doc) {
		if !slices.Contains(createServiceMembers, member) {
			c.add(append(slices.Clone(path), member), "CreateService has no member %q", member)
		}
	}
}

func (c *checker) checkRule(path []any, r ImageRule) {
	if r.Match == "" {
		c.add(path, "an image rule needs a match, such as \"*\"")
	}
	c.behaviour(append(path, "behaviour"), r.Behaviour)
	c.oneOf(append(path, "check"), r.Check, "", "targetGroup", "container")
	c.probability(path, r.Probability)
	c.checkLogs(path, r.Logs)
	if r.Code != nil && r.Behaviour != Exits {
		c.add(append(path, "code"), "only the behaviour exits has a code")
	}
	if r.Check != "" && r.Behaviour != Unhealthy {
		c.add(append(path, "check"), "only the behaviour unhealthy has a check")
	}
}

func (c *checker) behaviour(path []any, b Behaviour) {
	c.oneOf(path, string(b), "", string(Starts), string(CannotPull), string(InitFail), string(Exits),
		string(OutOfMemory), string(Unhealthy), string(Hangs))
}

func (c *checker) checkLogs(path []any, lines []LogLine) {
	for i, line := range lines {
		if line.Every > 0 && time.Duration(line.Every) < time.Second {
			c.add(append(slices.Clone(path), "logs", i, "every"), "a line is written at most every second")
		}
	}
}

func (c *checker) checkRules(rules []RuleSpec) {
	for i, r := range rules {
		if !isRuleArn(r.ARN) {
			c.add(at("rules", i, "arn"), "%q is not the ARN of a listener rule or of a Network Load Balancer's listener", r.ARN)
		}
		for j, f := range r.Forward {
			if groupName(f.TargetGroup) == "" {
				c.add(at("rules", i, "forward", j, "targetGroup"), "%q is not the ARN of a target group", f.TargetGroup)
			}
			if f.Weight < 0 || f.Weight > 999 {
				c.add(at("rules", i, "forward", j, "weight"), "a weight is between 0 and 999")
			}
		}
	}
}

func (c *checker) checkAlarms(w World) {
	seen := map[string]bool{}
	for i, a := range w.Alarms {
		switch {
		case a.Name == "":
			c.add(at("alarms", i), "an alarm needs a name")
		case seen[a.Name]:
			c.add(at("alarms", i, "name"), "duplicate alarm %q", a.Name)
		case !a.AfterDeployment && (a.Image != "" || len(a.ExceptImages) > 0):
			c.add(at("alarms", i), "image and exceptImages need afterDeployment")
		}
		seen[a.Name] = true
	}
}

func (c *checker) checkAccess(w World) {
	for i, name := range w.Repositories {
		if name == "" || strings.ContainsAny(name, ":@") || strings.ToLower(name) != name {
			c.add(at("repositories", i), "%q is not a repository's name, such as team/web", name)
		}
	}
	for i, s := range w.Scaling {
		if s.Cluster == "" || s.Service == "" || s.Min < 0 || s.Max < s.Min {
			c.add(at("scaling", i), "scaling needs a cluster, a service, a min of at least 0, and a max that is not below it")
		}
	}
	for i, k := range w.AccessKeys {
		if k.ID == "" {
			c.add(at("accessKeys", i), "an access key needs an id")
		}
	}
	for i, r := range w.Roles {
		if _, _, ok := splitRole(r.ARN); !ok {
			c.add(at("roles", i, "arn"), "%q is not a role's ARN, such as arn:aws:iam::123456789012:role/deployer", r.ARN)
		}
		if r.MFA != nil && (r.MFA.Serial == "" || len(r.MFA.Code) != 6 || strings.Trim(r.MFA.Code, "0123456789") != "") {
			c.add(at("roles", i, "mfa"), "mfa needs a serial and a code of 6 digits, in quotes")
		}
	}
}

func (c *checker) checkFunction(path []any, f FunctionRule) {
	if f.Match == "" {
		c.add(path, "a function rule needs a match, such as \"*\"")
	}
	c.oneOf(append(path, "answer"), string(f.Answer), "", string(FunctionSucceeds), string(FunctionFails), string(FunctionRaises), string(FunctionHangs), string(FunctionDenied))
	c.oneOf(append(path, "stage"), f.Stage, "", reconcile, preScaleUp, postScaleUp, testShift, postTest, preShift, shift, postProduction)
	c.checkLogs(path, f.Logs)
	if f.InProgress < 0 {
		c.add(append(path, "inProgress"), "a number of answers cannot be negative")
	}
}

func (c *checker) probability(path []any, p float64) {
	if !(p >= 0 && p <= 1) {
		c.add(append(path, "probability"), "a probability is between 0 and 1")
	}
}

func (c *checker) checkFault(path []any, f Fault) {
	for i, pattern := range f.Operations {
		if !slices.ContainsFunc(faultOperations(), func(op string) bool { return glob(pattern, op) }) {
			c.add(append(path, "operations", i), "ECS has no operation %q", pattern)
		}
	}
	c.probability(path, f.Probability)
	effects := 0
	for _, on := range []bool{f.Code != "", f.Body != "", f.ConnectionReset, f.LostResponse} {
		if on {
			effects++
		}
	}
	if effects > 1 {
		c.add(path, "a fault has one of code, body, connectionReset and lostResponse, not %d of them", effects)
	}
	if effects == 0 && f.Latency == 0 {
		c.add(path, "this fault does nothing: give it a code, body, connectionReset, lostResponse or latency")
	}
	if f.First < 0 || f.Nth < 0 || f.Every < 0 {
		c.add(path, "first, nth and every cannot be negative")
	}
	if f.Status != 0 && (f.Status < 400 || f.Status > 599) {
		c.add(append(path, "status"), "an error status is between 400 and 599")
	}
}

func (c *checker) checkActor(path []any, a Actor) {
	_, ok := operations()[a.Operation]
	if _, balances := balancing()[a.Operation]; !ok && !balances {
		c.add(append(path, "operation"), "the simulator has no operation %q", a.Operation)
	}
	if a.AfterDeployment && (a.Cluster != "" || a.Service != "") {
		c.add(path, "afterDeployment selects the service: remove cluster and service")
	}
	if a.Times < 0 || a.Times > 0 && !a.AfterDeployment {
		c.add(append(path, "times"), "times needs afterDeployment and cannot be negative")
	}
}
