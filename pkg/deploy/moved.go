package deploy

// Tags that were pushed again. ECS notes the digest of each image when a deployment
// starts and keeps to it, so that a revision with the same text may run older code than
// its tag stands for now.

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ecs/types"

	"github.com/ecs-deploy/ecs-deploy/pkg/image"
	"github.com/ecs-deploy/ecs-deploy/pkg/rollout"
	"github.com/ecs-deploy/ecs-deploy/pkg/taskdef"
)

// movedLimit bounds the look for tags that were pushed again: it is worth a moment,
// and no permission or connection that a deployment does not need.
const movedLimit = 10 * time.Second

// pushedAgain checks, if nothing else changes, whether a tag of the wanted images now has
// another digest than the running one. If so, the revision is deployed again; if that cannot
// be known, a note says how to force it.
func (d *Deployer) pushedAgain(ctx context.Context, p *Plan) {
	if p.Action != ActionNone || p.request.IfUnchanged == IfUnchangedSkip || len(p.resolved.tagged) == 0 {
		return
	}
	ctx, cancel := context.WithTimeout(ctx, movedLimit)
	defer cancel()
	var unknown []string
	running := d.runningRevision(ctx, p)
	tags := map[string]stored{} // by image: what its tag stands for now; zero if ECR does not say
	for _, c := range p.resolved.tagged {
		runs := digestIn(running, c.Container)
		now, asked := tags[c.Image.String()]
		if !asked && runs != "" {
			now = d.tagNow(ctx, c.Image)
			tags[c.Image.String()] = now
		}
		switch {
		case runs == "" || now.digest == "":
			unknown = append(unknown, wholeName(c.Image))
		case runs == now.digest:
		case now.pushed.After(aws.ToTime(running.CreatedAt)):
			p.Action = ActionRestart
			p.Notes = append(p.Notes, fmt.Sprintf("%s was pushed again: the tag is %s now, %s runs %s",
				wholeName(c.Image), shortDigest(now.digest), rollout.ShortName(p.Current), shortDigest(runs)))
		default: // a list of images for several platforms has a digest of its own
			unknown = append(unknown, wholeName(c.Image))
		}
	}
	p.Notes = distinct(p.Notes) // containers may share an image
	if len(unknown) > 0 && p.Action == ActionNone {
		p.Notes = append(p.Notes, fmt.Sprintf("%s may have been pushed again since %s started; ECS keeps using the earlier digest. To pull the image again, pass --force-new-deployment",
			strings.Join(distinct(unknown), ", "), rollout.ShortName(p.Current)))
	}
}

// wholeName is an image with its registry and repository: "web:1" alone would read as a
// revision.
func wholeName(ref image.Reference) string { return ref.Repository() + ":" + ref.Tag() }

// taggedImages are the images of some containers that are named by a tag.
func taggedImages(containers []taskdef.ContainerImage) []taskdef.ContainerImage {
	var tagged []taskdef.ContainerImage
	for _, c := range containers {
		if c.Image.Digest() == "" {
			tagged = append(tagged, taskdef.ContainerImage{Container: c.Container, Image: c.Image.WithDefaultTag()})
		}
	}
	return tagged
}

// containerImages are the images of all containers, as far as they can be read.
func containerImages(definition taskdef.Definition) []taskdef.ContainerImage {
	var all []taskdef.ContainerImage
	for _, c := range definition.Containers() {
		if ref, err := image.Parse(c.Image); err == nil {
			all = append(all, taskdef.ContainerImage{Container: c.Name, Image: ref})
		}
	}
	return all
}

// runningRevision is the service revision of the PRIMARY deployment, or nil if it is
// not known. It ends in the same number as the deployment's id, as far as anybody has
// seen; one of another task definition is not the one. It is asked for only if a
// registry can be asked, too.
func (d *Deployer) runningRevision(ctx context.Context, p *Plan) *types.ServiceRevision {
	_, number, found := strings.Cut(p.Before.Deployment, "/")
	askable := false
	for _, c := range p.resolved.tagged {
		_, _, ok := c.Image.ECR()
		askable = askable || ok && d.ecr != nil
	}
	if !found || !askable {
		return nil
	}
	arn := strings.Replace(p.Service, ":service/", ":service-revision/", 1) + "/" + number
	revisions, err := d.api.Revisions(ctx, arn)
	if err != nil || len(revisions) != 1 || aws.ToString(revisions[0].TaskDefinition) != p.Current {
		return nil
	}
	return &revisions[0]
}

// digestIn is the digest that a container of a revision runs, or "".
func digestIn(revision *types.ServiceRevision, container string) string {
	if revision == nil {
		return ""
	}
	for _, c := range revision.ContainerImages {
		if aws.ToString(c.ContainerName) == container {
			return aws.ToString(c.ImageDigest)
		}
	}
	return ""
}

// tagNow is the image for which a tag stands now; zero if ECR does not say.
func (d *Deployer) tagNow(ctx context.Context, ref image.Reference) stored {
	account, region, ok := ref.ECR()
	if !ok || d.ecr == nil {
		return stored{}
	}
	now, err := d.describeImage(ctx, account, region, ref)
	if err != nil {
		return stored{}
	}
	return now
}

// shortDigest is as much of a digest as people compare.
func shortDigest(digest string) string {
	const digits = len("sha256:") + 12
	return digest[:min(digits, len(digest))]
}

// distinct leaves out what comes a second time.
func distinct(texts []string) []string {
	seen := map[string]bool{}
	var kept []string
	for _, text := range texts {
		if !seen[text] {
			seen[text] = true
			kept = append(kept, text)
		}
	}
	return kept
}
