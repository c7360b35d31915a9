package main

import (
	"context"
	"errors"
	"net"
	"os/exec"
	"strings"
	"sync"
	"time"

	"github.com/redis/go-redis/v9"
)

// redisServer is a real one, without persistence: after a restart it is empty.
type redisServer struct {
	program
	addr   string
	client *redis.Client

	history sync.Mutex
	spans   []span // in which it was away
}

// span is a time; its end is zero while it lasts.
type span struct{ from, to time.Time }

func startRedis(dir string) (*redisServer, error) {
	if _, err := exec.LookPath("redis-server"); err != nil {
		return nil, errors.New("redis-server is missing: install it by its ordinary package")
	}
	addr, err := freeAddress()
	if err != nil {
		return nil, err
	}
	_, port, _ := net.SplitHostPort(addr)
	s := &redisServer{addr: addr, client: redis.NewClient(&redis.Options{Addr: addr, DisableIdentity: true})}
	s.name, s.log = "redis-server", newRecord()
	s.command = func() *exec.Cmd {
		return exec.Command("redis-server", "--bind", "127.0.0.1", "--port", port,
			"--save", "", "--appendonly", "no", "--dir", dir)
	}
	return s, s.open()
}

func (s *redisServer) open() error {
	if _, err := s.start("Ready to accept connections"); err != nil {
		return err
	}
	s.history.Lock()
	defer s.history.Unlock()
	if n := len(s.spans); n > 0 {
		s.spans[n-1].to = time.Now()
	}
	return nil
}

func (s *redisServer) kill() {
	s.history.Lock()
	if n := len(s.spans); n == 0 || !s.spans[n-1].to.IsZero() {
		s.spans = append(s.spans, span{from: time.Now()})
	}
	s.history.Unlock()
	s.program.kill()
}

// awayWithin reports whether Redis was away at any time between two moments.
func (s *redisServer) awayWithin(from, to time.Time) bool {
	s.history.Lock()
	defer s.history.Unlock()
	for _, away := range s.spans {
		if away.from.Before(to) && (away.to.IsZero() || away.to.After(from)) {
			return true
		}
	}
	return false
}

// scan adds all that Redis holds to a record, and returns the prefixes of its keys.
func (s *redisServer) scan(ctx context.Context, into *record) (map[string]int, error) {
	prefixes := make(map[string]int)
	keys := s.client.Scan(ctx, 0, "*", 1000).Iterator()
	for keys.Next(ctx) {
		key := keys.Val()
		prefixes[key[:strings.LastIndexByte(key, ':')+1]]++
		into.add(key)
		if value, err := s.client.Get(ctx, key).Result(); err == nil {
			into.add(value)
		}
	}
	return prefixes, keys.Err()
}
