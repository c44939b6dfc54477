package config

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestNamesOfCredentials is about the names alone: what a file cannot use, and what
// it can, though it looks alike.
func TestNamesOfCredentials(t *testing.T) {
	for _, name := range strings.Fields(`ACCESS_KEY JWT BEARER SENTRY_DSN SLACK_WEBHOOK TF_TOKEN_app_terraform_io AWS_ACCESS_KEY_ID AWS_SECRET_ACCESS_KEY AWS_SESSION_TOKEN AWS_SECURITY_TOKEN AWS_CONTAINER_AUTHORIZATION_TOKEN
		GITHUB_TOKEN GH_TOKEN ACTIONS_ID_TOKEN_REQUEST_TOKEN ACTIONS_RUNTIME_TOKEN CI_JOB_TOKEN CI_JOB_JWT_TOKEN SYSTEM_ACCESSTOKEN NPM_TOKEN CI_JOB_JWT CI_JOB_JWT_V2
		BITBUCKET_STEP_OIDC_TOKEN CIRCLE_OIDC_TOKEN_V2 TOKEN VAULT_TOKEN DB_PASSWORD PGPASSWORD MYSQL_PWD SSHPASS CI_REGISTRY_PASSWORD DOCKER_AUTH_CONFIG
		CLIENT_SECRET SECRET_KEY_BASE STRIPE_API_KEY SSH_PRIVATE_KEY GOOGLE_CREDENTIALS aws_secret_access_key ECS_DEPLOY_AWS_ACCESS_KEY ECS_DEPLOY_AWS_SECRET_KEY
		RAILS_MASTER_KEY SSH_KEY COSIGN_SIGNING_KEY APP_ENCRYPTION_KEY AZURE_STORAGE_ACCOUNT_KEY HONEYBADGER_DEPLOY_KEY`) {
		if !holdsCredential(name) {
			t.Errorf("%s is given to files", name)
		}
	}
	for _, name := range strings.Fields(`GIT_TAG TAG PORT HOME HOSTNAME AWS_REGION AWS_ACCOUNT_ID AWS_PROFILE AWS_ROLE_ARN AWS_WEB_IDENTITY_TOKEN_FILE
		DB_SECRET_ARN SECRET_NAME DB_PASSWORD_PARAMETER SSH_AUTH_SOCK AWS_SHARED_CREDENTIALS_FILE AWS_CONTAINER_CREDENTIALS_RELATIVE_URI
		KEYCLOAK_URL PUBLIC_KEY CACHE_KEY S3_KEY KEY TOKENIZER MONKEY AUTHOR COMPASS_URL IMAGE_DIGEST GITHUB_SHA GITHUB_REPOSITORY CI_COMMIT_SHA MAX_TOKENS SECRETS_PREFIX CERT_PATH`) {
		if holdsCredential(name) {
			t.Errorf("%s is kept from files", name)
		}
	}
}

// TestAVariableThatHoldsACredential is used by a definition file only if the user
// allows it by name.
func TestAVariableThatHoldsACredential(t *testing.T) {
	t.Setenv("DB_PASSWORD", "hunter2")
	t.Setenv("AWS_SESSION_TOKEN", "hunter3")
	path := filepath.Join(t.TempDir(), "td.yaml")
	text := "family: web\ncontainerDefinitions:\n  - name: app\n    image: web:1\n    environment:\n      - {name: A, value: \"x ${DB_PASSWORD:-y}\"}\n      - {name: B, value: \"${AWS_SESSION_TOKEN}\"}\n"
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	_, err := (&Settings{TaskDefinitionFile: path}).Request(t.Context(), nil)
	var refused *Error
	if !errors.As(err, &refused) {
		t.Fatal(err)
	}
	want := path + ":6:29: a file cannot use the variable DB_PASSWORD, which may hold a credential\n" +
		path + ":7:27: a file cannot use the variable AWS_SESSION_TOKEN, which may hold a credential"
	if refused.Problem != want || !strings.Contains(refused.Remedy, "--allow-variable DB_PASSWORD --allow-variable AWS_SESSION_TOKEN") || refused.ExitCode() != 3 {
		t.Errorf("%s\n%s", refused.Problem, refused.Remedy)
	}
	if strings.Contains(refused.Problem+refused.Remedy, "hunter") {
		t.Error("the value is shown")
	}
	request, err := (&Settings{TaskDefinitionFile: path, AllowVariables: []string{"DB_PASSWORD", "AWS_SESSION_TOKEN"}}).Request(t.Context(), nil)
	if err != nil {
		t.Fatal(err)
	}
	if given, err := request.Definition.Indented(); err != nil || !strings.Contains(string(given), "x hunter2") || !strings.Contains(string(given), "hunter3") {
		t.Errorf("%s, %v", given, err)
	}
	t.Setenv("DB_PASSWORD", "")
	t.Setenv("AWS_SESSION_TOKEN", "")
	if _, err = (&Settings{TaskDefinitionFile: path}).Request(t.Context(), nil); err != nil {
		t.Errorf("a variable without a value keeps its default: %v", err)
	}
}

// TestTheEndpointOfAFile is used if it is of this machine; another one is
// refused, unless the user gives it as well. Plain http is refused always.
func TestTheEndpointOfAFile(t *testing.T) {
	for endpoint, want := range map[string]string{
		"http://127.0.0.1:4580": "", "http://localhost:4580/": "", "http://[::1]:1": "", "https://127.1.2.3": "", "http://LOCALHOST": "", "http://[::ffff:127.0.0.1]": "",
		"https://ecs.example.com": "confirm", "https://localhost.example.com": "confirm", "https://127.0.0.1.example.com": "confirm", "https://0.0.0.0": "confirm", "https://169.254.169.254": "confirm",
		"http://ecs.example.com": "file", "http://localhost.example.com": "file", "http://127.0.0.1@example.com": "file", "HTTP://example.com": "file", "http://2130706433": "file",
	} {
		file, err := ParseFile("ecs-deploy.yaml", []byte("version: 1\ntargets:\n  prod:\n    endpoint-url: '"+endpoint+"'\n"), "")
		if (err != nil) != (want == "file") {
			t.Errorf("%s: %v", endpoint, err)
			continue
		}
		if err != nil {
			if !strings.HasPrefix(err.Error(), "ecs-deploy.yaml:4:19: endpoint-url: a file cannot name ") {
				t.Error(err)
			}
			continue
		}
		for _, given := range [][]string{nil, {"--endpoint-url", endpoint}} {
			flags := bound("target", "endpoint-url")
			if err := flags.Parse(append([]string{"--target", "prod"}, given...)); err != nil {
				t.Fatal(err)
			}
			s, err := flags.resolve(file)
			if err != nil {
				t.Fatal(err)
			}
			err = s.CheckEndpoint()
			if (err != nil) != (want == "confirm" && given == nil) {
				t.Errorf("%s with %v: %v", endpoint, given, err)
			}
			if err != nil && !strings.HasPrefix(err.Error(), "ecs-deploy.yaml:4:19: ") {
				t.Error(err)
			}
		}
	}
}
