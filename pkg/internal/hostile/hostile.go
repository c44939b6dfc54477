package hostile

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"net/http"
	"strings"
	"sync"
	"time"

	"github.com/ecs-deploy/ecs-deploy/pkg/ecssim"
)

const target = "AmazonEC2ContainerServiceV20141113."

// Runaway is how many calls no deployment needs: after so many, none is answered.
const Runaway = 5000

// giveUp is when a call that hangs ends all the same: the network notices.
const giveUp = time.Hour

// Write is a call of the client that changed something, and reached ECS.
type Write struct {
	At        time.Time
	Operation string
	// Input is what was sent, Output what ECS answered, whatever arrived of it.
	Input, Output map[string]any
	Status        int
	// Record is the ARN of the newest service deployment after an UpdateService.
	Record string
}

// Client is an HTTP client for the SDK that distorts what a simulator answers.
type Client struct {
	// Calls counts the calls of the client.
	Calls int
	// Writes are those of its calls that changed something.
	Writes []Write
	// Acted is when somebody else changed the service last.
	Acted time.Time

	mu       sync.Mutex
	script   Script
	struck   []int // how often each distortion had its chance
	done     []bool
	began    time.Time
	truth    http.RoundTripper
	replicas map[int]*replica // by seconds of lag
	written  []request
	random   *rand.Rand
}

// New makes a client of a new account in a world. The seed decides which replica
// answers.
func New(world ecssim.World, script Script, seed uint64) (*Client, error) {
	simulator, err := ecssim.New(world)
	if err != nil {
		return nil, err
	}
	c := &Client{
		script: script, struck: make([]int, len(script)), done: make([]bool, len(script)), began: time.Now(),
		truth: simulator.HTTPClient().Transport, replicas: map[int]*replica{}, random: rand.New(rand.NewPCG(seed, 1)),
	}
	for _, d := range script {
		for _, lag := range []int{d.N, d.N / 2} {
			if d.Name != Stale || lag == 0 || c.replicas[lag] != nil {
				continue
			}
			if c.replicas[lag], err = newReplica(world, c.began, time.Duration(lag)*time.Second); err != nil {
				return nil, err
			}
		}
	}
	return c, nil
}

// Ask makes a call that nothing distorts, as a colleague does, or a judge.
func (c *Client) Ask(operation, input string) (map[string]any, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.ask(operation, input)
}

func (c *Client) ask(operation, input string) (map[string]any, error) {
	header := http.Header{"Content-Type": {"application/x-amz-json-1.1"}, "X-Amz-Target": {target + operation}}
	status, body, err := c.carryOut(context.Background(), request{time.Now(), operation, header, []byte(input)})
	if err != nil {
		return nil, err
	}
	var output map[string]any
	if err := json.Unmarshal(body, &output); err != nil {
		return nil, err
	}
	if status != http.StatusOK {
		return nil, fmt.Errorf("%s: %v", operation, output)
	}
	return output, nil
}

func isRead(operation string) bool {
	return strings.HasPrefix(operation, "Describe") || strings.HasPrefix(operation, "List")
}

// carryOut has ECS itself serve a call.
func (c *Client) carryOut(ctx context.Context, r request) (int, []byte, error) {
	if !isRead(r.operation) {
		c.written = append(c.written, r)
	}
	return r.call(context.WithoutCancel(ctx), c.truth)
}

// exchange is one call on its way.
type exchange struct {
	request
	ctx    context.Context
	status int
	answer []byte
	doc    map[string]any // the answer, once something edits it
	half   bool
	silent bool // the rest of the answer never comes
}

// Do answers a call of the SDK.
func (c *Client) Do(r *http.Request) (*http.Response, error) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return nil, err
	}
	operation := strings.TrimPrefix(r.Header.Get("X-Amz-Target"), target)
	x := &exchange{request: request{time.Now(), operation, r.Header.Clone(), body}, ctx: r.Context()}
	hangs, err := c.answer(x)
	if hangs {
		select {
		case <-r.Context().Done():
			return nil, r.Context().Err()
		case <-time.After(giveUp):
		}
		err = errReset
	}
	if err != nil {
		return nil, err
	}
	response := &http.Response{
		StatusCode: x.status, Status: http.StatusText(x.status), Header: http.Header{"Content-Type": {"application/x-amz-json-1.1"}},
		Body: io.NopCloser(bytes.NewReader(x.answer)), Request: r,
	}
	if x.half {
		response.Body = io.NopCloser(io.MultiReader(bytes.NewReader(x.answer[:len(x.answer)/2]), broken{r.Context(), x.silent}))
	}
	return response, nil
}

// errReset is a connection that breaks.
var errReset = &net.OpError{Op: "read", Net: "tcp", Err: errors.New("connection reset by peer")}

// broken is the end of an answer that breaks off.
type broken struct {
	ctx    context.Context
	silent bool
}

func (b broken) Read([]byte) (int, error) {
	if !b.silent {
		return 0, errReset
	}
	select {
	case <-b.ctx.Done():
		return 0, b.ctx.Err()
	case <-time.After(giveUp):
		return 0, errReset
	}
}

// answer finds the answer of a call. hangs says that there will be none.
func (c *Client) answer(x *exchange) (hangs bool, err error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.Calls++; c.Calls > Runaway {
		return false, errors.New("too many calls")
	}
	if err := c.act(x.operation, false); err != nil {
		return false, err
	}
	active := c.strike(x.operation)
	for _, d := range active {
		if d.Name == Hang {
			return true, nil
		}
		if err := x.refuse(d); err != nil || x.answer != nil {
			return false, err
		}
	}
	if err := c.serve(x, active); err != nil {
		return false, err
	}
	if err := c.act(x.operation, true); err != nil {
		return false, err
	}
	for _, d := range active {
		switch d.Name {
		case Lost:
			return false, errReset
		case HangLost:
			return true, nil
		case InternalLost:
			x.status, x.answer = http.StatusInternalServerError, []byte(`{"__type":"ServerException","message":"Service unavailable."}`)
			return false, nil
		case Half, HalfHang:
			x.half, x.silent = true, d.Name == HalfHang
		}
	}
	return false, c.distort(x, active)
}

// strike is which distortions a call suffers.
func (c *Client) strike(operation string) []Distortion {
	var active []Distortion
	since := time.Since(c.began)
	for i, d := range c.script {
		if d.Acts() || !d.on(operation) || since < d.From || c.done[i] || d.For > 0 && since >= d.From+d.For {
			continue
		}
		c.done[i] = d.For == 0
		if c.struck[i]++; d.everyNth() && c.struck[i]%d.N != 0 {
			continue
		}
		active = append(active, d)
	}
	return active
}

// everyNth reports whether a distortion happens to every Nth call only.
func (d Distortion) everyNth() bool {
	switch d.Name {
	case Reset, Hang, Half, HalfHang, Throttle, Internal, Unavailable, Empty:
		return d.N > 1 && d.For > 0
	}
	return false
}

// refuse answers a call that is not carried out.
func (x *exchange) refuse(d Distortion) error {
	refused := func(status int, body string) { x.status, x.answer = status, []byte(body) }
	switch d.Name {
	case Reset:
		return errReset
	case Throttle:
		refused(http.StatusBadRequest, `{"__type":"ThrottlingException","message":"Rate exceeded"}`)
	case Denied:
		refused(http.StatusBadRequest, `{"__type":"AccessDeniedException","message":"User: x is not authorized to perform: ecs:`+x.operation+`"}`)
	case Internal:
		refused(http.StatusInternalServerError, `{"__type":"ServerException","message":"Service unavailable."}`)
	case Unavailable:
		refused(http.StatusServiceUnavailable, `<html><body>503 Service Unavailable</body></html>`)
	}
	return nil
}

// serve has ECS serve the call: a read perhaps by a replica.
func (c *Client) serve(x *exchange, active []Distortion) (err error) {
	if isRead(x.operation) {
		for _, d := range active {
			if d.Name == Loop {
				x.body = without(x.body, "nextToken")
			}
		}
		for _, d := range active {
			if d.Name != Stale {
				continue
			}
			lags := []int{0, d.N / 2, d.N}
			if which := c.replicas[lags[c.random.IntN(len(lags))]]; which != nil {
				x.status, x.answer, err = which.read(context.WithoutCancel(x.ctx), x.at, c.written, x.request)
				return err
			}
		}
	}
	x.status, x.answer, err = c.carryOut(x.ctx, x.request)
	if err == nil && !isRead(x.operation) {
		w := Write{At: x.at, Operation: x.operation, Status: x.status}
		if err := errors.Join(json.Unmarshal(x.body, &w.Input), json.Unmarshal(x.answer, &w.Output)); err != nil {
			return err
		}
		if w.Operation == "UpdateService" && w.Status == http.StatusOK {
			if w.Record, err = c.newestRecord(); err != nil {
				return err
			}
		}
		c.Writes = append(c.Writes, w)
	}
	return err
}

// newestRecord is the ARN of the newest service deployment, "" if there is none.
func (c *Client) newestRecord() (string, error) {
	out, err := c.ask("ListServiceDeployments", `{`+service+`}`)
	if err != nil {
		return "", err
	}
	list, _ := out["serviceDeployments"].([]any)
	if len(list) == 0 {
		return "", nil
	}
	newest, _ := list[0].(map[string]any)
	arn, _ := newest["serviceDeploymentArn"].(string)
	return arn, nil
}

// without is a JSON object without a member.
func without(body []byte, member string) []byte {
	var doc map[string]any
	if json.Unmarshal(body, &doc) != nil {
		return body
	}
	delete(doc, member)
	text, err := json.Marshal(doc)
	if err != nil {
		return body
	}
	return text
}
