package deploy_test

// Whole deployments through an ECS that is hard to deploy to, and the simulator's
// own history as the judge of what is said of them.

import (
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"runtime/debug"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/aws/retry"
	"github.com/aws/aws-sdk-go-v2/service/ecs"

	"github.com/ecs-deploy/ecs-deploy/pkg/deploy"
	"github.com/ecs-deploy/ecs-deploy/pkg/ecssim"
	"github.com/ecs-deploy/ecs-deploy/pkg/internal/hostile"
	"github.com/ecs-deploy/ecs-deploy/pkg/rollout"
)

// The environment of TestHostileRollouts: how many calls of ECS it makes at least,
// and the first seed.
const (
	hostileCalls = "HOSTILE_CALLS"
	hostileSeed  = "HOSTILE_SEED"
)

// hostileCases is how many cases run if the environment asks for nothing else.
const hostileCases = 100

// quick makes a rollout last twenty seconds.
const quick = `
switches: {completionLag: 2s, breakerLag: 2s, bakeTime: 5s, taskStopTime: 1s%s}
images: [%s{match: '*', startAfter: 3s, healthyAfter: 2s}]
`

// hostileWorlds are the worlds of hostile cases, by name.
var hostileWorlds = sync.OnceValue(func() map[string]ecssim.World {
	const broken = "{match: 'repo/web:v2', behaviour: exits, startAfter: 3s, after: 1s}, "
	classic := strings.NewReplacer(classicService...).Replace(webWorld)
	worlds := map[string]ecssim.World{}
	for name, text := range map[string]string{
		"healthy":         webWorld + fmt.Sprintf(quick, "", ""),
		"slow":            webWorld + fmt.Sprintf(quick, "", "{match: 'repo/web:v2', startAfter: 40s, healthyAfter: 5s}, "),
		"unrelated":       webWorld + fmt.Sprintf(quick, ", serviceRevisionIds: unrelated", ""),
		"unguarded":       unguarded + fmt.Sprintf(quick, "", ""),
		"classic":         classic + fmt.Sprintf(quick, "", ""),
		"crash":           webWorld + fmt.Sprintf(quick, "", broken),
		"crash-unrelated": webWorld + fmt.Sprintf(quick, ", serviceRevisionIds: unrelated", broken),
		"crash-no-back":   noRollback + fmt.Sprintf(quick, "", broken),
		"crash-unguarded": unguarded + fmt.Sprintf(quick, "", broken),
		"crash-classic":   classic + fmt.Sprintf(quick, "", broken),
		"flaky":           unguarded + fmt.Sprintf(quick, "", strings.Replace(broken, "exits,", "exits, probability: 0.4,", 1)),
	} {
		world, err := ecssim.ParseWorld(name, []byte(text))
		if err != nil {
			panic(err)
		}
		worlds[name] = world
	}
	return worlds
})

// hostileModes are the ways to deploy, by name.
var hostileModes = []string{"run", "run", "run", "restart", "count", "count-0", "both", "drained", "running", "back", "tight", "tight-running", "join", "again", "interrupt", "interrupt-back", "wait"}

// hostileCase is one deployment through a world, with everything that happens to
// it. It is written "WORLD MODE SEED: SCRIPT".
type hostileCase struct {
	world, mode string
	seed        uint64
	script      hostile.Script
}

func (c hostileCase) String() string {
	return fmt.Sprintf("%s %s %d: %s", c.world, c.mode, c.seed, c.script)
}

// parseCase reads what String writes.
func parseCase(text string) (hostileCase, error) {
	head, tail, _ := strings.Cut(text, ":")
	words := strings.Fields(head)
	if len(words) != 3 {
		return hostileCase{}, fmt.Errorf("%q is not WORLD MODE SEED: SCRIPT", text)
	}
	seed, err := strconv.ParseUint(words[2], 10, 64)
	if err != nil {
		return hostileCase{}, err
	}
	script, err := hostile.Parse(tail)
	return hostileCase{words[0], words[1], seed, script}, err
}

// randomCase is the case of a seed.
func randomCase(seed uint64) hostileCase {
	r := rand.New(rand.NewPCG(seed, 0))
	names := make([]string, 0, len(hostileWorlds()))
	for name := range hostileWorlds() {
		names = append(names, name)
	}
	slices.Sort(names)
	return hostileCase{names[r.IntN(len(names))], hostileModes[r.IntN(len(hostileModes))], seed, hostile.Random(r)}
}

// steady is a clock that takes the jitter out of pauses, so that a case runs the
// same way each time. It never makes a pause longer: limits are exact.
type steady struct{}

func (steady) Now() time.Time { return time.Now() }

func (steady) Sleep(ctx context.Context, d time.Duration) error {
	for _, jittered := range []struct{ least, most time.Duration }{ // a pause, or two, a tenth to either side
		{900, 1320}, {1800, 2200}, {2700, 3300}, {3600, 4400}, {5400, 6600}, {7200, 8800}, {9000, 13200}, {13500, 17600},
	} {
		if d >= jittered.least*time.Millisecond && d <= jittered.most*time.Millisecond {
			d = jittered.least * time.Millisecond
			break
		}
	}
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// hostileRun is a case while it runs.
type hostileRun struct {
	hostileCase
	client   *hostile.Client
	deployer *deploy.Deployer
	events   []deploy.Event
	found    []string  // what is wrong
	cut      time.Time // when it was interrupted
	attempts []attempt
}

// attempt is one run of the deployer.
type attempt struct {
	mode         string
	policy       deploy.Policy
	outcome      deploy.Outcome
	err          error
	began, ended time.Time
	events       []deploy.Event
	writes       []hostile.Write // ours, carried out
}

// play runs a case in virtual time. found is what is wrong with what was said.
func (c hostileCase) play(t *testing.T) (run *hostileRun) {
	t.Helper()
	run = &hostileRun{hostileCase: c}
	synctest.Test(t, func(t *testing.T) {
		defer func() {
			if p := recover(); p != nil {
				run.found = append(run.found, fmt.Sprintf("panic: %v\n%s", p, debug.Stack()))
			}
		}()
		var err error
		if run.client, err = hostile.New(hostileWorlds()[c.world], c.script, c.seed); err != nil {
			t.Fatal(err)
		}
		sdk := ecs.NewFromConfig(simulated(run.client), func(o *ecs.Options) {
			o.Retryer = retry.NewStandard(func(o *retry.StandardOptions) {
				o.Backoff = retry.BackoffDelayerFunc(func(int, error) (time.Duration, error) { return time.Second, nil })
			})
		})
		run.deployer = deploy.New(sdk, deploy.WithClock(steady{}), deploy.WithObserver(func(e deploy.Event) { run.events = append(run.events, e) }))
		run.deploy(t.Context())
	})
	return run
}

// deploy does what the mode says, and judges it.
func (r *hostileRun) deploy(ctx context.Context) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	limit := deploy.WatchOptions{CompleteTimeout: 10 * time.Minute}
	wanted := request()
	policy := deploy.Policy{Watch: limit}
	stop := func() {}
	switch r.mode {
	case "restart":
		wanted = restart()
	case "count", "count-0":
		count := int32(4)
		if r.mode == "count-0" {
			count = 0
		}
		wanted = deploy.Request{Ref: deploy.Ref{Cluster: hostile.Cluster, Service: hostile.Service}, ServiceSettings: deploy.ServiceSettings{DesiredCount: &count}}
	case "both":
		wanted.DesiredCount = aws.Int32(3)
	case "drained":
		policy.Watch.Until = rollout.UntilDrained
	case "running":
		policy.Watch.Until = rollout.UntilRunning
	case "back":
		policy.RollbackOnFailure = true
	case "tight":
		policy.Watch.CompleteTimeout = 8 * time.Second
	case "tight-running":
		policy.Watch.RunningTimeout = 6 * time.Second
	case "interrupt", "interrupt-back":
		if r.mode == "interrupt-back" {
			policy.OnInterrupt = deploy.OnInterruptRollback
		}
		timer := time.AfterFunc(time.Duration(r.seed%40)*time.Second, func() { r.cut = time.Now(); cancel() })
		stop = func() { timer.Stop() }
	case "join":
		policy.NoWait = true
	case "wait":
		policy.IfInProgress = deploy.IfInProgressWait
	}
	r.attempt(r.mode, policy, func() (deploy.Outcome, error) { return r.deployer.Run(ctx, wanted, policy) })
	stop()
	switch r.mode {
	case "join":
		time.Sleep(time.Duration(r.seed%20) * time.Second)
		r.attempt("joined", policy, func() (deploy.Outcome, error) {
			joined, err := r.deployer.Join(ctx, deploy.Ref{Cluster: hostile.Cluster, Service: hostile.Service}, "")
			if err != nil {
				return deploy.Outcome{}, err
			}
			return r.deployer.Watch(ctx, joined, limit)
		})
	case "again", "interrupt":
		r.cut = time.Time{}
		r.attempt("again", policy, func() (deploy.Outcome, error) { return r.deployer.Run(context.WithoutCancel(ctx), wanted, policy) })
	}
}

// attempt runs the deployer once and judges what it says.
func (r *hostileRun) attempt(mode string, policy deploy.Policy, run func() (deploy.Outcome, error)) {
	a := attempt{mode: mode, policy: policy, began: time.Now()}
	wrote, seen := len(r.client.Writes), len(r.events)
	a.outcome, a.err = run()
	a.ended, a.events, a.writes = time.Now(), r.events[seen:], r.client.Writes[wrote:]
	r.attempts = append(r.attempts, a)
	r.judge(a)
}

// wrong notes a fault of an attempt.
func (r *hostileRun) wrong(a attempt, format string, args ...any) {
	said := (&bench{}).say(a.outcome, a.err)
	r.found = append(r.found, fmt.Sprintf("%s: %s (it said %s, exit code %d, after %s: %.400s)", a.mode, fmt.Sprintf(format, args...), said.verdict, said.exit,
		a.ended.Sub(a.began), said.text))
}

// smaller are the cases with one distortion less.
func (c hostileCase) smaller() []hostileCase {
	var cases []hostileCase
	for i := range c.script {
		less := c
		less.script = slices.Delete(slices.Clone(c.script), i, i+1)
		cases = append(cases, less)
	}
	return cases
}

// shrink is the smallest case that is still wrong.
func (c hostileCase) shrink(t *testing.T, found []string) (hostileCase, []string) {
	for {
		smaller := false
		for _, less := range c.smaller() {
			if run := less.play(t); len(run.found) > 0 {
				c, found, smaller = less, run.found, true
				break
			}
		}
		if !smaller {
			return c, found
		}
	}
}

// TestHostileRollouts drives whole deployments through random worlds and random
// distortions. HOSTILE_CALLS=10000000 makes it go on until so many calls of ECS
// are made, HOSTILE_SEED chooses where it begins.
func TestHostileRollouts(t *testing.T) {
	seed, calls := uint64(1), 0
	if text := os.Getenv(hostileSeed); text != "" {
		var err error
		if seed, err = strconv.ParseUint(text, 10, 64); err != nil {
			t.Fatal(err)
		}
	}
	most, err := strconv.Atoi(os.Getenv(hostileCalls))
	if err != nil {
		most = 0
	}
	verdicts := map[string]int{}
	failed := 0
	cases := 0
	for first := seed; failed < 20 && (most > 0 && calls < most || most == 0 && seed < first+hostileCases); seed++ {
		c := randomCase(seed)
		run := c.play(t)
		cases++
		calls += run.client.Calls
		for _, a := range run.attempts {
			verdicts[(&bench{}).say(a.outcome, a.err).verdict]++
		}
		if len(run.found) > 0 {
			failed++
			c, found := c.shrink(t, run.found)
			t.Errorf("%q\n\t%s", c, strings.Join(found, "\n\t"))
		}
	}
	t.Logf("%d cases, %d calls, verdicts %v, %d cases wrong", cases, calls, verdicts, failed)
}
