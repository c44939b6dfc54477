package ecssim

// This file is the simulated time of a Store: where it stands is in the first
// line of the file, so that all processes agree about it.

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"time"
)

const (
	// leaseTime is how long, in real time, time runs fast after a request.
	leaseTime = 3 * time.Second
	// sleepSlice is how much of a Sleep, in real time, passes before the lease
	// is looked at again.
	sleepSlice = time.Second
)

// anchor says which simulated moment a real one was, and until when simulated
// time runs fast.
type anchor struct {
	Format    int       `json:"format"`
	Real      time.Time `json:"real"`
	Sim       time.Time `json:"sim"`
	FastUntil time.Time `json:"fastUntil"`
	Speed     float64   `json:"speed"`
}

// at is the simulated time at a real one: fast until the lease ends, then at
// speed 1. Real time that went backwards counts as none.
func (a anchor) at(now time.Time) time.Time {
	end := a.FastUntil
	if now.Before(end) {
		end = now
	}
	fast := max(end.Sub(a.Real), 0)
	slow := max(now.Sub(a.Real)-fast, 0)
	return a.Sim.Add(time.Duration(float64(fast)*a.Speed) + slow)
}

func readAnchor(line []byte) (anchor, error) {
	var a anchor
	if err := json.Unmarshal(line, &a); err != nil {
		return a, err
	}
	if a.Format != stateFormat {
		return a, fmt.Errorf("it has format %d, but this version reads format %d", a.Format, stateFormat)
	}
	if !(a.Speed > 0) || a.Sim.IsZero() {
		return a, errors.New("it has no clock")
	}
	return a, nil
}

// now is the simulated time, from the anchor at hand. The caller holds s.mu, or
// has the store to itself.
func (s *Store) now() time.Time {
	now := s.anchor.at(s.realNow())
	if now.Before(s.last) {
		now = s.last
	}
	s.last = now
	return now
}

// Clock is the simulated clock as this process sees it. Its Sleep keeps time
// running fast.
func (s *Store) Clock() Clock { return storeClock{s} }

type storeClock struct{ store *Store }

// Now looks at the file, because another process may have moved its clock.
func (c storeClock) Now() time.Time {
	s := c.store
	s.mu.Lock()
	defer s.mu.Unlock()
	s.refreshAnchor()
	return s.now()
}

// refreshAnchor reads the anchor of a file that another process has replaced.
// If that is not possible, the last one known goes on.
func (s *Store) refreshAnchor() {
	info, err := os.Stat(s.path)
	if err != nil || sameFile(info, s.info) {
		return
	}
	f, err := os.Open(s.path)
	if err != nil {
		return
	}
	defer f.Close()
	line, err := bufio.NewReader(f).ReadBytes('\n')
	if err != nil {
		return
	}
	if a, err := readAnchor(bytes.TrimSpace(line)); err == nil {
		s.anchor = a // info stays: the engine is still the old one
	}
}

// Sleep waits in slices and renews the lease between them, so that a long wait
// passes fast too.
func (c storeClock) Sleep(ctx context.Context, d time.Duration) error {
	until := c.Now().Add(d)
	for {
		left := until.Sub(c.Now())
		if err := ctx.Err(); err != nil || left <= 0 {
			return err
		}
		slice := min(time.Duration(float64(left)/c.store.speed), sleepSlice)
		if err := c.store.sleep(ctx, max(slice, time.Millisecond)); err != nil {
			return err
		}
		c.renew()
	}
}

// renew extends the lease when little of it is left.
func (c storeClock) renew() {
	s := c.store
	s.mu.Lock()
	left := s.anchor.FastUntil.Sub(s.realNow())
	s.mu.Unlock()
	if left < leaseTime-sleepSlice {
		// A store that cannot be written only loses speed; the next request
		// says what is wrong.
		_ = s.use(func(*engine) {})
	}
}
