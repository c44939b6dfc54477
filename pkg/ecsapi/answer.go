package ecsapi

// What an answer of ECS must be like to be believed at all: about what was asked,
// and a list that ends. Every read of the package goes through these checks.

import (
	"fmt"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ecs/types"

	"github.com/ecs-deploy/ecs-deploy/pkg/rollout"
)

// pageLimit is how many pages of a list are read: 100,000 entries.
const pageLimit = 1000

// pages reads page after page of a list, until read returns no token for the next
// one. A list that repeats a page, or has too many, is an error.
func pages(action, resource string, read func(token *string) (next *string, err error)) error {
	seen := map[string]bool{}
	var token *string
	for range pageLimit {
		next, err := read(token)
		if err != nil || aws.ToString(next) == "" {
			return err
		}
		if seen[*next] {
			return nonsense(action, resource, "the list repeats a page and does not end")
		}
		seen[*next] = true
		token = next
	}
	return nonsense(action, resource, fmt.Sprintf("the list has more than %d pages", pageLimit))
}

// isService reports whether an answer is the service of that cluster, both given
// by name or ARN.
func isService(answer *types.Service, cluster, service string) bool {
	arn, place := aws.ToString(answer.ServiceArn), aws.ToString(answer.ClusterArn)
	return arn != "" && rollout.SameResource(arn, service) && (place == "" || rollout.SameResource(place, cluster))
}

// isDefinition reports whether an answer is the task definition that was asked
// for: of the family, and the revision if one was named.
func isDefinition(answer *types.TaskDefinition, name string) bool {
	arn := aws.ToString(answer.TaskDefinitionArn)
	family, _, hasRevision := strings.Cut(rollout.ShortName(name), ":")
	if hasRevision {
		return rollout.ShortName(arn) == rollout.ShortName(name)
	}
	answered, _, _ := strings.Cut(rollout.ShortName(arn), ":")
	return answered == family
}
