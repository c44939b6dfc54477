package deploy_test

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/google/go-cmp/cmp"

	"github.com/ecs-deploy/ecs-deploy/pkg/deploy"
	"github.com/ecs-deploy/ecs-deploy/pkg/rollout"
)

const (
	slow  = "\nimages: [{match: 'repo/web:v2', startAfter: 4m}]\n"
	never = "\nimages: [{match: 'repo/web:v2', behaviour: hangs}]\n"
	crash = "\nimages: [{match: 'repo/web:v2', behaviour: exits}]\n"
)

// TestLimits: -t given is a hard limit, not given a warning; the limit of the
// whole watch is kept to the second.
func TestLimits(t *testing.T) {
	for _, tt := range []struct {
		name, world string
		options     deploy.WatchOptions
		verdict     string
		after       time.Duration
		warns       bool
	}{
		{"nothing runs in time", slow, deploy.WatchOptions{RunningTimeout: 100 * time.Second}, "timed-out", 100 * time.Second, false},
		{"no limit given: a warning, and the truth later", slow, deploy.WatchOptions{}, "succeeded", 0, true},
		{"runs in time", "", deploy.WatchOptions{RunningTimeout: 90 * time.Second}, "succeeded", 0, false},
		{"does not end in time", never, deploy.WatchOptions{CompleteTimeout: 10 * time.Minute}, "timed-out", 10 * time.Minute, true},
		{"does not end in half an hour", never, deploy.WatchOptions{}, "timed-out", 30 * time.Minute, true},
	} {
		t.Run(tt.name, func(t *testing.T) {
			inWorld(t, webWorld+tt.world, func(b *bench) {
				o := b.run(request(), deploy.Policy{Watch: tt.options})
				b.want(o, tt.verdict)
				if tt.after > 0 && (o.Elapsed < tt.after || o.Elapsed >= tt.after+time.Second) {
					b.Errorf("ended after %s, want %s", o.Elapsed, tt.after)
				}
				if tt.verdict == "timed-out" && o.ExitCode() != 7 {
					b.Errorf("exit code %d", o.ExitCode())
				}
				if got := b.told(deploy.EventWarning, "no task of the new deployment is running"); got != tt.warns {
					b.Errorf("warned: %v, want %v", got, tt.warns)
				}
			})
		})
	}
}

// TestDesiredCountZero: success, because ECS says so; nothing is waited for that
// cannot come.
func TestDesiredCountZero(t *testing.T) {
	inWorld(t, strings.Replace(webWorld, "desiredCount: 2", "desiredCount: 0", 1), func(b *bench) {
		o := b.run(request(), deploy.Policy{Watch: deploy.WatchOptions{RunningTimeout: 30 * time.Second}})
		b.want(o, "succeeded")
		if o.Desired != 0 || len(b.made("UpdateService")[0].body) != 3 {
			b.Errorf("desired %d, sent %v", o.Desired, b.made("UpdateService")[0].body)
		}
	})
}

// TestReadsThatMislead: stale reads, records whose numbers say nothing, records
// that cannot be read, and a service that fails meanwhile: the verdict is the
// same as without.
func TestReadsThatMislead(t *testing.T) {
	for name, world := range map[string]string{
		"stale reads":          "\nswitches: {readLag: 4s}\n",
		"unrelated numbers":    "\nswitches: {serviceRevisionIds: unrelated}\n",
		"records denied":       "\nfaults: [{operations: ['*ServiceDeployments'], code: AccessDeniedException, message: no}]\n",
		"records unknown":      "\nfaults: [{operations: ['*ServiceDeployments'], code: UnknownOperationException, message: no}]\n",
		"records answer HTML":  "\nfaults: [{operations: ['*ServiceDeployments'], status: 500, body: '<html>no</html>'}]\n",
		"every third read 503": "\nfaults: [{operations: ['Describe*', 'List*'], body: '<html>busy</html>', every: 3}]\n",
		"throttled":            "\nfaults: [{operations: ['Describe*', 'List*'], code: ThrottlingException, message: Rate exceeded, probability: 0.5}]\n",
		"real buckets":         "\nswitches: {throttling: true}\n",
	} {
		t.Run(name, func(t *testing.T) {
			inWorld(t, webWorld+world, func(b *bench) {
				b.want(b.run(request(), deploy.Policy{}), "succeeded")
			})
			inWorld(t, webWorld+world+crash, func(b *bench) {
				o := b.run(request(), deploy.Policy{})
				b.want(o, "rolled-back")
				if rollout.ShortName(o.Serving) != "web:1" {
					b.Errorf("serving %s", o.Serving)
				}
			})
			if strings.HasPrefix(name, "records") {
				inWorld(t, webWorld+world, func(b *bench) {
					b.run(request(), deploy.Policy{})
					warned := 0
					for _, e := range b.events {
						if e.Type == deploy.EventWarning {
							warned++
						}
					}
					if warned != 1 {
						b.Errorf("%d warnings, want one that says what cannot be read", warned)
					}
				})
			}
		})
	}
}

// TestLostSight: credentials that expire, or an endpoint that goes away, end the
// watch; the rollout goes on.
func TestLostSight(t *testing.T) {
	for name, fault := range map[string]string{
		"credentials expire": "code: ExpiredTokenException, message: expired",
		"permission is gone": "code: AccessDeniedException, message: no",
		"endpoint is gone":   "connectionReset: true",
	} {
		t.Run(name, func(t *testing.T) {
			inWorld(t, webWorld+never+"\nfaults: [{operations: ['*'], afterUpdate: true, "+fault+"}]\n", func(b *bench) {
				o := b.run(request(), deploy.Policy{})
				b.want(o, "timed-out")
				if !strings.Contains(o.Reason, "ecs-deploy can no longer call ECS") || o.Deployment.ID == "" {
					b.Errorf("reason %q", o.Reason)
				}
				if name != "endpoint is gone" && o.Elapsed > 30*time.Second {
					b.Errorf("ended after %s", o.Elapsed)
				}
			})
		})
	}
}

// TestDetection: the verdict comes within a look of ECS's own.
func TestDetection(t *testing.T) {
	inWorld(t, webWorld, func(b *bench) {
		o := b.run(request(), deploy.Policy{})
		b.want(o, "succeeded")
		if lag := time.Since(o.EndedAt); lag < 0 || lag > 2*time.Second {
			b.Errorf("reported %s after ECS's own end", lag)
		}
	})
}

// TestCausesComeEarly: the first stopped task is news long before the verdict.
func TestCausesComeEarly(t *testing.T) {
	inWorld(t, webWorld+crash, func(b *bench) {
		o := b.run(request(), deploy.Policy{})
		b.want(o, "rolled-back")
		i := slices.IndexFunc(b.events, func(e deploy.Event) bool { return e.Type == deploy.EventCause })
		if i < 0 || b.events[i].Elapsed > o.Elapsed/2 {
			b.Fatalf("the cause came at %v of %v", b.events[i].Elapsed, o.Elapsed)
		}
		for _, e := range b.events[i+1:] {
			if e.Type == deploy.EventCause {
				b.Error("one cause is told once")
			}
		}
	})
}

// TestNothingTwice: progress is told when something changed, service events once.
func TestNothingTwice(t *testing.T) {
	inWorld(t, webWorld, func(b *bench) {
		b.run(request(), deploy.Policy{})
		seen := map[string]bool{}
		for _, e := range b.events {
			if e.Type == deploy.EventService {
				if seen[e.ServiceEvent.ID] {
					b.Errorf("told twice: %s", e.ServiceEvent.Message)
				}
				seen[e.ServiceEvent.ID] = true
				if strings.Contains(e.ServiceEvent.Message, "steady state") && e.Elapsed < 30*time.Second {
					b.Error("an event of the time before is told as news")
				}
			}
		}
		if len(seen) == 0 || len(b.events) > 30 {
			b.Errorf("%d events, %d of ECS", len(b.events), len(seen))
		}
	})
}

// TestJoinAfterTheEnd: with nothing in progress, wait tells how the last
// deployment ended.
func TestJoinAfterTheEnd(t *testing.T) {
	denied := "\nfaults: [{operations: ['*ServiceDeployments'], code: AccessDeniedException, message: no}]\n"
	for name, tt := range map[string]struct{ world, verdict string }{
		"succeeded":                   {"", "succeeded"},
		"rolled back":                 {crash, "rolled-back"},
		"failed":                      {crash + "NO-ROLLBACK", "failed"},
		"succeeded, tasks denied":     {"\nfaults: [{operations: ['*Tasks'], code: AccessDeniedException, message: no}]\n", "succeeded"},
		"succeeded, records denied":   {denied, "succeeded"},
		"rolled back, records denied": {crash + denied, "rolled-back"},
	} {
		t.Run(name, func(t *testing.T) {
			world := webWorld + tt.world
			if plain, found := strings.CutSuffix(world, "NO-ROLLBACK"); found {
				world = strings.Replace(plain, "rollback: true", "rollback: false", 1)
			}
			inWorld(t, world, func(b *bench) {
				b.want(b.run(request(), deploy.Policy{}), tt.verdict)
				time.Sleep(10 * time.Minute)
				o := b.follow("prod", "web", "")
				b.want(o, tt.verdict)
				limit := time.Second
				if strings.HasSuffix(name, "succeeded, records denied") {
					limit = 3 * time.Second // without a record, a success needs a second look
				}
				if o.Elapsed > limit {
					b.Errorf("it took %s to tell what is over", o.Elapsed)
				}
			})
		})
	}
}

// TestJoinARollback: joined in the middle of a rollback, it is followed to its
// end.
func TestJoinARollback(t *testing.T) {
	inWorld(t, webWorld+crash, func(b *bench) {
		b.rollingBack()
		b.want(b.follow("prod", "web", ""), "rolled-back")
	})
}

func TestStatus(t *testing.T) {
	inWorld(t, webWorld, func(b *bench) {
		b.want(b.run(request(), deploy.Policy{}), "succeeded")
		status, err := b.deployer().Status(b.Context(), webInProd)
		if err != nil {
			b.Fatal(err)
		}
		if status.Service.Running != 2 || status.Last == nil || status.Last.Status != "SUCCESSFUL" {
			b.Errorf("%+v", status)
		}
	})
}

func TestPlanRollback(t *testing.T) {
	inWorld(t, webWorld, func(b *bench) {
		if _, err := b.deployer().PlanRollback(b.Context(), webInProd, deploy.RollbackOptions{}); err == nil {
			b.Error("there is nothing to go back to yet")
		}
		b.want(b.run(request(), deploy.Policy{}), "succeeded")
		preview, err := b.deployer().PlanRollback(b.Context(), webInProd, deploy.RollbackOptions{})
		if err != nil {
			b.Fatal(err)
		}
		if rollout.ShortName(preview.Current) != "web:2" || rollout.ShortName(preview.Back.TaskDefinition) != "web:1" || len(deploy.Problems(preview.Checks)) > 0 ||
			len(preview.Differences) != 1 || preview.Differences[0].String() != "app: image: repo/web:v2 -> repo/web:v1" {
			b.Errorf("%+v", preview)
		}
		b.deregister("web:1")
		preview, err = b.deployer().PlanRollback(b.Context(), webInProd, deploy.RollbackOptions{})
		if err != nil || !preview.Register || preview.Checks[0].State != deploy.CheckWarning || !strings.Contains(preview.Checks[0].Detail, "web:1 is INACTIVE; its content is registered again") {
			b.Errorf("a deregistered target is registered again: %+v, %v", preview, err)
		}
	})
	t.Run("chosen", func(t *testing.T) {
		inWorld(t, webWorld, func(b *bench) {
			b.deeds("v2 v3 v4")
			h := b.history(0)
			for _, to := range []string{"web:2", h.Past[2].TaskDefinition, h.Past[2].ServiceDeployment} {
				preview, err := b.deployer().PlanRollback(b.Context(), webInProd, deploy.RollbackOptions{To: to})
				if err != nil || preview.Back.TaskDefinition != h.Past[2].TaskDefinition || preview.Back.ServiceDeployment != h.Past[2].ServiceDeployment {
					b.Errorf("%s: %+v %v", to, preview, err)
				}
			}
			for _, to := range []string{"web:9", "web", "ecs-svc/1"} {
				if preview, err := b.deployer().PlanRollback(b.Context(), webInProd, deploy.RollbackOptions{To: to}); err == nil {
					b.Errorf("%s: %+v", to, preview)
				}
			}
			b.calls = nil
			preview, err := b.deployer().PlanRollback(b.Context(), webInProd, deploy.RollbackOptions{PinDigest: true})
			if err != nil || !preview.Register || !strings.Contains(fmt.Sprint(preview.Differences), "repo/web:v4 -> repo/web@sha256:") {
				b.Errorf("%v %v %v", preview.Register, preview.Differences, err)
			}
			if len(b.calls) > 10 {
				b.Errorf("%d calls", len(b.calls))
			}
			b.deeds("v5…")
			if preview, err = b.deployer().PlanRollback(b.Context(), webInProd, deploy.RollbackOptions{}); err != nil || preview.InProgress == nil || rollout.ShortName(preview.Back.TaskDefinition) != "web:4" {
				b.Errorf("during a deployment: %+v %v", preview, err)
			}
		})
	})
}

// TestRollback: the plan of a rollback is carried out like a deployment, and ends well if
// the earlier revision runs.
func TestRollback(t *testing.T) {
	back := func(b *bench, o deploy.RollbackOptions, revision string, writes ...string) {
		b.Helper()
		plan, err := b.deployer().PlanRollback(b.Context(), webInProd, o)
		if err != nil {
			b.Fatal(err)
		}
		b.calls = nil
		outcome, err := b.deployer().Carry(b.Context(), plan, deploy.Policy{})
		if err != nil {
			b.Fatal(err)
		}
		b.want(outcome, "succeeded")
		if got := rollout.ShortName(*b.describe("web").TaskDefinition); got != revision || outcome.ExitCode() != 0 {
			b.Errorf("%s runs, want %s: %+v", got, revision, outcome)
		}
		if diff := cmp.Diff(writes, b.wrote()); diff != "" {
			b.Errorf("writes (-want +got):\n%s", diff)
		}
	}
	update, register := "UpdateService", "RegisterTaskDefinition"
	t.Run("three in a row go further and further back", func(t *testing.T) {
		inWorld(t, webWorld, func(b *bench) {
			b.deeds("v2 v3 v4")
			for _, revision := range []string{"web:3", "web:2", "web:1"} {
				plan, err := b.deployer().PlanRollback(b.Context(), webInProd, deploy.RollbackOptions{})
				if err != nil || (revision != "web:3") != strings.Contains(fmt.Sprint(plan.Notes), "goes further back") {
					b.Errorf("%v %v", plan, err)
				}
				back(b, deploy.RollbackOptions{}, revision, update)
			}
			var none *deploy.NoRollbackError
			if _, err := b.deployer().PlanRollback(b.Context(), webInProd, deploy.RollbackOptions{}); !errors.As(err, &none) {
				b.Error(err)
			}
		})
	})
	t.Run("an INACTIVE revision is registered again", func(t *testing.T) {
		inWorld(t, webWorld, func(b *bench) {
			b.deeds("v2")
			b.deregister("web:1")
			back(b, deploy.RollbackOptions{}, "web:3", register, update)
		})
	})
	t.Run("digests are pinned", func(t *testing.T) {
		inWorld(t, webWorld, func(b *bench) {
			b.deeds("v2 v3")
			back(b, deploy.RollbackOptions{PinDigest: true}, "web:4", register, update)
		})
	})
	t.Run("settings stay unless they are asked for", func(t *testing.T) {
		inWorld(t, webWorld, func(b *bench) {
			b.deeds("v2")
			r := deploy.Request{Ref: webInProd, ServiceSettings: deploy.ServiceSettings{DesiredCount: aws.Int32(5)}}
			b.want(b.run(r, deploy.Policy{}), "updated")
			back(b, deploy.RollbackOptions{To: "web:1"}, "web:1", update)
			if s := b.describe("web"); s.DesiredCount != 5 {
				b.Errorf("%d tasks", s.DesiredCount)
			}
			back(b, deploy.RollbackOptions{To: "web:2", ServiceSettings: deploy.ServiceSettings{DesiredCount: aws.Int32(3)}}, "web:2", update)
			if s := b.describe("web"); s.DesiredCount != 3 {
				b.Errorf("%d tasks", s.DesiredCount)
			}
		})
	})
	t.Run("a rollback in progress is followed, and not undone", func(t *testing.T) {
		inWorld(t, webWorld, func(b *bench) {
			b.deeds("v2 v3 web:2…")
			plan, err := b.deployer().PlanRollback(b.Context(), webInProd, deploy.RollbackOptions{})
			if err != nil || plan.Action != deploy.ActionJoin {
				b.Errorf("%v %v", plan, err)
			}
			back(b, deploy.RollbackOptions{}, "web:2")
		})
	})
	t.Run("a revision that a rollback left is deployed again, and stopped", func(t *testing.T) {
		inWorld(t, webWorld, func(b *bench) {
			b.deeds("v2 web:1 web:2…")
			back(b, deploy.RollbackOptions{}, "web:1", "StopServiceDeployment")
		})
	})
	t.Run("a deployment in progress is stopped", func(t *testing.T) {
		inWorld(t, webWorld, func(b *bench) {
			b.deeds("v2 v3…")
			back(b, deploy.RollbackOptions{}, "web:2", "StopServiceDeployment")
		})
	})
	t.Run("an update, if ECS does not stop it", func(t *testing.T) {
		inWorld(t, webWorld+"\nfaults: [{operations: [StopServiceDeployment], code: AccessDeniedException, message: no}]\n", func(b *bench) {
			b.deeds("v2 v3…")
			back(b, deploy.RollbackOptions{}, "web:2", "StopServiceDeployment", update)
		})
	})
	t.Run("another revision than the one ECS would restore", func(t *testing.T) {
		inWorld(t, webWorld, func(b *bench) {
			b.deeds("v2 v3…")
			back(b, deploy.RollbackOptions{To: "web:1"}, "web:1", update)
		})
	})
	t.Run("during a rollback it is followed", func(t *testing.T) {
		inWorld(t, webWorld, func(b *bench) {
			b.deeds("v2 v3…")
			plan, err := b.deployer().PlanRollback(b.Context(), webInProd, deploy.RollbackOptions{})
			if err != nil {
				b.Fatal(err)
			}
			if _, err = b.deployer().Apply(b.Context(), plan); err != nil {
				b.Fatal(err)
			}
			plan, err = b.deployer().PlanRollback(b.Context(), webInProd, deploy.RollbackOptions{})
			if err != nil || rollout.ShortName(plan.Back.TaskDefinition) != "web:2" || plan.Changes() {
				b.Errorf("%v %v", plan, err)
			}
			back(b, deploy.RollbackOptions{}, "web:2")
		})
	})
}

// TestJoinByName: an earlier deployment, by its id or its record's ARN, has its
// own verdict.
func TestJoinByName(t *testing.T) {
	inWorld(t, webWorld+"\nimages: [{match: 'repo/web:v3', behaviour: exits}]\n", func(b *bench) {
		good := b.run(request(), deploy.Policy{})
		third := request()
		third.Images = []string{"repo/web:v3"}
		bad := b.run(third, deploy.Policy{})
		for _, tt := range []struct{ cluster, service, name, verdict string }{
			{"prod", "web", good.Deployment.ID, "succeeded"},
			{"", "", good.Deployment.ServiceDeployment, "succeeded"},
			{"prod", "web", bad.Deployment.ID, "rolled-back"},
			{"prod", "web", "", "rolled-back"},
		} {
			b.want(b.follow(tt.cluster, tt.service, tt.name), tt.verdict)
		}
		if _, err := b.deployer().Join(b.Context(), webInProd, "ecs-svc/1"); err == nil {
			b.Error("a deployment that does not exist was joined")
		}
	})
}

// TestHeartbeat: a silent rollout says once a minute what it waits for.
func TestHeartbeat(t *testing.T) {
	inWorld(t, webWorld+slow, func(b *bench) {
		b.want(b.run(request(), deploy.Policy{}), "succeeded")
		var last time.Duration
		beats := 0
		for _, e := range b.events {
			if silence := e.Elapsed - last; silence > 65*time.Second {
				b.Errorf("silent for %s before %s", silence, e.Type)
			}
			last = e.Elapsed
			if e.Type == deploy.EventHeartbeat {
				beats++
				if !strings.Contains(e.Message, "0 of 2 new tasks running, 2 pending") {
					b.Errorf("it says %q", e.Message)
				}
			}
		}
		if beats == 0 {
			b.Error("no heartbeat in four minutes of waiting")
		}
	})
}
