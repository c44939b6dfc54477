package ecsapi

// What comes back from the SDK when a call fails, put into words: which action,
// on which resource, why, and what to try.

import (
	"context"
	"errors"
	"fmt"
	"net"
	"slices"
	"strings"

	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
	"github.com/aws/smithy-go"

	"github.com/ecs-deploy/ecs-deploy/pkg/internal/exitcode"
)

// CallError says that a call to AWS failed.
type CallError struct {
	// Action is the API action, e.g. "ecs:DescribeServices".
	Action string
	// Resource is what it was about.
	Resource string
	// Code is the error code of AWS, or "" if AWS did not answer.
	Code string
	// RequestID is AWS's id of the call, or "".
	RequestID string
	// Err is the SDK's error.
	Err error

	class  Class
	reason string
}

// Class says what sort of failure a [CallError] is.
type Class int

// The classes.
const (
	// Other: none of the classes below.
	Other Class = iota
	// Denied: the caller is not allowed to do this.
	Denied
	// Unauthenticated: there are no valid credentials.
	Unauthenticated
	// Throttled: AWS refused the call for the rate of calls; it was not carried out.
	Throttled
	// Unreachable: no answer, or none that makes sense. The call may have been
	// carried out.
	Unreachable
	// NotFound: what the call is about does not exist.
	NotFound
	// Quota: a quota of the account is used up.
	Quota
	// Unsent: the caller stopped to wait before it was the call's turn.
	Unsent
)

// Class is the class of the error.
func (e *CallError) Class() Class { return e.class }

// Reason is the error without action and resource.
func (e *CallError) Reason() string { return e.reason }

// Is reports whether an error is, or wraps, a failed call of a class.
func Is(err error, class Class) bool {
	var call *CallError
	return errors.As(err, &call) && call.class == class
}

// Error is one line: action, resource, reason.
func (e *CallError) Error() string {
	return fmt.Sprintf("%s on %s: %s", e.Action, e.Resource, e.reason)
}

// Unwrap gives the SDK's error.
func (e *CallError) Unwrap() error { return e.Err }

// Hint says what to try.
func (e *CallError) Hint() string {
	switch e.class {
	case Denied:
		if e.Action == "sts:AssumeRole" {
			return roleHint(e.reason)
		}
		action := e.Action
		if _, named, ok := strings.Cut(e.reason, "not authorized to perform: "); ok { // it may be another, such as iam:PassRole
			action, _, _ = strings.Cut(named, " ")
		}
		hint := "allow " + action + " in the policy of the identity that deploys"
		if strings.HasPrefix(e.Action, "sso:") || strings.HasPrefix(e.Action, "sts:") {
			return hint // there are no credentials to check more with
		}
		return hint + "; to see what else is missing: ecs-deploy check"
	case Unauthenticated:
		return e.credentialsHint()
	case Throttled:
		return "AWS limits the rate of calls per account and region; try again in a moment"
	case Unreachable:
		var lookup *net.DNSError
		if errors.As(e.Err, &lookup) && lookup.IsNotFound {
			return "check the region (-r), which is part of that name, --endpoint-url and the network"
		}
		return "check the network, --endpoint-url and the region"
	case Quota:
		return "request a higher quota for the account in AWS Service Quotas; trying again does not help"
	}
	return ""
}

// roleHint says what to try if a role cannot be assumed. AWS does not say which condition of
// the role's trust policy is not met.
func roleHint(reason string) string {
	if strings.Contains(reason, "MultiFactorAuthentication") {
		return "wait for the next code of the MFA device and try again; each code works once"
	}
	return "allow sts:AssumeRole in the policy of that identity, and that identity in the trust policy of the role; the role may also require --external-id or --mfa-serial"
}

// credentialsHint tells apart what can be wrong with credentials.
func (e *CallError) credentialsHint() string {
	var speaker interface{ Hint() string }
	switch {
	case errors.As(e.Err, &speaker): // the provider of the credentials knows better
		return speaker.Hint()
	case strings.HasPrefix(e.Code, "Expired"):
		return "get new ones: log in again (aws sso login), or renew AWS_SESSION_TOKEN together with its keys"
	case strings.Contains(e.reason, "Signature expired"), strings.Contains(e.reason, "Signature not yet current"):
		return "set the clock of this machine: signatures are valid for a few minutes"
	case e.Code == "InvalidSignatureException", e.Code == "SignatureDoesNotMatch", e.Code == "IncompleteSignature":
		return "check the secret key: it is not the one of that access key (-k and -s, the environment, or the profile)"
	case e.Code == "UnrecognizedClientException", e.Code == "InvalidClientTokenId", e.Code == "InvalidAccessKeyId", e.Code == "AuthFailure":
		return "check the access key, AWS_SESSION_TOKEN, which temporary keys need, and the region (-r), which may have to be enabled for the account"
	}
	if e.Code == "InvalidIdentityToken" || e.Code == "IDPRejectedClaim" {
		return "check the identity token (AWS_WEB_IDENTITY_TOKEN_FILE), its audience, and the trust policy of the role"
	}
	return "log in again (aws sso login), or check the profile (-p), keys and region (-r)"
}

// ExitCode is 4 for missing credentials and permissions, 3 for what does not
// exist, otherwise 1.
func (e *CallError) ExitCode() int {
	switch e.class {
	case Denied, Unauthenticated:
		return exitcode.Access
	case NotFound:
		return exitcode.Usage
	}
	return exitcode.Error
}

// Nonsense is the error of a call that was answered with something that makes no
// sense. The action is written as in a policy: "ecr:DescribeImages".
func Nonsense(action, resource, reason string) *CallError {
	return &CallError{Action: action, Resource: resource, class: Unreachable, reason: reason}
}

// nonsense is Nonsense for an action of ECS.
func nonsense(action, resource, reason string) *CallError {
	return Nonsense("ecs:"+action, resource, reason)
}

// codeClasses are the error codes that decide; the SDK models few of them.
var codeClasses = map[Class][]string{
	Denied: {"AccessDeniedException", "AccessDenied", "UnauthorizedOperation", "NotAuthorized", "ForbiddenException"},
	Unauthenticated: {"ExpiredTokenException", "ExpiredToken", "UnrecognizedClientException", "InvalidClientTokenId",
		"InvalidSignatureException", "SignatureDoesNotMatch", "MissingAuthenticationToken", "MissingAuthenticationTokenException",
		"IncompleteSignature", "AuthFailure", "InvalidAccessKeyId", "InvalidIdentityToken", "IDPRejectedClaim"},
	Throttled: {"ThrottlingException", "Throttling", "ThrottledException", "TooManyRequestsException", "RequestLimitExceeded", "SlowDown"},
	NotFound:  {"ClusterNotFoundException", "ServiceNotFoundException", "ServiceNotActiveException"},
	Quota:     {"LimitExceededException"},
}

// callError classifies the error of a call of ECS. It returns nil for nil.
func callError(action, resource string, err error) *CallError {
	if err == nil {
		return nil
	}
	return NewCallError("ecs:"+action, resource, err)
}

// NewCallError puts the SDK's error of a call into words, as this package does
// for its own calls: for programs that call AWS themselves, e.g. to assume the
// role that deploys. The action is written as in a policy: "sts:AssumeRole".
func NewCallError(action, resource string, err error) *CallError {
	e := &CallError{Action: action, Resource: resource, Err: err, reason: innermost(err)}
	var response *awshttp.ResponseError
	if errors.As(err, &response) {
		e.RequestID = response.ServiceRequestID()
	}
	var renewal *CallError
	if errors.As(err, &renewal) {
		return e.without(renewal)
	}
	var api smithy.APIError
	if errors.As(err, &api) && api.ErrorCode() != "UnknownError" {
		e.Code = api.ErrorCode()
		e.reason = e.Code + ": " + firstLine(api.ErrorMessage(), "no message")
		for class, codes := range codeClasses {
			if slices.Contains(codes, e.Code) {
				e.class = class
			}
		}
		if e.class == Other && response != nil && response.HTTPStatusCode() >= 500 {
			e.class = Unreachable
		}
		return e
	}
	var unsent *unsentError
	if errors.As(err, &unsent) {
		e.class, e.reason = Unsent, unsent.Error()
		return e
	}
	e.class = transportClass(err)
	var speaker interface{ Hint() string }
	var lookup *net.DNSError
	switch {
	case e.class == Unauthenticated && errors.As(err, &speaker):
		e.reason = "no valid AWS credentials: " + innermost(err)
	case errors.As(err, &lookup) && lookup.IsNotFound:
		e.reason = "unknown host " + lookup.Name
	case e.class == Unauthenticated && strings.Contains(err.Error(), "IMDS"): // the last place where the SDK looks
		e.reason = "no AWS credentials found in flags, environment, profile or instance role"
	case e.class == Unauthenticated:
		e.reason = "no valid AWS credentials: " + innermost(err)
	case response != nil && response.HTTPStatusCode() != 0:
		e.reason = fmt.Sprintf("the server answered HTTP %d without an AWS error; is it ECS?", response.HTTPStatusCode())
	}
	return e
}

// without makes e the error of a call that was not made, because the call that
// would have given its credentials failed. That may pass: it was throttled, or
// got no answer.
func (e *CallError) without(renewal *CallError) *CallError {
	e.reason = "no valid AWS credentials: " + renewal.Error()
	e.class = Unauthenticated
	if renewal.class == Throttled || renewal.class == Unreachable {
		e.class = renewal.class
	}
	return e
}

// transportClass classifies failures without an answer of ECS.
func transportClass(err error) Class {
	text := err.Error()
	switch {
	case errors.Is(err, context.Canceled), errors.Is(err, context.DeadlineExceeded):
		return Unreachable
	case strings.Contains(text, "get identity"), strings.Contains(text, "failed to refresh cached credentials"),
		strings.Contains(text, "static credentials are empty"), strings.Contains(text, "failed to sign request"):
		return Unauthenticated
	}
	return Unreachable
}

// innermost is the text of the last error of a chain, in one line: what the SDK
// wraps around it names retries and internals.
func innermost(err error) string {
	var network *net.OpError
	if errors.As(err, &network) {
		return network.Error()
	}
	var timeout net.Error
	if errors.As(err, &timeout) && timeout.Timeout() {
		return "the server did not answer in time"
	}
	for {
		next := errors.Unwrap(err)
		if next == nil || next.Error() == "" {
			break
		}
		err = next
	}
	text, _, _ := strings.Cut(err.Error(), "\n")
	return text
}

func firstLine(text, otherwise string) string {
	if text == "" {
		return otherwise
	}
	line, _, _ := strings.Cut(text, "\n")
	return line
}
