package deploy_test

import (
	"cmp"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ecs"
	gocmp "github.com/google/go-cmp/cmp"

	"github.com/ecs-deploy/ecs-deploy/pkg/deploy"
	"github.com/ecs-deploy/ecs-deploy/pkg/rollout"
)

// pastWorld has images that fail besides those that work.
const pastWorld = webWorld + "\nimages: [{match: 'repo/web:bad*', behaviour: exits}]\n"

// deeds does things to the service web, one after the other: "v2" deploys that image
// as a new revision, "web:1" deploys that revision, "restart" deploys the same revision
// again, "-web:1" deregisters a revision. A deed that ends in "…" is not waited for.
func (b *bench) deeds(list string) {
	b.Helper()
	for _, deed := range strings.Fields(list) {
		deed, unfinished := strings.CutSuffix(deed, "…")
		r := deploy.Request{Ref: webInProd}
		switch {
		case strings.HasPrefix(deed, "-"):
			b.deregister(deed[1:])
			continue
		case deed == "restart":
			r.ForceNewDeployment = true
		case strings.Contains(deed, ":"):
			r.TaskDefinition = deed
		default:
			r.Images = []string{"repo/web:" + deed}
		}
		b.run(r, deploy.Policy{NoWait: unfinished, IfInProgress: deploy.IfInProgressReplace})
		if unfinished {
			time.Sleep(3 * time.Second)
		}
	}
}

func (b *bench) history(limit int) deploy.History {
	b.Helper()
	h, err := b.deployer().History(b.Context(), webInProd, limit)
	if err != nil {
		b.Fatal(err)
	}
	return h
}

// lines are a history in short, newest first.
func lines(h deploy.History) []string {
	all := []string{}
	for _, p := range h.Past {
		line := fmt.Sprint(rollout.ShortName(p.TaskDefinition), " ", p.Status)
		for i, is := range []bool{p.Rollback, p.LeftAgain, p.Running, p.WayBack} {
			if is {
				line += []string{" rollback", " left", " running", " back"}[i]
			}
		}
		all = append(all, line)
	}
	return all
}

// TestWayBack: a rollback restores the newest revision that worked before the one that
// runs, and one rollback after another goes further back.
func TestWayBack(t *testing.T) {
	for deeds, want := range map[string]string{
		"":                         "",
		"v2":                       "web:1",
		"v2 restart":               "web:1",
		"v2 v3":                    "web:2",
		"v2 bad":                   "web:1",
		"v2 bad1 bad2":             "web:1",
		"v2 v3…":                   "web:2",
		"v2 v3 web:2":              "web:1", // after a rollback
		"v2 v3 web:2…":             "web:2", // during a rollback: where that goes
		"v2 v3 web:2 restart":      "web:1",
		"v2 v3 v4 web:3 web:2":     "web:1",
		"v2 v3 v4 web:3 web:1":     "",
		"v2 v3 web:2 v4":           "web:2",
		"v2 v3 web:2 web:3":        "web:2", // the newer revision after all
		"v2 v3 web:2 bad":          "web:1",
		"v2 v3 v4 v2":              "web:1", // the earlier content, registered again
		"v2 v3 -web:2":             "web:2",
		"v2 v3 v4 web:2 v5 web:2":  "web:1",
		"v2 v3 v4 web:1 v2":        "web:1",
		"v2 bad… v3":               "web:2",
		"v2 v3 v4 web:3 web:2 bad": "web:1",
	} {
		t.Run(deeds, func(t *testing.T) {
			inWorld(t, pastWorld, func(b *bench) {
				b.deeds(deeds)
				got := ""
				if h := b.history(0); h.WayBack != nil {
					got = rollout.ShortName(h.WayBack.TaskDefinition)
				}
				if got != want {
					t.Errorf("the way back is %q, want %q: %v", got, want, lines(b.history(0)))
				}
			})
		})
	}
}

// TestHistory: each deployment with how it ended, what ran, and what it was to the
// others.
func TestHistory(t *testing.T) {
	inWorld(t, pastWorld, func(b *bench) {
		b.deeds("v2 bad v4 web:2")
		h := b.history(0)
		want := []string{
			"web:2 SUCCESSFUL rollback running", "web:4 SUCCESSFUL left", "web:3 ROLLBACK_SUCCESSFUL", "web:2 SUCCESSFUL", "web:1 SUCCESSFUL back",
		}
		if diff := gocmp.Diff(want, lines(h)); diff != "" {
			t.Errorf("-want +got:\n%s", diff)
		}
		failed := h.Past[2]
		if failed.Tag != "bad" || failed.Strategy != "ROLLING" || failed.RollbackReason == "" || failed.Seconds < 60 || len(failed.Images) != 2 || failed.Images[0].Image != "repo/web:bad" {
			t.Errorf("%+v", failed)
		}
		if image := h.Past[0].Images[0]; image.Container != "app" || !strings.HasPrefix(image.Digest, "sha256:") {
			t.Errorf("%+v", image)
		}
		if h = b.history(2); len(h.Past) != 2 || h.Older != 3 || h.WayBack == nil || rollout.ShortName(h.WayBack.TaskDefinition) != "web:1" {
			t.Errorf("%+v", h)
		}
	})
}

// TestHistoryIsReadInBatches: 250 deployments, twenty at a time.
func TestHistoryIsReadInBatches(t *testing.T) {
	inWorld(t, webWorld, func(b *bench) {
		b.deeds("v2")
		for range 248 {
			restart := &ecs.UpdateServiceInput{Cluster: aws.String("prod"), Service: aws.String("web"), ForceNewDeployment: true}
			if _, err := b.client.UpdateService(b.Context(), restart); err != nil {
				t.Fatal(err)
			}
			time.Sleep(10 * time.Minute)
		}
		for limit, want := range map[int][3]int{0: {3, 13, 13}, 10: {3, 1, 11}} {
			b.calls = nil
			h := b.history(limit)
			got := [3]int{len(b.made("ListServiceDeployments")), len(b.made("DescribeServiceDeployments")), len(b.made("DescribeServiceRevisions"))}
			guessed := limit == 10 // the way back is behind too many restarts
			if len(h.Past)+h.Older != 250 || len(h.Past) != cmp.Or(limit, 250) || h.WayBack == nil || (h.Guess != "") != guessed {
				t.Errorf("limit %d: %d deployments and %d older, back to %v, %s", limit, len(h.Past), h.Older, h.WayBack, h.Guess)
			}
			if got != want {
				t.Errorf("limit %d: calls %v, want %v", limit, got, want)
			}
		}
	})
}

// TestHistoryGuessed: without records, the ACTIVE revisions have to do.
func TestHistoryGuessed(t *testing.T) {
	denied := `{"__type":"AccessDeniedException","message":"not authorized to perform: ecs:X"}`
	for name, c := range map[string]struct {
		refuse, answer, operation, reason string
	}{
		"no list":      {denied, "", "ListServiceDeployments", "(ecs:ListServiceDeployments is not allowed)"},
		"no revisions": {denied, "", "DescribeServiceRevisions", "(ecs:DescribeServiceRevisions is not allowed)"},
		"an emulator":  {`{"__type":"UnknownOperationException","message":"no"}`, "", "ListServiceDeployments", "UnknownOperationException"},
		"empty":        {"", `{"serviceDeployments":[]}`, "ListServiceDeployments", "90 days"},
	} {
		t.Run(name, func(t *testing.T) {
			inWorld(t, pastWorld, func(b *bench) {
				b.deeds("v2 v3 v4 -web:3 web:2 -web:1")
				b.refuse = func(operation string) (string, bool) { return c.refuse, c.refuse != "" && operation == c.operation }
				b.answer = func(operation string) (string, bool) { return c.answer, c.answer != "" && operation == c.operation }
				if h := b.history(0); h.WayBack != nil || !strings.Contains(h.Guess, c.reason) {
					t.Errorf("before web:2 there is nothing ACTIVE: %+v", h)
				}
				b.deeds("web:4")
				h := b.history(0)
				if diff := gocmp.Diff([]string{"web:4  running", "web:2  back"}, lines(h)); diff != "" || !strings.Contains(h.Guess, c.reason) {
					t.Errorf("%q (-want +got):\n%s", h.Guess, diff)
				}
			})
		})
	}
	inWorld(t, pastWorld, func(b *bench) { // the records of the details alone
		b.deeds("v2")
		b.refuse = func(operation string) (string, bool) { return denied, operation == "DescribeServiceDeployments" }
		if h := b.history(0); h.WayBack == nil || h.Guess != "" {
			t.Errorf("%+v", h)
		}
	})
	inWorld(t, manyRevisions(9, 9, 9), func(b *bench) { // one record, which says nothing of those before it
		if h := b.history(0); len(h.Past) != 1 || h.WayBack == nil || rollout.ShortName(h.WayBack.TaskDefinition) != "web:8" || h.Guess == "" {
			t.Errorf("%+v", h)
		}
	})
}
