package ecssim_test

import (
	"strings"
	"testing"
)

// TestRefusedValues: ECS refuses values that no task could have.
func TestRefusedValues(t *testing.T) {
	sim := newDemo(t)
	for name, tt := range map[string]struct{ task, container, want string }{
		"<…>":            {container: `"image":"<IMAGE1_NAME>"`, want: "Container.image contains invalid characters."},
		"$NAME":          {container: `"image":"$REPOSITORY_URI:$IMAGE_TAG"`, want: "Container.image contains invalid characters."},
		"{{…}}":          {container: "\"image\":\"{{must_env `X`}}\"", want: "Container.image contains invalid characters."},
		"too long":       {container: `"image":"` + strings.Repeat("a", 256) + `"`, want: "Container.image contains invalid characters."},
		"a digest":       {container: `"image":"123456789012.dkr.ecr.us-east-1.amazonaws.com/team/web_1:v1.2-x@sha256:` + strings.Repeat("a", 64) + `"`},
		"upper case":     {container: `"image":"Team/Web:1"`}, // is only seen when it is pulled
		"a blank name":   {container: `"image":"a","environment":[{"name":" ","value":"b"}]`, want: "environment variable name should not be null or empty"},
		"no name":        {container: `"image":"a","environment":[{"value":"b"}]`, want: "environment variable name should not be null or empty"},
		"a blank secret": {container: `"image":"a","secrets":[{"name":"","valueFrom":"b"}]`, want: "secret name should not be null or empty"},
		"a port":         {container: `"image":"a","portMappings":[{"containerPort":70000}]`, want: "containerPort must be between 0 and 65535."},
		"a host port":    {container: `"image":"a","portMappings":[{"containerPort":80,"hostPort":65536}]`, want: "hostPort must be between 0 and 65535."},
		"the last port":  {container: `"image":"a","portMappings":[{"containerPort":65535}]`},
		"little storage": {task: `,"ephemeralStorage":{"sizeInGiB":20}`, container: `"image":"a"`, want: "EphemeralStorage size should be at least 21."},
		"much storage":   {task: `,"ephemeralStorage":{"sizeInGiB":201}`, container: `"image":"a"`, want: "sizeInGiB must be between 21 and 200."},
		"storage":        {task: `,"ephemeralStorage":{"sizeInGiB":21}`, container: `"image":"a"`},
		"arm64":          {task: `,"runtimePlatform":{"cpuArchitecture":"arm64"}`, container: `"image":"a"`, want: "Cpu architecture should be one of [X86_64,ARM64]"},
		"ARM64":          {task: `,"runtimePlatform":{"cpuArchitecture":"ARM64"}`, container: `"image":"a"`},
	} {
		code, body := post(t, sim, "RegisterTaskDefinition", `{"family":"a"`+tt.task+`,"containerDefinitions":[{"name":"a","memory":64,`+tt.container+`}]}`)
		if taken := code == 200; taken != (tt.want == "") || !strings.Contains(body, tt.want) || !taken && !strings.Contains(body, `"ClientException"`) {
			t.Errorf("%s: %d %s, want %q", name, code, body, tt.want)
		}
	}
}
