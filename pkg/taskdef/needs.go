package taskdef

// What the tasks of a definition need besides their images: roles, secrets and room.

import "strconv"

// Needs are what ECS must find to start a task of a definition.
type Needs struct {
	// TaskRole and ExecutionRole are the ARNs or names of the roles, "" without one.
	TaskRole, ExecutionRole string
	// Secrets are the secrets and parameters that ECS reads at the start.
	Secrets []SecretSource
	// Tags: the definition has tags of its own.
	Tags bool
	// Subnets: a task has a network interface of its own (awsvpc), for which ECS must be
	// given subnets.
	Subnets bool
	// CPU, in units (1024 are a vCPU), and Memory, in MiB, are what a task takes of a
	// container instance.
	CPU, Memory int
}

// SecretSource is where the value of a secret comes from.
type SecretSource struct {
	// Container is the container that gets it.
	Container string
	// From is the ARN of a secret of Secrets Manager, or the ARN or name of a parameter
	// of Systems Manager (valueFrom, credentialsParameter).
	From string
}

// Needs are what the tasks of the definition need.
func (d Definition) Needs() Needs {
	n := Needs{TaskRole: text(d.doc, "taskRoleArn"), ExecutionRole: text(d.doc, "executionRoleArn"), Subnets: text(d.doc, "networkMode") == "awsvpc"}
	tags, _ := d.doc["tags"].([]any)
	n.Tags = len(tags) > 0
	for _, container := range d.containers() {
		name := text(container, "name")
		n.from(name, container["secrets"], "valueFrom")
		if logs, ok := container["logConfiguration"].(map[string]any); ok {
			n.from(name, logs["secretOptions"], "valueFrom")
		}
		if registry, ok := container["repositoryCredentials"].(map[string]any); ok {
			n.from(name, []any{registry}, "credentialsParameter")
		}
		n.CPU += whole(container, "cpu")
		memory := whole(container, "memoryReservation")
		if memory == 0 {
			memory = whole(container, "memory")
		}
		n.Memory += memory
	}
	if size, err := strconv.Atoi(text(d.doc, "cpu")); err == nil {
		n.CPU = size
	}
	if size, err := strconv.Atoi(text(d.doc, "memory")); err == nil {
		n.Memory = size
	}
	return n
}

// from adds the sources that a list of objects names in a member.
func (n *Needs) from(container string, list any, member string) {
	objects, _ := list.([]any)
	for _, object := range objects {
		if object, ok := object.(map[string]any); ok && text(object, member) != "" {
			n.Secrets = append(n.Secrets, SecretSource{container, text(object, member)})
		}
	}
}
