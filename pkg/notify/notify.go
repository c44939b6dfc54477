// Package notify tells chats and programs how a run ended: it posts the outcome to the
// URLs of their webhooks, once, when all is over.
//
// The URL of a webhook is a secret: whoever has it can post. No error and no text of this
// package contains any of it.
package notify

import (
	"bytes"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"slices"
	"strings"
	"sync"
	"time"
)

const (
	// limit bounds all notifications of a run together, retries included.
	limit = 10 * time.Second
	// retryAfter is how long a failed notification waits for its only retry.
	retryAfter = time.Second
)

// kind is a form of the notification.
type kind string

const (
	program kind = "webhook" // the JSON of the outcome
	slack   kind = "Slack"
	teams   kind = "Teams"
)

// kindsByHost are the hosts of those that want a form of their own. A host below one of
// them is one of them.
var kindsByHost = []struct {
	host string
	kind kind
}{
	{"hooks.slack.com", slack}, {"hooks.slack-gov.com", slack},
	{"webhook.office.com", teams}, {"logic.azure.com", teams}, {"api.powerplatform.com", teams},
}

// Target is where a notification goes. Printed, it does not show its URL.
type Target struct {
	url  url.URL
	kind kind
}

// Parse reads the URL of a webhook. It must be https, or of this machine. The error does
// not contain the URL.
func Parse(text string) (Target, error) {
	u, err := url.Parse(text)
	if err != nil || u.Hostname() == "" {
		return Target{}, errors.New("not a valid URL of a webhook")
	}
	if u.Scheme != "https" && (u.Scheme != "http" || !isLoopback(u.Hostname())) {
		return Target{}, errors.New("the URL of a webhook must begin with https, because it is a secret")
	}
	t := Target{url: *u, kind: program}
	for _, known := range kindsByHost {
		if host := strings.ToLower(u.Hostname()); host == known.host || strings.HasSuffix(host, "."+known.host) {
			t.kind = known.kind
		}
	}
	return t, nil
}

// isLoopback reports whether a host is this machine.
func isLoopback(host string) bool {
	address, err := netip.ParseAddr(host)
	return host == "localhost" || err == nil && address.IsLoopback()
}

// String is what kind of target it is: "Slack", "Teams" or "webhook".
func (t Target) String() string { return string(t.kind) }

// GoString is String: %#v must not show the URL either.
func (t Target) GoString() string { return t.String() }

// Same reports whether two targets have the same URL.
func (t Target) Same(other Target) bool { return t.url.String() == other.url.String() }

// Message is how a run ended.
type Message struct {
	// JSON is the outcome for programs.
	JSON []byte
	// Lines are the outcome for people, the verdict first. They are safe to print.
	Lines []string
	// Good: all went well.
	Good bool
}

// Send posts the message to all targets at once, within ten seconds. A target that is
// busy or cannot be reached is tried a second time. The errors are in the order of the
// targets, nil for those that have the message.
func Send(ctx context.Context, transport http.RoundTripper, targets []Target, m Message) []error {
	ctx, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	failures := make([]error, len(targets))
	var all sync.WaitGroup
	for i, target := range targets {
		all.Go(func() { failures[i] = target.send(ctx, transport, m) })
	}
	all.Wait()
	return failures
}

func (t Target) send(ctx context.Context, transport http.RoundTripper, m Message) error {
	body, err := t.body(m)
	if err != nil {
		return err
	}
	again, err := t.post(ctx, transport, body)
	if !again {
		return err
	}
	select {
	case <-ctx.Done():
		return err
	case <-time.After(retryAfter):
		_, err = t.post(ctx, transport, body)
		return err
	}
}

// post posts once, and reports whether it is worth another try. A redirect is not
// followed: the secret is for the host of the URL alone.
func (t Target) post(ctx context.Context, transport http.RoundTripper, body []byte) (again bool, err error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, t.url.String(), bytes.NewReader(body))
	if err != nil {
		return false, errors.New("the request cannot be made")
	}
	request.Header.Set("Content-Type", "application/json")
	request.Header.Set("User-Agent", "ecs-deploy")
	if user := t.url.User; user != nil {
		password, _ := user.Password()
		request.SetBasicAuth(user.Username(), password)
	}
	response, err := transport.RoundTrip(request)
	if err != nil {
		return ctx.Err() == nil, reason(ctx, err)
	}
	defer func() { _ = response.Body.Close() }()
	text, _ := io.ReadAll(io.LimitReader(response.Body, 1<<10)) // the answer is about the status
	switch code := response.StatusCode; {
	case code < 300:
		return false, nil
	case code < 400:
		return false, fmt.Errorf("HTTP %d: it redirects to another URL, which is not followed", code)
	default:
		return code >= 500 || code == http.StatusTooManyRequests, fmt.Errorf("HTTP %d%s", code, t.word(text))
	}
}

// slackWords are what Slack answers to a message that it does not take ("Handling errors"
// of incoming webhooks).
var slackWords = []string{
	"action_prohibited", "channel_is_archived", "channel_not_found", "invalid_blocks", "invalid_payload", "invalid_token", "no_active_hooks",
	"no_service", "no_service_id", "no_team", "no_text", "posting_to_general_channel_denied", "team_disabled", "user_not_found",
}

// word is the word with which Slack says what is wrong. Other texts could repeat the URL.
func (t Target) word(text []byte) string {
	if t.kind == slack && slices.Contains(slackWords, string(text)) {
		return " (" + string(text) + ")"
	}
	return ""
}

// reason is why nothing was answered, in words that have nothing of the URL.
func reason(ctx context.Context, err error) error {
	var lookup *net.DNSError
	var network *net.OpError
	var certificate *tls.CertificateVerificationError
	switch {
	case errors.Is(ctx.Err(), context.DeadlineExceeded):
		return fmt.Errorf("no answer within %s", limit)
	case ctx.Err() != nil:
		return errors.New("interrupted")
	case errors.As(err, &lookup):
		return errors.New("the host cannot be found")
	case errors.As(err, &certificate):
		return errors.New("the certificate of the host is not trusted")
	case errors.As(err, &network) && network.Op == "dial":
		return fmt.Errorf("the host cannot be reached: %w", network.Err)
	}
	return errors.New("the connection failed")
}
