package preflight

// The way to ECS: one request without a signature, which needs no credentials. Its answer
// has the time of AWS.

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ecs"

	"github.com/ecs-deploy/ecs-deploy/pkg/deploy"
	"github.com/ecs-deploy/ecs-deploy/pkg/internal/exitcode"
)

const (
	// reachLimit bounds the request.
	reachLimit = 4 * time.Second
	// skewLimit is how old a signature may be (IAM User Guide, "Elements of an AWS API
	// request signature"), skewNotable how far apart clocks are that nobody sets.
	skewLimit, skewNotable = 5 * time.Minute, time.Minute
)

// Reach finds out whether ECS answers at the endpoint of a client, and whether the clock
// of this machine is right. proxy is the proxy of a request, as the HTTP client of the
// ECS client chooses it; nil if there is none. The second result reports whether ECS answers.
func Reach(ctx context.Context, client *ecs.Client, proxy func(*http.Request) (*url.URL, error)) ([]Finding, bool) {
	request, err := contact(ctx, client.Options())
	if err != nil {
		return []Finding{Problem("endpoint", &deploy.UsageError{Problem: "the endpoint of ECS is not known: " + err.Error(), Remedy: "check the region (-r) and --endpoint-url"})}, false
	}
	w := way{host: request.URL.Host, address: request.URL.Scheme + "://" + request.URL.Host}
	if proxy != nil {
		through, err := proxy(request)
		if err != nil {
			return []Finding{Problem("endpoint", &deploy.UsageError{Problem: "the proxy of HTTPS_PROXY is not a URL", Remedy: "write HTTPS_PROXY as http://HOST:PORT"})}, false
		}
		if through != nil {
			w.proxy = through.Scheme + "://" + through.Host // without the password
		}
	}
	limited, cancel := context.WithTimeout(ctx, reachLimit)
	defer cancel()
	response, err := client.Options().HTTPClient.Do(request.WithContext(limited))
	if err != nil {
		return []Finding{w.closed(err)}, false
	}
	_, _ = io.Copy(io.Discard, io.LimitReader(response.Body, 1<<16)) // so that the connection is used again
	_ = response.Body.Close()
	detail := w.address + " answers"
	if w.proxy != "" {
		detail += ", through the proxy " + w.proxy
	}
	return []Finding{OK("endpoint", detail), clock(response.Header.Get("Date"), time.Now(), client.Options().RetryMaxAttempts)}, true
}

// contact is the request.
func contact(ctx context.Context, o ecs.Options) (*http.Request, error) {
	endpoint, err := o.EndpointResolverV2.ResolveEndpoint(ctx, ecs.EndpointParameters{
		Region: aws.String(o.Region), Endpoint: o.BaseEndpoint,
		UseFIPS:      aws.Bool(o.EndpointOptions.UseFIPSEndpoint == aws.FIPSEndpointStateEnabled),
		UseDualStack: aws.Bool(o.EndpointOptions.UseDualStackEndpoint == aws.DualStackEndpointStateEnabled),
	})
	if err != nil {
		return nil, err
	}
	return http.NewRequestWithContext(ctx, http.MethodGet, endpoint.URI.Scheme+"://"+endpoint.URI.Host+"/", http.NoBody)
}

// clock compares the clock of this machine with the date of an answer. The SDK takes the
// time of AWS from a call that was refused for the difference, and signs it again.
func clock(date string, now time.Time, attempts int) Finding {
	const subject = "clock"
	server, err := http.ParseTime(date)
	if err != nil {
		return Unknown(subject, "the answer has no date")
	}
	skew := now.Sub(server).Round(time.Second)
	apart, side := skew.Abs(), "ahead of"
	if skew < 0 {
		side = "behind"
	}
	detail := fmt.Sprintf("this machine is %s %s AWS", apart, side)
	const remedy = "set the clock of this machine, for example with NTP"
	switch {
	case apart <= skewNotable:
		return OK(subject, fmt.Sprintf("within %s of the clock of AWS", max(apart, 2*time.Second)))
	case apart < skewLimit:
		return Warning(subject, detail+"; AWS refuses signatures that are 5 minutes off", remedy)
	case attempts == 1:
		return Finding{Check: deploy.Check{Subject: subject, State: deploy.CheckProblem, Detail: detail + ": AWS refuses the signatures", Remedy: remedy}, Code: exitcode.Access}
	}
	return Warning(subject, detail+"; the first call to each service is refused and signed again, and temporary credentials can expire unnoticed", remedy)
}

// way is how a request goes to ECS.
type way struct{ host, address, proxy string }

// closed is the finding that no answer came.
func (w way) closed(err error) Finding {
	detail, remedy := w.explain(err)
	return Finding{Check: deploy.Check{Subject: "endpoint", State: deploy.CheckProblem, Detail: detail, Remedy: remedy}, Code: exitcode.Error}
}

// explain says why no answer came, and what to do.
func (w way) explain(err error) (detail, remedy string) {
	var lookup *net.DNSError
	var network *net.OpError
	var plain tls.RecordHeaderError
	proxied := w.proxy != ""
	switch {
	case errors.Is(err, context.DeadlineExceeded), isTimeout(err):
		if proxied {
			return fmt.Sprintf("%s does not answer through the proxy %s", w.address, w.proxy), w.proxyRemedy()
		}
		return w.address + " does not answer", "check the network and the firewall; if this machine needs a proxy, set HTTPS_PROXY"
	case errors.As(err, &network) && network.Op == "proxyconnect":
		return fmt.Sprintf("the proxy %s cannot be reached: %s", w.proxy, innermost(err)), w.proxyRemedy()
	case errors.As(err, &lookup) && lookup.IsNotFound:
		return "unknown host " + lookup.Name, "check the region (-r), which is part of that name, --endpoint-url and the network"
	case errors.As(err, &plain):
		return w.host + " answers without TLS", "write --endpoint-url with http://, or use another port"
	}
	if detail, remedy, ok := w.distrusted(err); ok {
		return detail, remedy
	}
	if proxied && network == nil {
		return fmt.Sprintf("the proxy %s refuses to connect to %s: %s", w.proxy, w.host, innermost(err)), w.proxyRemedy()
	}
	return w.address + " cannot be reached: " + innermost(err), "check the network, --endpoint-url and the region"
}

// proxyRemedy is what to do about a proxy.
func (w way) proxyRemedy() string {
	host, _, err := net.SplitHostPort(w.host)
	if err != nil {
		host = w.host
	}
	return fmt.Sprintf("check HTTPS_PROXY, with user and password if the proxy asks for them, or add %s to NO_PROXY", host)
}

// distrusted says why a certificate is not trusted; ok is false for other errors.
func (w way) distrusted(err error) (detail, remedy string, ok bool) {
	var unknown x509.UnknownAuthorityError
	var name x509.HostnameError
	var invalid x509.CertificateInvalidError
	switch {
	case errors.As(err, &unknown):
		return "this machine does not know who signed the certificate of " + w.host,
			"if a proxy inspects TLS, set AWS_CA_BUNDLE to a file with its certificate and those of the system", true
	case errors.As(err, &name):
		return "the certificate of " + w.host + " is for another host", "check --endpoint-url and HTTPS_PROXY", true
	case errors.As(err, &invalid) && invalid.Reason == x509.Expired:
		return "the certificate of " + w.host + " has expired or is not valid yet", "check the clock of this machine first, then the certificate", true
	case errors.As(err, new(*tls.CertificateVerificationError)):
		return "the certificate of " + w.host + " is not valid: " + innermost(err), "check AWS_CA_BUNDLE and the certificate", true
	}
	return "", "", false
}

func isTimeout(err error) bool {
	var timeout net.Error
	return errors.As(err, &timeout) && timeout.Timeout()
}

// innermost is the text of the last error of a chain, in one line.
func innermost(err error) string {
	var network *net.OpError
	if errors.As(err, &network) && network.Op != "proxyconnect" {
		return network.Error()
	}
	for next := errors.Unwrap(err); next != nil; next = errors.Unwrap(err) {
		err = next
	}
	text, _, _ := strings.Cut(err.Error(), "\n")
	return text
}
