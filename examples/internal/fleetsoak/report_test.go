package main

import (
	"fmt"
	"io"
	"maps"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"
)

// quietRun is a run in which all went well: one visit with one address of each kind.
func quietRun(t *testing.T) *report {
	t.Helper()
	up, err := newUpstream(fleetSize)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(up.close)
	m := &machine{centra: up, redis: &redisServer{}}
	for range fleetSize {
		m.fleet = append(m.fleet, &process{program: program{log: newRecord()}})
	}
	r := &report{crowd: newCrowd(m, 1, 1, time.Second), chaos: &chaos{machine: m, out: io.Discard}, leaks: map[string]int{}}
	for _, e := range endpoints {
		r.tally.served[e] = 1
	}
	return r
}

// A soak is worth what it can find.
func TestPromises(t *testing.T) {
	took := func(e endpoint, d time.Duration) func(*report) {
		return func(r *report) {
			began := time.Now()
			r.tally.add(answer{endpoint: e, began: began, end: began.Add(d)}, false, "503")
		}
	}
	meet := func(broken time.Duration) func(*report) {
		return func(r *report) {
			now := time.Now()
			visitor := &visits{began: now}
			earlier, later := &exchange{at: now, visitor: visitor}, &exchange{at: now.Add(time.Millisecond), visitor: visitor}
			if broken > 0 {
				earlier.broken = later.at.Add(broken)
			}
			r.centra.trace.meetings = append(r.centra.trace.meetings, meeting{earlier, later})
		}
	}
	tests := []struct {
		name   string
		change func(*report)
		want   string // the promise that is broken
	}{
		{"all is well", func(*report) {}, ""},
		{"a wrong answer", func(r *report) { r.tally.found(wrongAnswer, "500") }, "no answers that no promise allows"},
		{"a widget that stays locked", func(r *report) { r.tally.found(wrongResume, "") }, "suspendIgnore"},
		{"a route that never serves", func(r *report) { r.tally.served[pay] = 0 }, "every endpoint serves"},
		{"a false 200", func(r *report) { r.fates.false200 = 1 }, "answered 200"},
		{"an address that never arrives", func(r *report) { r.fates.never = 1 }, "reaches its cart"},
		{"an older address comes later", func(r *report) { r.fates.overwritten = 1 }, "overwritten"},
		{"an address comes late", func(r *report) { r.fates.late = 91 * time.Second }, "of Centra being back"},
		{"the queue stays full", func(r *report) { r.drained = -1 }, "the queue is empty"},
		{"a lost cart", func(r *report) { r.lost = map[loss]int{unexplained: 1} }, "no cart is lost"},
		{"a cart lost with a process", func(r *report) { r.lost = map[loss]int{withKilled: 1, alone: 1} }, ""},
		{"an item twice", func(r *report) { r.fates.itemsWrong = 1 }, "what was put into them"},
		{"two calls at once", meet(0), "two calls at once"},
		{"two calls, of which one was cut later", meet(time.Second), "two calls at once"},
		{"a call of a process that is gone", meet(10 * time.Millisecond), ""},
		{"two calls while Redis is away", func(r *report) {
			r.redis.spans = []span{{from: time.Now().Add(-time.Second)}}
			meet(0)(r)
		}, ""},
		{"a slow event", took(callback, 9*time.Second), "events are answered"},
		{"a slow event on a slow machine", func(r *report) {
			r.strain.lag = time.Second
			took(callback, 9*time.Second)(r)
		}, ""},
		{"a slow page", took(cartJSON, 5*time.Second), "pages are answered"},
		{"a page that a process was killed under", func(r *report) {
			began := time.Now()
			r.tally.add(answer{endpoint: cartJSON, began: began, end: began.Add(7 * time.Second), again: true}, true, "")
		}, ""},
		{"a slow link", took(cartLink, 11*time.Second), "cart links are answered"},
		{"a token in a log", func(r *report) { r.leaks["logs"] = 1 }, "in logs"},
		{"an address in Redis", func(r *report) { r.leaks["Redis"] = 1 }, "in Redis"},
		{"a process that dies", func(r *report) { r.chaos.trouble(io.EOF) }, "processes end"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			r := quietRun(t)
			tt.change(r)
			var broken []string
			for _, p := range r.broken() {
				broken = append(broken, p.name)
			}
			switch {
			case tt.want == "" && len(broken) > 0, tt.want != "" && len(broken) != 1:
				t.Errorf("broken are %q", broken)
			case tt.want != "" && !strings.Contains(broken[0], tt.want):
				t.Errorf("broken is %q, want one about %q", broken[0], tt.want)
			}
			var text strings.Builder
			r.write(&text)
			if strings.Count(text.String(), "BROKEN") != len(broken) {
				t.Error("the report does not say what is broken")
			}
		})
	}
}

// Each address ends as one of the fates.
func TestAudit(t *testing.T) {
	const ok, accepted, failed = http.StatusOK, http.StatusAccepted, http.StatusBadGateway
	type left struct {
		status  int
		arrives bool
	}
	tests := []struct {
		name   string
		left   []left // one after the other
		holds  int    // which one is in the cart in the end, -1 for none
		change func(*entry, *report)
		want   fates
	}{
		{"answered 200", []left{{ok, true}}, 0, nil, fates{delivered: 1, reached: 1}},
		{"answered 200 and not there", []left{{ok, false}}, -1, nil, fates{delivered: 1, false200: 1, never: 1}},
		{"answered 202", []left{{accepted, true}}, 0, nil, fates{queued: 1, reached: 1}},
		{"answered 202, then nothing", []left{{accepted, false}}, -1, nil, fates{queued: 1, never: 1}},
		{"a newer one", []left{{accepted, false}, {ok, true}}, 1, nil, fates{delivered: 1, queued: 1, reached: 1, replaced: 1}},
		{"a newer one without an answer", []left{{accepted, false}, {failed, true}}, 1, nil, fates{queued: 1, replaced: 1}},
		{"an older one stays", []left{{ok, true}, {accepted, false}}, 0, nil, fates{delivered: 1, queued: 1, reached: 1, never: 1}},
		{"an older one comes back", []left{{accepted, true}, {ok, true}}, 0, nil, fates{delivered: 1, queued: 1, reached: 2, overwritten: 1}},
		{"Redis has forgotten", []left{{ok, true}, {accepted, false}}, 0, func(e *entry, r *report) {
			r.redis.spans = []span{{from: e.began}}
		}, fates{delivered: 1, queued: 1, reached: 1, unordered: 1}},
		{"ordered", []left{{accepted, false}}, -1, func(e *entry, _ *report) { e.ordered = time.Now() }, fates{queued: 1, pointless: 1}},
		{"lost", []left{{accepted, false}}, -1, func(e *entry, _ *report) { e.lost = withKilled }, fates{queued: 1, pointless: 1}},
		{"an item is missing", nil, -1, func(e *entry, _ *report) { e.items++ }, fates{itemsWrong: 1}},
		{"an item perhaps", nil, -1, func(e *entry, _ *report) { e.items, e.uncertain = 0, 1 }, fates{}},
		{"not answered for", []left{{failed, false}}, -1, nil, fates{}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			r := quietRun(t)
			token, cart := r.centra.NewCart("1-1")
			r.centra.RotateTokens(0)
			e := &entry{cart: cart, began: time.Now().Add(-time.Hour), ended: time.Now().Add(-time.Hour), items: 1}
			for i, l := range tt.left {
				at := e.began.Add(time.Duration(i) * time.Minute)
				x := &capture{email: fmt.Sprint(i, mailDomain), began: at, end: at.Add(time.Second), status: l.status}
				e.captures = append(e.captures, x)
				if l.arrives {
					r.centra.trace.arrived[arrival{cart, x.email}] = x.end
				}
			}
			if tt.holds >= 0 {
				optIn(t, r.centra.url(0), token, e.captures[tt.holds].email)
			}
			if tt.change != nil {
				tt.change(e, r)
			}
			r.ledger.add(e)
			got, _ := r.audit(time.Time{}, time.Now().Add(-30*time.Minute))
			got.late = 0
			if got != tt.want {
				t.Errorf("got %+v, want %+v", got, tt.want)
			}
		})
	}
}

func optIn(t *testing.T, centra, token, email string) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPut, centra+"/payment-fields",
		strings.NewReader(fmt.Sprintf(`{"email":%q,"cartAbandonmentEmail":true}`, email)))
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("API-Token", token)
	req.Header.Set("Origin", shopOrigin)
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	_ = resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		t.Fatalf("Centra answers %d", resp.StatusCode)
	}
}

func TestFlags(t *testing.T) {
	for _, args := range []string{"-visitors 0", "-duration 60s -outage 59s", "-outage 1s", "again"} {
		if _, err := parseFlags(strings.Fields(args), io.Discard); err == nil {
			t.Errorf("%s is accepted", args)
		}
	}
	o, err := parseFlags(strings.Fields("-duration 5m -outage 90s -seed 7 -postgres -visitors 50"), io.Discard)
	if err != nil || o.visitors != 50 || o.duration != 5*time.Minute || o.outage != 90*time.Second || o.seed != 7 || !o.postgres {
		t.Errorf("got %+v, %v", o, err)
	}
}

func TestWords(t *testing.T) {
	var log record
	log.words = make(map[string]bool)
	log.add(`level=WARN session=session:de1b1e61 path="/abandoned-cart/abeb59928306768d255e21920f9087a4" to=kim` + mailDomain)
	canaries := map[string]bool{"abeb59928306768d255e21920f9087a4": true, "esf1p3tgchfg5ggtpqdpgqjtt6": true}
	if n := log.leaks(canaries); n != 2 {
		t.Errorf("%d leaks, want the ID and the address; words %q", n, slices.Sorted(maps.Keys(log.words)))
	}
}
