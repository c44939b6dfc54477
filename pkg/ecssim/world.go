package ecssim

// This file is the vocabulary of a world: everything that a scenario file or a
// Go test can say about the ECS it wants. Parsing, checking and seeding are in
// the other world_*.go files.

// World says what exists when the simulation begins and how it behaves. The
// zero World is an empty account: no cluster, every image starts healthy.
type World struct {
	// Summary is one line for people: what happens here, and how it ends.
	Summary string `yaml:"summary" json:"summary,omitempty"`
	// Expect is what becomes of a deployment of a new image, which tests compare
	// with what happens. The simulator does not obey it.
	Expect Expectation `yaml:"expect" json:"expect,omitzero"`
	// Region is the AWS Region in every ARN. Empty: us-east-1.
	Region string `yaml:"region" json:"region,omitempty"`
	// Account is the 12-digit account in every ARN. Empty: 123456789012.
	Account string `yaml:"account" json:"account,omitempty"`
	// RandomSeed makes another run of the same world: other ids, other luck.
	RandomSeed uint64 `yaml:"randomSeed" json:"randomSeed,omitempty"`
	// Switches select among behaviours of ECS that differ or are not documented.
	Switches Switches `yaml:"switches" json:"switches"`
	// Clusters exist and are ACTIVE.
	Clusters []ClusterSpec `yaml:"clusters" json:"clusters,omitempty"`
	// ClusterDefaults is what a cluster that [World.WithSeed] adds is like; its
	// name is ignored.
	ClusterDefaults *ClusterSpec `yaml:"clusterDefaults" json:"clusterDefaults,omitempty"`
	// TaskDefinitions are inputs of RegisterTaskDefinition, registered in this
	// order. "status: INACTIVE" registers and then deregisters one.
	TaskDefinitions []Document `yaml:"taskDefinitions" json:"taskDefinitions,omitempty"`
	// Services are inputs of CreateService. They are born in steady state:
	// tasks RUNNING for a day, the deployment COMPLETED.
	Services []Document `yaml:"services" json:"services,omitempty"`
	// ExpressServices are inputs of CreateExpressGatewayService, born in steady state
	// too.
	ExpressServices []Document `yaml:"expressServices" json:"expressServices,omitempty"`
	// ServiceDefaults are members that a service in Services (and the one of
	// [World.WithSeed]) has unless it says otherwise. They do not apply to
	// CreateService requests.
	ServiceDefaults Document `yaml:"serviceDefaults" json:"serviceDefaults,omitempty"`
	// Images are tried in order; the first rule that matches a container's image
	// decides how it behaves. No match: it starts and is healthy.
	Images []ImageRule `yaml:"images" json:"images,omitempty"`
	// Repositories are the names of the ECR repositories, such as team/web. None:
	// every repository exists.
	Repositories []string `yaml:"repositories" json:"repositories,omitempty"`
	// AccessKeys are the credentials that may call. None: anybody may, even
	// unsigned. Credentials that AssumeRole gave may always call, until they
	// expire. Signatures are not checked.
	AccessKeys []AccessKey `yaml:"accessKeys" json:"accessKeys,omitempty"`
	// Roles are the IAM roles that exist and can be assumed. None: every role.
	Roles []RoleSpec `yaml:"roles" json:"roles,omitempty"`
	// Policy is an IAM policy that decides which calls are allowed, by action, resource
	// and the condition keys ecs:cluster and iam:PassedToService. None: all are. It does
	// not decide about STS.
	Policy Document `yaml:"policy" json:"policy,omitempty"`
	// Secrets are the names of the secrets of Secrets Manager and of the parameters
	// of the Parameter Store. None: every one exists.
	Secrets []string `yaml:"secrets" json:"secrets,omitempty"`
	// Scaling are the bounds of Application Auto Scaling, by service. A service that
	// is not here has none.
	Scaling []ScalingSpec `yaml:"scaling" json:"scaling,omitempty"`
	// Rules are the listener rules, and the listeners of Network Load Balancers, that
	// services name in an advancedConfiguration. None: each exists that a service
	// names, and forwards to its targetGroupArn at first.
	Rules []RuleSpec `yaml:"rules" json:"rules,omitempty"`
	// Alarms are the CloudWatch alarms that a service's deploymentConfiguration
	// can name. An alarm that is not here never leaves the state OK.
	Alarms []AlarmSpec `yaml:"alarms" json:"alarms,omitempty"`
	// Functions are tried in order; the first rule that matches a Lambda function of
	// a lifecycle hook decides what it answers. No match: it succeeds.
	Functions []FunctionRule `yaml:"functions" json:"functions,omitempty"`
	// Faults are what goes wrong between client and ECS.
	Faults []Fault `yaml:"faults" json:"faults,omitempty"`
	// Actors are other people who act on the services meanwhile.
	Actors []Actor `yaml:"actors" json:"actors,omitempty"`
}

// Expectation is what becomes of the deployment that an UpdateService starts with
// a new image.
type Expectation struct {
	// Ends is how it ends.
	Ends Ending `yaml:"ends" json:"ends,omitempty"`
	// After and Within are the shortest and the longest time from UpdateService
	// to the end. If it never ends, it has not ended after Within; if it is paused, it
	// is so by then.
	After  Duration `yaml:"after" json:"after,omitempty"`
	Within Duration `yaml:"within" json:"within,omitempty"`
	// Cause is the behaviour of the new tasks because of which it does not
	// succeed. Empty: the tasks are not the cause.
	Cause Behaviour `yaml:"cause" json:"cause,omitempty"`
	// Says is a part of a service event, or of the reason of a stopped task.
	Says string `yaml:"says" json:"says,omitempty"`
}

// Ending is how a deployment ends.
type Ending string

// The endings.
const (
	Completed  Ending = "completed"  // the new image runs
	RolledBack Ending = "rolledBack" // ECS has gone back to the earlier deployment
	Failed     Ending = "failed"     // it is FAILED and stays PRIMARY
	Superseded Ending = "superseded" // a newer deployment has taken its place
	Never      Ending = "never"      // ECS goes on trying
	Paused     Ending = "paused"     // ECS waits for ContinueServiceDeployment
)

// Switches select among behaviours. A nil duration means its default.
type Switches struct {
	// ReadLag is how long reads of a service go on showing it as it was before
	// a write: the API is eventually consistent. Default 0.
	ReadLag *Duration `yaml:"readLag" json:"readLag,omitempty"`
	// Throttling turns on the documented token buckets of the ECS API.
	Throttling bool `yaml:"throttling" json:"throttling,omitempty"`
	// StoppingCountsInUpper lets tasks that are still stopping count towards
	// maximumPercent. The current documentation counts RUNNING and PENDING.
	StoppingCountsInUpper bool `yaml:"stoppingCountsInUpper" json:"stoppingCountsInUpper,omitempty"`
	// CompletionLag is the time between "all new tasks healthy, all old ones
	// gone" and COMPLETED. Default 20s (observed: 5 to 25 s).
	CompletionLag *Duration `yaml:"completionLag" json:"completionLag,omitempty"`
	// BreakerLag is the time between the last failure that the circuit breaker
	// needed and its reaction. Default 30s (observed: 27 s to 5 min).
	BreakerLag *Duration `yaml:"breakerLag" json:"breakerLag,omitempty"`
	// IgnoreExits keeps tasks that exit after they were RUNNING from counting as
	// failed, as observed in 2021. Later captures, and the default, count them.
	IgnoreExits bool `yaml:"ignoreExits" json:"ignoreExits,omitempty"`
	// BakeTime is how long a deployment with alarms stays IN_PROGRESS when all
	// its tasks are up. AWS computes it. Default 3m.
	BakeTime *Duration `yaml:"bakeTime" json:"bakeTime,omitempty"`
	// PlacementRetry is the time between two attempts to place a task if no
	// capacity was found. Default 15m.
	PlacementRetry *Duration `yaml:"placementRetry" json:"placementRetry,omitempty"`
	// TaskStopTime is the time from SIGTERM until the containers have exited;
	// a container's stopTimeout bounds it. Default 11s.
	TaskStopTime *Duration `yaml:"taskStopTime" json:"taskStopTime,omitempty"`
	// DeregistrationDelay is how long a target group drains a task before it is
	// stopped. Default 30s. (ELB's own default is 300 s.)
	DeregistrationDelay *Duration `yaml:"deregistrationDelay" json:"deregistrationDelay,omitempty"`
	// LogLag is the time until what a container writes can be read; its log
	// stream is not there earlier either. Default 0.
	LogLag *Duration `yaml:"logLag" json:"logLag,omitempty"`
	// PartialDeploymentConfiguration says what UpdateService does with members
	// that a given deploymentConfiguration leaves out: "reset" (default) gives
	// them their defaults, so that the circuit breaker is off; "merge" leaves
	// them as they were. AWS does not document which.
	PartialDeploymentConfiguration string `yaml:"partialDeploymentConfiguration" json:"partialDeploymentConfiguration,omitempty"`
	// CurrentServiceDeployment is what a service shows under that name: "current"
	// (default), "late" (the previous service deployment for 10 seconds after a new
	// one has begun), or "absent". Others report all three.
	CurrentServiceDeployment string `yaml:"currentServiceDeployment" json:"currentServiceDeployment,omitempty"`
	// ServiceRevisionIDs "matching" (default) gives a service revision the
	// number of its deployment, as observed; "unrelated" gives it another one.
	ServiceRevisionIDs string `yaml:"serviceRevisionIds" json:"serviceRevisionIds,omitempty"`
}

// ClusterSpec is a cluster and its capacity.
type ClusterSpec struct {
	Name string `yaml:"name" json:"name"`
	// TaskSlots is how many tasks the cluster can hold that are not STOPPED.
	// Nil: no limit. The services of the world are placed regardless.
	TaskSlots *int `yaml:"taskSlots" json:"taskSlots,omitempty"`
	// ContainerInstances are the EC2 instances. A service with launch type EC2
	// needs them; a DAEMON service runs one task on each.
	ContainerInstances []InstanceSpec `yaml:"containerInstances" json:"containerInstances,omitempty"`
	// CapacityProviders are the names of the cluster's capacity providers.
	CapacityProviders []string `yaml:"capacityProviders" json:"capacityProviders,omitempty"`
	// DefaultStrategy is the defaultCapacityProviderStrategy of CreateCluster: where
	// tasks run whose service or RunTask gives neither a launch type nor a strategy.
	DefaultStrategy []Document `yaml:"defaultCapacityProviderStrategy" json:"defaultCapacityProviderStrategy,omitempty"`
}

// InstanceSpec is a number of equal container instances.
type InstanceSpec struct {
	// Count is how many there are. 0 counts as 1.
	Count int `yaml:"count" json:"count,omitempty"`
	// CPU is in CPU units, 1024 to a core. 0 counts as 2048.
	CPU int `yaml:"cpu" json:"cpu,omitempty"`
	// Memory is in MiB. 0 counts as 3884 (a t3.medium).
	Memory int `yaml:"memory" json:"memory,omitempty"`
	// Attributes are its attributes besides those that ECS gives it, or instead
	// of them, such as ecs.instance-type.
	Attributes map[string]string `yaml:"attributes" json:"attributes,omitempty"`
}

// ImageRule says how containers of some images behave. An essential container
// that exits stops its task; one that is not essential does not, and cannot keep
// the task from being healthy either. A container that another one waits for,
// with the condition COMPLETE or SUCCESS, exits: with 0 after 5 s, unless its
// rule says otherwise.
type ImageRule struct {
	// Match is a glob over the whole image reference: * matches any text,
	// ? one character.
	Match string `yaml:"match" json:"match"`
	// Command is a glob over the command of the container, its words joined by
	// one space: that of RunTask's overrides if they have one, otherwise that of
	// the task definition. Empty: any command.
	Command string `yaml:"command" json:"command,omitempty"`
	// Environment is globs over the values of environment variables, by their
	// names; the container must have all of them. RunTask's overrides count.
	Environment map[string]string `yaml:"environment" json:"environment,omitempty"`
	// OneOff limits the rule to tasks of RunTask and StartTask.
	OneOff bool `yaml:"oneOff" json:"oneOff,omitempty"`
	// Behaviour is one of the Behaviour constants. Empty: "starts".
	Behaviour Behaviour `yaml:"behaviour" json:"behaviour,omitempty"`
	// Probability is the chance that this rule applies to a task, above 0 and
	// up to 1; otherwise the next matching rule decides. 0 counts as 1.
	Probability float64 `yaml:"probability" json:"probability,omitempty"`
	// StartAfter is the time from the creation of the task until it is RUNNING.
	// Default 25s, measured on Fargate.
	StartAfter Duration `yaml:"startAfter" json:"startAfter,omitempty"`
	// HealthyAfter is the time from RUNNING until the task counts as healthy.
	// Default: what ECS does (40 s without any health check; one passing check
	// with a target group or a container health check).
	HealthyAfter Duration `yaml:"healthyAfter" json:"healthyAfter,omitempty"`
	// After is when the bad thing happens. For cannotPull and initFail: since
	// the creation of the task (default 130s and 289s). For exits, outOfMemory
	// and unhealthy: since RUNNING (default 5s, 20s and 60s; for a container
	// health check what its startPeriod, interval and retries make).
	After Duration `yaml:"after" json:"after,omitempty"`
	// Code is the exit code of exits. Nil: 1.
	Code *int `yaml:"code" json:"code,omitempty"`
	// StopCode is the exit code after SIGTERM. Nil: 0. A container that takes
	// longer than its stopTimeout is killed, and has 137.
	StopCode *int `yaml:"stopCode" json:"stopCode,omitempty"`
	// Check is which health check of unhealthy fails: "targetGroup" (default)
	// or "container". As in ECS, a check that the service or the task
	// definition does not have cannot fail.
	Check string `yaml:"check" json:"check,omitempty"`
	// Message replaces the text of the reason: of the stopped task for
	// cannotPull and initFail, of the container for exits, of the health check
	// for unhealthy.
	Message string `yaml:"message" json:"message,omitempty"`
	// Logs is what a container writes while it runs, if its logConfiguration
	// is awslogs. Empty: a line or two that suit the behaviour.
	Logs []LogLine `yaml:"logs" json:"logs,omitempty"`
}

// LogLine is a line of a container's log, or a recurring one. A world may write
// a line without times as a plain text.
type LogLine struct {
	// Text is the line.
	Text string `yaml:"text" json:"text"`
	// After is when it is written, since RUNNING.
	After Duration `yaml:"after" json:"after,omitempty"`
	// Every is the time after which it is written again. 0: once.
	Every Duration `yaml:"every" json:"every,omitempty"`
	// Last makes it the last thing that the container writes, when it ends by
	// itself; After and Every are ignored.
	Last bool `yaml:"last" json:"last,omitempty"`
}

// Behaviour names what a container of an image does.
type Behaviour string

// The behaviours of an image.
const (
	Starts      Behaviour = "starts"      // reaches RUNNING and becomes healthy
	CannotPull  Behaviour = "cannotPull"  // CannotPullContainerError, never RUNNING
	InitFail    Behaviour = "initFail"    // ResourceInitializationError, never RUNNING
	Exits       Behaviour = "exits"       // reaches RUNNING, then exits with Code
	OutOfMemory Behaviour = "outOfMemory" // reaches RUNNING, then exits with 137
	Unhealthy   Behaviour = "unhealthy"   // reaches RUNNING, never becomes healthy
	Hangs       Behaviour = "hangs"       // stays PENDING for ever
)

// Fault is one thing that goes wrong with some requests. Which: Operations,
// then AfterUpdate, then First, Nth, Every and Probability, all of which must
// agree. What: Latency, and at most one of the error, ConnectionReset and
// LostResponse. The first fault that fits with an effect besides Latency wins.
type Fault struct {
	// Operations are globs over the names of ECS operations and of those of its
	// neighbours: DescribeTargetHealth, DescribeTargetGroups,
	// DescribeTargetGroupAttributes, GetLogEvents, FilterLogEvents, DescribeImages, AssumeRole,
	// GetCallerIdentity. Empty: all.
	Operations []string `yaml:"operations" json:"operations,omitempty"`
	// AfterUpdate limits the fault to requests after the first UpdateService
	// that was served (by anybody but an actor).
	AfterUpdate bool `yaml:"afterUpdate" json:"afterUpdate,omitempty"`
	// First limits it to the first so many fitting requests. 0: no limit.
	First int `yaml:"first" json:"first,omitempty"`
	// Nth limits it to the nth fitting request, counted from 1. 0: no limit.
	Nth int `yaml:"nth" json:"nth,omitempty"`
	// Every limits it to every Nth matching request. 0: no limit.
	Every int `yaml:"every" json:"every,omitempty"`
	// Probability is the chance that it happens. 0 counts as 1.
	Probability float64 `yaml:"probability" json:"probability,omitempty"`

	// Latency is simulated time that passes before the request is served.
	Latency Duration `yaml:"latency" json:"latency,omitempty"`
	// Code makes an ECS error, such as ThrottlingException.
	Code string `yaml:"code" json:"code,omitempty"`
	// Message is the text of that error. {operation} stands for its name.
	Message string `yaml:"message" json:"message,omitempty"`
	// Status is the HTTP status of Code or Body. 0: 400 for Code, 503 for Body.
	Status int `yaml:"status" json:"status,omitempty"`
	// Body answers with this HTML instead of JSON, as a proxy would.
	Body string `yaml:"body" json:"body,omitempty"`
	// ConnectionReset breaks the connection before ECS sees the request.
	ConnectionReset bool `yaml:"connectionReset" json:"connectionReset,omitempty"`
	// LostResponse lets ECS do the work and then breaks the connection.
	LostResponse bool `yaml:"lostResponse" json:"lostResponse,omitempty"`
}

// Actor is somebody else with access to the account: one call of ECS, or of Elastic
// Load Balancing, at one moment. Actors do not set off actors, and faults do not hit them.
type Actor struct {
	// AfterDeployment sets the actor off when an UpdateService request starts a
	// deployment; After counts from there. Otherwise After counts from the
	// beginning of the world, and Service and Cluster say what it is about.
	AfterDeployment bool `yaml:"afterDeployment" json:"afterDeployment,omitempty"`
	// After is the delay.
	After Duration `yaml:"after" json:"after"`
	// Times is how often AfterDeployment sets it off. 0 counts as 1.
	Times int `yaml:"times" json:"times,omitempty"`
	// Operation is the name of the operation that the actor calls, such as
	// UpdateService or ModifyRule.
	Operation string `yaml:"operation" json:"operation"`
	// Input is the operation's input. {cluster}, {service}, {serviceDeployment},
	// {hook} and {taskDefinition} in its texts stand for the service that set the
	// actor off, its current service deployment, the pause hook at which that
	// waits and its task definition.
	Input Document `yaml:"input" json:"input,omitempty"`
	// Cluster and Service give those names a meaning without AfterDeployment.
	Cluster string `yaml:"cluster" json:"cluster,omitempty"`
	Service string `yaml:"service" json:"service,omitempty"`
}
