package redisturns_test

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"log/slog"
	"net"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/centra-go/cartabandonment/centra"
	"github.com/centra-go/cartabandonment/centra/session/redisturns"
)

// log is what WithLogger wrote.
type log struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (l *log) Write(b []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.Write(b)
}

func (l *log) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.String()
}

func (l *log) logger() *slog.Logger { return slog.New(slog.NewTextHandler(l, nil)) }

// proxy stands between a client and Redis, and can make it slow.
type proxy struct {
	addr  string
	delay atomic.Int64 // of each answer
}

func startProxy(t *testing.T, to string) *proxy {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = l.Close() })
	p := &proxy{addr: l.Addr().String()}
	go func() {
		for {
			from, err := l.Accept()
			if err != nil {
				return
			}
			go p.serve(from, to)
		}
	}()
	return p
}

func (p *proxy) serve(from net.Conn, to string) {
	defer func() { _ = from.Close() }()
	server, err := net.Dial("tcp", to)
	if err != nil {
		return
	}
	defer func() { _ = server.Close() }()
	go func() {
		defer func() { _ = server.Close() }()
		_, _ = io.Copy(server, from)
	}()
	answer := make([]byte, 1<<16)
	for {
		n, err := server.Read(answer)
		if err != nil {
			return
		}
		time.Sleep(time.Duration(p.delay.Load()))
		if _, err := from.Write(answer[:n]); err != nil {
			return
		}
	}
}

func TestTheShopGoesOnWithoutRedis(t *testing.T) {
	tests := []struct {
		name        string
		break_      func(*server, *proxy)
		mend        func(*server, *proxy)
		wantInError string
	}{
		{"killed, and empty afterwards", func(s *server, _ *proxy) { s.kill() }, func(s *server, _ *proxy) { s.start() }, ""},
		{"frozen", func(s *server, _ *proxy) { s.freeze() }, func(s *server, _ *proxy) { s.thaw() }, ""},
		{"slow", func(_ *server, p *proxy) { p.delay.Store(int64(150 * time.Millisecond)) },
			func(_ *server, p *proxy) { p.delay.Store(0) }, ""},
		{"read-only", func(s *server, _ *proxy) { s.do("REPLICAOF", "127.0.0.1", "1") },
			func(s *server, _ *proxy) { s.do("REPLICAOF", "NO", "ONE") }, ""},
		{"full", func(s *server, _ *proxy) { s.do("CONFIG", "SET", "maxmemory", "1") },
			func(s *server, _ *proxy) { s.do("CONFIG", "SET", "maxmemory", "0") }, "OOM"},
		{"not permitted", func(s *server, _ *proxy) { s.do("ACL", "SETUSER", "default", "-evalsha", "-getex") },
			func(s *server, _ *proxy) { s.do("ACL", "SETUSER", "default", "+@all") }, "NOPERM"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			server := startServer(t)
			proxy := startProxy(t, server.addr)
			client := clientOf(t, proxy.addr)
			var seen outcomes
			var log log
			turns, err := redisturns.New(client, redisturns.WithLogger(log.logger()), redisturns.WithObserve(seen.observe))
			if err != nil {
				t.Fatal(err)
			}
			take(t, turns, "a").Done("b")
			take(t, turns, "earlier").Done("later")

			tt.break_(server, proxy)
			began := time.Now()
			take(t, turns, "a").Done("c")
			take(t, turns, "c").Done("d")
			for i := range 20 {
				began := time.Now()
				takes(t, turns, centra.Session(fmt.Sprint("visitor", i)), centra.Session(fmt.Sprint("visitor", i)))
				if took := time.Since(began); took > bearable {
					t.Errorf("a turn took %v", took)
				}
			}
			if took := time.Since(began); took > 2*time.Second {
				t.Errorf("22 turns took %v: what is away is asked too often", took)
			}
			held := take(t, turns, "b")
			blocked(t, turns, "d")
			held.Done("")
			told := seen.all()
			if last := told[len(told)-1]; !last.Alone {
				t.Errorf("the last turn is %+v, want Alone", last)
			}
			if n := strings.Count(log.String(), "level=WARN"); n != 1 || !strings.Contains(log.String(), tt.wantInError) {
				t.Errorf("%d warnings, want one that has %q:\n%s", n, tt.wantInError, &log)
			}

			tt.mend(server, proxy)
			mended := time.Now()
			for alone := true; alone; time.Sleep(50 * time.Millisecond) {
				take(t, turns, "somebody").Done("")
				told := seen.all()
				if alone = told[len(told)-1].Alone; alone && time.Since(mended) > 5*time.Second {
					t.Fatalf("turns are not shared 5 s after Redis was back:\n%s", &log)
				}
			}
			redisturns.SetPatience(turns, patient)
			if !strings.Contains(log.String(), "level=INFO") {
				t.Errorf("the log does not say that Redis is back:\n%s", &log)
			}
			// Another process hears of what happened meanwhile.
			another := process(t, server.client())
			for waited := time.Now(); (sessionOf(t, another, "a") != "d" ||
				sessionOf(t, another, "earlier") != "later") && time.Since(waited) < 5*time.Second; {
				take(t, turns, "somebody").Done("")
			}
			for _, s := range []centra.Session{"a", "b", "c", "d"} {
				takes(t, another, s, "d")
			}
			takes(t, another, "earlier", "later")
			held = take(t, another, "a")
			blocked(t, turns, "d")
			held.Done("")
			if t.Failed() {
				t.Logf("the log:\n%s\nthe turns: %+v", &log, seen.all())
			}
		})
	}
}

// sessionOf returns what a turn comes with.
func sessionOf(t *testing.T, turns *redisturns.Turns, s centra.Session) centra.Session {
	turn := take(t, turns, s)
	defer turn.Done("")
	return turn.Session()
}

// bearable is the 200 ms that a call may wait for Redis, and what a busy machine
// adds. A turn asks twice: when it is taken and when it ends.
const bearable = 600 * time.Millisecond

func (s *server) do(args ...any) {
	s.t.Helper()
	client := redis.NewClient(&redis.Options{Addr: s.addr})
	defer func() { _ = client.Close() }()
	if err := client.Do(context.Background(), args...).Err(); err != nil {
		s.t.Fatal(err)
	}
}

// The successor that another process told Redis meanwhile is not overwritten by
// an older one.
func TestTheNewerCountsWhenRedisIsBack(t *testing.T) {
	server := startServer(t)
	client := server.client()
	turns, err := redisturns.New(client)
	if err != nil {
		t.Fatal(err)
	}
	take(t, turns, "a").Done("b")
	server.do("REPLICAOF", "127.0.0.1", "1")
	take(t, turns, "b").Done("c")
	server.do("REPLICAOF", "NO", "ONE")
	redisturns.SetPatience(turns, patient)
	another := process(t, client)
	take(t, another, "b").Done("d")
	takes(t, turns, "c", "d")
	takes(t, another, "c", "d")
}

// What took the place of what, and that two visitors are one, is told late; each
// of the two has gone on meanwhile.
func TestTheNewerOfTwoCounts(t *testing.T) {
	for _, order := range [][]centra.Session{{"x", "y"}, {"y", "x"}} {
		t.Run(string(order[1])+" went on last", func(t *testing.T) {
			server := startServer(t)
			client := server.client()
			turns, err := redisturns.New(client)
			if err != nil {
				t.Fatal(err)
			}
			server.do("REPLICAOF", "127.0.0.1", "1")
			take(t, turns, "x").Done("y")
			server.do("REPLICAOF", "NO", "ONE")
			redisturns.SetPatience(turns, patient)
			for _, s := range order {
				time.Sleep(2 * time.Millisecond)
				take(t, process(t, client), s).Done("next-" + s)
			}
			takes(t, turns, "x", "next-"+order[1])
			for _, s := range []centra.Session{"x", "y", "next-x", "next-y"} {
				takes(t, process(t, client), s, "next-"+order[1])
			}
		})
	}
}

func TestRedisDiesInACall(t *testing.T) {
	t.Parallel()
	server := startServer(t)
	client := server.client()
	var seen outcomes
	turns, err := redisturns.New(client, redisturns.WithObserve(seen.observe))
	if err != nil {
		t.Fatal(err)
	}
	held := take(t, turns, "a")
	server.kill()
	time.Sleep(3 * time.Second) // longer than a lease
	began := time.Now()
	held.Done("b")
	if took := time.Since(began); took > bearable {
		t.Errorf("Done took %v", took)
	}
	if told := seen.all(); len(told) != 1 || !told[0].Lost {
		t.Errorf("outcomes %+v, want one that is Lost", told)
	}
	takes(t, turns, "a", "b")
	server.start()
	redisturns.SetPatience(turns, patient)
	time.Sleep(time.Second)
	takes(t, turns, "somebody", "somebody")
	takes(t, process(t, client), "a", "b")
}

// A Redis that was restarted empty in a call: the lease is taken again.
func TestALeaseThatWasForgotten(t *testing.T) {
	t.Parallel()
	server := startServer(t)
	client := server.client()
	turns, err := redisturns.New(client)
	if err != nil {
		t.Fatal(err)
	}
	held := take(t, turns, "a")
	server.do("FLUSHALL")
	time.Sleep(time.Second)
	blocked(t, process(t, client), "a")
	held.Done("b")
	takes(t, process(t, client), "a", "b")
}

// Redis restarted so fast that nobody noticed.
func TestMemoryThatWasForgotten(t *testing.T) {
	server := startServer(t)
	client := server.client()
	turns := process(t, client)
	take(t, turns, "a").Done("b")
	take(t, turns, "b").Done("c")
	take(t, turns, "x").Done("y")
	server.do("FLUSHALL")
	takes(t, turns, "a", "c") // this process remembers, and tells it again
	takes(t, turns, "somebody", "somebody")
	another := process(t, client)
	takes(t, another, "a", "c")
	takes(t, another, "b", "c")
	takes(t, another, "x", "y")
}

// A Redis that is just fast enough to give a turn, and too slow to say which session
// is the newest.
func TestATurnThatDoesNotKnowTheNewest(t *testing.T) {
	server := startServer(t)
	proxy := startProxy(t, server.addr)
	var seen outcomes
	var log log
	turns, err := redisturns.New(clientOf(t, proxy.addr),
		redisturns.WithLogger(log.logger()), redisturns.WithObserve(seen.observe))
	if err != nil {
		t.Fatal(err)
	}
	take(t, process(t, server.client()), "a").Done("b")
	take(t, turns, "warm").Done("")
	proxy.delay.Store(int64(80 * time.Millisecond))
	got := sessionOf(t, turns, "a")
	told := seen.all()
	if last := told[len(told)-1]; got != "b" && !last.Alone {
		t.Errorf("the turn came with %q, and its outcome is %+v", string(got), last)
	}
	if !strings.Contains(log.String(), "level=WARN") {
		t.Error("the log does not say so")
	}
}

// A process that hears late that Redis has taken what it told is not the newer one
// for that, when it tells it again.
func TestAnAnswerThatComesLate(t *testing.T) {
	server := startServer(t)
	proxy := startProxy(t, server.addr)
	late, err := redisturns.New(clientOf(t, proxy.addr))
	if err != nil {
		t.Fatal(err)
	}
	redisturns.SetPatience(late, patient)
	other := process(t, server.client())
	held := take(t, late, "a")
	proxy.delay.Store(int64(200 * time.Millisecond))
	done := make(chan struct{})
	go func() {
		defer close(done)
		held.Done("b")
	}()
	take(t, other, "a").Done("c")
	<-done
	proxy.delay.Store(0)

	server.do("REPLICAOF", "127.0.0.1", "1")
	redisturns.SetPatience(late, 100*time.Millisecond)
	for range 3 {
		take(t, late, "somebody").Done("")
	}
	server.do("REPLICAOF", "NO", "ONE")
	redisturns.SetPatience(late, patient)
	time.Sleep(1100 * time.Millisecond)
	for range 2 {
		take(t, late, "somebody").Done("")
	}
	takes(t, late, "b", "c")
	takes(t, other, "a", "c")
}
