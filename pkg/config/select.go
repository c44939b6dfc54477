package config

// Several targets: the words by which they are chosen, the groups of the file, and
// what each target needs before it.

import (
	"fmt"
	"slices"
	"strings"

	"go.yaml.in/yaml/v4"
)

// group is a named set of targets.
type group struct {
	name  string
	at    position
	words []*reference
}

// Selection is what the words of --target choose.
type Selection struct {
	// Targets are the names of the targets, in the order of the file, each once.
	Targets []string
	// Several: the words may choose more than one target, whatever they choose today:
	// a list, a pattern or a group. The output has one form for all of these.
	Several bool
}

// Groups are the names of the file's groups, in the file's order.
func (f File) Groups() []string {
	var groups []*group
	for _, g := range f.groups {
		groups = append(groups, g)
	}
	slices.SortFunc(groups, func(a, b *group) int { return a.at.compare(b.at) })
	names := make([]string, len(groups))
	for i, g := range groups {
		names[i] = g.name
	}
	return names
}

// Select finds the targets that words choose: names of targets and groups, patterns
// with * and ?, and several of these with commas between them. The name of a target
// comes before everything else that a word could mean. No words choose no target. The
// error is an [*Error].
func (f File) Select(words []string) (Selection, error) {
	var s Selection
	names := f.Targets()
	in := map[string]bool{}
	for _, word := range words {
		parts := []string{word}
		if f.targets[word] == nil && len(f.targets) > 0 {
			parts = strings.Split(word, ",")
		}
		for _, part := range parts {
			part = strings.TrimSpace(part)
			found, err := f.meant(names, part)
			if err != nil {
				return Selection{}, err
			}
			s.Several = s.Several || f.targets[part] == nil
			for _, name := range found {
				in[name] = true
			}
		}
	}
	s.Targets = slices.DeleteFunc(names, func(name string) bool { return !in[name] })
	s.Several = s.Several || len(s.Targets) > 1
	return s, nil
}

// Needs are the names of the targets that are deployed before a target if both are
// chosen, in the order of the file: those that it needs, and those that these need.
func (f File) Needs(target string) []string {
	met := map[string]bool{target: true}
	for next := []string{target}; len(next) > 0; {
		l := f.targets[next[0]]
		next = next[1:]
		if l == nil {
			continue
		}
		for _, name := range l.waits {
			if !met[name] {
				met[name] = true
				next = append(next, name)
			}
		}
	}
	delete(met, target)
	if len(met) == 0 { // of a thousand targets, most need none
		return []string{}
	}
	return slices.Clone(slices.DeleteFunc(f.Targets(), func(name string) bool { return !met[name] }))
}

// meant are the targets that one word of a command line chooses.
func (f File) meant(names []string, word string) ([]string, error) {
	switch {
	case f.targets[word] != nil:
		return []string{word}, nil
	case f.groups[word] != nil:
		return f.members(names, f.groups[word], map[string]bool{}), nil
	case word == "":
		return nil, emptyFlag("target")
	case isPattern(word):
		if found := matching(word, names); len(found) > 0 {
			return found, nil
		}
		if f.Path != "" {
			return nil, f.noTarget(fmt.Sprintf("no target matches %q", word), word)
		}
	}
	_, err := f.chain(word)
	return nil, err
}

// members are the targets of a group, and those of the groups in it. met are the groups
// that were looked at.
func (f File) members(names []string, g *group, met map[string]bool) []string {
	met[g.name] = true
	var found []string
	for _, word := range g.words {
		switch inner := f.groups[word.name]; {
		case f.targets[word.name] != nil:
			found = append(found, word.name)
		case inner != nil && !met[word.name]:
			found = append(found, f.members(names, inner, met)...)
		case inner == nil && isPattern(word.name):
			found = append(found, matching(word.name, names)...)
		}
	}
	return found
}

func isPattern(word string) bool { return strings.ContainsAny(word, "*?") }

// matching are the names that a pattern matches.
func matching(pattern string, names []string) []string {
	var found []string
	for _, name := range names {
		if matches([]rune(pattern), []rune(name)) {
			found = append(found, name)
		}
	}
	return found
}

// matches reports whether a pattern matches a whole text: * is any text, ? any
// character. After a mismatch, the last * takes one character more.
func matches(pattern, text []rune) bool {
	star, from := -1, 0
	p, t := 0, 0
	for t < len(text) {
		switch {
		case p < len(pattern) && pattern[p] == '*':
			star, from = p, t
			p++
		case p < len(pattern) && (pattern[p] == '?' || pattern[p] == text[t]):
			p, t = p+1, t+1
		case star >= 0:
			from++
			p, t = star+1, from
		default:
			return false
		}
	}
	for p < len(pattern) && pattern[p] == '*' {
		p++
	}
	return p == len(pattern)
}

// group reads one group.
func (r *fileReader) group(name, node *yaml.Node) {
	r.file.groups[name.Value] = &group{name: name.Value, at: placeOf(name), words: r.references("group "+name.Value, node)}
	if len(elements(node)) == 0 {
		r.problem(node, fmt.Sprintf("group %s has no targets", name.Value))
	}
	if strings.Contains(name.Value, ",") || isPattern(name.Value) {
		r.problem(name, fmt.Sprintf("group %q: the name of a group has no comma, * or ?", name.Value))
	}
}

// references reads a list of words, or one word, that choose targets.
func (r *fileReader) references(what string, node *yaml.Node) []*reference {
	var found []*reference
	for _, element := range elements(node) {
		text, ok := plain(element)
		if !ok || text == "" {
			r.problem(element, what+" takes the name of a target or a group, or a list of names")
			continue
		}
		found = append(found, &reference{text, element})
	}
	return found
}

// chooseLimit is how many names the groups and needs of a file may be compared with, so
// that to choose takes no longer than to read the file.
const chooseLimit = 2_000_000

// selections makes sure that the words of groups and needs choose targets that exist,
// and that no target needs itself.
func (r *fileReader) selections() {
	c := chooser{fileReader: r, names: r.file.Targets()}
	c.known = append(slices.Clone(c.names), r.file.Groups()...)
	for _, name := range r.file.Groups() {
		g := r.file.groups[name]
		if r.file.targets[name] != nil {
			r.problems = append(r.problems, problem{g.at, fmt.Sprintf("group %s has the name of a target", name)})
		}
		for _, word := range g.words {
			if c.choose("group "+name, word); c.work > chooseLimit {
				return
			}
		}
	}
	for _, name := range c.names {
		l := r.file.targets[name]
		for _, word := range l.needs {
			l.waits = append(l.waits, c.choose("target "+name, word)...)
			if c.work > chooseLimit {
				return
			}
		}
	}
	r.needsItself(c.names)
}

// chooser finds out which targets the words of groups and needs choose.
type chooser struct {
	*fileReader
	names, known  []string // of targets; of groups as well
	missing, work int
}

// choose are the targets that a word chooses. One that chooses none is a problem.
func (c *chooser) choose(whose string, word *reference) []string {
	f := c.file
	if isPattern(word.name) {
		c.work += len(c.names)
	}
	if f.targets[word.name] != nil || f.groups[word.name] != nil || isPattern(word.name) && len(matching(word.name, c.names)) > 0 {
		found, _ := f.meant(c.names, word.name)
		if c.work += len(found); c.work > chooseLimit {
			c.problem(word.node, "the groups and needs of this file name too many targets")
		}
		return found
	}
	text := fmt.Sprintf("%s names %q, which is neither a target nor a group", whose, word.name)
	if c.missing++; c.missing <= meantLimit {
		text += "; " + among("targets and groups", word.name, c.known)
	}
	c.problem(word.node, text)
	return nil
}

// needsItself reports each circle of needs once, at the needs of the target of it that
// stands first.
func (r *fileReader) needsItself(names []string) {
	const unseen, open, done = 0, 1, 2
	state, told := map[string]int{}, 0
	type step struct {
		name string
		next int
	}
	for _, start := range names {
		if state[start] != unseen {
			continue
		}
		state[start] = open
		for walk := []step{{name: start}}; len(walk) > 0; {
			at := &walk[len(walk)-1]
			waits := r.file.targets[at.name].waits
			if at.next == len(waits) {
				state[at.name] = done
				walk = walk[:len(walk)-1]
				continue
			}
			name := waits[at.next]
			at.next++
			switch state[name] {
			case unseen:
				state[name] = open
				walk = append(walk, step{name: name})
			case open:
				if told++; told > meantLimit {
					return
				}
				var circle []string
				for i := slices.IndexFunc(walk, func(s step) bool { return s.name == name }); i < len(walk); i++ {
					circle = append(circle, walk[i].name)
				}
				r.problem(r.file.targets[name].needs[0].node, fmt.Sprintf("target %s needs itself: %s", name, way(append(circle, name))))
			}
		}
	}
}
