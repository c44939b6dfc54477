package config

import (
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// TestTargetsResolveSideBySide resolves the targets of one file many times at once,
// with the flags of one command line and its own environment each: every call gives
// settings of its own.
func TestTargetsResolveSideBySide(t *testing.T) {
	f := parse(t, `version: 1
defaults: {cluster: production1, image: [web, proxy], env: {LEVEL: info}, unset-env: [OLD]}
targets:
  api: {service-name: api, env: {api: {ROLE: api}}, container: {side: proxy:1}}
  worker: {service-name: worker, extends: api, desired-count: 4, env: {ROLE: null}}
  web: {service-name: web, image: web:3, task-definition: "web:7"}
`)
	line := bound()
	if err := line.Parse([]string{"--tag", "v2", "--unset-env", "A", "--env", "B=flag", "--unset-env", "api:C"}); err != nil {
		t.Fatal(err)
	}
	given := line.flags.Given(line.FlagSet)
	resolve := func(target string) (*Settings, error) {
		return Resolve(given, []string{"ECS_DEPLOY_REGION=" + target, "ECS_DEPLOY_TARGET=api,worker,web"}, f, target)
	}
	alone := map[string]*Settings{}
	for _, target := range f.Targets() {
		s, err := resolve(target)
		if err != nil {
			t.Fatal(err)
		}
		if s.Service != target || s.Target != target || s.Region != target || s.Cluster != "production1" {
			t.Errorf("%s: service %s, target %s, region %s, cluster %s", target, s.Service, s.Target, s.Region, s.Cluster)
		}
		if env := s.Env[len(s.Env)-3:]; !slices.Equal(env, []Entry{{Name: "A", Unset: true}, {Name: "B", Value: "flag"}, {Container: "api", Name: "C", Unset: true}}) {
			t.Errorf("%s: the flags' entries are %v", target, env)
		}
		alone[target] = s
	}
	if diff := cmp.Diff([]string{"web", "proxy"}, alone["worker"].Images); diff != "" {
		t.Error(diff)
	}
	if !slices.Equal(alone["web"].LeftOut(), []string{"env"}) || len(alone["api"].LeftOut()) > 0 {
		t.Errorf("left out: of web %v, of api %v", alone["web"].LeftOut(), alone["api"].LeftOut())
	}

	var group sync.WaitGroup
	for range 20 {
		for _, target := range f.Targets() {
			group.Go(func() {
				s, err := resolve(target)
				if err != nil {
					t.Error(err)
					return
				}
				if diff := cmp.Diff(got(alone[target]), got(s)); diff != "" {
					t.Errorf("%s (-alone +side by side):\n%s", target, diff)
				}
				for i := range s.Env { // nobody else sees it
					s.Env[i], s.sources["env"][i] = Entry{Name: target}, source{}
				}
				s.Images = append(s.Images[:0], target)
			})
		}
	}
	group.Wait()
	if diff := cmp.Diff([]string{"web", "proxy"}, alone["api"].Images); diff != "" {
		t.Error(diff)
	}
}

// TestErrorsNameTheirOrigin has a bad value in each layer that can have one.
func TestErrorsNameTheirOrigin(t *testing.T) {
	for want, c := range map[string]struct {
		given   Given
		environ []string
		target  string
	}{
		`flag --timeout: "soon" is not a duration`:                 {given: Given{texts: []givenText{{"timeout", "soon"}}}},
		`ECS_DEPLOY_MIN: "-1" is not a whole`:                      {environ: []string{"ECS_DEPLOY_MIN=-1"}},
		`ecs-deploy.yaml:2:1: no target "c"; the targets are a, b`: {target: "c"},
	} {
		_, err := Resolve(c.given, c.environ, targets(t, "a", "b"), c.target)
		if err == nil || !strings.HasPrefix(err.Error(), want) {
			t.Errorf("%v, want %s", err, want)
		}
	}
}

// TestTheEnvironmentIsThatOfTheCall: the process's own is not asked.
func TestTheEnvironmentIsThatOfTheCall(t *testing.T) {
	t.Setenv("ECS_DEPLOY_CLUSTER", "other")
	t.Setenv("TAG", "other")
	s, err := Resolve(Given{texts: []givenText{{"tag-env-var", "TAG"}, {"image", "web"}}}, []string{"TAG=v7", "ECS_DEPLOY_MIN=50", "ECS_DEPLOY_MIN=60"}, File{}, "")
	if err != nil {
		t.Fatal(err)
	}
	r, err := s.Request(t.Context(), nil)
	if err != nil || s.Cluster != "" || *s.MinimumHealthyPercent != 60 || !slices.Equal(r.Images, []string{"web:v7"}) {
		t.Errorf("cluster %q, min %d, images %v, %v", s.Cluster, *s.MinimumHealthyPercent, r.Images, err)
	}
}
