package cmd

import (
	"fmt"
	"runtime"
	"runtime/debug"

	"github.com/spf13/cobra"

	"github.com/ecs-deploy/ecs-deploy/pkg/report"
)

// Set with -ldflags -X by a release build.
var (
	version = ""
	commit  = ""
	date    = ""
)

func (a *app) version() *cobra.Command {
	return &cobra.Command{
		Use:   "version",
		Short: "Print the version",
		Args:  noArguments,
		RunE: func(c *cobra.Command, _ []string) error {
			info := versionInfo{Version: buildVersion(), Commit: commit, Date: date, Go: runtime.Version()}
			return a.show(report.Value(info, info.String()))
		},
	}
}

type versionInfo struct {
	Version string `json:"version"`
	Commit  string `json:"commit,omitempty"`
	Date    string `json:"date,omitempty"`
	Go      string `json:"go"`
}

func (v versionInfo) String() string {
	text := "ecs-deploy " + v.Version
	if v.Commit != "" {
		text += fmt.Sprintf(" (%s, %s)", v.Commit, v.Date)
	}
	return text + " " + v.Go
}

// buildVersion is the release, or what Go knows of the build.
func buildVersion() string {
	if version != "" {
		return version
	}
	if info, ok := debug.ReadBuildInfo(); ok && info.Main.Version != "" {
		return info.Main.Version
	}
	return "(devel)"
}
