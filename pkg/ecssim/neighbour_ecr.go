package ecssim

// This file is the neighbour of ECS that has the images: Amazon ECR, as far as a
// deploy tool asks it. Every tag exists in every repository, unless the world
// says otherwise.

import (
	"encoding/base64"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/ecr"
)

const maxImages = 100 // that one request names

var errBadRegistry = invalid("Invalid parameter at 'registryId' failed to satisfy constraint: 'must satisfy regular expression '[0-9]{12}''")

// registry is the operations of ECR.
func registry() map[string]operation {
	return map[string]operation{
		"DescribeImages":        in[ecr.DescribeImagesInput]("", (*engine).describeImages),
		"GetAuthorizationToken": in[ecr.GetAuthorizationTokenInput]("", (*engine).getAuthorizationToken),
	}
}

// loginValid is how long a login to a registry lasts [SDK AuthorizationData].
const loginValid = 12 * time.Hour

// getAuthorizationToken answers with a login that opens nothing.
func (e *engine) getAuthorizationToken(in struct {
	Registries []string `json:"registryIds"`
}, _ Document) (any, *apiError) {
	if len(in.Registries) == 0 {
		in.Registries = []string{e.World.account()}
	}
	logins := []any{}
	for _, account := range in.Registries {
		if !isAccount(account) {
			return nil, errBadRegistry
		}
		logins = append(logins, map[string]any{
			"authorizationToken": base64.StdEncoding.EncodeToString([]byte("AWS:simulated")),
			"expiresAt":          e.Now.add(loginValid).epoch(),
			"proxyEndpoint":      "https://" + e.registryHost(account),
		})
	}
	return map[string]any{"authorizationData": logins}, nil
}

type describeImagesInput struct {
	Registry   string    `json:"registryId"`
	Repository string    `json:"repositoryName"`
	Images     []imageID `json:"imageIds"`
}

type imageID struct {
	Digest string `json:"imageDigest"`
	Tag    string `json:"imageTag"`
}

func (e *engine) describeImages(in describeImagesInput, _ Document) (any, *apiError) {
	if in.Registry == "" {
		in.Registry = e.World.account()
	}
	switch {
	case in.Repository == "":
		return nil, invalid("Invalid parameter at 'repositoryName' failed to satisfy constraint: 'must not be null'")
	case !isAccount(in.Registry):
		return nil, errBadRegistry
	case len(in.Images) > maxImages:
		return nil, invalid(fmt.Sprintf("Invalid parameter at 'imageIds' failed to satisfy constraint: 'Member must have length less than or equal to %d'", maxImages))
	case len(e.World.Repositories) > 0 && !slices.Contains(e.World.Repositories, in.Repository):
		return nil, &apiError{code: "RepositoryNotFoundException", message: fmt.Sprintf(
			"The repository with name '%s' does not exist in the registry with id '%s'", in.Repository, in.Registry)}
	}
	repository := e.registryHost(in.Registry) + "/" + in.Repository
	if len(in.Images) == 0 {
		in.Images = e.seenImages(repository)
	}
	details := []any{}
	for _, id := range in.Images {
		image, ok := e.findImage(repository, id)
		if !ok {
			return nil, noImage(in, id)
		}
		details = append(details, e.imageDetail(in, image))
	}
	return map[string]any{"imageDetails": details}, nil
}

// registryHost is the host of an account's registry, in the Region that the
// request was signed for.
func (e *engine) registryHost(account string) string {
	region := e.caller.region
	if region == "" {
		region = e.World.region()
	}
	host := account + ".dkr.ecr." + region + ".amazonaws.com"
	if strings.HasPrefix(region, "cn-") {
		host += ".cn"
	}
	return host
}

// seenImages are the images of a repository that somebody has named so far, in
// the order of their tags.
func (e *engine) seenImages(repository string) []imageID {
	var found []imageID
	for digest, image := range e.Digests {
		if from, tag, _ := splitImage(image); from == repository && !e.absent(image) {
			found = append(found, imageID{Digest: digest, Tag: tag})
		}
	}
	slices.SortFunc(found, func(a, b imageID) int { return strings.Compare(a.Tag, b.Tag) })
	return found
}

// findImage is the reference, with its tag, of an image of a repository.
func (e *engine) findImage(repository string, id imageID) (string, bool) {
	image := repository + ":" + id.Tag
	if id.Tag == "" {
		named := repository + "@" + id.Digest
		if image = e.byTag(named); image == named {
			return "", false
		}
	}
	if e.absent(image) || id.Digest != "" && id.Digest != imageDigest(image) {
		return "", false
	}
	e.keepDigest(image)
	return image, true
}

// noImage is what ECR says about an image that it has not got.
func noImage(in describeImagesInput, id imageID) *apiError {
	quoted := func(text string) string {
		if text == "" {
			return "'null'"
		}
		return "'" + text + "'"
	}
	return &apiError{code: "ImageNotFoundException", message: fmt.Sprintf(
		"The image with imageId {imageDigest:%s, imageTag:%s} does not exist within the repository with name '%s' in the registry with id '%s'",
		quoted(id.Digest), quoted(id.Tag), in.Repository, in.Registry)}
}

// imageDetail shows an image. All images were pushed before the world began.
func (e *engine) imageDetail(in describeImagesInput, image string) map[string]any {
	_, tag, _ := splitImage(image)
	digest := imageDigest(image)
	size, _ := strconv.ParseInt(derived("size", digest, 7), 16, 64) // always a number: up to 256 MiB
	return map[string]any{
		"registryId": in.Registry, "repositoryName": in.Repository,
		"imageDigest": digest, "imageTags": []string{tag},
		"imageSizeInBytes": size, "imagePushedAt": e.Born.add(-worldAge - time.Hour).epoch(),
		"imageManifestMediaType": "application/vnd.docker.distribution.manifest.v2+json",
		"artifactMediaType":      "application/vnd.docker.container.image.v1+json",
	}
}
