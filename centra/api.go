package centra

import (
	"context"
	"net/url"
)

// API is what all clients of this package have. A shop that may change its API
// later, or that puts a client of its own in front, writes against it.
type API interface {
	// Selection reads the cart of a session.
	Selection(ctx context.Context, s Session) (*Selection, error)
	// AttachSelection makes the cart called id the one of the session.
	AttachSelection(ctx context.Context, s Session, id SelectionID) (*Selection, error)
	// UpdateFields stores checkout fields in the cart of a session.
	UpdateFields(ctx context.Context, s Session, f Fields) (*Selection, error)
	// StartPayment begins to pay.
	StartPayment(ctx context.Context, s Session, p Payment) (*PaymentAction, error)
	// PaymentResult completes the order.
	PaymentResult(ctx context.Context, s Session, values url.Values) (*Order, error)
	// Do calls any other endpoint and returns the session to keep.
	Do(ctx context.Context, s Session, method, path string, in, out any) (Session, error)
}

var (
	_ API = (*CheckoutAPI)(nil)
	_ API = (*ShopAPI)(nil)
	_ API = (*StorefrontAPI)(nil)
)
