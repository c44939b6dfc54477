// Command bare has the dependencies of ecs-deploy, linked as a program that uses
// them has them, and does nothing: it shows how fast a program of this kind can
// start. BenchmarkStart compares with it.
package main

import (
	"context"
	"net/http"
	"os"

	tea "charm.land/bubbletea/v2"
	"github.com/Masterminds/semver/v3"
	"github.com/agnivade/levenshtein"
	"github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs"
	"github.com/aws/aws-sdk-go-v2/service/ecr"
	"github.com/aws/aws-sdk-go-v2/service/ecs"
	"github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2"
	"github.com/aws/aws-sdk-go-v2/service/sts"
	"github.com/distribution/reference"
	"github.com/fatih/color"
	"github.com/google/go-containerregistry/pkg/authn"
	"github.com/google/go-containerregistry/pkg/name"
	"github.com/google/go-containerregistry/pkg/v1/remote/transport"
	"github.com/rogpeppe/go-internal/lockedfile"
	"github.com/spf13/cobra"
	"github.com/spf13/viper"
	"github.com/tailscale/hujson"
	"go.yaml.in/yaml/v4"
)

func main() {
	if len(os.Args) < 100 {
		return
	}
	// Never reached: it keeps the linker from leaving everything out.
	cfg, _ := config.LoadDefaultConfig(context.Background())
	_, _ = ecs.NewFromConfig(cfg).UpdateService(context.Background(), nil)
	_, _ = cloudwatchlogs.NewFromConfig(cfg).GetLogEvents(context.Background(), nil)
	_, _ = elasticloadbalancingv2.NewFromConfig(cfg).DescribeTargetHealth(context.Background(), nil)
	_, _ = ecr.NewFromConfig(cfg).DescribeImages(context.Background(), nil)
	_, _ = sts.NewFromConfig(cfg).AssumeRole(context.Background(), nil)
	_, _ = hujson.Parse(nil)
	_ = levenshtein.ComputeDistance(os.Args[1], os.Args[2])
	named, _ := reference.ParseNormalizedNamed(os.Args[1])
	color.Red("%v", named)
	_, _ = lockedfile.MutexAt(os.Args[2]).Lock()
	_ = new(cobra.Command).Execute()
	_ = viper.New().MergeConfigMap(nil)
	_ = yaml.Load(nil, nil)
	_, _ = semver.NewConstraint(os.Args[4])
	_, _ = authn.DefaultKeychain.Resolve(nil)
	_, _ = transport.Ping(context.Background(), name.Registry{}, nil)
	_, _ = tea.NewProgram(nil).Run()
	_ = http.ListenAndServe(os.Args[3], nil)
}
