package cmd_test

// The jobs of docs/ci.md are run as they are pasted: they download a release from this
// machine, compare its checksum, exchange a token for a role and deploy to the simulator.

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"maps"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"go.yaml.in/yaml/v4"

	"github.com/ecs-deploy/ecs-deploy/pkg/ecssim"
)

// job is a job of a CI system as its runner sees it.
type job struct {
	shell   []string
	scripts []string
	env     map[string]string
}

// jobOf decodes the first piece of YAML below a heading of the page.
func jobOf(t *testing.T, heading string, into any) {
	t.Helper()
	text, err := os.ReadFile("../docs/ci.md")
	if err != nil {
		t.Fatal(err)
	}
	_, below, found := strings.Cut(string(text), "\n## "+heading+"\n")
	_, block, fenced := strings.Cut(below, "```yaml\n")
	block, _, _ = strings.Cut(block, "\n```")
	if err := yaml.Unmarshal([]byte(block), into); err != nil || !found || !fenced {
		t.Fatalf("no job below %s: %v", heading, err)
	}
}

func gitLabJob(t *testing.T, token string) job {
	var file struct {
		Deploy struct {
			Variables map[string]string `yaml:"variables"`
			Before    []string          `yaml:"before_script"`
			Script    []string          `yaml:"script"`
		} `yaml:"deploy"`
	}
	jobOf(t, "GitLab", &file)
	env := map[string]string{"AWS_TOKEN": token, "CI_COMMIT_SHA": "v2", "CI_PROJECT_DIR": "/checkout", "GITLAB_CI": "true"}
	maps.Copy(env, file.Deploy.Variables)
	script := strings.Join(append(file.Deploy.Before, file.Deploy.Script...), "\n")
	return job{[]string{"-eo", "pipefail"}, []string{script}, env}
}

func circleCIJob(t *testing.T, token string) job {
	var file struct {
		Jobs struct {
			Deploy struct {
				Environment map[string]string `yaml:"environment"`
				Steps       []any             `yaml:"steps"`
			} `yaml:"deploy"`
		} `yaml:"jobs"`
	}
	jobOf(t, "CircleCI", &file)
	env := map[string]string{"CIRCLE_OIDC_TOKEN_V2": token, "CIRCLE_SHA1": "v2", "CIRCLECI": "true"}
	maps.Copy(env, file.Jobs.Deploy.Environment)
	var scripts []string
	for _, step := range file.Jobs.Deploy.Steps {
		step, _ := step.(map[string]any)
		if run, ok := step["run"].(map[string]any); ok {
			folder, ok := run["working_directory"].(string)
			if !ok {
				folder = "/checkout"
			}
			scripts = append(scripts, fmt.Sprintf("cd %s\n%s", folder, run["command"]))
		}
	}
	return job{[]string{"-eo", "pipefail"}, scripts, env}
}

func buildkiteJob(t *testing.T, _ string) job {
	var file struct {
		Steps []struct {
			Env     map[string]string `yaml:"env"`
			Command string            `yaml:"command"`
		} `yaml:"steps"`
	}
	jobOf(t, "Buildkite", &file)
	if len(file.Steps) != 1 {
		t.Fatalf("%d steps", len(file.Steps))
	}
	env := map[string]string{"BUILDKITE_COMMIT": "v2", "BUILDKITE": "true"}
	maps.Copy(env, file.Steps[0].Env)
	return job{[]string{"-e"}, []string{strings.ReplaceAll(file.Steps[0].Command, "$$", "$")}, env}
}

// serveRelease serves release 1.2.3 of the project, with the program of this test.
func serveRelease(t *testing.T) string {
	t.Helper()
	program, err := exec.LookPath("ecs-deploy")
	if err != nil {
		t.Fatal(err)
	}
	text := fmt.Sprintf("#!/bin/sh\nexec %q \"$@\"\n", program)
	var archive bytes.Buffer
	compressed := gzip.NewWriter(&archive)
	w := tar.NewWriter(compressed)
	if err := w.WriteHeader(&tar.Header{Name: "ecs-deploy", Mode: 0o755, Size: int64(len(text))}); err != nil {
		t.Fatal(err)
	}
	_, _ = w.Write([]byte(text)) // Close reports what failed
	if w.Close() != nil || compressed.Close() != nil {
		t.Fatal("no archive")
	}
	const name = "ecs-deploy_1.2.3_linux_amd64.tar.gz"
	files := map[string][]byte{
		name:            archive.Bytes(),
		"checksums.txt": fmt.Appendf(nil, "%x  %s\n%064d  %s.sbom.json\n", sha256.Sum256(archive.Bytes()), name, 0, name),
	}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		content, ok := files[path.Base(r.URL.Path)]
		if !ok || "github.com"+path.Dir(r.URL.Path) != "github.com/ecs-deploy/ecs-deploy/releases/download/v1.2.3" {
			http.NotFound(w, r)
			return
		}
		_, _ = w.Write(content)
	}))
	t.Cleanup(server.Close)
	return server.URL
}

const jobSettings = `version: 1
targets:
  production: {cluster: production1, service-name: doorman-service, image: docker.repo.com/doorman, confirm: true}
`

// runnerOf makes the folders of a runner, with the checkout and what its agent brings.
func runnerOf(t *testing.T, token string) string {
	t.Helper()
	dir := t.TempDir()
	for _, folder := range []string{"checkout", "bin", "tmp", "home"} {
		if err := os.Mkdir(filepath.Join(dir, folder), 0o700); err != nil {
			t.Fatal(err)
		}
	}
	for file, text := range map[string]string{
		"checkout/ecs-deploy.yaml": jobSettings,
		"bin/sudo":                 "#!/bin/sh\nexec \"$@\"\n",
		"bin/buildkite-agent":      "#!/bin/sh\nprintf %s " + token + "\n",
	} {
		if err := os.WriteFile(filepath.Join(dir, file), []byte(text), 0o700); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

// run runs the scripts of a job, and returns what the last one printed. The folders of the
// runner, and the host of the releases, are those of the test.
func (j job) run(t *testing.T, dir, releases, endpoint string) string {
	t.Helper()
	here := strings.NewReplacer("/usr/local/bin", dir+"/bin", "/tmp", dir+"/tmp", "/checkout", dir+"/checkout", "https://github.com", releases)
	env := []string{"PATH=" + dir + "/bin:/usr/bin:/bin", "AWS_ENDPOINT_URL=" + endpoint, "CI=true"}
	for name, value := range environment(dir) {
		env = append(env, name+"="+value)
	}
	for name, value := range j.env {
		env = append(env, name+"="+here.Replace(value))
	}
	var last string
	for _, script := range j.scripts {
		command := exec.Command("bash", append(j.shell, "-c", here.Replace(script))...)
		command.Dir, command.Env = filepath.Join(dir, "checkout"), env
		out, err := command.CombinedOutput()
		if err != nil {
			t.Fatalf("%v\n%s\n%s", err, script, out)
		}
		last = string(out)
	}
	return last
}

func TestTheJobsOfThePageDeploy(t *testing.T) {
	t.Parallel()
	for _, tool := range []string{"bash", "curl", "sha256sum", "tar"} {
		if _, err := exec.LookPath(tool); err != nil || runtime.GOOS == "windows" {
			t.Skip("the jobs are for Linux: ", err)
		}
	}
	claims := `{"iss":"https://ci.example.com","sub":"doorman","aud":"sts.amazonaws.com","exp":4102444800}`
	token := base64.RawURLEncoding.EncodeToString([]byte(`{"alg":"none"}`)) + "." + base64.RawURLEncoding.EncodeToString([]byte(claims)) + ".x"
	releases := serveRelease(t)
	for name, read := range map[string]func(*testing.T, string) job{"GitLab": gitLabJob, "CircleCI": circleCIJob, "Buildkite": buildkiteJob} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			world, err := ecssim.LoadScenario("healthy")
			if err != nil {
				t.Fatal(err)
			}
			s, err := serveWorld(world.WithSeed(ecssim.Seed{Cluster: "production1", Service: "doorman-service", Image: "docker.repo.com/doorman:v1"}))
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(s.Close)
			out := read(t, token).run(t, runnerOf(t, token), releases, s.URL)
			if !strings.Contains(out, "succeeded: doorman-service is running doorman-service:2 (v2)") {
				t.Errorf("not deployed:\n%s", out)
			}
			updates := s.made("UpdateService")
			if len(updates) != 1 || !strings.HasPrefix(updates[0].key, "ASIA") || len(s.made("AssumeRoleWithWebIdentity")) == 0 {
				t.Errorf("the service was not updated once by the role: %+v", updates)
			}
		})
	}
}
