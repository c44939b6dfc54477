package report_test

import (
	"fmt"
	"io"
	"testing"
	"time"

	"github.com/ecs-deploy/ecs-deploy/pkg/deploy"
	"github.com/ecs-deploy/ecs-deploy/pkg/internal/cputime"
	"github.com/ecs-deploy/ecs-deploy/pkg/report"
	"github.com/ecs-deploy/ecs-deploy/pkg/rollout"
)

// manyServices are events that begin the rollout of n services.
func manyServices(n int) []deploy.Event {
	var events []deploy.Event
	for i := range n {
		s := *state(4, 4, i%5, 4-i%5, i%3)
		s.ARN = fmt.Sprintf("%s-%d", service, i)
		d := deployment
		d.Service = s.ARN
		subject := deploy.Subject{Kind: deploy.SubjectService, ARN: s.ARN}
		events = append(events,
			deploy.Event{Type: deploy.EventUpdated, Time: at(i), Deployment: &d, Subject: subject},
			deploy.Event{Type: deploy.EventProgress, Time: at(i + 1), Elapsed: time.Second, Service: &s, ServiceDeployment: &rollout.ServiceDeployment{Status: "IN_PROGRESS"}, Subject: subject})
	}
	return events
}

// BenchmarkLive is a live region of 100 services in which something moves in each of ten
// frames a second. The budget is 3 % of a core: 30 ms a second, which is what
// cpu-ms/s measures.
func BenchmarkLive(b *testing.B) {
	r := report.New("text", report.Options{
		Out: io.Discard, Err: io.Discard, Raw: io.Discard, ErrColor: true, Progress: report.ProgressLive, Term: "xterm-256color",
		Size: report.Size{Width: 140, Height: 120}, Now: func() time.Time { return at(200) },
	})
	defer r.Pause()
	events := manyServices(100)
	for _, e := range events {
		r.Event(e)
	}
	before := cputime.Used(b)
	began := time.Now()
	for i := 0; b.Loop(); i++ {
		e := events[2*(i%100)+1]
		s := *e.Service
		s.Running, s.Pending = i%5, 4-i%5
		s.Deployments = append([]rollout.Deployment{}, s.Deployments...)
		s.Deployments[0].Running = i % 5
		e.Service = &s
		r.Event(e)
		time.Sleep(100 * time.Millisecond)
	}
	b.ReportMetric((cputime.Used(b)-before).Seconds()*1000/time.Since(began).Seconds(), "cpu-ms/s")
}

// BenchmarkFrame is one frame of 100 services.
func BenchmarkFrame(b *testing.B) {
	var story report.Story
	for _, e := range manyServices(100) {
		story.Add(e)
	}
	for b.Loop() {
		story.Frame(at(200), report.Size{Width: 140, Height: 120})
	}
}
