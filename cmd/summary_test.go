package cmd

import (
	"io"
	"slices"
	"testing"

	"github.com/ecs-deploy/ecs-deploy/pkg/config"
	"github.com/ecs-deploy/ecs-deploy/pkg/report"
)

// TestEveryRendererIsAnOutput: --output takes the formats that there are.
func TestEveryRendererIsAnOutput(t *testing.T) {
	for _, key := range new(config.Settings).Keys() {
		if key.Name == "output" && !slices.Equal(key.Choices(), report.Formats()) {
			t.Errorf("--output takes %q, and there are %q", key.Choices(), report.Formats())
		}
	}
}

func TestTheJobSummaryIsAppended(t *testing.T) {
	t.Setenv(summaryVariable, "")
	if (&app{}).jobSummary() != nil {
		t.Error("a summary without a file")
	}
	t.Setenv(summaryVariable, t.TempDir()) // no file
	a := &app{}
	if _, err := io.WriteString(a.jobSummary(), "x"); err == nil || a.summary.err == nil {
		t.Error("a folder was written")
	}
}
