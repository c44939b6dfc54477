package deploy

import (
	"context"
	"math/rand/v2"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs"
	"github.com/aws/aws-sdk-go-v2/service/ecr"
	"github.com/aws/aws-sdk-go-v2/service/ecs"
	elb "github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2"
)

// Clock is the time by which a deployment is followed. A simulation may run it
// faster than the real one.
type Clock interface {
	// Now is the present. Differences between two answers are elapsed time.
	Now() time.Time
	// Sleep waits for d, or until ctx ends, whose error it then returns.
	Sleep(ctx context.Context, d time.Duration) error
}

// Deployer deploys to the services that its client can reach. It has no state
// of its own, except that it remembers the tags of revisions, and may be used by
// several goroutines, if its observer may.
type Deployer struct {
	client  *ecs.Client
	logs    *cloudwatchlogs.Client // nil: no log lines
	elb     *elb.Client            // nil: no target health
	ecr     *ecr.Client            // nil: no digests
	inClear bool                   // differences show values
	clock   Clock
	observe func(Event)
	tags    *revisionTags
}

// Option changes a Deployer that is being made.
type Option func(*Deployer)

// WithClock makes the deployer use another clock than the system's.
func WithClock(clock Clock) Option { return func(d *Deployer) { d.clock = clock } }

// WithObserver has every [Event] given to observe, in order, before the
// pipeline goes on: observe should be quick, and must not call the deployer.
func WithObserver(observe func(Event)) Option { return func(d *Deployer) { d.observe = observe } }

// WithValues has differences between definitions show the values of environment
// variables, and of options that are called like secrets, in clear. They are
// masked otherwise.
func WithValues() Option { return func(d *Deployer) { d.inClear = true } }

// New makes a deployer on an ECS client. The client's own retry settings hold
// for reads; writes are never retried blindly, whatever they say.
func New(client *ecs.Client, options ...Option) *Deployer {
	d := &Deployer{client: client, clock: systemClock{}, observe: func(Event) {}, tags: &revisionTags{}}
	for _, option := range options {
		option(d)
	}
	return d
}

// emit hands an event to the observer.
func (d *Deployer) emit(e Event) {
	e.Time = d.clock.Now()
	d.label(&e)
	d.observe(e)
}

type systemClock struct{}

func (systemClock) Now() time.Time { return time.Now() }

func (systemClock) Sleep(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// jitter spreads a delay by a tenth to either side, so that many watchers do
// not ask in step.
func jitter(d time.Duration) time.Duration {
	return time.Duration(float64(d) * (0.9 + 0.2*rand.Float64()))
}
