package config

// Where the program runs: the CI system, and the kind of terminal.

import "strings"

// Surroundings are what the environment says of the place where the program runs.
type Surroundings struct {
	// System is the CI system whose log has groups: github, gitlab, buildkite or azure; ""
	// for any other one. CI: some CI system runs the program.
	System string
	CI     bool
	// Summary and Outputs are the files that GitHub Actions makes for a step: of its
	// summary, and of its outputs; "" for none.
	Summary, Outputs string
	// Term is the type of the terminal, "dumb" if it is not known.
	Term string
}

// systems are the CI systems that are told apart, by a variable that is set to true
// (GitHub Actions, GitLab, Buildkite and Azure Pipelines document these).
var systems = []struct{ variable, name string }{
	{"GITHUB_ACTIONS", "github"}, {"GITLAB_CI", "gitlab"}, {"BUILDKITE", "buildkite"}, {"TF_BUILD", "azure"},
}

// ReadSurroundings reads an environment, as os.Environ returns it.
func ReadSurroundings(environ []string) Surroundings {
	variables := map[string]string{}
	for _, entry := range environ {
		name, value, _ := strings.Cut(entry, "=")
		variables[name] = value
	}
	s := Surroundings{Term: variables["TERM"]}
	if s.Term == "" {
		s.Term = "dumb"
	}
	for _, system := range systems {
		if strings.EqualFold(variables[system.variable], "true") {
			s.System = system.name
			break
		}
	}
	s.CI = s.System != "" || variables["CI"] != "" && !strings.EqualFold(variables["CI"], "false")
	if s.System == "github" {
		s.Summary, s.Outputs = variables["GITHUB_STEP_SUMMARY"], variables["GITHUB_OUTPUT"]
	}
	return s
}

// The ways in which a rollout is shown while it runs.
const (
	ProgressAuto  = "auto"
	ProgressLive  = "live"
	ProgressPlain = "plain"
	ProgressNone  = "none"
)

// Progress decides how a rollout is shown: live on a terminal that a person looks at,
// otherwise as plain lines. A choice other than auto wins, but there is no live region
// without a terminal.
func (s Surroundings) Progress(choice string, terminal bool) string {
	able := terminal && s.Term != "dumb"
	switch {
	case choice == ProgressNone, choice == ProgressPlain:
		return choice
	case !able, s.CI && choice != ProgressLive:
		return ProgressPlain
	}
	return ProgressLive
}
