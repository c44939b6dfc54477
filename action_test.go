package ecsdeploy_test

// The steps of action.yml run here as a runner of GitHub runs them, against a server of
// releases on this machine.

import (
	"archive/tar"
	"archive/zip"
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"fmt"
	"maps"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"go.yaml.in/yaml/v4"
)

type actionStep struct {
	ID    string            `yaml:"id"`
	Shell string            `yaml:"shell"`
	Run   string            `yaml:"run"`
	Uses  string            `yaml:"uses"`
	Env   map[string]string `yaml:"env"`
}

// readAction returns the text of action.yml, and its steps by their ids.
func readAction(t *testing.T) (string, map[string]actionStep) {
	t.Helper()
	text, err := os.ReadFile("action.yml")
	if err != nil {
		t.Fatal(err)
	}
	var action struct {
		Runs struct {
			Using string       `yaml:"using"`
			Steps []actionStep `yaml:"steps"`
		} `yaml:"runs"`
	}
	if err := yaml.Unmarshal(text, &action); err != nil || action.Runs.Using != "composite" {
		t.Fatalf("not a composite action: %v", err)
	}
	steps := map[string]actionStep{}
	for _, step := range action.Runs.Steps {
		steps[step.ID] = step
	}
	return string(text), steps
}

// TestNoTextOfAWorkflowBecomesCodeOfTheAction: scripts have no expressions, which GitHub
// would replace before the shell reads them.
func TestNoTextOfAWorkflowBecomesCodeOfTheAction(t *testing.T) {
	_, steps := readAction(t)
	if len(steps) != 2 {
		t.Errorf("%d steps", len(steps))
	}
	for id, step := range steps {
		if step.Shell != "bash" || step.Run == "" || step.Uses != "" || strings.Contains(step.Run, "${{") {
			t.Errorf("step %s: %+v", id, step)
		}
	}
	scripts, err := filepath.Glob(".github/action/*.sh")
	if err != nil || len(scripts) != 2 {
		t.Fatal(scripts, err)
	}
	for _, script := range scripts {
		text, err := os.ReadFile(script)
		if err != nil {
			t.Fatal(err)
		}
		if !strings.Contains(string(text), "\nset -euo pipefail\n") || strings.Contains(string(text), "eval ") {
			t.Errorf("%s goes on after an error, or evaluates text", script)
		}
	}
}

// runStep runs a step with the values of its variables, and returns its output, the files
// that GitHub reads after it, and whether it passed.
func runStep(t *testing.T, id string, values map[string]string) (out string, files map[string]string, passed bool) {
	t.Helper()
	_, steps := readAction(t)
	step, dir := steps[id], t.TempDir()
	root, err := filepath.Abs(".")
	if err != nil {
		t.Fatal(err)
	}
	env := map[string]string{
		"PATH": os.Getenv("PATH"), "HOME": dir, "RUNNER_OS": "Linux", "RUNNER_ARCH": "X64",
		"RUNNER_TEMP": filepath.Join(dir, "temp folder"), "GITHUB_ACTION_PATH": root,
		"GITHUB_PATH": filepath.Join(dir, "path"), "GITHUB_OUTPUT": filepath.Join(dir, "output"),
	}
	for name := range step.Env {
		env[name] = ""
	}
	maps.Copy(env, values)
	for name := range values {
		if _, known := step.Env[name]; !known && !strings.HasPrefix(name, "RUNNER_") && name != "PATH" {
			t.Fatalf("step %s has no variable %s", id, name)
		}
	}
	// As GitHub runs shell: bash.
	command := exec.Command("bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", step.Run)
	command.Dir = dir
	for name, value := range env {
		command.Env = append(command.Env, name+"="+value)
	}
	text, err := command.CombinedOutput()
	files = map[string]string{}
	for _, name := range []string{"path", "output"} {
		content, _ := os.ReadFile(filepath.Join(dir, name))
		files[name] = strings.TrimSpace(string(content))
	}
	if _, err := os.Stat(filepath.Join(dir, "injected")); err == nil {
		t.Error("a value was run as code")
	}
	return string(text), files, err == nil
}

// needShell skips the test where the action cannot run.
func needShell(t *testing.T) {
	t.Helper()
	if runtime.GOOS == "windows" {
		t.Skip("bash may be that of another system here")
	}
	for _, tool := range []string{"bash", "curl", "tar", "unzip"} {
		if _, err := exec.LookPath(tool); err != nil {
			t.Skip(err)
		}
	}
}

const program = "#!/bin/sh\nprintf '[%s]' \"$@\"\nexit 6\n"

// releaseFiles are the files of release 1.2.3, by the paths of their addresses.
func releaseFiles(t *testing.T) map[string][]byte {
	t.Helper()
	var tarball, zipball bytes.Buffer
	compressed := gzip.NewWriter(&tarball)
	w := tar.NewWriter(compressed)
	for name, text := range map[string]string{"README.md": "read me", "ecs-deploy": program} {
		if err := w.WriteHeader(&tar.Header{Name: name, Mode: 0o755, Size: int64(len(text))}); err != nil {
			t.Fatal(err)
		}
		_, _ = w.Write([]byte(text)) // Close reports what failed
	}
	z := zip.NewWriter(&zipball)
	file, err := z.Create("ecs-deploy.exe")
	if err != nil {
		t.Fatal(err)
	}
	_, _ = file.Write([]byte(program))
	for _, closer := range []interface{ Close() error }{w, compressed, z} {
		if err := closer.Close(); err != nil {
			t.Fatal(err)
		}
	}
	const folder = "/owner/repository/releases/download/v1.2.3/"
	files := map[string][]byte{}
	var sums strings.Builder
	for name, content := range map[string][]byte{
		"ecs-deploy_1.2.3_linux_amd64.tar.gz": tarball.Bytes(), "ecs-deploy_1.2.3_darwin_arm64.tar.gz": tarball.Bytes(),
		"ecs-deploy_1.2.3_windows_amd64.zip": zipball.Bytes(), "ecs-deploy_1.2.3_linux_amd64.tar.gz.sbom.json": []byte("{}"),
	} {
		files[folder+name] = content
		fmt.Fprintf(&sums, "%x  %s\n", sha256.Sum256(content), name)
	}
	files[folder+"checksums.txt"] = []byte(sums.String())
	files["/owner/repository/releases/latest/download/checksums.txt"] = files[folder+"checksums.txt"]
	return files
}

func serve(t *testing.T, files map[string][]byte) string {
	t.Helper()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		content, ok := files[r.URL.Path]
		if !ok {
			http.NotFound(w, r)
			return
		}
		_, _ = w.Write(content)
	}))
	t.Cleanup(server.Close)
	return server.URL
}

func TestTheActionSetsUpAReleaseThatMatchesItsChecksum(t *testing.T) {
	needShell(t)
	files := releaseFiles(t)
	server := serve(t, files)
	forged := maps.Clone(files)
	for _, name := range []string{"linux_amd64.tar.gz", "windows_amd64.zip"} {
		name = "/owner/repository/releases/download/v1.2.3/ecs-deploy_1.2.3_" + name
		forged[name] = append(bytes.Clone(files[name]), 0)
	}
	forger := serve(t, forged)

	for name, test := range map[string]struct {
		values map[string]string
		binary string // empty: the action fails
		says   string
	}{
		"the version of the action":    {map[string]string{"REF": "v1.2.3"}, "ecs-deploy", "v1.2.3 for linux on amd64"},
		"the version of the input":     {map[string]string{"REF": "main", "VERSION": "1.2.3"}, "ecs-deploy", "v1.2.3 for linux on amd64"},
		"the latest":                   {map[string]string{"VERSION": "latest"}, "ecs-deploy", "v1.2.3 for linux on amd64"},
		"macOS":                        {map[string]string{"REF": "v1.2.3", "RUNNER_OS": "macOS", "RUNNER_ARCH": "ARM64"}, "ecs-deploy", "v1.2.3 for darwin on arm64"},
		"Windows":                      {map[string]string{"REF": "v1.2.3", "RUNNER_OS": "Windows"}, "ecs-deploy.exe", "v1.2.3 for windows on amd64"},
		"a wrong checksum":             {map[string]string{"SERVER": forger, "REF": "v1.2.3"}, "", "checksums.txt of the release says"},
		"a wrong checksum, latest":     {map[string]string{"SERVER": forger, "VERSION": "latest"}, "", "checksums.txt of the release says"},
		"a wrong checksum, Windows":    {map[string]string{"SERVER": forger, "REF": "v1.2.3", "RUNNER_OS": "Windows"}, "", "checksums.txt of the release says"},
		"a release that is not there":  {map[string]string{"REF": "v1.2.4"}, "", "cannot download " + server + "/owner/repository/releases/download/v1.2.4/checksums.txt"},
		"no archive for this runner":   {map[string]string{"REF": "v1.2.3", "RUNNER_ARCH": "ARM64"}, "", "has no archive for linux on arm64"},
		"an architecture without any":  {map[string]string{"REF": "v1.2.3", "RUNNER_ARCH": "ARM"}, "", "no release for the architecture ARM"},
		"a commit instead of a tag":    {map[string]string{"REF": "de0fac2e4500dabe0009e67214ff5f5447ce83dd"}, "", "set the input version"},
		"a version that is code":       {map[string]string{"VERSION": "v1.2.3; touch injected"}, "", "neither a version"},
		"a version that is a path":     {map[string]string{"VERSION": "v1.2.3/../../../other"}, "", "neither a version"},
		"a version with another line":  {map[string]string{"VERSION": "v1.2.3\ntouch injected"}, "", "neither a version"},
		"a version that is a variable": {map[string]string{"VERSION": "$(touch injected)"}, "", "neither a version"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			values := map[string]string{"SERVER": server, "REPOSITORY": "owner/repository"}
			maps.Copy(values, test.values)
			out, files, passed := runStep(t, "setup", values)
			if !strings.Contains(out, test.says) {
				t.Errorf("%q is not in the output:\n%s", test.says, out)
			}
			if test.binary == "" {
				if passed || files["path"] != "" || files["output"] != "" {
					t.Errorf("passed: %v, %q", passed, files)
				}
				return
			}
			got, err := os.ReadFile(filepath.Join(files["path"], test.binary))
			if !passed || err != nil || string(got) != program || files["output"] != "version=v1.2.3" {
				t.Errorf("passed: %v, %v, %q\n%s", passed, err, files, out)
			}
		})
	}
}

func TestTheActionRunsItsArgumentsAsTheyAre(t *testing.T) {
	needShell(t)
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "ecs-deploy"), []byte(program), 0o700); err != nil {
		t.Fatal(err)
	}
	arguments := "deploy\n  --target=production\r\n\n--tag=$(touch injected) `touch injected`; touch injected\n--env=A='b c' *\n"
	out, _, passed := runStep(t, "run", map[string]string{"ARGUMENTS": arguments, "PATH": dir + ":" + os.Getenv("PATH")})
	want := "[deploy][--target=production][--tag=$(touch injected) `touch injected`; touch injected][--env=A='b c' *]"
	if out != want || passed {
		t.Errorf("got %s, passed %v\nwant %s, and the exit code of the program", out, passed, want)
	}
}
