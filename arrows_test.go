// The packages of this module form a few rooms, and arrows say which room may
// know which. This test reads every non-test source file under cmd and pkg and
// compares it with one table of rules.
package ecsdeploy_test

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"maps"
	"os"
	"path"
	"slices"
	"strconv"
	"strings"
	"testing"
	"testing/fstest"
)

// A rule holds in the rooms it names, and in the packages inside them.
// A room is a folder, such as "pkg/deploy"; "pkg" is all of them.
type rule struct {
	rooms  []string
	except []string // rooms inside rooms in which the rule does not hold
	reason string

	// knows is the complete list of rooms of this module that a room may
	// import besides itself. It is read where arrow is set.
	arrow bool
	knows []string

	// imports are forbidden import paths; each forbids the packages below it
	// as well, and "os/..." forbids only those below.
	imports []string

	// uses are forbidden uses of a package-level name, as "os.Exit"; the part
	// before the last dot is an import path, and "log.Print*" is a prefix. A
	// name without a dot is a builtin function.
	uses []string
}

var rules = []rule{
	{
		arrow: true, rooms: []string{"pkg/image"}, knows: nil,
		reason: "image references stand alone",
	},
	{
		arrow: true, rooms: []string{"pkg/printable"}, knows: nil,
		reason: "what makes a text fit to be printed knows nothing of what it says",
	},
	{
		arrow: true, rooms: []string{"pkg/rollout"}, knows: []string{"pkg/shell"},
		reason: "a verdict is a pure fold over observations and stands alone",
	},
	{
		arrow: true, rooms: []string{"pkg/internal"}, except: []string{"pkg/internal/hostile"}, knows: nil,
		reason: "small helpers of the library know nothing of it",
	},
	{
		arrow: true, rooms: []string{"pkg/internal/hostile"}, knows: []string{"pkg/ecssim"},
		reason: "what distorts the simulator knows the simulator, and not who is tested with it",
	},
	{
		arrow: true, rooms: []string{"pkg/arn"}, knows: nil,
		reason: "names are read by every room, and know none",
	},
	{
		arrow: true, rooms: []string{"pkg/shell"}, knows: nil,
		reason: "quoting for a shell is for every room that prints a command, and knows none",
	},
	{
		arrow: true, rooms: []string{"pkg/taskdef"}, knows: []string{"pkg/image", "pkg/internal"},
		reason: "a task definition knows image references and nothing else",
	},
	{
		arrow: true, rooms: []string{"pkg/pace"}, knows: nil,
		reason: "the rates of AWS stand alone",
	},
	{
		arrow: true, rooms: []string{"pkg/ecsapi"}, knows: []string{"pkg/internal/exitcode", "pkg/pace", "pkg/rollout"},
		reason: "it calls ECS and decides nothing",
	},
	{
		arrow: true, rooms: []string{"pkg/deploy"}, knows: []string{"pkg/arn", "pkg/ecsapi", "pkg/image", "pkg/internal/awscall", "pkg/internal/exitcode", "pkg/pace", "pkg/shell", "pkg/taskdef", "pkg/rollout"},
		reason: "the pipeline knows what it is made of; a forecast reaches it as an interface",
	},
	{
		arrow: true, rooms: []string{"pkg/names"}, knows: []string{"pkg/arn", "pkg/ecsapi", "pkg/rollout"},
		reason: "it lists what somebody could type, and deploys nothing",
	},
	{
		arrow: true, rooms: []string{"pkg/config"}, knows: []string{"pkg/arn", "pkg/shell", "pkg/deploy", "pkg/image", "pkg/internal", "pkg/printable", "pkg/taskdef", "pkg/rollout"},
		reason: "settings end in a request to the pipeline",
	},
	{
		arrow: true, rooms: []string{"pkg/scaffold"}, knows: []string{"pkg/arn", "pkg/config", "pkg/deploy", "pkg/image", "pkg/internal", "pkg/shell", "pkg/taskdef"},
		reason: "it writes the files that config reads",
	},
	{
		arrow: true, rooms: []string{"pkg/fleet"}, knows: []string{"pkg/deploy", "pkg/rollout"},
		reason: "it decides when members are deployed, and adds no second pipeline",
	},
	{
		arrow: true, rooms: []string{"pkg/report"}, knows: []string{"pkg/arn", "pkg/deploy", "pkg/fleet", "pkg/image", "pkg/preflight", "pkg/printable", "pkg/taskdef", "pkg/rollout"},
		reason: "a renderer is a function of the pipeline's events",
	},
	{
		arrow: true, rooms: []string{"pkg/notify"}, knows: nil,
		reason: "it posts what it is given, and knows nothing of what it says",
	},
	{
		arrow: true, rooms: []string{"pkg/page"}, knows: []string{"pkg/printable", "pkg/report", "pkg/rollout"},
		reason: "a page is drawn from a story, and from nothing beneath it",
	},
	{
		arrow: true, rooms: []string{"docs"}, knows: nil,
		reason: "the pages stand alone; the program only prints them",
	},
	{
		arrow: true, rooms: []string{"pkg/iam"}, knows: []string{"pkg/image", "pkg/taskdef"},
		reason: "permissions are a table, and a policy is about what a task definition names",
	},
	{
		arrow: true, rooms: []string{"pkg/preflight"}, knows: []string{"pkg/arn", "pkg/deploy", "pkg/ecsapi", "pkg/iam", "pkg/internal/awscall", "pkg/internal/exitcode", "pkg/taskdef"},
		reason: "what would stop a deployment is asked of the pipeline, and of the table of permissions",
	},
	{
		arrow: true, rooms: []string{"pkg/ecssim"}, knows: nil,
		reason: "the simulator is an independent ECS: sharing our ideas of ECS would let both be wrong together",
	},
	{
		arrow: true, rooms: []string{"pkg/forecast"}, knows: []string{"pkg/deploy", "pkg/ecssim", "pkg/internal/exitcode", "pkg/rollout", "pkg/taskdef"},
		reason: "it plays what a plan would do in the simulator, and reaches the pipeline as an interface",
	},
	{
		arrow: true, rooms: []string{"cmd"}, knows: []string{"docs", "pkg/arn", "pkg/deploy", "pkg/config", "pkg/fleet", "pkg/forecast", "pkg/iam", "pkg/names", "pkg/notify", "pkg/page", "pkg/preflight", "pkg/printable", "pkg/report", "pkg/scaffold", "pkg/ecssim", "pkg/shell"},
		reason: "a command calls pkg/deploy and nothing beneath it",
	},
	{
		rooms: []string{"pkg"}, except: []string{"pkg/config", "pkg/report", "pkg/scaffold", "pkg/ecssim", "pkg/internal/cputime"},
		imports: []string{"os", "syscall", "golang.org/x/sys"},
		reason:  "below cmd, config and report nothing touches the process; scaffold writes files, the simulator has its state file, and benchmarks measure the CPU",
	},
	{
		rooms:   []string{"pkg/ecssim"},
		imports: []string{"os/..."},
		reason:  "the simulator needs files, not processes, signals or users",
	},
	{
		rooms: []string{"pkg"}, except: []string{"pkg/config"},
		imports: []string{"github.com/aws/aws-sdk-go-v2/config"},
		reason:  "it reads the environment and ~/.aws; the library is given a client",
	},
	{
		rooms: []string{"pkg"}, except: []string{"pkg/config", "pkg/report"},
		uses: []string{
			"os.Getenv", "os.LookupEnv", "os.Environ", "os.Setenv", "os.Unsetenv", "os.Clearenv", "os.ExpandEnv",
			"os.UserHomeDir", "os.UserCacheDir", "os.UserConfigDir", "syscall.Getenv", "syscall.Environ",
		},
		reason: "the environment is read by cmd, config and report",
	},
	{
		rooms: []string{"pkg"}, except: []string{"pkg/report"},
		uses:   []string{"os.Stdin", "os.Stdout", "os.Stderr"},
		reason: "the standard streams belong to cmd and report",
	},
	{
		rooms:  []string{"pkg"},
		uses:   []string{"os.Args", "os.Exit", "syscall.Exit", "log.Fatal*"},
		reason: "the command line and the exit code belong to cmd",
	},
	{
		rooms: []string{"pkg"},
		uses: []string{
			"fmt.Print*", "fmt.Scan*", "print", "println",
			"log.Print*", "log.Panic*", "log.Output", "log.Default", "log.SetOutput",
			"log/slog.Debug*", "log/slog.Info*", "log/slog.Warn*", "log/slog.Error*", "log/slog.Default", "log/slog.SetDefault",
		},
		reason: "the library returns values and events; renderers write to the writer they are given",
	},
	{
		rooms: []string{"pkg"}, except: []string{"pkg/config", "pkg/report"},
		imports: []string{"github.com/spf13/cobra", "github.com/spf13/pflag"},
		reason:  "flags end at cmd, config and report",
	},
	{
		rooms: []string{"cmd", "pkg"}, except: []string{"pkg/config"},
		imports: []string{"github.com/spf13/viper"},
		reason:  "config is the one room that knows viper",
	},
	{
		rooms: []string{"pkg"}, except: []string{"pkg/config", "pkg/report"},
		imports: []string{"github.com/fatih/color", "golang.org/x/term", "charm.land"},
		reason:  "colour and terminals end at cmd, config and report",
	},
}

// within says whether dir is room or inside it.
func within(dir, room string) bool {
	return dir == room || strings.HasPrefix(dir, room+"/")
}

func (r rule) holdsIn(dir string) bool {
	in := func(room string) bool { return within(dir, room) }
	return slices.ContainsFunc(r.rooms, in) && !slices.ContainsFunc(r.except, in)
}

func (r rule) forbidsImport(importPath, module string) bool {
	if r.arrow {
		if !within(importPath, module) {
			return false
		}
		dir := strings.TrimPrefix(strings.TrimPrefix(importPath, module), "/")
		return !slices.ContainsFunc(slices.Concat(r.rooms, r.knows), func(room string) bool { return within(dir, room) })
	}
	return slices.ContainsFunc(r.imports, func(p string) bool {
		if below, ok := strings.CutSuffix(p, "/..."); ok {
			return strings.HasPrefix(importPath, below+"/")
		}
		return within(importPath, p)
	})
}

func (r rule) forbidsUse(name string) bool {
	return slices.ContainsFunc(r.uses, func(u string) bool {
		prefix, ok := strings.CutSuffix(u, "*")
		return u == name || ok && strings.HasPrefix(name, prefix)
	})
}

// check reads the sources of a module and returns one line for each violation,
// and the folders that it read.
func check(fsys fs.FS) (violations []string, dirs map[string]bool, err error) {
	gomod, err := fs.ReadFile(fsys, "go.mod")
	if err != nil {
		return nil, nil, err
	}
	line, _, _ := strings.Cut(string(gomod), "\n")
	module := strings.TrimSpace(strings.TrimPrefix(line, "module "))

	dirs = map[string]bool{}
	for _, top := range []string{"cmd", "docs", "pkg"} {
		err := fs.WalkDir(fsys, top, func(name string, d fs.DirEntry, err error) error {
			base := path.Base(name)
			switch {
			case err != nil:
				return err
			case d.IsDir() && (base == "testdata" || strings.HasPrefix(base, "_") || strings.HasPrefix(base, ".")):
				return fs.SkipDir
			case d.IsDir() || !strings.HasSuffix(base, ".go") || strings.HasSuffix(base, "_test.go"):
				return nil
			}
			src, err := fs.ReadFile(fsys, name)
			if err != nil {
				return err
			}
			found, err := checkFile(module, name, src)
			violations = append(violations, found...)
			dirs[path.Dir(name)] = true
			return err
		})
		if err != nil {
			return nil, nil, err
		}
	}
	return violations, dirs, nil
}

func checkFile(module, name string, src []byte) (violations []string, err error) {
	fset := token.NewFileSet()
	file, err := parser.ParseFile(fset, name, src, 0)
	if err != nil {
		return nil, err
	}
	dir := path.Dir(name)
	report := func(pos token.Pos, what, reason string) {
		p := fset.Position(pos)
		violations = append(violations, fmt.Sprintf("%s:%d: %s: %s", p.Filename, p.Line, what, reason))
	}
	if !slices.ContainsFunc(rules, func(r rule) bool { return r.arrow && r.holdsIn(dir) }) {
		report(file.Package, dir, "no arrow in arrows_test.go says what this package may know")
	}

	imported := map[string]string{} // the name in this file → the import path
	for _, spec := range file.Imports {
		importPath, err := strconv.Unquote(spec.Path.Value)
		if err != nil {
			return nil, err
		}
		local := path.Base(importPath)
		if spec.Name != nil {
			local = spec.Name.Name
		}
		imported[local] = importPath
		for _, r := range rules {
			if !r.holdsIn(dir) {
				continue
			}
			if r.forbidsImport(importPath, module) {
				report(spec.Pos(), "imports "+importPath, r.reason)
			}
			if local == "." && slices.ContainsFunc(r.uses, func(u string) bool { return strings.HasPrefix(u, importPath+".") }) {
				report(spec.Pos(), "imports all names of "+importPath, r.reason)
			}
		}
	}

	use := func(pos token.Pos, name string) {
		for _, r := range rules {
			if r.holdsIn(dir) && r.forbidsUse(name) {
				report(pos, "uses "+name, r.reason)
			}
		}
	}
	// An identifier without an object is declared in no scope of this file: it
	// is an import, a builtin or a name of another file of the package.
	ast.Inspect(file, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.SelectorExpr:
			if id, ok := n.X.(*ast.Ident); ok && id.Obj == nil && imported[id.Name] != "" {
				use(n.Pos(), imported[id.Name]+"."+n.Sel.Name)
			}
		case *ast.CallExpr:
			if id, ok := n.Fun.(*ast.Ident); ok && id.Obj == nil {
				use(n.Pos(), id.Name)
			}
		}
		return true
	})
	return violations, nil
}

func TestArrows(t *testing.T) {
	violations, dirs, err := check(os.DirFS("."))
	if err != nil {
		t.Fatal(err)
	}
	for _, v := range violations {
		t.Error(v)
	}
	// A rule about a room that is not there holds for nothing.
	missing := map[string]bool{}
	for _, r := range rules {
		for _, room := range slices.Concat(r.rooms, r.except, r.knows) {
			missing[room] = true
		}
	}
	for room := range missing {
		for dir := range dirs {
			if within(dir, room) {
				delete(missing, room)
			}
		}
	}
	for _, room := range slices.Sorted(maps.Keys(missing)) {
		t.Errorf("the rules name %s, which has no Go file", room)
	}
}

// TestArrowsCanFail gives the checker one small source for each way to break a
// rule, and sources next to them that are right.
func TestArrowsCanFail(t *testing.T) {
	const module = "example.com/tool"
	cases := []struct{ file, src, want string }{
		{"pkg/image/a.go", `import _ "example.com/tool/pkg/taskdef"`, "imports example.com/tool/pkg/taskdef: image references"},
		{"pkg/image/a.go", `import _ "example.com/tool"`, "imports example.com/tool: image references"},
		{"pkg/pace/a.go", `import _ "example.com/tool/pkg/ecsapi"`, "rates of AWS"},
		{"pkg/arn/a.go", `import _ "example.com/tool/pkg/deploy"`, "names are read by every room"},
		{"pkg/printable/a.go", `import _ "example.com/tool/pkg/deploy"`, "knows nothing of what it says"},
		{"pkg/shell/a.go", `import _ "example.com/tool/pkg/arn"`, "quoting for a shell"},
		{"pkg/internal/nearest/a.go", `import _ "example.com/tool/pkg/deploy"`, "small helpers"},
		{"pkg/internal/hostile/a.go", `import _ "example.com/tool/pkg/deploy"`, "not who is tested"},
		{"pkg/internal/hostile/a.go", `import _ "example.com/tool/pkg/ecssim"`, ""},
		{"pkg/internal/nearest/a.go", `import _ "example.com/tool/pkg/ecssim"`, "small helpers"},
		{"pkg/rollout/a.go", `import _ "example.com/tool/pkg/deploy"`, "pure fold"},
		{"pkg/taskdef/a.go", `import _ "example.com/tool/pkg/rollout"`, "nothing else"},
		{"pkg/taskdef/a.go", `import _ "example.com/tool/pkg/image"`, ""},
		{"pkg/deploy/a.go", `import _ "example.com/tool/pkg/ecssim"`, "forecast"},
		{"pkg/deploy/a.go", `import _ "example.com/tool/pkg/forecast"`, "forecast"},
		{"pkg/forecast/a.go", `import _ "example.com/tool/pkg/ecssim"`, ""},
		{"pkg/forecast/a.go", `import _ "example.com/tool/pkg/report"`, "reaches the pipeline as an interface"},
		{"pkg/deploy/a.go", `import _ "example.com/tool/pkg/report"`, "forecast"},
		{"pkg/deploy/inner/a.go", `import _ "example.com/tool/cmd"`, "forecast"},
		{"pkg/ecsapi/a.go", `import _ "example.com/tool/pkg/deploy"`, "decides nothing"},
		{"pkg/deploy/a.go", `import _ "example.com/tool/pkg/deploy/inner"`, ""},
		{"pkg/notify/a.go", `import _ "example.com/tool/pkg/deploy"`, "posts what it is given"},
		{"pkg/config/a.go", `import _ "example.com/tool/pkg/report"`, "request to the pipeline"},
		{"pkg/fleet/a.go", `import _ "example.com/tool/pkg/ecsapi"`, "no second pipeline"},
		{"pkg/deploy/a.go", `import _ "example.com/tool/pkg/fleet"`, "forecast"},
		{"pkg/scaffold/a.go", `import _ "example.com/tool/pkg/report"`, "files that config reads"},
		{"docs/a.go", `import _ "example.com/tool/pkg/deploy"`, "the pages stand alone"},
		{"pkg/iam/a.go", `import _ "example.com/tool/pkg/deploy"`, "permissions are a table"},
		{"pkg/preflight/a.go", `import _ "example.com/tool/pkg/report"`, "asked of the pipeline"},
		{"pkg/page/a.go", `import _ "example.com/tool/pkg/deploy"`, "drawn from a story"},
		{"pkg/page/a.go", `import _ "example.com/tool/pkg/report"`, ""},
		{"pkg/scaffold/a.go", `import "os"; var _ = os.Getenv("A")`, "uses os.Getenv"},
		{"pkg/report/a.go", `import _ "example.com/tool/pkg/config"`, "pipeline's events"},
		{"pkg/ecssim/a.go", `import _ "example.com/tool/pkg/image"`, "independent ECS"},
		{"cmd/a.go", `import _ "example.com/tool/pkg/taskdef"`, "nothing beneath it"},
		{"cmd/tool/main.go", `import _ "example.com/tool/cmd"`, ""},
		{"pkg/imagery/a.go", ``, "pkg/imagery: no arrow"},
		{"pkg/deploy/a.go", `import _ "os"`, "imports os: below cmd"},
		{"pkg/rollout/a.go", `import _ "os/signal"`, "imports os/signal: below cmd"},
		{"pkg/ecssim/a.go", `import _ "os"`, ""},
		{"pkg/ecssim/a.go", `import _ "os/exec"`, "needs files"},
		{"pkg/deploy/a.go", `import _ "github.com/aws/aws-sdk-go-v2/config"`, "given a client"},
		{"pkg/ecssim/a.go", `import "os"; var _ = os.Getenv("A")`, "uses os.Getenv"},
		{"pkg/ecssim/a.go", `import x "os"; var _ = x.Environ`, "uses os.Environ"},
		{"pkg/ecssim/a.go", `import . "os"`, "imports all names of os"},
		{"pkg/ecssim/a.go", `import "os"; var _, _ = os.ReadFile("a")`, ""},
		{"pkg/ecssim/a.go", `import "os"; func f(os struct{ Stdout int }) int { return os.Stdout }; var _ = os.Remove`, ""},
		{"pkg/ecssim/a.go", `import "os"; var _ = os.Stderr`, "standard streams"},
		{"pkg/config/a.go", `import "os"; var _ = os.Getenv("A")`, ""},
		{"pkg/config/a.go", `import "os"; var _ = os.Stdout`, "standard streams"},
		{"pkg/report/a.go", `import "os"; func f() { os.Exit(1) }`, "exit code belong to cmd"},
		{"pkg/config/a.go", `import "os"; var _ = os.Args`, "exit code belong to cmd"},
		{"cmd/a.go", `import "os"; var _ = os.Args`, ""},
		{"pkg/ecssim/a.go", `import "log"; func f() { log.Fatalf("a") }`, "exit code belong to cmd"},
		{"pkg/ecssim/a.go", `import "log"; func f() { log.Println() }`, "uses log.Println"},
		{"pkg/report/a.go", `import "fmt"; func f() { fmt.Printf("a") }`, "uses fmt.Printf"},
		{"pkg/report/a.go", `import ("fmt"; "io"); func f(w io.Writer) { fmt.Fprintln(w) }`, ""},
		{"pkg/image/a.go", `func f() { println() }`, "uses println"},
		{"pkg/deploy/a.go", `import "log/slog"; func f() { slog.Info("a") }`, "uses log/slog.Info"},
		{"pkg/deploy/a.go", `import "log/slog"; func f(l *slog.Logger) { l.Info("a") }`, ""},
		{"pkg/deploy/a.go", `import _ "github.com/spf13/cobra"`, "flags end"},
		{"pkg/taskdef/a.go", `import _ "github.com/spf13/pflag"`, "flags end"},
		{"cmd/a.go", `import _ "github.com/spf13/cobra/doc"`, ""},
		{"pkg/names/a.go", `import _ "example.com/tool/pkg/deploy"`, "it lists what somebody could type"},
		{"cmd/a.go", `import _ "github.com/spf13/viper"`, "knows viper"},
		{"pkg/deploy/a.go", `import _ "github.com/spf13/viper"`, "knows viper"},
		{"pkg/config/a.go", `import _ "github.com/spf13/viper"`, ""},
		{"pkg/rollout/a.go", `import _ "github.com/fatih/color"`, "colour"},
		{"pkg/deploy/a.go", `import _ "charm.land/bubbletea/v2"`, "colour"},
		{"pkg/image/a_test.go", `import _ "example.com/tool/pkg/ecssim"`, ""},
		{"pkg/image/testdata/a.go", `import _ "example.com/tool/pkg/ecssim"`, ""},
	}
	broken := map[string]bool{}
	for _, c := range cases {
		violations, _, err := check(fstest.MapFS{
			"go.mod":     {Data: []byte("module " + module + "\n")},
			"cmd/doc.go": {Data: []byte("package cmd")},
			"docs/x.md":  {},
			"pkg/x.txt":  {},
			c.file:       {Data: []byte("package p\n" + c.src)},
		})
		got := strings.Join(violations, "\n")
		if err != nil || (got == "") != (c.want == "") || !strings.Contains(got, c.want) {
			t.Errorf("%s: %s\n got: %q, %v\nwant: %q", c.file, c.src, got, err, c.want)
		}
		if got != "" && !strings.HasPrefix(got, c.file+":") {
			t.Errorf("%s: %s: the violation does not name the file: %q", c.file, c.src, got)
		}
		for _, r := range rules {
			broken[r.reason] = broken[r.reason] || strings.Contains(got, r.reason)
		}
	}
	for _, r := range rules {
		if !broken[r.reason] {
			t.Errorf("no case breaks the rule: %s", r.reason)
		}
	}
}
