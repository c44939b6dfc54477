package ecssim

// This file is the cluster query language: expressions that select container
// instances [Amazon ECS Developer Guide, "Create expressions to define container
// instances for Amazon ECS tasks"].

import (
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

const maxExpression = 2000 // characters

// subjects gives the values of a subject of the language for one instance, such
// as attribute:stack; none: it does not have it.
type subjects func(subject string) []string

// query reports whether an instance is selected.
type query func(subjects) bool

// queryParser reads an expression from its beginning.
type queryParser struct{ rest string }

// parseQuery compiles an expression.
func parseQuery(expression string) (query, error) {
	if len(expression) > maxExpression {
		return nil, fmt.Errorf("expression is longer than %d characters", maxExpression)
	}
	p := &queryParser{expression}
	q, err := p.either(0)
	if err == nil && p.skip() != "" {
		err = fmt.Errorf("unexpected %q", p.rest)
	}
	return q, err
}

// skip drops spaces and returns what is left.
func (p *queryParser) skip() string {
	p.rest = strings.TrimLeft(p.rest, " \t\n")
	return p.rest
}

// take reads one of the words, if it is next. A word of letters must end there.
func (p *queryParser) take(words ...string) string {
	p.skip()
	for _, word := range words {
		after, ok := strings.CutPrefix(p.rest, word)
		letters := word[len(word)-1] >= 'a'
		if ok && (!letters || after == "" || strings.ContainsRune(" \t\n(['\"", rune(after[0]))) {
			p.rest = after
			return word
		}
	}
	return ""
}

func (p *queryParser) either(depth int) (query, error) {
	left, err := p.both(depth)
	for err == nil && p.take("||", "or") != "" {
		var right query
		before := left
		right, err = p.both(depth)
		left = func(s subjects) bool { return before(s) || right(s) }
	}
	return left, err
}

func (p *queryParser) both(depth int) (query, error) {
	left, err := p.single(depth)
	for err == nil && p.take("&&", "and") != "" {
		var right query
		before := left
		right, err = p.single(depth)
		left = func(s subjects) bool { return before(s) && right(s) }
	}
	return left, err
}

func (p *queryParser) single(depth int) (query, error) {
	const deepest = 100
	switch {
	case depth > deepest:
		return nil, errors.New("expression is nested too deeply")
	case p.take("!", "not") != "":
		inner, err := p.single(depth + 1)
		return func(s subjects) bool { return !inner(s) }, err
	case p.take("(") != "":
		inner, err := p.either(depth + 1)
		if err == nil && p.take(")") == "" {
			err = errors.New("missing )")
		}
		return inner, err
	}
	return p.test()
}

// test reads subject, operator and argument.
func (p *queryParser) test() (query, error) {
	subject := p.word(" \t\n()!=<>")
	if !isSubject(subject) {
		return nil, fmt.Errorf("unknown subject %q", subject)
	}
	operator := p.take("==", "!=", "=~", "!~", ">=", "<=", ">", "<", "!in", "!exists", "in", "exists",
		"not_in", "not_equals", "not_matches", "not_exists", "equals", "matches",
		"greater_than_equal", "greater_than", "less_than_equal", "less_than")
	switch operator {
	case "":
		return nil, fmt.Errorf("missing operator after %s", subject)
	case "exists":
		return func(s subjects) bool { return len(s(subject)) > 0 }, nil
	case "!exists", "not_exists":
		return func(s subjects) bool { return len(s(subject)) == 0 }, nil
	}
	arguments, err := p.arguments()
	if err != nil {
		return nil, err
	}
	return comparison(subject, operator, arguments)
}

func isSubject(word string) bool {
	name, attribute := strings.CutPrefix(word, "attribute:")
	fields := []string{"agentConnected", "agentVersion", "ec2InstanceId", "registeredAt", "runningTasksCount", "task:group"}
	return attribute && name != "" || slices.Contains(fields, word)
}

// word reads up to one of the characters that end it.
func (p *queryParser) word(ends string) string {
	p.skip()
	i := strings.IndexAny(p.rest, ends)
	if i < 0 {
		i = len(p.rest)
	}
	word := p.rest[:i]
	p.rest = p.rest[i:]
	return word
}

// arguments reads one value, or a list in brackets.
func (p *queryParser) arguments() ([]string, error) {
	if p.take("[") != "" {
		list := p.word("]")
		if p.take("]") == "" {
			return nil, errors.New("missing ]")
		}
		var values []string
		for _, value := range strings.Split(list, ",") {
			values = append(values, strings.Trim(strings.TrimSpace(value), `'"`))
		}
		return values, nil
	}
	for _, quote := range []string{"'", `"`} {
		if p.take(quote) != "" {
			value := p.word(quote)
			if p.take(quote) == "" {
				return nil, errors.New("missing " + quote)
			}
			return []string{value}, nil
		}
	}
	value := p.word(" \t\n)")
	if value == "" {
		return nil, errors.New("missing argument")
	}
	return []string{value}, nil
}

// comparison is a test of a subject's values. A subject that an instance does
// not have fulfils only what is denied.
func comparison(subject, operator string, arguments []string) (query, error) {
	some := func(fits func(string) bool) query {
		return func(s subjects) bool { return slices.ContainsFunc(s(subject), fits) }
	}
	none := func(q query) query { return func(s subjects) bool { return !q(s) } }
	in := some(func(value string) bool { return slices.Contains(arguments, value) })
	switch operator {
	case "==", "equals", "in":
		return in, nil
	case "!=", "not_equals", "!in", "not_in":
		return none(in), nil
	case "=~", "matches", "!~", "not_matches":
		pattern, err := regexp.Compile("^(?:" + arguments[0] + ")$")
		if err != nil {
			return nil, fmt.Errorf("invalid pattern %q", arguments[0])
		}
		if operator == "=~" || operator == "matches" {
			return some(pattern.MatchString), nil
		}
		return none(some(pattern.MatchString)), nil
	}
	want := map[string][]int{
		">": {1}, "greater_than": {1}, ">=": {0, 1}, "greater_than_equal": {0, 1},
		"<": {-1}, "less_than": {-1}, "<=": {-1, 0}, "less_than_equal": {-1, 0},
	}[operator]
	return some(func(value string) bool { return slices.Contains(want, compareValues(value, arguments[0])) }), nil
}

// compareValues compares numbers as such, versions part by part, and everything
// else, such as dates, as text.
func compareValues(a, b string) int {
	as, bs := strings.Split(a, "."), strings.Split(b, ".")
	for i := range min(len(as), len(bs)) {
		x, errX := strconv.Atoi(as[i])
		y, errY := strconv.Atoi(bs[i])
		switch {
		case errX != nil || errY != nil:
			if c := strings.Compare(as[i], bs[i]); c != 0 {
				return c
			}
		case x != y:
			return max(-1, min(1, x-y))
		}
	}
	return max(-1, min(1, len(as)-len(bs)))
}
