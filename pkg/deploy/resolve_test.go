package deploy

import (
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/ecs"

	"github.com/ecs-deploy/ecs-deploy/pkg/ecssim"
	"github.com/ecs-deploy/ecs-deploy/pkg/rollout"
	"github.com/ecs-deploy/ecs-deploy/pkg/taskdef"
)

// TestResolveWithoutAService: what a task without a service needs of a want.
func TestResolveWithoutAService(t *testing.T) {
	world, err := ecssim.ParseWorld("world", []byte(`
clusters: [{name: prod}]
taskDefinitions:
  - {family: job, containerDefinitions: [{name: app, image: "repo/job:v1", memory: 64}]}
  - {family: job, containerDefinitions: [{name: app, image: "repo/job:v2", memory: 64}]}
`))
	if err != nil {
		t.Fatal(err)
	}
	simulator, err := ecssim.New(world)
	if err != nil {
		t.Fatal(err)
	}
	d := New(ecs.New(ecs.Options{
		Region: "us-east-1", BaseEndpoint: aws.String("http://ecs.simulated"), HTTPClient: simulator.HTTPClient(),
		Credentials: credentials.NewStaticCredentialsProvider("a", "b", ""),
	}))
	file := func(image string) taskdef.Definition {
		definition, err := taskdef.Parse("f", []byte(`{"family":"job","containerDefinitions":[{"name":"app","image":"`+image+`","memory":64}]}`), taskdef.ParseOptions{})
		if err != nil {
			t.Fatal(err)
		}
		return definition
	}
	for name, c := range map[string]struct {
		want        Want
		base        string
		register    bool
		reused      bool
		revision    string
		differences int
	}{
		"the newest of a family":       {Want{TaskDefinition: "job"}, "job:2", false, false, "job:2", 0},
		"a revision":                   {Want{TaskDefinition: "job:1"}, "job:1", false, false, "job:1", 0},
		"a revision with its image":    {Want{TaskDefinition: "job:1", Images: []string{"repo/job:v1"}}, "job:1", false, false, "job:1", 0},
		"another image":                {Want{TaskDefinition: "job", Images: []string{"repo/job:v3"}}, "job:2", true, false, "", 1},
		"what is registered already":   {Want{TaskDefinition: "job:1", Images: []string{"repo/job:v2"}}, "job:1", false, true, "job:2", 1},
		"a file":                       {Want{Definition: file("repo/job:v3")}, "", true, false, "", 0},
		"a file registered already":    {Want{Definition: file("repo/job:v2")}, "", false, true, "job:2", 0},
		"a file and another tag":       {Want{Definition: file("repo/job:v2"), Tag: "v4"}, "", true, false, "", 1},
		"a file of an earlier content": {Want{Definition: file("repo/job:v1")}, "", true, false, "", 0},
	} {
		r, err := d.resolve(t.Context(), "", c.want)
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if got := rollout.ShortName(r.base); got != c.base || r.register != c.register || r.reused != c.reused ||
			rollout.ShortName(r.taskDefinition) != c.revision || len(r.differences) != c.differences {
			t.Errorf("%s: base %q, register %t, reused %t, revision %q, differences %v", name, got, r.register, r.reused, rollout.ShortName(r.taskDefinition), r.differences)
		}
	}
}
