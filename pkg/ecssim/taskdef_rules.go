package ecssim

// This file is the rules of RegisterTaskDefinition about several members at
// once: sizes, what Fargate lacks, roles, and the order of containers.

import (
	"fmt"
	"slices"
	"strings"
)

// fargateSizes are the memory sizes in MiB that each number of CPU units
// allows: from, to, step.
var fargateSizes = map[int][3]int{
	512:   {1024, 4096, 1024},
	1024:  {2048, 8192, 1024},
	2048:  {4096, 16384, 1024},
	4096:  {8192, 30720, 1024},
	8192:  {16384, 61440, 4096},
	16384: {32768, 122880, 8192},
}

func fargatePair(cpu, memory int) bool {
	if cpu == 256 {
		return memory == 512 || memory == 1024 || memory == 2048
	}
	size, ok := fargateSizes[cpu]
	return ok && memory >= size[0] && memory <= size[1] && (memory-size[0])%size[2] == 0
}

// containerRule is a rule about one container: ECS refuses the definition with
// text if broken reports so. %s in text is the name of the container.
type containerRule struct {
	broken func(doc Document, c map[string]any) bool
	text   string
}

// containerRules are about a container, whatever it runs on.
var containerRules = []containerRule{
	{func(doc Document, c map[string]any) bool {
		return number(c["memory"], 0) == 0 && number(c["memoryReservation"], 0) == 0 && doc["memory"] == nil
	}, "Invalid setting for container '%s'. At least one of 'memory' or 'memoryReservation' must be specified."},
	{func(_ Document, c map[string]any) bool {
		return c["memory"] != nil && number(c["memoryReservation"], 0) > number(c["memory"], 0)
	}, "Invalid setting for container '%s'. The 'memoryReservation' cannot be greater than the 'memory'."}, // assumed text
	{func(doc Document, c map[string]any) bool {
		size := number(doc["memory"], unlimited)
		return number(c["memory"], 0) > size || number(c["memoryReservation"], 0) > size
	}, "Invalid setting for container '%s'. The memory of a container cannot be greater than the memory of the task."}, // assumed text
	{func(doc Document, c map[string]any) bool { return doc["networkMode"] == "awsvpc" && has(c, "links") },
		"Links are not supported when networkMode=awsvpc."},
	{func(doc Document, c map[string]any) bool {
		return doc["networkMode"] == "awsvpc" && has(c, "dnsServers")
	},
		"DNS servers are not supported on container when networkMode=awsvpc."},
	{func(doc Document, c map[string]any) bool {
		log, _ := c["logConfiguration"].(map[string]any)
		options, _ := log["options"].(map[string]any)
		return log["logDriver"] == "awslogs" && (options["awslogs-group"] == nil || options["awslogs-region"] == nil)
	}, "Log driver awslogs requires options: awslogs-region, awslogs-group"},
}

// fargateRules are about a container that is to run on Fargate. Their texts are
// assumed.
var fargateRules = []containerRule{
	{func(_ Document, c map[string]any) bool { return c["privileged"] == true },
		"Tasks using the Fargate launch type do not support the 'privileged' setting of container '%s'."},
	{func(_ Document, c map[string]any) bool { return outside(c["stopTimeout"], 2, 120) },
		"Invalid setting for container '%s'. The 'stopTimeout' must be between 2 and 120 seconds."},
	{func(_ Document, c map[string]any) bool { return outside(c["startTimeout"], 2, 120) },
		"Invalid setting for container '%s'. The 'startTimeout' must be between 2 and 120 seconds."},
}

// has reports whether a member is a list with something in it.
func has(c map[string]any, member string) bool {
	list, _ := c[member].([]any)
	return len(list) > 0
}

func outside(v any, least, most int) bool {
	return v != nil && (number(v, 0) < least || number(v, 0) > most)
}

// brokenRule is the text of the first rule that a container breaks, or "".
func brokenRule(rules []containerRule, doc Document, c map[string]any) string {
	for _, rule := range rules {
		if rule.broken(doc, c) {
			name, _ := c["name"].(string)
			return strings.ReplaceAll(rule.text, "%s", name)
		}
	}
	return ""
}

// checkFargate checks what only Fargate requires.
func checkFargate(doc Document) *apiError {
	if !requiresFargate(doc) {
		return nil
	}
	switch {
	case doc["networkMode"] != "awsvpc":
		return refused("Fargate only supports network mode ‘awsvpc’.")
	case doc["cpu"] == nil:
		return refused("Fargate requires that 'cpu' be defined at the task level.")
	case doc["memory"] == nil:
		return refused("Fargate requires that 'memory' be defined at the task level.")
	case !fargatePair(number(doc["cpu"], 0), number(doc["memory"], 0)):
		return refused("No Fargate configuration exists for given values.")
	case doc["ipcMode"] != nil:
		return refused("Tasks using the Fargate launch type do not support ipcMode.")
	case doc["pidMode"] != nil && doc["pidMode"] != "task":
		return refused(fmt.Sprintf("Tasks using the Fargate launch type do not support pidMode '%s'. The supported value for pidMode is 'task'.", doc["pidMode"]))
	}
	for _, c := range objects(doc["containerDefinitions"]) {
		if text := brokenRule(fargateRules, doc, c); text != "" {
			return refused(text)
		}
	}
	return nil
}

func requiresFargate(doc Document) bool {
	list, _ := doc["requiresCompatibilities"].([]any)
	return slices.Contains(list, any("FARGATE"))
}

// checkRoles refuses a definition whose containers need an execution role that
// it does not have.
func checkRoles(doc Document) *apiError {
	if role, _ := doc["executionRoleArn"].(string); role != "" {
		return nil
	}
	for _, c := range objects(doc["containerDefinitions"]) {
		log, _ := c["logConfiguration"].(map[string]any)
		image, _ := c["image"].(string)
		switch {
		case has(c, "secrets"), has(log, "secretOptions"):
			return refused("When you are specifying container secrets, you must also specify a value for 'executionRoleArn'.")
		case !requiresFargate(doc):
		case log["logDriver"] == "awslogs":
			return refused("Fargate requires task definition to have execution role ARN to support log driver awslogs.")
		case isECRImage(image):
			return refused("Fargate requires task definition to have execution role ARN to support ECR images.")
		}
	}
	return nil
}

// isECRImage reports whether an image is in a private ECR repository.
func isECRImage(image string) bool {
	host, _, _ := strings.Cut(image, "/")
	return strings.Contains(host, ".dkr.ecr.") || strings.Contains(host, ".dkr-ecr.")
}

// checkDependencies checks the dependsOn of all containers.
func checkDependencies(doc Document) *apiError {
	containers := map[string]map[string]any{}
	for _, c := range objects(doc["containerDefinitions"]) {
		containers[c["name"].(string)] = c
	}
	for _, name := range sortedKeys(containers) {
		for _, dependency := range objects(containers[name]["dependsOn"]) {
			on, _ := dependency["containerName"].(string)
			c, known := containers[on]
			condition := dependency["condition"]
			switch {
			case !known:
				return refused(fmt.Sprintf("Container '%s' depends on container '%s', which does not exist in the task definition.", name, on)) // assumed text
			case (condition == "SUCCESS" || condition == "COMPLETE") && c["essential"] != false:
				return refused("A dependency container with SUCCESS or COMPLETE condition cannot be an essential container")
			case condition == "HEALTHY" && c["healthCheck"] == nil:
				return refused(fmt.Sprintf("Container '%s' needs a health check: container '%s' depends on it with condition HEALTHY.", on, name)) // assumed text
			}
		}
	}
	for _, name := range sortedKeys(containers) {
		if leadsTo(containers, name, name, map[string]bool{}) {
			return refused(fmt.Sprintf("Container '%s' depends on itself.", name)) // assumed text
		}
	}
	return nil
}

// leadsTo reports whether the dependencies of a container lead to another one.
func leadsTo(containers map[string]map[string]any, from, to string, seen map[string]bool) bool {
	if seen[from] {
		return false
	}
	seen[from] = true
	for _, dependency := range objects(containers[from]["dependsOn"]) {
		on, _ := dependency["containerName"].(string)
		if on == to || leadsTo(containers, on, to, seen) {
			return true
		}
	}
	return false
}
