package deploy

// The settings of a service that a request can change, as a table. A row says where ECS
// keeps the setting, how a request asks for it and which values it takes. Planning, the
// update, the rollback and the display read the table: a new setting is a member of
// [ServiceSettings] and a row.

import (
	"encoding/json"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strings"
)

// ServiceSettings are the settings of a service that a request can change. A nil member
// changes nothing in ECS; 0 is a value.
type ServiceSettings struct {
	// DesiredCount is the number of tasks that the service should run
	// (UpdateService.desiredCount).
	DesiredCount *int32
	// MinimumHealthyPercent and MaximumPercent bound the rolling update, in percent of
	// the desired count (DeploymentConfiguration).
	MinimumHealthyPercent *int32
	MaximumPercent        *int32
	// HealthCheckGracePeriodSeconds is for how long ECS ignores failed health checks of a
	// task after its start, in seconds (UpdateService.healthCheckGracePeriodSeconds).
	HealthCheckGracePeriodSeconds *int32
	// Strategy is how deployments replace tasks: ROLLING, BLUE_GREEN, LINEAR or CANARY
	// (DeploymentConfiguration). A change starts no deployment; the next one uses it.
	Strategy *string
	// BakeTimeInMinutes is how long ECS watches the new tasks when they have all the
	// traffic, 0 to 1440.
	BakeTimeInMinutes *int32
	// CanaryPercent of the traffic goes to the new tasks for CanaryBakeTimeInMinutes
	// first, with the strategy CANARY.
	CanaryPercent           *float64
	CanaryBakeTimeInMinutes *int32
	// StepPercent of the traffic moves every StepBakeTimeInMinutes, with the strategy
	// LINEAR.
	StepPercent           *float64
	StepBakeTimeInMinutes *int32
	// DeploymentCircuitBreaker says whether ECS ends a deployment whose tasks fail, and
	// whether it rolls it back.
	DeploymentCircuitBreaker *CircuitBreaker
	// Alarms are the names of the CloudWatch alarms that end a deployment and roll it
	// back; none, or [NoAlarm], turns them off.
	Alarms *[]string
}

// Setting is a setting of the service that changes.
type Setting struct {
	// Name is the setting's path in UpdateService, such as "desiredCount". Paths in
	// deploymentConfiguration start there: "maximumPercent".
	Name string `json:"name"`
	// Old is the value that ECS has, nil if ECS shows none; New is the requested value.
	// Both are values of JSON; ECS's numbers are of type [json.Number].
	Old any `json:"old,omitempty"`
	New any `json:"new"`
}

// String is "desiredCount: 2 -> 4".
func (s Setting) String() string {
	old, wanted := s.Values()
	if s.Old == nil {
		return fmt.Sprintf("%s: %s", s.Name, wanted)
	}
	return fmt.Sprintf("%s: %s -> %s", s.Name, old, wanted)
}

// Values are both values as text; the old one is "" if ECS shows none.
func (s Setting) Values() (old, wanted string) {
	if s.Old != nil {
		old = shown(s.Old)
	}
	return old, shown(s.New)
}

// Restore is the flag that sets the setting back to its old value, and that value; nil if
// the old value is unknown or the setting has no flag.
func (s Setting) Restore() []string {
	row, known := rowOf(s.Name)
	if !known || s.Old == nil || row.flag == "" {
		return nil
	}
	if row.text != nil {
		return []string{row.flag, row.text(s.Old)}
	}
	return []string{row.flag, shown(s.Old)}
}

// settingRow is one setting of a service.
type settingRow struct {
	// path is the setting's place, by members of JSON, in the input of UpdateService and
	// in the service that DescribeServices returns.
	path string
	// words name the setting in errors, and flag in hints.
	words, flag string
	// asked is the value that a request has for it, nil for none.
	asked func(ServiceSettings) any
	// check finds what is wrong with that value.
	check func(settingRow, ServiceSettings) error
	// absent is the value of a service for which ECS shows none; nil if it is unknown.
	absent any
	// merges: the value is an object, and members of the service's object that it does
	// not have stay as they are.
	merges bool
	// text is a value as the flag takes it; nil is its JSON.
	text func(value any) string
	// of is the only strategy that has the setting; "" is any.
	of string
}

// configuration begins the paths of the members of deploymentConfiguration.
const configuration = "deploymentConfiguration."

// The names of the settings that decisions read.
const (
	desiredCount          = "desiredCount"
	minimumHealthyPercent = "minimumHealthyPercent"
	maximumPercent        = "maximumPercent"
)

// settingTable is the table, in the order of the display.
var settingTable = append([]settingRow{
	{
		path: desiredCount, words: "desired count", flag: "-D", absent: 0,
		asked: func(s ServiceSettings) any { return given(s.DesiredCount) }, check: notNegative,
	},
	{
		path: configuration + minimumHealthyPercent, words: "minimum healthy percent", flag: "-m",
		asked: func(s ServiceSettings) any { return given(s.MinimumHealthyPercent) }, check: notNegative,
	},
	{
		path: configuration + maximumPercent, words: "maximum percent", flag: "-M",
		asked: func(s ServiceSettings) any { return given(s.MaximumPercent) }, check: notBelowMinimum,
	},
	{
		path: "healthCheckGracePeriodSeconds", words: "health check grace period", flag: "--health-check-grace-period", absent: 0,
		asked: func(s ServiceSettings) any { return given(s.HealthCheckGracePeriodSeconds) }, check: notNegative,
	},
}, strategyTable()...)

// name is the setting's name in a [Setting].
func (row settingRow) name() string { return strings.TrimPrefix(row.path, configuration) }

// rowOf is the row of a setting by its name.
func rowOf(name string) (settingRow, bool) {
	i := slices.IndexFunc(settingTable, func(row settingRow) bool { return row.name() == name })
	if i < 0 {
		return settingRow{}, false
	}
	return settingTable[i], true
}

// given is what a pointer points to, nil for nil.
func given[T any](p *T) any {
	if p == nil {
		return nil
	}
	return *p
}

// notNegative refuses numbers below 0.
func notNegative(row settingRow, s ServiceSettings) error {
	if n, ok := number(row.asked(s)); ok && n < 0 {
		return &UsageError{Problem: fmt.Sprintf("the %s is %d; it cannot be negative", row.words, n), Remedy: "pass 0 or more"}
	}
	return nil
}

// notBelowMinimum refuses an upper limit below the lower one.
func notBelowMinimum(row settingRow, s ServiceSettings) error {
	if s.MinimumHealthyPercent != nil && s.MaximumPercent != nil && *s.MinimumHealthyPercent >= 0 && *s.MaximumPercent >= 0 && *s.MaximumPercent < *s.MinimumHealthyPercent {
		return &UsageError{Problem: fmt.Sprintf("the maximum percent (%d) is below the minimum healthy percent (%d)", *s.MaximumPercent, *s.MinimumHealthyPercent),
			Remedy: "during a deployment, between -m and -M percent of the desired count are running"}
	}
	return notNegative(row, s)
}

// check finds what is wrong with the settings before ECS is asked.
func (s ServiceSettings) check() error {
	for _, row := range settingTable {
		if row.asked(s) == nil {
			continue
		}
		if err := row.check(row, s); err != nil {
			return err
		}
	}
	return nil
}

// askedSetting is a row and the requested value.
type askedSetting struct {
	settingRow
	value any
}

// askedSettings are the settings that a request asks for. A rollback restores old values
// as ECS showed them, whatever their type.
func (r Request) askedSettings() []askedSetting {
	var all []askedSetting
	for _, row := range settingTable {
		value, restored := r.restored[row.name()]
		if !restored {
			value = row.asked(r.ServiceSettings)
		}
		if value != nil {
			all = append(all, askedSetting{row, value})
		}
	}
	return all
}

// restore requests the old value of a setting, unless somebody changed the setting since.
func (r *Request) restore(setting Setting, service *described) {
	row, known := rowOf(setting.Name)
	if !known || setting.Old == nil || !sameValue(service.setting(row), setting.New) {
		return
	}
	if r.restored == nil {
		r.restored = map[string]any{}
	}
	r.restored[setting.Name] = setting.Old
}

// setting is the value of a setting in the service, as ECS shows it.
func (s *described) setting(row settingRow) any {
	var value any = s.Raw
	for member := range strings.SplitSeq(row.path, ".") {
		object, _ := value.(map[string]any)
		value = object[member]
	}
	if value == nil {
		return row.absent
	}
	return value
}

// settingsOf lists the settings that a request changes.
func settingsOf(r Request, service *described) []Setting {
	var settings []Setting
	for _, asked := range r.askedSettings() {
		old := service.setting(asked.settingRow)
		if value := asked.over(old); !sameValue(old, value) {
			settings = append(settings, Setting{Name: asked.name(), Old: old, New: value})
		}
	}
	return settings
}

// over is the requested value, with what it leaves as it is of the old one.
func (a askedSetting) over(old any) any {
	before, merges := old.(map[string]any)
	if !merges || !a.merges {
		return a.value
	}
	merged := maps.Clone(before)
	maps.Copy(merged, a.value.(map[string]any))
	return merged
}

// numberAfter is a number of the service with the settings changed; otherwise is for a
// number that neither has.
func (s *described) numberAfter(settings []Setting, name string, otherwise int32) int32 {
	row, _ := rowOf(name)
	value := s.setting(row)
	for _, setting := range settings {
		if setting.Name == name {
			value = setting.New
		}
	}
	if n, ok := number(value); ok {
		return n
	}
	return otherwise
}

// putSettings adds settings to the input of UpdateService. An object in it replaces the
// service's whole object, so a partial one is completed from what ECS showed.
func putSettings(input, service map[string]any, settings []Setting) {
	for _, setting := range settings {
		row, _ := rowOf(setting.Name)
		path := strings.Split(row.path, ".")
		if _, begun := input[path[0]]; !begun && len(path) > 1 {
			input[path[0]] = service[path[0]]
		}
		put(input, path, setting.New)
	}
}

// put sets a member of an object by its path. Objects on the path are copied first.
func put(object map[string]any, path []string, value any) {
	if len(path) == 1 {
		object[path[0]] = value
		return
	}
	inner, _ := object[path[0]].(map[string]any)
	copied := map[string]any{}
	maps.Copy(copied, inner)
	object[path[0]] = copied
	put(copied, path[1:], value)
}

// sameValue reports whether two values of JSON mean the same: 2 and 2.0 do.
func sameValue(a, b any) bool { return reflect.DeepEqual(plain(a), plain(b)) }

// plain is a value as encoding/json decodes it.
func plain(value any) any {
	var decoded any
	if text, err := json.Marshal(value); err != nil || json.Unmarshal(text, &decoded) != nil {
		return value
	}
	return decoded
}

// number is a value as a whole number, if it is one.
func number(value any) (int32, bool) {
	n, ok := plain(value).(float64)
	return int32(n), ok && n == float64(int32(n))
}

// shown is a value as people read it: a text as it is, everything else as JSON.
func shown(value any) string {
	text, err := json.Marshal(value)
	if s, ok := value.(string); ok || err != nil {
		return s
	}
	return string(text)
}
