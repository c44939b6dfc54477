package ecssim

// This file is the reads of services.

import (
	"maps"
	"slices"
)

type describeServicesInput struct {
	Cluster  string   `json:"cluster"`
	Services []string `json:"services"`
	Include  []string `json:"include"`
}

func (e *engine) describeServices(in describeServicesInput, _ Document) (any, *apiError) {
	c, apiErr := e.findCluster(in.Cluster)
	if apiErr != nil {
		return nil, apiErr
	}
	if len(in.Services) == 0 {
		return nil, invalid("Services cannot be empty.")
	}
	if err := atMost(len(in.Services), 10, "Services"); err != nil {
		return nil, err
	}
	views, failures := []any{}, []any{}
	for _, identifier := range in.Services {
		s, apiErr := c.findService(identifier)
		if apiErr == errNoService {
			failures = append(failures, missing(identifier, e.arn("service/"+c.Name+"/"+shortName(identifier))))
			continue
		}
		if apiErr != nil {
			return nil, apiErr
		}
		view := e.serviceView(s, true)
		if old := e.lagging(s); old != nil {
			view = maps.Clone(old.Service)
		}
		if !slices.Contains(in.Include, "TAGS") {
			delete(view, "tags")
		} else if view["tags"] == nil {
			view["tags"] = []tag{}
		}
		views = append(views, view)
	}
	return map[string]any{"services": views, "failures": failures}, nil
}

type listServicesInput struct {
	Cluster    string `json:"cluster"`
	LaunchType string `json:"launchType"`
	Scheduling string `json:"schedulingStrategy"`
	Management string `json:"resourceManagementType"`
	MaxResults *int   `json:"maxResults"`
	NextToken  string `json:"nextToken"`
}

func (e *engine) listServices(in listServicesInput, _ Document) (any, *apiError) {
	c, apiErr := e.findCluster(in.Cluster)
	if apiErr != nil {
		return nil, apiErr
	}
	arns := []string{}
	for _, name := range sortedKeys(c.Services) {
		s := c.Services[name]
		switch {
		case s.Status != "ACTIVE",
			in.LaunchType != "" && in.LaunchType != s.launchType(),
			in.Scheduling != "" && in.Scheduling != s.scheduling(),
			in.Management != "" && in.Management != s.management():
			continue
		}
		arns = append(arns, e.serviceArn(s))
	}
	return page(arns, "serviceArns", in.MaxResults, 10, in.NextToken)
}
