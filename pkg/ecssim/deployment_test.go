package ecssim_test

// This file tests how deployments begin and end, beyond the scenarios.

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

// inBubble runs a test with the service web of a scenario.
func inBubble(t *testing.T, scenario string, test func(*testing.T, *ecs.Client), changes ...func(*ecssim.World)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		_, client := demo(t, scenario, changes...)
		test(t, client)
	})
}

func breaker(enable, rollback bool) *types.DeploymentConfiguration {
	return &types.DeploymentConfiguration{
		MinimumHealthyPercent: aws.Int32(100), MaximumPercent: aws.Int32(200),
		DeploymentCircuitBreaker: &types.DeploymentCircuitBreaker{Enable: enable, Rollback: rollback},
	}
}

func TestBreakerWithoutRollback(t *testing.T) {
	inBubble(t, "crash-loop", func(t *testing.T, client *ecs.Client) {
		arn := register(t, client, "web:2")
		ours := *update(t, client, ecs.UpdateServiceInput{TaskDefinition: &arn, DeploymentConfiguration: breaker(true, false)}).Deployments[0].Id
		if sd := settle(t, client, 20*time.Minute); sd.Status != types.ServiceDeploymentStatusStopped || sd.StoppedAt == nil || sd.Rollback != nil {
			t.Errorf("service deployment %+v", sd)
		}
		time.Sleep(30 * time.Minute)
		s := describe(t, client)
		p := s.Deployments[0]
		if len(s.Deployments) != 2 || *p.Id != ours || p.RolloutState != types.DeploymentRolloutStateFailed ||
			*p.RolloutStateReason != "ECS deployment circuit breaker: tasks failed to start." || s.Deployments[1].RunningCount != 2 {
			t.Errorf("deployments %+v", s.Deployments)
		}
		if p.RunningCount+p.PendingCount != 0 {
			t.Error("a FAILED deployment launched tasks")
		}
	})
}

// TestNoCandidate is the documented trap: while a rollback is going on, the
// deployment that it goes to cannot be rolled back to by a third one.
func TestNoCandidate(t *testing.T) {
	inBubble(t, "crash-loop", func(t *testing.T, client *ecs.Client) {
		second := register(t, client, "web:2")
		update(t, client, ecs.UpdateServiceInput{TaskDefinition: &second})
		for newest(t, client).Status != types.ServiceDeploymentStatusRollbackInProgress {
			time.Sleep(2 * time.Second)
		}
		third := register(t, client, "web:3")
		s := update(t, client, ecs.UpdateServiceInput{TaskDefinition: &third})
		ours := *s.Deployments[0].Id
		sd := settle(t, client, 20*time.Minute)
		if sd.Status != types.ServiceDeploymentStatusRollbackFailed || *sd.StatusReason != "No rollback candidate was found to run the rollback." {
			t.Errorf("%s: %s", sd.Status, aws.ToString(sd.StatusReason))
		}
		time.Sleep(10 * time.Minute)
		s2 := describe(t, client)
		if *s2.Deployments[0].Id != ours || s2.Deployments[0].RolloutState != types.DeploymentRolloutStateFailed || s2.RunningCount != 2 {
			t.Errorf("stalled: %+v", s2.Deployments)
		}
		update(t, client, ecs.UpdateServiceInput{TaskDefinition: aws.String("web:1")})
		if sd := settle(t, client, 20*time.Minute); sd.Status != types.ServiceDeploymentStatusSuccessful {
			t.Errorf("the way out: %s", sd.Status)
		}
	})
}

func TestStopServiceDeployment(t *testing.T) {
	inBubble(t, "slow-start", func(t *testing.T, client *ecs.Client) {
		before := describe(t, client)
		arn := register(t, client, "web:2")
		// Works without a circuit breaker too.
		ours := *update(t, client, ecs.UpdateServiceInput{TaskDefinition: &arn, DeploymentConfiguration: breaker(false, false)}).Deployments[0].Id
		time.Sleep(30 * time.Second)
		sd := newest(t, client)
		if sd.TargetServiceRevision.PendingTaskCount != 2 || len(sd.SourceServiceRevisions) != 1 || sd.SourceServiceRevisions[0].RunningTaskCount != 2 {
			t.Errorf("counts: %+v %+v", sd.TargetServiceRevision, sd.SourceServiceRevisions)
		}
		in := &ecs.StopServiceDeploymentInput{ServiceDeploymentArn: sd.ServiceDeploymentArn, StopType: types.StopServiceDeploymentStopTypeRollback}
		if _, err := client.StopServiceDeployment(t.Context(), in); err != nil {
			t.Fatal(err)
		}
		if got := newest(t, client).Status; got != types.ServiceDeploymentStatusRollbackRequested {
			t.Errorf("status %s", got)
		}
		if sd = settle(t, client, 5*time.Minute); sd.Status != types.ServiceDeploymentStatusRollbackSuccessful {
			t.Errorf("status %s", sd.Status)
		}
		after := describe(t, client)
		if *after.Deployments[0].Id != *before.Deployments[0].Id || len(after.Deployments) != 1 {
			t.Errorf("deployments %+v", after.Deployments)
		}
		wantEvent(t, after, "(service web) stopped 2 pending tasks.")
		for _, task := range stoppedTasks(t, client, ours) {
			if *task.StoppedReason != "Scaling activity initiated by (deployment "+ours+")" {
				t.Error(*task.StoppedReason)
			}
		}
		_, err := client.StopServiceDeployment(t.Context(), in)
		wantCode(t, err, "ConflictException", "ROLLBACK_SUCCESSFUL")
	})
}

func TestWhatStartsADeployment(t *testing.T) {
	network := func(subnet string) *types.NetworkConfiguration {
		return &types.NetworkConfiguration{AwsvpcConfiguration: &types.AwsVpcConfiguration{Subnets: []string{subnet}}}
	}
	for name, c := range map[string]struct {
		in     ecs.UpdateServiceInput
		starts bool
	}{
		"nothing":         {ecs.UpdateServiceInput{}, false},
		"same definition": {ecs.UpdateServiceInput{TaskDefinition: aws.String("web:1")}, false},
		"same family":     {ecs.UpdateServiceInput{TaskDefinition: aws.String("web")}, false},
		"desired count":   {ecs.UpdateServiceInput{DesiredCount: aws.Int32(5)}, false},
		"configuration":   {ecs.UpdateServiceInput{DeploymentConfiguration: breaker(true, true)}, false},
		"grace period":    {ecs.UpdateServiceInput{HealthCheckGracePeriodSeconds: aws.Int32(9)}, false},
		"execute command": {ecs.UpdateServiceInput{EnableExecuteCommand: aws.Bool(true)}, false},
		"propagate tags":  {ecs.UpdateServiceInput{PropagateTags: types.PropagateTagsService}, false},
		"no balancers":    {ecs.UpdateServiceInput{LoadBalancers: []types.LoadBalancer{}}, false},
		"force":           {ecs.UpdateServiceInput{ForceNewDeployment: true}, true},
		"network":         {ecs.UpdateServiceInput{NetworkConfiguration: network("subnet-9")}, true},
		"platform":        {ecs.UpdateServiceInput{PlatformVersion: aws.String("1.3.0")}, true},
		"balancer": {ecs.UpdateServiceInput{LoadBalancers: []types.LoadBalancer{{
			ContainerName: aws.String("web"), ContainerPort: aws.Int32(8080), TargetGroupArn: aws.String("arn:tg")}}}, true},
		"registries": {ecs.UpdateServiceInput{ServiceRegistries: []types.ServiceRegistry{{RegistryArn: aws.String("arn:sr")}}}, true},
	} {
		t.Run(name, func(t *testing.T) {
			inBubble(t, "healthy", func(t *testing.T, client *ecs.Client) {
				before := *describe(t, client).Deployments[0].Id
				s := update(t, client, c.in)
				if started := *s.Deployments[0].Id != before; started != c.starts {
					t.Errorf("started: %t", started)
				}
				time.Sleep(10 * time.Minute)
				if s := describe(t, client); len(s.Deployments) != 1 || s.RunningCount != s.DesiredCount || !strings.HasSuffix(*s.Events[0].Message, "has reached a steady state.") {
					t.Errorf("not steady: %d of %d; %s", s.RunningCount, s.DesiredCount, *s.Events[0].Message)
				}
			})
		})
	}
}

func TestPartialDeploymentConfiguration(t *testing.T) {
	partial := ecs.UpdateServiceInput{DeploymentConfiguration: &types.DeploymentConfiguration{MinimumHealthyPercent: aws.Int32(50)}}
	for mode, enabled := range map[string]bool{"": false, "reset": false, "merge": true} {
		inBubble(t, "healthy", func(t *testing.T, client *ecs.Client) {
			got := update(t, client, partial).DeploymentConfiguration
			if got.DeploymentCircuitBreaker.Enable != enabled || *got.MinimumHealthyPercent != 50 || *got.MaximumPercent != 200 {
				t.Errorf("%q: %+v %+v", mode, got, got.DeploymentCircuitBreaker)
			}
		}, func(w *ecssim.World) { w.Switches.PartialDeploymentConfiguration = mode })
	}
}

func TestScalingDuringARollout(t *testing.T) {
	inBubble(t, "healthy", func(t *testing.T, client *ecs.Client) {
		update(t, client, ecs.UpdateServiceInput{ForceNewDeployment: true})
		time.Sleep(20 * time.Second)
		update(t, client, ecs.UpdateServiceInput{DesiredCount: aws.Int32(4)})
		time.Sleep(3 * time.Second)
		s := describe(t, client)
		if s.DesiredCount != 4 || s.Deployments[0].DesiredCount != 4 || s.Deployments[1].DesiredCount != 4 {
			t.Errorf("both revisions scale: %d, %d of %d", s.Deployments[0].DesiredCount, s.Deployments[1].DesiredCount, s.DesiredCount)
		}
		if sd := settle(t, client, 10*time.Minute); sd.Status != types.ServiceDeploymentStatusSuccessful || sd.TargetServiceRevision.RunningTaskCount != 4 {
			t.Errorf("%s %+v", sd.Status, sd.TargetServiceRevision)
		}
		update(t, client, ecs.UpdateServiceInput{DesiredCount: aws.Int32(0)})
		time.Sleep(5 * time.Minute)
		if s := describe(t, client); s.RunningCount != 0 || s.Deployments[0].DesiredCount != 0 {
			t.Errorf("%d running", s.RunningCount)
		}
	})
}

func TestUnrelatedRevisionIDs(t *testing.T) {
	for _, mode := range []string{"matching", "unrelated"} {
		inBubble(t, "healthy", func(t *testing.T, client *ecs.Client) {
			s := update(t, client, ecs.UpdateServiceInput{ForceNewDeployment: true})
			arn := *newest(t, client).TargetServiceRevision.Arn
			number := strings.TrimPrefix(*s.Deployments[0].Id, "ecs-svc/")
			if matches := strings.HasSuffix(arn, "/"+number); matches != (mode == "matching") {
				t.Errorf("%s: %s and %s", mode, arn, number)
			}
			out, err := client.DescribeServiceRevisions(t.Context(), &ecs.DescribeServiceRevisionsInput{ServiceRevisionArns: []string{arn, arn + "1"}})
			if err != nil || len(out.ServiceRevisions) != 1 || len(out.Failures) != 1 {
				t.Fatalf("%+v, %v", out, err)
			}
			r := out.ServiceRevisions[0]
			if *r.ContainerImages[0].Image != "web:1" || !strings.HasPrefix(*r.ContainerImages[0].ImageDigest, "sha256:") || *r.TaskDefinition != *s.TaskDefinition {
				t.Errorf("revision %+v", r)
			}
			if r.CreatedAt.After(*s.Deployments[0].CreatedAt) {
				t.Error("the revision is younger than its deployment")
			}
		}, func(w *ecssim.World) { w.Switches.ServiceRevisionIDs = mode })
	}
}

func TestReadLag(t *testing.T) {
	lag := ecssim.Duration(3 * time.Second)
	inBubble(t, "healthy", func(t *testing.T, client *ecs.Client) {
		before := *describe(t, client).Deployments[0].Id
		ours := *update(t, client, ecs.UpdateServiceInput{ForceNewDeployment: true}).Deployments[0].Id
		sds := func() int {
			out, err := client.ListServiceDeployments(t.Context(), &ecs.ListServiceDeploymentsInput{Cluster: aws.String("demo"), Service: aws.String("web")})
			if err != nil {
				t.Fatal(err)
			}
			return len(out.ServiceDeployments)
		}
		if s := describe(t, client); *s.Deployments[0].Id != before || len(s.Deployments) != 1 || sds() != 1 {
			t.Errorf("at once: %+v", s.Deployments)
		}
		time.Sleep(3 * time.Second)
		if s := describe(t, client); *s.Deployments[0].Id != ours || sds() != 2 {
			t.Errorf("after 3 s: %+v", s.Deployments)
		}
	}, func(w *ecssim.World) { w.Switches.ReadLag = &lag })
}

func TestLostTasksAreReplacedInTheSameRevision(t *testing.T) {
	inBubble(t, "healthy", func(t *testing.T, client *ecs.Client) {
		list, err := client.ListTasks(t.Context(), &ecs.ListTasksInput{Cluster: aws.String("demo"), ServiceName: aws.String("web")})
		if err != nil || len(list.TaskArns) != 2 {
			t.Fatal(list, err)
		}
		old := *describe(t, client).Deployments[0].Id
		update(t, client, ecs.UpdateServiceInput{ForceNewDeployment: true})
		time.Sleep(10 * time.Second)
		out, err := client.StopTask(t.Context(), &ecs.StopTaskInput{Cluster: aws.String("demo"), Task: &list.TaskArns[0]})
		if err != nil || *out.Task.DesiredStatus != "STOPPED" || *out.Task.LastStatus != "DEACTIVATING" || *out.Task.StoppedReason != "Task stopped by user" || out.Task.StopCode != types.TaskStopCodeUserInitiated {
			t.Errorf("stopped: %+v, %v", out, err)
		}
		time.Sleep(10 * time.Second)
		running, err := client.ListTasks(t.Context(), &ecs.ListTasksInput{Cluster: aws.String("demo"), StartedBy: &old})
		if err != nil || len(running.TaskArns) != 2 || slices.Contains(running.TaskArns, list.TaskArns[0]) {
			t.Errorf("the old deployment's tasks: %v, %v", running.TaskArns, err)
		}
		if sd := settle(t, client, 10*time.Minute); sd.Status != types.ServiceDeploymentStatusSuccessful {
			t.Error(sd.Status)
		}
		time.Sleep(2 * time.Hour)
		if gone := stoppedTasks(t, client, old); len(gone) != 0 {
			t.Errorf("%d stopped tasks are still known", len(gone))
		}
	})
}

func early(percent int32, cleanup types.ServiceRevisionCleanup) *types.DeploymentConfiguration {
	config := breaker(true, true)
	config.MinimumHealthyPercent = aws.Int32(min(percent, 50))
	config.EarlySuccessCriteria = &types.DeploymentEarlySuccessCriteria{Enable: true, HealthyPercent: aws.Int32(percent), SourceServiceRevisionCleanup: cleanup}
	return config
}

// TestEarlySuccess completes when half of the three new tasks, rounded up, are
// healthy, although the third finds no place yet. With DEFERRED, old tasks are
// still running then; with BLOCKING none are.
func TestEarlySuccess(t *testing.T) {
	for _, cleanup := range []types.ServiceRevisionCleanup{types.ServiceRevisionCleanupDeferred, types.ServiceRevisionCleanupBlocking} {
		inBubble(t, "healthy", func(t *testing.T, client *ecs.Client) {
			update(t, client, ecs.UpdateServiceInput{DesiredCount: aws.Int32(3)})
			time.Sleep(5 * time.Minute)
			arn := register(t, client, "web:2")
			ours := *update(t, client, ecs.UpdateServiceInput{TaskDefinition: &arn, DeploymentConfiguration: early(50, cleanup)}).Deployments[0].Id
			if sd := settle(t, client, 20*time.Minute); sd.Status != types.ServiceDeploymentStatusSuccessful {
				t.Errorf("%s: %s", cleanup, sd.Status)
			}
			s := describe(t, client)
			if p := s.Deployments[0]; *p.Id != ours || p.RolloutState != types.DeploymentRolloutStateCompleted || p.RunningCount != 2 || p.DesiredCount != 3 {
				t.Errorf("%s: %+v", cleanup, p)
			}
			deferred := cleanup == types.ServiceRevisionCleanupDeferred
			if old := s.Deployments[1:]; deferred != (len(old) == 1 && old[0].RunningCount > 0) || !deferred && len(old) > 0 {
				t.Errorf("%s: old deployments %+v", cleanup, old)
			}
			time.Sleep(10 * time.Minute)
			s = describe(t, client)
			if p := s.Deployments[0]; len(s.Deployments) != 1 || *p.Id != ours || p.RolloutState != types.DeploymentRolloutStateCompleted || p.RunningCount != 3 {
				t.Errorf("%s, later: %+v", cleanup, s.Deployments)
			}
		}, func(w *ecssim.World) {
			slots := 4 // two old tasks, which minimumHealthyPercent protects, and two new ones
			w.ClusterDefaults = &ecssim.ClusterSpec{TaskSlots: &slots}
		})
	}
}

func TestEarlySuccessIsRefused(t *testing.T) {
	inBubble(t, "healthy", func(t *testing.T, client *ecs.Client) {
		low := early(60, types.ServiceRevisionCleanupBlocking)
		low.MinimumHealthyPercent = aws.Int32(100)
		for text, config := range map[string]*types.DeploymentConfiguration{
			"healthyPercent must be between minimumHealthyPercent and 100.": low,
			"sourceServiceRevisionCleanup are required":                     early(60, ""),
		} {
			_, err := client.UpdateService(t.Context(), &ecs.UpdateServiceInput{Cluster: aws.String("demo"), Service: aws.String("web"), DeploymentConfiguration: config})
			wantCode(t, err, "InvalidParameterException", text)
		}
	})
}

func TestBakeTime(t *testing.T) {
	inBubble(t, "healthy", func(t *testing.T, client *ecs.Client) {
		config := breaker(true, true)
		config.BakeTimeInMinutes = aws.Int32(10)
		begin := time.Now()
		update(t, client, ecs.UpdateServiceInput{ForceNewDeployment: true, DeploymentConfiguration: config})
		settle(t, client, 20*time.Minute)
		if took := time.Since(begin); took < 11*time.Minute || took > 13*time.Minute {
			t.Errorf("took %s", took)
		}
	})
}

// TestExitsCanBeIgnored is ECS as it was seen in 2021: a crash loop that the
// circuit breaker does not notice.
func TestExitsCanBeIgnored(t *testing.T) {
	inBubble(t, "crash-loop", func(t *testing.T, client *ecs.Client) {
		arn := register(t, client, "web:2")
		update(t, client, ecs.UpdateServiceInput{TaskDefinition: &arn})
		time.Sleep(30 * time.Minute)
		if d := describe(t, client).Deployments[0]; d.FailedTasks != 0 || d.RolloutState != types.DeploymentRolloutStateInProgress {
			t.Errorf("%d failed, %s", d.FailedTasks, d.RolloutState)
		}
	}, func(w *ecssim.World) { w.Switches.IgnoreExits = true })
}
