package iam

// What a policy is about, read from a task definition.

import (
	"slices"
	"strings"

	"github.com/ecs-deploy/ecs-deploy/pkg/image"
	"github.com/ecs-deploy/ecs-deploy/pkg/taskdef"
)

// Add adds the roles, log groups, secrets, parameters and ECR repositories that a task
// definition names. The family becomes that of the definition.
func (s *Subject) Add(d taskdef.Definition) {
	s.Family = d.Family()
	needs := d.Needs()
	s.Tags = s.Tags || needs.Tags
	for _, role := range []string{needs.ExecutionRole, needs.TaskRole} {
		if role != "" && !strings.HasPrefix(role, "arn:") {
			role = s.arn("iam", "", "role/"+role)
		}
		add(&s.Roles, role)
	}
	for _, secret := range needs.Secrets {
		switch parts := strings.Split(secret.From, ":"); {
		case strings.Contains(secret.From, ":secretsmanager:"):
			// ECS takes a JSON key, a stage and a version behind the secret's ARN.
			add(&s.Secrets, strings.Join(parts[:min(len(parts), 7)], ":"))
		case strings.HasPrefix(secret.From, "arn:"):
			add(&s.Parameters, secret.From)
		default:
			add(&s.Parameters, s.arn("ssm", s.Region, "parameter/"+strings.TrimPrefix(secret.From, "/")))
		}
	}
	for _, container := range d.Containers() {
		if driver, options := d.LogOptions(container.Name); driver == "awslogs" && options["awslogs-group"] != "" {
			region := options["awslogs-region"]
			if region == "" {
				region = s.Region
			}
			add(&s.LogGroups, s.arn("logs", region, "log-group:"+options["awslogs-group"]+":*"))
		}
		ref, err := image.Parse(container.Image)
		if err != nil {
			continue // a template that is not filled in yet
		}
		if account, region, ok := ref.ECR(); ok {
			elsewhere := *s
			elsewhere.Account = account
			add(&s.Repositories, elsewhere.arn("ecr", region, "repository/"+ref.Path()))
		}
	}
}

// add adds a resource once; "" is none.
func add(all *[]string, resource string) {
	if resource != "" && !slices.Contains(*all, resource) {
		*all = append(*all, resource)
	}
}
