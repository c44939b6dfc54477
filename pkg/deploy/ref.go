package deploy

// Who is meant: the service that a call is about, and the service or task that an
// event is about. A stream may carry the events of several.

import "github.com/ecs-deploy/ecs-deploy/pkg/arn"

// Ref names a service and its cluster. In what a caller passes, both are names or
// ARNs; in what this package returns, both are ARNs unless the field says otherwise.
type Ref struct {
	Cluster string `json:"cluster"`
	Service string `json:"service"`
}

// String is "web in production1", also for ARNs.
func (r Ref) String() string {
	cluster, service := arn.ShortName(r.Cluster), arn.ShortName(r.Service)
	switch {
	case service == "":
		return cluster
	case cluster == "":
		return service
	}
	return service + " in " + cluster
}

// refOfRecord reads cluster and service out of the ARN of a service deployment; ok
// is false for any other text.
func refOfRecord(text string) (ref Ref, ok bool) {
	r, ok := arn.Parse(text)
	if !ok || r.Kind != "service-deployment" || r.Service == "" {
		return Ref{}, false
	}
	return Ref{Cluster: r.Cluster, Service: r.Service}, true
}

// SubjectKind says what kind of thing an event is about.
type SubjectKind string

// The kinds.
const (
	SubjectService SubjectKind = "service"
	// SubjectTask is a task that belongs to no service.
	SubjectTask SubjectKind = "task"
)

// Subject says what an event is about.
type Subject struct {
	Kind SubjectKind `json:"kind"`
	// ARN is the ARN of the service or task; before a task is started, that
	// of its cluster.
	ARN string `json:"arn"`
	// Member is the name of the service in a run of several; see [WithMember].
	Member string `json:"member,omitempty"`
}

// about is the deployer whose events are about a service. Every operation that
// emits events begins with it, and all that it calls emits through the copy.
func (d *Deployer) about(service Ref) *Deployer {
	same := *d
	same.subject = Subject{Kind: SubjectService, ARN: service.Service, Member: d.subject.Member}
	return &same
}

// aboutTask is the deployer whose events are about a task without a service.
func (d *Deployer) aboutTask(task string) *Deployer {
	same := *d
	same.subject = Subject{Kind: SubjectTask, ARN: task, Member: d.subject.Member}
	return &same
}
