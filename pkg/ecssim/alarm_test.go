package ecssim_test

// This file tests deployment alarms with the real client: bake time, rollback,
// what is ignored, and which of alarm and circuit breaker decides.

import (
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ecs"
	"github.com/aws/aws-sdk-go-v2/service/ecs/types"

	"github.com/ecs-deploy/ecs-deploy/pkg/ecssim"
)

const minute = ecssim.Duration(time.Minute)

// alarmed is a configuration that watches the alarm errors.
func alarmed(rollback bool, circuitBreaker *types.DeploymentConfiguration) *types.DeploymentConfiguration {
	circuitBreaker.Alarms = &types.DeploymentAlarms{AlarmNames: []string{"errors", "latency"}, Enable: true, Rollback: rollback}
	return circuitBreaker
}

// withAlarm gives the world the alarm errors.
func withAlarm(a ecssim.AlarmSpec) func(*ecssim.World) {
	a.Name = "errors"
	return func(w *ecssim.World) { w.Alarms = []ecssim.AlarmSpec{a} }
}

func deployWatched(t *testing.T, client *ecs.Client, config *types.DeploymentConfiguration) string {
	t.Helper()
	arn := register(t, client, "web:2")
	return *update(t, client, ecs.UpdateServiceInput{TaskDefinition: &arn, DeploymentConfiguration: config}).Deployments[0].Id
}

func wantAlarms(t *testing.T, sd types.ServiceDeployment, status types.ServiceDeploymentRollbackMonitorsStatus, triggered ...string) {
	t.Helper()
	a := sd.Alarms
	if a == nil || a.Status != status || !slices.Equal(a.TriggeredAlarmNames, triggered) || !slices.Equal(a.AlarmNames, []string{"errors", "latency"}) {
		t.Errorf("alarms %+v, want %s %v", a, status, triggered)
	}
}

func TestAlarmRollsBackDuringTheBakeTime(t *testing.T) {
	inBubble(t, "healthy", func(t *testing.T, client *ecs.Client) {
		before := describe(t, client).Deployments[0]
		ours := deployWatched(t, client, alarmed(true, breaker(true, true)))
		time.Sleep(4 * time.Minute)
		s := describe(t, client)
		if p := s.Deployments[0]; len(s.Deployments) != 1 || *p.Id != ours || p.RunningCount != 2 || p.RolloutState != types.DeploymentRolloutStateInProgress {
			t.Errorf("baking: %+v", s.Deployments)
		}
		wantAlarms(t, newest(t, client), "MONITORING")
		time.Sleep(35 * time.Second) // ALARM after 4 m 10 s, noticed 20 s later
		s = describe(t, client)
		if p := s.Deployments[0]; *p.Id != *before.Id || p.RolloutState != types.DeploymentRolloutStateInProgress {
			t.Errorf("rolling back: %+v", s.Deployments)
		}
		sd := settle(t, client, 10*time.Minute)
		wantAlarms(t, sd, "TRIGGERED", "errors")
		if sd.Status != types.ServiceDeploymentStatusRollbackSuccessful || sd.DeploymentCircuitBreaker.Status != "MONITORING_COMPLETE" || sd.Rollback == nil {
			t.Errorf("%s, circuit breaker %s", sd.Status, sd.DeploymentCircuitBreaker.Status)
		}
		after := describe(t, client)
		wantEvent(t, after, "(service web) (deployment "+ours+") deployment failed: alarm detected.")
		wantEvent(t, after, "(service web) rolling back to deployment "+*before.Id+".")
		if after.RunningCount != 2 || len(after.Deployments) != 1 {
			t.Errorf("at the end: %+v", after.Deployments)
		}
	}, withAlarm(ecssim.AlarmSpec{AfterDeployment: true, Image: "web:*", After: 4*minute + minute/6}))
}

func TestAlarmsThatStayQuietBake(t *testing.T) {
	bake := 5 * minute
	for name, c := range map[string]struct {
		switches ecssim.Switches
		min, max time.Duration
	}{
		"default": {ecssim.Switches{}, 5 * time.Minute, 6 * time.Minute},
		"longer":  {ecssim.Switches{BakeTime: &bake}, 7 * time.Minute, 8 * time.Minute},
	} {
		inBubble(t, "healthy", func(t *testing.T, client *ecs.Client) {
			begin := time.Now()
			deployWatched(t, client, alarmed(true, breaker(true, true)))
			sd := settle(t, client, 20*time.Minute)
			wantAlarms(t, sd, "MONITORING_COMPLETE")
			if took := time.Since(begin); sd.Status != types.ServiceDeploymentStatusSuccessful || took < c.min || took > c.max {
				t.Errorf("%s: %s after %s", name, sd.Status, took)
			}
			time.Sleep(10 * time.Minute) // the alarm goes off too late
			if s := describe(t, client); s.Deployments[0].RolloutState != types.DeploymentRolloutStateCompleted {
				t.Errorf("%s: %+v", name, s.Deployments)
			}
		}, withAlarm(ecssim.AlarmSpec{AfterDeployment: true, After: 10 * minute}), func(w *ecssim.World) { w.Switches = c.switches })
	}
}

func TestAlarmWithoutRollback(t *testing.T) {
	inBubble(t, "healthy", func(t *testing.T, client *ecs.Client) {
		ours := deployWatched(t, client, alarmed(false, breaker(true, true)))
		sd := settle(t, client, 10*time.Minute)
		wantAlarms(t, sd, "TRIGGERED", "errors")
		if sd.Status != types.ServiceDeploymentStatusStopped || sd.StoppedAt == nil || sd.Rollback != nil {
			t.Errorf("%+v", sd)
		}
		if p := describe(t, client).Deployments[0]; *p.Id != ours || p.RolloutState != types.DeploymentRolloutStateFailed {
			t.Errorf("%+v", p)
		}
	}, withAlarm(ecssim.AlarmSpec{AfterDeployment: true, After: minute}))
}

// TestAlarmThatIsOnAlready is ignored, so that a deployment can mend it; when it
// is off again it counts.
func TestAlarmThatIsOnAlready(t *testing.T) {
	inBubble(t, "healthy", func(t *testing.T, client *ecs.Client) {
		deployWatched(t, client, alarmed(true, breaker(true, true)))
		wantAlarms(t, newest(t, client), "DISABLED")
		begin := time.Now()
		if sd := settle(t, client, 20*time.Minute); sd.Status != types.ServiceDeploymentStatusSuccessful || time.Since(begin) > 4*time.Minute {
			t.Errorf("%s after %s", sd.Status, time.Since(begin))
		}
		time.Sleep(5 * time.Minute)
		deployWatched(t, client, alarmed(true, breaker(true, true)))
		wantAlarms(t, newest(t, client), "MONITORING")
	}, withAlarm(ecssim.AlarmSpec{For: 6 * minute}))
}

// TestFirstToTripWins lets circuit breaker and alarm compete: the method that
// trips first decides, and whether to roll back is that method's setting.
func TestFirstToTripWins(t *testing.T) {
	for name, c := range map[string]struct {
		after  ecssim.Duration
		config *types.DeploymentConfiguration
		status types.ServiceDeploymentStatus
		event  string
	}{
		"alarm first":                     {minute, alarmed(true, breaker(true, false)), "ROLLBACK_SUCCESSFUL", "alarm detected."},
		"alarm first, without rollback":   {minute, alarmed(false, breaker(true, true)), "STOPPED", "alarm detected."},
		"breaker first":                   {10 * minute, alarmed(false, breaker(true, true)), "ROLLBACK_SUCCESSFUL", "tasks failed to start."},
		"breaker first, without rollback": {10 * minute, alarmed(true, breaker(true, false)), "STOPPED", "tasks failed to start."},
		"alarms off": {minute, &types.DeploymentConfiguration{
			Alarms:                   &types.DeploymentAlarms{AlarmNames: []string{"errors"}},
			DeploymentCircuitBreaker: &types.DeploymentCircuitBreaker{Enable: true, Rollback: true},
		}, "ROLLBACK_SUCCESSFUL", "tasks failed to start."},
	} {
		t.Run(name, func(t *testing.T) {
			inBubble(t, "crash-loop", func(t *testing.T, client *ecs.Client) {
				deployWatched(t, client, c.config)
				if sd := settle(t, client, 20*time.Minute); sd.Status != c.status {
					t.Errorf("%s, want %s", sd.Status, c.status)
				}
				wantEvent(t, describe(t, client), "deployment failed: "+c.event)
			}, withAlarm(ecssim.AlarmSpec{AfterDeployment: true, After: c.after}))
		})
	}
}

// TestAlarmOfAReplacedDeployment does not strike the one that replaced it.
func TestAlarmOfAReplacedDeployment(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		_, client := demo(t, "healthy", withAlarm(ecssim.AlarmSpec{AfterDeployment: true, Image: "web:2", After: 2 * minute}))
		deployWatched(t, client, alarmed(true, breaker(true, true)))
		time.Sleep(time.Minute)
		update(t, client, ecs.UpdateServiceInput{TaskDefinition: aws.String("web:1")})
		if sd := settle(t, client, 20*time.Minute); sd.Status != types.ServiceDeploymentStatusSuccessful {
			t.Errorf("%s", sd.Status)
		}
	})
}
