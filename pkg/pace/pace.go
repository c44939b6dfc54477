// Package pace keeps calls of the ECS API below the rates that AWS allows. AWS has a
// token bucket for each account, region and category of operations; [Limits] has the
// same buckets, and a call waits until its bucket has a token. If AWS refuses a call all
// the same, because others use the account as well, the bucket becomes slower, and
// slowly returns to its rate.
//
// The rates are those of "Request throttling for the Amazon ECS API" in the Amazon ECS
// API Reference.
package pace

import (
	"context"
	"sync"
	"time"

	"golang.org/x/time/rate"
)

// Clock is the time by which calls wait.
type Clock interface {
	Now() time.Time
	Sleep(ctx context.Context, d time.Duration) error
}

// category is a bucket: how many calls at once, and how many in a second.
type category struct {
	name   string
	burst  int
	refill rate.Limit
}

var (
	clusterModify    = category{"cluster modify", 20, 1}
	clusterRead      = category{"cluster read", 50, 20}
	definitionModify = category{"task definition modify", 20, 1}
	definitionRead   = category{"task definition read", 50, 20}
	serviceModify    = category{"service modify", 50, 5}
	serviceRead      = category{"service read", 100, 20}
	deploymentRead   = category{"service deployment", 50, 20}
	revisionRead     = category{"service revision", 50, 20}
	resourceModify   = category{"cluster resource modify", 100, 40}
	resourceRead     = category{"cluster resource read", 100, 20}
	tagModify        = category{"tag modify", 20, 10}
	tagRead          = category{"tag read", 50, 20}
)

// categories are the buckets of the operations. Those that are missing are not limited:
// the page does not name their rates.
var categories = map[string]category{
	"CreateCluster": clusterModify, "UpdateCluster": clusterModify, "DeleteCluster": clusterModify,
	"DescribeClusters": clusterRead, "ListClusters": clusterRead,
	"RegisterTaskDefinition": definitionModify, "DeregisterTaskDefinition": definitionModify,
	"DescribeTaskDefinition": definitionRead, "ListTaskDefinitions": definitionRead, "ListTaskDefinitionFamilies": definitionRead,
	"CreateService": serviceModify, "UpdateService": serviceModify, "DeleteService": serviceModify,
	"DescribeServices": serviceRead, "ListServices": serviceRead,
	"DescribeServiceDeployments": deploymentRead, "ListServiceDeployments": deploymentRead,
	"DescribeServiceRevisions": revisionRead,
	"RunTask":                  resourceModify, "StartTask": resourceModify, "StopTask": resourceModify, "ExecuteCommand": resourceModify,
	"DescribeTasks": resourceRead, "ListTasks": resourceRead, "DescribeContainerInstances": resourceRead, "ListContainerInstances": resourceRead,
	"TagResource": tagModify, "UntagResource": tagModify, "ListTagsForResource": tagRead,
}

const (
	// slowest is the smallest part of its rate to which a bucket goes down.
	slowest = 0.25
	// recovery is how long a bucket keeps a rate before it goes up by a step, and
	// steps how many there are from nothing to the whole rate.
	recovery = 5 * time.Second
	steps    = 10
	// spare is the part of a burst that is not used, one in ten: calls do not arrive as
	// evenly as they are sent.
	spare = 10
	// alone is the part of a bucket, of its burst and of its rate, that reads use one by
	// one. Beyond it they wait for each other.
	alone = 0.5
	// oneRefusal is how long refusals of calls count as one: those that were under way
	// together say nothing new.
	oneRefusal = time.Second
)

// Limits are the buckets of one account in one region. Everything in the process that
// calls it should share them. It is safe for concurrent use.
type Limits struct {
	clock Clock

	mutex   sync.Mutex
	buckets map[string]*bucket
}

// bucket is a category and how fast it is now.
type bucket struct {
	category
	limiter *rate.Limiter
	changed time.Time     // when its rate last changed
	alone   *rate.Limiter // reads that are not joined
}

// New makes limits with full buckets. A clock that is nil is the system's.
func New(clock Clock) *Limits {
	if clock == nil {
		clock = System{}
	}
	return &Limits{clock: clock, buckets: map[string]*bucket{}}
}

// System is the clock of the machine.
type System struct{}

// Now is the present.
func (System) Now() time.Time { return time.Now() }

// Sleep waits for d, or until ctx ends, whose error it then returns.
func (System) Sleep(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// Take waits until the operation may be called, in the order in which Take was called.
// Its error is that of ctx, which then took nothing.
func (l *Limits) Take(ctx context.Context, operation string) error {
	b, now := l.bucket(operation)
	if b == nil {
		return ctx.Err()
	}
	token := b.limiter.ReserveN(now, 1)
	wait := token.DelayFrom(now)
	if wait <= 0 {
		return ctx.Err()
	}
	if err := l.clock.Sleep(ctx, wait); err != nil {
		token.CancelAt(l.clock.Now())
		return err
	}
	return nil
}

// Gather waits for other reads, with which a read can be one call: not at all as long as
// such calls are few, and otherwise for a fraction of a second. It leaves the rest of the
// rate to others who use the account. The caller ends ctx when the call is full.
func (l *Limits) Gather(ctx context.Context, operation string) {
	b, now := l.bucket(operation)
	if b == nil {
		return
	}
	token := b.alone.ReserveN(now, 1)
	if wait := token.DelayFrom(now); wait > 0 && l.clock.Sleep(ctx, wait) != nil {
		token.CancelAt(l.clock.Now())
	}
}

// Throttled notes that AWS refused a call for its rate: the bucket there is empty, and
// somebody else uses it too.
func (l *Limits) Throttled(operation string) {
	b, now := l.bucket(operation)
	if b == nil {
		return
	}
	l.mutex.Lock()
	defer l.mutex.Unlock()
	if left := int(b.limiter.TokensAt(now)); left > 0 {
		b.limiter.ReserveN(now, left)
	}
	if now.Sub(b.changed) < oneRefusal {
		return
	}
	b.changed = now
	b.limiter.SetLimitAt(now, max(b.limiter.Limit()/2, b.refill*slowest))
}

// Served notes that AWS answered a call: a bucket that became slower becomes faster
// again, step by step.
func (l *Limits) Served(operation string) {
	b, now := l.bucket(operation)
	if b == nil {
		return
	}
	l.mutex.Lock()
	defer l.mutex.Unlock()
	if b.limiter.Limit() < b.refill && now.Sub(b.changed) >= recovery {
		b.changed = now
		b.limiter.SetLimitAt(now, min(b.limiter.Limit()+b.refill/steps, b.refill))
	}
}

// bucket is the bucket of an operation, and the present; nil if it has none.
func (l *Limits) bucket(operation string) (*bucket, time.Time) {
	c, limited := categories[operation]
	if !limited {
		return nil, time.Time{}
	}
	l.mutex.Lock()
	defer l.mutex.Unlock()
	b := l.buckets[c.name]
	if b == nil {
		b = &bucket{category: c, limiter: rate.NewLimiter(c.refill, c.burst-c.burst/spare), alone: rate.NewLimiter(c.refill*alone, int(float64(c.burst)*alone))}
		l.buckets[c.name] = b
	}
	return b, l.clock.Now()
}
