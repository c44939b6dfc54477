// Command bare has the dependencies of ecs-deploy and does nothing: it shows how
// fast a program of this kind can start. BenchmarkStart compares with it.
package main

import (
	_ "github.com/aws/aws-sdk-go-v2/config"
	_ "github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs"
	_ "github.com/aws/aws-sdk-go-v2/service/ecs"
	_ "github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2"
	_ "github.com/distribution/reference"
	_ "github.com/fatih/color"
	_ "github.com/rogpeppe/go-internal/lockedfile"
	_ "github.com/spf13/cobra"
	_ "github.com/spf13/viper"
	_ "go.yaml.in/yaml/v4"
)

func main() {}
