package ecssim

// This file decides the fate of a request before it is served: the faults of
// the world and the throttling of the ECS API.

import (
	"math"
	"net/http"
	"slices"
	"strings"
	"time"
)

// fate is what happens to a request. The zero fate is that it is served.
type fate struct {
	latency time.Duration
	failure *apiError
	html    string
	status  int
	reset   bool // the connection breaks before
	lost    bool // the connection breaks after
}

// admit counts a request and decides its fate.
func (e *engine) admit(operation string) fate {
	var f fate
	for i, fault := range e.World.Faults {
		if !e.strikes(i, fault, operation) {
			continue
		}
		f.latency += time.Duration(fault.Latency)
		switch {
		case fault.Code != "":
			message := strings.ReplaceAll(fault.Message, "{operation}", operation)
			f.failure = &apiError{code: fault.Code, message: message, status: fault.Status}
		case fault.Body != "":
			f.html, f.status = fault.Body, fault.Status
			if f.status == 0 {
				f.status = http.StatusServiceUnavailable
			}
		case fault.ConnectionReset:
			f.reset = true
		case fault.LostResponse:
			f.lost = true
		default:
			continue
		}
		return f
	}
	if e.World.Switches.Throttling && !e.take(operation) {
		f.failure = errThrottled
	}
	return f
}

// strikes counts a request for a fault and decides whether the fault happens.
func (e *engine) strikes(i int, f Fault, operation string) bool {
	if len(f.Operations) > 0 && !slices.ContainsFunc(f.Operations, func(p string) bool { return glob(p, operation) }) {
		return false
	}
	if f.AfterUpdate && !e.Updated {
		return false
	}
	for len(e.FaultCounts) <= i {
		e.FaultCounts = append(e.FaultCounts, 0)
	}
	e.FaultCounts[i]++
	n := e.FaultCounts[i]
	switch {
	case f.First > 0 && n > f.First,
		f.Nth > 0 && n != f.Nth,
		f.Every > 0 && n%f.Every != 0:
		return false
	}
	return f.Probability == 0 || e.Wire.chance(f.Probability)
}

// bucket is a token bucket of the API's rate limits.
type bucket struct {
	Tokens float64 `json:"tokens"`
	At     millis  `json:"at"`
}

// rates are the documented limits per account and Region: burst and refill per
// second of each category of actions (Amazon ECS, "Request throttling").
var rates = map[string]struct{ burst, refill float64 }{
	"cluster modify":         {20, 1},
	"cluster read":           {50, 20},
	"task definition modify": {20, 1},
	"task definition read":   {50, 20},
	"service modify":         {50, 5},
	"service read":           {100, 20},
	"service deployment":     {50, 20},
	"service revision":       {50, 20},
	"resource modify":        {100, 40},
	"resource read":          {100, 20},
	"agent modify":           {200, 120},
	"tag modify":             {20, 10},
	"tag read":               {50, 20},
}

// take takes a token for the operation and reports whether there was one.
func (e *engine) take(operation string) bool {
	category := operations()[operation].category
	rate, limited := rates[category]
	if !limited {
		return true
	}
	if e.Buckets == nil {
		e.Buckets = map[string]*bucket{}
	}
	b := e.Buckets[category]
	if b == nil {
		b = &bucket{Tokens: rate.burst, At: e.Now}
		e.Buckets[category] = b
	}
	b.Tokens = math.Min(rate.burst, b.Tokens+float64(e.Now-b.At)/1000*rate.refill)
	b.At = e.Now
	if b.Tokens < 1 {
		return false
	}
	b.Tokens--
	return true
}
