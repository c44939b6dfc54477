package ecssim_test

// This file holds each scenario to its summary, with the real client and a loop
// of its own.

import (
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ecs"
	"github.com/aws/aws-sdk-go-v2/service/ecs/types"

	"github.com/ecs-deploy/ecs-deploy/pkg/ecssim"
)

func TestScenarioList(t *testing.T) {
	files, err := filepath.Glob("scenarios/*.yaml")
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, s := range ecssim.Scenarios() {
		names = append(names, "scenarios/"+s.Name+".yaml")
		if s.Summary == "" || strings.Contains(s.Summary, "\n") {
			t.Errorf("%s: summary %q", s.Name, s.Summary)
		}
		if s.Expect.Ends == "" || s.Expect.Within == 0 {
			t.Errorf("%s does not say how it ends and within which time", s.Name)
		}
	}
	slices.Sort(names)               // the list itself is in the order of the names without ".yaml"
	if !slices.Equal(names, files) { // a file that cannot be read is no scenario
		t.Errorf("scenarios: %v, files: %v", names, files)
	}
	_, err = ecssim.LoadScenario("helthy")
	if err == nil || !strings.Contains(err.Error(), "access-denied, alarm-rollback") {
		t.Errorf("unknown scenario: %v", err)
	}
}

func TestScenariosEndAsTheySay(t *testing.T) {
	for _, scenario := range ecssim.Scenarios() {
		t.Run(scenario.Name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) { endsAs(t, scenario.Name, scenario.Expect) })
		})
	}
}

// statuses are those of the service deployment in which a deployment ends.
var statuses = map[ecssim.Ending]types.ServiceDeploymentStatus{
	ecssim.Completed:  types.ServiceDeploymentStatusSuccessful,
	ecssim.RolledBack: types.ServiceDeploymentStatusRollbackSuccessful,
	ecssim.Failed:     types.ServiceDeploymentStatusStopped,
	ecssim.Superseded: types.ServiceDeploymentStatusStopped,
	ecssim.Never:      types.ServiceDeploymentStatusInProgress,
	ecssim.Paused:     types.ServiceDeploymentStatusInProgress,
}

func endsAs(t *testing.T, name string, want ecssim.Expectation) {
	// Whom a scenario denies the records asks the same simulator without faults.
	_, client := demo(t, name, func(w *ecssim.World) {
		w.Faults = slices.DeleteFunc(w.Faults, func(f ecssim.Fault) bool { return f.Code == "AccessDeniedException" })
	})
	before := *describe(t, client).Deployments[0].Id
	arn := register(t, client, "web:2")
	ours := *update(t, client, ecs.UpdateServiceInput{TaskDefinition: &arn}).Deployments[0].Id
	mine := *newest(t, client).ServiceDeploymentArn
	took, got := untilEnded(t, client, mine, time.Duration(want.Within)+time.Minute)
	unended := want.Ends == ecssim.Never || want.Ends == ecssim.Paused
	if unended && took > time.Duration(want.Within) {
		took = time.Duration(want.Within)
	}
	if got != statuses[want.Ends] || took < time.Duration(want.After) || took > time.Duration(want.Within) {
		t.Errorf("%s after %s, want %s after %s to %s", got, took, statuses[want.Ends], time.Duration(want.After), time.Duration(want.Within))
	}
	after := describe(t, client)
	ending := endingOf(after, before, ours)
	if ending == ecssim.Never && slices.ContainsFunc(newest(t, client).LifecycleHookDetails, func(h types.DeploymentLifecycleHookDetail) bool {
		return h.Status == types.DeploymentLifecycleHookStatusAwaitingAction
	}) {
		ending = ecssim.Paused
	}
	if ending != want.Ends {
		t.Errorf("%s, want %s: %+v", ending, want.Ends, after.Deployments)
	}
	if (want.Ends == ecssim.Completed || want.Ends == ecssim.RolledBack) && (len(after.Deployments) != 1 || after.RunningCount != 2 || after.PendingCount != 0) {
		t.Errorf("%d running, %d pending, deployments: %+v", after.RunningCount, after.PendingCount, after.Deployments)
	}
	said := strings.Join(messages(after), "\n")
	for _, task := range stoppedTasks(t, client, ours) {
		said += "\n" + aws.ToString(task.StoppedReason) + "\n" + aws.ToString(task.Containers[0].Reason)
	}
	if !strings.Contains(said, want.Says) {
		t.Errorf("nothing says %q:\n%s", want.Says, said)
	}
}

// untilEnded waits until a service deployment is over or the time is, and tells
// how long that took and its status then.
func untilEnded(t *testing.T, client *ecs.Client, arn string, limit time.Duration) (time.Duration, types.ServiceDeploymentStatus) {
	t.Helper()
	for begin := time.Now(); ; time.Sleep(2 * time.Second) {
		out, err := client.DescribeServiceDeployments(t.Context(), &ecs.DescribeServiceDeploymentsInput{ServiceDeploymentArns: []string{arn}})
		if err != nil {
			t.Fatal(err)
		}
		sd := out.ServiceDeployments[0]
		if sd.FinishedAt != nil || sd.StoppedAt != nil || time.Since(begin) > limit {
			return time.Since(begin), sd.Status
		}
	}
}

// endingOf is what DescribeServices shows of the end of our deployment.
func endingOf(s types.Service, before, ours string) ecssim.Ending {
	p := s.Deployments[0]
	switch {
	case *p.Id == before:
		return ecssim.RolledBack
	case *p.Id != ours:
		return ecssim.Superseded
	case p.RolloutState == types.DeploymentRolloutStateFailed:
		return ecssim.Failed
	case p.RolloutState == types.DeploymentRolloutStateCompleted:
		return ecssim.Completed
	}
	return ecssim.Never
}

// TestFlakyStartSucceeds whatever the number of tasks.
func TestFlakyStartSucceeds(t *testing.T) {
	for desired := range int32(8) {
		synctest.Test(t, func(t *testing.T) {
			_, client := demo(t, "flaky-start")
			arn := register(t, client, "web:2")
			update(t, client, ecs.UpdateServiceInput{TaskDefinition: &arn, DesiredCount: aws.Int32(1 + desired)})
			if sd := settle(t, client, 30*time.Minute); sd.Status != types.ServiceDeploymentStatusSuccessful {
				t.Errorf("%d tasks: %s", 1+desired, sd.Status)
			}
		})
	}
}

func TestScenarioNoRollback(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		_, client := demo(t, "no-rollback")
		arn := register(t, client, "web:2")
		begin := time.Now()
		ours := *update(t, client, ecs.UpdateServiceInput{TaskDefinition: &arn}).Deployments[0].Id
		sd := settle(t, client, 30*time.Minute)
		if took := time.Since(begin); sd.Status != types.ServiceDeploymentStatusStopped || took < 3*time.Minute || took > 8*time.Minute {
			t.Errorf("%s after %s", sd.Status, took)
		}
		time.Sleep(10 * time.Minute)
		s := describe(t, client)
		if p := s.Deployments[0]; len(s.Deployments) != 2 || *p.Id != ours || p.RolloutState != types.DeploymentRolloutStateFailed || s.Deployments[1].RunningCount != 2 {
			t.Errorf("at the end: %+v", s.Deployments)
		}
	})
}

func TestScenarioNoCircuitBreaker(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		_, client := demo(t, "no-circuit-breaker")
		arn := register(t, client, "web:2")
		ours := *update(t, client, ecs.UpdateServiceInput{TaskDefinition: &arn}).Deployments[0].Id
		time.Sleep(40 * time.Minute)
		s := describe(t, client)
		p := s.Deployments[0]
		if len(s.Deployments) != 2 || *p.Id != ours || p.RolloutState != types.DeploymentRolloutStateInProgress || p.FailedTasks < 20 {
			t.Errorf("after 40 minutes: %+v", s.Deployments)
		}
		if old := s.Deployments[1]; old.RunningCount != 2 {
			t.Errorf("%d old tasks run", old.RunningCount)
		}
		if sd := newest(t, client); sd.Status != types.ServiceDeploymentStatusInProgress {
			t.Errorf("service deployment %s", sd.Status)
		}
	})
}

func TestScenarioSuperseded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		_, client := demo(t, "superseded")
		arn := register(t, client, "web:2")
		ours := *update(t, client, ecs.UpdateServiceInput{TaskDefinition: &arn}).Deployments[0].Id
		mine := *newest(t, client).ServiceDeploymentArn
		time.Sleep(41 * time.Second)
		s := describe(t, client)
		if len(s.Deployments) != 3 || *s.Deployments[0].Id == ours || *s.Deployments[1].Id != ours {
			t.Fatalf("after 41 s: %+v", s.Deployments)
		}
		theirs := *s.Deployments[0].Id
		out, err := client.DescribeServiceDeployments(t.Context(), &ecs.DescribeServiceDeploymentsInput{ServiceDeploymentArns: []string{mine}})
		if err != nil || out.ServiceDeployments[0].Status != types.ServiceDeploymentStatusStopped || out.ServiceDeployments[0].StoppedAt == nil {
			t.Errorf("ours: %+v, %v", out.ServiceDeployments, err)
		}
		if sd := settle(t, client, 10*time.Minute); sd.Status != types.ServiceDeploymentStatusSuccessful {
			t.Errorf("theirs: %s", sd.Status)
		}
		if s := describe(t, client); len(s.Deployments) != 1 || *s.Deployments[0].Id != theirs {
			t.Errorf("at the end: %+v", s.Deployments)
		}
	})
}

func TestScenarioAccessDenied(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		_, client := demo(t, "access-denied")
		arn := register(t, client, "web:2")
		update(t, client, ecs.UpdateServiceInput{TaskDefinition: &arn})
		_, err := client.ListServiceDeployments(t.Context(), &ecs.ListServiceDeploymentsInput{Cluster: aws.String("demo"), Service: aws.String("web")})
		wantCode(t, err, "AccessDeniedException", "is not authorized to perform: ecs:ListServiceDeployments on resource: arn:aws:ecs:")
		begin := time.Now()
		for describe(t, client).Deployments[0].RolloutState != types.DeploymentRolloutStateCompleted {
			if time.Since(begin) > 5*time.Minute {
				t.Fatal("the rollout does not complete")
			}
			time.Sleep(2 * time.Second)
		}
	})
}
