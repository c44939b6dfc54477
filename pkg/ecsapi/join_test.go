package ecsapi

import (
	"context"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/ecs-deploy/ecs-deploy/pkg/pace"
)

// TestReadsAreJoined: a few reads are sent at once, each alone. If they are many, they
// are sent together as soon as they fill a call, or a moment later.
func TestReadsAreJoined(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var mutex sync.Mutex
		var sizes []int
		j := &joiner[int]{limit: 10, operation: "DescribeServices", limits: pace.New(nil), call: func(_ context.Context, names []string) (int, error) {
			mutex.Lock()
			defer mutex.Unlock()
			sizes = append(sizes, len(names))
			return len(names), nil
		}}
		read := func(n, from int) (calls int, took time.Duration) {
			sizes = nil
			began := time.Now()
			var all sync.WaitGroup
			for i := range n {
				all.Go(func() {
					if _, err := j.get(t.Context(), string(rune('A'+from+i))); err != nil {
						t.Error(err)
					}
				})
				synctest.Wait()
			}
			all.Wait()
			return len(sizes), time.Since(began)
		}
		if calls, took := read(50, 0); calls != 50 || took != 0 {
			t.Errorf("50 reads: %d calls, %s", calls, took)
		}
		if calls, took := read(40, 100); calls != 4 || took != 0 {
			t.Errorf("40 more, which fill 4 calls: %d calls, %s", calls, took)
		}
		if calls, took := read(7, 200); calls != 1 || took != 100*time.Millisecond {
			t.Errorf("7 more: %d calls, %s", calls, took)
		}
	})
}
