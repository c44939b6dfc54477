package deploy

// The table of settings, with rows of other types and depths than it has.

import (
	"encoding/json"
	"reflect"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/service/ecs"
	"github.com/aws/aws-sdk-go-v2/service/ecs/types"

	"github.com/ecs-deploy/ecs-deploy/pkg/ecsapi"
)

// serviceOf is a service that ECS describes with this JSON.
func serviceOf(t *testing.T, text string) *described {
	t.Helper()
	decoder := json.NewDecoder(strings.NewReader(text))
	decoder.UseNumber()
	service := &described{Service: &ecsapi.Service{}}
	if err := decoder.Decode(&service.Raw); err != nil {
		t.Fatal(err)
	}
	return service
}

// TestEveryMemberOfTheRequestHasARow sets one member after the other.
func TestEveryMemberOfTheRequestHasARow(t *testing.T) {
	members := reflect.TypeFor[ServiceSettings]()
	for i := range members.NumField() {
		member := members.Field(i)
		var s ServiceSettings
		reflect.ValueOf(&s).Elem().Field(i).Set(reflect.New(member.Type.Elem()))
		asked := Request{ServiceSettings: s}.askedSettings()
		if len(asked) != 1 {
			t.Errorf("%d rows of settingTable ask for ServiceSettings.%s, want 1", len(asked), member.Name)
			continue
		}
		if row := asked[0]; !strings.EqualFold(row.path[strings.LastIndex(row.path, ".")+1:], member.Name) {
			t.Errorf("ServiceSettings.%s is sent as %s", member.Name, row.path)
		}
	}
	if members.NumField() != len(settingTable) {
		t.Errorf("%d members and %d rows", members.NumField(), len(settingTable))
	}
}

// TestRowsAreComplete names what a row lacks. UpdateService must take the setting where
// DescribeServices shows it.
func TestRowsAreComplete(t *testing.T) {
	seen := map[string]bool{}
	for _, row := range settingTable {
		if row.words == "" || row.flag == "" || row.check == nil {
			t.Errorf("the row of %s lacks words, flag or check", row.path)
		}
		if seen[row.name()] {
			t.Errorf("two settings are named %s", row.name())
		}
		seen[row.name()] = true
		for _, document := range []reflect.Type{reflect.TypeFor[ecs.UpdateServiceInput](), reflect.TypeFor[types.Service]()} {
			if !hasPath(document, row.path) {
				t.Errorf("%s has no member %s", document, row.path)
			}
		}
	}
}

// hasPath reports whether a type of the SDK has a member at a path of JSON.
func hasPath(document reflect.Type, path string) bool {
	for member := range strings.SplitSeq(path, ".") {
		field, ok := document.FieldByName(strings.ToUpper(member[:1]) + member[1:])
		if !ok {
			return false
		}
		if document = field.Type; document.Kind() == reflect.Pointer {
			document = document.Elem()
		}
	}
	return true
}

// TestSettingsOfAnyTypeAndDepth: compared, shown, sent within the whole object of the
// service, and restored as ECS had them.
func TestSettingsOfAnyTypeAndDepth(t *testing.T) {
	const before = `{"desiredCount":2,"propagateTags":"NONE","enableExecuteCommand":false,
		"placementStrategy":[{"type":"spread","field":"host","future":1.50}],
		"deploymentConfiguration":{"maximumPercent":200,"future":{"a":[1,null]},
			"linearConfiguration":{"stepPercent":10.0,"stepBakeTimeInMinutes":6}}}`
	const linear = "deploymentConfiguration.linearConfiguration."
	for _, c := range []struct {
		path       string
		new        any
		shown      string
		sent, back string // the input of the update, and of the rollback
	}{
		{"enableExecuteCommand", true, "enableExecuteCommand: false -> true", `{"enableExecuteCommand":true}`, `{"enableExecuteCommand":false}`},
		{"enableExecuteCommand", false, "", "", ""},
		{"propagateTags", "SERVICE", "propagateTags: NONE -> SERVICE", `{"propagateTags":"SERVICE"}`, `{"propagateTags":"NONE"}`},
		{"placementStrategy", []any{}, `placementStrategy: [{"field":"host","future":1.50,"type":"spread"}] -> []`,
			`{"placementStrategy":[]}`, `{"placementStrategy":[{"field":"host","future":1.50,"type":"spread"}]}`},
		{"placementStrategy", []map[string]any{{"field": "host", "future": 1.5, "type": "spread"}}, "", "", ""},
		{linear + "stepPercent", 12.5, "linearConfiguration.stepPercent: 10.0 -> 12.5",
			`{"deploymentConfiguration":{"future":{"a":[1,null]},"linearConfiguration":{"stepBakeTimeInMinutes":6,"stepPercent":12.5},"maximumPercent":200}}`,
			`{"deploymentConfiguration":{"future":{"a":[1,null]},"linearConfiguration":{"stepBakeTimeInMinutes":6,"stepPercent":10.0},"maximumPercent":200}}`},
		{linear + "stepPercent", 10, "", "", ""},
		{"deploymentConfiguration.strategy", "CANARY", "strategy: CANARY",
			`{"deploymentConfiguration":{"future":{"a":[1,null]},"linearConfiguration":{"stepBakeTimeInMinutes":6,"stepPercent":10.0},"maximumPercent":200,"strategy":"CANARY"}}`, ""},
		{"availabilityZoneRebalancing", "ENABLED", "availabilityZoneRebalancing: ENABLED", `{"availabilityZoneRebalancing":"ENABLED"}`, ""},
	} {
		table := settingTable
		t.Cleanup(func() { settingTable = table })
		settingTable = []settingRow{{path: c.path, asked: func(ServiceSettings) any { return c.new }}}
		service := serviceOf(t, before)
		settings := settingsOf(Request{}, service)
		if c.shown == "" {
			if len(settings) > 0 {
				t.Errorf("%s %v: changes %v", c.path, c.new, settings)
			}
			continue
		}
		if len(settings) != 1 || settings[0].String() != c.shown {
			t.Errorf("%s: shows %v, want %s", c.path, settings, c.shown)
			continue
		}
		if got := sentBy(t, service, settings); got != c.sent {
			t.Errorf("%s: sends\n%s, want\n%s", c.path, got, c.sent)
		}
		if !reflect.DeepEqual(service, serviceOf(t, before)) {
			t.Errorf("%s: the service that was read is changed", c.path)
		}
		after := serviceOf(t, before)
		putSettings(after.Raw, after.Raw, settings)
		settingTable[0].asked = func(ServiceSettings) any { return nil }
		var back Request
		back.restore(settings[0], after)
		restored := settingsOf(back, after)
		if got := sentBy(t, after, restored); len(restored) > 0 && got != c.back || len(restored) == 0 && c.back != "" {
			t.Errorf("%s: sends back\n%s, want\n%s", c.path, got, c.back)
		}
		back = Request{}
		if back.restore(settings[0], serviceOf(t, before)); len(back.askedSettings()) > 0 {
			t.Errorf("%s: restored although somebody changed it since", c.path)
		}
	}
}

// sentBy is the input of UpdateService with these settings.
func sentBy(t *testing.T, service *described, settings []Setting) string {
	t.Helper()
	input := map[string]any{}
	putSettings(input, service.Raw, settings)
	text, err := json.Marshal(input)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}
