package deploy_test

// Answers about another service, or another definition, than was asked for.

import (
	"strings"
	"testing"

	"github.com/ecs-deploy/ecs-deploy/pkg/deploy"
	"github.com/ecs-deploy/ecs-deploy/pkg/rollout"
)

// another renames every web of a document, but not of a name that begins with it.
func another(d doc) doc {
	text := strings.NewReplacer("/web\"", "/web-admin\"", "\"web\"", "\"web-admin\"").Replace(marshalled(d))
	return unmarshalled(text)
}

// TestAnotherService (A12): what is asked about one service is not answered by
// another one.
func TestAnotherService(t *testing.T) {
	first := func(answer doc) {
		answer["services"] = append([]any{another(copied(only(answer, "services")))}, answer["services"].([]any)...)
	}
	instead := func(answer doc) { answer["services"] = []any{another(copied(only(answer, "services")))} }
	elsewhere := func(answer doc) {
		s := only(answer, "services")
		for _, member := range []string{"serviceArn", "clusterArn"} {
			s[member] = strings.Replace(s[member].(string), "/prod", "/staging", 1)
		}
	}
	for name, c := range map[string]struct {
		twist func(answer doc)
		found bool
	}{"instead": {instead, false}, "first": {first, true}, "of another cluster": {elsewhere, false}} {
		t.Run("A12 "+name, func(t *testing.T) {
			inWorld(t, webWorld, func(b *bench) {
				d, p := b.played(func(x *exchange) doc {
					if service, _ := x.body["service"].(string); x.operation == "UpdateService" && rollout.ShortName(service) != "web" {
						b.Errorf("%s is updated", service)
					}
					answer := x.ecs()
					if x.operation == "DescribeServices" {
						c.twist(answer)
					}
					return answer
				})
				o, err := d.Run(b.Context(), request(), deploy.Policy{})
				if c.found {
					b.exits(0, o, err)
					return
				}
				if err == nil {
					b.Errorf("%s: %s", o.Verdict, o.Reason)
				}
				p.sent("UpdateService", 0)
				p.sent("RegisterTaskDefinition", 0)
			})
		})
	}
	t.Run("A12 in the middle of the watch", func(t *testing.T) {
		inWorld(t, webWorld+crash, func(b *bench) {
			updated, n := false, 0
			d, _ := b.played(func(x *exchange) doc {
				updated = updated || x.operation == "UpdateService"
				answer := x.ecs()
				if n++; x.operation == "DescribeServices" && updated && n%3 == 0 {
					for _, each := range deploymentsOf(answer) {
						each.(doc)["rolloutState"] = "COMPLETED"
					}
					instead(answer)
				}
				return answer
			})
			o, err := d.Run(b.Context(), request(), deploy.Policy{})
			b.exits(6, o, err)
		})
	})
}

// TestAnotherDefinition (A12): neither the base nor what was registered is taken
// from an answer about another family.
func TestAnotherDefinition(t *testing.T) {
	for _, operation := range []string{"DescribeTaskDefinition", "RegisterTaskDefinition"} {
		t.Run("A12 "+operation, func(t *testing.T) {
			inWorld(t, webWorld, func(b *bench) {
				d, p := b.played(func(x *exchange) doc {
					if name, _ := x.body["taskDefinition"].(string); x.operation == "UpdateService" && strings.Contains(name, "admin") {
						b.Errorf("%s is brought into service", name)
					}
					answer := x.ecs()
					if x.operation == operation {
						definition := answer["taskDefinition"].(doc)
						definition["family"], definition["taskDefinitionArn"] = "admin", strings.Replace(definition["taskDefinitionArn"].(string), "/web:", "/admin:", 1)
					}
					return answer
				})
				o, err := d.Run(b.Context(), request(), deploy.Policy{})
				if operation == "DescribeTaskDefinition" {
					if err == nil {
						b.Errorf("%s: %s", o.Verdict, o.Reason)
					}
					p.sent("RegisterTaskDefinition", 0)
				}
			})
		})
	}
}
