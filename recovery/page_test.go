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

	"github.com/google/go-cmp/cmp"

	"github.com/centra-go/cartabandonment/centra"
	"github.com/centra-go/cartabandonment/recovery"
)

// pages returns every default page, by what led to it.
func pages(t *testing.T) map[string]*http.Response {
	t.Helper()
	return pagesIn(t, "en")
}

const ownID = "1ce1c2d4a1a84bd2a31b7cdd4a4f5e7f"

// cartIn is a cart of the Shop API, of which the visitor's own has ownID.
func cartIn(language string, s centra.Session) *centra.Selection {
	item := func(quantity int, name, variant, size, price string) centra.Item {
		return centra.Item{
			Item: "1-1", Quantity: quantity, Size: size, TotalPrice: price,
			Product: centra.Product{Name: name, VariantName: variant},
		}
	}
	sel := &centra.Selection{Session: s, ID: centra.SelectionID(s), Language: language}
	sel.Address.Email = "kim@example.com"
	if s == ownID {
		sel.Items = []centra.Item{item(2, "Linen Shirt", "Blue", "M", "2,398.00 SEK"), item(1, "Raincoat", "", "One size", "2,899.00 SEK")}
		sel.Totals.GrandTotalPrice = "5,297.00 SEK"
		return sel
	}
	sel.Items = []centra.Item{item(1, "Trail Boots <6>", "Trail Boots <6>", "42", "2,299.00 SEK")}
	sel.Totals.GrandTotalPrice = "2,299.00 SEK"
	return sel
}

// pagesIn returns every default page in a language, by what led to it.
func pagesIn(t *testing.T, language string) map[string]*http.Response {
	t.Helper()
	own := func(_ context.Context, s centra.Session) (*centra.Selection, error) { return cartIn(language, s), nil }
	hidden := func(_ context.Context, s centra.Session) (*centra.Selection, error) {
		sel := cartIn(language, s)
		sel.ID = ""
		return sel, nil
	}
	get := func(b *browser, path string) *http.Response {
		return b.do(http.MethodGet, path, "Accept-Language: "+language)
	}
	conflict := newBrowser(t, newShop(t, recovery.Config{API: &fakeAPI{t: t, selection: own}}))
	conflict.have(ownID)
	half := newBrowser(t, newShop(t, recovery.Config{API: &fakeAPI{t: t, selection: hidden}}))
	half.have(ownID)
	always := newBrowser(t, newShop(t, recovery.Config{API: &fakeAPI{t: t}, Confirm: recovery.Always}))
	down := newBrowser(t, newShop(t, recovery.Config{API: &fakeAPI{t: t, attach: func(context.Context, centra.Session, centra.SelectionID) (*centra.Selection, error) {
		return nil, centra.ErrUnavailable
	}}}))
	return map[string]*http.Response{
		"confirm":      get(always, linkedPath),
		"conflict":     get(conflict, linkedPath),
		"half known":   get(half, linkedPath),
		"unavailable":  get(down, linkedPath),
		"cross-origin": always.do(http.MethodPost, linkedPath, "Sec-Fetch-Site: cross-site", "Accept-Language: "+language),
		"method":       always.do(http.MethodPut, linkedPath, "Accept-Language: "+language),
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
		"div": true, "section": true, "h2": true, "ul": true, "li": true, "span": true,
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
		for _, secret := range []string{linkedID, ownID, "kim@example.com", "Boots <"} {
			if strings.Contains(body, secret) {
				t.Errorf("%s: %q is in the page", name, secret)
			}
		}
	}
}

// What a screen reader and a phone need.
func TestPageBasics(t *testing.T) {
	for name, resp := range pages(t) {
		body := bodyOf(t, resp)
		for _, want := range []string{
			`<html lang="en">`, `<meta name="viewport" content="width=device-width, initial-scale=1">`, "<main", "color-scheme: light dark", ":focus-visible",
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
	for i := range got {
		if got[i].Texts.ConfirmNo != "Continue without it" {
			t.Errorf("page %d has no texts", i)
		}
		got[i].Texts = recovery.Texts{}
	}
	want := []recovery.Page{
		{Kind: recovery.PageConfirm, Status: 200, Keep: "/checkout?utm_source=x", Lang: "en"},
		{Kind: recovery.PageMethodNotAllowed, Status: 405, Lang: "en"},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("pages (-want +got):\n%s", diff)
	}
}

// A host's own page sees both carts where they can be seen, and in the language
// that goes with them.
func TestOwnConflictPage(t *testing.T) {
	for _, shows := range []bool{true, false} {
		var got recovery.Page
		api := &fakeAPI{t: t, selection: func(_ context.Context, s centra.Session) (*centra.Selection, error) {
			sel := cartIn("de", s)
			if !shows {
				sel.ID = ""
			}
			return sel, nil
		}}
		s := newShop(t, recovery.Config{API: api, Page: func(w http.ResponseWriter, _ *http.Request, p recovery.Page) {
			got = p
			w.WriteHeader(p.Status)
		}})
		b := newBrowser(t, s)
		b.have(ownID)
		b.do(http.MethodGet, linkedPath, "Accept-Language: sv")
		if got.Kind != recovery.PageConflict || got.Lang != "de" || got.Texts.Total != "Gesamtsumme" || len(got.Own.Items) != 2 {
			t.Errorf("got %+v", got)
		}
		if (got.Linked != nil) != shows || (shows && len(got.Linked.Items) != 1) {
			t.Errorf("IDs shown %v: linked cart %v", shows, got.Linked)
		}
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
