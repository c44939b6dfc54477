package deploy

// The checks of what ECS needs to start a task besides its images: roles and secrets.

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"slices"
	"strings"

	"github.com/ecs-deploy/ecs-deploy/pkg/internal/awscall"
	"github.com/ecs-deploy/ecs-deploy/pkg/rollout"
	"github.com/ecs-deploy/ecs-deploy/pkg/shell"
	"github.com/ecs-deploy/ecs-deploy/pkg/taskdef"
)

// parametersLimit is how many parameters GetParameters takes at once.
const parametersLimit = 10

// roles checks whether the roles of the definition exist.
func (c *checker) roles(ctx context.Context) []Check {
	if !c.starts() || c.plan.Definition.IsZero() {
		return nil
	}
	return c.rolesOf(ctx, c.plan.Definition)
}

func (c *checker) rolesOf(ctx context.Context, definition taskdef.Definition) []Check {
	needs := definition.Needs()
	var checks []Check
	for _, role := range distinct([]string{needs.TaskRole, needs.ExecutionRole}) {
		if role != "" {
			checks = append(checks, c.role(ctx, role))
		}
	}
	return checks
}

func (c *checker) role(ctx context.Context, role string) Check {
	name := rollout.ShortName(role)
	subject := "role " + name
	if c.neighbours == nil {
		return unasked(subject, "there is no client of IAM")
	}
	var answer struct{}
	err := c.neighbours.Query(ctx, awscall.IAM, "GetRole", url.Values{"RoleName": {name}}, &answer)
	if err == nil {
		return Check{Subject: subject, State: CheckOK, Detail: "it exists"}
	}
	call := NewCallError("iam:GetRole", subject, err)
	if call.Code == "NoSuchEntity" {
		return Check{Subject: subject, State: CheckProblem, Detail: "it does not exist, so ECS cannot start a task", Remedy: "create the role, or choose another one with --task-role or --execution-role"}
	}
	return unasked(subject, call)
}

// secrets checks whether the secrets and parameters of the definition exist. Whether
// the execution role may read them is for IAM to know.
func (c *checker) secrets(ctx context.Context) []Check {
	if !c.starts() || c.plan.Definition.IsZero() {
		return nil
	}
	return c.secretsOf(ctx, c.plan.Definition)
}

func (c *checker) secretsOf(ctx context.Context, definition taskdef.Definition) []Check {
	var secrets, parameters []string
	for _, source := range definition.Needs().Secrets {
		if strings.Contains(source.From, ":secretsmanager:") {
			secrets = append(secrets, secretARN(source.From))
		} else {
			parameters = append(parameters, source.From)
		}
	}
	var checks []Check
	for _, arn := range distinct(secrets) {
		checks = append(checks, c.secret(ctx, arn))
	}
	for some := range slices.Chunk(distinct(parameters), parametersLimit) {
		checks = append(checks, c.parameters(ctx, some)...)
	}
	return merged("secrets", checks)
}

// secretARN is the ARN of a secret without the JSON key and the version that ECS takes
// behind it: arn:aws:secretsmanager:REGION:ACCOUNT:secret:NAME:KEY:STAGE:VERSION.
func secretARN(from string) string {
	parts := strings.Split(from, ":")
	return strings.Join(parts[:min(len(parts), 7)], ":")
}

// regionOf is the region in an ARN; "" in a name.
func regionOf(arn string) string {
	if parts := strings.Split(arn, ":"); len(parts) > 5 {
		return parts[3]
	}
	return ""
}

const noSecret = "so ECS cannot start a task"

func (c *checker) secret(ctx context.Context, arn string) Check {
	subject := "secret " + arn[strings.LastIndexByte(arn, ':')+1:]
	if c.neighbours == nil {
		return unasked(subject, "there is no client of Secrets Manager")
	}
	var answer struct {
		DeletedDate *float64
	}
	err := c.neighbours.JSON(ctx, awscall.SecretsManager, regionOf(arn), "DescribeSecret", map[string]string{"SecretId": arn}, &answer)
	switch {
	case err == nil && answer.DeletedDate != nil:
		return Check{Subject: subject, State: CheckProblem, Detail: "it is being deleted, " + noSecret, Remedy: "restore it: " + shell.Join("aws", "secretsmanager", "restore-secret", "--secret-id", arn, "--region", regionOf(arn))}
	case err == nil:
		return Check{Subject: subject, State: CheckOK, Detail: "it exists"}
	}
	call := NewCallError("secretsmanager:DescribeSecret", subject, err)
	if call.Code == "ResourceNotFoundException" {
		return Check{Subject: subject, State: CheckProblem, Detail: "it does not exist, " + noSecret, Remedy: "create it, or change the definition with --secret"}
	}
	return unasked(subject, call)
}

func (c *checker) parameters(ctx context.Context, names []string) []Check {
	var checks []Check
	var answer struct{ InvalidParameters []string }
	err := errors.New("there is no client of Systems Manager")
	if c.neighbours != nil {
		err = c.neighbours.JSON(ctx, awscall.SSM, regionOf(names[0]), "GetParameters", map[string]any{"Names": names, "WithDecryption": false}, &answer)
		if err != nil {
			err = NewCallError("ssm:GetParameters", "the parameters", err)
		}
	}
	for _, name := range names {
		subject := "parameter " + name[strings.LastIndexByte(name, ':')+1:]
		switch {
		case err != nil:
			checks = append(checks, unasked(subject, err))
		case slices.Contains(answer.InvalidParameters, name):
			checks = append(checks, Check{Subject: subject, State: CheckProblem, Detail: "it does not exist, " + noSecret, Remedy: "create it, or change the definition with --secret"})
		default:
			checks = append(checks, Check{Subject: subject, State: CheckOK, Detail: "it exists"})
		}
	}
	return checks
}

// merged are checks of one kind, of which those that are fine, and those that were not
// made for the same reason, are one check.
func merged(subject string, checks []Check) []Check {
	var rest []Check
	fine := 0
	unmade := map[string]bool{}
	for _, check := range checks {
		switch {
		case check.State == CheckOK:
			fine++
		case check.State == NotChecked && unmade[check.Detail]:
		case check.State == NotChecked:
			unmade[check.Detail] = true
			rest = append(rest, Check{Subject: subject, State: NotChecked, Detail: check.Detail})
		default:
			rest = append(rest, check)
		}
	}
	if fine > 0 {
		rest = append([]Check{{Subject: subject, State: CheckOK, Detail: fmt.Sprintf("%d of %d exist", fine, len(checks))}}, rest...)
	}
	return rest
}
