package ecssim

// This file is the neighbour of ECS that decides about the health of targets:
// Elastic Load Balancing v2, as far as a deploy tool asks it. Target groups are
// those that services name; they have ELB's default settings. What a target is
// like follows from the life of its task.

import (
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"
)

const (
	registering = 10 * time.Second // RUNNING to the first health check; assumed
	// noticing is how much earlier than ECS the load balancer finds a target
	// unhealthy; assumed.
	noticing = 10 * time.Second
)

// balancing is the operations of Elastic Load Balancing v2.
func balancing() map[string]queryOperation {
	return map[string]queryOperation{
		"DescribeTargetGroupAttributes": (*engine).describeGroupAttributes,
		"DescribeTargetGroups":          (*engine).describeTargetGroups,
		"DescribeTargetHealth":          (*engine).describeTargetHealth,
		"DescribeRules":                 (*engine).describeRules,
		"DescribeListeners":             (*engine).describeListeners,
		"ModifyRule":                    (*engine).modifyRule,
		"ModifyListener":                (*engine).modifyListener,
	}
}

// targetHealthResult is what DescribeTargetHealth answers.
type targetHealthResult struct {
	Descriptions struct {
		Member []targetDescription `xml:"member"`
	} `xml:"TargetHealthDescriptions"`
}

type targetDescription struct {
	HealthCheckPort string       `xml:",omitempty"`
	Target          target       `xml:"Target"`
	Health          targetHealth `xml:"TargetHealth"`
}

type target struct {
	ID   string `xml:"Id"`
	Port int    `xml:",omitempty"`
	Zone string `xml:"AvailabilityZone,omitempty"`
}

// targetHealth is a state with its reason. Reasons and descriptions are those
// that ELB documents ("Health checks for your target groups").
type targetHealth struct {
	State       string
	Reason      string `xml:",omitempty"`
	Description string `xml:",omitempty"`
}

var (
	unregistered   = targetHealth{"unused", "Target.NotRegistered", "Target is not registered to the target group"}
	registration   = targetHealth{"initial", "Elb.RegistrationInProgress", "Target registration is in progress"}
	initialChecks  = targetHealth{"initial", "Elb.InitialHealthChecking", "Initial health checks in progress"}
	deregistration = targetHealth{"draining", "Target.DeregistrationInProgress", "Target deregistration is in progress"}
)

func (e *engine) describeTargetHealth(form url.Values) (any, *apiError) {
	arn := form.Get("TargetGroupArn")
	if arn == "" {
		return nil, &apiError{code: "ValidationError", message: "A target group ARN must be specified"}
	}
	group := e.findGroup(arn)
	if group == nil {
		return nil, noGroup(arn)
	}
	asked := formTargets(form)
	result := targetHealthResult{}
	for _, d := range e.targets(arn) {
		i := slices.IndexFunc(asked, func(t target) bool {
			return t.ID == d.Target.ID && (t.Port == 0 || t.Port == d.Target.Port)
		})
		if i >= 0 || len(asked) == 0 {
			result.Descriptions.Member = append(result.Descriptions.Member, d)
		}
	}
	for _, t := range asked {
		if !slices.ContainsFunc(result.Descriptions.Member, func(d targetDescription) bool { return d.Target.ID == t.ID }) {
			result.Descriptions.Member = append(result.Descriptions.Member, targetDescription{Target: t, Health: unregistered})
		}
	}
	return result, nil
}

// formTargets are the targets that a request names: all others are left out.
func formTargets(form url.Values) []target {
	var found []target
	for i := 1; ; i++ {
		prefix := "Targets.member." + strconv.Itoa(i) + "."
		id := form.Get(prefix + "Id")
		if id == "" {
			return found
		}
		port, _ := strconv.Atoi(form.Get(prefix + "Port")) // none: any port
		found = append(found, target{ID: id, Port: port, Zone: form.Get(prefix + "AvailabilityZone")})
	}
}

// targets are the targets of a target group, in the order of clusters and
// tasks.
func (e *engine) targets(arn string) []targetDescription {
	var found []targetDescription
	for _, clusterName := range sortedKeys(e.Clusters) {
		for _, t := range e.Clusters[clusterName].Tasks {
			health, registered := e.targetHealth(t)
			for _, lb := range t.Balancers {
				if !registered || lb.TargetGroup != arn {
					continue
				}
				where := e.target(t, lb)
				found = append(found, targetDescription{strconv.Itoa(where.Port), where, health})
			}
		}
	}
	return found
}

// eachServiceOf visits all services of the account, in a fixed order.
func (e *engine) eachServiceOf(visit func(*service)) {
	for _, clusterName := range sortedKeys(e.Clusters) {
		services := e.Clusters[clusterName].Services
		for _, name := range sortedKeys(services) {
			visit(services[name])
		}
	}
}

// target is how a load balancer reaches the task: its own address, or the
// instance and the host port of the container that is registered.
func (e *engine) target(t *task, lb balancer) target {
	port := lb.Port
	if t.Address != "" {
		return target{ID: t.Address, Port: port, Zone: t.Zone}
	}
	for _, c := range t.Containers {
		for _, b := range c.Bindings {
			if c.Name == lb.Container && b.Port == port {
				port = b.Host
			}
		}
	}
	return target{ID: e.instanceOf(t), Port: port}
}

// targetHealth is the health of a task as a target; false: it is not
// registered. ECS registers a task when it is RUNNING and deregisters it when it
// lets go of it or its containers have exited.
func (e *engine) targetHealth(t *task) (targetHealth, bool) {
	switch {
	case t.StartedAt == 0 || t.Status == stopping || t.Status == stopped:
		return targetHealth{}, false
	case t.Dying || t.Status == deactivating:
		return deregistration, true
	case t.Status != running:
		return targetHealth{}, false
	case t.Plan.Behaviour == Unhealthy && t.Plan.Check != "container":
		if found := t.StartedAt + max(t.Plan.After-millis(noticing.Milliseconds()), 0); e.Now >= found {
			return t.failedCheck(), true
		}
	case t.Healthy || t.Unhealthy != "":
		return targetHealth{State: "healthy"}, true
	}
	if e.Now < t.StartedAt.add(registering) {
		return registration, true
	}
	return initialChecks, true
}

// unhealthyReason is the reason that ELB gives for the failed checks of a task.
func (t *task) unhealthyReason() string {
	if t.Plan.Message != "" {
		return t.Plan.Message
	}
	return "Health checks failed with these codes: [503]"
}

// failedCheck is the health of a target whose checks fail.
func (t *task) failedCheck() targetHealth {
	description := t.unhealthyReason()
	switch {
	case strings.Contains(description, "codes"):
		return targetHealth{"unhealthy", "Target.ResponseCodeMismatch", description}
	case strings.Contains(description, "timed out"):
		return targetHealth{"unhealthy", "Target.Timeout", description}
	default:
		return targetHealth{"unhealthy", "Target.FailedHealthChecks", description}
	}
}
