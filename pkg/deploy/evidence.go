package deploy

// Evidence beyond ECS itself, if the deployer was given clients for it: the last lines that
// a container wrote before it died, and the health of the targets of a load balancer. It is
// bounded, and nothing depends on it: data that cannot be read is missing.

import (
	"cmp"
	"context"
	"slices"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs"
	elb "github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2"

	"github.com/ecs-deploy/ecs-deploy/pkg/ecsapi"
	"github.com/ecs-deploy/ecs-deploy/pkg/rollout"
	"github.com/ecs-deploy/ecs-deploy/pkg/shell"
	"github.com/ecs-deploy/ecs-deploy/pkg/taskdef"
)

const (
	// logLines is how many of a container's last log lines are quoted.
	logLines = 10
	// logAttempts is how often an empty log is asked for again.
	logAttempts = 5
	// logsRead is of how many causes the log is read.
	logsRead = 10
	// tagsRead is how many revisions are read for the tags of their images.
	tagsRead = 5
	// evidenceLimit bounds a call for evidence, in real time.
	evidenceLimit = 5 * time.Second
)

// WithLogs lets a diagnosis quote the last log lines of a container that died,
// if its log driver is awslogs.
func WithLogs(client *cloudwatchlogs.Client) Option {
	return func(d *Deployer) { d.logs = client }
}

// WithTargetHealth lets a watch say what the load balancer's target groups think
// of the tasks.
func WithTargetHealth(client *elb.Client) Option {
	return func(d *Deployer) { d.elb = client }
}

// evidence is what was gathered for one deployment, each piece once.
type evidence struct {
	*Deployer
	definition taskdef.Definition     // of the deployment; zero until it is needed
	logged     map[string]rollout.Log // by the key of the cause
	asked      map[string]int         // how often a log was asked for, by the same
	logsDenied bool
	tagged     bool                  // the tags of the service's revisions were read
	ill        []rollout.TargetGroup // groups that had unhealthy targets
	targets    []rollout.TargetGroup // all groups, as last read
	nextRead   time.Duration         // when they may be read again, since the watch began
	elbDenied  bool
}

func newEvidence(d *Deployer) evidence {
	return evidence{Deployer: d, logged: map[string]rollout.Log{}, asked: map[string]int{}}
}

// endedBy are the circuit breaker's count and the alarms that went off, as ECS's
// record has them.
func endedBy(record *rollout.ServiceDeployment) (*rollout.Breaker, []string) {
	if record == nil {
		return nil, nil
	}
	if record.Breaker != nil && record.Breaker.Status == "DISABLED" {
		return nil, record.TriggeredAlarms
	}
	return record.Breaker, record.TriggeredAlarms
}

// readTags reads, once, the revisions that somebody who joins sees beside a
// deployment, for the tags of their images. Who deploys knows the tags from the
// plan.
func (e *evidence) readTags(ctx context.Context, deployment *Deployment, service *rollout.Service) {
	if e.tagged || service == nil || deployment.Action != ActionFollow {
		return
	}
	e.tagged = true
	revisions := []string{deployment.TaskDefinition}
	for _, d := range service.Deployments {
		revisions = append(revisions, d.TaskDefinition)
	}
	for _, arn := range revisions[:min(len(revisions), tagsRead)] {
		if arn != "" && e.tags.of(arn) == "" {
			_, _, _ = e.describeDefinition(ctx, arn) // it remembers the tag; without permission there is none
		}
	}
}

// addLogs gives causes the last log lines of the container that ended the task.
func (e *evidence) addLogs(ctx context.Context, deployment *Deployment, causes []rollout.Cause) {
	for i := range causes {
		cause := &causes[i]
		if cause.Container == "" || !cause.Ran() {
			continue
		}
		key := cause.Key()
		log, ok := e.logged[key]
		if !ok && len(e.asked) < logsRead || e.asked[key] > 0 && !ok {
			log = e.readLog(ctx, deployment, *cause)
			// CloudWatch Logs may be seconds late: an empty answer is asked for again.
			if len(log.Lines) > 0 || e.asked[key] >= logAttempts {
				e.logged[key] = log
			}
			e.asked[key]++
		}
		cause.Quote(log)
	}
}

// readLog reads the end of a container's log, and how a person can read it all.
func (e *evidence) readLog(ctx context.Context, deployment *Deployment, cause rollout.Cause) rollout.Log {
	ctx, cancel := context.WithTimeout(ctx, evidenceLimit)
	defer cancel()
	if e.definition.IsZero() {
		definition, _, err := e.describeDefinition(ctx, deployment.TaskDefinition)
		if err != nil {
			return rollout.Log{}
		}
		e.definition = definition
	}
	driver, options := e.definition.LogOptions(cause.Container)
	group, prefix := options["awslogs-group"], options["awslogs-stream-prefix"]
	if driver != "awslogs" || group == "" || prefix == "" {
		return rollout.Log{}
	}
	stream := strings.Join([]string{prefix, cause.Container, rollout.ShortName(cause.Task)}, "/")
	log := rollout.Log{Command: shell.Join("aws", "logs", "get-log-events", "--log-group-name", group, "--log-stream-name", stream, "--region", logRegion(options, e.api.Region()))}
	if e.logs == nil || e.logsDenied {
		return log
	}
	out, err := e.logs.GetLogEvents(ctx, &cloudwatchlogs.GetLogEventsInput{
		LogGroupName: &group, LogStreamName: &stream, Limit: aws.Int32(logLines), StartFromHead: aws.Bool(false),
	})
	if err != nil {
		e.logsDenied = ecsapi.Is(ecsapi.NewCallError("logs:GetLogEvents", stream, err), ecsapi.Denied)
		return log
	}
	for _, event := range out.Events {
		log.Lines = append(log.Lines, ecsapi.Cut(strings.TrimRight(aws.ToString(event.Message), "\r\n")))
	}
	return log
}

// The health of targets is read so often while it is waited for, and if it could not be
// read: many services share what the load balancer answers.
const (
	targetsEvery = 10 * time.Second
	targetsRetry = time.Minute
)

// awaitTargets reads the health of targets again while it is waited for. It reports
// whether it moved.
func (e *evidence) awaitTargets(ctx context.Context, arns []string, elapsed time.Duration) bool {
	ill := func(group rollout.TargetGroup) bool { return group.States["healthy"] < group.Targets() }
	if elapsed < e.nextRead || e.targets != nil && !slices.ContainsFunc(e.targets, ill) {
		return false
	}
	return e.noteTargets(ctx, arns, elapsed)
}

// noteTargets reads what the load balancer says of the targets, and reports whether that
// moved. What was noted of unhealthy targets while the deployment's tasks were there is
// kept when a rollback has replaced them.
func (e *evidence) noteTargets(ctx context.Context, arns []string, elapsed time.Duration) bool {
	before := e.targets
	e.targets, e.nextRead = e.targetGroups(ctx, arns), elapsed+targetsEvery
	if len(e.targets) < len(arns) {
		e.nextRead = elapsed + targetsRetry
	}
	for _, group := range e.targets {
		if group.States["unhealthy"] == 0 {
			continue
		}
		i := slices.IndexFunc(e.ill, func(known rollout.TargetGroup) bool { return known.ARN == group.ARN })
		if i < 0 {
			e.ill = append(e.ill, group)
		} else {
			e.ill[i] = group
		}
	}
	return len(e.targets) > 0 && !slices.EqualFunc(before, e.targets, func(a, b rollout.TargetGroup) bool { return a.String() == b.String() })
}

// targetGroups asks the load balancer for the health of the targets of each of
// the service's target groups.
func (e *evidence) targetGroups(ctx context.Context, arns []string) []rollout.TargetGroup {
	if e.elb == nil || e.elbDenied {
		return nil
	}
	ctx, cancel := context.WithTimeout(ctx, evidenceLimit)
	defer cancel()
	var groups []rollout.TargetGroup
	for _, arn := range arns {
		out, err := e.elb.DescribeTargetHealth(ctx, &elb.DescribeTargetHealthInput{TargetGroupArn: &arn})
		if err != nil {
			e.elbDenied = e.elbDenied || ecsapi.Is(ecsapi.NewCallError("elasticloadbalancing:DescribeTargetHealth", arn, err), ecsapi.Denied)
			continue
		}
		group := rollout.TargetGroup{ARN: arn, States: map[string]int{}}
		for _, target := range out.TargetHealthDescriptions {
			if target.TargetHealth == nil {
				continue
			}
			group.States[string(target.TargetHealth.State)]++
			if target.TargetHealth.State == "unhealthy" {
				group.AddReason(aws.ToString(target.TargetHealth.Description))
			}
		}
		groups = append(groups, group)
	}
	return groups
}

// logRegion is the region in which a container writes its log: that of its log
// options, or otherwise the service's.
func logRegion(options map[string]string, service string) string {
	return cmp.Or(options["awslogs-region"], service)
}
