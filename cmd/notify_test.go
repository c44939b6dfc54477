package cmd_test

import (
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/ecs-deploy/ecs-deploy/cmd"
	"github.com/ecs-deploy/ecs-deploy/pkg/report/schematest"
)

// webhook is a server that keeps what is posted to it.
type webhook struct {
	*httptest.Server
	posted []string
	code   int
}

func newWebhook(t *testing.T) *webhook {
	w := &webhook{code: http.StatusOK}
	w.Server = httptest.NewServer(http.HandlerFunc(func(answer http.ResponseWriter, request *http.Request) {
		body, _ := io.ReadAll(request.Body)
		w.posted = append(w.posted, string(body))
		answer.WriteHeader(w.code)
	}))
	t.Cleanup(w.Close)
	return w
}

// TestNotifications runs commands in the simulator, with a webhook of this machine.
func TestNotifications(t *testing.T) {
	hook := newWebhook(t)
	secret := hook.URL + "/secretpath?sig=secretquery"
	dir := t.TempDir()
	file := "version: 1\ndefaults:\n  cluster: demo\n  notify-env-var: CHAT_WEBHOOK\ntargets:\n  api: {service-name: api, image: repo/api}\n  web: {service-name: web, image: repo/web, needs: api}\n"
	for name, text := range map[string]string{".git": "", "ecs-deploy.yaml": file} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	t.Chdir(dir)
	for name, value := range environment(dir) {
		t.Setenv(name, value)
	}
	for _, c := range []struct {
		name, line string
		variable   string // CHAT_WEBHOOK
		answer     int
		code       int
		posted     string // the verdict of the outcome, or that there is none
		says       string // on standard error
	}{
		{"by flag", "deploy --config none -c demo -n demo -i repo/web:v2 --no-wait --notify $URL", "", 200, 0, "started", ""},
		{"twice the same", "deploy --config none -c demo -n demo -i repo/web:v2 --no-wait --notify $URL --notify-env-var CHAT_WEBHOOK", secret, 200, 0, "started", ""},
		{"an error", "deploy --config none -c demo -n demo -d demo:7 --notify $URL", "", 200, 3, "error", ""},
		{"named by the file", "deploy --target api --tag v2 --no-wait", secret, 200, 0, "started", ""},
		{"a variable that is not set", "deploy --target api --tag v2 --no-wait", "", 200, 0, "", "warning: no notification for variables that are not set: CHAT_WEBHOOK\n"},
		{"not set, quiet", "deploy --target api --tag v2 --no-wait -q", "", 200, 0, "", "warning: no notification for variables that are not set: CHAT_WEBHOOK\n"},
		{"several services", "deploy --target api,web --tag v2 --no-wait -v", secret, 200, 0, "started", "debug: notification 1 of 1 (webhook) was sent\n"},
		{"nobody there", "deploy --target api --tag v2 --no-wait", secret, 404, 0, "started", "warning: notification 1 of 1 (webhook) was not sent: HTTP 404\n"},
		{"a dry run", "deploy --target api --tag v2 --dry-run", secret, 200, 0, "", "1 notification would be sent at the end\n"},
		{"other commands", "status --target api", secret, 200, 0, "", ""},
		{"no URL", "deploy --target api --tag v2", "secretpath", 200, 3, "", "error: the variable CHAT_WEBHOOK: not a valid URL of a webhook\n"},
		{"in clear", "deploy --target api --tag v2 --notify http://example.com/secretpath", secret, 200, 3, "", "must begin with https"},
		{"a view", "config view --target api --notify $URL", secret, 200, 0, "", ""},
		{"in the file", "deploy --config bad.yaml", secret, 200, 3, "", `"notify" cannot be set in a file`},
	} {
		t.Run(c.name, func(t *testing.T) {
			if err := os.WriteFile("bad.yaml", []byte("version: 1\ndefaults: {notify: https://example.com/secretpath}\n"), 0o600); err != nil {
				t.Fatal(err)
			}
			hook.posted, hook.code = nil, c.answer
			t.Setenv("CHAT_WEBHOOK", c.variable)
			t.Setenv("XDG_STATE_HOME", t.TempDir()) // a world of its own
			var out, err bytes.Buffer
			words := strings.Fields(strings.ReplaceAll(c.line, "$URL", secret))
			if !slices.Contains(words, "view") {
				words = append(words, "--simulate", "--debug-http")
			}
			if code := cmd.Main(t.Context(), words, cmd.Streams{Out: &out, Err: &err}); code != c.code || !strings.Contains(err.String(), c.says) {
				t.Errorf("exit code %d, want %d\n%s\n%s", code, c.code, &out, &err)
			}
			if shown := out.String() + err.String(); strings.Contains(shown, "secretpath") || strings.Contains(shown, "secretquery") {
				t.Errorf("the URL is shown:\n%s", shown)
			}
			checkPosted(t, hook.posted, c.posted)
		})
	}
}

// checkPosted holds what was posted against the schema, and the verdict of its outcome.
func checkPosted(t *testing.T, posted []string, verdict string) {
	t.Helper()
	if verdict == "" {
		if len(posted) > 0 {
			t.Errorf("something was posted: %q", posted)
		}
		return
	}
	var outcome struct{ Type, Schema, Verdict string }
	if len(posted) != 1 || json.Unmarshal([]byte(posted[0]), &outcome) != nil || outcome.Type != "outcome" || outcome.Schema == "" || outcome.Verdict != verdict {
		t.Fatalf("posted: %q", posted)
	}
	if err := schematest.Lines([]byte(posted[0])); err != nil {
		t.Error(err)
	}
}
