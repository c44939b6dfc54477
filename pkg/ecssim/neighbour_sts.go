package ecssim

// This file is the neighbour of ECS that knows who calls and gives credentials
// for roles: AWS STS, as far as a deploy tool asks it.

import (
	"fmt"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"
)

// security is the operations of STS.
func security() map[string]queryOperation {
	return map[string]queryOperation{
		"AssumeRole":        (*engine).assumeRole,
		withWebIdentity:     (*engine).assumeRoleWithWebIdentity,
		"GetCallerIdentity": (*engine).getCallerIdentity,
	}
}

// callerIdentity is what GetCallerIdentity answers.
type callerIdentity struct {
	Arn     string
	UserID  string `xml:"UserId"`
	Account string
}

func (e *engine) getCallerIdentity(url.Values) (any, *apiError) {
	arn := e.identity()
	parts := strings.Split(arn, ":")
	name := strings.Split(parts[5], "/")
	return callerIdentity{Arn: arn, UserID: roleID(parts[4], name[1]) + ":" + name[2], Account: parts[4]}, nil
}

// roleID is the unique id of a role of an account.
func roleID(account, role string) string {
	return "AROA" + strings.ToUpper(derived("role", account+"/"+role, 17))
}

// assumedRoleResult is what AssumeRole answers.
type assumedRoleResult struct {
	User struct {
		ID  string `xml:"AssumedRoleId"`
		Arn string
	} `xml:"AssumedRoleUser"`
	Credentials struct {
		Key        string `xml:"AccessKeyId"`
		Secret     string `xml:"SecretAccessKey"`
		Token      string `xml:"SessionToken"`
		Expiration string
	}
}

const defaultSession = 3600 // seconds; AssumeRole's DurationSeconds

func (e *engine) assumeRole(form url.Values) (any, *apiError) {
	wanted, err := wantedSession(form)
	if err == nil {
		err = e.trusts(form.Get("RoleArn"), form)
	}
	if err != nil {
		return nil, err
	}
	return e.beginSession(wanted), nil
}

// wanted is the session that a request asks for.
type wanted struct {
	account, role, name string
	seconds             int
}

// wantedSession reads what the requests for a role have in common, and finds what
// breaks the model of STS.
func wantedSession(form url.Values, required ...string) (wanted, *apiError) {
	arn, name := form.Get("RoleArn"), form.Get("RoleSessionName")
	seconds, err := sessionSeconds(form)
	if err != nil {
		return wanted{}, err
	}
	for _, member := range append([]string{"RoleArn", "RoleSessionName"}, required...) {
		if form.Get(member) == "" {
			return wanted{}, unfit("null", member, "Member must not be null")
		}
	}
	switch {
	case len(name) < 2:
		return wanted{}, unfit("'"+name+"'", "RoleSessionName", "Member must have length greater than or equal to 2")
	case len(name) > 64:
		return wanted{}, unfit("'"+name+"'", "RoleSessionName", "Member must have length less than or equal to 64")
	case !sessionName().MatchString(name):
		return wanted{}, unfit("'"+name+"'", "RoleSessionName", `Member must satisfy regular expression pattern: [\w+=,.@-]*`)
	}
	account, role, ok := splitRole(arn)
	if !ok {
		return wanted{}, &apiError{code: "ValidationError", message: arn + " is invalid"}
	}
	return wanted{account, role, name, seconds}, nil
}

// beginSession gives the credentials of a session.
func (e *engine) beginSession(w wanted) assumedRoleResult {
	account, role, name, seconds := w.account, w.role, w.name, w.seconds
	key := "ASIA" + strings.ToUpper(e.Wire.hex(16))
	s := session{Identity: assumedRole(account, role, name), Until: e.Now.add(time.Duration(seconds) * time.Second)}
	if e.Sessions == nil {
		e.Sessions = map[string]session{}
	}
	e.Sessions[key] = s

	var result assumedRoleResult
	result.User.ID, result.User.Arn = roleID(account, role)+":"+name, s.Identity
	result.Credentials.Key, result.Credentials.Secret = key, derived("secret", key, 40)
	result.Credentials.Token = sessionToken(key)
	result.Credentials.Expiration = time.UnixMilli(int64(s.Until)).UTC().Format(time.RFC3339)
	return result
}

// sessionName is what STS takes for the name of a session.
var sessionName = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`^[\w+=,.@-]*$`) })

// splitRole is the account and the name of a role, without its path: the ARN of
// its sessions has none either.
func splitRole(arn string) (account, name string, ok bool) {
	parts := strings.SplitN(arn, ":", 6)
	if len(parts) != 6 || parts[0] != "arn" || parts[2] != "iam" || !isAccount(parts[4]) || !strings.HasPrefix(parts[5], "role/") {
		return "", "", false
	}
	name = shortName(arn)
	return parts[4], name, name != ""
}

// sessionSeconds is the DurationSeconds of a request. The limit of 1 hour that
// most roles have is not applied.
func sessionSeconds(form url.Values) (int, *apiError) {
	text := form.Get("DurationSeconds")
	if text == "" {
		return defaultSession, nil
	}
	seconds, err := strconv.Atoi(text)
	switch {
	case err != nil:
		return 0, unfit("'"+text+"'", "DurationSeconds", "Member must be a number") // assumed text
	case seconds < 900:
		return 0, unfit("'"+text+"'", "DurationSeconds", "Member must have value greater than or equal to 900")
	case seconds > 43200:
		return 0, unfit("'"+text+"'", "DurationSeconds", "Member must have value less than or equal to 43200")
	}
	return seconds, nil
}

// trusts says why the world does not let the caller assume a role, or nil.
func (e *engine) trusts(arn string, form url.Values) *apiError {
	if len(e.World.Roles) == 0 {
		return nil
	}
	refusal := denied("User: " + e.identity() + " is not authorized to perform: sts:AssumeRole on resource: " + arn)
	i := slices.IndexFunc(e.World.Roles, func(r RoleSpec) bool { return r.ARN == arn })
	if i < 0 {
		return refusal
	}
	role, serial, code := e.World.Roles[i], form.Get("SerialNumber"), form.Get("TokenCode")
	switch {
	case role.ExternalID != "" && role.ExternalID != form.Get("ExternalId"):
		return refusal
	case role.MFA == nil:
		return nil
	case serial == "" && code == "":
		return refusal
	case serial == "" || code == "":
		return denied("MultiFactorAuthentication failed, must provide both MFA serial number and one time pass code. ")
	case serial != role.MFA.Serial:
		return denied("MultiFactorAuthentication failed, unable to validate MFA code.  Please verify your MFA serial number is valid and associated with this user. ")
	case code != role.MFA.Code:
		return denied("MultiFactorAuthentication failed with invalid MFA one time pass code. ")
	}
	return nil
}

func denied(message string) *apiError {
	return &apiError{code: "AccessDenied", message: message, status: http.StatusForbidden}
}

// unfit is what STS says about a member that breaks its model.
func unfit(value, member, constraint string) *apiError {
	return &apiError{code: "ValidationError", message: fmt.Sprintf(
		"1 validation error detected: Value %s at '%s' failed to satisfy constraint: %s",
		value, strings.ToLower(member[:1])+member[1:], constraint)}
}
