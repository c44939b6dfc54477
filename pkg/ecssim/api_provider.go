package ecssim

// This file is the capacity providers of the account. They are kept and shown;
// none of them scales an Auto Scaling group.

import (
	"slices"
	"strings"
)

var errNoProvider = invalid("The specified capacity provider does not exist. Specify a valid name or ARN and try again.")

// hasProvider reports whether there is a capacity provider of a name or ARN.
func (e *engine) hasProvider(identifier string) bool {
	name := shortName(identifier)
	return isFargateProvider(name) || e.Providers[name] != nil
}

type providerInput struct {
	Name     string   `json:"name"`
	Provider string   `json:"capacityProvider"`
	Group    Document `json:"autoScalingGroupProvider"`
	Managed  Document `json:"managedInstancesProvider"`
	Tags     []tag    `json:"tags"`
}

func (e *engine) createCapacityProvider(in providerInput, _ Document) (any, *apiError) {
	prefixed := strings.HasPrefix(strings.ToLower(in.Name), "aws") || strings.HasPrefix(strings.ToLower(in.Name), "ecs") || strings.HasPrefix(strings.ToLower(in.Name), "fargate")
	switch {
	case !isName(in.Name) || prefixed:
		return nil, invalid("The specified capacity provider name is invalid. Up to 255 characters are allowed, including letters (upper and lowercase), numbers, underscores, and hyphens. The name cannot be prefixed with \"aws\", \"ecs\", or \"fargate\". Specify a valid name and try again.")
	case e.Providers[in.Name] != nil:
		return nil, invalid("A capacity provider with the specified name already exists.") // assumed text
	case (in.Group == nil) == (in.Managed == nil):
		return nil, invalid("Specify either an autoScalingGroupProvider or a managedInstancesProvider.") // assumed text
	}
	if err := checkTags(in.Tags); err != nil {
		return nil, err
	}
	return map[string]any{"capacityProvider": e.addProvider(in).view(true)}, nil
}

// addProvider makes a capacity provider.
func (e *engine) addProvider(in providerInput) *provider {
	p := Document{"capacityProviderArn": e.arn("capacity-provider/" + in.Name), "name": in.Name, "status": "ACTIVE"}
	if in.Group != nil {
		p["type"] = "EC2_AUTOSCALING"
		p["autoScalingGroupProvider"] = map[string]any(completedGroup(in.Group))
	} else {
		p["type"] = "MANAGED_INSTANCES"
		p["managedInstancesProvider"] = map[string]any(in.Managed)
	}
	if e.Providers == nil {
		e.Providers = map[string]*provider{}
	}
	e.Providers[in.Name] = &provider{p, in.Tags}
	return e.Providers[in.Name]
}

// scales reports whether ECS scales the Auto Scaling group.
func (p *provider) scales() bool {
	group, _ := p.Doc["autoScalingGroupProvider"].(map[string]any)
	scaling, _ := group["managedScaling"].(map[string]any)
	return scaling["status"] == "ENABLED"
}

// view is the capacity provider as ECS shows it.
func (p *provider) view(tags bool) Document {
	view := clone(p.Doc)
	view["tags"] = []tag{}
	if tags {
		view["tags"] = orNone(p.Tags)
	}
	return view
}

// completedGroup fills in the documented defaults of an Auto Scaling group
// provider.
func completedGroup(group Document) Document {
	orValue(group, "managedTerminationProtection", "DISABLED")
	orValue(group, "managedDraining", "ENABLED")
	scaling, _ := group["managedScaling"].(map[string]any)
	if scaling == nil {
		scaling = map[string]any{"status": "DISABLED"}
		group["managedScaling"] = scaling
	}
	for member, n := range map[string]int{
		"targetCapacity": 100, "minimumScalingStepSize": 1, "maximumScalingStepSize": 10000, "instanceWarmupPeriod": 300,
	} {
		orValue(scaling, member, n)
	}
	return group
}

func (e *engine) updateCapacityProvider(in providerInput, _ Document) (any, *apiError) {
	p := e.Providers[shortName(in.Name)]
	if p == nil {
		return nil, errNoProvider
	}
	for member, change := range map[string]Document{"autoScalingGroupProvider": in.Group, "managedInstancesProvider": in.Managed} {
		if change != nil {
			kept, _ := p.Doc[member].(map[string]any)
			p.Doc[member] = map[string]any(supplied(change, kept))
		}
	}
	p.Doc["updateStatus"] = "UPDATE_COMPLETE"
	return map[string]any{"capacityProvider": p.view(true)}, nil
}

func (e *engine) deleteCapacityProvider(in providerInput, _ Document) (any, *apiError) {
	name := shortName(in.Provider)
	p := e.Providers[name]
	switch {
	case isFargateProvider(name):
		return nil, invalid("The specified capacity provider is reserved and cannot be deleted.") // assumed text
	case p == nil:
		return nil, refused(errNoProvider.message)
	}
	for _, c := range e.Clusters {
		if list, _ := c.Extra["capacityProviders"].([]any); c.Status == "ACTIVE" && slices.Contains(list, any(name)) {
			return nil, &apiError{code: "ClientException", message: "The specified capacity provider is in use and cannot be removed."}
		}
	}
	delete(e.Providers, name)
	p.Doc["status"], p.Doc["updateStatus"] = "INACTIVE", "DELETE_COMPLETE"
	return map[string]any{"capacityProvider": p.view(true)}, nil
}

func (e *engine) describeCapacityProviders(in struct {
	Names      []string `json:"capacityProviders"`
	Include    []string `json:"include"`
	MaxResults *int     `json:"maxResults"`
	NextToken  string   `json:"nextToken"`
}, _ Document) (any, *apiError) {
	names, failures := in.Names, []any{}
	if len(names) == 0 {
		names = append([]string{"FARGATE", "FARGATE_SPOT"}, sortedKeys(e.Providers)...)
	}
	views := []any{}
	for _, identifier := range names {
		name := shortName(identifier)
		switch {
		case isFargateProvider(name):
			views = append(views, Document{"capacityProviderArn": e.arn("capacity-provider/" + name), "name": name, "status": "ACTIVE", "type": name, "tags": []tag{}})
		case e.Providers[name] != nil:
			views = append(views, e.Providers[name].view(slices.Contains(in.Include, "TAGS")))
		default:
			failures = append(failures, missing(identifier, e.arn("capacity-provider/"+name)))
		}
	}
	out, err := page(views, "capacityProviders", in.MaxResults, 10, in.NextToken)
	if err != nil {
		return nil, err
	}
	out.(map[string]any)["failures"] = failures
	return out, nil
}
