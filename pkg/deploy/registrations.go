package deploy

// Registering a definition. One definition for several services is registered by the
// first that needs it, and used by the others.

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"strings"
	"sync"

	"github.com/aws/aws-sdk-go-v2/aws"

	"github.com/ecs-deploy/ecs-deploy/pkg/arn"
	"github.com/ecs-deploy/ecs-deploy/pkg/rollout"
	"github.com/ecs-deploy/ecs-deploy/pkg/taskdef"
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

// failedAlone reports whether the registration failed for a reason that says nothing to
// others: it was interrupted, or somebody else changed the service meanwhile.
func (r *registration) failedAlone() bool {
	var call *CallError
	return r.err != nil && !(errors.As(r.err, &call) && call.Action == "ecs:RegisterTaskDefinition")
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
		if !shared.failedAlone() {
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

// end tells those who wait. The next one begins a registration again that failed alone.
func (r *Registrations) end(key registrationKey, shared *registration) {
	r.mutex.Lock()
	defer r.mutex.Unlock()
	if shared.failedAlone() {
		delete(r.made, key)
	}
	close(shared.over)
}

// stillFresh holds a plan against the service if it is old. AWS takes a registration in a
// second, once more than twenty were made: a plan may have waited long for its turn.
func (d *Deployer) stillFresh(p *Plan) func(context.Context) error {
	return func(ctx context.Context) error {
		_, err := d.fresh(ctx, p)
		return err
	}
}

// register registers the plan's definition and returns the new revision's ARN. check, if
// not nil, is asked before.
func (d *Deployer) register(ctx context.Context, p *Plan, check func(context.Context) error) (string, error) {
	body, err := p.Definition.MarshalJSON()
	if err != nil {
		return "", err
	}
	arn, sent := "", 0
	var answer []byte
	err = d.write(ctx, write{
		operation: "RegisterTaskDefinition",
		check:     check,
		send: func(ctx context.Context) error {
			sent++
			stored, err := d.api.Register(ctx, p.Family, body)
			if err == nil {
				arn, answer = aws.ToString(stored.TaskDefinitionArn), stored.Body
			}
			return err
		},
		look: func(ctx context.Context) (bool, error) {
			newest, err := d.newestOf(ctx, p.Family)
			if err != nil || newest.serves(p.Current, p.Definition) {
				arn = newest.arn
				return err == nil, err
			}
			if same := d.sameSince(ctx, p, newest.arn); len(same) > 0 { // somebody registered another one since
				arn = same[0]
				return true, nil
			}
			return false, nil
		},
	})
	var uncertain *UncertainError
	if errors.As(err, &uncertain) {
		return "", fmt.Errorf("%w (the service is unchanged; a revision of %s may have been registered)", uncertain.Err, p.Family)
	}
	if err == nil && sent > 1 {
		d.nameOrphans(ctx, p, arn)
	}
	if stored, parseErr := taskdef.FromDescribe(answer); err == nil && parseErr == nil {
		d.warnOfOther(arn, p.Definition, stored)
	}
	return arn, err
}

// warnOfOther warns if ECS keeps a definition otherwise than it was sent: it
// dropped a field, or filled one in. The next deployment of the same will find a
// difference again, and register it again.
func (d *Deployer) warnOfOther(arn string, sent, stored taskdef.Definition) {
	var fields []string
	for _, difference := range taskdef.Diff(sent, stored) {
		if !strings.HasPrefix(difference.Field, "tags ") { // not every answer has them
			fields = append(fields, strings.TrimSpace(difference.Container+" "+difference.Field))
		}
	}
	if len(fields) > 0 {
		d.emit(Event{Type: EventWarning, Message: fmt.Sprintf("ECS stored %s with other values than it was sent, so the same deployment will register it again: %s",
			rollout.ShortName(arn), strings.Join(fields, ", "))})
	}
}
