package deploy_test

import (
	"context"
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/ecs-deploy/ecs-deploy/pkg/deploy"
	"github.com/ecs-deploy/ecs-deploy/pkg/taskdef"
)

const (
	zeros = "@sha256:0000000000000000000000000000000000000000000000000000000000000000"
	ones  = "@sha256:1111111111111111111111111111111111111111111111111111111111111111"
)

// fourContainers has two containers of one repository, one of another that
// begins alike, and one of the same name at another registry.
func fourContainers(t testing.TB) taskdef.Definition {
	t.Helper()
	return parsed(t, `{"family":"web","containerDefinitions":[{"name":"app","image":"team/web:1"},{"name":"worker","image":"docker.io/team/web`+zeros+`"},
		{"name":"admin","image":"team/web-admin:1"},{"name":"mirror","image":"reg.example.com/team/web:1`+zeros+`"}]}`)
}

func parsed(t testing.TB, text string) taskdef.Definition {
	t.Helper()
	d, err := taskdef.Parse("test", []byte(text), taskdef.ParseOptions{})
	if err != nil {
		t.Fatal(err)
	}
	return d
}

// TestImagesOfARequest: which containers get which image.
func TestImagesOfARequest(t *testing.T) {
	old := []string{"team/web:1", "docker.io/team/web" + zeros, "team/web-admin:1", "reg.example.com/team/web:1" + zeros}
	for name, tt := range map[string]struct {
		request deploy.Request
		want    [4]string // "" is as before
	}{
		"nothing":              {deploy.Request{}, [4]string{}},
		"by repository":        {deploy.Request{Want: deploy.Want{Images: []string{"team/web:2"}}}, [4]string{"team/web:2", "team/web:2"}},
		"as typed":             {deploy.Request{Want: deploy.Want{Images: []string{"docker.io/team/web:2"}}}, [4]string{"docker.io/team/web:2", "docker.io/team/web:2"}},
		"no tag is latest":     {deploy.Request{Want: deploy.Want{Images: []string{"team/web-admin"}}}, [4]string{2: "team/web-admin:latest"}},
		"another registry":     {deploy.Request{Want: deploy.Want{Images: []string{"reg.example.com/team/web:2"}}}, [4]string{3: "reg.example.com/team/web:2"}},
		"digest":               {deploy.Request{Want: deploy.Want{Images: []string{"team/web" + ones}}}, [4]string{"team/web" + ones, "team/web" + ones}},
		"tag and digest":       {deploy.Request{Want: deploy.Want{Images: []string{"team/web:2" + ones}}}, [4]string{"team/web:2" + ones, "team/web:2" + ones}},
		"several":              {deploy.Request{Want: deploy.Want{Images: []string{"team/web:2", "team/web-admin:3"}}}, [4]string{"team/web:2", "team/web:2", "team/web-admin:3"}},
		"by container":         {deploy.Request{Want: deploy.Want{ContainerImages: map[string]string{"admin": "x/y"}}}, [4]string{2: "x/y:latest"}},
		"a container wins":     {deploy.Request{Want: deploy.Want{Images: []string{"team/web:2"}, ContainerImages: map[string]string{"app": "x/y:1"}}}, [4]string{"x/y:1", "team/web:2"}},
		"a tag for images":     {deploy.Request{Want: deploy.Want{Images: []string{"team/web"}, ContainerImages: map[string]string{"admin": "x/y"}, Tag: "7"}}, [4]string{"team/web:7", "team/web:7", "x/y:7"}},
		"a tag for containers": {deploy.Request{Want: deploy.Want{Tag: "7", TagOnly: []string{"worker", "mirror"}}}, [4]string{1: "docker.io/team/web:7", 3: "reg.example.com/team/web:7"}},
		"a tag for all":        {deploy.Request{Want: deploy.Want{Tag: "7", TagOnly: []string{"*"}}}, [4]string{"team/web:7", "docker.io/team/web:7", "team/web-admin:7", "reg.example.com/team/web:7"}},
	} {
		t.Run(name, func(t *testing.T) {
			edited, err := tt.request.Offline(fourContainers(t))
			if err != nil {
				t.Fatal(err)
			}
			for i, c := range edited.Containers() {
				want := tt.want[i]
				if want == "" {
					want = old[i]
				}
				if c.Image != want {
					t.Errorf("%s has %s, want %s", c.Name, c.Image, want)
				}
			}
		})
	}
}

// TestImagesRefused: what does not go together is exit code 3, with a hint.
func TestImagesRefused(t *testing.T) {
	for name, tt := range map[string]struct {
		request deploy.Request
		says    string
	}{
		"no match":                  {deploy.Request{Want: deploy.Want{Images: []string{"team/we:2"}}}, "its images are app=team/web:1, worker=docker.io/team/web"},
		"one of two does not match": {deploy.Request{Want: deploy.Want{Images: []string{"team/web:2", "nginx"}}}, "the repository of nginx"},
		"two of one repository":     {deploy.Request{Want: deploy.Want{Images: []string{"team/web:2", "docker.io/team/web:3"}}}, "are images of one repository"},
		"no such container":         {deploy.Request{Want: deploy.Want{ContainerImages: map[string]string{"App": "x"}}}, `no container "App"; it has app, worker, admin, mirror`},
		"tag twice":                 {deploy.Request{Want: deploy.Want{Images: []string{"team/web:2"}, Tag: "3"}}, "team/web:2 already has a tag or digest"},
		"tag and digest":            {deploy.Request{Want: deploy.Want{ContainerImages: map[string]string{"app": "team/web" + ones}, Tag: "3"}}, "has a tag or digest"},
		"which container":           {deploy.Request{Want: deploy.Want{Tag: "3"}}, "web has 4 containers, and no flag selects those that get the tag 3: app=team/web:1"},
		"only without a tag":        {deploy.Request{Want: deploy.Want{TagOnly: []string{"app"}}}, "--only is set without a tag"},
		"only with images":          {deploy.Request{Want: deploy.Want{Images: []string{"team/web"}, Tag: "3", TagOnly: []string{"app"}}}, "cannot be combined with images"},
		"only nobody":               {deploy.Request{Want: deploy.Want{Tag: "3", TagOnly: []string{"app", "nobody"}}}, `no container "nobody"`},
		"no tag":                    {deploy.Request{Want: deploy.Want{Tag: "a b", TagOnly: []string{"app"}}}, `"a b" is not a tag`},
		"no image":                  {deploy.Request{Want: deploy.Want{Images: []string{"team/Web"}}}, "is not an image reference"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := tt.request.Offline(fourContainers(t))
			if err == nil || !strings.Contains(err.Error(), tt.says) {
				t.Fatalf("error %v, want %q", err, tt.says)
			}
			var coder interface{ ExitCode() int }
			var hinter interface{ Hint() string }
			if !errors.As(err, &coder) || coder.ExitCode() != 3 || !errors.As(err, &hinter) || hinter.Hint() == "" || strings.Contains(err.Error(), "\n") {
				t.Errorf("%v must be one line with a hint and exit code 3", err)
			}
		})
	}
}

// TestLeftRevision: a newer revision that is what is wanted after the edits is
// used; one that is not, or is older, or INACTIVE, is not.
func TestLeftRevision(t *testing.T) {
	edited := request()
	edited.Edits = []taskdef.Edit{taskdef.SetEnvironment("app", "A", "1")}
	left := `{"family":"web","networkMode":"awsvpc","requiresCompatibilities":["FARGATE"],"cpu":"256","memory":"512",
		"containerDefinitions":[{"name":"proxy","image":"nginx:1.29"},{"name":"app","image":"repo/web:v2","environment":[{"name":"A","value":"1"}]}]}`
	t.Run("used", func(t *testing.T) {
		inWorld(t, webWorld, func(b *bench) {
			b.raw("RegisterTaskDefinition", left)
			b.calls = nil
			plan, err := b.deployer().Plan(b.Context(), edited)
			if err != nil || !plan.Reused || plan.Register || !strings.HasSuffix(plan.TaskDefinition, "/web:2") {
				t.Fatalf("%v, error %v", plan, err)
			}
			b.want(b.run(edited, deploy.Policy{}), "succeeded")
			if diff := cmp.Diff([]string{"UpdateService"}, b.wrote()); diff != "" {
				t.Error(diff)
			}
		})
	})
	for name, spoil := range map[string]func(b *bench){
		"another value": func(b *bench) {
			b.raw("RegisterTaskDefinition", strings.Replace(left, `"value":"1"`, `"value":"2"`, 1))
		},
		"not the newest": func(b *bench) {
			b.raw("RegisterTaskDefinition", left)
			b.raw("RegisterTaskDefinition", strings.Replace(left, "v2", "v3", 1))
		},
		"inactive": func(b *bench) { b.raw("RegisterTaskDefinition", left); b.deregister("web:2") },
	} {
		t.Run(name, func(t *testing.T) {
			inWorld(t, webWorld, func(b *bench) {
				spoil(b)
				plan, err := b.deployer().Plan(b.Context(), edited)
				if err != nil || plan.Reused || !plan.Register {
					t.Errorf("%v, error %v", plan, err)
				}
			})
		})
	}
}

// TestForcedOnTheSameRevision: new tasks, and no new revision.
func TestForcedOnTheSameRevision(t *testing.T) {
	inWorld(t, webWorld, func(b *bench) {
		forced := deploy.Request{Ref: webInProd, ForceNewDeployment: true}
		b.want(b.run(forced, deploy.Policy{}), "succeeded")
		forced.Images = []string{"repo/web:v1"}
		b.want(b.run(forced, deploy.Policy{}), "succeeded")
		if diff := cmp.Diff([]string{"UpdateService", "UpdateService"}, b.wrote()); diff != "" || b.revisions("web") != 1 {
			t.Errorf("%s; %d revisions", diff, b.revisions("web"))
		}
		for _, c := range b.made("UpdateService") {
			if c.body["forceNewDeployment"] != true || c.body["taskDefinition"] != nil {
				t.Errorf("sent %v", c.body)
			}
		}
	})
}

// TestConfirm: the question comes after the plan and before the first write, not
// if nothing would be written, and its error ends the run.
func TestConfirm(t *testing.T) {
	refusal := errors.New("no")
	inWorld(t, webWorld, func(b *bench) {
		var asked []*deploy.Plan
		policy := deploy.Policy{Confirm: func(_ context.Context, p *deploy.Plan) error {
			b.untouched()
			asked = append(asked, p)
			return refusal
		}}
		if _, err := b.deployer().Run(b.Context(), request(), policy); !errors.Is(err, refusal) {
			t.Errorf("error %v", err)
		}
		if len(asked) != 1 || len(asked[0].Images) != 1 || !b.told(deploy.EventPlan, "") {
			t.Errorf("asked about %v", asked)
		}
		b.untouched()
		same := request()
		same.Images = []string{"repo/web:v1"}
		b.want(b.run(same, policy), "unchanged")
		if len(asked) != 1 {
			t.Errorf("asked %d times", len(asked))
		}
		policy.Confirm = func(context.Context, *deploy.Plan) error { return nil }
		b.want(b.run(request(), policy), "succeeded")
	})
}

// TestPlanOnlyReads: a plan with all kinds of changes takes the calls that the
// budget gives it, and writes nothing.
func TestPlanOnlyReads(t *testing.T) {
	inWorld(t, webWorld, func(b *bench) {
		r := request()
		r.Edits = []taskdef.Edit{taskdef.SetEnvironment("", "A", "secret"), taskdef.SetCPU("512"), taskdef.SetMemory("1 GB")}
		plan, err := b.deployer().Plan(b.Context(), r)
		if err != nil {
			t.Fatal(err)
		}
		b.untouched()
		if len(b.calls) > 2 || len(plan.Differences) != 5 || !plan.Changes() {
			t.Errorf("%d calls, differences %v", len(b.calls), plan.Differences)
		}
		clear, err := deploy.New(b.client, deploy.WithValues()).Plan(b.Context(), r)
		if err != nil {
			t.Fatal(err)
		}
		for i, d := range clear.Differences {
			if secret := strings.HasPrefix(d.Field, "environment"); secret != (d.New == "secret") || secret == (plan.Differences[i].New == d.New) {
				t.Errorf("in clear %v, else %v", d, plan.Differences[i])
			}
		}
	})
}

// TestFamilyOfAFile: a definition of another family than the service's is refused
// before anything is read of it, unless it is allowed.
func TestFamilyOfAFile(t *testing.T) {
	inWorld(t, webWorld, func(b *bench) {
		r := deploy.Request{Ref: webInProd, Want: deploy.Want{Definition: parsed(t,
			`{"family":"other","networkMode":"awsvpc","requiresCompatibilities":["FARGATE"],"cpu":"256","memory":"512","containerDefinitions":[{"name":"app","image":"x"}]}`)}}
		var usage *deploy.UsageError
		if _, err := b.deployer().Run(b.Context(), r, deploy.Policy{}); !errors.As(err, &usage) || !strings.Contains(err.Error(), "belongs to family other, but the service is running web") {
			t.Errorf("error %v", err)
		}
		b.untouched()
		r.AllowOtherFamily = true
		b.want(b.run(r, deploy.Policy{}), "succeeded")
		if b.inService() != "other:1" {
			t.Errorf("in service: %s", b.inService())
		}
	})
}
