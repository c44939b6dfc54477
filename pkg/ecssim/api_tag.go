package ecssim

// This file is the operations on tags.

import (
	"slices"
	"strings"
)

// managedTag begins the keys of the tags that ECS itself sets.
const managedTag = "aws:"

// tagsOf finds the tags of a resource by its ARN.
func (e *engine) tagsOf(arn string) (*[]tag, *apiError) {
	kind, rest, _ := strings.Cut(arn[strings.LastIndexByte(arn, ':')+1:], "/")
	if i := strings.Index(arn, ":task-definition/"); i >= 0 {
		kind, rest = "task-definition", arn[i+len(":task-definition/"):]
	}
	switch kind {
	case "task-definition":
		if td := e.taskDefinition(rest); td != nil {
			return &td.Tags, nil
		}
	case "cluster":
		if c := e.Clusters[rest]; c != nil {
			return &c.Tags, nil
		}
		return nil, errNoCluster
	case "service":
		clusterName, name, long := strings.Cut(rest, "/")
		if !long {
			return nil, invalid("Long arn format must be used for tagging operations")
		}
		if c := e.Clusters[clusterName]; c != nil && c.Services[name] != nil {
			return &c.Services[name].Tags, nil
		}
	case "capacity-provider":
		if p := e.Providers[rest]; p != nil {
			return &p.Tags, nil
		}
	case "container-instance":
		clusterName, id, _ := strings.Cut(rest, "/")
		if c := e.Clusters[clusterName]; c != nil && c.host(id) != nil {
			return &c.host(id).Tags, nil
		}
	case "task-set":
		parts := strings.Split(rest, "/") // cluster, service, ecs-svc, number
		if c := e.Clusters[parts[0]]; len(parts) == 4 && c != nil && c.Services[parts[1]] != nil {
			if d := c.Services[parts[1]].findTaskSet(parts[3]); d != nil && d.Set != nil {
				return &d.Set.Tags, nil
			}
		}
	case "task":
		clusterName, id, _ := strings.Cut(rest, "/")
		if c := e.Clusters[clusterName]; c != nil && c.task(id) != nil {
			return &c.task(id).Tags, nil
		}
	}
	return nil, errNoSuchThing
}

func (e *engine) tagResource(in struct {
	Arn  string `json:"resourceArn"`
	Tags []tag  `json:"tags"`
}, _ Document) (any, *apiError) {
	tags, apiErr := e.tagsOf(in.Arn)
	if apiErr != nil {
		return nil, apiErr
	}
	merged := mergeTags(*tags, in.Tags)
	own := slices.DeleteFunc(slices.Clone(merged), func(t tag) bool { return strings.HasPrefix(t.Key, managedTag) })
	for _, list := range [][]tag{in.Tags, own} { // those of ECS itself do not count
		if err := checkTags(list); err != nil {
			return nil, err
		}
	}
	*tags = merged
	return map[string]any{}, nil
}

func (e *engine) untagResource(in struct {
	Arn  string   `json:"resourceArn"`
	Keys []string `json:"tagKeys"`
}, _ Document) (any, *apiError) {
	tags, apiErr := e.tagsOf(in.Arn)
	if apiErr != nil {
		return nil, apiErr
	}
	*tags = slices.DeleteFunc(slices.Clone(*tags), func(t tag) bool { return slices.Contains(in.Keys, t.Key) })
	return map[string]any{}, nil
}

func (e *engine) listTagsForResource(in struct {
	Arn string `json:"resourceArn"`
}, _ Document) (any, *apiError) {
	tags, apiErr := e.tagsOf(in.Arn)
	if apiErr == errNoSuchThing { // the model of this operation has no ResourceNotFoundException
		apiErr = invalid(errNoSuchThing.message)
	}
	if apiErr != nil {
		return nil, apiErr
	}
	return map[string]any{"tags": orNone(*tags)}, nil
}
