package ecssim

// This file is what ECS refuses in RegisterTaskDefinition. The texts come from
// the wild if one was seen; the others are assumed.

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
)

const (
	maxTaskDefinition = 64 << 10 // bytes
	maxTags           = 50
)

// checkRegistration checks an input of RegisterTaskDefinition and returns the
// definition as ECS stores it, without tags.
func checkRegistration(input Document) (Document, *apiError) {
	doc := clone(input)
	if doc == nil {
		doc = Document{}
	}
	delete(doc, "tags")
	for _, member := range outputOnly {
		delete(doc, member)
	}
	if err := checkTask(doc); err != nil {
		return nil, err
	}
	if err := normaliseSize(doc); err != nil {
		return nil, err
	}
	names := map[string]bool{}
	list, _ := doc["containerDefinitions"].([]any)
	for _, c := range list {
		c := c.(map[string]any) // readInput checked the types
		if err := checkContainer(doc, c); err != nil {
			return nil, err
		}
		name := c["name"].(string)
		if names[name] {
			return nil, refused("Container names must be unique within a Task Definition.")
		}
		names[name] = true
	}
	for _, check := range []func(Document) *apiError{checkFargate, checkRoles, checkDependencies} {
		if err := check(doc); err != nil {
			return nil, err
		}
	}
	normalise(doc)
	return doc, nil
}

// checkTask checks the task level.
func checkTask(doc Document) *apiError {
	if size, err := json.Marshal(doc); err == nil && len(size) > maxTaskDefinition {
		return refused(fmt.Sprintf("Actual length: '%d'. Max allowed length is '%d' bytes.", len(size), maxTaskDefinition))
	}
	family, _ := doc["family"].(string)
	list, _ := doc["containerDefinitions"].([]any)
	switch {
	case family == "":
		return refused("Family should not be null or empty.")
	case !isName(family):
		return refused("Family contains invalid characters.")
	case len(list) == 0:
		return refused("Container definitions should not be null or empty.")
	}
	essential := slices.ContainsFunc(list, func(c any) bool { return c.(map[string]any)["essential"] != false })
	if !essential {
		return refused("At least one container must be essential.")
	}
	return nil
}

// isImage reports whether ECS takes a text for an image: up to 255 letters, digits and
// a few signs. Whether it is a reference is only seen when it is pulled.
func isImage(text string) bool {
	const most, signs = 255, "-_:./@#+"
	return len(text) <= most && !strings.ContainsFunc(text, func(c rune) bool {
		letter := c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9'
		return !letter && !strings.ContainsRune(signs, c)
	})
}

// checkContainer checks one container definition.
func checkContainer(doc Document, c map[string]any) *apiError {
	for _, member := range []string{"name", "image"} {
		if text, _ := c[member].(string); text == "" {
			return refused("Container." + member + " should not be null or empty.")
		}
	}
	name := c["name"].(string)
	if !isName(name) {
		return refused("Container.name contains invalid characters.")
	}
	if !isImage(c["image"].(string)) {
		return refused("Container.image contains invalid characters.")
	}
	if text := brokenRule(containerRules, doc, c); text != "" {
		return refused(text)
	}
	taken := map[string]bool{}
	for _, pair := range objects(c["environment"]) {
		key, _ := pair["name"].(string)
		if strings.TrimSpace(key) == "" {
			return refused("The environment variable name should not be null or empty.") // assumed text
		}
		taken[key] = true
	}
	for _, pair := range objects(c["secrets"]) {
		key, _ := pair["name"].(string)
		if strings.TrimSpace(key) == "" {
			return refused("The secret name should not be null or empty.") // assumed text
		}
		if taken[key] {
			return refused(fmt.Sprintf("The secret name must be unique and not shared with any new or existing environment variables set on the container, such as '%s'.", key))
		}
		taken[key] = true
	}
	volumes := map[string]bool{}
	for _, v := range objects(doc["volumes"]) {
		volumes[fmt.Sprint(v["name"])] = true
	}
	for _, m := range objects(c["mountPoints"]) {
		if source, ok := m["sourceVolume"].(string); ok && !volumes[source] {
			return refused(fmt.Sprintf("Unknown volume '%s'.", source))
		}
	}
	for _, m := range objects(c["portMappings"]) {
		host, port := number(m["hostPort"], 0), number(m["containerPort"], 0)
		if doc["networkMode"] == "awsvpc" && host != 0 && host != port {
			return refused("When networkMode=awsvpc, the host ports and container ports in port mappings must match.")
		}
	}
	return nil
}

// objects are the elements of a JSON list that are objects.
func objects(v any) []map[string]any {
	list, _ := v.([]any)
	var found []map[string]any
	for _, e := range list {
		if m, ok := e.(map[string]any); ok {
			found = append(found, m)
		}
	}
	return found
}
