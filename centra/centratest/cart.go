package centratest

import (
	"crypto/rand"
	"encoding/hex"
	"maps"
	"slices"
	"strconv"
	"time"
)

// How long a cart is kept after its last change. The Storefront API's carts are
// those that were made by a session of the Storefront API.
const (
	CartLifetime           = 30 * 24 * time.Hour
	StorefrontCartLifetime = 7 * 24 * time.Hour
)

// CartItem is one line of a [Cart].
type CartItem struct {
	Item     string
	Quantity int
}

// Cart is a snapshot of a selection.
type Cart struct {
	Selection string // the selection ID
	Items     []CartItem
	// Email is the address as it was last received at a place that counts.
	Email           string
	Address         map[string]any // as received
	ShippingAddress map[string]any // as received
	// OptedIn is the address that last came with the shopper's consent; empty once
	// consent was withdrawn.
	OptedIn string
	// CartAbandonmentEmail is the value as it was last received, so that the
	// text "true" can be told from the boolean; nil when never sent.
	CartAbandonmentEmail any
	// Fields holds the other fields as they were last received, at the top
	// level of PUT payment-fields, PUT checkout-fields or POST payment.
	Fields         map[string]any
	PaymentMethod  string
	ShippingMethod string
	Country        string
	Language       string
	Sessions       int       // sessions of the Checkout and the Storefront API that are attached now
	MailDue        time.Time // when the countdown ends; zero while none runs
	Order          string    // order number; empty until the payment is completed
	Completed      bool
}

// Lost reports whether something is in a cart that no session reaches any more:
// only its ID leads to it. That is right for a cart whose session took another
// one, and a mistake of the shop otherwise. A cart of the Shop API has no session.
func (c Cart) Lost() bool { return len(c.Items) > 0 && !c.Completed && c.Sessions == 0 }

type line struct {
	id       string
	item     string
	quantity int
}

type cart struct {
	id              string
	number          int // tells carts apart where an ID must not be shown
	changed         time.Time
	lifetime        time.Duration
	lines           []*line
	address         map[string]any
	shippingAddress map[string]any
	separateBilling bool // address is another one than shippingAddress, in the Storefront API
	email           string
	optedIn         string
	abandonment     any
	fields          map[string]any
	comment         any // nil until one was sent
	vouchers        []Voucher
	paymentMethod   string
	shippingMethod  string
	country         string
	state           string
	language        string
	snippets        int  // how often a widget's snippet was replaced
	replaceSnippet  bool // the next answer says so
	paymentRefs     []string
	returnPage      string
	retried         bool // its payment was sent back once, see RetryMethod
	processing      int  // payment-results under way
	order           string
}

func (c *cart) completed() bool { return c.order != "" }

func (c *cart) expired() bool { return time.Since(c.changed) >= c.lifetime }

// add returns the ID of the line.
func (c *cart) add(item string, quantity int) string {
	for _, l := range c.lines {
		if l.item == item {
			l.quantity += quantity
			return l.id
		}
	}
	added := &line{id: randomHex(), item: item, quantity: quantity}
	c.lines = append(c.lines, added)
	return added.id
}

// itemOf returns the item of a line, "" for a line that is not in the cart.
func (c *cart) itemOf(lineID string) string {
	for _, l := range c.lines {
		if l.id == lineID {
			return l.item
		}
	}
	return ""
}

func (c *cart) quantity(item string) int {
	for _, l := range c.lines {
		if l.item == item {
			return l.quantity
		}
	}
	return 0
}

// setQuantity reports whether the cart has the line; zero removes it.
func (c *cart) setQuantity(lineID string, quantity int) bool {
	i := slices.IndexFunc(c.lines, func(l *line) bool { return l.id == lineID })
	if i < 0 {
		return false
	}
	c.lines[i].quantity = quantity
	if quantity <= 0 {
		c.lines = slices.Delete(c.lines, i, i+1)
	}
	return true
}

// NewCart creates a cart with one of each item (an item named twice is there
// twice) in a session of the Checkout API or the Storefront API, and returns the session's token and
// the selection ID. It panics for an item that is not in the catalogue.
func (s *Server) NewCart(items ...string) (sessionToken, selection string) {
	s.update(func() {
		session := s.newSession()
		for _, item := range items {
			if _, known := s.product(item); !known {
				panic("centratest: NewCart: no item " + strconv.Quote(item) + " in the catalogue")
			}
			session.cart.add(item, 1)
		}
		sessionToken, selection = session.token, session.cart.id
	})
	return sessionToken, selection
}

// CompleteCart turns the cart into an order, as a payment would.
func (s *Server) CompleteCart(selection string) {
	s.update(func() {
		if c := s.liveCart(selection); c != nil {
			s.complete(c)
		}
	})
}

// Cart returns a snapshot of the selection, ordered ones too. An unknown or
// expired selection is the zero Cart.
func (s *Server) Cart(selection string) Cart {
	s.mu.Lock()
	defer s.mu.Unlock()
	c := s.carts[selection]
	if c == nil || (c.expired() && !c.completed()) {
		return Cart{}
	}
	return s.snapshot(c, s.sessionsOf()[c])
}

// Carts returns a snapshot of every cart that has not expired and of all orders,
// in the order in which they were made.
func (s *Server) Carts() []Cart {
	s.mu.Lock()
	defer s.mu.Unlock()
	sessions := s.sessionsOf()
	var carts []Cart
	for _, c := range slices.SortedFunc(maps.Values(s.carts), func(a, b *cart) int { return a.number - b.number }) {
		if !c.expired() || c.completed() {
			carts = append(carts, s.snapshot(c, sessions[c]))
		}
	}
	return carts
}

// sessionsOf counts the sessions that are attached to each cart.
func (s *Server) sessionsOf() map[*cart]int {
	sessions := make(map[*cart]int)
	for value, t := range s.tokens {
		if t.session.token == value {
			sessions[t.session.cart]++
		}
	}
	return sessions
}

func (s *Server) snapshot(c *cart, sessions int) Cart {
	snapshot := Cart{
		Selection:            c.id,
		Email:                c.email,
		Address:              maps.Clone(c.address),
		ShippingAddress:      maps.Clone(c.shippingAddress),
		OptedIn:              c.optedIn,
		CartAbandonmentEmail: c.abandonment,
		Fields:               maps.Clone(c.fields),
		PaymentMethod:        c.paymentMethod,
		ShippingMethod:       c.shippingMethod,
		Country:              c.country,
		Language:             c.language,
		Sessions:             sessions,
		Order:                c.order,
		Completed:            c.completed(),
	}
	for _, l := range c.lines {
		snapshot.Items = append(snapshot.Items, CartItem{l.item, l.quantity})
	}
	if countdown := s.countdowns[c]; countdown != nil {
		snapshot.MailDue = countdown.due
	}
	return snapshot
}

// newCart does not store the cart: a call without a session has a cart of its own.
func (s *Server) newCart() *cart {
	return &cart{
		id:             randomHex(),
		changed:        time.Now(),
		lifetime:       CartLifetime,
		paymentMethod:  s.config.paymentMethod,
		shippingMethod: "standard",
		country:        "SE",
		language:       "sv",
	}
}

func (s *Server) storeNewCart() *cart {
	c := s.newCart()
	s.cartCount++
	c.number = s.cartCount
	s.carts[c.id] = c
	s.record(CartCreated, c, "")
	return c
}

// liveCart returns nil for a selection that is unknown, expired or ordered.
func (s *Server) liveCart(selection string) *cart {
	c := s.carts[selection]
	if c == nil || c.completed() || c.expired() {
		return nil
	}
	return c
}

func randomHex() string {
	id := make([]byte, 16)
	rand.Read(id) // never fails
	return hex.EncodeToString(id)
}
