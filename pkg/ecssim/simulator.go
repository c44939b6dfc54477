package ecssim

// This file is the door to the simulator: making one, saving and loading it,
// and the two ways to talk to it (an http.Handler, an in-process http.Client).

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"sync"
)

// Simulator is one simulated ECS account in one Region. It is an
// [http.Handler] that speaks the ECS wire protocol, safe for concurrent use.
type Simulator struct {
	mu    sync.Mutex
	clock Clock
	core  *engine
}

// Option changes how New and Load make a simulator.
type Option func(*Simulator)

// WithClock gives the simulator its time. The default is RealClock.
func WithClock(c Clock) Option { return func(s *Simulator) { s.clock = c } }

// New makes a simulator of the world. Its services are born in steady state at
// the clock's now: their tasks RUNNING and healthy, their deployment COMPLETED,
// a SUCCESSFUL service deployment in their history. The error joins everything
// that is wrong with the world.
func New(world World, opts ...Option) (*Simulator, error) {
	s := newSimulator(opts)
	var err error
	s.core, err = newEngine(world, s.clock.Now())
	if err != nil {
		return nil, err
	}
	return s, nil
}

func newSimulator(opts []Option) *Simulator {
	s := &Simulator{clock: RealClock()}
	for _, opt := range opts {
		opt(s)
	}
	return s
}

// Save returns the whole state as JSON: everything that exists, pending events,
// random numbers to come, fault counters and the world itself.
func (s *Simulator) Save() ([]byte, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.core.save()
}

// Load makes a simulator that goes on where Save left off. Time that has passed
// on the clock since then is played when the first request comes. Data that
// Save of this version did not write is an error.
func Load(data []byte, opts ...Option) (*Simulator, error) {
	core, err := loadEngine(data)
	if err != nil {
		return nil, err
	}
	s := newSimulator(opts)
	s.core = core
	return s, nil
}

func loadEngine(data []byte) (*engine, error) {
	format, err := savedFormat(data)
	if err != nil {
		return nil, fmt.Errorf("not a saved simulator: %w", err)
	}
	if format != stateFormat {
		return nil, fmt.Errorf("a saved simulator of format %d, but this version reads format %d", format, stateFormat)
	}
	e := &engine{}
	if err := json.Unmarshal(data, &e.state); err != nil {
		return nil, fmt.Errorf("not a saved simulator: %w", err)
	}
	if e.Clusters == nil || e.Families == nil {
		return nil, errors.New("not a saved simulator: it has no clusters")
	}
	for _, c := range e.Clusters {
		if err := c.unpack(); err != nil {
			return nil, fmt.Errorf("not a saved simulator: %w", err)
		}
		for _, s := range c.Services {
			c.adopt(s)
		}
	}
	return e, nil
}

// savedFormat is the format of a saved state: its first member. The rest is not
// read for it.
func savedFormat(data []byte) (int, error) {
	dec := json.NewDecoder(bytes.NewReader(data))
	for _, want := range []json.Token{json.Delim('{'), "format"} {
		if got, err := dec.Token(); err != nil {
			return 0, err
		} else if got != want {
			return 0, errors.New("it does not begin with its format")
		}
	}
	var format int
	err := dec.Decode(&format)
	return format, err
}

// Clock is the simulator's time.
func (s *Simulator) Clock() Clock { return s.clock }

// use gives f the engine, advanced to now.
func (s *Simulator) use(f func(*engine)) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	now := toMillis(s.clock.Now())
	return guarded(func() {
		s.core.advance(now)
		f(s.core)
	})
}

// ServeHTTP answers one ECS request.
func (s *Simulator) ServeHTTP(w http.ResponseWriter, r *http.Request) { serveHTTP(s, w, r) }

// HTTPClient returns a client whose requests, whatever their address, the
// simulator answers in the caller's goroutine, without a socket. Requests end
// with their context.
func (s *Simulator) HTTPClient() *http.Client { return &http.Client{Transport: transport{s}} }
