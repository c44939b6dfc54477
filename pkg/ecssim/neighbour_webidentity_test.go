package ecssim_test

// This file asks STS for a role with tokens, good and bad.

import (
	"encoding/base64"
	"errors"
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/sts"
	"github.com/aws/smithy-go"

	"github.com/ecs-deploy/ecs-deploy/pkg/ecssim"
)

// jsonWebToken is a token that nobody signed.
func jsonWebToken(claims string) string {
	part := base64.RawURLEncoding.EncodeToString
	return part([]byte(`{"alg":"RS256"}`)) + "." + part([]byte(claims)) + ".c2lnbmF0dXJl"
}

func TestAssumeRoleWithWebIdentity(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		world, err := ecssim.ParseWorld("world.yaml", []byte("accessKeys: [{id: AKIDEXAMPLE}]\nroles:\n  - arn: "+deployRole+"\n  - {arn: 'arn:aws:iam::123456789012:role/guarded', externalId: ci}\n"))
		if err != nil {
			t.Fatal(err)
		}
		sim, err := ecssim.New(world)
		if err != nil {
			t.Fatal(err)
		}
		client := tokenClient(sim.HTTPClient(), aws.AnonymousCredentials{})
		claims := func(end time.Duration) string {
			return fmt.Sprintf(`{"iss":"https://ci.example.com","sub":"repo:web","aud":["sts.amazonaws.com"],"exp":%d}`, time.Now().Add(end).Unix())
		}
		good := jsonWebToken(claims(time.Minute))
		ask := func(role, name, token string) (*sts.AssumeRoleWithWebIdentityOutput, error) {
			return client.AssumeRoleWithWebIdentity(t.Context(), &sts.AssumeRoleWithWebIdentityInput{RoleArn: &role, RoleSessionName: &name, WebIdentityToken: &token})
		}
		out, err := ask(deployRole, "build-42", good)
		if err != nil {
			t.Fatal(err)
		}
		if *out.SubjectFromWebIdentityToken != "repo:web" || *out.Audience != "sts.amazonaws.com" || *out.Provider != "https://ci.example.com" || !strings.HasSuffix(*out.AssumedRoleUser.Arn, ":assumed-role/deploy/build-42") {
			t.Errorf("%+v", out)
		}
		given := credentials.NewStaticCredentialsProvider(*out.Credentials.AccessKeyId, *out.Credentials.SecretAccessKey, *out.Credentials.SessionToken)
		if err := callAs(t.Context(), sim, given); err != nil {
			t.Error(err)
		}
		for name, test := range map[string]struct{ role, session, token, code, message string }{
			"no token":         {deployRole, "build", "opaque-access-token", "InvalidIdentityToken", "not a valid JWT"},
			"no claims":        {deployRole, "build", jsonWebToken("[]"), "InvalidIdentityToken", "not a valid JWT"},
			"over":             {deployRole, "build", jsonWebToken(claims(-time.Second)), "ExpiredTokenException", "Token expired: current date/time "},
			"another role":     {deployRole + "2", "build", good, "AccessDenied", "Not authorized to perform sts:AssumeRoleWithWebIdentity"},
			"a guarded role":   {"arn:aws:iam::123456789012:role/guarded", "build", good, "AccessDenied", "Not authorized to perform sts:AssumeRoleWithWebIdentity"},
			"a name of spaces": {deployRole, "a b/c", good, "ValidationError", "Member must satisfy regular expression pattern"},
			"a long name":      {deployRole, strings.Repeat("n", 65), good, "ValidationError", "length less than or equal to 64"},
		} {
			_, err := ask(test.role, test.session, test.token)
			var refused smithy.APIError
			if !errors.As(err, &refused) || refused.ErrorCode() != test.code || !strings.Contains(refused.ErrorMessage(), test.message) {
				t.Errorf("%s: %v", name, err)
			}
		}
		if err := callAs(t.Context(), sim, aws.AnonymousCredentials{}); err == nil {
			t.Error("without a key ECS lets everybody in")
		}
	})
}
