package config

// Files of environment variables (dotenv): NAME=VALUE lines that become variables of
// containers.

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/ecs-deploy/ecs-deploy/pkg/internal/utf8text"
)

// variables are the variables of containers, with those of the env-files: in the order
// of their layers, and in each layer those of the files first.
func (s *Settings) variables(ctx context.Context) ([]Entry, error) {
	type placed struct {
		Entry
		height int
	}
	var all []placed
	origins := s.EntryOrigins("env-file")
	for i, file := range s.EnvFiles {
		if origins[i].InFile() {
			if err := inRepository("env-file", file.Value, origins[i]); err != nil {
				return nil, err
			}
		}
		entries, err := readEnvFile(ctx, file, !origins[i].InFile())
		if err != nil {
			return nil, err
		}
		for _, e := range entries {
			all = append(all, placed{e, s.entryHeight("env-file", i)})
		}
	}
	for i, e := range s.Env {
		all = append(all, placed{e, s.entryHeight("env", i)})
	}
	slices.SortStableFunc(all, func(a, b placed) int { return cmp.Compare(a.height, b.height) })
	variables := make([]Entry, len(all))
	for i, e := range all {
		variables[i] = e.Entry
	}
	return variables, nil
}

// readEnvFile reads the variables of a file, for the container that its entry names.
func readEnvFile(ctx context.Context, file Entry, pipes bool) ([]Entry, error) {
	text, err := Input{What: "the env-file", Path: file.Value, Pipes: pipes, Remedy: "pass a file with --env-file [CONTAINER:]FILE"}.Read(ctx)
	if err != nil {
		return nil, err
	}
	entries, err := parseEnvFile(file.Value, text)
	for i := range entries {
		entries[i].Container = file.Container
	}
	return entries, err
}

// parseEnvFile reads a dotenv text; path names it in errors. A line is NAME=VALUE, with
// export before it if you like. A value may have quotes around it: between single ones
// it stands as it is, between double ones \n, \r, \t, \", \$ and \\ are escapes, and
// both may go over several lines. Without quotes, a comment begins with a # behind white
// space. Variables in values are not read. All problems are reported at once, and none
// shows a value.
func parseEnvFile(path string, text []byte) ([]Entry, error) {
	r := envReader{rest: strings.ReplaceAll(strings.TrimPrefix(string(text), "\ufeff"), "\r\n", "\n"), line: 1, lines: map[string]int{}}
	var entries []Entry
	for r.rest != "" {
		e, ok, err := r.next()
		if err != nil {
			r.problems = append(r.problems, fmt.Sprintf("%s:%d: %v", path, r.began, err))
		}
		if ok {
			entries = append(entries, e)
		}
	}
	if len(r.problems) > 0 {
		return nil, &FileError{Problems: r.problems, remedy: "write NAME=VALUE lines; put a value in quotes if it contains quotes or #, or begins or ends with a space"}
	}
	return entries, nil
}

// envReader goes through a dotenv text, line by line.
type envReader struct {
	rest        string
	line, began int            // the next line, and the one where an entry began
	lines       map[string]int // where each name was first set
	problems    []string
}

// take cuts off what is before the end of the line.
func (r *envReader) take() string {
	line, rest, _ := strings.Cut(r.rest, "\n")
	r.rest = rest
	r.line++
	return line
}

// next reads one entry; ok is false for a line without one.
func (r *envReader) next() (e Entry, ok bool, err error) {
	r.began = r.line
	line := r.take()
	if reason := utf8text.Reason(line); reason != "" {
		return e, false, errors.New(reason)
	}
	line = strings.TrimSpace(line)
	if line == "" || strings.HasPrefix(line, "#") {
		return e, false, nil
	}
	if rest, exported := strings.CutPrefix(line, "export "); exported {
		line = strings.TrimSpace(rest)
	}
	name, value, found := strings.Cut(line, "=")
	name = strings.TrimSpace(name)
	switch {
	case !found:
		return e, false, errors.New("this line has no =")
	case name == "" || strings.ContainsAny(name, " \t'\"#"):
		return e, false, errors.New("the text before = is not a variable name")
	case r.lines[name] > 0:
		return e, false, fmt.Errorf("duplicate variable %s, which line %d sets", name, r.lines[name])
	}
	r.lines[name] = r.began
	if e.Value, err = r.value(strings.TrimSpace(value)); err != nil {
		return e, false, fmt.Errorf("%s: %w", name, err)
	}
	e.Name = name
	return e, true, nil
}

// value reads what stands behind the =.
func (r *envReader) value(text string) (string, error) {
	if text == "" || text[0] != '\'' && text[0] != '"' {
		for i := 0; i < len(text); i++ {
			if text[i] == '#' && (i == 0 || text[i-1] == ' ' || text[i-1] == '\t') {
				return strings.TrimSpace(text[:i]), nil
			}
		}
		return text, nil
	}
	quote := text[0]
	text = text[1:]
	var value strings.Builder
	for i := 0; ; i++ {
		switch {
		case i == len(text) && r.rest == "":
			return "", errors.New("missing closing quote")
		case i == len(text):
			value.WriteByte('\n')
			text, i = r.take(), -1
			if reason := utf8text.Reason(text); reason != "" {
				return "", errors.New(reason)
			}
		case text[i] == quote:
			if rest := strings.TrimSpace(text[i+1:]); rest != "" && rest[0] != '#' {
				return "", errors.New("unexpected text after the closing quote")
			}
			return value.String(), nil
		case quote == '"' && text[i] == '\\' && i+1 < len(text):
			i++
			value.WriteString(unescaped(text[i]))
		default:
			value.WriteByte(text[i])
		}
	}
}

// unescaped is what a backslash and a character stand for between double quotes.
func unescaped(c byte) string {
	switch c {
	case 'n':
		return "\n"
	case 'r':
		return "\r"
	case 't':
		return "\t"
	case '"', '\\', '$':
		return string(c)
	}
	return `\` + string(c)
}
