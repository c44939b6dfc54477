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

// TestAncestorCases runs every image case of the shell tool of the same family:
// the image as it is typed, and where the tag comes from a variable. It differs in
// one thing: a truncated digest is no digest, and a tag beside one is refused by
// the caller, who knows which was typed. The case of a tag alone has no image in
// it.
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
	for _, row := range rows[1:] {
		line, in, tagOnly, exit, want := row[0], row[2], row[4], row[5], row[7]
		_, tag, _ := strings.Cut(row[3], "=")
		if tagOnly != "" {
			in, tag, want = "team/web:v1@"+digest, tagOnly, "team/web:"+tagOnly
		}
		ref, err := image.Parse(in)
		if exit != "0" || strings.Contains(in, "@sha256:1234567890abcdef") {
			if err == nil {
				t.Errorf("line %s: %q must be refused", line, in)
			}
			continue
		}
		if err != nil {
			t.Errorf("line %s: %v", line, err)
			continue
		}
		registry, name := ref.Registry(), ref.Path()
		if domain := row[9]; strings.ContainsAny(domain, ".:") && registry != strings.TrimSuffix(domain+":"+row[10], ":") {
			t.Errorf("line %s: registry %q, want %q and port %q", line, registry, domain, row[10])
		}
		if tag != "" {
			if ref, err = ref.WithTag(tag); err != nil {
				t.Errorf("line %s: %v", line, err)
			}
		}
		if ref = ref.WithDefaultTag(); ref.String() != want || ref.Registry() != registry || ref.Path() != name {
			t.Errorf("line %s: %q becomes %q, want %q", line, in, ref, want)
		}
	}
	if len(rows) != 34-1 {
		t.Errorf("%d rows were checked", len(rows)-1)
	}
}

// TestWithTagAndDigest: another end for the same repository, as that was typed.
func TestWithTagAndDigest(t *testing.T) {
	for in, name := range map[string]string{
		"web": "web", "web:v1": "web", "web@" + digest: "web", "web:v1@" + digest: "web",
		"docker.io/web:v1": "docker.io/web", "reg.example.com:5000/a/b": "reg.example.com:5000/a/b",
		"reg.example.com:5000/a/b:5000": "reg.example.com:5000/a/b", "localhost/web:v1@" + digest: "localhost/web",
	} {
		ref, err := image.Parse(in)
		if err != nil {
			t.Fatal(err)
		}
		tagged, err := ref.WithTag("v_2.0-rc")
		if err != nil || tagged.String() != name+":v_2.0-rc" || tagged.Tag() != "v_2.0-rc" || tagged.Digest() != "" || !tagged.SameRepository(ref) {
			t.Errorf("%q with a tag: %q, error %v", in, tagged, err)
		}
		pinned, err := ref.WithDigest(digest)
		if err != nil || pinned.String() != name+"@"+digest || pinned.Digest() != digest || pinned.Tag() != "" || !pinned.SameRepository(ref) || pinned.Moving() {
			t.Errorf("%q with a digest: %q, error %v", in, pinned, err)
		}
		if ref.String() != in {
			t.Errorf("%q has become %q", in, ref)
		}
		for _, bad := range []string{"", " ", "a b", "-a", ".a", "v1@" + digest, "a/b", "a:b", strings.Repeat("x", 129), "é", "v1\n"} {
			var parse *image.ParseError
			if got, err := ref.WithTag(bad); !errors.As(err, &parse) || parse.What != "a tag" || parse.ExitCode() != 3 {
				t.Errorf("%q with the tag %q: %q, error %v", in, bad, got, err)
			}
		}
		for _, bad := range []string{"", "sha256:", "sha256:1234", "v1", digest + "0", "sha256:" + strings.Repeat("Z", 64), "@" + digest} {
			var parse *image.ParseError
			if got, err := ref.WithDigest(bad); !errors.As(err, &parse) || parse.What != "a digest" {
				t.Errorf("%q with the digest %q: %q, error %v", in, bad, got, err)
			}
		}
	}
}

func TestRegistryAndPath(t *testing.T) {
	for in, want := range map[string][2]string{
		"mariadb":            {"docker.io", "library/mariadb"},
		"team/web:1":         {"docker.io", "team/web"},
		"localhost/web":      {"localhost", "web"},
		"host:5000/a/b/c:1":  {"host:5000", "a/b/c"},
		"index.docker.io/a":  {"docker.io", "library/a"},
		"public.ecr.aws/a/b": {"public.ecr.aws", "a/b"},
		"123456789012.dkr.ecr.eu-west-1.amazonaws.com/a/b@" + digest: {"123456789012.dkr.ecr.eu-west-1.amazonaws.com", "a/b"},
	} {
		ref, err := image.Parse(in)
		if err != nil {
			t.Fatal(err)
		}
		if got := [2]string{ref.Registry(), ref.Path()}; got != want || ref.Repository() != want[0]+"/"+want[1] {
			t.Errorf("%q is at %v, want %v", in, got, want)
		}
	}
	var none image.Reference
	if none.Registry()+none.Path()+none.Repository()+none.String() != "" {
		t.Error("no reference has a registry")
	}
	if _, err := none.WithTag("v1"); err == nil {
		t.Error("no reference has a tag")
	}
	if _, err := none.WithDigest(digest); err == nil {
		t.Error("no reference has a digest")
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
		tagged, err := ref.WithTag("v1")
		if err != nil || tagged.Tag() != "v1" || !tagged.SameRepository(ref) {
			t.Fatalf("%q becomes %q with a tag: %v", in, tagged, err)
		}
		if pinned, err := tagged.WithDigest(digest); err != nil || pinned.Digest() != digest || !pinned.SameRepository(ref) {
			t.Fatalf("%q becomes %q with a digest: %v", in, pinned, err)
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

// TestZero: the zero value is no reference, and nothing that is done with it panics.
func TestZero(t *testing.T) {
	var zero image.Reference
	if got := zero.WithDefaultTag().String() + zero.Repository() + zero.Registry() + zero.Path() + zero.Tag() + zero.Digest(); got != "" {
		t.Errorf("%q", got)
	}
	if ref, err := zero.WithTag("v1"); err == nil {
		t.Errorf("a tag of nothing is %s", ref)
	}
}

// TestWhatIsThere: an error names the placeholder that nobody has filled in, and the
// form of a digest.
func TestWhatIsThere(t *testing.T) {
	for in, want := range map[string]string{
		"<IMAGE1_NAME>": "it has <IMAGE1_NAME>, which was not replaced by a value", "$REPOSITORY_URI:$IMAGE_TAG": "it has $REPOSITORY_URI, which",
		"a:{{must_env `X`}}": "it has {{must_env `X`}}, which", "a:${TAG}": "it has ${TAG}, which", "a:$(TAG)": "it has $(TAG), which", "%IMAGE%": "it has %IMAGE%, which",
		digest: "a digest is written REPOSITORY@sha256:…", "web:" + digest: "a digest is written REPOSITORY@sha256:…",
	} {
		var parse *image.ParseError
		if _, err := image.Parse(in); !errors.As(err, &parse) || !strings.Contains(err.Error(), want) || parse.Hint() == "" {
			t.Errorf("%s: %v, want %q", in, err, want)
		}
	}
	web, err := image.Parse("web")
	if err != nil {
		t.Fatal(err)
	}
	for _, tag := range []string{digest, "@" + digest} {
		var parse *image.ParseError
		if _, err := web.WithTag(tag); !errors.As(err, &parse) || !strings.Contains(err.Error(), "a digest is written REPOSITORY@sha256:…") || !strings.Contains(parse.Hint(), "-i REPOSITORY@"+digest) {
			t.Errorf("tag %s: %v", tag, err)
		}
	}
	if got := image.Placeholder("costs 5$, <b, a%"); got != "" {
		t.Errorf("%q is no placeholder", got)
	}
}
