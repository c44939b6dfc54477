// Package scaffold writes settings files and task definition files from services as
// they are. Package config reads what it writes.
package scaffold

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"unicode"

	"go.yaml.in/yaml/v4"

	"github.com/ecs-deploy/ecs-deploy/pkg/arn"
	"github.com/ecs-deploy/ecs-deploy/pkg/config"
	"github.com/ecs-deploy/ecs-deploy/pkg/deploy"
	"github.com/ecs-deploy/ecs-deploy/pkg/image"
	"github.com/ecs-deploy/ecs-deploy/pkg/internal/yamltext"
	"github.com/ecs-deploy/ecs-deploy/pkg/shell"
	"github.com/ecs-deploy/ecs-deploy/pkg/taskdef"
)

// Draft is a settings file that is made of services as they are. Deploying any of
// its targets as it stands changes nothing.
type Draft struct {
	// Services become a target each, named after the service. They are of one
	// cluster, and there is at least one.
	Services []deploy.Export
	// Target, if not empty, is the name of the only target.
	Target string
	// Definition, if not empty, is the file with the definition of the only
	// service, as it is called from the folder of the settings file. Else the
	// images in service are written.
	Definition string
	// AllowUnknownFields: that file has fields that this version does not know.
	AllowUnknownFields bool
	// Found are the settings with which the services were found. What a deployment
	// needs of them too, such as a role, is written.
	Found *config.Settings
}

// Text is the draft as YAML, with comments that explain it. It fails with an
// [*config.Error] if the target of a service could ask for nothing.
func (d Draft) Text() ([]byte, error) {
	targets := newSection()
	for _, service := range d.Services {
		target, err := d.target(service)
		if err != nil {
			return nil, err
		}
		targets.add(d.nameOf(service), target.node)
	}
	root := newSection()
	root.note("yaml-language-server: $schema="+config.SchemaURL, "",
		"Deploying an unedited target changes nothing: ecs-deploy init wrote what was running.",
		"Edit the targets, or override them on the command line:", "#")
	root.note(d.examples()...)
	root.note("#", "Keys have the same names as the flags of deploy; docs/configuration.md lists them.")
	root.add("version", yamltext.Literal(config.FormatVersion))
	root.note("", "Settings of all targets. A target overrides them.")
	root.add("defaults", d.defaults().node)
	root.note("", "One target for each service.")
	root.add("targets", targets.node)
	return yamltext.Dump(root.node)
}

// nameOf is the name of the target of a service.
func (d Draft) nameOf(service deploy.Export) string {
	if d.Target != "" {
		return d.Target
	}
	return service.Service
}

// examples are commands for the first target.
func (d Draft) examples() []string {
	target := shell.Quote(d.nameOf(d.Services[0]))
	return []string{
		"  ecs-deploy diff --target " + target,
		"  ecs-deploy deploy --target " + target + " -i REPOSITORY:TAG",
	}
}

// defaults are the settings of all services: where they are.
func (d Draft) defaults() *section {
	s, first := newSection(), d.Services[0]
	simulated := d.Found.Simulated()
	if first.Region != "" {
		s.add("region", yamltext.Scalar(first.Region))
	}
	if config.IsAccountID(first.Account) {
		if simulated {
			s.note("Region and account are simulated. Replace them with yours.")
		} else {
			s.note("The AWS account of the services. Deploying to any other account is an error.")
		}
		s.add("account", yamltext.Scalar(first.Account))
	}
	s.add("cluster", yamltext.Scalar(first.Cluster))
	for _, found := range []struct{ name, value string }{
		{"assume-role", d.Found.AssumeRole}, {"external-id", d.Found.ExternalID}, {"endpoint-url", d.Found.EndpointURL},
	} {
		if found.name == "endpoint-url" && config.InClear(found.value) {
			continue // no file can name it
		}
		if found.value != "" && !simulated {
			s.add(found.name, yamltext.Scalar(found.value))
		}
	}
	if d.Found.Profile != "" && !simulated {
		s.note("The AWS profile. Other machines may not have it:", "profile: "+d.Found.Profile)
	}
	s.note("Time to wait for the first new task to run (default: no limit, warn after 90s):", "timeout: 5m",
		"Time to wait for the deployment to end:", "complete-timeout: 30m")
	s.end()
	return s
}

// target are the settings of one service.
func (d Draft) target(service deploy.Export) (*section, error) {
	s := newSection()
	s.add("service-name", yamltext.Scalar(service.Service))
	var limits bool
	if d.Definition != "" {
		d.definition(s)
	} else {
		found := imagesOf(service.Definition)
		found.write(s, state(service))
		limits = found.none()
		if limits && service.MinimumHealthyPercent == nil && service.MaximumPercent == nil {
			return nil, &config.Error{
				Problem: fmt.Sprintf("service %s has no image that a target can name: %s", service.Service, strings.Join(found.left, "; ")),
				Remedy:  "pass --task-definition-file FILE to write the whole task definition",
			}
		}
	}
	if limits {
		s.note("The current limits: a target must set something.")
	}
	kept := []string{"Not set, so that ECS keeps its values, which were:"}
	for _, number := range []struct {
		name   string
		value  *int32
		active bool
	}{{"desired-count", service.DesiredCount, false}, {"min", service.MinimumHealthyPercent, limits}, {"max", service.MaximumPercent, limits}} {
		switch {
		case number.value == nil:
		case number.active:
			s.add(number.name, yamltext.Literal(strconv.Itoa(int(*number.value))))
		default:
			kept = append(kept, fmt.Sprintf("%s: %d", number.name, *number.value))
		}
	}
	if len(kept) > 1 {
		s.note(kept...)
	}
	s.note("Ask before changing anything (--yes skips the question):", "confirm: true")
	s.end()
	return s, nil
}

// definition has a target deploy the file of its definition.
func (d Draft) definition(s *section) {
	s.note(state(d.Services[0]) + " -i overrides an image for one deployment.")
	s.add("task-definition-file", yamltext.Scalar(d.Definition))
	if d.AllowUnknownFields {
		s.note("It has fields that are unknown to the version of ecs-deploy that wrote it.")
		s.add("allow-unknown-fields", yamltext.Literal("true"))
	}
}

// wanted are the images of a definition as a target asks for them without
// changing one.
type wanted struct {
	// images stand for every container of their repository.
	images []string
	// containers have an image that another container of its repository has not.
	containers []taskdef.Container
	// left are the images that are not asked for, with the reason, a line each.
	left []string
}

// state says whether the service runs the definition, or is still being deployed.
func state(service deploy.Export) string {
	if service.Settled {
		return "Running when this was written."
	}
	return "Not running when this was written: the deployment of " + arn.ShortName(service.TaskDefinition) + " had not completed."
}

func imagesOf(definition taskdef.Definition) wanted {
	var w wanted
	all := definition.Containers()
	for _, c := range all {
		ref, err := image.Parse(c.Image)
		mixed := slices.ContainsFunc(all, func(other taskdef.Container) bool {
			otherRef, otherErr := image.Parse(other.Image)
			return otherErr == nil && other.Image != c.Image && ref.SameRepository(otherRef)
		})
		switch {
		case err != nil:
			w.left = append(w.left, fmt.Sprintf("container %s has %q, which is not an image reference", c.Name, c.Image))
		case ref.Moving():
			w.left = append(w.left, fmt.Sprintf("container %s has %s, which starts new tasks with each deployment; deploy it with -i", c.Name, c.Image))
		case mixed:
			w.containers = append(w.containers, c)
		case !slices.Contains(w.images, c.Image):
			w.images = append(w.images, c.Image)
		}
	}
	return w
}

// none reports whether there is no image to ask for.
func (w wanted) none() bool { return len(w.images)+len(w.containers) == 0 }

// write has a target ask for the images.
func (w wanted) write(s *section, state string) {
	if len(w.left) > 0 {
		s.note("Not included:")
		s.note(w.left...)
	}
	if len(w.images) > 0 {
		list := &yaml.Node{Kind: yaml.SequenceNode}
		for _, text := range w.images {
			list.Content = append(list.Content, yamltext.Scalar(text))
		}
		s.note(state + " -i overrides the whole list for one deployment.")
		s.add("image", list)
	}
	if len(w.containers) > 0 {
		named := newSection()
		for _, c := range w.containers {
			named.add(c.Name, yamltext.Scalar(c.Image))
		}
		s.note("Containers with different images of one repository. For one deployment, --container",
			"NAME=IMAGE overrides one of them, and -i overrides all of its repository.")
		s.add("container", named.node)
	}
}

// section is a mapping of the file, with its comments.
type section struct {
	node    *yaml.Node
	comment []string // for the next key
}

func newSection() *section { return &section{node: &yaml.Node{Kind: yaml.MappingNode}} }

// note is a comment above the next key, a line each. What would end a line early,
// or cannot be seen, is left out of it.
func (s *section) note(lines ...string) {
	for _, line := range lines {
		s.comment = append(s.comment, strings.Map(func(r rune) rune {
			if !unicode.IsPrint(r) {
				return -1
			}
			return r
		}, line))
	}
}

// add adds a key.
func (s *section) add(name string, value *yaml.Node) {
	key := yamltext.Scalar(name)
	key.HeadComment, s.comment = strings.Join(s.comment, "\n"), nil
	s.node.Content = append(s.node.Content, key, value)
}

// end puts what was noted behind the last key.
func (s *section) end() {
	s.node.Content[len(s.node.Content)-2].FootComment = strings.Join(s.comment, "\n")
}
