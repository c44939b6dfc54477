package cmd

// The completion scripts are cobra's. Two of them need what not every shell has: that
// of bash a function of the package bash-completion, that of zsh a compinit that ran.
// Here they do without.

import (
	"bytes"
	"fmt"
	"io"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

const (
	bashWords = `    _get_comp_words_by_ref "$@" cur prev words cword
`
	bashWordsAnywhere = `    if declare -F _get_comp_words_by_ref >/dev/null 2>&1; then
        _get_comp_words_by_ref "$@" cur prev words cword
    else # no bash-completion: the words up to the cursor, not split at = and :
        local line=${COMP_LINE:0:COMP_POINT}
        read -ra words <<<"$line"
        [[ $line == *[[:space:]] ]] && words+=("")
        cword=$((${#words[@]} - 1))
        cur=${words[cword]} prev=${words[cword - 1]}
    fi
`
	zshStart = `compdef _ecs-deploy ecs-deploy
`
	zshStartAnywhere = `(( $+functions[compdef] )) || { autoload -Uz compinit && compinit -i; }
compdef _ecs-deploy ecs-deploy
`
)

// BashCompletion writes the completion script of a root command for bash.
func BashCompletion(root *cobra.Command, w io.Writer, descriptions bool) error {
	write := func(b *bytes.Buffer) error { return root.GenBashCompletionV2(b, descriptions) }
	return replaced(w, write, bashWords, bashWordsAnywhere)
}

// ZshCompletion writes the completion script of a root command for zsh.
func ZshCompletion(root *cobra.Command, w io.Writer, descriptions bool) error {
	write := func(b *bytes.Buffer) error { return root.GenZshCompletion(b) }
	if !descriptions {
		write = func(b *bytes.Buffer) error { return root.GenZshCompletionNoDesc(b) }
	}
	return replaced(w, write, zshStart, zshStartAnywhere)
}

// replaced writes a script with one part of it replaced.
func replaced(w io.Writer, write func(*bytes.Buffer) error, part, by string) error {
	var script bytes.Buffer
	if err := write(&script); err != nil {
		return err
	}
	if bytes.Count(script.Bytes(), []byte(part)) != 1 {
		return fmt.Errorf("the completion script has no part %q", part) // another cobra
	}
	_, err := w.Write(bytes.Replace(script.Bytes(), []byte(part), []byte(by), 1))
	return err
}

// completeAnywhere has the command completion print our scripts.
func completeAnywhere(root *cobra.Command) {
	for _, shell := range []struct {
		name  string
		write func(*cobra.Command, io.Writer, bool) error
	}{{"bash", BashCompletion}, {"zsh", ZshCompletion}} {
		c, _, err := root.Find([]string{"completion", shell.name})
		if err != nil || c.Name() != shell.name {
			continue
		}
		c.RunE = func(c *cobra.Command, _ []string) error {
			plain, err := c.Flags().GetBool("no-descriptions")
			if err != nil {
				return err
			}
			return shell.write(root, c.OutOrStdout(), !plain)
		}
	}
}

// withoutBackQuotes takes from the help of all flags the quotes around the name of
// the value: a completion shows the text as it is.
func withoutBackQuotes(c *cobra.Command) {
	for _, flags := range []*pflag.FlagSet{c.Flags(), c.PersistentFlags()} {
		flags.VisitAll(func(f *pflag.Flag) { _, f.Usage = pflag.UnquoteUsage(f) })
	}
	for _, sub := range c.Commands() {
		withoutBackQuotes(sub)
	}
}
