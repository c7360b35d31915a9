package recovery_test

import (
	"context"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/centra-go/cartabandonment/centra"
	"github.com/centra-go/cartabandonment/recovery"
)

// A link that is opened again does not ask about the cart that it brought,
// however often the visitor's token has changed meanwhile and whatever they did
// with the cart.
func TestLinkOpenedAgain(t *testing.T) {
	everywhere(t, recovery.Config{}, func(t *testing.T, h *host) {
		b := h.visitor("2-2")
		_, linked := h.server.NewCart("1-1")
		post(b, "/abandoned-cart/"+linked)
		for round := range 3 {
			b.do(http.MethodGet, "/checkout")
			b.do(http.MethodPost, "/event")
			b.do(http.MethodPost, "/items/2-1")
			redirectsTo(t, get(b, "/abandoned-cart/"+linked), "/checkout")
			if got := h.links.last(t).Code; got != recovery.AlreadyCurrent {
				t.Errorf("round %d: code %q, want %q", round, got, recovery.AlreadyCurrent)
			}
			time.Sleep(20 * 24 * time.Hour / 3) // nothing in the process's memory helps
			b.do(http.MethodGet, "/checkout")   // which keeps Centra's cart as well
		}
	})
}

// The answers of a browser's requests may be lost, or reach it in another order
// than they were made, so that it goes on with old cookies.
func TestLinkOpenedAgainWithOldCookies(t *testing.T) {
	everywhere(t, recovery.Config{}, func(t *testing.T, h *host) {
		b := h.visitor("2-2")
		_, linked := h.server.NewCart("1-1")
		post(b, "/abandoned-cart/"+linked)
		for _, name := range []string{sessionCookie, markCookie} {
			old := b.jar.Cookies(site)
			b.do(http.MethodPost, "/event")
			b.do(http.MethodGet, "/checkout")
			for _, cookie := range old {
				if cookie.Name == name {
					b.jar.SetCookies(site, []*http.Cookie{{Name: name, Value: cookie.Value, Path: "/", Secure: true}})
				}
			}
			redirectsTo(t, get(b, "/abandoned-cart/"+linked), "/checkout")
			if got := h.links.last(t).Code; got != recovery.AlreadyCurrent {
				t.Errorf("old %s: code %q, want %q", name, got, recovery.AlreadyCurrent)
			}
		}
	})
}

// Both cookies may be old, and of different moments; the next answer puts that
// right, for good.
func TestCookiesOfDifferentMoments(t *testing.T) {
	everywhere(t, recovery.Config{}, func(t *testing.T, h *host) {
		b := h.visitor("2-2")
		_, linked := h.server.NewCart("1-1")
		post(b, "/abandoned-cart/"+linked)
		session := b.session()
		if session == "" { // which is in the server
			return
		}
		b.do(http.MethodPost, "/event")
		mark := b.cookie(markCookie)
		b.do(http.MethodPost, "/event")
		h.server.RotateTokens(0)
		b.have(session)
		b.jar.SetCookies(site, []*http.Cookie{{Name: markCookie, Value: mark, Path: "/", Secure: true}})
		b.do(http.MethodGet, "/checkout")
		time.Sleep(5 * time.Minute)
		redirectsTo(t, get(b, "/abandoned-cart/"+linked), "/checkout")
		if got := h.links.last(t).Code; got != recovery.AlreadyCurrent {
			t.Errorf("code %q, want %q", got, recovery.AlreadyCurrent)
		}
	})
}

// A later cart is never taken for the one that the link brought.
func TestALaterCartIsAnother(t *testing.T) {
	for name, change := range map[string]func(h *host, b *browser, linked string){
		"after the order": func(_ *host, b *browser, _ string) {
			b.do(http.MethodPost, "/pay")
		},
		"after an order on another device": func(h *host, b *browser, linked string) {
			h.server.CompleteCart(linked)
			if h.apiName == "shop" {
				h.forget(b)
			}
		},
		"after the session expired": func(h *host, b *browser, _ string) {
			if h.apiName == "shop" {
				h.forget(b)
				return
			}
			h.server.ExpireToken(h.session(b))
			b.do(http.MethodGet, "/checkout")
			time.Sleep(5 * time.Second)
		},
		"after another link was opened": func(h *host, b *browser, _ string) {
			_, other := h.server.NewCart("2-2")
			redirectsTo(h.t, post(b, "/abandoned-cart/"+other), "/checkout")
		},
	} {
		t.Run(name, func(t *testing.T) {
			everywhere(t, recovery.Config{}, func(t *testing.T, h *host) {
				b := h.visitor("2-2")
				_, linked := h.server.NewCart("1-1")
				post(b, "/abandoned-cart/"+linked)
				change(h, b, linked)
				b.do(http.MethodPost, "/items/2-2")
				later := h.cart(b)
				if later == linked || later == "" {
					t.Fatal("the visitor has no later cart")
				}
				get(b, "/abandoned-cart/"+linked)
				if got := h.links.last(t).Code; got != recovery.Asked && got != recovery.NotFound {
					t.Errorf("code %q, want the visitor asked", got)
				}
				if h.cart(b) != later {
					t.Error("the visitor's later cart was replaced unasked")
				}
			})
		})
	}
}

// The name of the cookie says whose it is: every path has another one.
func TestCookieName(t *testing.T) {
	for link, want := range map[string]string{
		"https://example.com/abandoned-cart/{selection}":         "__Host-centra-recovered-abandoned-cart",
		"https://example.com/sv/cart/{selection}":                "__Host-centra-recovered-sv.cart",
		"https://example.com/sv.cart/{selection}":                "__Host-centra-recovered-sv%2Ecart",
		"https://example.com/sv/{selection}/cart":                "__Host-centra-recovered-sv.*.cart",
		"https://example.com/{selection}/cart":                   "__Host-centra-recovered-*.cart",
		"https://example.com/övergiven korg=%2A/{selection}/":    "",
		"https://example.com/%C3%B6vergiven%20korg/{selection}/": "__Host-centra-recovered-%C3%B6vergiven%20korg",
	} {
		s := recovery.Config{API: &fakeAPI{t: t, attach: attaches}, CartLink: link}
		if want == "" {
			s.CartLink = strings.Replace(link, "=%2A", "", 1)
			want = "__Host-centra-recovered-%C3%B6vergiven%20korg"
		}
		path := strings.TrimPrefix(strings.Replace(s.CartLink, "{selection}", linkedID, 1), "https://example.com")
		b := newBrowser(t, newShop(t, s))
		resp := get(b, strings.ReplaceAll(path, " ", "%20"))
		if cookies := resp.Cookies(); len(cookies) != 2 || cookies[1].Name != want {
			t.Errorf("%s: cookies %v, want %s", link, cookies, want)
		}
	}
}

func TestOwnCookieName(t *testing.T) {
	s := newShop(t, recovery.Config{API: &fakeAPI{t: t, attach: attaches}, CookieName: "se_recovered"})
	if cookies := get(newBrowser(t, s), linkedPath).Cookies(); len(cookies) != 2 || cookies[1].Name != "__Host-se_recovered" {
		t.Errorf("cookies %v", cookies)
	}
}

// Two markets on one host, and so in one session: neither takes the other's mark
// for its own, and only the cart that was recovered last is one.
func TestTwoMarketsOnOneHost(t *testing.T) {
	everywhere(t, recovery.Config{}, func(t *testing.T, h *host) {
		other := h.again(h.visitors, recovery.Config{CartLink: "https://example.com/en/cart/{selection}"})
		h.mux.Handle(other.links.Pattern(), other.links)
		b := h.visitor()
		_, one := h.server.NewCart("1-1")
		_, two := h.server.NewCart("2-2")
		get(b, "/abandoned-cart/"+one)
		shows(t, get(b, "/en/cart/"+two), 200, `<form method="post">`)
		redirectsTo(t, post(b, "/en/cart/"+two), "/checkout")
		var names []string
		for _, cookie := range b.jar.Cookies(site) {
			if strings.Contains(cookie.Name, "recovered") {
				names = append(names, cookie.Name)
			}
		}
		if want := []string{"__Host-centra-recovered-en.cart"}; !slices.Equal(names, want) {
			t.Errorf("cookies %q, want %q", names, want)
		}
		shows(t, get(b, "/abandoned-cart/"+one), 200, `<form method="post">`)
		redirectsTo(t, get(b, "/en/cart/"+two), "/checkout")
		b.do(http.MethodPost, "/pay")
		if slices.Contains(h.orders, true) {
			t.Error("the first market counts the second one's order")
		}
	})
}

// What somebody else put into the cookie decides nothing.
func TestForgedMark(t *testing.T) {
	everywhere(t, recovery.Config{}, func(t *testing.T, h *host) {
		recovered := h.visitor()
		_, linked := h.server.NewCart("1-1")
		get(recovered, "/abandoned-cart/"+linked)
		stolen := recovered.cookie(markCookie)
		for _, value := range []string{
			stolen, "", ".", "..", strings.Repeat("0", 32) + "." + strings.Repeat("0", 32) + ".", stolen + "00", stolen + ".",
			strings.ToUpper(stolen), strings.Repeat("a", 4000), "%00%0d%0aSet-Cookie:a=b",
		} {
			b := h.visitor("2-2")
			own := h.cart(b)
			b.jar.SetCookies(site, []*http.Cookie{{Name: markCookie, Value: value, Path: "/", Secure: true}})
			shows(t, get(b, "/abandoned-cart/"+linked), 200, `<form method="post">`)
			if h.cart(b) != own {
				t.Errorf("%q: the visitor's cart was replaced", value)
			}
			if b.do(http.MethodPost, "/pay"); slices.Contains(h.orders, true) {
				t.Errorf("%q: an order counts as recovered", value)
			}
		}
	})
}

// Of two links that a visitor has followed the second is remembered, also for a request
// that the browser sent before it had the second's cookie.
func TestTheSecondOfTwoLinksIsRemembered(t *testing.T) {
	everywhere(t, recovery.Config{}, func(t *testing.T, h *host) {
		b := h.visitor()
		_, first := h.server.NewCart("1-1")
		_, second := h.server.NewCart("2-2")
		get(b, "/abandoned-cart/"+first)
		before := b.cookie(markCookie)
		post(b, "/abandoned-cart/"+second)
		b.jar.SetCookies(site, []*http.Cookie{{Name: markCookie, Value: before, Path: "/", Secure: true}})
		get(b, "/abandoned-cart/"+second)
		if got := h.links.last(t).Code; got != recovery.AlreadyCurrent {
			t.Errorf("outcome %q", got)
		}
	})
}

// So it is where the token rotates only later, while the browser still has the cookie
// of the first.
func TestTheSecondOfTwoLinksIsFollowed(t *testing.T) {
	everywhere(t, recovery.Config{}, func(t *testing.T, h *host) {
		if h.apiName == "shop" { // where sessions do not change
			return
		}
		b := h.visitor()
		_, first := h.server.NewCart("1-1")
		_, second := h.server.NewCart("2-2")
		get(b, "/abandoned-cart/"+first)
		before := b.cookie(markCookie)
		post(b, "/abandoned-cart/"+second)
		b.jar.SetCookies(site, []*http.Cookie{{Name: markCookie, Value: before, Path: "/", Secure: true}})
		h.server.RotateTokens(1)
		b.do(http.MethodGet, "/checkout")
		get(b, "/abandoned-cart/"+second)
		if got := h.links.last(t).Code; got != recovery.AlreadyCurrent {
			t.Errorf("outcome %q", got)
		}
	})
}

// FuzzMark: whatever is in the cookie, the visitor's own cart is asked about, and
// nothing of it gets into a header.
func FuzzMark(f *testing.F) {
	api := &fakeAPI{t: f, attach: attaches, selection: func(_ context.Context, s centra.Session) (*centra.Selection, error) {
		return attached("rotated"), nil
	}}
	s := newShop(f, recovery.Config{API: api})
	first := newBrowser(f, s)
	get(first, linkedPath)
	for _, value := range []string{first.cookie(markCookie), "", "..", strings.Repeat("0", 32) + "." + strings.Repeat("0", 32) + "." + "00000000"} {
		f.Add(value)
	}
	f.Fuzz(func(t *testing.T, value string) {
		if strings.Count(value, ";") > 1000 {
			t.Skip("of thousands of cookies, which no browser sends, net/http reads none")
		}
		b := newBrowser(t, s)
		resp := b.do(http.MethodGet, linkedPath, "Cookie: "+sessionCookie+"=own; "+markCookie+"="+value)
		if got := s.last(t).Code; got != recovery.Asked {
			t.Errorf("code %q", got)
		}
		for _, cookie := range resp.Cookies() {
			if cookie.Name != sessionCookie || cookie.Value != "rotated" {
				t.Errorf("cookie %s", cookie)
			}
		}
	})
}

// What a process remembers for double clicks is bounded: the newest recoveries,
// for a minute. Whatever it has forgotten is asked about.
func TestMemoryIsBounded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newShop(t, recovery.Config{API: &fakeAPI{
			t: t,
			selection: func(ctx context.Context, s centra.Session) (*centra.Selection, error) {
				if strings.HasPrefix(string(s), "recovered-") {
					return attached(s), nil
				}
				return hasNothing(ctx, s)
			},
			attach: func(_ context.Context, s centra.Session, _ centra.SelectionID) (*centra.Selection, error) {
				return attached("recovered-" + s), nil
			},
		}})
		click := func(session string, want recovery.Code) {
			t.Helper()
			b := newBrowser(t, s)
			b.have(session)
			get(b, linkedPath)
			if got := s.last(t).Code; got != want {
				t.Errorf("%s: code %q, want %q", session, got, want)
			}
		}
		click("a", recovery.Recovered)
		click("a", recovery.AlreadyCurrent)
		time.Sleep(2 * time.Minute)
		click("a", recovery.Asked)
		click("b", recovery.Recovered)
		for i := range 4_990 { // each is remembered by both of its sessions
			click("c"+strconv.Itoa(i), recovery.Recovered)
		}
		click("b", recovery.AlreadyCurrent)
		for i := range 4_999 {
			click("d"+strconv.Itoa(i), recovery.Recovered)
		}
		click("b", recovery.AlreadyCurrent) // kept anew by the click before
		for i := range 5_001 {
			click("e"+strconv.Itoa(i), recovery.Recovered)
		}
		click("b", recovery.Asked)
	})
}
