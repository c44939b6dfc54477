package ecssim_test

// This file asks Amazon ECR with its real client, and deploys images by the
// digests that it gives.

import (
	"net/http"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/ecr"
	ecrtypes "github.com/aws/aws-sdk-go-v2/service/ecr/types"
	"github.com/aws/aws-sdk-go-v2/service/ecs"
	"github.com/aws/aws-sdk-go-v2/service/ecs/types"

	"github.com/ecs-deploy/ecs-deploy/pkg/ecssim"
)

const teamWeb = "123456789012.dkr.ecr.us-east-1.amazonaws.com/team/web"

func registryClient(c *http.Client) *ecr.Client {
	return ecr.New(ecr.Options{Region: "us-east-1", BaseEndpoint: aws.String("http://ecr.simulated"), HTTPClient: c,
		Credentials: credentials.NewStaticCredentialsProvider("AKIDEXAMPLE", "secret", "")})
}

func images(t *testing.T, client *ecr.Client, ids ...ecrtypes.ImageIdentifier) ([]ecrtypes.ImageDetail, error) {
	t.Helper()
	out, err := client.DescribeImages(t.Context(), &ecr.DescribeImagesInput{RepositoryName: aws.String("team/web"), ImageIds: ids})
	if err != nil {
		return nil, err
	}
	return out.ImageDetails, nil
}

func byTag(tag string) ecrtypes.ImageIdentifier { return ecrtypes.ImageIdentifier{ImageTag: &tag} }

func byDigest(digest string) ecrtypes.ImageIdentifier {
	return ecrtypes.ImageIdentifier{ImageDigest: &digest}
}

// digestOf is the digest that ECR gives for a tag of team/web.
func digestOf(t *testing.T, client *ecr.Client, tag string) string {
	t.Helper()
	found, err := images(t, client, byTag(tag))
	if err != nil {
		t.Fatal(err)
	}
	return aws.ToString(found[0].ImageDigest)
}

func TestDescribeImages(t *testing.T) {
	sim, ecsClient := demo(t, "healthy")
	client := registryClient(sim.HTTPClient())
	none, err := images(t, client)
	if err != nil || len(none) != 0 {
		t.Errorf("before anything is named: %v, %v", none, err)
	}
	found, err := images(t, client, byTag("v2"), byTag("v1"))
	if err != nil || len(found) != 2 {
		t.Fatal(found, err)
	}
	d := found[0]
	digest := aws.ToString(d.ImageDigest)
	if len(digest) != len("sha256:")+64 || digest == aws.ToString(found[1].ImageDigest) || !slices.Equal(d.ImageTags, []string{"v2"}) ||
		aws.ToString(d.RegistryId) != "123456789012" || aws.ToString(d.RepositoryName) != "team/web" ||
		aws.ToInt64(d.ImageSizeInBytes) <= 0 || time.Since(aws.ToTime(d.ImagePushedAt)) < time.Hour {
		t.Errorf("v2: %+v", d)
	}
	for _, id := range []ecrtypes.ImageIdentifier{byDigest(digest), {ImageDigest: &digest, ImageTag: aws.String("v2")}} {
		if same, err := images(t, client, id); err != nil || *same[0].ImageDigest != digest || same[0].ImageTags[0] != "v2" {
			t.Errorf("by digest: %+v, %v", same, err)
		}
	}
	register(t, ecsClient, teamWeb+":v0")
	register(t, ecsClient, teamWeb+"-admin:v9")
	all, err := images(t, client)
	if err != nil || len(all) != 3 || all[0].ImageTags[0] != "v0" || all[2].ImageTags[0] != "v2" {
		t.Errorf("all: %+v, %v", all, err)
	}
	other, err := client.DescribeImages(t.Context(), &ecr.DescribeImagesInput{
		RegistryId: aws.String("210987654321"), RepositoryName: aws.String("team/web"), ImageIds: []ecrtypes.ImageIdentifier{byTag("v2")},
	})
	if err != nil || *other.ImageDetails[0].ImageDigest == digest || *other.ImageDetails[0].RegistryId != "210987654321" {
		t.Errorf("in another account: %+v, %v", other, err)
	}
}

func TestDescribeImagesFails(t *testing.T) {
	sim, _ := demo(t, "healthy", func(w *ecssim.World) {
		w.Repositories = []string{"team/web", "team/api"}
		w.Images = []ecssim.ImageRule{
			{Match: "*:gone", Behaviour: ecssim.CannotPull},
			{Match: "*:network", Behaviour: ecssim.CannotPull, Message: "CannotPullContainerError: i/o timeout"},
			{Match: "*:flaky", Behaviour: ecssim.CannotPull, Probability: 0.5},
		}
		w.Faults = []ecssim.Fault{{Operations: []string{"DescribeImages"}, Nth: 6, Code: "AccessDeniedException", Message: "User: x is not authorized to perform: ecr:{operation}"}}
	})
	client := registryClient(sim.HTTPClient())
	for _, tag := range []string{"v1", "network", "flaky"} {
		if _, err := images(t, client, byTag(tag)); err != nil {
			t.Error(tag, err)
		}
	}
	unknown := "sha256:" + strings.Repeat("0", 64)
	_, err := images(t, client, byTag("v1"), byTag("gone"))
	wantCode(t, err, "ImageNotFoundException", "The image with imageId {imageDigest:'null', imageTag:'gone'} does not exist within the repository with name 'team/web' in the registry with id '123456789012'")
	_, err = images(t, client, byDigest(unknown))
	wantCode(t, err, "ImageNotFoundException", "{imageDigest:'"+unknown+"', imageTag:'null'}")
	_, err = images(t, client, byTag("v1"))
	wantCode(t, err, "AccessDeniedException", "ecr:DescribeImages")
	_, err = images(t, client, ecrtypes.ImageIdentifier{ImageDigest: &unknown, ImageTag: aws.String("v1")})
	wantCode(t, err, "ImageNotFoundException", "imageTag:'v1'")
	_, err = client.DescribeImages(t.Context(), &ecr.DescribeImagesInput{RepositoryName: aws.String("team/other")})
	wantCode(t, err, "RepositoryNotFoundException", "The repository with name 'team/other' does not exist in the registry with id '123456789012'")
	_, err = client.DescribeImages(t.Context(), &ecr.DescribeImagesInput{RepositoryName: aws.String("team/web"), RegistryId: aws.String("x")})
	wantCode(t, err, "InvalidParameterException", "registryId")
	_, err = images(t, client, make([]ecrtypes.ImageIdentifier, 101)...)
	wantCode(t, err, "InvalidParameterException", "imageIds")
}

// TestDigestsBehaveLikeTheirTags deploys a bad and a good image by digest, also
// after the state was saved. ECS runs the digest that ECR gave.
func TestDigestsBehaveLikeTheirTags(t *testing.T) {
	for _, c := range []struct {
		image  func(digest string) string
		tag    string
		status types.ServiceDeploymentStatus
	}{
		{func(d string) string { return teamWeb + "@" + d }, "bad", types.ServiceDeploymentStatusRollbackSuccessful},
		{func(d string) string { return teamWeb + ":v2@" + d }, "bad", types.ServiceDeploymentStatusRollbackSuccessful},
		{func(d string) string { return teamWeb + ":bad@" + d }, "v2", types.ServiceDeploymentStatusSuccessful},
		{func(d string) string { return "elsewhere/web@" + d }, "bad", types.ServiceDeploymentStatusSuccessful},
	} {
		synctest.Test(t, func(t *testing.T) {
			sim, _ := demo(t, "crash-loop", func(w *ecssim.World) { w.Images[0].Match = "*/team/web:bad" })
			digest := digestOf(t, registryClient(sim.HTTPClient()), c.tag)
			saved, err := sim.Save()
			if err != nil {
				t.Fatal(err)
			}
			if sim, err = ecssim.Load(saved); err != nil {
				t.Fatal(err)
			}
			client := newClient(sim.HTTPClient())
			arn := register(t, client, c.image(digest))
			update(t, client, ecs.UpdateServiceInput{TaskDefinition: &arn})
			sd := settle(t, client, time.Hour)
			if sd.Status != c.status {
				t.Errorf("%s: %s", c.image(c.tag), sd.Status)
			}
			out, err := client.DescribeServiceRevisions(t.Context(), &ecs.DescribeServiceRevisionsInput{ServiceRevisionArns: []string{*sd.TargetServiceRevision.Arn}})
			if err != nil || *out.ServiceRevisions[0].ContainerImages[0].ImageDigest != digest {
				t.Errorf("the revision runs %+v, %v", out, err)
			}
		})
	}
}

// TestDigestOfATag is the same in ECR and in ECS; no tag means latest.
func TestDigestOfATag(t *testing.T) {
	for _, image := range []string{teamWeb + ":v3", teamWeb, teamWeb + ":latest"} {
		sim, _ := demo(t, "healthy")
		client := newClient(sim.HTTPClient())
		arn := register(t, client, image)
		update(t, client, ecs.UpdateServiceInput{TaskDefinition: &arn})
		out, err := client.DescribeServiceRevisions(t.Context(), &ecs.DescribeServiceRevisionsInput{
			ServiceRevisionArns: []string{*newest(t, client).TargetServiceRevision.Arn},
		})
		if err != nil {
			t.Fatal(err)
		}
		tag, found := strings.CutPrefix(image, teamWeb+":")
		if !found {
			tag = "latest"
		}
		if got := *out.ServiceRevisions[0].ContainerImages[0].ImageDigest; got != digestOf(t, registryClient(sim.HTTPClient()), tag) {
			t.Errorf("%s runs %s", image, got)
		}
	}
}

// TestRegistryOfTheRegion: the Region of the request is in the registry's name.
func TestRegistryOfTheRegion(t *testing.T) {
	for region, host := range map[string]string{
		"eu-west-1": "123456789012.dkr.ecr.eu-west-1.amazonaws.com", "cn-north-1": "123456789012.dkr.ecr.cn-north-1.amazonaws.com.cn",
	} {
		sim, _ := demo(t, "healthy", func(w *ecssim.World) {
			w.Images = []ecssim.ImageRule{{Match: host + "/team/web:gone", Behaviour: ecssim.CannotPull}}
		})
		client := ecr.New(registryClient(sim.HTTPClient()).Options(), func(o *ecr.Options) { o.Region = region })
		_, err := images(t, client, byTag("gone"))
		wantCode(t, err, "ImageNotFoundException", "gone")
		_, err = images(t, registryClient(sim.HTTPClient()), byTag("gone"))
		if err != nil {
			t.Errorf("us-east-1: %v", err)
		}
	}
}
