package main

import (
	"net/http"

	"github.com/centra-go/cartabandonment/centra"
)

// tellCalls writes the calls to Centra that matter here into the timeline, each
// attempt of them. The operation's name tells which they are, without the IDs
// that are in their paths.
type tellCalls struct {
	next     http.RoundTripper
	timeline *timeline
}

// RoundTrip writes down the call before anything comes of it.
func (t tellCalls) RoundTrip(r *http.Request) (*http.Response, error) {
	op := centra.Operation(r.Context())
	if next, tell := calls[op]; tell {
		next.From, next.Detail = "Shop → Centra", op
		t.timeline.add(next)
	}
	return t.next.RoundTrip(r)
}

var (
	sendsDetails = entry{Kind: "put", Title: "The details are sent"}
	attaches     = entry{Kind: "recovery", Title: "The cart is asked for, to attach it to a session"}
	pays         = entry{Kind: "order", Title: "A payment is started"}
	handsOn      = entry{Kind: "order", Title: "The payment’s result is handed on"}
)

// calls are those that matter. The Shop API reads a cart to attach it.
var calls = map[string]entry{
	"PUT /payment-fields":                         sendsDetails,
	"PUT /selections/{selection}/checkout-fields": sendsDetails,
	"mutation setAddress":                         sendsDetails,
	"mutation handleWidgetEvent":                  sendsDetails,
	"mutation handleWidgetEventAndSetAddress":     sendsDetails,
	"PUT /selection/{selection}":                  attaches,
	"mutation setSelection":                       attaches,
	"POST /payment":                               pays,
	"POST /selections/{selection}/payment":        pays,
	"mutation paymentInstructions":                pays,
	"POST /payment-result":                        handsOn,
	"POST /selections/{selection}/payment-result": handsOn,
	"mutation paymentResult":                      handsOn,
}
