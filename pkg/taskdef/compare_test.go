package taskdef

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// described is the definition that ECS would describe with these members.
func described(t testing.TB, members string) Definition {
	t.Helper()
	d, err := FromDescribe([]byte(`{"taskDefinition": ` + members + `}`))
	if err != nil {
		t.Fatal(err)
	}
	return d
}

// app is a definition with one container that has the given members.
func app(t testing.TB, members string) Definition {
	t.Helper()
	return described(t, `{"family": "web", "containerDefinitions": [{"name": "app", "image": "team/web:1"`+members+`}]}`)
}

func lines(differences []Difference) []string {
	var all []string
	for _, d := range differences {
		all = append(all, d.String())
	}
	return all
}

// TestPairs: what means the same to ECS, and what looks so and does not.
func TestPairs(t *testing.T) {
	const windows = `"runtimePlatform": {"operatingSystemFamily": "WINDOWS_SERVER_2022_CORE"}`
	tests := []struct {
		name, a, b string
		equal      bool
	}{
		{"order of variables", `"environment": [{"name": "A", "value": "1"}, {"name": "B", "value": "2"}]`, `"environment": [{"name": "B", "value": "2"}, {"name": "A", "value": "1"}]`, true},
		{"of two variables of one name the later one wins", `"environment": [{"name": "A", "value": "1"}, {"name": "A", "value": "2"}]`, `"environment": [{"name": "A", "value": "2"}, {"name": "A", "value": "1"}]`, false},
		{"a second variable is not one with a strange name", `"environment": [{"name": "A"}, {"name": "A"}]`, `"environment": [{"name": "A"}, {"name": "A#2"}]`, false},
		{"an empty variable is a variable", `"environment": [{"name": "A", "value": ""}]`, `"environment": []`, false},
		{"an empty value is a value", `"environment": [{"name": "A", "value": ""}]`, `"environment": [{"name": "A"}]`, false},
		{"no name and an empty one", `"environment": [{"value": "1"}]`, `"environment": [{"name": "", "value": "1"}]`, false},
		{"words of a command", `"command": ["a", "b"]`, `"command": ["b", "a"]`, false},
		{"environment files", `"environmentFiles": [{"value": "a"}, {"value": "b"}]`, `"environmentFiles": [{"value": "b"}, {"value": "a"}]`, false},
		{"capabilities", `"linuxParameters": {"capabilities": {"add": ["A", "B"]}}`, `"linuxParameters": {"capabilities": {"add": ["B", "A"], "drop": []}}`, true},
		{"all permissions", `"linuxParameters": {"devices": [{"hostPath": "/dev/x", "permissions": ["read", "write", "mknod"]}]}`, `"linuxParameters": {"devices": [{"hostPath": "/dev/x"}]}`, true},
		{"empty objects", `"linuxParameters": {"initProcessEnabled": false, "capabilities": {}}`, `"dockerLabels": {}`, true},
		{"one port, two ways to say so", `"portMappings": [{"containerPort": 80}]`, `"portMappings": [{"containerPort": 80.0, "hostPort": 0, "protocol": "tcp"}]`, true},
		{"broken numbers", `"cpu": 2.5`, `"cpu": 2`, false},
		{"numbers beyond counting", `"cpu": 1e300`, `"cpu": 1e301`, false},
		{"a name that is no text", `"environment": [{"name": 1}]`, `"environment": [{"name": "1"}]`, false},
		{"a port and a range", `"portMappings": [{"containerPort": 80}]`, `"portMappings": [{"containerPortRange": "80"}]`, false},
		{"a host port in bridge mode", `"portMappings": [{"containerPort": 80, "hostPort": 80}]`, `"portMappings": [{"containerPort": 80}]`, false},
		{"an empty text is a value", `"user": ""`, `"memory": null`, false},
		{"a label called like a list", `"dockerLabels": {"drop": "a"}`, `"dockerLabels": {"drop": "b"}`, false},
		{"a list of next year is compared as it is", `"environments": [{"name": "A"}, {"name": "B"}]`, `"environments": [{"name": "B"}, {"name": "A"}]`, false},
		{"also inside", `"next": {"environment": [{"name": "A"}, {"name": "B"}], "essential": true}`, `"next": {"environment": [{"name": "B"}, {"name": "A"}], "essential": true}`, false},
		{"no defaults there", `"next": {"essential": true}`, `"next": {}`, false},
		{"an object of next year", `"next": {}`, `"memory": null`, false},
		{"an empty list of next year", `"next": []`, `"memory": null`, true},
		{"nonsense of the wrong kind", `"environment": {"A": "b"}`, `"environment": "A=b"`, false},
		{"a number is not its text", `"cpu": 256`, `"cpu": "256"`, false},
	}
	for _, tt := range tests {
		check(t, tt.name, app(t, ", "+tt.a), app(t, ", "+tt.b), tt.equal)
	}

	const port = `"containerDefinitions": [{"name": "a", "image": "x", "portMappings": [{"containerPort": 80, "hostPort": %s}]}]`
	task := []struct {
		name, a, b string
		equal      bool
	}{
		{"the default network", `"networkMode": "bridge"`, `"volumes": []`, true},
		{"Windows has another", `"networkMode": "bridge", ` + windows, windows, false},
		{"Fargate has none", `"networkMode": "bridge", "requiresCompatibilities": ["FARGATE"]`, `"requiresCompatibilities": ["FARGATE"]`, false},
		{"sizes", `"cpu": ".25 vCPU", "memory": "0.5GB"`, `"cpu": "256", "memory": "512"`, true},
		{"no sizes", `"cpu": "nan vCPU", "memory": "-1 GB"`, `"cpu": "0", "memory": "-1024"`, false},
		{"a Docker volume is no bind mount", `"volumes": [{"name": "v", "dockerVolumeConfiguration": {}}]`, `"volumes": [{"name": "v"}]`, false},
		{"an empty host is none", `"volumes": [{"name": "v", "host": {}, "configuredAtLaunch": false}]`, `"volumes": [{"name": "v"}]`, true},
		{"the root of a file system", `"volumes": [{"name": "v", "efsVolumeConfiguration": {"fileSystemId": "fs", "rootDirectory": "/", "transitEncryption": "DISABLED", "authorizationConfig": {"iam": "DISABLED"}}}]`, `"volumes": [{"name": "v", "efsVolumeConfiguration": {"fileSystemId": "fs"}}]`, true},
		{"containers", `"containerDefinitions": [{"name": "a", "image": "x"}, {"name": "b", "image": "y"}]`, `"containerDefinitions": [{"name": "b", "image": "y"}, {"name": "a", "image": "x"}]`, true},
		{"images are compared as text", `"containerDefinitions": [{"name": "a", "image": "nginx"}]`, `"containerDefinitions": [{"name": "a", "image": "docker.io/library/nginx:latest"}]`, false},
		{"host ports in awsvpc mode", `"networkMode": "awsvpc", ` + fmt.Sprintf(port, "80"), `"networkMode": "awsvpc", ` + fmt.Sprintf(port, "null"), true},
		{"host ports in host mode", `"networkMode": "host", ` + fmt.Sprintf(port, "80"), `"networkMode": "host", ` + fmt.Sprintf(port, "0"), true},
		{"another host port", `"networkMode": "host", ` + fmt.Sprintf(port, "81"), `"networkMode": "host", ` + fmt.Sprintf(port, "0"), false},
	}
	for _, tt := range task {
		check(t, tt.name, described(t, "{"+tt.a+"}"), described(t, "{"+tt.b+"}"), tt.equal)
	}
}

func check(t *testing.T, name string, a, b Definition, equal bool) {
	t.Helper()
	if Equal(a, b) != equal || Equal(b, a) != equal || (len(Diff(a, b)) == 0) != equal {
		t.Errorf("%s: equal is %t, want %t; differences: %q", name, Equal(a, b), equal, lines(Diff(a, b)))
	}
}

// TestWords: what people read.
func TestWords(t *testing.T) {
	a := described(t, `{"family": "web", "requiresCompatibilities": ["FARGATE", "EC2"], "containerDefinitions": [
		{"name": "app", "image": "x:1", "command": ["run", "--fast"], "extraHosts": [{"hostname": "h", "ipAddress": "1"}, {"hostname": "h", "ipAddress": "2"}], "portMappings": [{"containerPort": 80}], "environment": [{"name": "A", "value": "1"}]},
		{"name": "old", "image": "old:1", "environment": [{"name": "A", "value": "1"}]}]}`)
	b := described(t, `{"family": "web", "requiresCompatibilities": ["EC2"], "tags": [{"key": "value", "value": "1"}], "containerDefinitions": [
		{"name": "debug", "image": "x:1", "memory": 64, "environment": [{"name": "B", "value": "hunter2"}]},
		{"name": "app", "image": "x:2", "command": ["run", "<&>"], "essential": false, "extraHosts": [{"hostname": "h", "ipAddress": "1"}, {"hostname": "h", "ipAddress": "3"}], "portMappings": [{"containerPort": 80, "hostPort": 8080}, {"containerPort": 53, "protocol": "udp"}],
		 "dockerLabels": {"value": "v", "line": "one\ntwo\u001b[2J"}, "logConfiguration": {"options": {"value": "v"}}, "ulimits": [{"name": "core", "softLimit": 1}],
		 "environment": [{"name": "A", "value": "1"}, {"name": "", "value": ""}], "healthCheck": {"command": [], "interval": 5}}]}`)
	want := []string{
		`app: image: x:1 -> x:2`,
		`container "debug" added (image x:1)`,
		`container "old" removed (image old:1)`,
		`requiresCompatibilities: ["EC2","FARGATE"] -> ["EC2"]`,
		`tags value: added 1`,
		`app: command: ["run","--fast"] -> ["run","<&>"]`,
		`app: dockerLabels line: added "one\ntwo\x1b[2J"`,
		`app: dockerLabels value: added v`,
		`app: environment "": added ""`,
		`app: essential: added false`,
		`app: extraHosts h#2 ipAddress: 2 -> 3`,
		`app: healthCheck interval: added 5`,
		`app: logConfiguration options value: added v`,
		`app: portMappings 53/udp: added present`,
		`app: portMappings 80/tcp hostPort: added 8080`,
		`app: ulimits core softLimit: added 1`,
	}
	if diff := cmp.Diff(want, lines(DiffInClear(a, b))); diff != "" {
		t.Error(diff)
	}
	for i, d := range DiffInClear(b, a) {
		if forth := DiffInClear(a, b)[i]; d.Field == "image" && (d.Old != forth.New || d.New != forth.Old) {
			t.Errorf("back is not forth: %v, %v", d, forth)
		}
	}
	under := DiffInClear(a, b)[1]
	under.Container = ""
	if got := under.String(); got != "added (image x:1)" {
		t.Errorf("under a heading: %q", got)
	}
	if got := lines(Diff(Definition{}, Definition{})); got != nil {
		t.Errorf("no definition differs from none: %q", got)
	}
}

// TestSecrecy: positions decide what is masked, whatever things are called, and
// names do if they are data.
func TestSecrecy(t *testing.T) {
	const marker = "hunter2"
	hidden := []string{
		`"environment": [{"name": "A", "value": "hunter2"}]`,
		`"environment": [{"name": "secrets", "value": "hunter2", "secretOptions": "hunter2"}]`,
		`"environment": [{"name": "", "value": "hunter2"}]`,
		`"environment": {"A": "hunter2"}`,
		`"environment": ["hunter2"]`,
		`"environment": "A=hunter2"`,
		`"logConfiguration": {"options": {"splunk-token": "hunter2"}}`,
		`"logConfiguration": {"options": {"HTTP_Passwd": "hunter2"}}`,
		`"logConfiguration": {"options": {"api-key": "hunter2"}}`,
		`"logConfiguration": {"options": {"url": "https://me:hunter2@logs.example.com"}}`,
		`"logConfiguration": {"options": {"Header": "Authorization Bearer hunter2"}}`,
		`"firelensConfiguration": {"options": {"Shared_Key": "hunter2"}}`,
		`"dockerLabels": {"DB_PASSWORD": "hunter2"}`,
		`"command": ["run", "--password=hunter2"]`,
		`"command": ["run", "--db-password", "hunter2"]`,
		`"entryPoint": ["sh", "-c", "API_KEY='hunter2' run --fast"]`,
		`"healthCheck": {"command": ["CMD-SHELL", "curl --token hunter2 localhost"]}`,
		`"healthCheck": {"command": ["CMD-SHELL", "curl -H 'X-API-Key: hunter2' localhost"]}`,
		`"command": ["post", "{\"user\": \"me\", \"password\": \"hunter2\"}"]`,
		`"command": ["psql", "postgres://me:a/hunter2@b/hunter2@db/web"]`,
		`"next": "hunter2"`,
		`"next": {"a": [{"name": "hunter2"}]}`,
		`"secrets": [{"name": "A", "value": "hunter2"}]`,
	}
	for _, members := range hidden {
		before, after := app(t, ""), app(t, ", "+members)
		for _, d := range slices.Concat(Diff(before, after), Diff(after, before)) {
			if text, _ := json.Marshal(d); strings.Contains(string(text)+d.String(), marker) || !strings.Contains(d.String(), "***") {
				t.Errorf("%s is shown: %s", members, d)
			}
		}
		if clear := fmt.Sprint(DiffInClear(before, after)); !strings.Contains(clear, marker) || strings.Contains(clear, "***") {
			t.Errorf("%s is masked where values are asked for: %s", members, clear)
		}
	}
	shown := []string{
		`"image": "hunter2"`,
		`"secrets": [{"name": "DB_PASSWORD", "valueFrom": "hunter2"}]`,
		`"repositoryCredentials": {"credentialsParameter": "hunter2"}`,
		`"credentialSpecs": ["credentialspec:hunter2"]`,
		`"logConfiguration": {"options": {"awslogs-group": "hunter2"}, "secretOptions": [{"name": "apikey", "valueFrom": "x"}]}`,
		`"command": ["echo", "hunter2"]`,
		`"command": ["fetch", "arn:aws:secretsmanager:us-east-1:1:secret:hunter2", "http://localhost:8080/hunter2"]`,
		`"user": "hunter2"`,
	}
	for _, members := range shown {
		if text := fmt.Sprint(Diff(app(t, ""), app(t, ", "+members))); !strings.Contains(text, marker) || strings.Contains(text, "***") {
			t.Errorf("%s is masked: %s", members, text)
		}
	}
}

// TestSecrecyOfOddContainers: a container may be called anything, and what ECS
// answers may be no container at all.
func TestSecrecyOfOddContainers(t *testing.T) {
	before := described(t, `{}`)
	for _, containers := range []string{
		`[{"name": "environment", "image": "x", "environment": [{"name": "A", "value": "hunter2"}]}]`,
		`[{"image": "x", "environment": [{"name": "A", "value": "hunter2"}]}, null]`,
		`[[{"environment": [{"name": "A", "value": "hunter2"}]}]]`,
		`{"environment": [{"name": "A", "value": "hunter2"}]}`,
	} {
		after := described(t, `{"tags": [{"key": "token", "value": "hunter2"}], "containerDefinitions": `+containers+`}`)
		if text := fmt.Sprint(Diff(before, after), Diff(after, before)); strings.Contains(text, "hunter2") || !strings.Contains(text, "***") {
			t.Errorf("%s: %s", containers, text)
		}
	}
	a := described(t, `{"containerDefinitions": [{"name": "", "image": "x"}, {"name": "secrets", "image": "x"}]}`)
	b := described(t, `{"containerDefinitions": [{"name": "", "image": "y", "cpu": 1, "environment": [{"name": "A", "value": "hunter2"}]}, {"name": "secrets", "image": "y"}]}`)
	want := []string{`"": image: x -> y`, `secrets: image: x -> y`, `"": cpu: added 1`, `"": environment A: added ` + Mask("hunter2")}
	if diff := cmp.Diff(want, lines(Diff(a, b))); diff != "" {
		t.Error(diff)
	}
}

// reread is an equal document that shares nothing with the first.
func reread(t testing.TB, doc map[string]any) Definition {
	text, err := encode(map[string]any{"taskDefinition": doc}, "")
	if err != nil {
		t.Fatal(err)
	}
	d, err := FromDescribe(text)
	if err != nil {
		t.Fatal(err)
	}
	return d
}

// TestRealDefinitions compares real definitions from public repositories with
// themselves, and with themselves as ECS would answer them.
func TestRealDefinitions(t *testing.T) {
	const dir = "../../../shared/reference/taskdefs"
	if _, err := os.Stat(dir); err != nil {
		t.Skipf("the collection of real definitions is not part of a clone: %v", err)
	}
	files, err := filepath.Glob(filepath.Join(dir, "*.json"))
	if err != nil {
		t.Fatal(err)
	}
	compared := 0
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		doc, err := decodeObject(text)
		if err != nil {
			continue // a template, or broken: others test the refusal
		}
		if inner, ok := doc["taskDefinition"].(map[string]any); ok {
			doc = inner
		}
		definition := reread(t, doc)
		filled := clone(definition.doc).(map[string]any)
		fill(filled, filled, treatments(), func(string) bool { return true })
		check(t, filepath.Base(file), definition, reread(t, doc), true)
		check(t, filepath.Base(file)+" filled in", definition, Definition{doc: filled}, true)
		compared++
	}
	if compared < 30 {
		t.Errorf("only %d definitions were compared", compared)
	}
}
