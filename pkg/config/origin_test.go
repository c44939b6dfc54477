package config

import (
	"cmp"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"

	gocmp "github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

// said is what the model knows of one setting: what is in it and where that
// comes from, without the place in the file.
type said struct {
	Reads  string
	Origin Origin
}

// layers is a random file with defaults and a target that extends another, and
// the variables and flags over it; and by the simplest of rules, what comes of
// them.
type layers struct {
	sections  [3][]string // defaults, base, prod
	variables map[string]string
	arguments []string
	want      map[string][]said // by the key; of a map, an element for each entry
}

var sectionOrigins = [3]Origin{{Layer: Defaults}, {Layer: Target, Name: "base"}, {Layer: Target, Name: "prod"}}

func drawLayers(t *rapid.T) layers {
	l := layers{variables: map[string]string{}, want: map[string][]said{}}
	ofMap := map[string][4][]said{} // for each layer
	for _, key := range new(Settings).Keys() {
		if key.Name == "target" || key.Name == "config" {
			continue
		}
		_, isMap := key.Value.(entryValue)
		pick := func(layer string) (sample, bool) {
			if !rapid.Bool().Draw(t, key.Name+" by "+layer) {
				return sample{}, false
			}
			return samples(key)[rapid.IntRange(0, 1).Draw(t, key.Name+" of "+layer)], true
		}
		give := func(layer int, reads string, origin Origin) {
			if !isMap {
				l.want[key.Name] = []said{{reads, origin}}
				return
			}
			all := ofMap[mapName(key)]
			all[layer] = append(all[layer], said{reads, origin})
			ofMap[mapName(key)] = all
		}
		for i, origin := range sectionOrigins {
			if value, ok := pick(origin.String()); ok && key.Source.InFile() {
				l.sections[i] = append(l.sections[i], fmt.Sprintf("    %s: %s\n", key.Name, value.file))
				give(i, value.reads, origin)
			}
		}
		if value, ok := pick("variable"); ok && key.Source != FlagOnly {
			l.variables[key.Env()] = value.flag
			if key.Source.InEnv() {
				give(3, value.reads, Origin{Layer: Variable, Name: key.Env()})
			}
		}
		if value, ok := pick("flag"); ok && key.Source != FileOnly {
			l.arguments = append(l.arguments, "--"+key.Name+"="+value.flag)
			give(3, value.reads, Origin{Layer: Flag, Name: key.Name})
		}
	}
	for name, all := range ofMap {
		for i, ofLayer := range all {
			if i < 3 {
				slices.SortStableFunc(ofLayer, func(a, b said) int { return cmp.Compare(order(a.Reads), order(b.Reads)) })
			}
			l.want[name] = append(l.want[name], ofLayer...)
		}
	}
	for one, other := range map[string]string{"tag": "tag-env-var", "task-definition": "task-definition-file"} {
		switch a, b := l.height(one), l.height(other); {
		case a < b:
			delete(l.want, one)
		case b < a:
			delete(l.want, other)
		}
	}
	switch images, only := max(l.height("image"), l.height("container")), l.height("only"); {
	case images > only:
		delete(l.want, "only")
	case only > images:
		delete(l.want, "image")
		delete(l.want, "container")
	}
	return l
}

// height is the place of the layer that a key, or the last entry of it, comes from,
// from the lowest; -1 if none has it.
func (l layers) height(key string) int {
	if l.want[key] == nil {
		return -1
	}
	origin := l.want[key][len(l.want[key])-1].Origin
	if i := slices.Index(sectionOrigins[:], origin); i >= 0 {
		return i
	}
	return len(sectionOrigins) + int(origin.Layer)
}

// order is the rank of an entry in its layer: what is said of every container
// comes first, and what is removed before what is set.
func order(reads string) string {
	return fmt.Sprint(strings.Contains(reads, ":"), !strings.HasSuffix(reads, " removed"))
}

func (l layers) file() string {
	var b strings.Builder
	b.WriteString("version: 1\n")
	for i, head := range []string{"defaults:\n", "targets:\n  base:\n", "  prod:\n    extends: base\n"} {
		b.WriteString(head)
		if i < 2 && len(l.sections[i]) == 0 {
			b.WriteString("    {}\n")
		}
		b.WriteString(strings.Join(l.sections[i], ""))
	}
	return b.String()
}

// got is what the settings say of themselves.
func got(s *Settings) map[string][]said {
	all := map[string][]said{}
	for _, key := range s.Keys() {
		v, isMap := key.Value.(entryValue)
		switch {
		case key.Name == "target" || key.Name == "config":
		case isMap && mapName(key) == key.Name:
			for i, origin := range s.EntryOrigins(key.Name) {
				all[key.Name] = append(all[key.Name], said{readEntry((*v.field())[i]), origin})
			}
		case !isMap && s.Origin(key.Name).Layer != BuiltIn:
			all[key.Name] = []said{{read(key), s.Origin(key.Name)}}
		}
	}
	return all
}

// placed checks that places are those of the values, and takes them away.
func placed(t *rapid.T, all map[string][]said, text string) map[string][]said {
	lines := strings.Split(text, "\n")
	for name, each := range all {
		for i, s := range each {
			if s.Origin.File != "" {
				value := s.Reads[strings.LastIndex(s.Reads, "=")+1:]
				if name == "before" || name == "verify" { // a list, which reads otherwise than it stands there
					value = "[{"
				}
				if there := lines[s.Origin.Line-1][s.Origin.Column-1:]; !strings.HasPrefix(strings.TrimPrefix(there, `"`), strings.TrimSuffix(value, " removed")) {
					t.Fatalf("%s is %s, and at its place is %q", name, s.Reads, there)
				}
			}
			each[i].Origin.File, each[i].Origin.Line, each[i].Origin.Column = "", 0, 0
		}
	}
	return all
}

// TestTheHighestLayerWinsAndSaysSo gives random values of all keys in random
// layers: the value is that of the highest layer, and so is the origin.
func TestTheHighestLayerWinsAndSaysSo(t *testing.T) {
	clearEnvironment(t)
	rapid.Check(t, func(t *rapid.T) {
		l := drawLayers(t)
		f, err := ParseFile("ecs-deploy.yaml", []byte(l.file()), "")
		if err != nil {
			t.Fatal(err)
		}
		for name, value := range l.variables {
			if err := os.Setenv(name, value); err != nil {
				t.Fatal(err)
			}
		}
		defer func() {
			for name := range l.variables {
				_ = os.Setenv(name, "") // restored to what it was by the test
			}
		}()
		s := given(t, f, append(l.arguments, "--target=prod"))
		if diff := gocmp.Diff(l.want, placed(t, got(s), l.file())); diff != "" {
			t.Fatalf("(-want +got):\n%s\n%s", diff, l.file())
		}
	})
}

// TestAFileAloneIsTheSameWithoutFlags compares the two ways to read a target.
func TestAFileAloneIsTheSameWithoutFlags(t *testing.T) {
	clearEnvironment(t)
	rapid.Check(t, func(t *rapid.T) {
		l := drawLayers(t)
		f, err := ParseFile("ecs-deploy.yaml", []byte(l.file()), "")
		if err != nil {
			t.Fatal(err)
		}
		for _, target := range []string{"", "base", "prod"} {
			alone, err := f.Settings(target)
			if err != nil {
				t.Fatal(err)
			}
			flags := bound()
			if target != "" {
				if err := flags.Parse([]string{"--target=" + target}); err != nil {
					t.Fatal(err)
				}
			}
			s, err := flags.resolve(f)
			if err != nil {
				t.Fatal(err)
			}
			if diff := gocmp.Diff(got(s), got(alone)); diff != "" {
				t.Fatalf("%s (-resolved +alone):\n%s", target, diff)
			}
		}
	})
}

func TestOriginsArePlain(t *testing.T) {
	for want, origin := range map[string]Origin{
		"built in":                          {},
		"flag --cluster":                    {Layer: Flag, Name: "cluster"},
		"variable ECS_DEPLOY_CLUSTER":       {Layer: Variable, Name: "ECS_DEPLOY_CLUSTER"},
		"a/ecs-deploy.yaml:7:14, target Go": {Layer: Target, Name: "Go", File: "a/ecs-deploy.yaml", Line: 7, Column: 14},
		"ecs-deploy.yaml:3:5, defaults":     {Layer: Defaults, File: "ecs-deploy.yaml", Line: 3, Column: 5},
	} {
		if origin.String() != want {
			t.Errorf("%s, want %s", origin, want)
		}
	}
	s := new(Settings)
	if s.Origin("cluster") != (Origin{}) || s.Origin("nonsense") != (Origin{}) || s.EntryOrigins("cluster") != nil {
		t.Error("settings that nobody gave come from somewhere")
	}
}
