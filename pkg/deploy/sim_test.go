package deploy_test

// The bench of this package's tests: the real SDK client on the embedded ECS,
// in virtual time, with every call on record.

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs"
	"github.com/aws/aws-sdk-go-v2/service/ecs"
	"github.com/aws/aws-sdk-go-v2/service/ecs/types"
	elb "github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2"

	"github.com/ecs-deploy/ecs-deploy/pkg/deploy"
	"github.com/ecs-deploy/ecs-deploy/pkg/ecssim"
	"github.com/ecs-deploy/ecs-deploy/pkg/report/schematest"
)

// bench is one simulated account and a deployer on it.
type bench struct {
	testing.TB
	client *ecs.Client
	logs   *cloudwatchlogs.Client
	elb    *elb.Client
	http   *http.Client // the simulator itself
	calls  []call
	mutex  sync.Mutex // calls may come together
	events []deploy.Event
	// before, if set, runs before each call reaches ECS.
	before func(operation string)
	// answer, if set, may answer a call in the place of ECS.
	answer func(operation string) (body string, ok bool)
	// refuse, if set, may answer a call with an error of AWS.
	refuse func(operation string) (body string, ok bool)
	// killAt, if not 0, is the number of the call at which the process dies:
	// before it reaches ECS, or with killAfter when it has been carried out.
	killAt    int
	killAfter bool
}

// errKilled is what the process dies of.
var errKilled = errors.New("killed")

// call is one request, as it went over the wire.
type call struct {
	operation string
	body      map[string]any
}

// callOf reads a request.
func callOf(request *http.Request, body []byte) (call, error) {
	_, operation, _ := strings.Cut(request.Header.Get("X-Amz-Target"), ".")
	c := call{operation: operation}
	if operation == "" { // a neighbour that does not speak JSON
		form, err := url.ParseQuery(string(body))
		if err != nil {
			return c, fmt.Errorf("sent %q: %w", body, err)
		}
		c.operation = form.Get("Action")
	} else if err := json.Unmarshal(body, &c.body); err != nil {
		return c, fmt.Errorf("%s sent %q: %w", operation, body, err)
	}
	return c, nil
}

// webWorld is the world of most tests: one service, two healthy tasks, circuit
// breaker with rollback.
const webWorld = `
clusters: [{name: prod}]
serviceDefaults:
  deploymentConfiguration:
    deploymentCircuitBreaker: {enable: true, rollback: true}
    minimumHealthyPercent: 100
    maximumPercent: 200
taskDefinitions:
  - family: web
    networkMode: awsvpc
    requiresCompatibilities: [FARGATE]
    cpu: "256"
    memory: "512"
    containerDefinitions: [{name: app, image: "repo/web:v1"}, {name: proxy, image: "nginx:1.29"}]
services:
  - cluster: prod
    serviceName: web
    taskDefinition: web
    desiredCount: 2
    launchType: FARGATE
    networkConfiguration: {awsvpcConfiguration: {subnets: [subnet-1]}}
`

// The same world without anybody who ends a failing deployment, and with a
// circuit breaker that does not roll back.
var (
	unguarded  = strings.Replace(webWorld, "enable: true, rollback: true", "enable: false, rollback: false", 1)
	noRollback = strings.Replace(webWorld, "rollback: true", "rollback: false", 1)
)

// inWorld runs a test in virtual time on a world in YAML.
func inWorld(t *testing.T, yaml string, test func(b *bench)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		world, err := ecssim.ParseWorld("world", []byte(yaml))
		if err != nil {
			t.Fatal(err)
		}
		test(newBench(t, world))
	})
}

func newBench(t testing.TB, world ecssim.World) *bench {
	simulator, err := ecssim.New(world)
	if err != nil {
		t.Fatal(err)
	}
	b := &bench{TB: t, http: simulator.HTTPClient()}
	cfg := simulated(&recorder{bench: b, next: b.http})
	b.client, b.logs, b.elb = ecs.NewFromConfig(cfg), cloudwatchlogs.NewFromConfig(cfg), elb.NewFromConfig(cfg)
	t.Cleanup(func() { schematest.Events(t, b.events...) })
	return b
}

// simulated are the settings of AWS clients that talk through client.
func simulated(client aws.HTTPClient) aws.Config {
	return aws.Config{
		Region: "us-east-1", Credentials: credentials.NewStaticCredentialsProvider("a", "b", ""),
		BaseEndpoint: aws.String("http://aws.simulated"), HTTPClient: client,
	}
}

// recorder keeps every request.
type recorder struct {
	bench *bench
	next  *http.Client
}

func (r *recorder) Do(request *http.Request) (*http.Response, error) {
	body, err := io.ReadAll(request.Body)
	if err != nil {
		return nil, err
	}
	request.Body = io.NopCloser(bytes.NewReader(body))
	c, err := callOf(request, body)
	if err != nil {
		return nil, err
	}
	operation := c.operation
	r.bench.mutex.Lock()
	r.bench.calls = append(r.bench.calls, c)
	r.bench.mutex.Unlock()
	if r.bench.before != nil {
		r.bench.before(operation)
	}
	if r.bench.killAt > 0 && len(r.bench.calls) == r.bench.killAt {
		if r.bench.killAfter {
			if _, err := r.next.Do(request); err != nil {
				return nil, err
			}
		}
		panic(errKilled)
	}
	if r.bench.refuse != nil {
		if body, ok := r.bench.refuse(operation); ok {
			return answer(request, http.StatusBadRequest, body), nil
		}
	}
	if r.bench.answer != nil {
		if body, ok := r.bench.answer(operation); ok {
			return answer(request, http.StatusOK, body), nil
		}
	}
	return r.next.Do(request)
}

func (b *bench) deployer() *deploy.Deployer {
	return deploy.New(b.client, deploy.WithLogs(b.logs), deploy.WithTargetHealth(b.elb), deploy.WithObserver(b.observe))
}

// observe keeps the event. Every event of every test must say what it is about; "web"
// is all that a Deployment made by hand may know.
func (b *bench) observe(e deploy.Event) {
	if e.Subject.Kind != deploy.SubjectService || e.Subject.ARN != "web" && !strings.HasPrefix(e.Subject.ARN, "arn:") {
		b.Errorf("a %s event (%s) is about %+v", e.Type, e.Message, e.Subject)
	}
	b.events = append(b.events, e)
}

// webInProd is the service of most worlds here.
var webInProd = deploy.Ref{Cluster: "prod", Service: "web"}

// request deploys v2 of the application to the world's service.
func request() deploy.Request {
	return deploy.Request{Ref: webInProd, Want: deploy.Want{Images: []string{"repo/web:v2"}}}
}

// run runs a request and fails the test on an error.
func (b *bench) run(r deploy.Request, p deploy.Policy) deploy.Outcome {
	b.Helper()
	outcome, err := b.deployer().Run(b.Context(), r, p)
	if err != nil {
		b.Fatalf("run: %v", err)
	}
	return outcome
}

// want fails the test on another verdict.
func (b *bench) want(o deploy.Outcome, verdict string) {
	b.Helper()
	if string(o.Verdict) != verdict {
		b.Fatalf("verdict %s (%s), want %s", o.Verdict, o.Reason, verdict)
	}
}

// made lists the calls of an operation.
func (b *bench) made(operation string) []call {
	var found []call
	for _, c := range b.calls {
		if c.operation == operation {
			found = append(found, c)
		}
	}
	return found
}

// wrote lists the operations that changed something.
func (b *bench) wrote() []string {
	var names []string
	for _, c := range b.calls {
		if !strings.HasPrefix(c.operation, "Describe") && !strings.HasPrefix(c.operation, "List") {
			names = append(names, c.operation)
		}
	}
	return names
}

// untouched fails the test if anything was written.
func (b *bench) untouched() {
	b.Helper()
	if wrote := b.wrote(); len(wrote) > 0 {
		b.Errorf("nothing may be written, but: %v", wrote)
	}
}

// told reports whether an event of a type was seen whose message contains a text.
func (b *bench) told(kind deploy.EventType, text string) bool {
	return slices.ContainsFunc(b.events, func(e deploy.Event) bool { return e.Type == kind && strings.Contains(e.Message, text) })
}

// revisions is the number of revisions of a family.
func (b *bench) revisions(family string) int {
	b.Helper()
	out, err := b.client.ListTaskDefinitions(b.Context(), &ecs.ListTaskDefinitionsInput{FamilyPrefix: &family})
	if err != nil {
		b.Fatal(err)
	}
	return len(out.TaskDefinitionArns)
}

type service = types.Service

// definition is a small definition of the family web.
func definition(image string) *ecs.RegisterTaskDefinitionInput {
	return &ecs.RegisterTaskDefinitionInput{Family: aws.String("web"), ContainerDefinitions: []types.ContainerDefinition{
		{Name: aws.String("app"), Image: &image, Memory: aws.Int32(64)},
	}}
}

// tasks counts the tasks of a service and revision that have not stopped.
func (b *bench) tasks(service, revision string) int {
	b.Helper()
	count := 0
	for _, desired := range []types.DesiredStatus{types.DesiredStatusRunning, types.DesiredStatusStopped} {
		list, err := b.client.ListTasks(b.Context(), &ecs.ListTasksInput{Cluster: aws.String("prod"), ServiceName: &service, DesiredStatus: desired})
		if err != nil {
			b.Fatal(err)
		}
		if len(list.TaskArns) == 0 {
			continue
		}
		out, err := b.client.DescribeTasks(b.Context(), &ecs.DescribeTasksInput{Cluster: aws.String("prod"), Tasks: list.TaskArns})
		if err != nil {
			b.Fatal(err)
		}
		for _, task := range out.Tasks {
			if strings.HasSuffix(*task.TaskDefinitionArn, "/"+revision) && *task.LastStatus != "STOPPED" {
				count++
			}
		}
	}
	return count
}

// deregister makes a revision INACTIVE.
func (b *bench) deregister(name string) {
	b.Helper()
	if _, err := b.client.DeregisterTaskDefinition(b.Context(), &ecs.DeregisterTaskDefinitionInput{TaskDefinition: &name}); err != nil {
		b.Fatal(err)
	}
}

// raw sends a request without the SDK and returns the body of the answer.
func (b *bench) raw(operation, body string) []byte {
	b.Helper()
	request, err := http.NewRequestWithContext(b.Context(), http.MethodPost, "http://ecs.simulated/", strings.NewReader(body))
	if err != nil {
		b.Fatal(err)
	}
	request.Header.Set("Content-Type", "application/x-amz-json-1.1")
	request.Header.Set("X-Amz-Target", "AmazonEC2ContainerServiceV20141113."+operation)
	response, err := (&recorder{bench: b, next: b.http}).Do(request)
	if err != nil {
		b.Fatal(err)
	}
	defer func() { _ = response.Body.Close() }()
	text, err := io.ReadAll(response.Body)
	if err != nil {
		b.Fatal(err)
	}
	return text
}

// deployments is the number of service deployments of the service web.
func (b *bench) deployments() int {
	b.Helper()
	out, err := b.client.ListServiceDeployments(b.Context(), &ecs.ListServiceDeploymentsInput{Cluster: aws.String("prod"), Service: aws.String("web")})
	if err != nil {
		b.Fatal(err)
	}
	return len(out.ServiceDeployments)
}

// answer is a response that does not come from the simulator.
func answer(request *http.Request, status int, body string) *http.Response {
	return &http.Response{StatusCode: status, Header: http.Header{}, Body: io.NopCloser(strings.NewReader(body)), Request: request}
}

// follow joins a deployment ("" is the one there is to wait for) and watches it.
func (b *bench) follow(cluster, service, deployment string) deploy.Outcome {
	b.Helper()
	joined, err := b.deployer().Join(b.Context(), deploy.Ref{Cluster: cluster, Service: service}, deployment)
	if err != nil {
		b.Fatal(err)
	}
	return b.watch(b.deployer(), joined)
}

// watch watches a deployment to its end.
func (b *bench) watch(d *deploy.Deployer, deployment deploy.Deployment) deploy.Outcome {
	b.Helper()
	o, err := d.Watch(b.Context(), deployment, deploy.WatchOptions{})
	if err != nil {
		b.Fatal(err)
	}
	return o
}

// rollingBack starts a deployment that fails, and returns when ECS takes it back.
func (b *bench) rollingBack() {
	b.Helper()
	b.run(request(), deploy.Policy{NoWait: true})
	for !strings.Contains(aws.ToString(b.describe("web").Deployments[0].RolloutStateReason), "rolling back") {
		time.Sleep(time.Second)
	}
}

// tasksOf are the ARNs of the tasks of a family in prod that are to run.
func (b *bench) tasksOf(family string) []string {
	out, err := b.client.ListTasks(b.Context(), &ecs.ListTasksInput{Cluster: aws.String("prod"), Family: &family})
	if err != nil {
		b.Fatal(err)
	}
	return out.TaskArns
}

// stopTask stops a task as somebody else would.
func (b *bench) stopTask(arn string) {
	if _, err := b.client.StopTask(b.Context(), &ecs.StopTaskInput{Cluster: aws.String("prod"), Task: &arn, Reason: aws.String("maintenance")}); err != nil {
		b.Error(err)
	}
}
