package printable_test

import (
	"bytes"
	"encoding/json"
	"regexp"
	"strings"
	"testing"
	"unicode/utf8"

	"go.yaml.in/yaml/v4"
	"pgregory.net/rapid"

	"github.com/ecs-deploy/ecs-deploy/pkg/internal/printabletest"
	"github.com/ecs-deploy/ecs-deploy/pkg/printable"
)

func TestLine(t *testing.T) {
	tests := []struct{ name, text, want string }{
		{"plain", "web:2 runs, 2 of 2 tasks", "web:2 runs, 2 of 2 tasks"},
		{"columns", "  tasks       2 of 2", "  tasks       2 of 2"},
		{"a question", "deploy? [y/N] ", "deploy? [y/N] "},
		{"letters of others", "größer, 日本語, ‘quoted’ – ⚠️ 👍", "größer, 日本語, ‘quoted’ – ⚠️ 👍"},
		{"names with colons", "std::vector<int>, ::1, arn:aws:iam::123456789012:role/x", "std::vector<int>, ::1, arn:aws:iam::123456789012:role/x"},
		{"markdown", "## heading, #1, a[0], ##", "## heading, #1, a[0], ##"},

		{"a forged line", "boom\nsucceeded: web runs web:9", "boom succeeded: web runs web:9"},
		{"carriage return", "failed: no\r\rsucceeded: yes\r\n", "failed: no succeeded: yes"},
		{"other line breaks", "a\u2028b\u2029c\u0085d\ve\ff", "a b c d e f"},
		{"tabs and wide spaces", "\ta \t\u00a0\u3000 b\t", "a b"},
		{"an indented line break", "  \r\n succeeded: web", "  succeeded: web"},
		{"colours of a log", "\x1b[31mpanic:\x1b[0m no database", "panic: no database"},
		{"cursor movement", "a\x1b[2Jb\x1b[1;1Hc\u009b2Kd", "abcd"},
		{"a title, the clipboard", "a\x1b]0;title\x07b\x1b]52;c;aGk=\x1b\\", `a\x1b]0;title\ab\x1b]52;c;aGk=\x1b\`},
		{"an escape within an escape", "\x1b\x1b[31m[32m", `\x1b[32m`},
		{"an escape sequence without an end", "a\x1b[12", `a\x1b[12`},
		{"bell, backspace, delete, null", "a\a\b\x7f\x00", `a\a\b\x7f\x00`},
		{"bidi", "role \u202etxt.exe\u202c \u2066x\u2069 \u200f", `role \u202etxt.exe\u202c \u2066x\u2069 \u200f`},
		{"nothing to see", "we\u200bb\u00ad\u2060\ufeff", `we\u200bb\u00ad\u2060\ufeff`},
		{"tags and selectors", "x\U000e0041\U000e0101\ufe00\u3164", `x\U000e0041\U000e0101\ufe00\u3164`},
		{"private use", "x\ue000", `x\ue000`},
		{"no UTF-8", "a\xff\xc3(\x9b", `a\xff\xc3(\x9b`},
		{"marks that paint over lines", "a" + strings.Repeat("\u0301", 6), "a" + strings.Repeat("\u0301", 4) + `\u0301\u0301`},

		{"GitHub", "  ::error file=a::pwned", "  ::error file=a: :pwned"},
		{"GitHub, colons in a row", "::::", "::: :"},
		{"GitHub, hidden", "::add-mask:\x1b[m:x", "::add-mask: :x"},
		{"GitHub behind a line break", "a\n::set-env name=PATH::x", "a ::set-env name=PATH::x"},
		{"GitHub and Azure, anywhere", "x ##[error]y", "x ## [error]y"},
		{"Azure", "x ##vso[task.setvariable variable=a]y", "x ##vso [task.setvariable variable=a]y"},
		{"Azure, hidden", "#\x1b[m#VSO\x1b[m[task.complete]", "##VSO [task.complete]"},
		{"TeamCity", "##teamcity[buildStatus status='SUCCESS']", "##teamcity [buildStatus status='SUCCESS']"},
		{"GitLab", "section_start:1:a\r\x1b[0Kx", "section_start:1:a x"},
		{"Buildkite", "+++ deployed", " +++ deployed"},
		{"Buildkite, hidden", "---\ndeployed", " --- deployed"},

		{"user and password", "Get https://me:pa@ss@host/x", "Get https://…@host/x"},
		{"signature", `Get "https://h/l?a=b&X-Amz-Signature=0a&X-Amz-Security-Token=b%2F": no`, `Get "https://h/l?a=b&X-Amz-Signature=…&X-Amz-Security-Token=…": no`},
		{"an image with a digest", "docker://reg:5000/web@sha256:00", "docker://reg:5000/web@sha256:00"},
	}
	for _, tt := range tests {
		if got := printable.Line(tt.text); got != tt.want {
			t.Errorf("%s: Line(%q) = %q, want %q", tt.name, tt.text, got, tt.want)
		}
	}
}

func TestLineIsBounded(t *testing.T) {
	exactly := strings.Repeat("ä", printable.Limit)
	if got := printable.Line(exactly); got != exactly {
		t.Errorf("a line of the longest length was changed")
	}
	for name, text := range map[string]string{
		"letters": strings.Repeat("ä", 1<<20), "escapes": strings.Repeat("\a", 1<<20), "spaces": strings.Repeat(" ", 1<<20),
		"commands": strings.Repeat("##[", 1<<18), "users": strings.Repeat("://@", 1<<18), "open sequences": strings.Repeat("\x1b[1", 1<<18),
	} {
		got := printable.Line(text)
		if n := utf8.RuneCountInString(got); n > printable.Limit || !regexp.MustCompile(` … \(\d+ more characters\)$`).MatchString(got) {
			t.Errorf("%s: %d characters, ending %q", name, n, got[max(0, len(got)-40):])
		}
		if printable.Line(got) != got {
			t.Errorf("%s: a line is not a line", name)
		}
	}
	long := strings.Repeat("a", printable.Limit+100)
	if got := printable.Line(long); !strings.HasSuffix(got, "a … (140 more characters)") {
		t.Errorf("the number of characters that are left out is wrong: %q", got[printable.Limit-60:])
	}
	if got := printable.Line(strings.Repeat("a", printable.Limit-50) + " https://me:" + strings.Repeat("s", 100) + "@host/"); strings.Contains(got, "sss") {
		t.Errorf("a secret is cut, and its beginning is shown: %q", got[printable.Limit-60:])
	}
}

var hostile = []string{"\n", "\r", "\x1b", "[", "##", "#", "vso", "::", ":", " ", "\t", "\u202e", "\x9b", "error", "---", "\u0301", "]", "\x1b[m", "://", "@", "?token=", "a"}

func texts() *rapid.Generator[string] {
	return rapid.Custom(func(t *rapid.T) string {
		parts := rapid.SliceOfN(rapid.OneOf(rapid.SampledFrom(hostile), rapid.String()), 0, 30).Draw(t, "parts")
		return strings.Repeat(strings.Join(parts, ""), rapid.SampledFrom([]int{1, 1, 1, 400}).Draw(t, "times"))
	})
}

func TestEveryLineIsHarmless(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		text := texts().Draw(t, "text")
		line := printable.Line(text)
		if problem := printabletest.Problem(line); problem != "" {
			t.Fatalf("Line(%q) = %q: %s", text, line, problem)
		}
		if again := printable.Line(line); again != line {
			t.Fatalf("Line(%q) = %q, and of that %q", text, line, again)
		}
		var out bytes.Buffer
		_, _ = printable.NewWriter(&out).Write([]byte(text + "\n"))
		if out.String() != line+"\n" {
			t.Fatalf("a writer wrote %q for %q", out.String(), line)
		}
	})
}

// TestJSONKeepsTheOriginal: what a program reads is what was said; what a person or
// a CI system sees of it does nothing.
func TestJSONKeepsTheOriginal(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		text := strings.ToValidUTF8(texts().Draw(t, "text"), "?")
		written, err := json.MarshalIndent(map[string]any{text: []string{text}}, "", "  ")
		if err != nil {
			t.Fatal(err)
		}
		shown := printable.JSON(written)
		for line := range strings.Lines(string(shown)) {
			if line = strings.TrimSuffix(line, "\n"); printabletest.Acts(line) != "" {
				t.Fatalf("%q: %s", line, printabletest.Acts(line))
			}
		}
		var read map[string][]string
		if err := json.Unmarshal(shown, &read); err != nil || len(read[text]) != 1 || read[text][0] != text {
			t.Fatalf("%q was read as %q, %v", text, read, err)
		}
	})
}

func TestYAMLKeepsTheOriginal(t *testing.T) {
	for _, text := range []string{"::error::x ##vso[a]", "a\u202eb\U000e0041\x1b\u0085", "two\nlines"} {
		written, err := yaml.Marshal(&yaml.Node{Kind: yaml.ScalarNode, Tag: "!!str", Value: text, Style: yaml.DoubleQuotedStyle})
		if err != nil {
			t.Fatal(err)
		}
		shown := printable.YAML(written)
		var read string
		if err := yaml.Unmarshal(shown, &read); err != nil || read != text {
			t.Errorf("%q was read as %q, %v", text, read, err)
		}
		if problem := printabletest.Problem(strings.TrimSpace(string(shown))); problem != "" {
			t.Errorf("%q: %s", shown, problem)
		}
	}
}

func TestColors(t *testing.T) {
	const red, end = "\x1b[31m", "\x1b[0m"
	write := func(text string) string {
		var out bytes.Buffer
		_, _ = printable.NewWriter(printable.NewWriter(&out)).Write([]byte(text))
		return out.String()
	}
	tests := []struct{ text, want string }{
		{printable.Color(red, "error:", end) + " a\x1b[32mb\n", red + "error:" + end + " ab\n"},
		{printable.Color(red, "a\x1b[0m\nb", end) + "\n", red + "a b" + end + "\n"},
		{printable.Color(red, "::error::x", end) + "\n", red + "::error: :x" + end + "\n"},
	}
	for _, tt := range tests {
		if got := write(tt.text); got != tt.want {
			t.Errorf("%q, want %q", got, tt.want)
		}
	}
	if got := write(printable.Color(red, "a", end) + strings.Repeat("x", 2*printable.Limit)); strings.Contains(got, "\x1b") {
		t.Error("a line that is cut may have lost the end of its colour")
	}
}

func FuzzLine(f *testing.F) {
	for _, text := range hostile {
		f.Add(text)
	}
	f.Add(strings.Join(hostile, ""))
	f.Add("https://u:p@h/?sig=x \x1b]52;c;x\a ::error::x")
	f.Fuzz(func(t *testing.T, text string) {
		line := printable.Line(text)
		if problem := printabletest.Problem(line); problem != "" {
			t.Fatalf("Line(%q) = %q: %s", text, line, problem)
		}
		if again := printable.Line(line); again != line {
			t.Fatalf("Line(%q) = %q, and of that %q", text, line, again)
		}
	})
}
