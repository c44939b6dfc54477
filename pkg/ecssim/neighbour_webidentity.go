package ecssim

// This file is the operation of STS that takes a token of an identity provider, as
// CI systems have it, in the place of credentials: AssumeRoleWithWebIdentity.

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"
)

const withWebIdentity = "AssumeRoleWithWebIdentity"

// needsNoKey reports whether a request is one that callers without credentials of
// AWS send: it is not signed.
func (r wireRequest) needsNoKey() bool { return r.query && r.operation() == withWebIdentity }

// webIdentityResult is what AssumeRoleWithWebIdentity answers.
type webIdentityResult struct {
	assumedRoleResult
	Subject  string `xml:"SubjectFromWebIdentityToken"`
	Audience string
	Provider string
}

// claims are what a token says.
type claims struct {
	Issuer   string          `json:"iss"`
	Subject  string          `json:"sub"`
	Audience json.RawMessage `json:"aud"` // a text, or a list of them
	Expires  float64         `json:"exp"` // seconds since 1970
}

// assumeRoleWithWebIdentity lets in who has a token that is not over, whatever its
// signature. If the world lists roles, the role must be one of them, and not ask
// for an external id or an MFA device, which no token has.
func (e *engine) assumeRoleWithWebIdentity(form url.Values) (any, *apiError) {
	wanted, err := wantedSession(form, "WebIdentityToken")
	if err != nil {
		return nil, err
	}
	token := form.Get("WebIdentityToken")
	if len(token) < 4 {
		return nil, unfit("'"+token+"'", "WebIdentityToken", "Member must have length greater than or equal to 4")
	}
	if len(token) > 20000 {
		return nil, unfit("'"+token+"'", "WebIdentityToken", "Member must have length less than or equal to 20000")
	}
	said, ok := identityClaims(token)
	if !ok {
		return nil, &apiError{code: "InvalidIdentityToken", message: "The ID Token provided is not a valid JWT. (You may see this error if you sent an Access Token)", status: http.StatusBadRequest}
	}
	// Tokens are of the real world, and so is the time in which they end.
	if now := time.Now().Unix(); said.Expires <= float64(now) {
		return nil, &apiError{code: "ExpiredTokenException", message: fmt.Sprintf("Token expired: current date/time %d must be before the expiration date/time %.0f", now, said.Expires), status: http.StatusBadRequest}
	}
	trusted := func(r RoleSpec) bool { return r.ARN == form.Get("RoleArn") && r.ExternalID == "" && r.MFA == nil }
	if len(e.World.Roles) > 0 && !slices.ContainsFunc(e.World.Roles, trusted) {
		return nil, denied("Not authorized to perform sts:AssumeRoleWithWebIdentity")
	}
	return webIdentityResult{e.beginSession(wanted), said.Subject, said.audience(), said.Issuer}, nil
}

// identityClaims reads a JSON Web Token.
func identityClaims(token string) (claims, bool) {
	var said claims
	parts := strings.Split(token, ".")
	if len(parts) != 3 {
		return said, false
	}
	payload, err := base64.RawURLEncoding.DecodeString(parts[1])
	if err != nil || json.Unmarshal(payload, &said) != nil {
		return said, false
	}
	return said, said.Issuer != "" && said.Subject != ""
}

// audience is whom the token is for.
func (c claims) audience() string {
	var one string
	var several []string
	if json.Unmarshal(c.Audience, &one) == nil || json.Unmarshal(c.Audience, &several) != nil || len(several) == 0 {
		return one
	}
	return several[0]
}
