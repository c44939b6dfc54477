package taskdef

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"unicode"

	"github.com/ecs-deploy/ecs-deploy/pkg/image"
)

// SetImage sets the image of a container.
func SetImage(container string, ref image.Reference) Edit {
	return Edit{name: "image", container: container, inContainer: func(c map[string]any) error {
		c["image"] = ref.String()
		return nil
	}}
}

// SetEnvironment sets an environment variable of a container, or, if no
// container is named, of each.
func SetEnvironment(container, name, value string) Edit {
	return Edit{name: "environment " + name, container: container, inContainer: func(c map[string]any) error {
		setNamed(c, "environment", "name", name, "value", value)
		return nil
	}}
}

// UnsetEnvironment removes an environment variable from a container, or from
// each. One that is not there stays away.
func UnsetEnvironment(container, name string) Edit {
	return Edit{name: "environment " + name, container: container, inContainer: func(c map[string]any) error {
		unsetNamed(c, "environment", "name", name)
		return nil
	}}
}

// SetSecret gives a container, or each, a variable whose value ECS reads when a
// task starts: valueFrom is the ARN of a secret, or the ARN or name of a parameter
// (API_Secret).
func SetSecret(container, name, valueFrom string) Edit {
	return Edit{name: "secret " + name, container: container, inContainer: func(c map[string]any) error {
		if valueFrom == "" {
			return errors.New("it is not the name of a parameter or secret")
		}
		if strings.ContainsFunc(valueFrom, unicode.IsSpace) { // the value itself, which is not shown
			return errors.New("it is neither an ARN nor the name of a parameter, which has no white space")
		}
		setNamed(c, "secrets", "name", name, "valueFrom", valueFrom)
		return nil
	}}
}

// UnsetSecret removes a secret from a container, or from each. One that is not
// there stays away.
func UnsetSecret(container, name string) Edit {
	return Edit{name: "secret " + name, container: container, inContainer: func(c map[string]any) error {
		unsetNamed(c, "secrets", "name", name)
		return nil
	}}
}

// SetDockerLabel sets a label of a container, or of each.
func SetDockerLabel(container, name, value string) Edit {
	return Edit{name: "docker label " + name, container: container, inContainer: func(c map[string]any) error {
		inside(c, "dockerLabels")[name] = value
		return nil
	}}
}

// UnsetDockerLabel removes a label from a container, or from each.
func UnsetDockerLabel(container, name string) Edit {
	return Edit{name: "docker label " + name, container: container, inContainer: func(c map[string]any) error {
		labels, _ := c["dockerLabels"].(map[string]any)
		delete(labels, name)
		return nil
	}}
}

// SetLogOption sets an option of a container's log driver, or of each that has
// one. A container that is named must have one.
func SetLogOption(container, name, value string) Edit {
	return Edit{name: "log option " + name, container: container, inContainer: func(c map[string]any) error {
		configuration, ok := c["logConfiguration"].(map[string]any)
		switch {
		case !ok:
			return errNoDriver
		case slices.ContainsFunc(named(configuration, "secretOptions"), func(o map[string]any) bool { return text(o, "name") == name }):
			return errors.New("it is already a secret option")
		}
		inside(configuration, "options")[name] = value
		return nil
	}}
}

// UnsetLogOption removes an option of a container's log driver, or of each.
func UnsetLogOption(container, name string) Edit {
	return Edit{name: "log option " + name, container: container, inContainer: func(c map[string]any) error {
		configuration, _ := c["logConfiguration"].(map[string]any)
		options, _ := configuration["options"].(map[string]any)
		delete(options, name)
		return nil
	}}
}

// SetCommand sets the command of a container; no words leave that to its image.
func SetCommand(container string, words ...string) Edit { return setWords(container, "command", words) }

// SetEntryPoint sets the entry point of a container; no words leave that to its
// image.
func SetEntryPoint(container string, words ...string) Edit {
	return setWords(container, "entryPoint", words)
}

func setWords(container, member string, words []string) Edit {
	return Edit{name: member, container: container, inContainer: func(c map[string]any) error {
		list := make([]any, 0, len(words))
		for _, word := range words {
			list = append(list, word)
		}
		setList(c, member, list)
		return nil
	}}
}

// SetCPU sets the cpu of the task: units ("256") or "0.25 vCPU".
func SetCPU(size string) Edit { return setSize("cpu", size) }

// SetMemory sets the memory of the task: MiB ("512") or "0.5 GB".
func SetMemory(size string) Edit { return setSize("memory", size) }

func setSize(member, size string) Edit {
	return Edit{name: member, inTask: func(doc map[string]any) error {
		number, err := sizeOf(member, size)
		if err != nil {
			return err
		}
		doc[member] = number // a text here, a number in a container
		return nil
	}}
}

// SetContainerCPU sets the cpu units of a container.
func SetContainerCPU(container, size string) Edit { return setContainerSize(container, "cpu", size) }

// SetContainerMemory sets the hard limit of a container's memory.
func SetContainerMemory(container, size string) Edit {
	return setContainerSize(container, "memory", size)
}

// SetContainerMemoryReservation sets the soft limit of a container's memory.
func SetContainerMemoryReservation(container, size string) Edit {
	return setContainerSize(container, "memoryReservation", size)
}

func setContainerSize(container, member, size string) Edit {
	return Edit{name: member, container: container, inContainer: func(c map[string]any) error {
		number, err := sizeOf(member, size)
		if err != nil {
			return err
		}
		c[member] = json.Number(number)
		return nil
	}}
}

// sizeOf reads a size as ECS does: a plain number, or one with its unit.
func sizeOf(member, size string) (string, error) {
	unit, form := "gb", "MiB, such as 512, or GB, such as 0.5 GB"
	if member == "cpu" {
		unit, form = "vcpu", "CPU units, such as 256, or vCPU, such as 0.25 vCPU"
	}
	number := size
	if strings.HasSuffix(strings.ToLower(size), unit) {
		number = units(size)
	}
	if value, err := strconv.Atoi(number); err != nil || value <= 0 || strconv.Itoa(value) != number {
		return "", fmt.Errorf("%q is not a size in %s", size, form)
	}
	return number, nil
}

// SetTaskRole sets the role whose permissions the containers have, by name or
// ARN; "" removes it.
func SetTaskRole(role string) Edit { return setRole("taskRoleArn", role) }

// SetExecutionRole sets the role by which ECS pulls images, reads secrets and
// writes logs, by name or ARN; "" removes it.
func SetExecutionRole(role string) Edit { return setRole("executionRoleArn", role) }

func setRole(member, role string) Edit {
	return Edit{name: member, inTask: func(doc map[string]any) error {
		if role == "" {
			delete(doc, member)
			return nil
		}
		doc[member] = role
		return nil
	}}
}

// SetTag sets a tag of the task definition. AWS keeps keys that begin with
// "aws:" for itself.
func SetTag(key, value string) Edit {
	return Edit{name: "tag " + key, inTask: func(doc map[string]any) error {
		if strings.HasPrefix(strings.ToLower(key), "aws:") {
			return errors.New("keys that begin with aws: are reserved for AWS")
		}
		setNamed(doc, "tags", "key", key, "value", value)
		return nil
	}}
}

// UnsetTag removes a tag of the task definition.
func UnsetTag(key string) Edit {
	return Edit{name: "tag " + key, inTask: func(doc map[string]any) error {
		unsetNamed(doc, "tags", "key", key)
		return nil
	}}
}

// SetRuntimePlatform sets the operating system and the architecture of the task,
// written as container tools do: linux/arm64, linux/amd64,
// windows_server_2022_core/x86_64.
func SetRuntimePlatform(platform string) Edit {
	return Edit{name: "runtime platform", inTask: func(doc map[string]any) error {
		system, architecture, found := strings.Cut(strings.ToUpper(platform), "/")
		if !found || system == "" || architecture == "" {
			return fmt.Errorf("%q is not of the form system/architecture, such as linux/arm64", platform)
		}
		if architecture == "AMD64" {
			architecture = "X86_64"
		}
		runtime := inside(doc, "runtimePlatform")
		runtime["operatingSystemFamily"] = strings.ReplaceAll(system, "-", "_")
		runtime["cpuArchitecture"] = architecture
		return nil
	}}
}
