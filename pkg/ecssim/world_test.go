package ecssim_test

// This file tests worlds: strict parsing with places, and the seed.

import (
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ecs"

	"github.com/ecs-deploy/ecs-deploy/pkg/ecssim"
)

func TestParseWorldSaysWhere(t *testing.T) {
	for _, c := range []struct {
		text string
		want []string
	}{
		{"sumary: x\n", []string{"w.yaml:1:1: ", "sumary"}},
		{"summary: x\nimages:\n  - match: '*'\n    behavior: exits\n    code: x\n", []string{"w.yaml:4:5: ", "behavior", "w.yaml:5:"}},
		{"images:\n  - match: '*'\n    behaviour: explodes\n", []string{`w.yaml:3:16: "explodes" is not one of starts, `}},
		{"images:\n  - match: '*'\n    startAfter: soon\n", []string{"w.yaml:3:", "soon"}},
		{"images:\n  - match: '*'\n    startAfter: -3s\n", []string{"w.yaml:3:", "negative"}},
		{"summary: a\nsummary: b\n", []string{"w.yaml:2:1: ", "summary"}},
		{"summary: [\n", []string{"w.yaml:"}},
		{"clusters:\n  - name: a\n  - name: a\n", []string{`w.yaml:3:11: duplicate cluster "a"`}},
		{"services:\n  - cluster: a\n    desiredCont: 3\n", []string{`w.yaml:3:18: CreateService has no member "desiredCont"`, "w.yaml:2:5: a service needs a serviceName", `w.yaml:2:14: the world has no cluster "a"`}},
		{"taskDefinitions:\n  - family: a\n", []string{"w.yaml:2:5: ClientException: "}},
		{"faults:\n  - operations: [Describe]\n    first: 2\n", []string{`w.yaml:2:18: ECS has no operation "Describe"`, "w.yaml:2:5: this fault does nothing"}},
		{"faults:\n  - {code: X, lostResponse: true, status: 200}\n", []string{"not 2 of them", "an error status"}},
		{"actors:\n  - {operation: CreateGateway, after: 3s}\n", []string{`w.yaml:2:17: the simulator has no operation "CreateGateway"`}},
		{"images:\n  - {match: a, logs: [ready, {text: tick, evry: 3s}, {text: tock, every: 3ms}]}\n", []string{"w.yaml:2:"}},
		{"images:\n  - {match: a, logs: [ready, {text: tock, every: 3ms}]}\n", []string{`w.yaml:2:50: a line is written at most every second`}},
		{"alarms:\n  - {after: 3s}\n  - {name: a}\n  - {name: a, for: x}\n", []string{"w.yaml:4:"}},
		{"alarms:\n  - {after: 3s}\n  - {name: a}\n  - {name: a}\n  - {name: b, image: c}\n", []string{"w.yaml:2:5: an alarm needs a name", `w.yaml:4:12: duplicate alarm "a"`, "w.yaml:5:5: image and exceptImages need afterDeployment"}},
		{"repositories: [team/web, 'team/web:v1', Team/web]\n", []string{`w.yaml:1:26: "team/web:v1" is not a repository's name`, `w.yaml:1:41: "Team/web" is not`}},
		{"scaling:\n  - {cluster: a, service: b, min: 3, max: 2}\n", []string{"w.yaml:2:5: scaling needs a cluster, a service"}},
		{"accessKeys:\n  - {expiresAfter: 3s}\n", []string{"w.yaml:2:5: an access key needs an id"}},
		{"roles:\n  - {arn: deploy}\n  - {arn: 'arn:aws:iam::123456789012:role/a', mfa: {serial: a, code: '12'}}\n", []string{`w.yaml:2:11: "deploy" is not a role's ARN`, "w.yaml:3:52: mfa needs a serial and a code of 6 digits"}},
		{"faults:\n  - {operations: [GetLogEvents, PutLogEvents], code: X}\n", []string{`w.yaml:2:33: ECS has no operation "PutLogEvents"`}},
		{"switches:\n  serviceRevisionIds: other\naccount: 12\n", []string{`w.yaml:2:23: "other"`, "w.yaml:3:10: an account id is 12 digits"}},
	} {
		_, err := ecssim.ParseWorld("w.yaml", []byte(c.text))
		if err == nil {
			t.Errorf("%q is accepted", c.text)
			continue
		}
		for _, part := range c.want {
			if !strings.Contains(err.Error(), part) {
				t.Errorf("%q: error\n%v\nlacks %q", c.text, err, part)
			}
		}
		for line := range strings.Lines(err.Error()) {
			if !strings.HasPrefix(line, "w.yaml:") {
				t.Errorf("%q: error line %q has no place", c.text, line)
			}
		}
	}
}

const fullWorld = `
summary: a whole world
region: eu-central-1
account: "012345670123"
randomSeed: 7
switches: {readLag: 3s, throttling: true, completionLag: 0s, serviceRevisionIds: unrelated}
clusters:
  - {name: prod, containerInstances: [{count: 3, cpu: 4096, memory: 8000}]}
taskDefinitions:
  - family: agent
    containerDefinitions:
      - {name: agent, image: agent:1, memory: 128, dockerLabels: {account: "012345670123"}}
  - family: agent
    status: INACTIVE
    containerDefinitions:
      - {name: agent, image: agent:0, memory: 128}
services:
  - {cluster: prod, serviceName: agent, taskDefinition: agent, schedulingStrategy: DAEMON}
images:
  - {match: "*:flaky", behaviour: exits, probability: 0.5, code: 0, logs: [ready, {text: "tick", after: 1s, every: 5s}, {text: bye, last: true}]}
repositories: [team/agent]
accessKeys:
  - {id: AKIDEXAMPLE}
  - {id: ASIAEXAMPLE, expiresAfter: 15m}
roles:
  - {arn: "arn:aws:iam::012345670123:role/deploy", externalId: "42", mfa: {serial: GAHT12345678, code: "012345"}}
alarms:
  - {name: always}
  - {name: errors, afterDeployment: true, image: "*:flaky", exceptImages: ["x:*"], after: 2m, for: 5m}
faults:
  - {operations: [UpdateService], nth: 1, lostResponse: true}
  - {operations: [DescribeTarget*, GetLogEvents, DescribeImages, AssumeRole, GetCallerIdentity], code: AccessDeniedException}
actors:
  - {after: 5m, operation: UpdateService, input: {cluster: prod, service: agent, forceNewDeployment: true}}
`

func TestParseWholeWorld(t *testing.T) {
	w, err := ecssim.ParseWorld("w.yaml", []byte(fullWorld))
	if err != nil {
		t.Fatal(err)
	}
	if logs := w.Images[0].Logs; len(logs) != 3 || logs[0].Text != "ready" || logs[1].Every != ecssim.Duration(5*time.Second) || !logs[2].Last {
		t.Errorf("logs %+v", logs)
	}
	sim, err := ecssim.New(w)
	if err != nil {
		t.Fatal(err)
	}
	if code, body := post(t, sim, "ListClusters", "{}"); code != 400 {
		t.Errorf("unsigned: %s", body)
	}
	out, err := newClient(sim.HTTPClient()).DescribeServices(t.Context(), &ecs.DescribeServicesInput{Cluster: aws.String("prod"), Services: []string{"agent"}})
	if err != nil || len(out.Services) != 1 {
		t.Fatal(out, err)
	}
	if s := out.Services[0]; s.DesiredCount != 3 || s.RunningCount != 3 || s.SchedulingStrategy != "DAEMON" ||
		*s.ServiceArn != "arn:aws:ecs:eu-central-1:012345670123:service/prod/agent" || !strings.HasSuffix(*s.TaskDefinition, ":task-definition/agent:1") {
		t.Errorf("%+v", s)
	}
}

func TestNewRefusesAContradictoryWorld(t *testing.T) {
	_, err := ecssim.New(ecssim.World{
		Clusters: []ecssim.ClusterSpec{{Name: "default"}},
		Services: []ecssim.Document{{"serviceName": "web", "taskDefinition": "web"}},
		Images:   []ecssim.ImageRule{{Match: "", Behaviour: "x"}},
	})
	if err == nil || !strings.Contains(err.Error(), "world.images[0].behaviour") {
		t.Errorf("error %v", err)
	}
	_, err = ecssim.New(ecssim.World{
		Clusters: []ecssim.ClusterSpec{{Name: "default"}},
		Services: []ecssim.Document{{"serviceName": "web", "taskDefinition": "web", "desiredCount": 1}},
	})
	if err == nil || !strings.Contains(err.Error(), "TaskDefinition not found.") {
		t.Errorf("error %v", err)
	}
}

func TestSeedLeavesTheWorldAlone(t *testing.T) {
	w, err := ecssim.LoadScenario("cannot-pull")
	if err != nil {
		t.Fatal(err)
	}
	seeded := w.WithSeed(ecssim.Seed{Service: "web", Image: "web:1", DesiredCount: 5})
	if len(w.Services)+len(w.TaskDefinitions)+len(w.Clusters) != 0 || len(w.Images) != 1 {
		t.Errorf("WithSeed changed its receiver: %+v", w)
	}
	sim, err := ecssim.New(seeded)
	if err != nil {
		t.Fatal(err)
	}
	_, body := post(t, sim, "DescribeServices", `{"services":["web"]}`)
	if !strings.Contains(body, `"desiredCount":5`) || !strings.Contains(body, `"runningCount":5`) || !strings.Contains(body, `"rollback":true`) {
		t.Error(body)
	}
	twice := seeded.WithSeed(ecssim.Seed{Service: "web", Image: "web:2"})
	if len(twice.Services) != 1 || len(twice.TaskDefinitions) != 1 || len(twice.Clusters) != 1 {
		t.Errorf("seeded twice: %d services", len(twice.Services))
	}
}

func TestDuration(t *testing.T) {
	for text, want := range map[string]time.Duration{"90s": 90 * time.Second, "90": 90 * time.Second, "0.5": 500 * time.Millisecond, "15m": 15 * time.Minute} {
		var d ecssim.Duration
		if err := d.UnmarshalText([]byte(text)); err != nil || time.Duration(d) != want {
			t.Errorf("%s: %v, %v", text, d, err)
		}
	}
}
