// Gorilla is a host on gorilla/mux, below /shop, with a cookie of gorilla/sessions. README.md says how to run it.
package main

import (
	"context"
	"fmt"
	"log"
	"net/http"
	"net/url"
	"os"

	"github.com/centra-go/cartabandonment/centra"
	"github.com/centra-go/cartabandonment/centra/session"
	"github.com/centra-go/cartabandonment/checkoutscript"
	"github.com/centra-go/cartabandonment/examples/frameworks/stores"
	"github.com/centra-go/cartabandonment/recovery"
	"github.com/gorilla/mux"
	"github.com/gorilla/sessions"
)

func main() {
	api := must(centra.NewCheckoutAPI(os.Getenv("CENTRA_URL"), centra.WithSecret(os.Getenv("CENTRA_SECRET"))))
	log.Fatal(http.ListenAndServe("127.0.0.1:8080", newHost(api, "http://127.0.0.1:8080")))
}

func newHost(api *centra.CheckoutAPI, origin string) http.Handler {
	store, router := sessions.NewCookieStore([]byte(os.Getenv("SESSION_KEY"))), mux.NewRouter()
	store.Options = &sessions.Options{Path: "/shop", HttpOnly: true, SameSite: http.SameSiteLaxMode} // on https Secure
	store.MaxAge(30 * 24 * 60 * 60)
	// glue:
	shopper, visitors := api.AsShopper(), must(session.NewVisitors(stores.Gorilla{Store: store, Name: "centra"}))
	callback := must(checkoutscript.New(checkoutscript.Config{
		API: shopper, Visitors: visitors, Consent: checkoutscript.AssumeConsent, Path: "/shop/centra/"}))
	cartLink := must(recovery.New(recovery.Config{ // on https without InsecurePlainHTTP
		API: api, Visitors: visitors, CartLink: origin + "/shop/abandoned-cart/{selection}",
		Checkout: "/shop/checkout", DeadLink: "/shop/checkout?cart=gone", InsecurePlainHTTP: true}))
	router.PathPrefix("/centra/").Handler(callback)
	router.Handle("/abandoned-cart/{selection}", cartLink)
	// end of the glue
	type call = func(context.Context, centra.Session) (centra.Session, error)
	visit := func(w http.ResponseWriter, r *http.Request, page func() string, ask call) {
		if err := visitors.Do(w, r, ask); err != nil {
			http.Error(w, "Please try again.", http.StatusServiceUnavailable)
			return
		}
		fmt.Fprint(w, page())
	}
	cart := func(w http.ResponseWriter, r *http.Request, method, path string) {
		var cart centra.Selection
		page := func() string { return fmt.Sprintf("<p>%d items</p>%s", len(cart.Items), callback.Embed(&cart, "")) }
		visit(w, r, page, func(ctx context.Context, s centra.Session) (centra.Session, error) {
			return shopper.Do(ctx, s, method, path, nil, &cart)
		})
	}
	router.HandleFunc("/cart/items/{item}", func(w http.ResponseWriter, r *http.Request) {
		cart(w, r, http.MethodPost, "/items/"+url.PathEscape(mux.Vars(r)["item"]))
	}).Methods(http.MethodPost)
	router.HandleFunc("/checkout", func(w http.ResponseWriter, r *http.Request) { cart(w, r, "GET", "/selection") })
	router.HandleFunc("/pay", func(w http.ResponseWriter, r *http.Request) {
		payment, next := centra.Payment{ReturnPage: origin + "/shop/checkout"}, new(centra.PaymentAction)
		payment.PaymentMethod = r.FormValue("method")
		page := func() string { return string(next.Action) + " " + next.URL }
		visit(w, r, page, func(ctx context.Context, s centra.Session) (_ centra.Session, err error) {
			if next, err = shopper.StartPayment(ctx, s, payment); err != nil {
				return "", err
			}
			return next.Session, nil
		})
	})
	return http.StripPrefix("/shop", router)
}

func must[T any](v T, err error) T {
	if err != nil {
		log.Fatal(err)
	}
	return v
}
