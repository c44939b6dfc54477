package config

import (
	"fmt"
	"os"
	"slices"
	"strings"

	"github.com/spf13/pflag"
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
	return "it is read like the flag of the same name; see ecs-deploy deploy --help"
}

// ExitCode is that of bad input.
func (e *ValueError) ExitCode() int { return 3 }

// Resolve fills every setting that was not given on the command line from the
// environment, or else from the file: from the target that --target or its
// variable names, or else from the defaults. An empty variable counts as absent.
// Settings that the flag set has no flags for are left alone, but for those that
// only the file has. It is called once.
//
// A layer that names a revision (-d FAMILY:REVISION) says what should run: images
// and edits of lower layers, which would make another one of it, are left out, see
// [Settings.LeftOut]. Those of the same layer and of higher ones still apply.
//
// Which layer wins is viper's business; the winner's text is then read by the
// flag itself, so that all layers mean the same by the same text. Maps do not
// pass through viper, which would change their names.
func (s *Settings) Resolve(flags *pflag.FlagSet, file File) error {
	if err := refuseEmpty(flags); err != nil {
		return err
	}
	said, err := file.merged(s.targetOf(flags))
	if err != nil {
		return err
	}
	merged := viper.New()
	fromFile := make(map[string]any, len(said.values))
	for name, value := range said.values {
		if !value.null {
			fromFile[name] = value.texts
		}
	}
	if err := merged.MergeConfigMap(fromFile); err != nil {
		return fmt.Errorf("merging the settings file: %w", err)
	}
	s.origins = map[string]Origin{}
	for _, key := range s.Keys() {
		flag := flags.Lookup(key.Name)
		switch {
		case key.Source == FileOnly, key.Source == NotVariable && flag != nil:
			err = s.fromFile(key, said)
		case flag == nil:
		case flag.Changed:
			s.origins[key.Name] = Origin{Layer: Flag, Name: key.Name}
		case key.Source.InEnv():
			err = s.fromLayers(key, flag, merged, said)
		}
		if err != nil {
			return err
		}
	}
	s.settle(said)
	return nil
}

// refuseEmpty refuses flags without which something else would be deployed, and
// which are given with an empty value: that of a script's variable that is not
// set. Of other flags, an empty one takes back what a lower layer says.
func refuseEmpty(flags *pflag.FlagSet) error {
	for _, name := range []string{"target", "tag", "tag-env-var", "task-definition", "task-definition-file", "expect-revision"} {
		if flag := flags.Lookup(name); flag != nil && flag.Changed && flag.Value.String() == "" {
			return &Error{Problem: "--" + name + " is given, and its value is empty", Remedy: "leave it out, or see why the value is empty"}
		}
	}
	return nil
}

// targetOf is the name of the target that is asked for, or "".
func (s *Settings) targetOf(flags *pflag.FlagSet) string {
	if flag := flags.Lookup("target"); flag != nil && !flag.Changed {
		return os.Getenv(EnvPrefix + "TARGET")
	}
	return s.Target
}

// fromLayers gives a setting that is no flag now the value of the highest layer
// that has one.
func (s *Settings) fromLayers(key Key, flag *pflag.Flag, merged *viper.Viper, said *layer) error {
	if err := bind(merged, key, flag); err != nil {
		return err
	}
	if !merged.IsSet(key.Name) {
		return nil
	}
	origin := said.values[key.Name].origin
	if os.Getenv(key.Env()) != "" {
		if lower := said.values[key.Name]; origin.Layer == Target && !lower.null && !slices.Equal(lower.texts, texts(key, merged.Get(key.Name))) {
			s.overridden = append(s.overridden, fmt.Sprintf("%s (%s, %s)", key.Env(), key.Name, origin.Place()))
		}
		origin = Origin{Layer: Variable, Name: key.Env()}
	}
	return s.give(key, texts(key, merged.Get(key.Name)), origin)
}

// Overridden are the variables that win over another value in the target that is
// named, each with the key and its place.
func (s *Settings) Overridden() []string { return s.overridden }

// give reads a setting's texts.
func (s *Settings) give(key Key, texts []string, origin Origin) error {
	for _, text := range texts {
		if err := key.Value.Set(text); err != nil {
			return &ValueError{Origin: origin, Err: err}
		}
	}
	s.origins[key.Name] = origin
	return nil
}

func bind(merged *viper.Viper, key Key, flag *pflag.Flag) error {
	if err := merged.BindEnv(key.Name, key.Env()); err != nil {
		return fmt.Errorf("binding %s: %w", key.Env(), err)
	}
	if err := merged.BindPFlag(key.Name, flag); err != nil {
		return fmt.Errorf("binding --%s: %w", key.Name, err)
	}
	return nil
}

// texts are the texts of a merged value: those of the file's list, or a
// variable's, which commas separate where the key takes several.
func texts(key Key, merged any) []string {
	if fromFile, ok := merged.([]string); ok {
		return fromFile
	}
	whole := fmt.Sprint(merged)
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

// fromFile gives a setting what the file says of it: a map's entries, before
// those of flags, or the value of a key that only the file has.
func (s *Settings) fromFile(key Key, said *layer) error {
	v, isMap := key.Value.(entryValue)
	if !isMap {
		if found, ok := said.values[key.Name]; ok && !found.null && key.Source.InFile() {
			return s.give(key, found.texts, found.origin)
		}
		return nil
	}
	placed := said.entries[key.Name]
	if _, one := v.(perContainer); one {
		placed = latest(placed)
		said.entries[key.Name] = placed
	}
	if len(placed) == 0 {
		return nil
	}
	all := make([]Entry, 0, len(placed)+len(*v.field()))
	var origins []Origin
	for _, entry := range placed {
		all, origins = append(all, entry.Entry), append(origins, entry.origin)
	}
	*v.field() = append(all, *v.field()...)
	if s.entryOrigins == nil {
		s.entryOrigins = map[string][]Origin{}
	}
	s.entryOrigins[key.Name] = origins
	return nil
}

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

// Settings are the settings of one of the file's targets, or, with no name, its
// defaults. Neither flags nor the environment are asked.
func (f File) Settings(target string) (*Settings, error) {
	said, err := f.merged(target)
	if err != nil {
		return nil, err
	}
	s := &Settings{Target: target, origins: map[string]Origin{}}
	for _, key := range s.Keys() {
		if err := s.fromFile(key, said); err != nil {
			return nil, err
		}
	}
	s.settle(said)
	return s, nil
}

// merged are the layers of a target, one upon the other.
func (f File) merged(target string) (*layer, error) {
	chain, err := f.chain(target)
	if err != nil {
		return nil, err
	}
	all := newLayer(target, place{})
	all.height = len(chain)
	for height, l := range chain {
		for name, value := range l.values {
			value.height = height
			all.values[name] = value
		}
		for name, entries := range l.entries {
			for _, entry := range entries {
				entry.height = height
				all.entries[name] = append(all.entries[name], entry)
			}
		}
	}
	return all, nil
}

// chain are the layers of a target, from the lowest to the highest.
func (f File) chain(target string) ([]*layer, error) {
	if f.Path == "" && target != "" {
		return nil, &Error{
			Problem: fmt.Sprintf("target %q is asked for, and there is no settings file", target),
			Remedy:  "name it with --config FILE; it is looked for as " + FileName + " up to the repository's root",
		}
	}
	if f.defaults == nil {
		return nil, nil
	}
	if target == "" {
		if f.requireTarget {
			return nil, f.noTarget("no target is named", "")
		}
		return []*layer{f.defaults}, nil
	}
	l, ok := f.targets[target]
	if !ok {
		return nil, f.noTarget(fmt.Sprintf("there is no target %q", target), target)
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
		return &Error{Problem: fmt.Sprintf("%s: %s; the file has no targets", at, problem), Remedy: "see targets in docs/configuration.md"}
	}
	e := &Error{Problem: fmt.Sprintf("%s: %s; the targets are %s", at, problem, strings.Join(names, ", ")), Remedy: "name one of them with --target"}
	if like := nearest.Name(asked, names); like != "" {
		e.Remedy = fmt.Sprintf("did you mean --target %s?", like)
	}
	return e
}
