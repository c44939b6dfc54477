package rollout

import (
	"regexp"
	"testing"

	"pgregory.net/rapid"
)

// TestSteady holds the fast way against the regular expression that says what is
// meant.
func TestSteady(t *testing.T) {
	meant := regexp.MustCompile(`[0-9a-f]{8,}|request id: \S+|\b\d{1,3}(\.\d{1,3}){3}(:\d+)?\b`)
	piece := rapid.SampledFrom([]string{"0", "1", "12", "123", "1234", ".", ":", "deadbeef", "a", "f", "g", "Z", "_", " ", "\n", "\v", "é",
		"request id: ", "10.0.0.1", "10.0.0.1:443", "255.255.255.255:", "x", "-"})
	rapid.Check(t, func(t *rapid.T) {
		text := ""
		for _, p := range rapid.SliceOfN(piece, 0, 24).Draw(t, "text") {
			text += p
		}
		if got, want := withoutIDs(text), meant.ReplaceAllString(text, ""); got != want {
			t.Fatalf("%q: %q, want %q", text, got, want)
		}
	})
}
