package preflight_test

import (
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"io"
	"net"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/ecs"

	"github.com/ecs-deploy/ecs-deploy/pkg/deploy"
	"github.com/ecs-deploy/ecs-deploy/pkg/ecssim"
	"github.com/ecs-deploy/ecs-deploy/pkg/preflight"
)

// exchange is an HTTP client.
type exchange func(*http.Request) (*http.Response, error)

func (e exchange) Do(r *http.Request) (*http.Response, error) { return e(r) }

// answering answers with a date.
func answering(ahead time.Duration) exchange {
	return func(r *http.Request) (*http.Response, error) {
		header := http.Header{"Date": {time.Now().Add(ahead).UTC().Format(http.TimeFormat)}}
		return &http.Response{StatusCode: http.StatusNotFound, Header: header, Body: io.NopCloser(strings.NewReader("")), Request: r}, nil
	}
}

func clientOf(client aws.HTTPClient, options ...func(*ecs.Options)) *ecs.Client {
	cfg := aws.Config{Region: "eu-west-1", HTTPClient: client, Credentials: credentials.NewStaticCredentialsProvider("AKIDEXAMPLE", "secret", "")}
	return ecs.NewFromConfig(cfg, options...)
}

func once(o *ecs.Options) { o.RetryMaxAttempts = 1 }

// TestReach: each reason why ECS does not answer has its own words and its own remedy.
func TestReach(t *testing.T) {
	failing := func(err error) exchange {
		return func(r *http.Request) (*http.Response, error) {
			return nil, &url.Error{Op: "Get", URL: r.URL.String(), Err: err}
		}
	}
	distrusted := func(err error) exchange { return failing(&tls.CertificateVerificationError{Err: err}) }
	for name, c := range map[string]struct {
		client       exchange
		proxy, found string
	}{
		"answers":            {answering(0), "", "ok endpoint: https://ecs.eu-west-1.amazonaws.com answers"},
		"through a proxy":    {answering(0), "http://me:hush@proxy:3128", "ok endpoint: https://ecs.eu-west-1.amazonaws.com answers, through the proxy http://proxy:3128"},
		"no such host":       {failing(&net.DNSError{Name: "ecs.eu-west-1.amazonaws.com", IsNotFound: true}), "", "problem endpoint: unknown host ecs.eu-west-1.amazonaws.com; check the region"},
		"refused":            {failing(&net.OpError{Op: "dial", Net: "tcp", Err: errors.New("connection refused")}), "", "problem endpoint: https://ecs.eu-west-1.amazonaws.com cannot be reached: dial tcp: connection refused; check the network"},
		"no answer":          {failing(context.DeadlineExceeded), "", "problem endpoint: https://ecs.eu-west-1.amazonaws.com does not answer; check the network and the firewall; if this machine needs a proxy, set HTTPS_PROXY"},
		"no proxy":           {failing(&net.OpError{Op: "proxyconnect", Net: "tcp", Err: errors.New("connection refused")}), "http://me:hush@proxy:3128", "problem endpoint: the proxy http://proxy:3128 cannot be reached: connection refused; check HTTPS_PROXY"},
		"proxy asks":         {failing(errors.New("Proxy Authentication Required")), "http://proxy:3128", "problem endpoint: the proxy http://proxy:3128 refuses to connect to ecs.eu-west-1.amazonaws.com: Proxy Authentication Required; check HTTPS_PROXY, with user and password"},
		"proxy is silent":    {failing(context.DeadlineExceeded), "http://proxy:3128", "problem endpoint: https://ecs.eu-west-1.amazonaws.com does not answer through the proxy http://proxy:3128; check HTTPS_PROXY"},
		"another authority":  {distrusted(x509.UnknownAuthorityError{}), "", "problem endpoint: this machine does not know who signed the certificate of ecs.eu-west-1.amazonaws.com; if a proxy inspects TLS, set AWS_CA_BUNDLE"},
		"expired":            {distrusted(x509.CertificateInvalidError{Reason: x509.Expired}), "", "problem endpoint: the certificate of ecs.eu-west-1.amazonaws.com has expired or is not valid yet; check the clock"},
		"another host":       {distrusted(x509.HostnameError{Host: "other", Certificate: &x509.Certificate{}}), "", "problem endpoint: the certificate of ecs.eu-west-1.amazonaws.com is for another host; check --endpoint-url"},
		"another fault":      {distrusted(errors.New("odd")), "", "problem endpoint: the certificate of ecs.eu-west-1.amazonaws.com is not valid: odd; check AWS_CA_BUNDLE"},
		"no TLS":             {failing(tls.RecordHeaderError{Msg: "first record does not look like a TLS handshake"}), "", "problem endpoint: ecs.eu-west-1.amazonaws.com answers without TLS; write --endpoint-url with http://"},
		"a wrong proxy":      {answering(0), "bad", "problem endpoint: the proxy of HTTPS_PROXY is not a URL; write HTTPS_PROXY as"},
		"slow clock":         {answering(2 * time.Minute), "", "warning clock: this machine is 2m0s behind AWS; AWS refuses signatures that are 5 minutes off; set the clock"},
		"very fast clock":    {answering(-6 * time.Minute), "", "warning clock: this machine is 6m0s ahead of AWS; the first call to each service is refused and signed again"},
		"clock of no moment": {answering(0), "", "ok clock: within 2s of the clock of AWS"},
	} {
		synctest.Test(t, func(t *testing.T) { // whose time stands still
			proxy := func(*http.Request) (*url.URL, error) {
				switch c.proxy {
				case "":
					return nil, nil
				case "bad":
					return nil, errors.New("invalid proxy")
				}
				return url.Parse(c.proxy)
			}
			found, reached := preflight.Reach(t.Context(), clientOf(c.client), proxy)
			text := said(found)
			if !strings.Contains(text, c.found) || strings.Contains(text, "hush") {
				t.Errorf("%s: found %s\nwant  %s", name, text, c.found)
			}
			if reached != !strings.Contains(c.found, "problem") {
				t.Errorf("%s: reached: %t", name, reached)
			}
			if exit := (preflight.Report{Checks: found}).ExitCode(); reached != (exit == 0) {
				t.Errorf("%s: exit code %d", name, exit)
			}
		})
	}
	found, _ := preflight.Reach(t.Context(), clientOf(answering(time.Hour), once), nil)
	if text := said(found); !strings.Contains(text, "behind AWS: AWS refuses the signatures") || (preflight.Report{Checks: found}).ExitCode() != 4 {
		t.Error(text)
	}
}

// said are findings as texts.
func said(found []preflight.Finding) string {
	var b strings.Builder
	for _, f := range found {
		b.WriteString(string(f.State) + " " + f.Subject + ": " + f.Detail)
		if f.Remedy != "" {
			b.WriteString("; " + f.Remedy)
		}
		b.WriteString("\n")
	}
	return b.String()
}

// TestTheSDKCorrectsAWrongClock: what [preflight.Reach] says about a clock that is more
// than 5 minutes wrong is true. A call is refused, signed again with the time of AWS, and
// answered; a later call, also one that is sent once as writes are, is right at once.
// With a single attempt all calls are refused.
func TestTheSDKCorrectsAWrongClock(t *testing.T) { synctest.Test(t, testWrongClock) }

func testWrongClock(t *testing.T) {
	const ahead = 10 * time.Minute // AWS is
	sim, err := ecssim.New(ecssim.World{Clusters: []ecssim.ClusterSpec{{Name: "prod"}}})
	if err != nil {
		t.Fatal(err)
	}
	refused, served := 0, 0
	aside := exchange(func(r *http.Request) (*http.Response, error) {
		signed, err := time.Parse("20060102T150405Z", r.Header.Get("X-Amz-Date"))
		if err != nil {
			return nil, err
		}
		now := time.Now().Add(ahead)
		if now.Sub(signed).Abs() < 5*time.Minute {
			served++
			answer, err := sim.HTTPClient().Do(r)
			if err == nil {
				answer.Header.Set("Date", now.UTC().Format(http.TimeFormat))
			}
			return answer, err
		}
		refused++
		body := `{"__type":"InvalidSignatureException","message":"Signature expired"}`
		return &http.Response{
			StatusCode: http.StatusForbidden, Request: r, Body: io.NopCloser(bytes.NewBufferString(body)),
			Header: http.Header{"Date": {now.UTC().Format(http.TimeFormat)}, "Content-Type": {"application/x-amz-json-1.1"}},
		}, nil
	})
	client := clientOf(aside)
	if _, err := client.ListClusters(t.Context(), &ecs.ListClustersInput{}); err != nil || refused != 1 || served != 1 {
		t.Errorf("%v after %d refusals", err, refused)
	}
	if _, err := client.ListClusters(t.Context(), &ecs.ListClustersInput{}, once, func(o *ecs.Options) { o.Retryer = aws.NopRetryer{} }); err != nil || refused != 1 {
		t.Errorf("a later call: %v after %d refusals", err, refused)
	}
	_, err = clientOf(aside, once).ListClusters(t.Context(), &ecs.ListClustersInput{})
	if call := deploy.NewCallError("ecs:ListClusters", "clusters", err); call.ExitCode() != 4 {
		t.Errorf("a single attempt: %v", err)
	}
}
