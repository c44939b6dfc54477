// Package shell writes words so that a POSIX shell reads them back as they are.
// Every command line that is printed is quoted here: names of clusters, services
// and files are foreign text, and somebody will paste the line.
package shell

import (
	"fmt"
	"strings"
	"unicode"
)

// plain are the characters, beside letters and digits, that mean themselves in
// every place of a word.
const plain = "_@%+=:,./-"

// Quote is a word that a shell reads as text: as it is, in single quotes, or, if it
// has characters that cannot be seen, in the form $'…', so that it stays on one line
// and moves no cursor.
func Quote(word string) string {
	if strings.ContainsFunc(word, func(r rune) bool { return !unicode.IsPrint(r) || r == unicode.ReplacementChar }) {
		return "$'" + strings.ReplaceAll(escaped(word), "'", `\'`) + "'"
	}
	safe := func(r rune) bool {
		return 'a' <= r && r <= 'z' || 'A' <= r && r <= 'Z' || '0' <= r && r <= '9' || strings.ContainsRune(plain, r)
	}
	// zsh looks up a command for a word that begins with an equals sign.
	if word != "" && word[0] != '=' && !strings.ContainsFunc(word, func(r rune) bool { return !safe(r) }) {
		return word
	}
	return "'" + strings.ReplaceAll(word, "'", `'\''`) + "'"
}

// escaped is a word with its backslashes, and all bytes of what cannot be seen, as
// escapes that bash, zsh and ksh read.
func escaped(word string) string {
	var b strings.Builder
	for i, r := range word {
		size := len(string(r))
		if r == unicode.ReplacementChar && !strings.HasPrefix(word[i:], string(r)) {
			size = 1 // a byte that is no UTF-8
		}
		switch {
		case r == '\\':
			b.WriteString(`\\`)
		case unicode.IsPrint(r) && r != unicode.ReplacementChar:
			b.WriteRune(r)
		default:
			for _, c := range []byte(word[i : i+size]) {
				fmt.Fprintf(&b, `\%03o`, c) // with fewer digits, one that follows would be read as another
			}
		}
	}
	return b.String()
}

// Join is a command line of words.
func Join(words ...string) string {
	quoted := make([]string, len(words))
	for i, word := range words {
		quoted[i] = Quote(word)
	}
	return strings.Join(quoted, " ")
}
