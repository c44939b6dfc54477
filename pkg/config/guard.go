package config

// The repository controls files, and the user controls flags and variables. A file cannot
// decide where credentials are sent, and cannot deploy them. See docs/security.md.

import (
	"bytes"
	"fmt"
	"net/netip"
	"net/url"
	"os"
	"path"
	"regexp"
	"slices"
	"strings"

	"github.com/ecs-deploy/ecs-deploy/pkg/printable"
)

// credentialNames are patterns of the names of variables that hold credentials.
var credentialNames = []string{
	"AWS_ACCESS_KEY_ID", "*ACCESS_KEY", "*SECRET*", "*TOKEN", "*TOKEN_*", "*JWT", "*_JWT_V[0-9]*", "BEARER*", "*OAUTH", "*_DSN", "*WEBHOOK*", "*PASSWORD*", "*PASSWD*", "*PASSPHRASE*", "*PASS", "*_PWD",
	"*PRIVATE_KEY*", "*API_KEY*", "*APIKEY*", "*SSH_KEY", "*GPG_KEY", "*SIGNING_KEY", "*ENCRYPTION_KEY", "*MASTER_KEY", "*DEPLOY_KEY", "*ACCOUNT_KEY", "*AUTH_KEY",
	"*CREDENTIAL*", "*_AUTH", "*AUTH_CONFIG", "*_PAT", "*_COOKIE",
}

// referenceNames are patterns of names that look like those, and say where a
// credential is.
var referenceNames = []string{
	"*_ARN", "*_ARNS", "*_NAME", "*_NAMES", "*_PATH", "*_FILE", "*_URI", "*_PREFIX", "*_PARAMETER", "*_REGION", "*_VERSION",
	"SSH_AUTH_SOCK", "*BYPASS",
}

// holdsCredential reports whether a variable of this name holds a credential.
func holdsCredential(name string) bool {
	matches := func(pattern string) bool {
		ok, err := path.Match(pattern, strings.ToUpper(name))
		return err == nil && ok
	}
	return slices.ContainsFunc(credentialNames, matches) && !slices.ContainsFunc(referenceNames, matches)
}

// guard looks up variables of the environment for a file, and notes those that the
// file cannot have.
type guard struct {
	allowed   []string
	checkOnly bool
	environ   func(string) (string, bool)
	refused   []string
}

func (s *Settings) guard() *guard {
	return &guard{allowed: s.AllowVariables, checkOnly: s.checkOnly, environ: s.variable}
}

// variable reads a variable of the environment that the settings are resolved in.
func (s *Settings) variable(name string) (string, bool) {
	if s.lookup == nil {
		return os.LookupEnv(name)
	}
	return s.lookup(name)
}

// lookup is as os.LookupEnv, but a variable that is refused is as if it were not
// set.
func (g *guard) lookup(name string) (string, bool) {
	value, ok := g.environ(name)
	if value == "" || g.checkOnly || !holdsCredential(name) || slices.Contains(g.allowed, name) {
		return value, ok
	}
	if !slices.Contains(g.refused, name) {
		g.refused = append(g.refused, name)
	}
	return "", false
}

// refusal is the error of a text that used what it cannot have, or nil.
func (g *guard) refusal(source string, text []byte) error {
	if len(g.refused) == 0 {
		return nil
	}
	var problems, remedy []string
	for _, name := range g.refused {
		problems = append(problems, fmt.Sprintf("%s: %s", placeOfVariable(source, text, name), mayNotUse(name)))
		remedy = append(remedy, "--allow-variable "+name)
	}
	return &Error{Problem: strings.Join(problems, "\n"), Remedy: allowHint(strings.Join(remedy, " "))}
}

func mayNotUse(name string) string {
	return fmt.Sprintf("a file cannot use the variable %s, which may hold a credential", name)
}

func allowHint(flags string) string {
	return "pass " + flags + " if the value can be deployed in clear text; prefer a secret of the task definition"
}

// placeOfVariable is where a text has a variable first: source:line:column, or the
// source alone, if the text spells it otherwise.
func placeOfVariable(source string, text []byte, name string) string {
	at := regexp.MustCompile(`\$\{` + regexp.QuoteMeta(name) + `(\}|:-)`).FindIndex(text)
	if at == nil {
		return source
	}
	before := text[:at[0]]
	return position{bytes.Count(before, []byte("\n")) + 1, at[0] - bytes.LastIndexByte(before, '\n')}.in(source)
}

// tagVariable is the value of the variable that holds the tag. A file that names
// the variable would have it sent as a part of an image.
func (s *Settings) tagVariable() (string, error) {
	origin := s.Origin("tag-env-var")
	if !origin.InFile() {
		tag, _ := s.variable(s.TagEnvVar)
		return tag, nil
	}
	g := s.guard()
	value, _ := g.lookup(s.TagEnvVar)
	if len(g.refused) > 0 {
		return "", &Error{Problem: origin.Place() + ": " + mayNotUse(s.TagEnvVar), Remedy: "pass --tag-env-var " + s.TagEnvVar + " if it holds a tag"}
	}
	return value, nil
}

// CheckEndpoint refuses an endpoint that the settings file gives, that is another
// machine's, and that the user did not give as well. Requests have the session
// token of the user in clear.
func (s *Settings) CheckEndpoint() error {
	origin := s.Origin("endpoint-url")
	if !origin.InFile() || s.EndpointURL == "" || isLoopback(s.EndpointURL) {
		return nil
	}
	return &Error{
		Problem: fmt.Sprintf("%s: the settings file sends AWS requests, with your session token, to %s, which you did not confirm", origin.Place(), printable.WithoutSecrets(s.EndpointURL)),
		Remedy:  "pass --endpoint-url with the same URL, or set ECS_DEPLOY_ENDPOINT_URL to it, to confirm it",
	}
}

// InClear reports whether a URL leaves this machine without encryption, which no
// file can ask for.
func InClear(endpoint string) bool {
	u, err := url.Parse(endpoint)
	return err == nil && u.Scheme == "http" && !isLoopback(endpoint)
}

// isLoopback reports whether a URL is one of this machine.
func isLoopback(endpoint string) bool {
	u, err := url.Parse(endpoint)
	if err != nil {
		return false
	}
	if strings.EqualFold(u.Hostname(), "localhost") {
		return true
	}
	address, err := netip.ParseAddr(u.Hostname())
	return err == nil && address.Unmap().IsLoopback()
}
