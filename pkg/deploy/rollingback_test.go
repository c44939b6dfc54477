package deploy_test

// Where a rollback goes now: the history and the preview have one answer, in every state
// of a service.

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ecr"
	gocmp "github.com/google/go-cmp/cmp"

	"github.com/ecs-deploy/ecs-deploy/pkg/deploy"
	"github.com/ecs-deploy/ecs-deploy/pkg/rollout"
)

// preview plans a rollback.
func (b *bench) preview(o deploy.RollbackOptions) *deploy.Plan {
	b.Helper()
	p, err := b.deployer().PlanRollback(b.Context(), webInProd, o)
	if err != nil {
		b.Fatal(err)
	}
	return p
}

// rollsBack carries a rollback out.
func (b *bench) rollsBack(o deploy.RollbackOptions, policy deploy.Policy) deploy.Outcome {
	b.Helper()
	outcome, err := b.deployer().Carry(b.Context(), b.preview(o), policy)
	if err != nil {
		b.Fatal(err)
	}
	return outcome
}

// ecsRollsBack waits until ECS rolls the deployment in progress back.
func (b *bench) ecsRollsBack() {
	b.Helper()
	for !strings.Contains(aws.ToString(b.describe("web").Deployments[0].RolloutStateReason), "rolling back") {
		time.Sleep(time.Second)
	}
}

// TestHistoryAndPreviewAgree: what the history calls the way back is what the preview
// restores, also while a rollback is in progress, and what was rolled back stays so.
func TestHistoryAndPreviewAgree(t *testing.T) {
	const denied = "ListServiceDeployments"
	for deeds, want := range map[string]struct {
		rolling string // ECS rolls back meanwhile
		refuse  string // an operation that is denied
		// rollback is History.Rollback, back what is restored, action what the plan does.
		rollback, back string
		action         deploy.Action
	}{
		"v2":                   {back: "web:1", action: deploy.ActionDeploy},
		"v2 v3…":               {back: "web:2", action: deploy.ActionStop},
		"v2 restart…":          {back: "web:2", action: deploy.ActionStop},
		"v2 v3 web:2":          {rollback: "somebody rolled back from web:3 (v3) to web:2 (v2)", back: "web:1", action: deploy.ActionDeploy},
		"v2 v3 web:2…":         {rollback: "a rollback from web:3 (v3) to web:2 (v2) is in progress", back: "web:2", action: deploy.ActionJoin},
		"v2 v3 web:2 web:3…":   {back: "web:2", action: deploy.ActionStop}, // it is undone
		"v2 bad…":              {rolling: "yes", rollback: "ECS is rolling back from web:3 (bad) to web:2 (v2)", back: "web:2", action: deploy.ActionJoin},
		"v2 bad":               {rollback: "ECS already rolled back from web:3 (bad) to web:2 (v2)", back: "web:2", action: deploy.ActionNone},
		"v2 bad bad2":          {rollback: "ECS already rolled back from web:4 (bad2) to web:2 (v2)", back: "web:2", action: deploy.ActionNone},
		"v2 bad v3":            {back: "web:2", action: deploy.ActionDeploy},
		"v2 bad v3 web:3":      {back: "web:2", action: deploy.ActionDeploy}, // a rollback that failed is no reason to stay
		"v2 v3 ":               {refuse: denied, back: "web:2", action: deploy.ActionDeploy},
		"v2 v3… ":              {refuse: denied, back: "web:2", action: deploy.ActionStop}, // the service names the record
		"v2 v3…   ":            {refuse: denied + " DescribeServiceDeployments", back: "web:2", action: deploy.ActionDeploy},
		"v2 v3…  ":             {refuse: "DescribeServiceRevisions", back: "web:2", action: deploy.ActionStop},
		"v2 bad… ":             {rolling: "yes", refuse: denied, rollback: "ECS is rolling back from web:3 to web:2", back: "web:2", action: deploy.ActionJoin},
		"v2 bad ":              {refuse: denied, rollback: "ECS already rolled back to web:2", back: "web:2", action: deploy.ActionNone},
		"v2 -web:1 web-again…": {rollback: "a rollback from web:2 (v2) to web:3 (v1) is in progress", back: "web:3", action: deploy.ActionJoin},
		"v2 pinned…":           {rollback: "a rollback from web:2 (v2) to web:3 ", back: "web:3", action: deploy.ActionJoin},
	} {
		t.Run(deeds, func(t *testing.T) {
			inWorld(t, pastWorld, func(b *bench) {
				last := ""
				for deed := range strings.FieldsSeq(deeds) {
					switch last = deed; deed {
					case "web-again…", "pinned…":
						b.rollsBack(deploy.RollbackOptions{To: "web:1", PinDigest: deed == "pinned…"}, deploy.Policy{NoWait: true})
						time.Sleep(3 * time.Second)
					default:
						b.deeds(deed)
					}
				}
				if want.rolling != "" {
					b.ecsRollsBack()
				}
				b.refuse = func(operation string) (string, bool) {
					return `{"__type":"AccessDeniedException","message":"no"}`, slices.Contains(strings.Fields(want.refuse), operation)
				}
				h := b.history(0)
				rollback := ""
				if h.Rollback != nil {
					rollback = h.Rollback.String()
				}
				if !strings.HasPrefix(rollback, want.rollback) || rollback != "" && want.rollback == "" {
					t.Errorf("rollback %q, want %q", rollback, want.rollback)
				}
				p := b.preview(deploy.RollbackOptions{})
				if got := rollout.ShortName(p.Back.TaskDefinition); p.Action != want.action || got != want.back {
					t.Errorf("%s to %s, want %s to %s", p.Action, got, want.action, want.back)
				}
				switch {
				case want.action == deploy.ActionNone:
					if p.Changes() || p.Further == nil || h.WayBack == nil || p.Further.TaskDefinition != h.WayBack.TaskDefinition {
						t.Errorf("further back: %+v and %+v", p.Further, h.WayBack)
					}
				case h.WayBack == nil || h.WayBack.TaskDefinition != p.Back.TaskDefinition:
					t.Errorf("the history says %+v, the preview %+v", h.WayBack, p.Back)
				}
				marked := 0
				for _, past := range h.Past {
					if past.WayBack {
						marked++
					}
				}
				if marked != 1 {
					t.Errorf("%d marks: %v", marked, lines(h))
				}
				if instead := strings.Contains(strings.Join(p.Notes, "\n"), "so it cannot be asked to stop it; web:2 is deployed over it"); instead != (deeds == "v2 v3…   ") {
					t.Errorf("%q", p.Notes)
				}
				if p.Guess != "" != (deeds == "v2 v3 ") {
					t.Errorf("a guess: %q", p.Guess)
				}
				if p.Guess == "" && want.action != deploy.ActionDeploy { // the second one changes nothing but what it says
					b.refuse = nil
					o, err := b.deployer().Carry(b.Context(), p, deploy.Policy{})
					if err != nil || o.ExitCode() != 0 || rollout.ShortName(o.Serving) != want.back || o.Diagnosis.Failed() > 0 {
						t.Errorf("%s: %s %s %v", last, o.Verdict, o.Serving, err)
					}
				}
			})
		})
	}
}

// TestNoExtraCallsForARollbackInProgress: contents are compared only if the names and the
// images leave it open.
func TestNoExtraCallsForARollbackInProgress(t *testing.T) {
	for deeds, want := range map[string]int{"v2 v3 web:2…": 0, "v2 v3…": 0, "v2 v3": 0} {
		inWorld(t, pastWorld, func(b *bench) {
			b.deeds(deeds)
			b.calls = nil
			b.history(10)
			if got := len(b.made("DescribeTaskDefinition")); got != want {
				t.Errorf("%s: %d definitions were read, want %d", deeds, got, want)
			}
		})
	}
}

// TestAfterECSRolledBack: without a target there is nothing to do; with one, the plan says
// that it goes further back, or that it deploys what failed.
func TestAfterECSRolledBack(t *testing.T) {
	inWorld(t, pastWorld, func(b *bench) {
		b.deeds("v2 bad")
		b.calls = nil
		o := b.rollsBack(deploy.RollbackOptions{}, deploy.Policy{Confirm: func(context.Context, *deploy.Plan) error { b.Error("asked"); return nil }})
		b.want(o, "unchanged")
		b.untouched()
		for to, want := range map[string][2]string{
			"web:1": {"ECS already rolled back from web:3 (bad) to web:2 (v2); this goes further back to web:1 (v1)", ""},
			"web:3": {"ECS already rolled back from web:3 (bad) to web:2 (v2); this deploys web:3 (bad) again", "last deployment: that of web:3 (bad) failed, and ECS rolled it back at "},
		} {
			p := b.preview(deploy.RollbackOptions{To: to})
			if len(p.Notes) != 1 || p.Notes[0] != want[0] || p.Action != deploy.ActionDeploy {
				t.Errorf("%s: %s %q", to, p.Action, p.Notes)
			}
			said := ""
			for _, c := range p.Checks {
				if c.Subject == "last deployment" && c.State == deploy.CheckWarning {
					said = c.Subject + ": " + c.Detail
				}
			}
			if !strings.HasPrefix(said, want[1]) || said != "" && want[1] == "" {
				t.Errorf("%s: check %q", to, said)
			}
		}
		if p := b.preview(deploy.RollbackOptions{To: "web:2"}); p.Changes() || p.Action != deploy.ActionNone || len(p.Checks) > 0 {
			t.Errorf("the running revision: %s %+v", p.Action, p.Checks)
		}
	})
}

// TestLastDeployment: the check says how the last deployment of the target ended, also
// if an earlier one succeeded. It needs no call of its own.
func TestLastDeployment(t *testing.T) {
	for deeds, want := range map[string][2]string{
		"v2 v3":              {"web:2", ""},
		"v2 v3 web:2… web:1": {"web:2", "that of web:2 (v2) was stopped at "},
		"v2 v3 web:1":        {"web:3", "that of web:3 (v3) succeeded at "},
		"v2 bad v3":          {"web:3", "that of web:3 (bad) failed, and ECS rolled it back at "},
		"v2 v3… ROLLBACK":    {"web:3", "somebody had ECS roll that of web:3 (v3) back at "},
	} {
		inWorld(t, pastWorld, func(b *bench) {
			deeds, stopped := strings.CutSuffix(deeds, " ROLLBACK")
			b.deeds(deeds)
			if stopped {
				b.want(b.rollsBack(deploy.RollbackOptions{}, deploy.Policy{}), "succeeded")
			}
			b.calls = nil
			p := b.preview(deploy.RollbackOptions{To: want[0]})
			said := ""
			for _, c := range p.Checks {
				if c.Subject == "last deployment" {
					said = c.Detail
				}
			}
			if !strings.HasPrefix(said, want[1]) || said != "" && want[1] == "" || len(b.made("DescribeServiceDeployments")) != 1 {
				t.Errorf("%s: %q, want %q", deeds, said, want[1])
			}
		})
	}
}

// TestAGuessIsChosen: nobody's --yes deploys a guess.
func TestAGuessIsChosen(t *testing.T) {
	for name, c := range map[string]struct{ refuse, answer string }{
		"denied": {refuse: `{"__type":"AccessDeniedException","message":"no"}`},
		"empty":  {answer: `{"serviceDeployments":[]}`},
	} {
		t.Run(name, func(t *testing.T) {
			inWorld(t, pastWorld, func(b *bench) {
				b.deeds("v2 v3")
				b.refuse = func(operation string) (string, bool) {
					return c.refuse, c.refuse != "" && operation == "ListServiceDeployments"
				}
				b.answer = func(operation string) (string, bool) {
					return c.answer, c.answer != "" && operation == "ListServiceDeployments"
				}
				p := b.preview(deploy.RollbackOptions{})
				b.calls = nil
				_, err := b.deployer().Carry(b.Context(), p, deploy.Policy{})
				var guess *deploy.GuessError
				if !errors.As(err, &guess) || guess.ExitCode() != 3 || guess.Hint() != "if web:2 is right: ecs-deploy rollback --to web:2 --yes" {
					t.Errorf("%v", err)
				}
				b.untouched()
				asked := false
				o := b.rollsBack(deploy.RollbackOptions{}, deploy.Policy{Confirm: func(_ context.Context, p *deploy.Plan) error {
					asked = p.Guessed() != nil
					return nil
				}})
				if b.want(o, "succeeded"); !asked {
					t.Error("nobody was asked whether the guess is right")
				}
				b.want(b.rollsBack(deploy.RollbackOptions{To: "web:1"}, deploy.Policy{}), "succeeded")
			})
		})
	}
	inWorld(t, noRollback+"\nimages: [{match: 'repo/web:bad*', behaviour: exits}]\n", func(b *bench) {
		b.deeds("v2 bad") // it stays in service, FAILED
		b.refuse = func(operation string) (string, bool) {
			return `{"__type":"AccessDeniedException","message":"no"}`, operation == "ListServiceDeployments"
		}
		if p := b.preview(deploy.RollbackOptions{}); rollout.ShortName(p.Back.TaskDefinition) != "web:2" {
			t.Errorf("%+v", p.Back)
		}
	})
}

// TestTooLateToStop: the deployment completes before ECS stops it. That is no rollback:
// the earlier revision is deployed.
func TestTooLateToStop(t *testing.T) {
	inWorld(t, webWorld, func(b *bench) {
		b.deeds("v2 v3…")
		p := b.preview(deploy.RollbackOptions{})
		b.before = func(operation string) {
			if operation == "StopServiceDeployment" {
				b.before = nil
				time.Sleep(10 * time.Minute)
			}
		}
		o, err := b.deployer().Carry(b.Context(), p, deploy.Policy{})
		if err != nil || o.Verdict != rollout.Succeeded || rollout.ShortName(o.Serving) != "web:2" {
			t.Errorf("%s, serving %s: %v", o.Verdict, o.Serving, err)
		}
		if !b.told(deploy.EventWarning, "web:3 completed before ECS could stop it; deploying web:2 instead") {
			t.Errorf("%v", b.events)
		}
	})
}

// TestStoppedBySomebody: a deployment that somebody's rollback stops is superseded, and
// the rollback of what failed counts no failed tasks.
func TestStoppedBySomebody(t *testing.T) {
	inWorld(t, pastWorld, func(b *bench) {
		b.deeds("v2")
		plan, err := b.deployer().Plan(b.Context(), deploy.Request{Ref: webInProd, Want: deploy.Want{Images: []string{"repo/web:bad"}}})
		if err != nil {
			t.Fatal(err)
		}
		deployment, err := b.deployer().Apply(b.Context(), plan)
		if err != nil {
			t.Fatal(err)
		}
		ended := make(chan deploy.Outcome)
		go func() {
			o, err := b.deployer().Watch(b.Context(), deployment, deploy.WatchOptions{})
			if err != nil {
				t.Error(err)
			}
			ended <- o
		}()
		time.Sleep(90 * time.Second) // some of its tasks failed
		o := b.rollsBack(deploy.RollbackOptions{}, deploy.Policy{})
		if b.want(o, "succeeded"); o.Diagnosis.Failed() > 0 || o.Deployment.Rollback == nil || rollout.ShortName(o.Deployment.Rollback.From) != "web:3" {
			t.Errorf("%d failed tasks: %+v", o.Diagnosis.Failed(), o.Deployment.Rollback)
		}
		if watched := <-ended; watched.ExitCode() != 8 || !strings.Contains(watched.Reason, "somebody asked ECS to roll the deployment back") {
			t.Errorf("%s: %s", watched.Verdict, watched.Reason)
		}
		// Whoever joins afterwards learns it at once: nothing newer follows.
		joined, err := b.deployer().Join(b.Context(), webInProd, "")
		if err != nil {
			t.Fatal(err)
		}
		began := time.Now()
		if again := b.watch(b.deployer(), joined); !again.Stopped || time.Since(began) > 5*time.Second {
			t.Errorf("%s (stopped: %t) after %s", again.Verdict, again.Stopped, time.Since(began))
		}
	})
}

// TestARaceNamesWhatRuns: somebody deploys after the plan was made.
func TestARaceNamesWhatRuns(t *testing.T) {
	inWorld(t, webWorld, func(b *bench) {
		b.deeds("v2 v3")
		p := b.preview(deploy.RollbackOptions{})
		time.Sleep(time.Minute)
		b.deeds("v4…")
		b.calls = nil
		_, err := b.deployer().Carry(b.Context(), p, deploy.Policy{})
		if !errors.Is(err, deploy.ErrStale) || !strings.Contains(err.Error(), "somebody is deploying web:4 (deployment ecs-svc/") || !strings.Contains(err.Error(), "the service is running web:3") {
			t.Errorf("%v", err)
		}
		b.untouched()
	})
}

// TestTargets: what cannot be the target of a rollback is a usage error that says what can.
func TestTargets(t *testing.T) {
	inWorld(t, webWorld, func(b *bench) {
		b.deeds("v2 v3 v4")
		b.raw("RegisterTaskDefinition", `{"family":"other","containerDefinitions":[{"name":"app","image":"a:1","memory":64}]}`)
		for to, want := range map[string]string{
			"web:x":     `"web:x" is neither a revision nor a deployment`,
			"web:02":    `"web:02" is neither a revision nor a deployment`,
			"web:0":     `"web:0" is neither`,
			":2":        `":2" is neither`,
			"web:2:3":   `"web:2:3" is neither`,
			"web":       `"web" is neither`,
			"web:9":     "task definition web:9 does not exist; the nearest ACTIVE revisions: web:4, web:3, web:2",
			"other:1":   "other:1 is not an earlier revision of service web: no deployment that ECS shows ran the family other",
			"other:3":   "other:3 is not an earlier revision of service web",
			"ecs-svc/1": "deployment ecs-svc/1 does not exist in service web: the last 4 were searched",
			"arn:aws:ecs:eu-west-1:123456789012:task-definition/web:2":  "is not in account 123456789012 and region us-east-1, where the service is",
			"arn:aws:ecs:us-east-1:123456789012:service/prod/web":       "is neither a revision nor a deployment",
			"arn:aws:ecs:us-east-1:123456789012:task-definition/web:99": "task definition web:99 does not exist; the nearest",
		} {
			_, err := b.deployer().PlanRollback(b.Context(), webInProd, deploy.RollbackOptions{To: to})
			var coder interface {
				error
				ExitCode() int
				Hint() string
			}
			if !errors.As(err, &coder) || coder.ExitCode() != 3 || !strings.Contains(coder.Error(), want) || coder.Hint() == "" {
				t.Errorf("%s: %v, want %s", to, err, want)
			}
		}
		h := b.history(0)
		if p := b.preview(deploy.RollbackOptions{To: h.Past[1].ID}); !strings.HasPrefix(h.Past[1].ID, "ecs-svc/") || rollout.ShortName(p.Back.TaskDefinition) != "web:3" {
			t.Errorf("by its id %s: %+v", h.Past[1].ID, p.Back)
		}
	})
}

// TestNothingToRollBackTo: the error says why, and its hint can be typed.
func TestNothingToRollBackTo(t *testing.T) {
	for deeds, want := range map[string][2]string{
		"":            {"service web has nothing to roll back to: none of its last deployments succeeded with a definition other than web:1", "see what was deployed: ecs-deploy history"},
		"v2 v3 web:1": {"service web has nothing to roll back to: rollbacks already replaced web:3 and web:2, and no deployment before web:1 succeeded", "if web:3 is right after all: ecs-deploy rollback --to web:3 --yes"},
	} {
		inWorld(t, webWorld, func(b *bench) {
			b.deeds(deeds)
			_, err := b.deployer().PlanRollback(b.Context(), webInProd, deploy.RollbackOptions{})
			var none *deploy.NoRollbackError
			if !errors.As(err, &none) {
				t.Fatal(err)
			}
			if diff := gocmp.Diff(want, [2]string{none.Error(), none.Hint()}); diff != "" {
				t.Errorf("%q (-want +got):\n%s", deeds, diff)
			}
			b.refuse = func(operation string) (string, bool) {
				return `{"__type":"AccessDeniedException","message":"no"}`, operation == "ListServiceDeployments"
			}
			if _, err = b.deployer().PlanRollback(b.Context(), webInProd, deploy.RollbackOptions{}); err == nil || !strings.Contains(err.Error(), "there is no ACTIVE revision before web:1, and ECS does not show its records") {
				t.Errorf("denied: %v", err)
			}
		})
	}
}

// TestRollbackLabels: a deployment of a revision that was deployed before is a rollback,
// whoever starts it and however it ends.
func TestRollbackLabels(t *testing.T) {
	for deeds, want := range map[string][]string{
		"v2 v3 web:2":       {"web:2 SUCCESSFUL rollback running", "web:3 SUCCESSFUL left", "web:2 SUCCESSFUL", "web:1 SUCCESSFUL back"},
		"v2 v3 web:2…":      {"web:2 IN_PROGRESS rollback", "web:3 SUCCESSFUL running", "web:2 SUCCESSFUL back", "web:1 SUCCESSFUL"},
		"v2 v3 web:2 web:3": {"web:3 SUCCESSFUL rollback running", "web:2 SUCCESSFUL rollback back", "web:3 SUCCESSFUL left", "web:2 SUCCESSFUL", "web:1 SUCCESSFUL"},
		"v2 restart":        {"web:2 SUCCESSFUL running", "web:2 SUCCESSFUL", "web:1 SUCCESSFUL back"},
		"v2 bad":            {"web:3 ROLLBACK_SUCCESSFUL", "web:2 SUCCESSFUL running", "web:1 SUCCESSFUL back"},
		"v2 bad v3 web:3":   {"web:3 ROLLBACK_SUCCESSFUL rollback", "web:4 SUCCESSFUL running", "web:3 ROLLBACK_SUCCESSFUL", "web:2 SUCCESSFUL back", "web:1 SUCCESSFUL"},
	} {
		t.Run(deeds, func(t *testing.T) {
			inWorld(t, pastWorld, func(b *bench) {
				b.deeds(deeds)
				if diff := gocmp.Diff(want, lines(b.history(0))); diff != "" {
					t.Errorf("-want +got:\n%s", diff)
				}
			})
		})
	}
}

// TestRollbackAcrossFamilies: the family changed between deployments, and an earlier
// deployment is restored all the same.
func TestRollbackAcrossFamilies(t *testing.T) {
	inWorld(t, webWorld, func(b *bench) {
		b.raw("RegisterTaskDefinition", `{"family":"web-next","networkMode":"awsvpc","requiresCompatibilities":["FARGATE"],"cpu":"256","memory":"512","containerDefinitions":[{"name":"app","image":"repo/web:v2"}]}`)
		b.deeds("web-next:1")
		p := b.preview(deploy.RollbackOptions{})
		if rollout.ShortName(p.Current) != "web-next:1" || rollout.ShortName(p.Back.TaskDefinition) != "web:1" || len(deploy.Problems(p.Checks)) > 0 {
			t.Errorf("%s: %+v", p, p.Checks)
		}
		b.want(b.rollsBack(deploy.RollbackOptions{}, deploy.Policy{}), "succeeded")
		b.want(b.rollsBack(deploy.RollbackOptions{To: "web-next:1"}, deploy.Policy{}), "succeeded") // the undo that the outcome suggests
	})
}

// TestRollbackToAGoneImage: the image of the target was deleted from its repository.
func TestRollbackToAGoneImage(t *testing.T) {
	world := strings.Replace(checkWorld, "alarms: [{name: errors, afterDeployment: true}]", "images: [{match: '*:v1', behaviour: cannotPull}]", 1)
	inWorld(t, world, func(b *bench) {
		d := deploy.New(b.client, deploy.WithRegistry(ecr.NewFromConfig(simulated(&recorder{bench: b, next: b.http}))))
		if _, err := d.Run(b.Context(), deploy.Request{Ref: webInProd, Want: deploy.Want{Images: []string{ecrImage("v2")}}}, deploy.Policy{}); err != nil {
			t.Fatal(err)
		}
		p, err := d.PlanRollback(b.Context(), webInProd, deploy.RollbackOptions{})
		if err != nil {
			t.Fatal(err)
		}
		problems := deploy.Problems(p.Checks)
		if len(problems) != 1 || problems[0].Subject != "image app" || !strings.Contains(problems[0].Detail, "does not exist") || p.Forecast != nil {
			t.Errorf("%+v of %+v, forecast %v", problems, p.Checks, p.Forecast)
		}
	})
}

// TestRollbackBehind250Deployments: the target may be older than all that were read; a
// preview makes at most 10 calls to ECS as long as it is not.
func TestRollbackBehind250Deployments(t *testing.T) {
	inWorld(t, webWorld, func(b *bench) {
		b.deeds("v2 v3")
		restart := func(times int) {
			for range times {
				b.raw("UpdateService", `{"cluster":"prod","service":"web","forceNewDeployment":true}`)
				time.Sleep(10 * time.Minute)
			}
		}
		restart(150)
		if p := b.preview(deploy.RollbackOptions{}); rollout.ShortName(p.Back.TaskDefinition) != "web:2" || p.Guess != "" {
			t.Errorf("behind 150: %+v %s", p.Back, p.Guess)
		}
		restart(97)
		p := b.preview(deploy.RollbackOptions{})
		if rollout.ShortName(p.Back.TaskDefinition) != "web:2" || p.Guess == "" {
			t.Errorf("behind 247: %+v %q", p.Back, p.Guess)
		}
		if _, err := b.deployer().Carry(b.Context(), p, deploy.Policy{}); err == nil {
			t.Error("a guess was deployed")
		}
		b.deeds("v4")
		b.calls = nil
		if p = b.preview(deploy.RollbackOptions{}); rollout.ShortName(p.Back.TaskDefinition) != "web:3" || p.Guess != "" || len(b.calls) > 10 {
			t.Errorf("%+v %q, %d calls", p.Back, p.Guess, len(b.calls))
		}
	})
}
