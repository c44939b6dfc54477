package deploy

// Where a rollback goes now, decided once: the history shows it, the preview plans it and
// the rollback carries it out. A rollback that is in progress is followed, so that a second one
// does not undo the first. A rollback that ECS carried out by itself needs no second one.

import (
	"context"
	"fmt"
	"slices"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ecs/types"

	"github.com/ecs-deploy/ecs-deploy/pkg/image"
	"github.com/ecs-deploy/ecs-deploy/pkg/rollout"
	"github.com/ecs-deploy/ecs-deploy/pkg/taskdef"
)

// Rollback is a rollback that is the newest change of a service.
type Rollback struct {
	// From is the ARN of the revision that is left, "" if ECS does not show it; To that of
	// the revision that is restored.
	From string `json:"from,omitempty"`
	To   string `json:"to"`
	// FromTag and ToTag are the tags of their images; "" if they are not known.
	FromTag string `json:"fromTag,omitempty"`
	ToTag   string `json:"toTag,omitempty"`
	// ByECS: ECS rolls the deployment of From back, by itself or because somebody asked it
	// to. Otherwise somebody deploys To again.
	ByECS bool `json:"byECS"`
	// FromFailed: the deployment of From failed, or has tasks that failed and did not
	// complete, so that From is not known to work.
	FromFailed bool `json:"fromFailed,omitempty"`
	// InProgress: it has not ended.
	InProgress bool `json:"inProgress"`
}

// Done reports whether ECS rolled the newest deployment of the service back, so that there
// is nothing to roll back.
func (r *Rollback) Done() bool { return r != nil && r.ByECS && !r.InProgress }

// Going reports whether a rollback is in progress.
func (r *Rollback) Going() bool { return r != nil && r.InProgress }

// String is the rollback in one sentence.
func (r *Rollback) String() string {
	from, to := rollout.Named(r.From, r.FromTag), rollout.Named(r.To, r.ToTag)
	what := fmt.Sprintf("from %s to %s", from, to)
	if r.From == "" {
		what = "to " + to
	} else if r.From == r.To {
		what = fmt.Sprintf("the last deployment of %s", to)
	}
	switch {
	case r.Done():
		return "ECS already rolled back " + what
	case r.ByECS:
		return "ECS is rolling back " + what
	case r.InProgress:
		return "a rollback " + what + " is in progress"
	}
	return "somebody rolled back " + what
}

// findRollback finds out whether the newest change of the service is a rollback. While a
// deployment is in progress, it also finds the way back: to where that rollback goes, or
// else to the newest deployment that completed.
func (d *Deployer) findRollback(ctx context.Context, h *History, found *described, past []Past) error {
	r, err := d.newestRollback(ctx, h, found, past)
	if err != nil {
		return err
	}
	h.Rollback = r
	if r != nil {
		r.FromTag, r.ToTag = d.tagIn(past, r.From), d.tagIn(past, r.To)
	}
	switch {
	case r.Going():
		h.aim(past, r.To, r.ToTag)
	case h.InProgress != nil && slices.ContainsFunc(found.Deployments, completed):
		before := found.before().TaskDefinition
		h.aim(past, before, d.tagIn(past, before))
	}
	return nil
}

// tagIn is the tag of a revision, as far as the records or earlier reads show it.
func (d *Deployer) tagIn(past []Past, revision string) string {
	for _, p := range past {
		if p.TaskDefinition == revision && p.Tag != "" {
			return p.Tag
		}
	}
	return d.tags.of(revision)
}

// aim makes the newest deployment of a revision that succeeded the way back, or the newest
// one at all.
func (h *History) aim(past []Past, revision, tag string) {
	at := slices.IndexFunc(past, func(p Past) bool { return p.Succeeded() && p.TaskDefinition == revision })
	if at < 0 {
		at = slices.IndexFunc(past, func(p Past) bool { return p.TaskDefinition == revision })
	}
	if at < 0 {
		h.WayBack = &Past{TaskDefinition: revision, Tag: tag, WayBack: true}
		return
	}
	past[at].WayBack = true
	h.WayBack = &past[at]
}

// newestRollback is the newest change of the service if that is a rollback; otherwise nil.
func (d *Deployer) newestRollback(ctx context.Context, h *History, found *described, past []Past) (*Rollback, error) {
	going := h.InProgress
	switch {
	case going != nil && going.GoingBack():
		return &Rollback{From: leaving(found, past), To: going.TaskDefinition, ByECS: true, InProgress: true}, nil
	case going != nil && h.going != nil && h.going.goingBack() && slices.ContainsFunc(found.Deployments, completed):
		return &Rollback{From: going.TaskDefinition, To: found.before().TaskDefinition, ByECS: true, InProgress: true}, nil
	case going != nil:
		from, err := d.leftBy(ctx, past, going.TaskDefinition)
		if from == "" || err != nil {
			return nil, err
		}
		return &Rollback{From: from, To: going.TaskDefinition, InProgress: true}, nil
	case len(past) == 0:
		primary := found.Snapshot().Primary()
		if primary == nil || newestDeployment(found.Snapshot()) == primary.ID {
			return nil, nil
		}
		return &Rollback{To: h.Current, ByECS: true}, nil // an event says it
	}
	stackOf(past)                                                                                             // it marks rollbacks
	if newest := &past[0]; newest.Status == rollout.ServiceDeploymentRollbackSuccessful && !newest.Rollback { // what failed as a rollback left what should not run
		return &Rollback{From: newest.TaskDefinition, To: h.Current, ByECS: true}, nil
	}
	newest := slices.IndexFunc(past, func(p Past) bool { return p.Succeeded() && p.TaskDefinition != "" })
	if newest < 0 || !past[newest].wentBack || past[newest].TaskDefinition != h.Current {
		return nil, nil
	}
	return &Rollback{From: past[newest].replaced, To: h.Current}, nil
}

// leaving is the revision that ECS is rolling back from: that of the record which says
// so, or of the newest deployment beside the PRIMARY one.
func leaving(found *described, past []Past) string {
	for _, p := range past {
		if p.goingBack() && p.TaskDefinition != "" {
			return p.TaskDefinition
		}
	}
	var newest *types.Deployment
	for i := range found.Deployments {
		d := &found.Deployments[i]
		if aws.ToString(d.Status) != rollout.StatusPrimary && (newest == nil || aws.ToTime(d.CreatedAt).After(aws.ToTime(newest.CreatedAt))) {
			newest = d
		}
	}
	if newest == nil {
		return ""
	}
	return aws.ToString(newest.TaskDefinition)
}

// leftBy is the revision that a deployment in progress leaves if it restores an earlier
// one; "" if it does not.
func (d *Deployer) leftBy(ctx context.Context, past []Past, going string) (string, error) {
	stack := stackOf(past)
	if len(stack) == 0 {
		return "", nil
	}
	top := past[stack[len(stack)-1]].TaskDefinition
	if restores(past, going) {
		return top, nil
	}
	again, err := d.registeredAgain(ctx, past, stack, going)
	if !again {
		top = ""
	}
	return top, err
}

// registeredAgain reports whether a revision has the content of an earlier one that
// succeeded before the one that runs: a rollback registers an INACTIVE revision again,
// or one with pinned digests. Only the newest one whose images can be those is read.
func (d *Deployer) registeredAgain(ctx context.Context, past []Past, stack []int, going string) (bool, error) {
	at := slices.IndexFunc(past, func(p Past) bool { return p.TaskDefinition == going })
	if at < 0 || slices.ContainsFunc(past[at+1:], func(p Past) bool { return p.TaskDefinition == going }) {
		return false, nil
	}
	for _, earlier := range slices.Backward(stack[:len(stack)-1]) {
		if !past[at].couldRun(&past[earlier]) {
			continue
		}
		wanted, _, err := d.describeStored(ctx, past[earlier].TaskDefinition)
		if err != nil {
			return false, ignoreMissing(err)
		}
		registered, _, err := d.describeStored(ctx, going)
		if err != nil {
			return false, ignoreMissing(err)
		}
		return past[earlier].contentOf(wanted, registered), nil
	}
	return false, nil
}

// ignoreMissing is an error, unless it says that ECS does not have, or does not show, a revision:
// then its content is not known.
func ignoreMissing(err error) error {
	if permanent(err) {
		return nil
	}
	return err
}

// couldRun reports whether the images of a deployment can be those of an earlier one:
// container by container the same text, or the digest that ran.
func (p *Past) couldRun(earlier *Past) bool {
	return len(p.Images) == len(earlier.Images) && !slices.ContainsFunc(p.Images, func(i RanImage) bool {
		return !slices.ContainsFunc(earlier.Images, func(ran RanImage) bool {
			return ran.Container == i.Container && (ran.Image == i.Image || ran.Digest != "" && digestOf(i.Image) == ran.Digest)
		})
	})
}

// contentOf reports whether a revision that was registered later has the content of the
// one that the deployment ran; its images may be pinned to the digests that ran.
func (p *Past) contentOf(ran, registered taskdef.Definition) bool {
	for _, difference := range taskdef.Diff(ran, registered) {
		pinned := slices.ContainsFunc(p.Images, func(i RanImage) bool {
			return i.Container == difference.Container && i.Digest != "" && digestOf(difference.New) == i.Digest
		})
		if difference.Field != "image" || !pinned {
			return false
		}
	}
	return true
}

// digestOf is the digest in an image reference, or "".
func digestOf(text string) string {
	ref, err := image.Parse(text)
	if err != nil {
		return ""
	}
	return ref.Digest()
}

// underWay is the record of the deployment in progress that ECS can be asked to roll
// back, or was asked to; nil if there is none.
func underWay(past []Past, going *rollout.Deployment) *Past {
	if going == nil || going.GoingBack() {
		return nil
	}
	for i := range past {
		if p := &past[i]; p.unfinished() && (p.TaskDefinition == "" || p.TaskDefinition == going.TaskDefinition) {
			return p
		}
	}
	return nil
}

// current is underWay if ECS does not list its records: the service may name that of
// the deployment in progress. It counts only if its number is that of the deployment.
func (d *Deployer) current(ctx context.Context, found *described, going *rollout.Deployment) *Past {
	arn := aws.ToString(found.CurrentServiceDeployment)
	if going == nil || going.GoingBack() || arn == "" {
		return nil
	}
	record, err := d.api.Record(ctx, arn)
	if err != nil || record == nil || record.DeploymentID() != going.ID {
		return nil // it is a shortcut; the revision is deployed again otherwise
	}
	p := Past{ServiceDeployment: record.ARN, ID: going.ID, Status: record.Status, TaskDefinition: going.TaskDefinition}
	if !p.unfinished() {
		return nil
	}
	return &p
}
