package deploy_test

import (
	"errors"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ecr"
	"github.com/google/go-cmp/cmp"

	"github.com/ecs-deploy/ecs-deploy/pkg/deploy"
	"github.com/ecs-deploy/ecs-deploy/pkg/taskdef"
)

// registryWorld has a service whose image is in ECR.
const registryWorld = `
clusters: [{name: prod, containerInstances: [{count: 3}]}]
taskDefinitions:
  - family: web
    containerDefinitions:
      - {name: app, image: "123456789012.dkr.ecr.us-east-1.amazonaws.com/web:v1", memory: 64}
      - {name: worker, image: "123456789012.dkr.ecr.us-east-1.amazonaws.com/web:v1", memory: 64}
      - {name: proxy, image: "nginx:1.29", memory: 64}
services:
  - {cluster: prod, serviceName: web, taskDefinition: web, desiredCount: 1}
`

const repository = "123456789012.dkr.ecr.us-east-1.amazonaws.com/web"

// signatures notes the Regions that requests are signed for.
type signatures struct {
	next    aws.HTTPClient
	regions *[]string
}

func (s signatures) Do(request *http.Request) (*http.Response, error) {
	if match := region.FindStringSubmatch(request.Header.Get("Authorization")); match != nil {
		*s.regions = append(*s.regions, match[1])
	}
	return s.next.Do(request)
}

// region is the Region in a signature of AWS.
var region = regexp.MustCompile(`Credential=[^/]+/\d+/([^/]+)/`)

// pinning is a request for digests, and a deployer for it. regions are those in
// which ECR is asked; its client's own is none of them.
func (b *bench) pinning(images ...string) (r deploy.Request, d *deploy.Deployer, regions *[]string) {
	regions = new([]string)
	cfg := simulated(signatures{&recorder{bench: b, next: b.http}, regions})
	cfg.Region = "nowhere-1"
	d = deploy.New(b.client, deploy.WithRegistry(ecr.NewFromConfig(cfg)))
	return deploy.Request{Ref: webInProd, Want: deploy.Want{Images: images, PinDigest: true}}, d, regions
}

// digestIs has ECR answer with a digest.
func (b *bench) digestIs(digest string) {
	b.answer = func(operation string) (string, bool) {
		return `{"imageDetails":[{"imageDigest":"` + strings.TrimPrefix(digest, "@") + `"}]}`, operation == "DescribeImages"
	}
}

// TestAPreviewAsksOnceAboutAnImage: for the digest to pin and for the check of it.
func TestAPreviewAsksOnceAboutAnImage(t *testing.T) {
	inWorld(t, registryWorld, func(b *bench) {
		r, d, _ := b.pinning(repository + ":v2")
		b.digestIs(zeros)
		plan, err := d.Preview(b.Context(), r)
		if err != nil {
			b.Fatal(err)
		}
		asked := 0
		for _, call := range b.calls {
			if call.operation == "DescribeImages" && !strings.Contains(string(jsonOf(b, call.body)), `"v1"`) { // the way back
				asked++
			}
		}
		checked := slices.ContainsFunc(plan.Checks, func(c deploy.Check) bool { return c.Subject == "image app" && c.State == deploy.CheckOK })
		if asked != 1 || !checked {
			b.Errorf("ECR was asked %d times: %+v", asked, plan.Checks)
		}
	})
}

// TestPinned: the digest is registered, in every container of the repository,
// with one look-up; the same digest is nothing to do, another one is.
func TestPinned(t *testing.T) {
	for _, tag := range []string{":v2", ":latest", ""} {
		t.Run(tag, func(t *testing.T) {
			inWorld(t, registryWorld, func(b *bench) {
				r, d, _ := b.pinning(repository + tag)
				b.digestIs(zeros)
				run := func(verdict, image string) {
					t.Helper()
					b.calls = nil
					o, err := d.Run(b.Context(), r, deploy.Policy{})
					if err != nil {
						t.Fatal(err)
					}
					b.want(o, verdict)
					if n := len(b.made("DescribeImages")); n != 1 {
						t.Errorf("ECR was asked %d times", n)
					}
					plan, err := d.Plan(b.Context(), deploy.Request{Ref: webInProd, Want: deploy.Want{TaskDefinition: b.inService()}})
					if err != nil {
						t.Fatal(err)
					}
					for i, c := range plan.Definition.Containers() {
						if want := []string{image, image, "nginx:1.29"}[i]; c.Image != want {
							t.Errorf("%s has %s, want %s", c.Name, c.Image, want)
						}
					}
				}
				run("succeeded", repository+zeros)
				run("unchanged", repository+zeros)
				b.untouched()
				b.digestIs(ones) // the tag was moved
				run("succeeded", repository+ones)
				if b.inService() != "web:3" {
					t.Errorf("in service: %s", b.inService())
				}
			})
		})
	}
}

// TestPinnedWhere: each registry is asked in its own Region and account.
func TestPinnedWhere(t *testing.T) {
	for host, want := range map[string]struct{ account, region string }{
		"123456789012.dkr.ecr.us-east-1.amazonaws.com":          {"123456789012", "us-east-1"},
		"210987654321.dkr.ecr.eu-west-3.amazonaws.com":          {"210987654321", "eu-west-3"},
		"210987654321.dkr.ecr-fips.us-gov-west-1.amazonaws.com": {"210987654321", "us-gov-west-1"},
		"210987654321.dkr.ecr.cn-north-1.amazonaws.com.cn":      {"210987654321", "cn-north-1"},
		"210987654321.dkr-ecr.eu-west-3.on.aws":                 {"210987654321", "eu-west-3"},
	} {
		t.Run(host, func(t *testing.T) {
			inWorld(t, registryWorld, func(b *bench) {
				r, d, regions := b.pinning()
				b.digestIs(zeros)
				r.ContainerImages = map[string]string{"proxy": host + "/a/b:v1"}
				plan, err := d.Plan(b.Context(), r)
				if err != nil {
					t.Fatal(err)
				}
				if got := plan.Definition.Containers()[2].Image; got != host+"/a/b"+zeros {
					t.Errorf("image %s", got)
				}
				asked := b.made("DescribeImages")
				if len(asked) != 1 || asked[0].body["registryId"] != want.account || asked[0].body["repositoryName"] != "a/b" || len(*regions) != 1 || (*regions)[0] != want.region {
					t.Errorf("asked %v in %v", asked, *regions)
				}
			})
		})
	}
}

// TestNotPinned: what is no private registry of ECR is not asked, and an image
// that has a digest needs nobody.
func TestNotPinned(t *testing.T) {
	for _, host := range []string{
		"docker.io", "public.ecr.aws", "reg.example.com:5000", "123456789012.dkr.ecr.us-east-1.amazonaws.com.evil.example",
		"12345.dkr.ecr.us-east-1.amazonaws.com", "123456789012.dkr.ecr.amazonaws.com", "123456789012.s3.us-east-1.amazonaws.com",
	} {
		inWorld(t, registryWorld, func(b *bench) {
			r, d, _ := b.pinning()
			r.ContainerImages = map[string]string{"proxy": host + "/a/b:v1"}
			var usage *deploy.UsageError
			if _, err := d.Plan(b.Context(), r); !errors.As(err, &usage) || !strings.Contains(err.Error(), host+" is not a private registry of ECR") {
				t.Errorf("%s: error %v", host, err)
			}
			r.ContainerImages["proxy"] += ones
			if _, err := d.Plan(b.Context(), r); err != nil {
				t.Errorf("%s with a digest: %v", host, err)
			}
			if len(b.made("DescribeImages")) > 0 {
				t.Errorf("%s: ECR was asked", host)
			}
		})
	}
	inWorld(t, registryWorld, func(b *bench) {
		r, _, _ := b.pinning(repository + ":v2")
		var usage *deploy.UsageError
		if _, err := b.deployer().Plan(b.Context(), r); !errors.As(err, &usage) || !strings.Contains(err.Error(), "no ECR client") {
			t.Errorf("without a registry: %v", err)
		}
	})
}

// TestPinFails: if ECR gives no digest, nothing is registered.
func TestPinFails(t *testing.T) {
	for name, tt := range map[string]struct {
		refusal, answer string
		code            int
		says            string
	}{
		"no such tag":        {refusal: `{"__type":"ImageNotFoundException","message":"gone"}`, code: 3, says: "image " + repository + ":v2 does not exist in ECR: ImageNotFoundException: gone"},
		"no such repository": {refusal: `{"__type":"RepositoryNotFoundException","message":"gone"}`, code: 3, says: "RepositoryNotFoundException: gone"},
		"denied":             {refusal: `{"__type":"AccessDeniedException","message":"no"}`, code: 4, says: "ecr:DescribeImages on image " + repository + ":v2: AccessDeniedException: no"},
		"no digest":          {answer: `{"imageDetails":[{}]}`, code: 1, says: "ECR answered without a digest"},
		"no image":           {answer: `{"imageDetails":[]}`, code: 1, says: "ECR answered without a digest"},
		"nonsense":           {answer: `{"imageDetails":[{"imageDigest":"sha256:1"}]}`, code: 3, says: `"sha256:1" is not a digest`},
	} {
		t.Run(name, func(t *testing.T) {
			inWorld(t, registryWorld, func(b *bench) {
				r, d, _ := b.pinning(repository + ":v2")
				b.refuse = func(operation string) (string, bool) {
					return tt.refusal, tt.refusal != "" && operation == "DescribeImages"
				}
				b.answer = func(operation string) (string, bool) {
					return tt.answer, tt.answer != "" && operation == "DescribeImages"
				}
				_, err := d.Run(b.Context(), r, deploy.Policy{})
				var coder interface{ ExitCode() int }
				code := 1
				if errors.As(err, &coder) {
					code = coder.ExitCode()
				}
				if err == nil || !strings.Contains(err.Error(), tt.says) || code != tt.code {
					t.Errorf("error %v with code %d, want %q with %d", err, code, tt.says, tt.code)
				}
				b.untouched()
				if aws.ToString(b.describe("web").TaskDefinition) == "" || b.revisions("web") != 1 {
					t.Errorf("%d revisions", b.revisions("web"))
				}
			})
		})
	}
}

// TestPinnedFile: of a definition from a file, every image that ECR has is pinned,
// and no other; of an edit alone none is.
func TestPinnedFile(t *testing.T) {
	inWorld(t, registryWorld, func(b *bench) {
		r, d, _ := b.pinning()
		b.digestIs(zeros)
		definition, err := taskdef.Parse("f", []byte(`{"family":"web","containerDefinitions":[
			{"name":"app","image":"`+repository+`:v3","memory":64},{"name":"old","image":"`+repository+zeros+`","memory":64},
			{"name":"proxy","image":"nginx:1.29","memory":64}]}`), taskdef.ParseOptions{})
		if err != nil {
			t.Fatal(err)
		}
		r.Definition = definition
		rendered, err := d.Render(b.Context(), r.Ref, r.Want)
		if err != nil {
			t.Fatal(err)
		}
		want := []taskdef.Container{{Name: "app", Image: repository + zeros}, {Name: "old", Image: repository + zeros}, {Name: "proxy", Image: "nginx:1.29"}}
		if diff := cmp.Diff(want, rendered.Containers()); diff != "" {
			t.Error(diff)
		}
		r.Definition, r.Edits = taskdef.Definition{}, []taskdef.Edit{taskdef.SetEnvironment("", "A", "b")}
		if rendered, err = d.Render(b.Context(), r.Ref, r.Want); err != nil || rendered.Containers()[0].Image != repository+":v1" {
			t.Errorf("an edit pins nothing: %v %v", rendered.Containers(), err)
		}
	})
}
