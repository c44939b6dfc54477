package ecssim_test

// This file follows whole rollouts with the real client.

import (
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/ecs"
	"github.com/aws/aws-sdk-go-v2/service/ecs/types"
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
		gap := 0 // seconds in which the service looks finished and is not
		for now := s; *now.Deployments[0].Id != *p.Id || now.Deployments[0].RolloutState != types.DeploymentRolloutStateCompleted; {
			time.Sleep(time.Second)
			*now = describe(t, client)
			if d := now.Deployments[0]; len(now.Deployments) == 1 && now.RunningCount == now.DesiredCount && d.RolloutState == types.DeploymentRolloutStateInProgress {
				gap++
			}
			if time.Since(begin) > 10*time.Minute {
				t.Fatal("the rollout does not complete")
			}
		}
		if gap < 5 || gap > 25 {
			t.Errorf("one deployment, all tasks running, and yet in progress: for %d s", gap)
		}
		sd := newest(t, client)
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
	synctest.Test(t, func(t *testing.T) {
		_, client := demo(t, "cannot-pull")
		before := describe(t, client)
		old := before.Deployments[0]
		arn := register(t, client, "web:2")
		ours := *update(t, client, ecs.UpdateServiceInput{TaskDefinition: &arn}).Deployments[0].Id
		for newest(t, client).Status != types.ServiceDeploymentStatusRollbackInProgress {
			time.Sleep(time.Second)
		}
		during := describe(t, client)
		p := during.Deployments[0]
		if len(during.Deployments) != 2 || *p.Id != *old.Id || p.RolloutState != types.DeploymentRolloutStateInProgress ||
			*p.RolloutStateReason != "ECS deployment circuit breaker: rolling back to deploymentId "+*old.Id {
			t.Errorf("during the rollback: %+v", during.Deployments)
		}
		if failed := during.Deployments[1]; *failed.Id != ours || *failed.Status != "ACTIVE" || failed.RolloutState != types.DeploymentRolloutStateFailed {
			t.Errorf("the failed deployment: %+v", failed)
		}
		sd := settle(t, client, 5*time.Minute)
		after := describe(t, client)
		if len(after.Deployments) != 1 || *after.Deployments[0].Id != *old.Id || !after.Deployments[0].CreatedAt.Equal(*old.CreatedAt) {
			t.Errorf("after the rollback: %+v", after.Deployments)
		}
		if *after.TaskDefinition != *before.TaskDefinition || after.RunningCount != 2 {
			t.Errorf("after the rollback: %s, %d running", *after.TaskDefinition, after.RunningCount)
		}
		b := sd.DeploymentCircuitBreaker
		if sd.Status != types.ServiceDeploymentStatusRollbackSuccessful || b.Status != types.ServiceDeploymentRollbackMonitorsStatusTriggered ||
			b.FailureCount < 3 || b.Threshold != 3 || sd.Rollback == nil || !strings.HasSuffix(*sd.Rollback.ServiceRevisionArn, strings.TrimPrefix(*old.Id, "ecs-svc/")) ||
			*sd.StatusReason != "Service deployment rolled back because the circuit breaker threshold was exceeded." {
			t.Errorf("service deployment: %+v %+v %+v", sd, b, sd.Rollback)
		}
		wantEvent(t, after, "(service web) (deployment "+ours+") deployment failed: tasks failed to start.")
		wantEvent(t, after, "(service web) rolling back to deployment "+*old.Id+".")
		tasks := stoppedTasks(t, client, ours)
		if len(tasks) < 3 {
			t.Fatalf("%d stopped tasks", len(tasks))
		}
		for _, task := range tasks {
			if task.StopCode != types.TaskStopCodeTaskFailedToStart || task.StartedAt != nil || task.StoppedAt == nil ||
				*task.Group != "service:web" || !strings.HasPrefix(*task.StoppedReason, "CannotPullContainerError: ") {
				t.Errorf("stopped task %+v", task)
			}
		}
	})
}
