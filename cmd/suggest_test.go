package cmd

import (
	"io"
	"testing"
)

// TestWhole: a command in a hint of the library can be pasted, with the words that follow it.
func TestWhole(t *testing.T) {
	a := newApp(Streams{Out: io.Discard, Err: io.Discard})
	const named = " -c prod -n web"
	for hint, want := range map[string]string{
		"wait for it (ecs-deploy wait), or pass --if-in-progress wait":    "wait for it (ecs-deploy wait" + named + "), or pass --if-in-progress wait",
		"if web:1 is right: ecs-deploy rollback --to web:1 --yes":         "if web:1 is right: ecs-deploy rollback" + named + " --to web:1 --yes",
		"ecs-deploy rollback --to ecs-svc/123 --pin-digest --yes":         "ecs-deploy rollback" + named + " --to ecs-svc/123 --pin-digest --yes",
		"to restore an earlier revision, use ecs-deploy rollback":         "to restore an earlier revision, use ecs-deploy rollback" + named,
		"see ecs-deploy rollback-preview":                                 "see ecs-deploy rollback-preview" + named,
		"this prints the policy: ecs-deploy iam-policy --for deploy,logs": "this prints the policy: ecs-deploy iam-policy" + named + " --for deploy,logs",
		"explained: ecs-deploy help stuck; ecs-deploy stops waiting":      "explained: ecs-deploy help stuck; ecs-deploy stops waiting",
	} {
		a.settings.Cluster, a.settings.Service = "prod", "web"
		if got := a.whole(hint); got != want {
			t.Errorf("got  %s\nwant %s", got, want)
		}
		a.settings.Cluster, a.settings.Service = "", ""
		if got := a.whole(hint); got != hint {
			t.Errorf("without a service: %s", got)
		}
	}
}
