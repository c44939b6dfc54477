package ecssim_test

// This file holds every answer that a test of this package gets through the SDK
// against the SDK's model of it, and every error against the errors that the
// model of its operation has.

import (
	"bytes"
	_ "embed"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"reflect"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/aws/aws-sdk-go-v2/service/ecs"

	"github.com/ecs-deploy/ecs-deploy/pkg/ecssim"
)

//go:embed testdata/errors.txt
var errorTable string

// modelled are the errors of each operation, without "Exception".
var modelled = sync.OnceValue(func() map[string][]string {
	table := map[string][]string{}
	for line := range strings.Lines(errorTable) {
		if words := strings.Fields(line); len(words) > 0 && words[0] != "#" {
			table[words[0]] = append(words[1:], "AccessDenied", "Client", "InvalidParameter", "Server")
		}
	}
	return table
})

// general are errors of AWS that no operation's model has.
var general = []string{
	"Throttling", "Serialization", "UnknownOperation", "UnrecognizedClient", "ExpiredToken", "InvalidSignature",
	"IncompleteSignature", "MissingAuthenticationToken", "InvalidClientTokenId",
	"X", // of a fault in a test
}

// judge is a transport that checks what passes.
type judge struct{ http.RoundTripper }

var verdicts struct {
	sync.Mutex
	found    []string
	answered map[string]bool
}

func (j judge) RoundTrip(r *http.Request) (*http.Response, error) {
	response, err := j.RoundTripper.RoundTrip(r)
	operation, ours := strings.CutPrefix(r.Header.Get("X-Amz-Target"), prefix)
	if err != nil || !ours {
		return response, err
	}
	body, err := io.ReadAll(response.Body)
	if err != nil {
		return nil, err
	}
	response.Body = io.NopCloser(bytes.NewReader(body))
	verdicts.Lock()
	defer verdicts.Unlock()
	if verdicts.answered == nil {
		verdicts.answered = map[string]bool{}
	}
	verdicts.answered[operation] = true
	for _, problem := range violations(operation, response.StatusCode, body) {
		if line := operation + ": " + problem; !slices.Contains(verdicts.found, line) {
			verdicts.found = append(verdicts.found, line)
		}
	}
	return response, nil
}

// violations are what an answer has that the model of its operation lacks.
func violations(operation string, status int, body []byte) []string {
	method, known := reflect.TypeFor[*ecs.Client]().MethodByName(operation)
	switch {
	case !known:
		return nil
	case status == http.StatusOK:
		return ecssim.Strays(method.Type.Out(0).Elem(), body)
	}
	var answer struct {
		Type string `json:"__type"`
	}
	if json.Unmarshal(body, &answer) != nil {
		return nil // a fault's HTML page
	}
	code := strings.TrimSuffix(answer.Type, "Exception")
	if slices.Contains(general, code) || slices.Contains(modelled()[operation], code) {
		return nil
	}
	return []string{"error " + answer.Type}
}

func TestMain(m *testing.M) {
	code := m.Run()
	if len(verdicts.found) > 0 {
		fmt.Printf("FAIL: answers that the SDK's model does not have:\n\t%s\n", strings.Join(verdicts.found, "\n\t"))
		code = max(code, 1)
	}
	os.Exit(code)
}

// TestViolationsAreFound makes sure that the judge can condemn.
func TestViolationsAreFound(t *testing.T) {
	for body, want := range map[string]string{
		`{"clusters":[{"clusterName":"a","colour":"red"}]}`:      ".clusters[].colour",
		`{"clusters":[{"clusterName":1}]}`:                       "cannot be converted",
		`{"clusters":[{"settings":[{"name":"insightsOfAll"}]}]}`: "insightsOfAll",
	} {
		if found := strings.Join(violations("DescribeClusters", 200, []byte(body)), "\n"); !strings.Contains(found, want) {
			t.Errorf("%s: %q, want %s", body, found, want)
		}
	}
	if found := violations("ListTagsForResource", 400, []byte(`{"__type":"ResourceNotFoundException"}`)); len(found) != 1 {
		t.Error(found)
	}
}
