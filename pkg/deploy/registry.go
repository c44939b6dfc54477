package deploy

// Digests from ECR: a tag may be moved to another image at any time, a digest is
// that image.

import (
	"context"
	"fmt"
	"sync"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ecr"
	ecrtypes "github.com/aws/aws-sdk-go-v2/service/ecr/types"

	"github.com/ecs-deploy/ecs-deploy/pkg/ecsapi"
	"github.com/ecs-deploy/ecs-deploy/pkg/image"
)

// WithRegistry lets a deployer ask ECR for the digest that a tag stands for. The
// client's region does not matter: each image's own is asked.
func WithRegistry(client *ecr.Client) Option {
	return func(d *Deployer) { d.ecr = client }
}

// pinned is the reference with the digest that its tag stands for now.
func (d *Deployer) pinned(ctx context.Context, ref image.Reference) (image.Reference, error) {
	if ref.Digest() != "" {
		return ref, nil
	}
	account, region, ok := ref.ECR()
	if d.ecr == nil {
		return ref, &UsageError{Problem: fmt.Sprintf("the digest of %s cannot be looked up: no ECR client", ref), Remedy: "pass one with WithRegistry"}
	}
	if !ok {
		return ref, &UsageError{
			Problem: fmt.Sprintf("the digest of %s cannot be looked up: %s is not a private registry of ECR", ref, ref.Registry()),
			Remedy:  "pass the image with its digest (-i REPOSITORY@sha256:…), or remove --pin-digest",
		}
	}
	now, err := d.describeImage(ctx, account, region, ref)
	if err != nil {
		return ref, err
	}
	return ref.WithDigest(now.digest)
}

// stored is an image in a registry.
type stored struct {
	digest string
	pushed time.Time // zero if the registry does not tell
}

// imagesRead keeps the images that were read while one plan is made, by their tags and
// digests, so that ECR is asked once about each. A nil one keeps nothing.
type imagesRead struct {
	mutex sync.Mutex
	known map[string]stored
}

// of is the image of a reference, if it was read.
func (r *imagesRead) of(ref image.Reference) (stored, bool) {
	if r == nil {
		return stored{}, false
	}
	r.mutex.Lock()
	defer r.mutex.Unlock()
	found, known := r.known[ref.String()]
	return found, known
}

// keep keeps what was read, also by its digest.
func (r *imagesRead) keep(ref image.Reference, found stored) {
	if r == nil {
		return
	}
	r.mutex.Lock()
	defer r.mutex.Unlock()
	r.known[ref.String()] = found
	if pinned, err := ref.WithDigest(found.digest); err == nil {
		r.known[pinned.String()] = found
	}
}

// describeImage asks ECR, in the image's own account and region, for an image by its
// digest, or otherwise by its tag. It returns a [*NotFoundError] or a [*CallError].
func (d *Deployer) describeImage(ctx context.Context, account, region string, ref image.Reference) (stored, error) {
	if known, ok := d.images.of(ref); ok {
		return known, nil
	}
	found, err := d.askECR(ctx, account, region, ref)
	if err == nil {
		d.images.keep(ref, found)
	}
	return found, err
}

// askECR is describeImage without what is known.
func (d *Deployer) askECR(ctx context.Context, account, region string, ref image.Reference) (stored, error) {
	id := ecrtypes.ImageIdentifier{ImageTag: aws.String(ref.Tag())}
	if ref.Digest() != "" {
		id = ecrtypes.ImageIdentifier{ImageDigest: aws.String(ref.Digest())}
	}
	out, err := d.ecr.DescribeImages(ctx, &ecr.DescribeImagesInput{
		RegistryId: &account, RepositoryName: aws.String(ref.Path()), ImageIds: []ecrtypes.ImageIdentifier{id},
	}, func(o *ecr.Options) { o.Region = region })
	if err != nil {
		call := NewCallError("ecr:DescribeImages", "image "+ref.String(), err)
		if call.Code == "ImageNotFoundException" || call.Code == "RepositoryNotFoundException" {
			return stored{}, &NotFoundError{Kind: "image", Name: ref.String(), Place: "ECR", Detail: call.Reason()}
		}
		return stored{}, call
	}
	if len(out.ImageDetails) == 0 || out.ImageDetails[0].ImageDigest == nil {
		return stored{}, ecsapi.Nonsense("ecr:DescribeImages", "image "+ref.String(), "ECR answered without a digest")
	}
	return stored{aws.ToString(out.ImageDetails[0].ImageDigest), aws.ToTime(out.ImageDetails[0].ImagePushedAt)}, nil
}
