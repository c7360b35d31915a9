package recovery_test

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/centra-go/cartabandonment/centra"
	"github.com/centra-go/cartabandonment/recovery"
)

// policy is the Content-Security-Policy of every page; TestPagePolicy checks the
// hash in it.
func policy(t *testing.T) string {
	t.Helper()
	s := newShop(t, recovery.Config{API: &fakeAPI{t: t}, Confirm: recovery.Always})
	return newBrowser(t, s).do(http.MethodGet, linkedPath).Header.Get("Content-Security-Policy")
}

// Every header of every kind of answer, absences too. Content-Length and the
// values of cookies are left to other tests.
func TestHeaders(t *testing.T) {
	private := http.Header{
		"X-Robots-Tag":           {"noindex, nofollow, noarchive"},
		"Referrer-Policy":        {"no-referrer"},
		"Cache-Control":          {"no-store"},
		"X-Content-Type-Options": {"nosniff"},
	}
	page := with(private,
		"Content-Type", "text/html; charset=utf-8",
		"Content-Security-Policy", policy(t))
	speculative := with(page, "Vary", "Sec-Purpose", "Vary", "Purpose", "Vary", "X-Purpose", "Vary", "X-Moz")
	const (
		sessionSet   = "__Host-centra-session=token-of-a-new-session; Path=/; Max-Age=2592000; HttpOnly; Secure; SameSite=Lax"
		recoveredSet = markCookie + "=…; Path=/; Max-Age=2592000; HttpOnly; Secure; SameSite=Lax"
	)
	unavailable := func(context.Context, centra.Session, centra.SelectionID) (*centra.Selection, error) {
		return nil, centra.ErrUnavailable
	}
	asksLater := func(d time.Duration) func(context.Context, centra.Session, centra.SelectionID) (*centra.Selection, error) {
		return func(context.Context, centra.Session, centra.SelectionID) (*centra.Selection, error) {
			return nil, &centra.Error{StatusCode: 503, RetryAfter: d}
		}
	}

	for _, tt := range []struct {
		name    string
		method  string
		path    string
		headers []string
		session string
		confirm recovery.Confirm
		attach  func(context.Context, centra.Session, centra.SelectionID) (*centra.Selection, error)
		status  int
		want    http.Header
	}{
		{
			name: "recovered", method: http.MethodGet, path: linkedPath, attach: attaches, status: 303,
			want: with(private, "Location", "/checkout", "Set-Cookie", sessionSet, "Set-Cookie", recoveredSet),
		},
		{
			name: "recovered by POST", method: http.MethodPost, path: linkedPath, attach: attaches, status: 303,
			want: with(private, "Location", "/checkout", "Set-Cookie", sessionSet, "Set-Cookie", recoveredSet),
		},
		{
			name: "recovered without looking for a conflict", method: http.MethodGet, path: linkedPath, attach: attaches,
			confirm: recovery.Never, status: 303,
			want: with(private, "Location", "/checkout", "Set-Cookie", sessionSet, "Set-Cookie", recoveredSet),
		},
		{
			name: "malformed", method: http.MethodGet, path: "/abandoned-cart/..%2f..", status: 303,
			want: with(private, "Location", "/no-such-cart"),
		},
		{
			name: "malformed HEAD", method: http.MethodHead, path: "/abandoned-cart/%00", status: 303,
			want: with(private, "Location", "/no-such-cart"),
		},
		{
			name: "not found", method: http.MethodGet, path: linkedPath, status: 303,
			attach: func(context.Context, centra.Session, centra.SelectionID) (*centra.Selection, error) {
				return nil, centra.ErrSelectionNotFound
			},
			want: with(private, "Location", "/no-such-cart"),
		},
		{
			name: "empty", method: http.MethodGet, path: linkedPath, status: 303,
			attach: func(context.Context, centra.Session, centra.SelectionID) (*centra.Selection, error) {
				return &centra.Selection{Session: "token-of-a-new-session"}, nil
			},
			want: with(private, "Location", "/no-such-cart"),
		},
		{name: "conflict", method: http.MethodGet, path: linkedPath, session: "own", status: 200, want: page},
		{name: "asked always", method: http.MethodGet, path: linkedPath, confirm: recovery.Always, status: 200, want: page},
		{name: "HEAD", method: http.MethodHead, path: linkedPath, status: 200, want: speculative},
		{
			name: "HEAD with a cart", method: http.MethodHead, path: linkedPath, session: "own", confirm: recovery.Always,
			status: 200, want: speculative,
		},
		{
			name: "prefetch", method: http.MethodGet, path: linkedPath, headers: []string{"Sec-Purpose: prefetch;prerender"},
			status: 503, want: speculative,
		},
		{
			name: "scanner", method: http.MethodGet, path: linkedPath, headers: []string{"User-Agent: Barracuda Sentinel (EE)"},
			status: 200, want: speculative,
		},
		{
			name: "unavailable", method: http.MethodGet, path: linkedPath, attach: unavailable, status: 503,
			want: with(page, "Retry-After", "30"),
		},
		{
			name: "unavailable for a while", method: http.MethodGet, path: linkedPath, attach: asksLaterKind(asksLater(7 * time.Second)), status: 503,
			want: with(page, "Retry-After", "7"),
		},
		{
			name: "unavailable for a moment", method: http.MethodGet, path: linkedPath, attach: asksLaterKind(asksLater(time.Millisecond)), status: 503,
			want: with(page, "Retry-After", "1"),
		},
		{
			name: "unavailable for a year", method: http.MethodGet, path: linkedPath, attach: asksLaterKind(asksLater(365 * 24 * time.Hour)), status: 503,
			want: with(page, "Retry-After", "600"),
		},
		{
			name: "cross-origin", method: http.MethodPost, path: linkedPath, headers: []string{"Sec-Fetch-Site: cross-site"},
			status: 403, want: page,
		},
		{
			name: "method", method: http.MethodDelete, path: linkedPath, status: 405,
			want: with(page, "Allow", "GET, HEAD, POST"),
		},
		{name: "not a cart link", method: http.MethodGet, path: "/checkout/now", status: 404, want: page},
	} {
		t.Run(tt.name, func(t *testing.T) {
			api := &fakeAPI{t: t, attach: tt.attach}
			if tt.session != "" {
				api.selection = func(_ context.Context, s centra.Session) (*centra.Selection, error) { return attached(s), nil }
			}
			b := newBrowser(t, newShop(t, recovery.Config{API: api, Confirm: tt.confirm}))
			b.have(tt.session)
			resp := b.do(tt.method, tt.path, tt.headers...)
			if resp.StatusCode != tt.status {
				t.Errorf("status %d, want %d", resp.StatusCode, tt.status)
			}
			got := resp.Header.Clone()
			got.Del("Content-Length")
			for i, line := range got["Set-Cookie"] {
				if cookie, err := http.ParseSetCookie(line); err == nil && cookie.Name == markCookie {
					got["Set-Cookie"][i] = strings.Replace(line, cookie.Value, "…", 1)
				}
			}
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// asksLaterKind gives an error that a test can build the kind that Centra's
// client would.
func asksLaterKind(f func(context.Context, centra.Session, centra.SelectionID) (*centra.Selection, error)) func(context.Context, centra.Session, centra.SelectionID) (*centra.Selection, error) {
	return func(ctx context.Context, s centra.Session, id centra.SelectionID) (*centra.Selection, error) {
		sel, err := f(ctx, s, id)
		return sel, errors.Join(centra.ErrUnavailable, err)
	}
}

func with(h http.Header, pairs ...string) http.Header {
	h = h.Clone()
	for i := 0; i < len(pairs); i += 2 {
		h[pairs[i]] = append(h[pairs[i]], pairs[i+1])
	}
	return h
}

// HEAD has the header of the page and no body.
func TestHeadHasNoBody(t *testing.T) {
	s := newShop(t, recovery.Config{API: &fakeAPI{t: t}})
	for _, path := range []string{linkedPath, "/not/the-cart-link"} {
		if body := bodyOf(t, newBrowser(t, s).do(http.MethodHead, path)); body != "" {
			t.Errorf("%s: HEAD was answered with a body of %d bytes", path, len(body))
		}
	}
}

// What somebody in front of the handler has said is overruled.
func TestHeadersOverruleEarlierOnes(t *testing.T) {
	s := newShop(t, recovery.Config{API: &fakeAPI{t: t, attach: attaches}})
	b := newBrowser(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Cache-Control", "public, max-age=60")
		w.Header().Set("Referrer-Policy", "unsafe-url")
		s.ServeHTTP(w, r)
	}))
	resp := get(b, linkedPath)
	if got := resp.Header["Cache-Control"]; !cmp.Equal(got, []string{"no-store"}) {
		t.Errorf("Cache-Control %q", got)
	}
	if got := resp.Header["Referrer-Policy"]; !cmp.Equal(got, []string{"no-referrer"}) {
		t.Errorf("Referrer-Policy %q", got)
	}
}

// Without TLS, on a developer's machine, no cookie asks for it.
func TestInsecurePlainHTTPCookie(t *testing.T) {
	s := newShop(t, recovery.Config{
		API: &fakeAPI{t: t, attach: attaches}, CartLink: "http://localhost:8080/abandoned-cart/{selection}", InsecurePlainHTTP: true,
	})
	cookies := newBrowser(t, s).do(http.MethodGet, linkedPath).Cookies()
	i := len(cookies) - 1
	if got := cookies[i]; got.Name != "centra-recovered-abandoned-cart" || got.Secure || !got.HttpOnly || got.SameSite != http.SameSiteLaxMode {
		t.Errorf("got %v", got)
	}
}
