package ecsdeploy_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// TestEveryErrorSaysWhatToDo: each exported type of an error has a hint and an exit
// code; a stranger's program finds both with errors.As.
func TestEveryErrorSaysWhatToDo(t *testing.T) {
	methods := map[string][]string{} // by folder and type
	var types []string
	err := filepath.WalkDir("pkg", func(path string, entry fs.DirEntry, err error) error {
		if err != nil || !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go") || strings.Contains(path, "internal") {
			return err
		}
		file, err := parser.ParseFile(token.NewFileSet(), path, nil, parser.SkipObjectResolution)
		if err != nil {
			return err
		}
		ast.Inspect(file, func(node ast.Node) bool {
			switch node := node.(type) {
			case *ast.TypeSpec:
				if node.Name.IsExported() {
					types = append(types, filepath.Dir(path)+"."+node.Name.Name)
				}
			case *ast.FuncDecl:
				if node.Recv != nil {
					of := node.Recv.List[0].Type
					if star, ok := of.(*ast.StarExpr); ok {
						of = star.X
					}
					if name, ok := of.(*ast.Ident); ok {
						key := filepath.Dir(path) + "." + name.Name
						methods[key] = append(methods[key], node.Name.Name)
					}
				}
			}
			return true
		})
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	found := 0
	for _, name := range types {
		has := methods[name]
		if !slices.Contains(has, "Error") {
			continue
		}
		found++
		if !slices.Contains(has, "Hint") || !slices.Contains(has, "ExitCode") {
			t.Errorf("%s is an error, and its methods are only %s", name, strings.Join(has, ", "))
		}
	}
	if found < 20 {
		t.Errorf("only %d types of errors were found", found)
	}
}
