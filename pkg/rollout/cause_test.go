package rollout_test

import (
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/ecs-deploy/ecs-deploy/pkg/rollout"
)

// The kinds that a page lists are those of the table, and no others.
func TestThePageListsTheKindsOfCauses(t *testing.T) {
	page, err := os.ReadFile("../../docs/output.md")
	if err != nil {
		t.Fatal(err)
	}
	_, after, found := strings.Cut(string(page), "\n`kind` is one of ")
	if !found {
		t.Fatal("docs/output.md has no list that begins with: `kind` is one of")
	}
	list, _, _ := strings.Cut(after, "\n\n")
	var listed []rollout.Kind
	for _, name := range regexp.MustCompile("`([a-z-]+)`").FindAllStringSubmatch(list, -1) {
		listed = append(listed, rollout.Kind(name[1]))
	}
	if !slices.Equal(listed, rollout.Kinds()) {
		t.Errorf("docs/output.md lists the kinds %v, the table has %v", listed, rollout.Kinds())
	}
}
