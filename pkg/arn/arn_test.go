package arn_test

import (
	"testing"

	"github.com/ecs-deploy/ecs-deploy/pkg/arn"
)

func TestParse(t *testing.T) {
	const at = "arn:aws:ecs:eu-west-1:123456789012:"
	place := arn.Resource{Region: "eu-west-1", Account: "123456789012"}
	of := func(kind, cluster, service string) arn.Resource {
		r := place
		r.Kind, r.Cluster, r.Service = kind, cluster, service
		return r
	}
	for text, want := range map[string]arn.Resource{
		at + "cluster/prod":                    of("cluster", "prod", ""),
		at + "service/prod/web":                of("service", "prod", "web"),
		at + "service/web":                     of("service", "", "web"),
		at + "task-definition/web:41":          of("task-definition", "", ""),
		at + "service-deployment/prod/web/abc": of("service-deployment", "prod", "web"),
		at + "service-revision/prod/web/1":     of("service-revision", "prod", "web"),
		"arn:aws-cn:ecs:cn-north-1::cluster/a": {Region: "cn-north-1", Kind: "cluster", Cluster: "a"},
	} {
		got, ok := arn.Parse(text)
		if !ok || got != want {
			t.Errorf("%s is %+v, %v, want %+v", text, got, ok, want)
		}
	}
	for _, text := range []string{"", "web", "web:41", "arn:", "arn:aws:ecs:a:b:cluster", "arn:aws:ecs:a:b:cluster/", "arn:aws:iam::123456789012:role/a", "ecs-svc/1"} {
		if got, ok := arn.Parse(text); ok {
			t.Errorf("%q is no ARN of ECS, and is read as %+v", text, got)
		}
	}
}

func TestNames(t *testing.T) {
	for name, want := range map[string]struct {
		short, family string
		revision      int
		has           bool
	}{
		"web":    {"web", "web", 0, false},
		"web:41": {"web:41", "web", 41, true},
		"web:x":  {"web:x", "web", 0, true},
		"arn:aws:ecs:eu-west-1:123456789012:task-definition/web:41": {"web:41", "web", 41, true},
		"arn:aws:ecs:eu-west-1:123456789012:task-definition/web":    {"web", "web", 0, false},
	} {
		if short, family := arn.ShortName(name), arn.Family(name); short != want.short || family != want.family {
			t.Errorf("%s is %q of the family %q", name, short, family)
		}
		if revision, has := arn.Revision(name), arn.HasRevision(name); revision != want.revision || has != want.has {
			t.Errorf("%s has the revision %d, %v", name, revision, has)
		}
	}
}
