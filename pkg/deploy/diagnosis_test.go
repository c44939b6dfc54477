package deploy_test

// What is told about a deployment that does not do well: while it runs, to whoever
// joins later, in the outcome, and in the status.

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/ecs-deploy/ecs-deploy/pkg/deploy"
	"github.com/ecs-deploy/ecs-deploy/pkg/rollout"
)

const (
	flaky = "\nrandomSeed: 1\nimages: [{match: 'repo/web:v2', behaviour: exits, probability: 0.5}, {match: 'repo/web:v2', startAfter: 4m}]\n"
	wedge = "maximumPercent: 100"
)

var (
	wedged  = strings.Replace(unguarded, "maximumPercent: 200", wedge, 1)
	full    = strings.Replace(webWorld, "[{name: prod}]", "[{name: prod, taskSlots: 0}]", 1) + "\nswitches: {placementRetry: 3m}\n"
	watched = strings.Replace(webWorld, "    maximumPercent: 200", "    maximumPercent: 200\n    alarms: {alarmNames: [errors], enable: true, rollback: true}", 1)
)

// TestASuccessNotesWhatFailed: a success keeps the causes of tasks that stopped on
// the way, and nothing that was overcome.
func TestASuccessNotesWhatFailed(t *testing.T) {
	inWorld(t, unguarded+flaky, func(b *bench) {
		o := b.run(request(), deploy.Policy{})
		b.want(o, "succeeded")
		if o.Diagnosis.Failed() == 0 || len(o.Diagnosis.Causes) != 1 || o.Diagnosis.Causes[0].Kind != rollout.Exited {
			b.Errorf("%+v", o.Diagnosis)
		}
	})
	inWorld(t, webWorld, func(b *bench) {
		o := b.run(request(), deploy.Policy{})
		b.want(o, "succeeded")
		if !o.Diagnosis.IsZero() {
			b.Errorf("%+v", o.Diagnosis)
		}
	})
}

// TestScaledToZeroAfterCrashes: all new tasks crashed, something set the count to
// 0, and ECS calls that a success. So do we, and say that nothing works.
func TestScaledToZeroAfterCrashes(t *testing.T) {
	inWorld(t, unguarded+crash+"\nactors: [{afterDeployment: true, after: 70s, operation: UpdateService, input: {cluster: prod, service: web, desiredCount: 0}}]\n", func(b *bench) {
		o := b.run(request(), deploy.Policy{})
		b.want(o, "succeeded")
		if o.Desired != 0 || o.Running != 0 || o.Diagnosis.Failed() == 0 || o.Diagnosis.Causes[0].Kind != rollout.Exited {
			b.Errorf("%d of %d, %+v", o.Running, o.Desired, o.Diagnosis)
		}
	})
}

// TestReasonsReachWhoeverJoins: an event of ECS that was written before somebody
// joined is told, repeated while it holds, and in the verdict.
func TestReasonsReachWhoeverJoins(t *testing.T) {
	const unable = "unable to stop or start tasks"
	stuck := request()
	stuck.AllowStuck = true
	for name, join := range map[string]func(b *bench) deploy.Outcome{
		"wait":             func(b *bench) deploy.Outcome { return b.follow("prod", "web", "") },
		"the same command": func(b *bench) deploy.Outcome { return b.run(stuck, deploy.Policy{}) },
	} {
		t.Run(name, func(t *testing.T) {
			inWorld(t, wedged, func(b *bench) {
				b.run(stuck, deploy.Policy{NoWait: true})
				time.Sleep(5 * time.Minute)
				b.events = nil
				o := join(b)
				b.want(o, "timed-out")
				said := 0
				for _, e := range b.events {
					if e.Type == deploy.EventService && strings.Contains(e.ServiceEvent.Message, unable) {
						said++
					}
					if e.Type == deploy.EventHeartbeat && !(strings.Contains(e.Message, unable) && strings.Contains(e.Message, "lower the minimum healthy percent (-m)")) {
						b.Errorf("a heartbeat without the reason, or what to do: %s", e.Message)
					}
				}
				if said != 1 || !b.told(deploy.EventHeartbeat, unable) {
					b.Errorf("the event was told %d times", said)
				}
				if len(o.Diagnosis.Events) != 1 || !strings.Contains(o.Diagnosis.Events[0], unable) || len(o.Diagnosis.Advice) != 1 {
					b.Errorf("%+v", o.Diagnosis)
				}
			})
		})
	}
}

// TestReasonsAreRepeated: what is known to be in the way is in every heartbeat.
func TestReasonsAreRepeated(t *testing.T) {
	for name, tt := range map[string]struct{ world, says, todo string }{
		"no capacity":        {full, "Capacity is unavailable", "another capacity provider"},
		"alarms":             {watched, "baking: ECS watches alarm errors", ""},
		"tasks that stopped": {unguarded + flaky, "stopped tasks: 1 × Essential container in task exited", "read the container's log"},
	} {
		t.Run(name, func(t *testing.T) {
			inWorld(t, tt.world, func(b *bench) {
				b.run(request(), deploy.Policy{})
				if !b.told(deploy.EventHeartbeat, tt.says) || !b.told(deploy.EventHeartbeat, tt.todo) {
					for _, e := range b.events {
						b.Log(e.Type, e.Elapsed, e.Message)
					}
					b.Errorf("no heartbeat says %q and %q", tt.says, tt.todo)
				}
			})
		})
	}
}

// TestTheWarningSaysUntilWhen: nobody runs yet; who will end it?
func TestTheWarningSaysUntilWhen(t *testing.T) {
	for want, world := range map[string]string{
		"ECS gives up after 3 failed tasks (0 so far)":                                                  webWorld,
		"no circuit breaker is on, so ECS never gives up; ecs-deploy stops waiting after 30m":           unguarded,
		"ECS gives up if alarm errors goes off; no circuit breaker is on, and ecs-deploy stops waiting": strings.Replace(watched, "    deploymentCircuitBreaker: {enable: true, rollback: true}\n", "", 1),
		"ECS gives up after 3 failed tasks":                                                             webWorld + "\nfaults: [{operations: ['*ServiceDeployments'], code: AccessDeniedException, message: no}]\n",
	} {
		inWorld(t, world+slow, func(b *bench) {
			b.run(request(), deploy.Policy{})
			if !b.told(deploy.EventWarning, "; still waiting: "+want) {
				for _, e := range b.events {
					b.Log(e.Type, e.Message)
				}
				b.Errorf("nobody was told: %s", want)
			}
		})
	}
}

// TestStagesAreNamed: a canary deployment says in which stage it is, and how much
// of the traffic the new tasks get.
func TestStagesAreNamed(t *testing.T) {
	inWorld(t, webWorld+slow, func(b *bench) {
		b.run(request(), deploy.Policy{NoWait: true})
		time.Sleep(10 * time.Second)
		list := map[string][]map[string]any{}
		if err := json.Unmarshal(b.raw("ListServiceDeployments", `{"cluster":"prod","service":"web"}`), &list); err != nil {
			b.Fatal(err)
		}
		record := fmt.Sprintf(`{"serviceDeploymentArns":[%q]}`, list["serviceDeployments"][0]["serviceDeploymentArn"])
		body := map[string][]map[string]any{}
		if err := json.Unmarshal(b.raw("DescribeServiceDeployments", record), &body); err != nil {
			b.Fatal(err)
		}
		canary := body["serviceDeployments"][0]
		canary["lifecycleStage"] = "BAKE_TIME"
		canary["deploymentConfiguration"] = map[string]any{"strategy": "CANARY", "bakeTimeInMinutes": 45}
		canary["targetServiceRevision"].(map[string]any)["requestedProductionTrafficWeight"] = 10.0
		text, err := json.Marshal(body)
		if err != nil {
			b.Fatal(err)
		}
		b.answer = func(operation string) (string, bool) { return string(text), operation == "DescribeServiceDeployments" }
		const stage = "CANARY, stage BAKE_TIME, traffic 10% web:2"
		status, err := b.deployer().Status(b.Context(), webInProd)
		if err != nil || status.Last.Stage() != stage {
			b.Errorf("%+v, %v", status.Last, err)
		}
		o := b.follow("prod", "web", "")
		if !b.told(deploy.EventHeartbeat, stage) || o.Verdict == rollout.TimedOut && !strings.Contains(o.Reason, stage) {
			b.Errorf("the heartbeats or the reason do not name the stage: %s", o.Reason)
		}
	})
}

// TestStuckKnowsTheStrategy: only deployments that replace tasks one by one need
// room between the limits.
func TestStuckKnowsTheStrategy(t *testing.T) {
	hundred := int32(100)
	r := request()
	r.MinimumHealthyPercent, r.MaximumPercent, r.AllowStuck = &hundred, &hundred, true
	for name, tt := range map[string]struct {
		strategy, scheduling, want string
	}{
		"rolling":    {"ROLLING", "REPLICA", "This deployment cannot make progress: with 2 tasks, minimum 100% and maximum 100%, ECS can neither start nor stop a task"},
		"not said":   {"", "REPLICA", "This deployment cannot make progress: with 2 tasks, minimum 100% and maximum 100%, ECS can neither start nor stop a task"},
		"blue/green": {"BLUE_GREEN", "REPLICA", ""},
		"canary":     {"CANARY", "REPLICA", ""},
		"daemon":     {"ROLLING", "DAEMON", "This deployment cannot make progress: with 2 tasks, minimum 100% and maximum 100%, ECS can neither start nor stop a task"},
	} {
		t.Run(name, func(t *testing.T) {
			inWorld(t, webWorld, func(b *bench) {
				body := map[string][]map[string]any{}
				if err := json.Unmarshal(b.raw("DescribeServices", `{"cluster":"prod","services":["web"]}`), &body); err != nil {
					b.Fatal(err)
				}
				web := body["services"][0]
				web["schedulingStrategy"] = tt.scheduling
				web["deploymentConfiguration"].(map[string]any)["strategy"] = tt.strategy
				text, err := json.Marshal(map[string]any{"services": []any{web}, "failures": []any{}})
				if err != nil {
					b.Fatal(err)
				}
				b.answer = func(operation string) (string, bool) { return string(text), operation == "DescribeServices" }
				plan, err := b.deployer().Plan(b.Context(), r)
				if err != nil {
					b.Fatal(err)
				}
				if got := strings.Join(plan.Warnings, "\n"); got != tt.want {
					b.Errorf("%q, want %q", got, tt.want)
				}
			})
		})
	}
}

// TestTagsStandBesideRevisions: in every value that people see.
func TestTagsStandBesideRevisions(t *testing.T) {
	inWorld(t, webWorld, func(b *bench) {
		o := b.run(request(), deploy.Policy{})
		if o.ServingTag != "v2" || o.Deployment.Tag != "v2" || o.Deployment.Before.Tag != "v1" {
			b.Errorf("%+v", o)
		}
		for _, e := range b.events {
			switch e.Type {
			case deploy.EventPlan:
				if want := "web: web:1 (v1) -> a new revision of web (v2)"; e.Plan.String() != want {
					b.Errorf("%s, want %s", e.Plan, want)
				}
			case deploy.EventRegistered:
				if e.Tag != "v2" {
					b.Errorf("registered %q", e.Tag)
				}
			case deploy.EventProgress:
				for _, d := range e.Service.Deployments {
					if want := map[string]string{"web:1": "web:1 (v1)", "web:2": "web:2 (v2)"}[rollout.ShortName(d.TaskDefinition)]; d.Name() != want {
						b.Errorf("progress of %s, want %s", d.Name(), want)
					}
				}
			}
		}
		b.calls = nil
		if o = b.follow("prod", "web", ""); o.ServingTag != "v2" || o.Deployment.Tag != "v2" {
			b.Errorf("joined: %+v", o)
		}
		if n := len(b.made("DescribeTaskDefinition")); n != 1 {
			b.Errorf("%d reads for one revision", n)
		}
		preview, err := b.deployer().PlanRollback(b.Context(), webInProd, deploy.RollbackOptions{})
		if err != nil || preview.CurrentTag != "v2" || preview.Tag != "v1" {
			b.Errorf("%+v, %v", preview, err)
		}
	})
	for image, want := range map[string]string{
		"repo/web@sha256:" + strings.Repeat("0123456789abcdef", 4): "0123456789ab", "repo/web": "latest", "repo/web:v3@sha256:" + strings.Repeat("0", 64): "v3",
	} {
		inWorld(t, webWorld, func(b *bench) {
			r := request()
			r.Images = []string{image}
			if o := b.run(r, deploy.Policy{NoWait: true}); o.Deployment.Tag != want {
				b.Errorf("%s: %q, want %q", image, o.Deployment.Tag, want)
			}
		})
	}
}

// TestStatusSaysWhy: the status knows what a watch would say, in few calls.
func TestStatusSaysWhy(t *testing.T) {
	for name, tt := range map[string]struct {
		world    string
		after    time.Duration
		calls    int
		why      rollout.Kind
		revision string
	}{
		"all is well": {webWorld, time.Hour, 4, "", ""},
		"under way":   {webWorld + slow, time.Minute, 6, "", "web:2"},
		"crashing":    {logging.Replace(unguarded) + crash, 3 * time.Minute, 7, rollout.Exited, "web:2"},
		"rolled back": {logging.Replace(webWorld) + crash, time.Hour, 7, rollout.Exited, "web:2"},
		"no image":    {webWorld + "\nimages: [{match: 'repo/web:v2', behaviour: cannotPull}]\n", 4 * time.Minute, 7, rollout.CannotPull, "web:2"},
	} {
		t.Run(name, func(t *testing.T) {
			inWorld(t, tt.world, func(b *bench) {
				b.run(request(), deploy.Policy{NoWait: true})
				time.Sleep(tt.after)
				b.calls = nil
				status, err := b.deployer().Status(b.Context(), webInProd)
				if err != nil {
					b.Fatal(err)
				}
				ecsCalls := len(b.calls) - len(b.made("GetLogEvents")) - len(b.made("DescribeTargetHealth"))
				if ecsCalls > tt.calls {
					b.Errorf("%d calls, want at most %d", ecsCalls, tt.calls)
				}
				for _, d := range status.Service.Deployments {
					if d.Tag == "" {
						b.Errorf("%s has no tag", d.TaskDefinition)
					}
				}
				if tt.why == "" {
					if len(status.Diagnosis.Causes) > 0 {
						b.Errorf("%+v", status.Diagnosis)
					}
					return
				}
				if len(status.Diagnosis.Causes) == 0 || status.Diagnosis.Causes[0].Kind != tt.why || status.Diagnosis.Causes[0].Hint == "" ||
					rollout.ShortName(status.Diagnosed.TaskDefinition) != tt.revision || status.Diagnosed.Tag != "v2" {
					b.Errorf("%+v\n%+v", status.Diagnosed, status.Diagnosis)
				}
				if tt.why == rollout.Exited && len(status.Diagnosis.Causes[0].Log.Lines) == 0 {
					b.Errorf("no log lines: %+v", status.Diagnosis.Causes[0])
				}
			})
		})
	}
}

// TestThousandsOfReasons: tasks that stop for thousands of reasons, of which some
// are huge, are counted; a handful is told.
func TestThousandsOfReasons(t *testing.T) {
	inWorld(t, unguarded+never, func(b *bench) {
		started := b.run(request(), deploy.Policy{NoWait: true})
		var arns []string
		for i := range 2000 {
			arns = append(arns, fmt.Sprintf("arn:aws:ecs:us-east-1:123456789012:task/prod/%d", i))
		}
		list, err := json.Marshal(map[string]any{"taskArns": arns})
		if err != nil {
			b.Fatal(err)
		}
		next := 0
		b.answer = func(operation string) (string, bool) {
			if operation == "ListTasks" {
				return string(list), true
			}
			if operation != "DescribeTasks" {
				return "", false
			}
			var tasks []any
			for range 100 {
				reason := fmt.Sprintf("reason %s", strings.Repeat("z", next%700+1)+strings.Repeat("y", next/700))
				if next < 20 {
					reason = strings.Repeat(string(rune('a'+next)), 1<<20)
				}
				tasks = append(tasks, map[string]any{"taskArn": arns[next], "startedBy": started.Deployment.ID, "lastStatus": "STOPPED", "stoppedReason": reason})
				next++
			}
			text, err := json.Marshal(map[string]any{"tasks": tasks})
			if err != nil {
				b.Fatal(err)
			}
			return string(text), true
		}
		o := b.follow("prod", "web", "")
		if o.Diagnosis.Failed() < 1900 || len(o.Diagnosis.Causes) != 5 {
			b.Errorf("%d tasks, %d causes", o.Diagnosis.Failed(), len(o.Diagnosis.Causes))
		}
		causes, size := 0, 0
		for _, e := range b.events {
			text, err := json.Marshal(e.Cause)
			if err != nil {
				b.Fatal(err)
			}
			size += len(text) + len(e.Message)
			if e.Type == deploy.EventCause {
				causes++
			}
		}
		text, err := json.Marshal(o)
		if err != nil {
			b.Fatal(err)
		}
		if causes > 10 || size > 100_000 || len(text) > 20_000 {
			b.Errorf("%d causes were told, in %d bytes; the outcome has %d", causes, size, len(text))
		}
	})
}
