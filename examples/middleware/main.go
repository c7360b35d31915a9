// Middleware puts the page behind the cart link in front of a shop that exists
// already, without touching its routes; robots.txt keeps what it has and gains
// a line:
//
//	CENTRA_SECRET=... go run ./examples/middleware -centra https://shop.centra.com/api/shop
//	curl -i http://127.0.0.1:8080/abandoned-cart/abeb59928306768d255e21920f9087a4?utm_source=rule
//	curl http://127.0.0.1:8080/robots.txt
//	curl http://127.0.0.1:8080/checkout
package main

import (
	"flag"
	"fmt"
	"log"
	"log/slog"
	"net/http"
	"os"

	"github.com/centra-go/cartabandonment/centra"
	"github.com/centra-go/cartabandonment/centra/session"
	"github.com/centra-go/cartabandonment/recovery"
)

func main() {
	url := flag.String("centra", os.Getenv("CENTRA_URL"), "base `URL` of the Shop API")
	flag.Parse()
	api, err := centra.NewShopAPI(*url, os.Getenv("CENTRA_SECRET"))
	if err != nil {
		log.Fatal(err)
	}
	handler, err := withRecovery(existingShop(), api)
	if err != nil {
		log.Fatal(err)
	}
	log.Fatal(http.ListenAndServe("127.0.0.1:8080", handler))
}

// withRecovery serves the cart link in front of a shop. The store has to be the
// one that the shop reads its visitors' carts from: one that fits the sessions
// it has is two methods.
func withRecovery(shop http.Handler, api *centra.ShopAPI) (http.Handler, error) {
	visitors, err := session.NewVisitors(session.Cookie{InsecurePlainHTTP: true}) // only because this is http://127.0.0.1
	if err != nil {
		return nil, err
	}
	cartLink, err := recovery.New(recovery.Config{
		API:      api,
		Visitors: visitors,
		CartLink: "http://127.0.0.1:8080/abandoned-cart/{selection}",
		Checkout: "/checkout",
		DeadLink: "/?cart=gone",
		Logger:   slog.Default(),

		InsecurePlainHTTP: true,
	})
	if err != nil {
		return nil, err
	}
	return cartLink.WrapRobotsTxt(cartLink.Wrap(shop)), nil
}

// existingShop stands for whatever router and handlers a shop has.
func existingShop() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /", func(w http.ResponseWriter, r *http.Request) { fmt.Fprintln(w, "the shop at", r.URL.Path) })
	mux.HandleFunc("GET /robots.txt", func(w http.ResponseWriter, _ *http.Request) {
		fmt.Fprint(w, "User-agent: *\nDisallow: /account/\n")
	})
	return mux
}
