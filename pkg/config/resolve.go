package config

import (
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/viper"

	"github.com/ecs-deploy/ecs-deploy/pkg/internal/nearest"
)

// ValueError says that a variable has a value that cannot be read.
type ValueError struct {
	// Origin says where the value was given.
	Origin Origin
	// Err is what the flag of the same name says of it.
	Err error
}

func (e *ValueError) Error() string {
	if e.Origin.Layer == Variable {
		return fmt.Sprintf("%s: %v", e.Origin.Name, e.Err)
	}
	return fmt.Sprintf("%s: %v", e.Origin, e.Err)
}

// Unwrap gives the value's own error.
func (e *ValueError) Unwrap() error { return e.Err }

// Hint says how values are read.
func (e *ValueError) Hint() string {
	return "see the flag of the same name: ecs-deploy deploy --help"
}

// ExitCode is that of bad input.
func (e *ValueError) ExitCode() int { return 3 }

// Resolve merges all layers into settings: the file's defaults, its target of the
// given name (none if it is empty) and those that it extends, the variables of an
// environment (see os.Environ), and what the command line gives. A higher layer
// wins. An empty variable counts as absent. Settings that the command has no flags
// for stay at their zero value, except those that only the file can set.
//
// Each call returns settings of its own, so that several targets can be resolved
// in one process, also at the same time.
//
// A layer that names a revision (-d FAMILY:REVISION) decides what runs: images and
// edits of lower layers, which would need another revision, are ignored, see
// [Settings.LeftOut]. Those of the same layer and of higher ones still apply.
//
// Errors are an [*Error] or a [*ValueError] and name the place: file:line:column,
// the variable or the flag.
func Resolve(given Given, environ []string, file File, target string) (*Settings, error) {
	flags, err := given.layer()
	if err != nil {
		return nil, err
	}
	chain, err := file.chain(target)
	if err != nil {
		return nil, err
	}
	lookup := environment(environ)
	variables := variablesLayer(given, lookup)
	s, err := ofLayers(given, append(chain, variables, flags))
	if err != nil {
		return nil, err
	}
	s.lookup = lookup
	s.noteOverridden(chain, variables, flags)
	s.nameTarget(target)
	return s, nil
}

// Settings are the settings of one of the file's targets, or, if the name is empty,
// its defaults, without flags and variables.
func (f File) Settings(target string) (*Settings, error) {
	chain, err := f.chain(target)
	if err != nil {
		return nil, err
	}
	s, err := ofLayers(Given{}, chain)
	if err != nil {
		return nil, err
	}
	s.nameTarget(target)
	return s, nil
}

// nameTarget notes which target the settings are those of. Flag and variable may
// have named several.
func (s *Settings) nameTarget(target string) {
	if s.Target = target; target == "" {
		delete(s.sources, "target")
	}
}

// ofLayers are the settings that layers come to, given from the lowest to the
// highest.
func ofLayers(given Given, layers []*layer) (*Settings, error) {
	merged, err := merge(layers)
	if err != nil {
		return nil, err
	}
	s := &Settings{sources: map[string][]source{}}
	for _, key := range s.Keys() {
		if key.Source != FileOnly && !given.has(key.Name) {
			continue
		}
		if err := s.take(key, merged); err != nil {
			return nil, err
		}
	}
	s.reconcile()
	return s, nil
}

// merge lays layers one upon the other. Viper decides which layer wins. It sees one
// opaque value for each key: it would change texts (of numbers, durations and
// lists), and the names in maps, whose entries add up instead.
func merge(layers []*layer) (*layer, error) {
	merged, all := viper.New(), newLayer("", position{})
	for height, l := range layers {
		values := make(map[string]any, len(l.values))
		for name, value := range l.values {
			value.height = height
			values[name] = value
		}
		if err := merged.MergeConfigMap(values); err != nil {
			return nil, fmt.Errorf("merging the settings: %w", err)
		}
		for name, entries := range l.entries {
			for _, entry := range entries {
				entry.height = height
				all.entries[name] = append(all.entries[name], entry)
			}
		}
	}
	for _, name := range merged.AllKeys() {
		all.values[name], _ = merged.Get(name).(value)
	}
	return all, nil
}

// take gives a setting what the merged layers say of it, read by the setting's flag.
func (s *Settings) take(key Key, merged *layer) error {
	if v, isMap := key.Value.(entryValue); isMap {
		placed := merged.entries[key.Name]
		if _, one := v.(perContainer); one {
			placed = latest(placed)
		}
		for _, entry := range placed {
			*v.field() = append(*v.field(), entry.Entry)
			s.sources[key.Name] = append(s.sources[key.Name], source{entry.origin, entry.height})
		}
		return nil
	}
	said, ok := merged.values[key.Name]
	if !ok || said.null {
		return nil
	}
	for _, text := range said.texts {
		if err := key.Value.Set(text); err != nil {
			return &ValueError{Origin: said.origin, Err: err}
		}
	}
	s.sources[key.Name] = []source{{said.origin, said.height}}
	return nil
}

// environment looks up variables in an environment. Of duplicates, the last counts,
// as in os/exec.
func environment(environ []string) func(string) (string, bool) {
	variables := make(map[string]string, len(environ))
	for _, variable := range environ {
		name, text, _ := strings.Cut(variable, "=")
		variables[name] = text
	}
	return func(name string) (string, bool) {
		text, ok := variables[name]
		return text, ok
	}
}

// variablesLayer are the variables of the command's settings as a layer.
func variablesLayer(given Given, lookup func(string) (string, bool)) *layer {
	l := newLayer("", position{})
	for _, key := range new(Settings).Keys() {
		text, _ := lookup(key.Env())
		if text != "" && key.Source.InEnv() && given.has(key.Name) {
			l.values[key.Name] = value{texts: texts(key, text), origin: Origin{Layer: Variable, Name: key.Env()}}
		}
	}
	return l
}

// texts are the texts of a variable, separated by commas if the key takes several.
func texts(key Key, whole string) []string {
	if _, several := key.Value.(list); !several {
		return []string{whole}
	}
	var parts []string
	for part := range strings.SplitSeq(whole, ",") {
		if part = strings.TrimSpace(part); part != "" {
			parts = append(parts, part)
		}
	}
	return parts
}

// noteOverridden notes the variables that win over another value in the target.
func (s *Settings) noteOverridden(file []*layer, variables, flags *layer) {
	for _, key := range s.Keys() {
		variable, ok := variables.values[key.Name]
		if _, isFlag := flags.values[key.Name]; !ok || isFlag {
			continue
		}
		for _, l := range slices.Backward(file) {
			lower, ok := l.values[key.Name]
			if !ok {
				continue
			}
			if lower.origin.Layer == Target && !lower.null && !slices.Equal(lower.texts, variable.texts) {
				s.overridden = append(s.overridden, fmt.Sprintf("%s (%s, %s)", key.Env(), key.Name, lower.origin.Place()))
			}
			break
		}
	}
}

// Overridden are the variables that win over another value in the target, each with
// the key and its place.
func (s *Settings) Overridden() []string { return s.overridden }

// latest leaves out what a container has no more: null takes back what lower layers
// say of it.
func latest(placed []placedEntry) []placedEntry {
	var kept []placedEntry
	for _, entry := range placed {
		if !entry.Unset {
			kept = append(kept, entry)
			continue
		}
		kept = slices.DeleteFunc(kept, func(lower placedEntry) bool { return lower.Container == entry.Container })
	}
	return kept
}

// chain are the layers of a target, from the lowest to the highest.
func (f File) chain(target string) ([]*layer, error) {
	if f.Path == "" && target != "" {
		return nil, &Error{
			Problem: fmt.Sprintf("target %q needs a settings file, and none was found", target),
			Remedy:  "pass it with --config FILE, or create " + FileName + " in this folder or above it, up to the root of the repository",
		}
	}
	if f.defaults == nil {
		return nil, nil
	}
	if target == "" {
		if f.requireTarget {
			return nil, f.noTarget("target not set", "")
		}
		return []*layer{f.defaults}, nil
	}
	l, ok := f.targets[target]
	if !ok {
		return nil, f.noTarget(fmt.Sprintf("no target %q", target), target)
	}
	chain := []*layer{l}
	for l.extends != nil {
		l = f.targets[l.extends.name]
		chain = append(chain, l)
	}
	chain = append(chain, f.defaults)
	slices.Reverse(chain)
	return chain, nil
}

// noTarget is the error that lists the targets.
func (f File) noTarget(problem, asked string) error {
	at := f.Path
	if f.targetsAt.line > 0 {
		at = f.targetsAt.in(f.Path)
	}
	names := f.Targets()
	if len(names) == 0 {
		return &Error{Problem: fmt.Sprintf("%s: %s; the file has no targets", at, problem), Remedy: "add one under targets, see docs/configuration.md"}
	}
	e := &Error{Problem: fmt.Sprintf("%s: %s; the targets are %s", at, problem, strings.Join(names, ", ")), Remedy: "pass --target NAME"}
	if groups := f.Groups(); len(groups) > 0 {
		e.Problem += "; the groups are " + strings.Join(groups, ", ")
	}
	if like := nearest.Name(asked, append(names, f.Groups()...)); like != "" {
		e.Remedy = fmt.Sprintf("did you mean --target %s?", like)
	}
	return e
}
