package main

import (
	"bufio"
	"context"
	"encoding/json"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// The program itself, on a real port: it says where it is, streams the timeline,
// and closes although a stream is open.
func TestRun(t *testing.T) {
	ctx, stop := context.WithCancel(t.Context())
	defer stop()
	read, write := io.Pipe()
	ended := make(chan error, 1)
	go func() {
		err := run(ctx, []string{"-addr", "127.0.0.1:0", "-interval", "1h"}, write, io.Discard)
		_ = write.Close()
		ended <- err
	}()
	lines := bufio.NewReader(read)
	first, err := lines.ReadString('\n')
	if err != nil {
		t.Fatal(err)
	}
	_, shop, found := strings.Cut(strings.TrimSpace(first), "http://")
	if !found {
		t.Fatalf("the first line is %q, want one with the shop's URL", first)
	}
	go func() { _, _ = io.Copy(io.Discard, lines) }()
	shop = "http://" + shop

	events := do(t, http.MethodGet, shop+"/events")
	defer events.Body.Close()
	if got := events.Header.Get("Content-Type"); got != "text/event-stream" {
		t.Errorf("Content-Type = %q, want text/event-stream", got)
	}
	added := do(t, http.MethodPost, shop+"/cart/items/1-1")
	_ = added.Body.Close()
	var titles []string
	for stream := bufio.NewScanner(events.Body); len(titles) < 2 && stream.Scan(); {
		if data, ok := strings.CutPrefix(stream.Text(), "data: "); ok {
			var e entry
			if err := json.Unmarshal([]byte(data), &e); err != nil {
				t.Fatal(err)
			}
			titles = append(titles, e.Title)
		}
	}
	if diff := cmp.Diff([]string{"A cart is created", "The cart changes"}, titles); diff != "" {
		t.Errorf("timeline (-want +got):\n%s", diff)
	}

	stop()
	if err := <-ended; err != nil {
		t.Errorf("run ended with %v", err)
	}
}

func do(t *testing.T, method, url string) *http.Response {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), method, url, nil)
	if err != nil {
		t.Fatal(err)
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	return resp
}

func TestRunSaysWhatIsWrong(t *testing.T) {
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer taken.Close()
	for name, row := range map[string]struct {
		args []string
		want string
	}{
		"port taken":      {[]string{"-addr", taken.Addr().String()}, "is taken: stop what runs there, or choose another with -addr"},
		"no such API":     {[]string{"-api", "graphql"}, "-api must be checkout, shop or storefront"},
		"no such flag":    {[]string{"-port", "1"}, "flag provided but not defined"},
		"an argument":     {[]string{"shop"}, `"shop" is no flag`},
		"origin":          {[]string{"-origin", "example.com"}, "-origin must be an origin"},
		"cart link":       {[]string{"-cart-link", "http://127.0.0.1/cart"}, "CartLink"},
		"centra":          {[]string{"-centra", "shop.centra.com"}, "absolute"},
		"no secret":       {[]string{"-centra", "https://shop.centra.com", "-api", "shop"}, "secret"},
		"address":         {[]string{"-addr", "nowhere:1:2"}, "cannot listen on"},
		"negative waited": {[]string{"-interval", "-3s"}, "-interval must be positive"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Setenv("CENTRA_SECRET", "")
			args := row.args
			if args[0] != "-addr" {
				args = append([]string{"-addr", "127.0.0.1:0"}, args...)
			}
			err := run(t.Context(), args, io.Discard, io.Discard)
			if err == nil || !strings.Contains(err.Error(), row.want) {
				t.Errorf("error = %v, want one that says %q", err, row.want)
			}
		})
	}
}
