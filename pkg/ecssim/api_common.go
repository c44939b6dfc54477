package ecssim

// This file is what the operations share: names and ARNs, limits, tags.

import (
	"fmt"
	"strings"
	"unicode/utf8"
)

// arn is the ARN of a resource of this account.
func (e *engine) arn(resource string) string {
	return "arn:aws:ecs:" + e.World.region() + ":" + e.World.account() + ":" + resource
}

// findCluster finds a cluster by name or ARN; empty is the default cluster.
func (e *engine) findCluster(identifier string) (*cluster, *apiError) {
	name := identifier[strings.LastIndexByte(identifier, '/')+1:]
	if name == "" {
		name = "default"
	}
	c := e.Clusters[name]
	if c == nil || c.Status != "ACTIVE" {
		return nil, errNoCluster
	}
	return c, nil
}

// findService finds a service by name or ARN (also the short one without the
// cluster).
func (c *cluster) findService(identifier string) (*service, *apiError) {
	parts := strings.Split(identifier, "/")
	if len(parts) == 3 && parts[1] != c.Name {
		// Text as ECS has it for other mismatches of this kind.
		return nil, invalid("Identifier is for " + parts[1] + ". Your cluster is " + c.Name)
	}
	s := c.Services[parts[len(parts)-1]]
	if s == nil {
		return nil, errNoService
	}
	return s, nil
}

// locate finds a cluster and a service in it.
func (e *engine) locate(clusterID, serviceID string) (*cluster, *service, *apiError) {
	c, err := e.findCluster(clusterID)
	if err != nil {
		return nil, nil, err
	}
	s, err := c.findService(serviceID)
	return c, s, err
}

// missing is an entry of a response's failures, for something that a request
// names. An ARN comes back as it was given; of a name, arn is made.
func missing(identifier, arn string) map[string]any {
	if strings.HasPrefix(identifier, "arn:") {
		arn = identifier
	}
	return map[string]any{"arn": arn, "reason": "MISSING"}
}

// atMost refuses a request that names too many things.
func atMost(n, limit int, what string) *apiError {
	if n > limit {
		return invalid(fmt.Sprintf("%s cannot have more than %d elements.", what, limit)) // assumed text
	}
	return nil
}

// orNone is the list, or an empty one instead of nil: ECS writes [].
func orNone[T any](list []T) []T {
	if list == nil {
		return []T{}
	}
	return list
}

// checkTags refuses what breaks the documented restrictions of tags (Amazon ECS,
// "Tag restrictions"). The texts are assumed.
func checkTags(tags []tag) *apiError {
	if len(tags) > maxTags {
		return invalid(fmt.Sprintf("Too many tags: at most %d are allowed.", maxTags))
	}
	seen := map[string]bool{}
	for _, t := range tags {
		switch {
		case t.Key == "":
			return invalid("Tag key cannot be empty.")
		case utf8.RuneCountInString(t.Key) > 128:
			return invalid("Tag key exceeds the maximum length of 128 characters.")
		case utf8.RuneCountInString(t.Value) > 256:
			return invalid("Tag value exceeds the maximum length of 256 characters.")
		case strings.HasPrefix(strings.ToLower(t.Key), "aws:"):
			return invalid("Tag keys cannot begin with 'aws:'.")
		case seen[t.Key]:
			return invalid(fmt.Sprintf("Tag key '%s' is used more than once.", t.Key))
		}
		seen[t.Key] = true
	}
	return nil
}

// mergeTags adds tags, replacing those with the same key.
func mergeTags(tags, more []tag) []tag {
	merged := append([]tag(nil), tags...)
next:
	for _, m := range more {
		for i := range merged {
			if merged[i].Key == m.Key {
				merged[i] = m
				continue next
			}
		}
		merged = append(merged, m)
	}
	return merged
}
