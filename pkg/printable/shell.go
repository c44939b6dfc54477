package printable

import "strings"

// Shell is a word as a POSIX shell takes it, in quotes if it needs them. It is not
// ok to print a word in a command to be pasted if the word cannot be printed as it
// is: then ok is false.
func Shell(word string) (quoted string, ok bool) {
	if Line(word) != word {
		return "", false
	}
	if word != "" && word[0] != '=' && strings.IndexFunc(word, special) < 0 { // zsh looks for the program behind =
		return word, true
	}
	quoted = "'" + strings.ReplaceAll(word, "'", `'\''`) + "'"
	return quoted, Line(quoted) == quoted
}

// Command is a command line of these words, or "" if one of them cannot be printed
// as it is.
func Command(words ...string) string {
	line := make([]string, len(words))
	for i, word := range words {
		quoted, ok := Shell(word)
		if !ok {
			return ""
		}
		line[i] = quoted
	}
	text := strings.Join(line, " ")
	if Line(text) != text {
		return "" // it would be cut, or broken
	}
	return text
}

// special reports whether a character may mean something to a shell.
func special(r rune) bool {
	plain := r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || strings.ContainsRune("_@%+=:,./-", r)
	return !plain
}
