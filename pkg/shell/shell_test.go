package shell_test

import (
	"os/exec"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/ecs-deploy/ecs-deploy/pkg/shell"
)

func TestQuote(t *testing.T) {
	for word, want := range map[string]string{
		"web":                   "web",
		"arn:aws:ecs:a/b_c@1+%": "arn:aws:ecs:a/b_c@1+%",
		"":                      "''",
		"two words":             "'two words'",
		"it's":                  `'it'\''s'`,
		"$(id)":                 "'$(id)'",
		"=ls":                   "'=ls'",
		"a=b":                   "a=b",
		"~":                     "'~'",
		"a^b":                   "'a^b'",
		"é":                     "'é'",
		"a\nb":                  `$'a\012b'`,
		"\x1b[2J'1\\":           `$'\033[2J\'1\\'`,
		"a\u202eb":              `$'a\342\200\256b'`,
		"\xff1":                 `$'\3771'`,
	} {
		if got := shell.Quote(word); got != want {
			t.Errorf("%q is quoted as %s, want %s", word, got, want)
		}
	}
	if got := shell.Join("ecs-deploy", "wait", "-n", "a b"); got != "ecs-deploy wait -n 'a b'" {
		t.Error(got)
	}
}

// TestShellsReadWhatWasMeant has the shells that are here read any words back.
func TestShellsReadWhatWasMeant(t *testing.T) {
	for _, name := range []string{"sh", "bash", "zsh"} {
		t.Run(name, func(t *testing.T) {
			program, err := exec.LookPath(name)
			if err != nil {
				t.Skip(err)
			}
			texts := rapid.OneOf(rapid.String(), rapid.StringMatching(`[ -~]*`))
			if name != "sh" { // some only know $'…' since POSIX.1-2024
				texts = rapid.OneOf(texts, rapid.Map(rapid.SliceOf(rapid.ByteRange(1, 255)), func(b []byte) string { return string(b) }))
			}
			var words, lines []string
			rapid.Check(t, func(t *rapid.T) {
				word := strings.ReplaceAll(texts.Draw(t, "word"), "\x00", "")
				line := shell.Quote(word)
				if strings.Contains(line, "\n") {
					t.Fatalf("%q is quoted over several lines", word)
				}
				if name == "sh" && strings.HasPrefix(line, "$'") {
					return
				}
				words, lines = append(words, word), append(lines, line)
			})
			script := "printf '%s\\0' " + strings.Join(lines, " ")
			command := exec.Command(program, "-s")
			command.Stdin, command.Env = strings.NewReader(script), []string{"LC_ALL=C.UTF-8"}
			out, err := command.Output()
			if err != nil {
				t.Fatal(err)
			}
			for i, got := range strings.Split(strings.TrimSuffix(string(out), "\x00"), "\x00") {
				if i >= len(words) || got != words[i] {
					t.Fatalf("%s reads %q", lines[i], got)
				}
			}
		})
	}
}
