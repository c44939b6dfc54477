package page

// The timeline of one service, as SVG: running tasks by revision, failed tasks, traffic
// and stages, what happened, and the verdict. Nothing in it is told by colour alone.

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/ecs-deploy/ecs-deploy/pkg/report"
)

// The sizes of a chart, in pixels.
const (
	chartWidth  = 960
	marginLeft  = 76
	marginRight = 24
	plotHeight  = 170
	laneHeight  = 22
	laneGap     = 10
	letter      = 6.4
)

// chart is a timeline in the making. Lanes are drawn from top to bottom.
type chart struct {
	axis
	about  *report.ServiceStory
	end    ending
	points []point
	ends   time.Time // when the counts were last seen
	y      float64   // where the next lane begins
	back   list      // for eyes only, as are shapes in front of it
	shapes list
	notes  list // words in front of shapes
	marks  list // links to the list of events
}

// newChart is the timeline of a service, of at most limit points; nil if there is nothing
// to draw.
func newChart(about *report.ServiceStory, end ending, limit int) *chart {
	all := points(about)
	if len(all) == 0 || about.Now.Sub(all[0].at) < time.Second {
		return nil
	}
	from := all[0].at
	if len(about.Moments) > 0 && about.Moments[0].At.Before(from) && !about.Moments[0].At.IsZero() {
		from = about.Moments[0].At
	}
	to := about.Now
	if _, usual, ok := foreseen(about); ok && usual.Sub(from) < 2*to.Sub(from) && usual.After(to) {
		to = usual
	}
	return &chart{
		axis: newAxis(from, to, marginLeft, chartWidth-marginLeft-marginRight), about: about, end: end, points: thinned(all, limit), ends: about.Now, y: 26,
	}
}

// foreseen is when the deployment should have ended by the forecast of its plan.
func foreseen(about *report.ServiceStory) (shortest, usual time.Time, ok bool) {
	if about.Plan == nil || about.Plan.Forecast == nil || about.UpdatedAt.IsZero() || about.Deployment != about.First {
		return shortest, usual, false
	}
	f := about.Plan.Forecast
	if f.None != "" || f.Stuck || f.Usual <= 0 {
		return shortest, usual, false
	}
	return about.UpdatedAt.Add(time.Duration(f.Shortest)), about.UpdatedAt.Add(time.Duration(f.Usual)), true
}

// add draws a shape.
func (c *chart) add(shapes ...node) { c.shapes = append(c.shapes, shapes...) }

// svg is the whole drawing.
func (c *chart) svg(events []event, label string) node {
	top := c.y
	c.plot()
	c.failures()
	c.traffic()
	c.stages()
	c.events(events)
	c.ticked(top)
	c.verdict(top)
	return el("svg", exact("viewBox", fmt.Sprintf("0 0 %d %s", chartWidth, decimal(c.y))), exact("role", "group"), says("aria-label", label),
		number("data-left", c.left), number("data-right", c.left+c.width),
		el("g", slices.Concat(list{exact("aria-hidden", "true")}, c.back, c.shapes, c.notes)...),
		el("line", class("cursor"), number("y1", top), number("y2", c.y-laneHeight), exact("x1", "-9"), exact("x2", "-9")),
		el("g", append(list{class("marks")}, c.marks...)...))
}

// words is text in a chart.
func words(x, y float64, names, content string) element {
	return el("text", number("x", x), number("y", y), class(names), text(content))
}

// lane names a lane on the left.
func (c *chart) lane(name string, height float64) { c.add(words(0, c.y+height/2+4, "lane", name)) }

// plot draws the running tasks, stacked, and what is desired.
func (c *chart) plot() {
	most := 1
	for _, p := range c.points {
		most = max(most, p.total()+p.pending, p.desired)
	}
	step := countStep(most)
	top := float64((most + step - 1) / step * step)
	bottom := c.y + plotHeight
	height := func(count int) float64 { return bottom - plotHeight*float64(count)/top }
	c.add(words(0, c.y+10, "lane", "tasks"))
	for n := 0; n <= int(top); n += step {
		c.back = append(c.back, el("line", class("grid"), number("x1", c.left), number("x2", c.left+c.width), number("y1", height(n)), number("y2", height(n))),
			words(c.left-8, height(n)+4, "scale", strconv.Itoa(n)))
	}
	c.forecast(bottom)
	layers := []struct {
		names string
		count func(point) int
	}{
		{"fresh", func(p point) int { return p.running[fresh] }},
		{"restored", func(p point) int { return p.running[restored] }},
		{"earlier", func(p point) int { return p.running[earlier] }},
		{"pending", func(p point) int { return p.pending }},
	}
	below := func(point) int { return 0 }
	for _, layer := range layers {
		base := below
		below = func(p point) int { return base(p) + layer.count(p) }
		c.area("area "+layer.names, func(p point) (float64, float64) { return height(below(p)), height(base(p)) })
	}
	c.add(el("path", class("desired"), exact("d", c.steps(func(p point) float64 { return height(p.desired) }))))
	c.y = bottom + laneGap
}

// forecast draws when the deployment should have ended: a line, or a band.
func (c *chart) forecast(bottom float64) {
	shortest, usual, ok := foreseen(c.about)
	if !ok || usual.After(c.to) { // it is beside the chart, and among the facts
		return
	}
	from, to := c.at(shortest), c.at(usual)
	c.add(el("path", class("forecast"), exact("d", fmt.Sprintf("M%s %sV%sH%sV%sZ", decimal(from), decimal(c.y), decimal(bottom), decimal(to), decimal(c.y)))))
	c.notes = append(c.notes, words(from-4, c.y+12, "note", "forecast"))
}

// steps is a line that stays as it is from one point to the next.
func (c *chart) steps(y func(point) float64) string {
	var b strings.Builder
	for i, p := range c.points {
		if i == 0 {
			fmt.Fprintf(&b, "M%s %s", decimal(c.at(p.at)), decimal(y(p)))
			continue
		}
		fmt.Fprintf(&b, "H%sV%s", decimal(c.at(p.at)), decimal(y(p)))
	}
	return b.String() + "H" + decimal(c.at(c.ends))
}

// area fills what is between two such lines, where there is anything.
func (c *chart) area(names string, edges func(point) (top, bottom float64)) {
	var b strings.Builder
	for i := 0; i < len(c.points); i++ {
		if top, bottom := edges(c.points[i]); top >= bottom {
			continue
		}
		first := i
		for i+1 < len(c.points) {
			if top, bottom := edges(c.points[i+1]); top >= bottom {
				break
			}
			i++
		}
		c.outline(&b, first, i, edges)
	}
	if b.Len() > 0 {
		c.add(el("path", class(names), exact("d", b.String())))
	}
}

// outline is the outline of an area from one point to the end of another.
func (c *chart) outline(b *strings.Builder, first, last int, edges func(point) (top, bottom float64)) {
	end := c.ends
	if last+1 < len(c.points) {
		end = c.points[last+1].at
	}
	for i := first; i <= last; i++ {
		top, _ := edges(c.points[i])
		fmt.Fprintf(b, "%s%s%s%s", map[bool]string{true: "M", false: "H"}[i == first], decimal(c.at(c.points[i].at)), map[bool]string{true: " ", false: "V"}[i == first], decimal(top))
	}
	b.WriteString("H" + decimal(c.at(end)))
	for i := last; i >= first; i-- {
		_, bottom := edges(c.points[i])
		fmt.Fprintf(b, "V%sH%s", decimal(bottom), decimal(c.at(c.points[i].at)))
	}
	b.WriteString("Z")
}

// failures marks the failed tasks of the new deployment.
func (c *chart) failures() {
	before, drawn, x := 0, 0, 0.0
	for _, p := range c.points {
		if p.failed <= before {
			continue
		}
		if drawn == 0 {
			c.lane("failed", laneHeight)
		}
		here := c.at(p.at)
		if before = p.failed; drawn > 0 && here < x+3*markSize {
			continue // the next one has the count
		}
		x, drawn = here, drawn+1
		y := c.y + laneHeight/2
		c.add(el("path", class("cross"), exact("d", fmt.Sprintf("M%s %sl8 8m0-8l-8 8", decimal(x-4), decimal(y-4)))),
			words(x+7, y+4, "count", strconv.Itoa(p.failed)))
	}
	if drawn > 0 {
		c.y += laneHeight + laneGap
	}
}

// trafficHeight is that of the lane of the traffic.
const trafficHeight = 44

// traffic draws which part of the production traffic the new tasks get, and of the test
// traffic as a dashed line.
func (c *chart) traffic() {
	shifts, tests, shown := false, false, -1.0
	for _, p := range c.points {
		shifts, tests = shifts || p.production >= 0, tests || p.test > 0
	}
	if !shifts {
		return
	}
	bottom := c.y + trafficHeight
	height := func(percent float64) float64 { return bottom - trafficHeight*max(percent, 0)/100 }
	c.add(words(0, c.y+14, "lane", "traffic"), words(0, c.y+28, "lane", "to new"),
		el("rect", class("frame"), number("x", c.left), number("y", c.y), number("width", c.width), number("height", trafficHeight)))
	c.area("area fresh", func(p point) (float64, float64) { return height(p.production), bottom })
	if tests {
		c.add(el("path", class("test"), exact("d", c.steps(func(p point) float64 { return height(p.test) }))))
	}
	free := 0.0
	for _, p := range c.points {
		label := strconv.FormatFloat(p.production, 'f', -1, 64) + "%"
		if x := c.at(p.at); p.production > 0 && p.production != shown && x >= free {
			c.notes = append(c.notes, words(x+4, c.y+13, "count", label))
			shown, free = p.production, x+letter*float64(len(label))+8
		}
	}
	c.y = bottom + laneGap
}

// stages draws the lifecycle stages as bands.
func (c *chart) stages() {
	began := false
	for i := 0; i < len(c.points); i++ {
		stage, from := c.points[i].stage, c.points[i].at
		if stage == "" {
			continue
		}
		if !began {
			began = true
			c.lane("stage", laneHeight)
		}
		end := c.ends
		for ; i+1 < len(c.points) && c.points[i+1].stage == stage; i++ {
		}
		if i+1 < len(c.points) {
			end = c.points[i+1].at
		}
		x, width := c.at(from), c.at(end)-c.at(from)
		c.add(el("rect", class("stage"), number("x", x), number("y", c.y), number("width", max(width, 1)), number("height", laneHeight), el("title", text(stage))))
		if width > letter*float64(len(stage))+8 {
			c.add(words(x+5, c.y+15, "name", stage))
		}
	}
	if began {
		c.y += laneHeight + laneGap
	}
}

// ticked draws the axis of time below all lanes.
func (c *chart) ticked(top float64) {
	for _, tick := range c.ticks() {
		c.back = append(c.back, el("line", class("tick"), number("x1", tick.x), number("x2", tick.x), number("y1", top), number("y2", c.y)),
			words(tick.x, c.y+14, "scale middle", tick.label))
	}
	c.y += laneHeight
}

// verdict draws the end.
func (c *chart) verdict(top float64) {
	end := c.end
	x := c.at(c.ends)
	label := end.sign() + " " + end.word
	width := letter*1.15*float64(len([]rune(label))) + 12
	left := min(max(x-width/2, c.left), chartWidth-width)
	c.add(el("line", class("end "+end.class()), number("x1", x), number("x2", x), number("y1", top-4), number("y2", c.y-laneHeight)),
		el("rect", class("flag "+end.class()), number("x", left), number("y", top-24), number("width", width), number("height", 20), exact("rx", "4")),
		words(left+width/2, top-10, "flagged", label))
}
