package ecssim_test

// This file lets the AWS CLI, which shares no code with the Go SDK, use the
// simulator, and checks what scripts read of its answers.

import (
	"bufio"
	"context"
	_ "embed"
	"encoding/json"
	"io"
	"net/http/httptest"
	"os"
	"os/exec"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/ecs-deploy/ecs-deploy/pkg/ecssim"
)

// oneProcess is a program that serves many commands of an AWS CLI that is a
// Python package: starting it for each would take a second or more.
//
//go:embed testdata/awscli.py
var oneProcess string

// awsCLI is the AWS CLI, talking to a simulator whose time only moves when a test
// says so.
type awsCLI struct {
	*testing.T
	environ []string
	input   io.Writer      // of oneProcess; nil: each command is a process of its own
	output  *bufio.Scanner // its answers
	*handClock
}

// handClock is a clock that a test sets.
type handClock struct {
	mutex sync.Mutex
	now   time.Time
}

func (c *handClock) Now() time.Time {
	c.mutex.Lock()
	defer c.mutex.Unlock()
	return c.now
}

func (c *handClock) pass(d time.Duration) {
	c.mutex.Lock()
	defer c.mutex.Unlock()
	c.now = c.now.Add(d)
}

func (*handClock) Sleep(context.Context, time.Duration) error { return nil }

// newAWSCLI serves a world to the AWS CLI, or skips the test.
func newAWSCLI(t *testing.T, world ecssim.World) *awsCLI {
	t.Helper()
	if testing.Short() {
		t.Skip("-short: the AWS CLI takes seconds")
	}
	if _, err := exec.LookPath("aws"); err != nil {
		t.Skip("the AWS CLI is not installed")
	}
	clock := &handClock{now: time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)}
	sim, err := ecssim.New(world, ecssim.WithClock(clock))
	if err != nil {
		t.Fatal(err)
	}
	server := httptest.NewServer(sim)
	t.Cleanup(server.Close)
	cli := &awsCLI{T: t, handClock: clock, environ: append(os.Environ(),
		"AWS_ENDPOINT_URL="+server.URL, "AWS_ACCESS_KEY_ID=AKIDEXAMPLE", "AWS_SECRET_ACCESS_KEY=secret", "AWS_DEFAULT_REGION=us-east-1",
		"AWS_CONFIG_FILE=/dev/null", "AWS_EC2_METADATA_DISABLED=true", "AWS_PAGER=")}
	cli.startOne()
	return cli
}

// startOne starts one process for all commands, if the AWS CLI can do that.
func (cli *awsCLI) startOne() {
	cli.Helper()
	check := exec.Command("python3", "-c", "import awscli.clidriver")
	check.Env = cli.environ
	if check.Run() != nil {
		return
	}
	process := exec.Command("python3", "-c", oneProcess)
	process.Env = cli.environ
	input, err := process.StdinPipe()
	if err != nil {
		cli.Fatal(err)
	}
	output, err := process.StdoutPipe()
	if err != nil {
		cli.Fatal(err)
	}
	if err := process.Start(); err != nil {
		cli.Fatal(err)
	}
	cli.input, cli.output = input, bufio.NewScanner(output)
	cli.output.Buffer(nil, 1<<20)
	cli.Cleanup(func() {
		_ = input.Close() // its end is the end of the process
		_ = process.Wait()
	})
}

// run runs one command: its exit code, and what it printed.
func (cli *awsCLI) run(args []string) (code int, stdout, stderr string) {
	cli.Helper()
	if cli.input == nil {
		cmd := exec.Command("aws", args...)
		cmd.Env = cli.environ
		var out, err strings.Builder
		cmd.Stdout, cmd.Stderr = &out, &err
		_ = cmd.Run() // the exit code says it
		return cmd.ProcessState.ExitCode(), out.String(), err.String()
	}
	if err := json.NewEncoder(cli.input).Encode(args); err != nil {
		cli.Fatal(err)
	}
	if !cli.output.Scan() {
		cli.Fatalf("aws %s: the AWS CLI has ended: %v", strings.Join(args, " "), cli.output.Err())
	}
	if err := json.Unmarshal(cli.output.Bytes(), &[]any{&code, &stdout, &stderr}); err != nil {
		cli.Fatal(err)
	}
	return code, stdout, stderr
}

// awsStep is a command and what it prints as text, in one line. A command that
// fails prints its error. $NAME stands for what the step with that name printed.
type awsStep struct {
	after   time.Duration // that pass first
	command string        // words, without "aws"
	want    string
	name    string // of its output; want is empty then
}

// play runs the steps, one after the other.
func (cli *awsCLI) play(steps []awsStep) {
	cli.Helper()
	saved := []string{}
	for _, step := range steps {
		cli.pass(step.after)
		args := strings.Fields(strings.NewReplacer(saved...).Replace(step.command))
		args = append(args, "--output", "text")
		code, stdout, stderr := cli.run(args)
		got := strings.Join(strings.Fields(stdout), " ")
		if code != 0 {
			got = strings.Join(strings.Fields(stderr), " ")
			got = got[strings.LastIndex(got, "An error occurred")+len("An error occurred"):]
		}
		if step.name != "" {
			if code != 0 || got == "" {
				cli.Fatalf("aws %s: %d %s%s", strings.Join(args, " "), code, stdout, stderr)
			}
			saved = append(saved, "$"+step.name, got)
			continue
		}
		if want := strings.NewReplacer(saved...).Replace(step.want); got != want && !(code != 0 && strings.Contains(got, want) && want != "") {
			cli.Errorf("aws %s: exit code %d\n got %s\nwant %s", strings.Join(args, " "), code, got, want)
		}
	}
}
