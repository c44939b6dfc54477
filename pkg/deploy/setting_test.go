package deploy_test

import (
	"encoding/json"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"

	"github.com/ecs-deploy/ecs-deploy/pkg/deploy"
)

// settingSamples are a value for each member of [deploy.ServiceSettings] that the
// service of webWorld does not have.
var settingSamples = map[string]any{
	"DesiredCount":          aws.Int32(3),
	"MinimumHealthyPercent": aws.Int32(50),
	"MaximumPercent":        aws.Int32(250),

	"HealthCheckGracePeriodSeconds": aws.Int32(90),
}

// ofStrategies are members about strategies: TestStrategySettings is about them, because
// services of the usual world have no old value to restore.
var ofStrategies = []string{"Strategy", "BakeTimeInMinutes", "CanaryPercent", "CanaryBakeTimeInMinutes", "StepPercent", "StepBakeTimeInMinutes", "DeploymentCircuitBreaker", "Alarms"}

// TestEverySettingIsSentAndRestored: each setting on its own, with an image whose tasks
// crash. The update brings the setting, and the rollback the old value.
func TestEverySettingIsSentAndRestored(t *testing.T) {
	members := reflect.TypeFor[deploy.ServiceSettings]()
	for i := range members.NumField() {
		name := members.Field(i).Name
		if slices.Contains(ofStrategies, name) {
			continue
		}
		t.Run(name, func(t *testing.T) {
			sample, ok := settingSamples[name]
			if !ok {
				t.Fatalf("settingSamples has no value for %s", name)
			}
			inWorld(t, unguarded+crash, func(b *bench) {
				r := request()
				reflect.ValueOf(&r.ServiceSettings).Elem().Field(i).Set(reflect.ValueOf(sample))
				before := b.document()
				o := b.run(r, deploy.Policy{RollbackOnFailure: true})
				b.want(o, "rolled-back")
				if len(o.Deployment.Settings) != 1 {
					b.Fatalf("settings %v", o.Deployment.Settings)
				}
				setting, updates := o.Deployment.Settings[0], b.made("UpdateService")
				if len(updates) != 2 {
					b.Fatalf("UpdateService was sent %d times", len(updates))
				}
				want, err := json.Marshal(sample)
				if err != nil {
					b.Fatal(err)
				}
				for i, want := range []string{string(want), string(jsonOf(b, setting.Old))} {
					if got := string(jsonOf(b, memberOf(updates[i].body, setting.Name))); got != want {
						b.Errorf("update %d sends %s as %s, want %s", i+1, setting.Name, got, want)
					}
				}
				if had, has := memberOf(before, setting.Name), memberOf(b.document(), setting.Name); !reflect.DeepEqual(had, has) || had == nil {
					b.Errorf("%s: %v before, %v after the rollback", setting.Name, had, has)
				}
				if words := setting.Restore(); len(words) != 2 || words[1] != string(jsonOf(b, setting.Old)) {
					b.Errorf("to restore it by hand: %q", words)
				}
			})
		})
	}
	for name := range settingSamples {
		if _, ok := members.FieldByName(name); !ok {
			t.Errorf("settingSamples has a value for %s, which is no setting", name)
		}
	}
}

// TestNegativeSettingsAreRefused before ECS is asked.
func TestNegativeSettingsAreRefused(t *testing.T) {
	members := reflect.TypeFor[deploy.ServiceSettings]()
	for i := range members.NumField() {
		if members.Field(i).Type != reflect.TypeFor[*int32]() {
			continue
		}
		r := request()
		reflect.ValueOf(&r.ServiceSettings).Elem().Field(i).Set(reflect.ValueOf(aws.Int32(-1)))
		if err := r.Validate(); err == nil || !strings.Contains(err.Error(), "cannot be negative") {
			t.Errorf("%s: %v", members.Field(i).Name, err)
		}
	}
}

// document is the service web as ECS describes it.
func (b *bench) document() map[string]any {
	b.Helper()
	var answer struct{ Services []map[string]any }
	if err := json.Unmarshal(b.raw("DescribeServices", `{"cluster":"prod","services":["web"]}`), &answer); err != nil || len(answer.Services) != 1 {
		b.Fatalf("%v: %v", answer, err)
	}
	return answer.Services[0]
}

// memberOf is a member of a document or of its deploymentConfiguration.
func memberOf(document map[string]any, name string) any {
	if configuration, ok := document["deploymentConfiguration"].(map[string]any); ok && configuration[name] != nil {
		return configuration[name]
	}
	return document[name]
}

func jsonOf(b *bench, value any) []byte {
	b.Helper()
	text, err := json.Marshal(value)
	if err != nil {
		b.Fatal(err)
	}
	return text
}
