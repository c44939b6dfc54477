package deploy_test

// Services in Express mode: ECS manages them and deploys them as canaries. ecs-deploy
// prints the revision that they need, and follows and stops their deployments.

import (
	"encoding/json"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ecs"

	"github.com/ecs-deploy/ecs-deploy/pkg/deploy"
	"github.com/ecs-deploy/ecs-deploy/pkg/rollout"
)

const expressWorld = `
clusters: [{name: prod}]
expressServices:
  - cluster: prod
    serviceName: web
    infrastructureRoleArn: arn:aws:iam::123456789012:role/ecsInfrastructureRoleForExpressServices
    executionRoleArn: arn:aws:iam::123456789012:role/ecsTaskExecutionRole
    primaryContainer: {image: "repo/web:v1", containerPort: 8080}
    scalingTarget: {minTaskCount: 2}
`

// express deploys v2 of the application as the hint of a refused deployment says.
func (b *bench) express() {
	b.Helper()
	definition, err := b.deployer().Render(b.Context(), webInProd, request().Want)
	if err != nil {
		b.Fatal(err)
	}
	text, err := json.Marshal(definition)
	if err != nil {
		b.Fatal(err)
	}
	registered := struct {
		TaskDefinition struct {
			TaskDefinitionArn string `json:"taskDefinitionArn"`
		} `json:"taskDefinition"`
	}{}
	if err := json.Unmarshal(b.raw("RegisterTaskDefinition", string(text)), &registered); err != nil {
		b.Fatal(err)
	}
	if _, err := b.client.UpdateExpressGatewayService(b.Context(), &ecs.UpdateExpressGatewayServiceInput{
		ServiceArn: b.describe("web").ServiceArn, TaskDefinitionArn: aws.String(registered.TaskDefinition.TaskDefinitionArn),
	}); err != nil {
		b.Fatal(err)
	}
}

// waited joins the newest deployment after a while and follows it.
func waited(after time.Duration) func(b *bench) said {
	return func(b *bench) said {
		time.Sleep(after)
		return b.say(b.deployer().Watch(b.Context(), b.joined(), deploy.WatchOptions{}))
	}
}

func (b *bench) joined() deploy.Deployment {
	b.Helper()
	joined, err := b.deployer().Join(b.Context(), webInProd, "")
	if err != nil {
		b.Fatal(err)
	}
	return joined
}

func TestExpressServices(t *testing.T) {
	inWorld(t, expressWorld, func(b *bench) {
		for _, err := range []error{
			b.planError(request(), 3),
			func() error {
				_, err := b.deployer().PlanRollback(b.Context(), webInProd, deploy.RollbackOptions{})
				return err
			}(),
		} {
			var unsupported *deploy.UnsupportedError
			if !errors.As(err, &unsupported) || !strings.Contains(unsupported.Hint(), "aws ecs update-express-gateway-service --service-arn arn:aws:ecs:us-east-1:123456789012:service/prod/web --task-definition-arn REVISION") {
				b.Errorf("%v", err)
			}
		}
		b.untouched()

		b.express()
		time.Sleep(2 * time.Minute)
		if s := b.status(); !s.Diagnosed.Express || s.Last.Strategy != "CANARY" || !strings.Contains(s.Last.Stage(), "traffic 5% prod-web:2, 95% prod-web:1") || s.Misrouted != nil {
			b.Errorf("%+v, %s", s.Diagnosed, s.Last.Stage())
		}
		joined := b.joined()
		outcome, err := b.deployer().Watch(b.Context(), joined, deploy.WatchOptions{})
		if err != nil || outcome.Verdict != rollout.Succeeded || rollout.ShortName(outcome.Serving) != "prod-web:2" || !joined.Express {
			b.Errorf("%+v, %v", outcome, err)
		}
		if h, err := b.deployer().History(b.Context(), webInProd, 0); err != nil || !h.Express || len(h.Past) != 2 {
			b.Errorf("%+v, %v", h, err)
		}
	})
	inWorld(t, expressWorld, func(b *bench) {
		b.express()
		time.Sleep(2 * time.Minute)
		outcome, err := b.deployer().Stop(b.Context(), b.inProgress(), deploy.Policy{})
		if err != nil || outcome.Verdict != rollout.Succeeded || rollout.ShortName(outcome.Serving) != "prod-web:1" || !outcome.Deployment.Express {
			b.Errorf("%+v, %v", outcome, err)
		}
	})
}
