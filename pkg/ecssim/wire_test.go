package ecssim_test

// This file tests the wire: what a client that is not the Go SDK gets to see.

import (
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/ecs-deploy/ecs-deploy/pkg/ecssim"
)

const prefix = "AmazonEC2ContainerServiceV20141113."

// newDemo is the scenario healthy with the service web, without a bubble.
func newDemo(t *testing.T) *ecssim.Simulator {
	t.Helper()
	sim, _ := demo(t, "healthy")
	return sim
}

// post sends one raw request.
func post(t *testing.T, sim *ecssim.Simulator, operation, body string) (int, string) {
	t.Helper()
	req := httptest.NewRequest(http.MethodPost, "/", strings.NewReader(body))
	req.Header.Set("X-Amz-Target", prefix+operation)
	w := httptest.NewRecorder()
	sim.ServeHTTP(w, req)
	return w.Code, w.Body.String()
}

func TestWireShowsZerosAndNumericTimes(t *testing.T) {
	sim := newDemo(t)
	_, td := post(t, sim, "RegisterTaskDefinition", `{"family":"web","containerDefinitions":[{"name":"web","image":"web:2","command":["<2>&"],"memory":128}],"networkMode":"awsvpc","cpu":"256","memory":"512","requiresCompatibilities":["FARGATE"]}`)
	code, body := post(t, sim, "UpdateService", `{"cluster":"demo","service":"web","taskDefinition":"web"}`)
	if code != 200 {
		t.Fatal(code, body)
	}
	for _, part := range []string{
		`"desiredCount":0`, `"failedTasks":0`, `"pendingCount":0`, `"loadBalancers":[]`, `"serviceRegistries":[]`,
		`"placementConstraints":[]`, `"placementStrategy":[]`, `"enableExecuteCommand":false`, `"healthCheckGracePeriodSeconds":0`,
	} {
		if !strings.Contains(body, part) {
			t.Errorf("UpdateService does not answer %s:\n%s", part, body)
		}
	}
	if !regexp.MustCompile(`"createdAt":[0-9]{10}\.[0-9]{3}[,}]`).MatchString(body) {
		t.Errorf("no numeric createdAt: %s", body)
	}
	for _, part := range []string{
		`"environment":[]`, `"mountPoints":[]`, `"volumesFrom":[]`, `"portMappings":[]`, `"systemControls":[]`,
		`"cpu":0`, `"essential":true`, `"volumes":[]`, `"command":["<2>&"]`, `"revision":2`,
	} {
		if !strings.Contains(td, part) {
			t.Errorf("RegisterTaskDefinition does not answer %s:\n%s", part, td)
		}
	}
	code, body = post(t, sim, "DescribeServices", `{"cluster":"demo","services":["nothing"]}`)
	want := `{"failures":[{"arn":"arn:aws:ecs:us-east-1:123456789012:service/demo/nothing","reason":"MISSING"}],"services":[]}`
	if code != 200 || body != want {
		t.Errorf("a missing service: %d %s", code, body)
	}
}

func TestWireErrors(t *testing.T) {
	sim := newDemo(t)
	many := `"` + strings.Repeat(`web","`, 10) + `web"`
	for _, c := range []struct {
		operation, body string
		code            int
		kind, message   string
	}{
		{"DescribeServices", `{"cluster":"x","services":["web"]}`, 400, "ClusterNotFoundException", "Cluster not found."},
		{"DescribeServices", `{"cluster":"demo","services":[` + many + `]}`, 400, "InvalidParameterException", "more than 10"},
		{"UpdateService", `{"cluster":"demo","service":"x"}`, 400, "ServiceNotFoundException", "Service not found."},
		{"UpdateService", `{"cluster":"demo","service":"web","taskDefinition":"web:9"}`, 400, "ClientException", "TaskDefinition not found."},
		{"UpdateService", `{"cluster":"demo","service":"web","desiredCount":"3"}`, 400, "SerializationException", "STRING_VALUE cannot be converted to Integer"},
		{"UpdateService", `{"cluster":"demo","service":"web","loadBalancers":{}}`, 400, "SerializationException", ""},
		{"DescribeTaskDefinition", `{"taskDefinition":"x"}`, 400, "ClientException", "Unable to describe task definition."},
		{"DeregisterTaskDefinition", `{"taskDefinition":"web"}`, 400, "ClientException", "Revision is missing."},
		{"DescribeServices", `{"cluster":`, 400, "SerializationException", ""},
		{"DescribeServices", `[]`, 400, "SerializationException", ""},
		{"DescribeServices", `null`, 400, "SerializationException", ""},
		{"ListTasks", `{"cluster":"demo","nextToken":"?"}`, 400, "InvalidParameterException", "Invalid token."},
		{"ListTasks", `{"cluster":"demo","maxResults":101}`, 400, "InvalidParameterException", "maxResults"},
		{"CreateGateway", `{}`, 400, "UnknownOperationException", "CreateGateway"},
		{"MakeCoffee", `{}`, 400, "UnknownOperationException", "MakeCoffee"},
		{"", `{}`, 400, "UnknownOperationException", "X-Amz-Target"},
		{"StopServiceDeployment", `{"serviceDeploymentArn":"x"}`, 400, "ServiceDeploymentNotFoundException", "The service deployment does not exist."},
		{"StopTask", `{"cluster":"demo","task":"x"}`, 400, "InvalidParameterException", "The referenced task was not found."},
		{"TagResource", `{"resourceArn":"arn:aws:ecs:us-east-1:123456789012:service/web","tags":[]}`, 400, "InvalidParameterException", "Long arn format"},
	} {
		code, body := post(t, sim, c.operation, c.body)
		var got struct {
			Type    string `json:"__type"`
			Message string `json:"message"`
		}
		if err := json.Unmarshal([]byte(body), &got); err != nil {
			t.Errorf("%s %s: %s", c.operation, c.body, body)
			continue
		}
		if code != c.code || got.Type != c.kind || !strings.Contains(got.Message, c.message) {
			t.Errorf("%s %s: %d %s, want %d %s: …%s…", c.operation, c.body, code, body, c.code, c.kind, c.message)
		}
	}
}

func TestWireHeaders(t *testing.T) {
	sim := newDemo(t)
	req := httptest.NewRequest(http.MethodPost, "/", strings.NewReader(""))
	req.Header.Set("X-Amz-Target", prefix+"ListClusters")
	w := httptest.NewRecorder()
	sim.ServeHTTP(w, req)
	if got := w.Header().Get("Content-Type"); got != "application/x-amz-json-1.1" {
		t.Errorf("Content-Type %q", got)
	}
	if date, err := http.ParseTime(w.Header().Get("Date")); err != nil || time.Since(date).Abs() > time.Minute {
		t.Errorf("Date %v, %v", date, err)
	}
	if w.Header().Get("x-amzn-RequestId") == "" {
		t.Error("no x-amzn-RequestId")
	}
	get := httptest.NewRecorder()
	sim.ServeHTTP(get, httptest.NewRequest(http.MethodGet, "/", nil))
	if get.Code != 400 || !strings.Contains(get.Body.String(), "UnknownOperationException") {
		t.Errorf("GET: %d %s", get.Code, get.Body)
	}
}

// snapshots are the files of request snapshots of one of the SDK's modules.
func snapshots(t *testing.T, module string) []string {
	t.Helper()
	out, err := exec.Command("go", "list", "-m", "-f", "{{.Dir}}", "github.com/aws/aws-sdk-go-v2/service/"+module).Output()
	if err != nil {
		t.Skip("the go command does not find the SDK: ", err)
	}
	files, _ := filepath.Glob(filepath.Join(strings.TrimSpace(string(out)), "request_snapshot", "*.snap"))
	if len(files) == 0 {
		t.Skip("this SDK has no request snapshots")
	}
	return files
}

// TestRequestSnapshots sends every request that the SDK has a snapshot of: each
// gets a proper answer or a proper error.
func TestRequestSnapshots(t *testing.T) {
	for _, file := range snapshots(t, "ecs") {
		data, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		_, body, _ := bytes.Cut(data, []byte("\n{"))
		operation := strings.TrimSuffix(filepath.Base(file), ".request.snap")
		code, answer := post(t, newDemo(t), operation, "{"+string(body))
		var got map[string]any
		if err := json.Unmarshal([]byte(answer), &got); err != nil || code != 200 && code != 400 || code == 400 && got["__type"] == nil {
			t.Errorf("%s: %d %s", operation, code, answer)
		}
		unknown := got["__type"] == "UnknownOperationException"
		if unknown == slices.Contains(ecssim.Served(), operation) || got["__type"] == "SerializationException" {
			t.Errorf("%s: %s", operation, answer)
		}
	}
}

// TestNeighbourSnapshots does the same with the neighbours: what they lack is
// refused by its name, each in its own protocol.
func TestNeighbourSnapshots(t *testing.T) {
	for _, module := range []string{"elasticloadbalancingv2", "cloudwatchlogs", "ecr", "sts"} {
		for _, file := range snapshots(t, module) {
			data, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			parts := strings.SplitN(string(data), "\n\n", 3) // request line, headers, body
			req := httptest.NewRequest(http.MethodPost, "/", strings.NewReader(parts[2]))
			for line := range strings.Lines(parts[1]) {
				if name, value, ok := strings.Cut(strings.TrimSpace(line), ": "); ok {
					req.Header.Set(name, value)
				}
			}
			w := httptest.NewRecorder()
			newDemo(t).ServeHTTP(w, req)
			operation := strings.TrimSuffix(filepath.Base(file), ".request.snap")
			refusal := `{"__type":`
			switch module {
			case "elasticloadbalancingv2":
				refusal = `<ErrorResponse xmlns="http://elasticloadbalancing.amazonaws.com/doc/2015-12-01/"><Error><Type>Sender</Type><Code>`
			case "sts":
				refusal = `<ErrorResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><Error><Type>Sender</Type><Code>`
			}
			switch answer := w.Body.String(); operation {
			case "DescribeTargetGroups", "DescribeTargetGroupAttributes", "DescribeTargetHealth", "GetLogEvents",
				"DescribeRules", "DescribeListeners", "ModifyRule", "ModifyListener":
				if !strings.Contains(answer, "NotFound") && !strings.Contains(answer, "not a valid target group ARN") {
					t.Errorf("%s: %d %s", operation, w.Code, answer)
				}
			case "DescribeImages", "GetAuthorizationToken", "AssumeRole", "AssumeRoleWithWebIdentity", "GetCallerIdentity", "FilterLogEvents":
				if strings.Contains(answer, "does not have the operation") {
					t.Errorf("%s: %d %s", operation, w.Code, answer)
				}
			default:
				if w.Code != 400 || !strings.HasPrefix(answer, refusal) || !strings.Contains(answer, operation) {
					t.Errorf("%s: %d %s", operation, w.Code, answer)
				}
			}
		}
	}
}

// TestOtherServices are refused by name too.
func TestOtherServices(t *testing.T) {
	for target, want := range map[string]string{
		"DynamoDB_20120810.GetItem":                     "DynamoDB_20120810.GetItem",
		"AmazonEC2ContainerRegistry_V20150921.PutImage": "does not have the operation PutImage of Amazon ECR",
		"": "Send POST with X-Amz-Target",
	} {
		req := httptest.NewRequest(http.MethodPost, "/", strings.NewReader("{}"))
		req.Header.Set("X-Amz-Target", target)
		w := httptest.NewRecorder()
		newDemo(t).ServeHTTP(w, req)
		if w.Code != 400 || !strings.Contains(w.Body.String(), want) || !strings.Contains(w.Body.String(), "UnknownOperationException") {
			t.Errorf("%q: %d %s", target, w.Code, w.Body)
		}
	}
	req := httptest.NewRequest(http.MethodPost, "/", strings.NewReader("Action=DescribeInstanceHealth&Version=2012-06-01"))
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded; charset=utf-8")
	w := httptest.NewRecorder()
	newDemo(t).ServeHTTP(w, req)
	if w.Code != 400 || !strings.Contains(w.Body.String(), "DescribeInstanceHealth of version 2012-06-01") {
		t.Errorf("Classic Load Balancing: %d %s", w.Code, w.Body)
	}
}

// TestConnectionReset breaks a real connection.
func TestConnectionReset(t *testing.T) {
	world := ecssim.World{Faults: []ecssim.Fault{{Operations: []string{"ListClusters"}, ConnectionReset: true}}}
	sim, err := ecssim.New(world)
	if err != nil {
		t.Fatal(err)
	}
	server := httptest.NewServer(sim)
	defer server.Close()
	for _, client := range []*http.Client{server.Client(), sim.HTTPClient()} {
		req, _ := http.NewRequest(http.MethodPost, server.URL, strings.NewReader("{}"))
		req.Header.Set("X-Amz-Target", prefix+"ListClusters")
		if resp, err := client.Do(req); err == nil {
			body, _ := io.ReadAll(resp.Body)
			resp.Body.Close()
			t.Errorf("answered %s %s", resp.Status, body)
		}
	}
}
