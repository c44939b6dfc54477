package deploy_test

// One Deployer that several goroutines share.

import (
	"encoding/json"
	"slices"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/aws/aws-sdk-go-v2/service/ecs"

	"github.com/ecs-deploy/ecs-deploy/pkg/deploy"
)

// sharedWorld has three services: of one the new tasks start, of one they exit, and
// of one nothing runs for longer than a heartbeat.
const sharedWorld = `
clusters: [{name: prod}]
serviceDefaults:
  deploymentConfiguration: {deploymentCircuitBreaker: {enable: true, rollback: true}, minimumHealthyPercent: 100, maximumPercent: 200}
taskDefinitions:
  - {family: good, networkMode: awsvpc, requiresCompatibilities: [FARGATE], cpu: "256", memory: "512", containerDefinitions: [{name: app, image: "repo/good:v1"}]}
  - {family: bad, networkMode: awsvpc, requiresCompatibilities: [FARGATE], cpu: "256", memory: "512", containerDefinitions: [{name: app, image: "repo/bad:v1"}]}
  - {family: slow, networkMode: awsvpc, requiresCompatibilities: [FARGATE], cpu: "256", memory: "512", containerDefinitions: [{name: app, image: "repo/slow:v1"}]}
services:
  - {cluster: prod, serviceName: good, taskDefinition: good, desiredCount: 2, launchType: FARGATE, networkConfiguration: {awsvpcConfiguration: {subnets: [subnet-1]}}}
  - {cluster: prod, serviceName: bad, taskDefinition: bad, desiredCount: 2, launchType: FARGATE, networkConfiguration: {awsvpcConfiguration: {subnets: [subnet-1]}}}
  - {cluster: prod, serviceName: slow, taskDefinition: slow, desiredCount: 2, launchType: FARGATE, networkConfiguration: {awsvpcConfiguration: {subnets: [subnet-1]}}}
images: [{match: 'repo/bad:v2', behaviour: exits}, {match: 'repo/slow:v2', startAfter: 4m}]
`

// TestSharedDeployer: the observer is called by one goroutine at a time, in the
// order of time, and each event says which service it is about. Run it with -race:
// the observer's slice has no lock, and what it keeps is read while others emit.
func TestSharedDeployer(t *testing.T) {
	inWorld(t, sharedWorld, func(b *bench) {
		var inside atomic.Int32
		var events []deploy.Event
		kept := make(chan deploy.Event, 1000)
		d := deploy.New(ecs.NewFromConfig(simulated(b.http)), deploy.WithObserver(func(e deploy.Event) {
			if inside.Add(1) != 1 {
				b.Error("the observer is called while it is called")
			}
			events = append(events, e)
			kept <- e
			inside.Add(-1)
		}))
		read := make(chan error)
		go func() {
			var failure error
			for e := range kept {
				if _, err := json.Marshal(e); err != nil {
					failure = err
				}
			}
			read <- failure
		}()
		services := []string{"good", "bad", "slow"}
		keep := int32(0)
		var running sync.WaitGroup
		for _, service := range services {
			running.Go(func() {
				r := deploy.Request{Ref: deploy.Ref{Cluster: "prod", Service: service}, Want: deploy.Want{Images: []string{"repo/" + service + ":v2"}}}
				if _, err := d.Run(b.Context(), r, deploy.Policy{KeepDefinitions: &keep}); err != nil {
					b.Error(err)
				}
			})
		}
		running.Wait()
		close(kept)
		if err := <-read; err != nil {
			b.Error(err)
		}
		if !slices.IsSortedFunc(events, func(x, y deploy.Event) int { return x.Time.Compare(y.Time) }) {
			b.Error("the events are not in the order of their times")
		}
		for _, service := range services {
			eventsOfOne(b, events, service)
		}
	})
}

// eventsOfOne checks that the events about a service are a whole deployment of it.
func eventsOfOne(b *bench, events []deploy.Event, service string) {
	b.Helper()
	subject := deploy.Subject{Kind: deploy.SubjectService, ARN: "arn:aws:ecs:us-east-1:123456789012:service/prod/" + service}
	var types []deploy.EventType
	for _, e := range events {
		if e.Subject != subject {
			continue
		}
		if !slices.Contains(types, e.Type) {
			types = append(types, e.Type)
		}
		if e.Service != nil && e.Service.Name != service {
			b.Errorf("a %s event about %s shows %s", e.Type, service, e.Service.Name)
		}
	}
	begin := []deploy.EventType{deploy.EventPlan, deploy.EventRegistered, deploy.EventUpdated}
	if len(types) < 4 || !slices.Equal(types[:3], begin) || types[len(types)-1] != deploy.EventOutcome {
		b.Errorf("%s has the events %v", service, types)
	}
	for kind, of := range map[deploy.EventType]string{deploy.EventCause: "bad", deploy.EventHeartbeat: "slow", deploy.EventWarning: "slow"} {
		if of == service && !slices.Contains(types, kind) {
			b.Errorf("%s has no %s event: %v", service, kind, types)
		}
	}
}
