package deploy

// Which of a service's past deployments a rollback restores. This file only reasons
// about deployments that were read; history.go reads them.

import (
	"slices"
	"time"

	"github.com/ecs-deploy/ecs-deploy/pkg/arn"
	"github.com/ecs-deploy/ecs-deploy/pkg/rollout"
)

// Past is one deployment of a service, as ECS recorded it.
type Past struct {
	// ServiceDeployment is the ARN of ECS's record; "" if ECS has no record.
	ServiceDeployment string `json:"serviceDeployment,omitempty"`
	// ID is the deployment's id ("ecs-svc/…"), by the number of the revision that the
	// record names; "" if ECS has no record.
	ID string `json:"id,omitempty"`
	// CreatedAt and FinishedAt are by ECS's clock (ServiceDeployment.createdAt, and
	// finishedAt or stoppedAt); FinishedAt is zero while the deployment is in progress.
	CreatedAt  time.Time `json:"createdAt,omitzero"`
	FinishedAt time.Time `json:"finishedAt,omitzero"`
	// Seconds is the time between the two; 0 if one is not known.
	Seconds float64 `json:"seconds,omitempty"`
	// Status and Reason are how it ended (ServiceDeployment.status and statusReason).
	// RollbackReason is why ECS rolled it back (Rollback.reason).
	Status         string `json:"status,omitempty"`
	Reason         string `json:"reason,omitempty"`
	RollbackReason string `json:"rollbackReason,omitempty"`
	// Requested: somebody asked ECS to roll it back, as far as ECS's record says so.
	Requested bool `json:"requested,omitempty"`
	// TaskDefinition is the ARN of the revision that it deployed, Tag the tag of that
	// revision's image; "" if they are not known.
	TaskDefinition string `json:"taskDefinition,omitempty"`
	Tag            string `json:"tag,omitempty"`
	// Images are its images with the digests that ran (ServiceRevision.containerImages).
	Images []RanImage `json:"images,omitempty"`
	// Strategy is ROLLING, BLUE_GREEN, LINEAR or CANARY; "" if ECS does not report it.
	Strategy string `json:"strategy,omitempty"`
	// Rollback: instead of the revision that ran, it deployed an older one of the family,
	// one that an earlier deployment had deployed, or exactly the images of that one. It does
	// not matter who started it, with which tool, and how it ended.
	Rollback bool `json:"rollback,omitempty"`
	// LeftAgain: a later rollback replaced its revision, so no rollback restores it
	// unless you choose it.
	LeftAgain bool `json:"leftAgain,omitempty"`
	// Running: most tasks of the service run what this deployment deployed.
	Running bool `json:"running,omitempty"`
	// WayBack: a rollback restores the revision of this deployment.
	WayBack bool `json:"wayBack,omitempty"`

	revision string // the ARN of the service revision that it deployed
	wentBack bool   // it took others off the stack; see findWayBack
	replaced string // the ARN of the revision that succeeded last before it, or ""
}

// RanImage is the image of one container of a service revision.
type RanImage struct {
	Container string `json:"container"`
	Image     string `json:"image"`
	Digest    string `json:"digest,omitempty"`
}

// Succeeded reports whether the deployment ended well.
func (p *Past) Succeeded() bool { return p.Status == rollout.ServiceDeploymentSuccessful }

// goingBack reports whether ECS is rolling the deployment back, or will.
func (p *Past) goingBack() bool {
	return p.Status == rollout.ServiceDeploymentRollbackRequested || p.Status == rollout.ServiceDeploymentRollbackInProgress
}

// unfinished reports whether ECS still works on the deployment, and can be asked to roll
// it back.
func (p *Past) unfinished() bool {
	return p.Status == rollout.ServiceDeploymentPending || p.Status == rollout.ServiceDeploymentInProgress || p.goingBack()
}

// names reports whether the deployment is called so: by its id, or by the ARN of its record.
func (p *Past) names(deployment string) bool {
	return deployment != "" && (p.ID == deployment || p.ServiceDeployment == deployment)
}

// sameImages reports whether both deployments ran exactly the same images, by their
// digests.
func (p *Past) sameImages(other *Past) bool {
	digested := func(images []RanImage) bool {
		return len(images) > 0 && !slices.ContainsFunc(images, func(i RanImage) bool { return i.Digest == "" })
	}
	return digested(p.Images) && digested(other.Images) && slices.Equal(digests(p.Images), digests(other.Images))
}

// digests are the containers with their digests, sorted.
func digests(images []RanImage) []string {
	var all []string
	for _, i := range images {
		all = append(all, i.Container+"@"+i.Digest)
	}
	slices.Sort(all)
	return all
}

// findWayBack marks rollbacks, and the deployments that they left again, in past
// (newest first), and returns the index of the deployment that a rollback of the
// revision current restores, or -1.
//
// The deployments that succeeded form a stack: a new revision is put on top, a
// rollback takes off everything above the revision that it restores. The way back is
// beneath the revision that runs, so that one rollback after another goes further
// back, and never forth.
func findWayBack(past []Past, current string) int {
	stack := stackOf(past)
	running := Past{TaskDefinition: current}
	if at := slices.IndexFunc(past, func(p Past) bool { return p.TaskDefinition == current }); at >= 0 {
		running.Images = past[at].Images
	}
	if depth := depthOf(past, stack, &running); depth > 0 {
		return stack[depth-1]
	}
	return -1
}

// restores reports whether a deployment of the revision, in progress now, is a rollback:
// it takes off what runs, and does not deploy the same revision anew.
func restores(past []Past, revision string) bool {
	stack := stackOf(past)
	if len(stack) == 0 || past[stack[len(stack)-1]].TaskDefinition == revision {
		return false
	}
	return depthOf(past, stack, &Past{TaskDefinition: revision}) < len(stack)
}

// stackOf is the stack of findWayBack: indexes into past, the oldest first. It marks
// rollbacks, and what they left again.
func stackOf(past []Past) []int {
	var stack []int
	for i := len(past) - 1; i >= 0; i-- {
		p := &past[i]
		if p.TaskDefinition == "" {
			continue
		}
		if len(stack) > 0 {
			p.replaced = past[stack[len(stack)-1]].TaskDefinition
		}
		depth := depthOf(past, stack, p)
		again := slices.ContainsFunc(past[i+1:], func(earlier Past) bool {
			return earlier.Succeeded() && earlier.TaskDefinition == p.TaskDefinition
		})
		p.Rollback = len(stack) > 0 && p.replaced != p.TaskDefinition && (depth < len(stack) || again)
		if !p.Succeeded() {
			continue
		}
		p.wentBack = p.Rollback && depth < len(stack)
		for _, at := range stack[depth:] {
			past[at].LeftAgain = past[at].TaskDefinition != p.TaskDefinition && !past[at].sameImages(p)
		}
		stack = append(stack[:depth], i)
	}
	return stack
}

// depthOf is where a deployment belongs in the stack: in the place of the one that it
// repeats or restores, or on top. A deployment restores an earlier one if it deploys
// its revision, or, with others in between, exactly its images; and it is a rollback
// too if it deploys an older revision of the family than the one before it.
func depthOf(past []Past, stack []int, p *Past) int {
	for depth, at := range slices.Backward(stack) {
		if past[at].TaskDefinition == p.TaskDefinition || depth < len(stack)-1 && past[at].sameImages(p) {
			return depth
		}
	}
	depth := len(stack)
	for depth > 0 && older(p.TaskDefinition, past[stack[depth-1]].TaskDefinition) {
		depth--
	}
	return depth
}

// older reports whether a is an older revision of the family of b.
func older(a, b string) bool {
	return arn.Family(a) == arn.Family(b) && arn.Revision(a) < arn.Revision(b)
}
