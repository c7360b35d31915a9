package browsertest

import (
	"encoding/json"
	"fmt"
	"net/http"
	"testing"

	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/chromedp"
	"github.com/google/go-cmp/cmp"

	"github.com/centra-go/cartabandonment/centra"
	"github.com/centra-go/cartabandonment/centra/centratest"
	"github.com/centra-go/cartabandonment/centra/session"
	"github.com/centra-go/cartabandonment/checkoutscript"
)

const sessionCookie = "centra-session"

// newHandlerShop is the fake shop with the library's own handler behind its
// callback, a visitor who has something in the cart, and a Centra.
func newHandlerShop(t *testing.T) (*fakeShop, *centratest.Server, centra.Session) {
	t.Helper()
	server := centratest.NewServer(t)
	token, _ := server.NewCart("1-1")
	shop := newFakeShop(t)
	api, err := centra.NewCheckoutAPI(server.CheckoutURL(),
		centra.WithSecret(centratest.Secret), centra.WithOrigin(shop.URL))
	if err != nil {
		t.Fatal(err)
	}
	cookie := session.Cookie{InsecurePlainHTTP: true}
	visitors, err := session.NewVisitors(cookie)
	if err != nil {
		t.Fatal(err)
	}
	handler, err := checkoutscript.New(checkoutscript.Config{
		API: api.AsShopper(), Visitors: visitors, Consent: checkoutscript.AssumeConsent,
	})
	if err != nil {
		t.Fatal(err)
	}
	shop.greet = func(w http.ResponseWriter, r *http.Request) {
		if err := cookie.Save(w, r, centra.Session(token)); err != nil {
			t.Errorf("saving the session: %v", err)
		}
	}
	shop.answer = func(w http.ResponseWriter, r *http.Request, _ int) { handler.ServeHTTP(w, r) }
	return shop, server, centra.Session(token)
}

// cookie is what the browser keeps for the page's address under a name.
func (tab *tab) cookie(name string) *network.Cookie {
	tab.t.Helper()
	got, err := chromedp.Call(tab.ctx, network.GetCookies, network.GetCookiesParams{})
	if err != nil {
		tab.t.Fatal(err)
	}
	for _, cookie := range got.Cookies {
		if cookie.Name == name {
			return cookie
		}
	}
	tab.t.Fatalf("no cookie %s", name)
	return nil
}

// Whatever a shop's own listener puts on the wire becomes the same call to
// Centra, as far as its encoding can tell; the widget gets its value back and the
// visitor the new token.
func TestListenersAtTheHandler(t *testing.T) {
	t.Parallel()
	jquery := fromNPM(t).jquery
	type object = map[string]any
	var (
		// A form knows text only. The one value whose type the handler restores is
		// the one that the widget gets back.
		asForm = object{
			"email": "åsa+test@example.com", "cartAbandonmentEmail": true,
			"address": object{"firstName": "Åsa", "zipCode": "111 22", "country": "SE", "newsletter": "false"},
			"items":   []any{object{"sku": "A-1", "quantity": "2"}},
			"tags":    []any{"a", "b"}, "nothing": "",
			"additionalFields": object{"suspendIgnore": true},
		}
		asJSON = object{
			"email": "åsa+test@example.com", "cartAbandonmentEmail": true,
			"address": object{"firstName": "Åsa", "zipCode": "111 22", "country": "SE", "newsletter": false},
			"items":   []any{object{"sku": "A-1", "quantity": 2.0}},
			"tags":    []any{"a", "b"}, "nothing": nil,
			"additionalFields": object{"suspendIgnore": true},
		}
		chosen = object{
			"email": "åsa+test@example.com", "cartAbandonmentEmail": true,
			"address":          object{"zipCode": "111 22"},
			"additionalFields": object{"suspendIgnore": true},
		}
	)
	const fill = `const form = new FormData();
		form.append("email", detail.email);
		form.append("address[zipCode]", detail.address.zipCode);
		form.append("additionalFields[suspendIgnore]", detail.additionalFields.suspendIgnore);`
	for name, row := range map[string]struct {
		scripts string
		want    object
	}{
		"jQuery 3.7":             {script(jquery["3"]) + script(documentedListener), asForm},
		"jQuery 4":               {script(jquery["4"]) + script(documentedListener), asForm},
		"fetch, JSON":            {script(fetchListener("", `headers: {"Content-Type": "application/json"}, body: JSON.stringify(detail)`)), asJSON},
		"fetch, JSON as text":    {script(fetchListener("", `headers: {"Content-Type": "application/json; charset=utf-8"}, body: JSON.stringify(detail)`)), asJSON},
		"fetch, FormData":        {script(fetchListener(fill, `body: form`)), chosen},
		"fetch, URLSearchParams": {script(fetchListener(fill, `body: new URLSearchParams(form)`)), chosen},
		"our own listener":       {`<script src="` + listenerPath + `" nonce="{nonce}"></script>`, asJSON},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			tab := newTab(t)
			shop, server, token := newHandlerShop(t)
			shop.body = script(recorder) + script(fakeCheckoutScript) + row.scripts
			tab.open(shop.URL)
			if got := tab.cookie(sessionCookie); got.Value != string(token) {
				t.Fatal("the browser has not kept the session")
			}
			server.RotateNext()
			tab.run(`fire(` + widgetEvent + `)`)
			tab.wait(`resumes.length`)
			if got := eval[string](tab, `JSON.stringify(resumes.map((r) => r.args))`); got != "[[true]]" {
				t.Errorf("resumed with %s, want [[true]]", got)
			}

			puts := updates(server)
			if len(puts) != 1 || puts[0].Method != http.MethodPut {
				t.Fatalf("%d calls to Centra, want one PUT", len(puts))
			}
			if diff := cmp.Diff(row.want, decoded(t, puts[0].Body)); diff != "" {
				t.Errorf("the PUT's fields (-want +got):\n%s", diff)
			}
			header := puts[0].Header
			if header.Get("API-Token") != string(token) || header.Get("Authorization") != "" || header.Get("Origin") != shop.URL {
				t.Error("the PUT is not made with the visitor's token, origin and rights alone")
			}

			rotated := tab.cookie(sessionCookie)
			if rotated.Value == string(token) || server.SelectionOf(rotated.Value) != puts[0].Selection {
				t.Error("the browser has not kept the new token")
			}
			if !rotated.HTTPOnly || rotated.SameSite != network.CookieSameSiteLax || rotated.Path != "/" {
				t.Errorf("the cookie is HttpOnly %t, SameSite %s, Path %s", rotated.HTTPOnly, rotated.SameSite, rotated.Path)
			}
			tab.run(`fire(` + widgetEvent + `)`)
			tab.wait(`resumes.length === 2`)
			if puts = updates(server); len(puts) != 2 || puts[1].Header.Get("API-Token") != rotated.Value {
				t.Error("the next event does not go with the new token")
			}
		})
	}
}

// Consent taken back reaches the visitor's cart at Centra before the page is told,
// by the field of a checkout without a widget and by the page's own call beside one.
func TestConsentWithdrawnAtCentra(t *testing.T) {
	t.Parallel()
	for name, row := range map[string]struct{ capture, withdraw func(tab *tab) }{
		"field": {
			func(tab *tab) {
				tab.click("#consent")
				tab.focus("#email")
				tab.keys("anna@example.com\t")
			},
			func(tab *tab) { tab.click("#consent") },
		},
		"widget": {
			func(tab *tab) { tab.run(`fire({detail: {email: "anna@example.com"}, type: "change"})`) },
			func(tab *tab) { tab.run(`CentraCartAbandonment.withdraw()`) },
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			tab := newTab(t)
			shop, server, token := newHandlerShop(t)
			selection := server.SelectionOf(string(token))
			shop.body = watching(agreedCheckbox)
			tab.open(shop.URL)
			row.capture(tab)
			tab.wait(`heard.length`)
			if cart := server.Cart(selection); cart.OptedIn != "anna@example.com" {
				t.Errorf("opted in: %q, want the captured address", cart.OptedIn)
			}
			row.withdraw(tab)
			tab.wait(`heard.some((h) => h.name === "centra:withdrawn")`)
			cart := server.Cart(selection)
			if cart.OptedIn != "" || cart.CartAbandonmentEmail != false {
				t.Errorf("opted in: %q, cartAbandonmentEmail: %v, want neither", cart.OptedIn, cart.CartAbandonmentEmail)
			}
			if got := len(updates(server)); got != 2 {
				t.Errorf("%d calls to Centra, want the capture and the withdrawal", got)
			}
		})
	}
}

// A listener without a queue, as the documented one, leaves the order to the
// handler.
func TestBurstOfOtherListeners(t *testing.T) {
	t.Parallel()
	jquery := fromNPM(t).jquery
	for name, scripts := range map[string]string{
		"jQuery 3.7":  script(jquery["3"]) + script(documentedListener),
		"jQuery 4":    script(jquery["4"]) + script(documentedListener),
		"fetch, JSON": script(fetchListener("", `headers: {"Content-Type": "application/json"}, body: JSON.stringify(detail)`)),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			tab := newTab(t)
			shop, server, token := newHandlerShop(t)
			shop.body = script(recorder) + script(fakeCheckoutScript) + scripts
			server.RotateTokens(7) // the browser has stale ones in flight then
			tab.open(shop.URL)
			tab.run(`for (let i = 0; i < 30; i++) fire({email: "a@example.com", n: i, additionalFields: {suspendIgnore: i}})`)
			tab.wait(`resumes.length >= 30`)
			seen := make(map[string]bool)
			for _, put := range updates(server) {
				seen[fmt.Sprint(decoded(t, put.Body)["n"])] = true
				if got := server.MaxConcurrent(put.Selection); got != 1 {
					t.Fatalf("%d updates of one selection at once", got)
				}
			}
			if len(seen) != 30 || len(updates(server)) != 30 {
				t.Errorf("%d calls with %d of 30 events", len(updates(server)), len(seen))
			}
			if got := updates(server)[29].Selection; got != updates(server)[0].Selection {
				t.Error("the events went to more than one cart")
			}
			if got := tab.cookie(sessionCookie).Value; got == string(token) || server.SelectionOf(got) != updates(server)[0].Selection {
				t.Error("the browser has not kept the last token")
			}
		})
	}
}

func decoded(t *testing.T, body []byte) map[string]any {
	t.Helper()
	var fields map[string]any
	if err := json.Unmarshal(body, &fields); err != nil {
		t.Fatal(err)
	}
	return fields
}
