package centra_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"

	"github.com/centra-go/cartabandonment/centra"
	"github.com/centra-go/cartabandonment/centra/centratest"
)

func ExampleNewStorefrontAPI() {
	simulated := centratest.New(centratest.WithoutSocket()) // yours is at Centra
	defer simulated.Close()
	ctx := context.Background()

	// The endpoint and the session mode token are those of the plugin.
	api, err := centra.NewStorefrontAPI(simulated.StorefrontURL(), centratest.SessionModeToken,
		centra.WithTransport(simulated.Transport()))
	if err != nil {
		fmt.Println(err)
		return
	}

	// Whatever this package has no method for is a document of your own.
	var cart centra.Selection
	session, err := api.Do(ctx, "", http.MethodPost,
		`mutation addItem($item: String!) { addItem(item: $item) { ...answered } }`, map[string]any{"item": "1-1"}, &cart)
	if err != nil {
		fmt.Println(err)
		return
	}

	// At the checkout, with the visitor's consent.
	checkout, err := api.AtCheckout().UpdateFields(ctx, session, centra.Fields{
		Email: "kim@example.com", CartAbandonmentEmail: centra.Yes,
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(checkout.Items[0].Product.Name, checkout.Totals.GrandTotalPrice, checkout.ShippingAddress.Country)

	// What Centra refuses is for the shopper to read.
	_, err = api.UpdateFields(ctx, checkout.Session, centra.Fields{ShippingAddress: &centra.Address{Country: "XX"}})
	var refused *centra.Error
	if errors.As(err, &refused) {
		fmt.Println(refused.Fields)
	}
	// Output:
	// Merino Beanie 499.00 SEK SE
	// map[shippingAddress.country:country not found]
}
