package deploy

// Evidence beyond ECS itself, where the deployer was given clients for it: the
// last lines that a container wrote before it died, and what a load balancer
// says of the targets. It is bounded, and nothing depends on it: what may not be
// read is left out.

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"
	"unicode"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs"
	elb "github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2"

	"github.com/ecs-deploy/ecs-deploy/pkg/ecsapi"
	"github.com/ecs-deploy/ecs-deploy/pkg/rollout"
	"github.com/ecs-deploy/ecs-deploy/pkg/taskdef"
)

const (
	// logLines is how many of a container's last log lines are quoted.
	logLines = 10
	// logAttempts is how often an empty log is asked for again.
	logAttempts = 5
	// evidenceLimit bounds a call for evidence, in real time.
	evidenceLimit = 5 * time.Second
)

// WithLogs lets a diagnosis quote the last log lines of a container that died,
// where its log driver is awslogs.
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
	ill        []rollout.TargetGroup // groups that had unhealthy targets
}

func newEvidence(d *Deployer) evidence {
	return evidence{Deployer: d, logged: map[string]rollout.Log{}, asked: map[string]int{}}
}

// addLogs gives causes the last log lines of the container that ended the task.
func (e *evidence) addLogs(ctx context.Context, deployment *Deployment, causes []rollout.Cause) {
	for i, cause := range causes {
		if cause.Container == "" || !cause.Ran() {
			continue
		}
		log, ok := e.logged[cause.Key()]
		if !ok {
			log = e.readLog(ctx, deployment, cause)
			// CloudWatch Logs may be seconds late: an empty answer is asked for again.
			if len(log.Lines) > 0 || e.asked[cause.Key()] >= logAttempts {
				e.logged[cause.Key()] = log
			}
			e.asked[cause.Key()]++
		}
		causes[i].Log = log
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
	log := rollout.Log{Command: fmt.Sprintf("aws logs get-log-events --log-group-name %s --log-stream-name %s", group, stream)}
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
		log.Lines = append(log.Lines, printable(aws.ToString(event.Message)))
	}
	return log
}

// printable is a log line without what a terminal would act upon.
func printable(line string) string {
	line = strings.TrimRight(line, "\r\n")
	return strings.Map(func(r rune) rune {
		if r == '\t' {
			return ' '
		}
		if unicode.IsControl(r) || r == unicode.ReplacementChar {
			return -1
		}
		return r
	}, line)
}

// noteTargets keeps what the load balancer says of groups that have something
// else than healthy targets. What was noted while the deployment's tasks were
// there is kept when a rollback has replaced them.
func (e *evidence) noteTargets(ctx context.Context, arns []string) {
	for _, group := range e.targetGroups(ctx, arns) {
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
}

// targetGroups asks the load balancer for the health of the targets of each of
// the service's target groups.
func (e *evidence) targetGroups(ctx context.Context, arns []string) []rollout.TargetGroup {
	if e.elb == nil {
		return nil
	}
	ctx, cancel := context.WithTimeout(ctx, evidenceLimit)
	defer cancel()
	var groups []rollout.TargetGroup
	for _, arn := range arns {
		out, err := e.elb.DescribeTargetHealth(ctx, &elb.DescribeTargetHealthInput{TargetGroupArn: &arn})
		if err != nil {
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
