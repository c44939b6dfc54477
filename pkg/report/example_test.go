package report_test

import (
	"fmt"
	"os"
	"strings"
	"time"

	"github.com/ecs-deploy/ecs-deploy/pkg/deploy"
	"github.com/ecs-deploy/ecs-deploy/pkg/report"
	"github.com/ecs-deploy/ecs-deploy/pkg/rollout"
)

// The model alone: a program folds the events of a deployer into a story, and draws what
// it likes.
func ExampleStory() {
	var story report.Story
	observe := func(e deploy.Event) { // for deploy.WithObserver
		story.Add(e)
		for _, about := range story.Services {
			for _, bar := range about.Bars() {
				fmt.Printf("%s: %s %d/%d\n", about.Name(), bar.Name(), bar.Running, bar.Desired)
			}
		}
	}
	observe(deploy.Event{
		Type: deploy.EventProgress, Time: at(10), Elapsed: 9 * time.Second,
		Subject: deploy.Subject{Kind: deploy.SubjectService, ARN: service},
		Service: &rollout.Service{ARN: service, ClusterARN: cluster, Deployments: []rollout.Deployment{
			{ID: "ecs-svc/42", Status: rollout.StatusPrimary, TaskDefinition: wanted, Tag: "v2", Desired: 4, Running: 3},
		}},
	})
	fmt.Println("ended:", story.Ended())
	// Output:
	// doorman: doorman:42 (v2) 3/4
	// ended: false
}

// A renderer: what ecs-deploy itself shows, on any writers.
func ExampleNew() {
	renderer := report.New("text", report.Options{Out: os.Stdout, Err: os.Stdout, Location: time.UTC})
	defer renderer.Pause()
	renderer.Event(deploy.Event{ // renderer.Event is an observer for deploy.WithObserver
		Type: deploy.EventRegistered, Time: at(10), TaskDefinition: wanted, Tag: "v2",
		Subject: deploy.Subject{Kind: deploy.SubjectService, ARN: service},
	})
	// Output:
	// 09:00:10  registered doorman:42 (v2)
}

// The runs of several services that a program has kept as NDJSON: a story has a model for
// each member.
func ExampleReadStory() {
	kept := strings.NewReader(`{"type":"version","schema":"1.0"}
{"type":"member-outcome","time":"2026-03-01T09:02:00Z","verdict":"succeeded","exitCode":0,"reason":"ECS reports the deployment as completed","elapsedSeconds":90,"deployment":{},"subject":{"kind":"service","arn":"","member":"web"}}
{"type":"member-outcome","time":"2026-03-01T09:02:00Z","verdict":"error","exitCode":4,"reason":"access denied","elapsedSeconds":0,"subject":{"kind":"service","arn":"","member":"worker"}}
`)
	story, err := report.ReadStory(kept)
	if err != nil {
		panic(err)
	}
	for _, about := range story.Services {
		switch {
		case about.Failure != nil:
			fmt.Println(about.Member, about.Failure.Verdict, about.Failure.Message)
		case about.Outcome != nil:
			fmt.Println(about.Member, about.Outcome.Verdict, about.Outcome.Elapsed)
		}
	}
	// Output:
	// web succeeded 1m30s
	// worker error access denied
}
