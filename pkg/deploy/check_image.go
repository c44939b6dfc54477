package deploy

// The checks of images: whether each one is in its registry, and whether its tag still
// stands for the code that ran.

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/ecs-deploy/ecs-deploy/pkg/image"
	"github.com/ecs-deploy/ecs-deploy/pkg/taskdef"
)

// images checks the images of the wanted definition.
func (c *checker) images(ctx context.Context) []Check {
	if !c.starts() || c.plan.Definition.IsZero() {
		return nil
	}
	return c.imagesOf(ctx, c.plan.Definition, c.plan.Back)
}

// imagesOf checks the images of a definition. past is the deployment whose code they
// should still be; nil if they may be any.
func (c *checker) imagesOf(ctx context.Context, definition taskdef.Definition, past *Past) []Check {
	if past == nil {
		past = &Past{}
	}
	var checks []Check
	known := map[string]Check{} // by image and what ran of it: containers may share one
	for _, wanted := range containerImages(definition) {
		ran := ""
		for _, r := range past.Images {
			if r.Container == wanted.Container {
				ran = r.Digest
			}
		}
		key := wanted.Image.String() + " " + ran
		check, asked := known[key]
		if !asked {
			check = c.image(ctx, wanted.Image.WithDefaultTag(), ran, past.CreatedAt)
			known[key] = check
		}
		check.Subject = "image " + wanted.Container
		checks = append(checks, check)
	}
	return checks
}

// image checks one image; ran is the digest that ran, "" if it is not known or does
// not matter, and ranAt is when, by ECS's clock.
func (c *checker) image(ctx context.Context, ref image.Reference, ran string, ranAt time.Time) Check {
	now, err := c.stored(ctx, ref)
	var gone *NotFoundError
	switch {
	case errors.As(err, &gone) && ran != "" && ref.Digest() == "" && c.keeps(ctx, ref, ran):
		return Check{State: CheckProblem, Detail: fmt.Sprintf("%s is gone; the image that ran, %s, is there", ref, shortDigest(ran)), Remedy: "pass --pin-digest"}
	case errors.As(err, &gone):
		return Check{State: CheckProblem, Detail: ref.String() + " does not exist", Remedy: "push it again, or choose another revision or image"}
	case err != nil:
		return unasked("", err)
	case ref.Digest() != "" || ran == "" || now.digest == ran:
		return Check{State: CheckOK, Detail: fmt.Sprintf("%s exists (%s)", ref, shortDigest(cmp.Or(now.digest, ref.Digest())))}
	case now.pushed.IsZero():
		return Check{State: CheckWarning, Detail: fmt.Sprintf("`%s` is %s now, and %s ran: it may have moved", ref.Tag(), shortDigest(now.digest), shortDigest(ran)), Remedy: "pass --pin-digest to run what ran"}
	case !ranAt.IsZero() && !now.pushed.After(ranAt): // a list of images for several platforms has a digest of its own
		return Check{State: CheckOK, Detail: fmt.Sprintf("%s was not pushed again since it ran", ref)}
	case c.keeps(ctx, ref, ran):
		return Check{State: CheckProblem, Detail: fmt.Sprintf("`%s` has moved since (%s ran, it is %s now): the rollback would run other code", ref.Tag(), shortDigest(ran), shortDigest(now.digest)), Remedy: "pass --pin-digest"}
	}
	return Check{State: CheckProblem, Detail: fmt.Sprintf("`%s` has moved since, and the image that ran, %s, is gone", ref.Tag(), shortDigest(ran)), Remedy: "choose another revision or image"}
}

// keeps reports whether a registry still has an image by its digest.
func (c *checker) keeps(ctx context.Context, ref image.Reference, digest string) bool {
	pinned, err := ref.WithDigest(digest)
	if err != nil {
		return false
	}
	_, err = c.stored(ctx, pinned)
	return err == nil
}

// stored asks the registry of an image for it: ECR, or another one if there is a
// client of it.
func (d *Deployer) stored(ctx context.Context, ref image.Reference) (stored, error) {
	account, region, ok := ref.ECR()
	switch {
	case !ok && d.digest == nil:
		return stored{}, fmt.Errorf("%s is asked only with --check-registry", cmp.Or(ref.Registry(), "Docker Hub"))
	case !ok:
		digest, err := d.digest(ctx, ref.String())
		return stored{digest: digest}, err
	case d.ecr == nil:
		return stored{}, errors.New("there is no client of ECR")
	}
	return d.describeImage(ctx, account, region, ref)
}
