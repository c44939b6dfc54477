package ecssim

// This file is the simulator's idea of time: the Clock interface and its two
// stand-alone implementations. A Store has a third one of its own.

import (
	"context"
	"time"
)

// Clock is the simulator's time.
type Clock interface {
	// Now is the current simulated time. It never goes backwards.
	Now() time.Time
	// Sleep waits d of simulated time, or until ctx ends; then it returns
	// ctx.Err(). A d of zero or less returns at once.
	Sleep(ctx context.Context, d time.Duration) error
}

// RealClock is the machine's time: time.Now and timers. Inside a
// testing/synctest bubble it is the bubble's time.
func RealClock() Clock { return realClock{} }

// ScaledClock is a simulated time that is start now and runs speed times
// faster than real time. A speed that is not positive counts as 1.
func ScaledClock(start time.Time, speed float64) Clock {
	if !(speed > 0) {
		speed = 1
	}
	return &scaledClock{origin: time.Now(), start: start, speed: speed}
}

type realClock struct{}

func (realClock) Now() time.Time { return time.Now() }

func (realClock) Sleep(ctx context.Context, d time.Duration) error {
	return sleepReal(ctx, d)
}

type scaledClock struct {
	origin time.Time // real, with its monotonic reading
	start  time.Time // simulated
	speed  float64
}

func (c *scaledClock) Now() time.Time {
	return c.start.Add(time.Duration(float64(time.Since(c.origin)) * c.speed))
}

func (c *scaledClock) Sleep(ctx context.Context, d time.Duration) error {
	return sleepReal(ctx, time.Duration(float64(d)/c.speed))
}

// sleepReal waits d of real time or until ctx ends.
func sleepReal(ctx context.Context, d time.Duration) error {
	if err := ctx.Err(); err != nil || d <= 0 {
		return err
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
