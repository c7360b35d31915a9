package recovery_test

import (
	"net/http"
	"testing"

	"github.com/centra-go/cartabandonment/centra/centratest"
	"github.com/centra-go/cartabandonment/recovery"
)

// What the Storefront API answers for a cart that was ordered or never was is not
// known. In every form it is a dead link, and the visitor keeps what they have.
func TestStorefrontDeadLinks(t *testing.T) {
	storefront := apis[2]
	for form, option := range map[string]centratest.Option{
		"userErrors": centratest.WithDeadSelection(centratest.DeadIsUserError),
		"errors":     centratest.WithDeadSelection(centratest.DeadIsError),
		"null":       centratest.WithDeadSelection(centratest.DeadIsNull),
	} {
		for _, own := range [][]string{nil, {}, {"2-2"}} {
			for name, visit := range map[string]func(*browser, string) *http.Response{"GET": get, "POST": post} {
				t.Run(form+", "+name, func(t *testing.T) {
					server := centratest.NewServer(t, centratest.WithoutSocket(), option)
					s := newShop(t, recovery.Config{API: storefront.client(t, server), Confirm: recovery.Never})
					b := newBrowser(t, s)
					if own != nil {
						token, _ := server.NewStorefrontCart(own...)
						b.have(token)
					}
					_, linked := server.NewStorefrontCart("1-1")
					server.CompleteCart(linked)
					before := b.session()
					redirectsTo(t, visit(b, "/abandoned-cart/"+linked), "/no-such-cart")
					if got := s.last(t).Code; got != recovery.NotFound || b.session() != before {
						t.Errorf("outcome %q, session kept: %v", got, b.session() == before)
					}
				})
			}
		}
	}
}

// A visitor whose session has expired, as most have who come days later, gets the
// cart in a new one.
func TestStorefrontExpiredSession(t *testing.T) {
	for name, visit := range map[string]func(*browser, string) *http.Response{"GET": get, "POST": post} {
		t.Run(name, func(t *testing.T) {
			server := centratest.NewServer(t, centratest.WithoutSocket())
			s := newShop(t, recovery.Config{API: apis[2].client(t, server)})
			_, linked := server.NewStorefrontCart("1-1")
			first, second := newBrowser(t, s), newBrowser(t, s)
			for _, b := range []*browser{first, second} {
				b.have("expired")
				redirectsTo(t, visit(b, "/abandoned-cart/"+linked), "/checkout")
				if server.SelectionOf(b.session()) != linked {
					t.Error("the visitor does not have the link's cart")
				}
			}
			if first.session() == second.session() {
				t.Error("two visitors share a session")
			}
		})
	}
}
