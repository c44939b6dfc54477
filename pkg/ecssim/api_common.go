package ecssim

// This file is what the operations share: names and ARNs, paging, limits, tags.

import (
	"encoding/base64"
	"fmt"
	"strconv"
	"strings"
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

// missing is an entry of a response's failures.
func missing(arn string) map[string]any { return map[string]any{"arn": arn, "reason": "MISSING"} }

// page cuts one page out of a list. The texts of its errors are assumed.
func page[T any](items []T, member string, maxResults *int, preset int, token string) (any, *apiError) {
	size := preset
	if maxResults != nil {
		if size = *maxResults; size < 1 || size > 100 {
			return nil, invalid("maxResults must be between 1 and 100.")
		}
	}
	from := 0
	if token != "" {
		text, err := base64.RawURLEncoding.DecodeString(token)
		if err == nil {
			from, err = strconv.Atoi(strings.TrimPrefix(string(text), "from:"))
		}
		if err != nil || from < 0 {
			return nil, errBadToken
		}
	}
	from = min(from, len(items))
	to := min(from+size, len(items))
	out := map[string]any{member: append([]T{}, items[from:to]...)}
	if to < len(items) {
		out["nextToken"] = base64.RawURLEncoding.EncodeToString([]byte("from:" + strconv.Itoa(to)))
	}
	return out, nil
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

// checkTags refuses too many tags and ones without a key.
func checkTags(tags []tag) *apiError {
	if len(tags) > maxTags {
		return invalid(fmt.Sprintf("Too many tags: at most %d are allowed.", maxTags)) // assumed text
	}
	for _, t := range tags {
		if t.Key == "" {
			return invalid("Tag key cannot be empty.") // assumed text
		}
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
