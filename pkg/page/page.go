// Package page draws a story as one self-contained page of HTML: what somebody links in
// the review of an incident.
//
//	report.Story ─► page ─► SVG, tables
//
// The page needs no network, and reads without its script. Its policy (a
// Content-Security-Policy) lets nothing run but the one script and the one style sheet
// of this package. Text of ECS, containers and files is hostile; see markup.go.
package page

import (
	"cmp"
	"crypto/sha256"
	_ "embed"
	"encoding/base64"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/ecs-deploy/ecs-deploy/pkg/report"
)

// Options say how a page is drawn.
type Options struct {
	// Location is the time zone of its times; nil means local time.
	Location *time.Location
}

var (
	//go:embed page.css
	style string
	//go:embed page.js
	script string
)

// largest is how many bytes a page has at most: somebody sends it by mail.
const largest = 300_000

// detail is how much of a story a page shows.
type detail struct {
	sections int // services with a section of their own
	events   int // in the list of a service
	points   int // of a chart
	rows     int // of any other table or list
	letters  int // of a text
}

// details are from the most that a page shows to the least. A page that would be too
// large has the next one.
var details = []detail{
	{sections: 25, events: 200, points: 240, rows: 1000, letters: 1000},
	{sections: 25, events: 100, points: 120, rows: 500, letters: 400},
	{sections: 25, events: 30, points: 60, rows: 200, letters: 200},
	{sections: 10, events: 16, points: 40, rows: 60, letters: 120},
	{sections: 2, events: 10, points: 20, rows: 10, letters: 60},
}

// Write writes the page of a story, with as much of it as the size of a page allows.
func Write(w io.Writer, story *report.Story, o Options) error {
	var text string
	for _, d := range details {
		b := builder{letters: d.letters}
		b.WriteString("<!DOCTYPE html>\n")
		document(newSheet(story, o, d)).write(&b)
		b.WriteString("\n")
		if text = b.String(); len(text) <= largest {
			break
		}
	}
	_, err := io.WriteString(w, text)
	return err
}

// policy lets the style sheet and the script of the page work, and nothing else: no
// request, no frame, no form.
func policy() string {
	hash := func(text string) string {
		sum := sha256.Sum256([]byte(text))
		return "'sha256-" + base64.StdEncoding.EncodeToString(sum[:]) + "'"
	}
	return fmt.Sprintf("default-src 'none'; style-src %s; script-src %s; img-src data:; base-uri 'none'; form-action 'none'", hash(style), hash(script))
}

// sheet is a page in the making.
type sheet struct {
	story *report.Story
	zone  *time.Location
	dated bool // the story is about more than one day
	// services are those of the story, in the order of the page.
	services []*report.ServiceStory
	// sections are the services that have a section of their own, and what the ids in each
	// begin with.
	sections map[*report.ServiceStory]string
	detail   detail
}

func newSheet(story *report.Story, o Options, d detail) sheet {
	s := sheet{story: story, detail: d, zone: cmp.Or(o.Location, time.Local)}
	s.dated = story.Began.In(s.zone).YearDay() != story.Now.In(s.zone).YearDay()
	s.services = inOrder(story.Services)
	s.sections = s.sectionsOf()
	return s
}

func document(s sheet) node {
	return el("html", exact("lang", "en"),
		el("head",
			el("meta", exact("charset", "utf-8")),
			el("meta", exact("http-equiv", "Content-Security-Policy"), exact("content", policy())),
			el("meta", exact("name", "viewport"), exact("content", "width=device-width, initial-scale=1")),
			el("meta", exact("name", "color-scheme"), exact("content", "light dark")),
			el("meta", exact("name", "generator"), exact("content", "ecs-deploy")),
			el("link", exact("rel", "icon"), says("href", "data:,")),
			el("title", text(s.title())),
			el("style", asset(style))),
		el("body",
			el("a", class("skip"), says("href", "#main"), text("Skip to the report")),
			patterns(),
			s.content(),
			s.footer(),
			el("script", asset(script))))
}

// title is the title of the window.
func (s sheet) title() string {
	if len(s.story.Services) == 1 {
		about := s.story.Services[0]
		return fmt.Sprintf("%s: %s", s.endOf(about).word, s.nameOf(about))
	}
	if len(s.story.Services) == 0 {
		return s.endOfAll().word + ": ecs-deploy"
	}
	return s.endOfAll().word + ": " + s.fleetTitle()
}

func (s sheet) content() node {
	content := list{exact("id", "main")}
	switch {
	case len(s.story.Services) == 0:
		content = append(content, el("header", s.eyebrow(), el("h1", text("ecs-deploy")), verdictBox(s.endOfAll())))
	case len(s.story.Services) == 1:
		content = append(content, s.service(s.story.Services[0], "", "h1"))
	default:
		content = append(content, s.fleet())
	}
	return el("main", append(content, s.calls())...)
}

// eyebrow says what the page is, above its title.
func (s sheet) eyebrow() node {
	parts := list{class("eyebrow"), text("Rollout report")}
	if s.story.Simulated != "" {
		parts = append(parts, el("span", class("badge"), text("simulated: "+s.story.Simulated)))
	}
	return el("p", parts...)
}

func (s sheet) footer() node {
	made := "Made by ecs-deploy " + s.story.Version
	return el("footer", el("p", text(strings.TrimSpace(made)+". Times are in "+s.story.Now.In(s.zone).Format("MST")+".")))
}

// clock is a time as a cell of a table.
func (s sheet) clock(t time.Time) node {
	layout := "15:04:05"
	if s.dated {
		layout = "01-02 15:04:05"
	}
	return el("td", class("clock"), s.time(t, layout))
}

// time is a time; the whole one is in its attribute.
func (s sheet) time(t time.Time, layout string) node {
	if t.IsZero() {
		return text("unknown")
	}
	return el("time", exact("datetime", t.UTC().Format(time.RFC3339)), text(t.In(s.zone).Format(layout)))
}

// sign is a sign before a text, and the word for it for those who do not see it.
func sign(sign, word string) node {
	if sign == "" {
		return nothing
	}
	parts := list{el("span", class("sign"), exact("aria-hidden", "true"), text(sign))}
	if word != "" {
		parts = append(parts, el("span", class("hidden"), text(word+": ")))
	}
	return parts
}

// table is a table with a caption for screen readers.
func table(names, caption string, columns []string, rows list) node {
	head := each(columns, func(name string) node { return el("th", exact("scope", "col"), text(name)) })
	return el("div", class("scroll"), exact("tabindex", "0"), exact("role", "region"), says("aria-label", caption),
		el("table", class(names), el("caption", class("hidden"), text(caption)), el("thead", el("tr", head)), el("tbody", rows)))
}

// leftRow is a row of a table in the place of others.
func leftRow(words text) node { return el("tr", class("left"), el("td", exact("colspan", "9"), words)) }

// leftItem is an entry of a list in the place of others.
func leftItem(words text) node { return el("li", class("left"), words) }

// section is a part of the page with a heading; without content there is none.
func section(id, title string, heading tag, content ...node) node {
	return el("section", exact("id", id), exact("aria-labelledby", id+"-title"), append(list{el(heading, exact("id", id+"-title"), text(title))}, content...))
}
