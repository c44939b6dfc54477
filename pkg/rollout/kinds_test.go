package rollout

import (
	"go/ast"
	"go/parser"
	"go/token"
	"slices"
	"strconv"
	"testing"
)

// Every constant of the type Kind has a row in kinds, and every kind is the meaning of a
// reason.
func TestEveryKindHasARow(t *testing.T) {
	file, err := parser.ParseFile(token.NewFileSet(), "cause.go", nil, 0)
	if err != nil {
		t.Fatal(err)
	}
	var constants []Kind
	ast.Inspect(file, func(n ast.Node) bool {
		spec, ok := n.(*ast.ValueSpec)
		if !ok || spec.Type == nil || len(spec.Values) != 1 {
			return true
		}
		if name, ok := spec.Type.(*ast.Ident); ok && name.Name == "Kind" {
			text, err := strconv.Unquote(spec.Values[0].(*ast.BasicLit).Value)
			if err != nil {
				t.Fatal(err)
			}
			constants = append(constants, Kind(text))
		}
		return true
	})
	if !slices.Equal(constants, Kinds()) {
		t.Errorf("the constants are %v, the rows of kinds are %v", constants, Kinds())
	}
	for _, kind := range Kinds() {
		if !slices.ContainsFunc(reasons, func(row meaning) bool { return row.kind == kind }) {
			t.Errorf("no row of reasons has the kind %s", kind)
		}
	}
	for _, row := range append(slices.Clone(reasons), unknown) {
		if !slices.Contains(Kinds(), row.kind) {
			t.Errorf("the reason %q has the kind %q, which has no row in kinds", row.texts, row.kind)
		}
	}
}
