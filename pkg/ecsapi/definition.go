package ecsapi

import (
	"context"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
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
	resource := "task definition " + rollout.ShortName(name)
	out, err := c.definitions().get(ctx, name)
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
	return &TaskDefinition{TaskDefinition: *out.TaskDefinition, Body: out.body}, nil
}

// definition is the answer about a task definition, and the document behind it.
type definition struct {
	*ecs.DescribeTaskDefinitionOutput
	body []byte
}

// definitions joins the reads of the same task definition: a call takes only one.
func (c *Client) definitions() *joiner[definition] {
	return joined(c, "DescribeTaskDefinition", func() *joiner[definition] {
		return &joiner[definition]{
			limit:     1,
			operation: "DescribeTaskDefinition", limits: c.limits,
			call: func(ctx context.Context, names []string) (definition, error) {
				var body []byte
				out, err := c.sdk.DescribeTaskDefinition(ctx, &ecs.DescribeTaskDefinitionInput{
					TaskDefinition: &names[0], Include: []types.TaskDefinitionField{types.TaskDefinitionFieldTags},
				}, c.with(keepBody(&body))...)
				return definition{out, body}, err
			},
		}
	})
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

// NewestRevisions are the ARNs of the family's newest ACTIVE revisions, newest first, at
// most a number of them.
func (c *Client) NewestRevisions(ctx context.Context, family string, most int32) ([]string, error) {
	page, err := c.sdk.ListTaskDefinitions(ctx, &ecs.ListTaskDefinitionsInput{
		FamilyPrefix: &family, Status: types.TaskDefinitionStatusActive, Sort: types.SortOrderDesc, MaxResults: &most,
	}, c.read...)
	if err != nil {
		return nil, callError("ListTaskDefinitions", "family "+family, err)
	}
	return slices.DeleteFunc(page.TaskDefinitionArns, func(arn string) bool { return !ofFamily(arn, family) }), nil
}

// ofFamily reports whether a revision is one of a family: emulators may list others that
// begin so.
func ofFamily(arn, family string) bool {
	of, _, _ := strings.Cut(rollout.ShortName(arn), ":")
	return of == family
}

// Families are the names of the families with an ACTIVE revision, at most a number of them.
// With an error, those that were read.
func (c *Client) Families(ctx context.Context, most int) ([]string, error) {
	var families []string
	err := pages("ListTaskDefinitionFamilies", "the account", func(token *string) (*string, error) {
		page, err := c.sdk.ListTaskDefinitionFamilies(ctx, &ecs.ListTaskDefinitionFamiliesInput{
			Status: types.TaskDefinitionFamilyStatusActive, MaxResults: aws.Int32(100), NextToken: token,
		}, c.read...)
		if err != nil {
			return nil, callError("ListTaskDefinitionFamilies", "the account", err)
		}
		families = append(families, page.Families...)
		return untilFull(page.NextToken, len(families), most), nil
	})
	return families, err
}

// ClusterARNs are the ARNs of the clusters, at most a number of them. With an error, those
// that were read.
func (c *Client) ClusterARNs(ctx context.Context, most int) ([]string, error) {
	var arns []string
	err := pages("ListClusters", "the account", func(token *string) (*string, error) {
		page, err := c.sdk.ListClusters(ctx, &ecs.ListClustersInput{MaxResults: aws.Int32(100), NextToken: token}, c.read...)
		if err != nil {
			return nil, callError("ListClusters", "the account", err)
		}
		arns = append(arns, page.ClusterArns...)
		return untilFull(page.NextToken, len(arns), most), nil
	})
	return arns, err
}

// untilFull is the token of the next page, if there is room for more.
func untilFull(next *string, have, most int) *string {
	if have >= most {
		return nil
	}
	return next
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
			if ofFamily(arn, family) {
				arns = append(arns, arn)
			}
		}
		return page.NextToken, nil
	})
	return arns, err
}
