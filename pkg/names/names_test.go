package names_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/ecs"

	"github.com/ecs-deploy/ecs-deploy/pkg/ecssim"
	"github.com/ecs-deploy/ecs-deploy/pkg/names"
)

const world = `
clusters: [{name: prod}, {name: other}]
taskDefinitions:
  - {family: web, networkMode: awsvpc, requiresCompatibilities: [FARGATE], cpu: "256", memory: "512", containerDefinitions: [{name: app, image: "repo.example/team/web:v1"}]}
  - {family: web, networkMode: awsvpc, requiresCompatibilities: [FARGATE], cpu: "256", memory: "512", containerDefinitions: [{name: app, image: "repo.example/team/web:v2"}, {name: proxy, image: nginx}]}
  - {family: web-admin, networkMode: awsvpc, requiresCompatibilities: [FARGATE], cpu: "256", memory: "512", containerDefinitions: [{name: app, image: "repo.example/team/admin:v1"}]}
services:
  - {cluster: prod, serviceName: web, taskDefinition: web, desiredCount: 2, launchType: FARGATE, networkConfiguration: {awsvpcConfiguration: {subnets: [subnet-1]}}}
`

// inWorld runs a test on the lists of a world, in virtual time.
func inWorld(t *testing.T, yaml string, test func(t *testing.T, l *names.Lister)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		w, err := ecssim.ParseWorld("world", []byte(yaml))
		if err != nil {
			t.Fatal(err)
		}
		simulator, err := ecssim.New(w)
		if err != nil {
			t.Fatal(err)
		}
		test(t, names.New(ecs.New(ecs.Options{
			Region: "us-east-1", Credentials: credentials.NewStaticCredentialsProvider("a", "b", ""),
			BaseEndpoint: aws.String("http://aws.simulated"), HTTPClient: simulator.HTTPClient(),
		})))
	})
}

func TestLists(t *testing.T) {
	inWorld(t, world, func(t *testing.T, l *names.Lister) {
		ctx := t.Context()
		is := func(name string, want ...string) func([]names.Name, error) {
			return func(got []names.Name, err error) {
				t.Helper()
				var texts []string
				for _, n := range got {
					texts = append(texts, strings.TrimRight(n.Text+" "+n.About, " "))
				}
				if err != nil || len(texts) != len(want) || !slices.EqualFunc(texts, want, strings.HasPrefix) {
					t.Errorf("%s are %q, %v", name, texts, err)
				}
			}
		}
		is("clusters", "other", "prod")(l.Clusters(ctx))
		is("services", "web")(l.Services(ctx, "prod"))
		is("families", "web", "web-admin")(l.Families(ctx))
		is("revisions", "web:2 "+time.Now().UTC().AddDate(0, 0, -1).Format("2006-01-02"), "web:1 ")(l.Revisions(ctx, "web"))
		is("containers", "app repo.example/team/web:v2", "proxy nginx")(l.Containers(ctx, "web"))
		is("pauses")(l.Pauses(ctx, "prod", "web"))
		is("deployments", "ecs-svc/", "arn:aws:ecs:us-east-1:123456789012:service-deployment/prod/web/")(l.Deployments(ctx, "prod", "web"))
		tasks, err := l.Tasks(ctx, "prod", "web", time.Now())
		if err != nil || len(tasks) != 2 || !strings.HasPrefix(tasks[0].About, "web:2  RUNNING  ") {
			t.Errorf("tasks are %q, %v", tasks, err)
		}
		if definition, err := l.TaskDefinition(ctx, "prod", "web"); err != nil || !strings.HasSuffix(definition, "/web:2") {
			t.Error(definition, err)
		}
		if _, err := l.Containers(ctx, "none"); err == nil {
			t.Error("no error")
		}
	})
}

// TestPauses lists the pause at which a deployment waits.
func TestPauses(t *testing.T) {
	scenario, err := ecssim.LoadScenario("pause")
	if err != nil {
		t.Fatal(err)
	}
	synctest.Test(t, func(t *testing.T) {
		simulator, err := ecssim.New(scenario.WithSeed(ecssim.Seed{Cluster: "prod", Service: "web", Image: "web:1"}))
		if err != nil {
			t.Fatal(err)
		}
		client := ecs.New(ecs.Options{
			Region: "us-east-1", Credentials: credentials.NewStaticCredentialsProvider("a", "b", ""),
			BaseEndpoint: aws.String("http://aws.simulated"), HTTPClient: simulator.HTTPClient(),
		})
		if _, err := client.UpdateService(t.Context(), &ecs.UpdateServiceInput{Cluster: aws.String("prod"), Service: aws.String("web"), ForceNewDeployment: true}); err != nil {
			t.Fatal(err)
		}
		time.Sleep(15 * time.Minute)
		pauses, err := names.New(client).Pauses(t.Context(), "prod", "web")
		if err != nil || len(pauses) != 1 || pauses[0].Text == "" || !strings.HasPrefix(pauses[0].About, "until ") {
			t.Errorf("pauses are %q, %v", pauses, err)
		}
	})
}

// TestAListThatBreaksOff has what was read until the context ended.
func TestAListThatBreaksOff(t *testing.T) {
	var clusters []string
	for i := range 250 {
		clusters = append(clusters, fmt.Sprintf("{name: cluster-%03d}", i))
	}
	yaml := "clusters: [" + strings.Join(clusters, ", ") + "]\nfaults: [{operations: [ListClusters], nth: 3, latency: 10s}]\n"
	inWorld(t, yaml, func(t *testing.T, l *names.Lister) {
		ctx, cancel := context.WithTimeout(t.Context(), 2*time.Second)
		defer cancel()
		found, err := l.Clusters(ctx)
		if len(found) != 200 || !errors.Is(ctx.Err(), context.DeadlineExceeded) || err == nil {
			t.Errorf("%d clusters, %v", len(found), err)
		}
	})
}
