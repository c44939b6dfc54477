package config

import (
	"fmt"
	"slices"
	"strings"

	"github.com/ecs-deploy/ecs-deploy/pkg/internal/nearest"
)

// Warnings are about variables ECS_DEPLOY_… of an environment (see os.Environ)
// that have no effect, one line each: those of settings that no variable may
// set, and those that nobody knows. Values are not shown.
func Warnings(environ []string) []string {
	variables := map[string]Key{}
	var known []string
	for _, key := range new(Settings).Keys() {
		variables[key.Env()] = key
		if key.Source.InEnv() {
			known = append(known, key.Env())
		}
	}
	var warnings []string
	for _, variable := range slices.Sorted(slices.Values(environ)) {
		name, value, _ := strings.Cut(variable, "=")
		if !strings.HasPrefix(name, EnvPrefix) || value == "" {
			continue
		}
		key, ok := variables[name]
		switch {
		case ok && key.Source.InEnv():
		case ok && key.Source == FileOnly:
			warnings = append(warnings, fmt.Sprintf("%s has no effect: %s can be set only in the settings file", name, key.Name))
		case ok && key.Source == NotVariable:
			warnings = append(warnings, fmt.Sprintf("%s has no effect: %s can be set only with --%s or in the settings file", name, key.Name, key.Name))
		case ok:
			warnings = append(warnings, fmt.Sprintf("%s has no effect: it can be set only with --%s", name, key.Name))
		default:
			warnings = append(warnings, fmt.Sprintf("unknown variable %s%s", name, meant(name, known)))
		}
	}
	return warnings
}

// meant is a question for the variable that a misspelt one was probably meant to
// be.
func meant(name string, known []string) string {
	parts := make([]string, len(known))
	for i, variable := range known {
		parts[i] = strings.TrimPrefix(variable, EnvPrefix)
	}
	if like := nearest.Name(strings.TrimPrefix(name, EnvPrefix), parts); like != "" {
		return "; did you mean " + EnvPrefix + like + "?"
	}
	return ""
}
