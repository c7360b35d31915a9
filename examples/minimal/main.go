// Minimal is the shortest complete host of the Checkout API:
//
//	CENTRA_URL=https://shop.centra.com/api/checkout CENTRA_SECRET=... go run ./examples/minimal
//	curl -c jar -b jar http://127.0.0.1:8080/checkout
//	curl -b jar http://127.0.0.1:8080/centra/callback -d email=kim@example.com -d 'additionalFields[suspendIgnore]=true'
//	curl -c jar2 -i http://127.0.0.1:8080/abandoned-cart/abeb59928306768d255e21920f9087a4
//
// An item comes into the cart by the shop's own call, such as
// shopper.Do(ctx, s, "POST", "/items/1-1", nil, &cart), within visitors.Do.
package main

import (
	"context"
	"fmt"
	"log"
	"net/http"
	"os"

	"github.com/centra-go/cartabandonment/centra"
	"github.com/centra-go/cartabandonment/centra/session"
	"github.com/centra-go/cartabandonment/checkoutscript"
	"github.com/centra-go/cartabandonment/recovery"
)

const origin = "http://127.0.0.1:8080" // on https leave out all that is called InsecurePlainHTTP

func main() {
	// On the Storefront API: centra.NewStorefrontAPI(endpoint, sessionModeToken), for both
	// handlers; give the checkout page and the callback its AtCheckout().
	api := must(centra.NewCheckoutAPI(os.Getenv("CENTRA_URL"),
		centra.WithSecret(os.Getenv("CENTRA_SECRET")), centra.WithOrigin(origin)))
	log.Fatal(http.ListenAndServe("127.0.0.1:8080", newHost(api.AsShopper(), api)))
}

func newHost(shopper, api centra.API) http.Handler {
	visitors := must(session.NewVisitors(session.Cookie{InsecurePlainHTTP: true}))
	callback := must(checkoutscript.New(checkoutscript.Config{
		API: shopper, Visitors: visitors, Consent: checkoutscript.AssumeConsent}))
	cartLink := must(recovery.New(recovery.Config{API: api, Visitors: visitors, InsecurePlainHTTP: true,
		CartLink: origin + "/abandoned-cart/{selection}", Checkout: "/checkout"}))
	mux := http.NewServeMux()
	mux.Handle(callback.Pattern(), callback)
	mux.Handle(cartLink.Pattern(), cartLink)
	mux.HandleFunc("GET /checkout", func(w http.ResponseWriter, r *http.Request) {
		var cart *centra.Selection
		err := visitors.Do(w, r, func(ctx context.Context, s centra.Session) (_ centra.Session, err error) {
			if cart, err = shopper.Selection(ctx, s); err != nil { // without a session Centra starts one
				return "", err
			}
			return cart.Session, nil
		})
		if err != nil {
			http.Error(w, "The checkout is not available.", http.StatusServiceUnavailable)
			return
		}
		fmt.Fprintf(w, "<!doctype html><title>Checkout</title><p>%d items</p>%s", len(cart.Items), callback.Embed(cart, ""))
	})
	return mux
}

func must[T any](v T, err error) T {
	if err != nil {
		log.Fatal(err)
	}
	return v
}
