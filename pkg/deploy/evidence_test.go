package deploy_test

import (
	"strings"
	"testing"

	"github.com/ecs-deploy/ecs-deploy/pkg/deploy"
)

// logging has the application's container write to CloudWatch Logs, which takes
// an execution role on Fargate.
var logging = strings.NewReplacer("    memory: \"512\"\n", "    memory: \"512\"\n    executionRoleArn: arn:aws:iam::123456789012:role/pull\n",
	`image: "repo/web:v1"`, `image: "repo/web:v1", logConfiguration: {logDriver: awslogs, options: {awslogs-group: /ecs/web, awslogs-region: us-east-1, awslogs-stream-prefix: ecs}}`)

// TestLogLines: the last words of the container that died come with the cause,
// early and in the outcome; if they cannot be read, the command that reads
// them does.
func TestLogLines(t *testing.T) {
	world := logging.Replace(webWorld) + `
images:
  - match: repo/web:v2
    behaviour: exits
    logs: ["listening on 8080", {text: "\e[31mpanic: no database\e[0m", last: true}]
`
	t.Run("read", func(t *testing.T) {
		inWorld(t, world, func(b *bench) {
			o := b.run(request(), deploy.Policy{})
			b.want(o, "rolled-back")
			lines := o.Diagnosis.Causes[0].Log.Lines
			if len(lines) == 0 || len(lines) > 10 || lines[len(lines)-1] != "\x1b[31mpanic: no database\x1b[0m" {
				b.Errorf("the log says %q; the original text is a value, and who prints it makes it printable", lines)
			}
			for _, e := range b.events {
				if e.Type == deploy.EventCause && len(e.Cause.Log.Lines) == 0 {
					b.Error("the cause came without the log")
				}
			}
			if n := len(b.made("GetLogEvents")); n != 1 {
				b.Errorf("the log was read %d times", n)
			}
		})
	})
	for name, fault := range map[string]string{
		"denied": "code: AccessDeniedException, message: no", "gone": "code: ResourceNotFoundException, message: no", "broken": "connectionReset: true",
	} {
		t.Run(name, func(t *testing.T) {
			inWorld(t, world+"\nfaults: [{operations: [GetLogEvents], "+fault+"}]\n", func(b *bench) {
				o := b.run(request(), deploy.Policy{})
				b.want(o, "rolled-back")
				log := o.Diagnosis.Causes[0].Log
				if len(log.Lines) > 0 || !strings.HasPrefix(log.Command, "aws logs get-log-events --log-group-name /ecs/web --log-stream-name ecs/app/") {
					b.Errorf("%+v", log)
				}
			})
		})
	}
	t.Run("not by awslogs", func(t *testing.T) {
		inWorld(t, webWorld+crash, func(b *bench) {
			o := b.run(request(), deploy.Policy{})
			if log := o.Diagnosis.Causes[0].Log; log.Command != "" || len(b.made("GetLogEvents")) > 0 {
				b.Errorf("%+v", log)
			}
		})
	})
	t.Run("never ran", func(t *testing.T) {
		inWorld(t, logging.Replace(webWorld)+"\nimages: [{match: 'repo/web:v2', behaviour: cannotPull}]\n", func(b *bench) {
			b.run(request(), deploy.Policy{})
			if len(b.made("GetLogEvents")) > 0 {
				b.Error("a container that never ran has no log")
			}
		})
	})
}

// TestTargetHealth: what the load balancer says of the targets is told while it
// is waited for, and in the outcome of a failure.
func TestTargetHealth(t *testing.T) {
	world := strings.NewReplacer(balancedService...).Replace(webWorld)
	t.Run("unhealthy", func(t *testing.T) {
		inWorld(t, world+"\nimages: [{match: 'repo/web:v2', behaviour: unhealthy}]\n", func(b *bench) {
			o := b.run(request(), deploy.Policy{})
			b.want(o, "rolled-back")
			groups := o.Diagnosis.TargetGroups
			if len(groups) != 1 || groups[0].Name() != "web" || groups[0].States["unhealthy"] == 0 || len(groups[0].Reasons) == 0 {
				b.Errorf("%v", groups)
			}
		})
	})
	t.Run("slow to become healthy", func(t *testing.T) {
		inWorld(t, world+"\nimages: [{match: 'repo/web:v2', healthyAfter: 4m}]\n", func(b *bench) {
			b.want(b.run(request(), deploy.Policy{}), "succeeded")
			told := false
			var states []string
			for _, e := range b.events {
				told = told || e.Type == deploy.EventHeartbeat && strings.Contains(e.Message, "target group web: 2 healthy, 2 initial")
				if e.Type == deploy.EventTargets {
					states = append(states, e.TargetGroups[0].String())
				}
			}
			if !told {
				b.Error("nothing said that the targets are still initial")
			}
			if len(states) < 2 || states[0] != "target group web: 2 healthy, 2 initial" || !strings.HasPrefix(states[len(states)-1], "target group web: ") || strings.Contains(states[len(states)-1], "initial") {
				b.Errorf("%q", states)
			}
			if n := len(b.made("DescribeTargetHealth")); n > 40 { // four minutes, and heartbeats
				b.Errorf("asked %d times", n)
			}
		})
	})
	t.Run("broken", func(t *testing.T) {
		inWorld(t, world+"\nimages: [{match: 'repo/web:v2', healthyAfter: 4m}]\nfaults: [{operations: [DescribeTargetHealth], code: InternalFailure, message: no, status: 500}]\n", func(b *bench) {
			b.want(b.run(request(), deploy.Policy{}), "succeeded")
			if n := len(b.made("DescribeTargetHealth")); n == 0 || n > 40 { // each with the attempts of the SDK
				b.Errorf("asked %d times for what cannot be read", n)
			}
		})
	})
	t.Run("denied", func(t *testing.T) {
		inWorld(t, world+"\nimages: [{match: 'repo/web:v2', behaviour: unhealthy}]\nfaults: [{operations: [DescribeTargetHealth], code: AccessDenied, message: no}]\n", func(b *bench) {
			b.want(b.run(request(), deploy.Policy{}), "rolled-back")
			if n := len(b.made("DescribeTargetHealth")); n != 1 {
				b.Errorf("asked %d times for what is denied", n)
			}
		})
	})
}
