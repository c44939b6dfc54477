// Package ecsapi calls Amazon ECS. Each operation that deployments need is called
// in one place: lossless, sent again only if that is harmless, its answer held
// against what was asked, its lists read to their end, its errors put into words.
//
// It decides nothing. What an answer means for a deployment is for packages rollout
// and deploy.
package ecsapi

import (
	"sync/atomic"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	awsmiddleware "github.com/aws/aws-sdk-go-v2/aws/middleware"
	"github.com/aws/aws-sdk-go-v2/service/ecs"
	"github.com/aws/smithy-go/middleware"

	"github.com/ecs-deploy/ecs-deploy/pkg/pace"
)

// Client calls ECS through the SDK's client, with that client's settings. Writes are
// sent once, whatever these settings say.
type Client struct {
	sdk  *ecs.Client
	read []func(*ecs.Options) // options of each read
	skew *atomic.Pointer[time.Duration]
	*shared
}

// New makes a client whose calls keep to limits; nil are limits of its own.
func New(sdk *ecs.Client, limits *pace.Limits) *Client {
	if limits == nil {
		limits = pace.New(nil)
	}
	return &Client{sdk: paced(sdk, limits), skew: new(atomic.Pointer[time.Duration]), shared: &shared{limits: limits, joiners: map[string]any{}}}
}

// Unretried is the same client, with each read sent once: for a caller that is the
// retry loop itself and should not sit in the SDK's.
func (c *Client) Unretried() *Client {
	return &Client{sdk: c.sdk, read: []func(*ecs.Options){once}, skew: c.skew, shared: c.shared}
}

// ServerTime is a moment of the caller's clock as ECS's clock has it, by how far apart
// the two clocks were at the last answer that said so; zero if none did.
func (c *Client) ServerTime(local time.Time) time.Time {
	skew := c.skew.Load()
	if skew == nil {
		return time.Time{}
	}
	return local.Add(*skew)
}

// noteSkew compares the clocks: the date of an answer with when it arrived.
func (c *Client) noteSkew(answer middleware.Metadata) {
	server, dated := awsmiddleware.GetServerTime(answer)
	arrived, timed := awsmiddleware.GetResponseAt(answer)
	if dated && timed && !server.IsZero() {
		skew := server.Sub(arrived)
		c.skew.Store(&skew)
	}
}

// Region is the region that the client calls.
func (c *Client) Region() string { return c.sdk.Options().Region }

// once has a call sent a single time. The SDK would repeat a write after a lost
// answer, and neither RegisterTaskDefinition nor UpdateService has a token that
// makes the repetition harmless.
func once(o *ecs.Options) { o.RetryMaxAttempts = 1; o.Retryer = aws.NopRetryer{} }

// with are the options of a read, and others.
func (c *Client) with(more ...func(*ecs.Options)) []func(*ecs.Options) {
	return append(append([]func(*ecs.Options){}, c.read...), more...)
}
