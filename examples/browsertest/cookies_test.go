package browsertest

import (
	"fmt"
	"html"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"testing"

	"github.com/chromedp/cdproto/network"

	"github.com/centra-go/cartabandonment/centra"
	"github.com/centra-go/cartabandonment/centra/centratest"
	"github.com/centra-go/cartabandonment/centra/session"
	"github.com/centra-go/cartabandonment/recovery"
)

const hostCookie = "__Host-centra-session"

// A mailedShop is a shop over https with the recovery handler, and a mail client
// on another site that shows one link.
type mailedShop struct {
	centra    *centratest.Server
	url, mail string

	// own and mailed are the carts of the visitor and of the link.
	own, mailed string

	mu     sync.Mutex
	visits []visit
}

// A visit is how the browser came to the cart link.
type visit struct {
	Method, Site string
	Session      bool // the session cookie came along
	Referrer     string
}

func newMailedShop(t *testing.T, cookie session.Cookie, confirm recovery.Confirm) *mailedShop {
	t.Helper()
	shop := &mailedShop{centra: centratest.NewServer(t)}
	token, own := shop.centra.NewCart("1-1")
	shop.own = own
	_, shop.mailed = shop.centra.NewCart("3-1")

	api, err := centra.NewCheckoutAPI(shop.centra.CheckoutURL(), centra.WithSecret(centratest.Secret))
	if err != nil {
		t.Fatal(err)
	}
	visitors, err := session.NewVisitors(cookie)
	if err != nil {
		t.Fatal(err)
	}
	handler, err := recovery.New(recovery.Config{
		API: api, Visitors: visitors, Checkout: "/checkout", Confirm: confirm, Languages: []string{"en"},
		CartLink: "https://shop.example/abandoned-cart/{selection}",
	})
	if err != nil {
		t.Fatal(err)
	}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /{$}", func(w http.ResponseWriter, r *http.Request) {
		if err := cookie.Save(w, r, centra.Session(token)); err != nil {
			t.Error(err)
		}
		write(w, "Shop", "Something is in your cart.")
	})
	mux.HandleFunc("GET /checkout", func(w http.ResponseWriter, r *http.Request) {
		s, err := cookie.Load(r)
		if err != nil {
			t.Error(err)
		}
		text := "no session"
		if s != "" {
			text = "cart " + shop.name(shop.centra.SelectionOf(string(s)))
		}
		write(w, "Checkout", text)
	})
	mux.HandleFunc("GET /favicon.ico", func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusNoContent) })
	mux.HandleFunc("GET /toss", func(w http.ResponseWriter, _ *http.Request) {
		// What a page of another host of the same domain tries.
		w.Header().Add("Set-Cookie", hostCookie+"=evil; Domain=shop.example; Path=/; Secure")
		w.Header().Add("Set-Cookie", hostCookie+"=evil; Domain=shop.example; Path=/abandoned-cart; Secure")
		write(w, "Evil", "tossed")
	})
	mux.HandleFunc(handler.Pattern(), func(w http.ResponseWriter, r *http.Request) {
		s, _ := cookie.Load(r)
		shop.mu.Lock()
		shop.visits = append(shop.visits, visit{r.Method, r.Header.Get("Sec-Fetch-Site"), s != "", r.Referer()})
		shop.mu.Unlock()
		handler.ServeHTTP(w, r)
	})
	server := httptest.NewTLSServer(mux)
	t.Cleanup(server.Close)
	shop.url = at(server, "shop.example")

	client := httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		write(w, "Mail", `<a id="link" href="`+html.EscapeString(shop.url+"/abandoned-cart/"+shop.mailed+"?utm_source=mail")+`">Back to my cart</a>`)
	}))
	t.Cleanup(client.Close)
	shop.mail = at(client, "mail.example")
	return shop
}

func at(server *httptest.Server, host string) string {
	_, port, _ := strings.Cut(server.Listener.Addr().String(), ":")
	return "https://" + host + ":" + port
}

func write(w http.ResponseWriter, title, body string) {
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	fmt.Fprintf(w, `<!doctype html><html lang="en"><title>%s</title><main>%s</main>`, title, body)
}

func (shop *mailedShop) name(selection string) string {
	switch selection {
	case shop.own:
		return "own"
	case shop.mailed:
		return "mailed"
	}
	return "unknown"
}

// arrivals are the visits of the cart link so far.
func (shop *mailedShop) arrivals() []visit {
	shop.mu.Lock()
	defer shop.mu.Unlock()
	return append([]visit(nil), shop.visits...)
}

// clickInMail has a visitor with a cart of their own click on the mail's link.
func (shop *mailedShop) clickInMail(t *testing.T) *tab {
	t.Helper()
	tab := newTab(t)
	tab.open(shop.url)
	u, err := url.Parse(shop.mail)
	if err != nil {
		t.Fatal(err)
	}
	tab.allow(u.Host)
	tab.open(shop.mail)
	tab.click("#link")
	tab.arrive("/abandoned-cart/")
	return tab
}

// The click from a mail client on another site: SameSite=Lax lets the visitor's
// cart be seen on the click, Strict only on what the visitor does then. Either
// way nothing is replaced without being asked for.
func TestClickFromMail(t *testing.T) {
	t.Parallel()
	for name, row := range map[string]struct {
		cookie  session.Cookie
		confirm recovery.Confirm
		asks    string
		seen    bool // the session, on the click
		keep    string
	}{
		"Lax":    {session.Cookie{}, recovery.OnConflict, "You already have something in your cart.", true, "Keep my present cart"},
		"Strict": {session.Cookie{Strict: true}, recovery.Always, "If you have another cart here, it takes its place.", false, "Continue without it"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			clicked := visit{Method: http.MethodGet, Site: "cross-site", Session: row.seen}
			check := func(t *testing.T, shop *mailedShop, want ...visit) {
				t.Helper()
				got := shop.arrivals()
				for i := range got {
					got[i].Referrer = "" // that of the mail client is not ours
				}
				if fmt.Sprint(got) != fmt.Sprint(want) {
					t.Errorf("the cart link was visited %+v, want %+v", got, want)
				}
			}
			t.Run("replace", func(t *testing.T) {
				t.Parallel()
				shop := newMailedShop(t, row.cookie, row.confirm)
				tab := shop.clickInMail(t)
				tab.reads(row.asks)
				if got := shop.centra.Cart(shop.mailed).Sessions; got != 1 {
					t.Errorf("%d sessions have the mailed cart before the answer, want its first alone", got)
				}
				tab.click("button")
				tab.arrive("/checkout?utm_source=mail")
				tab.reads("cart mailed")
				check(t, shop, clicked, visit{Method: http.MethodPost, Site: "same-origin", Session: true})
				if got := eval[string](tab, `document.referrer`); strings.Contains(got, shop.mailed) {
					t.Error("the checkout is told the cart link as its referrer")
				}
			})
			t.Run("keep", func(t *testing.T) {
				t.Parallel()
				shop := newMailedShop(t, row.cookie, row.confirm)
				tab := shop.clickInMail(t)
				tab.reads(row.keep)
				tab.click("a")
				tab.arrive("/checkout?utm_source=mail")
				tab.reads("cart own")
				check(t, shop, clicked)
				if got := shop.centra.Cart(shop.own); len(got.Items) != 1 || got.Sessions != 1 {
					t.Errorf("the visitor's cart has %d items and %d sessions", len(got.Items), got.Sessions)
				}
			})
		})
	}
}

// Over https the session is in a cookie that no other host can set or read.
func TestHostCookie(t *testing.T) {
	t.Parallel()
	shop := newMailedShop(t, session.Cookie{}, recovery.OnConflict)
	tab := newTab(t)
	tab.open(shop.url)
	got := tab.cookie(hostCookie)
	if !got.Secure || !got.HTTPOnly || got.SameSite != network.CookieSameSiteLax || got.Path != "/" || got.Domain != "shop.example" {
		t.Errorf("the cookie is Secure %t, HttpOnly %t, SameSite %s, Path %s, Domain %s", got.Secure, got.HTTPOnly, got.SameSite, got.Path, got.Domain)
	}
	if text := eval[string](tab, `document.cookie`); text != "" {
		t.Error("a script of the page can read the session")
	}
	// Another host of the same domain cannot plant one beside it.
	tab.open(strings.Replace(shop.url, "shop.", "evil.shop.", 1) + "/toss")
	tab.open(shop.url + "/checkout")
	tab.reads("cart own")
	if again := tab.cookie(hostCookie); again.Value != got.Value {
		t.Error("the session was replaced from another host")
	}
}
