package deploy

// Deployments that shift traffic, as a watch sees them: which revision has which part
// of the traffic, and which of ECS's clocks runs.

import (
	"context"

	"github.com/aws/aws-sdk-go-v2/aws"

	"github.com/ecs-deploy/ecs-deploy/pkg/rollout"
)

// shifter completes the records of a deployment with what ECS does not write into them.
type shifter struct {
	*Deployer
	clocks rollout.Clocks
	// definitions are the task definitions of service revisions, by the ARN of the
	// revision; "" for one that could not be read.
	definitions map[string]string
}

func newShifter(d *Deployer) *shifter {
	return &shifter{Deployer: d, definitions: map[string]string{}}
}

// complete names the task definitions of the record's revisions, and finds out what the
// deployment waits for.
func (s *shifter) complete(ctx context.Context, o rollout.Observation, target string) {
	record := o.ServiceDeployment
	if record == nil {
		return
	}
	record.At = s.api.ServerTime(s.clock.Now())
	record.Waits = s.clocks.Note(o)
	record.Target.TaskDefinition = target
	if record.Target.Production == nil {
		return // no revision has a share of the traffic to tell
	}
	for _, d := range o.Service.Deployments {
		for _, share := range shares(record) {
			if d.ID == rollout.DeploymentPrefix+rollout.ShortName(share.RevisionARN) {
				s.definitions[share.RevisionARN] = d.TaskDefinition
			}
		}
	}
	s.readRevisions(ctx, record)
	for _, share := range shares(record) {
		if share.TaskDefinition == "" {
			share.TaskDefinition = s.definitions[share.RevisionARN]
		}
	}
}

// shares are the revisions of a record.
func shares(record *rollout.ServiceDeployment) []*rollout.Share {
	all := []*rollout.Share{&record.Target}
	for i := range record.Sources {
		all = append(all, &record.Sources[i])
	}
	return all
}

// readRevisions reads, once, the revisions whose task definitions the list of
// deployments does not say.
func (s *shifter) readRevisions(ctx context.Context, record *rollout.ServiceDeployment) {
	var unknown []string
	for _, share := range shares(record) {
		_, known := s.definitions[share.RevisionARN]
		if !known && share.TaskDefinition == "" && share.RevisionARN != "" {
			unknown = append(unknown, share.RevisionARN)
			s.definitions[share.RevisionARN] = ""
		}
	}
	if len(unknown) == 0 {
		return
	}
	revisions, err := s.api.Unretried().Revisions(ctx, unknown...)
	if err != nil {
		return // the shares have no names then
	}
	for _, revision := range revisions {
		s.definitions[aws.ToString(revision.ServiceRevisionArn)] = aws.ToString(revision.TaskDefinition)
	}
}

// live is the deployment whose revision gets most of the production traffic while a
// deployment shifts it; nil if there is no such record, or it is over. Both revisions
// have all their tasks then.
func live(service *rollout.Service, record *rollout.ServiceDeployment) *rollout.Deployment {
	if record == nil || record.Ended() || record.Target.Production == nil {
		return nil
	}
	most := &record.Target
	for _, share := range shares(record) {
		if share.Production != nil && *share.Production > *most.Production {
			most = share
		}
	}
	for i := range service.Deployments {
		if d := &service.Deployments[i]; d.TaskDefinition == most.TaskDefinition && *most.Production > 0 {
			return d
		}
	}
	return nil
}
