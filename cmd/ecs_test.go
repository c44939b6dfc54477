package cmd_test

// An ECS for tests of the whole program: the simulator or a misbehaving server
// behind a socket, with everything written down that was called.

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"regexp"
	"strings"
	"sync"
	"time"

	"github.com/ecs-deploy/ecs-deploy/pkg/ecssim"
)

// fast is how much faster than real time simulated rollouts run.
const fast = 200

// call is one request that a server received.
type call struct{ operation, body, region, key string }

// server is an HTTP server with a memory.
type server struct {
	*httptest.Server
	clock *turnableClock

	mu    sync.Mutex
	calls []call
	news  chan struct{} // closed and replaced when a call arrives
}

// credential is the access key and region in a signature of AWS.
var credential = regexp.MustCompile(`Credential=([^/]+)/\d+/([^/]+)/`)

func serve(handler http.Handler) *server {
	s := &server{news: make(chan struct{})}
	s.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		if err != nil {
			http.Error(w, err.Error(), http.StatusBadRequest)
			return
		}
		c := call{body: string(body)}
		_, c.operation, _ = strings.Cut(r.Header.Get("X-Amz-Target"), ".")
		if form, err := url.ParseQuery(c.body); c.operation == "" && err == nil { // a neighbour that does not speak JSON
			c.operation = form.Get("Action")
		}
		if match := credential.FindStringSubmatch(r.Header.Get("Authorization")); match != nil {
			c.key, c.region = match[1], match[2]
		}
		s.mu.Lock()
		s.calls = append(s.calls, c)
		close(s.news)
		s.news = make(chan struct{})
		s.mu.Unlock()
		r.Body = io.NopCloser(bytes.NewReader(body))
		handler.ServeHTTP(w, r)
	}))
	return s
}

// serveWorld serves a world of the simulator.
func serveWorld(world ecssim.World) (*server, error) {
	clock := &turnableClock{real: time.Now(), simulated: time.Now(), speed: fast}
	simulator, err := ecssim.New(world, ecssim.WithClock(clock))
	if err != nil {
		return nil, err
	}
	s := serve(simulator)
	s.clock = clock
	return s, nil
}

// made are the calls so far whose operation begins like one of the names; with
// no names, those that change something.
func (s *server) made(names ...string) []call {
	s.mu.Lock()
	defer s.mu.Unlock()
	var made []call
	for _, c := range s.calls {
		reads := strings.HasPrefix(c.operation, "Describe") || strings.HasPrefix(c.operation, "List") || strings.HasPrefix(c.operation, "Get")
		wanted := len(names) == 0 && !reads
		for _, name := range names {
			wanted = wanted || strings.HasPrefix(c.operation, name)
		}
		if wanted {
			made = append(made, c)
		}
	}
	return made
}

// await returns when an operation is called, or has been.
func (s *server) await(ctx context.Context, operation string) error {
	for {
		s.mu.Lock()
		news := s.news
		s.mu.Unlock()
		if len(s.made(operation)) > 0 {
			return nil
		}
		select {
		case <-news:
		case <-ctx.Done():
			return fmt.Errorf("nobody called %s", operation)
		}
	}
}

// misbehaving are servers that are not ECS.
var misbehaving = map[string]http.HandlerFunc{
	"html":        answer(http.StatusOK, "text/html", "<html><body>Welcome!</body></html>"),
	"bad-gateway": answer(http.StatusBadGateway, "text/html", "<html><body>502 Bad Gateway</body></html>"),
	"half-json":   answer(http.StatusOK, "application/x-amz-json-1.1", `{"services": [{"serviceName": "doorman-se`),
	"wrong-types": answer(http.StatusOK, "application/x-amz-json-1.1", `{"services": [{"status": "ACTIVE", "desiredCount": "many"}]}`),
	"no-identity": answer(http.StatusOK, "application/x-amz-json-1.1", `{"services": [{}]}`),
	"empty":       answer(http.StatusOK, "application/x-amz-json-1.1", `{}`),
	"expired-token": answer(http.StatusBadRequest, "application/x-amz-json-1.1",
		`{"__type": "ExpiredTokenException", "message": "The security token included in the request is expired"}`),
	"denied": answer(http.StatusBadRequest, "application/x-amz-json-1.1",
		`{"__type": "AccessDeniedException", "message": "User: ci is not authorized to perform: ecs:DescribeServices"}`),
	"hanging": func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() },
}

func answer(status int, contentType, body string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", contentType)
		w.WriteHeader(status)
		_, _ = io.WriteString(w, body)
	}
}

// turnableClock is a simulated time whose speed can be changed; at speed 0 it
// stands still.
type turnableClock struct {
	mu              sync.Mutex
	real, simulated time.Time
	speed           float64
}

func (c *turnableClock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now()
}

func (c *turnableClock) now() time.Time {
	return c.simulated.Add(time.Duration(float64(time.Since(c.real)) * c.speed))
}

func (c *turnableClock) turn(speed float64) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.simulated = c.now()
	c.real, c.speed = time.Now(), speed
}

// Sleep is not used: nothing but requests makes these worlds wait.
func (c *turnableClock) Sleep(ctx context.Context, _ time.Duration) error { return ctx.Err() }
