package config

import "testing"

func TestSurroundings(t *testing.T) {
	for _, tt := range []struct {
		name    string
		environ []string
		want    Surroundings
	}{
		{"nothing is known", nil, Surroundings{Term: "dumb"}},
		{"a terminal", []string{"TERM=xterm-256color"}, Surroundings{Term: "xterm-256color"}},
		{"GitHub", []string{"CI=true", "GITHUB_ACTIONS=true", "GITHUB_STEP_SUMMARY=/s", "GITHUB_OUTPUT=/o"}, Surroundings{System: "github", CI: true, Summary: "/s", Outputs: "/o", Term: "dumb"}},
		{"files of GitHub, elsewhere", []string{"GITHUB_STEP_SUMMARY=/s", "GITHUB_OUTPUT=/o"}, Surroundings{Term: "dumb"}},
		{"GitLab", []string{"CI=true", "GITLAB_CI=true"}, Surroundings{System: "gitlab", CI: true, Term: "dumb"}},
		{"Buildkite", []string{"BUILDKITE=true"}, Surroundings{System: "buildkite", CI: true, Term: "dumb"}},
		{"Azure Pipelines", []string{"TF_BUILD=True"}, Surroundings{System: "azure", CI: true, Term: "dumb"}},
		{"another CI system", []string{"CI=1"}, Surroundings{CI: true, Term: "dumb"}},
		{"no CI", []string{"CI=false", "GITHUB_ACTIONS="}, Surroundings{Term: "dumb"}},
	} {
		if got := ReadSurroundings(tt.environ); got != tt.want {
			t.Errorf("%s: %+v, want %+v", tt.name, got, tt.want)
		}
	}
}

func TestProgress(t *testing.T) {
	terminal, dumb, ci := Surroundings{Term: "xterm"}, Surroundings{Term: "dumb"}, Surroundings{Term: "xterm", CI: true}
	for _, tt := range []struct {
		where    Surroundings
		choice   string
		terminal bool
		want     string
	}{
		{terminal, "", true, ProgressLive},
		{terminal, ProgressAuto, true, ProgressLive},
		{terminal, ProgressAuto, false, ProgressPlain},
		{terminal, ProgressLive, false, ProgressPlain},
		{terminal, ProgressPlain, true, ProgressPlain},
		{terminal, ProgressNone, true, ProgressNone},
		{terminal, ProgressNone, false, ProgressNone},
		{dumb, ProgressLive, true, ProgressPlain},
		{ci, ProgressAuto, true, ProgressPlain},
		{ci, ProgressLive, true, ProgressLive},
	} {
		if got := tt.where.Progress(tt.choice, tt.terminal); got != tt.want {
			t.Errorf("%+v: %s", tt, got)
		}
	}
}
