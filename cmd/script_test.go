package cmd_test

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"
	"github.com/santhosh-tekuri/jsonschema/v6"

	"github.com/ecs-deploy/ecs-deploy/cmd"
	"github.com/ecs-deploy/ecs-deploy/pkg/ecssim"
	"github.com/ecs-deploy/ecs-deploy/pkg/report/schematest"
)

func TestMain(m *testing.M) {
	// Scripts mostly wait for simulated rollouts: more of them fit side by side
	// than there are processors. -parallel on the command line still wins.
	if err := flag.Set("test.parallel", "16"); err != nil {
		panic(err)
	}
	testscript.Main(m, map[string]func(){"ecs-deploy": program, "ecs-deploy-broken": brokenProgram})
}

// program is what the command ecs-deploy does in a script.
func program() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	context.AfterFunc(ctx, stop)
	os.Exit(cmd.Main(ctx, os.Args[1:], cmd.System()))
}

func TestScripts(t *testing.T) {
	t.Parallel()
	testscript.Run(t, testscript.Params{
		Dir:                 filepath.Join("testdata", "script"),
		RequireUniqueNames:  true,
		RequireExplicitExec: true,
		ContinueOnError:     true,
		Deadline:            time.Now().Add(8 * time.Minute),
		Setup:               setup,
		Cmds: map[string]func(*testscript.TestScript, bool, []string){
			"exits":   exits,
			"fails":   fails,
			"exited":  exited,
			"ecs":     startECS,
			"server":  startServer,
			"speed":   turnClock,
			"await":   await,
			"calls":   printCalls,
			"forget":  forgetCalls,
			"signed":  printSignature,
			"outcome": checkOutcome,
			"stream":  checkStream,
			"result":  checkResult,
			"empty":   checkEmpty,
			"serving": startServing,
			"served":  stopServing,
		},
	})
}

type (
	serverKey     struct{}
	backgroundKey struct{}
	servingKey    struct{}
)

// setup gives each script a home, a state directory and an empty checkout of
// its own, and no AWS account.
func setup(env *testscript.Env) error {
	for name, value := range environment(env.WorkDir) {
		env.Setenv(name, value)
	}
	env.Values[serverKey{}] = new(*server)
	env.Values[backgroundKey{}] = new(*exec.Cmd)
	env.Values[servingKey{}] = new(serving)
	return os.MkdirAll(filepath.Join(env.WorkDir, "home"), 0o700)
}

// environment are the variables of every run of the program.
func environment(dir string) map[string]string {
	return map[string]string{
		"HOME": filepath.Join(dir, "home"), "XDG_STATE_HOME": filepath.Join(dir, "state"),
		"AWS_EC2_METADATA_DISABLED": "true", "TZ": "UTC",
	}
}

// exits CODE PROGRAM ARGS: the program ends with exactly this code.
func exits(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 {
		ts.Fatalf("usage: exits CODE PROGRAM ARGS")
	}
	want, err := strconv.Atoi(args[0])
	ts.Check(err)
	if got := codeOf(ts, ts.Exec(args[1], args[2:]...)); got != want {
		ts.Fatalf("exit code %d, want %d", got, want)
	}
}

func codeOf(ts *testscript.TestScript, err error) int {
	var exit *exec.ExitError
	if errors.As(err, &exit) {
		return exit.ExitCode()
	}
	ts.Check(err)
	return 0
}

// complaint is all that a failing command says: what is wrong, and what to do.
var complaint = regexp.MustCompile(`^(simulated: [^\n]+\n)?error: [^\n]+\nhint: [^\n]+\n$`)

// fails CODE PROGRAM ARGS: the program ends with this code, one line that says
// what is wrong and one that says what to do, and prints nothing else.
func fails(ts *testscript.TestScript, neg bool, args []string) {
	exits(ts, neg, args)
	if out := ts.ReadFile("stdout"); out != "" {
		ts.Fatalf("standard output is not empty")
	}
	if !complaint.MatchString(ts.ReadFile("stderr")) {
		ts.Fatalf("standard error is not one error line and one hint line")
	}
}

// exited CODE: the background program, after wait, has ended with this code.
func exited(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 1 {
		ts.Fatalf("usage: exited CODE")
	}
	background, _ := ts.Value(backgroundKey{}).(**exec.Cmd)
	if got := (*background).ProcessState.ExitCode(); strconv.Itoa(got) != args[0] {
		ts.Fatalf("exit code %d, want %s", got, args[0])
	}
}

// ecs SCENARIO [CLUSTER SERVICE IMAGE] or ecs FILE: an ECS that only has an
// HTTP address, as the real one.
func startECS(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 1 && len(args) != 4 {
		ts.Fatalf("usage: ecs SCENARIO CLUSTER SERVICE IMAGE, or ecs FILE")
	}
	var world ecssim.World
	var err error
	if len(args) == 1 {
		world, err = ecssim.ParseWorld(args[0], []byte(ts.ReadFile(args[0])))
	} else if world, err = ecssim.LoadScenario(args[0]); err == nil {
		world = world.WithSeed(ecssim.Seed{Cluster: args[1], Service: args[2], Image: args[3]})
	}
	ts.Check(err)
	s, err := serveWorld(world)
	ts.Check(err)
	use(ts, s)
}

// server KIND: an address behind which there is no ECS.
func startServer(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 1 {
		ts.Fatalf("usage: server KIND")
	}
	if args[0] == "down" {
		s := serve(answer(200, "", ""))
		use(ts, s)
		s.Close()
		return
	}
	handler := misbehaving[args[0]]
	if handler == nil {
		ts.Fatalf("there is no server that is %s", args[0])
	}
	use(ts, serve(handler))
}

// use points the script's commands to a server.
func use(ts *testscript.TestScript, s *server) {
	current := currentServer(ts)
	*current = s
	ts.Defer(func() { s.CloseClientConnections(); s.Close() })
	for name, value := range account(s.URL) {
		ts.Setenv(name, value)
	}
}

// account are the variables with which the program finds an ECS and is let in.
func account(url string) map[string]string {
	return map[string]string{
		"AWS_ENDPOINT_URL_ECS": url, "AWS_REGION": "us-east-1", "AWS_ACCESS_KEY_ID": "AKIDEXAMPLE", "AWS_SECRET_ACCESS_KEY": "secret",
	}
}

// currentServer is the place of the server that the script started.
func currentServer(ts *testscript.TestScript) **server {
	return ts.Value(serverKey{}).(**server)
}

// running is that server. A script that has none ends.
func running(ts *testscript.TestScript) *server {
	current := *currentServer(ts)
	if current == nil {
		ts.Fatalf("no server runs: begin with ecs")
	}
	return current
}

// speed N: from now on the world runs N times as fast as real time.
func turnClock(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 1 {
		ts.Fatalf("usage: speed TIMES")
	}
	speed, err := strconv.ParseFloat(args[0], 64)
	ts.Check(err)
	running(ts).clock.turn(speed)
}

// await OPERATION: wait until the server was asked for it.
func await(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 1 {
		ts.Fatalf("usage: await OPERATION")
	}
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	ts.Check(running(ts).await(ctx, args[0]))
	if jobs := ts.BackgroundCmds(); len(jobs) > 0 {
		background, _ := ts.Value(backgroundKey{}).(**exec.Cmd)
		*background = jobs[len(jobs)-1]
	}
}

// calls [OPERATION…]: print what was called, a line each; without names, what
// changes something. ! calls: nothing was.
func printCalls(ts *testscript.TestScript, neg bool, args []string) {
	made := running(ts).made(args...)
	for _, c := range made {
		_, _ = fmt.Fprintln(ts.Stdout(), c.operation, c.body)
	}
	if neg && len(made) > 0 {
		ts.Fatalf("%d calls were made", len(made))
	}
	if !neg && len(made) == 0 {
		ts.Fatalf("no call was made")
	}
}

// forget: what was called up to now does not count.
func forgetCalls(ts *testscript.TestScript, _ bool, _ []string) {
	s := *currentServer(ts)
	s.mu.Lock()
	defer s.mu.Unlock()
	s.calls = nil
}

// signed [each] [OPERATION]: print the access key and the region of the last call, or of
// the last one of an operation; with each, of all of them.
func printSignature(ts *testscript.TestScript, _ bool, args []string) {
	each := len(args) > 0 && args[0] == "each"
	if each {
		args = args[1:]
	}
	made := running(ts).made(strings.Join(args, ""))
	if len(made) == 0 {
		ts.Fatalf("no call was made")
	}
	if !each {
		made = made[len(made)-1:]
	}
	for _, call := range made {
		_, _ = fmt.Fprintln(ts.Stdout(), call.key, call.region)
	}
}

// outcome VERDICT CODE: standard output is one JSON object with this verdict.
func checkOutcome(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 2 {
		ts.Fatalf("usage: outcome VERDICT CODE")
	}
	isOutcome(ts, []byte(ts.ReadFile("stdout")), args[0], args[1])
}

// stream VERDICT CODE: standard output is NDJSON from the version to an outcome
// with this verdict.
func checkStream(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 2 {
		ts.Fatalf("usage: stream VERDICT CODE")
	}
	text, ended := strings.CutSuffix(ts.ReadFile("stdout"), "\n")
	lines := strings.Split(text, "\n")
	for i, line := range lines {
		var object struct {
			Type, Schema, Verdict string
			Members               []any // of the outcome of several services
			Subject               struct{ Kind, ARN string }
		}
		if err := json.Unmarshal([]byte(line), &object); err != nil {
			ts.Fatalf("line %d is not a JSON object: %v", i+1, err)
		}
		if first := i == 0; first != (object.Type == "version") || first && object.Schema != "1.0" {
			ts.Fatalf("line %d has type %q and schema %q", i+1, object.Type, object.Schema)
		}
		if last := i == len(lines)-1; last != (object.Type == "outcome") {
			ts.Fatalf("line %d of %d has type %q", i+1, len(lines), object.Type)
		}
		about := strings.Contains(object.Subject.ARN, ":service/") && object.Subject.Kind == "service" ||
			strings.HasPrefix(object.Subject.ARN, "arn:") && object.Subject.Kind == "task"
		if untold := object.Type == "version" || object.Verdict == "error" || object.Verdict == "busy" || object.Members != nil; about == untold {
			ts.Fatalf("line %d of type %q is about %v", i+1, object.Type, object.Subject)
		}
	}
	if !ended {
		ts.Fatalf("the last line does not end")
	}
	ts.Check(schematest.Lines([]byte(text)))
	isOutcome(ts, []byte(lines[len(lines)-1]), args[0], args[1])
}

// resultSchema is the strict schema of a result, of the file in the repository.
func resultSchema(name string) (*jsonschema.Schema, error) {
	text, err := os.ReadFile(filepath.Join("..", "docs", "results.schema.json"))
	if err != nil {
		return nil, err
	}
	return schematest.CompileDefinition(text, name+"-result")
}

// result NAME: standard output is JSON that the schema NAME-result describes.
func checkResult(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 1 {
		ts.Fatalf("usage: result NAME")
	}
	schema, err := resultSchema(args[0])
	ts.Check(err)
	ts.Check(schematest.Values(schema, []byte(ts.ReadFile("stdout"))))
}

func isOutcome(ts *testscript.TestScript, text []byte, verdict, code string) {
	var object struct {
		Type, Verdict string
		ExitCode      *int
	}
	decoder := json.NewDecoder(bytes.NewReader(text))
	if err := decoder.Decode(&object); err != nil {
		ts.Fatalf("not a JSON object: %v", err)
	}
	if decoder.More() {
		ts.Fatalf("there is more than one JSON object")
	}
	ts.Check(schematest.Lines(text))
	if object.Type != "outcome" || object.Verdict != verdict || object.ExitCode == nil || strconv.Itoa(*object.ExitCode) != code {
		ts.Fatalf("not the outcome %s with exit code %s", verdict, code)
	}
}

// empty DIR: no file is in the directory, hidden ones included.
func checkEmpty(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 1 {
		ts.Fatalf("usage: empty DIR")
	}
	dir := ts.MkAbs(args[0])
	ts.Check(filepath.WalkDir(dir, func(path string, _ fs.DirEntry, err error) error {
		if err == nil && path != dir {
			err = fmt.Errorf("%s is there", path)
		}
		return err
	}))
}

// serving is a simulator serve under way.
type serving struct {
	command *exec.Cmd
	out     *bufio.Reader
	first   string
	err     strings.Builder
}

// serving ARGS: start ecs-deploy simulator serve with these arguments, and point
// the script's commands to the address that it prints.
func startServing(ts *testscript.TestScript, neg bool, args []string) {
	if neg {
		ts.Fatalf("usage: serving ARGS")
	}
	s := ts.Value(servingKey{}).(*serving)
	s.command = exec.Command("ecs-deploy", append([]string{"simulator", "serve", "--listen", "127.0.0.1:0"}, args...)...)
	s.command.Dir, s.command.Stderr = ts.MkAbs("."), &s.err
	for name := range environment("") {
		s.command.Env = append(s.command.Env, name+"="+ts.Getenv(name))
	}
	out, err := s.command.StdoutPipe()
	ts.Check(err)
	ts.Check(s.command.Start())
	ts.Defer(func() { _ = s.command.Process.Kill() })
	s.out = bufio.NewReader(out)
	s.first, err = s.out.ReadString('\n')
	ts.Check(err)
	address := s.first[strings.LastIndexByte(s.first, ' ')+1:]
	for name, value := range account(strings.TrimSpace(address)) {
		ts.Setenv(name, value)
	}
}

// served: interrupt it; it must end with exit code 0. What it printed can be
// looked at.
func stopServing(ts *testscript.TestScript, _ bool, _ []string) {
	s := ts.Value(servingKey{}).(*serving)
	ts.Check(s.command.Process.Signal(os.Interrupt))
	rest, err := io.ReadAll(s.out)
	ts.Check(err)
	ts.Check(s.command.Wait())
	_, _ = fmt.Fprint(ts.Stdout(), s.first, string(rest))
	_, _ = fmt.Fprint(ts.Stderr(), s.err.String())
}
