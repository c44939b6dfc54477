package notify

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"slices"
	"strings"
	"syscall"
	"testing"
	"testing/synctest"
	"time"
)

// answers is a network that a test plays.
type answers func(*http.Request) (*http.Response, error)

func (a answers) RoundTrip(r *http.Request) (*http.Response, error) { return a(r) }

func status(code int, body string) (*http.Response, error) {
	return &http.Response{StatusCode: code, Body: io.NopCloser(strings.NewReader(body)), Header: http.Header{}}, nil
}

func parsed(t *testing.T, text string) Target {
	t.Helper()
	target, err := Parse(text)
	if err != nil {
		t.Fatal(err)
	}
	return target
}

func TestKinds(t *testing.T) {
	for text, want := range map[string]string{
		"https://hooks.slack.com/services/T0/B0/x":                                 "Slack",
		"https://HOOKS.slack.com/services/T0/B0/x":                                 "Slack",
		"https://evilhooks.slack.com/services":                                     "webhook",
		"https://hooks.slack.com.example.com/services":                             "webhook",
		"https://example.com/hooks.slack.com":                                      "webhook",
		"https://acme.webhook.office.com/webhookb2/x":                              "Teams",
		"https://prod-05.westeurope.logic.azure.com:443/workflows/x?sig=y":         "Teams",
		"https://default1.2.environment.api.powerplatform.com:443/powerautomate/x": "Teams",
		"https://notlogic.azure.com/x":                                             "webhook",
		"http://127.0.0.1:8080/x":                                                  "webhook",
		"http://[::1]:8080/x":                                                      "webhook",
		"http://localhost/x":                                                       "webhook",
		"http://example.com/secret-path":                                           "",
		"http://localhost.example.com/secret-path":                                 "",
		"ftp://example.com/secret-path":                                            "",
		"secret-path":                                                              "",
		"https://":                                                                 "",
		"https://example.com/%zz-secret-path":                                      "",
		"hooks.slack.com/services/secret-path":                                     "",
	} {
		target, err := Parse(text)
		if got := fmt.Sprint(target); err == nil && got != want || (err != nil) != (want == "") {
			t.Errorf("%s is %s (%v), want %q", text, got, err, want)
		}
		if err != nil && strings.Contains(err.Error(), "secret-path") {
			t.Errorf("the error shows the URL: %v", err)
		}
	}
}

// failures are all ways in which a notification fails. Each tells all that it knows of
// the URL.
func failures(r *http.Request) map[string]answers {
	text := r.URL.String()
	fail := func(err error) answers {
		return func(*http.Request) (*http.Response, error) { return nil, err }
	}
	return map[string]answers{
		"HTTP 404":                 func(*http.Request) (*http.Response, error) { return status(404, text) },
		"HTTP 403 (invalid_token)": func(*http.Request) (*http.Response, error) { return status(403, "invalid_token") },
		"HTTP 500":                 func(*http.Request) (*http.Response, error) { return status(500, "secretpath") },
		"HTTP 302: it redirects to another URL, which":            func(*http.Request) (*http.Response, error) { return status(302, text) },
		"the connection failed":                                   fail(&url.Error{Op: "Post", URL: text, Err: errors.New(text)}),
		"the host cannot be found":                                fail(&net.OpError{Op: "dial", Err: &net.DNSError{Name: text}}),
		"the host cannot be reached: connect: connection refused": fail(&net.OpError{Op: "dial", Err: os.NewSyscallError("connect", syscall.ECONNREFUSED)}),
	}
}

func TestNothingOfTheURLIsShown(t *testing.T) {
	const secret = "https://hooks.slack.com/services/secretpath?sig=secretquery"
	target := parsed(t, secret)
	request, err := http.NewRequest(http.MethodPost, secret, nil)
	if err != nil {
		t.Fatal(err)
	}
	for want, answer := range failures(request) {
		synctest.Test(t, func(t *testing.T) {
			err := Send(t.Context(), answer, []Target{target}, Message{Lines: []string{"x"}})[0]
			if err == nil || !strings.HasPrefix(err.Error(), want) {
				t.Errorf("%v, want %s", err, want)
			}
			if text := fmt.Sprintf("%v %+v %#v %s", err, target, target, target); strings.Contains(text, "secret") || strings.Contains(text, "services") {
				t.Errorf("%s: the URL is shown: %s", want, text)
			}
		})
	}
}

func TestAFailureIsTriedOnceMore(t *testing.T) {
	for _, c := range []struct {
		name  string
		codes []int // 0 is a broken connection
		tries int
		good  bool
	}{
		{"at once", []int{200}, 1, true},
		{"busy", []int{429, 204}, 2, true},
		{"down for a moment", []int{503, 200}, 2, true},
		{"broken", []int{0, 200}, 2, true},
		{"down", []int{500, 500, 200}, 2, false},
		{"gone", []int{404, 200}, 1, false},
		{"a redirect", []int{307, 200}, 1, false},
	} {
		synctest.Test(t, func(t *testing.T) {
			tries := 0
			began := time.Now()
			network := answers(func(*http.Request) (*http.Response, error) {
				if tries++; c.codes[tries-1] == 0 {
					return nil, io.ErrUnexpectedEOF
				}
				return status(c.codes[tries-1], "")
			})
			err := Send(t.Context(), network, []Target{parsed(t, "https://example.com/")}, Message{JSON: []byte("{}")})[0]
			if tries != c.tries || (err == nil) != c.good || time.Since(began) > 2*time.Second {
				t.Errorf("%s: %d tries after %s, %v", c.name, tries, time.Since(began), err)
			}
		})
	}
}

// TestAllEndsAfterTenSeconds: hosts that never answer, and one that does.
func TestAllEndsAfterTenSeconds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		began := time.Now()
		network := answers(func(r *http.Request) (*http.Response, error) {
			if r.URL.Host == "good" {
				return status(200, "")
			}
			<-r.Context().Done()
			return nil, r.Context().Err()
		})
		targets := []Target{parsed(t, "https://bad/1"), parsed(t, "https://good/"), parsed(t, "https://bad/2")}
		failed := Send(t.Context(), network, targets, Message{})
		if failed[0] == nil || failed[1] != nil || failed[2] == nil || failed[0].Error() != "no answer within 10s" || time.Since(began) != 10*time.Second {
			t.Error(failed, time.Since(began))
		}
	})
}

// TestCtrlCEndsIt: who interrupts does not wait ten seconds.
func TestCtrlCEndsIt(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		ctx, interrupt := context.WithCancel(ctx)
		defer cancel()
		interrupt()
		network := answers(func(r *http.Request) (*http.Response, error) { return nil, r.Context().Err() })
		if err := Send(ctx, network, []Target{parsed(t, "https://bad/")}, Message{})[0]; err == nil || err.Error() != "interrupted" {
			t.Error(err)
		}
	})
}

// TestNoOtherHostGetsAnything: a server that redirects, by the real network.
func TestNoOtherHostGetsAnything(t *testing.T) {
	called := false
	other := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { called = true }))
	defer other.Close()
	var got []byte
	var user, password string
	first := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		got, _ = io.ReadAll(r.Body)
		user, password, _ = r.BasicAuth()
		http.Redirect(w, r, other.URL, http.StatusTemporaryRedirect)
	}))
	defer first.Close()
	target := parsed(t, strings.Replace(first.URL, "//", "//me:word@", 1)+"/hook")
	err := Send(t.Context(), http.DefaultTransport, []Target{target}, Message{JSON: []byte(`{"type":"outcome"}`)})[0]
	if err == nil || called || string(got) != `{"type":"outcome"}` || user != "me" || password != "word" {
		t.Error(err, called, string(got), user)
	}
}

// hostile is text of a container that would like to be more.
var hostile = []string{
	"rolled back: <!here> & <@U123> web", "  | <https://evil.example|click> [click](https://evil.example) @channel *b* `c` ```", "    **x** <at>all</at>",
}

func TestSlackActsOnNothing(t *testing.T) {
	text, err := parsed(t, "https://hooks.slack.com/x").body(Message{Lines: hostile})
	if err != nil {
		t.Fatal(err)
	}
	var form struct {
		Text   string
		Blocks []struct {
			Text struct {
				Type, Text string
				Verbatim   bool
			}
		}
	}
	if err := json.Unmarshal(text, &form); err != nil {
		t.Fatal(err)
	}
	if form.Text != "rolled back: &lt;!here&gt; &amp; &lt;@U123&gt; web" || len(form.Blocks) != 2 {
		t.Errorf("%s", text)
	}
	for _, block := range form.Blocks {
		if strings.ContainsAny(block.Text.Text, "<>") || !block.Text.Verbatim || block.Text.Type != "mrkdwn" {
			t.Errorf("%+v", block)
		}
	}
	if code := form.Blocks[1].Text.Text; strings.Count(code, "```") != 2 || !strings.HasPrefix(code, "```\n") || !strings.HasSuffix(code, "\n```") {
		t.Errorf("the text ends the block: %s", code)
	}
}

// texts are the texts of a card, by the type of the element that has them.
func texts(value any, found map[string][]string) {
	switch v := value.(type) {
	case []any:
		for _, element := range v {
			texts(element, found)
		}
	case map[string]any:
		if text, ok := v["text"].(string); ok {
			kind, _ := v["type"].(string)
			found[kind] = append(found[kind], text)
		}
		for _, element := range v {
			texts(element, found)
		}
	}
}

func TestTeamsActsOnNothing(t *testing.T) {
	text, err := parsed(t, "https://a.webhook.office.com/x").body(Message{Lines: hostile})
	if err != nil {
		t.Fatal(err)
	}
	var card any
	if err := json.Unmarshal(text, &card); err != nil {
		t.Fatal(err)
	}
	found := map[string][]string{}
	texts(card, found)
	want := []string{hostile[0], "\u00a0\u00a0" + hostile[1][2:], "\u00a0\u00a0\u00a0\u00a0" + hostile[2][4:]}
	if len(found) != 1 || !slices.Equal(found["TextRun"], want) {
		t.Errorf("%q", found) // a TextBlock has Markdown
	}
	if strings.Contains(string(text), "entities") {
		t.Errorf("a mention: %s", text)
	}
}

func TestAChatGetsAShortMessage(t *testing.T) {
	lines := []string{strings.Repeat("&", 5000)}
	for range 500 {
		lines = append(lines, strings.Repeat("<", 99))
	}
	for _, host := range []string{"hooks.slack.com", "a.webhook.office.com"} {
		text, err := parsed(t, "https://"+host+"/x").body(Message{Lines: lines})
		if err != nil || len(text) > 28_000 { // what Teams takes
			t.Errorf("%s: %d bytes, %v", host, len(text), err)
		}
		var form any
		if err := json.Unmarshal(text, &form); err != nil {
			t.Fatal(err)
		}
		found := map[string][]string{}
		texts(form, found)
		for kind, all := range found {
			for _, text := range all {
				if letters := len([]rune(text)); kind == "mrkdwn" && letters > 3000 {
					t.Errorf("%s: a text of %d characters", host, letters)
				}
			}
		}
	}
	if form, err := parsed(t, "https://hooks.slack.com/x").body(Message{}); err != nil || !json.Valid(form) {
		t.Error(string(form), err)
	}
}
