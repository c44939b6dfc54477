package deploy

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ecs/types"

	"github.com/ecs-deploy/ecs-deploy/pkg/ecsapi"
	"github.com/ecs-deploy/ecs-deploy/pkg/rollout"
	"github.com/ecs-deploy/ecs-deploy/pkg/taskdef"
)

// Action is what a plan does to the service.
type Action string

// The actions.
const (
	// ActionNone: what is wanted is in service already.
	ActionNone Action = "none"
	// ActionSettings: only settings change; ECS starts no deployment for them.
	ActionSettings Action = "settings"
	// ActionDeploy: another revision is brought into service.
	ActionDeploy Action = "deploy"
	// ActionRestart: the revision in service is started anew.
	ActionRestart Action = "restart"
	// ActionJoin: the wanted revision is on its way already.
	ActionJoin Action = "join"
	// ActionStop: ECS is asked to roll back the deployment that is in progress.
	ActionStop Action = "stop"
	// ActionFollow: nothing is done; a deployment is only followed.
	ActionFollow Action = "follow"
)

// Plan is what a request would change. It is made by [Deployer.Plan], which
// only reads. Printed or marshalled, it shows no value that may be secret.
//
// It is a record to read: give it to [Deployer.Apply] or [Deployer.Carry] as it is.
// Apply carries out Ref, Action, Register, Family, Definition, TaskDefinition and
// Settings, whatever they say by then, against the service that Current, InProgress
// and Before describe. The other fields only inform.
type Plan struct {
	// Ref is the service; ARNs.
	Ref
	// Action is what will be done.
	Action Action `json:"action"`
	// Current is the ARN of the revision in service.
	Current string `json:"current"`
	// CurrentTag and Tag are the tags of the images of Current and of the wanted
	// revision, or the beginnings of their digests; "" if they are not known.
	CurrentTag string `json:"currentTag,omitempty"`
	Tag        string `json:"tag,omitempty"`
	// Base is the ARN of the revision that is built on; "" for a file.
	Base string `json:"base,omitempty"`
	// Register: a new revision will be registered, of the family Family.
	Register bool   `json:"register"`
	Family   string `json:"family,omitempty"`
	// Reused: a revision that was registered earlier, and that no deployment
	// of this service uses, is the wanted one.
	Reused bool `json:"reused,omitempty"`
	// TaskDefinition is the ARN of the revision to use if none is registered.
	TaskDefinition string `json:"taskDefinition,omitempty"`
	// Images are the containers whose image changes, against Base.
	Images []taskdef.ImageChange `json:"images,omitempty"`
	// Differences are those between the revision in service and the wanted one,
	// masked; see [WithValues].
	Differences []taskdef.Difference `json:"differences,omitempty"`
	// Settings are the settings that change.
	Settings []Setting `json:"settings,omitempty"`
	// BeforeTasks run with the wanted revision before the service is updated, VerifyTasks
	// after the deployment succeeded. There are none if no deployment is started.
	BeforeTasks []TaskStep `json:"beforeTasks,omitempty"`
	VerifyTasks []TaskStep `json:"verifyTasks,omitempty"`
	// Warnings say what may go wrong, though the plan can be carried out.
	Warnings []string `json:"warnings,omitempty"`
	// Notes say what is good to know, and nothing to worry about.
	Notes []string `json:"notes,omitempty"`
	// InProgress is another deployment that is under way, nil if there is none.
	InProgress *rollout.Deployment `json:"inProgress,omitempty"`
	// Before is what is in service now: the way back.
	Before Before `json:"before"`
	// WayBack says what a rollback of the deployment would restore, whether that is known
	// to have worked, and, as far as it was checked, whether it is still there. It is nil
	// if the plan starts no deployment, or is itself a rollback.
	WayBack *Check `json:"wayBack,omitempty"`
	// Shift is how the deployment shifts traffic; nil if it starts none, or a rolling one.
	Shift *Shift `json:"shift,omitempty"`
	// Back is the earlier deployment that a rollback restores; nil if the plan is no
	// rollback. See [Deployer.PlanRollback].
	Back *Past `json:"back,omitempty"`
	// Rollback is the newest change of the service, if that is or was a rollback and the
	// plan is one too. Further is an earlier deployment that you can choose to go further
	// back, if ECS already rolled back.
	Rollback *Rollback `json:"rollback,omitempty"`
	Further  *Past     `json:"further,omitempty"`
	// Guess says why nobody knows whether Back ever worked; "" if ECS has a record of it,
	// or if it was chosen. See [Plan.Guessed].
	Guess string `json:"guess,omitempty"`
	// Checks say whether the plan can work; nil if nobody checked it. See
	// [Deployer.Check].
	Checks []Check `json:"checks,omitempty"`
	// Forecast is how the deployment would go; nil if nobody asked for it or the plan
	// starts none. See [WithForecaster].
	Forecast *Forecast `json:"forecast,omitempty"`

	// Definition is the wanted definition, in clear; zero if the plan is not
	// about one. It is never marshalled with the plan.
	Definition taskdef.Definition `json:"-"`

	made      time.Time
	request   Request
	described *described // the service, as ECS showed it
	resolved  resolved   // zero if no definition is wanted
	stuck     string     // why the deployment cannot make progress, or ""
	revives   bool       // the revision to restore is INACTIVE
	gone      error      // the revision to restore does not exist, or nil
	last      *Past      // the newest deployment of the revision to restore that has ended, or nil
	stopping  string     // the ARN of the record of the deployment that ActionStop stops
}

// String is the plan in one line.
func (p Plan) String() string {
	return rollout.ShortName(p.Service) + ": " + p.Summary()
}

// Summary is the plan in one line, without the name of the service.
func (p Plan) Summary() string {
	current := rollout.Named(p.Current, p.CurrentTag)
	if p.Back != nil && p.Rollback.Going() && (p.Action == ActionFollow || p.Action == ActionJoin) {
		return p.Rollback.String() + "; following it"
	}
	switch p.Action {
	case ActionNone:
		return fmt.Sprintf("nothing to do, %s is already running", current)
	case ActionSettings:
		return "only settings change"
	case ActionJoin:
		return fmt.Sprintf("%s is already being deployed; following it", current)
	case ActionRestart:
		return fmt.Sprintf("%s is started anew", current)
	case ActionFollow:
		return fmt.Sprintf("%s -> %s; following it", current, rollout.Named(p.TaskDefinition, p.Tag))
	case ActionStop:
		return fmt.Sprintf("%s -> %s, by stopping the deployment in progress", current, rollout.Named(p.TaskDefinition, p.Tag))
	}
	if p.Register {
		return fmt.Sprintf("%s -> %s", current, rollout.Named("a new revision of "+p.Family, p.Tag))
	}
	text := fmt.Sprintf("%s -> %s", current, rollout.Named(p.TaskDefinition, p.Tag))
	if p.Reused {
		text += ", which is already registered"
	}
	return text
}

// GoString is String: %#v must show no secret either.
func (p Plan) GoString() string { return p.String() }

// Plan finds out what a request would change. It writes nothing. Errors are
// typed: [*InterruptedError] if ctx ended, [*UsageError], [*NotFoundError], [*AmbiguousServiceError],
// [*UnsupportedError], [*CallError], and those of packages image and taskdef.
func (d *Deployer) Plan(ctx context.Context, r Request) (*Plan, error) {
	return d.planned(ctx, r, false)
}

// Preview is [Deployer.Plan] with the checks of [Deployer.Check] in it: a plan to look
// at before anybody decides. It reads more than Plan.
func (d *Deployer) Preview(ctx context.Context, r Request) (*Plan, error) {
	return d.planned(ctx, r, true)
}

// planned plans a request, checks the plan if that is asked for, and tells of it.
func (d *Deployer) planned(ctx context.Context, r Request, checked bool) (*Plan, error) {
	if err := d.ready(ctx); err != nil {
		return nil, err
	}
	d = d.readingOnce()
	p, err := d.plan(ctx, r)
	if err == nil {
		err = p.roomy()
	}
	if err == nil {
		d.noteBack(ctx, p)
		err = d.study(ctx, p, checked)
	}
	if err = interrupted(ctx, err); err != nil {
		return nil, err
	}
	d.about(p.Ref).emit(Event{Type: EventPlan, Plan: p})
	return p, nil
}

// study adds the forecast to a plan, and its checks if they are asked for. Both read
// much, and do it together.
func (d *Deployer) study(ctx context.Context, p *Plan, checked bool) error {
	var forecast sync.WaitGroup
	forecast.Go(func() { d.foresee(ctx, p) })
	var checks []Check
	var err error
	if checked {
		checks, err = d.Check(ctx, p)
	}
	forecast.Wait()
	if p.Checks = checks; checks == nil && p.WayBack != nil && p.WayBack.State == CheckWarning {
		p.Warnings = append(p.Warnings, p.WayBack.Subject+": "+p.WayBack.Detail)
	}
	return err
}

func (d *Deployer) plan(ctx context.Context, r Request) (*Plan, error) {
	if err := r.validate(); err != nil {
		return nil, err
	}
	if err := r.asksSomething(); err != nil {
		return nil, err
	}
	service, err := d.locate(ctx, r)
	if err != nil {
		return nil, err
	}
	return d.planFor(ctx, r, service)
}

// planned is a plan of the request before the wanted definition is known.
func (r Request) planned(service *described, now time.Time) *Plan {
	return &Plan{
		Ref:     service.ref(),
		Current: aws.ToString(service.TaskDefinition), TaskDefinition: aws.ToString(service.TaskDefinition),
		InProgress: service.inProgress(), Before: service.before(), Settings: settingsOf(r, service),
		made: now, request: r, described: service,
	}
}

// planFor plans a valid request for a service that was read.
func (d *Deployer) planFor(ctx context.Context, r Request, service *described) (*Plan, error) {
	p := r.planned(service, d.clock.Now())
	if err := service.refusesStrategy(r, p.Settings); err != nil {
		return nil, err
	}
	if !r.Want.empty() {
		resolved, err := d.resolve(ctx, p.Current, r.baseless())
		if err != nil {
			return nil, err
		}
		p.take(resolved)
	}
	p.Action = p.decide(service.Primary())
	if p.starts() {
		p.BeforeTasks, p.VerifyTasks = r.BeforeTasks, r.VerifyTasks
		p.Shift = service.after(p.Settings).shift()
	}
	if p.Action == ActionDeploy && p.Before.TaskDefinition != p.Current {
		d.noteInactive(ctx, &p.Before)
	}
	d.pushedAgain(ctx, p)
	if !p.writesNothing() { // a plan that writes nothing needs no guard
		if err := r.expected(p.Current); err != nil {
			return nil, err
		}
	}
	if p.Action == ActionDeploy || p.Action == ActionRestart {
		if p.stuck = service.stuck(p.Settings); p.stuck != "" {
			p.Warnings = append(p.Warnings, p.stuck)
		}
	}
	if p.Action == ActionSettings { // nothing is stuck yet
		if why := service.stuck(p.Settings); why != "" {
			p.Warnings = append(p.Warnings, strings.Replace(why, "This deployment", "The next deployment", 1))
		}
	}
	p.noteStrategy()
	return p, d.refusesRules(ctx, p)
}

// take shows in the plan what a want means.
func (p *Plan) take(r resolved) {
	p.resolved = r
	p.Base, p.Register, p.Reused, p.TaskDefinition = r.base, r.register, r.reused, r.taskDefinition
	p.Definition, p.Family, p.Images, p.Differences = r.definition, r.definition.Family(), r.images, r.differences
	p.Before.Inactive = slices.Contains(r.inactive, p.Before.TaskDefinition)
}

// decide chooses the action. "Nothing to do" needs the wanted revision in
// service, its deployment completed, no setting to change, and no requested
// image whose content may have moved under the same text.
func (p *Plan) decide(primary *types.Deployment) Action {
	r := p.request
	switch {
	case p.Register || p.TaskDefinition != p.Current:
		return ActionDeploy
	case r.ForceNewDeployment:
		return ActionRestart
	case r.Want.empty():
		return p.settingsOnly(primary)
	case primary == nil || primary.RolloutState == types.DeploymentRolloutStateFailed || r.IfUnchanged == IfUnchangedRestart:
		return ActionRestart
	case p.InProgress != nil:
		return ActionJoin
	}
	if !p.settled(primary) { // behind a Classic Load Balancer, where nothing else says so
		unsettled := ecsapi.DeploymentOf(*primary)
		p.InProgress = &unsettled
		return ActionJoin
	}
	if p.resolved.moving && r.IfUnchanged != IfUnchangedSkip {
		return ActionRestart
	}
	return p.settingsOnly(primary)
}

// settingsOnly is the action if no definition has to change. Settings that
// are as wanted, in a service that has not yet got where it should be, are
// waited for.
func (p *Plan) settingsOnly(primary *types.Deployment) Action {
	if len(p.Settings) > 0 || !p.settled(primary) || p.request.asks(desiredCount) && p.Before.RunningCount != p.Before.DesiredCount {
		return ActionSettings
	}
	return ActionNone
}

// settled reports whether the PRIMARY deployment is where it should be. Behind a
// Classic Load Balancer ECS gives it no rollout state: then it is the only one, and
// as many of its tasks run as should.
func (p *Plan) settled(primary *types.Deployment) bool {
	switch {
	case primary == nil:
		return false
	case primary.RolloutState == "":
		return len(p.Before.Deployments) == 1 && primary.PendingCount == 0 && primary.RunningCount == primary.DesiredCount
	}
	return primary.RolloutState == types.DeploymentRolloutStateCompleted
}

// restoring is the command that restores a revision, also one that was deregistered.
func restoring(arn string) string {
	return "ecs-deploy rollback --to " + rollout.ShortName(arn) + " --yes"
}

// updateBody is the input of UpdateService: the requested fields, and no others.
func (p *Plan) updateBody(taskDefinition string) ([]byte, error) {
	body := map[string]any{"cluster": p.Cluster, "service": p.Service}
	if p.Action == ActionDeploy {
		body["taskDefinition"] = taskDefinition
	}
	if p.Action == ActionRestart || p.request.ForceNewDeployment {
		body["forceNewDeployment"] = true
	}
	putSettings(body, p.described.Raw, p.Settings)
	text, err := json.Marshal(body)
	if err != nil {
		return nil, fmt.Errorf("writing the input of UpdateService: %w", err)
	}
	return text, nil
}
