package deploy_test

// One-off tasks in virtual time: how they end, what is shown of their logs, and that
// none is started twice.

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/ecs-deploy/ecs-deploy/pkg/deploy"
	"github.com/ecs-deploy/ecs-deploy/pkg/image"
	"github.com/ecs-deploy/ecs-deploy/pkg/rollout"
	"github.com/ecs-deploy/ecs-deploy/pkg/taskdef"
)

// jobWorld is a service whose container app is run with other commands, beside a
// container proxy that would run for ever.
const jobWorld = `
clusters: [{name: prod}]
switches: {logLag: 4s}
taskDefinitions:
  - family: web
    networkMode: awsvpc
    requiresCompatibilities: [FARGATE]
    cpu: "256"
    memory: "512"
    executionRoleArn: arn:aws:iam::123456789012:role/ecs
    containerDefinitions:
      - name: app
        image: "repo/web:v1"
        logConfiguration: &logs {logDriver: awslogs, options: {awslogs-group: /web, awslogs-region: us-east-1, awslogs-stream-prefix: ecs}}
      - {name: proxy, image: "nginx:1.29", logConfiguration: *logs}
services:
  - cluster: prod
    serviceName: web
    taskDefinition: web
    desiredCount: 1
    launchType: FARGATE
    networkConfiguration: {awsvpcConfiguration: {subnets: [subnet-1]}}
images:
  - {match: "repo/web:*", command: "migrate", behaviour: exits, code: 0, after: 30s, logs: [{text: migrating}, {text: step, after: 5s, every: 5s}, {text: migrated, last: true}]}
  - {match: "repo/web:*", command: "fail", behaviour: exits, code: 3, after: 10s, logs: [{text: starting}, {text: no such table, last: true}]}
  - {match: "repo/web:*", command: "eat", behaviour: outOfMemory, after: 10s}
  - {match: "repo/web:bad", behaviour: cannotPull}
  - {match: "nginx*", stopCode: 137}
`

// job is a run of app with a command.
func job(words ...string) deploy.TaskRequest {
	return deploy.TaskRequest{Ref: webInProd, Container: "app", Command: words}
}

// taskDeployer is a deployer whose events are about tasks.
func (b *bench) taskDeployer() *deploy.Deployer {
	return deploy.New(b.client, deploy.WithLogs(b.logs), deploy.WithObserver(func(e deploy.Event) {
		if e.Subject.Kind != deploy.SubjectTask {
			b.Errorf("a %s event (%s) is about %+v", e.Type, e.Message, e.Subject)
		}
		b.events = append(b.events, e)
	}))
}

// lines are what the log events have, by container.
func (b *bench) lines(container string) []string {
	var lines []string
	for _, e := range b.events {
		if e.Type == deploy.EventLog && e.Log.Container == container {
			lines = append(lines, e.Log.Text)
		}
	}
	return lines
}

func (b *bench) count(operation string) int {
	n := 0
	for _, c := range b.calls {
		if c.operation == operation {
			n++
		}
	}
	return n
}

func TestHowTasksEnd(t *testing.T) {
	for name, test := range map[string]struct {
		world   func(string) string
		request func(*deploy.TaskRequest)
		policy  deploy.TaskPolicy
		verdict rollout.Verdict
		code    int // of the container; -1: none
		reason  string
		log     []string
		kind    rollout.Kind
	}{
		"success": {request: command("migrate"), verdict: rollout.Succeeded, code: 0, reason: "exit code 0",
			log: []string{"migrating", "step", "step", "step", "step", "step", "step", "migrated"}},
		"exit code 3": {request: command("fail"), verdict: rollout.TaskFailed, code: 3, reason: "container app ended with exit code 3",
			log: []string{"starting", "no such table"}, kind: rollout.Exited},
		"out of memory": {request: command("eat"), verdict: rollout.TaskFailed, code: 137, reason: "OutOfMemory", kind: rollout.OutOfMemory},
		"cannot pull": {request: func(r *deploy.TaskRequest) { r.ContainerImages = map[string]string{"app": "repo/web:bad"} },
			verdict: rollout.TaskFailed, code: -1, reason: "the task never started: CannotPull", kind: rollout.CannotPull},
		"no capacity": {world: func(w string) string { return strings.Replace(w, "{name: prod}", "{name: prod, taskSlots: 1}", 1) },
			request: command("migrate"), verdict: rollout.TaskFailed, code: -1, reason: "ECS started 0 of 1 tasks: ", kind: rollout.NotPlaced},
		"timeout": {request: command("serve"), policy: deploy.TaskPolicy{Timeout: 2 * time.Minute}, verdict: rollout.TaskFailed, code: 0,
			reason: "the task did not end within 2m; the task was stopped"},
		"timeout, detached": {request: command("serve"), policy: deploy.TaskPolicy{Timeout: 2 * time.Minute, OnInterrupt: deploy.TaskDetach},
			verdict: rollout.TimedOut, code: -1, reason: "still running"},
		"not waited for": {request: command("serve"), policy: deploy.TaskPolicy{NoWait: true}, verdict: rollout.Started, code: -1, reason: "--no-wait"},
		"three tasks": {request: func(r *deploy.TaskRequest) { r.Command, r.Count = []string{"fail"}, 3 }, verdict: rollout.TaskFailed, code: 3,
			reason: "3 of 3 tasks failed: container app ended with exit code 3", kind: rollout.Exited},
		"the container that counts is not essential": {world: func(w string) string {
			return strings.Replace(w, "- name: app\n", "- name: app\n        essential: false\n", 1)
		}, request: command("fail"), verdict: rollout.TaskFailed, code: 3, reason: "container app ended with exit code 3", log: []string{"starting", "no such table"}},
		"log group missing": {world: func(w string) string {
			return w + "faults: [{operations: [GetLogEvents], code: ResourceNotFoundException, message: The specified log group does not exist.}]\n"
		}, request: command("fail"), verdict: rollout.TaskFailed, code: 3, reason: "exit code 3", kind: rollout.Exited},
		"another stream prefix": {request: func(r *deploy.TaskRequest) {
			r.Command = []string{"migrate"}
			r.Edits = []taskdef.Edit{taskdef.SetLogOption("app", "awslogs-stream-prefix", "other")}
		}, verdict: rollout.Succeeded, code: 0, log: []string{"migrating", "step", "step", "step", "step", "step", "step", "migrated"}},
	} {
		t.Run(name, func(t *testing.T) {
			world := jobWorld
			if test.world != nil {
				world = test.world(world)
			}
			inWorld(t, world, func(b *bench) {
				request := job()
				test.request(&request)
				outcome, err := b.taskDeployer().RunTask(b.Context(), request, test.policy)
				if err != nil {
					b.Fatal(err)
				}
				if outcome.Verdict != test.verdict || !strings.Contains(outcome.Reason, test.reason) {
					b.Fatalf("%s: %s", outcome.Verdict, outcome.Reason)
				}
				code := -1
				if outcome.ContainerExitCode != nil {
					code = *outcome.ContainerExitCode
				}
				if code != test.code {
					b.Errorf("exit code %d of the container, want %d", code, test.code)
				}
				if got := b.lines("app"); test.log != nil && !slices.Equal(got, test.log) {
					b.Errorf("log: %q", got)
				}
				if causes := outcome.Diagnosis.Causes; test.kind != "" && (len(causes) != 1 || causes[0].Kind != test.kind) {
					b.Errorf("causes: %+v", causes)
				}
				last := b.events[len(b.events)-1]
				if last.Type != deploy.EventOutcome || last.TaskOutcome == nil || last.TaskOutcome.Verdict != outcome.Verdict {
					b.Errorf("the last event is %+v", last)
				}
				if n := b.count("RunTask"); n != 1 {
					b.Errorf("RunTask was called %d times", n)
				}
			})
		})
	}
}

func command(words ...string) func(*deploy.TaskRequest) {
	return func(r *deploy.TaskRequest) { r.Command = words }
}

// TestRunTaskInput holds what is sent against what the service has: its network and
// launch type, edits as overrides, and another revision only for what those cannot say.
func TestRunTaskInput(t *testing.T) {
	inWorld(t, jobWorld, func(b *bench) {
		request := job("migrate")
		request.Edits = []taskdef.Edit{taskdef.SetEnvironment("app", "STEP", "2")}
		outcome, err := b.taskDeployer().RunTask(b.Context(), request, deploy.TaskPolicy{})
		if err != nil || outcome.Verdict != rollout.Succeeded {
			b.Fatal(outcome.Reason, err)
		}
		if b.count("RegisterTaskDefinition") != 0 {
			b.Error("overrides are enough, and a revision was registered")
		}
		at := slices.IndexFunc(b.calls, func(c call) bool { return c.operation == "RunTask" })
		sent := fmt.Sprint(b.calls[at].body)
		for _, part := range []string{"subnet-1", "launchType:FARGATE", "command:[migrate]", "environment:[map[name:STEP value:2]]", "startedBy:ecs-deploy/", "clientToken:"} {
			if !strings.Contains(sent, part) {
				b.Errorf("RunTask was not sent %s: %s", part, sent)
			}
		}
		request.Edits = append(request.Edits, taskdef.SetImage("proxy", must(image.Parse("nginx:1.30"))))
		plan, err := b.taskDeployer().PlanTask(b.Context(), request)
		if err != nil {
			b.Fatal(err)
		}
		if !plan.Register || len(plan.Registered) != 1 || len(plan.Overridden) != 2 {
			b.Errorf("registered %v, overridden %v", plan.Registered, plan.Overridden)
		}
		if text := fmt.Sprintf("%v %+v %#v", plan, plan, plan); strings.Contains(text, "STEP") {
			b.Errorf("a printed plan shows %s", text)
		}
	})
}

// TestATaskNeedsSubnets: without a service, before ECS refuses it.
func TestATaskNeedsSubnets(t *testing.T) {
	alone := deploy.TaskRequest{Ref: deploy.Ref{Cluster: "prod"}, Want: deploy.Want{TaskDefinition: "web:1"}, Container: "app", Command: []string{"migrate"}}
	inSubnet, inGroup := alone, alone
	inSubnet.Launch = deploy.Launch{Type: "FARGATE", Subnets: []string{"subnet-1"}}
	inGroup.Launch = deploy.Launch{Type: "FARGATE", SecurityGroups: []string{"sg-1"}}
	bridge := func(world string) string {
		return strings.NewReplacer("networkMode: awsvpc", "networkMode: bridge", "requiresCompatibilities: [FARGATE]", "requiresCompatibilities: [EC2]",
			"    launchType: FARGATE\n", "    launchType: EC2\n", "    networkConfiguration: {awsvpcConfiguration: {subnets: [subnet-1]}}\n", "").Replace(world)
	}
	for name, test := range map[string]struct {
		world   string
		request deploy.TaskRequest
		refused bool
	}{
		"a definition alone":    {jobWorld, alone, true},
		"a security group only": {jobWorld, inGroup, true},
		"a subnet":              {jobWorld, inSubnet, false},
		"a service":             {jobWorld, job("migrate"), false},
		"another network":       {bridge(jobWorld), alone, false},
	} {
		t.Run(name, func(t *testing.T) {
			inWorld(t, test.world, func(b *bench) {
				_, err := b.taskDeployer().PlanTask(b.Context(), test.request)
				var usage *deploy.UsageError
				if errors.As(err, &usage) != test.refused || !test.refused && err != nil {
					b.Fatal(err)
				}
				if test.refused && (usage.Error() != "web:1 uses awsvpc networking, and no subnet is set" || !strings.Contains(usage.Hint(), "--subnet")) {
					b.Errorf("%v: %s", usage, usage.Hint())
				}
			})
		})
	}
}

// TestTheCommandOfTheServiceIsNamed: a task that runs it may never end, which the plan and,
// if nothing limits it, each heartbeat says.
func TestTheCommandOfTheServiceIsNamed(t *testing.T) {
	const note, unlimited = "container app runs its own command, as in the service; to run another one, pass -- COMMAND", "; to limit the time, pass --timeout"
	edited, another := job(), job()
	edited.Edits = []taskdef.Edit{taskdef.SetCommand("app", "migrate")}
	another.TaskDefinition, another.Launch = "web:1", deploy.Launch{Subnets: []string{"subnet-1"}}
	another.Ref.Service = ""
	for name, test := range map[string]struct {
		request   deploy.TaskRequest
		timeout   time.Duration
		note      string // "": none
		heartbeat string // the end of one; "": not looked for
	}{
		"no command":           {job(), 0, note + unlimited, "; container app runs its own command, as in the service, and no --timeout is set"},
		"no command, but time": {job(), 5 * time.Minute, note, " is RUNNING"},
		"a command":            {job("serve"), 0, "", "; no --timeout is set"},
		"a command as an edit": {edited, 0, "", ""},
		"a definition":         {another, 0, "", "; no --timeout is set"},
	} {
		t.Run(name, func(t *testing.T) {
			inWorld(t, jobWorld, func(b *bench) {
				ctx, cancel := context.WithTimeout(b.Context(), 10*time.Minute)
				defer cancel()
				request := test.request
				if request.Service == "" {
					request.Launch.Type = "FARGATE"
				}
				outcome, err := b.taskDeployer().RunTask(ctx, request, deploy.TaskPolicy{Timeout: test.timeout})
				if err != nil {
					b.Fatal(err)
				}
				if outcome.Verdict == rollout.Interrupted && outcome.Reason != "the task was stopped" {
					b.Errorf("interrupted: %s", outcome.Reason)
				}
				at := slices.IndexFunc(b.events, func(e deploy.Event) bool { return e.Type == deploy.EventTaskPlan })
				noted := slices.DeleteFunc(slices.Clone(b.events[at].TaskPlan.Notes), func(n string) bool { return !strings.Contains(n, "its own command") })
				if test.note != strings.Join(noted, "\n") {
					b.Errorf("notes: %q", noted)
				}
				if test.heartbeat != "" && !slices.ContainsFunc(b.events, func(e deploy.Event) bool {
					return e.Type == deploy.EventHeartbeat && strings.HasSuffix(e.Message, test.heartbeat)
				}) {
					b.Error("no such heartbeat")
				}
			})
		})
	}
}

func must[T any](value T, err error) T {
	if err != nil {
		panic(err)
	}
	return value
}

// TestLostRunTask loses the answer of RunTask before and after ECS carried it out, once
// and always: no task is started twice, and one that was started is found.
func TestLostRunTask(t *testing.T) {
	for _, fault := range []string{"connectionReset: true", "lostResponse: true"} {
		for name, times := range map[string]string{"once": "first: 1", "always": "every: 1"} {
			t.Run(fault+" "+name, func(t *testing.T) {
				world := jobWorld + "faults: [{operations: [RunTask], " + times + ", " + fault + "}]\n"
				inWorld(t, world, func(b *bench) {
					outcome, err := b.taskDeployer().RunTask(b.Context(), job("migrate"), deploy.TaskPolicy{})
					var uncertain *deploy.UncertainError
					switch {
					case name == "always" && fault == "connectionReset: true":
						if !errors.As(err, &uncertain) || !strings.Contains(uncertain.Hint(), "--started-by ecs-deploy/") {
							b.Errorf("%+v, %v", outcome, err)
						}
					case err != nil || outcome.Verdict != rollout.Succeeded || len(outcome.Tasks) != 1:
						b.Errorf("%+v, %v", outcome, err)
					}
					tokens := map[any]bool{}
					for _, c := range b.calls {
						if c.operation == "RunTask" {
							tokens[c.body["clientToken"]] = true
						}
					}
					if len(tokens) != 1 {
						b.Errorf("%d client tokens", len(tokens))
					}
					if n := len(b.tasksOf("web")); n > 2 { // that of the service, and ours
						b.Errorf("%d tasks", n)
					}
				})
			})
		}
	}
}

// TestInterruptedRun interrupts a run at each of its calls: nothing that was started
// keeps running, unless detach asks for that.
func TestInterruptedRun(t *testing.T) {
	for at := 1; at <= 12; at++ {
		for _, answer := range deploy.OnTaskInterruptValues() {
			t.Run(fmt.Sprintf("%s at call %d", answer, at), func(t *testing.T) {
				inWorld(t, jobWorld, func(b *bench) {
					ctx, cancel := context.WithCancel(b.Context())
					b.before = func(string) {
						if len(b.calls) == at {
							cancel()
						}
					}
					outcome, err := b.taskDeployer().RunTask(ctx, job("serve"), deploy.TaskPolicy{OnInterrupt: answer})
					var interrupted *deploy.InterruptedError
					switch {
					case err != nil:
						if !errors.As(err, &interrupted) || b.count("RunTask") > 0 {
							b.Error(err)
						}
					case outcome.Verdict != rollout.Interrupted || outcome.Over != (answer == deploy.TaskStop):
						b.Errorf("%s, over: %t, %s", outcome.Verdict, outcome.Over, outcome.Reason)
					}
				})
			})
		}
	}
}

// TestTaskStoppedBySomebodyElse fails, although the container ends in order.
func TestTaskStoppedBySomebodyElse(t *testing.T) {
	inWorld(t, jobWorld, func(b *bench) {
		go func() {
			time.Sleep(time.Minute)
			for _, arn := range b.tasksOf("web") {
				b.stopTask(arn)
			}
		}()
		outcome, err := b.taskDeployer().RunTask(b.Context(), job("serve"), deploy.TaskPolicy{})
		if err != nil || outcome.Verdict != rollout.TaskFailed || !strings.Contains(outcome.Reason, "maintenance") {
			b.Errorf("%+v, %v", outcome, err)
		}
	})
}

// TestManyLines has a container write 10,000 lines in one second, and again in another:
// each is shown once and in order, the first within two seconds of its being readable.
func TestManyLines(t *testing.T) {
	const lines = 20_000
	var logs strings.Builder
	for i := range lines {
		after := time.Duration(i%10_000/10)*time.Millisecond + time.Duration(i/10_000)*5*time.Second
		fmt.Fprintf(&logs, "{text: line-%d, after: %s},", i, after)
	}
	world := strings.Replace(jobWorld, "images:\n", `images:
  - {match: "repo/web:*", command: "many", behaviour: exits, code: 0, after: 10s, logs: [`+strings.TrimSuffix(logs.String(), ",")+"]}\n", 1)
	inWorld(t, world, func(b *bench) {
		if outcome, err := b.taskDeployer().RunTask(b.Context(), job("many"), deploy.TaskPolicy{}); err != nil || outcome.Verdict != rollout.Succeeded {
			b.Fatal(outcome.Reason, err)
		}
		n := 0
		for _, e := range b.events {
			if e.Type != deploy.EventLog || e.Log.Container != "app" {
				continue
			}
			if e.Log.Text != fmt.Sprintf("line-%d", n) {
				b.Fatalf("line %d is %s", n, e.Log.Text)
			}
			if late := e.Time.Sub(e.Log.At.Add(4 * time.Second)); n == 0 && late > 2*time.Second {
				b.Errorf("the first line is %s late", late)
			}
			n++
		}
		if n != lines {
			b.Errorf("%d lines of %d", n, lines)
		}
	})
}

// TestLogsDenied says once that logs cannot be read, and how to read them; the verdict
// needs none.
func TestLogsDenied(t *testing.T) {
	world := jobWorld + "faults: [{operations: [GetLogEvents], code: AccessDeniedException, message: no}]\n"
	inWorld(t, world, func(b *bench) {
		outcome, err := b.taskDeployer().RunTask(b.Context(), job("fail"), deploy.TaskPolicy{})
		if err != nil || outcome.Verdict != rollout.TaskFailed {
			b.Fatalf("%+v, %v", outcome, err)
		}
		var warnings []string
		for _, e := range b.events {
			if e.Type == deploy.EventWarning {
				warnings = append(warnings, e.Message)
			}
		}
		if len(warnings) != 1 || !strings.Contains(warnings[0], "logs:GetLogEvents is not allowed") || !strings.Contains(warnings[0], "aws logs get-log-events") {
			b.Errorf("warnings: %q", warnings)
		}
	})
}

// withSteps is a request for another image, with a task before the update and one after.
func withSteps(before, verify string) deploy.Request {
	r := deploy.Request{Ref: webInProd, Want: deploy.Want{ContainerImages: map[string]string{"app": "repo/web:v2"}}}
	if before != "" {
		r.BeforeTasks = []deploy.TaskStep{{Container: "app", Command: []string{before}, Timeout: 5 * time.Minute}}
	}
	if verify != "" {
		r.VerifyTasks = []deploy.TaskStep{{Container: "app", Command: []string{verify}}}
	}
	return r
}

// TestStepsOfADeployment runs tasks before the update and after success: with the new
// revision, and with an update only if the first one succeeds.
func TestStepsOfADeployment(t *testing.T) {
	for name, test := range map[string]struct {
		before, verify string
		policy         deploy.Policy
		verdict        rollout.Verdict // "": exit code 11 and no update
		updates, runs  int
	}{
		"migrated":               {before: "migrate", verdict: rollout.Succeeded, updates: 1, runs: 1},
		"not migrated":           {before: "fail", runs: 1},
		"too slow":               {before: "serve", runs: 1},
		"verified":               {before: "migrate", verify: "migrate", verdict: rollout.Succeeded, updates: 1, runs: 2},
		"not verified":           {verify: "fail", verdict: rollout.TaskFailed, updates: 1, runs: 1},
		"not verified, restored": {verify: "fail", policy: deploy.Policy{RollbackOnFailure: true}, verdict: rollout.RolledBack, updates: 2, runs: 1},
	} {
		t.Run(name, func(t *testing.T) {
			inWorld(t, jobWorld, func(b *bench) {
				outcome, err := b.deployer().Run(b.Context(), withSteps(test.before, test.verify), test.policy)
				var failed *deploy.TaskFailedError
				switch {
				case test.verdict != "":
					if err != nil || outcome.Verdict != test.verdict {
						b.Errorf("%s, %s, %v", outcome.Verdict, outcome.Reason, err)
					}
				case !errors.As(err, &failed) || failed.ExitCode() != 11 || !strings.Contains(err.Error(), "web:2 was registered and is not in use"):
					b.Error(err)
				}
				if u, r := b.count("UpdateService"), b.count("RunTask"); u != test.updates || r != test.runs {
					b.Errorf("%d updates and %d tasks, want %d and %d", u, r, test.updates, test.runs)
				}
				for _, c := range b.calls {
					if revision, _ := c.body["taskDefinition"].(string); c.operation == "RunTask" && !strings.HasSuffix(revision, "/web:2") {
						b.Errorf("a task ran %s", revision)
					}
				}
			})
		})
	}
}

// TestATaskBeforeIsJoined kills a deployment while its task runs: the next one follows
// that task, and starts no other.
func TestATaskBeforeIsJoined(t *testing.T) {
	inWorld(t, jobWorld, func(b *bench) {
		b.before = func(operation string) {
			if operation == "GetLogEvents" {
				panic(errKilled)
			}
		}
		func() {
			defer func() { _ = recover() }()
			_, _ = b.deployer().Run(b.Context(), withSteps("migrate", ""), deploy.Policy{})
		}()
		b.before = nil
		outcome, err := b.deployer().Run(b.Context(), withSteps("migrate", ""), deploy.Policy{})
		if err != nil || outcome.Verdict != rollout.Succeeded {
			b.Errorf("%+v, %v", outcome, err)
		}
		if n := b.count("RunTask"); n != 1 {
			b.Errorf("RunTask was called %d times", n)
		}
	})
}

// TestExecute opens a session in the newest running task, and says if the service does
// not allow it.
func TestExecute(t *testing.T) {
	request := deploy.ExecRequest{Ref: webInProd, Container: "app", Command: []string{"sh", "-c", "a b"}}
	inWorld(t, jobWorld, func(b *bench) {
		_, err := b.deployer().Execute(b.Context(), request)
		var usage *deploy.UsageError
		if !errors.As(err, &usage) || !strings.Contains(usage.Remedy, "--enable-execute-command") {
			b.Error(err)
		}
	})
	world := strings.Replace(jobWorld, "    desiredCount: 1\n", "    desiredCount: 1\n    enableExecuteCommand: true\n", 1)
	world = strings.Replace(world, "    executionRoleArn:", "    taskRoleArn: arn:aws:iam::123456789012:role/app\n    executionRoleArn:", 1)
	inWorld(t, world, func(b *bench) {
		session, err := b.deployer().Execute(b.Context(), request)
		if err != nil || session.Session.StreamURL == "" || !strings.HasPrefix(session.Target, "ecs:prod_") || strings.Count(session.Target, "_") != 2 {
			b.Errorf("%+v, %v", session, err)
		}
		if sent := b.calls[len(b.calls)-1].body["command"]; sent != "sh -c 'a b'" {
			b.Errorf("the command was sent as %q", sent)
		}
	})
}

// TestExecuteNeedsARole tells a task without a role from one whose agent does not run.
func TestExecuteNeedsARole(t *testing.T) {
	world := strings.Replace(jobWorld, "    desiredCount: 1\n", "    desiredCount: 1\n    enableExecuteCommand: true\n", 1)
	world = strings.Replace(world, "    executionRoleArn:", "    taskRoleArn: arn:aws:iam::123456789012:role/app\n    executionRoleArn:", 1)
	inWorld(t, world, func(b *bench) {
		arn := b.tasksOf("web")[0]
		b.answer = func(operation string) (string, bool) {
			return `{"tasks": [{"taskArn": "` + arn + `", "taskDefinitionArn": "arn:aws:ecs:us-east-1:123456789012:task-definition/web:1",
				"lastStatus": "RUNNING", "desiredStatus": "RUNNING", "enableExecuteCommand": true,
				"containers": [{"name": "app", "runtimeId": "0123-1", "managedAgents": [{"name": "ExecuteCommandAgent", "lastStatus": "STOPPED"}]}]}]}`, operation == "DescribeTasks"
		}
		request := deploy.ExecRequest{Ref: webInProd, Container: "app", Command: []string{"sh"}}
		fails := func(problem, remedy string) {
			b.Helper()
			var usage *deploy.UsageError
			if _, err := b.deployer().Execute(b.Context(), request); !errors.As(err, &usage) || !strings.Contains(usage.Problem, problem) || !strings.Contains(usage.Remedy, remedy) {
				b.Error(err)
			}
		}
		fails("the agent of ExecuteCommand does not run in container app of task", "ssmmessages")
		tasks := b.answer
		b.answer = func(operation string) (string, bool) {
			if operation == "DescribeTaskDefinition" {
				return `{"taskDefinition": {"taskDefinitionArn": "arn:aws:ecs:us-east-1:123456789012:task-definition/web:1", "family": "web", "revision": 1,
					"containerDefinitions": [{"name": "app", "image": "repo/web:v1"}]}}`, true
			}
			return tasks(operation)
		}
		fails(" has no task role", "--task-role")
	})
}
