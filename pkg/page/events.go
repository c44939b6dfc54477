package page

// What happened, as a numbered list, and as marks in the chart.

import (
	"fmt"
	"slices"
	"strconv"
	"unicode/utf8"

	"github.com/ecs-deploy/ecs-deploy/pkg/report"
	"github.com/ecs-deploy/ecs-deploy/pkg/rollout"
)

// event is an entry of the list.
type event struct {
	report.Moment
	number int
	id     string // of its row
}

// eventsOf are the moments of a service, at most limit: the first ones and the last. left
// is how many are missing between them.
func eventsOf(about *report.ServiceStory, prefix string, limit int) (shown []event, left int) {
	left = max(len(about.Moments)-limit, 0)
	for i, m := range about.Moments {
		if i < limit/2 || i >= limit/2+left {
			shown = append(shown, event{m, i + 1, fmt.Sprintf("%se%d", prefix, i+1)})
		}
	}
	return shown, left
}

// tones are the classes and the signs by which a row tells how it is meant.
var tones = map[report.Tone]struct{ class, sign, word string }{
	report.Good: {"good", "✓", "good"}, report.Bad: {"bad", "✗", "problem"}, report.Warn: {"warn", "!", "warning"},
}

// mark is one event in the chart, or several in a row that are too near to each other.
type mark struct {
	x, y        float64
	first, last event
	tone        report.Tone
}

// label is its number, or numbers.
func (m *mark) label() string {
	if m.first.number == m.last.number {
		return strconv.Itoa(m.first.number)
	}
	return fmt.Sprintf("%d–%d", m.first.number, m.last.number)
}

func (m *mark) width() float64 {
	return max(letter*float64(utf8.RuneCountInString(m.label()))+8, 2*markSize)
}

const (
	markSize = 9 // half the height of a mark
	markRows = 3 // how many of them stand above each other at most
	rowStep  = 2*markSize + 3
)

// marksOf places a mark for each event.
func (c *chart) marksOf(events []event) (marks []*mark, rows int) {
	var last [markRows]*mark
	for _, e := range events {
		m := &mark{x: c.at(e.At), first: e, last: e, tone: e.Tone}
		row := slices.IndexFunc(last[:], func(before *mark) bool {
			return before == nil || before.x+before.width()/2+3 <= m.x-m.width()/2
		})
		if row < 0 { // no room: it joins the one before
			before := marks[len(marks)-1]
			before.last = e
			before.tone = worse(before.tone, e.Tone)
			continue
		}
		m.y = c.y + markSize + float64(row)*rowStep
		marks, last[row], rows = append(marks, m), m, max(rows, row+1)
	}
	return marks, rows
}

// worse is the tone of the two that somebody should see.
func worse(a, b report.Tone) report.Tone {
	for _, tone := range []report.Tone{report.Bad, report.Warn} {
		if a == tone || b == tone {
			return tone
		}
	}
	return a
}

// events draws the marks, each a link to its row in the list.
func (c *chart) events(events []event) {
	marks, rows := c.marksOf(events)
	if rows == 0 {
		return
	}
	c.add(words(0, c.y+markSize+4, "lane", "events"))
	for _, m := range marks {
		label := fmt.Sprintf("%s, after %s: %s", m.label(), rollout.Span(m.first.At.Sub(c.from)), m.first.Text)
		c.marks = append(c.marks, el("a", exact("href", "#"+m.first.id), class("mark "+tones[m.tone].class), says("aria-label", "event "+label),
			el("title", text(label)),
			el("rect", number("x", m.x-m.width()/2), number("y", m.y-markSize), number("width", m.width()), number("height", 2*markSize), number("rx", markSize)),
			words(m.x, m.y+4, "", m.label())))
	}
	c.y += float64(rows)*rowStep + laneGap
}

// eventList is the list, with how the story ended as its last row.
func (s sheet) eventList(about *report.ServiceStory, events []event, left int) node {
	var rows list
	for i, e := range events {
		if left > 0 && i > 0 && e.number > events[i-1].number+1 {
			rows = append(rows, el("tr", class("left"), el("td"), el("td", exact("colspan", "3"), text(fmt.Sprintf("%d more events are left out", left)))))
		}
		tone := tones[e.Tone]
		rows = append(rows, el("tr", exact("id", e.id), class(tone.class),
			el("td", class("number"), text(strconv.Itoa(e.number))), s.clock(e.At), el("td", class("elapsed"), text(rollout.Span(e.Elapsed))),
			el("td", sign(tone.sign, tone.word), text(e.Text))))
	}
	end := s.endOf(about)
	rows = append(rows, el("tr", class("last "+end.class()), el("td"), s.clock(about.Now), el("td", class("elapsed"), text(rollout.Span(about.Elapsed))),
		el("td", sign(end.sign(), ""), el("strong", text(end.word)))))
	return table("events", "Events in the order of time", []string{"No.", "Time", "After", "Event"}, rows)
}
