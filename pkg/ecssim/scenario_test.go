package ecssim_test

// This file holds each scenario to its summary, with the real client and a loop
// of its own.

import (
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
	var names []string
	for _, s := range ecssim.Scenarios() {
		names = append(names, s.Name)
		if s.Summary == "" || strings.Contains(s.Summary, "\n") {
			t.Errorf("%s: summary %q", s.Name, s.Summary)
		}
	}
	want := []string{
		"access-denied", "alarm-rollback", "cannot-pull", "crash-loop", "flaky-start", "healthy", "no-capacity",
		"no-circuit-breaker", "no-rollback", "out-of-memory", "secrets-missing", "slow-start", "superseded",
		"throttled", "unhealthy",
	}
	if !slices.Equal(names, want) {
		t.Errorf("scenarios: %v, want %v", names, want)
	}
	_, err := ecssim.LoadScenario("helthy")
	if err == nil || !strings.Contains(err.Error(), "access-denied, alarm-rollback") {
		t.Errorf("unknown scenario: %v", err)
	}
}

// span is how long a scenario may take from UpdateService, and what it ends as.
type span struct {
	min, max time.Duration
	status   types.ServiceDeploymentStatus
	reason   string // part of the reason of our stopped tasks, or of an event
}

func TestScenariosEndAsTheySay(t *testing.T) {
	const success, back = types.ServiceDeploymentStatusSuccessful, types.ServiceDeploymentStatusRollbackSuccessful
	for name, want := range map[string]span{
		"healthy":         {2 * time.Minute, 200 * time.Second, success, ""},
		"slow-start":      {5 * time.Minute, 7 * time.Minute, success, ""},
		"throttled":       {2 * time.Minute, 200 * time.Second, success, ""},
		"cannot-pull":     {3 * time.Minute, 8 * time.Minute, back, "CannotPullContainerError"},
		"crash-loop":      {3 * time.Minute, 8 * time.Minute, back, "Essential container in task exited"},
		"out-of-memory":   {3 * time.Minute, 8 * time.Minute, back, "OutOfMemoryError"},
		"unhealthy":       {3 * time.Minute, 8 * time.Minute, back, "Task failed ELB health checks in (target-group arn:"},
		"secrets-missing": {4 * time.Minute, 8 * time.Minute, back, "invalid ssm parameters: /demo/database-password"},
		"alarm-rollback":  {4 * time.Minute, 8 * time.Minute, back, "deployment failed: alarm detected."},
		"flaky-start":     {2 * time.Minute, 8 * time.Minute, success, "Essential container in task exited"},
		"no-capacity":     {3 * time.Minute, 10 * time.Minute, back, "Capacity is unavailable at this time."},
	} {
		t.Run(name, func(t *testing.T) { synctest.Test(t, func(t *testing.T) { endsAs(t, name, want) }) })
	}
}

func endsAs(t *testing.T, name string, want span) {
	_, client := demo(t, name)
	before := describe(t, client)
	arn := register(t, client, "web:2")
	ours := *update(t, client, ecs.UpdateServiceInput{TaskDefinition: &arn}).Deployments[0].Id
	begin := time.Now()
	sd := settle(t, client, 30*time.Minute)
	took := time.Since(begin)
	if sd.Status != want.status || took < want.min || took > want.max {
		t.Errorf("%s after %s, want %s after %s to %s", sd.Status, took, want.status, want.min, want.max)
	}
	after := describe(t, client)
	id := *after.Deployments[0].Id
	if rolledBack := id == *before.Deployments[0].Id; len(after.Deployments) != 1 || rolledBack != (id != ours) ||
		rolledBack != (want.status != types.ServiceDeploymentStatusSuccessful) {
		t.Errorf("deployments: %+v", after.Deployments)
	}
	if after.RunningCount != 2 || after.PendingCount != 0 {
		t.Errorf("%d running, %d pending", after.RunningCount, after.PendingCount)
	}
	said := strings.Join(messages(after), "\n")
	for _, task := range stoppedTasks(t, client, ours) {
		said += "\n" + aws.ToString(task.StoppedReason) + "\n" + aws.ToString(task.Containers[0].Reason)
	}
	if !strings.Contains(said, want.reason) {
		t.Errorf("nothing says %q:\n%s", want.reason, said)
	}
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
