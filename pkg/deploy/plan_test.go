package deploy_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"

	"github.com/ecs-deploy/ecs-deploy/pkg/deploy"
	"github.com/ecs-deploy/ecs-deploy/pkg/image"
	"github.com/ecs-deploy/ecs-deploy/pkg/rollout"
	"github.com/ecs-deploy/ecs-deploy/pkg/taskdef"
)

// planError plans a request that must be refused with the given exit code, in
// one line, and with nothing written.
func (b *bench) planError(r deploy.Request, code int) error {
	b.Helper()
	_, err := b.deployer().Plan(b.Context(), r)
	if err == nil {
		b.Fatal("the request must be refused")
	}
	var coder interface{ ExitCode() int }
	if !errors.As(err, &coder) || coder.ExitCode() != code || strings.Contains(err.Error(), "\n") {
		b.Errorf("error %q must be one line with exit code %d", err, code)
	}
	b.untouched()
	return err
}

// TestRequestsThatCannotBe are refused before ECS is asked anything.
func TestRequestsThatCannotBe(t *testing.T) {
	web := func(edit func(*deploy.Request)) deploy.Request {
		r := request()
		edit(&r)
		return r
	}
	for name, r := range map[string]deploy.Request{
		"no cluster":         web(func(r *deploy.Request) { r.Cluster = "" }),
		"no service":         web(func(r *deploy.Request) { r.Service = "" }),
		"nothing asked":      {Ref: webInProd},
		"only a family":      {Ref: webInProd, Want: deploy.Want{TaskDefinition: "web"}},
		"not an image":       web(func(r *deploy.Request) { r.Images = []string{"UPPER"} }),
		"negative count":     web(func(r *deploy.Request) { r.DesiredCount = aws.Int32(-1) }),
		"negative percent":   web(func(r *deploy.Request) { r.MinimumHealthyPercent = aws.Int32(-1) }),
		"maximum below min.": web(func(r *deploy.Request) { r.MinimumHealthyPercent, r.MaximumPercent = aws.Int32(100), aws.Int32(50) }),
	} {
		t.Run(name, func(t *testing.T) {
			inWorld(t, webWorld, func(b *bench) {
				b.planError(r, 3)
				if len(b.calls) > 0 {
					b.Errorf("ECS was asked: %v", b.calls)
				}
			})
		})
	}
}

func TestNoContainerMatches(t *testing.T) {
	inWorld(t, webWorld, func(b *bench) {
		r := request()
		r.Images = []string{"repo/web-admin:v2"}
		err := b.planError(r, 3)
		var noMatch *taskdef.NoMatchError
		if !errors.As(err, &noMatch) || !strings.Contains(err.Error(), "app=repo/web:v1, proxy=nginx:1.29") {
			b.Errorf("the error lists the containers and their images: %v", err)
		}
	})
}

func TestImageConflict(t *testing.T) {
	inWorld(t, webWorld, func(b *bench) {
		r := request()
		r.Images = []string{"repo/web:v2", "repo/web:v3"}
		b.planError(r, 3)
	})
}

func TestNotFound(t *testing.T) {
	for _, tt := range []struct {
		name string
		r    deploy.Request
		want string
	}{
		{"cluster", deploy.Request{Ref: deploy.Ref{Cluster: "none", Service: "web"}, Want: deploy.Want{Images: []string{"repo/web:v2"}}}, "cluster none does not exist"},
		{"service", deploy.Request{Ref: deploy.Ref{Cluster: "prod", Service: "none"}, Want: deploy.Want{Images: []string{"repo/web:v2"}}}, "service none does not exist in cluster prod"},
		{"definition", deploy.Request{Ref: webInProd, Want: deploy.Want{TaskDefinition: "web:99"}}, "task definition web:99 does not exist"},
		{"no service of the family", deploy.Request{Ref: deploy.Ref{Cluster: "prod"}, Want: deploy.Want{TaskDefinition: "we", Images: []string{"repo/web:v2"}}}, "service of family we does not exist in cluster prod"},
		{"cluster, by family", deploy.Request{Ref: deploy.Ref{Cluster: "none"}, Want: deploy.Want{TaskDefinition: "web", Images: []string{"repo/web:v2"}}}, "cluster none does not exist"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			inWorld(t, webWorld, func(b *bench) {
				if err := b.planError(tt.r, 3); !strings.Contains(err.Error(), tt.want) {
					b.Errorf("error %q, want %q", err, tt.want)
				}
			})
		})
	}
}

// crowd is a world with more services than one page or one description holds,
// several families that begin alike, and two services of one family.
func crowd() string {
	var world strings.Builder
	world.WriteString("clusters: [{name: prod}]\n")
	families := []string{"web", "web-admin", "twin"}
	for i := range 120 {
		families = append(families, fmt.Sprintf("filler%03d", i))
	}
	world.WriteString("taskDefinitions:\n")
	for _, family := range families {
		fmt.Fprintf(&world, "  - {family: %s, containerDefinitions: [{name: app, image: 'repo/%s:v1', memory: 64}]}\n", family, family)
	}
	world.WriteString("services:\n")
	service := func(name, family string) {
		fmt.Fprintf(&world, "  - {cluster: prod, serviceName: %s, taskDefinition: %s, desiredCount: 0}\n", name, family)
	}
	for _, family := range families[3:] {
		service("s-"+family, family)
	}
	service("the-admin", "web-admin")
	service("twin-a", "twin")
	service("twin-b", "twin")
	service("zz-the-web", "web")
	return world.String()
}

// TestByFamily finds the service by the exact family that it runs, through all
// pages.
func TestByFamily(t *testing.T) {
	inWorld(t, crowd(), func(b *bench) {
		for _, name := range []string{"web", "web:1", "arn:aws:ecs:us-east-1:123456789012:task-definition/web:1"} {
			plan, err := b.deployer().Plan(b.Context(), deploy.Request{Ref: deploy.Ref{Cluster: "prod"}, Want: deploy.Want{TaskDefinition: name, Images: []string{"repo/web:v2"}}})
			if err != nil {
				b.Fatal(err)
			}
			if rollout.ShortName(plan.Service) != "zz-the-web" {
				b.Errorf("%s is run by %s", name, plan.Service)
			}
		}
		for _, c := range b.made("DescribeServices") {
			if n := len(c.body["services"].([]any)); n > 10 {
				b.Errorf("%d services described at once", n)
			}
		}
		err := b.planError(deploy.Request{Ref: deploy.Ref{Cluster: "prod"}, Want: deploy.Want{TaskDefinition: "twin", Images: []string{"repo/twin:v2"}}}, 3)
		var ambiguous *deploy.AmbiguousServiceError
		if !errors.As(err, &ambiguous) || strings.Join(ambiguous.Services, " ") != "twin-a twin-b" {
			b.Errorf("several services: %v", err)
		}
	})
}

// TestBase: with a service, -d names the definition to build on.
func TestBase(t *testing.T) {
	inWorld(t, webWorld, func(b *bench) {
		other := definition("repo/web:v9")
		other.Family = aws.String("other")
		if _, err := b.client.RegisterTaskDefinition(b.Context(), other); err != nil {
			b.Fatal(err)
		}
		for _, name := range []string{"other", "other:1"} {
			plan, err := b.deployer().Plan(b.Context(), deploy.Request{Ref: webInProd, Want: deploy.Want{TaskDefinition: name, Images: []string{"repo/web:v2"}}})
			if err != nil {
				b.Fatal(err)
			}
			if plan.Action != deploy.ActionDeploy || !plan.Register || plan.Family != "other" || len(plan.Definition.Containers()) != 1 {
				b.Errorf("%s: %+v", name, plan)
			}
		}
	})
}

// TestBaseIsTheOneInUse: a newer revision that somebody registered is not what
// the service runs.
func TestBaseIsTheOneInUse(t *testing.T) {
	inWorld(t, webWorld, func(b *bench) {
		if _, err := b.client.RegisterTaskDefinition(b.Context(), definition("repo/web:experiment")); err != nil {
			b.Fatal(err)
		}
		plan, err := b.deployer().Plan(b.Context(), request())
		if err != nil {
			b.Fatal(err)
		}
		if rollout.ShortName(plan.Base) != "web:1" || len(plan.Definition.Containers()) != 2 {
			b.Errorf("built on %s", plan.Base)
		}
	})
}

func TestUnsupportedServices(t *testing.T) {
	for kind, member := range map[string]string{
		"CODE_DEPLOY": `"deploymentController":{"type":"CODE_DEPLOY"}`, "EXTERNAL": `"deploymentController":{"type":"EXTERNAL"}`,
		"Express mode": `"resourceManagementType":"ECS"`,
	} {
		t.Run(kind, func(t *testing.T) {
			inWorld(t, webWorld, func(b *bench) {
				b.answer = func(operation string) (string, bool) {
					return `{"services":[{"serviceName":"web","serviceArn":"arn:aws:ecs:us-east-1:1:service/prod/web","status":"ACTIVE",` + member + `}]}`, operation == "DescribeServices"
				}
				err := b.planError(request(), 3)
				var unsupported *deploy.UnsupportedError
				if !errors.As(err, &unsupported) || !strings.Contains(err.Error(), kind) || unsupported.Hint() == "" {
					b.Errorf("error %v", err)
				}
				if _, err := b.deployer().PlanRollback(b.Context(), webInProd, deploy.RollbackOptions{}); !errors.As(err, &unsupported) {
					b.Errorf("error of the preview: %v", err)
				}
			})
		})
	}
}

// TestPlanIsMasked: no environment value leaves a plan, printed or marshalled.
func TestPlanIsMasked(t *testing.T) {
	world := strings.Replace(webWorld, `image: "repo/web:v1"`, `image: "repo/web:v1", environment: [{name: PASSWORD, value: hunter2}]`, 1)
	inWorld(t, world, func(b *bench) {
		definition, err := taskdef.Parse("f", []byte(`{"family":"web","containerDefinitions":[{"name":"app","image":"repo/web:v2","environment":[{"name":"PASSWORD","value":"s3cret"}]}]}`), taskdef.ParseOptions{})
		if err != nil {
			b.Fatal(err)
		}
		plan, err := b.deployer().Plan(b.Context(), deploy.Request{Ref: webInProd, Want: deploy.Want{Definition: definition}})
		if err != nil {
			b.Fatal(err)
		}
		text, err := json.Marshal(plan)
		if err != nil {
			b.Fatal(err)
		}
		all := string(text) + plan.String() + fmt.Sprint(plan.Differences)
		if strings.Contains(all, "hunter2") || strings.Contains(all, "s3cret") || !strings.Contains(all, "PASSWORD") {
			b.Errorf("the plan shows a secret, or not the difference: %s", all)
		}
	})
}

func TestRender(t *testing.T) {
	inWorld(t, webWorld, func(b *bench) {
		definition, err := b.deployer().Render(b.Context(), request().Ref, request().Want)
		if err != nil {
			b.Fatal(err)
		}
		if definition.Containers()[0].Image != "repo/web:v2" || definition.Containers()[1].Image != "nginx:1.29" {
			b.Errorf("%v", definition.Containers())
		}
		if asIs, err := b.deployer().Render(b.Context(), webInProd, deploy.Want{}); err != nil || asIs.Containers()[0].Image != "repo/web:v1" {
			b.Errorf("without an image, the definition in use: %v %v", asIs.Containers(), err)
		}
		b.untouched()
	})
	var bad *image.ParseError
	if _, err := (deploy.Want{Images: []string{"UPPER"}}).Offline(taskdef.Definition{}); !errors.As(err, &bad) {
		t.Errorf("error %v", err)
	}
}

// TestErrorsName: what failed, on what, why, what to do; and the exit code.
func TestErrorsName(t *testing.T) {
	for _, tt := range []struct {
		name, fault, want string
		code              int
	}{
		{"denied", `{operations: [DescribeServices], code: AccessDeniedException, message: "User: x is not authorized to perform: ecs:DescribeServices"}`, "ecs:DescribeServices on service web: AccessDeniedException: User: x is not", 4},
		{"expired", `{operations: ["*"], code: ExpiredTokenException, message: "The security token included in the request is expired"}`, "ExpiredTokenException", 4},
		{"bad key", `{operations: ["*"], code: UnrecognizedClientException, message: "The security token included in the request is invalid."}`, "UnrecognizedClientException", 4},
		{"HTML", `{operations: ["*"], body: "<html>503</html>"}`, "answered HTTP 503 without an AWS error", 1},
		{"reset", `{operations: ["*"], connectionReset: true}`, "connection reset", 1},
		{"throttled", `{operations: ["*"], code: ThrottlingException, message: Rate exceeded}`, "ThrottlingException: Rate exceeded", 1},
		{"PassRole", `{operations: [RegisterTaskDefinition], code: AccessDeniedException, message: "User: x is not authorized to perform: iam:PassRole on resource: arn:r"}`, "iam:PassRole on resource: arn:r", 4},
		{"quota", `{operations: [RegisterTaskDefinition], code: LimitExceededException, message: "The limit for task definitions was reached."}`, "LimitExceededException", 1},
		{"update denied", `{operations: [UpdateService], code: AccessDeniedException, message: no}`, "the service is unchanged; web:2 was registered and is not in use", 4},
	} {
		t.Run(tt.name, func(t *testing.T) {
			inWorld(t, webWorld+"\nfaults: ["+tt.fault+"]\n", func(b *bench) {
				_, err := b.deployer().Run(b.Context(), request(), deploy.Policy{})
				var call *deploy.CallError
				if !errors.As(err, &call) || call.ExitCode() != tt.code || call.Hint() == "" || strings.Contains(err.Error(), "\n") || !strings.Contains(err.Error(), tt.want) {
					b.Errorf("error %v (%+v), want %q and exit code %d", err, call, tt.want, tt.code)
				}
				if tt.name == "quota" && len(b.made("RegisterTaskDefinition")) != 1 {
					b.Error("a quota is not tried again")
				}
			})
		})
	}
}

// TestNonsense: answers that are no ECS's end in an error, never in a panic or a
// write.
func TestNonsense(t *testing.T) {
	for _, body := range []string{"", "{}", "null", "[]", `{"services":null}`, `{"services":[{}]}`, `{"services":[{"status":"ACTIVE"}]}`, "<html>", `{"services":"x"}`} {
		inWorld(t, webWorld, func(b *bench) {
			b.answer = func(operation string) (string, bool) { return body, true }
			if _, err := b.deployer().Run(b.Context(), request(), deploy.Policy{}); err == nil {
				b.Errorf("%q passed for ECS", body)
			}
			if _, err := b.deployer().Join(b.Context(), webInProd, ""); err == nil && !strings.Contains(body, "[{") {
				b.Errorf("%q passed for a service", body)
			}
			b.untouched()
		})
	}
}

// TestStuck: limits that leave a rolling deployment no room are refused before
// anything is written, unless that is asked for; with a warning then. A service without
// tasks has room.
func TestStuck(t *testing.T) {
	for _, tt := range []struct {
		count, minimum, maximum string
		stuck                   bool
	}{
		{"2", "100", "200", false}, {"2", "100", "100", true}, {"3", "100", "125", true}, {"4", "100", "125", false},
		{"2", "50", "100", false}, {"0", "100", "100", false},
	} {
		world := strings.NewReplacer("desiredCount: 2", "desiredCount: "+tt.count, "minimumHealthyPercent: 100", "minimumHealthyPercent: "+tt.minimum,
			"maximumPercent: 200", "maximumPercent: "+tt.maximum).Replace(webWorld)
		inWorld(t, world, func(b *bench) {
			plan, err := b.deployer().Plan(b.Context(), request())
			var usage *deploy.UsageError
			if got := errors.As(err, &usage) && strings.HasPrefix(usage.Problem, "This deployment cannot make progress: with "+tt.count+" tasks, "); got != tt.stuck || err == nil && len(plan.Warnings) > 0 {
				b.Errorf("%+v: %v", tt, err)
			}
			b.untouched()
			r := request()
			r.AllowStuck = true
			if plan, err = b.deployer().Plan(b.Context(), r); err != nil || (len(plan.Warnings) > 0) != tt.stuck {
				b.Errorf("%+v: allowed: %v", tt, err)
			}
			r = request()
			r.MaximumPercent = aws.Int32(300)
			if plan, err = b.deployer().Plan(b.Context(), r); err != nil || len(plan.Warnings) > 0 {
				b.Errorf("%+v: with a higher limit: %v", tt, err)
			}
		})
	}
}

// TestStuckDaemon: a DAEMON service never starts a second task beside the first.
func TestStuckDaemon(t *testing.T) {
	for minimum, stuck := range map[string]bool{"0": false, "50": false, "100": true} {
		world := strings.NewReplacer("desiredCount: 2", "schedulingStrategy: DAEMON", "[{name: prod}]", "[{name: prod, containerInstances: [{count: 2}]}]", "FARGATE", "EC2", "minimumHealthyPercent: 100", "minimumHealthyPercent: "+minimum,
			"maximumPercent: 200", "maximumPercent: 100").Replace(webWorld)
		inWorld(t, world, func(b *bench) {
			_, err := b.deployer().Plan(b.Context(), request())
			if got := err != nil && strings.Contains(err.Error(), "cannot make progress"); got != stuck {
				b.Errorf("minimum %s: %v", minimum, err)
			}
		})
	}
}

// TestStuckStrategies: only a ROLLING deployment can be stuck. The others start all their
// tasks beside those that run.
func TestStuckStrategies(t *testing.T) {
	for strategy, stuck := range map[string]bool{"ROLLING": true, "BLUE_GREEN": false, "LINEAR": false, "CANARY": false} {
		inWorld(t, strings.Replace(webWorld, "maximumPercent: 200", "maximumPercent: 100", 1), func(b *bench) {
			found := string(b.raw("DescribeServices", `{"cluster":"prod","services":["web"]}`))
			if !strings.Contains(found, `"strategy":"ROLLING"`) {
				b.Fatal(found)
			}
			b.answer = func(operation string) (string, bool) {
				return strings.ReplaceAll(found, `"strategy":"ROLLING"`, `"strategy":"`+strategy+`"`), operation == "DescribeServices"
			}
			_, err := b.deployer().Plan(b.Context(), request())
			if got := err != nil && strings.Contains(err.Error(), "cannot make progress"); got != stuck || err != nil && !stuck {
				b.Errorf("%s: %v", strategy, err)
			}
		})
	}
}
