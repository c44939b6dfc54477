package deploy_test

// The way back of a plan: what is known without a call, what the records prove, and
// what a preview checks.

import (
	"encoding/json"
	"errors"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ecr"
	"github.com/aws/aws-sdk-go-v2/service/ecs"
	"github.com/aws/aws-sdk-go-v2/service/ecs/types"

	"github.com/ecs-deploy/ecs-deploy/pkg/deploy"
)

// halfLost is a world in which a bad image replaces some tasks before ECS gives up, and
// nobody rolls back.
const halfLost = `
images: [{match: 'repo/web:v2', behaviour: exits}, {match: 'repo/web:v3', behaviour: exits}]
`

// forgotten has ECS show a service without its deployments that completed, as it does
// once none of their tasks is left.
func (b *bench) forgotten() {
	b.answer = func(operation string) (string, bool) {
		if operation != "DescribeServices" {
			return "", false
		}
		request, err := http.NewRequestWithContext(b.Context(), http.MethodPost, "http://ecs.simulated/", strings.NewReader(`{"cluster":"prod","services":["web"]}`))
		if err != nil {
			b.Fatal(err)
		}
		request.Header.Set("X-Amz-Target", "AmazonEC2ContainerServiceV20141113.DescribeServices")
		response, err := b.http.Do(request)
		if err != nil {
			b.Fatal(err)
		}
		defer func() { _ = response.Body.Close() }()
		var shown struct {
			Services []map[string]any `json:"services"`
		}
		if err := json.NewDecoder(response.Body).Decode(&shown); err != nil {
			b.Fatal(err)
		}
		service := shown.Services[0]
		service["deployments"] = slices.DeleteFunc(service["deployments"].([]any), func(d any) bool {
			return d.(map[string]any)["rolloutState"] == "COMPLETED" && d.(map[string]any)["status"] != "PRIMARY"
		})
		text, err := json.Marshal(shown)
		if err != nil {
			b.Fatal(err)
		}
		return string(text), true
	}
}

// failedBefore deploys v2, which fails, and has ECS forget the deployment before it.
func (b *bench) failedBefore() deploy.Ref {
	b.Helper()
	b.want(b.run(request(), deploy.Policy{}), "failed")
	b.forgotten()
	return webInProd
}

// neverWorked creates a service whose first deployment fails.
func (b *bench) neverWorked() deploy.Ref {
	b.Helper()
	if _, err := b.client.RegisterTaskDefinition(b.Context(), definition("repo/web:v2")); err != nil {
		b.Fatal(err)
	}
	_, err := b.client.CreateService(b.Context(), &ecs.CreateServiceInput{
		Cluster: aws.String("prod"), ServiceName: aws.String("young"), TaskDefinition: aws.String("web:2"), DesiredCount: aws.Int32(2),
		DeploymentConfiguration: &types.DeploymentConfiguration{DeploymentCircuitBreaker: &types.DeploymentCircuitBreaker{Enable: true}},
	})
	if err != nil {
		b.Fatal(err)
	}
	time.Sleep(time.Hour)
	return deploy.Ref{Cluster: "prod", Service: "young"}
}

// TestWayBackOfAPlan: the plan of a plain deployment says what the way back is, and warns if it
// may never have worked.
func TestWayBackOfAPlan(t *testing.T) {
	for name, c := range map[string]struct {
		world  string
		before func(b *bench) deploy.Ref // nil: the service web as it is
		want   deploy.Want
		state  deploy.CheckState
		says   string
		to     string // Before.TaskDefinition
	}{
		"it completed": {world: webWorld, state: deploy.CheckOK, says: "web:1 (v1), whose deployment completed", to: "web:1"},
		"deregistered": {world: webWorld, before: func(b *bench) deploy.Ref { b.deregister("web:1"); return webInProd },
			state: deploy.CheckWarning, says: "web:1 is INACTIVE: ECS cannot roll back to it", to: "web:1"},
		"the records know better": {world: noRollback + halfLost, before: (*bench).failedBefore,
			state: deploy.CheckOK, says: "web:1 (v1), whose deployment completed", to: "web:1"},
		"to what completed": {world: noRollback + halfLost, before: (*bench).failedBefore,
			want: deploy.Want{TaskDefinition: "web:1"}, state: deploy.CheckOK, says: "web:1 (v1) is itself the newest revision that completed", to: "web:1"},
		"it never worked": {world: webWorld + halfLost, before: (*bench).neverWorked,
			state: deploy.CheckWarning, says: "web:2 (v2) may never have worked: ECS shows no deployment of this service that completed", to: "web:2"},
		"records denied": {world: noRollback + halfLost, before: func(b *bench) deploy.Ref {
			b.failedBefore()
			b.refuse = func(operation string) (string, bool) {
				return `{"__type":"AccessDeniedException","message":"no"}`, operation == "ListServiceDeployments"
			}
			return webInProd
		}, state: deploy.CheckWarning, says: "web:2 (v2) may never have worked", to: "web:2"},
		"Classic Load Balancer": {world: webWorld, before: func(b *bench) deploy.Ref {
			b.answer = func(operation string) (string, bool) {
				return strings.NewReplacer("RUNNING", "2", "PENDING", "0").Replace(classic), operation == "DescribeServices"
			}
			return webInProd
		}, state: deploy.NotChecked, says: "web:1 (v1) is running; behind a Classic Load Balancer, ECS does not report", to: "web:1"},
	} {
		t.Run(name, func(t *testing.T) {
			inWorld(t, c.world, func(b *bench) {
				r := deploy.Request{Ref: webInProd, Want: c.want}
				if c.want.TaskDefinition == "" {
					r.Images = []string{"repo/web:v3"}
				}
				if c.before != nil {
					r.Ref = c.before(b)
				}
				b.calls = nil
				plan, err := b.deployer().Plan(b.Context(), r)
				if err != nil {
					t.Fatal(err)
				}
				if plan.WayBack.State != c.state || !strings.HasPrefix(plan.WayBack.Detail, c.says) || !strings.HasSuffix(plan.Before.TaskDefinition, "/"+c.to) {
					t.Errorf("the way back is %+v, to %s", *plan.WayBack, plan.Before.TaskDefinition)
				}
				if warned := slices.ContainsFunc(plan.Warnings, func(text string) bool { return strings.Contains(text, c.says) }); warned != (c.state == deploy.CheckWarning) {
					t.Errorf("warnings: %q", plan.Warnings)
				}
				calls := len(b.calls) + 1 // UpdateService
				if plan.Register {
					calls++
				}
				if calls > 6 {
					t.Errorf("the deployment would take %d calls: %v", calls, b.calls)
				}
				b.untouched()
			})
		})
	}
}

// TestFailedTwiceGoesBackToWhatWorked: after two failures in a row, the way back is the
// revision before both, in the outcome and in what ecs-deploy itself restores.
func TestFailedTwiceGoesBackToWhatWorked(t *testing.T) {
	inWorld(t, noRollback+halfLost, func(b *bench) {
		b.failedBefore()
		r := request()
		r.Images = []string{"repo/web:v3"}
		o := b.run(r, deploy.Policy{RollbackOnFailure: true})
		b.want(o, "rolled-back")
		if !strings.HasSuffix(o.Serving, "/web:1") {
			t.Errorf("%s runs: %s", o.Serving, o.Reason)
		}
	})
}

// wayBackIn is the check of the way back among the checks of a preview.
func wayBackIn(t *testing.T, b *bench, r deploy.Request) deploy.Check {
	t.Helper()
	cfg := simulated(&recorder{bench: b, next: b.http})
	plan, err := deploy.New(b.client, deploy.WithNeighbours(cfg), deploy.WithRegistry(ecr.NewFromConfig(cfg))).Preview(b.Context(), r)
	if err != nil {
		t.Fatal(err)
	}
	at := slices.IndexFunc(plan.Checks, func(c deploy.Check) bool { return c.Subject == "way back" })
	if at < 0 {
		t.Fatalf("no way back among %+v", plan.Checks)
	}
	if slices.ContainsFunc(plan.Warnings, func(text string) bool { return strings.Contains(text, "way back") }) {
		t.Errorf("the check says it already: %q", plan.Warnings)
	}
	return plan.Checks[at]
}

// TestWayBackInAPreview: a preview asks for the revision and its images as well.
func TestWayBackInAPreview(t *testing.T) {
	moved := `{"imageDetails":[{"imageDigest":"sha256:2222222222222222222222222222222222222222222222222222222222222222","imagePushedAt":1000000000}]}`
	gone := `{"__type":"ImageNotFoundException","message":"gone"}`
	v2 := deploy.Request{Ref: webInProd, Want: deploy.Want{Images: []string{ecrImage("v2")}}}
	for name, c := range map[string]struct {
		request deploy.Request
		answer  string // of ECR
		error   string
		state   deploy.CheckState
		says    string
		remedy  string
	}{
		"it is there":  {v2, "", "", deploy.CheckOK, "web:1 (v1), whose deployment completed; its image is still there", ""},
		"tag moved":    {v2, moved, "", deploy.CheckWarning, "web:1 (v1), whose deployment completed; image app: `v1` has moved since", "roll back with --pin-digest"},
		"image gone":   {v2, "", gone, deploy.CheckWarning, "web:1 (v1), whose deployment completed; image app: " + ecrImage("v1") + " does not exist", "push it again before you deploy"},
		"denied":       {v2, "", `{"__type":"AccessDeniedException","message":"no"}`, deploy.NotChecked, "web:1 (v1), whose deployment completed; image app: ecr:DescribeImages is not allowed", ""},
		"of a restart": {deploy.Request{Ref: webInProd, ForceNewDeployment: true}, "", "", deploy.CheckOK, "web:1 itself, with the images that run now: ecs-deploy rollback --to ecs-svc/", ""},
	} {
		t.Run(name, func(t *testing.T) {
			inWorld(t, checkWorld, func(b *bench) {
				b.answer = func(operation string) (string, bool) {
					return c.answer, c.answer != "" && operation == "DescribeImages"
				}
				b.refuse = func(operation string) (string, bool) { return c.error, c.error != "" && operation == "DescribeImages" }
				got := wayBackIn(t, b, c.request)
				if got.State != c.state || !strings.HasPrefix(got.Detail, c.says) || got.Remedy != c.remedy {
					t.Errorf("%+v", got)
				}
			})
		})
	}
}

// TestTheWayBackOfARestart: the images that ran before a restart come back by the
// command that the plan shows.
func TestTheWayBackOfARestart(t *testing.T) {
	inWorld(t, webWorld, func(b *bench) {
		o := b.run(deploy.Request{Ref: webInProd, ForceNewDeployment: true}, deploy.Policy{})
		b.want(o, "succeeded")
		plan, err := b.deployer().PlanRollback(b.Context(), webInProd, deploy.RollbackOptions{To: o.Deployment.Before.Deployment, PinDigest: true})
		if err != nil {
			t.Fatal(err)
		}
		if !plan.Register || !strings.Contains(plan.Images[0].New, "repo/web@sha256:") {
			t.Errorf("%+v", plan.Images)
		}
	})
}

// TestCallsOfAPreview: a preview with a forecast of a service with twenty deployments
// makes at most 10 calls to ECS, forward and back, and none twice.
func TestCallsOfAPreview(t *testing.T) {
	inWorld(t, webWorld, func(b *bench) {
		for range 10 {
			for _, tag := range []string{"repo/web:v2", "repo/web:v3"} {
				r := request()
				r.Images = []string{tag}
				b.want(b.run(r, deploy.Policy{}), "succeeded")
			}
		}
		d := deploy.New(b.client, deploy.WithForecaster(&listener{}), deploy.WithNeighbours(simulated(b.http)))
		r := request()
		r.Images = []string{"repo/web:v4"}
		for name, preview := range map[string]func() (*deploy.Plan, error){
			"forward": func() (*deploy.Plan, error) { return d.Preview(b.Context(), r) },
			"back":    func() (*deploy.Plan, error) { return d.PlanRollback(b.Context(), webInProd, deploy.RollbackOptions{}) },
		} {
			b.calls = nil
			plan, err := preview()
			if err != nil || plan.Forecast == nil || len(plan.Checks) == 0 {
				t.Fatalf("%s: %v, %+v", name, err, plan)
			}
			once := map[string]int{}
			for _, c := range b.calls {
				key := c.operation
				if c.operation == "DescribeTaskDefinition" {
					key += " " + c.body["taskDefinition"].(string)
				}
				if once[key]++; once[key] > 1 {
					t.Errorf("%s: %s was called twice", name, key)
				}
			}
			if len(b.calls) > 10 {
				t.Errorf("%s: %d calls", name, len(b.calls))
			}
			t.Logf("%s: %d calls", name, len(b.calls))
		}
	})
}

// TestAPreviewOfWhatCannotBe: what Plan refuses, Preview refuses.
func TestAPreviewOfWhatCannotBe(t *testing.T) {
	inWorld(t, webWorld, func(b *bench) {
		var usage *deploy.UsageError
		if _, err := b.deployer().Preview(b.Context(), deploy.Request{Ref: webInProd}); !errors.As(err, &usage) {
			t.Errorf("%v", err)
		}
	})
}
