package config

import (
	"bytes"
	"cmp"
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"go.yaml.in/yaml/v4"

	"github.com/ecs-deploy/ecs-deploy/pkg/printable"
)

// hidden stands for a value that is not shown.
const hidden = "***"

// View is what settings were given, with the keys of the file: what a target
// would have to say for the same result. Only that some images have a tag of their
// own and others wait for that of a lower layer is more than one target can say.
type View struct {
	settings []member
	origins  bool
}

// ViewOptions say what a view shows beside the settings.
type ViewOptions struct {
	// Origins: where each value comes from.
	Origins bool
	// Values: the values of environment variables and log options, in clear.
	Values bool
}

// member is a key with its value: a text, a number, a switch, a list of texts,
// nil for what is removed, or members of its own.
type member struct {
	name    string
	value   any
	members []member
	origin  Origin
}

// View shows the settings that are set, except those that only a flag can set and the output
// format: they belong to one command line, and not to the deployment. Credentials are never
// shown, nor those in URLs.
func (s *Settings) View(o ViewOptions) View {
	view := View{origins: o.Origins}
	for _, key := range s.Keys() {
		v, isMap := key.Value.(entryValue)
		switch {
		case key.Source == FlagOnly, key.Name == "output":
		case isMap && mapName(key) == key.Name:
			if list, ok := v.(files); ok {
				if members := fileMembers(list, s.EntryOrigins(key.Name)); len(members) > 0 {
					view.settings = append(view.settings, member{name: key.Name, members: members})
				}
				continue
			}
			masked := !o.Values && (key.Name == "env" || key.Name == "log-option")
			if members := members(v, s.EntryOrigins(key.Name), masked); len(members) > 0 {
				view.settings = append(view.settings, member{name: key.Name, members: members})
			}
		case isMap: // part of another
		case s.Origin(key.Name).Layer != BuiltIn:
			view.settings = append(view.settings, member{name: key.Name, value: shown(key), origin: s.Origin(key.Name)})
		}
	}
	return view
}

// shown is the value of a key that is no map.
func shown(key Key) any {
	if key.Secret() {
		return hidden
	}
	switch v := key.Value.(type) {
	case optionalCount:
		return **v.target
	case toggle:
		return *v.target
	case list:
		texts := []string{}
		for _, text := range *v.target {
			texts = append(texts, printable.WithoutSecrets(text))
		}
		return texts
	case steps:
		return v.shown()
	case names:
		return append([]string{}, *v.target...)
	}
	return printable.WithoutSecrets(key.Value.String())
}

// members are the entries that have an effect in the end: those that no later
// one overrides. Entries of a container are members of it; so are those of every
// container, of *, if a container has the name of one of them, or the name a
// colon.
func members(v entryValue, origins []Origin, masked bool) []member {
	all := *v.field()
	containers := map[string]bool{}
	for _, entry := range all {
		containers[entry.Container] = entry.Name != ""
	}
	_, ofContainers := v.(entries)
	var found []member
	for i, entry := range all {
		if slices.ContainsFunc(all[i+1:], func(later Entry) bool { return overrides(later, entry) }) {
			continue
		}
		m := member{name: entry.Name, value: printable.WithoutSecrets(entry.Value), origin: origins[i]}
		switch {
		case entry.Unset:
			m.value = nil
		case masked:
			m.value = hidden
		}
		group := entry.Container
		switch {
		case entry.Name == "":
			m.name, group = entry.Container, ""
		case group == "" && (containers[entry.Name] || ofContainers && strings.Contains(entry.Name, ":")):
			group = "*"
		}
		if group == "" {
			found = append(found, m)
			continue
		}
		at := slices.IndexFunc(found, func(m member) bool { return m.name == group && m.members != nil })
		if at < 0 {
			at, found = len(found), append(found, member{name: group})
		}
		found[at].members = append(found[at].members, m)
	}
	return found
}

// fileMembers are the files of each container, in their order.
func fileMembers(v files, origins []Origin) []member {
	var found []member
	for i, entry := range *v.field() {
		group := cmp.Or(entry.Container, "*")
		at := slices.IndexFunc(found, func(m member) bool { return m.name == group })
		if at < 0 {
			at, found = len(found), append(found, member{name: group, value: []string{}, origin: origins[i]})
		}
		found[at].value = append(found[at].value.([]string), entry.Value)
	}
	return found
}

// overrides reports whether an entry leaves nothing of an earlier one.
func overrides(later, earlier Entry) bool {
	return later.Name == earlier.Name && (later.Container == earlier.Container || later.Container == "")
}

// YAML is the view as YAML; origins are comments.
func (v View) YAML() ([]byte, error) {
	if len(v.settings) == 0 {
		return []byte("{}\n"), nil
	}
	text, err := yaml.Dump(v.node(v.settings))
	return printable.YAML(text), err
}

func (v View) node(members []member) *yaml.Node {
	node := &yaml.Node{Kind: yaml.MappingNode}
	for _, m := range members {
		key, value := scalar("!!str", m.name), scalar("!!str", fmt.Sprint(m.value))
		comment := value
		switch of := m.value.(type) {
		case nil:
			value.Tag, value.Value = "!!null", "null"
		case int32:
			value.Tag = "!!int"
		case bool:
			value.Tag = "!!bool"
		case []stepText:
			value = stepNodes(of)
			if comment = key; len(of) == 0 {
				value.Style, comment = yaml.FlowStyle, value
			}
		case []string:
			value = &yaml.Node{Kind: yaml.SequenceNode}
			for _, text := range of {
				value.Content = append(value.Content, scalar("!!str", text))
			}
			if comment = key; len(of) == 0 {
				value.Style, comment = yaml.FlowStyle, value
			}
		}
		switch {
		case m.members != nil:
			value = v.node(m.members)
		case v.origins:
			comment.LineComment = "# " + m.origin.String()
		}
		node.Content = append(node.Content, key, value)
	}
	return node
}

func scalar(tag, text string) *yaml.Node {
	node := &yaml.Node{Kind: yaml.ScalarNode, Tag: tag, Value: text}
	if printable.Line(text) != text { // in quotes it can be escaped
		node.Style = yaml.DoubleQuotedStyle
	}
	return node
}

// MarshalJSON is the view as a JSON object. With origins, each value is an object
// of a value and an origin.
func (v View) MarshalJSON() ([]byte, error) { return v.object(v.settings) }

func (v View) object(members []member) ([]byte, error) {
	var b bytes.Buffer
	b.WriteByte('{')
	for i, m := range members {
		if i > 0 {
			b.WriteByte(',')
		}
		name, err := json.Marshal(m.name)
		if err != nil {
			return nil, err
		}
		b.Write(name)
		b.WriteByte(':')
		value, err := v.element(m)
		if err != nil {
			return nil, err
		}
		b.Write(value)
	}
	b.WriteByte('}')
	return b.Bytes(), nil
}

func (v View) element(m member) ([]byte, error) {
	switch {
	case m.members != nil:
		return v.object(m.members)
	case v.origins:
		return json.Marshal(struct {
			Value  any    `json:"value"`
			Origin string `json:"origin"`
		}{m.value, m.origin.String()})
	}
	return json.Marshal(m.value)
}
