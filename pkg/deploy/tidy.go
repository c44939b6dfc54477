package deploy

// Tidying: after a deployment succeeded, the oldest revisions of its family are
// deregistered, so that a family does not grow without end. A revision that
// something still uses, or that is the way back, is never touched.

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ecs"
	"github.com/aws/aws-sdk-go-v2/service/ecs/types"

	"github.com/ecs-deploy/ecs-deploy/pkg/rollout"
)

// tidyPace is the rate at which revisions are deregistered: ECS refills its
// allowance for changes of task definitions by one per second.
const tidyPace = time.Second

// tidy deregisters the oldest ACTIVE revisions of the deployment's family and
// keeps the newest ones. What it cannot do is a warning: the deployment
// succeeded all the same.
func (d *Deployer) tidy(ctx context.Context, deployment Deployment, keep int32) {
	family := familyOf(deployment.TaskDefinition)
	warn := func(err error) {
		d.emit(Event{Type: EventWarning, Message: fmt.Sprintf("old revisions of %s were left: %v", family, err)})
	}
	revisions, err := d.activeRevisions(ctx, family)
	if err != nil {
		warn(err)
		return
	}
	if len(revisions) <= int(keep) {
		return
	}
	used, err := d.usedRevisions(ctx, deployment, family)
	if err != nil {
		warn(err)
		return
	}
	for _, arn := range revisions[:len(revisions)-int(keep)] {
		if used[arn] {
			continue
		}
		if d.clock.Sleep(ctx, tidyPace) != nil {
			return
		}
		if _, err := d.client.DeregisterTaskDefinition(ctx, &ecs.DeregisterTaskDefinitionInput{TaskDefinition: &arn}); err != nil {
			warn(callError("DeregisterTaskDefinition", "task definition "+rollout.ShortName(arn), err))
			return
		}
		d.emit(Event{Type: EventDeregistered, TaskDefinition: arn})
	}
}

// activeRevisions are the ARNs of the family's ACTIVE revisions, oldest first.
func (d *Deployer) activeRevisions(ctx context.Context, family string) ([]string, error) {
	var arns []string
	pages := ecs.NewListTaskDefinitionsPaginator(d.client, &ecs.ListTaskDefinitionsInput{
		FamilyPrefix: &family, Status: types.TaskDefinitionStatusActive, Sort: types.SortOrderAsc,
	})
	for pages.HasMorePages() {
		page, err := pages.NextPage(ctx)
		if err != nil {
			return nil, callError("ListTaskDefinitions", "family "+family, err)
		}
		arns = append(arns, page.TaskDefinitionArns...)
	}
	return arns, nil
}

// usedRevisions are the revisions that a service or task of the cluster uses,
// and those that are the way back from this deployment. Other clusters are not
// known.
func (d *Deployer) usedRevisions(ctx context.Context, deployment Deployment, family string) (map[string]bool, error) {
	used := map[string]bool{deployment.TaskDefinition: true, deployment.Before.TaskDefinition: true}
	services, err := d.listServices(ctx, deployment.Cluster)
	if err != nil {
		return nil, err
	}
	for some := range slices.Chunk(services, describeLimit) {
		out, err := d.client.DescribeServices(ctx, &ecs.DescribeServicesInput{Cluster: &deployment.Cluster, Services: some})
		if err != nil {
			return nil, callError("DescribeServices", "cluster "+rollout.ShortName(deployment.Cluster), err)
		}
		for _, service := range out.Services {
			used[aws.ToString(service.TaskDefinition)] = true
			for _, other := range service.Deployments {
				used[aws.ToString(other.TaskDefinition)] = true
			}
			if familyOf(aws.ToString(service.TaskDefinition)) != family {
				continue
			}
			back, err := d.lastGood(ctx, &Rollback{
				Cluster: aws.ToString(service.ClusterArn), Service: aws.ToString(service.ServiceArn), Current: aws.ToString(service.TaskDefinition),
			})
			if err != nil {
				return nil, err // what may be the way back of a service is not known, so nothing is touched
			}
			if back != nil {
				used[aws.ToString(back.TaskDefinition)] = true
			}
		}
	}
	pages := ecs.NewListTasksPaginator(d.client, &ecs.ListTasksInput{Cluster: &deployment.Cluster, Family: &family})
	for pages.HasMorePages() {
		page, err := pages.NextPage(ctx)
		if err != nil {
			return nil, callError("ListTasks", "family "+family, err)
		}
		if len(page.TaskArns) == 0 {
			continue
		}
		tasks, err := d.client.DescribeTasks(ctx, &ecs.DescribeTasksInput{Cluster: &deployment.Cluster, Tasks: page.TaskArns})
		if err != nil {
			return nil, callError("DescribeTasks", "family "+family, err)
		}
		for _, task := range tasks.Tasks {
			used[aws.ToString(task.TaskDefinitionArn)] = true
		}
	}
	return used, nil
}
