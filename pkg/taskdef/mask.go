package taskdef

// What of a definition may be shown. Positions decide, by the table of rules: a
// container or a variable may be called anything. Names decide only if they
// are data, as those of log options and labels are. What the schema does not
// know is not shown: nobody can say what it holds.

import (
	"crypto/rand"
	"crypto/sha256"
	"fmt"
	"regexp"
	"sync"
	"unicode/utf8"
)

// telling finds parts of the names of things that are secrets in all but name,
// such as the API keys among log options.
const telling = `(?:passw|pwd|passphrase|secret|token|credential|private|basicauth|authorization|dsn|(?:api|access|shared|license|account)[-_.]?key)`

type tellingPatterns struct {
	name   *regexp.Regexp   // is in a name that tells
	flag   *regexp.Regexp   // is a word of a command, and the next one is secret
	inText []*regexp.Regexp // find what is before a secret in a text, the secret, and what is behind it
}

// patterns are compiled when something differs: most runs never need them.
var patterns = sync.OnceValue(func() tellingPatterns {
	return tellingPatterns{
		name: regexp.MustCompile(`(?i)` + telling),
		flag: regexp.MustCompile(`(?i)^--?[\w.-]*` + telling + `[\w.-]*$`),
		inText: []*regexp.Regexp{
			regexp.MustCompile(`(?i)([\w.-]*` + telling + `[\w.-]*=)("[^"]*"|'[^']*'|[^\s"',;&]+)()`),            // PASSWORD=x
			regexp.MustCompile(`(?i)((?:^|\s)--?[\w.-]*` + telling + `[\w.-]*\s+)("[^"]*"|'[^']*'|[^\s-]\S*)()`), // --token x
			regexp.MustCompile(`(?i)(\bauthorization[\s:]+)([^"']+)()`),                                          // Authorization: Bearer x
			regexp.MustCompile(`(?i)([\w.-]*` + telling + `[\w.-]*:\s+)([^\s"']+)()`),                            // X-API-Key: x
			regexp.MustCompile(`(?i)([\w.-]*` + telling + `[\w.-]*\\?["']\s*:\s*\\?["'])([^"'\\]+)()`),           // "password": "x"
			regexp.MustCompile(`(://[^/\s:@]*:)([^\s"']+)(@)`),                                                   // https://user:x@host
		},
	}
})

// tells reports whether a name says that a secret is behind it.
func tells(name string) bool { return patterns().name.MatchString(name) }

// maskedText masks what looks like a secret within a text that is shown.
func maskedText(text string) string {
	for _, secret := range patterns().inText {
		text = secret.ReplaceAllStringFunc(text, func(found string) string {
			part := secret.FindStringSubmatch(found)
			return part[1] + Mask(part[2]) + part[3]
		})
	}
	return text
}

// maskedIn is a value with its secrets masked.
func maskedIn(p position, value any) any {
	switch value := value.(type) {
	case string:
		if p.hidden {
			return Mask(value)
		}
		return maskedText(value)
	case map[string]any:
		shown := make(map[string]any, len(value))
		for name, member := range value {
			shown[name] = maskedIn(p.in(name), member)
		}
		return shown
	case entries:
		shown := make([]any, len(value))
		for i, e := range value {
			shown[i] = maskedIn(p.at(e), e.object)
		}
		return shown
	case []any:
		shown := make([]any, len(value))
		for i, element := range value {
			within := p.element()
			if i > 0 {
				flag, _ := value[i-1].(string) // the word behind --password
				within.hidden = within.hidden || patterns().flag.MatchString(flag)
			}
			shown[i] = maskedIn(within, element)
		}
		return shown
	}
	if p.hidden {
		return Mask(exactly(value))
	}
	return value
}

// salt is another one in each process, so that digests can be compared within
// one run and tell nothing to who sees them later.
var salt = sync.OnceValue(func() []byte {
	random := make([]byte, sha256.Size)
	_, _ = rand.Read(random) // it never fails
	return random
})

// Mask stands for a value that must not be shown: its length in characters and
// six digits of a salted SHA-256, so that a change can be seen, but the value not
// be guessed. The salt is another one in each process.
func Mask(value string) string {
	length, unit := utf8.RuneCountInString(value), "characters"
	if length == 1 {
		unit = "character"
	}
	return fmt.Sprintf("*** (%d %s, %.3x)", length, unit, sha256.Sum256(append(salt(), value...)))
}
