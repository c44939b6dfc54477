package ecssim

// This file is the part of ECS's model of a task definition that is needed to
// refuse values of the wrong JSON type, as ECS does before anything else.
// Members that are not in the model are accepted, as by ECS, and unlike there kept:
// a newer ECS has them.

import (
	"encoding/json"
	"strconv"
)

// shape is the JSON type of a value: exactly one of its fields is set.
type shape struct {
	scalar  string           // "String", "Integer", "Boolean", as errors say it
	list    *shape           // a list of these
	mapOf   *shape           // an object with any keys
	members map[string]shape // an object with known members
}

func listOf(s shape) shape { return shape{list: &s} }

func dictOf(s shape) shape { return shape{mapOf: &s} }

// object is an object of known members. Each group of names shares a type.
func object(groups map[*shape][]string, more map[string]shape) shape {
	members := map[string]shape{}
	for kind, names := range groups {
		for _, name := range names {
			members[name] = *kind
		}
	}
	for name, kind := range more {
		members[name] = kind
	}
	return shape{members: members}
}

var (
	textShape = shape{scalar: "String"}
	intShape  = shape{scalar: "Integer"}
	boolShape = shape{scalar: "Boolean"}

	textsShape = listOf(textShape)
	dictShape  = dictOf(textShape)
	pairShape  = object(map[*shape][]string{&textShape: {"name", "value", "valueFrom", "type"}}, nil)
	pairsShape = listOf(pairShape)

	containerShape = object(map[*shape][]string{
		&textShape:  {"name", "image", "hostname", "user", "workingDirectory", "versionConsistency"},
		&intShape:   {"cpu", "memory", "memoryReservation", "startTimeout", "stopTimeout"},
		&boolShape:  {"essential", "disableNetworking", "privileged", "readonlyRootFilesystem", "interactive", "pseudoTerminal"},
		&textsShape: {"links", "entryPoint", "command", "dnsServers", "dnsSearchDomains", "dockerSecurityOptions", "credentialSpecs"},
		&dictShape:  {"dockerLabels"},
		&pairsShape: {"environment", "environmentFiles", "secrets", "resourceRequirements"},
	}, map[string]shape{
		"portMappings": listOf(object(map[*shape][]string{
			&intShape: {"containerPort", "hostPort"}, &textShape: {"protocol", "name", "appProtocol", "containerPortRange"}}, nil)),
		"mountPoints": listOf(object(map[*shape][]string{
			&textShape: {"sourceVolume", "containerPath"}, &boolShape: {"readOnly"}}, nil)),
		"volumesFrom": listOf(object(map[*shape][]string{
			&textShape: {"sourceContainer"}, &boolShape: {"readOnly"}}, nil)),
		"dependsOn":      listOf(object(map[*shape][]string{&textShape: {"containerName", "condition"}}, nil)),
		"extraHosts":     listOf(object(map[*shape][]string{&textShape: {"hostname", "ipAddress"}}, nil)),
		"systemControls": listOf(object(map[*shape][]string{&textShape: {"namespace", "value"}}, nil)),
		"ulimits":        listOf(object(map[*shape][]string{&textShape: {"name"}, &intShape: {"softLimit", "hardLimit"}}, nil)),
		"healthCheck": object(map[*shape][]string{
			&textsShape: {"command"}, &intShape: {"interval", "timeout", "retries", "startPeriod"}}, nil),
		"logConfiguration": object(map[*shape][]string{
			&textShape: {"logDriver"}, &dictShape: {"options"}, &pairsShape: {"secretOptions"}}, nil),
		"firelensConfiguration": object(map[*shape][]string{&textShape: {"type"}, &dictShape: {"options"}}, nil),
		"repositoryCredentials": object(map[*shape][]string{&textShape: {"credentialsParameter"}}, nil),
		"restartPolicy":         object(map[*shape][]string{&boolShape: {"enabled"}, &intShape: {"restartAttemptPeriod"}}, nil),
		"linuxParameters": object(map[*shape][]string{
			&intShape: {"sharedMemorySize", "maxSwap", "swappiness"}, &boolShape: {"initProcessEnabled"}}, nil),
	})

	tagsShape = listOf(object(map[*shape][]string{&textShape: {"key", "value"}}, nil))

	taskDefinitionShape = object(map[*shape][]string{
		&textShape:  {"family", "taskRoleArn", "executionRoleArn", "networkMode", "cpu", "memory", "pidMode", "ipcMode"},
		&boolShape:  {"enableFaultInjection"},
		&textsShape: {"requiresCompatibilities"},
		&tagsShape:  {"tags"},
	}, map[string]shape{
		"containerDefinitions": listOf(containerShape),
		"volumes": listOf(object(map[*shape][]string{&textShape: {"name"}, &boolShape: {"configuredAtLaunch"}}, map[string]shape{
			"host": object(map[*shape][]string{&textShape: {"sourcePath"}}, nil),
			"efsVolumeConfiguration": object(map[*shape][]string{
				&textShape: {"fileSystemId", "rootDirectory", "transitEncryption"}, &intShape: {"transitEncryptionPort"}}, nil),
			"dockerVolumeConfiguration": object(map[*shape][]string{
				&textShape: {"scope", "driver"}, &boolShape: {"autoprovision"}, &dictShape: {"driverOpts", "labels"}}, nil),
		})),
		"placementConstraints":  listOf(object(map[*shape][]string{&textShape: {"type", "expression"}}, nil)),
		"inferenceAccelerators": listOf(object(map[*shape][]string{&textShape: {"deviceName", "deviceType"}}, nil)),
		"runtimePlatform":       object(map[*shape][]string{&textShape: {"cpuArchitecture", "operatingSystemFamily"}}, nil),
		"ephemeralStorage":      object(map[*shape][]string{&intShape: {"sizeInGiB"}}, nil),
		"proxyConfiguration":    object(map[*shape][]string{&textShape: {"type", "containerName"}, &pairsShape: {"properties"}}, nil),
	})
)

// checkShape finds the first value of the wrong type.
func checkShape(v any, s shape) *apiError {
	switch {
	case s.list != nil:
		list, ok := v.([]any)
		if !ok {
			return kindMismatch(kindOf(v), "a list")
		}
		for _, e := range list {
			if err := checkShape(e, *s.list); err != nil {
				return err
			}
		}
	case s.mapOf != nil || s.members != nil:
		m, ok := v.(map[string]any)
		if !ok {
			return kindMismatch(kindOf(v), "a structure")
		}
		for _, key := range sortedKeys(m) {
			member, known := s.members[key]
			if s.mapOf != nil {
				member, known = *s.mapOf, true
			}
			if !known {
				continue
			}
			if err := checkShape(m[key], member); err != nil {
				return err
			}
		}
	default:
		got := kindOf(v)
		if want := map[string]string{"String": "STRING_VALUE", "Integer": "NUMBER_VALUE", "Boolean": "BOOLEAN_VALUE"}[s.scalar]; got != want {
			return kindMismatch(got, s.scalar)
		}
		if _, err := strconv.ParseInt(numberText(v), 10, 64); s.scalar == "Integer" && err != nil {
			return kindMismatch("NUMBER_VALUE", s.scalar) // assumed text: a number with a fraction
		}
	}
	return nil
}

// kindOf is the name of a JSON type in ECS's serialization errors.
func kindOf(v any) string {
	switch v.(type) {
	case string:
		return "STRING_VALUE"
	case bool:
		return "BOOLEAN_VALUE"
	case []any:
		return "START_ARRAY"
	case map[string]any:
		return "START_OBJECT"
	default:
		return "NUMBER_VALUE"
	}
}

// number is a JSON value as an int, or fallback where it is none.
func number(v any, fallback int) int {
	text := numberText(v)
	if n, err := strconv.Atoi(text); err == nil {
		return n
	}
	if f, err := strconv.ParseFloat(text, 64); err == nil {
		return int(f)
	}
	return fallback
}

// numberText is a JSON number, or a text, as it is written.
func numberText(v any) string {
	switch v := v.(type) {
	case json.Number:
		return v.String()
	case string:
		return v
	case int:
		return strconv.Itoa(v)
	}
	return ""
}
