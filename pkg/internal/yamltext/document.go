package yamltext

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"strings"
	"unicode/utf8"

	"go.yaml.in/yaml/v4"

	"github.com/ecs-deploy/ecs-deploy/pkg/internal/utf8text"
)

// Error says that a text is no YAML, or more than one document, and where.
type Error struct {
	// Line and Column are the place, counted from 1; 0 if it has none.
	Line, Column int
	// Reason says what is wrong.
	Reason string
}

func (e *Error) Error() string { return fmt.Sprintf("%d:%d: %s", e.Line, e.Column, e.Reason) }

// Document reads the only document of a text. It returns io.EOF for a text without
// one, and an [*Error] for anything else that is wrong.
func Document(text []byte) (*yaml.Node, error) {
	if err := NotUTF8(text); err != nil && !isUTF16(text) {
		return nil, err
	}
	loader, err := yaml.NewLoader(bytes.NewReader(text))
	if err != nil {
		return nil, placed(err)
	}
	var root, second yaml.Node
	if err := loader.Load(&root); err != nil {
		return nil, placed(err)
	}
	switch err := loader.Load(&second); { // it is read in any case: whoever wrote it meant something
	case errors.Is(err, io.EOF):
		return root.Content[0], nil
	case err != nil:
		return nil, placed(err)
	}
	return nil, &Error{Line: second.Line, Column: second.Column, Reason: "a second document begins here; the file is one"}
}

// isUTF16 reports whether a text begins with the byte order mark of UTF-16, which YAML
// may have.
func isUTF16(text []byte) bool {
	return bytes.HasPrefix(text, []byte("\xff\xfe")) || bytes.HasPrefix(text, []byte("\xfe\xff"))
}

// NotUTF8 is the error of a text that is not UTF-8, with the place of the first byte
// that is not; nil if all of it is.
func NotUTF8(text []byte) *Error {
	offset, bad := utf8text.Invalid(text)
	if !bad {
		return nil
	}
	before := text[:offset]
	return &Error{
		Line:   bytes.Count(before, []byte("\n")) + 1,
		Column: utf8.RuneCount(before[bytes.LastIndexByte(before, '\n')+1:]) + 1,
		Reason: utf8text.Reason(text) + "; save the file as UTF-8",
	}
}

// placed is an error of the loader with its place.
func placed(err error) error {
	var load *yaml.LoadError
	switch {
	case errors.Is(err, io.EOF):
		return io.EOF
	case !errors.As(err, &load):
		return &Error{Reason: strings.Join(strings.Fields(err.Error()), " ")}
	}
	mark, reason := load.Mark, load.Message
	if mark.Line == 0 {
		mark = load.ContextMark
	}
	if load.ContextMsg != "" {
		reason += " " + load.ContextMsg
	}
	if strings.HasPrefix(reason, "unknown anchor") { // the name may be a password that begins with an asterisk
		reason = "unknown anchor; put text that begins with * in quotes"
	}
	return &Error{Line: mark.Line, Column: mark.Column, Reason: reason}
}
