package image_test

import (
	"encoding/csv"
	"errors"
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/ecs-deploy/ecs-deploy/pkg/image"
)

const digest = "sha256:9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"

func TestParse(t *testing.T) {
	tests := []struct{ in, repository, tag, digest string }{
		{"mariadb", "docker.io/library/mariadb", "", ""},
		{"docker.io/mariadb", "docker.io/library/mariadb", "", ""},
		{"mariadb:1.2.3", "docker.io/library/mariadb", "1.2.3", ""},
		{"team/web", "docker.io/team/web", "", ""},
		{"my_repo/a__b:v1", "docker.io/my_repo/a__b", "v1", ""},
		{"localhost/web:1", "localhost/web", "1", ""},
		{"docker.domain.com:8080/repo/multi/level/image:1.2.3", "docker.domain.com:8080/repo/multi/level/image", "1.2.3", ""},
		{"repo:8080", "docker.io/library/repo", "8080", ""},
		{"repo:8080/x", "repo:8080/x", "", ""},
		{"web@" + digest, "docker.io/library/web", "", digest},
		{"reg.example.com/web:v1@" + digest, "reg.example.com/web", "v1", digest},
	}
	for _, tt := range tests {
		ref, err := image.Parse(tt.in)
		if err != nil {
			t.Errorf("Parse(%q): %v", tt.in, err)
			continue
		}
		if ref.Repository() != tt.repository || ref.Tag() != tt.tag || ref.Digest() != tt.digest {
			t.Errorf("Parse(%q) = %q, %q, %q; want %q, %q, %q", tt.in,
				ref.Repository(), ref.Tag(), ref.Digest(), tt.repository, tt.tag, tt.digest)
		}
		if ref.String() != tt.in {
			t.Errorf("Parse(%q).String() = %q; the typed text must survive", tt.in, ref.String())
		}
	}
}

func TestParseRefuses(t *testing.T) {
	for _, in := range []string{
		"", " mariadb", "/something", "domain.com:abc/repo/image", "_something:tag123", "UPPER/Image:Tag",
		"repo/image:-bad", "repo//image:1", "https://repo/image:1", "image:tag:extra", "x/y@tag", "host:/x", "repo/image:",
		"x/y:$(date)", "web@sha256:1234",
	} {
		_, err := image.Parse(in)
		var parse *image.ParseError
		if !errors.As(err, &parse) {
			t.Errorf("Parse(%q) = %v, want a ParseError", in, err)
			continue
		}
		if parse.ExitCode() != 3 || parse.Hint() == "" || strings.Contains(err.Error(), "\n") {
			t.Errorf("Parse(%q): error %q must be one line with a hint and exit code 3", in, err)
		}
	}
}

func TestWithDefaultTag(t *testing.T) {
	for in, want := range map[string]string{
		"mariadb":                          "mariadb:latest",
		"host.example.com:8080/a/b":        "host.example.com:8080/a/b:latest",
		"mariadb:1":                        "mariadb:1",
		"mariadb@" + digest:                "mariadb@" + digest,
		"reg.example.com/web:v1@" + digest: "reg.example.com/web:v1@" + digest,
	} {
		ref, err := image.Parse(in)
		if err != nil {
			t.Fatal(err)
		}
		got := ref.WithDefaultTag()
		if got.String() != want {
			t.Errorf("%q with default tag = %q, want %q", in, got, want)
		}
		if again, err := image.Parse(got.String()); err != nil || again.Tag() != got.Tag() {
			t.Errorf("%q does not read back: %v", got, err)
		}
	}
}

func TestSameRepository(t *testing.T) {
	tests := []struct {
		a, b string
		want bool
	}{
		{"mariadb", "docker.io/library/mariadb:11", true},
		{"index.docker.io/library/mariadb", "mariadb", true},
		{"team/web:1", "team/web@" + digest, true},
		{"team/web", "team/web-admin", false},
		{"team/web", "reg.example.com/team/web", false},
		{"reg.example.com/web", "reg.example.com:5000/web", false},
		{"app", "acct/my-app", false},
	}
	for _, tt := range tests {
		a, errA := image.Parse(tt.a)
		b, errB := image.Parse(tt.b)
		if errA != nil || errB != nil {
			t.Fatal(errA, errB)
		}
		if got := a.SameRepository(b); got != tt.want || b.SameRepository(a) != got {
			t.Errorf("SameRepository(%q, %q) = %v, want %v", tt.a, tt.b, got, tt.want)
		}
	}
	if (image.Reference{}).SameRepository(image.Reference{}) {
		t.Error("zero references are not the same repository")
	}
}

func TestMoving(t *testing.T) {
	for in, want := range map[string]bool{
		"web": true, "web:latest": true, "web:v1": false, "web@" + digest: false, "web:latest@" + digest: false,
	} {
		ref, err := image.Parse(in)
		if err != nil {
			t.Fatal(err)
		}
		if ref.Moving() != want {
			t.Errorf("%q moving = %v, want %v", in, ref.Moving(), want)
		}
	}
}

// TestAncestorCases runs the image cases of the shell tool of the same family.
// Its truncated digests are the one thing that the OCI grammar refuses; tags
// from a variable are another feature.
func TestAncestorCases(t *testing.T) {
	const path = "../../../shared/reference/image-cases.tsv"
	file, err := os.Open(path)
	if err != nil {
		t.Skipf("the table of image cases is not part of a clone: %v", err)
	}
	defer func() { _ = file.Close() }()
	reader := csv.NewReader(file)
	reader.Comma, reader.LazyQuotes, reader.FieldsPerRecord = '\t', true, -1
	rows, err := reader.ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	checked := 0
	for _, row := range rows[1:] {
		in, env, tagOnly, exit, want := row[2], row[3], row[4], row[5], row[7]
		if env != "" || tagOnly != "" {
			continue
		}
		checked++
		ref, err := image.Parse(in)
		switch {
		case exit != "0" || strings.Contains(in, "@sha256:1234567890abcdef"):
			if err == nil {
				t.Errorf("line %s: %q must be refused", row[0], in)
			}
		case err != nil:
			t.Errorf("line %s: %v", row[0], err)
		case ref.WithDefaultTag().String() != want:
			t.Errorf("line %s: %q becomes %q, want %q", row[0], in, ref.WithDefaultTag(), want)
		}
	}
	if checked < 20 {
		t.Errorf("only %d rows were checked", checked)
	}
}

func FuzzParse(f *testing.F) {
	for _, seed := range []string{"mariadb", "a.b:1/c/d:e@" + digest, "a__b", ":", "@", "host:5000/x"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, in string) {
		ref, err := image.Parse(in)
		if err != nil {
			return
		}
		if ref.String() != in || !ref.SameRepository(ref) {
			t.Fatalf("%q does not keep itself", in)
		}
		if _, err := image.Parse(ref.WithDefaultTag().String()); err != nil {
			t.Fatalf("%q with a tag no longer parses: %v", in, err)
		}
	})
}

func ExampleParse() {
	ref, err := image.Parse("mariadb")
	if err != nil {
		panic(err)
	}
	fmt.Println(ref.Repository())
	fmt.Println(ref.WithDefaultTag())
	// Output:
	// docker.io/library/mariadb
	// mariadb:latest
}
