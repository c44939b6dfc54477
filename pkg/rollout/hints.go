package rollout

// What ECS says of trouble, what that means, and what a person can do about it.
// Every hint begins with a verb.

import (
	"slices"

	"github.com/ecs-deploy/ecs-deploy/pkg/shell"
)

// guide is the ECS developer guide.
const guide = "https://docs.aws.amazon.com/AmazonECS/latest/developerguide/"

// The help topics that are no kinds of causes.
const (
	// StuckTopic is about a rollout that neither ends nor moves.
	StuckTopic = "stuck"
	// TrafficTopic is about traffic that does not reach the running tasks.
	TrafficTopic = "traffic"

	alarmTopic = "alarm"
	hookTopic  = "hook"
)

// meaning is a row of a table of texts.
type meaning struct {
	texts []string
	kind  Kind
	page  string
	hint  string
}

// occurrence is a row of the table of service events.
type occurrence struct {
	texts []string
	// topic is the help topic about it.
	topic string
	hint  string
}

const (
	stoppedPage   = "stopped-task-error-codes"
	unhealthyPage = "service-unhealthy-event-messages"
	placementPage = "api_failures_messages"

	healthHint   = "check the health check's path and port, how long the application takes to start, and the service's healthCheckGracePeriodSeconds"
	noRoomHint   = "add capacity to the cluster, or reduce the CPU, memory or ports that the task asks for"
	platformHint = "build the image for the task's CPU architecture, or set runtimePlatform in the task definition"
	portHint     = "use dynamic host ports (hostPort 0) or the awsvpc network mode, or add container instances: the host port is taken"
)

// reasons are what ECS says of stopped tasks. The first row of which a text occurs
// decides. The pages are those of the ECS developer guide.
var reasons = []meaning{
	{[]string{"does not contain descriptor matching platform"}, CannotPull, stoppedPage, platformHint},
	{[]string{"exec format error"}, CannotInit, stoppedPage, platformHint},
	{[]string{"CannotPull"}, CannotPull, stoppedPage,
		"check that the tag exists, that the execution role can read the repository, and that the task's subnet has a route to the registry"},
	{[]string{"retrieve secret", "pull secrets", "ssm:", "secretsmanager"}, CannotInit, stoppedPage,
		"check that the secret or parameter exists, that the execution role can read it and pull from ECR, and that the subnet has a route to them"},
	{[]string{"port is already allocated", "address already in use"}, CannotInit, stoppedPage, portHint},
	{[]string{"ResourceInitializationError", "CannotCreateVolume", "CannotStartContainer", "ContainerRuntime", "CannotInspectContainer"}, CannotInit, stoppedPage,
		"check the subnet's routes, the execution role, the volumes and the log configuration of the task definition"},
	{[]string{"OutOfMemory"}, OutOfMemory, stoppedPage,
		"raise memory in the task definition: the container needed more than its limit"},
	{[]string{"health checks"}, Unhealthy, unhealthyPage, healthHint},
	{[]string{"Network Interface", "subnet"}, NotPlaced, placementPage,
		"check the subnet's free addresses and the security groups of the service: the task got no network interface"},
	{[]string{"RESOURCE:", "AGENT", "ATTRIBUTE", "placement constraint", "NO ACTIVE INSTANCES", "EMPTY CAPACITY PROVIDER"}, NotPlaced, placementPage, noRoomHint},
	{[]string{"SpotInterruption", "Your Spot Task was interrupted", "Host EC2", "Container instance deregistration"}, HostGone, stoppedPage,
		"wait: ECS starts another task in place of the one whose host went away"},
	{[]string{"Essential container in task exited"}, Exited, stoppedPage,
		"read the container's log; check its command and environment in the task definition"},
	{[]string{"stopped by user", "UserInitiated"}, StoppedByUser, stoppedPage,
		"find out who stopped the task: CloudTrail records StopTask"},
	{[]string{"ependency"}, OtherKind, stoppedPage,
		"look at the container that the others depend on (dependsOn in the task definition)"},
}

// unknown is the meaning of a text that is in no row.
var unknown = meaning{kind: OtherKind, page: stoppedPage, hint: "look at the task with aws ecs describe-tasks: ECS keeps stopped tasks for an hour"}

// occurrences are what ECS says in service events, before the reasons of stopped
// tasks, which events quote.
var occurrences = []occurrence{
	{texts: []string{"because of the service deployment configuration"}, topic: StuckTopic, hint: "lower the minimum healthy percent (-m) or raise the maximum percent (-M)"},
	{texts: []string{"Capacity is unavailable"}, topic: string(NotPlaced), hint: "wait for AWS to have capacity, or give the service more subnets in other availability zones or another capacity provider"},
	{texts: []string{"No Container Instances were found"}, topic: string(NotPlaced), hint: "add container instances to the cluster, or a capacity provider that does"},
	{texts: []string{"already using a port"}, topic: string(NotPlaced), hint: portHint},
	{texts: []string{"reached the limit on the number of"}, topic: string(NotPlaced), hint: "raise the quota for tasks or vCPUs in AWS Service Quotas, or stop other tasks"},
	{texts: []string{"insufficient", "encountered error", "missing an attribute", "no container instance met"}, topic: string(NotPlaced), hint: noRoomHint},
	{texts: []string{"under protection"}, topic: StuckTopic, hint: "wait for the protected tasks, or end their protection with aws ecs update-task-protection"},
	{texts: []string{"throttled"}, topic: StuckTopic, hint: "wait: ECS limits how often it starts tasks for the service"},
	{texts: []string{"unable to consistently start tasks"}, topic: StuckTopic, hint: "look at why tasks of the service stopped"},
	{texts: []string{"is unhealthy in", "failed container health checks"}, topic: string(Unhealthy), hint: healthHint},
}

// exits are what exit codes tell, if they tell more than that the container
// ended.
var exits = map[int]string{
	0:   "check that the container's command keeps running: it ended without an error, as if its work was done",
	126: "check that the command in the task definition is executable in the image",
	127: "check the command and entryPoint in the task definition: the command is not in the image",
	137: "check the memory that the container needs and how it handles SIGTERM: it was killed (SIGKILL)",
	139: "read the container's log: it crashed with a segmentation fault",
}

// meaningOf finds the row of a reason.
func meaningOf(text string) meaning {
	for _, row := range reasons {
		if containsAny(text, row.texts) {
			return row
		}
	}
	return unknown
}

// EventHint says what to do about a service event that tells of trouble; "" if
// it tells of none.
func EventHint(message string) string { return aboutEvent(message).hint }

// EventTopic is the help topic about a service event that tells of trouble; "" if
// there is none.
func EventTopic(message string) string { return aboutEvent(message).topic }

// aboutEvent finds the row of a service event; zero if it tells of no trouble.
func aboutEvent(message string) occurrence {
	if !containsAny(message, telling) {
		return occurrence{}
	}
	if row := occurrenceOf(message); row.hint != "" {
		return row
	}
	return occurrence{hint: "look at the service's other events"}
}

// occurrenceOf finds the row of a text in both tables; zero if it is in none.
func occurrenceOf(text string) occurrence {
	for _, row := range occurrences {
		if containsAny(text, row.texts) {
			return row
		}
	}
	for _, row := range reasons {
		if containsAny(text, row.texts) {
			return occurrence{topic: string(row.kind), hint: row.hint}
		}
	}
	return occurrence{}
}

// AlarmHint says what to do about alarms that ended a deployment.
func AlarmHint(names []string) string {
	return "look at the metrics behind the alarm: " + shell.Join(append([]string{"aws", "cloudwatch", "describe-alarms", "--alarm-names"}, names...)...)
}

// Advise fills [Diagnosis.Advice] and [Diagnosis.Topics]: what to do about whatever is
// known beside the causes, each once, and nothing that a cause says itself.
func (d *Diagnosis) Advise() {
	d.Advice, d.Topics = nil, nil
	add := func(hint, topic string) {
		said := slices.ContainsFunc(d.Causes, func(c Cause) bool { return c.Hint == hint })
		if hint != "" && !said && !slices.Contains(d.Advice, hint) {
			d.Advice = append(d.Advice, hint)
		}
		said = slices.ContainsFunc(d.Causes, func(c Cause) bool { return string(c.Kind) == topic })
		if topic != "" && !said && !slices.Contains(d.Topics, topic) {
			d.Topics = append(d.Topics, topic)
		}
	}
	for _, event := range d.Events {
		add(EventHint(event), EventTopic(event))
	}
	if len(d.TargetGroups) > 0 {
		add(healthHint, string(Unhealthy))
	}
	add(d.Ending.Hint, d.Ending.topic())
	if len(d.Alarms) > 0 {
		add(AlarmHint(d.Alarms), alarmTopic)
	}
}
