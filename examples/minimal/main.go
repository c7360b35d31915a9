// Minimal is the shortest complete host of the Checkout API:
//
//	go run ./examples/minimal -centra https://shop.centra.com/api/checkout
//	curl -c jar -b jar http://127.0.0.1:8080/checkout
//	curl -c jar -b jar http://127.0.0.1:8080/centra/callback -d email=kim@example.com -d 'additionalFields[suspendIgnore]=true'
//	curl -c jar2 -i http://127.0.0.1:8080/abandoned-cart/abeb59928306768d255e21920f9087a4
package main

import (
	"flag"
	"fmt"
	"log"
	"net/http"

	"github.com/centra-go/cartabandonment/centra"
	"github.com/centra-go/cartabandonment/centra/session"
	"github.com/centra-go/cartabandonment/checkoutscript"
	"github.com/centra-go/cartabandonment/recovery"
)

const origin = "http://127.0.0.1:8080" // on https, leave out InsecurePlainHTTP

func main() {
	url := flag.String("centra", "", "base `URL` of the Checkout API")
	flag.Parse()
	log.Fatal(http.ListenAndServe("127.0.0.1:8080", newHost(must(centra.NewCheckoutAPI(*url)))))
}

func newHost(api *centra.CheckoutAPI) http.Handler {
	sessions := session.Cookie{InsecurePlainHTTP: true}
	callback := must(checkoutscript.New(checkoutscript.Config{
		API: api.AsShopper(origin), Sessions: sessions, Consent: checkoutscript.AssumeConsent,
	}))
	cartLink := must(recovery.New(recovery.Config{
		API: api, Sessions: sessions, InsecurePlainHTTP: true, CartLink: origin + "/abandoned-cart/{selection}", Checkout: "/checkout",
	}))
	mux := http.NewServeMux()
	mux.Handle(checkoutscript.CallbackPath, callback)
	mux.Handle(checkoutscript.ListenerPath, checkoutscript.Listener(checkoutscript.CallbackPath))
	mux.Handle(cartLink.Pattern(), cartLink)
	mux.HandleFunc("GET /checkout", func(w http.ResponseWriter, r *http.Request) {
		before, _ := sessions.Load(r) // without a session Centra starts one
		cart, err := api.AsShopper(origin).Selection(r.Context(), before)
		if err != nil || sessions.Save(w, r, cart.Session) != nil {
			http.Error(w, "The checkout is not available.", http.StatusBadGateway)
			return
		}
		fmt.Fprintf(w, "<!doctype html><title>Checkout</title><p>%d items, %s</p>%s",
			len(cart.Items), cart.Totals.GrandTotalPrice, checkoutscript.Embed(cart, ""))
	})
	return mux
}

func must[T any](v T, err error) T {
	if err != nil {
		log.Fatal(err)
	}
	return v
}
