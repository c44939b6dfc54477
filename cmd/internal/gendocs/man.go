package main

// Manual pages: section 1 for the commands, section 7 for the topics of help. They are
// written here, because the generators that exist put the present day into a page, or break
// a paragraph at every line (muesli/mango v0.2.0, which also reads % as a verb).

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

// manual writes the page of a command and of each below it.
func manual(c *cobra.Command, dir string) error {
	if err := os.WriteFile(filepath.Join(dir, manName(c)+"."+manSection(c)), []byte(manPage(c)), 0o644); err != nil {
		return err
	}
	for _, sub := range c.Commands() {
		if !sub.IsAvailableCommand() && !sub.IsAdditionalHelpTopicCommand() {
			continue
		}
		if err := manual(sub, dir); err != nil {
			return err
		}
	}
	return nil
}

// manName is the name of a command's page: ecs-deploy-config-view.
func manName(c *cobra.Command) string { return strings.ReplaceAll(c.CommandPath(), " ", "-") }

func manSection(c *cobra.Command) string {
	if c.IsAdditionalHelpTopicCommand() {
		return "7"
	}
	return "1"
}

// manPage is a page as man(7) has it.
func manPage(c *cobra.Command) string {
	var b strings.Builder
	fmt.Fprintf(&b, ".TH %s %s \"\" \"ecs\\-deploy\" \"ecs\\-deploy manual\"\n", roffText(strings.ToUpper(manName(c))), manSection(c))
	fmt.Fprintf(&b, ".SH NAME\n%s \\- %s\n", roffText(manName(c)), roffText(c.Short))
	if c.IsAdditionalHelpTopicCommand() {
		b.WriteString(".SH DESCRIPTION\n")
		roffParagraphs(&b, c.Long)
	} else {
		c.InitDefaultHelpFlag()
		fmt.Fprintf(&b, ".SH SYNOPSIS\n\\fB%s\\fR\n", roffText(c.UseLine()))
		b.WriteString(".SH DESCRIPTION\n")
		roffParagraphs(&b, c.Long)
		roffFlags(&b, "OPTIONS", c.NonInheritedFlags())
		roffFlags(&b, "OPTIONS OF ALL COMMANDS", c.InheritedFlags())
		if c.HasExample() {
			b.WriteString(".SH EXAMPLES\n")
			roffVerbatim(&b, strings.Split(c.Example, "\n"))
		}
		b.WriteString(".SH EXIT STATUS\nSee \\fBecs\\-deploy\\-exit\\-codes\\fR(7).\n")
	}
	b.WriteString(".SH SEE ALSO\n")
	var also []string
	if c.HasParent() {
		also = append(also, fmt.Sprintf("\\fB%s\\fR(%s)", roffText(manName(c.Parent())), manSection(c.Parent())))
	}
	for _, sub := range c.Commands() {
		if sub.IsAvailableCommand() || sub.IsAdditionalHelpTopicCommand() {
			also = append(also, fmt.Sprintf("\\fB%s\\fR(%s)", roffText(manName(sub)), manSection(sub)))
		}
	}
	b.WriteString(strings.Join(also, ",\n") + "\n")
	return b.String()
}

// roffFlags lists flags, each with the name of its value.
func roffFlags(b *strings.Builder, heading string, flags *pflag.FlagSet) {
	if !flags.HasAvailableFlags() {
		return
	}
	fmt.Fprintf(b, ".SH %s\n", heading)
	flags.VisitAll(func(f *pflag.Flag) {
		if f.Hidden {
			return
		}
		value, usage := pflag.UnquoteUsage(f)
		name := "\\fB\\-\\-" + roffText(f.Name) + "\\fR"
		if f.Shorthand != "" {
			name = "\\fB\\-" + f.Shorthand + "\\fR, " + name
		}
		if value != "" {
			name += " \\fI" + roffText(value) + "\\fR"
		}
		fmt.Fprintf(b, ".TP\n%s\n%s\n", name, roffText(usage))
	})
}

// roffParagraphs writes a text: paragraphs are filled, indented lines stay as they are.
func roffParagraphs(b *strings.Builder, text string) {
	for i, paragraph := range strings.Split(strings.Trim(text, "\n"), "\n\n") {
		if i > 0 {
			b.WriteString(".PP\n")
		}
		var verbatim []string
		for line := range strings.SplitSeq(paragraph, "\n") {
			if strings.HasPrefix(line, " ") {
				verbatim = append(verbatim, line)
				continue
			}
			roffVerbatim(b, verbatim)
			verbatim = nil
			b.WriteString(roffText(line) + "\n")
		}
		roffVerbatim(b, verbatim)
	}
}

// roffVerbatim writes lines as they are.
func roffVerbatim(b *strings.Builder, lines []string) {
	if len(lines) == 0 {
		return
	}
	b.WriteString(".nf\n")
	for _, line := range lines {
		if line == "" {
			b.WriteString(".sp\n")
			continue
		}
		b.WriteString(roffText(line) + "\n")
	}
	b.WriteString(".fi\n")
}

// roffEscapes are the characters that roff would read as something else.
var roffEscapes = strings.NewReplacer(`\`, `\e`, "-", `\-`, "…", "...", "—", `\(em`)

// roffText is a text on one line, which is no request even if it begins like one.
func roffText(text string) string {
	text = roffEscapes.Replace(strings.ReplaceAll(text, "\n", " "))
	if strings.HasPrefix(text, ".") || strings.HasPrefix(text, "'") {
		return `\&` + text
	}
	return text
}
