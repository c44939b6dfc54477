package ecsapi

import (
	"context"
	"strings"

	"github.com/aws/aws-sdk-go-v2/service/ecs"
	"github.com/aws/aws-sdk-go-v2/service/ecs/types"

	"github.com/ecs-deploy/ecs-deploy/pkg/rollout"
)

// TaskDefinition is a registered task definition: typed, and the answer behind it.
type TaskDefinition struct {
	types.TaskDefinition
	// Body is the whole answer as JSON, with tags and with fields that the SDK does
	// not know.
	Body []byte
}

// TaskDefinition reads a task definition with its tags, by family (its newest ACTIVE
// revision), family:revision or ARN. It returns a [*NotFoundError] or a [*CallError].
func (c *Client) TaskDefinition(ctx context.Context, name string) (*TaskDefinition, error) {
	var body []byte
	resource := "task definition " + rollout.ShortName(name)
	out, err := c.sdk.DescribeTaskDefinition(ctx, &ecs.DescribeTaskDefinitionInput{
		TaskDefinition: &name, Include: []types.TaskDefinitionField{types.TaskDefinitionFieldTags},
	}, c.with(keepBody(&body))...)
	if err != nil {
		call := callError("DescribeTaskDefinition", resource, err)
		if call.Code == "ClientException" {
			return nil, &NotFoundError{Kind: "task definition", Name: rollout.ShortName(name), Detail: call.reason}
		}
		return nil, call
	}
	if out.TaskDefinition == nil || !isDefinition(out.TaskDefinition, name) {
		return nil, nonsense("DescribeTaskDefinition", resource, "the answer is about another task definition")
	}
	return &TaskDefinition{TaskDefinition: *out.TaskDefinition, Body: body}, nil
}

// Register sends RegisterTaskDefinition with this JSON, once, and returns what ECS
// stored.
func (c *Client) Register(ctx context.Context, family string, body []byte) (*TaskDefinition, error) {
	// The SDK wants the required members; what is sent is the body.
	input := &ecs.RegisterTaskDefinitionInput{Family: &family, ContainerDefinitions: []types.ContainerDefinition{}}
	var answer []byte
	out, err := c.sdk.RegisterTaskDefinition(ctx, input, once, sendBody(body), keepBody(&answer))
	if err != nil {
		return nil, callError("RegisterTaskDefinition", "family "+family, err)
	}
	if out.TaskDefinition == nil || !isDefinition(out.TaskDefinition, family) {
		return nil, nonsense("RegisterTaskDefinition", "family "+family, "the answer is not about that family")
	}
	return &TaskDefinition{TaskDefinition: *out.TaskDefinition, Body: answer}, nil
}

// Deregister makes a revision INACTIVE, by its ARN.
func (c *Client) Deregister(ctx context.Context, arn string) error {
	_, err := c.sdk.DeregisterTaskDefinition(ctx, &ecs.DeregisterTaskDefinitionInput{TaskDefinition: &arn})
	if err != nil {
		return callError("DeregisterTaskDefinition", "task definition "+rollout.ShortName(arn), err)
	}
	return nil
}

// ActiveRevisions are the ARNs of the family's ACTIVE revisions, oldest first.
func (c *Client) ActiveRevisions(ctx context.Context, family string) ([]string, error) {
	var arns []string
	err := pages("ListTaskDefinitions", "family "+family, func(token *string) (*string, error) {
		page, err := c.sdk.ListTaskDefinitions(ctx, &ecs.ListTaskDefinitionsInput{
			FamilyPrefix: &family, Status: types.TaskDefinitionStatusActive, Sort: types.SortOrderAsc, NextToken: token,
		}, c.read...)
		if err != nil {
			return nil, callError("ListTaskDefinitions", "family "+family, err)
		}
		for _, arn := range page.TaskDefinitionArns {
			if of, _, _ := strings.Cut(rollout.ShortName(arn), ":"); of == family { // emulators may list others that begin so
				arns = append(arns, arn)
			}
		}
		return page.NextToken, nil
	})
	return arns, err
}
