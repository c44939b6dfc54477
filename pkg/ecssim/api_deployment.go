package ecssim

// This file is the operations on service deployments and service revisions.

import (
	"encoding/json"
	"slices"
	"strings"
)

type listServiceDeploymentsInput struct {
	Cluster    string   `json:"cluster"`
	Service    string   `json:"service"`
	Status     []string `json:"status"`
	MaxResults *int     `json:"maxResults"`
	NextToken  string   `json:"nextToken"`
	CreatedAt  struct {
		Before json.Number `json:"before"`
		After  json.Number `json:"after"`
	} `json:"createdAt"`
}

func (e *engine) listServiceDeployments(in listServiceDeploymentsInput, _ Document) (any, *apiError) {
	_, s, apiErr := e.locate(in.Cluster, in.Service)
	if apiErr != nil {
		return nil, apiErr
	}
	before, hasBefore := moment(in.CreatedAt.Before)
	after, hasAfter := moment(in.CreatedAt.After)
	briefs := []any{}
	for _, sd := range slices.Backward(s.History) {
		switch {
		case len(in.Status) > 0 && !slices.Contains(in.Status, sd.Status),
			hasBefore && sd.CreatedAt > before, hasAfter && sd.CreatedAt < after,
			e.hidden(s, sd), !s.recorded():
			continue
		}
		view := e.deploymentDates(s, sd)
		view["targetServiceRevisionArn"] = sd.Target.Arn
		delete(view, "stoppedAt") // a brief has none
		briefs = append(briefs, view)
	}
	return page(briefs, "serviceDeployments", in.MaxResults, 20, in.NextToken)
}

// moment reads a timestamp of an input.
func moment(n json.Number) (millis, bool) {
	f, err := n.Float64()
	return millis(f * 1000), err == nil
}

// hidden reports whether reads that lag behind do not see a deployment yet.
func (e *engine) hidden(s *service, sd *serviceDeployment) bool {
	old := e.lagging(s)
	return old != nil && sd.CreatedAt >= old.Since
}

// deploymentDates is what a service deployment and its brief have in common.
func (e *engine) deploymentDates(s *service, sd *serviceDeployment) map[string]any {
	view := map[string]any{
		"serviceDeploymentArn": sd.Arn, "serviceArn": e.serviceArn(s), "clusterArn": e.arn("cluster/" + s.Cluster),
		"status": sd.Status, "createdAt": sd.CreatedAt.epoch(),
	}
	for member, when := range map[string]millis{
		"startedAt": sd.StartedAt, "finishedAt": sd.FinishedAt, "stoppedAt": sd.StoppedAt,
	} {
		if when != 0 {
			view[member] = when.epoch()
		}
	}
	if sd.Reason != "" {
		view["statusReason"] = sd.Reason
	}
	return view
}

// eachService finds the service that each service deployment or revision ARN
// belongs to.
func (e *engine) eachService(arns []string, visit func(s *service, arn string) any) ([]any, []any) {
	found, failures := []any{}, []any{}
	for _, arn := range arns {
		var view any
		parts := strings.Split(arn, "/")
		if len(parts) == 4 {
			if c := e.Clusters[parts[1]]; c != nil && c.Services[parts[2]] != nil {
				view = visit(c.Services[parts[2]], arn)
			}
		}
		if view == nil {
			failures = append(failures, missing(arn, arn))
		} else {
			found = append(found, view)
		}
	}
	return found, failures
}

// findServiceDeployment finds a service deployment by its ARN, or nil.
func (e *engine) findServiceDeployment(arn string) (s *service, sd *serviceDeployment) {
	e.eachService([]string{arn}, func(found *service, arn string) any {
		if s = found; s.recorded() {
			sd = s.history(arn)
		}
		return nil
	})
	return s, sd
}

func (e *engine) describeServiceDeployments(in struct {
	Arns []string `json:"serviceDeploymentArns"`
}, _ Document) (any, *apiError) {
	if err := atMost(len(in.Arns), 20, "serviceDeploymentArns"); err != nil {
		return nil, err
	}
	found, failures := e.eachService(in.Arns, func(s *service, arn string) any {
		sd := s.history(arn)
		if sd == nil || e.hidden(s, sd) || !s.recorded() {
			return nil
		}
		return e.serviceDeploymentView(s, sd)
	})
	return map[string]any{"serviceDeployments": found, "failures": failures}, nil
}

func (e *engine) serviceDeploymentView(s *service, past *serviceDeployment) map[string]any {
	sd := new(serviceDeployment) // a copy: reading changes nothing
	*sd = *past
	sd.Sources = slices.Clone(past.Sources)
	e.recount(s, sd)
	view := e.deploymentDates(s, sd)
	view["updatedAt"] = sd.UpdatedAt.epoch()
	view["deploymentConfiguration"] = sd.Config.shown()
	target := revisionCountView(sd.Target)
	sources := []any{}
	for _, r := range sd.Sources {
		source := revisionCountView(r)
		if sd.Traffic != nil && r.Arn == sd.Live {
			showWeights(source, traffic{Production: 100 - sd.Traffic.Production})
		} else if sd.Traffic != nil {
			showWeights(source, traffic{})
		}
		sources = append(sources, source)
	}
	if sd.Traffic != nil {
		showWeights(target, *sd.Traffic)
	}
	view["targetServiceRevision"] = target
	view["sourceServiceRevisions"] = sources
	view["alarms"] = sd.Alarms.view()
	if sd.Stage != "" && (sd.Config.shifts() || sd.waitsAt() != "") {
		view["lifecycleStage"] = sd.Stage
	}
	if len(sd.Hooks) > 0 {
		view["lifecycleHookDetails"] = sd.hookViews()
	}
	view["deploymentCircuitBreaker"] = map[string]any{
		"status": sd.Breaker, "failureCount": sd.Failures, "threshold": sd.Threshold,
	}
	if sd.RollbackAt != 0 {
		view["rollback"] = map[string]any{
			"reason": sd.RollbackReason, "startedAt": sd.RollbackAt.epoch(), "serviceRevisionArn": sd.RollbackTo,
		}
	}
	return view
}

func revisionCountView(r revisionCount) map[string]any {
	return map[string]any{
		"arn": r.Arn, "requestedTaskCount": r.Requested, "runningTaskCount": r.Running, "pendingTaskCount": r.Pending,
	}
}

// showWeights adds the weights to a revision of a service deployment that shifts
// traffic.
func showWeights(view map[string]any, t traffic) {
	view["requestedProductionTrafficWeight"] = t.Production
	view["requestedTestTrafficWeight"] = t.Test
}

func (e *engine) describeServiceRevisions(in struct {
	Arns []string `json:"serviceRevisionArns"`
}, _ Document) (any, *apiError) {
	if err := atMost(len(in.Arns), 20, "serviceRevisionArns"); err != nil {
		return nil, err
	}
	found, failures := e.eachService(in.Arns, func(s *service, arn string) any {
		for _, r := range s.Revisions {
			if r.Arn == arn {
				return e.revisionView(s, r)
			}
		}
		return nil
	})
	return map[string]any{"serviceRevisions": found, "failures": failures}, nil
}

func (e *engine) revisionView(s *service, r *revision) map[string]any {
	view := map[string]any{
		"serviceRevisionArn": r.Arn, "serviceArn": e.serviceArn(s), "clusterArn": e.arn("cluster/" + s.Cluster),
		"taskDefinition": r.TaskDefinition, "createdAt": r.CreatedAt.epoch(), "containerImages": r.Images,
		"guardDutyEnabled": false, "serviceConnectConfiguration": map[string]any{"enabled": false},
	}
	for _, member := range []string{
		"launchType", "capacityProviderStrategy", "networkConfiguration", "loadBalancers", "serviceRegistries",
		"serviceConnectConfiguration", "volumeConfigurations", "vpcLatticeConfigurations", "gatewayConnectors", "monitoring",
	} {
		if v, ok := r.Spec[member]; ok {
			view[member] = v
		}
	}
	if used := r.resolved(); len(used) > 0 {
		view["resolvedConfiguration"] = map[string]any{"loadBalancers": used}
	}
	if s.launchType() == "FARGATE" {
		view["platformVersion"], view["platformFamily"] = "1.4.0", "Linux"
	}
	return view
}

// resolved is the target group that the revision really uses, of each pair.
func (r *revision) resolved() []any {
	var used []any
	for _, b := range advancedBalancers(r.Spec) {
		if b.index < len(r.Groups) && r.Groups[b.index] != "" {
			used = append(used, map[string]any{"targetGroupArn": r.Groups[b.index], "productionListenerRule": b.production})
		}
	}
	return used
}

func (e *engine) stopServiceDeployment(in struct {
	Arn  string `json:"serviceDeploymentArn"`
	Type string `json:"stopType"`
}, _ Document) (any, *apiError) {
	s, sd := e.findServiceDeployment(in.Arn)
	switch {
	case sd == nil:
		return nil, errNoServiceDeployment
	case in.Type == "ABORT":
		return nil, unsupported("The simulator stops a service deployment by a rollback only.")
	case sd.over():
		return nil, &apiError{code: "ConflictException", message: "Service deployment is in the terminal state " + sd.Status + " and cannot be stopped."} // assumed text
	}
	if sd.Status == "PENDING" || sd.Status == "IN_PROGRESS" {
		e.remember(s)
		sd.Status, sd.UpdatedAt = "ROLLBACK_REQUESTED", e.Now
		e.wake(s, firstPassDelay)
	}
	return map[string]any{"serviceDeploymentArn": sd.Arn}, nil
}
