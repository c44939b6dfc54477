package ecssim

// This file decides where tasks run: a launch type, or a capacity provider
// strategy that shares them out.

import "slices"

// share is an item of a capacity provider strategy.
type share struct {
	provider     string
	base, weight int
}

// readStrategy reads a capacityProviderStrategy. A strategy with one provider
// needs no weight.
func readStrategy(v any) []share {
	var shares []share
	for _, item := range objects(v) {
		s := share{base: number(item["base"], 0), weight: number(item["weight"], 0)}
		s.provider, _ = item["capacityProvider"].(string)
		s.provider = shortName(s.provider)
		shares = append(shares, s)
	}
	if len(shares) == 1 {
		shares[0].weight = max(shares[0].weight, 1)
	}
	return shares
}

// launching says where new tasks of a cluster run, from the launch type and the
// strategy that a request gives: a launch type and no strategy, or the reverse.
// Without either it is the default strategy of the cluster, and without that
// EC2.
func (e *engine) launching(c *cluster, launchType string, strategy any) (string, any, *apiError) {
	given := len(objects(strategy)) > 0
	switch {
	case given && launchType != "":
		return "", nil, invalid("Specifying both a launch type and capacity provider strategy is not supported. Remove one and try again.")
	case given:
		return "", strategy, e.checkStrategy(c, readStrategy(strategy))
	case launchType != "":
		return launchType, nil, nil
	}
	preset := c.Extra["defaultCapacityProviderStrategy"]
	shares := readStrategy(preset)
	if len(shares) == 0 {
		return "EC2", nil, nil
	}
	if !slices.ContainsFunc(shares, func(s share) bool { return s.weight > 0 }) {
		return "", nil, invalid("There are no capacity providers with a weight value greater than zero defined in the default capacity provider strategy. At least one capacity provider must have a weight value greater than zero specified. Update the cluster's default capacity provider strategy or specify a valid capacity provider strategy and try again.")
	}
	return "", cloneValue(preset), nil
}

// checkStrategy refuses a strategy that the tasks of a cluster cannot have.
func (e *engine) checkStrategy(c *cluster, shares []share) *apiError {
	for _, s := range shares {
		if s.provider != "" && !e.hasProvider(s.provider) {
			return errNoProvider
		}
	}
	if err := coherent(shares); err != nil {
		return err
	}
	return c.associated(shares)
}

// associated refuses a strategy with a provider that is not one of the cluster's.
func (c *cluster) associated(shares []share) *apiError {
	providers, _ := c.Extra["capacityProviders"].([]any)
	for _, s := range shares {
		if !slices.ContainsFunc(providers, func(p any) bool { name, _ := p.(string); return shortName(name) == s.provider }) {
			return invalid("The specified capacity provider strategy cannot contain a capacity provider that is not associated with the cluster. Associate the capacity provider with the cluster and try again.")
		}
	}
	return nil
}

// coherent refuses a strategy whose items do not go together as ECS documents
// it. The texts are assumed, except for the mix.
func coherent(shares []share) *apiError {
	weighted, based, fargate := 0, 0, 0
	for _, s := range shares {
		if s.provider == "" {
			return invalid("Capacity provider cannot be empty.")
		}
		weighted += min(s.weight, 1)
		based += min(s.base, 1)
		if isFargateProvider(s.provider) {
			fargate++
		}
	}
	switch {
	case weighted == 0:
		return invalid("There are no capacity providers with a weight value greater than zero defined in the capacity provider strategy. At least one capacity provider must have a weight value greater than zero specified.")
	case based > 1:
		return invalid("Only one capacity provider in a capacity provider strategy can have a base defined.")
	case fargate > 0 && fargate < len(shares):
		return invalid("A capacity provider strategy cannot contain a mix of capacity providers using Auto Scaling groups and Fargate providers. Specify one or the other and try again.")
	}
	return nil
}

func isFargateProvider(name string) bool { return name == "FARGATE" || name == "FARGATE_SPOT" }

// launchTypeOf is the launch type of the tasks of a capacity provider. One that
// has an Auto Scaling group runs them on its instances.
func launchTypeOf(provider string) string {
	if isFargateProvider(provider) {
		return "FARGATE"
	}
	return "EC2"
}

// kindOfLaunch is the launch type that tasks get from a launch type or a
// strategy, whichever is given.
func kindOfLaunch(launchType string, strategy any) string {
	if launchType != "" {
		return launchType
	}
	if shares := readStrategy(strategy); len(shares) > 0 {
		return launchTypeOf(shares[0].provider)
	}
	return "EC2"
}

// next is the provider that the next task goes to, if each has this many of
// them: base first, then the one that is furthest behind its weight.
func next(shares []share, tasks map[string]int) string {
	best := -1
	behind := func(s share) float64 { return float64(tasks[s.provider]-s.base) / float64(s.weight) }
	for i, s := range shares {
		if tasks[s.provider] < s.base {
			return s.provider
		}
		if s.weight > 0 && (best < 0 || behind(s) < behind(shares[best])) {
			best = i
		}
	}
	if best < 0 {
		return ""
	}
	return shares[best].provider
}
