package pace_test

import (
	"context"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/ecs-deploy/ecs-deploy/pkg/pace"
)

// took is how long it takes to take n tokens.
func took(t *testing.T, l *pace.Limits, operation string, n int) time.Duration {
	t.Helper()
	began := time.Now()
	var all sync.WaitGroup
	for range n {
		all.Go(func() {
			if err := l.Take(t.Context(), operation); err != nil {
				t.Error(err)
			}
		})
	}
	all.Wait()
	return time.Since(began).Round(10 * time.Millisecond)
}

// TestTheBucketsOfAWS: nine tenths of the documented bursts cost nothing, and what is beyond waits for
// the refill.
func TestTheBucketsOfAWS(t *testing.T) {
	for _, c := range []struct {
		operation string
		burst     int
		more      int
		takes     time.Duration
	}{
		{"RegisterTaskDefinition", 18, 30, 30 * time.Second},
		{"UpdateService", 45, 50, 10 * time.Second},
		{"DescribeServices", 90, 100, 5 * time.Second},
		{"DescribeServiceDeployments", 45, 20, time.Second},
		{"ListTasks", 90, 20, time.Second},
		{"StopServiceDeployment", 1000, 1000, 0},
	} {
		synctest.Test(t, func(t *testing.T) {
			l := pace.New(nil)
			if d := took(t, l, c.operation, c.burst); d != 0 {
				t.Errorf("%s: the burst takes %s", c.operation, d)
			}
			if d := took(t, l, c.operation, c.more); d != c.takes {
				t.Errorf("%s: %d more take %s, want %s", c.operation, c.more, d, c.takes)
			}
		})
	}
}

// TestOperationsOfACategoryShareABucket, and those of others do not.
func TestOperationsOfACategoryShareABucket(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := pace.New(nil)
		took(t, l, "DescribeServices", 90)
		if d := took(t, l, "ListServices", 20); d != time.Second {
			t.Errorf("20 take %s", d)
		}
		if d := took(t, l, "UpdateService", 45); d != 0 {
			t.Errorf("another category takes %s", d)
		}
	})
}

// TestThrottled: a refusal empties the bucket and halves the rate, refusals of the same
// moment count once, and the rate comes back slowly.
func TestThrottled(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := pace.New(nil)
		for range 10 {
			l.Throttled("DescribeServices")
		}
		if d := took(t, l, "DescribeServices", 20); d != 2*time.Second {
			t.Errorf("20 calls at half the rate take %s", d)
		}
		for range 10 { // for ever: it does not stop altogether
			time.Sleep(2 * time.Second)
			l.Throttled("DescribeServices")
		}
		if d := took(t, l, "DescribeServices", 10); d != 2*time.Second {
			t.Errorf("10 calls at the slowest rate take %s", d)
		}
		for range 12 {
			time.Sleep(5 * time.Second)
			l.Served("DescribeServices")
		}
		time.Sleep(time.Minute)
		took(t, l, "DescribeServices", 90)
		if d := took(t, l, "DescribeServices", 20); d != time.Second {
			t.Errorf("20 calls take %s after a minute", d)
		}
	})
}

// TestAnInterruptedCallTakesNothing.
func TestAnInterruptedCallTakesNothing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := pace.New(nil)
		took(t, l, "RegisterTaskDefinition", 18)
		ctx, cancel := context.WithTimeout(t.Context(), 500*time.Millisecond)
		defer cancel()
		if err := l.Take(ctx, "RegisterTaskDefinition"); err == nil {
			t.Error("no error")
		}
		if d := took(t, l, "RegisterTaskDefinition", 1); d != 500*time.Millisecond {
			t.Errorf("the next takes %s", d)
		}
	})
}

// TestGather: reads go one by one as long as they use half of their bucket, and beyond
// that they wait for each other, or until the caller ends the wait.
func TestGather(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l, began := pace.New(nil), time.Now()
		for range 50 {
			l.Gather(t.Context(), "DescribeServices")
		}
		if d := time.Since(began); d != 0 {
			t.Errorf("50 reads at once wait %s", d)
		}
		for range 10 {
			l.Gather(t.Context(), "DescribeServices")
		}
		if d := time.Since(began).Round(time.Millisecond); d != time.Second {
			t.Errorf("10 more wait %s", d)
		}
		ctx, cancel := context.WithTimeout(t.Context(), 10*time.Millisecond)
		defer cancel()
		l.Gather(ctx, "DescribeServices")
		l.Gather(t.Context(), "DescribeServices")
		if d := time.Since(began).Round(time.Millisecond); d != 1100*time.Millisecond {
			t.Errorf("the next waits until %s: the wait that was ended counts", d)
		}
		l.Gather(t.Context(), "StopServiceDeployment") // has no bucket
	})
}
