package fleet_test

// The budgets of large runs, in virtual time with the buckets of AWS switched on. Runs of
// 1,000 services, and what they cost, are measured on demand:
//
//	go test ./pkg/fleet -run Budget -budgets -v

import (
	"flag"
	"fmt"
	"runtime"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/ecs-deploy/ecs-deploy/pkg/deploy"
	"github.com/ecs-deploy/ecs-deploy/pkg/fleet"
	"github.com/ecs-deploy/ecs-deploy/pkg/internal/cputime"
)

var budgets = flag.Bool("budgets", false, "measure runs of 1,000 services, which takes some minutes")

// throttled switches the buckets of AWS on.
const throttled = "switches: {throttling: true}\n"

// cost is what the process has used: CPU time, and the most memory of the heap.
type cost struct {
	cpu  time.Duration
	heap uint64
}

// measured runs a test in virtual time, and returns its cost, that of the simulator
// included.
func measured(t *testing.T, text string, test func(b *bench)) cost {
	t.Helper()
	before := cputime.Used(t)
	stop, done := make(chan struct{}), make(chan uint64)
	go func() { // in real time
		var most uint64
		for {
			select {
			case <-stop:
				done <- most
				return
			case <-time.After(100 * time.Millisecond):
				var stats runtime.MemStats
				runtime.ReadMemStats(&stats)
				most = max(most, stats.HeapInuse)
			}
		}
	}()
	inWorld(t, text, test)
	close(stop)
	return cost{cputime.Used(t) - before, <-done}
}

// refusals counts answers of AWS that refuse a call for its rate.
func (b *bench) refusals() int {
	return int(b.throttles.Load())
}

// manyServices are the names of n services.
func manyServices(n int) []string {
	names := make([]string, n)
	for i := range names {
		names[i] = fmt.Sprintf("s%04d", i)
	}
	return names
}

// latest is how long after ECS's own end the last verdict came.
func latest(outcome fleet.Outcome, verdicts map[string]time.Time) (name string, late time.Duration) {
	for _, r := range outcome.Members {
		if r.Outcome == nil {
			return r.Member + ": " + r.Reason, time.Hour
		}
		if d := verdicts[r.Member].Sub(r.Outcome.EndedAt); d > late {
			name, late = r.Member, d
		}
	}
	return name, late
}

// TestBudget deploys many services at once. What the buckets alone dictate is the time
// for all registrations, 20 at once and then one in a second, and for all updates, 50 at
// once and then five in a second.
func TestBudget(t *testing.T) {
	for _, c := range []struct {
		name     string
		services int
		shared   bool // one definition for all
		dictated time.Duration
		large    bool
	}{
		{"100 definitions", 100, false, 80 * time.Second, false},
		{"100 services with one definition", 100, true, 10 * time.Second, false},
		{"1,000 definitions", 1000, false, 980 * time.Second, true},
		{"1,000 services with one definition", 1000, true, 190 * time.Second, true},
	} {
		t.Run(c.name, func(t *testing.T) {
			if c.large && !*budgets {
				t.Skip("pass -budgets")
			}
			names := manyServices(c.services)
			text := world(names, throttled)
			if c.shared {
				text = oneDefinition(names, throttled)
			}
			var alone time.Duration
			inWorld(t, world(names[:1], throttled), func(b *bench) {
				alone = b.run(b.Context(), fleet.Options{}, b.crew(names[0])...).Elapsed
			})
			used := measured(t, text, func(b *bench) {
				b.light = true
				b.withinBudget(names, c.shared, c.dictated, alone)
			})
			t.Logf("CPU %s, heap %d MB", used.cpu.Round(100*time.Millisecond), used.heap>>20)
			if c.large && (used.cpu > 60*time.Second || used.heap > 200<<20) {
				t.Error("that is too much")
			}
		})
	}
}

// withinBudget deploys services all at once. After the last call that the buckets allow,
// there is one deployment to wait for.
func (b *bench) withinBudget(names []string, shared bool, dictated, alone time.Duration) {
	verdicts := map[string]time.Time{}
	members := b.crewOf(deploy.New(b.client, deploy.WithObserver(func(e deploy.Event) {
		if e.Type == deploy.EventOutcome {
			verdicts[e.Subject.Member] = e.Time
		}
	})), names...)
	if shared {
		b.sharing(members)
	}
	began := time.Now()
	outcome := b.run(b.Context(), fleet.Options{Parallel: len(names)}, members...)
	took := time.Since(began)
	name, late := latest(outcome, verdicts)
	b.Logf("%s: %.3f times what the buckets (%s) and one deployment (%s) take; %d throttled; last verdict %s after its end (%s); calls %v",
		took.Round(time.Second), float64(took)/float64(dictated+alone), dictated, alone.Round(time.Second), b.refusals(), late.Round(100*time.Millisecond), name, b.counts())
	if code := outcome.ExitCode(); code != 0 {
		b.Errorf("exit code %d", code)
	}
	if limit := (dictated + alone) * 11 / 10; took > limit {
		b.Errorf("all took %s; the limit is %s", took, limit)
	}
	if b.refusals() > 0 {
		b.Errorf("%d calls were throttled", b.refusals())
	}
	if late > 10*time.Second {
		b.Errorf("the verdict of %s came %s after its end", name, late)
	}
}

// counts are the numbers of calls, by operation.
func (b *bench) counts() map[string]int {
	calls := map[string]int{}
	for _, c := range b.calls {
		calls[c.operation]++
	}
	return calls
}

// TestBudgetOfALoop: no service of ten is slower than alone. Beside one run, what a loop
// of single deployments does, ten at a time and each with buckets of its own, as
// processes have them: xargs -P 10.
func TestBudgetOfALoop(t *testing.T) {
	var alone time.Duration
	inWorld(t, world(manyServices(1), throttled), func(b *bench) {
		alone = b.run(b.Context(), fleet.Options{}, b.crew(manyServices(1)...)...).Members[0].Outcome.Elapsed
	})
	for _, n := range []int{10, 200} {
		if n > 10 && !*budgets {
			continue
		}
		names := manyServices(n)
		inWorld(t, world(names, throttled), func(b *bench) {
			began := time.Now()
			outcome := b.run(b.Context(), fleet.Options{Parallel: n}, b.crew(names...)...)
			slowest := time.Duration(0)
			for _, r := range outcome.Members {
				slowest = max(slowest, r.Outcome.Elapsed)
			}
			b.Logf("%d services, one run: %s, the slowest %s (alone %s), %d throttled, %d calls", n, time.Since(began).Round(time.Second), slowest.Round(100*time.Millisecond), alone.Round(100*time.Millisecond), b.refusals(), len(b.calls))
			if n == 10 && slowest > alone+2*time.Second { // two looks
				b.Errorf("the slowest of ten took %s, and %s alone", slowest, alone)
			}
			if outcome.ExitCode() != 0 || b.refusals() > 0 {
				b.Errorf("exit code %d, %d calls were throttled", outcome.ExitCode(), b.refusals())
			}
		})
		inWorld(t, world(names, throttled), func(b *bench) {
			began := time.Now()
			failed := b.loop(names)
			b.Logf("%d services, a loop: %s, %d failed, %d throttled, %d calls", n, time.Since(began).Round(time.Second), failed, b.refusals(), len(b.calls))
		})
	}
}

// loop deploys services as xargs -P 10 does, and returns how many failed.
func (b *bench) loop(names []string) int {
	var failed atomic.Int32
	var running sync.WaitGroup
	slots := make(chan struct{}, 10)
	for _, name := range names {
		slots <- struct{}{}
		running.Go(func() {
			defer func() { <-slots }()
			r := deploy.Request{Ref: deploy.Ref{Cluster: "prod", Service: name}, Want: deploy.Want{Images: []string{"repo/" + name + ":v2"}}}
			outcome, err := deploy.New(b.client).Run(b.Context(), r, deploy.Policy{})
			if err != nil || outcome.ExitCode() != 0 {
				failed.Add(1)
			}
		})
	}
	running.Wait()
	return int(failed.Load())
}
