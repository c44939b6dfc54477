package ecssim

// This file puts the service that a demonstration talks about into a world.

import (
	"encoding/json"
	"slices"
	"strconv"
)

// Seed is the service that a demonstration finds running.
type Seed struct {
	Cluster string // cluster name; empty: default
	Service string // service name, also the family and the container name
	Image   string // image that the healthy tasks run
	// DesiredCount is the number of healthy tasks. 0 counts as 2.
	DesiredCount int
}

// WithSeed returns the world with the seed's cluster, a task definition family
// named like the service with one container of the seed's image, and the
// service with its healthy tasks. What the world has already is left as it is;
// its ServiceDefaults apply to the service. A rule "starts healthy" for exactly
// the seed's image goes in front of the world's image rules, so that the image
// in service works even if a scenario breaks all images; it takes as long to start
// as the world's first rule for it says, sets off no alarm, and passes the functions of
// lifecycle hooks.
func (w World) WithSeed(seed Seed) World {
	if seed.Cluster == "" {
		seed.Cluster = "default"
	}
	if seed.DesiredCount == 0 {
		seed.DesiredCount = 2
	}
	if !slices.ContainsFunc(w.Clusters, func(c ClusterSpec) bool { return c.Name == seed.Cluster }) {
		w.Clusters = append(slices.Clone(w.Clusters), w.seedCluster(seed.Cluster))
	}
	if !slices.ContainsFunc(w.TaskDefinitions, func(d Document) bool { return d["family"] == seed.Service }) {
		w.TaskDefinitions = append(slices.Clone(w.TaskDefinitions), w.seedTaskDefinition(seed))
	}
	if !slices.ContainsFunc(w.Services, func(d Document) bool {
		return d["serviceName"] == seed.Service && clusterOf(d) == seed.Cluster
	}) {
		w.Services = append(slices.Clone(w.Services), w.seedService(seed))
	}
	healthy := ImageRule{Match: globEscape(seed.Image), Behaviour: Starts}
	if i := slices.IndexFunc(w.Images, func(r ImageRule) bool { return !r.OneOff && glob(r.Match, seed.Image) }); i >= 0 {
		healthy.StartAfter = w.Images[i].StartAfter
	}
	w.Images = slices.Concat(w.rulesOfRuns(seed.Image), []ImageRule{healthy}, w.Images)
	w.Alarms, w.Functions = slices.Clone(w.Alarms), slices.Clone(w.Functions)
	for i, a := range w.Alarms {
		if a.AfterDeployment {
			w.Alarms[i].ExceptImages = append(slices.Clone(a.ExceptImages), healthy.Match)
		}
	}
	for i, f := range w.Functions {
		w.Functions[i].ExceptImages = append(slices.Clone(f.ExceptImages), healthy.Match)
	}
	return w
}

// rulesOfRuns are the rules that are about the seed's image with some command or
// environment, and decide about it before any other rule does.
func (w World) rulesOfRuns(image string) []ImageRule {
	var found []ImageRule
	for _, rule := range w.Images {
		special := rule.OneOff || rule.Command != "" || len(rule.Environment) > 0
		switch matches := glob(rule.Match, image); {
		case special && matches:
			found = append(found, rule)
		case matches:
			return found
		}
	}
	return found
}

// clusterOf is the cluster that a service of the world is in.
func clusterOf(service Document) string {
	if name, _ := service["cluster"].(string); name != "" {
		return name
	}
	return "default"
}

// seedCluster is a cluster as the world's ClusterDefaults describe it.
func (w World) seedCluster(name string) ClusterSpec {
	spec := ClusterSpec{}
	if w.ClusterDefaults != nil {
		spec = *w.ClusterDefaults
	}
	spec.Name = name
	return spec
}

// seedTaskDefinition is a small Fargate web service as teams really have it.
func (w World) seedTaskDefinition(seed Seed) Document {
	number := func(n int) json.Number { return json.Number(strconv.Itoa(n)) }
	return Document{
		"family":                  seed.Service,
		"networkMode":             "awsvpc",
		"requiresCompatibilities": []any{"FARGATE"},
		"cpu":                     "256",
		"memory":                  "512",
		"executionRoleArn":        "arn:aws:iam::" + w.account() + ":role/ecsTaskExecutionRole",
		"taskRoleArn":             "arn:aws:iam::" + w.account() + ":role/" + seed.Service + "-task",
		"runtimePlatform":         map[string]any{"cpuArchitecture": "X86_64", "operatingSystemFamily": "LINUX"},
		"containerDefinitions": []any{map[string]any{
			"name":         seed.Service,
			"image":        seed.Image,
			"essential":    true,
			"portMappings": []any{map[string]any{"containerPort": number(8080), "protocol": "tcp"}},
			"environment": []any{
				map[string]any{"name": "PORT", "value": "8080"},
				map[string]any{"name": "LOG_LEVEL", "value": "info"},
			},
			"logConfiguration": map[string]any{
				"logDriver": "awslogs",
				"options": map[string]any{
					"awslogs-group":         "/ecs/" + seed.Service,
					"awslogs-region":        w.region(),
					"awslogs-stream-prefix": "ecs",
				},
			},
		}},
	}
}

func (w World) seedService(seed Seed) Document {
	doc := Document{
		"cluster":        seed.Cluster,
		"serviceName":    seed.Service,
		"taskDefinition": seed.Service,
		"desiredCount":   json.Number(strconv.Itoa(seed.DesiredCount)),
		"launchType":     "FARGATE",
		"networkConfiguration": map[string]any{"awsvpcConfiguration": map[string]any{
			"subnets":        []any{"subnet-0d0eab1bb38d5ca64", "subnet-0db5010045995c2d5"},
			"securityGroups": []any{"sg-02556bf85a191f59a"},
			"assignPublicIp": "DISABLED",
		}},
	}
	if w.ServiceDefaults["launchType"] != nil || w.ServiceDefaults["capacityProviderStrategy"] != nil {
		delete(doc, "launchType")
	}
	if balancers, ok := w.ServiceDefaults["loadBalancers"].([]any); ok {
		doc["loadBalancers"] = seedBalancers(balancers, seed.Service)
	}
	return doc
}

// seedBalancers names the seed's container in load balancers that name none.
func seedBalancers(balancers []any, container string) []any {
	balancers = clone(balancers)
	for _, lb := range balancers {
		if lb, ok := lb.(map[string]any); ok && lb["containerName"] == nil {
			lb["containerName"] = container
		}
	}
	return balancers
}

func (w World) region() string {
	if w.Region == "" {
		return "us-east-1"
	}
	return w.Region
}

func (w World) account() string {
	if w.Account == "" {
		return "123456789012"
	}
	return w.Account
}
