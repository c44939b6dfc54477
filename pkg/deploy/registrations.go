package deploy

// One definition for several services: registered by the first that needs it, and used
// by the others.

import (
	"context"
	"crypto/sha256"
	"errors"
	"sync"

	"github.com/ecs-deploy/ecs-deploy/pkg/arn"
)

// Registrations are the task definitions that a run registers. Deployers that share
// them register each definition once for each account and region: of plans with the
// same family and content, the first that is carried out registers it, and the others
// use its revision. The zero value is ready for use.
type Registrations struct {
	mutex sync.Mutex
	made  map[registrationKey]*registration
}

// registrationKey is a definition in one account and region.
type registrationKey struct {
	account, region, family string
	content                 [sha256.Size]byte
}

// registration is one definition that is being registered, or was.
type registration struct {
	over chan struct{} // closed at its end
	arn  string
	err  error
}

// interrupted reports whether the registration was only interrupted: it says nothing to
// others.
func (r *registration) interrupted() bool {
	var stopped *InterruptedError
	return errors.As(r.err, &stopped)
}

// WithRegistrations has the deployer share what it registers with others.
func WithRegistrations(r *Registrations) Option {
	return func(d *Deployer) { d.registrations = r }
}

// once is the revision with the definition of a plan: the one that register makes, or
// that of somebody with the same definition. fresh says that register was called. If
// that of somebody else failed, so does this one. r may be nil.
func (r *Registrations) once(ctx context.Context, p *Plan, register func() (string, error)) (revision string, fresh bool, err error) {
	if r == nil {
		revision, err = register()
		return revision, true, err
	}
	body, err := p.Definition.MarshalJSON()
	if err != nil {
		return "", false, err
	}
	place, _ := arn.Parse(p.Service)
	key := registrationKey{place.Account, place.Region, p.Family, sha256.Sum256(body)}
	for {
		shared, first := r.join(key)
		if first {
			shared.arn, shared.err = register()
			r.end(key, shared)
			return shared.arn, true, shared.err
		}
		select {
		case <-ctx.Done():
			return "", false, &InterruptedError{Err: ctx.Err()}
		case <-shared.over:
		}
		if !shared.interrupted() {
			return shared.arn, false, shared.err
		}
	}
}

// join is the registration of a definition, and whether the caller begins it.
func (r *Registrations) join(key registrationKey) (shared *registration, first bool) {
	r.mutex.Lock()
	defer r.mutex.Unlock()
	if shared := r.made[key]; shared != nil {
		return shared, false
	}
	if r.made == nil {
		r.made = map[registrationKey]*registration{}
	}
	shared = &registration{over: make(chan struct{})}
	r.made[key] = shared
	return shared, true
}

// end tells those who wait. The next one begins an interrupted registration again.
func (r *Registrations) end(key registrationKey, shared *registration) {
	r.mutex.Lock()
	defer r.mutex.Unlock()
	if shared.interrupted() {
		delete(r.made, key)
	}
	close(shared.over)
}
