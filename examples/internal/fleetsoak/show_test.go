package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"os"
	"os/exec"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/centra-go/cartabandonment/centra/centratest"
)

func TestMain(m *testing.M) {
	code := m.Run()
	removeBuilt()
	os.Exit(code)
}

// start starts everything for a test, and looks for secrets when it ends.
func start(t *testing.T, inPostgres bool) *machine {
	t.Helper()
	needs(t, inPostgres)
	m, err := newMachine(t.Context(), inPostgres)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		canaries := m.centra.trace.canaries()
		said := newRecord()
		for _, p := range m.fleet {
			said.add(m.metrics(context.Background(), p))
		}
		if _, err := m.redis.scan(context.Background(), said); err != nil {
			t.Error(err)
		}
		leaks := said.leaks(canaries)
		if err := m.close(); err != nil { // the log ends with it
			t.Error(err)
		}
		for _, p := range m.fleet {
			leaks += p.log.leaks(canaries)
		}
		if leaks > 0 {
			t.Errorf("%d tokens, IDs, secrets or addresses in logs, metrics and Redis", leaks)
		}
	})
	return m
}

// needs skips a test where something is missing.
func needs(t *testing.T, inPostgres bool) {
	t.Helper()
	if testing.Short() {
		t.Skip("takes seconds")
	}
	_, noRedis := exec.LookPath("redis-server")
	var noPostgres error
	if inPostgres {
		_, noPostgres = postgresPrograms()
	}
	if missing := errors.Join(noRedis, noPostgres); missing != nil {
		if os.Getenv("CI") == "true" {
			t.Fatal(missing, "; .ci/run installs it")
		}
		t.Skip(missing)
	}
}

// Events beside pages, two tabs, browsers that leave, double clicks: three processes
// keep what one keeps, in each of four runs.
func TestThreeProcessesKeepWhatOneKeeps(t *testing.T) {
	m := start(t, false)
	m.centra.SetLatency(10 * time.Millisecond)
	for run := range uint64(4) {
		c := newCrowd(m, 12, run, 300*time.Millisecond)
		watching, done := context.WithCancel(t.Context())
		watched := c.strain.watch(watching, m)
		walking, enough := context.WithTimeout(t.Context(), 3*time.Second)
		c.walk(walking)
		enough()
		done()
		<-watched
		f, lost := c.audit(time.Time{}, time.Now())
		if f.delivered < 50 || f.delivered != f.reached {
			t.Errorf("run %d: %d addresses answered 200, %d reached their cart", run, f.delivered, f.reached)
		}
		if c.strain.aloneWithin(time.Time{}, time.Now()) {
			t.Logf("run %d: this machine was too busy for Redis to answer in time, so that turns were not shared", run)
			continue
		}
		if f.false200+f.never+f.overwritten+f.itemsWrong+len(lost) > 0 || f.queued > 0 {
			t.Errorf("run %d: %+v, lost %v", run, f, lost)
		}
		for _, d := range defects {
			if n := c.tally.defects[d]; n > 0 {
				t.Errorf("run %d: %d %s (%s)", run, n, d, c.tally.examples[d])
			}
		}
		for _, e := range c.ledger.entries {
			if n := m.centra.MaxConcurrent(e.cart); n > 1 {
				t.Errorf("run %d: %d changes of a cart at once", run, n)
			}
		}
		r := &report{crowd: c}
		if shared, _ := r.meetings(); len(shared) > 0 {
			t.Errorf("run %d: %d times two calls at once for one visitor: %v", run, len(shared), shared[0])
		}
	}
}

// A process that is killed in a call keeps nobody for long, and loses no cart.
func TestAProcessIsKilledInACall(t *testing.T) {
	m := start(t, false)
	c := newCrowd(m, 1, 1, time.Second)
	for range 3 {
		session, selection := m.centra.NewCart("1-1")
		kim := c.newBrowser(session)
		if first := kim.event(t.Context(), "first"+mailDomain); first.status != http.StatusOK {
			t.Fatalf("an event is answered %d", first.status)
		}
		m.centra.FailNext(centratest.HangFault())
		killed := make(chan capture, 1)
		go func() { killed <- kim.event(context.Background(), "killed"+mailDomain) }()
		var at []int
		eventually(t, 15*time.Second, "the call is under way", func() bool {
			at = m.centra.trace.underWay()
			return len(at) == 1
		})
		m.fleet[at[0]].kill()
		began := time.Now()
		next := kim.event(t.Context(), "next"+mailDomain)
		if took := time.Since(began); next.status != http.StatusOK || took > 8*time.Second {
			t.Errorf("the next event is answered %d after %v", next.status, took)
		}
		if answer := <-killed; answer.status != http.StatusBadGateway {
			t.Errorf("the event in the killed process is answered %d", answer.status)
		}
		if m.centra.SelectionOf(kim.session()) != selection || m.centra.Cart(selection).OptedIn != "next"+mailDomain {
			t.Error("the cart is lost")
		}
		if err := m.fleet[at[0]].open(); err != nil {
			t.Fatal(err)
		}
	}
}

// Without Redis events are answered in time, and carts are not lost by it.
func TestRedisIsKilled(t *testing.T) {
	m := start(t, false)
	c := newCrowd(m, 1, 1, time.Second)
	var all sync.WaitGroup
	for i := range 10 {
		session, selection := m.centra.NewCart("1-1")
		kim := c.newBrowser(session)
		all.Go(func() {
			for n := range 6 {
				email := fmt.Sprintf("v%d-%d%s", i, n, mailDomain)
				x := kim.event(t.Context(), email)
				if took := x.end.Sub(x.began); x.status != http.StatusOK || took > 3*time.Second {
					t.Errorf("event %d is answered %d after %v", n, x.status, took)
				}
				if m.centra.Cart(selection).OptedIn != email {
					t.Errorf("event %d did not reach its cart", n)
				}
				time.Sleep(300 * time.Millisecond)
			}
		})
	}
	time.Sleep(500 * time.Millisecond)
	m.redis.kill()
	time.Sleep(700 * time.Millisecond)
	if err := m.redis.open(); err != nil {
		t.Fatal(err)
	}
	all.Wait()
}

// What shoppers leave while Centra is away survives every process, and arrives
// where there is something to be reminded of.
func TestAddressesSurviveTheFleet(t *testing.T) {
	tests := []struct {
		name       string
		inPostgres bool
		goAway     func(*machine)
	}{
		{"an SQLite file, and a silent Centra", false, func(m *machine) { m.centra.SetFault(centratest.HangFault()) }},
		{"PostgreSQL, and a Centra that refuses", true, func(m *machine) {
			m.centra.SetFault(centratest.StatusFault(http.StatusServiceUnavailable, nil))
		}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			m := start(t, tt.inPostgres)
			c := newCrowd(m, 1, 1, time.Second)
			shoppers := make([]*shopper, 20)
			for i := range shoppers {
				session, selection := m.centra.NewCart("1-1")
				shoppers[i] = &shopper{browser: c.newBrowser(session), cart: selection, want: fmt.Sprintf("v%d%s", i, mailDomain)}
			}
			corrects, orders, expires, renews := shoppers[0:4], shoppers[4:8], shoppers[8:10], shoppers[10:14]
			for _, s := range corrects { // who has left an address before
				if x := s.event(t.Context(), "before-"+s.want); x.status != http.StatusOK {
					t.Fatalf("an event is answered %d", x.status)
				}
			}

			tt.goAway(m)
			var all sync.WaitGroup
			for _, s := range shoppers {
				all.Go(func() { s.leaves(t, s.want) })
			}
			all.Wait()
			for _, s := range corrects[:2] { // and once more
				s.want = "again-" + s.want
				all.Go(func() { s.leaves(t, s.want) })
			}
			all.Wait()
			for _, s := range orders {
				m.centra.CompleteCart(s.cart)
				s.want = ""
			}
			for _, s := range expires {
				m.centra.ExpireToken(s.session())
				s.want = ""
			}
			for _, p := range m.fleet {
				p.kill()
			}
			for _, p := range m.fleet {
				if err := p.open(); err != nil {
					t.Fatal(err)
				}
			}

			m.centra.back(t.Context())
			began := time.Now()
			for _, s := range renews {
				s.want = "newer-" + s.want
				if x := s.event(t.Context(), s.want); x.status != http.StatusOK {
					t.Errorf("an event is answered %d", x.status)
				}
			}
			eventually(t, 90*time.Second, "the queue is empty", func() bool { return m.waiting(t.Context()) == 0 })
			t.Logf("the queue is empty %v after Centra was back", time.Since(began).Round(time.Millisecond))
			for i, s := range shoppers {
				if got := m.centra.Cart(s.cart).OptedIn; got != s.want {
					t.Errorf("cart %d has %q, want %q", i, got, s.want)
				}
			}
		})
	}
}

// shopper is a browser with its cart, and the address that has to be in it.
type shopper struct {
	*browser
	cart, want string
}

// leaves has the shopper leave an address while Centra is away.
func (s *shopper) leaves(t *testing.T, email string) {
	x := s.event(t.Context(), email)
	if took := x.end.Sub(x.began); x.status != http.StatusAccepted || took > 9*time.Second {
		t.Errorf("an event is answered %d after %v", x.status, took)
	}
}

// A short soak: everything goes wrong at once.
func TestSoak(t *testing.T) {
	needs(t, false)
	o := options{
		visitors: 12, duration: 14 * time.Second, outage: 5 * time.Second, seed: rand.Uint64(),
		think: 2 * time.Second, every: 4 * time.Second,
	}
	r, err := soak(t.Context(), o, io.Discard)
	if err != nil {
		t.Fatal(err)
	}
	var said strings.Builder
	r.write(&said)
	if len(r.broken()) > 0 {
		t.Error(said.String())
	}
}

func eventually(t *testing.T, within time.Duration, what string, happened func() bool) {
	t.Helper()
	for end := time.Now().Add(within); !happened(); time.Sleep(50 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("not within %s: %s", within, what)
		}
	}
}
