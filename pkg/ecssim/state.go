package ecssim

// This file is everything that the simulated ECS remembers. The whole of it is
// saved as JSON, so nothing saved is a pointer into something else: a cluster
// owns its services and tasks, a service its deployments.

import (
	"encoding/json"
	"fmt"
	"time"
)

// millis is a moment: milliseconds since 1970, the precision of ECS. 0 is never.
type millis int64

func toMillis(t time.Time) millis { return millis(t.UnixMilli()) }

func (m millis) time() time.Time { return time.UnixMilli(int64(m)) }

func (m millis) add(d time.Duration) millis { return m + millis(d.Milliseconds()) }

// epoch is how the ECS protocol writes a moment: seconds with a fraction.
func (m millis) epoch() json.Number {
	return json.Number(fmt.Sprintf("%d.%03d", m/1000, m%1000))
}

// stateFormat changes when a saved state of an earlier version cannot be read.
const stateFormat = 13

// state is one simulated account in one Region.
type state struct {
	Format int   `json:"format"`
	World  World `json:"world"`

	Born millis `json:"born"`
	Now  millis `json:"now"`

	// Engine and Wire are separate streams of random numbers, so that how often
	// somebody reads does not change what happens.
	Engine random `json:"engine"`
	Wire   random `json:"wire"`

	Queue    queue  `json:"queue"`
	EventSeq uint64 `json:"eventSeq"`

	Clusters map[string]*cluster `json:"clusters"`
	Families map[string]*family  `json:"families"`

	Providers map[string]*provider         `json:"providers,omitempty"` // capacity providers by name
	Settings  map[string]map[string]string `json:"settings,omitempty"`  // of the account, by principal and name

	Alarms    []alarm          `json:"alarms,omitempty"`    // of the world, in its order
	Rules     map[string]*rule `json:"rules,omitempty"`     // listener rules and listeners by ARN
	Addresses int              `json:"addresses,omitempty"` // private addresses given to tasks
	HostPorts int              `json:"hostPorts,omitempty"` // dynamic host ports given to containers

	// Digests are the references, with their tags, that image digests were made
	// from; Sessions are the credentials that AssumeRole gave, by access key id.
	Digests  map[string]string  `json:"digests,omitempty"`
	Sessions map[string]session `json:"sessions,omitempty"`

	FaultCounts []int              `json:"faultCounts,omitempty"`
	ActorCounts []int              `json:"actorCounts,omitempty"`
	Updated     bool               `json:"updated,omitempty"` // an UpdateService was served
	Buckets     map[string]*bucket `json:"buckets,omitempty"`
}

// family is a task definition family; revision n is Revisions[n-1].
type family struct {
	Name      string            `json:"name"`
	Revisions []*taskDefinition `json:"revisions"`
}

// taskDefinition is a registered revision: Doc is what DescribeTaskDefinition
// answers, except for the tags, which ECS keeps beside it.
type taskDefinition struct {
	Doc    Document `json:"doc"`
	Tags   []tag    `json:"tags,omitempty"`
	Number int      `json:"number"`
	Active bool     `json:"active"`

	parsed []containerSpec // of Doc, made when first needed
}

// provider is a capacity provider: Doc is what DescribeCapacityProviders answers,
// except for the tags.
type provider struct {
	Doc  Document `json:"doc"`
	Tags []tag    `json:"tags,omitempty"`
}

type tag struct {
	Key   string `json:"key"`
	Value string `json:"value"`
}

type cluster struct {
	Name     string              `json:"name"`
	Status   string              `json:"status"`
	Slots    *int                `json:"slots,omitempty"`
	Hosts    []*host             `json:"hosts,omitempty"`
	Services map[string]*service `json:"services"`
	Tasks    []*task             `json:"tasks"`          // not STOPPED yet, oldest first
	Gone     []*task             `json:"gone,omitempty"` // STOPPED within the last hour
	Tags     []tag               `json:"tags,omitempty"`
	Extra    Document            `json:"extra,omitempty"`   // settings and the like, as given
	Started  int                 `json:"started,omitempty"` // tasks, ever
	Runs     map[string]pastRun  `json:"runs,omitempty"`    // by clientToken of RunTask
	Orders   []order             `json:"orders,omitempty"`  // of its tasks, while it is saved

	index   map[string]*task   // of Tasks and Gone by id, made when first needed
	blocked map[string]bool    // the services with a deployment that is Blocked, made with it
	byOwner map[string][]*task // Tasks by the service that owns them, made with it
}

// pastRun is a RunTask that gave a clientToken: the same call gets the same
// answer until a day has passed.
type pastRun struct {
	Input  string   `json:"input"` // what it asked for, hashed
	Until  millis   `json:"until"`
	Answer Document `json:"answer"`
}

// service is an ECS service. Its newest service deployment and revision are the
// last of their lists. The PRIMARY one of its deployments, or of its task sets, is
// the first of their list; only under the EXTERNAL controller there may be none.
type service struct {
	Name      string `json:"name"`
	Cluster   string `json:"cluster"`
	Status    string `json:"status"` // ACTIVE, DRAINING, INACTIVE
	CreatedAt millis `json:"createdAt"`
	Token     string `json:"token,omitempty"` // clientToken of CreateService
	Asked     string `json:"asked,omitempty"` // with a token: the input of CreateService, hashed

	Desired    int              `json:"desired"`
	Daemon     bool             `json:"daemon,omitempty"`
	Launch     string           `json:"launch"`     // the launch type that an empty capacityProviderStrategy returns to
	Controller string           `json:"controller"` // ECS, CODE_DEPLOY, EXTERNAL
	Config     deploymentConfig `json:"config"`
	Grace      *int             `json:"grace,omitempty"`   // healthCheckGracePeriodSeconds
	Spec       Document         `json:"spec"`              // members that are kept as given
	Express    Document         `json:"express,omitempty"` // of Express Mode; nil: not in it
	Tags       []tag            `json:"tags,omitempty"`

	Deployments []*deployment        `json:"deployments"`
	History     []*serviceDeployment `json:"history"`
	Revisions   []*revision          `json:"revisions"`
	Events      []serviceEvent       `json:"events"` // oldest first, at most 100
	Said        map[string]millis    `json:"said,omitempty"`
	Notes       []targetNote         `json:"notes,omitempty"` // events about targets, not written yet

	PassAt   millis `json:"passAt,omitempty"`   // the scheduler's next look
	SteadyAt millis `json:"steadyAt,omitempty"` // when "steady state" is said again; 0: not steady
	Stale    *stale `json:"stale,omitempty"`

	home *cluster // that the service is in
}

// stale is how reads go on seeing the service for a while after a write.
type stale struct {
	Since   millis   `json:"since"`
	Until   millis   `json:"until"`
	Service Document `json:"service"`
}

// serviceEvent is one line of a service's event list.
type serviceEvent struct {
	ID      string `json:"id"`
	At      millis `json:"at"`
	Message string `json:"message"`
}

// deployment is an entry of Service.deployments.
type deployment struct {
	ID             string   `json:"id"`     // ecs-svc/<number>
	Status         string   `json:"status"` // PRIMARY, ACTIVE; INACTIVE is not shown any more
	TaskDefinition string   `json:"taskDefinition"`
	CreatedAt      millis   `json:"createdAt"`
	UpdatedAt      millis   `json:"updatedAt"`
	Rollout        string   `json:"rollout"` // IN_PROGRESS, COMPLETED, FAILED
	Reason         string   `json:"reason"`
	Desired        int      `json:"desired"`
	Failures       int      `json:"failures"`
	Lost           int      `json:"lost,omitempty"` // its tasks that failed, ever
	Spec           Document `json:"spec"`           // the members of the service that it deploys

	// Groups are the target groups that its tasks register in, by load balancer,
	// if the service has pairs of them.
	Groups []string `json:"groups,omitempty"`

	Set *taskSet `json:"set,omitempty"` // if it is a task set, of a service that ECS does not deploy

	RevisionArn string `json:"revisionArn"`
	HistoryArn  string `json:"historyArn"`         // the service deployment that drives it now
	Launched    bool   `json:"launched,omitempty"` // the scheduler has begun with it
	Proven      bool   `json:"proven,omitempty"`   // it was COMPLETED at some time

	BackoffStep  int    `json:"backoffStep,omitempty"`
	BackoffSince millis `json:"backoffSince,omitempty"`
	NextLaunch   millis `json:"nextLaunch,omitempty"`
	Blocked      bool   `json:"blocked,omitempty"`    // for want of capacity
	TripAt       millis `json:"tripAt,omitempty"`     // the circuit breaker reacts
	AlarmAt      millis `json:"alarmAt,omitempty"`    // an alarm makes it fail
	CompleteAt   millis `json:"completeAt,omitempty"` // COMPLETED, if nothing changes
}

// deploymentPrefix begins the id of every deployment.
const deploymentPrefix = "ecs-svc/"

// serviceDeployment is one entry of the history that ListServiceDeployments
// shows. Deployment is the id of the deployment that it began with.
type serviceDeployment struct {
	Arn        string           `json:"arn"`
	Deployment string           `json:"deployment"`
	Status     string           `json:"status"`
	Reason     string           `json:"reason,omitempty"`
	CreatedAt  millis           `json:"createdAt"`
	StartedAt  millis           `json:"startedAt,omitempty"`
	FinishedAt millis           `json:"finishedAt,omitempty"`
	StoppedAt  millis           `json:"stoppedAt,omitempty"`
	UpdatedAt  millis           `json:"updatedAt"`
	Config     deploymentConfig `json:"config"`
	Sources    []revisionCount  `json:"sources"`
	Target     revisionCount    `json:"target"`
	Breaker    string           `json:"breaker"` // MONITORING, TRIGGERED, ...
	Failures   int              `json:"failures"`
	Threshold  int              `json:"threshold"`
	Alarms     alarmWatch       `json:"alarms"`
	Stage      string           `json:"stage,omitempty"` // of its strategy; empty: not begun
	Step       int              `json:"step,omitempty"`  // the place in its stages, from 1; 0: not begun
	StageSince millis           `json:"stageSince,omitempty"`
	StageUntil millis           `json:"stageUntil,omitempty"` // the stage lasts at least
	Traffic    *traffic         `json:"traffic,omitempty"`    // nil: the strategy shifts none
	Live       string           `json:"live,omitempty"`       // the source revision that had the traffic
	Moved      traffic          `json:"moved,omitzero"`       // what has to go back in the rollback
	Hooks      []hook           `json:"hooks,omitempty"`

	RollbackReason string `json:"rollbackReason,omitempty"`
	RollbackAt     millis `json:"rollbackAt,omitempty"`
	RollbackTo     string `json:"rollbackTo,omitempty"`
}

// over reports whether the service deployment has reached a terminal status.
func (sd *serviceDeployment) over() bool {
	switch sd.Status {
	case "SUCCESSFUL", "STOPPED", "ROLLBACK_SUCCESSFUL", "ROLLBACK_FAILED":
		return true
	}
	return false
}

// revisionCount is a service revision and how many of its tasks there are.
type revisionCount struct {
	Arn       string `json:"arn"`
	Requested int    `json:"requested"`
	Running   int    `json:"running"`
	Pending   int    `json:"pending"`
}

// revision is a service revision: the configuration that a deployment deploys.
type revision struct {
	Arn            string     `json:"arn"`
	TaskDefinition string     `json:"taskDefinition"`
	CreatedAt      millis     `json:"createdAt"`
	Images         []Document `json:"images"`
	Spec           Document   `json:"spec"`
	Groups         []string   `json:"groups,omitempty"`  // the target groups that it really uses
	Express        Document   `json:"express,omitempty"` // the configuration of an Express service
}

// task is one task of a cluster. What it was started with it keeps, whatever
// becomes of who started it.
type task struct {
	order

	Order    int        `json:"order,omitempty"` // while it is saved: the place of its order in the cluster's, from 1
	ID       string     `json:"id"`
	Number   int        `json:"number"` // counted in its cluster, from 1
	Host     string     `json:"host,omitempty"`
	Zone     string     `json:"zone"`
	CPU      int        `json:"cpu"`
	Memory   int        `json:"memory"`
	Ports    []int      `json:"ports,omitempty"`   // taken on its host
	Address  string     `json:"address,omitempty"` // of its own, in network mode awsvpc
	Status   taskStatus `json:"status"`
	Stopping bool       `json:"stopping,omitempty"` // somebody, or its service's scheduler, has let go of it
	Dying    bool       `json:"dying,omitempty"`    // it stops by itself
	Version  int        `json:"version"`

	CreatedAt          millis `json:"createdAt"`
	ConnectedAt        millis `json:"connectedAt,omitempty"`
	PullStartedAt      millis `json:"pullStartedAt,omitempty"`
	PullStoppedAt      millis `json:"pullStoppedAt,omitempty"`
	StartedAt          millis `json:"startedAt,omitempty"`
	StoppingAt         millis `json:"stoppingAt,omitempty"`
	ExecutionStoppedAt millis `json:"executionStoppedAt,omitempty"`
	StoppedAt          millis `json:"stoppedAt,omitempty"`

	StopCode   string      `json:"stopCode,omitempty"`
	StopReason string      `json:"stopReason,omitempty"`
	Containers []container `json:"containers"`

	Plan           plan   `json:"plan"`
	Healthy        bool   `json:"healthy,omitempty"`        // counts as healthy
	Unhealthy      string `json:"unhealthy,omitempty"`      // the stop reason of a failed check: to be replaced
	ProtectedUntil millis `json:"protectedUntil,omitempty"` // scale-in and deployments leave it alone
	Draining       bool   `json:"draining,omitempty"`       // its instance drains: to be replaced
	Counted        bool   `json:"counted,omitempty"`        // its failure was counted
}

// order is what a task is started with: by a service for one of its
// deployments, or by RunTask or StartTask for itself.
type order struct {
	Cluster        string       `json:"cluster,omitempty"`
	Service        string       `json:"service,omitempty"` // that owns the task; empty: nobody but who ran it
	Group          string       `json:"group,omitempty"`
	StartedBy      string       `json:"startedBy,omitempty"` // the id of a deployment, or any text
	TaskDefinition string       `json:"taskDefinition,omitempty"`
	LaunchType     string       `json:"launchType,omitempty"`
	Provider       string       `json:"provider,omitempty"` // the capacity provider
	Platform       string       `json:"platform,omitempty"` // the platform version, as given
	Overrides      Document     `json:"overrides,omitempty"`
	Tags           []tag        `json:"tags,omitempty"` // TagResource changes them
	Subnets        []string     `json:"subnets,omitempty"`
	Balancers      []balancer   `json:"balancers,omitempty"` // that the task is registered in while it runs
	Grace          *int         `json:"grace,omitempty"`     // seconds in which failed health checks do not count
	Exec           bool         `json:"exec,omitempty"`      // ExecuteCommand is allowed
	Constraints    []constraint `json:"constraints,omitempty"`
	Placings       []placing    `json:"placings,omitempty"`
	Apart          bool         `json:"apart,omitempty"` // no other task of its owner on its host, as DAEMON wants
}

// balancer is a target group, or a Classic Load Balancer, and the port of a
// container that is registered in it.
type balancer struct {
	TargetGroup string `json:"targetGroup,omitempty"` // ARN
	Classic     string `json:"classic,omitempty"`     // name
	Container   string `json:"container,omitempty"`
	Port        int    `json:"port,omitempty"`
}

// taskStatus is a task's lastStatus.
type taskStatus string

const (
	provisioning   taskStatus = "PROVISIONING"
	pending        taskStatus = "PENDING"
	activating     taskStatus = "ACTIVATING"
	running        taskStatus = "RUNNING"
	deactivating   taskStatus = "DEACTIVATING"
	stopping       taskStatus = "STOPPING"
	deprovisioning taskStatus = "DEPROVISIONING"
	stopped        taskStatus = "STOPPED"
)

// held reports whether the task still fills a place in its deployment: the
// scheduler has not let go of it, even if its containers have already exited.
func (t *task) held() bool { return !t.Stopping && t.Status != stopped }

// alive reports whether the task counts towards the upper limit: it is RUNNING
// or on its way there.
func (t *task) alive() bool { return t.held() && !t.Dying }

// starting reports whether the task is on its way to RUNNING.
func (t *task) starting() bool {
	return t.Status == provisioning || t.Status == pending || t.Status == activating
}

// container is one container of a task.
type container struct {
	ID      string     `json:"id"`
	Name    string     `json:"name"`
	Image   string     `json:"image"`
	Status  taskStatus `json:"status"` // PENDING, RUNNING, STOPPED
	Exit    *int       `json:"exit,omitempty"`
	Reason  string     `json:"reason,omitempty"`
	Checked bool       `json:"checked,omitempty"` // has a health check
	Health  string     `json:"health"`            // HEALTHY, UNHEALTHY, UNKNOWN
	Rule    int        `json:"rule,omitempty"`    // the image rule that applies, counted from 1
	Spare   bool       `json:"spare,omitempty"`   // not essential: the task goes on without it

	StartedAt millis `json:"startedAt,omitempty"`
	EndedAt   millis `json:"endedAt,omitempty"` // when it exited by itself

	Bindings []binding `json:"bindings,omitempty"` // of its ports to those of the host
}
