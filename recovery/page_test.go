package recovery_test

import (
	"context"
	"crypto/sha256"
	"encoding/base64"
	"io"
	"net/http"
	"regexp"
	"strings"
	"testing"

	"github.com/centra-go/cartabandonment/centra"
	"github.com/centra-go/cartabandonment/recovery"
)

// pages returns every default page, by what led to it.
func pages(t *testing.T) map[string]*http.Response {
	t.Helper()
	own := func(_ context.Context, s centra.Session) (*centra.Selection, error) { return attached(s), nil }
	conflict := newBrowser(t, newShop(t, recovery.Config{API: &fakeAPI{t: t, selection: own}}))
	conflict.have("own")
	always := newBrowser(t, newShop(t, recovery.Config{API: &fakeAPI{t: t}, Confirm: recovery.Always}))
	down := newBrowser(t, newShop(t, recovery.Config{API: &fakeAPI{t: t, attach: func(context.Context, centra.Session, centra.SelectionID) (*centra.Selection, error) {
		return nil, centra.ErrUnavailable
	}}}))
	return map[string]*http.Response{
		"confirm":      get(always, linkedPath),
		"conflict":     get(conflict, linkedPath),
		"unavailable":  get(down, linkedPath),
		"cross-origin": always.do(http.MethodPost, linkedPath, "Sec-Fetch-Site: cross-site"),
		"method":       always.do(http.MethodPut, linkedPath),
		"not found":    get(always, "/not/a-cart-link"),
	}
}

var (
	styleElement = regexp.MustCompile(`(?s)<style>(.*?)</style>`)
	element      = regexp.MustCompile(`<([a-z0-9]+)`)
	attribute    = regexp.MustCompile(`\b(src|href|action|style|on[a-z]+)="([^"]*)"`)
)

// The policy allows the one style element by its hash, and there is nothing else
// on a page for a browser to load or to run.
func TestPagePolicy(t *testing.T) {
	allowed := map[string]bool{
		"html": true, "head": true, "meta": true, "title": true, "style": true, "body": true,
		"main": true, "h1": true, "p": true, "form": true, "button": true, "a": true,
	}
	for name, resp := range pages(t) {
		body := bodyOf(t, resp)
		styles := styleElement.FindAllStringSubmatch(body, -1)
		if len(styles) != 1 {
			t.Fatalf("%s: %d style elements", name, len(styles))
		}
		sum := sha256.Sum256([]byte(styles[0][1]))
		want := "default-src 'none'; style-src 'sha256-" + base64.StdEncoding.EncodeToString(sum[:]) +
			"'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'"
		if got := resp.Header.Get("Content-Security-Policy"); got != want {
			t.Errorf("%s: policy\n%s, want\n%s", name, got, want)
		}
		if strings.Contains(styles[0][1], "url(") || strings.Contains(styles[0][1], "@import") {
			t.Errorf("%s: the style loads something", name)
		}
		for _, m := range element.FindAllStringSubmatch(body, -1) {
			if !allowed[m[1]] {
				t.Errorf("%s: <%s>", name, m[1])
			}
		}
		for _, m := range attribute.FindAllStringSubmatch(body, -1) {
			if m[1] != "href" || (m[2] != "/checkout" && m[2] != "") {
				t.Errorf("%s: %s", name, m[0])
			}
		}
		if strings.Contains(body, linkedID) {
			t.Errorf("%s: the ID is in the page", name)
		}
	}
}

// What a screen reader and a phone need.
func TestPageBasics(t *testing.T) {
	for name, resp := range pages(t) {
		body := bodyOf(t, resp)
		for _, want := range []string{
			`<html lang="en">`, `<meta name="viewport" content="width=device-width, initial-scale=1">`, "<main>", "color-scheme: light dark", ":focus-visible",
		} {
			if strings.Count(body, want) < 1 {
				t.Errorf("%s: no %s", name, want)
			}
		}
		title := regexp.MustCompile(`<title>([^<]+)</title>`).FindStringSubmatch(body)
		if title == nil || strings.Count(body, "<h1>"+title[1]+"</h1>") != 1 || strings.Contains(body, "<no value>") {
			t.Errorf("%s: title and heading:\n%s", name, body)
		}
	}
}

// Chromium applies form-action to the redirect after the POST as well.
func TestPolicyAllowsTheCheckoutsHost(t *testing.T) {
	s := newShop(t, recovery.Config{API: &fakeAPI{t: t}, Confirm: recovery.Always, Checkout: "https://pay.example.com:8443/x?y"})
	policy := get(newBrowser(t, s), linkedPath).Header.Get("Content-Security-Policy")
	if !strings.Contains(policy, "form-action 'self' https://pay.example.com:8443;") {
		t.Errorf("policy %s", policy)
	}
}

// A host's own page: the header is there already, and may be changed.
func TestOwnPage(t *testing.T) {
	var got []recovery.Page
	s := newShop(t, recovery.Config{
		API: &fakeAPI{t: t}, Confirm: recovery.Always,
		Page: func(w http.ResponseWriter, r *http.Request, p recovery.Page) {
			got = append(got, p)
			w.Header().Set("Content-Security-Policy", "default-src 'self'; form-action 'self'; frame-ancestors 'none'")
			w.WriteHeader(p.Status)
			_, _ = io.WriteString(w, "<p>Hej</p>")
		},
	})
	b := newBrowser(t, s)
	resp := get(b, linkedPath+"?utm_source=x")
	shows(t, resp, 200, "<p>Hej</p>")
	if got := resp.Header.Get("Content-Security-Policy"); !strings.HasPrefix(got, "default-src 'self'") {
		t.Errorf("policy %s", got)
	}
	if got := resp.Header.Get("Content-Type"); got != "text/html; charset=utf-8" {
		t.Errorf("content type %s", got)
	}
	b.do(http.MethodDelete, linkedPath)
	b.do(http.MethodHead, linkedPath)
	want := []recovery.Page{
		{Kind: recovery.PageConfirm, Status: 200, Keep: "/checkout?utm_source=x"},
		{Kind: recovery.PageMethodNotAllowed, Status: 405},
	}
	if len(got) != 2 || got[0] != want[0] || got[1] != want[1] {
		t.Errorf("pages %+v, want %+v", got, want)
	}
}

// html/template guards the one thing on a page that comes from a request.
func TestParametersOnThePage(t *testing.T) {
	s := newShop(t, recovery.Config{API: &fakeAPI{t: t}, Confirm: recovery.Always})
	body := bodyOf(t, get(newBrowser(t, s), linkedPath+`?utm_source="><script>alert(1)</script>&utm_x=%22%3E%3Cscript%3E`))
	if strings.Contains(body, "<script") {
		t.Errorf("a script got into the page:\n%s", body)
	}
}
