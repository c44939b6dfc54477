package deploy_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ecs"
	"github.com/google/go-cmp/cmp"

	"github.com/ecs-deploy/ecs-deploy/pkg/deploy"
)

// TestPruneWithoutDefinition: a service whose task sets have the definitions has
// none of its own. No family is not every family.
func TestPruneWithoutDefinition(t *testing.T) {
	inWorld(t, manyRevisions(9, 4, 2), func(b *bench) {
		b.answer = func(operation string) (string, bool) {
			return `{"services":[{"serviceName":"web","status":"ACTIVE","clusterArn":"arn:aws:ecs:us-east-1:123456789012:cluster/prod",
				"serviceArn":"arn:aws:ecs:us-east-1:123456789012:service/prod/web","deploymentController":{"type":"EXTERNAL"},
				"taskSets":[{"taskDefinition":"arn:aws:ecs:us-east-1:123456789012:task-definition/web:4"}]}]}`, operation == "DescribeServices"
		}
		p, err := b.deployer().PlanPrune(b.Context(), webInProd, 0)
		var unsupported *deploy.UnsupportedError
		if !errors.As(err, &unsupported) || p != nil {
			t.Errorf("plan %+v, error %v", p, err)
		}
		if listed := b.made("ListTaskDefinitions"); len(listed) > 0 {
			t.Errorf("listed %v", listed)
		}
	})
}

// TestPruneTaskSets: what a task set brings up is in use, also before it has a task.
func TestPruneTaskSets(t *testing.T) {
	inWorld(t, manyRevisions(9, 9, 9), func(b *bench) {
		described := 0
		b.answer = func(operation string) (string, bool) {
			if operation != "DescribeServices" {
				return "", false
			}
			described++
			return `{"services":[{"serviceArn":"arn:aws:ecs:us-east-1:123456789012:service/prod/api"},{"serviceArn":"arn:aws:ecs:us-east-1:123456789012:service/prod/web","serviceName":"other","taskSets":[{"taskDefinition":"arn:aws:ecs:us-east-1:123456789012:task-definition/web:3"}]}]}`, described > 1
		}
		if diff := cmp.Diff([]string{"web:3"}, names(b.planPrune(5).InUse)); diff != "" {
			t.Errorf("in use (-want +got):\n%s", diff)
		}
	})
}

// TestPruneOtherFamilies: an emulator may take the family for the beginning of one.
func TestPruneOtherFamilies(t *testing.T) {
	inWorld(t, manyRevisions(3, 3, 3), func(b *bench) {
		b.answer = func(operation string) (string, bool) {
			return `{"taskDefinitionArns":["arn:aws:ecs:us-east-1:123456789012:task-definition/web:1","arn:aws:ecs:us-east-1:123456789012:task-definition/web:3",
				"arn:aws:ecs:us-east-1:123456789012:task-definition/web-admin:1"]}`, operation == "ListTaskDefinitions"
		}
		p := b.planPrune(1)
		if diff := cmp.Diff([]string{"web:1"}, names(p.Remove)); diff != "" || p.Active != 2 {
			t.Errorf("of %d active ones, removed (-want +got):\n%s", p.Active, diff)
		}
	})
}

// taken starts a deployment of a revision to the service api, as somebody else.
func (b *bench) taken(revision string) {
	b.Helper()
	if _, err := b.client.UpdateService(b.Context(), &ecs.UpdateServiceInput{Cluster: aws.String("prod"), Service: aws.String("api"), TaskDefinition: &revision}); err != nil {
		b.Fatal(err)
	}
}

// TestPruneLooksAgain: what somebody takes into use after the plan, while the
// question waits for its answer or others are deregistered, stays.
func TestPruneLooksAgain(t *testing.T) {
	for name, take := range map[string]func(b *bench){
		"before the first": func(b *bench) {
			b.taken("web:65")
			time.Sleep(2 * time.Minute)
		},
		"after the first": func(b *bench) {
			b.before = func(operation string) {
				if operation == "DeregisterTaskDefinition" {
					b.before = nil
					b.taken("web:65")
				}
			}
		},
	} {
		t.Run(name, func(t *testing.T) {
			inWorld(t, manyRevisions(70, 70, 70), func(b *bench) {
				p := b.planPrune(1)
				take(b)
				if err := b.deployer().Prune(b.Context(), p); err != nil {
					t.Fatal(err)
				}
				if diff := cmp.Diff([]string{"web:65"}, names(p.InUse)); diff != "" || len(p.Remove) != 68 || b.revisions("web") != 2 {
					t.Errorf("removed %d, %d are left, in use (-want +got):\n%s", len(p.Remove), b.revisions("web"), diff)
				}
			})
		})
	}
}

// TestPrunePlanInterrupted: an end of the context is one, whatever call it ends.
func TestPrunePlanInterrupted(t *testing.T) {
	for _, at := range []string{"DescribeServices", "ListTaskDefinitions", "ListServices", "ListTasks"} {
		inWorld(t, manyRevisions(9, 9, 9), func(b *bench) {
			ctx, cancel := context.WithCancel(b.Context())
			b.before = func(operation string) {
				if operation == at {
					cancel()
				}
			}
			p, err := b.deployer().PlanPrune(ctx, webInProd, 1)
			var interrupted *deploy.InterruptedError
			if !errors.As(err, &interrupted) || p != nil {
				t.Errorf("%s: plan %+v, error %v", at, p, err)
			}
		})
	}
}

// TestPruneOfWhatIsListedOnly: a service or task that is listed, and of which ECS
// says no more, may use anything.
func TestPruneOfWhatIsListedOnly(t *testing.T) {
	for operation, answers := range map[string]string{
		"DescribeServices": `{"services":[],"failures":[{"arn":"arn:aws:ecs:us-east-1:123456789012:service/prod/api","reason":"MISSING"}]}`,
		"DescribeTasks":    `{"tasks":[],"failures":[{"arn":"arn:aws:ecs:us-east-1:123456789012:task/prod/1","reason":"MISSING"}]}`,
	} {
		inWorld(t, manyRevisions(9, 9, 2), func(b *bench) {
			listed := false
			b.answer = func(asked string) (string, bool) {
				listed = listed || asked == "ListServices"
				return answers, asked == operation && listed
			}
			p, err := b.deployer().PlanPrune(b.Context(), webInProd, 1)
			if err == nil || !strings.Contains(err.Error(), operation) || !strings.Contains(err.Error(), "MISSING") {
				t.Errorf("%s: plan %+v, error %v", operation, p, err)
			}
		})
	}
}
