package taskdef

// How ECS understands the members of a task definition when two of them are
// compared. A test holds this table against the SDK's schema: see TestMembers.

import (
	"encoding/json"
	"slices"
	"strconv"
	"strings"
	"sync"
)

// order says what the order of a list means.
type order int

const (
	undecided order = iota // no list, or one that nobody has decided about: a test fails
	ordered                // the order counts
	unordered              // a set of values
	keyed                  // a set of objects, told apart by some of their members
)

// secrecy says which values a comparison may show.
type secrecy int

const (
	shown        secrecy = iota
	masked               // and all that is in it
	maskedByName         // of an element whose key looks like that of a secret
)

// rule is how one member of a task definition is compared. What has no rule is
// compared as it is; an empty object or list is an absent one.
type rule struct {
	// path is where the member is; "[]" stands for each element of a list.
	path string
	// order is what the order of a list means; keys are the members that tell
	// the elements of a keyed list apart.
	order order
	keys  []string
	// absent is the value that ECS takes if the member is absent, a number
	// as an int; nil if there is none, or if it depends on the cluster.
	absent any
	// implied decides instead, if a value means the same as none only
	// beside certain others.
	implied func(value any, object, doc map[string]any) bool
	// spelling brings the ways to write one value to one.
	spelling func(string) string
	// keptEmpty says that an empty object is something else than none.
	keptEmpty bool
	// secrecy is what may be shown of it.
	secrecy secrecy
	// from is the page of the ECS API reference that says so, without "API_".
	from string
}

// rules is the table: the task's own members, then the containers', then the
// volumes'. Lists whose order has no documented meaning are sets only if ECS
// or other tools are known to reorder them, or if elements have a name.
var rules = []rule{
	{path: "containerDefinitions", order: keyed, keys: []string{"name"}, from: "ContainerDefinition: name"},
	{path: "cpu", spelling: units, from: "RegisterTaskDefinition: cpu"},
	{path: "memory", spelling: units, from: "RegisterTaskDefinition: memory"},
	{path: "enableFaultInjection", absent: false, from: "RegisterTaskDefinition: enableFaultInjection"},
	{path: "inferenceAccelerators", order: keyed, keys: []string{"deviceName"}, from: "InferenceAccelerator"},
	{path: "networkMode", absent: "bridge", implied: impliedNetworkMode, from: "RegisterTaskDefinition: networkMode"},
	{path: "placementConstraints", order: unordered, from: "TaskDefinitionPlacementConstraint: all must hold"},
	{path: "proxyConfiguration.properties", order: keyed, keys: []string{"name"}, from: "ProxyConfiguration"},
	{path: "proxyConfiguration.type", absent: "APPMESH", from: "ProxyConfiguration: the only value"},
	{path: "requiresCompatibilities", order: unordered, from: "RegisterTaskDefinition: requiresCompatibilities"},
	{path: "tags", order: keyed, keys: []string{"key"}, secrecy: maskedByName, from: "Tag: keys are unique"},

	{path: "containerDefinitions[].command", order: ordered, from: "ContainerDefinition: command"},
	{path: "containerDefinitions[].cpu", absent: 0, from: "ContainerDefinition: cpu (null and 0 are passed on alike)"},
	{path: "containerDefinitions[].credentialSpecs", order: ordered, from: "ContainerDefinition: credentialSpecs"},
	{path: "containerDefinitions[].dependsOn", order: keyed, keys: []string{"containerName"}, from: "ContainerDependency"},
	{path: "containerDefinitions[].disableNetworking", absent: false, from: "ContainerDefinition: disableNetworking"},
	{path: "containerDefinitions[].dnsSearchDomains", order: ordered, from: "ContainerDefinition: dnsSearchDomains"},
	{path: "containerDefinitions[].dnsServers", order: ordered, from: "ContainerDefinition: dnsServers"},
	{path: "containerDefinitions[].dockerSecurityOptions", order: ordered, from: "ContainerDefinition: dockerSecurityOptions"},
	{path: "containerDefinitions[].entryPoint", order: ordered, from: "ContainerDefinition: entryPoint"},
	{path: "containerDefinitions[].environment", order: keyed, keys: []string{"name"}, secrecy: masked, from: "KeyValuePair"},
	{path: "containerDefinitions[].environmentFiles", order: ordered, from: "ContainerDefinition: processed from the top down"},
	{path: "containerDefinitions[].essential", absent: true, from: "ContainerDefinition: essential"},
	{path: "containerDefinitions[].extraHosts", order: keyed, keys: []string{"hostname"}, from: "HostEntry"},
	{path: "containerDefinitions[].healthCheck.command", order: ordered, from: "HealthCheck: command"},
	{path: "containerDefinitions[].healthCheck.interval", absent: 30, from: "HealthCheck: interval"},
	{path: "containerDefinitions[].healthCheck.retries", absent: 3, from: "HealthCheck: retries"},
	{path: "containerDefinitions[].healthCheck.startPeriod", absent: 0, from: "HealthCheck: off by default"},
	{path: "containerDefinitions[].healthCheck.timeout", absent: 5, from: "HealthCheck: timeout"},
	{path: "containerDefinitions[].interactive", absent: false, from: "ContainerDefinition: interactive"},
	{path: "containerDefinitions[].links", order: unordered, from: "ContainerDefinition: links (each has its alias)"},
	{path: "containerDefinitions[].linuxParameters.capabilities.add", order: unordered, from: "KernelCapabilities"},
	{path: "containerDefinitions[].linuxParameters.capabilities.drop", order: unordered, from: "KernelCapabilities"},
	{path: "containerDefinitions[].linuxParameters.devices", order: keyed, keys: []string{"hostPath"}, from: "Device"},
	{path: "containerDefinitions[].linuxParameters.devices[].permissions", order: unordered,
		absent: []any{"mknod", "read", "write"}, from: "Device: permissions"},
	{path: "containerDefinitions[].linuxParameters.initProcessEnabled", absent: false, from: "LinuxParameters: initProcessEnabled"},
	{path: "containerDefinitions[].linuxParameters.tmpfs", order: keyed, keys: []string{"containerPath"}, from: "Tmpfs"},
	{path: "containerDefinitions[].linuxParameters.tmpfs[].mountOptions", order: ordered, from: "Tmpfs: a later option wins"},
	{path: "containerDefinitions[].logConfiguration.secretOptions", order: keyed, keys: []string{"name"}, from: "Secret"},
	{path: "containerDefinitions[].mountPoints", order: keyed, keys: []string{"containerPath"}, from: "MountPoint"},
	{path: "containerDefinitions[].mountPoints[].readOnly", absent: false, from: "MountPoint: readOnly"},
	{path: "containerDefinitions[].portMappings", order: keyed, keys: []string{"containerPort", "containerPortRange", "protocol"}, from: "PortMapping"},
	{path: "containerDefinitions[].portMappings[].hostPort", absent: 0, implied: impliedHostPort, from: "PortMapping: hostPort"},
	{path: "containerDefinitions[].portMappings[].protocol", absent: "tcp", from: "PortMapping: protocol"},
	{path: "containerDefinitions[].privileged", absent: false, from: "ContainerDefinition: privileged"},
	{path: "containerDefinitions[].pseudoTerminal", absent: false, from: "ContainerDefinition: pseudoTerminal"},
	{path: "containerDefinitions[].readonlyRootFilesystem", absent: false, from: "ContainerDefinition: readonlyRootFilesystem"},
	{path: "containerDefinitions[].resourceRequirements", order: keyed, keys: []string{"type"}, from: "ResourceRequirement"},
	{path: "containerDefinitions[].restartPolicy.ignoredExitCodes", order: unordered, from: "ContainerRestartPolicy"},
	{path: "containerDefinitions[].restartPolicy.restartAttemptPeriod", absent: 300, from: "ContainerRestartPolicy"},
	{path: "containerDefinitions[].secrets", order: keyed, keys: []string{"name"}, from: "Secret"},
	{path: "containerDefinitions[].systemControls", order: keyed, keys: []string{"namespace"}, from: "SystemControl"},
	{path: "containerDefinitions[].ulimits", order: keyed, keys: []string{"name"}, from: "Ulimit"},
	{path: "containerDefinitions[].versionConsistency", absent: "enabled", from: "ContainerDefinition: versionConsistency"},
	{path: "containerDefinitions[].volumesFrom", order: keyed, keys: []string{"sourceContainer"}, from: "VolumeFrom"},
	{path: "containerDefinitions[].volumesFrom[].readOnly", absent: false, from: "VolumeFrom: readOnly"},

	{path: "volumes", order: keyed, keys: []string{"name"}, from: "Volume: name"},
	{path: "volumes[].configuredAtLaunch", absent: false, from: "Volume: configuredAtLaunch"},
	{path: "volumes[].dockerVolumeConfiguration", keptEmpty: true, from: "Volume: a Docker volume, and no bind mount"},
	{path: "volumes[].dockerVolumeConfiguration.autoprovision", absent: false, from: "DockerVolumeConfiguration: autoprovision"},
	{path: "volumes[].efsVolumeConfiguration.authorizationConfig.iam", absent: "DISABLED", from: "EFSAuthorizationConfig: iam"},
	{path: "volumes[].efsVolumeConfiguration.rootDirectory", absent: "/", from: "EFSVolumeConfiguration: rootDirectory"},
	{path: "volumes[].efsVolumeConfiguration.transitEncryption", absent: "DISABLED", from: "EFSVolumeConfiguration: transitEncryption"},
	{path: "volumes[].s3filesVolumeConfiguration.rootDirectory", absent: "/", from: "S3FilesVolumeConfiguration: rootDirectory"},
}

// impliedNetworkMode: none is "bridge", but not for Windows, which has another
// default, nor on Fargate, which refuses both.
func impliedNetworkMode(value any, _, doc map[string]any) bool {
	platform, _ := doc["runtimePlatform"].(map[string]any)
	system, _ := platform["operatingSystemFamily"].(string)
	compatibilities, _ := doc["requiresCompatibilities"].([]any)
	return value == "bridge" && !strings.HasPrefix(system, "WINDOWS") && !slices.Contains(compatibilities, any("FARGATE"))
}

// impliedHostPort: 0 is a dynamic port, as none is; in the network modes awsvpc
// and host the host port is the container port, and ECS writes it there.
func impliedHostPort(value any, port, doc map[string]any) bool {
	if mode := doc["networkMode"]; mode == "awsvpc" || mode == "host" {
		containerPort, ok := port["containerPort"].(json.Number)
		if ok && value == plainNumber(containerPort) {
			return true
		}
	}
	return value == json.Number("0")
}

// treatment is a member of the SDK's schema with its rule and all that is in it;
// nil is what the schema does not know.
type treatment struct {
	rule
	kind    kind
	members map[string]*treatment // of an object
	element *treatment            // of a list; of an object whose names are data
}

// treatments is the treatment of a whole task definition.
var treatments = sync.OnceValue(func() *treatment {
	byPath := make(map[string]rule, len(rules))
	for _, r := range rules {
		if number, ok := r.absent.(int); ok {
			r.absent = json.Number(strconv.Itoa(number))
		}
		byPath[r.path] = r
	}
	return treat("", registration(), byPath)
})

func treat(path string, s shape, byPath map[string]rule) *treatment {
	t := &treatment{rule: byPath[path], kind: s.kind()}
	t.path = path
	switch t.kind {
	case listKind:
		t.element = treat(path+"[]", s.element(), byPath)
	case stringsKind:
		value, _ := s.member("")
		t.element = treat(path+".*", value, byPath)
	case objectKind:
		t.members = map[string]*treatment{}
		for _, name := range s.names() {
			value, _ := s.member(name)
			t.members[name] = treat(strings.TrimPrefix(path+"."+name, "."), value, byPath)
		}
	}
	return t
}

// member is the treatment of what an object has under a name.
func (t *treatment) member(name string) *treatment {
	switch {
	case t == nil:
		return nil
	case t.kind == stringsKind:
		return t.element
	}
	return t.members[name]
}

// elements is the treatment of a list's elements.
func (t *treatment) elements() *treatment {
	if t == nil || t.kind != listKind {
		return nil
	}
	return t.element
}
