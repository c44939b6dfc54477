package config

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
func (o Origin) Place() string { return place{o.Line, o.Column}.in(o.File) }

// Origin is where a key's value comes from. Of a key that is a map it is that of
// the last entry, see [Settings.EntryOrigins].
func (s *Settings) Origin(key string) Origin {
	if entries := s.EntryOrigins(key); len(entries) > 0 {
		return entries[len(entries)-1]
	}
	return s.origins[key]
}

// EntryOrigins are where the entries of a key that is a map come from, one for
// each, in their order.
func (s *Settings) EntryOrigins(key string) []Origin {
	k, ok := s.key(key)
	v, isMap := k.Value.(entryValue)
	if !ok || !isMap {
		return nil
	}
	// Entries of the file were put before those of flags, which say nothing of
	// themselves.
	origins := append([]Origin(nil), s.entryOrigins[mapName(k)]...)
	for _, entry := range (*v.field())[len(origins):] {
		flag := Origin{Layer: Flag, Name: mapName(k)}
		if entry.Unset {
			flag.Name = "unset-" + flag.Name
		}
		origins = append(origins, flag)
	}
	return origins
}
