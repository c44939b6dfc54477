package scaffold

import (
	"context"
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/ecs-deploy/ecs-deploy/pkg/config"
	"github.com/ecs-deploy/ecs-deploy/pkg/deploy"
	"github.com/ecs-deploy/ecs-deploy/pkg/taskdef"
)

// draftTest is a test, or a property of one.
type draftTest interface {
	Fatal(...any)
	Fatalf(string, ...any)
}

// definitionOf is a definition with containers of these names and images, in turns.
func definitionOf(t draftTest, namesAndImages ...string) taskdef.Definition {
	containers := []map[string]any{}
	for i := 0; i+1 < len(namesAndImages); i += 2 {
		containers = append(containers, map[string]any{"name": namesAndImages[i], "image": namesAndImages[i+1]})
	}
	text, err := json.Marshal(map[string]any{"taskDefinition": map[string]any{"family": "web", "containerDefinitions": containers}})
	if err != nil {
		t.Fatal(err)
	}
	d, err := taskdef.FromDescribe(text)
	if err != nil {
		t.Fatal(err)
	}
	return d
}

func exported(t draftTest, namesAndImages ...string) deploy.Export {
	return deploy.Export{
		Ref: deploy.Ref{Cluster: "prod", Service: "web"}, Region: "eu-west-1", Account: "012345670123", Definition: definitionOf(t, namesAndImages...),
		DesiredCount: aws.Int32(2), MinimumHealthyPercent: aws.Int32(100), MaximumPercent: aws.Int32(200), Settled: true,
	}
}

// draftTarget is the target of a draft, read as a file.
func draftTarget(t draftTest, d Draft, target string) *config.Settings {
	text, err := d.Text()
	if err != nil {
		t.Fatal(err)
	}
	file, err := config.ParseFile(config.FileName, text, "")
	if err != nil {
		t.Fatalf("%v in\n%s", err, text)
	}
	s, err := file.Settings(target)
	if err != nil {
		t.Fatalf("%v in\n%s", err, text)
	}
	return s
}

func TestDraftText(t *testing.T) {
	second := exported(t, "worker", "docker.repo.com/worker:7")
	second.Service, second.DesiredCount = "on", nil
	d := Draft{Services: []deploy.Export{exported(t, "app", "docker.repo.com/web:v1", "agent", "agent:latest"), second}, Found: &config.Settings{Profile: "dev", AssumeRole: "arn:aws:iam::012345670123:role/ci"}}
	text, err := d.Text()
	if err != nil {
		t.Fatal(err)
	}
	want := `# yaml-language-server: $schema=` + config.SchemaURL + `

# Deploying an unedited target changes nothing: ecs-deploy init wrote what was running.
# Edit the targets, or override them on the command line:
#
#   ecs-deploy diff --target web
#   ecs-deploy deploy --target web -i REPOSITORY:TAG
#
# Keys have the same names as the flags of deploy; docs/configuration.md lists them.
version: 1

# Settings of all targets. A target overrides them.
defaults:
  region: eu-west-1
  # The AWS account of the services. Deploying to any other account is an error.
  account: "012345670123"
  cluster: prod
  assume-role: arn:aws:iam::012345670123:role/ci
  # The AWS profile. Other machines may not have it:
  # profile: dev
  # Time to wait for the first new task to run (default: no limit, warn after 90s):
  # timeout: 5m
  # Time to wait for the deployment to end:
  # complete-timeout: 30m

# One target for each service.
targets:
  web:
    service-name: web
    # Not included:
    # container agent has agent:latest, which starts new tasks with each deployment; deploy it with -i
    # Running when this was written. -i overrides the whole list for one deployment.
    image:
      - docker.repo.com/web:v1
    # Not set, so that ECS keeps its values, which were:
    # desired-count: 2
    # min: 100
    # max: 200
    # Ask before changing anything (--yes skips the question):
    # confirm: true
  "on":
    service-name: "on"
    # Running when this was written. -i overrides the whole list for one deployment.
    image:
      - docker.repo.com/worker:7
    # Not set, so that ECS keeps its values, which were:
    # min: 100
    # max: 200
    # Ask before changing anything (--yes skips the question):
    # confirm: true
`
	if diff := cmp.Diff(want, string(text)); diff != "" {
		t.Error(diff)
	}
}

// TestDraftsReadBack: whatever the services, the names and the settings are, the
// draft is a file without problems, its targets say what the services are, and
// they change nothing in the definitions.
func TestDraftsReadBack(t *testing.T) {
	odd := rapid.OneOf(rapid.SampledFrom([]string{"on", "0x10", "1.10", "~", "<<", "null", "2026-01-01", "wörld", "a: b", "#", "- x", "a\nb", "0123", "=", "*a", "&a", "!!str", "'", `"`}),
		rapid.StringN(1, 12, -1).Filter(func(s string) bool { return !strings.ContainsAny(s, "\x00") }))
	images := rapid.SampledFrom([]string{"web:1", "web:2", "web", "web:latest", "docker.io/library/web:1", "${IMAGE}", "r:5000/a/b@sha256:" + strings.Repeat("0f", 32), "x.y/z:1.10"})
	dir := t.TempDir()
	rapid.Check(t, func(t *rapid.T) {
		found := &config.Settings{AssumeRole: rapid.OneOf(rapid.Just(""), odd).Draw(t, "role"), Profile: rapid.OneOf(rapid.Just(""), odd).Draw(t, "profile"),
			EndpointURL: rapid.OneOf(rapid.Just(""), odd).Draw(t, "endpoint")}
		d := Draft{Found: found}
		region, cluster := odd.Draw(t, "region"), odd.Draw(t, "cluster")
		account := rapid.OneOf(rapid.StringMatching(`0?[0-9]{11,12}`), rapid.Just("")).Draw(t, "account")
		for _, name := range rapid.SliceOfNDistinct(odd, 1, 3, rapid.ID[string]).Draw(t, "services") {
			all := []string{}
			for _, container := range rapid.SliceOfNDistinct(odd, 1, 4, rapid.ID[string]).Draw(t, "containers") {
				all = append(all, container, images.Draw(t, "image"))
			}
			e := exported(t, all...)
			e.Service, e.Region, e.Cluster, e.Account = name, region, cluster, account
			d.Services = append(d.Services, e)
		}
		text, err := d.Text()
		if err != nil {
			t.Fatal(err)
		}
		path := filepath.Join(dir, config.FileName)
		if err := os.WriteFile(path, text, 0o600); err != nil {
			t.Fatal(err)
		}
		file, err := config.ReadFile(t.Context(), path, "")
		if err != nil {
			t.Fatalf("%v in\n%s", err, text)
		}
		for _, e := range d.Services {
			s, err := file.Settings(e.Service)
			if err != nil {
				t.Fatalf("%v in\n%s", err, text)
			}
			wantAccount := account
			if !config.IsAccountID(account) {
				wantAccount = ""
			}
			got := []string{s.Service, s.Region, s.Cluster, s.Account, s.AssumeRole, s.EndpointURL, s.Profile}
			want := []string{e.Service, region, cluster, wantAccount, found.AssumeRole, found.EndpointURL, ""}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Fatalf("%s in\n%s", diff, text)
			}
			changesNothing(t, s, e, text)
		}
	})
}

// changesNothing makes sure that a target asks for something, and that it is what
// is there.
func changesNothing(t draftTest, s *config.Settings, e deploy.Export, text []byte) {
	request, err := s.Request(context.Background(), nil)
	if err == nil {
		err = request.Validate()
	}
	if err != nil {
		t.Fatalf("%v in\n%s", err, text)
	}
	after, err := request.Offline(e.Definition)
	if err != nil || !taskdef.Equal(e.Definition, after) {
		t.Fatalf("%v; it would change the images %v to %v:\n%s", err, e.Definition.Containers(), after.Containers(), text)
	}
	for _, text := range append(request.Images, entryValues(s.ContainerImages)...) {
		if strings.HasSuffix(text, ":latest") {
			t.Fatalf("%s is asked for, which restarts", text)
		}
	}
	for _, number := range []struct{ got, was *int32 }{{request.DesiredCount, e.DesiredCount}, {request.MinimumHealthyPercent, e.MinimumHealthyPercent}, {request.MaximumPercent, e.MaximumPercent}} {
		if number.got != nil && *number.got != *number.was {
			t.Fatalf("%d becomes %d in\n%s", *number.was, *number.got, text)
		}
	}
}

func entryValues(entries []config.Entry) []string {
	var texts []string
	for _, e := range entries {
		texts = append(texts, e.Value)
	}
	return texts
}

func TestDraftOfImagesThatCannotAllBeListed(t *testing.T) {
	for name, c := range map[string]struct {
		containers []string
		images     []string
		byName     []config.Entry
		limits     bool
	}{
		"one repository, one image":  {[]string{"a", "web:1", "b", "web:1"}, []string{"web:1"}, nil, false},
		"one repository, two images": {[]string{"a", "web:1", "b", "web:2", "c", "x:1"}, []string{"x:1"}, []config.Entry{{Container: "a", Value: "web:1"}, {Container: "b", Value: "web:2"}}, false},
		"two spellings":              {[]string{"a", "web:1", "b", "docker.io/library/web:1"}, nil, []config.Entry{{Container: "a", Value: "web:1"}, {Container: "b", Value: "docker.io/library/web:1"}}, false},
		"beside latest":              {[]string{"a", "web:1", "b", "web:latest"}, nil, []config.Entry{{Container: "a", Value: "web:1"}}, false},
		"only latest":                {[]string{"a", "web:latest", "b", "x"}, nil, nil, true},
		"latest, and pinned":         {[]string{"a", "web:latest@sha256:" + strings.Repeat("0f", 32)}, []string{"web:latest@sha256:" + strings.Repeat("0f", 32)}, nil, false},
		"no reference":               {[]string{"a", "${IMAGE}"}, nil, nil, true},
	} {
		t.Run(name, func(t *testing.T) {
			e := exported(t, c.containers...)
			s := draftTarget(t, Draft{Services: []deploy.Export{e}, Found: &config.Settings{}}, "web")
			if diff := cmp.Diff(c.images, s.Images); diff != "" {
				t.Error(diff)
			}
			if diff := cmp.Diff(c.byName, s.ContainerImages); diff != "" {
				t.Error(diff)
			}
			if got := s.MinimumHealthyPercent != nil && s.MaximumPercent != nil; got != c.limits {
				t.Errorf("limits are said: %v", got)
			}
			changesNothing(t, s, e, nil)
		})
	}
}

func TestDraftWithNothingToAskFor(t *testing.T) {
	e := exported(t, "app", "web:latest")
	e.MinimumHealthyPercent, e.MaximumPercent = nil, nil
	_, err := Draft{Services: []deploy.Export{e}, Found: &config.Settings{}}.Text()
	var refused *config.Error
	if !errors.As(err, &refused) || !strings.Contains(refused.Problem, "app has web:latest") || !strings.Contains(refused.Remedy, "--task-definition-file") {
		t.Errorf("%v", err)
	}
}

func TestDraftWithItsDefinition(t *testing.T) {
	s := draftTarget(t, Draft{Services: []deploy.Export{exported(t, "app", "web:latest")}, Target: "prod-EU", Definition: "tasks/on.yaml", AllowUnknownFields: true, Found: &config.Settings{}}, "prod-EU")
	if s.TaskDefinitionFile != filepath.Join("tasks", "on.yaml") || !s.AllowUnknownFields || s.Images != nil || s.MinimumHealthyPercent != nil {
		t.Errorf("%+v", s)
	}
}

func TestDraftOfTheEmbeddedECS(t *testing.T) {
	d := Draft{Services: []deploy.Export{exported(t, "app", "web:1")}, Found: &config.Settings{Simulate: true, Profile: "dev", EndpointURL: "http://127.0.0.1:1"}}
	text, err := d.Text()
	if err != nil || !strings.Contains(string(text), "are simulated") || strings.Contains(string(text), "dev\n") {
		t.Errorf("%v\n%s", err, text)
	}
	if s := draftTarget(t, d, "web"); s.EndpointURL != "" || s.Account != "012345670123" {
		t.Errorf("%+v", s)
	}
}
