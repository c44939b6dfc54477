package cmd

// What targets that call AWS in the same way have in common: the region, the way to ECS,
// and who asks.

import (
	"context"
	"errors"
	"net/http"
	"os"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	awsconfig "github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/credentials/ec2rolecreds"
	"github.com/aws/aws-sdk-go-v2/credentials/endpointcreds"
	"github.com/aws/aws-sdk-go-v2/credentials/processcreds"
	"github.com/aws/aws-sdk-go-v2/credentials/ssocreds"
	"github.com/aws/aws-sdk-go-v2/credentials/stscreds"
	"github.com/aws/aws-sdk-go-v2/service/sts"
	"github.com/spf13/cobra"

	"github.com/ecs-deploy/ecs-deploy/pkg/deploy"
	"github.com/ecs-deploy/ecs-deploy/pkg/preflight"
)

// credentialsLimit is how long credentials are waited for if ECS cannot be reached. If it
// can, a person may be typing the code of an MFA device.
const credentialsLimit = 4 * time.Second

// ground is what is known about a way to call AWS.
type ground struct {
	found    []preflight.Finding
	cfg      aws.Config
	clock    deploy.Clock // of the simulator
	identity preflight.Identity
	limits   *deploy.Limits
	ready    bool // a service can be asked about
}

// groundOf finds out about the way in which a member calls AWS.
func (a *app) groundOf(c *cobra.Command, m *app) (*ground, error) {
	if !m.settings.Simulated() {
		g := m.realGround(c)
		g.limits = deploy.NewLimits(nil)
		return g, nil
	}
	g := new(ground)
	m.cleanup = nil
	var err error
	g.cfg, err = m.clientConfig(c)
	if m != a {
		a.cleanup = append(a.cleanup, m.cleanup...)
	}
	if err != nil {
		return nil, err
	}
	g.clock, g.limits = m.clock, deploy.NewLimits(m.clock)
	g.found = append(g.found, preflight.OK("region", g.cfg.Region+", of the simulator"))
	g.found = append(g.found, preflight.OK("credentials", "those of the simulator"))
	g.ready = m.whoAsks(c.Context(), g)
	return g, nil
}

// realGround is the ground in AWS.
func (a *app) realGround(c *cobra.Command) *ground {
	g := new(ground)
	a.warnOfKeys(c)
	a.tellRole()
	err := a.checkAccess()
	if err == nil {
		err = a.checkVariables()
	}
	var from *source
	if err == nil {
		g.cfg, from, err = a.loadAWS(c.Context())
	}
	if err != nil {
		subject := "AWS settings" // a profile, a flag, a file of certificates
		if errors.As(err, new(*credentialsError)) {
			subject = "credentials"
		}
		g.found = append(g.found, preflight.Problem(subject, err))
		return g
	}
	origin := a.regionOrigin()
	if err := a.checkRegion(g.cfg.Region); err != nil {
		g.found = append(g.found, preflight.Problem("region", err))
		a.checkCredentials(c.Context(), g, from)
		return g
	}
	g.found = append(g.found, preflight.OK("region", g.cfg.Region+", from "+origin))
	var way []preflight.Finding
	reached, started := false, time.Now()
	ctx, cancel := context.WithCancel(c.Context())
	defer cancel()
	var trip sync.WaitGroup
	client := a.ecs(g.cfg)
	trip.Go(func() {
		if way, reached = preflight.Reach(c.Context(), client, http.ProxyFromEnvironment); !reached {
			time.AfterFunc(credentialsLimit-time.Since(started), cancel)
		}
	})
	who := &ground{cfg: g.cfg}
	valid := a.checkCredentials(ctx, who, from)
	trip.Wait()
	g.cfg, g.found = who.cfg, slices.Concat(g.found, way, who.found)
	g.ready = valid && reached && a.whoAsks(c.Context(), g)
	return g
}

// regionOrigin is where the region comes from.
func (a *app) regionOrigin() string {
	switch {
	case a.settings.Region != "":
		return a.settings.Origin("region").String()
	case a.arnRegion.value != "" && os.Getenv("AWS_REGION") == "" && os.Getenv("AWS_DEFAULT_REGION") == "":
		return a.arnRegion.source
	}
	return regionSource(a.profile())
}

// checkCredentials gets the credentials, and reports whether there are any.
func (a *app) checkCredentials(ctx context.Context, g *ground, from *source) bool {
	const subject = "credentials"
	err := a.identify(ctx, &g.cfg, from)
	if errors.Is(err, context.Canceled) {
		g.found = append(g.found, preflight.Unknown(subject, "none came within "+credentialsLimit.String()))
		return false
	}
	var got aws.Credentials
	if err == nil {
		got, err = g.cfg.Credentials.Retrieve(ctx)
	}
	if err != nil {
		g.found = append(g.found, preflight.Problem(subject, err))
		return false
	}
	detail := "from " + a.credentialsOrigin(got.Source, from)
	if got.CanExpire {
		detail += ", valid until " + got.Expires.Local().Format("2006-01-02 15:04:05 MST")
	}
	g.found = append(g.found, preflight.OK(subject, detail))
	return true
}

// credentialsOrigin is where credentials come from, by the SDK's name of their provider.
func (a *app) credentialsOrigin(provider string, from *source) string {
	profile := "profile " + a.profile()
	switch {
	case from.assumed:
		return from.name + ", which is assumed"
	case provider == credentials.StaticCredentialsName:
		return a.settings.Origin("aws-access-key").String()
	case provider == awsconfig.CredentialsSourceName:
		return "variable " + set("AWS_ACCESS_KEY_ID", "AWS_ACCESS_KEY")
	case strings.HasPrefix(provider, "SharedConfigCredentials"):
		return profile
	}
	if name := map[string]string{
		ssocreds.ProviderName: profile + " (SSO)", processcreds.ProviderName: profile + " (credential_process)",
		stscreds.WebIdentityProviderName: "an identity token (" + from.name + ")",
		ec2rolecreds.ProviderName:        "the role of this instance", endpointcreds.ProviderName: "the role of this container",
	}[provider]; name != "" {
		return name
	}
	return provider
}

// whoAsks asks STS who the credentials belong to, and reports whether AWS accepts them.
func (a *app) whoAsks(ctx context.Context, g *ground) bool {
	endpoint := a.stsEndpoint()
	if a.settings.EndpointURL != "" && endpoint == "" { // a signed answer to this question is a proof of identity
		g.found = append(g.found, preflight.Unknown("identity", "the settings file sends calls to another endpoint, and STS is not asked there"))
		return true
	}
	client := sts.NewFromConfig(g.cfg, func(o *sts.Options) { setEndpoint(&o.BaseEndpoint, endpoint) })
	identity, finding, accepted := preflight.Identify(ctx, client)
	g.identity, g.found = identity, append(g.found, finding)
	return accepted
}
