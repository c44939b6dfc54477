package report_test

// The live region beside lines, on a terminal that has little room for both.

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/ecs-deploy/ecs-deploy/pkg/report"
)

// watched is a screen whose region is looked at after each write.
type watched struct {
	*screen
	mutex sync.Mutex
	first string // the first screen on which the region was no frame
}

// A row of a fleet's frame as a whole, its first row and its last one.
var (
	fleetRow  = regexp.MustCompile(`^(▸ doorman-\d+ +([█▓▒░]{12}  \d/4 doorman:42( \d failed)?)?  [\dm]+s|· doorman-\d+ +not started)$`)
	fleetHead = regexp.MustCompile(`^\d+ services: \d+ in progress(, \d+ not started)?  [\dm]+s$`)
	fleetRest = regexp.MustCompile(`^  and \d+ more: [a-z0-9, ]+$`)
)

func (w *watched) Write(text []byte) (int, error) {
	n, err := w.screen.Write(text)
	rows := w.rows()
	w.mutex.Lock()
	defer w.mutex.Unlock()
	begin := slices.IndexFunc(rows, func(row string) bool { return strings.Contains(row, "services: ") || strings.Contains(row, "▸") })
	if begin < 0 || w.first != "" {
		return n, err
	}
	for i, row := range rows[begin:] {
		last := i == len(rows[begin:])-1
		if i == 0 && !fleetHead.MatchString(row) || i > 0 && !fleetRow.MatchString(row) && !(last && fleetRest.MatchString(row)) {
			w.first = fmt.Sprintf("row %d: %q\n%s", begin+i, row, strings.Join(rows, "\n"))
			break
		}
	}
	return n, err
}

// TestLinesAboveAHighRegion: after each write the region is one whole frame, and nothing
// else, though there are more services than rows, and lines appear above it: a few, many,
// very long ones, and those that end at the edge.
func TestLinesAboveAHighRegion(t *testing.T) {
	for _, size := range []report.Size{{Width: 80, Height: 24}, {Width: 120, Height: 40}} {
		t.Run(fmt.Sprint(size.Height), func(t *testing.T) {
			t.Parallel()
			s := &watched{screen: newScreen(t, size.Width, size.Height)}
			var seconds atomic.Int64
			r := report.New("text", report.Options{
				Out: s, Err: s, Raw: s, OutTerminal: true, Progress: report.ProgressLive, Term: "xterm-256color", Size: size, Location: time.UTC,
				Now: func() time.Time { return at(100 + int(seconds.Load())) },
			})
			defer r.Pause()
			for _, e := range manyServices(30) {
				r.Event(e)
			}
			s.shows(t, "30 services: ")
			for _, lines := range [][]int{{10}, {79, 80, 81}, {30, 240, 40}, slices.Repeat([]int{12}, 8), slices.Repeat([]int{100}, 30)} {
				seconds.Add(1)
				r.Result(report.Result{Lines: func(report.Options) []report.Line {
					var all []report.Line
					for _, n := range lines {
						all = append(all, report.Line{Whole: true, Parts: []report.Part{{Text: fmt.Sprintf("%d%s", seconds.Load(), strings.Repeat("x", n-2))}}})
					}
					return all
				}})
				s.shows(t, fmt.Sprintf("in progress  1m%ds", 40+seconds.Load()))
			}
			s.mutex.Lock()
			defer s.mutex.Unlock()
			if s.first != "" {
				t.Error(s.first)
			}
		})
	}
}
