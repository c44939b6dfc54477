package main

// The page of permissions, from the table of package iam.

import (
	"fmt"
	"io"
	"strings"

	"github.com/ecs-deploy/ecs-deploy/pkg/iam"
)

// permissions writes the page.
func permissions(w io.Writer) error {
	var b strings.Builder
	b.WriteString("# Permissions\n\nThe IAM permissions of each command. " +
		"`ecs-deploy iam-policy` prints them as a policy for one service. See also [iam.md](../iam.md).\n\n" +
		"| action | resource | condition | required by | advised for | without it, you lose |\n|---|---|---|---|---|---|\n")
	for _, p := range iam.Permissions() {
		var needs [2][]string
		for _, need := range p.Needs {
			column := 0
			if need.Advised {
				column = 1
			}
			needs[column] = append(needs[column], needed(need))
		}
		condition := ""
		if p.Condition != iam.Unconditional {
			condition = "`" + string(p.Condition) + "`"
		}
		fmt.Fprintf(&b, "| `%s` | %s | %s | %s | %s | %s |\n", p.Action, p.Scope, condition,
			strings.Join(needs[0], "; "), strings.Join(needs[1], "; "), p.Lost)
	}
	_, err := io.WriteString(w, b.String())
	return err
}

// needed is a need in words.
func needed(n iam.Need) string {
	text := strings.Join(n.Commands, ", ")
	if len(n.Commands) == len(iam.Commands()) {
		text = "all"
	}
	if n.Feature != iam.Always {
		text += " with " + string(n.Feature)
	}
	return text
}
