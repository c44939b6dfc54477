package ecssim_test

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

// TestSteadyAfterScalingIn: the service is steady again when no task drains any
// more, which takes the deregistration delay at least.
func TestSteadyAfterScalingIn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		_, client := demo(t, "unhealthy", func(w *ecssim.World) { w.Images = nil })
		for _, count := range []int32{4, 1} {
			update(t, client, ecs.UpdateServiceInput{DesiredCount: aws.Int32(count)})
			time.Sleep(5 * time.Minute)
		}
		events := describe(t, client).Events // newest first
		stopped := slices.IndexFunc(events, func(e types.ServiceEvent) bool { return strings.Contains(*e.Message, "has stopped 3 running tasks") })
		if stopped < 0 || !strings.HasSuffix(*events[0].Message, "has reached a steady state.") {
			t.Fatalf("events %+v", events)
		}
		if took := events[0].CreatedAt.Sub(*events[stopped].CreatedAt); took < 30*time.Second {
			t.Errorf("steady %s after the stop", took)
		}
	})
}

// TestTargetEvents checks counts, order and distances of the events behind a
// load balancer with those of real deployments of two tasks.
func TestTargetEvents(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		_, client := demo(t, "unhealthy", func(w *ecssim.World) { w.Images = nil })
		arn := register(t, client, "web:2")
		update(t, client, ecs.UpdateServiceInput{TaskDefinition: &arn})
		settle(t, client, 10*time.Minute)
		events := describe(t, client).Events // newest first
		want := []struct {
			text  string
			after time.Duration // after the event before
		}{
			{"has reached a steady state.", time.Millisecond},
			{"deployment completed.", 0},
			{"has begun draining connections on 2 tasks.", 5 * time.Millisecond},
			{"deregistered 2 targets in (target-group ", 9600 * time.Millisecond},
			{"has stopped 2 running tasks: ", 0},
			{"registered 2 targets in (target-group ", 30100 * time.Millisecond},
			{"has started 2 tasks: ", 0},
		}
		if len(events) < len(want) {
			t.Fatalf("%d events", len(events))
		}
		for i, w := range want {
			if !strings.Contains(*events[i].Message, w.text) {
				t.Errorf("event %d: %s", i, *events[i].Message)
			}
			if got := events[i].CreatedAt.Sub(*events[i+1].CreatedAt); w.after != 0 && got != w.after {
				t.Errorf("%q comes %s after the event before", w.text, got)
			}
		}
	})
}
