package recovery_test

import (
	"fmt"
	"net/http"
	"strconv"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/centra-go/cartabandonment/recovery"
)

func TestWrapRobotsTxt(t *testing.T) {
	const ours = "User-agent: *\nDisallow: /abandoned-cart/\n"
	for _, tt := range []struct {
		name         string
		method, path string
		next         http.HandlerFunc
		status       int
		body         string
	}{
		{"the shop has none", "GET", "/robots.txt", http.NotFound, 200, ours},
		{"the shop had one", "GET", "/robots.txt", answer(410, "gone"), 200, ours},
		{"the shop has one", "GET", "/robots.txt", answer(200, "User-agent: x\nDisallow: /\n\n\n"), 200, "User-agent: x\nDisallow: /\n\n" + ours},
		{"the shop's has no line end", "GET", "/robots.txt", answer(0, "Sitemap: https://example.com/s.xml"), 200, "Sitemap: https://example.com/s.xml\n\n" + ours},
		{"the shop's is empty", "GET", "/robots.txt", func(http.ResponseWriter, *http.Request) {}, 200, ours},
		{"the shop is down", "GET", "/robots.txt", answer(503, "later"), 503, "later"},
		{"the shop redirects", "GET", "/robots.txt", answer(301, ""), 301, ""},
		{"HEAD", "HEAD", "/robots.txt", answer(200, "User-agent: x\n"), 200, ""},
		{"another method", "POST", "/robots.txt", answer(405, "no"), 405, "no"},
		{"another path", "GET", "/robots.txt/x", answer(200, "x"), 200, "x"},
		{"a cart link", "GET", linkedPath, answer(200, "x"), 200, "x"},
		{
			"the shop sends hints first", "GET", "/robots.txt",
			func(w http.ResponseWriter, r *http.Request) {
				w.WriteHeader(http.StatusEarlyHints)
				answer(200, "x\n")(w, r)
			}, 200, "x\n\n" + ours,
		},
	} {
		t.Run(tt.name, func(t *testing.T) {
			s := newShop(t, recovery.Config{API: &fakeAPI{t: t}})
			resp := newBrowser(t, s.WrapRobotsTxt(tt.next)).do(tt.method, tt.path)
			if diff := cmp.Diff(tt.body, bodyOf(t, resp)); resp.StatusCode != tt.status || diff != "" {
				t.Errorf("status %d, want %d: %s", resp.StatusCode, tt.status, diff)
			}
		})
	}
}

func answer(status int, body string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		if status != 0 {
			w.WriteHeader(status)
		}
		fmt.Fprint(w, body)
	}
}

// What is true of the shop's own file is not true of the longer one.
func TestWrapRobotsTxtHeaders(t *testing.T) {
	s := newShop(t, recovery.Config{API: &fakeAPI{t: t}})
	h := s.WrapRobotsTxt(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		for _, name := range []string{"Accept-Encoding", "Range", "If-None-Match", "If-Modified-Since"} {
			if r.Header.Get(name) != "" {
				t.Errorf("the shop was asked with %s", name)
			}
		}
		w.Header().Set("ETag", `"a"`)
		w.Header().Set("Last-Modified", "Mon, 02 Jan 2006 15:04:05 GMT")
		w.Header().Set("Content-Length", "3")
		w.Header().Set("Cache-Control", "max-age=60")
		fmt.Fprint(w, "abc")
	}))
	for _, method := range []string{http.MethodGet, http.MethodHead} {
		resp := newBrowser(t, h).do(method, "/robots.txt", "Accept-Encoding: gzip", "Range: bytes=0-1", `If-None-Match: "a"`, "If-Modified-Since: Mon, 02 Jan 2006 15:04:05 GMT")
		want := http.Header{
			"Content-Type":   {"text/plain; charset=utf-8"},
			"Content-Length": {strconv.Itoa(len("abc\n\n" + s.RobotsTxt()))},
			"Cache-Control":  {"max-age=60"},
		}
		if diff := cmp.Diff(want, resp.Header); diff != "" {
			t.Errorf("%s: %s", method, diff)
		}
	}
}
