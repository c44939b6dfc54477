package printable

import (
	"regexp"
	"strings"
	"sync"
)

type secretPatterns struct{ user, query *regexp.Regexp }

// secrets are where URLs have secrets: before the host, and in the query, as those
// that are signed.
var secrets = sync.OnceValue(func() secretPatterns {
	return secretPatterns{
		user:  regexp.MustCompile(`(://)[^/\s"'<>]+@`),
		query: regexp.MustCompile(`(?i)([?&][\w.-]*(?:sig|signature|token|credential|secret|passw|accesskey|api[_-]?key)[\w.-]*=)[^&\s"'<>)]+`),
	}
})

// WithoutSecrets is a text whose URLs are without user, password and signature:
// https://…@host/?X-Amz-Signature=…
func WithoutSecrets(text string) string {
	if strings.Contains(text, "://") && strings.Contains(text, "@") {
		text = secrets().user.ReplaceAllString(text, "${1}…@")
	}
	if strings.ContainsAny(text, "?&") {
		text = secrets().query.ReplaceAllString(text, "${1}…")
	}
	return text
}
