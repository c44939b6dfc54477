package ecsapi

import (
	"fmt"
	"slices"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ecs/types"

	"github.com/ecs-deploy/ecs-deploy/pkg/internal/exitcode"
	"github.com/ecs-deploy/ecs-deploy/pkg/rollout"
)

// NotFoundError says that a cluster, service or task definition does not exist,
// as far as the caller's account and region go.
type NotFoundError struct {
	// Kind is "cluster", "service", "task definition", "deployment" or "image".
	Kind string
	// Name is what was looked for.
	Name string
	// Place is where: the cluster of a service, or the region of a cluster.
	Place string
	// Detail says more; it may be empty.
	Detail string
}

func (e *NotFoundError) Error() string {
	text := fmt.Sprintf("%s %s does not exist", e.Kind, e.Name)
	if e.Place != "" {
		text += " in " + e.Place
	}
	if e.Detail != "" {
		text += ": " + e.Detail
	}
	return text
}

// Hint says what is commonly wrong.
func (e *NotFoundError) Hint() string {
	if e.Kind == "image" {
		return "check the repository, the tag and the region in the image's name; push it first"
	}
	return "check the name, the region (-r) and the account (-p); names are case-sensitive"
}

// ExitCode is that of bad input.
func (e *NotFoundError) ExitCode() int { return exitcode.Usage }

// notFoundOr turns ECS's two "not found" exceptions into a [NotFoundError].
func (c *Client) notFoundOr(err *CallError, cluster, service string) error {
	switch err.Code {
	case "ClusterNotFoundException":
		return &NotFoundError{Kind: "cluster", Name: cluster, Place: "region " + c.Region()}
	case "ServiceNotFoundException", "ServiceNotActiveException":
		return &NotFoundError{Kind: "service", Name: service, Place: "cluster " + rollout.ShortName(cluster)}
	}
	return err
}

// undescribed is an error if something was listed, and is not described: nothing is
// known of it then.
func undescribed(action string, asked, described []string, failures []types.Failure) error {
	for _, arn := range asked {
		if slices.Contains(described, arn) {
			continue
		}
		reason := "nothing about it"
		for _, failure := range failures {
			reason = aws.ToString(failure.Reason)
			if aws.ToString(failure.Arn) == arn {
				break
			}
		}
		return nonsense(action, rollout.ShortName(arn), "ECS listed it, and now reports "+reason+"; try again")
	}
	return nil
}

// arnsOf are the ARNs of what an answer describes.
func arnsOf[T any](items []T, arn func(T) *string) []string {
	var arns []string
	for _, item := range items {
		arns = append(arns, aws.ToString(arn(item)))
	}
	return arns
}
