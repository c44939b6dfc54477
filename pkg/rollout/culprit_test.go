package rollout_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/ecs-deploy/ecs-deploy/pkg/rollout"
)

const proxy = "ecs-service-connect-x7Yz"

// TestTheCulprit: which container is named for a task that stopped. ECS stops the
// others with SIGTERM (143) or SIGKILL (137); these codes blame nobody.
func TestTheCulprit(t *testing.T) {
	type containers = []rollout.Container
	essential := "Essential container in task exited"
	tests := []struct {
		name, code, reason string
		containers         containers
		want, hint         string
	}{
		{"an unhealthy sidecar", "ServiceSchedulerInitiated", "Task failed container health checks",
			containers{{Name: "app", Health: "HEALTHY", ExitCode: code(143)}, {Name: "sidecar", Health: "UNHEALTHY", ExitCode: code(137)}},
			"Task failed container health checks (container sidecar)", "health check's path"},
		{"an unhealthy sidecar, and an application that ends with an error on SIGTERM", "", "Task failed container health checks",
			containers{{Name: "app", Health: "HEALTHY", ExitCode: code(1)}, {Name: "sidecar", Health: "UNHEALTHY"}},
			"Task failed container health checks (container sidecar)", ""},
		{"the proxy of Service Connect", "", "Task failed container health checks",
			containers{{Name: "app", Health: "HEALTHY", ExitCode: code(143)}, {Name: proxy, Health: "UNHEALTHY"}},
			"Task failed container health checks (container " + proxy + ")", "Service Connect"},
		{"no health is known, so nobody is blamed", "", "Task failed container health checks",
			containers{{Name: "app", ExitCode: code(143)}, {Name: "sidecar", ExitCode: code(137)}},
			"Task failed container health checks", ""},
		{"the only application, for its log; its exit code is that of SIGTERM", "", "Task failed ELB health checks in (target-group web)",
			containers{{Name: "app", ExitCode: code(143)}, {Name: proxy, ExitCode: code(0)}},
			"Task failed ELB health checks in (target-group web) (container app)", "health check's path"},
		{"two applications behind a load balancer", "", "Task failed ELB health checks in (target-group web)",
			containers{{Name: "app", ExitCode: code(143)}, {Name: "log", ExitCode: code(143)}},
			"Task failed ELB health checks in (target-group web)", ""},
		{"somebody stopped the task", "UserInitiated", "Task stopped by user",
			containers{{Name: "app", ExitCode: code(143)}, {Name: "log", ExitCode: code(0)}},
			"Task stopped by user", "CloudTrail"},
		{"a crash, and an unhealthy sidecar beside it", "EssentialContainerExited", essential,
			containers{{Name: "sidecar", Health: "UNHEALTHY", ExitCode: code(143)}, {Name: "app", Health: "HEALTHY", ExitCode: code(3)}},
			essential + " (container app, exit code 3)", "log"},
		{"an init container that fails", "EssentialContainerExited", essential,
			containers{{Name: "app", Reason: "Dependency container init failed"}, {Name: "init", ExitCode: code(2)}},
			essential + " (container init, exit code 2)", ""},
		{"an init container that did its work", "EssentialContainerExited", essential,
			containers{{Name: "init", ExitCode: code(0)}, {Name: "app", ExitCode: code(1)}},
			essential + " (container app, exit code 1)", ""},
		{"the application was killed, and the proxy stopped with it", "EssentialContainerExited", essential,
			containers{{Name: proxy, ExitCode: code(137)}, {Name: "app", ExitCode: code(137)}},
			essential + " (container app, exit code 137)", "memory"},
		{"out of memory beside others", "EssentialContainerExited", essential,
			containers{{Name: "log", ExitCode: code(1)}, {Name: "app", ExitCode: code(137), Reason: "OutOfMemoryError: Container killed due to memory usage"}},
			"OutOfMemoryError: Container killed due to memory usage (container app, exit code 137)", "raise memory"},
		{"a command that is not in the image", "EssentialContainerExited", essential,
			containers{{Name: "app", ExitCode: code(127)}}, essential + " (container app, exit code 127)", "entryPoint"},
		{"its work is done", "EssentialContainerExited", essential,
			containers{{Name: "app", ExitCode: code(0)}}, essential + " (container app, exit code 0)", "keeps running"},
		{"another CPU architecture", "TaskFailedToStart", "",
			containers{{Name: "app", Reason: "CannotStartContainerError: exec /app: exec format error"}},
			"CannotStartContainerError: exec /app: exec format error (container app)", "CPU architecture"},
		{"a host port that is taken", "TaskFailedToStart", "",
			containers{{Name: "app", Reason: "CannotStartContainerError: Bind for 0.0.0.0:80 failed: port is already allocated"}},
			"CannotStartContainerError: Bind for 0.0.0.0:80 failed: port is already allocated (container app)", "hostPort 0"},
		{"nothing that anybody knows", "", "tea break", nil, "tea break", "describe-tasks"},
	}
	for _, tt := range tests {
		task := stopped(tt.reason, tt.containers...)
		task.StopCode = tt.code
		got := rollout.Explain(ours, []rollout.Task{task}, nil).Causes
		if len(got) != 1 || got[0].String() != "1 × "+tt.want || !strings.Contains(got[0].Hint, tt.hint) || got[0].Hint == "" {
			t.Errorf("%s: %v, hint %q\nwant %s, hint with %q", tt.name, got, got[0].Hint, tt.want, tt.hint)
		}
	}
}

func TestALogMayKnowBetter(t *testing.T) {
	cause := rollout.Cause{Hint: "read the log"}
	cause.Quote(rollout.Log{Lines: []string{"starting"}})
	if cause.Hint != "read the log" || len(cause.Log.Lines) != 1 {
		t.Errorf("%+v", cause)
	}
	cause.Quote(rollout.Log{Lines: []string{"exec /usr/bin/app: exec format error"}})
	if !strings.Contains(cause.Hint, "CPU architecture") {
		t.Errorf("%+v", cause)
	}
}

// TestAHandfulOfCauses: two thousand different reasons are counted, and five shown;
// what happened most often is among them, wherever it stands.
func TestAHandfulOfCauses(t *testing.T) {
	var tasks []rollout.Task
	for i := range 2000 {
		tasks = append(tasks, stopped(fmt.Sprintf("no reason %s is like another", strings.Repeat("z", i))))
	}
	tasks = append(tasks, stopped("the usual"), stopped("the usual"))
	d := rollout.Explain(ours, tasks, nil)
	if len(d.Causes) != 5 || d.Causes[0].Reason != "the usual" || d.Causes[0].Count != 2 {
		t.Errorf("%d causes, first %v", len(d.Causes), d.Causes[0])
	}
	if d.MoreCauses != 1996 || d.MoreTasks != 1996 || d.Failed() != 2002 || d.More() != "and 1996 more causes (1996 tasks)" {
		t.Errorf("%d %d %d %q", d.MoreCauses, d.MoreTasks, d.Failed(), d.More())
	}
	for i := range tasks {
		tasks[i].Group()
	}
	if again := rollout.Explain(ours, tasks, nil); again.Failed() != 2002 || again.Causes[0].String() != d.Causes[0].String() || again.Causes[0].Hint == "" {
		t.Errorf("grouped before: %v", again)
	}
	few := rollout.Explain(ours, tasks[:5], nil)
	if len(few.Causes) != 5 || few.More() != "" || few.Failed() != 5 {
		t.Errorf("%d causes, %q", len(few.Causes), few.More())
	}
}

// BenchmarkExplain is a service of which two thousand tasks stopped, each for a
// reason of its own, as long as reasons are kept.
func BenchmarkExplain(b *testing.B) {
	var tasks []rollout.Task
	for i := range 2000 {
		tasks = append(tasks, stopped(fmt.Sprintf("%06d %s", i, strings.Repeat("reason ", 140))))
		tasks[i].Group()
	}
	for b.Loop() {
		rollout.Explain(ours, tasks, nil)
	}
}
