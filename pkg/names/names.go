// Package names lists what is in ECS by name, for somebody who types one: clusters,
// services, families, revisions, containers, tasks, deployments and pauses.
//
// A list is a help and no fact. It is read page by page until its [Most] names are there or
// the context ends, and comes with what was read until then, beside the error. Every
// operation that it calls only reads.
package names

import (
	"context"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ecs"
	"github.com/aws/aws-sdk-go-v2/service/ecs/types"

	"github.com/ecs-deploy/ecs-deploy/pkg/arn"
	"github.com/ecs-deploy/ecs-deploy/pkg/ecsapi"
	"github.com/ecs-deploy/ecs-deploy/pkg/rollout"
)

const (
	// Most is the largest number of names of a list.
	Most = 1000
	// newest is how many revisions and deployments a list has.
	newest = 20
)

// Name is a name, and what tells it from others of its kind.
type Name struct {
	// Text is what somebody would type.
	Text string `json:"text"`
	// About is a short text, such as a date and an image. It may be empty.
	About string `json:"about,omitempty"`
}

// Lister lists names. It may be used by several goroutines.
type Lister struct{ api *ecsapi.Client }

// New makes a lister on an ECS client.
func New(client *ecs.Client) *Lister { return &Lister{api: ecsapi.New(client, nil)} }

// Clusters lists the names of the clusters (ListClusters).
func (l *Lister) Clusters(ctx context.Context) ([]Name, error) {
	arns, err := l.api.ClusterARNs(ctx, Most)
	return short(arns), err
}

// Services lists the names of the services of a cluster (ListServices).
func (l *Lister) Services(ctx context.Context, cluster string) ([]Name, error) {
	arns, err := l.api.ServiceARNs(ctx, cluster)
	return short(arns[:min(len(arns), Most)]), err
}

// Families lists the families that have an ACTIVE revision (ListTaskDefinitionFamilies).
func (l *Lister) Families(ctx context.Context) ([]Name, error) {
	families, err := l.api.Families(ctx, Most)
	return short(families), err
}

// short are names of which only the text is known.
func short(arns []string) []Name {
	var all []Name
	for _, text := range arns {
		all = append(all, Name{Text: arn.ShortName(text)})
	}
	return all
}

// Revisions lists the newest ACTIVE revisions of a family, the newest first, each with its
// date and its image (ListTaskDefinitions, DescribeTaskDefinition).
func (l *Lister) Revisions(ctx context.Context, family string) ([]Name, error) {
	arns, err := l.api.NewestRevisions(ctx, family, newest)
	all := short(arns)
	var wait sync.WaitGroup
	for i := range all {
		wait.Go(func() {
			if definition, err := l.api.TaskDefinition(ctx, arns[i]); err == nil {
				all[i].About = joined(day(aws.ToTime(definition.RegisteredAt)), imagesOf(definition.ContainerDefinitions))
			}
		})
	}
	wait.Wait()
	return all, err
}

// Containers lists the containers of a task definition, each with its image
// (DescribeTaskDefinition).
func (l *Lister) Containers(ctx context.Context, definition string) ([]Name, error) {
	found, err := l.api.TaskDefinition(ctx, definition)
	if err != nil {
		return nil, err
	}
	var all []Name
	for _, c := range found.ContainerDefinitions {
		all = append(all, Name{aws.ToString(c.Name), aws.ToString(c.Image)})
	}
	return all, nil
}

// TaskDefinition is the ARN of the task definition of a service (DescribeServices).
func (l *Lister) TaskDefinition(ctx context.Context, cluster, service string) (string, error) {
	found, err := l.api.Service(ctx, cluster, service)
	if err != nil {
		return "", err
	}
	return aws.ToString(found.TaskDefinition), nil
}

// Tasks lists the ids of the tasks of a service, each with its revision, state, age at the
// given time and zone (ListTasks, DescribeTasks).
func (l *Lister) Tasks(ctx context.Context, cluster, service string, now time.Time) ([]Name, error) {
	tasks, err := l.api.SomeTasks(ctx, cluster, service)
	var all []Name
	for _, task := range tasks {
		age := now.Sub(task.CreatedAt).Round(time.Minute)
		all = append(all, Name{arn.ShortName(task.ARN), joined(arn.ShortName(task.TaskDefinition), task.LastStatus, strings.TrimSuffix(age.String(), "0s"), task.Zone)})
	}
	return all, err
}

// Deployments lists the ids of the deployments of a service that ECS still runs, and the
// ARNs of its newest service deployments, each with its revision, state and date
// (DescribeServices, ListServiceDeployments).
func (l *Lister) Deployments(ctx context.Context, cluster, service string) ([]Name, error) {
	found, err := l.api.Service(ctx, cluster, service)
	if err != nil {
		return nil, err
	}
	var all []Name
	for _, d := range found.Deployments {
		all = append(all, Name{aws.ToString(d.Id), joined(arn.ShortName(aws.ToString(d.TaskDefinition)), string(d.RolloutState), day(aws.ToTime(d.CreatedAt)))})
	}
	records, err := l.api.Records(ctx, cluster, service, time.Time{})
	for _, r := range records[:min(len(records), newest)] {
		all = append(all, Name{r.ARN, joined(r.Status, day(r.CreatedAt))})
	}
	return all, err
}

// Pauses lists the ids of the pause hooks at which a deployment of a service waits
// (ListServiceDeployments, DescribeServiceDeployments).
func (l *Lister) Pauses(ctx context.Context, cluster, service string) ([]Name, error) {
	records, err := l.api.Records(ctx, cluster, service, time.Time{})
	if err != nil || len(records) == 0 {
		return nil, err
	}
	record, err := l.api.Record(ctx, records[0].ARN)
	if err != nil {
		return nil, err
	}
	var all []Name
	for _, hook := range record.Pauses() {
		all = append(all, Name{hook.ID, until(hook)})
	}
	return all, nil
}

func until(hook rollout.Hook) string {
	if hook.ExpiresAt.IsZero() {
		return ""
	}
	return "until " + hook.ExpiresAt.UTC().Format("15:04 UTC")
}

// imagesOf are the images of containers, without registry and folders.
func imagesOf(containers []types.ContainerDefinition) string {
	var images []string
	for _, c := range containers {
		images = append(images, arn.ShortName(aws.ToString(c.Image)))
	}
	return strings.Join(images, " ")
}

// day is a date and a time as people read them.
func day(at time.Time) string {
	if at.IsZero() {
		return ""
	}
	return at.UTC().Format("2006-01-02 15:04")
}

// joined are the texts that are not empty.
func joined(texts ...string) string {
	return strings.Join(slices.DeleteFunc(texts, func(text string) bool { return text == "" }), "  ")
}
