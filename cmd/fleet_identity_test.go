package cmd

import (
	"testing"

	"github.com/ecs-deploy/ecs-deploy/pkg/config"
)

// memberWith is a member of a run with these settings.
func memberWith(edit func(*config.Settings)) *app {
	s := &config.Settings{Region: "eu-west-1", Profile: "deployer"}
	edit(s)
	return &app{settings: s}
}

// TestIdentities: members that call AWS in the same way share a client, and no others do.
func TestIdentities(t *testing.T) {
	same := func(*config.Settings) {}
	if a, b := memberWith(same).identity(), memberWith(func(s *config.Settings) { s.Service, s.Cluster, s.Account = "web", "prod", "123456789012" }).identity(); a != b {
		t.Errorf("another service alone is another identity: %s, %s", a, b)
	}
	one := int32(1)
	for name, edit := range map[string]func(*config.Settings){
		"region":   func(s *config.Settings) { s.Region = "us-east-1" },
		"profile":  func(s *config.Settings) { s.Profile = "other" },
		"keys":     func(s *config.Settings) { s.AccessKey, s.SecretKey = "AKIDEXAMPLE", "wJalrXUtnFEMI" },
		"role":     func(s *config.Settings) { s.AssumeRole = "arn:aws:iam::123456789012:role/deploy" },
		"external": func(s *config.Settings) { s.ExternalID = "x" },
		"session":  func(s *config.Settings) { s.RoleSessionName = "x" },
		"endpoint": func(s *config.Settings) { s.EndpointURL = "http://127.0.0.1:4580" },
		"scenario": func(s *config.Settings) { s.Scenario = "healthy" },
		"attempts": func(s *config.Settings) { s.MaxAttempts = &one },
	} {
		if memberWith(same).identity() == memberWith(edit).identity() {
			t.Errorf("%s: the same identity", name)
		}
	}
}

// TestLimitsAreThoseOfAnAccount: members with different credentials share the buckets of
// an account and region, as far as the account is known.
func TestLimitsAreThoseOfAnAccount(t *testing.T) {
	sets := newClientSets(nil, nil, nil)
	limits := func(edit func(*config.Settings)) any {
		l := sets.limitsOf(memberWith(edit))
		if l == nil {
			return nil
		}
		return l
	}
	known := limits(func(s *config.Settings) { s.Account = "123456789012" })
	for name, c := range map[string]struct {
		edit func(*config.Settings)
		same bool
	}{
		"another profile": {func(s *config.Settings) { s.Account, s.Profile = "123456789012", "other" }, true},
		"a role":          {func(s *config.Settings) { s.AssumeRole = "arn:aws:iam::123456789012:role/deploy" }, true},
		"an ARN":          {func(s *config.Settings) { s.Cluster = "arn:aws:ecs:eu-west-1:123456789012:cluster/prod" }, true},
		"another region":  {func(s *config.Settings) { s.Account, s.Region = "123456789012", "us-east-1" }, false},
		"another account": {func(s *config.Settings) { s.Account = "210987654321" }, false},
		"unknown account": {func(s *config.Settings) {}, false},
	} {
		if got := limits(c.edit); (got == known) != c.same {
			t.Errorf("%s: shared %v, want %v", name, got == known, c.same)
		}
	}
}
