package fleet_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/ecs"
	"pgregory.net/rapid"

	"github.com/ecs-deploy/ecs-deploy/pkg/deploy"
	"github.com/ecs-deploy/ecs-deploy/pkg/fleet"
)

func TestParseShard(t *testing.T) {
	if s, err := fleet.ParseShard("2/4"); err != nil || s != (fleet.Shard{Index: 2, Of: 4}) {
		t.Error(s, err)
	}
	for _, text := range []string{"", "1", "0/4", "5/4", "-1/2", "1/0", "a/b", "1/2/3"} {
		var usage *deploy.UsageError
		if _, err := fleet.ParseShard(text); !errors.As(err, &usage) {
			t.Errorf("%q: %v", text, err)
		}
	}
}

// TestShares: every name is in one share, and those that need each other are in the same.
func TestShares(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		n, of := rapid.IntRange(0, 30).Draw(t, "names"), rapid.IntRange(1, 6).Draw(t, "shares")
		names := manyServices(n)
		needs := map[string][]string{}
		for i, name := range names {
			if i > 0 && rapid.Bool().Draw(t, "needs") {
				needs[name] = []string{names[rapid.IntRange(0, i-1).Draw(t, "other")], "nobody"}
			}
		}
		share := map[string]int{}
		var all []string
		for i := range of {
			for _, name := range (fleet.Shard{Index: i + 1, Of: of}).Share(names, func(name string) []string { return needs[name] }) {
				share[name] = i
				all = append(all, name)
			}
		}
		slices.Sort(all)
		if !slices.Equal(all, names) {
			t.Fatalf("the shares are %v of %v", all, names)
		}
		for name, others := range needs {
			if share[name] != share[others[0]] {
				t.Fatalf("%s needs %s, and is in another share", name, others[0])
			}
		}
	})
}

// mortal is a process that dies at a time: nothing of it reaches ECS any more.
type mortal struct {
	*bench
	dies time.Time
}

// Do is one call, as long as the process lives.
func (m *mortal) Do(request *http.Request) (*http.Response, error) {
	if !m.dies.IsZero() && time.Now().After(m.dies) {
		return nil, context.Canceled
	}
	return m.bench.Do(request)
}

// TestFourShards: four processes take a share each, and two of them are killed at random
// times. They run again, everything converges, and nothing is done twice.
func TestFourShards(t *testing.T) {
	for seed := range uint64(6) {
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			random := rand.New(rand.NewPCG(seed, 1))
			names := manyServices(12)
			needs := map[string][]string{names[1]: {names[0]}, names[2]: {names[1]}, names[5]: {names[4]}}
			inWorld(t, world(names, ""), func(b *bench) {
				process := func(index int, dies time.Time) (fleet.Outcome, error) {
					client := ecs.NewFromConfig(aws.Config{
						Region: "us-east-1", Credentials: credentials.NewStaticCredentialsProvider("a", "b", ""),
						BaseEndpoint: aws.String("http://aws.simulated"), HTTPClient: &mortal{b, dies},
					})
					var crew []string
					for _, name := range (fleet.Shard{Index: index, Of: 4}).Share(names, func(name string) []string { return needs[name] }) {
						crew = append(crew, strings.TrimSuffix(name+" needs "+strings.Join(needs[name], ","), " needs "))
					}
					plan, err := fleet.Prepare(b.Context(), b.crewOf(deploy.New(client), crew...))
					if err != nil {
						return fleet.Outcome{}, err
					}
					return plan.Carry(b.Context(), fleet.Options{Parallel: 2})
				}
				var running sync.WaitGroup
				for index := 1; index <= 4; index++ {
					dies := time.Time{}
					if index <= 2 {
						dies = time.Now().Add(time.Duration(random.Int64N(int64(6 * time.Minute))))
					}
					running.Go(func() {
						if outcome, err := process(index, dies); dies.IsZero() && (err != nil || outcome.ExitCode() != 0) {
							b.Errorf("shard %d: %v, exit code %d", index, err, outcome.ExitCode())
						}
					})
				}
				running.Wait()
				for index := 1; index <= 2; index++ {
					if outcome, err := process(index, time.Time{}); err != nil || outcome.ExitCode() != 0 {
						b.Errorf("shard %d again: %v, exit code %d", index, err, outcome.ExitCode())
					}
				}
				updated := b.updated()
				slices.Sort(updated)
				if !slices.Equal(updated, names) {
					b.Errorf("updated %v", updated)
				}
				if n := len(b.made("RegisterTaskDefinition")); n != len(names) {
					b.Errorf("%d definitions were registered", n)
				}
			})
		})
	}
}
