package main

import (
	"context"
	"net/http"
	"net/url"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/centra-go/cartabandonment/centra/centratest"
)

var away = centratest.StatusFault(http.StatusServiceUnavailable, nil)

// What shoppers enter while Centra is away arrives when it is back, where there is
// still something to be reminded of.
func TestAddressesWaitForCentra(t *testing.T) {
	t.Parallel()
	c := centratest.NewServer(t)
	c.RotateTokens(1)
	file := queueFile(t)
	shop := startShop(t, c, startRedis(t).addr, "-queue", file)
	living, paid, newer, twice := shop.browser(), shop.browser(), shop.browser(), shop.browser()
	var carts []string
	for _, b := range []*browser{living, paid, newer, twice} {
		b.fill()
		carts = append(carts, c.Carts()[len(carts)].Selection)
	}
	c.SetFault(away)
	for _, b := range []*browser{living, paid, newer, twice} {
		a := b.event("first" + mailDomain)
		if a.status != http.StatusAccepted || !strings.Contains(a.body, `"suspendIgnore":true`) {
			t.Errorf("an event is answered %d: %s", a.status, a.body)
		}
	}
	if a := twice.event("second" + mailDomain); a.status != http.StatusAccepted {
		t.Errorf("a second event is answered %d: %s", a.status, a.body)
	}
	if metrics := shop.browser().get("/metrics").body; !strings.Contains(metrics, "centra_captures_waiting 5") {
		t.Error("the metrics do not say that 5 captures wait")
	}
	c.CompleteCart(carts[1])
	c.ClearFault()
	if a := newer.event("newer" + mailDomain); a.status != http.StatusOK {
		t.Errorf("an event is answered %d: %s", a.status, a.body)
	}
	db := rawFile(t, file)
	eventually(t, 30*time.Second, "the queue is empty", func() bool { return rows(t, db) == 0 })
	for i, want := range []string{"first", "", "newer", "second"} {
		if got := c.Cart(carts[i]).OptedIn; got != want+mailDomain && got != want {
			t.Errorf("cart %d holds %q, want %q", i, got, want)
		}
	}
}

// An address that neither Centra nor the queue takes is answered in time, so that
// the widget goes on and the page tries again.
func TestAQueueThatFails(t *testing.T) {
	t.Parallel()
	const eventTimeout = 8 * time.Second
	tests := []struct {
		name string
		fail func(t *testing.T, file string) (mend func())
	}{
		{"it refuses", func(t *testing.T, file string) func() {
			db := rawFile(t, file)
			mustExec(t, db, "ALTER TABLE river_job RENAME TO gone")
			return func() { mustExec(t, db, "ALTER TABLE gone RENAME TO river_job") }
		}},
		{"it hangs", func(t *testing.T, file string) func() {
			conn, err := rawFile(t, file).Conn(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			mustExec(t, conn, "BEGIN IMMEDIATE")
			return func() { mustExec(t, conn, "ROLLBACK") }
		}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			c := centratest.NewServer(t)
			file := queueFile(t)
			shop := startShop(t, c, startRedis(t).addr, "-queue", file)
			kim := shop.browser()
			kim.fill()
			c.SetFault(away)
			mend := tt.fail(t, file)
			a := kim.event("kim" + mailDomain)
			if a.status != http.StatusServiceUnavailable || !strings.Contains(a.body, "queue_failed") ||
				!strings.Contains(a.body, `"suspendIgnore":true`) || a.header.Get("Retry-After") == "" {
				t.Errorf("the event is answered %d: %s", a.status, a.body)
			}
			if a.took > eventTimeout+time.Second {
				t.Errorf("the event is answered after %v", a.took)
			}
			if health := shop.browser().get("/healthz"); health.status != http.StatusOK {
				t.Errorf("the shop says that it is ill: %d", health.status)
			}
			if a := shop.browser().get("/metrics"); a.status != http.StatusOK || a.took > 3*time.Second {
				t.Errorf("the metrics are answered %d after %v", a.status, a.took)
			}
			mend()
			eventually(t, 10*time.Second, "the next event is accepted", func() bool {
				return kim.event("kim"+mailDomain).status == http.StatusAccepted
			})
			c.ClearFault()
			eventually(t, 30*time.Second, "the address arrives", func() bool { return c.Carts()[0].OptedIn == "kim"+mailDomain })
		})
	}
}

// Without Redis the shop goes on: events, pages and payments.
func TestRedisFails(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name       string
		fail, mend func(*redisServer)
	}{
		{"it is killed, and comes back empty", (*redisServer).kill, (*redisServer).start},
		{"it hangs",
			func(s *redisServer) { _ = s.cmd.Process.Signal(syscall.SIGSTOP) },
			func(s *redisServer) { _ = s.cmd.Process.Signal(syscall.SIGCONT) }},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			c := centratest.NewServer(t, centratest.WithPaymentMethod(centratest.SuccessMethod))
			c.RotateTokens(1)
			server := startRedis(t)
			shop := startShop(t, c, server.addr, "-queue", queueFile(t))
			kim := shop.browser()
			kim.fill()
			tt.fail(server)
			for range 5 {
				if a := kim.event("kim" + mailDomain); a.status != http.StatusOK || a.took > 2*time.Second {
					t.Errorf("an event is answered %d after %v: %s", a.status, a.took, a.body)
				}
				if a := kim.get("/checkout"); a.status != http.StatusOK || a.took > 2*time.Second {
					t.Errorf("the checkout is answered %d after %v", a.status, a.took)
				}
			}
			link := "/abandoned-cart/" + c.Carts()[0].Selection
			if a := shop.browser().get(link); a.location != "/checkout" {
				t.Errorf("the link is answered %d", a.status)
			}
			if metrics := shop.browser().get("/metrics").body; !strings.Contains(metrics, `centra_turn_wait_seconds_count{centra_turn="alone"}`) {
				t.Error("the metrics do not say that turns are alone")
			}
			if a := kim.post("/pay", nil); a.status != http.StatusOK || a.took > 3*time.Second {
				t.Errorf("paying is answered %d after %v: %s", a.status, a.took, a.body)
			}
			tt.mend(server)
			other := shop.browser()
			other.fill()
			eventually(t, 5*time.Second, "turns are shared again", func() bool {
				other.get("/cart.json")
				client := server.client()
				defer client.Close()
				return len(client.Keys(t.Context(), "centra:turns:*").Val()) > 0
			})
			if n := strings.Count(shop.output.String(), "Redis is away"); n != 1 {
				t.Errorf("the log says %d times that Redis is away, want once a minute", n)
			}
		})
	}
}

// Whoever reads Redis learns neither who visits the shop nor what opens a cart.
func TestNothingToReadInRedis(t *testing.T) {
	t.Parallel()
	c := centratest.NewServer(t, centratest.WithPaymentMethod(centratest.SuccessMethod))
	c.RotateTokens(1)
	server := startRedis(t)
	shop := startShop(t, c, server.addr, "-queue", queueFile(t))
	kim := shop.browser()
	kim.fill()
	kim.event("kim" + mailDomain)
	kim.post("/pay", nil)
	order := ordersOf(c)[0]
	if a := kim.get("/checkout"); !strings.Contains(a.body, order) {
		t.Fatal("the order is not remembered")
	}
	client := server.client()
	defer client.Close()
	var all strings.Builder
	prefixes := make(map[string]int)
	for _, key := range client.Keys(t.Context(), "*").Val() {
		for _, prefix := range []string{"centra:turns:", "fleet:visit:"} {
			if strings.HasPrefix(key, prefix) {
				prefixes[prefix]++
			}
		}
		value := client.Get(t.Context(), key).Val()
		all.WriteString(key + " " + value + "\n")
		if ttl := client.PTTL(t.Context(), key).Val(); ttl <= 0 || ttl > 25*time.Hour {
			t.Errorf("a key is kept for %v", ttl)
		}
	}
	if prefixes["centra:turns:"] == 0 || prefixes["fleet:visit:"] != 1 {
		t.Fatalf("Redis holds %v", prefixes)
	}
	mustNotLeak(t, c, "Redis", all.String())
	at, err := url.Parse(shop.url)
	if err != nil {
		t.Fatal(err)
	}
	for _, cookie := range kim.Jar.Cookies(at) {
		if strings.Contains(all.String(), cookie.Value) {
			t.Errorf("Redis holds the cookie %s", cookie.Name)
		}
	}
	if strings.Contains(all.String(), order) {
		t.Error("Redis holds the order's number")
	}

	// What was not sealed for this cookie is nothing, and no reason to fail.
	for _, key := range client.Keys(t.Context(), "fleet:visit:*").Val() {
		client.Set(t.Context(), key, "order "+order, time.Hour)
	}
	if a := kim.get("/checkout"); a.status != http.StatusOK || strings.Contains(a.body, order) {
		t.Errorf("a strange value is answered %d: %s", a.status, a.body)
	}
}

// A process that closes answers what is in flight, and says to the load balancer
// that it does.
func TestClosing(t *testing.T) {
	t.Parallel()
	c := centratest.NewServer(t)
	shop := startShop(t, c, startRedis(t).addr, "-queue", queueFile(t))
	kim := shop.browser()
	kim.fill()
	c.SetLatency(3 * time.Second) // more than the shop waits before it closes its door
	answered := make(chan answer, 1)
	arrived := len(c.Requests())
	go func() { answered <- kim.event("kim" + mailDomain) }()
	eventually(t, 5*time.Second, "the event is under way", func() bool { return len(c.Requests()) > arrived })
	shop.cancel()
	eventually(t, time.Second, "the shop says that it closes", func() bool {
		return shop.browser().get("/healthz").status == http.StatusServiceUnavailable
	})
	if a := <-answered; a.status != http.StatusOK {
		t.Errorf("the event is answered %d: %s", a.status, a.body)
	}
	shop.stop()
	ctx, cancel := context.WithTimeout(t.Context(), time.Second)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, shop.url+"/healthz", nil)
	if err != nil {
		t.Fatal(err)
	}
	if resp, err := http.DefaultClient.Do(req); err == nil {
		_ = resp.Body.Close()
		t.Error("the shop still answers")
	}
}
