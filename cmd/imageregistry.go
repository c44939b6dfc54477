package cmd

// Registries other than ECR, asked with the credentials that Docker has for them. The
// transport alone is used: what pulls images would make the program larger.

import (
	"context"
	"fmt"
	"net/http"

	"github.com/google/go-containerregistry/pkg/authn"
	"github.com/google/go-containerregistry/pkg/name"
	"github.com/google/go-containerregistry/pkg/v1/remote/transport"

	"github.com/ecs-deploy/ecs-deploy/pkg/deploy"
)

// manifestTypes are the manifests of one image, and those that list several platforms.
var manifestTypes = []string{
	"application/vnd.oci.image.index.v1+json", "application/vnd.oci.image.manifest.v1+json",
	"application/vnd.docker.distribution.manifest.list.v2+json", "application/vnd.docker.distribution.manifest.v2+json",
}

// registryDigest asks the registry of an image for its digest.
func registryDigest(ctx context.Context, reference string) (string, error) {
	ref, err := name.ParseReference(reference)
	if err != nil {
		return "", fmt.Errorf("image %s: %w", reference, err)
	}
	registry := ref.Context().Registry
	failed := func(err error) (string, error) {
		return "", fmt.Errorf("%s is unreachable: %w", registry.RegistryStr(), err)
	}
	credentials, err := authn.DefaultKeychain.Resolve(ref.Context())
	if err != nil {
		return failed(err)
	}
	signed, err := transport.NewWithContext(ctx, registry, credentials, http.DefaultTransport, []string{ref.Scope(transport.PullScope)})
	if err != nil {
		return failed(err)
	}
	address := registry.Scheme() + "://" + registry.RegistryStr() + "/v2/" + ref.Context().RepositoryStr() + "/manifests/" + ref.Identifier()
	request, err := http.NewRequestWithContext(ctx, http.MethodHead, address, http.NoBody)
	if err != nil {
		return failed(err)
	}
	request.Header["Accept"] = manifestTypes
	response, err := (&http.Client{Transport: signed}).Do(request)
	if err != nil {
		return failed(err)
	}
	defer func() { _ = response.Body.Close() }() // HEAD has no body
	digest := response.Header.Get("Docker-Content-Digest")
	switch {
	case response.StatusCode == http.StatusNotFound:
		return "", &deploy.NotFoundError{Kind: "image", Name: reference, Place: registry.RegistryStr()}
	case response.StatusCode != http.StatusOK:
		return "", fmt.Errorf("%s answers HTTP %d", registry.RegistryStr(), response.StatusCode)
	case digest == "":
		return "", fmt.Errorf("%s answers without a digest", registry.RegistryStr())
	}
	return digest, nil
}
