package deploy_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"maps"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/google/go-cmp/cmp"

	"github.com/ecs-deploy/ecs-deploy/pkg/deploy"
	"github.com/ecs-deploy/ecs-deploy/pkg/ecssim"
	"github.com/ecs-deploy/ecs-deploy/pkg/image"
	"github.com/ecs-deploy/ecs-deploy/pkg/taskdef"
)

// TestOurDefinitions deploys the definitions of this repository.
func TestOurDefinitions(t *testing.T) { deployAll(t, "../taskdef/testdata", 3) }

// TestRealDefinitions deploys real definitions from public repositories.
func TestRealDefinitions(t *testing.T) {
	const dir = "../../../shared/reference/taskdefs"
	if _, err := os.Stat(dir); err != nil {
		t.Skipf("the collection of real definitions is not part of a clone: %v", err)
	}
	deployAll(t, dir, 25)
}

// deployAll runs each definition of a folder through a whole deployment: it must
// come back with nothing changed but the images. Files that are no definitions
// must be refused with their place.
func deployAll(t *testing.T, dir string, atLeast int) {
	files, err := filepath.Glob(filepath.Join(dir, "*.json"))
	if err != nil {
		t.Fatal(err)
	}
	deployed := 0
	for _, file := range files {
		t.Run(filepath.Base(file), func(t *testing.T) {
			text, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			definition, err := taskdef.Parse(file, text, taskdef.ParseOptions{AllowUnknownFields: true})
			var parse *taskdef.ParseError
			if errors.As(err, &parse) {
				if json.Valid(text) == (parse.Problems[0].Line > 0) {
					t.Errorf("%v: bad JSON has a line, bad content has none", err)
				}
				t.Logf("refused: %v", err)
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			if err := definition.Check(); err != nil {
				t.Logf("refused: %v", err)
				return
			}
			synctest.Test(t, func(t *testing.T) {
				if deployDefinition(t, definition) {
					deployed++
				}
			})
		})
	}
	if deployed < atLeast {
		t.Errorf("only %d definitions were deployed", deployed)
	}
}

// retagged is another tag for the image of the definition's first container,
// and whether it can have one: a template cannot.
func retagged(d taskdef.Definition) (string, bool) {
	ref, err := image.Parse(d.Containers()[0].Image)
	if err != nil {
		return "", false
	}
	another, err := ref.WithTag("deployed-by-a-test")
	return another.String(), err == nil
}

// deployDefinition deploys a new tag of the first image to a service that runs
// the definition; or, if the image is a template that can have no tag, the
// definition itself to a service that runs another one.
func deployDefinition(t *testing.T, definition taskdef.Definition) bool {
	newImage, taggable := retagged(definition)
	request := deploy.Request{Ref: deploy.Ref{Cluster: "prod", Service: "service"}, Want: deploy.Want{Images: []string{newImage}}}
	family, inUse, revision := definition.Family(), definition.Family(), ":2"
	if !taggable {
		request.Images, request.Definition, request.AllowOtherFamily = nil, definition, true
		family, inUse, revision = "original", "another", ":1"
	}
	world, err := worldOf(definition, family, inUse)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := ecssim.New(world); err != nil {
		t.Logf("ECS would not take it: %v", err)
		return false
	}
	b := newBench(t, world)
	before := b.registered(family + ":1")
	b.want(b.run(request, deploy.Policy{}), "succeeded")
	if b.told(deploy.EventWarning, "with other values than it was sent") {
		t.Errorf("%v", b.events)
	}
	after := b.registered(definition.Family() + revision)
	before["family"] = definition.Family()

	if taggable && setImages(before, newImage) == 0 {
		t.Error("no image was expected to change")
	}
	if diff := cmp.Diff(before, after); diff != "" {
		t.Errorf("something else than images changed (-before +after):\n%s", diff)
	}
	if sent := b.made("RegisterTaskDefinition")[0].body; sent["revision"] != nil || sent["status"] != nil {
		t.Errorf("output-only members were sent: %v", sent)
	}
	return true
}

// worldOf is a world in which the definition is registered as a family, with one
// service that runs the family inUse.
func worldOf(definition taskdef.Definition, family, inUse string) (ecssim.World, error) {
	text, err := definition.MarshalJSON()
	if err != nil {
		return ecssim.World{}, err
	}
	doc, err := document(text)
	if err != nil {
		return ecssim.World{}, err
	}
	doc["family"] = family
	another := clone(doc, "another")
	service := ecssim.Document{"cluster": "prod", "serviceName": "service", "taskDefinition": inUse, "desiredCount": json.Number("1"), "launchType": "EC2"}
	if doc["networkMode"] == "awsvpc" {
		service["networkConfiguration"] = map[string]any{"awsvpcConfiguration": map[string]any{"subnets": []any{"subnet-1"}}}
	}
	if list, ok := doc["requiresCompatibilities"].([]any); ok && len(list) > 0 {
		service["launchType"] = list[0]
	}
	instances := ecssim.InstanceSpec{Count: 4, CPU: 1 << 16, Memory: 1 << 20, Attributes: map[string]string{"ecs.instance-type": "g5.xlarge"}}
	return ecssim.World{
		Clusters:        []ecssim.ClusterSpec{{Name: "prod", ContainerInstances: []ecssim.InstanceSpec{instances}}},
		TaskDefinitions: []ecssim.Document{doc, another}, Services: []ecssim.Document{service},
	}, nil
}

// clone is the document under another family, with plain images.
func clone(doc map[string]any, family string) map[string]any {
	copied := maps.Clone(doc)
	copied["family"] = family
	copied["containerDefinitions"] = []any{map[string]any{"name": "app", "image": "busybox", "memory": json.Number("64")}}
	delete(copied, "volumes")
	delete(copied, "proxyConfiguration")
	delete(copied, "inferenceAccelerators")
	return copied
}

func document(text []byte) (map[string]any, error) {
	decoder := json.NewDecoder(bytes.NewReader(text))
	decoder.UseNumber()
	var doc map[string]any
	return doc, decoder.Decode(&doc)
}

// registered is a revision as ECS describes it, without what differs between
// any two revisions.
func (b *bench) registered(name string) map[string]any {
	b.Helper()
	doc, err := document(b.raw("DescribeTaskDefinition", `{"taskDefinition":"`+name+`","include":["TAGS"]}`))
	if err != nil {
		b.Fatal(err)
	}
	definition, ok := doc["taskDefinition"].(map[string]any)
	if !ok {
		b.Fatalf("no definition %s: %v", name, doc)
	}
	for _, member := range []string{"taskDefinitionArn", "revision", "registeredAt"} {
		delete(definition, member)
	}
	definition["tags, which stand beside it"] = doc["tags"]
	return definition
}

// setImages sets the image in a described definition by rules of its own: the
// same text before the tag or digest.
func setImages(definition map[string]any, newImage string) int {
	repository := strings.TrimSuffix(newImage, ":deployed-by-a-test")
	changed := 0
	for _, element := range definition["containerDefinitions"].([]any) {
		container := element.(map[string]any)
		old := container["image"].(string)
		if old == repository || strings.HasPrefix(old, repository+":") || strings.HasPrefix(old, repository+"@") {
			container["image"] = newImage
			changed++
		}
	}
	return changed
}
