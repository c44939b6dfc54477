package ecssim

// This file is the neighbours of ECS that have secrets: Secrets Manager and the
// Parameter Store of Systems Manager, as far as a deploy tool asks whether a secret
// exists. Values are never shown.

import (
	"fmt"
	"slices"
	"strings"
)

const maxParameters = 10 // that one request names

// secretsManager is the operations of Secrets Manager.
func secretsManager() map[string]operation {
	return map[string]operation{"DescribeSecret": in[any]("", (*engine).describeSecret)}
}

// parameterStore is the operations of Systems Manager.
func parameterStore() map[string]operation {
	return map[string]operation{"GetParameters": in[any]("", (*engine).getParameters)}
}

// hasSecret reports whether the world has a secret or parameter of this name.
func (e *engine) hasSecret(name string) bool {
	return len(e.World.Secrets) == 0 || slices.Contains(e.World.Secrets, name)
}

func (e *engine) describeSecret(in struct {
	ID string `json:"SecretId"`
}, _ Document) (any, *apiError) {
	if in.ID == "" {
		return nil, invalid("You must provide a value for the SecretId parameter.") // assumed text
	}
	name := in.ID
	if _, rest, ok := strings.Cut(in.ID, ":secret:"); ok {
		name = rest
		if at := strings.LastIndexByte(rest, '-'); at >= 0 && len(rest)-at == 7 { // ARNs end in six random characters
			name = rest[:at]
		}
	}
	if !e.hasSecret(name) {
		return nil, &apiError{code: "ResourceNotFoundException", message: "Secrets Manager can't find the specified secret."}
	}
	return map[string]any{
		"ARN":  fmt.Sprintf("arn:aws:secretsmanager:%s:%s:secret:%s-%s", e.World.region(), e.World.account(), name, derived("secret", name, 6)),
		"Name": name, "CreatedDate": e.Born.add(-worldAge).epoch(),
	}, nil
}

func (e *engine) getParameters(in struct {
	Names []string `json:"Names"`
}, _ Document) (any, *apiError) {
	if len(in.Names) == 0 || len(in.Names) > maxParameters {
		return nil, &apiError{code: "ValidationException", message: fmt.Sprintf(
			"1 validation error detected: Value at 'names' failed to satisfy constraint: Member must have length less than or equal to %d", maxParameters)}
	}
	found, unknown := []any{}, []string{}
	for _, name := range in.Names {
		bare := name
		if _, rest, ok := strings.Cut(name, ":parameter/"); ok { // a parameter's name may begin with a slash, its ARN does not show it
			if bare = rest; strings.Contains(rest, "/") {
				bare = "/" + rest
			}
		}
		if !e.hasSecret(bare) {
			unknown = append(unknown, name)
			continue
		}
		found = append(found, map[string]any{"Name": bare, "Type": "SecureString", "Version": 1, "Value": "AQICAHh" + derived("parameter", bare, 20)})
	}
	return map[string]any{"Parameters": found, "InvalidParameters": unknown}, nil
}
