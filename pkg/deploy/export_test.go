package deploy_test

import (
	"context"
	"encoding/json"
	"errors"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/ecs-deploy/ecs-deploy/pkg/deploy"
)

// export reads the service web of the cluster prod.
func (b *bench) export() deploy.Export {
	b.Helper()
	e, err := b.deployer().Export(b.Context(), webInProd)
	if err != nil {
		b.Fatal(err)
	}
	return e
}

func TestExportIsTheServiceAsItIs(t *testing.T) {
	inWorld(t, webWorld, func(b *bench) {
		b.run(request(), deploy.Policy{})
		b.calls = nil
		e := b.export()
		want := deploy.Export{
			Ref: webInProd, ServiceARN: "arn:aws:ecs:us-east-1:123456789012:service/prod/web", Region: "us-east-1", Account: "123456789012",
			TaskDefinition: "arn:aws:ecs:us-east-1:123456789012:task-definition/web:2",
			DesiredCount:   aws.Int32(2), MinimumHealthyPercent: aws.Int32(100), MaximumPercent: aws.Int32(200), Settled: true, Strategy: "ROLLING",
		}
		if diff := cmp.Diff(want, e, cmpopts.IgnoreFields(deploy.Export{}, "Definition", "Wanted")); diff != "" {
			b.Error(diff)
		}
		if got := e.Definition.Containers()[0].Image; got != "repo/web:v2" {
			b.Errorf("the image is %s", got)
		}
		if len(b.calls) != 2 {
			b.Errorf("%d calls, want 2", len(b.calls))
		}
		b.untouched()
	})
}

// TestExportDeploysUnchanged: what was exported, asked for again, is nothing to do,
// by its images, its definition, its settings, and by ARNs.
func TestExportDeploysUnchanged(t *testing.T) {
	inWorld(t, webWorld, func(b *bench) {
		e := b.export()
		at := deploy.Request{Ref: deploy.Ref{Cluster: e.Cluster, Service: e.Service}}
		byImages, byDefinition, bySettings := at, at, at
		for _, c := range e.Definition.Containers() {
			byImages.Images = append(byImages.Images, c.Image)
		}
		byDefinition.Definition = e.Definition
		bySettings.DesiredCount, bySettings.MinimumHealthyPercent, bySettings.MaximumPercent = e.DesiredCount, e.MinimumHealthyPercent, e.MaximumPercent
		for _, r := range []deploy.Request{byImages, byDefinition, bySettings} {
			b.want(b.run(r, deploy.Policy{}), "unchanged")
		}
		byARN, err := b.deployer().Export(b.Context(), deploy.Ref{Cluster: "arn:aws:ecs:us-east-1:123456789012:cluster/prod", Service: e.ServiceARN})
		if err != nil || byARN.Cluster != "prod" || byARN.Service != "web" {
			b.Errorf("by ARNs: %+v, %v", byARN, err)
		}
		b.untouched()
	})
}

func TestExportSaysWhatIsNotSettled(t *testing.T) {
	inWorld(t, webWorld, func(b *bench) {
		b.run(request(), deploy.Policy{NoWait: true})
		if e := b.export(); e.Settled || !strings.HasSuffix(e.TaskDefinition, "web:2") {
			b.Errorf("while web:2 is on its way: %+v", e)
		}
	})
	inWorld(t, noRollback+"\nimages: [{match: 'repo/web:v2', behaviour: exits}]\n", func(b *bench) {
		b.want(b.run(request(), deploy.Policy{}), "failed")
		if b.export().Settled {
			b.Error("settled, where the deployment has failed")
		}
	})
}

// TestExportFor reads the service once, also one that is found by its family, and makes
// the wanted definition.
func TestExportFor(t *testing.T) {
	inWorld(t, webWorld, func(b *bench) {
		for _, c := range []struct {
			request deploy.Request
			image   string
			calls   int
		}{
			{deploy.Request{Ref: webInProd}, "repo/web:v1", 2},
			{request(), "repo/web:v2", 3}, // the newest revision of the family, too
			{deploy.Request{Ref: deploy.Ref{Cluster: "prod"}, Want: deploy.Want{TaskDefinition: "web", Images: []string{"repo/web:v2"}}}, "repo/web:v2", 5},
		} {
			b.calls = nil
			e, err := b.deployer().ExportFor(b.Context(), c.request)
			if err != nil {
				b.Fatal(err)
			}
			if e.Ref != webInProd || e.Wanted.Containers()[0].Image != c.image || len(b.calls) != c.calls {
				b.Errorf("%+v: image %s after %q", e, e.Wanted.Containers()[0].Image, b.calls)
			}
		}
		b.untouched()
	})
}

func TestExportSaysWhetherTagsArePropagated(t *testing.T) {
	for from, want := range map[string]bool{"": false, ", propagateTags: NONE": false, ", propagateTags: SERVICE": true, ", propagateTags: TASK_DEFINITION": true} {
		inWorld(t, strings.Replace(webWorld, "serviceName: web", "serviceName: web"+strings.Replace(from, ", ", "\n    ", 1), 1), func(b *bench) {
			if got := b.export().PropagatesTags; got != want {
				b.Errorf("%q: %t", from, got)
			}
		})
	}
}

func TestExportOfADaemonHasNoCount(t *testing.T) {
	inWorld(t, daemon, func(b *bench) {
		if e := b.export(); e.DesiredCount != nil || e.MaximumPercent == nil || *e.MaximumPercent != 100 {
			b.Errorf("%+v", e)
		}
	})
}

func TestExportFailsAsAPlanDoes(t *testing.T) {
	inWorld(t, webWorld, func(b *bench) {
		var missing *deploy.NotFoundError
		if _, err := b.deployer().Export(b.Context(), deploy.Ref{Cluster: "prod", Service: "shop"}); !errors.As(err, &missing) {
			b.Errorf("a service that does not exist: %v", err)
		}
		var usage *deploy.UsageError
		if _, err := b.deployer().Export(b.Context(), deploy.Ref{Cluster: "prod"}); !errors.As(err, &usage) {
			b.Errorf("no service: %v", err)
		}
		ctx, cancel := context.WithCancel(b.Context())
		cancel()
		var interrupted *deploy.InterruptedError
		if _, err := b.deployer().Export(ctx, webInProd); !errors.As(err, &interrupted) {
			b.Errorf("interrupted: %v", err)
		}
	})
	inWorld(t, webWorld, func(b *bench) {
		b.answer = func(operation string) (string, bool) {
			return `{"services":[{"serviceArn":"arn:aws:ecs:us-east-1:123456789012:service/prod/web","serviceName":"web","status":"ACTIVE","deploymentController":{"type":"CODE_DEPLOY"}}]}`, operation == "DescribeServices"
		}
		var unsupported *deploy.UnsupportedError
		if _, err := b.deployer().Export(b.Context(), webInProd); !errors.As(err, &unsupported) || len(b.calls) != 1 {
			b.Errorf("%v after %d calls", err, len(b.calls))
		}
	})
}

func TestExportMarshalsNoDefinition(t *testing.T) {
	secret := strings.Replace(webWorld, `{name: app,`, `{name: app, environment: [{name: TOKEN, value: hush}],`, 1)
	inWorld(t, secret, func(b *bench) {
		e := b.export()
		text, err := json.Marshal(e)
		if err != nil || strings.Contains(string(text), "hush") || e.Definition.EnvironmentNames()[0] != "TOKEN" {
			b.Errorf("%s, %v", text, err)
		}
	})
}
