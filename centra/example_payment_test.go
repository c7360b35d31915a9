package centra_test

import (
	"context"
	"errors"
	"fmt"
	"log"
	"net/http"
	"net/url"

	"github.com/centra-go/cartabandonment/centra"
	"github.com/centra-go/cartabandonment/centra/centratest"
)

// Centra says what the shop does next.
func ExampleCheckoutAPI_StartPayment() {
	server, api := simulated()
	defer server.Close()
	token, _ := server.NewCart("1-1")

	action, err := api.AsShopper().StartPayment(context.Background(), centra.Session(token), centra.Payment{
		Fields: centra.Fields{
			Email: "kim@example.com", CartAbandonmentEmail: centra.Yes,
			Address: &centra.Address{Country: "SE"},
		},
		ReturnPage:         "https://example.com/thank-you", // see PaymentResult
		FailedPage:         "https://example.com/checkout",
		TermsAndConditions: true,
	})
	if err != nil {
		log.Fatal(err) // see the examples of OutOfStockError and Error
	}
	switch action.Action {
	case centra.ActionRedirect:
		target, _ := url.Parse(action.URL)
		fmt.Println("redirect to", target.Host)
	case centra.ActionForm: // FormHTML is for the page, as it is
	case centra.ActionJavaScript: // Code, and FormFields, are for the page, as they are
	case centra.ActionSuccess:
		fmt.Println("paid already:", action.Order.Order)
	case centra.ActionFailed: // let the shopper choose again
	default: // centra.ActionExternal, and what Centra may add: see Raw
	}
	// Output:
	// redirect to example.com
}

// On the return page, with every GET and POST variable that the shopper brought.
func ExampleCheckoutAPI_PaymentResult() {
	server, api := simulated()
	defer server.Close()
	ctx := context.Background()
	token, _ := server.NewCart("1-1")
	session := centra.Session(token)
	action, err := api.StartPayment(ctx, session, centra.Payment{
		Fields:     centra.Fields{PaymentMethod: centratest.RetryMethod}, // which sends the shopper away twice
		ReturnPage: "https://example.com/thank-you",
	})
	if err != nil {
		log.Fatal(err)
	}
	returned, _ := url.Parse(action.URL)

	for range 2 {
		order, err := api.PaymentResult(ctx, session, returned.Query())
		switch {
		case errors.Is(err, centra.ErrOutcomeUnknown):
			// It may be paid. Read the cart before anything is said; do not ask again.
		case err != nil:
			log.Fatal(err)
		case order.Next != nil: // not over yet: what StartPayment's switch does
			fmt.Println("next:", order.Next.Action)
			returned, _ = url.Parse(order.Next.URL)
		default:
			fmt.Println("paid:", order.Totals.GrandTotalPrice)
		}
	}
	// Output:
	// next: redirect
	// paid: 499.00 SEK
}

// What was sold meanwhile is no failure of the shop: show the cart as it is now.
func ExampleOutOfStockError() {
	server, api := simulated()
	defer server.Close()
	token, _ := server.NewCart("1-1", "2-1")
	server.SetStock("1-1", 0)

	_, err := api.StartPayment(context.Background(), centra.Session(token),
		centra.Payment{ReturnPage: "https://example.com/thank-you"})
	var gone *centra.OutOfStockError
	if errors.As(err, &gone) {
		for _, item := range gone.Items {
			fmt.Printf("%s: %d of %d left\n", item.Item, item.Available, item.OriginalQuantity)
		}
		if gone.Selection != nil { // not every answer shows it
			fmt.Println("still in the cart:", gone.Selection.Items[0].Product.Name)
		}
	}
	// Output:
	// 1-1: 0 of 1 left
	// still in the cart: Café Shirt
}

// errors.Is tells the kinds of failure apart; what is none of them is Centra's
// refusal, with words for the shopper.
func ExampleError() {
	server, api := simulated(centra.WithRetry(centra.Retry{}))
	defer server.Close()
	ctx := context.Background()
	token, _ := server.NewCart("1-1")

	look := func(f centra.Fields) {
		_, err := api.UpdateFields(ctx, centra.Session(token), f)
		var failed *centra.Error
		switch {
		case err == nil:
			fmt.Println("done")
		case errors.Is(err, centra.ErrSelectionNotFound):
			fmt.Println("the cart is gone")
		case errors.Is(err, centra.ErrUnavailable), errors.Is(err, centra.ErrRateLimited):
			errors.As(err, &failed)
			fmt.Println("later, not before", failed.RetryAfter)
		case errors.Is(err, centra.ErrUnauthorized), errors.Is(err, centra.ErrInvalidResponse):
			fmt.Println("the shop has to act") // and err is safe to log
		case errors.As(err, &failed):
			fmt.Println("refused:", failed.Fields)
		}
	}
	server.FailNext(centratest.StatusFault(http.StatusForbidden, nil))
	look(centra.Fields{Email: "kim@example.com"})
	server.FailNext(centratest.RetryAfterFault(http.StatusServiceUnavailable, "30"))
	look(centra.Fields{Email: "kim@example.com"})
	server.FailNext(centratest.StatusFault(http.StatusBadRequest, map[string]string{"email": "is not valid"}))
	look(centra.Fields{Email: "kim@example"})
	// Output:
	// the shop has to act
	// later, not before 30s
	// refused: map[email:is not valid]
}
