package ecssim

// This file is the operations on clusters.

// clusterMembers are the settings of a cluster that are kept as given.
var clusterMembers = []string{"settings", "configuration", "capacityProviders", "defaultCapacityProviderStrategy", "serviceConnectDefaults"}

// setMembers keeps what an input gives of some members.
func (c *cluster) setMembers(raw Document, members ...string) {
	if c.Extra == nil {
		c.Extra = Document{}
	}
	for _, member := range members {
		if v, given := raw[member]; given {
			c.Extra[member] = cloneValue(v)
		}
	}
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
	for _, err := range []*apiError{checkTags(in.Tags), e.checkProviders(raw)} {
		if err != nil {
			return nil, err
		}
	}
	c := e.Clusters[in.Name]
	if c == nil || c.Status != "ACTIVE" {
		c = newCluster(in.Name)
		c.Tags = in.Tags
		c.setMembers(raw, clusterMembers...)
		e.Clusters[in.Name] = c
	}
	return map[string]any{"cluster": e.clusterView(c, nothingHidden)}, nil
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
			failures = append(failures, missing(identifier, e.arn("cluster/"+shortName(identifier))))
			continue
		}
		views = append(views, e.clusterView(c, in.Include))
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

type clusterInput struct {
	Cluster string `json:"cluster"`
}

func (e *engine) updateCluster(in clusterInput, raw Document) (any, *apiError) {
	return e.changeCluster(in, raw, "settings", "configuration", "serviceConnectDefaults")
}

func (e *engine) updateClusterSettings(in clusterInput, raw Document) (any, *apiError) {
	if !has(raw, "settings") {
		return nil, invalid("settings cannot be empty.") // assumed text
	}
	return e.changeCluster(in, raw, "settings")
}

func (e *engine) putClusterCapacityProviders(in clusterInput, raw Document) (any, *apiError) {
	if raw["capacityProviders"] == nil || raw["defaultCapacityProviderStrategy"] == nil {
		return nil, invalid("capacityProviders and defaultCapacityProviderStrategy are required.") // assumed text
	}
	if err := e.checkProviders(raw); err != nil {
		return nil, err
	}
	return e.changeCluster(in, raw, "capacityProviders", "defaultCapacityProviderStrategy")
}

// checkProviders refuses capacity providers that do not exist, and a default
// strategy that does not fit them.
func (e *engine) checkProviders(raw Document) *apiError {
	list, _ := raw["capacityProviders"].([]any)
	for _, name := range list {
		if name, _ := name.(string); !e.hasProvider(name) {
			return errNoProvider
		}
	}
	shares := readStrategy(raw["defaultCapacityProviderStrategy"])
	if len(shares) == 0 {
		return nil
	}
	return e.checkStrategy(&cluster{Extra: raw}, shares)
}

func (e *engine) changeCluster(in clusterInput, raw Document, members ...string) (any, *apiError) {
	c, err := e.findCluster(in.Cluster)
	if err != nil {
		return nil, err
	}
	c.setMembers(raw, members...)
	return map[string]any{"cluster": e.clusterView(c, nothingHidden)}, nil
}

// deleteCluster leaves the cluster INACTIVE: it can be described, and not used.
func (e *engine) deleteCluster(in clusterInput, _ Document) (any, *apiError) {
	c, err := e.findCluster(in.Cluster)
	if err != nil {
		return nil, err
	}
	for _, s := range c.Services {
		if s.Status != "INACTIVE" {
			return nil, &apiError{code: "ClusterContainsServicesException", message: "The Cluster cannot be deleted while Services are active."}
		}
	}
	switch {
	case len(c.Hosts) > 0:
		return nil, &apiError{code: "ClusterContainsContainerInstancesException", message: "The Cluster cannot be deleted while Container Instances are active or draining."}
	case len(c.Tasks) > 0:
		return nil, &apiError{code: "ClusterContainsTasksException", message: "The Cluster cannot be deleted while Tasks are active."}
	}
	c.Status = "INACTIVE"
	return map[string]any{"cluster": e.clusterView(c, nothingHidden)}, nil
}

type namespaceInput struct {
	Namespace  string `json:"namespace"`
	MaxResults *int   `json:"maxResults"`
	NextToken  string `json:"nextToken"`
}

// listServicesByNamespace finds the services, in all clusters, that Service
// Connect puts into a namespace.
func (e *engine) listServicesByNamespace(in namespaceInput, _ Document) (any, *apiError) {
	arns := []string{}
	for _, name := range sortedKeys(e.Clusters) {
		for _, serviceName := range sortedKeys(e.Clusters[name].Services) {
			s := e.Clusters[name].Services[serviceName]
			connect, _ := s.Spec["serviceConnectConfiguration"].(map[string]any)
			namespace, _ := connect["namespace"].(string)
			if s.Status == "ACTIVE" && namespace != "" && shortName(namespace) == shortName(in.Namespace) {
				arns = append(arns, e.serviceArn(s))
			}
		}
	}
	return page(arns, "serviceArns", in.MaxResults, 10, in.NextToken)
}
