package config

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/ecs-deploy/ecs-deploy/pkg/deploy"
	"github.com/ecs-deploy/ecs-deploy/pkg/rollout"
)

func TestRequestAndPolicy(t *testing.T) {
	clearEnvironment(t)
	s, flags := bound()
	err := flags.Parse([]string{
		"-c", "production1", "-n", "doorman-service", "-d", "doorman:41", "-i", "a:1", "-i", "b:2", "-D", "0", "-m", "0", "-M", "200",
		"--force-new-deployment", "--if-unchanged", "restart", "--if-in-progress", "wait", "--max-definitions", "0", "--no-wait",
		"-t", "240", "--complete-timeout", "1h", "--until", "drained",
	})
	if err != nil {
		t.Fatal(err)
	}
	request, err := s.Request()
	if err != nil {
		t.Fatal(err)
	}
	if request.Cluster != "production1" || request.Service != "doorman-service" || request.TaskDefinition != "doorman:41" ||
		!cmp.Equal(request.Images, []string{"a:1", "b:2"}) || !request.ForceNewDeployment || request.IfUnchanged != deploy.RestartUnchanged ||
		*request.DesiredCount != 0 || *request.MinimumHealthyPercent != 0 || *request.MaximumPercent != 200 {
		t.Errorf("%+v", request)
	}
	policy := s.Policy()
	watch := deploy.WatchOptions{Until: rollout.UntilDrained, RunningTimeout: 240 * time.Second, CompleteTimeout: time.Hour}
	if !policy.NoWait || policy.IfInProgress != deploy.WaitIfInProgress || *policy.KeepDefinitions != 0 || policy.Watch != watch {
		t.Errorf("%+v", policy)
	}
}

func TestWhatIsNotAskedIsNotInTheRequest(t *testing.T) {
	request, err := new(Settings).Request()
	if err != nil || request.DesiredCount != nil || request.MinimumHealthyPercent != nil || request.MaximumPercent != nil ||
		!request.Definition.IsZero() || request.Images != nil {
		t.Errorf("%+v %v", request, err)
	}
	if policy := new(Settings).Policy(); policy.KeepDefinitions != nil || policy.NoWait || policy.Watch != (deploy.WatchOptions{}) {
		t.Errorf("%+v", policy)
	}
}

func TestTagFromAVariable(t *testing.T) {
	t.Setenv("BUILD", "v7")
	t.Setenv("EMPTY", "")
	for _, c := range []struct {
		variable string
		images   []string
		want     []string
		problem  string
	}{
		{"", []string{"a", "b:1"}, []string{"a", "b:1"}, ""},
		{"BUILD", []string{"a"}, []string{"a:v7"}, ""},
		{"BUILD", []string{"localhost:5000/a", "b"}, []string{"localhost:5000/a:v7", "b:v7"}, ""},
		{"BUILD", []string{"a:1"}, nil, "a:1 has a tag or digest"},
		{"BUILD", []string{"a@sha256:" + strings.Repeat("0", 64)}, nil, "has a tag or digest"},
		{"BUILD", nil, nil, "no image is named"},
		{"BUILD", []string{"A"}, nil, `"A" is not an image reference`},
		{"EMPTY", []string{"a"}, nil, "the variable EMPTY"},
		{"NOT_SET_AT_ALL", []string{"a"}, nil, "the variable NOT_SET_AT_ALL"},
	} {
		request, err := (&Settings{TagEnvVar: c.variable, Images: c.images}).Request()
		if c.problem == "" && (err != nil || !cmp.Equal(c.want, request.Images)) {
			t.Errorf("%s %v: %v %v", c.variable, c.images, request.Images, err)
		}
		if c.problem != "" {
			checkProblem(t, err, c.problem)
		}
	}
}

// checkProblem holds an error to what every error for people has.
func checkProblem(t *testing.T, err error, part string) {
	t.Helper()
	var coder interface{ ExitCode() int }
	var hinter interface{ Hint() string }
	if err == nil || !strings.Contains(err.Error(), part) || strings.Contains(err.Error(), "\n") {
		t.Errorf("error %v, want %q", err, part)
		return
	}
	if !errors.As(err, &coder) || coder.ExitCode() != 3 || !errors.As(err, &hinter) || hinter.Hint() == "" {
		t.Errorf("%v: no exit code 3, or no hint", err)
	}
}

func TestDefinitionFromAFile(t *testing.T) {
	dir := t.TempDir()
	write := func(name, text string) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	good := write("good.json", `{"family": "a", "containerDefinitions": [{"name": "b", "image": "c"}]}`)
	request, err := (&Settings{TaskDefinitionFile: good}).Request()
	if err != nil || request.Definition.Family() != "a" {
		t.Errorf("%v %v", request.Definition, err)
	}
	for path, part := range map[string]string{
		filepath.Join(dir, "nowhere.json"):     "nowhere.json",
		dir:                                    dir,
		write("bad.json", "{\n  \"family\" }"): "bad.json:2:12: ",
		write("empty.json", ""):                "empty.json",
	} {
		_, err := (&Settings{TaskDefinitionFile: path}).Request()
		checkProblem(t, err, part)
	}
}
