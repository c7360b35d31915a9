package centra

import (
	"fmt"
	"io"
)

// OutOfStockError is the 410 that says that something in the cart was sold
// meanwhile. Any call may fail with it; it is usual for StartPayment, and
// PaymentResult answers it where the payment was cancelled for that reason.
type OutOfStockError struct {
	Items []UnavailableItem `json:"-"`
	// Selection is the cart as it stands now, without those items; nil where the
	// answer did not show it.
	Selection *Selection `json:"-"`
	// Cancellation is the payment that was cancelled; nil where none was.
	Cancellation *Cancellation `json:"-"`
	Err          *Error        // the call
}

// UnavailableItem is one line that the stock no longer covers.
type UnavailableItem struct {
	Item             string `json:"item"`    // the display item, e.g. "1-1"
	Product          string `json:"product"` // the product's ID
	OriginalQuantity int    `json:"originalQuantity"`
	Unavailable      int    `json:"unavailable"` // how many of them are gone
	Available        int    `json:"available"`   // how many are left
}

// Cancellation is a payment that Centra has cancelled.
type Cancellation struct {
	GrandTotalPrice         string  `json:"grandTotalPrice"`
	GrandTotalPriceAsNumber float64 `json:"grandTotalPriceAsNumber"`
	Currency                string  `json:"currency"`
}

// Error says how many items are out of stock, not which.
func (e *OutOfStockError) Error() string {
	call := "centra"
	if e.Err != nil {
		call = e.Err.Error()
	}
	return fmt.Sprintf("%s: %d items out of stock", call, len(e.Items))
}

// GoString returns the text of Error.
func (e OutOfStockError) GoString() string { return e.Error() }

// Format prints the text of Error whatever the verb.
func (e OutOfStockError) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, e.Error()) }

// Unwrap returns the [*Error] of the call.
func (e *OutOfStockError) Unwrap() error {
	if e.Err == nil {
		return nil
	}
	return e.Err
}

// shortage is what a 410 says of the stock.
type shortage struct {
	items        []UnavailableItem
	cancellation *Cancellation
}

func (s *shortage) decode(d *decoder) (envelope, error) {
	return decodeBody(d, func(top *envelope) {
		switch string(d.key) {
		case "unavailable":
			s.items = nil
			for end := d.list(); d.element(end); {
				var item UnavailableItem
				item.decode(d)
				s.items = append(s.items, item)
			}
		case "cancellation":
			s.cancellation = nil
			if d.peek() == '{' {
				s.cancellation = new(Cancellation)
				s.cancellation.decode(d)
			} else {
				d.skip()
			}
		default:
			top.member(d)
		}
	})
}

func (i *UnavailableItem) decode(d *decoder) {
	if !d.object() {
		return
	}
	for d.next() {
		switch string(d.key) {
		case "item":
			i.Item = d.text()
		case "product":
			i.Product = d.text()
		case "originalQuantity":
			i.OriginalQuantity = d.int()
		case "unavailable":
			i.Unavailable = d.int()
		case "available":
			i.Available = d.int()
		default:
			d.skip()
		}
	}
}

func (c *Cancellation) decode(d *decoder) {
	d.object()
	for d.next() {
		switch string(d.key) {
		case "grandTotalPrice":
			c.GrandTotalPrice = d.text()
		case "grandTotalPriceAsNumber":
			c.GrandTotalPriceAsNumber = d.float()
		case "currency":
			c.Currency = d.text()
		default:
			d.skip()
		}
	}
}
