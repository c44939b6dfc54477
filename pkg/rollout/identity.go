package rollout

// Which deployment is ours. Everything that has to tell one deployment of a
// service from the others asks an Identity: the update, when its answer is lost
// or stale; the watch; a process that joins; a rollback. Names of task
// definitions and local clocks prove nothing, and one answer of ECS may be older
// than the one before it.

import (
	"slices"
	"strings"
	"time"
)

// Identity says which deployment of a service is meant, and which it is not.
type Identity struct {
	// DeploymentID is its id ("ecs-svc/…"), "" until ECS has shown it.
	DeploymentID string
	// TaskDefinition is the ARN of the revision that it runs. Before the id is
	// known, the deployment is recognized by it.
	TaskDefinition string
	// CreatedAt is its creation by ECS's clock; zero if it is not known.
	CreatedAt time.Time
	// EarlierIDs are deployments that existed before. A rollback makes one of
	// them PRIMARY again, with its old id.
	EarlierIDs []string
	// NotBefore is the creation of the newest of them, by ECS's clock: the
	// deployment is not older. Zero if it is not known.
	NotBefore time.Time
}

// Relation is what a deployment in an answer of ECS is to an identity.
type Relation int

// The relations.
const (
	// Unclear: the deployment was never seen before, and ECS's clock makes it
	// older than ours. It may be an earlier one that a stale answer did not show,
	// or a later one that was created by a host whose clock is behind.
	Unclear Relation = iota
	// Ours: it is the deployment that is meant.
	Ours
	// Earlier: it existed before ours.
	Earlier
	// Later: somebody started it after ours.
	Later
)

// Of says what a deployment is to the identity.
func (i Identity) Of(d *Deployment) Relation {
	switch {
	case d.ID == "":
		return Unclear
	case d.ID == i.DeploymentID:
		return Ours
	case slices.Contains(i.EarlierIDs, d.ID):
		return Earlier
	case i.DeploymentID == "" && d.TaskDefinition == i.TaskDefinition && !before(d.CreatedAt, i.NotBefore):
		return Ours
	case before(d.CreatedAt, i.CreatedAt):
		if len(i.EarlierIDs) == 0 { // nobody saw the deployments of before
			return Earlier
		}
		return Unclear
	}
	return Later
}

// In is the deployment that is meant, in the list of a service, or nil. Among
// several it is the newest.
func (i Identity) In(s *Service) *Deployment {
	if s == nil {
		return nil
	}
	var found *Deployment
	for n := range s.Deployments {
		d := &s.Deployments[n]
		if i.Of(d) == Ours && (found == nil || found.CreatedAt.Before(d.CreatedAt)) {
			found = d
		}
	}
	return found
}

// Candidates are the deployments of a service that may be the one that is meant,
// oldest first: before its id is known, somebody else's may look the same.
func (i Identity) Candidates(s *Service) []Deployment {
	var found []Deployment
	for n := range s.Deployments {
		if i.Of(&s.Deployments[n]) == Ours {
			found = append(found, s.Deployments[n])
		}
	}
	slices.SortStableFunc(found, func(a, b Deployment) int { return a.CreatedAt.Compare(b.CreatedAt) })
	return found
}

// The record of a deployment is created with it. If nothing but time connects the
// two, it may be this much older or younger.
const (
	recordBefore = time.Second
	recordAfter  = 5 * time.Second
)

// Record is the service deployment that belongs to the identity, out of those of
// the service, or nil. ECS documents no connection between the two. It is
// observed that the record's target revision ends in the same number as the
// deployment's id. In a world in which the two do not agree for any of the
// listed deployments, the record is the only one that was created when the
// deployment was, to within seconds; the caller must then check that its revision runs
// TaskDefinition.
func (i Identity) Record(records []ServiceDeployment, listed []Deployment) (record *ServiceDeployment, certain bool) {
	var near []*ServiceDeployment
	agree := false
	for n := range records {
		record, id := &records[n], records[n].DeploymentID()
		if id != "" && id == i.DeploymentID {
			return record, true
		}
		agree = agree || slices.Contains(i.EarlierIDs, id) || slices.ContainsFunc(listed, func(d Deployment) bool { return d.ID == id })
		if later := record.CreatedAt.Sub(i.CreatedAt); !i.CreatedAt.IsZero() && -recordBefore <= later && later <= recordAfter {
			near = append(near, record)
		}
	}
	if agree || len(near) != 1 { // the numbers agree here, and the record is not listed yet
		return nil, false
	}
	return near[0], false
}

// DeploymentPrefix begins the id of every deployment of a service.
const DeploymentPrefix = "ecs-svc/"

// DeploymentID is the id of the deployment that has the number of the record's
// target revision, the last part of that revision's ARN; "" without one. That
// the two numbers are the same is observed, not documented.
func (s ServiceDeployment) DeploymentID() string {
	if s.TargetRevisionARN == "" {
		return ""
	}
	return DeploymentPrefix + ShortName(s.TargetRevisionARN)
}

// Newest is the record that was created last, or nil. ECS promises no order.
func Newest(records []ServiceDeployment) *ServiceDeployment {
	var newest *ServiceDeployment
	for n := range records {
		if newest == nil || records[n].CreatedAt.After(newest.CreatedAt) {
			newest = &records[n]
		}
	}
	return newest
}

// SameResource reports whether an ARN in an answer is that of the resource that
// was asked for by name or by ARN. An old ARN has no cluster in it:
// arn:aws:ecs:eu-west-1:123456789012:service/web.
func SameResource(answered, asked string) bool {
	if answered == asked {
		return true
	}
	if ShortName(answered) != ShortName(asked) {
		return false
	}
	if !strings.HasPrefix(asked, "arn:") {
		return true
	}
	a, b := strings.SplitN(answered, ":", 6), strings.SplitN(asked, ":", 6)
	if len(a) < 6 || len(b) < 6 || !slices.Equal(a[:5], b[:5]) {
		return false
	}
	return strings.Count(a[5], "/") != strings.Count(b[5], "/") // one of the two is of the old form
}

// before reports whether a is before b, if both are known.
func before(a, b time.Time) bool { return !a.IsZero() && !b.IsZero() && a.Before(b) }
