package ecssim

// This file changes and deletes clusters.

import "slices"

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
	list, _ := raw["capacityProviders"].([]any)
	for _, name := range list {
		if name, _ := name.(string); !e.hasProvider(name) {
			return nil, errNoProvider
		}
	}
	for _, item := range objects(raw["defaultCapacityProviderStrategy"]) {
		if !slices.Contains(list, item["capacityProvider"]) {
			return nil, invalid("The specified capacity provider strategy cannot contain a capacity provider that is not associated with the cluster. Associate the capacity provider with the cluster and try again.")
		}
	}
	return e.changeCluster(in, raw, "capacityProviders", "defaultCapacityProviderStrategy")
}

func (e *engine) changeCluster(in clusterInput, raw Document, members ...string) (any, *apiError) {
	c, err := e.findCluster(in.Cluster)
	if err != nil {
		return nil, err
	}
	c.setMembers(raw, members...)
	return map[string]any{"cluster": e.clusterView(c, true)}, nil
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
	return map[string]any{"cluster": e.clusterView(c, true)}, nil
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
