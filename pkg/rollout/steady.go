package rollout

import "strings"

// steady is a reason without what differs between tasks that stopped for one
// cause: runs of eight or more hexadecimal digits, request ids, and addresses. It
// is run on each stopped task at each look, and is written by hand because a
// regular expression takes ten times as long.
func steady(reason string) string {
	var b strings.Builder
	b.Grow(len(reason))
	for i := 0; i < len(reason); {
		if n := volatile(reason, i); n > 0 {
			i += n
			continue
		}
		b.WriteByte(reason[i])
		i++
	}
	return b.String()
}

// hexRun is the shortest run of hexadecimal digits that is taken for an id.
const hexRun = 8

// volatile is the length of what is volatile at a position of a text; 0 where
// nothing is.
func volatile(text string, at int) int {
	rest := text[at:]
	if n := span(rest, isHex); n >= hexRun {
		return n
	}
	const request = "request id: "
	if strings.HasPrefix(rest, request) {
		if n := span(rest[len(request):], notSpace); n > 0 {
			return len(request) + n
		}
	}
	if at > 0 && isWord(text[at-1]) {
		return 0
	}
	return address(rest)
}

// address is the length of the IPv4 address, with its port, that begins a text.
func address(text string) int {
	n := 0
	for group := range 4 {
		if group > 0 {
			if n >= len(text) || text[n] != '.' {
				return 0
			}
			n++
		}
		digits := span(text[n:], isDigit)
		if digits == 0 || digits > 3 {
			return 0
		}
		n += digits
	}
	if n < len(text) && text[n] == ':' {
		port := span(text[n+1:], isDigit)
		if end := n + 1 + port; port > 0 && (end == len(text) || !isWord(text[end])) {
			return end
		}
	}
	if n < len(text) && isWord(text[n]) {
		return 0
	}
	return n
}

// span is how many bytes at the beginning of a text are of a class.
func span(text string, class func(byte) bool) int {
	n := 0
	for n < len(text) && class(text[n]) {
		n++
	}
	return n
}

func isDigit(c byte) bool  { return c >= '0' && c <= '9' }
func isHex(c byte) bool    { return isDigit(c) || c >= 'a' && c <= 'f' }
func isWord(c byte) bool   { return isDigit(c) || c == '_' || c|0x20 >= 'a' && c|0x20 <= 'z' }
func notSpace(c byte) bool { return c != ' ' && (c < '\t' || c > '\r' || c == '\v') }
