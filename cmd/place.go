package cmd

// Where a service is: a region, an account and a cluster. An ARN says them too. It is
// believed if nothing else says them, and held against what does.

import (
	"cmp"
	"fmt"
	"os"

	"github.com/ecs-deploy/ecs-deploy/pkg/arn"
)

// said is a value, and who says it; without a value, nobody does.
type said struct{ value, source string }

// place collects the region and account of a service, and who said so.
type place struct{ region, account, cluster, service said }

// add holds what else is said against what was said before, or, if nothing was,
// keeps it.
func (p *place) add(other place) error {
	for _, part := range []struct {
		name string
		here *said
		now  said
	}{
		{"region", &p.region, other.region}, {"account", &p.account, other.account},
		{"cluster", &p.cluster, other.cluster}, {"service", &p.service, other.service},
	} {
		switch {
		case part.now.value == "":
		case part.here.value == "":
			*part.here = part.now
		case part.here.value != part.now.value:
			return contradiction(part.name, *part.here, part.now)
		}
	}
	return nil
}

// contradiction says that two sources name different things.
func contradiction(name string, a, b said) error {
	return &usageError{
		problem: fmt.Sprintf("the %s is %s according to %s, but %s according to %s", name, a.value, a.source, b.value, b.source),
		hint:    "remove or correct one of them",
	}
}

// placed is what an ARN of a kind says; nothing for a name.
func placed(text, kind, source string) (place, error) {
	if !arn.Is(text) {
		return place{}, nil
	}
	r, ok := arn.Parse(text)
	if !ok || r.Kind != kind {
		return place{}, &usageError{problem: fmt.Sprintf("%s has %q, which is not the ARN of a %s", source, text, kind), hint: "pass the name or the whole ARN"}
	}
	source = "the ARN of " + source
	return place{said{r.Region, source}, said{r.Account, source}, said{r.Cluster, source}, said{r.Service, source}}, nil
}

// locate takes from the ARNs among the settings what nothing else says, and refuses
// those that contradict each other or the other settings. services are further ones.
func (a *app) locate(services ...string) error {
	s := a.settings
	source := func(key string) string { return s.Origin(key).String() }
	name := func(text, key string) said {
		if arn.Is(text) {
			return said{}
		}
		return said{text, source(key)}
	}
	all := place{
		region: said{s.Region, source("region")}, account: said{s.Account, source("account")},
		cluster: name(s.Cluster, "cluster"), service: name(s.Service, "service-name"),
	}
	for _, text := range []struct{ text, kind, key string }{
		{s.Cluster, "cluster", "cluster"}, {s.Service, "service", "service-name"},
		{s.TaskDefinition, "task-definition", "task-definition"}, {s.Deployment, "service-deployment", "deployment"},
	} {
		found, err := placed(text.text, text.kind, source(text.key))
		if err == nil {
			err = all.add(found)
		}
		if err != nil {
			return err
		}
	}
	for _, service := range services {
		found, err := placed(service, "service", "argument "+service)
		found.service = said{} // they are several
		if err == nil {
			err = all.add(found)
		}
		if err != nil {
			return err
		}
	}
	a.arnRegion = all.region
	s.Account = cmp.Or(s.Account, all.account.value)
	s.Cluster, s.Service = cmp.Or(s.Cluster, all.cluster.value), cmp.Or(s.Service, all.service.value)
	if s.Simulated() { // the embedded ECS has a region and an account of its own
		s.Cluster, s.Service, s.TaskDefinition = arn.ShortName(s.Cluster), arn.ShortName(s.Service), arn.ShortName(s.TaskDefinition)
	}
	return nil
}

// settledRegion is the region in which AWS is called, given the one that the SDK
// found. It must be the one that an ARN says.
func (a *app) settledRegion(found string) error {
	if a.arnRegion.value != "" && found != a.arnRegion.value {
		return contradiction("region", said{found, regionSource(a.profile())}, a.arnRegion)
	}
	if a.settings.Region == "" {
		a.settings.Region = a.arnRegion.value // for what is printed to be typed next
	}
	return nil
}

// regionSource is where the SDK finds a region that no setting gives.
func regionSource(profile string) string {
	for _, name := range []string{"AWS_REGION", "AWS_DEFAULT_REGION"} {
		if os.Getenv(name) != "" {
			return "variable " + name
		}
	}
	return "profile " + profile
}
