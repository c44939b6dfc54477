package fleet_test

// The bench of this package's tests: the real SDK client on the embedded ECS, in
// virtual time, with every write on record.

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/ecs"

	"github.com/ecs-deploy/ecs-deploy/pkg/deploy"
	"github.com/ecs-deploy/ecs-deploy/pkg/ecssim"
	"github.com/ecs-deploy/ecs-deploy/pkg/fleet"
)

// bench is one simulated account with some services, each of two tasks.
type bench struct {
	testing.TB
	client *ecs.Client
	http   *http.Client

	mutex  sync.Mutex
	calls  []call
	events []deploy.Event
	// refuse, if set, may answer a call with an error of AWS: its body.
	refuse    func(call) string
	throttles atomic.Int32 // calls that the simulator refused for their rate
	// before, if set, runs before each call.
	before func(call)
	// light: what calls ask is not kept.
	light bool
}

// call is one request.
type call struct {
	operation string
	body      string
	at        time.Time
}

// named reports whether a call is about a service.
func (c call) named(service string) bool {
	return strings.Contains(c.body, `"`+service+`"`) || strings.Contains(c.body, "/"+service+`"`)
}

// world is a world of services. Each runs its own family; extra is more of the world.
func world(services []string, extra string) string {
	var text strings.Builder
	text.WriteString("clusters: [{name: prod}]\n" +
		"serviceDefaults:\n  deploymentConfiguration: {deploymentCircuitBreaker: {enable: true, rollback: true}, minimumHealthyPercent: 100, maximumPercent: 200}\n" +
		"taskDefinitions:\n")
	for _, s := range services {
		fmt.Fprintf(&text, "  - {family: %s, networkMode: awsvpc, requiresCompatibilities: [FARGATE], cpu: \"256\", memory: \"512\", containerDefinitions: [{name: app, image: \"repo/%s:v1\"}]}\n", s, s)
	}
	text.WriteString("services:\n")
	for _, s := range services {
		fmt.Fprintf(&text, "  - {cluster: prod, serviceName: %s, taskDefinition: %s, desiredCount: 2, launchType: FARGATE, networkConfiguration: {awsvpcConfiguration: {subnets: [subnet-1]}}}\n", s, s)
	}
	return text.String() + extra
}

// oneDefinition is a world of services that run the same definition, that of the first.
func oneDefinition(services []string, extra string) string {
	text := world(services, extra)
	for _, s := range services {
		text = strings.Replace(text, "serviceName: "+s+", taskDefinition: "+s, "serviceName: "+s+", taskDefinition: "+services[0], 1)
	}
	return text
}

// inWorld runs a test in virtual time.
func inWorld(t *testing.T, text string, test func(b *bench)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) { test(newBench(t, text)) })
}

func newBench(t testing.TB, text string) *bench {
	t.Helper()
	w, err := ecssim.ParseWorld("world", []byte(text))
	if err != nil {
		t.Fatal(err)
	}
	simulator, err := ecssim.New(w)
	if err != nil {
		t.Fatal(err)
	}
	b := &bench{TB: t, http: simulator.HTTPClient()}
	b.client = ecs.NewFromConfig(aws.Config{
		Region: "us-east-1", Credentials: credentials.NewStaticCredentialsProvider("a", "b", ""),
		BaseEndpoint: aws.String("http://aws.simulated"), HTTPClient: b,
	})
	return b
}

// Do is one call.
func (b *bench) Do(request *http.Request) (*http.Response, error) {
	body, err := io.ReadAll(request.Body)
	if err != nil {
		return nil, err
	}
	request.Body = io.NopCloser(bytes.NewReader(body))
	_, operation, _ := strings.Cut(request.Header.Get("X-Amz-Target"), ".")
	c := call{operation, string(body), time.Now()}
	b.mutex.Lock()
	b.calls = append(b.calls, c)
	if b.light {
		b.calls[len(b.calls)-1].body = ""
	}
	b.mutex.Unlock()
	if b.before != nil {
		b.before(c)
	}
	if b.refuse != nil {
		if text := b.refuse(c); text != "" {
			return &http.Response{StatusCode: http.StatusBadRequest, Header: http.Header{}, Body: io.NopCloser(strings.NewReader(text)), Request: request}, nil
		}
	}
	response, err := b.http.Do(request)
	if err == nil && response.StatusCode == http.StatusBadRequest {
		text, err := io.ReadAll(response.Body)
		if err != nil {
			return nil, err
		}
		if strings.Contains(string(text), "ThrottlingException") {
			b.throttles.Add(1)
		}
		response.Body = io.NopCloser(bytes.NewReader(text))
	}
	return response, err
}

// made are the calls of an operation.
func (b *bench) made(operation string) []call {
	b.mutex.Lock()
	defer b.mutex.Unlock()
	return slices.DeleteFunc(slices.Clone(b.calls), func(c call) bool { return c.operation != operation })
}

// updated are the services that were updated, in order.
func (b *bench) updated() []string {
	var names []string
	for _, c := range b.made("UpdateService") {
		var input struct{ Service string }
		if err := json.Unmarshal([]byte(c.body), &input); err != nil {
			b.Fatal(err)
		}
		names = append(names, input.Service[strings.LastIndexByte(input.Service, '/')+1:])
	}
	return names
}

// untouched fails the test if anything was written.
func (b *bench) untouched() {
	b.Helper()
	for _, operation := range []string{"UpdateService", "RegisterTaskDefinition", "DeregisterTaskDefinition", "StopServiceDeployment"} {
		if made := b.made(operation); len(made) > 0 {
			b.Errorf("nothing may be written, but: %v", made)
		}
	}
}

// crew are members for some services; "web needs api,worker" needs others. Each deploys
// v2 of its image.
func (b *bench) crew(services ...string) []fleet.Member {
	return b.crewOf(deploy.New(b.client, deploy.WithObserver(fleet.InOrder(func(e deploy.Event) { b.events = append(b.events, e) }))), services...)
}

func (b *bench) crewOf(base *deploy.Deployer, services ...string) []fleet.Member {
	registrations := &deploy.Registrations{}
	var members []fleet.Member
	for _, text := range services {
		name, needs, _ := strings.Cut(text, " needs ")
		m := fleet.Member{Name: name, Deployer: base.With(deploy.WithMember(name), deploy.WithRegistrations(registrations))}
		if needs != "" {
			m.Needs = strings.Split(needs, ",")
		}
		r := deploy.Request{Ref: deploy.Ref{Cluster: "prod", Service: name}, Want: deploy.Want{Images: []string{"repo/" + name + ":v2"}}}
		m.Plan = func(ctx context.Context) (*deploy.Plan, error) { return m.Deployer.Prepare(ctx, r, m.Policy) }
		members = append(members, m)
	}
	return members
}

// sharing has all members deploy the same image, that of the first.
func (b *bench) sharing(members []fleet.Member) {
	for i := range members {
		m := &members[i]
		r := deploy.Request{Ref: deploy.Ref{Cluster: "prod", Service: m.Name}, Want: deploy.Want{Images: []string{"repo/" + members[0].Name + ":v2"}}}
		m.Plan = func(ctx context.Context) (*deploy.Plan, error) { return m.Deployer.Prepare(ctx, r, m.Policy) }
	}
}

// run plans and carries out a run.
func (b *bench) run(ctx context.Context, o fleet.Options, members ...fleet.Member) fleet.Outcome {
	b.Helper()
	plan, err := fleet.Prepare(ctx, members)
	if err != nil {
		b.Fatal(err)
	}
	outcome, err := plan.Carry(ctx, o)
	if err != nil {
		b.Fatal(err)
	}
	return outcome
}

// want fails the test if the members did not end as the words say: "api succeeded".
func (b *bench) want(o fleet.Outcome, code int, ends ...string) {
	b.Helper()
	var got []string
	for _, r := range o.Members {
		got = append(got, r.Member+" "+string(r.Verdict))
	}
	if !slices.Equal(got, ends) || o.ExitCode() != code {
		b.Errorf("exit code %d, want %d:\n got %q\nwant %q", o.ExitCode(), code, got, ends)
		for _, r := range o.Members {
			b.Logf("%s %s: %s", r.Member, r.Verdict, r.Reason)
		}
	}
	if verdict := o.Verdict(); verdict.ExitCode() != code {
		b.Errorf("verdict %s has exit code %d, not %d", verdict, verdict.ExitCode(), code)
	}
}
