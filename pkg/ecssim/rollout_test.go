package ecssim_test

// This file follows whole rollouts with the real client.

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ecs"
	"github.com/aws/aws-sdk-go-v2/service/ecs/types"

	"github.com/ecs-deploy/ecs-deploy/pkg/ecssim"
)

func TestHealthyRollout(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		_, client := demo(t, "healthy")
		before := describe(t, client)
		if n := len(before.Deployments); n != 1 || before.RunningCount != 2 || before.Deployments[0].RolloutState != types.DeploymentRolloutStateCompleted {
			t.Fatalf("not born steady: %d deployments, %d running, %s", n, before.RunningCount, before.Deployments[0].RolloutState)
		}
		arn := register(t, client, "web:2")
		begin := time.Now()
		s := update(t, client, ecs.UpdateServiceInput{TaskDefinition: &arn})
		if len(s.Deployments) != 2 || *s.Deployments[0].Status != "PRIMARY" || *s.Deployments[1].Id != *before.Deployments[0].Id {
			t.Fatalf("deployments after UpdateService: %+v", s.Deployments)
		}
		p := s.Deployments[0]
		if p.DesiredCount != 0 || p.RolloutState != types.DeploymentRolloutStateInProgress {
			t.Errorf("new PRIMARY has desired %d, %s", p.DesiredCount, p.RolloutState)
		}
		if sd := newest(t, client); sd.Status != types.ServiceDeploymentStatusPending {
			t.Errorf("service deployment is %s at first", sd.Status)
		}
		sd := settle(t, client, 10*time.Minute)
		if took := time.Since(begin); sd.Status != types.ServiceDeploymentStatusSuccessful || took < 120*time.Second || took > 200*time.Second {
			t.Errorf("%s after %s", sd.Status, took)
		}
		s2 := describe(t, client)
		if len(s2.Deployments) != 1 || *s2.Deployments[0].Id != *p.Id || s2.Deployments[0].RolloutState != types.DeploymentRolloutStateCompleted {
			t.Errorf("deployments at the end: %+v", s2.Deployments)
		}
		if *s2.TaskDefinition != arn || s2.RunningCount != 2 || s2.PendingCount != 0 {
			t.Errorf("at the end: %s %d/%d", *s2.TaskDefinition, s2.RunningCount, s2.PendingCount)
		}
		wantEvent(t, s2, "(service web) (deployment "+*p.Id+") deployment completed.")
		wantEvent(t, s2, "(service web) has started 2 tasks: (task ")
		if got := s2.Events[0].CreatedAt.Sub(*s2.Events[1].CreatedAt); got != time.Millisecond {
			t.Errorf("steady state %s after completed", got)
		}
	})
}

func TestBreakerRollsBack(t *testing.T) {
	for _, scenario := range []string{"cannot-pull"} {
		t.Run(scenario, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				_, client := demo(t, scenario)
				before := describe(t, client)
				arn := register(t, client, "web:2")
				s := update(t, client, ecs.UpdateServiceInput{TaskDefinition: &arn})
				ours := *s.Deployments[0].Id
				begin := time.Now()
				sd := settle(t, client, 15*time.Minute)
				if sd.Status != types.ServiceDeploymentStatusRollbackSuccessful {
					t.Errorf("status %s", sd.Status)
				}
				_ = begin
				after := describe(t, client)
				if len(after.Deployments) != 1 || *after.Deployments[0].Id != *before.Deployments[0].Id ||
					!after.Deployments[0].CreatedAt.Equal(*before.Deployments[0].CreatedAt) {
					t.Errorf("after the rollback: %+v", after.Deployments)
				}
				if *after.TaskDefinition != *before.TaskDefinition || after.RunningCount != 2 {
					t.Errorf("after the rollback: %s, %d running", *after.TaskDefinition, after.RunningCount)
				}
				if sd.Rollback == nil || sd.DeploymentCircuitBreaker.Status != types.ServiceDeploymentRollbackMonitorsStatusTriggered ||
					*sd.StatusReason != "Service deployment rolled back because the circuit breaker threshold was exceeded." {
					t.Errorf("service deployment: %+v", sd)
				}
				wantEvent(t, after, "(deployment "+ours+") deployment failed: tasks failed to start.")
				wantEvent(t, after, "rolling back to deployment "+*before.Deployments[0].Id+".")
				for _, task := range stoppedTasks(t, client, ours) {
					t.Log(task.StopCode, aws.ToString(task.StoppedReason))
				}
				for _, m := range messages(after) {
					t.Log(m)
				}
			})
		})
	}
}

var _ = ecssim.Starts
