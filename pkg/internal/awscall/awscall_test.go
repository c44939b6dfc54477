package awscall_test

import (
	"errors"
	"io"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/smithy-go"

	"github.com/ecs-deploy/ecs-deploy/pkg/ecssim"
	"github.com/ecs-deploy/ecs-deploy/pkg/internal/awscall"
)

// server answers requests and keeps the last one.
type server struct {
	status int
	body   string
	got    *http.Request
	sent   string
}

func (s *server) Do(r *http.Request) (*http.Response, error) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return nil, err
	}
	s.got, s.sent = r, string(body)
	return &http.Response{StatusCode: s.status, Header: http.Header{}, Body: io.NopCloser(strings.NewReader(s.body)), Request: r}, nil
}

func config(client aws.HTTPClient) aws.Config {
	return aws.Config{Region: "eu-west-1", Credentials: credentials.NewStaticCredentialsProvider("AKIDEXAMPLE", "secret", ""), HTTPClient: client}
}

func TestRequests(t *testing.T) {
	s := &server{status: 200, body: `{"Name":"db"}`}
	client := awscall.New(config(s))
	var secret struct{ Name string }
	if err := client.JSON(t.Context(), awscall.SecretsManager, "", "DescribeSecret", map[string]string{"SecretId": "db"}, &secret); err != nil || secret.Name != "db" {
		t.Fatalf("%+v, %v", secret, err)
	}
	if s.got.URL.String() != "https://secretsmanager.eu-west-1.amazonaws.com/" || s.got.Header.Get("X-Amz-Target") != "secretsmanager.DescribeSecret" || s.sent != `{"SecretId":"db"}` {
		t.Errorf("%s %v %s", s.got.URL, s.got.Header, s.sent)
	}
	if auth := s.got.Header.Get("Authorization"); !strings.Contains(auth, "Credential=AKIDEXAMPLE/") || !strings.Contains(auth, "/eu-west-1/secretsmanager/aws4_request") || !strings.Contains(auth, "x-amz-target") {
		t.Errorf("signed as %s", auth)
	}
	s.body = `<GetRoleResponse><GetRoleResult><Role><RoleName>app</RoleName></Role></GetRoleResult></GetRoleResponse>`
	var role struct {
		Name string `xml:"GetRoleResult>Role>RoleName"`
	}
	for region, want := range map[string]string{
		"eu-west-1": "https://iam.amazonaws.com/ us-east-1", "cn-north-1": "https://iam.cn-north-1.amazonaws.com.cn/ cn-north-1",
		"us-gov-east-1": "https://iam.us-gov.amazonaws.com/ us-gov-west-1",
	} {
		cfg := config(s)
		cfg.Region = region
		if err := awscall.New(cfg).Query(t.Context(), awscall.IAM, "GetRole", url.Values{"RoleName": {"app"}}, &role); err != nil || role.Name != "app" {
			t.Fatalf("%+v, %v", role, err)
		}
		address, signed, _ := strings.Cut(want, " ")
		if s.got.URL.String() != address || !strings.Contains(s.got.Header.Get("Authorization"), "/"+signed+"/iam/") || s.sent != "Action=GetRole&RoleName=app&Version=2010-05-08" {
			t.Errorf("%s %v %s", s.got.URL, s.got.Header, s.sent)
		}
	}
	cfg := config(s)
	cfg.Region = "us-iso-east-1"
	if err := awscall.New(cfg).Query(t.Context(), awscall.IAM, "GetRole", url.Values{}, &role); err == nil {
		t.Error("the endpoint of an isolated region is not known")
	}
}

func TestFailures(t *testing.T) {
	for body, want := range map[string]string{
		`{"__type":"com.amazonaws#AccessDeniedException","Message":"no"}`: "AccessDeniedException no",
		`<html>`: "UnknownError HTTP 403",
	} {
		err := awscall.New(config(&server{status: 403, body: body})).JSON(t.Context(), awscall.SSM, "", "GetParameters", struct{}{}, nil)
		var api smithy.APIError
		if !errors.As(err, &api) || api.ErrorCode()+" "+api.ErrorMessage() != want {
			t.Errorf("%s: %v", body, err)
		}
	}
	err := awscall.New(config(&server{status: 404, body: `<ErrorResponse><Error><Code>NoSuchEntity</Code><Message>gone</Message></Error></ErrorResponse>`})).
		Query(t.Context(), awscall.IAM, "GetRole", url.Values{}, nil)
	var api smithy.APIError
	if !errors.As(err, &api) || api.ErrorCode() != "NoSuchEntity" || api.ErrorMessage() != "gone" {
		t.Errorf("%v", err)
	}
	cfg := config(&server{})
	cfg.Credentials = nil
	if err := awscall.New(cfg).JSON(t.Context(), awscall.SSM, "", "GetParameters", struct{}{}, nil); err == nil {
		t.Error("a request without credentials was sent")
	}
}

// TestSimulator: the simulator understands the requests.
func TestSimulator(t *testing.T) {
	simulator, err := ecssim.New(ecssim.World{
		Clusters: []ecssim.ClusterSpec{{Name: "prod"}}, Secrets: []string{"db", "/app/token"}, Roles: []ecssim.RoleSpec{{ARN: "arn:aws:iam::123456789012:role/app"}},
		Scaling: []ecssim.ScalingSpec{{Cluster: "prod", Service: "web", Min: 2, Max: 4}}, Alarms: []ecssim.AlarmSpec{{Name: "5xx"}, {Name: "other", AfterDeployment: true}},
	})
	if err != nil {
		t.Fatal(err)
	}
	client := awscall.New(config(simulator.HTTPClient()))
	code := func(err error) string {
		var api smithy.APIError
		if errors.As(err, &api) {
			return api.ErrorCode()
		}
		return ""
	}
	var secret struct{ Name string }
	for id, want := range map[string]string{"db": "", "arn:aws:secretsmanager:us-east-1:123456789012:secret:db-AbCdEf": "", "other": "ResourceNotFoundException"} {
		err := client.JSON(t.Context(), awscall.SecretsManager, "", "DescribeSecret", map[string]string{"SecretId": id}, &secret)
		if code(err) != want {
			t.Errorf("secret %s: %v", id, err)
		}
	}
	var parameters struct{ InvalidParameters []string }
	names := map[string]any{"Names": []string{"/app/token", "arn:aws:ssm:us-east-1:123456789012:parameter/app/token", "gone"}}
	if err := client.JSON(t.Context(), awscall.SSM, "", "GetParameters", names, &parameters); err != nil || len(parameters.InvalidParameters) != 1 {
		t.Errorf("%+v, %v", parameters, err)
	}
	var targets struct {
		ScalableTargets []struct{ MinCapacity, MaxCapacity int }
	}
	resource := map[string]any{"ServiceNamespace": "ecs", "ResourceIds": []string{"service/prod/web"}}
	if err := client.JSON(t.Context(), awscall.AutoScaling, "", "DescribeScalableTargets", resource, &targets); err != nil || len(targets.ScalableTargets) != 1 || targets.ScalableTargets[0].MaxCapacity != 4 {
		t.Errorf("%+v, %v", targets, err)
	}
	var alarms struct {
		States []string `xml:"DescribeAlarmsResult>MetricAlarms>member>StateValue"`
	}
	form := url.Values{"AlarmNames.member.1": {"5xx"}, "AlarmNames.member.2": {"unknown"}}
	if err := client.Query(t.Context(), awscall.CloudWatch, "DescribeAlarms", form, &alarms); err != nil || len(alarms.States) != 1 || alarms.States[0] != "ALARM" {
		t.Errorf("%+v, %v", alarms, err)
	}
	for name, want := range map[string]string{"app": "", "gone": "NoSuchEntity"} {
		var role struct{}
		if err := client.Query(t.Context(), awscall.IAM, "GetRole", url.Values{"RoleName": {name}}, &role); code(err) != want {
			t.Errorf("role %s: %v", name, err)
		}
	}
}
