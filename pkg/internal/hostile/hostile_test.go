package hostile_test

import (
	"context"
	"encoding/json"
	"io"
	"math/rand/v2"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/ecs-deploy/ecs-deploy/pkg/ecssim"
	"github.com/ecs-deploy/ecs-deploy/pkg/internal/hostile"
)

const world = `
clusters: [{name: prod}]
taskDefinitions:
  - {family: web, networkMode: awsvpc, requiresCompatibilities: [FARGATE], cpu: "256", memory: "512", containerDefinitions: [{name: app, image: "repo/web:v1"}]}
services:
  - {cluster: prod, serviceName: web, taskDefinition: web, desiredCount: 2, launchType: FARGATE, networkConfiguration: {awsvpcConfiguration: {subnets: [subnet-1]}}}
`

// in runs a test in virtual time on a client with a script.
func in(t *testing.T, script string, test func(t *testing.T, c *hostile.Client)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		w, err := ecssim.ParseWorld("world", []byte(world))
		if err != nil {
			t.Fatal(err)
		}
		s, err := hostile.Parse(script)
		if err != nil {
			t.Fatal(err)
		}
		c, err := hostile.New(w, s, 7)
		if err != nil {
			t.Fatal(err)
		}
		test(t, c)
	})
}

// call makes a call as the SDK does, with an answer within a minute.
func call(t *testing.T, c *hostile.Client, operation, input string) (int, string, error) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, "http://ecs.simulated/", strings.NewReader(input))
	if err != nil {
		t.Fatal(err)
	}
	request.Header.Set("Content-Type", "application/x-amz-json-1.1")
	request.Header.Set("X-Amz-Target", "AmazonEC2ContainerServiceV20141113."+operation)
	response, err := c.Do(request)
	if err != nil {
		return 0, "", err
	}
	defer func() { _ = response.Body.Close() }()
	body, err := io.ReadAll(response.Body)
	return response.StatusCode, string(body), err
}

const (
	describe = `{"cluster":"prod","services":["web"]}`
	restart  = `{"cluster":"prod","service":"web","forceNewDeployment":true}`
	list     = `{"cluster":"prod","service":"web"}`
)

// TestScriptsAreWrittenAndRead: what is printed can be pasted.
func TestScriptsAreWrittenAndRead(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	for range 2000 {
		script := hostile.Random(r)
		again, err := hostile.Parse(script.String())
		if err != nil || again.String() != script.String() || len(again) != len(script) {
			t.Fatalf("%q is read as %q: %v", script, again, err)
		}
	}
	for _, bad := range []string{"stale", "stale * 3s 4", "stale * 3s+x 4", "stale * 3s+4s four", "a b c d e"} {
		if s, err := hostile.Parse(bad); err == nil {
			t.Errorf("%q is read as %q", bad, s)
		}
	}
}

// TestReplicasTellTheTruthOfAWhileAgo: what a replica answers is what ECS itself
// answered so long ago, and nothing else.
func TestReplicasTellTheTruthOfAWhileAgo(t *testing.T) {
	in(t, "stale * 0s+10m 6", func(t *testing.T, c *hostile.Client) {
		truths := map[string]int{} // answers of ECS itself, and when they were given
		stale := 0
		for second := range 120 {
			if second == 10 {
				if _, err := c.Ask("UpdateService", restart); err != nil {
					t.Fatal(err)
				}
			}
			out, err := c.Ask("DescribeServices", describe)
			if err != nil {
				t.Fatal(err)
			}
			truths[text(t, out)] = second
			_, answer, err := call(t, c, "DescribeServices", describe)
			if err != nil {
				t.Fatal(err)
			}
			last, known := truths[text(t, answer)]
			switch {
			case !known:
				t.Fatalf("second %d: ECS never answered %s", second, answer)
			case last < second-6:
				t.Fatalf("second %d: this is older than 6 s: %s", second, answer)
			case last < second:
				stale++
			}
			time.Sleep(time.Second)
		}
		if stale == 0 {
			t.Error("no answer was stale")
		}
	})
}

// TestWhatReachesECS: some failures come before the write, some after it.
func TestWhatReachesECS(t *testing.T) {
	for name, carried := range map[string]bool{
		hostile.Reset: false, hostile.Hang: false, hostile.Throttle: false, hostile.Internal: false, hostile.Unavailable: false, hostile.Denied: false,
		hostile.Lost: true, hostile.HangLost: true, hostile.Half: true, hostile.HalfHang: true, hostile.InternalLost: true, hostile.Empty: true,
		hostile.Reverse: true, hostile.Repeat: true, hostile.Missing: true, hostile.Null: true, hostile.Unknown: true, hostile.Clock: true, hostile.Stale: true,
	} {
		t.Run(name, func(t *testing.T) {
			in(t, name+" UpdateService 0s+0s 5", func(t *testing.T, c *hostile.Client) {
				status, answer, err := call(t, c, "UpdateService", restart)
				if whole := err == nil && status == http.StatusOK && !strings.Contains(name, "empty"); whole && !strings.Contains(answer, "service") {
					t.Errorf("the answer is %s", answer)
				}
				out, err := c.Ask("ListServiceDeployments", list)
				if err != nil {
					t.Fatal(err)
				}
				records, _ := out["serviceDeployments"].([]any)
				if got := len(records) == 2; got != carried || len(c.Writes) == 1 != carried {
					t.Errorf("carried out: %v (%d writes), want %v", got, len(c.Writes), carried)
				}
				if _, again, err := call(t, c, "UpdateService", restart); err != nil || !strings.Contains(again, "PRIMARY") {
					t.Errorf("it happens once: %s, %v", again, err)
				}
			})
		})
	}
}

// TestAnswersAreDistorted: each distortion of answers changes them, and they come
// right again.
func TestAnswersAreDistorted(t *testing.T) {
	for script, says := range map[string]string{
		"other DescribeServices 0s+5s 0":   "web-admin",
		"other DescribeServices 0s+5s 1":   "web-admin",
		"clock DescribeServices 0s+5s 1":   "4070908800",
		"unknown DescribeServices 0s+5s 0": "HITHERTO_UNKNOWN",
		"null DescribeServices 0s+5s 3":    `"events":null`,
		"loop List* 0s+5s 0":               `"nextToken":"again"`,
		"repeat DescribeServices 0s+5s 0":  `"status":"PRIMARY"`,
	} {
		t.Run(script, func(t *testing.T) {
			in(t, script, func(t *testing.T, c *hostile.Client) {
				operation, input := "DescribeServices", describe
				if strings.HasPrefix(script, "loop") {
					operation, input = "ListServiceDeployments", list
				}
				_, distorted, err := call(t, c, operation, input)
				if err != nil || !strings.Contains(distorted, says) {
					t.Errorf("%v, %s", err, distorted)
				}
				time.Sleep(6 * time.Second)
				_, right, err := call(t, c, operation, input)
				out, truthErr := c.Ask(operation, input)
				if err != nil || truthErr != nil || text(t, right) != text(t, out) {
					t.Errorf("%v, %v, %s", err, truthErr, right)
				}
				if text(t, distorted) == text(t, right) {
					t.Error("nothing was distorted")
				}
			})
		})
	}
}

// TestOthersAct at their time, and in between.
func TestOthersAct(t *testing.T) {
	for script, want := range map[string]struct {
		status  string
		records int
		count   float64
	}{
		"colleague - 5s+0s 0":              {"ACTIVE", 2, 2},
		"restart - 5s+0s 0":                {"ACTIVE", 2, 2},
		"scale - 5s+0s 3":                  {"ACTIVE", 1, 3},
		"delete - 5s+0s 0":                 {"DRAINING", 1, 0},
		"stop - 5s+0s 0":                   {"ACTIVE", 1, 2},
		"restart DescribeClusters 0s+0s 1": {"ACTIVE", 1, 2},
		"restart DescribeServices 0s+0s 1": {"ACTIVE", 2, 2},
	} {
		t.Run(script, func(t *testing.T) {
			in(t, script, func(t *testing.T, c *hostile.Client) {
				for range 2 {
					if _, _, err := call(t, c, "DescribeServices", describe); err != nil {
						t.Fatal(err)
					}
					time.Sleep(6 * time.Second)
				}
				shown, err := c.Ask("DescribeServices", describe)
				if err != nil {
					t.Fatal(err)
				}
				service, _ := shown["services"].([]any)[0].(map[string]any)
				out, err := c.Ask("ListServiceDeployments", list)
				if err != nil {
					t.Fatal(err)
				}
				records, _ := out["serviceDeployments"].([]any)
				if service["status"] != want.status || service["desiredCount"] != want.count || len(records) != want.records {
					t.Errorf("the service is %s, %v tasks, %d records", service["status"], service["desiredCount"], len(records))
				}
				if len(c.Writes) > 0 {
					t.Error("what others do is not ours")
				}
			})
		})
	}
}

// text is a document in one form, whether it is one already or is still written.
func text(t *testing.T, document any) string {
	t.Helper()
	if written, ok := document.(string); ok {
		var read map[string]any
		if err := json.Unmarshal([]byte(written), &read); err != nil {
			t.Fatal(err)
		}
		document = read
	}
	written, err := json.Marshal(document)
	if err != nil {
		t.Fatal(err)
	}
	return string(written)
}
