package taskdef_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/ecs-deploy/ecs-deploy/pkg/taskdef"
)

func TestNeeds(t *testing.T) {
	for text, want := range map[string]taskdef.Needs{
		`{"family":"a","containerDefinitions":[{"name":"x","image":"i","cpu":10,"memory":128,"memoryReservation":64},{"name":"y","image":"i","memory":32}]}`: {CPU: 10, Memory: 96},
		`{"family":"a","cpu":"256","memory":"512","taskRoleArn":"t","executionRoleArn":"e","containerDefinitions":[{"name":"x","image":"i","memory":128,
		  "secrets":[{"name":"A","valueFrom":"/a"}],"logConfiguration":{"logDriver":"splunk","secretOptions":[{"name":"token","valueFrom":"/b"}]},
		  "repositoryCredentials":{"credentialsParameter":"c"}}]}`: {
			TaskRole: "t", ExecutionRole: "e", CPU: 256, Memory: 512, Secrets: []taskdef.SecretSource{{"x", "/a"}, {"x", "/b"}, {"x", "c"}},
		},
		`{"family":"a","networkMode":"awsvpc","containerDefinitions":[{"name":"x","image":"i"}]}`: {Subnets: true},
		`{"family":"a","networkMode":"host","containerDefinitions":[{"name":"x","image":"i"}]}`:   {},
	} {
		d, err := taskdef.Parse("f", []byte(text), taskdef.ParseOptions{})
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(want, d.Needs()); diff != "" {
			t.Errorf("-want +got:\n%s", diff)
		}
	}
}
