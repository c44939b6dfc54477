package rollout

import "strings"

// withoutIDs is a reason without what differs between tasks that stopped for one
// cause: runs of eight or more hexadecimal digits, request ids, and addresses. It
// runs on each stopped task at each look, and is written by hand because a
// regular expression takes many times as long.
func withoutIDs(reason string) string {
	kept := make([]byte, 0, len(reason))
	for i := 0; i < len(reason); {
		c, rest := reason[i], reason[i:]
		switch {
		case isHex(c):
			run := span(rest, isHex)
			gone := run // an id
			if run < hexRun {
				gone = 0
				if isDigit(c) && (i == 0 || !isWord(reason[i-1])) {
					gone = address(rest)
				}
			}
			if gone == 0 {
				kept = append(kept, rest[:run]...)
			}
			i += max(gone, run)
		case c == 'r' && strings.HasPrefix(rest, request) && span(rest[len(request):], notSpace) > 0:
			i += len(request) + span(rest[len(request):], notSpace)
		default:
			kept = append(kept, c)
			i++
		}
	}
	return string(kept)
}

// hexRun is the shortest run of hexadecimal digits that is taken for an id.
const hexRun = 8

// request stands before the id of a request.
const request = "request id: "

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
