package ecssim

// This file is a container definition as far as the simulator acts on it, with
// the overrides of RunTask over it. It is read from the task definition once:
// a revision never changes.

import (
	"slices"
	"strings"
)

// containerSpec is what a task starts one of its containers with. Sizes are in
// CPU units and MiB; 0 means that the definition does not set them.
type containerSpec struct {
	name, image  string
	command      string // its words, joined by one space
	environment  map[string]string
	cpu          int
	memory       int // the hard limit
	reservation  int // the soft limit
	check        *checkSpec
	essential    bool
	startTimeout int // seconds; 0: none
	stopTimeout  int // seconds
	dependsOn    []dependency
	ports        []portSpec
	group        string // of its log, if its log driver is awslogs
	streamPrefix string
}

// checkSpec is a health check of a container. Times are seconds.
type checkSpec struct {
	interval, retries, startPeriod int
}

// portSpec is a port mapping. container is 0 for a range of ports.
type portSpec struct {
	container, host int
	protocol        string
}

// needs is the memory that the container takes from its container instance: the
// soft limit if there is one, otherwise the hard one [SDK ContainerDefinition].
func (c containerSpec) needs() int {
	if c.reservation > 0 {
		return c.reservation
	}
	return c.memory
}

// specs are the containers of a task definition, in its order.
func (td *taskDefinition) specs() []containerSpec {
	if td.parsed == nil {
		for _, c := range td.containers() {
			td.parsed = append(td.parsed, readContainer(c))
		}
	}
	return td.parsed
}

func readContainer(c map[string]any) containerSpec {
	spec := containerSpec{
		cpu: number(c["cpu"], 0), memory: number(c["memory"], 0), reservation: number(c["memoryReservation"], 0),
		essential: c["essential"] != false, startTimeout: number(c["startTimeout"], 0),
		stopTimeout: number(c["stopTimeout"], 30), command: words(c["command"]),
	}
	spec.name, _ = c["name"].(string)
	spec.image, _ = c["image"].(string)
	spec.environment = variables(nil, c["environment"])
	if check, ok := c["healthCheck"].(map[string]any); ok {
		spec.check = &checkSpec{number(check["interval"], 30), number(check["retries"], 3), number(check["startPeriod"], 0)}
	}
	for _, m := range objects(c["portMappings"]) {
		port := portSpec{number(m["containerPort"], 0), number(m["hostPort"], 0), "tcp"}
		if protocol, ok := m["protocol"].(string); ok {
			port.protocol = protocol
		}
		spec.ports = append(spec.ports, port)
	}
	for _, d := range objects(c["dependsOn"]) {
		name, _ := d["containerName"].(string)
		condition, _ := d["condition"].(string)
		spec.dependsOn = append(spec.dependsOn, dependency{name, condition})
	}
	spec.group, spec.streamPrefix = logTarget(c)
	return spec
}

// words is a command in one line.
func words(command any) string {
	list, _ := command.([]any)
	var found []string
	for _, word := range list {
		if text, ok := word.(string); ok {
			found = append(found, text)
		}
	}
	return strings.Join(found, " ")
}

// variables are environment variables, with more of them over those that there
// are.
func variables(before map[string]string, more any) map[string]string {
	list := objects(more)
	if len(list) == 0 {
		return before
	}
	all := make(map[string]string, len(before)+len(list))
	for name, value := range before {
		all[name] = value
	}
	for _, pair := range list {
		name, _ := pair["name"].(string)
		all[name], _ = pair["value"].(string)
	}
	return all
}

// specsOf are the containers of a task that is started with an order.
func (e *engine) specsOf(o order) []containerSpec {
	td := e.taskDefinition(o.TaskDefinition)
	if td == nil {
		return nil
	}
	specs := td.specs()
	given := objects(o.Overrides["containerOverrides"])
	if len(given) == 0 {
		return specs
	}
	specs = slices.Clone(specs)
	for _, over := range given {
		for i := range specs {
			if specs[i].name == over["name"] {
				specs[i] = specs[i].overridden(over)
			}
		}
	}
	return specs
}

// overridden is the container with a container override over it.
func (c containerSpec) overridden(over map[string]any) containerSpec {
	if command, given := over["command"]; given {
		c.command = words(command)
	}
	c.environment = variables(c.environment, over["environment"])
	c.cpu = number(over["cpu"], c.cpu)
	c.memory = number(over["memory"], c.memory)
	c.reservation = number(over["memoryReservation"], c.reservation)
	return c
}
