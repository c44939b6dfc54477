package ecssim

// This file is what ECS itself writes into a task definition that it stores:
// defaults, normalised sizes, and the members that only its output has.

import (
	"encoding/json"
	"maps"
	"slices"
	"strconv"
	"strings"
)

// outputOnly are the members that ECS makes; in an input they are ignored.
var outputOnly = []string{
	"taskDefinitionArn", "revision", "status", "registeredAt", "registeredBy", "deregisteredAt",
	"deleteRequestedAt", "compatibilities", "requiresAttributes",
}

// normalise fills in ECS's defaults.
func normalise(doc Document) {
	orEmpty(doc, "volumes", "placementConstraints")
	for _, v := range objects(doc["volumes"]) {
		if efs, ok := v["efsVolumeConfiguration"].(map[string]any); ok {
			orValue(efs, "rootDirectory", "/") // as other emulators and infrastructure tools have it (assumed)
		}
	}
	for _, c := range objects(doc["containerDefinitions"]) {
		orEmpty(c, "environment", "mountPoints", "volumesFrom", "portMappings", "systemControls")
		orValue(c, "cpu", json.Number("0"))
		orValue(c, "essential", true)
		for _, m := range objects(c["portMappings"]) {
			normalisePort(doc, m)
		}
		if check, ok := c["healthCheck"].(map[string]any); ok {
			orValue(check, "interval", json.Number("30"))
			orValue(check, "timeout", json.Number("5"))
			orValue(check, "retries", json.Number("3"))
		}
	}
}

func normalisePort(doc Document, m map[string]any) {
	orValue(m, "protocol", "tcp")
	if m["containerPortRange"] != nil {
		return
	}
	host := any(json.Number("0"))
	if mode := doc["networkMode"]; mode == "awsvpc" || mode == "host" {
		host = m["containerPort"]
	}
	if host != nil {
		orValue(m, "hostPort", host)
	}
}

func orEmpty(m map[string]any, members ...string) {
	for _, member := range members {
		orValue(m, member, []any{})
	}
}

func orValue(m map[string]any, member string, v any) {
	if m[member] == nil {
		m[member] = v
	}
}

// normaliseSize turns "1 vCPU" and "2 GB" into CPU units and MiB, and refuses
// what is neither that nor a number.
func normaliseSize(doc Document) *apiError {
	for _, member := range []string{"cpu", "memory"} {
		unit := map[string]string{"cpu": "vcpu", "memory": "gb"}[member]
		text, ok := doc[member].(string)
		if !ok {
			continue
		}
		size, err := taskSize(text, unit)
		if err != nil || size <= 0 {
			return refused("Invalid '" + member + "' setting for task. For more information, see the Troubleshooting section of the Amazon ECS Developer Guide.")
		}
		doc[member] = strconv.Itoa(size)
	}
	return nil
}

func taskSize(text, unit string) (int, error) {
	number, ok := strings.CutSuffix(strings.ToLower(strings.TrimSpace(text)), unit)
	if !ok {
		return strconv.Atoi(text)
	}
	f, err := strconv.ParseFloat(strings.TrimSpace(number), 64)
	return int(f * 1024), err
}

// describe adds the members that only the output has.
func (e *engine) describe(doc Document, revision int) {
	family := doc["family"].(string)
	doc["taskDefinitionArn"] = e.arn("task-definition/" + family + ":" + strconv.Itoa(revision))
	doc["revision"] = json.Number(strconv.Itoa(revision))
	doc["status"] = "ACTIVE"
	doc["registeredAt"] = e.Now.epoch()
	doc["registeredBy"] = e.identity()
	doc["compatibilities"] = compatibilities(doc)
	doc["requiresAttributes"] = requiredAttributes(doc)
}

func compatibilities(doc Document) []any {
	found := []any{"EC2"}
	required, _ := doc["requiresCompatibilities"].([]any)
	if doc["networkMode"] == "awsvpc" {
		if fargatePair(number(doc["cpu"], 0), number(doc["memory"], 0)) || slices.Contains(required, any("FARGATE")) {
			found = append(found, "MANAGED_INSTANCES", "FARGATE") // in the order of a captured definition
		}
		return found
	}
	return append([]any{"EXTERNAL"}, found...)
}

// requiredAttributes are some of the instance attributes that ECS derives.
func requiredAttributes(doc Document) []any {
	names := map[string]bool{"com.amazonaws.ecs.capability.docker-remote-api.1.18": true}
	if doc["networkMode"] == "awsvpc" {
		names["ecs.capability.task-eni"] = true
	}
	if doc["taskRoleArn"] != nil {
		names["com.amazonaws.ecs.capability.task-iam-role"] = true
	}
	for _, c := range objects(doc["containerDefinitions"]) {
		if log, ok := c["logConfiguration"].(map[string]any); ok {
			if driver, ok := log["logDriver"].(string); ok {
				names["com.amazonaws.ecs.capability.logging-driver."+driver] = true
			}
		}
		if objects(c["secrets"]) != nil && doc["executionRoleArn"] != nil {
			names["ecs.capability.execution-role-awslogs"] = true
		}
		if c["healthCheck"] != nil {
			names["ecs.capability.container-health-check"] = true
		}
	}
	var found []any
	for _, name := range slices.Sorted(maps.Keys(names)) {
		found = append(found, map[string]any{"name": name})
	}
	return found
}

// sortedKeys are the keys of a map in order.
func sortedKeys[M ~map[string]V, V any](m M) []string { return slices.Sorted(maps.Keys(m)) }
