package cmd_test

// The program's ancestor, ecs-deploy-py 0.1.4, promised more than it did. Each
// promise that it broke is kept here, end to end: the program against an ECS
// behind a socket, and what it sent to it.

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os/exec"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/ecs-deploy/ecs-deploy/pkg/ecssim"
)

func TestAncestor(t *testing.T) {
	t.Parallel()
	for _, promise := range []struct {
		name string
		keep func(*ancestor)
	}{
		{"01-exit-0-on-success", (*ancestor).exit0OnSuccess},
		{"02-failure-on-timeout", (*ancestor).failureOnTimeout},
		{"03-timeout-is-in-seconds", (*ancestor).timeoutInSeconds},
		{"04-only-images-of-the-same-repository-change", (*ancestor).onlySameRepository},
		{"05-an-untagged-image-means-latest", (*ancestor).untaggedIsLatest},
		{"06-the-whole-definition-is-kept", (*ancestor).wholeDefinition},
		{"07-the-definition-in-use-is-built-on", (*ancestor).definitionInUse},
		{"08-the-service-gets-the-new-revision-itself", (*ancestor).revisionItself},
		{"09-region-flag", (*ancestor).region},
		{"10-profile-flag", (*ancestor).profile},
		{"11-key-flags", (*ancestor).keys},
		{"12-desired-count", (*ancestor).desiredCount},
		{"13-zero-is-a-value", (*ancestor).zeroIsAValue},
		{"14-min-and-max-and-nothing-else", (*ancestor).minAndMax},
		{"15-the-family-is-compared-whole", (*ancestor).familyIsWhole},
		{"16-the-service-of-the-family-is-updated", (*ancestor).serviceNotCluster},
		{"17-all-services-are-searched", (*ancestor).allServices},
		{"18-service-and-definition-together", (*ancestor).serviceAndDefinition},
		{"19-pending-is-not-running", (*ancestor).pendingIsNotRunning},
		{"20-no-task-yet-is-no-error", (*ancestor).noTaskYet},
		{"21-flags-are-used", (*ancestor).flagsAreUsed},
		{"22-service-not-found", (*ancestor).serviceNotFound},
		{"23-credential-errors", (*ancestor).credentialErrors},
		{"24-more-than-a-hundred-tasks", (*ancestor).hundredTasks},
		{"25-rollback-and-cleanup", (*ancestor).rollbackAndCleanup},
	} {
		t.Run(promise.name, func(t *testing.T) {
			t.Parallel()
			promise.keep(&ancestor{T: t, dir: t.TempDir(), changes: map[string]string{}})
		})
	}
}

// ancestor is one promise: a test with an AWS account of its own.
type ancestor struct {
	*testing.T
	dir     string
	server  *server
	changes map[string]string // variables besides the usual ones
}

// shop is a task definition with about everything that the ancestor dropped.
const shop = `
  - family: shop
    taskRoleArn: arn:aws:iam::123456789012:role/shop
    executionRoleArn: arn:aws:iam::123456789012:role/pull
    networkMode: awsvpc
    requiresCompatibilities: [FARGATE]
    cpu: "512"
    memory: "1024"
    ephemeralStorage: {sizeInGiB: 30}
    runtimePlatform: {cpuArchitecture: ARM64, operatingSystemFamily: LINUX}
    pidMode: task
    volumes: [{name: data}]
    tags: [{key: team, value: web}]
    containerDefinitions:
      - {name: envoy, image: "docker.repo.com/envoy:1.30", essential: false}
      - name: app
        image: docker.repo.com/shop:%s
        mountPoints: [{sourceVolume: data, containerPath: /data}]
        environment: [{name: PASSWORD, value: hunter2}]
`

// ecs starts an ECS with the services of a world's text, in cluster production1.
func (a *ancestor) ecs(world string) {
	a.Helper()
	parsed, err := ecssim.ParseWorld("world.yaml", []byte("clusters: [{name: production1, containerInstances: [{count: 4}]}]\n"+world))
	if err != nil {
		a.Fatal(err)
	}
	a.server, err = serveWorld(parsed)
	if err != nil {
		a.Fatal(err)
	}
	a.Cleanup(a.server.Close)
}

// fargate are the parameters of a service for the family shop.
const fargate = `launchType: FARGATE, networkConfiguration: {awsvpcConfiguration: {subnets: [subnet-0d0eab1bb38d5ca64]}}`

// shopECS is an ECS with the service shop, which runs shop:1.
func (a *ancestor) shopECS(more string) {
	a.Helper()
	a.ecs("taskDefinitions:" + fmt.Sprintf(shop, "v1") +
		"services: [{cluster: production1, serviceName: shop-service, taskDefinition: shop, desiredCount: 1, " + fargate + "}]\n" + more)
}

// run runs the program and returns its exit code and all it printed.
func (a *ancestor) run(args ...string) (int, string) {
	a.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	command := exec.CommandContext(ctx, "ecs-deploy", args...)
	command.Dir = a.dir
	variables := environment(a.dir)
	if a.server != nil {
		for name, value := range account(a.server.URL) {
			variables[name] = value
		}
	}
	for name, value := range a.changes {
		variables[name] = value
	}
	for name, value := range variables {
		command.Env = append(command.Env, name+"="+value)
	}
	text, err := command.CombinedOutput()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		a.Fatal(err)
	}
	return command.ProcessState.ExitCode(), string(text)
}

// expect runs the program and holds it to a code and a pattern in its output.
func (a *ancestor) expect(code int, pattern string, args ...string) {
	a.Helper()
	got, text := a.run(args...)
	if got != code || !regexp.MustCompile(`(?m)`+pattern).MatchString(text) {
		a.Fatalf("ecs-deploy %s: exit code %d, want %d and %q:\n%s", strings.Join(args, " "), got, code, pattern, text)
	}
}

// deployShop deploys an image to the service shop.
func (a *ancestor) deployShop(args ...string) {
	a.Helper()
	a.expect(0, "^succeeded: shop-service is running shop:", append([]string{"-c", "production1", "-n", "shop-service"}, args...)...)
}

// bodies are the inputs of the calls of an operation.
func (a *ancestor) bodies(operation string) []map[string]any {
	a.Helper()
	var bodies []map[string]any
	for _, c := range a.server.made(operation) {
		var body map[string]any
		if err := json.Unmarshal([]byte(c.body), &body); err != nil {
			a.Fatal(err)
		}
		bodies = append(bodies, body)
	}
	return bodies
}

// only is the input of the one call of an operation.
func (a *ancestor) only(operation string) map[string]any {
	a.Helper()
	bodies := a.bodies(operation)
	if len(bodies) != 1 {
		a.Fatalf("%d calls of %s", len(bodies), operation)
	}
	return bodies[0]
}

// untouched: nothing was changed.
func (a *ancestor) untouched() {
	a.Helper()
	if made := a.server.made(); len(made) > 0 {
		a.Errorf("called %s %s", made[0].operation, made[0].body)
	}
}

// images are those of a registered definition, in order.
func images(body map[string]any) string {
	var images []string
	containers, _ := body["containerDefinitions"].([]any)
	for _, c := range containers {
		image, _ := c.(map[string]any)["image"].(string)
		images = append(images, image)
	}
	return strings.Join(images, " ")
}

const revision = "arn:aws:ecs:us-east-1:123456789012:task-definition/"

func (a *ancestor) exit0OnSuccess() {
	a.shopECS("")
	a.deployShop("-i", "docker.repo.com/shop:v2")
}

func (a *ancestor) failureOnTimeout() {
	a.shopECS("")
	a.server.clock.turn(0)
	a.expect(7, `^timed out: shop-service is running shop:1 \(\S+\), `, "-c", "production1", "-n", "shop-service", "-i", "docker.repo.com/shop:v2", "-t", "1")
}

func (a *ancestor) timeoutInSeconds() {
	a.shopECS("")
	a.deployShop("-i", "docker.repo.com/shop:v2", "-t", "240")
	a.server.clock.turn(0)
	a.expect(7, `was running within 1s$`, "-c", "production1", "-n", "shop-service", "-i", "docker.repo.com/shop:v3", "-t", "1")
}

func (a *ancestor) onlySameRepository() {
	a.shopECS("")
	a.deployShop("-i", "docker.repo.com/shop:v2")
	if got := images(a.only("RegisterTaskDefinition")); got != "docker.repo.com/envoy:1.30 docker.repo.com/shop:v2" {
		a.Error(got)
	}
}

func (a *ancestor) untaggedIsLatest() {
	a.shopECS("")
	a.deployShop("-i", "docker.repo.com/shop")
	if got := images(a.only("RegisterTaskDefinition")); got != "docker.repo.com/envoy:1.30 docker.repo.com/shop:latest" {
		a.Error(got)
	}
}

func (a *ancestor) wholeDefinition() {
	a.shopECS("")
	a.deployShop("-i", "docker.repo.com/shop:v2")
	body := a.only("RegisterTaskDefinition")
	for name, want := range map[string]string{
		"family": `"shop"`, "taskRoleArn": `"arn:aws:iam::123456789012:role/shop"`, "executionRoleArn": `"arn:aws:iam::123456789012:role/pull"`,
		"networkMode": `"awsvpc"`, "requiresCompatibilities": `["FARGATE"]`, "cpu": `"512"`, "memory": `"1024"`,
		"ephemeralStorage": `{"sizeInGiB":30}`, "runtimePlatform": `{"cpuArchitecture":"ARM64","operatingSystemFamily":"LINUX"}`,
		"pidMode": `"task"`, "tags": `[{"key":"team","value":"web"}]`,
	} {
		got, err := json.Marshal(body[name])
		if err != nil || string(got) != want {
			a.Errorf("%s: %s, want %s", name, got, want)
		}
	}
	text, err := json.Marshal(body)
	if err != nil || !strings.Contains(string(text), `"name":"data"`) || !strings.Contains(string(text), `"sourceVolume":"data"`) {
		a.Errorf("the volume is gone: %s", text)
	}
	for _, output := range []string{"taskDefinitionArn", "revision", "status", "registeredAt", "requiresAttributes", "compatibilities"} {
		if _, ok := body[output]; ok {
			a.Errorf("%s was sent", output)
		}
	}
}

func (a *ancestor) definitionInUse() {
	newer := strings.Replace(fmt.Sprintf(shop, "experiment"), "PASSWORD", "EXPERIMENT", 1)
	a.ecs("taskDefinitions:" + fmt.Sprintf(shop, "v1") + newer +
		"services: [{cluster: production1, serviceName: shop-service, taskDefinition: \"shop:1\", desiredCount: 1, " + fargate + "}]\n")
	a.deployShop("-i", "docker.repo.com/shop:v2")
	text, err := json.Marshal(a.only("RegisterTaskDefinition"))
	if err != nil || !strings.Contains(string(text), "PASSWORD") || strings.Contains(string(text), "EXPERIMENT") {
		a.Errorf("built on shop:2, which nobody runs: %s", text)
	}
}

func (a *ancestor) revisionItself() {
	a.shopECS("")
	a.deployShop("-i", "docker.repo.com/shop:v2")
	if got := a.only("UpdateService")["taskDefinition"]; got != revision+"shop:2" {
		a.Error(got)
	}
}

func (a *ancestor) region() {
	a.shopECS("")
	a.expect(0, `^shop-service `, "status", "-c", "production1", "-n", "shop-service", "-r", "eu-west-1")
	for _, c := range a.server.made("") {
		if c.region != "eu-west-1" {
			a.Errorf("%s is signed for %s", c.operation, c.region)
		}
	}
	a.changes = map[string]string{"AWS_REGION": ""}
	a.expect(3, `^error: AWS region not set$`, "-c", "production1", "-n", "shop-service", "-i", "docker.repo.com/shop:v2")
}

func (a *ancestor) profile() {
	a.shopECS("")
	a.expect(3, `^error: there is no AWS profile "nobody"$`, "-c", "production1", "-n", "shop-service", "-i", "docker.repo.com/shop:v2", "-p", "nobody")
	a.untouched()
}

func (a *ancestor) keys() {
	a.shopECS("")
	a.expect(0, `^shop-service `, "status", "-c", "production1", "-n", "shop-service", "-k", "AKIDFLAG", "-s", "secret")
	for _, c := range a.server.made("") {
		if c.key != "AKIDFLAG" {
			a.Errorf("%s is signed by %s", c.operation, c.key)
		}
	}
}

func (a *ancestor) desiredCount() {
	a.shopECS("")
	a.deployShop("-i", "docker.repo.com/shop:v2", "-D", "2")
	if got := a.only("UpdateService")["desiredCount"]; got != 2.0 {
		a.Error(got)
	}
	a.expect(3, `is not a whole number`, "-c", "production1", "-n", "shop-service", "-i", "docker.repo.com/shop:v3", "-D", "two")
	a.only("RegisterTaskDefinition") // no orphan
}

func (a *ancestor) zeroIsAValue() {
	a.shopECS("")
	a.expect(0, `^updated: `, "-c", "production1", "-n", "shop-service", "-D", "0", "-m", "0")
	body := a.only("UpdateService")
	configuration, _ := body["deploymentConfiguration"].(map[string]any)
	if body["desiredCount"] != 0.0 || configuration["minimumHealthyPercent"] != 0.0 {
		a.Error(body)
	}
}

func (a *ancestor) minAndMax() {
	a.shopECS("")
	a.deployShop("-i", "docker.repo.com/shop:v2")
	if body := a.only("UpdateService"); len(body) != 3 {
		a.Errorf("more is sent than was asked for: %v", body)
	}
	a.expect(0, `^updated: `, "-c", "production1", "-n", "shop-service", "-m", "50", "-M", "150")
	configuration, _ := a.bodies("UpdateService")[1]["deploymentConfiguration"].(map[string]any)
	if configuration["minimumHealthyPercent"] != 50.0 || configuration["maximumPercent"] != 150.0 {
		a.Error(configuration)
	}
}

// webs are services whose families and names resemble each other.
const webs = `
taskDefinitions:
  - {family: web, containerDefinitions: [{name: app, image: "repo/web:v1", memory: 64}]}
  - {family: web-api, containerDefinitions: [{name: app, image: "repo/web:v1", memory: 64}]}
services:
  - {cluster: production1, serviceName: web-api-service, taskDefinition: web-api, desiredCount: 1}
  - {cluster: production1, serviceName: production1, taskDefinition: web-api, desiredCount: 1}
  - {cluster: production1, serviceName: frontend, taskDefinition: web, desiredCount: 1}
`

func (a *ancestor) familyIsWhole() {
	a.ecs(webs)
	a.expect(0, `^succeeded: frontend is running web:2 \(\S+\),`, "-c", "production1", "-d", "web", "-i", "repo/web:v2")
	a.expect(0, `^succeeded: frontend is running web:1 \(\S+\),`, "-c", "production1", "-d", "web:1")
}

func (a *ancestor) serviceNotCluster() {
	a.ecs(webs)
	a.expect(0, `^succeeded: frontend is running web:2 \(\S+\),`, "-c", "production1", "-d", "web", "-i", "repo/web:v2")
	if got := a.only("UpdateService")["service"]; got != "arn:aws:ecs:us-east-1:123456789012:service/production1/frontend" {
		a.Error(got)
	}
}

func (a *ancestor) allServices() {
	var b strings.Builder
	b.WriteString("taskDefinitions:\n  - {family: other, containerDefinitions: [{name: app, image: \"repo/other:v1\", memory: 6}]}\n" +
		"  - {family: web, containerDefinitions: [{name: app, image: \"repo/web:v1\", memory: 6}]}\nservices:\n")
	for i := range 120 {
		fmt.Fprintf(&b, "  - {cluster: production1, serviceName: other-%03d, taskDefinition: other, desiredCount: 0}\n", i)
	}
	b.WriteString("  - {cluster: production1, serviceName: zebra, taskDefinition: web, desiredCount: 1}\n")
	a.ecs(b.String())
	a.expect(0, `^succeeded: zebra is running web:2 \(\S+\),`, "-c", "production1", "-d", "web", "-i", "repo/web:v2")
}

func (a *ancestor) serviceAndDefinition() {
	a.ecs(webs)
	a.expect(0, `^succeeded: frontend is running web-api:2 \(\S+\),`, "-c", "production1", "-n", "frontend", "-d", "web-api", "-i", "repo/web:v2")
	if got := a.only("UpdateService"); got["taskDefinition"] != revision+"web-api:2" || !strings.HasSuffix(fmt.Sprint(got["service"]), "/frontend") {
		a.Error(got)
	}
}

func (a *ancestor) pendingIsNotRunning() {
	a.shopECS("images: [{match: \"*:v2\", behaviour: hangs}]\n")
	a.expect(7, `^timed out: shop-service is running shop:1 \(\S+\), `, "-c", "production1", "-n", "shop-service", "-i", "docker.repo.com/shop:v2",
		"-t", "2", "--until", "running")
}

func (a *ancestor) noTaskYet() {
	a.shopECS("")
	a.server.clock.turn(0) // no task of the new deployment will ever be there
	a.expect(7, `did not end within 2s$`, "-c", "production1", "-n", "shop-service", "-i", "docker.repo.com/shop:v2", "--complete-timeout", "2")
	for _, body := range a.bodies("DescribeTasks") {
		if tasks, _ := body["tasks"].([]any); len(tasks) == 0 {
			a.Error("DescribeTasks was asked about no task")
		}
	}
}

func (a *ancestor) flagsAreUsed() {
	a.shopECS("")
	a.changes["BUILD"] = "v2"
	a.deployShop("-i", "docker.repo.com/shop", "-e", "BUILD")
	if got := images(a.only("RegisterTaskDefinition")); !strings.HasSuffix(got, "shop:v2") {
		a.Error(got)
	}
	a.expect(0, `^debug: ecs:DescribeServices `, "-v", "status", "-c", "production1", "-n", "shop-service")
	a.deployShop("-i", "docker.repo.com/shop:v3", "--max-definitions", "1")
	if got := a.only("DeregisterTaskDefinition")["taskDefinition"]; got != revision+"shop:1" {
		a.Error(got)
	}
	a.deployShop("--aws-instance-profile", "-i", "docker.repo.com/shop:v4") // the credentials of an instance are found anyway
}

func (a *ancestor) serviceNotFound() {
	a.shopECS("")
	a.expect(3, `^error: service nobody does not exist in cluster production1$`, "-c", "production1", "-n", "nobody", "-i", "docker.repo.com/shop:v2")
	a.expect(3, `^error: service of family nobody does not exist in cluster production1`, "-c", "production1", "-d", "nobody", "-i", "docker.repo.com/shop:v2")
	a.untouched()
}

func (a *ancestor) credentialErrors() {
	a.shopECS("")
	a.changes = map[string]string{"AWS_ACCESS_KEY_ID": "", "AWS_SECRET_ACCESS_KEY": ""}
	a.expect(4, `^error: .*credentials`, "-c", "production1", "-n", "shop-service", "-i", "docker.repo.com/shop:v2")
	a.untouched()
}

func (a *ancestor) hundredTasks() {
	a.shopECS("")
	a.expect(0, `^updated: .* 150 of 150 tasks`, "-c", "production1", "-n", "shop-service", "-D", "150")
	a.deployShop("-i", "docker.repo.com/shop:v2", "--until", "drained")
	for _, body := range a.bodies("DescribeTasks") {
		if tasks, _ := body["tasks"].([]any); len(tasks) > 100 {
			a.Errorf("%d tasks in one DescribeTasks", len(tasks))
		}
	}
}

func (a *ancestor) rollbackAndCleanup() {
	a.shopECS("images: [{match: \"*:v3\", behaviour: exits}]\n" +
		"serviceDefaults: {deploymentConfiguration: {deploymentCircuitBreaker: {enable: true, rollback: true}}}\n")
	a.deployShop("-i", "docker.repo.com/shop:v2")
	a.expect(6, `^rolled back: shop:3 \(\S+\) failed. shop-service is running shop:2 \(\S+\), 1 of 1 tasks`,
		"-c", "production1", "-n", "shop-service", "-i", "docker.repo.com/shop:v3", "--max-definitions", "1")
	if made := a.server.made("Deregister"); len(made) > 0 {
		a.Error("a revision was deregistered after a failure")
	}
	a.expect(0, `ECS already rolled back from shop:3 \(\S+\) to shop:2 \(\S+\)`, "rollback-preview", "-c", "production1", "-n", "shop-service")
	a.expect(0, `shop:2 \(\S+\) -> shop:1 \(\S+\)`, "rollback-preview", "-c", "production1", "-n", "shop-service", "--to", "shop:1")
	a.deployShop("-i", "docker.repo.com/shop:v4", "--max-definitions", "1")
	var gone []string
	for _, body := range a.bodies("DeregisterTaskDefinition") {
		gone = append(gone, strings.TrimPrefix(fmt.Sprint(body["taskDefinition"]), revision))
	}
	if got := strings.Join(gone, " "); got != "shop:1 shop:3" {
		a.Errorf("deregistered %q, want what is neither in use nor the way back", got)
	}
}
