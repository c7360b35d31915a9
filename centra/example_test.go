package centra_test

import (
	"context"
	"encoding/json"
	"fmt"
	"log"
	"net/http"
	"net/url"

	"github.com/centra-go/cartabandonment/centra"
	"github.com/centra-go/cartabandonment/centra/centratest"
)

// simulated is a Centra in memory, with a Checkout API client that has its secret.
// The shop's own client has its Centra's URL and needs no WithTransport.
func simulated(opts ...centra.Option) (*centratest.Server, *centra.CheckoutAPI) {
	server := centratest.New(centratest.WithoutSocket())
	opts = append(opts, centra.WithTransport(server.Transport()), centra.WithSecret(centratest.Secret),
		centra.WithOrigin("https://example.com"))
	api, err := centra.NewCheckoutAPI(server.CheckoutURL(), opts...)
	if err != nil {
		log.Fatal(err)
	}
	return server, api
}

func ExampleNewCheckoutAPI() {
	api, err := centra.NewCheckoutAPI("https://shop.centra.com/api/checkout",
		centra.WithSecret("s3cret"),                  // of the plugin: stays on the server
		centra.WithOrigin("https://www.example.com"), // one of the plugin's allowed origins
	)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(api) // never the secret

	_, err = centra.NewCheckoutAPI("shop.centra.com/api/checkout")
	fmt.Println(err)
	// Output:
	// centra.CheckoutAPI(shop.centra.com)
	// centra: NewCheckoutAPI: the base URL must be absolute, such as https://shop.centra.com/api/checkout
}

// What browsers cause has the rights of a browser.
func ExampleCheckoutAPI_AsShopper() {
	server, api := simulated()
	defer server.Close()
	shopper := api.AsShopper()
	fmt.Println(api.HasSecret(), shopper.HasSecret())

	if _, err := shopper.Selection(context.Background(), ""); err != nil {
		log.Fatal(err)
	}
	sent := server.Requests()[0].Header
	fmt.Println("origin:", sent.Get("Origin"), "secret:", sent.Get("Authorization") != "")
	// Output:
	// true false
	// origin: https://example.com secret: false
}

// In the Shop API a session is the ID of a selection, which POST /selections makes.
func ExampleNewShopAPI() {
	server := centratest.New(centratest.WithoutSocket())
	defer server.Close()
	ctx := context.Background()

	api, err := centra.NewShopAPI(server.ShopURL(), centratest.Secret, centra.WithTransport(server.Transport()))
	if err != nil {
		log.Fatal(err)
	}
	var cart centra.Selection
	session, err := api.Do(ctx, "", http.MethodPost, "/selections", nil, &cart)
	if err != nil {
		log.Fatal(err)
	}
	if _, err = api.Do(ctx, session, http.MethodPost, "/selections/"+string(session)+"/items/1-1", nil, nil); err != nil {
		log.Fatal(err)
	}
	updated, err := api.UpdateFields(ctx, session, centra.Fields{Email: "kim@example.com", CartAbandonmentEmail: centra.Yes})
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(updated.Items[0].Product.Name, updated.ID == cart.ID)
	// Output:
	// Merino Beanie true
}

// A visitor without a session gets one with the first answer.
func ExampleCheckoutAPI_Selection() {
	server, api := simulated()
	defer server.Close()

	cart, err := api.Selection(context.Background(), "")
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println("empty:", cart.Empty(), "a session to keep:", cart.Session != "")
	// Output:
	// empty: true a session to keep: true
}

// What a cart link names becomes the visitor's cart. Package recovery does this,
// and asks first whoever has another one.
func ExampleCheckoutAPI_AttachSelection() {
	server, api := simulated()
	defer server.Close()
	ctx := context.Background()
	_, linked := server.NewCart("1-1", "2-1")

	id, err := centra.ParseSelectionID(linked) // what comes from outside is checked first
	if err != nil {
		log.Fatal(err)
	}
	cart, err := api.AttachSelection(ctx, "", id)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(len(cart.Items), cart.Totals.GrandTotalPrice)

	_, err = centra.ParseSelectionID("../../orders")
	fmt.Println(err)
	// Output:
	// 2 1698.00 SEK
	// centra: malformed selection ID
}

// An address and consent start the mailer's countdown. Package checkoutscript does
// this for a checkout's widget and for the shop's own form.
func ExampleCheckoutAPI_UpdateFields() {
	server, api := simulated()
	defer server.Close()
	ctx := context.Background()
	token, selection := server.NewCart("1-1")

	cart, err := api.AsShopper().UpdateFields(ctx, centra.Session(token), centra.Fields{
		Email:                "kim@example.com",
		CartAbandonmentEmail: centra.Yes, // or No; without either nothing is said about it
		Address:              &centra.Address{FirstName: "Kim", Country: "SE"},
		Extra:                map[string]any{"comment": "please ring twice"}, // what the types do not know
	})
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(cart.Address.FirstName)
	fmt.Println("a mail is due:", !server.Cart(selection).MailDue.IsZero())
	// Output:
	// Kim
	// a mail is due: true
}

// Whatever has no method of its own.
func ExampleCheckoutAPI_Do() {
	server, api := simulated()
	defer server.Close()
	ctx := context.Background()
	shopper := api.AsShopper()

	var cart centra.Selection
	session, err := shopper.Do(ctx, "", http.MethodPost, "/items/1-1", nil, &cart)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(cart.Items[0].Product.Name)

	// Any type that encoding/json can fill.
	var changed struct {
		Selection struct {
			Totals struct{ TotalQuantity json.Number }
		}
	}
	path := "/lines/" + url.PathEscape(cart.Items[0].Line) + "/quantity/3"
	session, err = shopper.Do(ctx, session, http.MethodPut, path, nil, &changed)
	fmt.Println(err, session == cart.Session, changed.Selection.Totals.TotalQuantity)
	// Output:
	// Merino Beanie
	// <nil> true 3
}

// Every call is told of once, after it has ended: for metrics and alerts.
func ExampleWithObserve() {
	server, api := simulated(centra.WithObserve(func(_ context.Context, c centra.Call) {
		fmt.Printf("%s %q status %d attempts %d failure %q cart %v\n",
			c.API, c.Op, c.StatusCode, c.Attempts, c.Failure, c.Cart)
	}))
	defer server.Close()
	ctx := context.Background()
	token, selection := server.NewCart("1-1")

	_, _ = api.Selection(ctx, centra.Session(token))
	server.CompleteCart(selection)
	_, _ = api.AttachSelection(ctx, "", centra.SelectionID(selection))
	// Output:
	// checkout "GET /selection" status 200 attempts 1 failure "" cart filled
	// checkout "PUT /selection/{selection}" status 404 attempts 1 failure "not_found" cart unknown
}

// A RoundTripper sees each attempt of a call. It names it by Operation: the URL can
// hold a selection ID.
func ExampleWithTransport() {
	server := centratest.New(centratest.WithoutSocket())
	defer server.Close()
	next := server.Transport() // a shop's is centra.NewTransport()

	api, err := centra.NewShopAPI(server.ShopURL(), centratest.Secret,
		centra.WithTransport(roundTripper(func(r *http.Request) (*http.Response, error) {
			resp, err := next.RoundTrip(r)
			if err == nil {
				fmt.Println(centra.Operation(r.Context()), resp.StatusCode)
			}
			return resp, err
		})))
	if err != nil {
		log.Fatal(err)
	}
	_, selection := server.NewCart("1-1")
	_, _ = api.Selection(context.Background(), centra.Session(selection))
	// Output:
	// GET /selections/{selection} 200
}

// The documentation names the field and not its place: take the one that starts the
// countdown in your Centra.
func ExampleWithEmailIn() {
	for _, places := range [][]centra.EmailPlace{
		{centra.TopLevel},
		{centra.InShippingAddress},
		{centra.TopLevel, centra.InAddress},
	} {
		server, api := simulated(centra.WithEmailIn(places...))
		token, _ := server.NewCart("1-1")
		_, err := api.UpdateFields(context.Background(), centra.Session(token),
			centra.Fields{Email: "kim@example.com", CartAbandonmentEmail: centra.Yes})
		if err != nil {
			log.Fatal(err)
		}
		fmt.Printf("%s\n", server.Requests()[0].Body)
		server.Close()
	}
	// Output:
	// {"email":"kim@example.com","cartAbandonmentEmail":true}
	// {"cartAbandonmentEmail":true,"shippingAddress":{"email":"kim@example.com"}}
	// {"address":{"email":"kim@example.com"},"cartAbandonmentEmail":true,"email":"kim@example.com"}
}
