package ecsapi

import (
	"context"
	"slices"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ecs"
	"github.com/aws/aws-sdk-go-v2/service/ecs/types"

	"github.com/ecs-deploy/ecs-deploy/pkg/rollout"
)

// Instance is what a container instance has left for more tasks.
type Instance struct {
	// CPU is in units, Memory in MiB.
	CPU, Memory int
}

// instancesLimit is how many container instances DescribeContainerInstances takes at
// once.
const instancesLimit = 100

// Instances are the container instances of a cluster that take tasks: ACTIVE, with an
// agent that is connected.
func (c *Client) Instances(ctx context.Context, cluster string) ([]Instance, error) {
	resource := "cluster " + rollout.ShortName(cluster)
	var arns []string
	err := pages("ListContainerInstances", resource, func(token *string) (*string, error) {
		page, err := c.sdk.ListContainerInstances(ctx, &ecs.ListContainerInstancesInput{
			Cluster: &cluster, Status: types.ContainerInstanceStatusActive, NextToken: token,
		}, c.read...)
		if err != nil {
			return nil, callError("ListContainerInstances", resource, err)
		}
		arns = append(arns, page.ContainerInstanceArns...)
		return page.NextToken, nil
	})
	if err != nil {
		return nil, err
	}
	var instances []Instance
	for some := range slices.Chunk(arns, instancesLimit) {
		out, err := c.sdk.DescribeContainerInstances(ctx, &ecs.DescribeContainerInstancesInput{Cluster: &cluster, ContainerInstances: some}, c.read...)
		if err != nil {
			return nil, callError("DescribeContainerInstances", resource, err)
		}
		for _, found := range out.ContainerInstances {
			if !found.AgentConnected || aws.ToString(found.Status) != "ACTIVE" {
				continue
			}
			var i Instance
			for _, r := range found.RemainingResources {
				switch aws.ToString(r.Name) {
				case "CPU":
					i.CPU = int(r.IntegerValue)
				case "MEMORY":
					i.Memory = int(r.IntegerValue)
				}
			}
			instances = append(instances, i)
		}
	}
	return instances, nil
}
