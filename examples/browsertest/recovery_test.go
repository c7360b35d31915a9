package browsertest

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/centra-go/cartabandonment/centra"
	"github.com/centra-go/cartabandonment/centra/session"
	"github.com/centra-go/cartabandonment/recovery"
)

// A cartsIn is a Centra whose carts are in a language. The visitor has one of
// three lines; the link's cannot be had just now, unless the API shows it.
type cartsIn struct {
	language string
	shows    bool
}

func (c cartsIn) Selection(_ context.Context, s centra.Session) (*centra.Selection, error) {
	sel := &centra.Selection{Session: s, Language: c.language}
	if c.shows {
		sel.ID = centra.SelectionID(s)
	}
	for i, name := range []string{"Merino Beanie", "Wool Blanket with a name that goes on and on", "Trail Boots"} {
		sel.Items = append(sel.Items, centra.Item{
			Item: fmt.Sprint(i), Quantity: i + 1, Size: "One size", TotalPrice: "12 345,67 kr", Product: centra.Product{Name: name},
		})
	}
	sel.Totals.GrandTotalPrice = "1 037 037,01 kr"
	return sel, nil
}

func (cartsIn) AttachSelection(context.Context, centra.Session, centra.SelectionID) (*centra.Selection, error) {
	return nil, centra.ErrUnavailable
}

// The pages behind the cart link in every language, on a desk and on a phone, by
// day and by night. Those of one tab come one after the other.
func TestRecoveryPages(t *testing.T) {
	t.Parallel()
	const link = "/abandoned-cart/abeb59928306768d255e21920f9087a4"
	for _, language := range []string{"en", "sv", "nb", "da", "fi", "de", "nl", "fr"} {
		t.Run(language, func(t *testing.T) {
			t.Parallel()
			visitors, err := session.NewVisitors(session.Cookie{InsecurePlainHTTP: true})
			if err != nil {
				t.Fatal(err)
			}
			mux := http.NewServeMux()
			mux.HandleFunc("GET /favicon.ico", func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusNoContent) })
			serve := func(name, path string, c recovery.Config, change func(*http.Request)) {
				c.Visitors, c.Checkout, c.InsecurePlainHTTP = visitors, "/checkout", true
				c.CartLink = "http://127.0.0.1/abandoned-cart/{selection}"
				handler, err := recovery.New(c)
				if err != nil {
					t.Fatal(err)
				}
				mux.HandleFunc("/"+name+"/", func(w http.ResponseWriter, r *http.Request) {
					r.Header.Set("Accept-Language", language)
					r.URL.Path = path
					if change != nil {
						change(r)
					}
					handler.ServeHTTP(w, r)
				})
			}
			has := func(r *http.Request) { r.Header.Set("Cookie", "centra-session=1ce1c2d4a1a84bd2a31b7cdd4a4f5e7f") }
			serve("confirm", link, recovery.Config{API: cartsIn{}, Confirm: recovery.Always}, nil)
			serve("conflict", link, recovery.Config{API: cartsIn{language, false}}, has)
			serve("both", link, recovery.Config{API: cartsIn{language, true}}, has)
			serve("unavailable", link, recovery.Config{API: cartsIn{}}, nil)
			serve("cross-site", link, recovery.Config{API: cartsIn{}}, func(r *http.Request) {
				r.Method = http.MethodPost
				r.Header.Set("Sec-Fetch-Site", "cross-site")
			})
			serve("method", link, recovery.Config{API: cartsIn{}}, func(r *http.Request) { r.Method = http.MethodPut })
			serve("not-found", "/neither/a/link", recovery.Config{API: cartsIn{}}, nil)
			server := httptest.NewServer(mux)
			t.Cleanup(server.Close)

			tab := newTab(t)
			tab.expect("Failed to load resource") // those that are errors
			for _, name := range []string{"confirm", "conflict", "both", "unavailable", "cross-site", "method", "not-found"} {
				tab.open(server.URL + "/" + name + "/")
				if got := eval[string](tab, `document.documentElement.lang`); got != language {
					t.Errorf("%s: the page is in %q", name, got)
				}
				for _, scheme := range []string{"light", "dark"} {
					for _, width := range []int64{360, 1280} {
						tab.media(width, 900, scheme, "reduce")
						for _, problem := range eval[[]string](tab, audit) {
							t.Errorf("%s, %s, %d px: %s", name, scheme, width, problem)
						}
					}
				}
				tab.checkTabOrder()
			}
		})
	}
}
