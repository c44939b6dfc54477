package ecssim

// This file is who calls: the credentials that a request is signed with, and
// whether the world lets them in. Signatures are not checked, only whose they
// are and how old.

import (
	"net/http"
	"strings"
	"time"
)

var (
	errUnsigned   = &apiError{code: "MissingAuthenticationTokenException", message: "Missing Authentication Token"}
	errUnknownKey = &apiError{code: "UnrecognizedClientException", message: "The security token included in the request is invalid."}
	errExpired    = &apiError{code: "ExpiredTokenException", message: "The security token included in the request is expired"}
)

// caller is who sent a request, as the request says.
type caller struct {
	key    string // access key id; empty: not signed
	token  string // session token
	region string // that it was signed for
}

// session is the credentials that AssumeRole gave.
type session struct {
	Identity string `json:"identity"` // ARN of the assumed role
	Until    millis `json:"until"`
}

// callerOf reads the caller from a request's signature (SigV4):
// "AWS4-HMAC-SHA256 Credential=KEY/20261123/us-east-1/ecs/aws4_request, …".
func callerOf(r *http.Request) caller {
	_, signature, _ := strings.Cut(r.Header.Get("Authorization"), "Credential=")
	credential, _, _ := strings.Cut(signature, ",")
	scope := strings.Split(strings.TrimSpace(credential), "/")
	if len(scope) != 5 {
		return caller{}
	}
	return caller{key: scope[0], region: scope[2], token: r.Header.Get("X-Amz-Security-Token")}
}

// authenticate says why a caller is not let in, or nil.
func (e *engine) authenticate(c caller) *apiError {
	if s, ok := e.Sessions[c.key]; ok {
		switch {
		case c.token != sessionToken(c.key):
			return errUnknownKey
		case e.Now >= s.Until:
			return errExpired
		}
		return nil
	}
	if len(e.World.AccessKeys) == 0 {
		return nil
	}
	if c.key == "" {
		return errUnsigned
	}
	for _, k := range e.World.AccessKeys {
		switch {
		case k.ID != c.key:
			continue
		case k.ExpiresAfter != nil && e.Now >= e.Born.add(time.Duration(*k.ExpiresAfter)):
			return errExpired
		}
		return nil
	}
	return errUnknownKey
}

// identity is the ARN of who calls: the role that was assumed, else the same
// one for everybody.
func (e *engine) identity() string {
	if s, ok := e.Sessions[e.caller.key]; ok {
		return s.Identity
	}
	return assumedRole(e.World.account(), "deployer", "simulated")
}

func assumedRole(account, role, name string) string {
	return "arn:aws:sts::" + account + ":assumed-role/" + role + "/" + name
}

// sessionToken is the token that goes with the access key of a session.
func sessionToken(key string) string { return "IQoJ" + derived("token", key, 64) }
