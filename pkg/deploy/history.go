package deploy

// The history of a service: ECS's records of its deployments and what each of them
// ran, read in batches. If ECS has none, or does not show them, the family's ACTIVE
// revisions have to do.

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ecs/types"
	"golang.org/x/sync/errgroup"

	"github.com/ecs-deploy/ecs-deploy/pkg/arn"
	"github.com/ecs-deploy/ecs-deploy/pkg/ecsapi"
	"github.com/ecs-deploy/ecs-deploy/pkg/rollout"
)

// backLimit is how many successful deployments are searched for the way back. The way
// back of a service that was restarted again and again on one revision is behind all
// of these.
const backLimit = 200

// readers is how many batches of records are read at once. ECS allows 20 such calls
// per second, and bursts of 50.
const readers = 4

// History is what ECS knows of the deployments of a service.
type History struct {
	// Ref is the service; ARNs.
	Ref
	// Current is the ARN of the revision of the newest deployment that counts: the
	// PRIMARY one. InProgress is that deployment, if it is in progress.
	Current    string              `json:"current"`
	InProgress *rollout.Deployment `json:"inProgress,omitempty"`
	// Past are the deployments, newest first.
	Past []Past `json:"deployments"`
	// Older is how many more ECS has recorded.
	Older int `json:"older"`
	// Rollback is the newest change of the service, if that is or was a rollback. If ECS
	// already rolled back, a rollback does nothing unless you choose a target.
	Rollback *Rollback `json:"rollback,omitempty"`
	// WayBack is the deployment whose revision a rollback restores; if ECS already rolled
	// back, the one that you choose to go further back. It may be older than those in
	// Past. It is nil if there is none.
	WayBack *Past `json:"wayBack,omitempty"`
	// Guess is set if WayBack is the newest ACTIVE revision before Current because
	// ECS has no record of the deployment: nobody knows whether it ever worked. It says
	// why.
	Guess string `json:"guess,omitempty"`
	// Unrecorded says why ECS shows no record of any deployment; "" if it shows some. Past
	// then has the ACTIVE revisions of the family.
	Unrecorded string `json:"unrecorded,omitempty"`
	// Express: ECS manages the service (Express mode), so that ecs-deploy does not roll it
	// back.
	Express bool `json:"express,omitempty"`

	going *Past // the record of the deployment in progress; nil if there is none
}

// History reads the newest deployments of a service, at most limit; 0 is all of them.
// ECS keeps its records for 90 days. It returns a [*NotFoundError] or a [*CallError]
// if the service cannot be read.
func (d *Deployer) History(ctx context.Context, ref Ref, limit int) (History, error) {
	if err := d.ready(ctx); err != nil {
		return History{}, err
	}
	if limit < 0 {
		return History{}, &UsageError{Problem: fmt.Sprintf("%d deployments cannot be listed", limit), Remedy: "list 1 or more, or all of them"}
	}
	found, err := d.describe(ctx, ref)
	if err != nil {
		return History{}, err
	}
	h, err := d.historyOf(ctx, found, limit)
	return h, interrupted(ctx, err)
}

// historyOf is History of a service that was read.
func (d *Deployer) historyOf(ctx context.Context, found *described, limit int) (History, error) {
	h := found.history()
	past, err := d.recordsOf(ctx, found)
	if limit == 0 || limit > len(past) {
		limit = len(past)
	}
	if err == nil {
		err = d.readPast(ctx, past, limit)
	}
	if err == nil {
		h.going = underWay(past, h.InProgress)
		err = d.findRollback(ctx, &h, found, past)
	}
	if err == nil && h.WayBack == nil {
		err = d.findBack(ctx, &h, past)
	}
	if h.Unrecorded = unread(err); h.Unrecorded != "" {
		if h.going = underWay(past, h.InProgress); h.going == nil {
			h.going = d.current(ctx, found, h.InProgress)
		}
		err = d.findRollback(ctx, &h, found, past)
		past, limit = nil, 0
	}
	if err != nil {
		return History{}, err
	}
	h.Past, h.Older = append(h.Past, past[:limit]...), len(past)-limit
	if h.WayBack == nil || len(past) == 0 {
		err = d.guessBack(ctx, &h, found, past)
	}
	h.markRunning(found)
	return h, err
}

// history is the history of the service before any of it is read.
func (s *described) history() History {
	h := History{
		Ref: s.ref(), Current: aws.ToString(s.TaskDefinition), InProgress: s.inProgress(), Past: []Past{}, Express: s.express(),
	}
	if primary := s.Primary(); primary != nil {
		h.Current = aws.ToString(primary.TaskDefinition)
	}
	return h
}

// unread says why the history of a service cannot be read: the calls are denied, or an
// emulator does not have them. It is "" for any other error.
func unread(err error) string {
	var call *CallError
	switch {
	case !errors.As(err, &call):
		return ""
	case call.Class() == ecsapi.Denied:
		return fmt.Sprintf("ECS does not show its records (%s is not allowed)", call.Action)
	case unknownOperation(err):
		return fmt.Sprintf("ECS does not show its records (%v)", err)
	}
	return ""
}

// recordsOf are the records of a service's deployments, newest first, without what only
// their details say. They are read once.
func (d *Deployer) recordsOf(ctx context.Context, found *described) ([]Past, error) {
	return found.records.once(func() ([]Past, error) { return d.recorded(ctx, found.ref()) })
}

func (d *Deployer) recorded(ctx context.Context, ref Ref) ([]Past, error) {
	records, err := d.api.Records(ctx, ref.Cluster, ref.Service, time.Time{})
	past := make([]Past, len(records))
	for i, record := range records {
		past[i] = Past{
			ServiceDeployment: record.ARN, CreatedAt: record.CreatedAt, FinishedAt: record.FinishedAt,
			ID: record.DeploymentID(), Status: record.Status, Reason: record.StatusReason, revision: record.TargetRevisionARN,
		}
		past[i].Requested = record.RollbackRequested()
		if !record.FinishedAt.IsZero() {
			past[i].Seconds = record.FinishedAt.Sub(record.CreatedAt).Seconds()
		}
	}
	return past, err
}

// readPast reads the details of the newest deployments. One call reads as many as fit
// into it, and calls run together.
func (d *Deployer) readPast(ctx context.Context, past []Past, limit int) error {
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(readers)
	for some := range slices.Chunk(past[:limit], ecsapi.DescribeAtOnce) {
		group.Go(func() error { return d.readDetails(ctx, some) })
	}
	full := (limit + ecsapi.DescribeAtOnce - 1) / ecsapi.DescribeAtOnce * ecsapi.DescribeAtOnce // a call takes that many anyway
	for some := range slices.Chunk(past[:min(full, len(past))], ecsapi.DescribeAtOnce) {
		group.Go(func() error { return d.readRevisions(ctx, pointers(some)) })
	}
	return group.Wait()
}

func pointers(past []Past) []*Past {
	all := make([]*Past, len(past))
	for i := range past {
		all[i] = &past[i]
	}
	return all
}

// readDetails reads what only the full records say. Without permission, or on an
// emulator, the brief ones stay as they are.
func (d *Deployer) readDetails(ctx context.Context, past []Past) error {
	arns := make([]string, len(past))
	for i := range past {
		arns[i] = past[i].ServiceDeployment
	}
	records, err := d.api.FullRecords(ctx, arns...)
	for _, record := range records {
		p := &past[slices.Index(arns, record.ARN)]
		p.Strategy, p.RollbackReason = record.Strategy, record.RollbackReason
		p.Reason = firstLine(record.StatusReason, p.Reason)
		p.Requested = record.RollbackRequested()
	}
	if unread(err) != "" {
		return nil
	}
	return err
}

// readRevisions reads what deployments ran: at most as many as one call takes.
func (d *Deployer) readRevisions(ctx context.Context, past []*Past) error {
	var arns []string
	for _, p := range past {
		if p.revision != "" && !slices.Contains(arns, p.revision) {
			arns = append(arns, p.revision)
		}
	}
	revisions, err := d.api.Revisions(ctx, arns...)
	for _, revision := range revisions {
		for _, p := range past {
			if p.revision == aws.ToString(revision.ServiceRevisionArn) {
				p.ran(revision)
			}
		}
	}
	return err
}

// ran notes what a deployment ran.
func (p *Past) ran(revision types.ServiceRevision) {
	p.TaskDefinition, p.Images = aws.ToString(revision.TaskDefinition), nil
	for i, c := range revision.ContainerImages {
		ran := RanImage{Container: aws.ToString(c.ContainerName), Image: aws.ToString(c.Image), Digest: aws.ToString(c.ImageDigest)}
		p.Images = append(p.Images, ran)
		if i == 0 || ran.Container == arn.Family(p.TaskDefinition) {
			p.Tag = shortTag(ran.Image)
		}
	}
}

// findBack finds the way back among the recorded deployments. Of those that were not
// read yet it reads the successful ones, more and more at a time, until it finds it.
func (d *Deployer) findBack(ctx context.Context, h *History, past []Past) error {
	var rest []*Past
	for i := range past {
		if p := &past[i]; p.Succeeded() && p.TaskDefinition == "" {
			rest = append(rest, p)
		}
	}
	rest = rest[:min(len(rest), backLimit)]
	for batch := ecsapi.DescribeAtOnce; ; batch *= 2 {
		if at := findWayBack(past, h.Current); at >= 0 {
			past[at].WayBack = true
			h.WayBack = &past[at]
			return nil
		}
		if len(rest) == 0 {
			return nil
		}
		group, fetch := errgroup.WithContext(ctx)
		group.SetLimit(readers)
		for some := range slices.Chunk(rest[:min(batch, len(rest))], ecsapi.DescribeAtOnce) {
			group.Go(func() error { return d.readRevisions(fetch, some) })
		}
		if err := group.Wait(); err != nil {
			return err
		}
		rest = rest[min(batch, len(rest)):]
	}
}

// wayBack finds the deployment whose revision a rollback of the service restores, with
// as few calls as possible; nil if ECS has no record of one.
func (d *Deployer) wayBack(ctx context.Context, found *described) (*Past, error) {
	h := found.history()
	past, err := d.recordsOf(ctx, found)
	if err == nil {
		err = d.findBack(ctx, &h, past)
	}
	return h.WayBack, err
}

// guessBack makes the newest ACTIVE revision of the family that is older than the
// current one, of which no record says how it went and no deployment is listed as FAILED,
// the way back. If there are no records at all, the ACTIVE revisions are the history.
func (d *Deployer) guessBack(ctx context.Context, h *History, found *described, past []Past) error {
	revisions, err := d.api.ActiveRevisions(ctx, arn.Family(h.Current))
	if err != nil {
		return err
	}
	const kept = "ECS shows no record of another revision that worked; it keeps records for 90 days"
	guess := firstLine(h.Unrecorded, kept)
	if len(past) == 0 {
		h.Unrecorded = firstLine(h.Unrecorded, "ECS shows no record of a deployment; it keeps records for 90 days")
	}
	if h.WayBack == nil && len(past) == 0 {
		h.Guess = guess
	}
	slices.Reverse(revisions)
	guessed := make([]Past, len(revisions))
	for i, revision := range revisions {
		guessed[i] = Past{TaskDefinition: revision, Tag: d.tags.of(revision)}
		known := slices.ContainsFunc(past, func(p Past) bool { return p.TaskDefinition == revision })
		if h.WayBack == nil && !known && older(revision, h.Current) && !found.failed(revision) {
			h.WayBack, h.Guess = &guessed[i], guess
		}
		guessed[i].WayBack = h.WayBack != nil && h.WayBack.TaskDefinition == revision
	}
	if len(past) == 0 {
		h.Past = guessed
	}
	return nil
}

// failed reports whether the service lists a deployment of the revision that failed.
func (s *described) failed(revision string) bool {
	return slices.ContainsFunc(s.Deployments, func(d types.Deployment) bool {
		return aws.ToString(d.TaskDefinition) == revision && d.RolloutState == types.DeploymentRolloutStateFailed
	})
}

// markRunning marks the newest deployment of the revision that most tasks run.
func (h *History) markRunning(found *described) {
	running := found.Snapshot().Serving()
	if running == nil {
		return
	}
	newest := -1
	for i := range h.Past {
		if p := &h.Past[i]; p.TaskDefinition == running.TaskDefinition && (newest < 0 || p.Succeeded() && !h.Past[newest].Succeeded()) {
			newest = i
		}
	}
	if newest >= 0 {
		h.Past[newest].Running = true
	}
}
