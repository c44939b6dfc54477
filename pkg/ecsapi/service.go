package ecsapi

import (
	"context"
	"encoding/json"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ecs"
	"github.com/aws/aws-sdk-go-v2/service/ecs/types"

	"github.com/ecs-deploy/ecs-deploy/pkg/rollout"
)

// describeLimit is how many services DescribeServices takes at once.
const describeLimit = 10

// Service is a service as ECS describes it: typed, and the document behind it.
type Service struct {
	types.Service
	// Raw is the same service as JSON, with fields that the SDK does not know; nil if it
	// was not asked for.
	Raw map[string]any

	answer []byte // that describes it, and maybe others
	at     int    // where it is in the answer
}

// Service reads one service, by the names or ARNs of its cluster and of itself. It
// returns a [*NotFoundError] or a [*CallError].
func (c *Client) Service(ctx context.Context, cluster, service string) (*Service, error) {
	out, err := c.describing(cluster).get(ctx, service)
	if err != nil {
		return nil, c.notFoundOr(callError("DescribeServices", "service "+rollout.ShortName(service), err), cluster, service)
	}
	failures := slices.DeleteFunc(slices.Clone(out.Failures), func(f types.Failure) bool {
		return len(out.asked) > 1 && !rollout.SameResource(aws.ToString(f.Arn), service)
	})
	if len(out.Services) == 0 || len(failures) > 0 && !slices.ContainsFunc(out.Services, func(s types.Service) bool { return isService(&s, cluster, service) }) {
		return nil, noService(failures, cluster, service)
	}
	at := slices.IndexFunc(out.Services, func(s types.Service) bool { return isService(&s, cluster, service) })
	if at < 0 {
		return nil, nonsense("DescribeServices", "service "+rollout.ShortName(service), "the answer is about another service")
	}
	if aws.ToString(out.Services[at].ServiceName) == "" || aws.ToString(out.Services[at].Status) == "" {
		return nil, nonsense("DescribeServices", "service "+rollout.ShortName(service), "the answer is not a service; is this ECS?")
	}
	return &Service{Service: out.Services[at], answer: out.body, at: at}, nil
}

// FullService is Service with Raw, which takes longer to decode than all the rest.
func (c *Client) FullService(ctx context.Context, cluster, service string) (*Service, error) {
	found, err := c.Service(ctx, cluster, service)
	if err != nil {
		return nil, err
	}
	if err := found.decode(); err != nil {
		return nil, nonsense("DescribeServices", "service "+rollout.ShortName(service), err.Error())
	}
	return found, nil
}

// decode reads the document behind the service.
func (s *Service) decode() error {
	var answer struct {
		Services []json.RawMessage `json:"services"`
	}
	if err := json.Unmarshal(s.answer, &answer); err != nil || s.at >= len(answer.Services) {
		return err
	}
	return decode(answer.Services[s.at], &s.Raw)
}

// services is the answer about some services of a cluster.
type services struct {
	*ecs.DescribeServicesOutput
	asked []string
	body  []byte
}

// describing joins the reads of single services of a cluster.
func (c *Client) describing(cluster string) *joiner[services] {
	return joined(c, "DescribeServices "+cluster, func() *joiner[services] {
		return &joiner[services]{
			limit:     describeLimit,
			operation: "DescribeServices", limits: c.limits,
			call: func(ctx context.Context, names []string) (services, error) {
				var body []byte
				out, err := c.sdk.DescribeServices(ctx, &ecs.DescribeServicesInput{Cluster: &cluster, Services: names}, c.with(keepBody(&body))...)
				if err != nil {
					return services{}, err
				}
				return services{out, names, body}, nil
			},
		}
	})
}

// noService is why an answer has no service.
func noService(failures []types.Failure, cluster, service string) error {
	if len(failures) == 0 {
		return nonsense("DescribeServices", "service "+rollout.ShortName(service), "the answer has neither the service nor a reason why not; is this ECS?")
	}
	if reason := aws.ToString(failures[0].Reason); reason != "MISSING" {
		return nonsense("DescribeServices", "service "+rollout.ShortName(service), strings.TrimSpace(reason+" "+aws.ToString(failures[0].Detail)))
	}
	return &NotFoundError{Kind: "service", Name: service, Place: "cluster " + rollout.ShortName(cluster)}
}

// ServiceARNs lists the ARNs of all services of a cluster.
func (c *Client) ServiceARNs(ctx context.Context, cluster string) ([]string, error) {
	var arns []string
	err := pages("ListServices", "cluster "+cluster, func(token *string) (*string, error) {
		page, err := c.sdk.ListServices(ctx, &ecs.ListServicesInput{Cluster: &cluster, MaxResults: aws.Int32(100), NextToken: token}, c.read...)
		if err != nil {
			return nil, c.notFoundOr(callError("ListServices", "cluster "+cluster, err), cluster, "")
		}
		arns = append(arns, page.ServiceArns...)
		return page.NextToken, nil
	})
	return arns, err
}

// Services describes services of a cluster, all of them: one that ECS says nothing
// about is an error.
func (c *Client) Services(ctx context.Context, cluster string, arns []string) ([]types.Service, error) {
	var services []types.Service
	for some := range slices.Chunk(arns, describeLimit) {
		out, err := c.sdk.DescribeServices(ctx, &ecs.DescribeServicesInput{Cluster: &cluster, Services: some}, c.read...)
		if err != nil {
			return nil, callError("DescribeServices", "cluster "+rollout.ShortName(cluster), err)
		}
		if err := undescribed("DescribeServices", some, arnsOf(out.Services, func(s types.Service) *string { return s.ServiceArn }), out.Failures); err != nil {
			return nil, err
		}
		services = append(services, out.Services...)
	}
	return services, nil
}

// Update sends UpdateService with this JSON, once, and returns the service as ECS
// then describes it.
func (c *Client) Update(ctx context.Context, cluster, service string, body []byte) (*Service, error) {
	name := "service " + rollout.ShortName(service)
	out, err := c.sdk.UpdateService(ctx, &ecs.UpdateServiceInput{Service: &service}, once, sendBody(body))
	if err != nil {
		return nil, callError("UpdateService", name, err)
	}
	if out.Service == nil || !isService(out.Service, cluster, service) {
		return nil, nonsense("UpdateService", name, "the answer is not about that service")
	}
	return &Service{Service: *out.Service}, nil
}

// Primary is the service's PRIMARY deployment; nil if ECS lists none.
func (s *Service) Primary() *types.Deployment {
	primary := (&rollout.Service{Deployments: s.deployments()}).Primary()
	for i := range s.Deployments {
		if primary != nil && aws.ToString(s.Deployments[i].Id) == primary.ID {
			return &s.Deployments[i]
		}
	}
	return nil
}

// AllTargetGroups are the ARNs of the service's target groups, with the alternate ones of
// deployments that shift traffic: the new tasks may be in either.
func (s *Service) AllTargetGroups() []string {
	arns := s.TargetGroups()
	for _, balancer := range s.LoadBalancers {
		if pair := balancer.AdvancedConfiguration; pair != nil && aws.ToString(pair.AlternateTargetGroupArn) != "" {
			arns = append(arns, *pair.AlternateTargetGroupArn)
		}
	}
	return arns
}

// TargetGroups are the ARNs of the service's target groups.
func (s *Service) TargetGroups() []string {
	var arns []string
	for _, balancer := range s.LoadBalancers {
		if arn := aws.ToString(balancer.TargetGroupArn); arn != "" {
			arns = append(arns, arn)
		}
	}
	return arns
}
