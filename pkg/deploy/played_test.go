package deploy_test

// An ECS that a test plays: each call passes through a function, which may let
// the simulator answer, edit its answer, lose it, or answer in its place.

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"net"
	"net/http"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ecs"

	"github.com/ecs-deploy/ecs-deploy/pkg/deploy"
	"github.com/ecs-deploy/ecs-deploy/pkg/rollout"
)

// doc is a JSON document.
type doc = map[string]any

// play answers a call. The answer nil is a connection that breaks.
type play func(x *exchange) doc

// exchange is one call that is played.
type exchange struct {
	call
	request *http.Request
	player  *player
	half    bool           // of the answer only the first half arrives, and nothing after it
	page    *http.Response // what ECS answered, if that is not JSON
}

// player is the transport of a client whose calls are played.
type player struct {
	bench *bench
	play  play
	calls int
	// carried counts the calls that reached ECS, by operation.
	carried map[string]int
	// deny, if not empty, ends the names of the operations that are denied.
	deny string
}

// runaway is how many calls no test needs: whoever makes more never ends.
const runaway = 5000

var errBroken = &net.OpError{Op: "read", Net: "tcp", Err: syscall.ECONNRESET}

// played is a deployer whose calls are played.
func (b *bench) played(p play) (*deploy.Deployer, *player) {
	transport := &player{bench: b, play: p, carried: map[string]int{}}
	return deploy.New(ecs.NewFromConfig(simulated(transport)), deploy.WithObserver(b.observe)), transport
}

func (p *player) Do(request *http.Request) (*http.Response, error) {
	sent, err := io.ReadAll(request.Body)
	if err != nil {
		return nil, err
	}
	x := &exchange{request: request, player: p}
	if x.call, err = callOf(request, sent); err != nil {
		return nil, err
	}
	request.Body = io.NopCloser(bytes.NewReader(sent))
	if p.calls++; p.calls > runaway {
		if p.calls == runaway+1 {
			p.bench.Errorf("more than %d calls: this never ends", runaway)
		}
		return nil, errors.New("this never ends")
	}
	reply := refused("AccessDeniedException")
	if p.deny == "" || !strings.HasSuffix(x.operation, p.deny) {
		reply = p.play(x)
	}
	if x.page != nil {
		return x.page, nil
	}
	if reply == nil {
		if err := request.Context().Err(); err != nil {
			return nil, err
		}
		return nil, errBroken
	}
	body, err := json.Marshal(reply)
	if err != nil {
		return nil, err
	}
	status := http.StatusOK
	if reply["__type"] != nil {
		status = http.StatusBadRequest
	}
	response := answer(request, status, string(body))
	if x.half {
		response.Body = io.NopCloser(io.MultiReader(bytes.NewReader(body[:len(body)/2]), hanging{request}))
	}
	return response, nil
}

// hanging is the rest of a body that never comes.
type hanging struct{ request *http.Request }

func (h hanging) Read([]byte) (int, error) {
	if err := wait(h.request); err != nil {
		return 0, err
	}
	return 0, errBroken
}

// wait ends with the request's context, or after an hour, when the network breaks.
func wait(request *http.Request) error {
	select {
	case <-request.Context().Done():
	case <-time.After(time.Hour):
	}
	return request.Context().Err()
}

// ecs has the simulator carry the call out, and is its answer.
func (x *exchange) ecs() doc {
	b := x.player.bench
	b.Helper()
	x.player.carried[x.operation]++
	response, err := (&recorder{bench: b, next: b.http}).Do(x.request)
	if err != nil {
		return nil
	}
	body, err := io.ReadAll(response.Body)
	if err != nil {
		b.Fatal(err)
	}
	var d doc
	if json.Unmarshal(body, &d) != nil {
		x.page = answer(x.request, response.StatusCode, string(body))
		return doc{}
	}
	return d
}

// hang gives no answer until the caller gives up.
func (x *exchange) hang() doc {
	_ = wait(x.request) // the caller knows its context
	return nil
}

// refused is an error of AWS.
func refused(code string) doc { return doc{"__type": code, "message": "no: " + code} }

func read(b testing.TB, from io.Reader) doc {
	b.Helper()
	var d doc
	if err := json.NewDecoder(from).Decode(&d); err != nil {
		b.Fatal(err)
	}
	return d
}

// asked is the answer of the simulator to somebody else.
func (b *bench) asked(operation, body string) doc {
	b.Helper()
	return read(b, bytes.NewReader(b.raw(operation, body)))
}

// shown is what DescribeServices answers now.
func (b *bench) shown() doc {
	return b.asked("DescribeServices", `{"cluster":"prod","services":["web"]}`)
}

// records is what ListServiceDeployments answers now, newest first.
func (b *bench) records() []any {
	list, _ := b.asked("ListServiceDeployments", `{"cluster":"prod","service":"web","maxResults":100}`)["serviceDeployments"].([]any)
	return list
}

// recorded is what DescribeServiceDeployments answers now for a record.
func (b *bench) recorded(arn string) doc {
	return only(b.asked("DescribeServiceDeployments", `{"serviceDeploymentArns":["`+arn+`"]}`), "serviceDeployments")
}

// only is the first element of a list.
func only(d doc, list string) doc { return d[list].([]any)[0].(doc) }

// deploymentsOf are those of an answer about one service.
func deploymentsOf(d doc) []any {
	service, ok := d["service"].(doc)
	if !ok {
		service = only(d, "services")
	}
	list, _ := service["deployments"].([]any)
	return list
}

// primaryOf is the PRIMARY deployment of an answer about one service.
func primaryOf(d doc) doc {
	for _, each := range deploymentsOf(d) {
		if each.(doc)["status"] == "PRIMARY" {
			return each.(doc)
		}
	}
	return nil
}

// copied is a document that shares nothing with another one.
func copied(d doc) doc { return unmarshalled(marshalled(d)) }

// colleague has somebody else deploy an image of the same family.
func (b *bench) colleague(image string) {
	b.Helper()
	out := b.asked("RegisterTaskDefinition", `{"family":"web","networkMode":"awsvpc","requiresCompatibilities":["FARGATE"],"cpu":"256","memory":"512","containerDefinitions":[{"name":"app","image":"`+image+`"},{"name":"proxy","image":"nginx:1.29"}]}`)
	arn := out["taskDefinition"].(doc)["taskDefinitionArn"].(string)
	b.raw("UpdateService", `{"cluster":"prod","service":"web","taskDefinition":"`+arn+`"}`)
}

// ids are those of all deployments of the service, newest first, as its records
// number them.
func (b *bench) ids() []string {
	var ids []string
	for _, record := range b.records() {
		arn, _ := record.(doc)["targetServiceRevisionArn"].(string)
		ids = append(ids, "ecs-svc/"+rollout.ShortName(arn))
	}
	return ids
}

// exits fails the test unless a run ended with this exit code.
func (b *bench) exits(code int, o deploy.Outcome, err error) said {
	b.Helper()
	got := b.say(o, err)
	if got.exit != code {
		b.Errorf("exit code %d, want %d: %s: %s", got.exit, code, got.verdict, got.text)
	}
	return got
}

// sent fails the test unless a call was carried out so often.
func (p *player) sent(operation string, times int) {
	p.bench.Helper()
	if n := p.carried[operation]; n != times {
		p.bench.Errorf("%s was carried out %d times, want %d", operation, n, times)
	}
}

// orphans fails the test for each revision that was registered, that the service
// does not use, and that nobody named.
func (b *bench) orphans(said string) {
	b.Helper()
	for _, e := range b.events {
		if e.Message != "" {
			said += "; " + e.Message
		}
	}
	out, err := b.client.ListTaskDefinitions(b.Context(), &ecs.ListTaskDefinitionsInput{FamilyPrefix: aws.String("web")})
	if err != nil {
		b.Fatal(err)
	}
	var used []string
	for _, record := range b.records() {
		revision := only(b.asked("DescribeServiceRevisions", `{"serviceRevisionArns":["`+record.(doc)["targetServiceRevisionArn"].(string)+`"]}`), "serviceRevisions")
		used = append(used, revision["taskDefinition"].(string))
	}
	for _, arn := range out.TaskDefinitionArns {
		if !slices.Contains(used, arn) && !strings.Contains(said, rollout.ShortName(arn)) {
			b.Errorf("%s is an orphan that nobody named: %.300s", rollout.ShortName(arn), said)
		}
	}
}

// within fails the test unless something that began took between two durations.
func (b *bench) within(began time.Time, least, most time.Duration) {
	b.Helper()
	if took := time.Since(began); took < least || took > most {
		b.Errorf("it took %s, want %s to %s", took, least, most)
	}
}

func marshalled(d doc) string {
	text, err := json.Marshal(d)
	if err != nil {
		panic(err)
	}
	return string(text)
}

func unmarshalled(text string) doc {
	var d doc
	if err := json.Unmarshal([]byte(text), &d); err != nil {
		panic(err)
	}
	return d
}
