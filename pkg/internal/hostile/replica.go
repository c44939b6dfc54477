package hostile

import (
	"bytes"
	"context"
	"io"
	"net/http"
	"time"

	"github.com/ecs-deploy/ecs-deploy/pkg/ecssim"
)

// request is a call as it can be made again.
type request struct {
	at        time.Time
	operation string
	header    http.Header
	body      []byte
}

// call makes a request of a simulator.
func (r request) call(ctx context.Context, simulator http.RoundTripper) (int, []byte, error) {
	again, err := http.NewRequestWithContext(ctx, http.MethodPost, "http://ecs.simulated/", bytes.NewReader(r.body))
	if err != nil {
		return 0, nil, err
	}
	again.Header = r.header
	response, err := simulator.RoundTrip(again)
	if err != nil {
		return 0, nil, err
	}
	defer func() { _ = response.Body.Close() }() // it is memory
	body, err := io.ReadAll(response.Body)
	return response.StatusCode, body, err
}

// replica is the account as it was a while ago: a second simulator of the same
// world, whose clock lags, and which gets each write when its clock is there.
type replica struct {
	lag     time.Duration
	born    time.Time
	now     time.Time
	ecs     http.RoundTripper
	applied int
}

func newReplica(world ecssim.World, born time.Time, lag time.Duration) (*replica, error) {
	r := &replica{lag: lag, born: born, now: born}
	simulator, err := ecssim.New(world, ecssim.WithClock(r))
	if err != nil {
		return nil, err
	}
	r.ecs = simulator.HTTPClient().Transport
	return r, nil
}

// Now is the replica's own time.
func (r *replica) Now() time.Time { return r.now }

// Sleep does not wait: the answer is older than that already.
func (r *replica) Sleep(context.Context, time.Duration) error { return nil }

// read answers a read as of the replica's time.
func (r *replica) read(ctx context.Context, now time.Time, written []request, call request) (int, []byte, error) {
	until := now.Add(-r.lag)
	for r.applied < len(written) && !written[r.applied].at.After(until) {
		r.now = written[r.applied].at
		if _, _, err := written[r.applied].call(ctx, r.ecs); err != nil {
			return 0, nil, err
		}
		r.applied++
	}
	if until.After(r.now) {
		r.now = until
	}
	return call.call(ctx, r.ecs)
}
