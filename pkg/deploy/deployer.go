package deploy

import (
	"context"
	"fmt"
	"math/rand/v2"
	"sync"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs"
	"github.com/aws/aws-sdk-go-v2/service/ecr"
	"github.com/aws/aws-sdk-go-v2/service/ecs"
	elb "github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2"

	"github.com/ecs-deploy/ecs-deploy/pkg/ecsapi"
	"github.com/ecs-deploy/ecs-deploy/pkg/internal/awscall"
	"github.com/ecs-deploy/ecs-deploy/pkg/pace"
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
// several goroutines, for one service or for several.
type Deployer struct {
	api        *ecsapi.Client
	logs       *cloudwatchlogs.Client // nil: no log lines
	elb        *elb.Client            // nil: no target health
	ecr        *ecr.Client            // nil: no digests
	neighbours *awscall.Client        // nil: no roles, secrets, alarms and scaling bounds
	digest     DigestOf               // nil: no digests of other registries
	inClear    bool                   // differences show values
	account    string                 // "": any; see WithAccount
	clock      Clock
	subject    Subject // of the events; see about
	stream     *stream
	tags       *revisionTags
	// definitions are those read while one plan is made; nil: each is read anew.
	definitions *definitionsRead
	images      *imagesRead // the same for images of ECR

	limits        *Limits
	registrations *Registrations // nil: those of a plan are its own

	forecaster Forecaster // nil: plans have no forecast
	whatIf     []string   // the scenarios that it plays as well
}

// Option changes a Deployer that is being made. An option with a nil argument
// changes nothing.
type Option func(*Deployer)

// WithClock makes the deployer use another clock than the system's.
func WithClock(clock Clock) Option {
	return func(d *Deployer) {
		if clock != nil {
			d.clock = clock
		}
	}
}

// WithObserver has every [Event] given to observe before the pipeline continues.
// Events come one at a time and in order, also if several goroutines share the
// deployer: [Event.Subject] says which service or task each is about, and observe
// needs no lock. It should be quick, because all of them wait for it, and must not
// call the deployer. An observer that does not return stops the pipeline. One that panics
// is not called again, and [Outcome.ObserverPanic] says so: the deployment and its
// outcome are not lost.
func WithObserver(observe func(Event)) Option {
	return func(d *Deployer) { d.stream = &stream{observe: observe} }
}

// Limits keep the calls of a process below the rates that AWS allows for one account in
// one region. See package pace.
type Limits = pace.Limits

// NewLimits makes limits, with the clock of the deployers that share them; nil is the
// system's.
func NewLimits(clock Clock) *Limits {
	return pace.New(clock)
}

// WithLimits has the deployer share limits with others that call the same account and
// region. Otherwise it has its own.
func WithLimits(limits *Limits) Option {
	return func(d *Deployer) {
		if limits != nil {
			d.limits = limits
		}
	}
}

// WithMember names the service of a run of several services: every event has the name
// as [Subject.Member].
func WithMember(name string) Option { return func(d *Deployer) { d.subject.Member = name } }

// WithAccount guards against the wrong credentials: every method that reads a service
// fails with an [*OtherAccountError], before it writes, if the service is in another
// AWS account than the one with this id (12 digits). "" is any account.
func WithAccount(id string) Option { return func(d *Deployer) { d.account = id } }

// WithValues has differences between definitions show the values of environment
// variables, and of options that are called like secrets, in clear. They are
// masked otherwise.
func WithValues() Option { return func(d *Deployer) { d.inClear = true } }

// New makes a deployer on an ECS client. The client's own retry settings hold
// for reads; writes are never retried blindly, whatever they say. Every method of
// a deployer without a client returns a [*UsageError].
func New(client *ecs.Client, options ...Option) *Deployer {
	d := &Deployer{clock: pace.System{}, stream: &stream{}, tags: &revisionTags{}}
	for _, option := range options {
		if option != nil {
			option(d)
		}
	}
	if d.limits == nil {
		d.limits = pace.New(d.clock)
	}
	if client != nil {
		d.api = ecsapi.New(client, d.limits)
	}
	return d
}

// With is a deployer like d with further options. The two share the client, and
// everything that the options do not change: also the stream of events, which stay in
// order.
func (d *Deployer) With(options ...Option) *Deployer {
	same := *d
	for _, option := range options {
		if option != nil {
			option(&same)
		}
	}
	return &same
}

// Now is the present by the deployer's clock.
func (d *Deployer) Now() time.Time { return d.clock.Now() }

// ready refuses a call that cannot work, before anything is read or written.
func (d *Deployer) ready(ctx context.Context) error {
	if ctx == nil {
		return &UsageError{Problem: "the context is nil", Remedy: "pass context.Background()"}
	}
	if d.api == nil {
		return &UsageError{Problem: "the deployer has no ECS client", Remedy: "pass an *ecs.Client to deploy.New"}
	}
	return nil
}

// emit hands an event to the observer.
func (d *Deployer) emit(e Event) {
	if e.Subject = d.subject; e.Subject.Kind == SubjectTask {
		e.Subject.ARN = e.task(e.Subject.ARN)
	}
	d.label(&e)
	d.stream.tell(e, d.clock)
}

// stream gives events to an observer, one at a time and in the order of their
// times, whichever goroutine they come from.
type stream struct {
	mu       sync.Mutex
	observe  func(Event)
	panicked string
}

func (s *stream) tell(e Event, clock Clock) {
	s.mu.Lock()
	defer s.mu.Unlock()
	e.Time = clock.Now()
	if s.observe == nil || s.panicked != "" {
		return
	}
	defer func() {
		if cause := recover(); cause != nil {
			s.panicked = fmt.Sprint(cause)
		}
	}()
	s.observe(e)
}

// failure is what the observer panicked with, or "".
func (s *stream) failure() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.panicked
}

// jitter spreads a delay by a tenth to either side, so that many watchers do
// not ask in step.
func jitter(d time.Duration) time.Duration {
	return time.Duration(float64(d) * (0.9 + 0.2*rand.Float64()))
}
