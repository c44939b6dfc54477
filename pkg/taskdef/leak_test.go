package taskdef_test

import (
	"strings"
	"testing"

	"github.com/ecs-deploy/ecs-deploy/pkg/taskdef"
)

// TestErrorsKeepValuesToThemselves: variables as another tool writes them are no
// definition, and no reason to print them.
func TestErrorsKeepValuesToThemselves(t *testing.T) {
	for _, odd := range []string{
		`"environment": ["PASSWORD=hunter2"]`, `"environment": "PASSWORD=hunter2"`, `"command": "app --password hunter2"`,
		`"environment": [{"name": "PASSWORD", "value": hunter2}]`,
	} {
		_, err := taskdef.Parse("td", []byte(oddly(odd)), taskdef.ParseOptions{})
		if err == nil || strings.Contains(err.Error(), "hunter2") {
			t.Errorf("%s: %v", odd, err)
		}
	}
}
