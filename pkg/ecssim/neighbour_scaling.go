package ecssim

// This file is the neighbour of ECS that changes desired counts: Application Auto
// Scaling, as far as a deploy tool asks for its bounds. It never scales anything here;
// an actor of the world can.

import "slices"

// ScalingSpec are the bounds of Application Auto Scaling for a service.
type ScalingSpec struct {
	Cluster string `yaml:"cluster" json:"cluster"`
	Service string `yaml:"service" json:"service"`
	// Min and Max bound the desired count.
	Min int `yaml:"min" json:"min"`
	Max int `yaml:"max" json:"max"`
}

func (s ScalingSpec) resource() string { return "service/" + s.Cluster + "/" + s.Service }

// autoScaling is the operations of Application Auto Scaling.
func autoScaling() map[string]operation {
	return map[string]operation{"DescribeScalableTargets": in[any]("", (*engine).describeScalableTargets)}
}

func (e *engine) describeScalableTargets(in struct {
	Namespace string   `json:"ServiceNamespace"`
	Resources []string `json:"ResourceIds"`
}, _ Document) (any, *apiError) {
	if in.Namespace == "" {
		return nil, &apiError{code: "ValidationException", message: "1 validation error detected: Value null at 'serviceNamespace' failed to satisfy constraint: Member must not be null"}
	}
	found := []any{}
	for _, s := range e.World.Scaling {
		if in.Namespace == "ecs" && (len(in.Resources) == 0 || slices.Contains(in.Resources, s.resource())) {
			found = append(found, map[string]any{
				"ServiceNamespace": "ecs", "ResourceId": s.resource(), "ScalableDimension": "ecs:service:DesiredCount", "MinCapacity": s.Min, "MaxCapacity": s.Max,
			})
		}
	}
	return map[string]any{"ScalableTargets": found}, nil
}
