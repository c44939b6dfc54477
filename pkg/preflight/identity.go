package preflight

// Who asks, as AWS knows it.

import (
	"context"
	"fmt"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sts"

	"github.com/ecs-deploy/ecs-deploy/pkg/deploy"
	"github.com/ecs-deploy/ecs-deploy/pkg/ecsapi"
)

// Identity is who asks. The zero Identity is unknown.
type Identity struct {
	// ARN is that of the user, or of the session of a role. Account is the id of its
	// account.
	ARN, Account string
}

// Identify asks STS who the credentials of a client belong to. That needs no permission.
// The second result reports whether AWS accepts the credentials, as far as anybody knows.
func Identify(ctx context.Context, client *sts.Client) (Identity, Finding, bool) {
	const subject = "identity"
	limited, cancel := context.WithTimeout(ctx, reachLimit)
	defer cancel()
	out, err := client.GetCallerIdentity(limited, &sts.GetCallerIdentityInput{})
	if err == nil {
		i := Identity{aws.ToString(out.Arn), aws.ToString(out.Account)}
		return i, OK(subject, fmt.Sprintf("%s, account %s", i, i.Account)), true
	}
	call := deploy.NewCallError("sts:GetCallerIdentity", "the credentials", err)
	switch call.Class() {
	case ecsapi.Unauthenticated:
		refused := Problem(subject, call)
		refused.Detail = "AWS refuses the credentials: " + call.Reason()
		return Identity{}, refused, false
	case ecsapi.Unreachable:
		return Identity{}, Unknown(subject, "STS cannot be reached: "+call.Reason()), true
	}
	return Identity{}, Unknown(subject, call.Error()), true
}

// role is the name of the role whose session asks; "" if it is no role.
func (i Identity) role() string {
	_, resource, _ := strings.Cut(i.ARN, ":assumed-role/")
	name, _, _ := strings.Cut(resource, "/")
	return name
}

// partition is that of the ARN.
func (i Identity) partition() string {
	if parts := strings.SplitN(i.ARN, ":", 3); len(parts) == 3 {
		return parts[1]
	}
	return "aws"
}

// String is the identity without its account, such as assumed-role/deployer/ci.
func (i Identity) String() string { return i.ARN[strings.LastIndexByte(i.ARN, ':')+1:] }
