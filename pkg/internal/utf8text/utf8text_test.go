package utf8text_test

import (
	"testing"
	"unicode/utf8"

	"pgregory.net/rapid"

	"github.com/ecs-deploy/ecs-deploy/pkg/internal/utf8text"
)

func TestReason(t *testing.T) {
	for text, want := range map[string]string{
		"": "", "café": "", "�": "", "日本": "",
		"caf\xe9": `the byte \xe9 is not UTF-8`, "\xa3-1": `the byte \xa3 is not UTF-8`, "日\xe6\x97": `the byte \xe6 is not UTF-8`,
		"\xed\xa0\x80": `the byte \xed is not UTF-8`, // half of a surrogate pair
	} {
		if got := utf8text.Reason(text); got != want {
			t.Errorf("%q: %q, want %q", text, got, want)
		}
	}
}

// TestInvalid: what the standard library takes, and nothing else, is UTF-8; the
// offset is where the valid part ends.
func TestInvalid(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		text := append([]byte(rapid.String().Draw(t, "begin")), rapid.SliceOfN(rapid.Byte(), 0, 8).Draw(t, "end")...)
		offset, bad := utf8text.Invalid(text)
		if bad == utf8.Valid(text) {
			t.Fatalf("%q: %d %t", text, offset, bad)
		}
		if bad && (!utf8.Valid(text[:offset]) || utf8.Valid(text[:offset+1])) {
			t.Fatalf("%q: the first bad byte is not at %d", text, offset)
		}
	})
}
