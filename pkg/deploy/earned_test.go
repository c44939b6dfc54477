package deploy_test

// Success that was not earned, and other ways to be misled by an answer of ECS
// that is odd, late or about something else.

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ecs"

	"github.com/ecs-deploy/ecs-deploy/pkg/deploy"
	"github.com/ecs-deploy/ecs-deploy/pkg/rollout"
)

// editor changes the answers of ECS on their way.
type editor struct {
	next *recorder
	edit func(operation string, answer map[string]any)
}

func (e *editor) Do(request *http.Request) (*http.Response, error) {
	_, operation, _ := strings.Cut(request.Header.Get("X-Amz-Target"), ".")
	response, err := e.next.Do(request)
	if err != nil || response.StatusCode != http.StatusOK {
		return response, err
	}
	body, err := io.ReadAll(response.Body)
	if err != nil {
		return nil, err
	}
	var doc map[string]any
	if err := json.Unmarshal(body, &doc); err != nil {
		return nil, err
	}
	e.edit(operation, doc)
	if body, err = json.Marshal(doc); err != nil {
		return nil, err
	}
	return answer(request, http.StatusOK, string(body)), nil
}

// edited is a deployer that gets edited answers.
func (b *bench) edited(edit func(operation string, answer map[string]any)) *deploy.Deployer {
	return deploy.New(ecs.NewFromConfig(simulated(&editor{&recorder{bench: b, next: b.http}, edit})))
}

// TestJoinedRollback: the revision that ECS is going back to is wanted; its
// record is that of its first time.
func TestJoinedRollback(t *testing.T) {
	inWorld(t, webWorld+crash, func(b *bench) {
		b.rollingBack()
		b.want(b.run(deploy.Request{Ref: webInProd, Want: deploy.Want{TaskDefinition: "web:1"}}, deploy.Policy{}), "succeeded")
		if s := b.describe("web"); s.Deployments[0].RolloutState != "COMPLETED" || len(s.Deployments) != 1 {
			b.Errorf("succeeded while the rollback was %s", s.Deployments[0].RolloutState)
		}
	})
}

// TestMisleadingAnswers: none of these is the success of the failing deployment.
func TestMisleadingAnswers(t *testing.T) {
	for name, edit := range map[string]func(b *bench, first string) func(string, map[string]any){
		"no deployment in the answer of the update": func(*bench, string) func(string, map[string]any) {
			return func(operation string, doc map[string]any) {
				if operation == "UpdateService" {
					doc["service"].(map[string]any)["deployments"] = []any{}
				}
			}
		},
		"the answer names the record of the deployment before": func(_ *bench, first string) func(string, map[string]any) {
			return func(operation string, doc map[string]any) {
				if operation == "UpdateService" {
					doc["service"].(map[string]any)["currentServiceDeployment"] = first
				}
			}
		},
	} {
		t.Run(name, func(t *testing.T) {
			inWorld(t, webWorld+crash, func(b *bench) {
				o, err := b.edited(edit(b, b.record(0))).Run(b.Context(), request(), deploy.Policy{})
				if err != nil {
					b.Fatal(err)
				}
				b.want(o, "rolled-back")
			})
		})
	}
}

// record is the ARN of the nth service deployment of the service, newest first.
func (b *bench) record(n int) string {
	b.Helper()
	out, err := b.client.ListServiceDeployments(b.Context(), &ecs.ListServiceDeploymentsInput{Cluster: aws.String("prod"), Service: aws.String("web")})
	if err != nil || len(out.ServiceDeployments) <= n {
		b.Fatal(err)
	}
	return aws.ToString(out.ServiceDeployments[n].ServiceDeploymentArn)
}

// TestWaitRightAfterAnUpdate: the list of records lags, and still shows the
// deployment before as the newest.
func TestWaitRightAfterAnUpdate(t *testing.T) {
	inWorld(t, webWorld+crash, func(b *bench) {
		first := b.record(0)
		b.run(request(), deploy.Policy{NoWait: true})
		began := time.Now()
		d := b.edited(func(operation string, doc map[string]any) {
			if operation == "ListServiceDeployments" && time.Since(began) < 2*time.Second {
				doc["serviceDeployments"] = []any{map[string]any{"serviceDeploymentArn": first, "status": "SUCCESSFUL", "createdAt": 1.0,
					"targetServiceRevisionArn": "arn:aws:ecs:us-east-1:123456789012:service-revision/prod/web/1"}}
			}
		})
		joined, err := d.Join(b.Context(), webInProd, "")
		if err != nil {
			b.Fatal(err)
		}
		b.want(b.watch(d, joined), "rolled-back")
	})
}

// TestNamedDeployment: a deployment that is named is the one that is told about,
// also when it is long gone and another one is in progress.
func TestNamedDeployment(t *testing.T) {
	inWorld(t, webWorld+"\nimages: [{match: 'repo/web:v3', behaviour: exits}]\n", func(b *bench) {
		first := b.run(request(), deploy.Policy{})
		for _, image := range []string{"repo/web:other", "repo/web:v3"} {
			time.Sleep(time.Minute)
			r := request()
			r.Images = []string{image}
			b.run(r, deploy.Policy{NoWait: image == "repo/web:v3"})
		}
		o := b.follow("", "", first.Deployment.ServiceDeployment)
		b.want(o, "succeeded")
		if o.Deployment.ID != first.Deployment.ID || rollout.ShortName(o.Deployment.TaskDefinition) != "web:2" {
			b.Errorf("told about %s (%s)", o.Deployment.ID, o.Deployment.TaskDefinition)
		}
	})
	denied := "\nfaults: [{operations: ['*ServiceDeployments'], code: AccessDeniedException, message: no}]\n"
	inWorld(t, webWorld+denied, func(b *bench) {
		started := b.run(request(), deploy.Policy{NoWait: true})
		if _, err := b.deployer().Join(b.Context(), webInProd, started.Deployment.ID); err != nil {
			b.Errorf("an id needs no record: %v", err)
		}
		if _, err := b.deployer().Join(b.Context(), webInProd, "ecs-svc/999"); err == nil {
			b.Error("nobody knows this deployment")
		}
	})
	// Its identity alone is enough to follow a deployment.
	inWorld(t, webWorld+crash+denied, func(b *bench) {
		started := b.run(request(), deploy.Policy{NoWait: true})
		b.want(b.watch(b.deployer(), deploy.Deployment{Ref: webInProd, ID: started.Deployment.ID, Action: deploy.ActionFollow}), "rolled-back")
	})
}

// TestRecordsDisturbed: records that cannot be read for a while are read later.
func TestRecordsDisturbed(t *testing.T) {
	inWorld(t, webWorld+"\nfaults: [{operations: ['*ServiceDeployments'], status: 503, body: '<html>busy</html>', first: 3}]\n", func(b *bench) {
		b.want(b.run(request(), deploy.Policy{}), "succeeded")
		if len(b.made("DescribeServiceDeployments")) == 0 {
			b.Error("the record was never asked for again")
		}
	})
}

// TestSettingsThatAreNotThereYet: settings alone are "unchanged" only if the
// service is where it should be.
func TestSettingsThatAreNotThereYet(t *testing.T) {
	inWorld(t, webWorld, func(b *bench) {
		r := deploy.Request{Ref: webInProd, ServiceSettings: deploy.ServiceSettings{DesiredCount: aws.Int32(6)}}
		b.run(r, deploy.Policy{NoWait: true})
		o := b.run(r, deploy.Policy{})
		b.want(o, "updated")
		if o.Running != 6 || len(b.made("UpdateService")) != 1 {
			b.Errorf("%d of 6 tasks running, %d updates", o.Running, len(b.made("UpdateService")))
		}
	})
	// Somebody else, or autoscaling, sets another count.
	inWorld(t, webWorld+"\nactors: [{after: 500ms, operation: UpdateService, input: {cluster: prod, service: web, desiredCount: 3}}]\n", func(b *bench) {
		o := b.run(deploy.Request{Ref: webInProd, ServiceSettings: deploy.ServiceSettings{DesiredCount: aws.Int32(5)}}, deploy.Policy{})
		b.want(o, "superseded")
		if o.Elapsed > time.Minute {
			b.Errorf("after %s", o.Elapsed)
		}
	})
}

// TestDrainedMeansEarlierTasks: what comes later is not waited for.
func TestDrainedMeansEarlierTasks(t *testing.T) {
	inWorld(t, webWorld, func(b *bench) {
		once := false
		d := deploy.New(b.client, deploy.WithObserver(func(e deploy.Event) {
			if e.ServiceEvent != nil && strings.Contains(e.ServiceEvent.Message, "deployment completed") && !once {
				once = true
				b.raw("UpdateService", `{"cluster":"prod","service":"web","forceNewDeployment":true}`)
			}
		}))
		o, err := d.Run(b.Context(), request(), deploy.Policy{Watch: deploy.WatchOptions{Until: rollout.UntilDrained}})
		if err != nil {
			b.Fatal(err)
		}
		b.want(o, "succeeded")
		if o.Elapsed > 5*time.Minute {
			b.Errorf("after %s", o.Elapsed)
		}
	})
}

// TestClassicLoadBalancerWithoutTasks: a desired count of 0 ends too.
func TestClassicLoadBalancerWithoutTasks(t *testing.T) {
	world := strings.NewReplacer(append(classicService, "desiredCount: 2", "desiredCount: 0")...).Replace(webWorld)
	inWorld(t, world, func(b *bench) { b.want(b.run(request(), deploy.Policy{}), "succeeded") })
}

// TestNothingSecretIsPrinted, however a plan or a definition is printed.
func TestNothingSecretIsPrinted(t *testing.T) {
	world := strings.Replace(webWorld, `image: "repo/web:v1"`, `image: "repo/web:v1", environment: [{name: PW, value: hunter2}]`, 1)
	inWorld(t, world, func(b *bench) {
		plan, err := b.deployer().Plan(b.Context(), request())
		if err != nil {
			b.Fatal(err)
		}
		r := deploy.Request{Want: deploy.Want{Definition: plan.Definition}}
		marshalled, err := json.Marshal(r)
		if err != nil {
			b.Fatal(err)
		}
		for _, text := range []string{
			fmt.Sprint(plan), fmt.Sprintf("%+v", *plan), fmt.Sprintf("%#v", plan), fmt.Sprint(plan.Definition), fmt.Sprintf("%#v", plan.Definition),
			fmt.Sprintf("%+v", r), fmt.Sprintf("%#v", r), string(marshalled),
		} {
			if strings.Contains(text, "hunter2") {
				b.Errorf("the secret is in %.80q", text)
			}
		}
	})
}
