package ecssim_test

// This file asks STS with its real client, and calls ECS with what it gives and
// with credentials that nobody knows.

import (
	"context"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/ecs"
	"github.com/aws/aws-sdk-go-v2/service/sts"

	"github.com/ecs-deploy/ecs-deploy/pkg/ecssim"
)

const (
	deployRole = "arn:aws:iam::123456789012:role/ci/deploy"
	device     = "arn:aws:iam::123456789012:mfa/alice"
)

func keys(id string) aws.CredentialsProvider {
	return credentials.NewStaticCredentialsProvider(id, "secret", "")
}

func tokenClient(c *http.Client, who aws.CredentialsProvider) *sts.Client {
	return sts.New(sts.Options{Region: "us-east-1", BaseEndpoint: aws.String("http://sts.simulated"), HTTPClient: c, Credentials: who})
}

// callAs lists the clusters with some credentials.
func callAs(ctx context.Context, sim *ecssim.Simulator, who aws.CredentialsProvider) error {
	client := ecs.New(newClient(sim.HTTPClient()).Options(), func(o *ecs.Options) { o.Credentials = who })
	_, err := client.ListClusters(ctx, &ecs.ListClustersInput{})
	return err
}

// session is the credentials that AssumeRole answered.
func session(out *sts.AssumeRoleOutput) aws.CredentialsProvider {
	c := out.Credentials
	return credentials.NewStaticCredentialsProvider(*c.AccessKeyId, *c.SecretAccessKey, *c.SessionToken)
}

func TestAssumeRole(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		sim, _ := demo(t, "healthy")
		client := tokenClient(sim.HTTPClient(), keys("AKIDEXAMPLE"))
		who, err := client.GetCallerIdentity(t.Context(), &sts.GetCallerIdentityInput{})
		if err != nil || *who.Account != "123456789012" || *who.Arn != "arn:aws:sts::123456789012:assumed-role/deployer/simulated" {
			t.Fatal(who, err)
		}
		out, err := client.AssumeRole(t.Context(), &sts.AssumeRoleInput{RoleArn: aws.String(deployRole), RoleSessionName: aws.String("build-42")})
		if err != nil {
			t.Fatal(err)
		}
		const arn = "arn:aws:sts::123456789012:assumed-role/deploy/build-42"
		if *out.AssumedRoleUser.Arn != arn || !strings.HasPrefix(*out.Credentials.AccessKeyId, "ASIA") || !strings.HasSuffix(*out.AssumedRoleUser.AssumedRoleId, ":build-42") ||
			!out.Credentials.Expiration.Equal(time.Now().Truncate(time.Second).Add(time.Hour)) {
			t.Errorf("%+v %+v", out.AssumedRoleUser, out.Credentials)
		}
		saved, err := sim.Save()
		if err != nil {
			t.Fatal(err)
		}
		if sim, err = ecssim.Load(saved); err != nil {
			t.Fatal(err)
		}
		assumed := tokenClient(sim.HTTPClient(), session(out))
		if who, err = assumed.GetCallerIdentity(t.Context(), &sts.GetCallerIdentityInput{}); err != nil || *who.Arn != arn || *who.UserId != *out.AssumedRoleUser.AssumedRoleId {
			t.Errorf("assumed: %+v, %v", who, err)
		}
		ecsClient := ecs.New(newClient(sim.HTTPClient()).Options(), func(o *ecs.Options) { o.Credentials = session(out) })
		register(t, ecsClient, "web:2")
		td, err := ecsClient.DescribeTaskDefinition(t.Context(), &ecs.DescribeTaskDefinitionInput{TaskDefinition: aws.String("web")})
		if err != nil || *td.TaskDefinition.RegisteredBy != arn {
			t.Errorf("registered by %+v, %v", td, err)
		}
		wantCode(t, callAs(t.Context(), sim, keys(*out.Credentials.AccessKeyId)), "UnrecognizedClientException", "") // without its token
		time.Sleep(time.Hour)
		wantCode(t, callAs(t.Context(), sim, session(out)), "ExpiredTokenException", "The security token included in the request is expired")
		_, err = assumed.GetCallerIdentity(t.Context(), &sts.GetCallerIdentityInput{})
		wantCode(t, err, "ExpiredToken", "is expired")
	})
}

func TestAssumeRoleRefuses(t *testing.T) {
	const other = "arn:aws:iam::123456789012:role/open"
	sim, _ := demo(t, "healthy", func(w *ecssim.World) {
		w.Roles = []ecssim.RoleSpec{
			{ARN: deployRole, ExternalID: "ec-1", MFA: &ecssim.MFADevice{Serial: device, Code: "123456"}}, {ARN: other},
		}
	})
	client := tokenClient(sim.HTTPClient(), keys("AKIDEXAMPLE"))
	const refused = "User: arn:aws:sts::123456789012:assumed-role/deployer/simulated is not authorized to perform: sts:AssumeRole on resource: "
	for _, c := range []struct{ role, external, serial, code, kind, message string }{
		{deployRole, "ec-1", device, "123456", "", ""},
		{other, "", "", "", "", ""},
		{other, "ec-1", device, "654321", "", ""},
		{deployRole, "", device, "123456", "AccessDenied", refused + deployRole},
		{deployRole, "ec-2", device, "123456", "AccessDenied", refused + deployRole},
		{deployRole, "ec-1", "", "", "AccessDenied", refused + deployRole},
		{deployRole, "ec-1", device, "", "AccessDenied", "must provide both MFA serial number and one time pass code"},
		{deployRole, "ec-1", device + "2", "123456", "AccessDenied", "MultiFactorAuthentication failed, unable to validate MFA code.  Please verify"},
		{deployRole, "ec-1", device, "123457", "AccessDenied", "MultiFactorAuthentication failed with invalid MFA one time pass code. "},
		{"arn:aws:iam::123456789012:role/unknown", "", "", "", "AccessDenied", refused},
		{"arn:aws:iam::123456789012:user/alice", "", "", "", "ValidationError", "arn:aws:iam::123456789012:user/alice is invalid"},
	} {
		in := sts.AssumeRoleInput{RoleArn: &c.role, RoleSessionName: aws.String("test")}
		for member, value := range map[**string]string{&in.ExternalId: c.external, &in.SerialNumber: c.serial, &in.TokenCode: c.code} {
			if value != "" {
				*member = aws.String(value)
			}
		}
		out, err := client.AssumeRole(t.Context(), &in)
		if c.kind == "" {
			if err != nil || out.Credentials == nil {
				t.Errorf("%+v: %v", c, err)
			}
			continue
		}
		wantCode(t, err, c.kind, c.message)
	}
	for form, want := range map[string]string{
		"RoleSessionName=a":                           "Value null at 'roleArn' failed to satisfy constraint: Member must not be null",
		"RoleArn=" + other:                            "at 'roleSessionName'",
		"RoleArn=" + other + "&RoleSessionName=b":     "Value 'b' at 'roleSessionName'",
		"RoleArn=" + other + "&RoleSessionName=b%207": `Value 'b 7' at 'roleSessionName' failed to satisfy constraint: Member must satisfy regular expression pattern: [\w+=,.@-]*`,
		"RoleArn=" + other + "&RoleSessionName=b/7":   "Value 'b/7' at 'roleSessionName'",
		"RoleArn=" + other + "&DurationSeconds=60":    "Value '60' at 'durationSeconds' failed to satisfy constraint: Member must have value greater than or equal to 900",
		"RoleArn=" + other + "&DurationSeconds=1e6":   "'durationSeconds'",
		"RoleArn=" + other + "&DurationSeconds=43201": "less than or equal to 43200",
	} {
		code, body := postForm(sim, "Action=AssumeRole&Version=2011-06-15&"+form, "")
		if code != 400 || !strings.Contains(body, "<Code>ValidationError</Code>") || !strings.Contains(strings.ReplaceAll(body, "&#39;", "'"), want) {
			t.Errorf("%s: %d %s", form, code, body)
		}
	}
}

// postForm sends a raw request of the query protocol.
func postForm(sim *ecssim.Simulator, form, authorization string) (int, string) {
	req := httptest.NewRequest(http.MethodPost, "/", strings.NewReader(form))
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	if authorization != "" {
		req.Header.Set("Authorization", authorization)
	}
	w := httptest.NewRecorder()
	sim.ServeHTTP(w, req)
	return w.Code, w.Body.String()
}

func TestAccessKeys(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		hour, none := ecssim.Duration(time.Hour), ecssim.Duration(0)
		sim, _ := demo(t, "healthy", func(w *ecssim.World) {
			w.AccessKeys = []ecssim.AccessKey{{ID: "AKIAGOOD"}, {ID: "ASIASHORT", ExpiresAfter: &hour}, {ID: "ASIAOLD", ExpiresAfter: &none}}
		})
		const unknown, expired = "The security token included in the request is invalid.", "The security token included in the request is expired"
		if err := callAs(t.Context(), sim, keys("AKIAGOOD")); err != nil {
			t.Error(err)
		}
		if err := callAs(t.Context(), sim, keys("ASIASHORT")); err != nil {
			t.Error(err)
		}
		wantCode(t, callAs(t.Context(), sim, keys("AKIAOTHER")), "UnrecognizedClientException", unknown)
		wantCode(t, callAs(t.Context(), sim, keys("ASIAOLD")), "ExpiredTokenException", expired)
		out, err := tokenClient(sim.HTTPClient(), keys("AKIAGOOD")).AssumeRole(t.Context(), &sts.AssumeRoleInput{RoleArn: aws.String(deployRole), RoleSessionName: aws.String("s1"), DurationSeconds: aws.Int32(7200)})
		if err != nil {
			t.Fatal(err)
		}
		time.Sleep(time.Hour)
		wantCode(t, callAs(t.Context(), sim, keys("ASIASHORT")), "ExpiredTokenException", expired)
		if err := callAs(t.Context(), sim, session(out)); err != nil {
			t.Error(err)
		}
		_, err = tokenClient(sim.HTTPClient(), keys("AKIAOTHER")).GetCallerIdentity(t.Context(), &sts.GetCallerIdentityInput{})
		wantCode(t, err, "InvalidClientTokenId", unknown)
		code, body := post(t, sim, "ListClusters", "{}")
		var refusal map[string]string
		if err := json.Unmarshal([]byte(body), &refusal); err != nil || code != 400 || refusal["__type"] != "MissingAuthenticationTokenException" {
			t.Errorf("unsigned: %d %s", code, body)
		}
		form := url.Values{"Action": {"GetCallerIdentity"}, "Version": {"2011-06-15"}}.Encode()
		for authorization, want := range map[string]string{
			"": "MissingAuthenticationToken", "Basic eDp5": "MissingAuthenticationToken",
			"AWS4-HMAC-SHA256 Credential=AKIAOTHER/20261123/us-east-1/sts/aws4_request, SignedHeaders=host, Signature=0": "InvalidClientTokenId",
		} {
			if code, body := postForm(sim, form, authorization); code != 403 || !strings.Contains(body, "<Code>"+want+"</Code>") {
				t.Errorf("%q: %d %s", authorization, code, body)
			}
		}
	})
}
