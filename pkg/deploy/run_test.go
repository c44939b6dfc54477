package deploy_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ecs"

	"github.com/ecs-deploy/ecs-deploy/pkg/deploy"
	"github.com/ecs-deploy/ecs-deploy/pkg/ecssim"
	"github.com/ecs-deploy/ecs-deploy/pkg/rollout"
)

// verdicts are ours on the endings that scenarios name, kinds are those of the
// causes that they name.
var (
	verdicts = map[ecssim.Ending]rollout.Verdict{
		ecssim.Completed: rollout.Succeeded, ecssim.RolledBack: rollout.RolledBack, ecssim.Failed: rollout.Failed,
		ecssim.Superseded: rollout.Superseded, ecssim.Never: rollout.Failed, ecssim.Paused: rollout.Paused,
	}
	kinds = map[ecssim.Behaviour]rollout.Kind{
		ecssim.CannotPull: rollout.CannotPull, ecssim.InitFail: rollout.CannotInit, ecssim.Exits: rollout.Exited,
		ecssim.OutOfMemory: rollout.OutOfMemory, ecssim.Unhealthy: rollout.Unhealthy,
	}
)

// TestScenarios deploys into every world that is shipped.
func TestScenarios(t *testing.T) {
	for _, scenario := range ecssim.Scenarios() {
		t.Run(scenario.Name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				world, err := ecssim.LoadScenario(scenario.Name)
				if err != nil {
					t.Fatal(err)
				}
				b := newBench(t, world.WithSeed(ecssim.Seed{Cluster: "prod", Service: "web", Image: "repo/web:v1"}))
				o := b.run(request(), deploy.Policy{})
				verdict, ok := verdicts[scenario.Expect.Ends]
				if !ok {
					t.Fatalf("the scenario does not say how it ends: %q", scenario.Expect.Ends)
				}
				if scenario.Name == "rule-reset" {
					verdict = rollout.Failed // ECS calls it completed, but no user reaches it
				}
				b.want(o, string(verdict))
				kind, ok := kinds[scenario.Expect.Cause]
				if !ok && scenario.Expect.Cause != "" {
					t.Fatalf("there is no kind of cause for %s", scenario.Expect.Cause)
				}
				if ok && (len(o.Diagnosis.Causes) == 0 || o.Diagnosis.Causes[0].Kind != kind) {
					t.Errorf("causes %v, want one of kind %s", o.Diagnosis.Causes, kind)
				}
				evident := len(o.Diagnosis.Causes)+len(o.Diagnosis.Events)+len(o.Diagnosis.TargetGroups)+len(o.Diagnosis.Alarms) > 0 || strings.Contains(o.Reason, "lifecycle hook")
				if o.Verdict == rollout.RolledBack && (!evident || rollout.ShortName(o.Serving) != "web:1") {
					t.Errorf("rolled back without evidence, or serving %s", o.Serving)
				}
				if last := b.events[len(b.events)-1]; last.Type != deploy.EventOutcome {
					t.Errorf("the last event is %s", last.Type)
				}
			})
		})
	}
}

// TestCalls holds the number of API calls against the budget: 4 up to and
// including UpdateService, 2 per look while counts stand still and 4 when they
// move.
func TestCalls(t *testing.T) {
	inWorld(t, webWorld, func(b *bench) {
		b.want(b.run(request(), deploy.Policy{}), "succeeded")
		var until []string
		for _, c := range b.calls {
			until = append(until, c.operation)
			if c.operation == "UpdateService" {
				break
			}
		}
		if len(until) > 4 {
			b.Errorf("%d calls to start a deployment: %v", len(until), until)
		}
		looks, others := 0, 0
		for _, c := range b.calls[len(until):] {
			if c.operation == "DescribeServices" {
				if others > 3 {
					b.Errorf("a look of %d calls", others+1)
				}
				looks, others = looks+1, 0
				continue
			}
			others++
		}
		if total := len(b.calls) - len(until); total > 3*looks {
			b.Errorf("%d looks made %d calls", looks, total)
		}
		b.calls = nil
		b.want(b.run(request(), deploy.Policy{}), "unchanged")
		if len(b.calls) > 3 {
			b.Errorf("nothing to do took %d calls", len(b.calls))
		}
		b.untouched()
	})
}

func TestUnchanged(t *testing.T) {
	tests := []struct {
		name    string
		image   string
		policy  deploy.IfUnchanged
		verdict string
		writes  int
	}{
		{"same tag", "repo/web:v1", "", "unchanged", 0},
		{"same tag, restart asked", "repo/web:v1", deploy.IfUnchangedRestart, "succeeded", 1},
		{"no tag means latest, which may have moved", "repo/web", "", "succeeded", 1},
		{"latest, skip asked", "repo/web:latest", deploy.IfUnchangedSkip, "unchanged", 0},
	}
	for _, tt := range tests {
		world := webWorld
		if tt.image != "repo/web:v1" {
			world = strings.Replace(webWorld, "repo/web:v1", "repo/web:latest", 1)
		}
		t.Run(tt.name, func(t *testing.T) {
			inWorld(t, world, func(b *bench) {
				r := request()
				r.Images, r.IfUnchanged = []string{tt.image}, tt.policy
				o := b.run(r, deploy.Policy{})
				b.want(o, tt.verdict)
				if !o.Over {
					b.Error("there is nothing left to follow")
				}
				if wrote := b.wrote(); len(wrote) != tt.writes {
					b.Errorf("wrote %v", wrote)
				}
				if n := b.revisions("web"); n != 1 {
					b.Errorf("%d revisions: a restart uses the one in service", n)
				}
				if tt.writes == 1 && b.made("UpdateService")[0].body["forceNewDeployment"] != true {
					b.Error("a restart is forced")
				}
			})
		})
	}
}

// TestFailedIsDeployedAgain: the wanted definition in service, but its
// deployment FAILED, is not "nothing to do".
func TestFailedIsDeployedAgain(t *testing.T) {
	world := noRollback + `
images: [{match: "repo/web:v2", behaviour: exits}]
`
	inWorld(t, world, func(b *bench) {
		b.want(b.run(request(), deploy.Policy{}), "failed")
		b.want(b.run(request(), deploy.Policy{}), "failed")
		if n := b.revisions("web"); n != 2 {
			b.Errorf("%d revisions, want no third one", n)
		}
	})
}

func TestSettingsOnly(t *testing.T) {
	for _, tt := range []struct {
		name string
		edit func(*deploy.Request)
		want map[string]any
	}{
		{"desired count 0 is a value", func(r *deploy.Request) { r.DesiredCount = aws.Int32(0) }, map[string]any{"desiredCount": 0.0}},
		{"minimum 0 is a value", func(r *deploy.Request) { r.MinimumHealthyPercent = aws.Int32(0) }, map[string]any{"minimumHealthyPercent": 0.0}},
		{"both limits", func(r *deploy.Request) { r.MinimumHealthyPercent, r.MaximumPercent = aws.Int32(50), aws.Int32(150) },
			map[string]any{"minimumHealthyPercent": 50.0, "maximumPercent": 150.0}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			inWorld(t, webWorld, func(b *bench) {
				r := deploy.Request{Ref: webInProd}
				tt.edit(&r)
				b.want(b.run(r, deploy.Policy{}), "updated")
				sent := b.made("UpdateService")[0].body
				configuration, _ := sent["deploymentConfiguration"].(map[string]any)
				for name, want := range tt.want {
					if sent[name] != want && configuration[name] != want {
						b.Errorf("%s: sent %v", name, sent)
					}
				}
				if _, ok := sent["taskDefinition"]; ok {
					b.Error("the task definition was not asked for")
				}
				after := b.describe("web")
				if breaker := after.DeploymentConfiguration.DeploymentCircuitBreaker; breaker == nil || !breaker.Enable || !breaker.Rollback {
					b.Errorf("the circuit breaker was switched off: %+v", breaker)
				}
				if len(b.wrote()) != 1 {
					b.Errorf("wrote %v", b.wrote())
				}
			})
		})
	}
}

// TestUpdateCarriesOnlyWhatWasAsked: law 5, on the wire.
func TestUpdateCarriesOnlyWhatWasAsked(t *testing.T) {
	inWorld(t, webWorld, func(b *bench) {
		b.want(b.run(request(), deploy.Policy{NoWait: true}), "started")
		sent := b.made("UpdateService")[0].body
		for name := range sent {
			if name != "cluster" && name != "service" && name != "taskDefinition" {
				b.Errorf("UpdateService carries %s, which nobody asked for", name)
			}
		}
		if !strings.HasSuffix(sent["taskDefinition"].(string), ":task-definition/web:2") {
			b.Errorf("the service is set to %v, not to the new revision's ARN", sent["taskDefinition"])
		}
	})
}

// TestExistingRevision deploys a revision as it is: nothing is registered.
func TestExistingRevision(t *testing.T) {
	inWorld(t, webWorld, func(b *bench) {
		b.want(b.run(request(), deploy.Policy{}), "succeeded")
		b.calls = nil
		o := b.run(deploy.Request{Ref: webInProd, Want: deploy.Want{TaskDefinition: "web:1"}}, deploy.Policy{})
		b.want(o, "succeeded")
		if len(b.made("RegisterTaskDefinition")) != 0 || rollout.ShortName(o.Serving) != "web:1" {
			b.Errorf("serving %s, wrote %v", o.Serving, b.wrote())
		}
	})
}

func TestNoWait(t *testing.T) {
	inWorld(t, webWorld, func(b *bench) {
		began := time.Now()
		o := b.run(request(), deploy.Policy{NoWait: true})
		b.want(o, "started")
		if o.ExitCode() != 0 || time.Since(began) > time.Second || o.Deployment.ID == "" {
			b.Errorf("%+v", o)
		}
	})
}

func TestUntil(t *testing.T) {
	for until, want := range map[rollout.Until]string{rollout.UntilRunning: "running", rollout.UntilComplete: "succeeded", rollout.UntilDrained: "succeeded"} {
		inWorld(t, webWorld, func(b *bench) {
			o := b.run(request(), deploy.Policy{Watch: deploy.WatchOptions{Until: until}})
			b.want(o, want)
			if until == rollout.UntilDrained {
				if tasks := b.tasks("web", "web:1"); tasks != 0 {
					b.Errorf("drained, but %d earlier tasks have not stopped", tasks)
				}
			}
		})
	}
}

// TestBusy: another deployment in progress, by policy.
func TestBusy(t *testing.T) {
	other := func(b *bench) {
		r := request()
		r.Images = []string{"repo/web:other"}
		b.run(r, deploy.Policy{NoWait: true})
		time.Sleep(10 * time.Second)
		b.calls = nil
	}
	t.Run("fail", func(t *testing.T) {
		inWorld(t, webWorld, func(b *bench) {
			other(b)
			_, err := b.deployer().Run(b.Context(), request(), deploy.Policy{})
			var busy *deploy.BusyError
			if !errors.As(err, &busy) || busy.ExitCode() != 10 || !strings.Contains(err.Error(), busy.Deployment.ID) {
				b.Errorf("error %v", err)
			}
			b.untouched()
		})
	})
	t.Run("replace", func(t *testing.T) {
		inWorld(t, webWorld, func(b *bench) {
			other(b)
			o := b.run(request(), deploy.Policy{IfInProgress: deploy.IfInProgressReplace})
			b.want(o, "succeeded")
			if rollout.ShortName(o.Serving) != "web:3" {
				b.Errorf("serving %s", o.Serving)
			}
		})
	})
	t.Run("wait", func(t *testing.T) {
		inWorld(t, webWorld, func(b *bench) {
			other(b)
			o := b.run(request(), deploy.Policy{IfInProgress: deploy.IfInProgressWait})
			b.want(o, "succeeded")
			if rollout.ShortName(o.Deployment.Before.TaskDefinition) != "web:2" {
				b.Errorf("the other deployment was not waited for: before was %s", o.Deployment.Before.TaskDefinition)
			}
		})
	})
	t.Run("the wanted definition is on its way: joined", func(t *testing.T) {
		inWorld(t, webWorld, func(b *bench) {
			first := b.run(request(), deploy.Policy{NoWait: true})
			time.Sleep(10 * time.Second)
			b.calls = nil
			o := b.run(request(), deploy.Policy{})
			b.want(o, "succeeded")
			if o.Deployment.ID != first.Deployment.ID {
				b.Errorf("followed %s, want %s", o.Deployment.ID, first.Deployment.ID)
			}
			b.untouched()
		})
	})
}

func TestTidy(t *testing.T) {
	inWorld(t, webWorld, func(b *bench) {
		for range 4 { // web:2 to web:5, in use by nobody
			if _, err := b.client.RegisterTaskDefinition(b.Context(), definition("repo/web:unused")); err != nil {
				b.Fatal(err)
			}
		}
		keep := int32(2)
		b.want(b.run(request(), deploy.Policy{KeepDefinitions: &keep}), "succeeded")
		var gone []string
		for _, c := range b.made("DeregisterTaskDefinition") {
			gone = append(gone, rollout.ShortName(c.body["taskDefinition"].(string)))
		}
		// web:6 is in service, web:5 is kept, web:1 is the way back.
		if strings.Join(gone, " ") != "web:2 web:3 web:4" {
			b.Errorf("deregistered %v", gone)
		}
	})
	t.Run("not after a failure", func(t *testing.T) {
		inWorld(t, webWorld+`
images: [{match: "repo/web:v2", behaviour: exits}]
`, func(b *bench) {
			keep := int32(0)
			b.want(b.run(request(), deploy.Policy{KeepDefinitions: &keep}), "rolled-back")
			if len(b.made("DeregisterTaskDefinition")) != 0 {
				b.Error("revisions were deregistered after a failure")
			}
		})
	})
}

// TestInterruptedBeforeTheUpdate: a cancelled context stops between two writes,
// and the error names what was left behind.
func TestInterruptedBeforeTheUpdate(t *testing.T) {
	inWorld(t, webWorld, func(b *bench) {
		ctx, cancel := context.WithCancel(b.Context())
		b.before = func(operation string) {
			if operation == "RegisterTaskDefinition" {
				cancel()
			}
		}
		_, err := b.deployer().Run(ctx, request(), deploy.Policy{})
		var interrupted *deploy.InterruptedError
		if !errors.As(err, &interrupted) || rollout.ShortName(interrupted.Registered) != "web:2" || interrupted.ExitCode() != 130 {
			b.Fatalf("error %v", err)
		}
		if len(b.made("UpdateService")) != 0 {
			b.Error("the service was updated after the interruption")
		}
	})
}

// TestInterruptedWatch: the rollout goes on, and somebody else can join it.
func TestInterruptedWatch(t *testing.T) {
	inWorld(t, webWorld, func(b *bench) {
		ctx, cancel := context.WithTimeout(b.Context(), 20*time.Second)
		defer cancel()
		o, err := b.deployer().Run(ctx, request(), deploy.Policy{})
		if err != nil {
			b.Fatal(err)
		}
		b.want(o, "interrupted")
		if o.ExitCode() != 130 {
			b.Errorf("exit code %d", o.ExitCode())
		}
		joined, err := b.deployer().Join(b.Context(), webInProd, "")
		if err != nil {
			b.Fatal(err)
		}
		if joined.ID != o.Deployment.ID {
			b.Errorf("joined %s, want %s", joined.ID, o.Deployment.ID)
		}
		after, err := b.deployer().Watch(b.Context(), joined, deploy.WatchOptions{})
		if err != nil {
			b.Fatal(err)
		}
		b.want(after, "succeeded")
	})
}

// describe reads a service of the cluster prod.
func (b *bench) describe(name string) service {
	b.Helper()
	out, err := b.client.DescribeServices(b.Context(), &ecs.DescribeServicesInput{Cluster: aws.String("prod"), Services: []string{name}})
	if err != nil || len(out.Services) != 1 {
		b.Fatalf("describing %s: %v", name, err)
	}
	return out.Services[0]
}
