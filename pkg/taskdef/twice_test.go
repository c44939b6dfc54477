package taskdef_test

import (
	"strings"
	"testing"

	"github.com/ecs-deploy/ecs-deploy/pkg/taskdef"
)

// TestSetOfANameThatStandsTwice: of two variables of one name the later one wins,
// so an edit must reach that one, too.
func TestSetOfANameThatStandsTwice(t *testing.T) {
	d := parse(t, oddly(`"environment": [{"name": "A", "value": "1"}, {"name": "B", "value": "x"}, {"name": "A", "value": "2"}]`))
	edited, err := d.With(taskdef.SetEnvironment("app", "A", "3"))
	if err != nil {
		t.Fatal(err)
	}
	text := string(indented(t, edited))
	if strings.Contains(text, `"1"`) || strings.Contains(text, `"2"`) || !strings.Contains(text, `"3"`) {
		t.Errorf("A is not 3 everywhere:\n%s", text)
	}
	again, err := edited.With(taskdef.SetEnvironment("app", "A", "3"))
	if err != nil || !taskdef.Equal(edited, again) {
		t.Errorf("the same edit once more: %v, %v", taskdef.Diff(edited, again), err)
	}
}
