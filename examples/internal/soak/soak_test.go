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
)

func TestSoak(t *testing.T) {
	if testing.Short() {
		t.Skip("takes seconds")
	}
	for _, api := range []string{"checkout", "shop", "storefront"} {
		t.Run(api, func(t *testing.T) {
			t.Parallel()
			o, err := parseFlags([]string{"-api", api, "-visitors", "10", "-duration", "4s"}, io.Discard)
			if err != nil {
				t.Fatal(err)
			}
			r, err := soak(t.Context(), o, io.Discard)
			if err != nil {
				t.Fatal(err)
			}
			// What depends on the machine's speed is for the command.
			if len(r.tally.defects) > 0 || r.log.leaked() > 0 || r.death != "" {
				var text strings.Builder
				r.write(&text)
				t.Error(text.String())
			}
		})
	}
}

// A soak is worth what it can find: each shop here breaks a promise.
func TestDefectsAreFound(t *testing.T) {
	answers := func(status int, location, body string) http.HandlerFunc {
		return func(w http.ResponseWriter, r *http.Request) {
			if location != "" {
				w.Header().Set("Location", location)
			}
			w.WriteHeader(status)
			fmt.Fprint(w, body)
		}
	}
	tests := []struct {
		name string
		shop http.HandlerFunc
		want defect
	}{
		{"a capture is not forwarded", func(w http.ResponseWriter, r *http.Request) {
			if r.URL.Path == "/centra/callback" {
				fmt.Fprint(w, `{"suspendIgnore":true,"selection":{}}`)
				return
			}
			w.WriteHeader(http.StatusServiceUnavailable)
		}, lostCapture},
		{"a widget stays suspended", answers(503, "", `{"error":{"code":"unavailable"}}`), wrongResume},
		{"an item is not in the cart", answers(303, "/?added=1-1", ""), lostItems},
		{"a living cart is called dead", answers(303, "/?cart=gone", ""), deadLink},
		{"a page fails", answers(500, "", ""), wrongAnswer},
		{"a connection breaks", func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) }, unanswered},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			shop := httptest.NewServer(tt.shop)
			defer shop.Close()
			o, err := parseFlags([]string{"-visitors", "1"}, io.Discard)
			if err != nil {
				t.Fatal(err)
			}
			up, err := newUpstream(o)
			if err != nil {
				t.Fatal(err)
			}
			defer up.close()
			c := newCrowd(o, up, shop.URL, 1)
			defer c.leave()
			for i := range 40 {
				ctx, cancel := context.WithTimeout(t.Context(), 2*time.Second)
				c.newTrip(owner{trip: i % tripsApart}, rand.New(rand.NewPCG(1, uint64(i)))).walk(ctx)
				cancel()
				if c.tally.defects[tt.want] > 0 {
					return
				}
			}
			t.Errorf("not found; found were %v", c.tally.defects)
		})
	}
}

func TestFlags(t *testing.T) {
	for _, args := range []string{"-api graphql", "-visitors 0", "-duration 3s -outage 2s", "-rotate -1", "more"} {
		if _, err := parseFlags(strings.Fields(args), io.Discard); err == nil {
			t.Errorf("%s: no error", args)
		}
	}
}
