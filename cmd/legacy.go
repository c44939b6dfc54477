package cmd

// The command lines of other programs of this name: the flags of ecs-deploy-py,
// of SIL's and of fabfuel's ecs-deploy that have another name here, another form, or no
// place at all.

import (
	"slices"
	"strings"
	"sync"

	"github.com/spf13/cobra"

	"github.com/ecs-deploy/ecs-deploy/pkg/config"
	"github.com/ecs-deploy/ecs-deploy/pkg/shell"
)

// legacyFlag is a flag that scripts for the other programs use.
type legacyFlag struct {
	name  string // as it is typed
	value bool   // a value follows
	// here are our arguments of the same meaning, of which {} is the value; nil
	// if there are none.
	here []string
	// say is what to do instead, or why nothing is needed.
	say string
}

// done are the arguments for what is done anyway.
var done = []string{}

var legacyFlags = []legacyFlag{
	{name: "-to", value: true, here: []string{"--tag", "{}", "--only", "*"}},
	{name: "--tag-only", value: true, here: []string{"--tag", "{}", "--only", "*"}},
	{name: "--aws-assume-role", value: true, here: []string{"--assume-role", "{}"}},
	{name: "--enable-rollback", here: []string{"--rollback-on-failure"}},
	{name: "--skip-deployments-check", here: []string{"--until", "running"}},
	{name: "--aws-instance-profile", here: done, say: "leave it out: the credentials of an instance or task are found anyway"},
	{name: "--copy-task-definition-tags", here: done, say: "leave it out: the tags of a task definition are always kept"},
	{name: "--use-latest-task-def", say: "build on the newest revision of a family by naming it beside the service: -n SERVICE -d FAMILY"},
	{name: "--run-task", say: oneTask},
	{name: "--wait-for-success", say: oneTask},
	{name: "--launch-type", value: true, say: ofTheService},
	{name: "--platform-version", value: true, say: ofTheService},
	{name: "--network-configuration", value: true, say: ofTheService},
}

const (
	oneTask      = "run a one-off task and wait for its end with ecs-deploy run"
	ofTheService = "a service keeps its own; for a one-off task it is a flag of ecs-deploy run"
)

// spreadFlags are the flags of fabfuel's program whose value is several words, of which
// the flag of the same name here takes the first.
var spreadFlags = map[string]struct {
	words int // in its value
	hint  string
}{
	"-e":         {3, "-e is the variable that holds the tag; for an environment variable, write --env CONTAINER:NAME=VALUE"},
	"-s":         {3, "-s is the AWS secret access key; for a secret, write --secret CONTAINER:NAME=ARN"},
	"-d":         {3, "-d is the task definition; for a Docker label, write --docker-label CONTAINER:NAME=VALUE"},
	"-i":         {2, "-i takes an image only; for the image of a container, write --container CONTAINER=IMAGE"},
	"--image":    {2, "--image takes an image only; for the image of a container, write --container CONTAINER=IMAGE"},
	"--env-file": {2, "for the variables of one container, write --env-file CONTAINER:FILE"},
}

// spread refuses a flag of fabfuel's program that is followed by several words.
func spread(root *cobra.Command, args []string) error {
	found, rest, err := root.Find(args)
	if err != nil || len(args) > 0 && strings.HasPrefix(args[0], cobra.ShellCompRequestCmd) || found.Flag("image") == nil {
		return nil
	}
	for i := 0; i < len(rest) && rest[i] != "--"; i++ {
		if !takesValue(found, rest[i]) {
			continue
		}
		flag, known := spreadFlags[rest[i]]
		value := rest[i+1:]
		if isFlag := func(word string) bool { return strings.HasPrefix(word, "-") }; known && len(value) >= flag.words && !slices.ContainsFunc(value[:flag.words], isFlag) {
			return &usageError{problem: unexpected(found, value[1]), hint: flag.hint}
		}
		i++ // its value
	}
	return nil
}

// hint says our way of saying it.
func (l legacyFlag) hint() string {
	if l.say != "" {
		return l.say
	}
	var words []string
	for _, word := range l.here {
		words = append(words, shell.Quote(strings.ReplaceAll(word, "{}", "VALUE")))
	}
	return "here it is " + strings.Join(words, " ")
}

// legacy finds a flag by its name as it is typed.
func legacy(name string) (legacyFlag, bool) {
	i := slices.IndexFunc(legacyFlags, func(l legacyFlag) bool { return l.name == name })
	if i < 0 {
		return legacyFlag{}, false
	}
	return legacyFlags[i], true
}

// modern puts the arguments of the one-command form into today's words: flags
// whose meaning is the same. All others, and every value, stay as they are.
func modern(args []string) []string {
	var words []string
	retagged := false
	for len(args) > 0 && args[0] != "--" {
		n := flagLength(args)
		here, ok := translated(args[:n])
		if !ok {
			here = args[:n]
		}
		retagged = retagged || ok && slices.Contains(here, "--only")
		words, args = append(words, here...), args[n:]
	}
	words = append(words, args...)
	if retagged {
		words = withoutIgnored(words)
	}
	return words
}

// translated are our arguments for a flag of another program, given as one
// argument or as two.
func translated(given []string) ([]string, bool) {
	name, value, attached := strings.Cut(given[0], "=")
	if len(given) == 2 {
		value = given[1]
	}
	old, ok := legacy(name)
	if !ok || old.here == nil || old.value != (attached || len(given) == 2) {
		return nil, false
	}
	var here []string
	for _, word := range old.here {
		here = append(here, strings.ReplaceAll(word, "{}", value))
	}
	return here, true
}

// flagLength is how many arguments the first one takes: itself and, if it is a
// flag that needs one, its value.
func flagLength(args []string) int {
	needs := false
	switch name, long := strings.CutPrefix(args[0], "--"); {
	case long:
		needs = needsValue(func(key config.Key) bool { return key.Name == name })
	case strings.HasPrefix(args[0], "-"):
		letters := strings.TrimLeft(args[0][1:], toggles()) // what follows the first that is no toggle is its value
		needs = len(letters) == 1 && needsValue(func(key config.Key) bool { return key.Short == letters })
	}
	if old, ok := legacy(args[0]); ok {
		needs = old.value
	}
	if needs && len(args) > 1 {
		return 2
	}
	return 1
}

// keys is the table of settings, for what its flags are called and take.
var keys = sync.OnceValue(func() []config.Key { return new(config.Settings).Keys() })

func isToggle(key config.Key) bool { return key.Value.Type() == "bool" }

// needsValue reports whether the setting that matches is a flag with a value.
func needsValue(matches func(config.Key) bool) bool {
	return slices.ContainsFunc(keys(), func(key config.Key) bool { return matches(key) && !isToggle(key) })
}

// toggles are the letters of the flags without a value.
func toggles() string {
	letters := "h"
	for _, key := range keys() {
		if isToggle(key) {
			letters += key.Short
		}
	}
	return letters
}

// withoutIgnored leaves out the image that SIL's script wanted beside a tag for
// all containers: any word, such as "ignore", which it did not use.
func withoutIgnored(args []string) []string {
	var words []string
	for len(args) > 0 && args[0] != "--" {
		n := flagLength(args)
		if value, ok := imageOf(args[:n]); !ok || value == "" || strings.ContainsFunc(value, notOfAWord) {
			words = append(words, args[:n]...)
		}
		args = args[n:]
	}
	return append(words, args...)
}

// imageOf is the value of a flag, given as one argument or as two, if it is -i.
func imageOf(given []string) (value string, ok bool) {
	for _, name := range []string{"--image=", "-i=", "-i"} {
		if value, ok = strings.CutPrefix(given[0], name); ok && value != "" {
			return value, true
		}
	}
	return given[len(given)-1], len(given) == 2 && (given[0] == "-i" || given[0] == "--image")
}

// notOfAWord are the characters that SIL's script refused in such a word.
func notOfAWord(r rune) bool {
	return !('a' <= r && r <= 'z' || 'A' <= r && r <= 'Z' || '0' <= r && r <= '9' || strings.ContainsRune("._-", r))
}
