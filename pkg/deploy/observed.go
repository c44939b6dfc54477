package deploy

// What is taken over from the answers of ECS: the settings that decide how a
// deployment goes, texts that are short enough to be read, and the tags by which
// people know revisions.

import (
	"slices"
	"strings"
	"sync"

	"github.com/ecs-deploy/ecs-deploy/pkg/image"
	"github.com/ecs-deploy/ecs-deploy/pkg/rollout"
	"github.com/ecs-deploy/ecs-deploy/pkg/taskdef"
)

// revisionTags remembers the tag of each revision that was read: a revision never
// changes. People know tags, ECS knows revisions.
type revisionTags struct {
	mutex sync.Mutex
	tags  map[string]string // by the revision's ARN
}

func (r *revisionTags) learn(arn, tag string) {
	if arn == "" || tag == "" {
		return
	}
	r.mutex.Lock()
	defer r.mutex.Unlock()
	if r.tags == nil {
		r.tags = map[string]string{}
	}
	r.tags[arn] = tag
}

// of is the tag of a revision, or "" if the revision was not read.
func (r *revisionTags) of(arn string) string {
	r.mutex.Lock()
	defer r.mutex.Unlock()
	return r.tags[arn]
}

// tagOf is the tag by which people know a definition: that of its only container,
// of the one that has the family's name, or of the first.
func tagOf(d taskdef.Definition) string {
	tag := ""
	for i, c := range d.Containers() {
		if i == 0 || c.Name == d.Family() {
			tag = shortTag(c.Image)
		}
	}
	return tag
}

// shortTag is the tag of an image, or otherwise the beginning of its digest.
func shortTag(text string) string {
	ref, err := image.Parse(text)
	if err != nil {
		return ""
	}
	ref = ref.WithDefaultTag()
	if ref.Tag() != "" {
		return ref.Tag()
	}
	_, digest, _ := strings.Cut(ref.Digest(), ":")
	return digest[:min(len(digest), 12)]
}

// label puts the known tags into the values of an event, before anybody sees it.
// Several events may show one service, so each gets a copy.
func (d *Deployer) label(e *Event) {
	if e.Plan != nil {
		d.labelPlan(e.Plan)
	}
	if e.Service != nil {
		e.Service = d.labelled(e.Service)
	}
	if e.Deployment != nil {
		d.labelDeployment(e.Deployment)
	}
	if e.Outcome != nil {
		d.labelDeployment(&e.Outcome.Deployment)
		e.Outcome.ServingTag = d.tags.of(e.Outcome.Serving)
	}
	e.Tag = d.tags.of(e.TaskDefinition)
}

// labelPlan learns the tags of a plan from the image that it changes.
func (d *Deployer) labelPlan(p *Plan) {
	p.CurrentTag, p.Tag = d.tags.of(p.Current), d.tags.of(p.TaskDefinition)
	if !p.Definition.IsZero() {
		p.Tag = tagOf(p.Definition)
	}
	if len(p.Images) > 0 && p.Base == p.Current {
		p.CurrentTag, p.Tag = shortTag(p.Images[0].Old), shortTag(p.Images[0].New)
	}
	d.tags.learn(p.Current, p.CurrentTag)
	d.tags.learn(p.TaskDefinition, p.Tag)
	p.Before.Tag = d.tags.of(p.Before.TaskDefinition)
	if p.InProgress != nil {
		p.InProgress.Tag = d.tags.of(p.InProgress.TaskDefinition)
	}
}

// labelled is a service with the known tags.
func (d *Deployer) labelled(s *rollout.Service) *rollout.Service {
	service := *s
	service.Deployments = slices.Clone(s.Deployments)
	for i := range service.Deployments {
		service.Deployments[i].Tag = d.tags.of(service.Deployments[i].TaskDefinition)
	}
	return &service
}

func (d *Deployer) labelDeployment(deployment *Deployment) {
	deployment.Tag = d.tags.of(deployment.TaskDefinition)
	deployment.Before.Tag = d.tags.of(deployment.Before.TaskDefinition)
}
