package ecsapi

// Reads of one kind that come together are one call. If such calls are few, each read is
// sent at once and alone. If they are many, reads wait a moment for others, and for a
// token of the bucket, and are sent together as soon as they fill a call.

import (
	"context"
	"slices"
	"sync"

	"github.com/ecs-deploy/ecs-deploy/pkg/pace"
)

// joiner joins reads of one operation. An answer of type A is that of a whole call, in
// which each reader finds its own part.
type joiner[A any] struct {
	// limit is how many resources one call takes.
	limit int
	// operation is what is called, limits when.
	operation string
	limits    *pace.Limits
	// call reads resources.
	call func(ctx context.Context, names []string) (A, error)

	mutex   sync.Mutex
	waiting []*read[A]
	sending bool   // somebody waits for a token
	hurry   func() // ends the wait for more reads; nil if nobody waits for them
}

// read is one reader's wish.
type read[A any] struct {
	ctx   context.Context
	names []string
	done  chan struct{}
	out   A
	err   error
	panic any // what the call panicked with: it is the reader's
}

// get reads some resources, at most as many as one call takes.
func (j *joiner[A]) get(ctx context.Context, names ...string) (A, error) {
	r := &read[A]{ctx: ctx, names: names, done: make(chan struct{})}
	j.mutex.Lock()
	j.waiting = append(j.waiting, r)
	switch {
	case !j.sending:
		j.sending = true
		go j.send()
	case j.hurry != nil && j.full():
		j.hurry()
	}
	j.mutex.Unlock()
	select {
	case <-r.done:
		if r.panic != nil {
			panic(r.panic)
		}
		return r.out, r.err
	case <-ctx.Done():
		var nothing A
		if j.withdraw(r) {
			return nothing, &unsentError{ctx.Err()}
		}
		return nothing, ctx.Err()
	}
}

// withdraw takes a read back, and reports whether it was not sent yet.
func (j *joiner[A]) withdraw(r *read[A]) bool {
	j.mutex.Lock()
	defer j.mutex.Unlock()
	before := len(j.waiting)
	j.waiting = slices.DeleteFunc(j.waiting, func(other *read[A]) bool { return other == r })
	return len(j.waiting) < before
}

// send sends calls until nobody waits. Calls that are under way do not hold up the next.
func (j *joiner[A]) send() {
	for {
		ctx := j.next()
		if ctx == nil {
			return
		}
		j.gather(ctx)
		paid, err := turnOf(ctx, j.limits, j.operation)
		if err != nil { // that reader has gone; the others want a token all the same
			continue
		}
		if together := j.fill(); len(together) > 0 {
			go j.answer(paid, together)
		}
	}
}

// next is the context of a reader that waits; nil if nobody does.
func (j *joiner[A]) next() context.Context {
	j.mutex.Lock()
	defer j.mutex.Unlock()
	j.waiting = slices.DeleteFunc(j.waiting, func(r *read[A]) bool { return r.ctx.Err() != nil })
	if len(j.waiting) == 0 {
		j.sending = false
		return nil
	}
	return j.waiting[0].ctx
}

// gather waits for more reads, if calls are many, until they fill a call.
func (j *joiner[A]) gather(ctx context.Context) {
	ctx, hurry := context.WithCancel(ctx)
	defer hurry()
	j.mutex.Lock()
	full := j.full()
	j.hurry = hurry
	j.mutex.Unlock()
	if !full {
		j.limits.Gather(ctx, j.operation)
	}
	j.mutex.Lock()
	defer j.mutex.Unlock()
	j.hurry = nil
}

// full reports whether the reads that wait fill a call.
func (j *joiner[A]) full() bool {
	names := map[string]bool{}
	for _, r := range j.waiting {
		for _, name := range r.names {
			names[name] = true
		}
		if len(names) >= j.limit {
			return true
		}
	}
	return false
}

// fill takes the readers that fit into one call, in their order.
func (j *joiner[A]) fill() (together []*read[A]) {
	j.mutex.Lock()
	defer j.mutex.Unlock()
	names := map[string]bool{}
	var left []*read[A]
	for _, r := range j.waiting {
		more := 0
		for _, name := range r.names {
			if !names[name] {
				more++
			}
		}
		if len(names)+more > j.limit {
			left = append(left, r)
			continue
		}
		for _, name := range r.names {
			names[name] = true
		}
		together = append(together, r)
	}
	j.waiting = left
	return together
}

// answer makes one call for some readers. It ends when all of them have gone. If it is
// refused for what it asks, perhaps for the sake of one of them, each is asked for alone.
func (j *joiner[A]) answer(ctx context.Context, together []*read[A]) {
	ctx, cancel := context.WithCancel(context.WithoutCancel(ctx))
	defer cancel()
	go func() {
		for _, r := range together {
			select {
			case <-r.ctx.Done():
			case <-ctx.Done():
				return
			}
		}
		cancel()
	}()
	var names []string
	for _, r := range together {
		for _, name := range r.names {
			if !slices.Contains(names, name) {
				names = append(names, name)
			}
		}
	}
	out, failure, err := j.guarded(ctx, names)
	if failure == nil && len(together) > 1 && len(names) > len(together[0].names) && alone(err) {
		for _, r := range together {
			go j.answer(r.ctx, []*read[A]{r})
		}
		return
	}
	for _, r := range together {
		r.out, r.err, r.panic = out, err, failure
		close(r.done)
	}
}

// guarded makes a call, and returns what it panics with.
func (j *joiner[A]) guarded(ctx context.Context, names []string) (out A, failure any, err error) {
	defer func() { failure = recover() }()
	out, err = j.call(ctx, names)
	return out, nil, err
}

// alone reports whether a call failed for what it asks, so that parts of it may succeed.
func alone(err error) bool {
	if err == nil {
		return false
	}
	call := callError("", "", err)
	return call.class != Throttled && call.class != Unreachable && call.class != Unauthenticated
}

// joined is the joiner of a kind of reads, by operation, cluster and whether the SDK
// sends them again.
func joined[A any](c *Client, key string, make func() *joiner[A]) *joiner[A] {
	if c.read != nil {
		key += " once"
	}
	c.shared.mutex.Lock()
	defer c.shared.mutex.Unlock()
	if known, ok := c.shared.joiners[key].(*joiner[A]); ok {
		return known
	}
	j := make()
	c.shared.joiners[key] = j
	return j
}

// shared is what a client and its copies have in common.
type shared struct {
	limits  *pace.Limits
	mutex   sync.Mutex
	joiners map[string]any
}
