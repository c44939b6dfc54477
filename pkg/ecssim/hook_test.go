package ecssim_test

// This file tests pause hooks of rolling deployments with the real client.

import (
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ecs"
	"github.com/aws/aws-sdk-go-v2/service/ecs/types"

	"github.com/ecs-deploy/ecs-deploy/pkg/ecssim"
)

func pauseHook(stage types.DeploymentLifecycleHookStage, minutes int32, action types.DeploymentLifecycleHookAction) types.DeploymentLifecycleHook {
	h := types.DeploymentLifecycleHook{TargetType: types.DeploymentLifecycleHookTargetTypePause, LifecycleStages: []types.DeploymentLifecycleHookStage{stage}}
	if minutes > 0 {
		h.TimeoutConfiguration = &types.DeploymentLifecycleHookTimeoutConfiguration{TimeoutInMinutes: &minutes, Action: action}
	}
	return h
}

// deployPausing deploys web:2 with hooks and waits until it pauses.
func deployPausing(t *testing.T, client *ecs.Client, hooks ...types.DeploymentLifecycleHook) types.ServiceDeployment {
	t.Helper()
	config := breaker(true, true)
	config.LifecycleHooks = hooks
	arn := register(t, client, "web:2")
	update(t, client, ecs.UpdateServiceInput{TaskDefinition: &arn, DeploymentConfiguration: config})
	return untilPaused(t, client)
}

func untilPaused(t *testing.T, client *ecs.Client) types.ServiceDeployment {
	t.Helper()
	for begin := time.Now(); ; time.Sleep(time.Second) {
		sd := newest(t, client)
		if sd.LifecycleStage != "" {
			return sd
		}
		if time.Since(begin) > 10*time.Minute {
			t.Fatal("it does not pause")
		}
	}
}

func resume(t *testing.T, client *ecs.Client, sd types.ServiceDeployment, action types.DeploymentLifecycleHookAction) error {
	t.Helper()
	out, err := client.ContinueServiceDeployment(t.Context(), &ecs.ContinueServiceDeploymentInput{
		ServiceDeploymentArn: sd.ServiceDeploymentArn, Action: action,
		HookId: sd.LifecycleHookDetails[len(sd.LifecycleHookDetails)-1].HookId,
	})
	if err == nil && *out.ServiceDeploymentArn != *sd.ServiceDeploymentArn {
		t.Errorf("answered %s", *out.ServiceDeploymentArn)
	}
	return err
}

func TestPauseAndContinue(t *testing.T) {
	inBubble(t, "healthy", func(t *testing.T, client *ecs.Client) {
		sd := deployPausing(t, client, pauseHook(types.DeploymentLifecycleHookStagePostScaleUp, 0, ""))
		h := sd.LifecycleHookDetails[0]
		if sd.Status != types.ServiceDeploymentStatusInProgress || sd.LifecycleStage != types.ServiceDeploymentLifecycleStagePostScaleUp || len(sd.LifecycleHookDetails) != 1 ||
			h.Status != types.DeploymentLifecycleHookStatusAwaitingAction || h.TargetType != types.DeploymentLifecycleHookTargetTypePause ||
			!strings.HasPrefix(*h.HookId, "ecs-pause-") || h.TimeoutAction != types.DeploymentLifecycleHookActionRollback {
			t.Errorf("paused: %+v", sd)
		}
		if left := time.Until(*h.ExpiresAt); left < 23*time.Hour || left > 24*time.Hour {
			t.Errorf("expires in %s", left)
		}
		time.Sleep(2 * time.Hour)
		s := describe(t, client)
		if len(s.Deployments) != 2 || s.Deployments[0].RunningCount != 2 || s.Deployments[1].RunningCount != 2 || s.Deployments[0].RolloutState != types.DeploymentRolloutStateInProgress {
			t.Errorf("two hours later: %+v", s.Deployments)
		}
		for _, m := range messages(s) {
			if strings.Contains(m, "was unable to") {
				t.Error(m)
			}
		}
		if err := resume(t, client, sd, ""); err != nil {
			t.Fatal(err)
		}
		begin := time.Now()
		if sd = settle(t, client, 10*time.Minute); sd.Status != types.ServiceDeploymentStatusSuccessful || sd.LifecycleHookDetails[0].Status != types.DeploymentLifecycleHookStatusSucceeded || time.Since(begin) < 20*time.Second {
			t.Errorf("%s, hooks %+v", sd.Status, sd.LifecycleHookDetails)
		}
		if s := describe(t, client); len(s.Deployments) != 1 || s.RunningCount != 2 {
			t.Errorf("at the end: %+v", s.Deployments)
		}
	})
}

func TestPauseAndRollBack(t *testing.T) {
	inBubble(t, "healthy", func(t *testing.T, client *ecs.Client) {
		before := *describe(t, client).Deployments[0].Id
		sd := deployPausing(t, client, pauseHook(types.DeploymentLifecycleHookStagePostScaleUp, 0, ""))
		if err := resume(t, client, sd, types.DeploymentLifecycleHookActionRollback); err != nil {
			t.Fatal(err)
		}
		if sd := settle(t, client, 10*time.Minute); sd.Status != types.ServiceDeploymentStatusRollbackSuccessful || !strings.Contains(*sd.StatusReason, "POST_SCALE_UP pause hook") {
			t.Errorf("%s: %s", sd.Status, aws.ToString(sd.StatusReason))
		}
		if s := describe(t, client); *s.Deployments[0].Id != before || len(s.Deployments) != 1 || s.RunningCount != 2 {
			t.Errorf("at the end: %+v", s.Deployments)
		}
	})
}

func TestPauseTimesOut(t *testing.T) {
	for action, want := range map[types.DeploymentLifecycleHookAction]types.ServiceDeploymentStatus{
		types.DeploymentLifecycleHookActionRollback: types.ServiceDeploymentStatusRollbackSuccessful,
		types.DeploymentLifecycleHookActionContinue: types.ServiceDeploymentStatusSuccessful,
	} {
		inBubble(t, "healthy", func(t *testing.T, client *ecs.Client) {
			deployPausing(t, client, pauseHook(types.DeploymentLifecycleHookStagePostScaleUp, 30, action))
			begin := time.Now()
			sd := settle(t, client, time.Hour)
			if took := time.Since(begin); sd.Status != want || took < 30*time.Minute || took > 35*time.Minute || sd.LifecycleHookDetails[0].Status != types.DeploymentLifecycleHookStatusTimedOut {
				t.Errorf("%s after %s: %+v", sd.Status, took, sd.LifecycleHookDetails)
			}
			if reason := "Service deployment rolled back because POST_SCALE_UP pause hook timed out."; action == types.DeploymentLifecycleHookActionRollback && *sd.StatusReason != reason {
				t.Errorf("%s", *sd.StatusReason)
			}
		})
	}
}

// TestPauseBeforeAnything pauses twice: nothing is started before PRE_SCALE_UP
// is over.
func TestPauseBeforeAnything(t *testing.T) {
	inBubble(t, "healthy", func(t *testing.T, client *ecs.Client) {
		both := pauseHook(types.DeploymentLifecycleHookStagePreScaleUp, 0, "")
		both.LifecycleStages = append(both.LifecycleStages, types.DeploymentLifecycleHookStagePostScaleUp)
		sd := deployPausing(t, client, both)
		time.Sleep(time.Hour)
		if s := describe(t, client); sd.LifecycleStage != "PRE_SCALE_UP" || s.Deployments[0].DesiredCount != 0 || s.RunningCount != 2 || s.PendingCount != 0 {
			t.Errorf("at %s: %+v", sd.LifecycleStage, s.Deployments)
		}
		if err := resume(t, client, sd, "CONTINUE"); err != nil {
			t.Fatal(err)
		}
		time.Sleep(5 * time.Second)
		sd = untilPaused(t, client)
		if sd.LifecycleStage != "POST_SCALE_UP" || len(sd.LifecycleHookDetails) != 2 {
			t.Errorf("at %s: %+v", sd.LifecycleStage, sd.LifecycleHookDetails)
		}
		if err := resume(t, client, sd, "CONTINUE"); err != nil {
			t.Fatal(err)
		}
		if sd := settle(t, client, 10*time.Minute); sd.Status != types.ServiceDeploymentStatusSuccessful {
			t.Errorf("%s", sd.Status)
		}
	})
}

func TestContinueErrors(t *testing.T) {
	inBubble(t, "healthy", func(t *testing.T, client *ecs.Client) {
		sd := deployPausing(t, client, pauseHook(types.DeploymentLifecycleHookStagePostScaleUp, 0, ""))
		call := func(arn, hook string) error {
			_, err := client.ContinueServiceDeployment(t.Context(), &ecs.ContinueServiceDeploymentInput{ServiceDeploymentArn: &arn, HookId: &hook})
			return err
		}
		arn, hook := *sd.ServiceDeploymentArn, *sd.LifecycleHookDetails[0].HookId
		wantCode(t, call(arn+"x", hook), "ServiceDeploymentNotFoundException", "The service deployment does not exist.")
		wantCode(t, call(arn, "pause-1"), "InvalidParameterException", "Invalid hookId: hookId must follow the format: ecs-{hookType}-{id}")
		const unavailable = "Provided hookId is either completed, unavailable, or not associated with the given Resource ARN"
		wantCode(t, call(arn, hook+"x"), "InvalidParameterException", unavailable)
		if err := call(arn, hook); err != nil {
			t.Fatal(err)
		}
		wantCode(t, call(arn, hook), "InvalidParameterException", unavailable)
		settle(t, client, 10*time.Minute)
		wantCode(t, call(arn, hook), "InvalidParameterException", "Continuing a service deployment is not allowed for service deployment in terminal states.")
	})
}

func TestHooksThatAreRefused(t *testing.T) {
	inBubble(t, "healthy", func(t *testing.T, client *ecs.Client) {
		wrong := pauseHook(types.DeploymentLifecycleHookStageProductionTrafficShift, 0, "")
		long := pauseHook(types.DeploymentLifecycleHookStagePostScaleUp, 20161, "")
		other := wrong
		other.TargetType = "EMAIL"
		for text, h := range map[string]types.DeploymentLifecycleHook{
			"Invalid lifecycle stage provided for Pause Hook":         wrong,
			"timeoutInMinutes must be between 1 and 20160.":           long,
			"Invalid targetType. Valid values are: AWS_LAMBDA, PAUSE": other,
		} {
			config := breaker(true, true)
			config.LifecycleHooks = []types.DeploymentLifecycleHook{h}
			_, err := client.UpdateService(t.Context(), &ecs.UpdateServiceInput{Cluster: aws.String("demo"), Service: aws.String("web"), DeploymentConfiguration: config})
			wantCode(t, err, "InvalidParameterException", text)
		}
	})
}

// TestColleagueContinues lets an actor press the button.
func TestColleagueContinues(t *testing.T) {
	inBubble(t, "healthy", func(t *testing.T, client *ecs.Client) {
		deployPausing(t, client, pauseHook(types.DeploymentLifecycleHookStagePostScaleUp, 0, ""))
		if sd := settle(t, client, 20*time.Minute); sd.Status != types.ServiceDeploymentStatusSuccessful {
			t.Errorf("%s", sd.Status)
		}
	}, func(w *ecssim.World) {
		w.Actors = []ecssim.Actor{{AfterDeployment: true, After: 10 * minute, Operation: "ContinueServiceDeployment",
			Input: ecssim.Document{"serviceDeploymentArn": "{serviceDeployment}", "hookId": "{hook}"}}}
	})
}
