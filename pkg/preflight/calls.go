package preflight

// What AWS answered and what it refused: the surest sign of a permission.

import (
	"context"
	"strings"
	"sync"

	awsmiddleware "github.com/aws/aws-sdk-go-v2/aws/middleware"
	"github.com/aws/smithy-go/middleware"

	"github.com/ecs-deploy/ecs-deploy/pkg/deploy"
	"github.com/ecs-deploy/ecs-deploy/pkg/ecsapi"
)

// Calls remembers how the calls of clients ended. The zero value is ready for use.
type Calls struct {
	mutex sync.Mutex
	ended map[string]ending // by action; refused calls win
}

// ending is how calls of an action ended.
type ending struct {
	state  PermissionState
	reason string
}

// prefixes are the services that ecs-deploy calls, as IAM names them, by the SDK's ids.
var prefixes = map[string]string{
	"ECS": "ecs", "CloudWatch Logs": "logs", "ECR": "ecr", "Elastic Load Balancing v2": "elasticloadbalancing",
	"IAM": "iam", "CloudWatch": "cloudwatch", "Secrets Manager": "secretsmanager", "SSM": "ssm",
	"Application Auto Scaling": "application-autoscaling",
}

// Watch is an option of clients (aws.Config.APIOptions), whose calls are remembered.
func (c *Calls) Watch(stack *middleware.Stack) error {
	return stack.Initialize.Add(middleware.InitializeMiddlewareFunc("RememberCalls",
		func(ctx context.Context, in middleware.InitializeInput, next middleware.InitializeHandler) (middleware.InitializeOutput, middleware.Metadata, error) {
			out, metadata, err := next.HandleInitialize(ctx, in)
			c.note(prefixes[awsmiddleware.GetServiceID(ctx)]+":"+awsmiddleware.GetOperationName(ctx), err)
			return out, metadata, err
		}), middleware.After)
}

// note remembers an answer or a refusal. No other error says whether a call is allowed.
func (c *Calls) note(action string, err error) {
	end := ending{state: PermissionOK}
	if err != nil {
		call := deploy.NewCallError(action, "", err)
		if call.Class() != ecsapi.Denied {
			return
		}
		end = ending{PermissionDenied, refusal(call.Reason())}
	}
	c.mutex.Lock()
	defer c.mutex.Unlock()
	if c.ended == nil {
		c.ended = map[string]ending{}
	}
	if c.ended[action].state != PermissionDenied {
		c.ended[action] = end
	}
}

// refusal is why AWS refused a call, without who asked for what: "… is not authorized to
// perform: ACTION on resource: ARN because no identity-based policy allows the ACTION action".
func refusal(reason string) string {
	if _, why, ok := strings.Cut(reason, " because "); ok {
		return why
	}
	if _, why, ok := strings.Cut(reason, " with an explicit deny"); ok {
		return "an explicit deny" + why
	}
	return "AWS refused a call"
}

// of is how the calls of an action ended, if one was made.
func (c *Calls) of(action string) (ending, bool) {
	c.mutex.Lock()
	defer c.mutex.Unlock()
	end, made := c.ended[action]
	return end, made
}
