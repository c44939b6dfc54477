package deploy_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ecr"

	"github.com/ecs-deploy/ecs-deploy/pkg/deploy"
	"github.com/ecs-deploy/ecs-deploy/pkg/taskdef"
)

// TestPushedAgain: a tag that was pushed again after the deployment that runs is
// deployed by a restart. If that is not known, a note says so, and nothing is done.
// Either costs few calls, and no permission that a deployment needs.
func TestPushedAgain(t *testing.T) {
	for name, tt := range map[string]struct {
		pushed  time.Duration // after the deployment
		refused string        // the operation that may not be called
		image   string
		skip    bool
		verdict string
		note    string
		calls   int
	}{
		"pushed again":              {pushed: time.Hour, verdict: "succeeded", note: "was pushed again: the tag is sha256:0000"},
		"another digest, not newer": {pushed: -10 * 365 * 24 * time.Hour, verdict: "unchanged", note: "may have been pushed again", calls: 4},
		"ECR may not be asked":      {refused: "DescribeImages", verdict: "unchanged", note: "may have been pushed again", calls: 4},
		"revisions may not be read": {refused: "DescribeServiceRevisions", verdict: "unchanged", note: "may have been pushed again", calls: 3},
		"not in ECR":                {image: "nginx:1.29", verdict: "unchanged", note: "docker.io/library/nginx:1.29 may have been pushed again", calls: 2},
		"skip":                      {pushed: time.Hour, skip: true, verdict: "unchanged", calls: 2},
	} {
		t.Run(name, func(t *testing.T) {
			inWorld(t, registryWorld, func(b *bench) {
				text := tt.image
				if text == "" {
					text = repository + ":v1"
				}
				r, d, _ := b.pinning(text)
				r.PinDigest = false
				if tt.skip {
					r.IfUnchanged = deploy.IfUnchangedSkip
				}
				b.answer = func(operation string) (string, bool) {
					return fmt.Sprintf(`{"imageDetails":[{"imageDigest":%q,"imagePushedAt":%d}]}`, strings.TrimPrefix(zeros, "@"), time.Now().Add(tt.pushed).Unix()), operation == "DescribeImages"
				}
				b.refuse = func(operation string) (string, bool) {
					return `{"__type":"AccessDeniedException","message":"no"}`, operation == tt.refused
				}
				plan, err := d.Plan(b.Context(), r)
				if err != nil {
					t.Fatal(err)
				}
				if notes := strings.Join(plan.Notes, "\n"); !strings.Contains(notes, tt.note) || tt.note == "" && notes != "" {
					t.Errorf("notes %q, want %q", notes, tt.note)
				}
				if tt.calls > 0 && len(b.calls) != tt.calls {
					t.Errorf("%d calls: %v", len(b.calls), b.calls)
				}
				o, err := d.Run(b.Context(), r, deploy.Policy{})
				if err != nil {
					t.Fatal(err)
				}
				b.want(o, tt.verdict)
				if started := b.made("UpdateService"); (len(started) == 1) != (tt.verdict == "succeeded") || len(b.made("RegisterTaskDefinition")) > 0 {
					t.Errorf("wrote %v", b.wrote())
				}
			})
		})
	}
}

// TestNotPushedAgain: the digest that runs is the tag's: nothing is said.
func TestNotPushedAgain(t *testing.T) {
	inWorld(t, registryWorld, func(b *bench) {
		cfg := simulated(&recorder{bench: b, next: b.http})
		d := deploy.New(b.client, deploy.WithRegistry(ecr.NewFromConfig(cfg)))
		r := deploy.Request{Ref: webInProd, Want: deploy.Want{Images: []string{repository + ":v1"}}}
		plan, err := d.Plan(b.Context(), r)
		if err != nil || plan.Action != deploy.ActionNone || len(plan.Notes) > 0 || len(b.calls) != 4 {
			t.Errorf("%v, notes %q, error %v, %d calls", plan, plan.Notes, err, len(b.calls))
		}
	})
}

// TestNoNoteWhereSomethingChanges: what starts new tasks pulls the tag anew, and what
// changes otherwise says so itself.
func TestNoNoteWhereSomethingChanges(t *testing.T) {
	for name, edit := range map[string]func(r *deploy.Request){
		"a count":       func(r *deploy.Request) { r.DesiredCount = aws.Int32(4) },
		"a restart":     func(r *deploy.Request) { r.ForceNewDeployment = true },
		"another image": func(r *deploy.Request) { r.Images = []string{"repo/web:v2"} },
		"nothing":       func(*deploy.Request) {},
	} {
		t.Run(name, func(t *testing.T) {
			inWorld(t, webWorld, func(b *bench) {
				r := deploy.Request{Ref: webInProd, Want: deploy.Want{Images: []string{"repo/web:v1"}}}
				edit(&r)
				plan, err := b.deployer().Plan(b.Context(), r)
				if err != nil {
					t.Fatal(err)
				}
				if noted := strings.Contains(strings.Join(plan.Notes, "\n"), "may have been pushed again"); noted == plan.Changes() {
					t.Errorf("%v, notes %q", plan, plan.Notes)
				}
			})
		})
	}
}

// TestFileOfTags: in a whole definition the tags of all containers count.
func TestFileOfTags(t *testing.T) {
	inWorld(t, webWorld, func(b *bench) {
		whole, err := taskdef.FromDescribe(b.raw("DescribeTaskDefinition", `{"taskDefinition":"web"}`))
		if err != nil {
			t.Fatal(err)
		}
		plan, err := b.deployer().Plan(b.Context(), deploy.Request{Ref: webInProd, Want: deploy.Want{Definition: whole}})
		if err != nil || plan.Action != deploy.ActionNone || len(plan.Notes) != 1 || !strings.Contains(plan.Notes[0], "docker.io/repo/web:v1, docker.io/library/nginx:1.29 may have been pushed again since web:1 started") {
			t.Errorf("%v, notes %q, error %v", plan, plan.Notes, err)
		}
	})
}
