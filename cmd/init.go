package cmd

import (
	"cmp"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/ecs-deploy/ecs-deploy/pkg/arn"
	"github.com/ecs-deploy/ecs-deploy/pkg/config"
	"github.com/ecs-deploy/ecs-deploy/pkg/deploy"
	"github.com/ecs-deploy/ecs-deploy/pkg/scaffold"
	"github.com/ecs-deploy/ecs-deploy/pkg/shell"
)

func (a *app) initFile() *cobra.Command {
	var o initOptions
	c := &cobra.Command{
		Use:   "init [SERVICE]...",
		Short: "Write a settings file for existing services",
		Long: `Init reads services of one cluster and writes ecs-deploy.yaml, or the file given
with --config, with a target for each service. Each target is named after its
service. Deploying an unedited target changes nothing. --config - prints the file.

Pass services as arguments or with -n, or pass --all for all services of the
cluster. Without any, init lists the services. With a single service,
--task-definition-file also writes its whole task definition to that file: as YAML
if the name ends in .yaml or .yml, otherwise as JSON. The file contains the values
of environment variables in clear text.

Init changes nothing in ECS, and overwrites files only with --force. With a single
service, --target sets another name for its target.`,
		Example: `  ecs-deploy init -c production1 -n doorman-service
  ecs-deploy init -c production1 doorman-service doorman-worker
  ecs-deploy init -c production1 --all
  ecs-deploy init -c production1 -n doorman-service --target production --task-definition-file doorman.yaml`,
		Args: cobra.ArbitraryArgs,
		RunE: func(c *cobra.Command, args []string) error { return a.runInit(c, args, o) },
	}
	c.Flags().BoolVar(&o.force, "force", false, "replace existing files")
	c.Flags().BoolVar(&o.all, "all", false, "write all services of the cluster")
	a.flags.Add(c.Flags(), "cluster", "service-name", "task-definition-file")
	return c
}

// initFiles are the files that init writes.
type initFiles struct {
	settings, definition scaffold.NewFile // without a path: none
}

// initOptions are the flags of init that are no settings.
type initOptions struct{ force, all bool }

func (a *app) runInit(c *cobra.Command, args []string, o initOptions) error {
	a.bare = true
	// A file that is there already says nothing here: it is what would be replaced.
	named := a.flags.Given(c.Flags()).Targets(os.Environ())
	if len(named) > 1 {
		return &usageError{problem: "--target is set twice: " + strings.Join(named, " and "), hint: "pass the name of the new target once"}
	}
	a.file = config.File{Path: config.FileName}
	if err := a.resolve(c, strings.Join(named, "")); err != nil {
		return err
	}
	services := args
	if c.Flags().Changed("service-name") || len(args) == 0 && !o.all && a.settings.Service != "" {
		services = append([]string{a.settings.Service}, args...)
	}
	if o.all && len(services) > 0 {
		return &usageError{problem: "--all and names of services contradict each other", hint: "remove --all or the names"}
	}
	if err := a.locate(services...); err != nil {
		return err
	}
	files, err := a.initFiles(services, o.force)
	if err != nil {
		return err
	}
	if len(services) > 0 {
		a.settings.Service = services[0] // what a simulated world is made of
	}
	deployer, err := a.connect(c)
	if err != nil {
		return err
	}
	if len(services) == 0 {
		if services, err = a.allServices(c, deployer, o.all); err == nil {
			err = a.oneEach(services, files)
		}
		if err != nil {
			return err
		}
	}
	draft := scaffold.Draft{Target: a.settings.Target, Found: a.settings}
	for _, service := range services {
		found, err := deployer.Export(c.Context(), deploy.Ref{Cluster: a.settings.Cluster, Service: service})
		var unsupported *deploy.UnsupportedError
		if o.all && errors.As(err, &unsupported) {
			_, _ = fmt.Fprintf(a.streams.Err, "warning: skipping: %v\n", err)
			continue
		}
		if err != nil {
			return err
		}
		if !slices.ContainsFunc(draft.Services, func(e deploy.Export) bool { return e.Service == found.Service }) {
			draft.Services = append(draft.Services, found)
		}
	}
	if len(draft.Services) == 0 {
		return &usageError{problem: "no service of cluster " + a.settings.Cluster + " can be deployed to", hint: "see docs/init.md"}
	}
	return a.writeInit(draft, files)
}

// listedServices is how many services an error lists.
const listedServices = 30

// allServices are the services of the cluster, or an error that lists them, because
// somebody must choose.
func (a *app) allServices(c *cobra.Command, deployer *deploy.Deployer, all bool) ([]string, error) {
	cluster := arn.ShortName(a.settings.Cluster)
	names, err := deployer.Services(c.Context(), a.settings.Cluster)
	switch {
	case err != nil:
		return nil, err
	case len(names) == 0:
		return nil, &usageError{problem: fmt.Sprintf("cluster %s has no services", cluster), hint: "pass another cluster with -c CLUSTER"}
	case all:
		return names, nil
	}
	shown := strings.Join(names[:min(len(names), listedServices)], ", ")
	if more := len(names) - listedServices; more > 0 {
		shown += fmt.Sprintf(" and %d more", more)
	}
	return nil, &usageError{
		problem: fmt.Sprintf("service not set; the services of cluster %s are %s", cluster, shown),
		hint:    "pass the names, or write all of them: " + a.line("", "", "init", "-c", cluster, "--all"),
	}
}

// oneEach refuses names that only one of several services could have.
func (a *app) oneEach(services []string, files initFiles) error {
	switch {
	case len(services) < 2:
	case a.settings.Target != "":
		return &usageError{problem: fmt.Sprintf("%d targets cannot share the name %s", len(services), a.settings.Target), hint: "remove --target: each target is named after its service"}
	case files.definition.Path != "":
		return &usageError{problem: fmt.Sprintf("one file cannot hold the task definitions of %d services", len(services)), hint: "pass one service, or remove --task-definition-file"}
	}
	return nil
}

// initFiles finds out what is to be written, and what keeps it from being, before
// AWS is asked.
func (a *app) initFiles(services []string, force bool) (initFiles, error) {
	files := initFiles{
		settings:   scaffold.NewFile{Path: cmp.Or(a.settings.Config, config.FileName), Replace: force},
		definition: scaffold.NewFile{Path: a.settings.TaskDefinitionFile, Replace: force},
	}
	if err := a.oneEach(services, files); err != nil {
		return files, err
	}
	switch {
	case files.settings.Path == noFile:
		return files, &usageError{problem: "--config " + noFile + " means no settings file, but init writes one", hint: "pass --config FILE, or ./" + noFile + "; --config - prints it"}
	case a.settings.Cluster == "":
		return files, &usageError{problem: "cluster not set", hint: "pass -c CLUSTER or set ECS_DEPLOY_CLUSTER"}
	case slices.Contains(services, ""):
		return files, &usageError{problem: "empty service name", hint: "remove the argument, or write the name"}
	case files.definition.Path == config.StandardInput:
		return files, &usageError{problem: "the task definition cannot be written to standard output", hint: "pass a file with --task-definition-file FILE; to print a task definition, use ecs-deploy render"}
	case files.definition.Path != "" && filepath.Clean(files.definition.Path) == filepath.Clean(files.settings.Path):
		return files, &usageError{problem: "the settings and the task definition need different files", hint: "pass another name with --task-definition-file"}
	}
	if files.settings.Path == config.StandardInput {
		files.settings.Path = ""
	}
	for _, file := range []scaffold.NewFile{files.settings, files.definition} {
		if file.Path == "" {
			continue
		}
		if err := file.Check(); err != nil {
			return files, err
		}
	}
	return files, nil
}

// writeInit writes the files.
func (a *app) writeInit(draft scaffold.Draft, files initFiles) error {
	var definition []byte
	if path := files.definition.Path; path != "" {
		var err error
		if definition, draft.AllowUnknownFields, err = scaffold.DefinitionText(path, draft.Services[0].Definition); err != nil {
			return err
		}
		draft.Definition = relativeTo(files.settings.Path, path)
	}
	text, err := draft.Text()
	if err != nil {
		return err
	}
	if definition != nil {
		if err := files.definition.Write(definition); err != nil {
			return err
		}
		a.wrote(files.definition.Path, "the definition "+arn.ShortName(draft.Services[0].TaskDefinition))
	}
	if files.settings.Path == "" {
		_, err = a.streams.Out.Write(text)
	} else if err = files.settings.Write(text); err == nil {
		a.wrote(files.settings.Path, "try: "+a.firstTarget(draft, files.settings.Path))
	}
	if err == nil {
		a.warnOfInit(draft, files)
	}
	return err
}

// relativeTo is a path as it is called from the folder of the settings file.
func relativeTo(settings, path string) string {
	relative, err := filepath.Rel(filepath.Dir(settings), path)
	if err != nil { // one is absolute, the other is not
		if relative, err = filepath.Abs(path); err != nil {
			relative = path
		}
	}
	return filepath.ToSlash(relative)
}

// wrote says that a file was written.
func (a *app) wrote(path, what string) {
	if !a.settings.Quiet {
		_, _ = fmt.Fprintf(a.streams.Err, "wrote %s (%s)\n", path, what)
	}
}

// firstTarget is a command that tries the first target.
func (a *app) firstTarget(draft scaffold.Draft, path string) string {
	words := []string{"ecs-deploy", "diff", "--target", cmp.Or(draft.Target, draft.Services[0].Service)}
	if path != config.FileName {
		words = append(words, "--config", path)
	}
	l := commandLine{words: words, settings: a.settings}
	if a.settings.Simulated() || a.settings.Profile != "" { // which the file does not name
		l.access()
	}
	return shell.Join(l.words...)
}

// warnOfInit says what a person should know of the files.
func (a *app) warnOfInit(draft scaffold.Draft, files initFiles) {
	if a.settings.Quiet {
		return
	}
	for _, service := range draft.Services {
		if !service.Settled {
			_, _ = fmt.Fprintf(a.streams.Err, "warning: the deployment of %s has not completed; deploying target %s continues it\n",
				arn.ShortName(service.TaskDefinition), cmp.Or(draft.Target, service.Service))
		}
		if names := service.Definition.EnvironmentNames(); files.definition.Path != "" && len(names) > 0 {
			_, _ = fmt.Fprintf(a.streams.Err, "warning: %s contains values in clear text, which may be secrets: %s\n", files.definition.Path, strings.Join(names, ", "))
		}
	}
	if a.settings.Simulated() {
		_, _ = fmt.Fprintln(a.streams.Err, "note: region and account are simulated")
	}
}
