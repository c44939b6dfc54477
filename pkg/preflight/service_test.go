package preflight_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"regexp"
	"strings"
	"sync"
	"testing"
	"testing/synctest"

	"github.com/aws/aws-sdk-go-v2/aws"
	awsmiddleware "github.com/aws/aws-sdk-go-v2/aws/middleware"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs"
	"github.com/aws/aws-sdk-go-v2/service/ecr"
	"github.com/aws/aws-sdk-go-v2/service/ecs"
	"github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2"
	"github.com/aws/aws-sdk-go-v2/service/sts"
	"github.com/aws/smithy-go/middleware"

	"github.com/ecs-deploy/ecs-deploy/pkg/deploy"
	"github.com/ecs-deploy/ecs-deploy/pkg/ecssim"
	"github.com/ecs-deploy/ecs-deploy/pkg/iam"
	"github.com/ecs-deploy/ecs-deploy/pkg/preflight"
)

// web is a service with all that a deployment can need.
const web = `
clusters: [{name: prod}]
taskDefinitions:
  - family: web
    networkMode: awsvpc
    requiresCompatibilities: [FARGATE]
    cpu: "256"
    memory: "512"
    executionRoleArn: arn:aws:iam::123456789012:role/execution
    taskRoleArn: arn:aws:iam::123456789012:role/task
    containerDefinitions:
      - name: app
        image: repo/web:v1
        logConfiguration: {logDriver: awslogs, options: {awslogs-group: /ecs/web, awslogs-region: us-east-1, awslogs-stream-prefix: web}}
services:
  - cluster: prod
    serviceName: web
    taskDefinition: web
    desiredCount: 2
    launchType: FARGATE
    networkConfiguration: {awsvpcConfiguration: {subnets: [subnet-1]}}
    deploymentConfiguration: {deploymentCircuitBreaker: {enable: true, rollback: true}}
`

// asked is a question, and the operations that were called for its answer.
type asked struct {
	preflight.Question
	identity *sts.Client
	mutex    sync.Mutex
	called   []string
}

// about makes a question about the service web of a world.
func about(t *testing.T, world string, commands ...string) *asked {
	t.Helper()
	parsed, err := ecssim.ParseWorld("world", []byte(world))
	if err != nil {
		t.Fatal(err)
	}
	simulator, err := ecssim.New(parsed)
	if err != nil {
		t.Fatal(err)
	}
	a := &asked{}
	cfg := aws.Config{
		Region: "us-east-1", Credentials: credentials.NewStaticCredentialsProvider("AKIDEXAMPLE", "secret", ""),
		BaseEndpoint: aws.String("http://aws.simulated"), HTTPClient: simulator.HTTPClient(),
		APIOptions: []func(*middleware.Stack) error{a.note},
	}
	calls := new(preflight.Calls)
	watched := cfg.Copy()
	watched.APIOptions = append(watched.APIOptions, calls.Watch)
	a.identity = sts.NewFromConfig(cfg)
	a.Question = preflight.Question{
		Calls: calls, IAM: cfg, Uses: iam.Uses{Commands: commands}, Request: deploy.Request{Ref: deploy.Ref{Cluster: "prod", Service: "web"}},
		Deployer: deploy.New(ecs.NewFromConfig(watched), deploy.WithNeighbours(watched), deploy.WithRegistry(ecr.NewFromConfig(watched)),
			deploy.WithLogs(cloudwatchlogs.NewFromConfig(watched)), deploy.WithTargetHealth(elasticloadbalancingv2.NewFromConfig(watched))),
	}
	return a
}

// note is an option of clients that keeps the names of operations.
func (a *asked) note(stack *middleware.Stack) error {
	return stack.Initialize.Add(middleware.InitializeMiddlewareFunc("Note",
		func(ctx context.Context, in middleware.InitializeInput, next middleware.InitializeHandler) (middleware.InitializeOutput, middleware.Metadata, error) {
			a.mutex.Lock()
			a.called = append(a.called, awsmiddleware.GetOperationName(ctx))
			a.mutex.Unlock()
			return next.HandleInitialize(ctx, in)
		}), middleware.After)
}

// answer identifies the caller and asks.
func (a *asked) answer(ctx context.Context) preflight.Report {
	a.Identity, _, _ = preflight.Identify(ctx, a.identity)
	return a.Ask(ctx)
}

// states are the states of the permissions: "ecs:UpdateService denied by simulation".
func states(r preflight.Report) string {
	var b strings.Builder
	for _, p := range r.Permissions {
		b.WriteString(p.Action + " " + string(p.State))
		if p.Source != "" {
			b.WriteString(" by " + string(p.Source))
		}
		b.WriteString("\n")
	}
	return b.String()
}

const (
	allow  = `policy: {Version: "2012-10-17", Statement: [{Effect: Allow, Action: [%s], Resource: "*"}]}`
	reads  = `"ecs:Describe*", "ecs:List*"`
	others = `, "iam:GetRole", "elasticloadbalancing:*", "cloudwatch:*", "application-autoscaling:*", "logs:*"`
)

// TestAsk: what stops a deployment is a problem with the exit code of the deployment.
func TestAsk(t *testing.T) {
	for name, c := range map[string]struct {
		world string
		edit  func(*asked)
		code  int
		want  []string // findings
		lacks string
	}{
		"all is well":   {web, nil, 0, []string{"ok cluster: prod exists", "ok service: web is ACTIVE (ROLLING)", "ok task definition: web:1", "ok role task: it exists", "ok permissions: 19 of 19 are allowed"}, "way back"},
		"a deployment":  {web, func(a *asked) { a.Request.Images = []string{"repo/web:v2"} }, 0, []string{"ok revision: a new revision of web is registered"}, "not checked"},
		"another image": {web, func(a *asked) { a.Request.Images = []string{"repo/other:v2"} }, 3, []string{"ok task definition: web:1", "problem request: "}, ""},
		"no service":    {web, func(a *asked) { a.Request.Service = "shop" }, 3, []string{"ok cluster: prod exists", "problem service: service shop does not exist in cluster prod; check the name"}, "role task"},
		"no cluster":    {web, func(a *asked) { a.Request.Cluster = "test" }, 3, []string{"problem cluster: cluster test does not exist in region us-east-1"}, "problem service"},
		"no role":       {web + "roles: [{arn: 'arn:aws:iam::123456789012:role/task'}]\n", nil, 3, []string{"ok role task: it exists", "problem role execution: it does not exist, so ECS cannot start a task; create the role"}, ""},
		"the account":   {web, func(a *asked) { a.Account = "123456789012" }, 0, []string{"ok account: 123456789012, as the settings say"}, ""},
		"another account": {web, func(a *asked) {
			a.Account, a.Deployer = "210987654321", a.Deployer.With(deploy.WithAccount("210987654321"))
		}, 3, []string{"problem account: service web is in account 123456789012, and must be in 210987654321", "ok cluster"}, "problem service"},
		"by family": {web, func(a *asked) { a.Request.Ref.Service, a.Request.TaskDefinition = "", "web" }, 0, []string{"ok service: web is ACTIVE"}, "problem"},
		"no write is allowed": {web + fmt.Sprintf(allow, reads+others+`, "iam:SimulatePrincipalPolicy"`), nil, 4, []string{
			"problem permission ecs:RegisterTaskDefinition, iam:PassRole, ecs:UpdateService: denied: no policy allows it; allow it for assumed-role/deployer/simulated; this prints the policy: ecs-deploy iam-policy"}, "not checked"},
		"nobody knows of writes": {web + fmt.Sprintf(allow, reads+others+`, "ecs:*", "iam:PassRole"`), nil, 0, []string{
			"not checked permission ecs:RegisterTaskDefinition, iam:PassRole, ecs:UpdateService: iam:SimulatePrincipalPolicy is not allowed, which would tell"}, "problem"},
		"nothing is allowed": {web + fmt.Sprintf(allow, `"sts:*"`), nil, 4, []string{
			"not checked service: ecs:DescribeServices is not allowed", "problem permission ecs:DescribeServices: denied: no identity-based policy allows the ecs:DescribeServices action"}, "problem service"},
		"denied explicitly": {web + `policy: {Version: "2012-10-17", Statement: [{Effect: Allow, Action: "*", Resource: "*"}, {Effect: Deny, Action: ["ecs:UpdateService", "ecs:ListTasks"], Resource: "*"}]}`, nil, 4, []string{
			"problem permission ecs:UpdateService: denied: a policy denies it explicitly", "warning permission ecs:ListTasks: denied; without it you lose the causes of a failure"}, "not checked"},
		"for other commands": {web + fmt.Sprintf(allow, reads), func(a *asked) { a.Uses.Commands = []string{"status", "exec"} }, 0, []string{
			"not checked permission ecs:ExecuteCommand: iam:SimulatePrincipalPolicy is not allowed"}, "ecs:UpdateService"},
		"the identity is unknown": {web, func(a *asked) {
			a.identity = sts.NewFromConfig(aws.Config{Region: "us-east-1", HTTPClient: unreachable})
		}, 0, []string{
			"not checked permission ecs:RegisterTaskDefinition, iam:PassRole, ecs:UpdateService: the identity is not known, so IAM cannot simulate its policies"}, "problem"},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				a := about(t, c.world, "deploy")
				if c.edit != nil {
					c.edit(a)
				}
				r := a.answer(t.Context())
				text := said(r.Checks)
				for _, want := range c.want {
					if !strings.Contains("\n"+text, "\n"+want) {
						t.Errorf("no line %q", want)
					}
				}
				if c.lacks != "" && strings.Contains(text, c.lacks) {
					t.Errorf("it has %q", c.lacks)
				}
				if r.ExitCode() != c.code {
					t.Errorf("exit code %d, want %d", r.ExitCode(), c.code)
				}
				if t.Failed() {
					t.Log(text + states(r))
				}
			})
		})
	}
}

// unreachable is an HTTP client without a network.
var unreachable = exchange(func(*http.Request) (*http.Response, error) {
	return nil, &net.OpError{Op: "dial", Net: "tcp", Err: errors.New("network is unreachable")}
})

// TestOnlyReads: whatever the commands, and whatever is allowed, no call writes.
func TestOnlyReads(t *testing.T) {
	reading := regexp.MustCompile(`^(Describe|List|Get|Filter|SimulatePrincipalPolicy$)`)
	for _, policy := range []string{"", fmt.Sprintf(allow, reads), fmt.Sprintf(allow, `"sts:*"`)} {
		synctest.Test(t, func(t *testing.T) {
			a := about(t, web+policy, iam.Commands()...)
			a.Uses.Features = iam.Features()
			a.Request.Images = []string{"repo/web:v2"}
			a.answer(t.Context())
			if len(a.called) < 4 {
				t.Errorf("only %q were called", a.called)
			}
			for _, operation := range a.called {
				if !reading.MatchString(operation) {
					t.Errorf("%s was called", operation)
				}
			}
		})
	}
}

// TestCallsAreSurer: what a command reads is known from its calls. The rest is simulated,
// and so is what is about other services than that which was read.
func TestCallsAreSurer(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a := about(t, web, "deploy")
		a.Uses.Features = []iam.Feature{iam.Tidying}
		got := states(a.answer(t.Context()))
		for _, want := range []string{
			"ecs:DescribeServices ok by call\necs:DescribeServices ok by simulation\n", "ecs:DescribeTaskDefinition ok by call\n",
			"ecs:UpdateService ok by simulation\n", "iam:PassRole ok by simulation\n", "ecs:ListTasks ok by call\n", "iam:GetRole ok by call\n",
		} {
			if !strings.Contains(got, want) {
				t.Errorf("no %q in\n%s", want, got)
			}
		}
	})
}

// TestTogether: what is the same for all targets is said once.
func TestTogether(t *testing.T) {
	shared, own := preflight.OK("region", "eu-west-1"), preflight.Warning("deployment", "busy", "wait")
	permission := preflight.Permission{Action: "ecs:UpdateService", State: preflight.PermissionOK}
	r := preflight.Together([]preflight.Target{
		{Name: "api", Report: preflight.Report{Checks: []preflight.Finding{shared, own}, Permissions: []preflight.Permission{permission}}},
		{Name: "worker", Report: preflight.Report{Checks: []preflight.Finding{shared, preflight.Problem("cluster", &deploy.NotFoundError{Kind: "cluster", Name: "x"})}}},
	})
	var got []string
	for _, f := range r.Checks {
		got = append(got, f.Target+" "+f.Subject)
	}
	if text := strings.Join(got, ", "); text != " region, api deployment, worker cluster" || r.ExitCode() != 3 || r.Permissions[0].Target != "api" {
		t.Errorf("%s, %d, %+v", text, r.ExitCode(), r.Permissions)
	}
	alone := preflight.Together([]preflight.Target{{Name: "api", Report: preflight.Report{Checks: []preflight.Finding{own}, Permissions: []preflight.Permission{permission}}}})
	if alone.Checks[0].Target != "" || alone.Permissions[0].Target != "" || alone.ExitCode() != 0 {
		t.Errorf("%+v", alone)
	}
}

// TestTheDecisionsOfIAM: a decision that hangs on what only a real call knows is none.
func TestTheDecisionsOfIAM(t *testing.T) {
	for result, want := range map[string]string{
		``: "unknown: IAM simulates it, and decides nothing",
		`<member><EvalActionName>ecs:UpdateService</EvalActionName><EvalDecision>allowed</EvalDecision></member>`:                                                                                                                                                                                                    "ok by simulation",
		`<member><EvalActionName>ecs:UpdateService</EvalActionName><EvalDecision>implicitDeny</EvalDecision></member>`:                                                                                                                                                                                               "denied by simulation: no policy allows it",
		`<member><EvalActionName>ecs:UpdateService</EvalActionName><EvalDecision>implicitDeny</EvalDecision><MissingContextValues><member>aws:SourceIp</member></MissingContextValues></member>`:                                                                                                                     "unknown: it depends on aws:SourceIp, which only a real call has",
		`<member><EvalActionName>ecs:UpdateService</EvalActionName><EvalDecision>allowed</EvalDecision><ResourceSpecificResults><member><EvalResourceDecision>allowed</EvalResourceDecision><MissingContextValues><member>aws:SourceVpc</member></MissingContextValues></member></ResourceSpecificResults></member>`: "unknown: it depends on aws:SourceVpc, which only a real call has",
		`<member><EvalActionName>ecs:UpdateService</EvalActionName><EvalDecision>allowed</EvalDecision><OrganizationsDecisionDetail><AllowedByOrganizations>false</AllowedByOrganizations></OrganizationsDecisionDetail></member>`:                                                                                   "unknown: a policy of the organization can deny it",
	} {
		synctest.Test(t, func(t *testing.T) {
			a := about(t, web, "deploy")
			next := a.IAM.HTTPClient
			a.IAM.HTTPClient = exchange(func(r *http.Request) (*http.Response, error) {
				body, err := io.ReadAll(r.Body)
				if err != nil {
					return nil, err
				}
				if bytes.Contains(body, []byte("Action=SimulatePrincipalPolicy")) {
					answer := "<R><SimulatePrincipalPolicyResult><EvaluationResults>" + result + "</EvaluationResults></SimulatePrincipalPolicyResult></R>"
					return &http.Response{StatusCode: http.StatusOK, Header: http.Header{}, Body: io.NopCloser(strings.NewReader(answer)), Request: r}, nil
				}
				r.Body = io.NopCloser(bytes.NewReader(body))
				return next.Do(r)
			})
			for _, p := range a.answer(t.Context()).Permissions {
				if p.Action != "ecs:UpdateService" {
					continue
				}
				got := string(p.State)
				if p.Source != "" {
					got += " by " + string(p.Source)
				}
				if p.Reason != "" {
					got += ": " + p.Reason
				}
				if got != want {
					t.Errorf("%s\n got %s\nwant %s", result, got, want)
				}
			}
		})
	}
}
