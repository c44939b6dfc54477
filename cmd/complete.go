package cmd

// Completion of names that only the settings file and ECS know. It is quick, silent and
// never asks: it has two seconds, says nothing of what goes wrong, and uses no credentials
// that need a person or another program.

import (
	"cmp"
	"context"
	"errors"
	"io"
	"os"
	"slices"
	"strings"
	"time"

	awsconfig "github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/aws-sdk-go-v2/service/ecs"
	"github.com/spf13/cobra"

	"github.com/ecs-deploy/ecs-deploy/pkg/arn"
	"github.com/ecs-deploy/ecs-deploy/pkg/config"
	"github.com/ecs-deploy/ecs-deploy/pkg/names"
	"github.com/ecs-deploy/ecs-deploy/pkg/printable"
	"github.com/ecs-deploy/ecs-deploy/pkg/shell"
)

// completionLimit bounds a completion, its calls to AWS included.
const completionLimit = 2 * time.Second

// liveFlags says which list completes which flag.
var liveFlags = map[string]func(*lookup) []names.Name{
	"cluster":                      (*lookup).clusters,
	"service-name":                 (*lookup).services,
	"task-definition":              (*lookup).definitions,
	"expect-revision":              (*lookup).revisions,
	"to":                           (*lookup).revisions,
	"deployment":                   (*lookup).deployments,
	"hook":                         (*lookup).pauses,
	"task":                         (*lookup).tasks,
	"container":                    (*lookup).containers,
	"container-cpu":                (*lookup).containers,
	"container-memory":             (*lookup).containers,
	"container-memory-reservation": (*lookup).containers,
}

// lookup is one completion of a name.
type lookup struct {
	*app
	command *cobra.Command
	ctx     context.Context
	word    string        // what is typed so far
	lister  *names.Lister // nil until ECS is asked
}

// live completes with a list of names. Names come in the order of the list.
func (a *app) live(list func(*lookup) []names.Name) cobra.CompletionFunc {
	return func(c *cobra.Command, _ []string, word string) ([]cobra.Completion, cobra.ShellCompDirective) {
		ctx, cancel := context.WithTimeout(cmp.Or(c.Context(), context.Background()), completionLimit)
		defer cancel()
		c.SetContext(ctx)
		a.streams.In, a.streams.InTerminal, a.streams.Err = strings.NewReader(""), false, io.Discard
		if err := a.prepare(c); err != nil {
			return nil, cobra.ShellCompDirectiveNoFileComp
		}
		l := &lookup{app: a, command: c, ctx: ctx, word: word}
		return completions(list(l), word), cobra.ShellCompDirectiveNoFileComp | cobra.ShellCompDirectiveKeepOrder
	}
}

// completions are the names that begin with a word, each once. A name that a shell might act
// upon is left out.
func completions(found []names.Name, word string) []cobra.Completion {
	var all []cobra.Completion
	seen := map[string]bool{}
	for _, name := range found {
		if seen[name.Text] || !strings.HasPrefix(name.Text, word) || shell.Quote(name.Text) != name.Text {
			continue
		}
		seen[name.Text] = true
		all = append(all, cobra.CompletionWithDesc(name.Text, strings.ReplaceAll(printable.Line(name.About), "\t", " ")))
	}
	return all
}

// ask asks ECS for a list, unless the cache has it. Whatever goes wrong is no list.
func (l *lookup) ask(kind string, of []string, read func(context.Context, *names.Lister) ([]names.Name, error)) []names.Name {
	cache := nameCache{}
	if !l.settings.Simulated() { // a simulated world is quick, and changes quickly
		cache = l.cache(append([]string{kind}, of...))
	}
	if found, ok := cache.read(); ok {
		return found
	}
	found, err := l.read(read)
	cache.write(found, err != nil)
	return found
}

func (l *lookup) read(read func(context.Context, *names.Lister) ([]names.Name, error)) ([]names.Name, error) {
	if l.lister == nil {
		client, err := l.client()
		if err != nil {
			return nil, err
		}
		l.lister = names.New(client)
	}
	return read(l.ctx, l.lister)
}

// client is ECS, or the simulated world, if a command has made one.
func (l *lookup) client() (*ecs.Client, error) {
	if l.settings.Simulated() {
		path, err := worldPath(l.settings.ScenarioName())
		if err != nil {
			return nil, err
		}
		if _, err := os.Stat(path); err != nil {
			return nil, err
		}
	} else if err := l.needsNobody(); err != nil {
		return nil, err
	}
	cfg, err := l.clientConfig(l.command)
	if err != nil {
		return nil, err
	}
	endpoint, _ := l.endpoints()
	return ecs.NewFromConfig(cfg, func(o *ecs.Options) { setEndpoint(&o.BaseEndpoint, endpoint) }), nil
}

// needsNobody is an error if the credentials come from a program that the profile names,
// which may ask, print or open a browser. The code of an MFA device is asked for only on a
// terminal, which a completion has not.
func (l *lookup) needsNobody() error {
	s := l.settings
	if s.AccessKey != "" || s.Profile == "" && os.Getenv("AWS_ACCESS_KEY_ID") != "" {
		return nil
	}
	profile, err := awsconfig.LoadSharedConfigProfile(l.ctx, l.profile(), func(o *awsconfig.LoadSharedConfigOptions) {
		if path := os.Getenv("AWS_CONFIG_FILE"); path != "" {
			o.ConfigFiles = []string{path}
		}
		if path := os.Getenv("AWS_SHARED_CREDENTIALS_FILE"); path != "" {
			o.CredentialsFiles = []string{path}
		}
	})
	if err != nil {
		return nil // the SDK finds out what that means
	}
	for source := &profile; source != nil; source = source.Source {
		if source.CredentialProcess != "" || source.MFASerial != "" {
			return errors.New("the profile needs somebody or another program")
		}
	}
	return nil
}

// fromTargets are the texts that a setting has in the targets of the settings file.
func (l *lookup) fromTargets(text func(*config.Settings) string) []names.Name {
	var found []names.Name
	for _, target := range l.targets {
		if s, err := l.file.Settings(target); err == nil && text(s) != "" {
			found = append(found, names.Name{Text: text(s), About: "target " + target})
		}
	}
	return found
}

func (l *lookup) clusters() []names.Name {
	return append(l.fromTargets(func(s *config.Settings) string { return s.Cluster }),
		l.ask("clusters", nil, func(ctx context.Context, n *names.Lister) ([]names.Name, error) { return n.Clusters(ctx) })...)
}

func (l *lookup) services() []names.Name {
	cluster := l.settings.Cluster
	found := l.fromTargets(func(s *config.Settings) string {
		if cluster != "" && arn.ShortName(s.Cluster) != arn.ShortName(cluster) {
			return ""
		}
		return s.Service
	})
	if cluster == "" {
		return found
	}
	return append(found, l.ask("services", []string{cluster}, func(ctx context.Context, n *names.Lister) ([]names.Name, error) { return n.Services(ctx, cluster) })...)
}

// definitions are families, or, behind a family and a colon, its revisions.
func (l *lookup) definitions() []names.Name {
	if family, _, colon := strings.Cut(l.word, ":"); colon && !arn.Is(l.word) {
		return l.revisionsOf(family)
	}
	return append(l.fromTargets(func(s *config.Settings) string { return s.TaskDefinition }),
		l.ask("families", nil, func(ctx context.Context, n *names.Lister) ([]names.Name, error) { return n.Families(ctx) })...)
}

// revisions are those of the family that the service runs.
func (l *lookup) revisions() []names.Name {
	if family, _, colon := strings.Cut(l.word, ":"); colon {
		return l.revisionsOf(family)
	}
	return l.revisionsOf(arn.Family(l.definition()))
}

func (l *lookup) revisionsOf(family string) []names.Name {
	if family == "" {
		return nil
	}
	return l.ask("revisions", []string{family}, func(ctx context.Context, n *names.Lister) ([]names.Name, error) { return n.Revisions(ctx, family) })
}

// definition is the task definition that is meant: that of the settings, or of the service.
func (l *lookup) definition() string {
	if l.settings.TaskDefinition != "" {
		return l.settings.TaskDefinition
	}
	found := l.ofService("definition", func(ctx context.Context, n *names.Lister, cluster, service string) ([]names.Name, error) {
		text, err := n.TaskDefinition(ctx, cluster, service)
		return []names.Name{{Text: text}}, err
	})
	if len(found) == 0 {
		return ""
	}
	return found[0].Text
}

// ofService asks for a list of a service; there is none without one.
func (l *lookup) ofService(kind string, read func(ctx context.Context, n *names.Lister, cluster, service string) ([]names.Name, error)) []names.Name {
	ref := l.settings.Ref()
	if ref.Cluster == "" || ref.Service == "" {
		return nil
	}
	return l.ask(kind, []string{ref.Cluster, ref.Service}, func(ctx context.Context, n *names.Lister) ([]names.Name, error) {
		return read(ctx, n, ref.Cluster, ref.Service)
	})
}

func (l *lookup) deployments() []names.Name {
	return l.ofService("deployments", func(ctx context.Context, n *names.Lister, cluster, service string) ([]names.Name, error) {
		return n.Deployments(ctx, cluster, service)
	})
}

func (l *lookup) pauses() []names.Name {
	return l.ofService("pauses", func(ctx context.Context, n *names.Lister, cluster, service string) ([]names.Name, error) {
		return n.Pauses(ctx, cluster, service)
	})
}

func (l *lookup) tasks() []names.Name {
	return l.ofService("tasks", func(ctx context.Context, n *names.Lister, cluster, service string) ([]names.Name, error) {
		now := time.Now()
		if l.clock != nil {
			now = l.clock.Now()
		}
		return n.Tasks(ctx, cluster, service, now)
	})
}

// containers are those of the task definition that is meant.
func (l *lookup) containers() []names.Name {
	definition := l.definition()
	if definition == "" {
		return nil
	}
	return l.ask("containers", []string{definition}, func(ctx context.Context, n *names.Lister) ([]names.Name, error) { return n.Containers(ctx, definition) })
}

// entries completes the beginning of NAME=VALUE.
func entries(complete cobra.CompletionFunc) cobra.CompletionFunc {
	return func(c *cobra.Command, args []string, word string) ([]cobra.Completion, cobra.ShellCompDirective) {
		if strings.Contains(word, "=") {
			return nil, cobra.ShellCompDirectiveNoFileComp
		}
		found, directive := complete(c, args, word)
		for i, name := range found {
			text, about, _ := strings.Cut(name, "\t")
			found[i] = cobra.CompletionWithDesc(text+"=", about)
		}
		return found, directive | cobra.ShellCompDirectiveNoSpace
	}
}

// completeFlags completes the values of flags: one of a few words, a scenario, a target, a
// file, or a name. All others complete to nothing.
func (a *app) completeFlags(root *cobra.Command) {
	for _, c := range append(root.Commands(), root) {
		for _, key := range a.settings.Keys() {
			flag := c.Flags().Lookup(key.Name)
			if flag == nil {
				flag = c.PersistentFlags().Lookup(key.Name)
			}
			if flag == nil {
				continue
			}
			complete := a.completion(key)
			if list := liveFlags[key.Name]; list != nil {
				complete = a.live(list)
				if flag.Value.Type() == "container=value" {
					complete = entries(complete)
				}
			}
			if complete == nil {
				continue
			}
			if err := c.RegisterFlagCompletionFunc(key.Name, complete); err != nil {
				panic(err) // only for a flag that does not exist, or twice
			}
		}
	}
	if c, _, err := root.Find([]string{"init"}); err == nil && c != root {
		c.ValidArgsFunction = a.live((*lookup).services)
	}
}

// completion is how a key completes whose values need no lookup; nil for not at all.
func (a *app) completion(key config.Key) cobra.CompletionFunc {
	switch {
	case slices.Contains(config.FileKeys, key.Name):
		return completeFiles
	case len(key.Choices()) > 0:
		return cobra.FixedCompletions(key.Choices(), cobra.ShellCompDirectiveNoFileComp)
	case key.Name == "target":
		return a.completeTargets
	case key.Name == "what-if":
		return completeWhatIf
	case key.Name == "scenario":
		return completeScenarios
	}
	return nil
}
