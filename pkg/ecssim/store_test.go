package ecssim

// This file tests the store with a real time that the test moves.

import (
	"context"
	"errors"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"
)

// fakeReal is real time for stores: it moves when a test or a Sleep says so.
type fakeReal struct {
	mu  sync.Mutex
	now time.Time
}

func (f *fakeReal) Now() time.Time {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.now
}

func (f *fakeReal) Sleep(ctx context.Context, d time.Duration) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.now = f.now.Add(d)
	return ctx.Err()
}

func newFakeReal() *fakeReal { return &fakeReal{now: time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)} }

func (f *fakeReal) open(t *testing.T, path string) *Store {
	t.Helper()
	s, err := openStore(&Store{path: path, speed: 20, realNow: f.Now, sleep: f.Sleep}, func() (World, error) {
		w, err := LoadScenario("healthy")
		return w.WithSeed(Seed{Cluster: "demo", Service: "web", Image: "web:1"}), err
	})
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func send(t *testing.T, s *Store, operation, body string) (string, error) {
	t.Helper()
	req, _ := http.NewRequest(http.MethodPost, "http://ecs.simulated/", strings.NewReader(body))
	req.Header.Set("X-Amz-Target", targetPrefix+operation)
	resp, err := s.HTTPClient().Do(req)
	if err != nil {
		return "", err
	}
	defer resp.Body.Close()
	data, err := io.ReadAll(resp.Body)
	return string(data), err
}

func TestStoreIsOneWorldForAll(t *testing.T) {
	real, path := newFakeReal(), filepath.Join(t.TempDir(), "sub", "state.json")
	a := real.open(t, path)
	b := real.open(t, path)
	if !a.Created() || b.Created() {
		t.Errorf("created: %t, %t", a.Created(), b.Created())
	}
	if body, err := send(t, a, "UpdateService", `{"cluster":"demo","service":"web","forceNewDeployment":true}`); err != nil || !strings.Contains(body, `"IN_PROGRESS"`) {
		t.Fatal(body, err)
	}
	real.Sleep(t.Context(), time.Second) // 20 s
	body, err := send(t, b, "DescribeServices", `{"cluster":"demo","services":["web"]}`)
	if err != nil || !strings.Contains(body, `"pendingCount":2`) || !strings.Contains(body, "has started 2 tasks") {
		t.Error(body, err)
	}
	if err := a.Close(); err != nil {
		t.Error(err)
	}
	if _, err := send(t, a, "ListClusters", `{}`); err == nil {
		t.Error("a closed store serves")
	}
	if err := b.Clock().Sleep(t.Context(), 5*time.Minute); err != nil {
		t.Error(err)
	}
	if spent := real.Now().Sub(newFakeReal().now); spent > 20*time.Second {
		t.Errorf("five minutes took %s", spent)
	}
	body, _ = send(t, b, "DescribeServices", `{"cluster":"demo","services":["web"]}`)
	if strings.Contains(body, `"IN_PROGRESS"`) || strings.Count(body, "deployment completed.") != 2 {
		t.Error(body)
	}
}

func TestStoreClock(t *testing.T) {
	real, path := newFakeReal(), filepath.Join(t.TempDir(), "state.json")
	a := real.open(t, path)
	born := a.Clock().Now()
	pass := func(d time.Duration) { _ = real.Sleep(t.Context(), d) }
	want := func(s *Store, since time.Duration) {
		t.Helper()
		if got := s.Clock().Now().Sub(born); got != since {
			t.Errorf("simulated %s, want %s", got, since)
		}
	}
	pass(2 * time.Second)
	want(a, 40*time.Second)
	pass(2 * time.Second) // the lease of 3 s ends half way
	want(a, 61*time.Second)
	send(t, a, "ListClusters", `{}`)
	pass(time.Second)
	want(a, 81*time.Second)
	b := real.open(t, path)
	want(b, 81*time.Second)
	pass(time.Second)
	want(a, 101*time.Second)
	want(b, 101*time.Second)
	if err := b.Close(); err != nil {
		t.Fatal(err)
	}
	pass(time.Second) // closed: speed 1, for a too, until it asks again
	want(a, 102*time.Second)
	send(t, a, "ListClusters", `{}`)
	if err := a.Close(); err != nil {
		t.Fatal(err)
	}
	pass(time.Hour)
	c := real.open(t, path)
	want(c, time.Hour+102*time.Second)
	pass(-time.Minute) // the machine's clock was set back
	want(c, time.Hour+102*time.Second)
}

func TestStoreFileTroubles(t *testing.T) {
	for name, content := range map[string]string{
		"empty":    "",
		"garbage":  "\x00\x01",
		"old":      `{"format":0,"sim":"2026-01-01T00:00:00Z","speed":1}` + "\n{}",
		"headless": `{"format":2}` + "\n" + `{"format":2}`,
		"cut":      `{"format":2,"real":"2026-01-01T00:00:00Z","sim":"2026-01-01T00:00:00Z","fastUntil":"2026-01-01T00:00:00Z","speed":1}` + "\n" + `{"format":2,"clus`,
		"hollow":   `{"format":2,"real":"2026-01-01T00:00:00Z","sim":"2026-01-01T00:00:00Z","fastUntil":"2026-01-01T00:00:00Z","speed":1}` + "\n" + `{"format":2}`,
	} {
		path := filepath.Join(t.TempDir(), "state.json")
		if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
		_, err := OpenStore(path, nil, 20)
		if err == nil || !strings.Contains(err.Error(), path) || !strings.Contains(err.Error(), "ecs-deploy simulator reset") {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestRemoveStore(t *testing.T) {
	real, dir := newFakeReal(), t.TempDir()
	path := filepath.Join(dir, "state.json")
	s := real.open(t, path)
	for range 2 {
		if err := RemoveStore(path); err != nil {
			t.Error(err)
		}
	}
	if err := RemoveStore(filepath.Join(dir, "no", "such", "folder")); err != nil {
		t.Error(err)
	}
	if entries, _ := os.ReadDir(dir); len(entries) != 0 {
		t.Errorf("left behind: %v", entries)
	}
	if _, err := send(t, s, "ListClusters", `{}`); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("a removed store: %v", err)
	}
	if err := s.Close(); err != nil {
		t.Error(err)
	}
	if entries, _ := os.ReadDir(dir); len(entries) != 0 {
		t.Errorf("left behind: %v", entries)
	}
}

func TestStoreSeedFails(t *testing.T) {
	path := filepath.Join(t.TempDir(), "state.json")
	no := errors.New("no such scenario")
	if _, err := OpenStore(path, func() (World, error) { return World{}, no }, 20); !errors.Is(err, no) {
		t.Errorf("%v", err)
	}
	if _, err := os.Stat(path); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("a file was made: %v", err)
	}
}

// TestStoreSurvivesAPanic lets the engine panic: the file keeps what it had.
func TestStoreSurvivesAPanic(t *testing.T) {
	real, path := newFakeReal(), filepath.Join(t.TempDir(), "state.json")
	s := real.open(t, path)
	err := s.use(func(e *engine) {
		e.Clusters = nil
		panic("on purpose")
	})
	var broken *brokenError
	if !errors.As(err, &broken) {
		t.Errorf("%v", err)
	}
	if body, err := send(t, s, "ListClusters", `{}`); err != nil || !strings.Contains(body, "cluster/demo") {
		t.Error(body, err)
	}
}

func TestStoreConcurrently(t *testing.T) {
	path := filepath.Join(t.TempDir(), "state.json")
	var wg sync.WaitGroup
	for range 3 {
		s, err := OpenStore(path, func() (World, error) { return World{}, nil }, 20)
		if err != nil {
			t.Fatal(err)
		}
		wg.Go(func() {
			defer s.Close()
			last := s.Clock().Now()
			for range 10 {
				if _, err := send(t, s, "CreateCluster", `{"clusterName":"x"}`); err != nil {
					t.Error(err)
				}
				if now := s.Clock().Now(); now.Before(last) {
					t.Error("time went backwards")
				} else {
					last = now
				}
			}
		})
	}
	wg.Wait()
}

// BenchmarkStoreRequest is one DescribeServices, with the lock, the state's way
// to the disk and all.
func BenchmarkStoreRequest(b *testing.B) {
	path := filepath.Join(b.TempDir(), "state.json")
	s, err := OpenStore(path, func() (World, error) {
		w, err := LoadScenario("healthy")
		return w.WithSeed(Seed{Cluster: "demo", Service: "web", Image: "web:1"}), err
	}, 20)
	if err != nil {
		b.Fatal(err)
	}
	defer s.Close()
	for b.Loop() {
		req, _ := http.NewRequest(http.MethodPost, "http://ecs.simulated/", strings.NewReader(`{"cluster":"demo","services":["web"]}`))
		req.Header.Set("X-Amz-Target", targetPrefix+"DescribeServices")
		resp, err := s.HTTPClient().Do(req)
		if err != nil {
			b.Fatal(err)
		}
		resp.Body.Close()
	}
}
