// Package arn reads names that ECS gives to things: ARNs, and FAMILY:REVISION of
// task definitions. The SDK splits an ARN at its colons; what the last part says
// is written down here.
package arn

import (
	"strconv"
	"strings"
)

// Resource is what an ARN of ECS says. What the ARN does not say is empty.
type Resource struct {
	// Region and Account are where the resource is.
	Region, Account string
	// Kind is what it is: "cluster", "service", "task-definition",
	// "service-deployment" and so on.
	Kind string
	// Cluster is the name of the cluster that it is in, or of the cluster itself.
	Cluster string
	// Service is the name of the service that it belongs to, or of the service
	// itself.
	Service string
}

// Is reports whether a text is meant as an ARN.
func Is(text string) bool { return strings.HasPrefix(text, "arn:") }

// Parse reads an ARN of ECS; ok is false for any other text.
//
// Services have a long form with their cluster, and an old one without it.
func Parse(text string) (r Resource, ok bool) {
	parts := strings.SplitN(text, ":", 6)
	if len(parts) != 6 || parts[0] != "arn" || parts[2] != "ecs" {
		return Resource{}, false
	}
	kind, path, named := strings.Cut(parts[5], "/")
	if !named || path == "" {
		return Resource{}, false
	}
	r = Resource{Region: parts[3], Account: parts[4], Kind: kind}
	names := strings.Split(path, "/")
	switch {
	case kind == "cluster":
		r.Cluster = path
	case kind == "service" && len(names) == 1:
		r.Service = path
	case (kind == "service" || kind == "service-deployment" || kind == "service-revision") && len(names) > 1:
		r.Cluster, r.Service = names[0], names[1]
	}
	return r, true
}

// ShortName is the part of an ARN, or of an id, behind the last slash: the name of
// a cluster or service, FAMILY:REVISION of a task definition. A name stays as it is.
func ShortName(name string) string { return name[strings.LastIndexByte(name, '/')+1:] }

// Family is the family in a task definition's name or ARN.
func Family(name string) string {
	family, _, _ := strings.Cut(ShortName(name), ":")
	return family
}

// HasRevision reports whether the name or ARN of a task definition says which of
// the family's revisions is meant: "web:41", and not "web".
func HasRevision(name string) bool { return strings.Contains(ShortName(name), ":") }

// Revision is the number of the revision in a task definition's name or ARN; 0 if
// it says none.
func Revision(name string) int {
	_, text, _ := strings.Cut(ShortName(name), ":")
	number, err := strconv.Atoi(text)
	if err != nil {
		return 0
	}
	return number
}
