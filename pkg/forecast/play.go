package forecast

// One deployment from UpdateService to its end, event by event.

import (
	"context"
	"fmt"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/ecs"

	"github.com/ecs-deploy/ecs-deploy/pkg/deploy"
	"github.com/ecs-deploy/ecs-deploy/pkg/ecssim"
)

// endless is how many times the failures that the circuit breaker allows by default
// must have happened before a deployment counts as one that never ends. Before the time
// that ecs-deploy waits by default, none does: the count may still reach the threshold.
const endless = 10

// Statuses of a service deployment (ServiceDeploymentStatus): one that is being rolled
// back, and those that have ended.
const (
	rollingBack    = "ROLLBACK_IN_PROGRESS"
	successful     = "SUCCESSFUL"
	stopped        = "STOPPED"
	rolledBack     = "ROLLBACK_SUCCESSFUL"
	rollbackFailed = "ROLLBACK_FAILED"
)

// played is how a deployment went.
type played struct {
	status           string // of the service deployment at the end
	took             time.Duration
	fewest           int // running
	most             int // running and starting
	mostWithStopping int
	waves            []deploy.Wave
	shifts           []deploy.TrafficShift
	production       float64 // percent of the production traffic, at the moment before
	failed           int     // the most failed tasks that ECS counted in a row
	failedInAll      int
	fewestEarlier    int  // running, of the deployment before
	fewestHealthy    int  // of all deployments
	hopeless         bool // it was left at the point where ecs-deploy would give up
	endless          bool // it was left because tasks fail again and again
}

// player follows a deployment.
type player struct {
	simulator *ecssim.Simulator
	clock     *ecssim.ManualClock
	began     time.Time
	earlier   string // id of the deployment before
	mine      string // id of the deployment that is followed
	service   deploy.Conditions
	watched   bool // the circuit breaker or alarms watch the deployment
	held      int  // new tasks, running or starting
	settled   bool // a new task became healthy since the last one started
	healthy   int
	counted   int // failed tasks, at the moment before
	played
}

// play plays a deployment to its end, or for as long as limit.
func (f *Forecaster) play(ctx context.Context, c deploy.Conditions, t tale, limit time.Duration) (played, error) {
	p := &player{service: c, clock: ecssim.NewManualClock(time.Unix(1_800_000_000, 0)), settled: true}
	p.fewest, p.fewestEarlier, p.fewestHealthy = c.Tasks, c.Tasks, c.Tasks
	p.watched = hasBreaker(c) || watchesAlarms(c)
	var err error
	if p.simulator, err = ecssim.New(f.world(c, t), ecssim.WithClock(p.clock)); err != nil {
		return played{}, fmt.Errorf("the simulator cannot play this service: %w", err)
	}
	if err := p.begin(ctx, c); err != nil {
		return played{}, fmt.Errorf("the simulator cannot play this deployment: %w", err)
	}
	return p.played, p.follow(ctx, limit)
}

// begin sends UpdateService.
func (p *player) begin(ctx context.Context, c deploy.Conditions) error {
	client := ecs.New(ecs.Options{
		Region: "us-east-1", BaseEndpoint: aws.String("http://ecs.simulated"), HTTPClient: p.simulator.HTTPClient(),
		Credentials: credentials.NewStaticCredentialsProvider("simulated", "simulated", ""),
	})
	rest, err := p.simulator.Moment(cluster, service)
	if err != nil {
		return err
	}
	p.earlier, p.began = rest.Deployments[0].ID, p.clock.Now()
	p.production = 0 // of the deployment that is to come
	input := &ecs.UpdateServiceInput{Cluster: aws.String(cluster), Service: aws.String(service), TaskDefinition: aws.String(wanted)}
	if c.Desired != c.Tasks && !c.Daemon {
		input.DesiredCount = aws.Int32(int32(c.Desired))
	}
	_, err = client.UpdateService(ctx, input)
	return err
}

// follow goes from event to event until the deployment has ended.
func (p *player) follow(ctx context.Context, limit time.Duration) error {
	for {
		if err := ctx.Err(); err != nil {
			return err
		}
		moment, err := p.simulator.Moment(cluster, service)
		if err != nil {
			return err
		}
		p.see(moment)
		next, certain := p.simulator.NextEvent()
		if p.ended() || p.hopeless || p.endless || !certain || next.Sub(p.began) > limit {
			return nil
		}
		p.clock.MoveTo(next)
	}
}

// ended reports whether ECS has ended the deployment.
func (p *played) ended() bool {
	switch p.status {
	case successful, stopped, rolledBack, rollbackFailed:
		return true
	}
	return false
}

// see takes in what the service looks like at a moment.
func (p *player) see(m ecssim.Moment) {
	p.status, p.took = m.Status, m.At.Sub(p.began)
	if p.mine == "" {
		p.mine = m.Deployments[0].ID
	}
	if m.Production != p.production && p.mine == m.Deployments[0].ID {
		p.production = m.Production
		p.shifts = append(p.shifts, deploy.TrafficShift{After: deploy.Seconds(p.took), Percent: m.Production})
	}
	running, starting, healthy, earlier := 0, 0, 0, 0
	for _, d := range m.Deployments {
		running += d.Running
		starting += d.Pending
		healthy += d.Healthy
		switch d.ID {
		case p.mine:
			p.noteFailures(d)
			p.noteWave(d)
		case p.earlier:
			earlier = d.Running
		}
	}
	p.fewest = min(p.fewest, running)
	p.fewestEarlier = min(p.fewestEarlier, earlier)
	p.fewestHealthy = min(p.fewestHealthy, healthy)
	p.most = max(p.most, running+starting)
	p.mostWithStopping = max(p.mostWithStopping, running+starting+m.Stopping)
}

// noteFailures counts the tasks that failed. A healthy task resets ECS's own count.
func (p *player) noteFailures(d ecssim.DeploymentMoment) {
	p.failed = max(p.failed, d.FailedTasks)
	p.failedInAll += max(d.FailedTasks-p.counted, 0)
	p.counted = d.FailedTasks
	if p.watched {
		p.hopeless = d.FailedTasks >= p.service.WatchedPatience && d.Running < p.service.Desired
	} else if stopping := p.failedInAll + d.Failing; stopping >= p.service.Patience && d.Running == 0 {
		p.hopeless, p.failedInAll = true, stopping
	}
	p.endless = p.failedInAll >= endless*p.service.Patience && p.took > deploy.DefaultCompleteTimeout
}

// noteWave notes new tasks that started. They begin a wave if a task of the wave
// before became healthy meanwhile.
func (p *player) noteWave(d ecssim.DeploymentMoment) {
	started := d.Running + d.Pending - p.held
	p.held = d.Running + d.Pending
	if started > 0 {
		if p.settled {
			p.waves, p.settled = append(p.waves, deploy.Wave{After: deploy.Seconds(p.took)}), false
		}
		p.waves[len(p.waves)-1].Tasks += started
	}
	p.settled = p.settled || d.Healthy > p.healthy
	p.healthy = d.Healthy
}
