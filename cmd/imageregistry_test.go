package cmd

import (
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/ecs-deploy/ecs-deploy/pkg/deploy"
)

// TestRegistryDigest: a registry has an image, does not have it, or does not say.
func TestRegistryDigest(t *testing.T) {
	const digest = "sha256:1111111111111111111111111111111111111111111111111111111111111111"
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch {
		case strings.HasSuffix(r.URL.Path, "/manifests/v1"):
			w.Header().Set("Docker-Content-Digest", digest)
			w.Header().Set("Content-Type", "application/vnd.oci.image.manifest.v1+json")
			w.Header().Set("Content-Length", "10")
		case strings.HasSuffix(r.URL.Path, "/manifests/denied"):
			w.WriteHeader(http.StatusForbidden)
		case strings.Contains(r.URL.Path, "/manifests/"):
			w.WriteHeader(http.StatusNotFound)
		}
	}))
	defer server.Close()
	t.Setenv("DOCKER_CONFIG", t.TempDir())
	host := strings.TrimPrefix(server.URL, "http://")
	if got, err := registryDigest(t.Context(), host+"/web:v1"); err != nil || got != digest {
		t.Errorf("%q, %v", got, err)
	}
	var missing *deploy.NotFoundError
	if _, err := registryDigest(t.Context(), host+"/web:gone"); !errors.As(err, &missing) {
		t.Errorf("%v", err)
	}
	for image, want := range map[string]string{host + "/web:denied": "answers HTTP 403", "127.0.0.1:1/web:v1": "is unreachable", "A:B:C": "image A:B:C"} {
		if _, err := registryDigest(t.Context(), image); errors.As(err, &missing) || err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v", image, err)
		}
	}
}
