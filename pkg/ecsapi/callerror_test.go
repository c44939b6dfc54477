package ecsapi

import (
	"errors"
	"fmt"
	"net"
	"strings"
	"testing"

	"github.com/aws/smithy-go"
)

// mute is an error of a provider of credentials that knows what to do.
type mute struct{}

func (mute) Error() string { return "the session is over" }
func (mute) Hint() string  { return "begin another" }

func refusal(code, message string) error {
	return &smithy.GenericAPIError{Code: code, Message: message}
}

// renewal is how the SDK wraps what a provider of credentials says.
func renewal(err error) error {
	return fmt.Errorf("operation error ECS: DescribeServices, get identity: get credentials: failed to refresh cached credentials, %w", err)
}

func TestWhatIsWrongWithCredentialsIsToldApart(t *testing.T) {
	unreachableSTS := &net.OpError{Op: "dial", Net: "tcp", Err: errors.New("connection refused")}
	for name, test := range map[string]struct {
		action       string
		err          error
		code         int
		reason, hint string
		class        Class
	}{
		"expired":        {"ecs:DescribeServices", refusal("ExpiredTokenException", "over"), 4, "ExpiredTokenException: over", "get new ones", Unauthenticated},
		"unknown key":    {"ecs:DescribeServices", refusal("UnrecognizedClientException", "no"), 4, "no", "check the access key", Unauthenticated},
		"wrong secret":   {"ecs:DescribeServices", refusal("InvalidSignatureException", "no match"), 4, "no match", "check the secret key", Unauthenticated},
		"wrong clock":    {"ecs:DescribeServices", refusal("InvalidSignatureException", "Signature expired: 1 is now earlier than 2"), 4, "Signature expired", "set the clock", Unauthenticated},
		"no token":       {"ecs:DescribeServices", refusal("MissingAuthenticationToken", ""), 4, "no message", "log in again", Unauthenticated},
		"denied":         {"ecs:DescribeServices", refusal("AccessDeniedException", "no"), 4, "no", "allow ecs:DescribeServices", Denied},
		"denied role":    {"sts:AssumeRole", refusal("AccessDenied", "no"), 4, "no", "trust policy", Denied},
		"wrong code":     {"sts:AssumeRole", refusal("AccessDenied", "MultiFactorAuthentication failed"), 4, "failed", "wait for the next code", Denied},
		"wrong region":   {"ecs:DescribeServices", &net.DNSError{Name: "ecs.eu-wset-1.amazonaws.com", IsNotFound: true}, 1, "unknown host ecs.eu-wset-1.amazonaws.com", "region (-r)", Unreachable},
		"session over":   {"ecs:DescribeServices", renewal(mute{}), 4, "no valid AWS credentials: the session is over", "begin another", Unauthenticated},
		"role refused":   {"ecs:DescribeServices", renewal(NewCallError("sts:AssumeRole", "role r", refusal("AccessDenied", "no"))), 4, "sts:AssumeRole on role r: AccessDenied: no", "trust policy", Unauthenticated},
		"role, no STS":   {"ecs:DescribeServices", renewal(NewCallError("sts:AssumeRole", "role r", unreachableSTS)), 1, "sts:AssumeRole on role r: dial tcp: connection refused", "network", Unreachable},
		"role, too fast": {"ecs:DescribeServices", renewal(NewCallError("sts:AssumeRole", "role r", refusal("Throttling", "slow down"))), 1, "slow down", "rate of calls", Throttled},
	} {
		e := NewCallError(test.action, "service s", test.err)
		if e.ExitCode() != test.code || e.class != test.class || !strings.Contains(e.Error(), test.reason) || !strings.Contains(e.Hint(), test.hint) {
			t.Errorf("%s: exit code %d, class %d, %s (%s)", name, e.ExitCode(), e.class, e, e.Hint())
		}
		if strings.Contains(e.Error()+e.Hint(), "\n") || !strings.HasPrefix(e.Error(), test.action+" on service s: ") {
			t.Errorf("%s: %s", name, e)
		}
	}
}
