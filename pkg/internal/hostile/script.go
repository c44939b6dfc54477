// Package hostile is an ECS that is hard to deploy to, for tests: the simulator
// behind replicas that lag, lists in any order, answers about something else,
// connections that break, and colleagues who act in between. Each distortion is
// possible: what it shows was true at some time, or is recognisably not what was
// asked for.
package hostile

import (
	"fmt"
	"math/rand/v2"
	"path"
	"slices"
	"strings"
	"time"
)

// Distortion is one thing that happens to the calls of a client, for a while. It
// is written NAME OPERATION FROM+FOR N, as "stale DescribeServices 3s+10s 5".
type Distortion struct {
	// Name is what happens; see Names.
	Name string
	// On is the operation to which it happens, with * for any text: "List*".
	On string
	// From and For say when, since the client was made. For 0 is once: the first
	// matching call from then on.
	From, For time.Duration
	// N says more; its meaning depends on the name.
	N int
}

// The distortions, and what their N is.
const (
	// Stale reads come from replicas that lag N, half of N, and 0 seconds.
	Stale = "stale"
	// Reset breaks the connection before the call is carried out, Lost after it.
	// With N above 1 every Nth call only; so do the failures below.
	Reset = "reset"
	Lost  = "lost"
	// Hang gives no answer to a call that is not carried out, HangLost to one that is.
	Hang     = "hang"
	HangLost = "hang-lost"
	// Half breaks the connection in the middle of the answer, HalfHang goes silent.
	Half     = "half"
	HalfHang = "half-hang"
	// Throttle, Internal (500) and Unavailable (503, a page) are not carried out;
	// InternalLost is.
	Throttle     = "throttle"
	Internal     = "internal"
	InternalLost = "internal-lost"
	Unavailable  = "unavailable"
	// Denied is AccessDeniedException.
	Denied = "denied"
	// Empty is an answer without any member.
	Empty = "empty"
	// Reverse turns lists around, Repeat has each element twice.
	Reverse = "reverse"
	Repeat  = "repeat"
	// Other adds an answer about something else: N 0 before the right one, 1 in
	// its place, 2 behind it.
	Other = "other"
	// Missing leaves out, Null sets to null, the Nth of the members that may be.
	Missing = "missing"
	Null    = "null"
	// Unknown puts a word that nobody knows into the Nth enumeration.
	Unknown = "unknown"
	// Loop repeats the first page of a list for ever.
	Loop = "loop"
	// Clock shows times of 1970 (N 0) or 2099 (N 1).
	Clock = "clock"

	// Colleague deploys another image; Restart the same; Scale sets the count to N;
	// Stop has ECS roll the newest deployment back; Delete deletes the service. On
	// "-" they act at the time From; on an operation before (N 0) or after (N 1) the
	// first such call from then on; Scale then acts before it.
	Colleague = "colleague"
	Restart   = "restart"
	Scale     = "scale"
	Stop      = "stop"
	Delete    = "delete"
)

// acts are the distortions that are other people.
var acts = []string{Colleague, Restart, Scale, Stop, Delete}

// Acts reports whether the distortion is somebody else who changes the service.
func (d Distortion) Acts() bool { return slices.Contains(acts, d.Name) }

// String is how a distortion is written.
func (d Distortion) String() string {
	return fmt.Sprintf("%s %s %s+%s %d", d.Name, d.On, d.From, d.For, d.N)
}

// Script is all that happens.
type Script []Distortion

// String writes the distortions one after the other, with semicolons.
func (s Script) String() string {
	var parts []string
	for _, d := range s {
		parts = append(parts, d.String())
	}
	return strings.Join(parts, "; ")
}

// Has reports whether one of these distortions is in the script.
func (s Script) Has(names ...string) bool {
	return slices.ContainsFunc(s, func(d Distortion) bool { return slices.Contains(names, d.Name) })
}

// Acts reports whether somebody else changes the service.
func (s Script) Acts() bool { return slices.ContainsFunc(s, Distortion.Acts) }

// Parse reads what String writes.
func Parse(text string) (Script, error) {
	var script Script
	for part := range strings.SplitSeq(text, ";") {
		if part = strings.TrimSpace(part); part == "" {
			continue
		}
		words := strings.Fields(part)
		if len(words) != 4 {
			return nil, fmt.Errorf("%q is not NAME OPERATION FROM+FOR N", part)
		}
		d := Distortion{Name: words[0], On: words[1]}
		from, lasting, _ := strings.Cut(words[2], "+")
		var err error
		if d.From, err = time.ParseDuration(from); err == nil {
			d.For, err = time.ParseDuration(lasting)
		}
		if err == nil {
			_, err = fmt.Sscan(words[3], &d.N)
		}
		if err != nil {
			return nil, fmt.Errorf("%q: %w", part, err)
		}
		script = append(script, d)
	}
	return script, nil
}

// on reports whether the distortion is about an operation.
func (d Distortion) on(operation string) bool {
	ok, err := path.Match(d.On, operation)
	return ok && err == nil
}

// The operations of a deployment.
var (
	reads = []string{"DescribeServices", "DescribeServices", "DescribeServiceDeployments", "DescribeServiceDeployments", "ListServiceDeployments",
		"DescribeServiceRevisions", "ListTasks", "DescribeTasks", "DescribeTaskDefinition", "Describe*", "List*", "*ServiceDeployments"}
	writes = []string{"UpdateService", "UpdateService", "UpdateService", "RegisterTaskDefinition", "StopServiceDeployment"}
)

// Random is a script of a few distortions; the worst are rare.
func Random(r *rand.Rand) Script {
	var script Script
	for range 1 + r.IntN(4) {
		script = append(script, randomOne(r))
	}
	return script
}

func randomOne(r *rand.Rand) Distortion {
	pick := func(texts ...string) string { return texts[r.IntN(len(texts))] }
	seconds := func(most int) time.Duration { return time.Duration(r.IntN(most+1)) * time.Second }
	d := Distortion{From: seconds(90), For: time.Second + seconds(60)}
	switch r.IntN(12) {
	case 0, 1, 2: // reads that lag
		d.Name, d.On, d.N = Stale, pick(append(reads, "*", "*", "*")...), 1+r.IntN(8)
		if r.IntN(6) == 0 {
			d.N = 20
		}
		if r.IntN(2) == 0 {
			d.From = 0
		}
	case 3, 4, 5: // writes with lost answers
		d.Name = pick(Reset, Lost, Lost, Lost, HangLost, InternalLost, Internal, Throttle, Unavailable, Half, HalfHang, Empty, Stale)
		d.On, d.From, d.For = pick(writes...), 0, 0
		if r.IntN(4) == 0 {
			d.For = seconds(60)
		}
		if d.Name == Stale {
			d.N = 5
		}
	case 6: // failures of reads
		d.Name, d.On, d.N = pick(Reset, Hang, Half, HalfHang, Throttle, Internal, Unavailable, Empty), pick(reads...), 1+r.IntN(3)
	case 7:
		d.Name, d.On = pick(Denied, Loop, Throttle), pick("*ServiceDeployments", "ListTasks", "DescribeTasks", "ListServiceDeployments", "DescribeServiceRevisions")
		if d.Name != Throttle && r.IntN(2) == 0 {
			d.From, d.For = 0, 24*time.Hour
		}
	case 8:
		d.Name, d.On, d.N = pick(Reverse, Repeat, Other, Other), pick(reads...), r.IntN(3)
		d.From, d.For = 0, 24*time.Hour
	case 9:
		d.Name, d.On, d.N = pick(Missing, Null, Unknown, Clock), pick(append(reads, "UpdateService")...), r.IntN(12)
	case 10: // somebody at a time
		d.Name, d.On, d.For, d.N = pick(acts...), "-", 0, r.IntN(4)
	default: // somebody in between
		d.Name, d.On, d.From, d.For, d.N = pick(acts...), pick("UpdateService", "UpdateService", "RegisterTaskDefinition"), 0, 0, r.IntN(2)
	}
	return d
}
