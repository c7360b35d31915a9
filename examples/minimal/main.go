// Minimal is the shortest complete host of the Checkout API:
//
//	CENTRA_URL=https://shop.centra.com/api/checkout CENTRA_SECRET=... go run ./examples/minimal
//	curl -c jar -b jar http://127.0.0.1:8080/checkout
//	curl -b jar http://127.0.0.1:8080/centra/callback -d email=kim@example.com -d 'additionalFields[suspendIgnore]=true'
//	curl -c jar2 -i http://127.0.0.1:8080/abandoned-cart/abeb59928306768d255e21920f9087a4
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

func main() {
	api := must(centra.NewCheckoutAPI(os.Getenv("CENTRA_URL"), centra.WithSecret(os.Getenv("CENTRA_SECRET"))))
	log.Fatal(http.ListenAndServe("127.0.0.1:8080", newHost(api, "http://127.0.0.1:8080")))
}

func newHost(api *centra.CheckoutAPI, origin string) http.Handler {
	shopper, sessions := api.AsShopper(), session.Cookie{InsecurePlainHTTP: true} // on https, leave that out
	cartLink := must(recovery.New(recovery.Config{API: api, Visitors: must(session.NewVisitors(sessions)), InsecurePlainHTTP: true,
		CartLink: origin + "/abandoned-cart/{selection}", Checkout: "/checkout"}))
	mux := http.NewServeMux()
	visitors := must(session.NewVisitors(sessions))
	callback := must(checkoutscript.New(checkoutscript.Config{API: shopper, Visitors: visitors, Consent: checkoutscript.AssumeConsent}))
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
			http.Error(w, "The checkout is not available.", http.StatusBadGateway)
		} else {
			fmt.Fprintf(w, "<!doctype html><title>Checkout</title><p>%d items</p>%s", len(cart.Items), callback.Embed(cart, ""))
		}
	})
	return mux
}

func must[T any](v T, err error) T {
	if err != nil {
		log.Fatal(err)
	}
	return v
}
