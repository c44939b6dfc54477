package ecssim

// This file serves the scenarios that ship with the package: small world files
// to be completed by World.WithSeed. A new scenario is one file that says what
// to expect of it; the tests that play all scenarios find it.

import (
	"embed"
	"fmt"
	"path"
	"slices"
	"strings"
	"sync"
)

//go:embed scenarios/*.yaml
var scenarioFiles embed.FS

// Scenario is a world that ships with the package.
type Scenario struct {
	// Name is how LoadScenario takes it.
	Name string `json:"name"`
	// Summary is one line: what happens, and how it ends.
	Summary string `json:"summary"`
	// Expect is what becomes of a deployment of a new image.
	Expect Expectation `json:"-"`
}

var allScenarios = sync.OnceValue(func() []Scenario {
	entries, err := scenarioFiles.ReadDir("scenarios")
	if err != nil {
		return nil
	}
	var found []Scenario
	for _, entry := range entries {
		name := strings.TrimSuffix(entry.Name(), ".yaml")
		w, err := readScenario(name)
		if err == nil {
			found = append(found, Scenario{Name: name, Summary: w.Summary, Expect: w.Expect})
		}
	}
	slices.SortFunc(found, func(a, b Scenario) int { return strings.Compare(a.Name, b.Name) })
	return found
})

// Scenarios lists the scenarios that ship with the package, sorted by name.
func Scenarios() []Scenario {
	return append([]Scenario(nil), allScenarios()...)
}

// LoadScenario returns the world of a scenario. It holds no service yet: see
// [World.WithSeed]. The error for an unknown name lists the names.
func LoadScenario(name string) (World, error) {
	var names []string
	for _, s := range allScenarios() {
		if s.Name == name {
			return readScenario(name)
		}
		names = append(names, s.Name)
	}
	return World{}, fmt.Errorf("unknown scenario %q; known are: %s", name, strings.Join(names, ", "))
}

func readScenario(name string) (World, error) {
	file := path.Join("scenarios", name+".yaml")
	data, err := scenarioFiles.ReadFile(file)
	if err != nil {
		return World{}, fmt.Errorf("scenario %s: %w", name, err)
	}
	return ParseWorld(file, data)
}
