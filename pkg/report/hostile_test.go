package report_test

// Whatever text ECS, a container or a file puts into any string of what is shown,
// no renderer lets it act.

import (
	"bytes"
	"encoding/json"
	"errors"
	"go/ast"
	"go/parser"
	"go/token"
	"path/filepath"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/ecs-deploy/ecs-deploy/pkg/deploy"
	"github.com/ecs-deploy/ecs-deploy/pkg/fleet"
	"github.com/ecs-deploy/ecs-deploy/pkg/internal/printabletest"
	"github.com/ecs-deploy/ecs-deploy/pkg/preflight"
	"github.com/ecs-deploy/ecs-deploy/pkg/report"
	"github.com/ecs-deploy/ecs-deploy/pkg/rollout"
	"github.com/ecs-deploy/ecs-deploy/pkg/shell"
)

// filler gives every string in a value a hostile text, in fields that are not there
// today as well.
type filler struct{ t *rapid.T }

func (f filler) text() string {
	text := strings.Join(rapid.SliceOfN(rapid.SampledFrom(printabletest.Hostile), 1, 3).Draw(f.t, "texts"), "")
	switch rapid.IntRange(0, 20).Draw(f.t, "form") {
	case 0:
		return strings.Repeat(text, 300)
	case 1, 2, 3:
		return "arn:aws:ecs:us-east-1:123456789012:service/prod/" + text
	}
	return text
}

func (f filler) fill(v reflect.Value, depth int) {
	if !v.CanSet() || depth > 8 {
		return
	}
	switch v.Kind() {
	case reflect.String:
		if v.Type() == reflect.TypeFor[string]() { // the words of other types are our own
			v.SetString(f.text())
		}
	case reflect.Int, reflect.Int32, reflect.Int64:
		v.SetInt(int64(rapid.IntRange(0, 5).Draw(f.t, "number")))
	case reflect.Bool:
		v.SetBool(rapid.Bool().Draw(f.t, "switch"))
	case reflect.Pointer:
		v.Set(reflect.New(v.Type().Elem()))
		f.fill(v.Elem(), depth+1)
	case reflect.Slice:
		v.Set(reflect.MakeSlice(v.Type(), rapid.IntRange(0, 2).Draw(f.t, "length"), 2))
		for i := range v.Len() {
			f.fill(v.Index(i), depth+1)
		}
	case reflect.Map:
		v.Set(reflect.MakeMap(v.Type()))
		key, value := reflect.New(v.Type().Key()).Elem(), reflect.New(v.Type().Elem()).Elem()
		f.fill(key, depth+1)
		f.fill(value, depth+1)
		v.SetMapIndex(key, value)
	case reflect.Struct:
		if v.Type() == reflect.TypeFor[time.Time]() {
			v.Set(reflect.ValueOf(time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)))
			return
		}
		for i := range v.NumField() {
			f.fill(v.Field(i), depth+1)
		}
	}
}

func filled[T any](t *rapid.T) T {
	var value T
	filler{t}.fill(reflect.ValueOf(&value).Elem(), 0)
	return value
}

var (
	eventTypes = []deploy.EventType{
		deploy.EventPlan, deploy.EventRegistered, deploy.EventUpdated, deploy.EventProgress, deploy.EventService, deploy.EventCause,
		deploy.EventHeartbeat, deploy.EventWarning, deploy.EventDeregistered, deploy.EventOutcome,
		deploy.EventTaskPlan, deploy.EventTask, deploy.EventLog, deploy.EventTaskEnded, deploy.EventPaused, deploy.EventContinued, deploy.EventLimit,
	}
	actions  = []deploy.Action{deploy.ActionNone, deploy.ActionDeploy, deploy.ActionRestart, deploy.ActionSettings, deploy.ActionJoin, deploy.ActionStop, deploy.ActionFollow}
	verdicts = []rollout.Verdict{
		rollout.Succeeded, rollout.Unchanged, rollout.Updated, rollout.Running, rollout.Started, rollout.Failed, rollout.RolledBack,
		rollout.TimedOut, rollout.Superseded, rollout.Paused, rollout.Interrupted,
	}
	// verdict matches a line that says how a deployment ended, or what to do.
	verdict = regexp.MustCompile(`^(succeeded|unchanged|updated|running|started|failed|rolled[- ]back|timed[- ]out|superseded|paused|busy|interrupted|error|hint): `)
	// logLine matches a line of the log.
	logLine = regexp.MustCompile(`^\d\d:\d\d:\d\d  `)
	// ours are the program's own colours.
	ours = regexp.MustCompile(`\x1b\[(0|1|2|22|31|32|33)(;(0|1|2|22|31|32|33))*m`)
)

func hostileEvent(t *rapid.T) deploy.Event {
	e := filled[deploy.Event](t)
	e.Type = rapid.SampledFrom(eventTypes).Draw(t, "type")
	e.Plan.Action = rapid.SampledFrom(actions).Draw(t, "action")
	e.Deployment.Action = rapid.SampledFrom(actions).Draw(t, "action")
	e.Outcome.Deployment.Action = e.Deployment.Action
	e.Outcome.Verdict = rapid.SampledFrom(verdicts).Draw(t, "verdict")
	if e.TaskOutcome.Verdict = e.Outcome.Verdict; e.Type == deploy.EventOutcome && rapid.Bool().Draw(t, "of a service") {
		e.TaskOutcome = nil
	}
	if !rapid.Bool().Draw(t, "of a run of several") {
		e.Subject.Member = ""
	}
	return e
}

// harmlessLines are those of an output, without our colours; each does nothing.
func harmlessLines(t *rapid.T, output string) []string {
	if output == "" {
		return nil
	}
	whole, ended := strings.CutSuffix(output, "\n")
	if !ended {
		t.Fatalf("the last line does not end: %q", output)
	}
	found := strings.Split(whole, "\n")
	for i, line := range found {
		found[i] = ours.ReplaceAllString(line, "")
		if problem := printabletest.Problem(found[i]); problem != "" {
			t.Fatalf("%q: %s", found[i], problem)
		}
	}
	return found
}

func unforged(t *rapid.T, found []string) {
	for _, line := range found {
		if verdict.MatchString(line) {
			t.Fatalf("a forged line: %q", line)
		}
	}
}

func typed(d deploy.Deployment, words ...string) string {
	return shell.Join(append([]string{"ecs-deploy", d.Cluster, d.Service}, words...)...)
}

func TestHostileText(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var out, err bytes.Buffer
		colored := rapid.Bool().Draw(t, "colored")
		r := report.New("text", report.Options{Out: &out, Err: &err, OutColor: colored, ErrColor: colored, Location: time.UTC, Command: typed})
		e := hostileEvent(t)
		r.Event(e)
		shown := harmlessLines(t, out.String())
		if e.Subject.Member != "" {
			if len(shown) > 0 {
				t.Fatalf("the result is that of all: %q", shown)
			}
			for _, line := range harmlessLines(t, err.String()) {
				if !logLine.MatchString(line) {
					t.Fatalf("a line of the log without its time: %q", line)
				}
			}
			return
		}
		if e.Type == deploy.EventOutcome {
			if !strings.HasPrefix(shown[0], strings.ReplaceAll(string(e.Outcome.Verdict), "-", " ")+": ") {
				t.Fatalf("the verdict is %q", shown[0])
			}
			shown = shown[1:]
		}
		unforged(t, append(shown, harmlessLines(t, err.String())...))
	})
}

func TestHostileFailure(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		f := filled[report.Failure](t)
		if rapid.Bool().Draw(t, "all") {
			f.Member = ""
		}
		var err bytes.Buffer
		report.New("text", report.Options{Err: &err, ErrColor: rapid.Bool().Draw(t, "colored")}).Fail(f)
		shown := harmlessLines(t, err.String())
		if f.Member != "" {
			for _, line := range shown {
				if !logLine.MatchString(line) {
					t.Fatalf("a line of the log without its time: %q", line)
				}
			}
			return
		}
		n := max(1, len(f.Problems)) + 1
		if f.Task != nil {
			n += len(f.Task.Log.Lines)
		}
		if len(shown) != n || !strings.HasPrefix(shown[0], "error: ") || !strings.HasPrefix(shown[n-1], "hint: ") {
			t.Fatalf("not one line a problem and a hint: %q", shown)
		}
		unforged(t, shown[1:len(shown)-1])
	})
}

// TestHostileJSON: a program reads the text as it was; when the JSON is printed,
// it does nothing.
func TestHostileJSON(t *testing.T) {
	for _, format := range []string{"json", "ndjson"} {
		t.Run(format, func(t *testing.T) {
			rapid.Check(t, func(t *rapid.T) {
				var out bytes.Buffer
				r := report.New(format, report.Options{Out: &out, Command: typed})
				e := hostileEvent(t)
				f := filled[report.Failure](t)
				if format == "json" { // it has what ended all
					f.Member = ""
				}
				r.Event(e)
				r.Fail(f)
				for line := range strings.Lines(out.String()) {
					if problem := printabletest.Acts(strings.TrimSuffix(line, "\n")); problem != "" {
						t.Fatalf("%q: %s", line, problem)
					}
				}
				var last struct{ Reason, Hint string }
				for decoder := json.NewDecoder(&out); decoder.More(); {
					if err := decoder.Decode(&last); err != nil {
						t.Fatal(err)
					}
				}
				if last.Reason != f.Message || last.Hint != f.Hint {
					t.Fatalf("the text changed: %q, want %+q", last, []string{f.Message, f.Hint})
				}
			})
		})
	}
}

// views are all functions that make a result of something.
var views = map[string]func(t *rapid.T) report.Result{
	"Status":  func(t *rapid.T) report.Result { return report.Status(filled[deploy.Status](t)) },
	"History": func(t *rapid.T) report.Result { return report.History(filled[deploy.History](t)) },
	"Simulation": func(t *rapid.T) report.Result {
		return report.Simulation(filled[report.Failure](t).Message, 20, filled[report.Failure](t).Hint)
	},
	"Paused": func(t *rapid.T) report.Result {
		p := filled[deploy.Progress](t)
		return report.Paused(p, p.Record.Hooks)
	},
	"Stoppable": func(t *rapid.T) report.Result { return report.Stoppable(filled[deploy.Progress](t)) },
	"Tasks":     func(t *rapid.T) report.Result { return report.Tasks(filled[deploy.TaskList](t)) },
	"Plan": func(t *rapid.T) report.Result {
		p := filled[deploy.Plan](t)
		p.Action = rapid.SampledFrom(actions).Draw(t, "action")
		return report.Plan(&p)
	},
	"Pruning": func(t *rapid.T) report.Result {
		return report.Pruning(filled[deploy.Pruning](t), rapid.Bool().Draw(t, "done"))
	},
	"FleetPlan": func(t *rapid.T) report.Result {
		plan := &fleet.Plan{}
		for range rapid.IntRange(1, 3).Draw(t, "members") {
			p := filled[deploy.Plan](t)
			p.Action = rapid.SampledFrom(actions).Draw(t, "action")
			plan.Members = append(plan.Members, fleet.Planned{Member: fleet.Member{Name: filler{t}.text()}, Plan: &p})
		}
		return report.FleetPlan(plan)
	},
	"FleetOutcome": func(t *rapid.T) report.Result {
		o := fleet.Outcome{}
		for range rapid.IntRange(1, 3).Draw(t, "members") {
			e := hostileEvent(t)
			o.Members = append(o.Members, fleet.Result{
				Member: filler{t}.text(), Verdict: rapid.SampledFrom(append(verdicts, fleet.NotStarted)).Draw(t, "verdict of a member"),
				Reason: filler{t}.text(), Outcome: e.Outcome, Err: errors.New(filler{t}.text()), Undone: e.Outcome,
			})
		}
		result := report.FleetOutcome(o, report.Options{}, []report.Suggestion{{Purpose: "follow all again", Command: "ecs-deploy wait"}}, func(error) string { return filler{t}.text() })
		lines := result.Lines
		result.Lines = func(o report.Options) []report.Line { return lines(o)[1:] } // the verdict of all
		return result
	},
	"Preflight": func(t *rapid.T) report.Result {
		r := filled[preflight.Report](t)
		for i := range r.Checks {
			r.Checks[i].State = rapid.SampledFrom([]deploy.CheckState{deploy.CheckOK, deploy.NotChecked, deploy.CheckWarning, deploy.CheckProblem}).Draw(t, "state")
		}
		return report.Preflight(r)
	},
	"EachMember": func(t *rapid.T) report.Result {
		found := report.Found{Member: filler{t}.text(), Result: report.Value("", "  "+filler{t}.text()), Err: errors.New(filler{t}.text()), Hint: filler{t}.text()}
		return report.EachMember([]report.Found{found, {Member: filler{t}.text(), Result: report.Value("", "  "+filler{t}.text())}})
	},
	"Value": func(t *rapid.T) report.Result {
		return report.Value(filled[shortTexts](t), "  "+filler{t}.text(), `"`+filler{t}.text())
	},
	"Table": func(t *rapid.T) report.Result {
		name, about := "healthy", filler{t}.text()
		return report.Table([]shortTexts{filled[shortTexts](t)}, func(shortTexts) (string, string) { return name, about })
	},
}

// shortTexts are for JSON, whose lines are as long as they are.
type shortTexts map[string]bool

func TestHostileViews(t *testing.T) {
	for name, view := range views {
		t.Run(name, func(t *testing.T) {
			rapid.Check(t, func(t *rapid.T) {
				format := rapid.SampledFrom(report.Formats()).Draw(t, "format")
				var out, err bytes.Buffer
				r := report.New(format, report.Options{Out: &out, Err: &err, OutColor: rapid.Bool().Draw(t, "colored"), Command: typed})
				if r.Result(view(t)); r.Err() != nil || err.Len() > 0 {
					t.Fatal(r.Err(), err.String())
				}
				if !report.FormatOf(format).ForPrograms {
					unforged(t, harmlessLines(t, out.String()))
					return
				}
				for line := range strings.Lines(out.String()) {
					if problem := printabletest.Acts(strings.TrimSuffix(line, "\n")); problem != "" {
						t.Fatalf("%q: %s", line, problem)
					}
				}
			})
		})
	}
}

// TestAllViewsAreTested: a new function that makes a result is given hostile texts
// as well.
func TestAllViewsAreTested(t *testing.T) {
	files, err := filepath.Glob("*.go")
	if err != nil {
		t.Fatal(err)
	}
	var found []string
	for _, name := range files {
		if strings.HasSuffix(name, "_test.go") {
			continue
		}
		file, err := parser.ParseFile(token.NewFileSet(), name, nil, 0)
		if err != nil {
			t.Fatal(err)
		}
		for _, declared := range file.Decls {
			f, ok := declared.(*ast.FuncDecl)
			if !ok || f.Recv != nil || !f.Name.IsExported() || f.Type.Results == nil {
				continue
			}
			if result, ok := f.Type.Results.List[0].Type.(*ast.Ident); ok && result.Name == "Result" {
				found = append(found, f.Name.Name)
			}
		}
	}
	if len(found) < len(views) {
		t.Errorf("only %q were found", found)
	}
	for _, name := range found {
		if views[name] == nil {
			t.Errorf("report.%s makes a result, and views has no case for it", name)
		}
	}
	if !slices.Contains(found, "Status") {
		t.Error("the search finds nothing")
	}
}
