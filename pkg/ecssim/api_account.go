package ecssim

// This file is the account settings. They are kept and shown, and change
// nothing else.

import "slices"

// settingDefaults are the values of an account that has set none.
var settingDefaults = map[string]string{
	"serviceLongArnFormat": "enabled", "taskLongArnFormat": "enabled", "containerInstanceLongArnFormat": "enabled",
	"awsvpcTrunking": "disabled", "containerInsights": "disabled", "fargateFIPSMode": "disabled",
	"tagResourceAuthorization": "off", "fargateTaskRetirementWaitPeriod": "7", "guardDutyActivate": "off",
	"defaultLogDriverMode": "non-blocking",
}

// settingValues are the values that a setting takes; those of others are on and
// off, in ECS's two spellings.
var settingValues = map[string][]string{
	"containerInsights":               {"enabled", "disabled", "enhanced"},
	"fargateTaskRetirementWaitPeriod": {"0", "7", "14"},
	"defaultLogDriverMode":            {"blocking", "non-blocking"},
}

// accountDefault is the principal whose settings hold for all that have none.
const accountDefault = ""

type settingInput struct {
	Name       string `json:"name"`
	Value      string `json:"value"`
	Principal  string `json:"principalArn"`
	Effective  bool   `json:"effectiveSettings"`
	MaxResults *int   `json:"maxResults"`
	NextToken  string `json:"nextToken"`
}

func (e *engine) settingView(name, value, principal string) map[string]any {
	kind := "user"
	if name == "guardDutyActivate" {
		kind = "aws_managed"
	}
	return map[string]any{"name": name, "value": value, "principalArn": principal, "type": kind}
}

func (e *engine) root() string { return "arn:aws:iam::" + e.World.account() + ":root" }

// principal is whom a call is about: the caller if it names nobody.
func (e *engine) principal(in settingInput) string {
	if in.Principal == "" {
		return e.identity()
	}
	return in.Principal
}

func (e *engine) putAccountSetting(in settingInput, _ Document) (any, *apiError) {
	return e.putSetting(in, e.principal(in), e.principal(in))
}

func (e *engine) putAccountSettingDefault(in settingInput, _ Document) (any, *apiError) {
	return e.putSetting(in, accountDefault, e.root())
}

func (e *engine) putSetting(in settingInput, key, principal string) (any, *apiError) {
	values := settingValues[in.Name]
	if values == nil {
		values = []string{"enabled", "disabled", "on", "off"}
	}
	switch {
	case in.Name == "" || in.Name == "guardDutyActivate":
		return nil, invalid("The setting cannot be changed.") // assumed text
	case !slices.Contains(values, in.Value):
		return nil, invalid("Invalid value '" + in.Value + "' for setting " + in.Name + ".") // assumed text
	}
	if e.Settings == nil {
		e.Settings = map[string]map[string]string{}
	}
	if e.Settings[key] == nil {
		e.Settings[key] = map[string]string{}
	}
	e.Settings[key][in.Name] = in.Value
	return map[string]any{"setting": e.settingView(in.Name, in.Value, principal)}, nil
}

func (e *engine) deleteAccountSetting(in settingInput, _ Document) (any, *apiError) {
	who := e.principal(in)
	delete(e.Settings[who], in.Name)
	return map[string]any{"setting": e.settingView(in.Name, e.setting(who, in.Name), who)}, nil
}

// setting is the value that holds for a principal.
func (e *engine) setting(principal, name string) string {
	for _, key := range []string{principal, accountDefault} {
		if value, ok := e.Settings[key][name]; ok {
			return value
		}
	}
	return settingDefaults[name]
}

func (e *engine) listAccountSettings(in settingInput, _ Document) (any, *apiError) {
	who, views := e.principal(in), []any{}
	for _, name := range sortedKeys(settingDefaults) {
		_, own := e.Settings[who][name]
		value := e.setting(who, name)
		switch {
		case in.Name != "" && in.Name != name, in.Value != "" && in.Value != value, !in.Effective && !own:
			continue
		}
		views = append(views, e.settingView(name, value, who))
	}
	return page(views, "settings", in.MaxResults, 10, in.NextToken)
}
