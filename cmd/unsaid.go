package cmd

// What is wrong with the words of a command line, without those that may be secret:
// the value of a mistyped -k is a word that belongs to no flag.

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

// unexpected says that there is a word too many: mostly the value of a
// flag that is missing or mistyped.
func unexpected(c *cobra.Command, word string) string {
	if c.HasSubCommands() {
		return unknownWord(word)
	}
	isCommand := func(c *cobra.Command) bool { return c.Name() == word }
	if slices.ContainsFunc(c.Root().Commands(), isCommand) {
		return fmt.Sprintf("unexpected argument %q", word)
	}
	return "unexpected argument; it is not shown, because it may be a secret"
}

// unknownWord says that a word is no command. It is shown if it could be one.
func unknownWord(word string) string {
	if !couldBeCommand(word) {
		return "unknown command; it is not shown, because it may be a secret"
	}
	return fmt.Sprintf("unknown command %q", word)
}

// couldBeCommand reports whether a word looks like the name of a command.
func couldBeCommand(word string) bool {
	return len(word) <= 20 && strings.Trim(word, "abcdefghijklmnopqrstuvwxyz-") == ""
}

// flagProblem is what pflag says of a flag that exists, without values that may be
// secret: those of flags that take a name and a value.
func flagProblem(err error) string {
	var invalid *pflag.InvalidValueError
	var syntax *pflag.InvalidSyntaxError
	switch {
	case errors.As(err, &syntax):
		return "a flag has no name; it is written --name"
	case errors.As(err, &invalid):
		flag := invalid.GetFlag()
		if strings.Contains(invalid.GetValue(), "=") || strings.ContainsAny(flag.Value.Type(), "=:") {
			return fmt.Sprintf("--%s: %v", flag.Name, invalid.Unwrap())
		}
	}
	return err.Error()
}
