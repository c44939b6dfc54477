package ecssim

// This file is a simulator that lives in a file, for a command that is run
// several times and wants to meet the same ECS again each time. Each request
// takes a lock, reads the file if another process has changed it, plays what is
// due, serves, and replaces the file.

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"time"

	"github.com/rogpeppe/go-internal/lockedfile"
)

// Store is a simulator whose state lives in a file that processes share. It is
// safe for concurrent use, also by several processes.
type Store struct {
	path    string
	speed   float64
	created bool

	realNow func() time.Time
	sleep   func(context.Context, time.Duration) error

	mu     sync.Mutex
	core   *engine     // nil: to be read
	info   os.FileInfo // of the file that core and anchor come from
	anchor anchor
	last   time.Time // the latest simulated time that was seen
	closed bool
}

// OpenStore opens the simulator in the file at path, or makes it from seed's
// world if there is none; the folder is made if need be.
//
// Simulated time begins at the real time and runs speed times faster than that
// while some process uses the store: from a request, or a Sleep of the store's
// clock, until Close, or until three seconds have passed in which nothing was
// asked. In between it runs at speed 1. It never goes backwards.
//
// A file that this version cannot read is an error that says how to forget it.
func OpenStore(path string, seed func() (World, error), speed float64) (*Store, error) {
	return openStore(&Store{path: path, speed: speed, realNow: time.Now, sleep: sleepReal}, seed)
}

func openStore(s *Store, seed func() (World, error)) (*Store, error) {
	if !(s.speed > 0) {
		s.speed = 1
	}
	if err := os.MkdirAll(filepath.Dir(s.path), 0o700); err != nil {
		return nil, fmt.Errorf("simulator: %w", err)
	}
	unlock, err := lockStore(s.path)
	if err != nil {
		return nil, err
	}
	defer unlock()
	err = s.load()
	if errors.Is(err, fs.ErrNotExist) {
		s.created = true
		err = s.create(seed)
	}
	if err == nil {
		err = s.save(s.now(), leaseTime)
	}
	if err != nil {
		return nil, err
	}
	return s, nil
}

// lockStore waits for the store's lock.
func lockStore(path string) (unlock func(), err error) {
	unlock, err = lockedfile.MutexAt(path + ".lock").Lock()
	if err != nil {
		return nil, fmt.Errorf("simulator: %w", err)
	}
	return unlock, nil
}

// create makes the world, at the real time.
func (s *Store) create(seed func() (World, error)) error {
	world, err := seed()
	if err != nil {
		return err
	}
	now := s.realNow().UTC()
	core, err := newEngine(world, now)
	if err != nil {
		return err
	}
	s.core = core
	s.anchor = anchor{Format: stateFormat, Real: now, Sim: now, FastUntil: now, Speed: s.speed}
	return nil
}

// HTTPClient returns a client that talks to the stored simulator, as
// [Simulator.HTTPClient] does. A store that cannot be read or written is an
// error of the request.
func (s *Store) HTTPClient() *http.Client { return &http.Client{Transport: transport{s}} }

// Close ends this process's use: from now on time runs at speed 1, unless
// another process uses the store. A closed store serves no more requests.
func (s *Store) Close() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return nil
	}
	s.closed = true
	if _, err := os.Stat(s.path); errors.Is(err, fs.ErrNotExist) {
		return nil // it was forgotten meanwhile: leave no lock file behind
	}
	unlock, err := lockStore(s.path)
	if err != nil {
		return err
	}
	defer unlock()
	err = s.load()
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err == nil {
		err = s.save(s.now(), 0)
	}
	return err
}

// Services are the services of the world that are not deleted, each as
// CLUSTER/SERVICE, as they were when the store last read or wrote its file.
func (s *Store) Services() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.core == nil {
		return nil
	}
	var names []string
	for _, c := range s.core.Clusters {
		for _, svc := range c.Services {
			if svc.Status != "INACTIVE" {
				names = append(names, c.Name+"/"+svc.Name)
			}
		}
	}
	slices.Sort(names)
	return names
}

// Created reports whether OpenStore made the world.
func (s *Store) Created() bool { return s.created }

// RemoveStore deletes the simulator at path, with its lock file. If it does not exist, that is
// not an error.
func RemoveStore(path string) error {
	if _, err := os.Stat(filepath.Dir(path)); errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	unlock, err := lockStore(path)
	if err != nil {
		return err
	}
	defer unlock()
	for _, file := range []string{path, path + ".lock"} {
		if err := os.Remove(file); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return fmt.Errorf("simulator: %w", err)
		}
	}
	return nil
}

// use gives f the engine, advanced to now, while no other process has it.
func (s *Store) use(f func(*engine)) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return errors.New("simulator: the store is closed")
	}
	if _, err := os.Stat(s.path); err != nil {
		return fmt.Errorf("simulator: %w", err) // forgotten: leave no lock file behind
	}
	unlock, err := lockStore(s.path)
	if err != nil {
		return err
	}
	defer unlock()
	if err := s.load(); err != nil {
		return err
	}
	now := s.now()
	err = guarded(func() {
		s.core.advance(toMillis(now))
		f(s.core)
	})
	if err != nil {
		s.core, s.info = nil, nil // half changed: the file still has the whole
		return err
	}
	return s.save(now, leaseTime)
}

// load reads the file unless it is the one that was read or written last.
func (s *Store) load() error {
	info, err := os.Stat(s.path)
	if err != nil {
		return fmt.Errorf("simulator: %w", err)
	}
	if s.core != nil && sameFile(info, s.info) {
		return nil
	}
	data, err := os.ReadFile(s.path)
	if err != nil {
		return fmt.Errorf("simulator: %w", err)
	}
	head, body, _ := bytes.Cut(data, []byte("\n"))
	a, err := readAnchor(head)
	if err == nil {
		s.core, err = loadEngine(body)
	}
	if err != nil {
		return s.unreadable(err)
	}
	s.anchor, s.info = a, info
	return nil
}

func (s *Store) unreadable(err error) error {
	return fmt.Errorf("simulator: cannot read the state in %s: %w; delete it with: ecs-deploy simulator reset", s.path, err)
}

// save replaces the file. From the simulated moment now, time runs fast for the
// lease.
func (s *Store) save(now time.Time, lease time.Duration) error {
	at := s.realNow().UTC()
	s.anchor = anchor{Format: stateFormat, Real: at, Sim: now.UTC(), FastUntil: at.Add(lease), Speed: s.speed}
	head, err := json.Marshal(s.anchor)
	if err != nil {
		return fmt.Errorf("simulator: %w", err)
	}
	body, err := s.core.save()
	if err != nil {
		return fmt.Errorf("simulator: %w", err)
	}
	s.info, err = replaceFile(s.path, append(append(head, '\n'), body...))
	if err != nil {
		s.core, s.info = nil, nil
		return fmt.Errorf("simulator: %w", err)
	}
	return nil
}

// replaceFile writes a file so that a reader sees the old or the new one whole.
func replaceFile(path string, data []byte) (os.FileInfo, error) {
	f, err := os.CreateTemp(filepath.Dir(path), "."+filepath.Base(path)+".*")
	if err != nil {
		return nil, err
	}
	_, err = f.Write(data)
	err = errors.Join(err, f.Close())
	if err == nil {
		err = os.Rename(f.Name(), path)
	}
	if err != nil {
		return nil, errors.Join(err, os.Remove(f.Name()))
	}
	return os.Stat(path)
}

// sameFile reports whether a file is still the one it was: replacing it makes
// another one.
func sameFile(a, b os.FileInfo) bool {
	return b != nil && os.SameFile(a, b) && a.ModTime().Equal(b.ModTime()) && a.Size() == b.Size()
}
