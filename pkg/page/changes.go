package page

// What the deployment changed, with values masked as in the plan, and the calls that it
// took.

import (
	"cmp"
	"slices"
	"strconv"

	"github.com/ecs-deploy/ecs-deploy/pkg/report"
)

// changes are the differences between the revisions, and the settings.
func (s sheet) changes(about *report.ServiceStory, prefix string, heading tag) node {
	p := about.Plan
	if p == nil {
		return nothing
	}
	var all []difference
	for _, d := range p.Differences {
		all = append(all, difference{cmp.Or(d.Container, "task"), d.Field, d.Old, d.New})
	}
	for _, setting := range p.Settings {
		was, wanted := setting.Values()
		all = append(all, difference{"service", setting.Name, was, wanted})
	}
	notes := slices.Concat(p.Warnings, p.Notes)
	if len(all)+len(notes) == 0 {
		return nothing
	}
	content, title := list{s.bullets(notes)}, "Notes"
	if len(all) > 0 {
		title = "Changes"
		rows := some(all, s.detail.rows, difference.row, leftRow)
		content = append(content, table("changes", "What the deployment changed", []string{"Where", "What", "Before", "After"}, rows))
	}
	return section(prefix+"changes", title, heading, content...)
}

// difference is one change, of a container, the task or the service.
type difference struct{ where, what, before, after string }

func (d difference) row() node {
	value := func(names, mark, v string) node {
		if v == "" {
			return el("td", class("none"), text("–"))
		}
		return el("td", class(names), el("span", class("sign"), exact("aria-hidden", "true"), text(mark)), el("code", text(v)))
	}
	return el("tr", el("td", text(d.where)), el("td", el("code", text(d.what))), value("before", "−", d.before), value("after", "+", d.after))
}

// calls are the calls of AWS, by operation.
func (s sheet) calls() node {
	if len(s.story.Calls) == 0 {
		return nothing
	}
	rows := some(s.story.Calls, s.detail.rows, func(c report.Call) node {
		failed := "–"
		if c.Failed > 0 {
			failed = strconv.Itoa(c.Failed)
		}
		return el("tr", el("td", text(c.Service)), el("td", text(c.Operation)), el("td", class("amount"), text(strconv.Itoa(c.Count))), el("td", class("amount"), text(failed)))
	}, leftRow)
	return section("calls", "API calls", "h2", table("calls", "Calls of AWS by operation", []string{"Service", "Operation", "Requests", "Failed"}, rows))
}
