package ecssim

// This file is the operations on services in Express Mode. Each is a call of the
// ordinary ones, with what ECS makes of the configuration.

import "strings"

type expressInput struct {
	Arn     string `json:"serviceArn"`
	Name    string `json:"serviceName"`
	Cluster string `json:"cluster"`
	Role    string `json:"infrastructureRoleArn"`
	Tags    []tag  `json:"tags"`
}

func (e *engine) createExpressService(in expressInput, raw Document) (any, *apiError) {
	c, apiErr := e.findCluster(in.Cluster)
	config := expressConfig(nil, raw)
	container, _ := config["primaryContainer"].(map[string]any)
	switch {
	case apiErr != nil:
		return nil, apiErr
	case in.Role == "":
		return nil, invalid("infrastructureRoleArn cannot be empty.") // assumed text
	case config["taskDefinitionArn"] == nil && container["image"] == nil:
		return nil, invalid("primaryContainer.image cannot be empty.") // assumed text
	}
	if in.Name == "" {
		in.Name = "express-" + strings.ToLower(derived("service", e.Engine.letters(20), 8)) // assumed form
	}
	arn, apiErr := e.expressRevision(c.Name, in.Name, config)
	if apiErr != nil {
		return nil, apiErr
	}
	service := e.expressService(c.Name, in.Name, in.Role, config)
	service["taskDefinition"], service["tags"] = arn, orNone(in.Tags)
	if _, apiErr := e.born("CreateService", service); apiErr != nil {
		return nil, apiErr
	}
	s := c.Services[in.Name]
	s.Express = Document{"infrastructureRoleArn": in.Role, "configuration": map[string]any(config)}
	s.Revisions[len(s.Revisions)-1].Express = config
	return map[string]any{"service": e.expressView(s)}, nil
}

// expressRevision is the ARN of the task definition of a configuration, which ECS
// registers unless the configuration names one.
func (e *engine) expressRevision(clusterName, name string, config Document) (string, *apiError) {
	if arn, ok := config["taskDefinitionArn"].(string); ok {
		td, apiErr := e.usable(arn)
		if apiErr != nil {
			return "", apiErr
		}
		return td.arn(), nil
	}
	out, apiErr := e.born("RegisterTaskDefinition", e.expressDefinition(clusterName, name, config))
	if apiErr != nil {
		return "", apiErr
	}
	arn, _ := out.(map[string]any)["taskDefinition"].(Document)["taskDefinitionArn"].(string)
	return arn, nil
}

// findExpress finds an Express service by its ARN.
func (e *engine) findExpress(arn string) (*service, *apiError) {
	parts := strings.Split(arn, "/")
	if len(parts) != 3 {
		return nil, invalid("Invalid service ARN.") // assumed text
	}
	_, s, apiErr := e.locate(parts[1], parts[2])
	switch {
	case apiErr != nil:
		return nil, apiErr
	case s.Express == nil:
		return nil, invalid("The service is not an Express Gateway service.") // assumed text
	}
	return s, nil
}

func (e *engine) describeExpressService(in struct {
	Arn     string   `json:"serviceArn"`
	Include []string `json:"include"`
}, _ Document) (any, *apiError) {
	s, apiErr := e.findExpress(in.Arn)
	if apiErr != nil {
		return nil, apiErr
	}
	view := e.expressView(s)
	if len(in.Include) > 0 {
		view["tags"] = orNone(s.Tags)
	}
	return map[string]any{"service": view}, nil
}

func (e *engine) updateExpressService(in expressInput, raw Document) (any, *apiError) {
	s, apiErr := e.findExpress(in.Arn)
	if apiErr != nil {
		return nil, apiErr
	}
	before, _ := s.Express["configuration"].(map[string]any)
	config := expressConfig(before, raw)
	update := Document{"cluster": s.Cluster, "service": s.Name, "desiredCount": expressTasks(config)}
	deploys := false
	for _, member := range expressMembers {
		deploys = deploys || member != "scalingTarget" && !sameValue(before[member], config[member])
	}
	if deploys {
		arn, apiErr := e.expressRevision(s.Cluster, s.Name, config)
		if apiErr != nil {
			return nil, apiErr
		}
		update["taskDefinition"], update["forceNewDeployment"] = arn, true
	}
	if network, ok := raw["networkConfiguration"]; ok {
		update["networkConfiguration"] = map[string]any{"awsvpcConfiguration": network}
	}
	if _, apiErr := e.born("UpdateService", update); apiErr != nil {
		return nil, apiErr
	}
	s.Express["configuration"] = map[string]any(config)
	r := s.Revisions[len(s.Revisions)-1]
	r.Express = config
	return map[string]any{"service": map[string]any{
		"cluster": s.Cluster, "serviceArn": e.serviceArn(s), "serviceName": s.Name, "status": s.expressStatus(),
		"createdAt": s.CreatedAt.epoch(), "updatedAt": e.Now.epoch(), "targetConfiguration": e.expressConfiguration(s, r),
	}}, nil
}

func (e *engine) deleteExpressService(in expressInput, _ Document) (any, *apiError) {
	s, apiErr := e.findExpress(in.Arn)
	if apiErr != nil {
		return nil, apiErr
	}
	if _, apiErr := e.born("DeleteService", Document{"cluster": s.Cluster, "service": s.Name, "force": true}); apiErr != nil {
		return nil, apiErr
	}
	return map[string]any{"service": e.expressView(s)}, nil
}

func (s *service) expressStatus() map[string]any { return map[string]any{"statusCode": s.Status} }

// expressView is the service as DescribeExpressGatewayService shows it, with the
// configurations of the revisions that run.
func (e *engine) expressView(s *service) map[string]any {
	active, updated := []any{}, s.CreatedAt
	for _, d := range s.Deployments {
		updated = max(updated, d.CreatedAt)
		for _, r := range s.Revisions {
			if r.Arn == d.RevisionArn && d.Status != "INACTIVE" {
				active = append(active, e.expressConfiguration(s, r))
			}
		}
	}
	view := map[string]any{
		"cluster": s.Cluster, "serviceArn": e.serviceArn(s), "serviceName": s.Name, "status": s.expressStatus(),
		"infrastructureRoleArn": s.Express["infrastructureRoleArn"], "activeConfigurations": active,
		"createdAt": s.CreatedAt.epoch(), "updatedAt": updated.epoch(),
	}
	if arn := e.currentServiceDeployment(s); arn != "" {
		view["currentDeployment"] = arn
	}
	return view
}

// expressConfiguration is the configuration of a revision. The endpoint is a bare
// host; its form is assumed.
func (e *engine) expressConfiguration(s *service, r *revision) map[string]any {
	config := clone(r.Express)
	if config == nil {
		config, _ = cloneValue(s.Express["configuration"]).(map[string]any) // of a plain UpdateService
	}
	config["serviceRevisionArn"], config["taskDefinitionArn"], config["createdAt"] = r.Arn, r.TaskDefinition, r.CreatedAt.epoch()
	config["ingressPaths"] = []any{map[string]any{"accessType": "PUBLIC",
		"endpoint": s.Name + "-" + derived("endpoint", s.Cluster+"/"+s.Name, 12) + ".ecs." + e.World.region() + ".on.aws"}}
	return config
}
