package ecssim

// This file is the reads of services and clusters, and CreateCluster.

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
	if len(in.Services) == 0 {
		return nil, invalid("Services cannot be empty.")
	}
	if err := atMost(len(in.Services), 10, "Services"); err != nil {
		return nil, err
	}
	c, apiErr := e.findCluster(in.Cluster)
	if apiErr != nil {
		return nil, apiErr
	}
	views, failures := []any{}, []any{}
	for _, identifier := range in.Services {
		s, apiErr := c.findService(identifier)
		if apiErr == errNoService {
			failures = append(failures, missing(e.arn("service/"+c.Name+"/"+shortName(identifier))))
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
			in.Scheduling != "" && in.Scheduling != s.scheduling():
			continue
		}
		arns = append(arns, e.serviceArn(s))
	}
	return page(arns, "serviceArns", in.MaxResults, 10, in.NextToken)
}

func (e *engine) createCluster(in struct {
	Name string `json:"clusterName"`
	Tags []tag  `json:"tags"`
}, raw Document) (any, *apiError) {
	if in.Name == "" {
		in.Name = "default"
	}
	if !isName(in.Name) {
		return nil, invalid("Invalid cluster name.") // assumed text
	}
	if err := checkTags(in.Tags); err != nil {
		return nil, err
	}
	c := e.Clusters[in.Name]
	if c == nil || c.Status != "ACTIVE" {
		c = newCluster(in.Name)
		c.Tags = in.Tags
		c.setMembers(raw, clusterMembers...)
		e.Clusters[in.Name] = c
	}
	return map[string]any{"cluster": e.clusterView(c, true)}, nil
}

func (e *engine) describeClusters(in struct {
	Clusters []string `json:"clusters"`
	Include  []string `json:"include"`
}, _ Document) (any, *apiError) {
	if len(in.Clusters) == 0 {
		in.Clusters = []string{"default"}
	}
	if err := atMost(len(in.Clusters), 100, "Clusters"); err != nil {
		return nil, err
	}
	views, failures := []any{}, []any{}
	for _, identifier := range in.Clusters {
		c := e.Clusters[shortName(identifier)] // also one that is INACTIVE
		if c == nil {
			failures = append(failures, missing(e.arn("cluster/"+shortName(identifier))))
			continue
		}
		views = append(views, e.clusterView(c, slices.Contains(in.Include, "TAGS")))
	}
	return map[string]any{"clusters": views, "failures": failures}, nil
}

func (e *engine) listClusters(in struct {
	MaxResults *int   `json:"maxResults"`
	NextToken  string `json:"nextToken"`
}, _ Document) (any, *apiError) {
	arns := []string{}
	for _, name := range sortedKeys(e.Clusters) {
		if e.Clusters[name].Status == "ACTIVE" {
			arns = append(arns, e.arn("cluster/"+name))
		}
	}
	return page(arns, "clusterArns", in.MaxResults, 100, in.NextToken)
}

func (e *engine) clusterView(c *cluster, tags bool) map[string]any {
	runningTasks, pendingTasks, services := 0, 0, 0
	for _, s := range c.Services {
		if s.Status == "ACTIVE" {
			services++
		}
	}
	for _, t := range c.Tasks {
		switch {
		case t.Status == running:
			runningTasks++
		case t.starting():
			pendingTasks++
		}
	}
	view := map[string]any{
		"clusterArn": e.arn("cluster/" + c.Name), "clusterName": c.Name, "status": c.Status,
		"registeredContainerInstancesCount": len(c.Hosts), "runningTasksCount": runningTasks,
		"pendingTasksCount": pendingTasks, "activeServicesCount": services,
		"statistics": []any{}, "tags": []any{}, "settings": []any{}, "capacityProviders": []any{},
		"defaultCapacityProviderStrategy": []any{},
	}
	maps.Copy(view, c.Extra)
	if tags {
		view["tags"] = orNone(c.Tags)
	}
	return view
}
