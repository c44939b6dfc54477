package rollout_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/ecs-deploy/ecs-deploy/pkg/rollout"
)

func code(n int) *int { return &n }

func stopped(reason string, containers ...rollout.Container) rollout.Task {
	return rollout.Task{ARN: "arn:task", DeploymentID: ours, LastStatus: "STOPPED", StoppedReason: reason, Containers: containers}
}

func TestExplainKinds(t *testing.T) {
	tests := []struct {
		task rollout.Task
		want string
		kind rollout.Kind
	}{
		{stopped("Essential container in task exited", rollout.Container{Name: "web", ExitCode: code(1)}, rollout.Container{Name: "log", ExitCode: code(143)}),
			"1 × Essential container in task exited (container web, exit code 1)", rollout.Exited},
		{stopped("Essential container in task exited", rollout.Container{Name: "web", ExitCode: code(137), Reason: "OutOfMemoryError: Container killed due to memory usage"}),
			"1 × OutOfMemoryError: Container killed due to memory usage (container web, exit code 137)", rollout.OutOfMemory},
		{stopped("CannotPullContainerError: pull access denied"), "1 × CannotPullContainerError: pull access denied", rollout.CannotPull},
		{stopped("CannotPullContainerError: … image Manifest does not contain descriptor matching platform 'linux/amd64'"),
			"1 × CannotPullContainerError: … image Manifest does not contain descriptor matching platform 'linux/amd64'", rollout.CannotPull},
		{stopped("ResourceInitializationError: unable to pull secrets or registry auth: …"), "1 × ResourceInitializationError: unable to pull secrets or registry auth: …", rollout.CannotInit},
		{stopped("Task failed ELB health checks in (target-group arn:x)"), "1 × Task failed ELB health checks in (target-group arn:x)", rollout.Unhealthy},
		{stopped("Task failed container health checks"), "1 × Task failed container health checks", rollout.Unhealthy},
		{stopped("RESOURCE:MEMORY"), "1 × RESOURCE:MEMORY", rollout.NotPlaced},
		{stopped("Task stopped by user"), "1 × Task stopped by user", rollout.StoppedByUser},
		// The remaining texts of ECS that are known.
		{stopped("CannotPullContainerError: inspect image has been retried 1 time(s): failed to resolve ref \"docker.io/library/ngin:latest\": pull access denied, repository does not exist or may require authorization"),
			"1 × CannotPullContainerError: inspect image has been retried 1 time(s): failed to resolve ref \"docker.io/library/ngin:latest\": pull access denied, repository does not exist or may require authorization", rollout.CannotPull},
		{stopped("ResourceInitializationError: unable to pull secrets or registry auth: execution resource retrieval failed: unable to retrieve secrets from ssm: …"),
			"1 × ResourceInitializationError: unable to pull secrets or registry auth: execution resource retrieval failed: unable to retrieve secrets from ssm: …", rollout.CannotInit},
		{stopped("Task failed ELB health checks in (elb classic)"), "1 × Task failed ELB health checks in (elb classic)", rollout.Unhealthy},
		{stopped("Unexpected EC2 error while attempting to Create Network Interface with public IP assignment enabled in subnet 'subnet-1'"),
			"1 × Unexpected EC2 error while attempting to Create Network Interface with public IP assignment enabled in subnet 'subnet-1'", rollout.NotPlaced},
		{stopped("RESOURCE:CPU"), "1 × RESOURCE:CPU", rollout.NotPlaced},
		{stopped("AGENT"), "1 × AGENT", rollout.NotPlaced},
		{stopped("ATTRIBUTE"), "1 × ATTRIBUTE", rollout.NotPlaced},
		{stopped("MemberOf placement constraint unsatisfied"), "1 × MemberOf placement constraint unsatisfied", rollout.NotPlaced},
		{stopped("NO ACTIVE INSTANCES"), "1 × NO ACTIVE INSTANCES", rollout.NotPlaced},
		{stopped("EMPTY CAPACITY PROVIDER"), "1 × EMPTY CAPACITY PROVIDER", rollout.NotPlaced},
		{stopped("Host EC2 (instance i-1) terminated"), "1 × Host EC2 (instance i-1) terminated", rollout.HostGone},
		{stopped("Container instance deregistration forced by user"), "1 × Container instance deregistration forced by user", rollout.HostGone},
		{rollout.Task{DeploymentID: ours, LastStatus: "STOPPED", StopCode: "SpotInterruption"}, "1 × SpotInterruption", rollout.HostGone},
		{stopped("CannotCreateVolumeError: …"), "1 × CannotCreateVolumeError: …", rollout.CannotInit},
		{stopped("CannotStartContainerError: …"), "1 × CannotStartContainerError: …", rollout.CannotInit},
		{stopped("ContainerRuntimeTimeoutError: …"), "1 × ContainerRuntimeTimeoutError: …", rollout.CannotInit},
		{stopped("something that nobody has seen"), "1 × something that nobody has seen", rollout.OtherKind},
		{rollout.Task{DeploymentID: ours, LastStatus: "STOPPED"}, "1 × the task stopped without a reason", rollout.OtherKind},
	}
	for _, tt := range tests {
		got := rollout.Explain(ours, []rollout.Task{tt.task}, nil).Causes
		if len(got) != 1 || got[0].String() != tt.want || got[0].Kind != tt.kind {
			t.Errorf("%q is explained as %v (%v), want %q (%s)", tt.task.StoppedReason, got, got, tt.want, tt.kind)
			continue
		}
		if known := tt.kind != rollout.OtherKind; known && (got[0].Hint == "" || !strings.HasPrefix(got[0].Page, "https://docs.aws.amazon.com/AmazonECS/")) {
			t.Errorf("%q has no hint or no page", tt.task.StoppedReason)
		}
	}
}

func TestExplainGroups(t *testing.T) {
	var tasks []rollout.Task
	for i := range 3 {
		tasks = append(tasks, stopped(fmt.Sprintf("CannotPullContainerError: request id: %d-abc, 10.0.0.%d:443", i, i)))
	}
	tasks = append(tasks, stopped("Essential container in task exited", rollout.Container{Name: "web", ExitCode: code(1)}),
		stopped("Scaling activity initiated by (deployment ecs-svc/200)"),
		rollout.Task{DeploymentID: old, LastStatus: "STOPPED", StoppedReason: "CannotPullContainerError: of another deployment"},
		rollout.Task{DeploymentID: ours, LastStatus: "RUNNING"})
	got := rollout.Explain(ours, tasks, nil).Causes
	if len(got) != 2 || got[0].Count != 3 || got[0].Kind != rollout.CannotPull || got[1].Count != 1 {
		t.Errorf("%v", got)
	}
}

func TestExplainQuotesEvents(t *testing.T) {
	events := []rollout.ServiceEvent{ // newest first
		{Message: "(service web) (deployment ecs-svc/200) deployment failed: tasks failed to start."},
		{Message: "(service web) has started 1 tasks: (task 00000000000000000000000000000001)."},
		{Message: "(service web) (task 00000000000000000000000000000002) (port 80) is unhealthy in (target-group arn:x) due to (reason Health checks failed)."},
		{Message: "(service web) (task 00000000000000000000000000000001) (port 80) is unhealthy in (target-group arn:x) due to (reason Health checks failed)."},
		{Message: "(service web) was unable to place a task. Reason: CannotPullContainerError: not found."},
		{Message: "(service web) was unable to place a task. Reason: Capacity is unavailable at this time."},
	}
	got := rollout.Explain(ours, []rollout.Task{stopped("CannotPullContainerError: not found")}, events)
	want := []string{
		"was unable to place a task. Reason: Capacity is unavailable at this time.",
		"(task 00000000000000000000000000000001) (port 80) is unhealthy in (target-group arn:x) due to (reason Health checks failed).",
	}
	if diff := cmp.Diff(want, got.Events); diff != "" {
		t.Errorf("quoted events (-want +got):\n%s", diff)
	}
	if !rollout.Trouble(events[0]) || rollout.Trouble(events[1]) {
		t.Error("trouble is told from routine by the text")
	}
}

func TestThreshold(t *testing.T) {
	for desired, want := range map[int]int{0: 3, 1: 3, 2: 3, 7: 4, 25: 13, 400: 200, 800: 200} {
		if got := rollout.Threshold(desired); got != want {
			t.Errorf("threshold of %d is %d, want %d", desired, got, want)
		}
	}
}

func ExampleTracker() {
	tracker := rollout.NewTracker(rollout.Target{Identity: rollout.Identity{DeploymentID: "ecs-svc/200", EarlierIDs: []string{"ecs-svc/100"}}})
	// The new deployment is born with no tasks wanted: 0 of 0 is no success.
	newborn := &rollout.Service{Deployments: []rollout.Deployment{{ID: "ecs-svc/200", Status: "PRIMARY", RolloutState: "IN_PROGRESS"}}}
	fmt.Println(tracker.Observe(rollout.Observation{Service: newborn}))
	// Its own record decides.
	fmt.Println(tracker.Observe(rollout.Observation{Service: newborn, ServiceDeployment: &rollout.ServiceDeployment{
		Status: rollout.ServiceDeploymentRollbackSuccessful, StatusReason: "Service deployment rolled back because the circuit breaker threshold was exceeded.",
	}}))
	fmt.Println(strings.ToLower(tracker.Reason()[:38]))
	// Output:
	// in-progress
	// rolled-back
	// service deployment rolled back because
}

// TestAlarmsAreQuoted: any text can be an alarm's name, and the command is pasted.
func TestAlarmsAreQuoted(t *testing.T) {
	got := rollout.AlarmHint([]string{"High 5xx rate; $(touch x)", "plain"})
	if want := "aws cloudwatch describe-alarms --alarm-names 'High 5xx rate; $(touch x)' plain"; !strings.HasSuffix(got, want) {
		t.Errorf("%s\nwant %s", got, want)
	}
}
