package cmd

// Credentials from variables: errors name the variable, and not a profile that nobody uses.

import (
	"cmp"
	"errors"
	"fmt"
	"net"
	"os"
	"strings"
	"unicode"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/aws-sdk-go-v2/credentials"
)

// checkVariables finds a pair of keys of which one variable is not set. The SDK
// would look for other credentials, which may be somebody else's.
func (a *app) checkVariables() error {
	if a.settings.AccessKey != "" || a.settings.Profile != "" {
		return nil // they win over the variables
	}
	id, secret := set("AWS_ACCESS_KEY_ID", "AWS_ACCESS_KEY"), set("AWS_SECRET_ACCESS_KEY", "AWS_SECRET_KEY")
	switch {
	case id != "" && secret == "":
		return half(id, "AWS_SECRET_ACCESS_KEY")
	case id == "" && secret != "":
		return half(secret, "AWS_ACCESS_KEY_ID")
	}
	return nil
}

// set is the first of two variables that has a value, or "".
func set(first, second string) string {
	for _, name := range []string{first, second} {
		if os.Getenv(name) != "" {
			return name
		}
	}
	return ""
}

func half(given, absent string) error {
	return &credentialsError{problem: given + " is set, and " + absent + " is not", hint: "set both, or unset " + given}
}

// sound finds what no credential can have, and AWS would refuse or a header could
// not carry: mostly the line break of a file from which a variable was set.
func (p *spoken) sound(c aws.Credentials) error {
	for _, part := range []struct{ what, text, variable, other, flag string }{
		{"the access key", c.AccessKeyID, "AWS_ACCESS_KEY_ID", "AWS_ACCESS_KEY", "aws-access-key"},
		{"the secret key", c.SecretAccessKey, "AWS_SECRET_ACCESS_KEY", "AWS_SECRET_KEY", "aws-secret-key"},
		{"the session token", c.SessionToken, "AWS_SESSION_TOKEN", "AWS_SESSION_TOKEN", ""},
	} {
		wrong := strayIn(part.text)
		if wrong == "" {
			continue
		}
		where := part.what + " of " + p.name
		switch c.Source {
		case config.CredentialsSourceName:
			where = "the variable " + set(part.variable, part.other)
		case credentials.StaticCredentialsName:
			where = p.app.settings.Origin(part.flag).String()
		}
		return &credentialsError{problem: where + " has " + wrong + " in it", hint: "set it again without " + wrong}
	}
	return nil
}

// strayIn names the first character of a text that is no part of a key or token.
func strayIn(text string) string {
	for _, c := range text {
		switch {
		case c == '\n', c == '\r':
			return "a line break"
		case unicode.IsSpace(c):
			return "a space"
		case c < ' ', c > '~':
			return fmt.Sprintf("the character %U", c)
		}
	}
	return ""
}

// variableError names the variable, or the key of the profile, of which the SDK's
// error is; nil if it is of none.
func (a *app) variableError(err error) error {
	text := strings.Join(strings.Fields(err.Error()), " ")
	says := func(what string) bool { return strings.Contains(text, what) }
	profile := "of profile " + a.profile()
	switch {
	case says("failed to retrieve jwt"):
		where := cmp.Or(named(a, "AWS_WEB_IDENTITY_TOKEN_FILE"), "web_identity_token_file "+profile)
		return &credentialsError{problem: fmt.Sprintf("the identity token of %s cannot be read: %s", where, lastCause(text)), hint: "set it to the file into which your CI system writes the token"}
	case says("role ARN is not set"):
		return &credentialsError{problem: fmt.Sprintf("%s is set, and %s is not", cmp.Or(named(a, "AWS_WEB_IDENTITY_TOKEN_FILE"), "web_identity_token_file "+profile), cmp.Or(named(a, "AWS_WEB_IDENTITY_TOKEN_FILE", "AWS_ROLE_ARN"), "role_arn")),
			hint: "set both, or neither"}
	case says("CA bundle"), says("custom RootCAs"), os.Getenv("AWS_CA_BUNDLE") != "" && says(os.Getenv("AWS_CA_BUNDLE")):
		where := "ca_bundle " + profile
		if file := os.Getenv("AWS_CA_BUNDLE"); file != "" {
			where = "AWS_CA_BUNDLE (" + file + ")"
		}
		return &usageError{problem: fmt.Sprintf("the certificates of %s cannot be loaded: %s", where, lastCause(text)), hint: "set it to a file of certificates in PEM form, or unset it"}
	}
	return containerError(text, err)
}

// containerError is what is wrong with the variables that ECS and EKS set in a
// container, or nil.
func containerError(text string, err error) error {
	says := func(what string) bool { return strings.Contains(text, what) }
	endpoint := set("AWS_CONTAINER_CREDENTIALS_RELATIVE_URI", "AWS_CONTAINER_CREDENTIALS_FULL_URI")
	const hint = "unset it, or set it to what ECS or EKS gives the container"
	switch {
	case endpoint == "":
		return nil
	case says("local HTTP cred provider"), says("invalid endpoint host"), says("invalid URL, "), says("failed to resolve host"):
		return &credentialsError{problem: endpoint + " is not the address of a container's credentials: " + innermost(err), hint: hint}
	case says("authorization token"):
		return &credentialsError{problem: fmt.Sprintf("the token of %s cannot be used: %s", set("AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE", "AWS_CONTAINER_AUTHORIZATION_TOKEN"), lastCause(text)), hint: hint}
	case says("failed to load credentials, "):
		cause := innermost(err)
		if network := new(net.OpError); errors.As(err, &network) {
			cause = network.Error()
		}
		return &credentialsError{problem: endpoint + " returned no credentials: " + cause, hint: hint}
	}
	return nil
}

// named is the last of some variables, if the first is set and no profile wins over
// it; else "".
func named(a *app, variables ...string) string {
	if os.Getenv(variables[0]) == "" || a.settings.Profile != "" {
		return ""
	}
	return variables[len(variables)-1]
}

// lastCause is what an error's text ends with: "open x: no such file or directory".
func lastCause(text string) string {
	if at := strings.LastIndex(text, "open "); at >= 0 {
		return text[at:]
	}
	return strings.TrimSpace(text[strings.LastIndex(text, ", ")+1:])
}
