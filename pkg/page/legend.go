package page

// What the areas of a chart mean, and the same counts as a table.

import (
	"slices"
	"strconv"
	"strings"

	"github.com/ecs-deploy/ecs-deploy/pkg/report"
	"github.com/ecs-deploy/ecs-deploy/pkg/rollout"
)

// patterns are the fillings of areas, which differ without colour too. All charts of a
// page share them.
func patterns() node {
	pattern := func(id string, size float64, shapes ...node) node {
		return el("pattern", append(list{exact("id", id), exact("patternUnits", "userSpaceOnUse"), number("width", size), number("height", size)}, shapes...)...)
	}
	ground := el("rect", class("ground"), exact("width", "9"), exact("height", "9"))
	return el("svg", class("defs"), exact("width", "0"), exact("height", "0"), exact("aria-hidden", "true"), el("defs",
		pattern("p-earlier", 6, ground, el("path", class("stroke"), exact("d", "M-1 1l2-2M0 6l6-6M5 7l2-2"))),
		pattern("p-restored", 6, ground, el("circle", class("dot"), exact("cx", "3"), exact("cy", "3"), exact("r", "1.3"))),
		pattern("p-pending", 5, ground, el("path", class("stroke"), exact("d", "M0 2.5h5")))))
}

// legend names the areas of the chart of a service.
func legend(about *report.ServiceStory) node {
	revisions := revisionsOf(about)
	entries := []struct {
		names, words string
		shown        bool
	}{
		{"fresh", "new: " + revisions[fresh], revisions[fresh] != ""},
		{"restored", "restored: " + revisions[restored], revisions[restored] != ""},
		{"earlier", "earlier: " + revisions[earlier], revisions[earlier] != ""},
		{"pending", "pending tasks", true},
		{"desired", "desired count", true},
		{"test", "test traffic to new", tests(about)},
	}
	var items list
	for _, e := range entries {
		shape := el("rect", class("area "+e.names), exact("width", "22"), exact("height", "12"))
		if e.names == "desired" || e.names == "test" {
			shape = el("path", class(e.names), exact("d", "M0 6h22"))
		}
		if e.shown {
			items = append(items, el("li", el("svg", exact("viewBox", "0 0 22 12"), exact("width", "22"), exact("height", "12"), exact("aria-hidden", "true"), shape), text(e.words)))
		}
	}
	return el("ul", class("legend"), items)
}

// tests reports whether test traffic went to the new tasks.
func tests(about *report.ServiceStory) bool {
	return slices.ContainsFunc(about.Samples, func(s report.Sample) bool { return s.Record != nil && percent(s.Record.Target.Test) > 0 })
}

// revisionsOf are the revisions of each role, at most two.
func revisionsOf(about *report.ServiceStory) (revisions [roles]string) {
	c := castOf(about)
	var all [roles][]string
	for _, s := range about.Samples {
		for _, d := range s.Deployments {
			name, which := rollout.Named(d.TaskDefinition, d.Tag), c.role(d)
			if len(all[which]) < 2 && (len(all[which]) == 0 || all[which][0] != name) {
				all[which] = append(all[which], name)
			}
		}
	}
	for which, names := range all {
		revisions[which] = strings.Join(names, ", ")
	}
	return revisions
}

// counts are the counts of a chart as a table, folded until somebody opens it. The script
// reads them too.
func (s sheet) counts(c *chart) node {
	shown := thinned(c.points, s.detail.points/4)
	restores, shifts := false, false
	for _, p := range shown {
		restores, shifts = restores || p.running[restored] > 0, shifts || p.production >= 0
	}
	columns := []string{"Time", "After", "New", "Restored", "Earlier", "Pending", "Failed", "Stage", "Traffic to new"}
	skipped := map[string]bool{"Restored": !restores, "Stage": !shifts, "Traffic to new": !shifts}
	rows := each(shown, func(p point) node {
		values := []string{"", "", strconv.Itoa(p.running[fresh]), strconv.Itoa(p.running[restored]), strconv.Itoa(p.running[earlier]), strconv.Itoa(p.pending), strconv.Itoa(p.failed), p.stage, ""}
		if p.production >= 0 {
			values[8] = strconv.FormatFloat(p.production, 'f', -1, 64) + "%"
		}
		row := list{number("data-x", c.at(p.at)), s.clock(p.at), el("td", class("elapsed"), text(rollout.Span(p.at.Sub(c.from))))}
		for i, value := range values[2:] {
			if !skipped[columns[i+2]] {
				row = append(row, el("td", class("amount"), text(value)))
			}
		}
		return el("tr", row...)
	})
	var names []string
	for _, name := range columns {
		if !skipped[name] {
			names = append(names, name)
		}
	}
	return el("details", el("summary", text("The counts as a table")), table("counts", "Running, pending and failed tasks over time", names, rows))
}
