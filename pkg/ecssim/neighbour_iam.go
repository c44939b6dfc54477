package ecssim

// This file is the neighbour of ECS that has roles: IAM, as far as a deploy tool asks
// whether one exists.

import (
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"time"
)

// identities is the operations of IAM.
func identities() map[string]queryOperation {
	return map[string]queryOperation{"GetRole": (*engine).getRole}
}

// roleResult is what GetRole answers.
type roleResult struct {
	Role struct {
		Path     string
		RoleName string
		ID       string `xml:"RoleId"`
		Arn      string
		Created  string `xml:"CreateDate"`
	}
}

func (e *engine) getRole(form url.Values) (any, *apiError) {
	name := form.Get("RoleName")
	if name == "" {
		return nil, &apiError{code: "ValidationError", message: "1 validation error detected: Value null at 'roleName' failed to satisfy constraint: Member must not be null"}
	}
	arn := "arn:aws:iam::" + e.World.account() + ":role/" + name
	known := len(e.World.Roles) == 0
	for _, role := range e.World.Roles {
		if account, _, ok := splitRole(role.ARN); ok && account == e.World.account() && shortName(role.ARN) == name {
			known, arn = true, role.ARN
		}
	}
	if !known {
		return nil, &apiError{code: "NoSuchEntity", status: http.StatusNotFound, message: fmt.Sprintf("The role with name %s cannot be found.", name)}
	}
	var out roleResult
	_, path, _ := strings.Cut(arn, ":role")
	out.Role.Path, out.Role.RoleName, out.Role.Arn = strings.TrimSuffix(path, name), name, arn
	out.Role.ID, out.Role.Created = roleID(e.World.account(), name), e.Born.add(-worldAge).time().Format(time.RFC3339)
	return out, nil
}
