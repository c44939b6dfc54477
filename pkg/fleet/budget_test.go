package fleet_test

// The budgets of large runs, measured in virtual time with the buckets of AWS switched
// on: go test ./pkg/fleet -run Budget -budgets -v

import (
	"context"
	"flag"
	"fmt"
	"runtime"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/ecs-deploy/ecs-deploy/pkg/deploy"
	"github.com/ecs-deploy/ecs-deploy/pkg/fleet"
)

var budgets = flag.Bool("budgets", false, "measure the budgets of runs of 1,000 services, which takes about a minute")

// throttled switches the buckets of AWS on.
const throttled = "switches: {throttling: true}\n"

// cost is what the process has used: CPU time, and the most memory of the heap.
type cost struct {
	cpu  time.Duration
	heap uint64
}

func spent() time.Duration {
	var usage syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &usage); err != nil {
		panic(err)
	}
	return time.Duration(usage.Utime.Nano() + usage.Stime.Nano())
}

// measured runs a test in virtual time on a world with the buckets of AWS, and returns
// its cost.
func measured(t *testing.T, text string, test func(b *bench)) cost {
	t.Helper()
	if !*budgets {
		t.Skip("pass -budgets")
	}
	before := spent()
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
	return cost{spent() - before, <-done}
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

// TestBudgetThousandDefinitions deploys 1,000 services, each with a definition of its
// own: RegisterTaskDefinition takes 20 at once and then one in a second, so that the
// buckets alone dictate 980 s.
func TestBudgetThousandDefinitions(t *testing.T) {
	thousand(t, 980*time.Second, func(name string) string { return name }, "")
}

// TestBudgetThousandServices deploys one definition to 1,000 services: UpdateService
// takes 50 at once and then five in a second, so that the buckets alone dictate 190 s.
func TestBudgetThousandServices(t *testing.T) {
	thousand(t, 190*time.Second, func(string) string { return "s0000" }, "s0000")
}

func thousand(t *testing.T, dictated time.Duration, image func(string) string, family string) {
	names := manyServices(1000)
	text := world(names, throttled)
	if family != "" {
		for _, name := range names {
			text = strings.Replace(text, "serviceName: "+name+", taskDefinition: "+name, "serviceName: "+name+", taskDefinition: "+family, 1)
		}
	}
	var single time.Duration
	inWorld(t, world(names[:1], throttled), func(b *bench) {
		if *budgets {
			single = b.run(b.Context(), fleet.Options{}, b.crew(names[0])...).Elapsed
		}
	})
	used := measured(t, text, func(b *bench) {
		verdicts := map[string]time.Time{}
		members := b.crewOf(deploy.New(b.client, deploy.WithObserver(func(e deploy.Event) {
			if e.Type == deploy.EventOutcome {
				verdicts[e.Subject.Member] = e.Time
			}
		})), names...)
		for i := range members {
			m := &members[i]
			r := deploy.Request{Ref: deploy.Ref{Cluster: "prod", Service: m.Name}, Want: deploy.Want{Images: []string{"repo/" + image(m.Name) + ":v2"}}}
			m.Plan = func(ctx context.Context) (*deploy.Plan, error) { return m.Deployer.Prepare(ctx, r, m.Policy) }
		}
		began := time.Now()
		plan, err := fleet.Prepare(b.Context(), members)
		if err != nil {
			b.Fatal(err)
		}
		planned := time.Since(began)
		outcome, err := plan.Carry(b.Context(), fleet.Options{Parallel: 1000})
		if err != nil {
			b.Fatal(err)
		}
		took := time.Since(began)
		name, late := latest(outcome, verdicts)
		calls := map[string]int{}
		for _, c := range b.calls {
			calls[c.operation]++
		}
		b.Logf("planned in %s, all in %s (buckets %s + one deployment %s); %d throttled; last verdict %s after its end (%s); calls %v",
			planned, took, dictated, single, b.refusals(), late, name, calls)
		if code := outcome.ExitCode(); code != 0 {
			b.Errorf("exit code %d", code)
		}
		if limit := (dictated + single) * 11 / 10; took > limit {
			b.Errorf("all took %s; the limit is %s", took, limit)
		}
		if b.refusals() > 0 {
			b.Errorf("%d calls were throttled", b.refusals())
		}
		if late > 10*time.Second {
			b.Errorf("the verdict of %s came %s after its end", name, late)
		}
	})
	t.Logf("CPU %s, heap %d MB", used.cpu, used.heap>>20)
	if used.cpu > 60*time.Second {
		t.Errorf("CPU %s", used.cpu)
	}
	if used.heap > 200<<20 {
		t.Errorf("heap %d MB", used.heap>>20)
	}
}

// TestBudgetTenServices: no service of ten is slower than alone.
func TestBudgetTenServices(t *testing.T) {
	names := manyServices(10)
	var alone time.Duration
	measured(t, world(names[:1], throttled), func(b *bench) {
		alone = b.run(b.Context(), fleet.Options{}, b.crew(names[0])...).Members[0].Outcome.Elapsed
	})
	measured(t, world(names, throttled), func(b *bench) {
		outcome := b.run(b.Context(), fleet.Options{}, b.crew(names...)...)
		slowest := time.Duration(0)
		for _, r := range outcome.Members {
			slowest = max(slowest, r.Outcome.Elapsed)
		}
		b.Logf("alone %s, the slowest of ten %s, %d throttled", alone, slowest, b.refusals())
		if slowest > alone+2*time.Second { // two polls
			b.Errorf("the slowest of ten took %s, and %s alone", slowest, alone)
		}
	})
}

// TestBudgetOfALoop is what a loop of single deployments does, ten at a time, each with
// buckets of its own as processes have them: xargs -P 10.
func TestBudgetOfALoop(t *testing.T) {
	names := manyServices(200)
	for _, shared := range []bool{false, true} {
		measured(t, world(names, throttled), func(b *bench) {
			began := time.Now()
			failed := 0
			if shared {
				outcome := b.run(b.Context(), fleet.Options{Parallel: len(names)}, b.crew(names...)...)
				if outcome.ExitCode() != 0 {
					failed = len(names)
				}
			} else {
				var mutex sync.Mutex
				var running sync.WaitGroup
				slots := make(chan struct{}, 10)
				for _, name := range names {
					slots <- struct{}{}
					running.Go(func() {
						defer func() { <-slots }()
						r := deploy.Request{Ref: deploy.Ref{Cluster: "prod", Service: name}, Want: deploy.Want{Images: []string{"repo/" + name + ":v2"}}}
						outcome, err := deploy.New(b.client).Run(b.Context(), r, deploy.Policy{})
						mutex.Lock()
						defer mutex.Unlock()
						if err != nil || outcome.ExitCode() != 0 {
							failed++
						}
					})
				}
				running.Wait()
			}
			b.Logf("200 services, one run: %v; took %s, %d throttled, %d failed, %d calls", shared, time.Since(began).Round(time.Second), b.refusals(), failed, len(b.calls))
		})
	}
}
