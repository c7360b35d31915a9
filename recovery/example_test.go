package recovery_test

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"

	"github.com/centra-go/cartabandonment/centra"
	"github.com/centra-go/cartabandonment/centra/centratest"
	"github.com/centra-go/cartabandonment/centra/session"
	"github.com/centra-go/cartabandonment/recovery"
)

// A shop with a mux of its own mounts the handler at its Pattern.
func ExampleNew() {
	server := centratest.New(centratest.WithoutSocket()) // in a shop: Centra
	defer server.Close()
	api, err := centra.NewCheckoutAPI(server.CheckoutURL(),
		centra.WithTransport(server.Client().Transport), centra.WithSecret(centratest.Secret))
	if err != nil {
		panic(err)
	}
	visitors, err := session.NewVisitors(session.Cookie{})
	if err != nil {
		panic(err)
	}
	carts, err := recovery.New(recovery.Config{
		API:      api,
		Visitors: visitors,
		CartLink: "https://example.com/abandoned-cart/{selection}", // as in the mailing plugin
		Checkout: "/checkout",
		DeadLink: "/cart-not-found",
		Observe:  func(_ context.Context, o recovery.Outcome) { fmt.Println("outcome:", o.Code) },
	})
	if err != nil {
		panic(err)
	}
	mux := http.NewServeMux()
	mux.Handle(carts.Pattern(), carts)

	_, selection := server.NewCart("1-1") // in the e-mail
	for _, link := range []string{"/abandoned-cart/" + selection + "?utm_source=rule", "/abandoned-cart/nonsense"} {
		answer := httptest.NewRecorder()
		mux.ServeHTTP(answer, httptest.NewRequest(http.MethodGet, link, nil))
		fmt.Println(answer.Code, answer.Header().Get("Location"))
	}
	// Output:
	// outcome: recovered
	// 303 /checkout?utm_source=rule
	// outcome: not_found
	// 303 /cart-not-found
}

// A shop with any other router puts the handler in front of all of it, with a
// checkout for each language, and adds the cart link to its robots.txt.
func ExampleHandler_Wrap() {
	server := centratest.New(centratest.WithoutSocket()) // in a shop: Centra
	defer server.Close()
	api, err := centra.NewShopAPI(server.ShopURL(), centratest.Secret, centra.WithTransport(server.Client().Transport))
	if err != nil {
		panic(err)
	}
	visitors, err := session.NewVisitors(session.Cookie{})
	if err != nil {
		panic(err)
	}
	carts, err := recovery.New(recovery.Config{
		API:      api,
		Visitors: visitors,
		CartLink: "https://example.com/abandoned-cart/{selection}",
		Checkout: "/en/checkout",
		Target: func(_ context.Context, sel *centra.Selection) string {
			return "/" + sel.Language + "/checkout"
		},
	})
	if err != nil {
		panic(err)
	}
	shop := http.NotFoundHandler() // in a shop: everything else
	shop = carts.WrapRobotsTxt(carts.Wrap(shop))

	_, selection := server.NewCart("1-1")
	for _, path := range []string{"/abandoned-cart/" + selection, "/robots.txt", "/products"} {
		answer := httptest.NewRecorder()
		shop.ServeHTTP(answer, httptest.NewRequest(http.MethodGet, path, nil))
		fmt.Print(answer.Code, " ", answer.Header().Get("Location"), answer.Body, "\n")
	}
	// Output:
	// 303 /sv/checkout
	// 200 User-agent: *
	// Disallow: /abandoned-cart/
	//
	// 404 404 page not found
}
