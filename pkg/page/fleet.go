package page

// A run of several services: how each ended, when each was deployed, and a section for
// each.

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/ecs-deploy/ecs-deploy/pkg/report"
	"github.com/ecs-deploy/ecs-deploy/pkg/rollout"
)

// severity orders the ends: those first that somebody should look at.
func severity(end ending) int {
	return slices.Index([]report.Tone{report.Bad, report.Warn, report.Plain, report.Good}, end.tone)
}

// endOfAll is how all of them ended, and how many in which way.
func (s sheet) endOfAll() ending {
	if failure := s.story.Failure; failure != nil {
		return endingOf(failure.End())
	}
	var verdicts []string
	number := map[string]int{}
	all := ending{tone: report.Good, word: "succeeded"}
	for _, about := range s.services {
		end := s.endOf(about)
		if number[end.word]++; number[end.word] == 1 {
			verdicts = append(verdicts, end.word)
		}
		if severity(end) < severity(all) {
			all.tone, all.word = end.tone, end.word
		}
	}
	if f := s.story.Fleet; f != nil {
		all.word, all.tone = strings.ReplaceAll(string(f.Verdict), "-", " "), report.Good
		if f.ExitCode != 0 {
			all.tone = report.Bad
		}
	}
	for i, word := range verdicts {
		verdicts[i] = fmt.Sprintf("%d %s", number[word], word)
	}
	all.lines = []report.Line{{Parts: []report.Part{{Tone: all.tone, Text: all.word}, {Text: ": " + strings.Join(verdicts, ", ")}}}}
	return all
}

// fleet is all about a run of several services.
func (s sheet) fleet() node {
	var facts list
	took := s.story.Now.Sub(s.story.Began)
	var next []report.Suggestion
	if f := s.story.Fleet; f != nil {
		took, next = f.Elapsed, f.Next
	}
	for _, f := range []fact{
		{"Began", s.time(s.story.Began, stamp)}, {"Ended", s.time(s.story.Now, stamp)}, {"Took", text(rollout.Span(took))},
	} {
		facts = append(facts, f.node())
	}
	content := list{
		el("header", s.eyebrow(), el("h1", text(s.fleetTitle()), el("span", class("place"), text(s.places()))), verdictBox(s.endOfAll()), el("dl", class("facts"), facts)),
		section("services", "Services", "h2", s.bars(), s.members()),
		nextOf(next, "", "h2"),
	}
	if left := len(s.story.Services) - len(s.sections); left > 0 {
		content = append(content, el("p", class("note"), text(fmt.Sprintf("%d services have a section below, those that did not succeed first; the other %d are in the table only.", len(s.sections), left))))
	}
	for _, about := range s.services {
		if prefix, ok := s.sections[about]; ok {
			content = append(content, s.service(about, prefix, "h2"))
		}
	}
	return content
}

// inOrder are the services in the order in which they were updated, those that were not
// at the end.
func inOrder(all []*report.ServiceStory) []*report.ServiceStory {
	all = slices.Clone(all)
	slices.SortStableFunc(all, func(a, b *report.ServiceStory) int {
		switch {
		case a.UpdatedAt.IsZero() != b.UpdatedAt.IsZero():
			return b.UpdatedAt.Compare(a.UpdatedAt)
		case a.UpdatedAt.Equal(b.UpdatedAt):
			return cmp.Compare(a.Name(), b.Name())
		}
		return a.UpdatedAt.Compare(b.UpdatedAt)
	})
	return all
}

// places are the environments of all services, at most three.
func (s sheet) places() string {
	var all []string
	for _, about := range s.services {
		if place := report.Place(about.Cluster, about.Service, s.story.Target); !slices.Contains(all, place) {
			all = append(all, place)
		}
	}
	if len(all) > 3 {
		all = append(all[:3], fmt.Sprintf("%d more", len(all)-3))
	}
	return strings.Join(all, ", ")
}

// sectionsOf are the services that have a section of their own, each with what the ids in
// it begin with.
func (s sheet) sectionsOf() map[*report.ServiceStory]string {
	shown := slices.Clone(s.services)
	slices.SortStableFunc(shown, func(a, b *report.ServiceStory) int { return cmp.Compare(severity(s.endOf(a)), severity(s.endOf(b))) })
	sections := map[*report.ServiceStory]string{}
	for i, about := range shown[:min(len(shown), s.detail.sections)] {
		sections[about] = fmt.Sprintf("s%d-", i+1)
	}
	return sections
}

func (s sheet) fleetTitle() string { return fmt.Sprintf("%d services", len(s.services)) }

// members is the table of the services and their ends.
func (s sheet) members() node {
	rows := some(s.services, s.detail.rows, func(about *report.ServiceStory) node {
		end := s.endOf(about)
		var name node = text(about.Name())
		if prefix, ok := s.sections[about]; ok {
			name = el("a", exact("href", "#"+prefix+"service"), name)
		}
		took := "–"
		if !about.UpdatedAt.IsZero() {
			took = rollout.Span(about.Elapsed)
		}
		return el("tr", class(end.class()), el("td", name), el("td", sign(end.sign(), ""), el("strong", text(end.word))),
			el("td", text(strings.TrimPrefix(strings.TrimPrefix(end.lines[0].String(), end.word), ": "))), el("td", class("elapsed"), text(took)))
	}, leftRow)
	return table("members", "How each service ended", []string{"Service", "Verdict", "Result", "Took"}, rows)
}

// bars is the common timeline: for each service, when it was deployed.
func (s sheet) bars() node {
	const row = 24
	names := 0
	shown := s.services[:min(len(s.services), s.detail.rows/10)]
	for _, about := range shown {
		names = max(names, len([]rune(about.Name())))
	}
	left := min(letter*float64(names)+16, 260)
	a := newAxis(s.story.Began, s.story.Now, left, chartWidth-left-marginRight)
	height := float64(len(shown)*row + 8)
	var shapes list
	for _, tick := range a.ticks() {
		shapes = append(shapes, el("line", class("tick"), number("x1", tick.x), number("x2", tick.x), exact("y1", "0"), number("y2", height)), words(tick.x, height+14, "scale middle", tick.label))
	}
	for i, about := range shown {
		shapes = append(shapes, s.bar(a, about, 4+float64(i*row)))
	}
	label := "When each service was deployed; the table below says the same"
	return el("figure", class("chart"), el("div", class("scroll"), exact("tabindex", "0"), exact("role", "region"), says("aria-label", label),
		el("svg", exact("viewBox", fmt.Sprintf("0 0 %d %s", chartWidth, decimal(height+22))), exact("role", "img"), says("aria-label", label), shapes)))
}

// bar is one service in the common timeline.
func (s sheet) bar(a axis, about *report.ServiceStory, y float64) node {
	end := s.endOf(about)
	name := []rune(about.Name())
	if len(name) > 38 {
		name = append(name[:37], '…')
	}
	row := list{words(0, y+14, "lane", string(name))}
	if about.UpdatedAt.IsZero() {
		return append(row, words(a.left+4, y+14, "count", end.word))
	}
	from, to := a.at(about.UpdatedAt), a.at(about.Now)
	label := fmt.Sprintf("%s %s, %s", end.sign(), end.word, rollout.Span(about.Now.Sub(about.UpdatedAt)))
	row = append(row, el("rect", class("bar "+end.class()), number("x", from), number("y", y), number("width", max(to-from, 2)), exact("height", "18"), exact("rx", "3"), el("title", text(about.Name()+": "+label))))
	width := letter * float64(len([]rune(label)))
	switch {
	case to-from > width+12:
		row = append(row, words(from+6, y+13, "inside", label))
	case to+width+8 < chartWidth:
		row = append(row, words(to+5, y+13, "count", label))
	default:
		row = append(row, words(from-5, y+13, "count before", label))
	}
	return el("g", row...)
}
