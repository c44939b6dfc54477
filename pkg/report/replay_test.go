package report_test

// Runs that are read back from their NDJSON: the same story, and the same text.

import (
	"bytes"
	"context"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/google/go-cmp/cmp"

	"github.com/ecs-deploy/ecs-deploy/pkg/deploy"
	"github.com/ecs-deploy/ecs-deploy/pkg/fleet"
	"github.com/ecs-deploy/ecs-deploy/pkg/report"
	"github.com/ecs-deploy/ecs-deploy/pkg/rollout"
)

// shown is what a renderer wrote, and the summary of the job.
type shown struct{ out, err, summary bytes.Buffer }

func (s *shown) renderer(format string) report.Renderer {
	return report.New(format, report.Options{Out: &s.out, Err: &s.err, Summary: &s.summary, Location: time.UTC, Command: command})
}

func (s *shown) text() string { return s.out.String() + s.err.String() + s.summary.String() }

// readBack has a run shown as text and as NDJSON, and compares the text with that of the
// NDJSON.
func readBack(t *testing.T, run func(shown []report.Renderer)) {
	t.Helper()
	var text, ndjson, again shown
	run([]report.Renderer{text.renderer("text"), ndjson.renderer("ndjson")})
	if err := report.Replay(&ndjson.out, again.renderer("text")); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(text.text(), again.text()); diff != "" || text.text() == "" {
		t.Errorf("-shown +read back:\n%s", diff)
	}
}

func TestARolloutIsReadBack(t *testing.T) {
	for scenario, until := range map[string]rollout.Verdict{
		"healthy": rollout.Succeeded, "crash-loop": rollout.RolledBack, "canary": rollout.Succeeded, "unhealthy": rollout.RolledBack,
	} {
		t.Run(scenario, func(t *testing.T) {
			inScenario(t, scenario, []string{"doorman"}, func(ctx context.Context, cfg aws.Config) {
				readBack(t, func(renderers []report.Renderer) {
					request := newVersion("doorman")
					request.MinimumHealthyPercent, request.MaximumPercent = new(int32(50)), new(int32(200))
					if scenario == "healthy" {
						request.BeforeTasks = []deploy.TaskStep{{Command: []string{"bin/migrate"}, Timeout: 7 * time.Minute}}
					}
					outcome, err := deployerOf(cfg, func(e deploy.Event) {
						for _, r := range renderers {
							r.Event(e)
						}
					}).Run(ctx, request, deploy.Policy{})
					if err != nil || outcome.Verdict != until {
						t.Fatal(outcome.Verdict, outcome.Reason, err)
					}
				})
			})
		})
	}
}

func TestARunOfTasksIsReadBack(t *testing.T) {
	inScenario(t, "healthy", []string{"doorman"}, func(ctx context.Context, cfg aws.Config) {
		readBack(t, func(renderers []report.Renderer) {
			_, err := deployerOf(cfg, func(e deploy.Event) {
				for _, r := range renderers {
					r.Event(e)
				}
			}).RunTask(ctx, deploy.TaskRequest{Ref: ofService("doorman"), Command: []string{"bin/migrate"}, Count: 2}, deploy.TaskPolicy{Timeout: 2 * time.Minute})
			if err != nil {
				t.Fatal(err)
			}
		})
	})
}

// crew are members of a run: porter has a task before its deployment, and valet needs
// doorman.
func crew(cfg aws.Config, observe func(deploy.Event)) []fleet.Member {
	deployer := deployerOf(cfg, fleet.InOrder(observe))
	var members []fleet.Member
	for _, name := range []string{"doorman", "porter", "valet"} {
		m := fleet.Member{Name: "member-" + name, Deployer: deployer.With(deploy.WithMember("member-" + name))}
		request := newVersion(name)
		switch name {
		case "porter":
			request.BeforeTasks = []deploy.TaskStep{{Command: []string{"bin/migrate"}}}
		case "valet":
			m.Needs = []string{"member-doorman"}
		}
		m.Plan = func(ctx context.Context) (*deploy.Plan, error) { return m.Deployer.Prepare(ctx, request, m.Policy) }
		members = append(members, m)
	}
	return members
}

// TestAFleetIsReadBack: each member has a model of its own, which its tasks are part of,
// and an end, also one that was not started.
func TestAFleetIsReadBack(t *testing.T) {
	inScenario(t, "crash-loop", []string{"doorman", "porter", "valet"}, func(ctx context.Context, cfg aws.Config) {
		var ndjson bytes.Buffer
		var live report.Story
		readBack(t, func(renderers []report.Renderer) {
			renderers = append(renderers, report.New("ndjson", report.Options{Out: &ndjson}))
			var turns sync.Mutex
			members := crew(cfg, func(e deploy.Event) {
				turns.Lock()
				defer turns.Unlock()
				live.Add(e)
				for _, r := range renderers {
					r.Event(e)
				}
			})
			plan, err := fleet.Prepare(ctx, members)
			if err != nil {
				t.Fatal(err)
			}
			if _, err = plan.Carry(ctx, fleet.Options{Ended: func(r fleet.Result) {
				if r.Outcome == nil {
					failure := report.Failure{Member: r.Member, Message: r.Reason, Verdict: string(r.Verdict), ExitCode: r.ExitCode()}
					turns.Lock()
					defer turns.Unlock()
					live.Fail(failure)
					for _, r := range renderers {
						r.Fail(failure)
					}
				}
			}}); err != nil {
				t.Fatal(err)
			}
		})
		story, err := report.ReadStory(&ndjson)
		if err != nil {
			t.Fatal(err)
		}
		for _, s := range []*report.Story{&live, story} {
			if len(s.Services) != 3 || !s.Ended() {
				t.Fatalf("%d services, ended: %v", len(s.Services), s.Ended())
			}
			for _, about := range s.Services {
				name := strings.TrimPrefix(about.Member, "member-")
				switch {
				case rollout.ShortName(about.Service) != name:
					t.Errorf("the service of %s is %s", about.Member, about.Service)
				case name == "doorman" && (about.Outcome == nil || about.Outcome.Verdict != rollout.RolledBack || len(about.Causes) == 0),
					name == "porter" && (len(about.Tasks) != 1 || about.Failure == nil || about.Failure.Verdict != "task-failed"),
					name == "valet" && (about.Failure == nil || about.Failure.Message != "needs member-doorman" || about.Deployment != nil):
					t.Errorf("%s: %d tasks, %+v, %+v", name, len(about.Tasks), about.Outcome, about.Failure)
				}
			}
		}
	})
}

// TestAMemberIsKeyedByItsName: services of several accounts may have the same names, and
// events that name no service stay with their member.
func TestAMemberIsKeyedByItsName(t *testing.T) {
	var story report.Story
	for i, member := range []string{"europe", "asia", "europe", "asia"} {
		e := deploy.Event{Type: deploy.EventTask, Time: at(i), Subject: deploy.Subject{Kind: deploy.SubjectTask, Member: member}, Task: &rollout.Task{ARN: member}}
		if i < 2 {
			e = deploy.Event{Type: deploy.EventUpdated, Time: at(i), Deployment: &deployment, Subject: deploy.Subject{Kind: deploy.SubjectService, ARN: service, Member: member}}
		}
		story.Add(e)
	}
	if len(story.Services) != 2 {
		t.Fatalf("%d services", len(story.Services))
	}
	for _, about := range story.Services {
		if about.Service != service || len(about.Tasks) != 1 || about.Tasks[0].ARN != about.Member {
			t.Errorf("%s: %s %v", about.Member, about.Service, about.Tasks)
		}
	}
}

func TestWhatCannotBeReadBack(t *testing.T) {
	for _, tt := range []struct{ name, ndjson, problem string }{
		{"nothing", "", ""},
		{"an unknown type", `{"type":"version","schema":"1.7"}` + "\n" + `{"type":"weather","time":"2026-03-01T09:00:00Z"}`, ""},
		{"another schema", `{"type":"version","schema":"2.0"}`, `object 1 of the NDJSON: schema "2.0" is not 1.x`},
		{"an event without its fact", `{"type":"progress"}`, "object 1 of the NDJSON: type progress without what it tells"},
		{"another type of value", `{"type":"plan","plan":7}`, "object 1 of the NDJSON: json: cannot unmarshal number into Go struct field"},
		{"a stream that was cut", `{"type":"warning","message":"x"}` + "\n" + `{"type":"warn`, "object 2 of the NDJSON: unexpected EOF"},
		{"no JSON", `{"type": succeeded}`, "object 1 of the NDJSON: invalid character"},
		{"lines that are no objects", "warning: {x}\n\n  {\"type\":\"warning\",\n\"message\":\"}\\\"{\"} $ exit\n", ""},
		{"an object without an end", strings.Repeat(`{"type":`, 3<<20), "object 1 of the NDJSON: bufio.Scanner: token too long"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			story, err := report.ReadStory(strings.NewReader(tt.ndjson))
			if story == nil || err == nil && tt.problem != "" || err != nil && (tt.problem == "" || !strings.HasPrefix(err.Error(), tt.problem)) {
				t.Errorf("%v, want %q", err, tt.problem)
			}
		})
	}
}

// TestAnErrorIsReadBack: a run that ended with an error has it in its story.
func TestAnErrorIsReadBack(t *testing.T) {
	var ndjson bytes.Buffer
	r := report.New("ndjson", report.Options{Out: &ndjson})
	for _, e := range rolledBack(t)[:5] {
		r.Event(e)
	}
	want := report.Failure{Message: "access denied", Hint: "ask for the permission", Verdict: "error", ExitCode: 4}
	r.Fail(want)
	story, err := report.ReadStory(&ndjson)
	if err != nil || !story.Ended() || len(story.Services) != 1 {
		t.Fatal(err, story)
	}
	if diff := cmp.Diff(&want, story.Failure); diff != "" {
		t.Error(diff)
	}
}

// FuzzReplay: no stream makes a renderer panic.
func FuzzReplay(f *testing.F) {
	var ndjson bytes.Buffer
	r := report.New("ndjson", report.Options{Out: &ndjson})
	for _, e := range manyServices(2) {
		r.Event(e)
	}
	r.Fail(report.Failure{Message: "no", Verdict: "error", ExitCode: 1})
	f.Add(ndjson.String())
	for _, kind := range []string{"plan", "service-event", "cause", "task-plan", "task", "log", "paused", "outcome", "member-outcome", "task-ended"} {
		f.Add(`{"type":"` + kind + `","time":"2026-03-01T09:00:00Z","plan":{},"service":{},"serviceEvent":{},"cause":{},"task":{},"taskPlan":{},"log":{},"hook":{},"deployment":{},"taskOutcome":{},"subject":{"member":"a"}}`)
	}
	f.Fuzz(func(_ *testing.T, text string) {
		for _, format := range report.Formats() {
			var s shown
			_ = report.Replay(strings.NewReader(text), s.renderer(format))
		}
		if story, _ := report.ReadStory(strings.NewReader(text)); story != nil {
			story.Frame(at(9), report.Size{Width: 80, Height: 24})
		}
	})
}

// TestAMemberThatIsRolledBackIsNotOver: it had succeeded, until another service failed.
func TestAMemberThatIsRolledBackIsNotOver(t *testing.T) {
	var story report.Story
	subject := deploy.Subject{Kind: deploy.SubjectService, ARN: service, Member: "web"}
	ends := []bool{false, true, false, true}
	for i, verdict := range []rollout.Verdict{"", rollout.Succeeded, "", rollout.RolledBack} {
		e := deploy.Event{Type: deploy.EventUpdated, Time: at(i), Deployment: &deployment, Subject: subject}
		if verdict != "" {
			e = deploy.Event{Type: deploy.EventOutcome, Time: at(i), Outcome: &deploy.Outcome{Verdict: verdict, Deployment: deployment}, Subject: subject}
		}
		story.Add(e)
		if story.Ended() != ends[i] {
			t.Errorf("after event %d: ended: %v", i, story.Ended())
		}
	}
	story.Fail(report.Failure{Member: "web", Message: "the rollback failed", Verdict: "failed", ExitCode: 5})
	if len(story.Services) != 1 || story.Services[0].Failure == nil {
		t.Errorf("%+v", story.Services)
	}
}
