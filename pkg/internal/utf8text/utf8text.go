// Package utf8text finds the bytes of a text that are not UTF-8. JSON has no form for
// them: an encoder puts U+FFFD in their place, and nobody learns that a password or a
// name is another one now.
package utf8text

import (
	"fmt"
	"unicode/utf8"
)

// Invalid is the offset of the first byte that is not UTF-8; ok is false if all
// of the text is.
func Invalid[T string | []byte](text T) (offset int, ok bool) {
	for offset = 0; offset < len(text); {
		if text[offset] < utf8.RuneSelf {
			offset++
			continue
		}
		r, size := utf8.DecodeRuneInString(string(text[offset:min(len(text), offset+utf8.UTFMax)]))
		if r == utf8.RuneError && size == 1 {
			return offset, true
		}
		offset += size
	}
	return 0, false
}

// Reason names the first byte of a text that is not UTF-8, and nothing else of it,
// because texts may be secret. It is "" if all of the text is UTF-8.
func Reason[T string | []byte](text T) string {
	offset, ok := Invalid(text)
	if !ok {
		return ""
	}
	return fmt.Sprintf(`the byte \x%02x is not UTF-8`, text[offset])
}
