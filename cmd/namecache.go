package cmd

// Names from ECS are kept for a minute in the user's cache directory, so that the next press
// of Tab is quick. There are names and images in it, and no secrets; a file that is missing
// or broken is no cache.

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/ecs-deploy/ecs-deploy/pkg/names"
)

const (
	// namesKept is how long a list is used, failureKept how long none is asked for after a
	// failure: who has no credentials should not wait at each press of Tab.
	namesKept   = time.Minute
	failureKept = 15 * time.Second
	// cacheSwept is the age at which files are removed.
	cacheSwept = time.Hour
)

// nameCache is the place of one list; the zero value keeps nothing.
type nameCache struct{ path string }

// nameFile is what a file of the cache has.
type nameFile struct {
	Until time.Time    `json:"until"`
	Names []names.Name `json:"names"`
}

// secretVariables are the variables of AWS that have a secret. They do not tell whose
// credentials are used: AWS_ACCESS_KEY_ID does.
var secretVariables = []string{"AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN", "AWS_SECURITY_TOKEN", "AWS_CONTAINER_AUTHORIZATION_TOKEN"}

// cache is the place of a list for whoever asks, where he asks.
func (l *lookup) cache(list []string) nameCache {
	dir, err := os.UserCacheDir()
	if err != nil {
		return nameCache{}
	}
	s := l.settings
	key := append(slices.Clone(list), "", s.Region, l.arnRegion.value, s.Profile, s.AccessKey, s.AssumeRole, s.RoleSessionName, s.EndpointURL)
	for _, variable := range slices.Sorted(slices.Values(os.Environ())) {
		name, _, _ := strings.Cut(variable, "=")
		if strings.HasPrefix(name, "AWS_") && !slices.Contains(secretVariables, name) {
			key = append(key, variable)
		}
	}
	text, err := json.Marshal(key)
	if err != nil {
		return nameCache{}
	}
	sum := sha256.Sum256(text)
	return nameCache{filepath.Join(dir, "ecs-deploy", "names", hex.EncodeToString(sum[:16])+".json")}
}

// read is the list, if it is not too old.
func (c nameCache) read() ([]names.Name, bool) {
	content, err := os.ReadFile(c.path)
	var file nameFile
	if err != nil || json.Unmarshal(content, &file) != nil {
		return nil, false
	}
	left := time.Until(file.Until)
	return file.Names, left > 0 && left <= namesKept
}

// write keeps a list. What goes wrong means that it is asked for again.
func (c nameCache) write(found []names.Name, failed bool) {
	if c.path == "" {
		return
	}
	kept := namesKept
	if failed {
		kept = failureKept
	}
	content, err := json.Marshal(nameFile{time.Now().Add(kept), found})
	dir := filepath.Dir(c.path)
	if err != nil || os.MkdirAll(dir, 0o700) != nil {
		return
	}
	sweep(dir)
	file, err := os.CreateTemp(dir, "*.new") // mode 0600
	if err != nil {
		return
	}
	_, err = file.Write(content)
	if closed := file.Close(); err != nil || closed != nil || os.Rename(file.Name(), c.path) != nil {
		_ = os.Remove(file.Name())
	}
}

// sweep removes files that nobody uses any more.
func sweep(dir string) {
	files, err := os.ReadDir(dir)
	if err != nil {
		return
	}
	for _, file := range files {
		if info, err := file.Info(); err == nil && time.Since(info.ModTime()) > cacheSwept {
			_ = os.Remove(filepath.Join(dir, file.Name()))
		}
	}
}
