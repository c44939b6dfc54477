package taskdef

import (
	"flag"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

var updateMembers = flag.Bool("update-members", false, "write testdata/members.tsv from the SDK's schema and the table of rules")

// TestMembers holds the table of rules against the SDK's schema. testdata/members.tsv
// has every member of a task definition and how it is compared. When a new SDK
// knows a new member, this fails: read its documentation, give it a rule if it
// has a default, a meaning when empty, or may hold a secret, then run
//
//	go test ./pkg/taskdef -run TestMembers -update-members
//
// and read what changed. A list needs a rule in any case.
func TestMembers(t *testing.T) {
	var rows []string
	known := map[string]*treatment{}
	eachTreatment(treatments(), func(m *treatment) {
		known[m.path] = m
		rows = append(rows, m.path+"\t"+m.kind.String()+"\t"+inWords(m))
		if m.kind == listKind && m.order == undecided {
			t.Errorf("%s is a list: say in the table of rules whether it is ordered, unordered or keyed", m.path)
		}
	})
	got := strings.Join(rows, "\n") + "\n"
	const golden = "testdata/members.tsv"
	if *updateMembers && !t.Failed() {
		if err := os.WriteFile(golden, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(golden)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(strings.Split(string(want), "\n"), strings.Split(got, "\n")); diff != "" {
		t.Errorf("the members of a task definition are not those that were reviewed (-reviewed +SDK and rules):\n%s\n"+
			"decide how each is compared, add a rule where it needs one, then run this test with -update-members", diff)
	}
	for i, r := range rules {
		if m := known[r.path]; m == nil {
			t.Errorf("the SDK knows no %s", r.path)
		} else if problem := r.problem(m); problem != "" {
			t.Errorf("%s: %s", r.path, problem)
		}
		if slices.ContainsFunc(rules[:i], func(other rule) bool { return other.path == r.path }) {
			t.Errorf("%s has two rules", r.path)
		}
	}
}

// problem says what is wrong with a rule for such a member.
func (r rule) problem(m *treatment) string {
	kindOfAbsent := map[string]kind{"int": numberKind, "string": textKind, "bool": boolKind, "[]interface {}": listKind}
	switch {
	case r.from == "":
		return "where does ECS's documentation say so?"
	case r.order != undecided && m.kind != listKind:
		return "it has an order and is no list"
	case (r.order == keyed) != (len(r.keys) > 0):
		return "a keyed list has keys, others have none"
	case r.absent != nil && kindOfAbsent[fmt.Sprintf("%T", r.absent)] != m.kind:
		return "its default is of another kind"
	case r.implied != nil && r.absent == nil:
		return "it is implied, but not what"
	case r.keptEmpty && m.kind != objectKind:
		return "it is kept empty and is no object"
	case r.spelling != nil && m.kind != textKind:
		return "it has a spelling and is no text"
	}
	for _, key := range r.keys {
		if m.element.members[key] == nil {
			return "its elements have no " + key
		}
	}
	return ""
}

// eachTreatment visits all members, in order.
func eachTreatment(m *treatment, visit func(*treatment)) {
	if m.path != "" {
		visit(m)
	}
	switch {
	case m.kind == listKind && m.element.kind != objectKind && m.element.kind != listKind:
		return // a list of plain values is one member
	case m.kind == listKind && m.element.kind == objectKind:
		m = m.element
	case m.kind == listKind:
		eachTreatment(m.element, visit)
	}
	var names []string
	for name := range m.members {
		names = append(names, name)
	}
	slices.Sort(names)
	for _, name := range names {
		eachTreatment(m.members[name], visit)
	}
}

// inWords says how a member is compared.
func inWords(m *treatment) string {
	var words []string
	switch m.order {
	case ordered:
		words = append(words, "ordered")
	case unordered:
		words = append(words, "a set")
	case keyed:
		words = append(words, "told apart by "+strings.Join(m.keys, ", "))
	}
	if m.absent != nil {
		words = append(words, "absent is "+exactly(m.absent))
	}
	if m.implied != nil {
		words = append(words, "depending on others")
	}
	if m.spelling != nil {
		words = append(words, "spellings are brought to one")
	}
	if m.kind == objectKind && !m.keptEmpty {
		words = append(words, "empty is absent")
	}
	if m.kind == stringsKind {
		words = append(words, "empty is absent, masked by name")
	}
	switch m.secrecy {
	case masked:
		words = append(words, "masked")
	case maskedByName:
		words = append(words, "masked by name")
	}
	if words == nil {
		return "as it is"
	}
	return strings.Join(words, ", ")
}
