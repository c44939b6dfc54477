package deploy_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/ecr"

	"github.com/ecs-deploy/ecs-deploy/pkg/deploy"
)

// checkWorld is webWorld with everything that a check looks at.
const checkWorld = `
clusters: [{name: prod}]
taskDefinitions:
  - family: web
    networkMode: awsvpc
    requiresCompatibilities: [FARGATE]
    cpu: "256"
    memory: "512"
    taskRoleArn: arn:aws:iam::123456789012:role/web-task
    executionRoleArn: arn:aws:iam::123456789012:role/ecsTaskExecutionRole
    containerDefinitions:
      - name: app
        image: 123456789012.dkr.ecr.us-east-1.amazonaws.com/web:v1
        secrets:
          - {name: DB, valueFrom: "arn:aws:secretsmanager:us-east-1:123456789012:secret:db-AbCdEf:password::"}
          - {name: TOKEN, valueFrom: /app/token}
services:
  - cluster: prod
    serviceName: web
    taskDefinition: web
    desiredCount: 2
    launchType: FARGATE
    networkConfiguration: {awsvpcConfiguration: {subnets: [subnet-1]}}
    deploymentConfiguration:
      deploymentCircuitBreaker: {enable: true, rollback: true}
      alarms: {enable: true, rollback: true, alarmNames: [errors]}
scaling: [{cluster: prod, service: web, min: 1, max: 4}]
alarms: [{name: errors, afterDeployment: true}]
`

// ecrImage is an image of the world's repository.
func ecrImage(tag string) string { return "123456789012.dkr.ecr.us-east-1.amazonaws.com/web:" + tag }

// checked are the checks of a request, one line each.
func (b *bench) checked(r deploy.Request, back *deploy.Past, options ...deploy.Option) []string {
	b.Helper()
	cfg := simulated(&recorder{bench: b, next: b.http})
	d := deploy.New(b.client, append([]deploy.Option{deploy.WithNeighbours(cfg), deploy.WithRegistry(ecr.NewFromConfig(cfg))}, options...)...)
	plan, err := d.Plan(b.Context(), r)
	if err != nil {
		b.Fatal(err)
	}
	plan.Back = back
	checks, err := d.Check(b.Context(), plan)
	if err != nil {
		b.Fatal(err)
	}
	var lines []string
	for _, c := range checks {
		lines = append(lines, fmt.Sprintf("%s: %s: %s", c.Subject, c.State, c.Detail))
		if (c.State == deploy.CheckProblem) != slices.Contains(deploy.Problems(checks), c) || c.State == deploy.CheckProblem && c.Remedy == "" {
			b.Errorf("a problem needs a remedy: %+v", c)
		}
	}
	return lines
}

// TestChecks: what is there is ok, what is missing is a problem, and what may not be
// asked is not checked.
func TestChecks(t *testing.T) {
	denied := `{"__type":"AccessDeniedException","message":"no"}`
	for name, c := range map[string]struct {
		change func(string) string // of the world
		refuse string              // an operation that is denied
		want   []string            // lines that are among the checks
	}{
		"all is well": {want: []string{
			"revision: ok: a new revision of web is registered", "image app: ok: " + ecrImage("v2") + " exists (sha256:", "role web-task: ok", "role ecsTaskExecutionRole: ok",
			"secrets: ok: 2 of 2 exist", "limits: ok", "circuit breaker: ok: on", "alarms: ok: errors", "scaling: ok: 2 tasks wanted, within the bounds of auto scaling (1 to 4)",
		}},
		"no role": {change: func(w string) string { return w + "roles: [{arn: 'arn:aws:iam::123456789012:role/web-task'}]\n" }, want: []string{
			"role web-task: ok", "role ecsTaskExecutionRole: problem: it does not exist",
		}},
		"no secret":    {change: func(w string) string { return w + "secrets: [/app/token]\n" }, want: []string{"secrets: ok: 1 of 2", "secret db-AbCdEf: problem: it does not exist"}},
		"no parameter": {change: func(w string) string { return w + "secrets: [db]\n" }, want: []string{"secrets: ok: 1 of 2", "parameter /app/token: problem: it does not exist"}},
		"no image": {change: func(w string) string { return w + "images: [{match: '*:v2', behaviour: cannotPull}]\n" }, want: []string{
			"image app: problem: " + ecrImage("v2") + " does not exist",
		}},
		"alarm rings":   {change: func(w string) string { return strings.Replace(w, "afterDeployment: true", "after: 1s", 1) }, want: []string{"alarms: warning: errors in ALARM already"}},
		"no such alarm": {change: func(w string) string { return strings.Replace(w, "{name: errors,", "{name: other,", 1) }, want: []string{"alarms: warning: errors does not exist"}},
		"out of bounds": {change: func(w string) string { return strings.Replace(w, "max: 4", "max: 1", 1) }, want: []string{"scaling: warning: 2 tasks wanted, and auto scaling allows 1 to 1"}},
		"no guard": {change: func(w string) string {
			return strings.Replace(strings.Replace(w, "enable: true, rollback: true}", "enable: false, rollback: false}", 1), "alarms: {enable: true", "alarms: {enable: false", 1)
		}, want: []string{"circuit breaker: warning: off"}},
		"roles denied":    {refuse: "GetRole", want: []string{"role web-task: not checked: "}},
		"secrets denied":  {refuse: "DescribeSecret", want: []string{"secrets: not checked: secretsmanager:DescribeSecret is not allowed"}},
		"params denied":   {refuse: "GetParameters", want: []string{"secrets: not checked: ssm:GetParameters is not allowed"}},
		"scaling denied":  {refuse: "DescribeScalableTargets", want: []string{"scaling: not checked: application-autoscaling:DescribeScalableTargets is not allowed"}},
		"registry denied": {refuse: "DescribeImages", want: []string{"image app: not checked: ecr:DescribeImages is not allowed"}},
	} {
		t.Run(name, func(t *testing.T) {
			world := checkWorld
			if c.change != nil {
				world = c.change(world)
			}
			inWorld(t, world, func(b *bench) {
				b.refuse = func(operation string) (string, bool) { return denied, c.refuse != "" && operation == c.refuse }
				time.Sleep(time.Minute)
				got := b.checked(deploy.Request{Ref: webInProd, Want: deploy.Want{Images: []string{ecrImage("v2")}}}, nil)
				for _, want := range c.want {
					if !slices.ContainsFunc(got, func(line string) bool { return strings.HasPrefix(line, want) }) {
						t.Errorf("no check %q:\n%s", want, strings.Join(got, "\n"))
					}
				}
				b.untouchedBy("GetRole", "GetParameters")
			})
		})
	}
}

// untouchedBy fails the test if anything was written; the names are of reads that are
// not called Describe or List.
func (b *bench) untouchedBy(reads ...string) {
	b.Helper()
	for _, name := range b.wrote() {
		if !slices.Contains(reads, name) {
			b.Errorf("%s was called", name)
		}
	}
}

// TestCheckOfATagThatMoved: a tag that was pushed again since it ran stands for other
// code; one that was not may have a digest of several platforms.
func TestCheckOfATagThatMoved(t *testing.T) {
	const ran, other = "sha256:1111111111111111111111111111111111111111111111111111111111111111", "sha256:2222222222222222222222222222222222222222222222222222222222222222"
	now := func(digest string, pushed int64) string {
		return fmt.Sprintf(`{"imageDetails":[{"imageDigest":%q,"imagePushedAt":%d}]}`, digest, pushed)
	}
	inWorld(t, checkWorld, func(b *bench) {
		at := time.Now()
		for want, answers := range map[string][]string{
			"image app: ok: " + ecrImage("v2") + " exists (sha256:111111111111)":                                    {now(ran, at.Unix()+60)},
			"image app: ok: " + ecrImage("v2") + " was not pushed again since it ran":                               {now(other, at.Unix()-60)},
			"image app: problem: `v2` has moved since (sha256:111111111111 ran, it is sha256:222222222222 now)":     {now(other, at.Unix()+60), now(ran, 0)},
			"image app: problem: `v2` has moved since, and the image that ran, sha256:111111111111, is gone":        {now(other, at.Unix()+60), ""},
			"image app: problem: " + ecrImage("v2") + " is gone; the image that ran, sha256:111111111111, is there": {"", now(ran, 0)},
			"image app: problem: " + ecrImage("v2") + " does not exist":                                             {"", ""},
		} {
			asked := 0
			b.answer = func(operation string) (string, bool) {
				if operation != "DescribeImages" || answers[min(asked, len(answers)-1)] == "" {
					return "", false
				}
				asked++
				return answers[asked-1], true
			}
			b.refuse = func(operation string) (string, bool) {
				if operation != "DescribeImages" || answers[min(asked, len(answers)-1)] != "" {
					return "", false
				}
				asked++
				return `{"__type":"ImageNotFoundException","message":"gone"}`, true
			}
			r := deploy.Request{Ref: webInProd, Want: deploy.Want{Images: []string{ecrImage("v2")}}}
			got := b.checked(r, &deploy.Past{Images: []deploy.RanImage{{Container: "app", Digest: ran}}, CreatedAt: at})
			if !slices.ContainsFunc(got, func(line string) bool { return strings.HasPrefix(line, want) }) {
				t.Errorf("no check %q:\n%s", want, strings.Join(got, "\n"))
			}
		}
	})
}

// TestCheckOfOtherRegistries: they are asked if the deployer has a client of them; a
// failure is no problem.
func TestCheckOfOtherRegistries(t *testing.T) {
	inWorld(t, webWorld, func(b *bench) {
		for want, digest := range map[string]deploy.DigestOf{
			"image app: not checked: repo/web":             nil,
			"image app: ok: repo/web:v2 exists (sha256:1)": func(context.Context, string) (string, error) { return "sha256:1", nil },
			"image app: not checked: no network":           func(context.Context, string) (string, error) { return "", errors.New("no network") },
			"image app: problem: repo/web:v2 does not exist": func(_ context.Context, name string) (string, error) {
				return "", &deploy.NotFoundError{Kind: "image", Name: name}
			},
		} {
			got := b.checked(request(), nil, deploy.WithImageRegistry(digest))
			if digest == nil {
				want = "image app: not checked: docker.io is asked only with --check-registry"
			}
			if !slices.ContainsFunc(got, func(line string) bool { return strings.HasPrefix(line, want) }) {
				t.Errorf("no check %q:\n%s", want, strings.Join(got, "\n"))
			}
		}
	})
}

// TestCheckOfRoom: a task that has to start before another one stops needs room on a
// container instance.
func TestCheckOfRoom(t *testing.T) {
	const world = `
clusters: [{name: prod, containerInstances: [{count: 1, cpu: 1024, memory: %d}]}]
taskDefinitions: [{family: web, containerDefinitions: [{name: app, image: "repo/web:v1", cpu: 256, memory: 512}]}]
services: [{cluster: prod, serviceName: web, taskDefinition: web, desiredCount: 2, launchType: EC2, deploymentConfiguration: {minimumHealthyPercent: %d, maximumPercent: 200}}]
`
	for want, c := range map[string][2]int{
		"room: ok: the 1 container instances have room for the 2 tasks":  {4096, 100},
		"room: warning: there is room for 1 of the 2 tasks":              {1600, 100},
		"room: problem: no container instance has room for another task": {1100, 100},
		"room: ok: ECS stops tasks before it starts others":              {1100, 50},
	} {
		inWorld(t, fmt.Sprintf(world, c[0], c[1]), func(b *bench) {
			got := b.checked(request(), nil)
			if !slices.ContainsFunc(got, func(line string) bool { return strings.HasPrefix(line, want) }) {
				t.Errorf("no check %q:\n%s", want, strings.Join(got, "\n"))
			}
		})
	}
}
