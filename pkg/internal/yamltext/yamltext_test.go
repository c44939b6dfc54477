package yamltext_test

import (
	"testing"

	"go.yaml.in/yaml/v4"
	"pgregory.net/rapid"

	"github.com/ecs-deploy/ecs-deploy/pkg/internal/yamltext"
)

func TestScalar(t *testing.T) {
	for text, want := range map[string]string{
		"doorman-service": "doorman-service", "docker.repo.com:5000/doorman:v2": "docker.repo.com:5000/doorman:v2",
		"012345670123": `"012345670123"`, "on": `"on"`, "No": `"No"`, "y": `"y"`, "null": `"null"`, "~": `"~"`, "": `""`,
		"0x10": `"0x10"`, "1.10": `"1.10"`, "1:30": `"1:30"`, ".inf": `".inf"`, "2026-01-01": `"2026-01-01"`, "<<": `"<<"`,
		"arn:aws:iam::012345670123:role/ci": "arn:aws:iam::012345670123:role/ci", "a: b": `"a: b"`, "a #b": `"a #b"`, "- a": `"- a"`, "a:": `"a:"`, "wörld": `"wörld"`, `a"b\`: `"a\"b\\"`,
		"a\nb": "|-\n  a\n  b",
	} {
		written, err := yamltext.Dump(yamltext.Scalar(text))
		if got := string(written); err != nil || got != want+"\n" {
			t.Errorf("%q is written as %q (%v), want %q", text, got, err, want)
		}
	}
}

func TestATextReadsBackAsItself(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		texts := rapid.SliceOfN(rapid.OneOf(rapid.String(), rapid.StringMatching(`[-0-9a-z .:#'"\n\t|>&*!%@{}\[\],?~]*`)), 1, 5).Draw(t, "texts")
		root := &yaml.Node{Kind: yaml.SequenceNode}
		for _, text := range texts {
			root.Content = append(root.Content, yamltext.Scalar(text))
		}
		written, err := yamltext.Dump(root)
		if err != nil {
			t.Fatal(err)
		}
		var read []string
		if err := yaml.Load(written, &read); err != nil {
			t.Fatalf("%v in\n%s", err, written)
		}
		for i, text := range texts {
			if read[i] != text {
				t.Fatalf("%q reads back as %q from\n%s", text, read[i], written)
			}
		}
	})
}
