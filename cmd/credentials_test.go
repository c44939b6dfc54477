package cmd_test

// Roles, codes, certificates and proxies: what scripts cannot stand for.

import (
	"bytes"
	"context"
	"encoding/pem"
	"fmt"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/ecs-deploy/ecs-deploy/cmd"
	"github.com/ecs-deploy/ecs-deploy/pkg/ecssim"
)

const (
	deployer = "arn:aws:iam::123456789012:role/deployer"
	annsMFA  = "arn:aws:iam::123456789012:mfa/ann"
	caller   = "arn:aws:iam::123456789012:user/ci"
)

// cloud is an ECS with an STS beside it.
type cloud struct {
	*server
	refusal [2]string // the code and message with which STS refuses; none: it grants
}

// newCloud serves the service doorman-service in production1, and STS.
func newCloud(t *testing.T) *cloud {
	t.Helper()
	world, err := ecssim.LoadScenario("healthy")
	if err != nil {
		t.Fatal(err)
	}
	simulator, err := ecssim.New(world.WithSeed(ecssim.Seed{Cluster: "production1", Service: "doorman-service", Image: "docker.repo.com/doorman:v1"}))
	if err != nil {
		t.Fatal(err)
	}
	c := &cloud{}
	c.server = serve(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("X-Amz-Target") != "" {
			simulator.ServeHTTP(w, r)
			return
		}
		c.sts(w)
	}))
	t.Cleanup(c.Close)
	return c
}

func (c *cloud) sts(w http.ResponseWriter) {
	w.Header().Set("Content-Type", "text/xml")
	if c.refusal[0] != "" {
		w.WriteHeader(http.StatusForbidden)
		_, _ = fmt.Fprintf(w, `<ErrorResponse><Error><Type>Sender</Type><Code>%s</Code><Message>%s</Message></Error></ErrorResponse>`, c.refusal[0], c.refusal[1])
		return
	}
	_, _ = fmt.Fprintf(w, `<AssumeRoleResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><AssumeRoleResult>
<AssumedRoleUser><Arn>arn:aws:sts::123456789012:assumed-role/deployer/x</Arn><AssumedRoleId>A:x</AssumedRoleId></AssumedRoleUser>
<Credentials><AccessKeyId>AKIDROLE</AccessKeyId><SecretAccessKey>rolesecret</SecretAccessKey><SessionToken>ROLETOKEN</SessionToken>
<Expiration>%s</Expiration></Credentials></AssumeRoleResult></AssumeRoleResponse>`, time.Now().Add(time.Hour).UTC().Format(time.RFC3339))
}

// assumed are the calls of STS, as forms.
func (c *cloud) assumed(t *testing.T) []url.Values {
	t.Helper()
	var forms []url.Values
	for _, made := range c.made("AssumeRole") {
		form, err := url.ParseQuery(made.body)
		if err != nil {
			t.Fatal(err)
		}
		forms = append(forms, form)
	}
	return forms
}

// person runs the program in this process, for somebody who types; "" is nobody.
func person(t *testing.T, typed string, args ...string) (int, string) {
	t.Helper()
	var out bytes.Buffer
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	code := cmd.Main(ctx, args, cmd.Streams{In: strings.NewReader(typed), InTerminal: typed != "", Out: &out, Err: &out})
	return code, out.String()
}

// home points the SDK to files of a test's own, and away from the machine's.
func home(t *testing.T, config string) {
	t.Helper()
	dir := t.TempDir()
	t.Chdir(dir)
	for name, value := range environment(dir) {
		t.Setenv(name, value)
	}
	for _, name := range []string{"AWS_PROFILE", "AWS_DEFAULT_PROFILE", "AWS_SESSION_TOKEN", "AWS_ENDPOINT_URL", "AWS_CA_BUNDLE", "AWS_DEFAULT_REGION",
		"HTTPS_PROXY", "HTTP_PROXY", "NO_PROXY", "https_proxy", "http_proxy", "no_proxy"} {
		t.Setenv(name, "")
	}
	t.Setenv("AWS_CONFIG_FILE", filepath.Join(dir, "aws-config"))
	t.Setenv("AWS_SHARED_CREDENTIALS_FILE", filepath.Join(dir, "aws-credentials"))
	if err := os.WriteFile("aws-config", []byte(config), 0o600); err != nil {
		t.Fatal(err)
	}
}

// enter points the SDK to a server.
func enter(t *testing.T, address string) {
	t.Helper()
	for name, value := range account(address) {
		t.Setenv(name, value)
	}
}

var status = []string{"status", "-c", "production1", "-n", "doorman-service"}

func TestRolesAreAssumed(t *testing.T) {
	const profiles = "[profile base]\naws_access_key_id = AKIDBASE\naws_secret_access_key = secret\nregion = us-east-1\n" +
		"[profile deployer]\nrole_arn = " + deployer + "\nsource_profile = base\nregion = us-east-1\n" +
		"[profile mfa]\nrole_arn = " + deployer + "\nsource_profile = base\nmfa_serial = " + annsMFA + "\nrole_session_name = ann\nregion = us-east-1\n"
	const session, hour = "RoleSessionName=ecs-deploy", "DurationSeconds=3600"
	for name, test := range map[string]struct {
		args  []string
		typed string
		says  []string // what STS is told
	}{
		"by flag":              {[]string{"--assume-role", deployer}, "", []string{"RoleArn=" + deployer, session, hour}},
		"by the short flag":    {[]string{"-a", deployer}, "", []string{"RoleArn=" + deployer}},
		"with an external id":  {[]string{"-a", deployer, "--external-id", "4711"}, "", []string{"ExternalId=4711"}},
		"with a session name":  {[]string{"-a", deployer, "--role-session-name", "build-7"}, "", []string{"RoleSessionName=build-7"}},
		"with a code":          {[]string{"-a", deployer, "--mfa-serial", annsMFA}, "123456\n", []string{"SerialNumber=" + annsMFA, "TokenCode=123456"}},
		"by profile":           {[]string{"-p", "deployer"}, "", []string{"RoleArn=" + deployer, session, hour}},
		"by profile, external": {[]string{"-p", "deployer", "--external-id", "4711"}, "", []string{"ExternalId=4711"}},
		"by profile with code": {[]string{"-p", "mfa"}, " 123456 \n", []string{"SerialNumber=" + annsMFA, "TokenCode=123456", "RoleSessionName=ann"}},
		"two, one by another":  {[]string{"-p", "deployer", "-a", deployer + "2"}, "", []string{"RoleArn=" + deployer + "2"}},
		"by another's flag":    {[]string{"-a", deployer, "--endpoint-url", "SERVER"}, "", []string{"RoleArn=" + deployer}},
	} {
		t.Run(name, func(t *testing.T) {
			home(t, profiles)
			c := newCloud(t)
			enter(t, c.URL)
			for i, arg := range test.args {
				test.args[i] = strings.ReplaceAll(arg, "SERVER", c.URL)
			}
			code, out := person(t, test.typed, append(test.args, status...)...)
			if code != 0 {
				t.Fatalf("exit code %d:\n%s", code, out)
			}
			forms := c.assumed(t)
			if len(forms) == 0 {
				t.Fatal("no role was assumed")
			}
			for _, say := range test.says {
				key, value, _ := strings.Cut(say, "=")
				if got := forms[len(forms)-1].Get(key); got != value {
					t.Errorf("%s is %q, want %q", key, got, value)
				}
			}
			calls := c.made("Describe")
			if len(calls) == 0 || calls[0].key != "AKIDROLE" {
				t.Errorf("ECS was asked by %v", calls)
			}
			if strings.Contains(out, "code of the MFA device "+annsMFA+": ") != (test.typed != "") {
				t.Errorf("asked for a code: %s", out)
			}
		})
	}
}

func TestRefusedRoles(t *testing.T) {
	denied := "User: " + caller + " is not authorized to perform: sts:AssumeRole on resource: " + deployer
	for name, test := range map[string]struct {
		refusal    [2]string
		args       []string
		typed      string
		error, say string
	}{
		"denied": {[2]string{"AccessDenied", denied}, nil, "",
			"sts:AssumeRole on role " + deployer + ": AccessDenied: " + denied, "hint: allow sts:AssumeRole in the policy of that identity"},
		"wrong code": {[2]string{"AccessDenied", "MultiFactorAuthentication failed with invalid MFA one time pass code."}, []string{"--mfa-serial", annsMFA}, "123456\n",
			"MultiFactorAuthentication failed", "hint: wait for the next code"},
		"no code":       {[2]string{}, []string{"--mfa-serial", annsMFA}, "hello\n", "not an MFA code", "hint: type the six digits"},
		"nothing typed": {[2]string{}, []string{"--mfa-serial", annsMFA}, "\n", "not an MFA code", "hint: type the six digits"},
		"expired": {[2]string{"ExpiredToken", "The security token included in the request is expired"}, nil, "",
			"sts:AssumeRole on role " + deployer + ": ExpiredToken: ", "hint: get new ones"},
		"unknown key": {[2]string{"InvalidClientTokenId", "The security token included in the request is invalid."}, nil, "",
			"InvalidClientTokenId", "hint: check the access key"},
		"wrong secret": {[2]string{"SignatureDoesNotMatch", "The request signature we calculated does not match the signature you provided."}, nil, "",
			"SignatureDoesNotMatch", "hint: check the secret key"},
	} {
		t.Run(name, func(t *testing.T) {
			home(t, "")
			c := newCloud(t)
			c.refusal = test.refusal
			enter(t, c.URL)
			code, out := person(t, test.typed, append(append([]string{"-a", deployer}, test.args...), status...)...)
			if code != 4 || !strings.Contains(out, "error: ") || !strings.Contains(out, test.error) || !strings.Contains(out, test.say) {
				t.Errorf("exit code %d:\n%s\nwant 4, %q, %q", code, out, test.error, test.say)
			}
			if made := c.made("Describe", "Register", "Update"); len(made) > 0 {
				t.Errorf("%s was called", made[0].operation)
			}
		})
	}
}

func TestNothingSecretIsShown(t *testing.T) {
	home(t, "")
	c := newCloud(t)
	enter(t, c.URL)
	t.Setenv("AWS_SECRET_ACCESS_KEY", "wJalrXUtnFEMI")
	code, out := person(t, "123456\n", append([]string{"-v", "--debug-http", "-a", deployer, "--mfa-serial", annsMFA, "--external-id", "4711"}, status...)...)
	if code != 0 || !strings.Contains(out, "debug: sts:AssumeRole ") || !strings.Contains(out, "debug:   X-Amz-Security-Token: (redacted)\n") {
		t.Fatalf("exit code %d:\n%s", code, out)
	}
	for _, secret := range []string{"wJalrXUtnFEMI", "rolesecret", "ROLETOKEN", "Signature=", "TokenCode", "ExternalId", "AKIDROLE", "4711"} {
		if strings.Contains(out, secret) {
			t.Errorf("%q is shown:\n%s", secret, out)
		}
	}
}

func TestSSOSessionsThatAWSEnds(t *testing.T) {
	const profile = "[profile corp]\nsso_account_id = 123456789012\nsso_role_name = deployer\nsso_region = us-east-1\nsso_start_url = https://old.example.com/start\nregion = us-east-1\n"
	for code, want := range map[string]string{
		"UnauthorizedException": "error: the SSO session of profile corp has expired or was not started\nhint: log in: aws sso login --profile corp\n",
		"ForbiddenException":    "error: sso:GetRoleCredentials on profile corp: ForbiddenException: No access\nhint: allow sso:GetRoleCredentials in the policy of the identity that deploys\n",
	} {
		home(t, profile)
		t.Setenv("AWS_ACCESS_KEY_ID", "")
		dir := filepath.Join(os.Getenv("HOME"), ".aws", "sso", "cache")
		if err := os.MkdirAll(dir, 0o700); err != nil {
			t.Fatal(err)
		}
		token := fmt.Sprintf(`{"accessToken": "TOKENVALUE", "expiresAt": %q}`, time.Now().Add(time.Hour).UTC().Format(time.RFC3339))
		if err := os.WriteFile(filepath.Join(dir, "9b726645671518e41c034c40bffd71030972d251.json"), []byte(token), 0o600); err != nil {
			t.Fatal(err)
		}
		portal := serve(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("X-Amzn-Errortype", code)
			w.WriteHeader(http.StatusUnauthorized)
			_, _ = io.WriteString(w, `{"message": "No access"}`)
		}))
		t.Cleanup(portal.Close)
		t.Setenv("AWS_ENDPOINT_URL_SSO", portal.URL)
		exit, out := person(t, "", append([]string{"-p", "corp"}, status...)...)
		if exit != 4 || out != want {
			t.Errorf("exit code %d:\n%s\nwant:\n%s", exit, out, want)
		}
		_, out = person(t, "", append([]string{"-p", "corp", "--debug-http"}, status...)...)
		if strings.Contains(out, "TOKENVALUE") || !strings.Contains(out, "debug: > GET "+portal.URL) {
			t.Error(out)
		}
	}
}

func TestACertificateOfOnesOwn(t *testing.T) {
	home(t, "")
	c := newCloud(t)
	secure := httptest.NewUnstartedServer(c.Config.Handler)
	secure.Config.ErrorLog = log.New(io.Discard, "", 0)
	secure.StartTLS()
	t.Cleanup(secure.Close)
	enter(t, secure.URL)
	if code, out := person(t, "", append([]string{"--max-attempts", "1"}, status...)...); code != 1 || !strings.Contains(out, "certificate") {
		t.Errorf("exit code %d:\n%s", code, out)
	}
	bundle := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: secure.Certificate().Raw})
	if err := os.WriteFile("bundle.pem", bundle, 0o600); err != nil {
		t.Fatal(err)
	}
	t.Setenv("AWS_CA_BUNDLE", "bundle.pem")
	if code, out := person(t, "", append([]string{"--call-timeout", "10"}, status...)...); code != 0 {
		t.Errorf("exit code %d:\n%s", code, out)
	}
	t.Setenv("AWS_CA_BUNDLE", "nowhere.pem")
	if code, out := person(t, "", status...); code != 3 || !strings.Contains(out, "nowhere.pem") {
		t.Errorf("exit code %d:\n%s", code, out)
	}
}

func TestACallIsTriedAsOftenAsAsked(t *testing.T) {
	for args, want := range map[string]int{"": 3, "--max-attempts 1": 1, "--max-attempts 2": 2} {
		home(t, "")
		s := serve(misbehaving["bad-gateway"])
		t.Cleanup(s.Close)
		enter(t, s.URL)
		if code, out := person(t, "", append(strings.Fields(args), status...)...); code != 1 {
			t.Errorf("exit code %d:\n%s", code, out)
		}
		if got := len(s.made("")); got != want {
			t.Errorf("%q: %d calls, want %d", args, got, want)
		}
	}
}

func TestACallEndsInItsTime(t *testing.T) {
	home(t, "")
	s := serve(misbehaving["hanging"])
	t.Cleanup(func() { s.CloseClientConnections(); s.Close() })
	enter(t, s.URL)
	code, out := person(t, "", append([]string{"--call-timeout", "50ms", "--max-attempts", "1"}, status...)...)
	if code != 1 || !strings.Contains(out, "the server did not answer in time") {
		t.Errorf("exit code %d:\n%s", code, out)
	}
}

func TestCallsGoThroughTheProxy(t *testing.T) {
	asked := make(chan string, 10)
	proxy := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		asked <- r.Method + " " + r.Host
		w.WriteHeader(http.StatusForbidden)
	}))
	t.Cleanup(proxy.Close)
	a := &ancestor{T: t, dir: t.TempDir(), changes: map[string]string{
		"HTTPS_PROXY": strings.Replace(proxy.URL, "http://", "http://ann:proxysecret@", 1),
		"AWS_REGION":  "eu-west-1", "AWS_ACCESS_KEY_ID": "AKIDEXAMPLE", "AWS_SECRET_ACCESS_KEY": "secret",
	}}
	code, out := a.run(append([]string{"--max-attempts", "1", "-v", "--debug-http"}, status...)...)
	close(asked) // the program has ended
	if got := <-asked; code != 1 || got != "CONNECT ecs.eu-west-1.amazonaws.com:443" || strings.Contains(out, "proxysecret") {
		t.Errorf("%s, exit code %d:\n%s", got, code, out)
	}
}

// TestKeysWithALineBreak names the variable or the flag, and asks nobody.
func TestKeysWithALineBreak(t *testing.T) {
	for name, test := range map[string]struct {
		variable, value string
		args            []string
		want            string
	}{
		"the key":            {"AWS_ACCESS_KEY_ID", "AKIDX\n", nil, "the variable AWS_ACCESS_KEY_ID has a line break in it"},
		"the secret":         {"AWS_SECRET_ACCESS_KEY", "hunter2\r\n", nil, "the variable AWS_SECRET_ACCESS_KEY has a line break in it"},
		"the token":          {"AWS_SESSION_TOKEN", "hunter2 x", nil, "the variable AWS_SESSION_TOKEN has a space in it"},
		"a control":          {"AWS_SESSION_TOKEN", "hunter2\x1b", nil, "the variable AWS_SESSION_TOKEN has the character U+001B in it"},
		"by flag":            {"TZ", "UTC", []string{"-k", "AKIDX\n", "-s", "hunter2"}, "flag --aws-access-key has a line break in it"},
		"by our variable":    {"ECS_DEPLOY_AWS_SECRET_KEY", "hunter2\n", []string{"-k", "AKIDX"}, "variable ECS_DEPLOY_AWS_SECRET_KEY has a line break in it"},
		"to assume a role":   {"AWS_SESSION_TOKEN", "hunter2\n", []string{"-a", deployer}, "the variable AWS_SESSION_TOKEN has a line break in it"},
		"the other variable": {"AWS_ACCESS_KEY", "AKIDX\n", nil, "the variable AWS_ACCESS_KEY has a line break in it"},
	} {
		t.Run(name, func(t *testing.T) {
			home(t, "")
			c := newCloud(t)
			enter(t, c.URL)
			if test.variable == "AWS_ACCESS_KEY" {
				t.Setenv("AWS_ACCESS_KEY_ID", "")
			}
			t.Setenv(test.variable, test.value)
			code, out := person(t, "", append(test.args, status...)...)
			if code != 4 || !strings.Contains(out, "error: "+test.want+"\n") || strings.Contains(out, "hunter2") || len(c.made("")) > 0 {
				t.Errorf("exit code %d, %d calls:\n%s", code, len(c.made("")), out)
			}
		})
	}
}
