package main

import (
	"context"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func TestSoak(t *testing.T) {
	if testing.Short() {
		t.Skip("takes seconds")
	}
	for _, api := range []string{"checkout", "shop"} {
		t.Run(api, func(t *testing.T) {
			t.Parallel()
			o := options{api: api, visitors: 20, duration: 4 * time.Second, outage: 1500 * time.Millisecond, seed: 1}
			r, err := soak(t.Context(), o, io.Discard)
			if err != nil {
				t.Fatal(err)
			}
			if len(r.broken()) > 0 {
				var text strings.Builder
				r.write(&text)
				t.Error(text.String())
			}
		})
	}
}

// A soak is worth what it can find: each shop here breaks one promise.
func TestDefectsAreFound(t *testing.T) {
	tests := []struct {
		name string
		shop http.HandlerFunc
		want defect
	}{
		{"a capture is not forwarded", func(w http.ResponseWriter, r *http.Request) {
			if r.URL.Path == "/checkout" {
				w.WriteHeader(http.StatusSeeOther)
				return
			}
			fmt.Fprint(w, `{"suspendIgnore":true,"selection":{}}`)
		}, lostCapture},
		{"a session is dropped", func(w http.ResponseWriter, r *http.Request) {
			http.SetCookie(w, &http.Cookie{Name: sessionCookie, Value: "another", Path: "/"})
			w.WriteHeader(http.StatusServiceUnavailable)
		}, lostSession},
		{"a widget stays suspended", func(w http.ResponseWriter, r *http.Request) {
			w.WriteHeader(http.StatusServiceUnavailable)
			fmt.Fprint(w, `{"error":{"code":"unavailable"}}`)
		}, wrongResume},
		{"a cart is not attached", func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Location", "/checkout?utm_source=mail")
			w.WriteHeader(http.StatusSeeOther)
		}, wrongCart},
		{"a living cart is called dead", func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Location", "/?cart=gone")
			w.WriteHeader(http.StatusSeeOther)
		}, deadLink},
		{"a cart is replaced", func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Location", "/checkout?utm_source=mail")
			w.WriteHeader(http.StatusSeeOther)
		}, overwritten},
		{"a page fails", func(w http.ResponseWriter, r *http.Request) {
			w.WriteHeader(http.StatusInternalServerError)
		}, wrongAnswer},
		{"a connection breaks", func(http.ResponseWriter, *http.Request) {
			panic(http.ErrAbortHandler)
		}, unanswered},
	}
	for _, api := range []string{"checkout", "shop"} {
		for _, tt := range tests {
			t.Run(api+"/"+tt.name, func(t *testing.T) {
				shop := httptest.NewServer(tt.shop)
				defer shop.Close()
				up, err := newUpstream(api, 1)
				if err != nil {
					t.Fatal(err)
				}
				defer up.close()
				c := newCrowd(options{api: api, visitors: 1}, up, shop.URL, 1)
				defer c.leave()

				now, cancel := context.WithCancel(t.Context())
				cancel() // nobody has to think
				v := visitor{crowd: c, rng: rand.New(rand.NewPCG(1, 1))}
				for range 10 {
					own := v.newCart()
					v.checkOut(v.newBrowser(own.session), own, &entry{selection: own.selection})
					v.recover(now, own)
					v.openWithOtherCart(own)
				}
				if c.tally.defects[tt.want] == 0 {
					t.Errorf("not found; found were %v", c.tally.defects)
				}
			})
		}
	}
}

// An update that overtakes a newer one shows only after the shopper has left.
func TestLedger(t *testing.T) {
	up, err := newUpstream("shop", 1)
	if err != nil {
		t.Fatal(err)
	}
	defer up.close()
	c := newCrowd(options{api: "shop", visitors: 1}, up, "", 1)
	_, selection := up.NewCart("1-1")
	c.remember(entry{selection, []string{"kim" + mailDomain}})
	c.checkLedger()
	if got := c.tally.defects[lostCapture]; got != 1 {
		t.Errorf("%d captures lost, want 1", got)
	}
}

func TestPromises(t *testing.T) {
	const (
		captures = "captures are answered within 9s"
		links    = "cart links are answered within 11s"
		ratio    = "at most 1.1 requests to Centra a call, and 10"
	)
	took := func(e endpoint, d time.Duration) func(*report) {
		return func(r *report) {
			start := time.Now()
			r.tally.add(result{endpoint: e, kind: "503", start: start, end: start.Add(d)}, time.Time{})
		}
	}
	tests := []struct {
		name   string
		change func(*report)
		want   []string
	}{
		{"all is well", func(*report) {}, nil},
		{"a defect", func(r *report) { r.tally.found(lostCapture, "") }, []string{"no " + string(lostCapture)}},
		{"a slow callback", took(callbackForm, 9*time.Second), []string{captures}},
		{"a slow form", took(checkoutForm, 9*time.Second), []string{captures}},
		{"a slow link", took(cartLink, 11*time.Second), []string{links}},
		{"a slow cart", took(cartJSON, time.Minute), nil},
		{"an endpoint that never serves", func(r *report) { r.tally.served[cartLink] = 0 }, []string{"every endpoint serves"}},
		{"retries", func(r *report) { r.upstream[unreliable] = load{1201, 1000} }, []string{ratio}},
		{"a burst of retries", func(r *report) { r.upstream[unreliable] = load{30, 20} }, nil},
		{"retries in the outage", func(r *report) { r.upstream[unavailable] = load{1201, 1000} }, []string{ratio, ratio + ", in the outage"}},
		{"retries in the outage, hidden by the rest", func(r *report) {
			r.upstream[unavailable] = load{1201, 1000}
			r.upstream[unreliable] = load{9000, 9000}
		}, []string{ratio + ", in the outage"}},
		{"captures do not come back", func(r *report) { r.tally.back = -1 }, []string{"captures work within 3s after the outage"}},
		{"captures come back late", func(r *report) { r.tally.back = 4 * time.Second }, []string{"captures work within 3s after the outage"}},
		{"memory", func(r *report) { r.after.memory += memorySlack + 1 }, []string{"resident memory returns to where it was, give or take 24.0 MiB"}},
		{"a leak of memory", func(r *report) { r.after.live += liveSlack + 1 }, []string{"the live heap returns to where it was, give or take 8.0 MiB"}},
		{"memory that is not known", func(r *report) { r.before.memory = -1 }, nil},
		{"goroutines", func(r *report) { r.after.goroutines += 3 }, []string{"goroutines return to what they were, give or take 2"}},
		{"goroutines that are not known", func(r *report) { r.before.goroutines = -1 }, nil},
		{"memory that is not known any more", func(r *report) { r.after.memory = -1 }, []string{"resident memory returns to where it was, give or take 24.0 MiB"}},
		{"goroutines that are not known any more", func(r *report) { r.after.goroutines = -1 }, []string{"goroutines return to what they were, give or take 2"}},
		{"a crash", func(r *report) { r.death = "signal: killed" }, []string{"the shop runs to the end"}},
		{"a line in the log", func(r *report) { r.log.leaks = 1 }, []string{"no address and no secret in the shop's log"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			healthy := vitals{memory: 30 << 20, peak: 40 << 20, goroutines: 6}
			r := &report{
				options: options{outage: time.Minute}, tally: newTally(), before: healthy, after: healthy, peak: healthy,
				upstream: map[phase]load{}, log: &shopLog{},
			}
			for _, e := range endpoints {
				r.tally.served[e] = 1
			}
			r.tally.back = time.Second
			tt.change(r)
			var got []string
			for _, p := range r.broken() {
				got = append(got, p.name)
			}
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("broken promises (-want +got):\n%s", diff)
			}
		})
	}
}

func TestShopLog(t *testing.T) {
	var log shopLog
	address := make(chan string, 1)
	log.read(strings.NewReader("The shop is open: http://127.0.0.1:1\na warning\n"+
		"gc 7 @1.9s 2%: 0.02+1.2+0.03 ms clock, 0.05+0.6/0.9/0+0.07 ms cpu, 7->8->3 MB, 8 MB goal, 0 MB stacks, 0 MB globals, 2 P\nof "+secret+"\nof kim"+mailDomain+"\n"), address)
	if got := <-address; got != "http://127.0.0.1:1" {
		t.Errorf("the shop is at %q", got)
	}
	if got := log.leaked(); got != 2 {
		t.Errorf("%d lines leak, want 2", got)
	}
	if live, collections := log.heap(); live != 3<<20 || collections != 1 {
		t.Errorf("%s are live after %d collections, want 3 MiB after 1", live, collections)
	}
}

func TestFlags(t *testing.T) {
	for _, args := range []string{"-api graphql", "-visitors 0", "-duration 60s -outage 59s", "-outage -1s", "again"} {
		if _, err := parseFlags(strings.Fields(args), io.Discard); err == nil {
			t.Errorf("%s is accepted", args)
		}
	}
	o, err := parseFlags(strings.Fields("-duration 90s -outage 60s -seed 7"), io.Discard)
	want := options{api: "checkout", visitors: 200, duration: 90 * time.Second, outage: time.Minute, seed: 7}
	if err != nil || o != want {
		t.Errorf("got %+v, %v, want %+v", o, err, want)
	}
}
