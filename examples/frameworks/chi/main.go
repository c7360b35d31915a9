// Chi is a host on chi, with the session in the scs session of the shop. README.md says how to run it.
package main

import (
	"context"
	"fmt"
	"log"
	"net/http"
	"net/url"
	"os"
	"time"

	"github.com/alexedwards/scs/v2"
	"github.com/centra-go/cartabandonment/centra"
	"github.com/centra-go/cartabandonment/centra/session"
	"github.com/centra-go/cartabandonment/checkoutscript"
	"github.com/centra-go/cartabandonment/examples/frameworks/stores"
	"github.com/centra-go/cartabandonment/recovery"
	"github.com/go-chi/chi/v5"
)

func main() {
	api := must(centra.NewCheckoutAPI(os.Getenv("CENTRA_URL"), centra.WithSecret(os.Getenv("CENTRA_SECRET"))))
	log.Fatal(http.ListenAndServe("127.0.0.1:8080", newHost(api, "http://127.0.0.1:8080")))
}

func newHost(api *centra.CheckoutAPI, origin string) http.Handler {
	sessions, router := scs.New(), chi.NewRouter() // on https set sessions.Cookie.Secure
	sessions.Lifetime = 30 * 24 * time.Hour        // as long as Centra keeps a cart
	router.Use(sessions.LoadAndSave)
	// glue:
	shopper, visitors := api.AsShopper(), must(session.NewVisitors(stores.InSCS{Sessions: sessions, Key: "centra"}))
	callback := must(checkoutscript.New(checkoutscript.Config{
		API: shopper, Visitors: visitors, Consent: checkoutscript.AssumeConsent}))
	cartLink := must(recovery.New(recovery.Config{ // on https without InsecurePlainHTTP
		API: api, Visitors: visitors, CartLink: origin + "/abandoned-cart/{selection}",
		Checkout: "/checkout", DeadLink: "/checkout?cart=gone", InsecurePlainHTTP: true}))
	router.Handle("/centra/*", callback)
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
	router.Post("/cart/items/{item}", func(w http.ResponseWriter, r *http.Request) {
		cart(w, r, http.MethodPost, "/items/"+url.PathEscape(chi.URLParam(r, "item")))
	})
	router.Get("/checkout", func(w http.ResponseWriter, r *http.Request) { cart(w, r, http.MethodGet, "/selection") })
	router.Post("/pay", func(w http.ResponseWriter, r *http.Request) {
		payment, next := centra.Payment{ReturnPage: origin + "/checkout"}, new(centra.PaymentAction)
		payment.PaymentMethod = r.FormValue("method")
		page := func() string { return string(next.Action) + " " + next.URL }
		visit(w, r, page, func(ctx context.Context, s centra.Session) (_ centra.Session, err error) {
			if next, err = shopper.StartPayment(ctx, s, payment); err != nil {
				return "", err
			}
			return next.Session, nil
		})
	})
	return router
}

func must[T any](v T, err error) T {
	if err != nil {
		log.Fatal(err)
	}
	return v
}
