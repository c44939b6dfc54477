package config

import "strings"

// Layer is a way in which a setting is given. A higher one wins.
type Layer int

// The layers, from the lowest to the highest.
const (
	// BuiltIn: it was not given.
	BuiltIn Layer = iota
	// Defaults: under defaults in the file.
	Defaults
	// Target: in a target of the file, or one that it extends.
	Target
	// Variable: an environment variable.
	Variable
	// Flag: on the command line.
	Flag
)

// Origin says where the value of a setting comes from.
type Origin struct {
	// Layer is the one that won.
	Layer Layer
	// Name is the target's, the variable's or the flag's.
	Name string
	// File, Line and Column are the place in the file, for defaults and targets.
	File         string
	Line, Column int
}

// String is "flag --cluster", "variable ECS_DEPLOY_CLUSTER",
// "ecs-deploy.yaml:7:14, target prod" or the like.
func (o Origin) String() string {
	switch o.Layer {
	case Flag:
		return "flag --" + o.Name
	case Variable:
		return "variable " + o.Name
	case Target:
		return o.Place() + ", target " + o.Name
	case Defaults:
		return o.Place() + ", defaults"
	}
	return "built in"
}

// InFile reports whether the settings file gives it, and not the user.
func (o Origin) InFile() bool { return o.Layer == Defaults || o.Layer == Target }

// Place is where the file has it: file:line:column.
func (o Origin) Place() string { return position{o.Line, o.Column}.in(o.File) }

// source is where a value, or an entry of a map, comes from.
type source struct {
	origin Origin
	// height is that of the layer, 0 for the lowest.
	height int
}

// Origin is where a key's value comes from. Of a key that is a map it is that of
// the last entry, see [Settings.EntryOrigins].
func (s *Settings) Origin(key string) Origin {
	if sources := s.sources[strings.TrimPrefix(key, unsetPrefix)]; len(sources) > 0 {
		return sources[len(sources)-1].origin
	}
	return Origin{}
}

// height is how high the layer is that gives a key; 0 for the lowest, and for one
// that is not given.
func (s *Settings) height(key string) int { return s.entryHeight(key, 0) }

// entryHeight is the height of an entry of a map.
func (s *Settings) entryHeight(key string, i int) int {
	if sources := s.sources[key]; i < len(sources) {
		return sources[i].height
	}
	return 0
}

// EntryOrigins are where the entries of a key that is a map come from, one for
// each, in their order. Entries of settings that were not resolved come from
// nowhere: [BuiltIn].
func (s *Settings) EntryOrigins(key string) []Origin {
	k, ok := s.key(key)
	v, isMap := k.Value.(entryValue)
	if !ok || !isMap {
		return nil
	}
	origins := make([]Origin, len(*v.field()))
	for i, source := range s.sources[mapName(k)] {
		origins[i] = source.origin
	}
	return origins
}
