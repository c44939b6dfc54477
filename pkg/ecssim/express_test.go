package ecssim_test

// This file tests services in Express Mode with the real client: what ECS makes of
// their configuration, and that they deploy as CANARY.

import (
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ecs"
	"github.com/aws/aws-sdk-go-v2/service/ecs/types"
)

const expressWorld = `
clusters: [{name: demo}]
expressServices:
  - cluster: demo
    serviceName: web
    infrastructureRoleArn: arn:aws:iam::123456789012:role/ecsInfrastructureRoleForExpressServices
    executionRoleArn: arn:aws:iam::123456789012:role/ecsTaskExecutionRole
    primaryContainer: {image: "web:1", containerPort: 8080}
    scalingTarget: {minTaskCount: 2}
`

func TestExpressService(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		client := parsed(t, expressWorld)
		s := describe(t, client)
		arn, config := s.ServiceArn, s.DeploymentConfiguration
		if s.ResourceManagementType != types.ResourceManagementTypeEcs || s.RunningCount != 2 || config.Strategy != types.DeploymentStrategyCanary ||
			*config.CanaryConfiguration.CanaryPercent != 5 || *config.CanaryConfiguration.CanaryBakeTimeInMinutes != 3 || *config.BakeTimeInMinutes != 3 || !config.Alarms.Enable {
			t.Errorf("%+v, %+v", s, config)
		}
		see := func() *types.ECSExpressGatewayService {
			t.Helper()
			out, err := client.DescribeExpressGatewayService(t.Context(), &ecs.DescribeExpressGatewayServiceInput{ServiceArn: arn})
			if err != nil {
				t.Fatal(err)
			}
			return out.Service
		}
		if x := see(); len(x.ActiveConfigurations) != 1 || *x.ActiveConfigurations[0].PrimaryContainer.Image != "web:1" || *x.ActiveConfigurations[0].HealthCheckPath != "/ping" ||
			!strings.HasPrefix(*x.ActiveConfigurations[0].IngressPaths[0].Endpoint, "web-") || x.Status.StatusCode != types.ExpressGatewayServiceStatusCodeActive {
			t.Errorf("%+v", x)
		}
		for kind, want := range map[types.ResourceManagementType]int{types.ResourceManagementTypeEcs: 1, types.ResourceManagementTypeCustomer: 0} {
			if list, err := client.ListServices(t.Context(), &ecs.ListServicesInput{Cluster: aws.String("demo"), ResourceManagementType: kind}); err != nil || len(list.ServiceArns) != want {
				t.Errorf("ListServices %s: %v, %v", kind, list, err)
			}
		}
		begin := time.Now()
		out, err := client.UpdateExpressGatewayService(t.Context(), &ecs.UpdateExpressGatewayServiceInput{ServiceArn: arn,
			PrimaryContainer: &types.ExpressGatewayContainer{Image: aws.String("web:2"), ContainerPort: aws.Int32(8080)}})
		if err != nil {
			t.Fatal(err)
		}
		if c := out.Service.TargetConfiguration; *c.PrimaryContainer.Image != "web:2" || !strings.HasSuffix(*c.TaskDefinitionArn, "/demo-web:2") || *c.ScalingTarget.MinTaskCount != 2 {
			t.Errorf("%+v", c)
		}
		time.Sleep(10 * time.Second)
		if x := see(); len(x.ActiveConfigurations) != 2 || *x.CurrentDeployment != *newest(t, client).ServiceDeploymentArn {
			t.Errorf("while it deploys: %+v", x)
		}
		if sd := settle(t, client, 20*time.Minute); sd.Status != types.ServiceDeploymentStatusSuccessful || *sd.TargetServiceRevision.RequestedProductionTrafficWeight != 100 || time.Since(begin) < 7*time.Minute {
			t.Errorf("%s after %s: %+v", sd.Status, time.Since(begin), sd)
		}
		td, err := client.DescribeTaskDefinition(t.Context(), &ecs.DescribeTaskDefinitionInput{TaskDefinition: describe(t, client).TaskDefinition})
		if err != nil || *td.TaskDefinition.ContainerDefinitions[0].Name != "Main" || *td.TaskDefinition.ContainerDefinitions[0].Image != "web:2" {
			t.Errorf("%+v, %v", td, err)
		}
		// More tasks start no deployment.
		if _, err := client.UpdateExpressGatewayService(t.Context(), &ecs.UpdateExpressGatewayServiceInput{ServiceArn: arn,
			ScalingTarget: &types.ExpressGatewayScalingTarget{MinTaskCount: aws.Int32(3)}}); err != nil {
			t.Fatal(err)
		}
		time.Sleep(3 * time.Minute)
		if s := describe(t, client); s.RunningCount != 3 || len(s.Deployments) != 1 {
			t.Errorf("%d tasks, %d deployments", s.RunningCount, len(s.Deployments))
		}
		if out, err := client.DeleteExpressGatewayService(t.Context(), &ecs.DeleteExpressGatewayServiceInput{ServiceArn: arn}); err != nil || out.Service.Status.StatusCode != types.ExpressGatewayServiceStatusCodeDraining {
			t.Errorf("%+v, %v", out, err)
		}
	})
}

func TestExpressServiceThatIsRefused(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		client := parsed(t, expressWorld)
		for text, in := range map[string]ecs.CreateExpressGatewayServiceInput{
			"Cluster not found.":                     {Cluster: aws.String("other"), InfrastructureRoleArn: aws.String("arn:aws:iam::123456789012:role/x")},
			"primaryContainer.image cannot be empty": {Cluster: aws.String("demo"), InfrastructureRoleArn: aws.String("arn:aws:iam::123456789012:role/x")},
		} {
			if _, err := client.CreateExpressGatewayService(t.Context(), &in); err == nil || !strings.Contains(err.Error(), text) {
				t.Errorf("%v, want %s", err, text)
			}
		}
		_, err := client.UpdateExpressGatewayService(t.Context(), &ecs.UpdateExpressGatewayServiceInput{ServiceArn: aws.String("arn:aws:ecs:us-east-1:123456789012:service/demo/other")})
		if err == nil || !strings.Contains(err.Error(), "ServiceNotFoundException") {
			t.Errorf("%v", err)
		}
	})
}
