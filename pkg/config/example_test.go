package config_test

import (
	"context"
	"fmt"
	"os"
	"path/filepath"

	"github.com/ecs-deploy/ecs-deploy/pkg/config"
)

// A program with flags of its own reads a target of the file, changes what it
// likes, and gets the request and the policy for package deploy.
func ExampleFile_Settings() {
	dir, err := os.MkdirTemp("", "")
	if err != nil {
		panic(err)
	}
	defer func() { _ = os.RemoveAll(dir) }()
	path := filepath.Join(dir, config.FileName)
	if err := os.WriteFile(path, []byte(`version: 1
defaults:
  service-name: doorman-service
targets:
  production:
    cluster: production1
    desired-count: 4
`), 0o600); err != nil {
		panic(err)
	}

	file, err := config.ReadFile(context.Background(), path, "")
	if err != nil {
		fmt.Println(err) // every problem, with its line and column
		return
	}
	settings, err := file.Settings("production")
	if err != nil {
		fmt.Println(err)
		return
	}
	settings.Images = []string{"docker.repo.com/doorman:v2"}
	request, err := settings.Request(context.Background(), nil)
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(request.Cluster, request.Service, *request.DesiredCount, request.Images)
	fmt.Println(settings.Origin("desired-count").Layer == config.Target, settings.Policy().NoWait)
	// Output:
	// production1 doorman-service 4 [docker.repo.com/doorman:v2]
	// true false
}
