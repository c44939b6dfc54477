package ecssim_test

// This file tests task definitions: kept without loss, completed as ECS does,
// refused as ECS does.

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/ecs-deploy/ecs-deploy/pkg/ecssim"
)

func TestRegisterRefuses(t *testing.T) {
	sim := newDemo(t)
	const ok = `"name":"a","image":"a","memory":64`
	long := strings.Repeat("x", 70000)
	for _, c := range []struct{ body, code, message string }{
		{`{"containerDefinitions":[{` + ok + `}]}`, "ClientException", "Family should not be null or empty."},
		{`{"family":"a b","containerDefinitions":[{` + ok + `}]}`, "ClientException", "Family contains invalid characters."},
		{`{"family":"a"}`, "ClientException", "Container definitions should not be null or empty."},
		{`{"family":"a","containerDefinitions":[{"image":"a","memory":64}]}`, "ClientException", "Container.name should not be null or empty."},
		{`{"family":"a","containerDefinitions":[{"name":"a","memory":64}]}`, "ClientException", "Container.image should not be null or empty."},
		{`{"family":"a","containerDefinitions":[{"name":"a","image":"a"}]}`, "ClientException", "Invalid setting for container 'a'. At least one of 'memory' or 'memoryReservation' must be specified."},
		{`{"family":"a","containerDefinitions":[{` + ok + `},{` + ok + `}]}`, "ClientException", "Container names must be unique within a Task Definition."},
		{`{"family":"a","containerDefinitions":[{` + ok + `,"essential":false}]}`, "ClientException", "essential"},
		{`{"family":"a","cpu":256,"containerDefinitions":[{` + ok + `}]}`, "SerializationException", "NUMBER_VALUE cannot be converted to String"},
		{`{"family":"a","containerDefinitions":[{"name":"a","image":"a","memory":"64"}]}`, "SerializationException", "STRING_VALUE cannot be converted to Integer"},
		{`{"family":"a","containerDefinitions":[{"name":"a","image":"a","memory":64.5}]}`, "SerializationException", "NUMBER_VALUE cannot be converted to Integer"},
		{`{"family":"a","containerDefinitions":[{` + ok + `,"essential":"true"}]}`, "SerializationException", "STRING_VALUE cannot be converted to Boolean"},
		{`{"family":"a","containerDefinitions":[{` + ok + `,"environment":[{"name":"K","value":true}]}]}`, "SerializationException", "BOOLEAN_VALUE cannot be converted to String"},
		{`{"family":"a","containerDefinitions":[{"name":"a b","image":"a","memory":64}]}`, "ClientException", "Container.name contains invalid characters."},
		{`{"family":"a","containerDefinitions":{}}`, "SerializationException", ""},
		{`{"family":"a","cpu":"much","containerDefinitions":[{` + ok + `}]}`, "ClientException", "Invalid 'cpu' setting for task."},
		{`{"family":"a","containerDefinitions":[{` + ok + `,"environment":[{"name":"K","value":"v"}],"secrets":[{"name":"K","valueFrom":"arn"}]}]}`, "ClientException", "such as 'K'"},
		{`{"family":"a","containerDefinitions":[{` + ok + `,"mountPoints":[{"sourceVolume":"v","containerPath":"/v"}]}]}`, "ClientException", "Unknown volume 'v'."},
		{`{"family":"a","networkMode":"awsvpc","containerDefinitions":[{` + ok + `,"portMappings":[{"containerPort":80,"hostPort":81}]}]}`, "ClientException", "must match"},
		{`{"family":"a","containerDefinitions":[{` + ok + `,"user":"` + long + `"}]}`, "ClientException", "Max allowed length is '65536' bytes."},
		{`{"family":"a","placementConstraints":[` + strings.Repeat(`{"type":"distinctInstance"},`, 10) + `{}],"containerDefinitions":[{` + ok + `}]}`, "ClientException", "placementConstraints cannot have more than 10 elements."},
		{`{"family":"a","tags":[` + strings.Repeat(`{"key":"k","value":"v"},`, 50) + `{"key":"k"}],"containerDefinitions":[{` + ok + `}]}`, "InvalidParameterException", "50"},
		{`{"family":"a","requiresCompatibilities":["FARGATE"],"containerDefinitions":[{` + ok + `}]}`, "ClientException", "awsvpc"},
		{`{"family":"a","requiresCompatibilities":["FARGATE"],"networkMode":"awsvpc","memory":"512","containerDefinitions":[{` + ok + `}]}`, "ClientException", "'cpu' be defined"},
		{`{"family":"a","requiresCompatibilities":["FARGATE"],"networkMode":"awsvpc","cpu":"256","memory":"4096","containerDefinitions":[{` + ok + `}]}`, "ClientException", "No Fargate configuration exists for given values."},
	} {
		code, body := post(t, sim, "RegisterTaskDefinition", c.body)
		if code != 400 || !strings.Contains(body, `"`+c.code+`"`) || !strings.Contains(body, c.message) {
			t.Errorf("%.120s: %d %s, want %s: %s", c.body, code, body, c.code, c.message)
		}
	}
}

// TestRegisterIsLossless sends a definition with members that no ECS has yet,
// and numbers that a float cannot hold.
func TestRegisterIsLossless(t *testing.T) {
	sim := newDemo(t)
	const input = `{"family":"a","cpu":".5 vCPU","memory":"1 GB","flux":{"deep":[{"n":12345678901234567890,"x":0.10}]},
		"containerDefinitions":[{"name":"a","image":"a","quantum":{"on":true,"list":[1,2]},"portMappings":[{"containerPort":80,"spin":9007199254740993}],
		"healthCheck":{"command":["CMD","x"],"mood":"good"},"user":null,"environment":[{"name":"A","value":"<&>"}]}],
		"tags":[{"key":"team","value":"a"}]}`
	code, body := post(t, sim, "RegisterTaskDefinition", input)
	if code != 200 {
		t.Fatal(body)
	}
	for _, part := range []string{
		`"n":12345678901234567890`, `"x":0.10`, `"quantum":{"list":[1,2],"on":true}`, `"spin":9007199254740993`, `"mood":"good"`,
		`"cpu":"512"`, `"memory":"1024"`, `"hostPort":0`, `"protocol":"tcp"`, `"interval":30`, `"value":"<&>"`, `"tags":[{"key":"team","value":"a"}]`,
	} {
		if !strings.Contains(body, part) {
			t.Errorf("the answer lacks %s:\n%s", part, body)
		}
	}
	if strings.Contains(body, `"user"`) {
		t.Error("a null came back")
	}
	data, err := sim.Save()
	if err != nil {
		t.Fatal(err)
	}
	again, err := ecssim.Load(data)
	if err != nil {
		t.Fatal(err)
	}
	_, want := post(t, sim, "DescribeTaskDefinition", `{"taskDefinition":"a","include":["TAGS"]}`)
	if _, got := post(t, again, "DescribeTaskDefinition", `{"taskDefinition":"a:1","include":["TAGS"]}`); got != want || !strings.Contains(got, "12345678901234567890") {
		t.Errorf("after Load:\n%s\nwant\n%s", got, want)
	}
}

// TestRegisterAgain registers what DescribeTaskDefinition answered: the result
// is the same but for its revision.
func TestRegisterAgain(t *testing.T) {
	sim := newDemo(t)
	_, first := post(t, sim, "DescribeTaskDefinition", `{"taskDefinition":"web"}`)
	var doc struct {
		TaskDefinition json.RawMessage `json:"taskDefinition"`
	}
	if err := json.Unmarshal([]byte(first), &doc); err != nil {
		t.Fatal(err)
	}
	code, second := post(t, sim, "RegisterTaskDefinition", string(doc.TaskDefinition))
	if code != 200 {
		t.Fatal(second)
	}
	strip := func(text string) any {
		var v map[string]map[string]any
		if err := json.Unmarshal([]byte(text), &v); err != nil {
			t.Fatal(err)
		}
		for _, member := range []string{"revision", "taskDefinitionArn", "registeredAt"} {
			delete(v["taskDefinition"], member)
		}
		return v["taskDefinition"]
	}
	if diff := cmp.Diff(strip(first), strip(second)); diff != "" {
		t.Error(diff)
	}
}

// TestRealTaskDefinitions registers task definitions as people have them: each
// is taken or refused with a reason, and what it says comes back.
func TestRealTaskDefinitions(t *testing.T) {
	files, _ := filepath.Glob(filepath.Join("..", "..", "..", "shared", "reference", "taskdefs", "*.json"))
	if len(files) == 0 {
		t.Skip("the collection of real task definitions is not here")
	}
	sim := newDemo(t)
	taken := 0
	for _, file := range files {
		data, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		if !json.Valid(data) || bytes.Contains(data, []byte(`"taskDefinition":`)) {
			continue
		}
		code, body := post(t, sim, "RegisterTaskDefinition", string(data))
		switch {
		case code == 200:
			taken++
		case code == 400 && strings.Contains(body, `"ClientException"`), code == 400 && strings.Contains(body, `"SerializationException"`):
			t.Log(filepath.Base(file), body)
		default:
			t.Errorf("%s: %d %s", filepath.Base(file), code, body)
		}
	}
	if taken < 10 {
		t.Errorf("only %d of %d were taken", taken, len(files))
	}
}

func TestListTaskDefinitions(t *testing.T) {
	sim := newDemo(t)
	for _, family := range []string{"web", "web", "web-admin", "api"} {
		post(t, sim, "RegisterTaskDefinition", fmt.Sprintf(`{"family":%q,"containerDefinitions":[{"name":"a","image":"a","memory":64}]}`, family))
	}
	post(t, sim, "DeregisterTaskDefinition", `{"taskDefinition":"web:3"}`)
	post(t, sim, "DeregisterTaskDefinition", `{"taskDefinition":"api:1"}`)
	for _, c := range []struct{ operation, body, want string }{
		{"ListTaskDefinitions", `{"familyPrefix":"web","sort":"DESC"}`, "web:2,web:1"},
		{"ListTaskDefinitions", `{"familyPrefix":"we"}`, ""},
		{"ListTaskDefinitions", `{"status":"INACTIVE"}`, "api:1,web:3"},
		{"ListTaskDefinitions", `{"maxResults":2}`, "web:1,web:2+"},
		{"ListTaskDefinitionFamilies", `{"familyPrefix":"web"}`, "web,web-admin"},
		{"ListTaskDefinitionFamilies", `{}`, "api,web,web-admin"},
		{"ListTaskDefinitionFamilies", `{"status":"INACTIVE"}`, "api"},
	} {
		_, body := post(t, sim, c.operation, c.body)
		var got struct {
			Arns     []string `json:"taskDefinitionArns"`
			Families []string `json:"families"`
			Next     string   `json:"nextToken"`
		}
		if err := json.Unmarshal([]byte(body), &got); err != nil {
			t.Fatal(err)
		}
		names := got.Families
		for _, arn := range got.Arns {
			names = append(names, strings.TrimPrefix(arn, "arn:aws:ecs:us-east-1:123456789012:task-definition/"))
		}
		text := strings.Join(names, ",")
		if got.Next != "" {
			text += "+"
			_, rest := post(t, sim, c.operation, `{"nextToken":"`+got.Next+`"}`)
			if !strings.Contains(rest, "web-admin:1") || strings.Contains(rest, "web:1") {
				t.Errorf("second page: %s", rest)
			}
		}
		if text != c.want {
			t.Errorf("%s %s: %s, want %s", c.operation, c.body, text, c.want)
		}
	}
	_, body := post(t, sim, "DescribeTaskDefinition", `{"taskDefinition":"web:3"}`)
	if !strings.Contains(body, `"status":"INACTIVE"`) || !strings.Contains(body, `"deregisteredAt"`) {
		t.Errorf("an INACTIVE revision: %s", body)
	}
	if _, body := post(t, sim, "UpdateService", `{"cluster":"demo","service":"web","taskDefinition":"web:3"}`); !strings.Contains(body, `"TaskDefinition is inactive"`) {
		t.Errorf("deploying it: %s", body)
	}
}

// TestTags holds the documented restrictions of tags.
func TestTags(t *testing.T) {
	sim := newDemo(t)
	for tags, want := range map[string]string{
		`[]`:                        `{"__type":"ClientException","message":"Tags can not be empty."}`,
		`[{"key":"","value":"a"}]`:  "empty",
		`[{"key":"aws:x"}]`:         "aws:",
		`[{"key":"a"},{"key":"a"}]`: "more than once",
		`[{"key":"a","value":1}]`:   "NUMBER_VALUE cannot be converted to String",
		`[{"key":"` + strings.Repeat("k", 129) + `"}]`:                                    "128",
		`[{"key":"k","value":"` + strings.Repeat("v", 257) + `"}]`:                        "256",
		`[{"key":"a","value":""},{"key":"A","value":"` + strings.Repeat("é", 256) + `"}]`: `"revision":1`,
	} {
		_, body := post(t, sim, "RegisterTaskDefinition", `{"family":"a","tags":`+tags+`,"containerDefinitions":[{"name":"a","image":"a","memory":64}]}`)
		if !strings.Contains(body, want) {
			t.Errorf("%.60s: %s, want %s", tags, body, want)
		}
	}
}

// TestFargateSizes are the pairs that AWS documents ("Task CPU and memory"), and
// their neighbours.
func TestFargateSizes(t *testing.T) {
	sim := newDemo(t)
	for _, c := range []struct {
		cpu     string
		memory  []string
		refused []string
	}{
		{"256", []string{"512", "1024", "2048", "2 GB"}, []string{"256", "1536", "3072"}},
		{"512", []string{"1024", "4096"}, []string{"512", "1025", "5120"}},
		{"1024", []string{"2048", "8192"}, []string{"1024", "9216"}},
		{"2048", []string{"4096", "16384"}, []string{"3072", "17408"}},
		{"4 vCPU", []string{"8192", "9216", "30720"}, []string{"7168", "31744"}},
		{"8192", []string{"16384", "20480", "61440"}, []string{"17408", "65536"}},
		{"16384", []string{"32768", "40960", "122880"}, []string{"36864", "131072"}},
		{"300", nil, []string{"512"}},
	} {
		for _, memory := range append(c.memory, c.refused...) {
			code, body := post(t, sim, "RegisterTaskDefinition", fmt.Sprintf(
				`{"family":"a","requiresCompatibilities":["FARGATE"],"networkMode":"awsvpc","cpu":%q,"memory":%q,"containerDefinitions":[{"name":"a","image":"a"}]}`, c.cpu, memory))
			taken := code == 200
			if want := slices.Contains(c.memory, memory); taken != want || !taken && !strings.Contains(body, `"No Fargate configuration exists for given values."`) {
				t.Errorf("cpu %s, memory %s: %d %s", c.cpu, memory, code, body)
			}
		}
	}
}
