package main

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"sync"
	"time"

	"github.com/centra-go/cartabandonment/centra/centratest"
	"github.com/centra-go/cartabandonment/recovery"
)

// What follows is the demonstration and no part of a real shop: a Centra and a
// mailer in this process, their timeline, and ways to make them fail.

// newCentra is a Centra whose new carts have Klarna's widget.
func newCentra(o options) *centratest.Server {
	return centratest.New(
		centratest.WithProducts(catalogue...),
		centratest.WithPaymentMethod(centratest.KlarnaMethod),
		centratest.WithMailInterval(o.interval),
		centratest.WithCartLink(o.cartLink),
		centratest.WithSecret(cmp.Or(o.secret, centratest.Secret)),
		centratest.WithSessionModeToken(cmp.Or(o.secret, centratest.SessionModeToken)),
		centratest.WithAllowedOrigins(o.origin),
		centratest.WithoutSocket(),
	)
}

var catalogue = []centratest.Product{
	{Item: "1-1", ID: "1", Name: "Merino Beanie", URI: "merino-beanie", SKU: "BEANIE", Size: "One size", Price: 49900},
	{Item: "2-1", ID: "2", Name: "Linen Shirt", URI: "linen-shirt", SKU: "SHIRT-S", Size: "S", Price: 119900},
	{Item: "2-2", ID: "2", Name: "Linen Shirt", URI: "linen-shirt", SKU: "SHIRT-M", Size: "M", Price: 119900},
	{Item: "3-1", ID: "3", Name: "Raincoat", URI: "raincoat", SKU: "RAINCOAT", Size: "One size", Price: 289900},
	{Item: "4-1", ID: "4", Name: "Enamel Mug", URI: "enamel-mug", SKU: "MUG", Size: "3 dl", Price: 17900},
	{Item: "5-1", ID: "5", Name: "Wool Blanket", URI: "wool-blanket", SKU: "BLANKET", Size: "130 × 170 cm", Price: 159900},
	{Item: "6-1", ID: "6", Name: "Trail Boots", URI: "trail-boots", SKU: "BOOTS-39", Size: "39", Price: 229900},
	{Item: "6-2", ID: "6", Name: "Trail Boots", URI: "trail-boots", SKU: "BOOTS-42", Size: "42", Price: 229900},
}

// wares is the catalogue as a shop shows it.
func wares() []product {
	var products []product
	for _, c := range catalogue {
		one := size{Item: text(c.Item), Name: text(c.Size), Stock: "yes"}
		if last := len(products) - 1; last >= 0 && products[last].URI == text(c.URI) {
			products[last].Sizes = append(products[last].Sizes, one)
			continue
		}
		price := fmt.Sprintf("%d.%02d SEK", c.Price/100, c.Price%100)
		products = append(products, product{text(c.Name), text(c.URI), text(price), []size{one}})
	}
	return products
}

// demoState is what every page shows of the demonstration.
type demoState struct {
	Embedded   bool
	API        string
	Interval   time.Duration
	Mails      int
	Down, Slow bool
	Funnel     funnelCounts
}

// trouble is what a visitor has made go wrong.
type trouble struct {
	mu         sync.Mutex
	down, slow bool
}

func (s *site) demoState() demoState {
	state := demoState{Embedded: s.centra != nil, API: s.api, Interval: s.interval, Funnel: s.funnel.now()}
	if s.centra != nil {
		state.Mails = len(s.centra.Outbox())
	}
	s.trouble.mu.Lock()
	defer s.trouble.mu.Unlock()
	state.Down, state.Slow = s.trouble.down, s.trouble.slow
	return state
}

// makeTrouble is behind the buttons of "Make things go wrong".
func (s *site) makeTrouble(w http.ResponseWriter, r *http.Request) {
	switch r.PostFormValue("do") {
	case "sell-out":
		s.sellOut(w, r)
	case "restock":
		for _, p := range catalogue {
			s.centra.SetStock(p.Item, 1000)
		}
		s.timeline.add(entry{Kind: "put", From: "Demo", Title: "Everything is in stock again"})
	case "down":
		s.toggle(&s.trouble.down, "Centra is down", func(on bool) {
			if !on {
				s.centra.ClearFault()
				return
			}
			s.centra.SetFault(centratest.StatusFault(http.StatusServiceUnavailable, nil))
		})
	case "slow":
		s.toggle(&s.trouble.slow, "Centra takes 12 s for an answer", func(on bool) {
			latency := time.Duration(0)
			if on {
				latency = 12 * time.Second
			}
			s.centra.SetLatency(latency)
		})
	case "rotate":
		s.centra.RotateNext()
	case "expire":
		if token, err := s.sessions.Load(r); err == nil {
			s.centra.ExpireToken(string(token))
			s.timeline.add(entry{
				Kind: "trouble", From: "Centra", Title: "A session token has expired",
				Detail: "The next call starts a new session with an empty cart",
			})
		}
	default:
		http.Error(w, "there is no such button", http.StatusBadRequest)
		return
	}
	page := r.PostFormValue("page")
	if !slices.Contains([]string{"/", "/checkout", "/inbox"}, page) {
		page = "/"
	}
	http.Redirect(w, r, page, http.StatusSeeOther)
}

// sellOut has somebody else buy the last ones of the first item in the cart.
func (s *site) sellOut(w http.ResponseWriter, r *http.Request) {
	item := catalogue[0]
	if cart, err := s.readCart(w, r, s.visitor); err == nil && !cart.Empty() {
		i := slices.IndexFunc(catalogue, func(p centratest.Product) bool { return p.Item == cart.Items[0].Item })
		item = catalogue[max(i, 0)]
	}
	s.centra.SetStock(item.Item, 0)
	s.timeline.add(entry{Kind: "trouble", From: "Demo", Title: "Sold the last ones", Detail: item.Name})
}

func (s *site) toggle(on *bool, title string, apply func(on bool)) {
	s.trouble.mu.Lock()
	defer s.trouble.mu.Unlock()
	*on = !*on
	apply(*on)
	if *on {
		s.timeline.add(entry{Kind: "trouble", From: "Demo", Title: title})
		return
	}
	s.timeline.add(entry{Kind: "put", From: "Demo", Title: "Over: " + title})
}

// widget is the inside of the simulated Klarna iframe.
func (s *site) widget(w http.ResponseWriter, _ *http.Request) {
	s.write(w, http.StatusOK, "widget", view{})
}

// mail is one element of /inbox.json.
type mail struct {
	To      string    `json:"to"`
	Subject string    `json:"subject"`
	Link    string    `json:"link"`
	SentAt  time.Time `json:"sentAt"`
}

func (s *site) mails() []mail {
	mails := []mail{}
	if s.centra != nil {
		for _, m := range s.centra.Outbox() {
			mails = append(mails, mail(m))
		}
	}
	return mails
}

func (s *site) inboxJSON(w http.ResponseWriter, _ *http.Request) {
	if s.centra == nil {
		writeJSON(w, http.StatusNotFound, map[string]string{
			"error": "the mailer lives elsewhere: its e-mails are not seen here",
		})
		return
	}
	writeJSON(w, http.StatusOK, s.mails())
}

func (s *site) inbox(w http.ResponseWriter, r *http.Request) {
	mails := s.mails()
	slices.Reverse(mails)
	v := s.view(w, r, s.visitor, "Inbox")
	v.Page = mails
	s.write(w, http.StatusOK, "inbox", v)
}

func writeJSON(w http.ResponseWriter, status int, v any) {
	h := w.Header()
	h.Set("Content-Type", "application/json")
	h.Set("Cache-Control", "no-store")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(v) // a client that has gone needs no answer
}

// told turns what the embedded Centra and its mailer do into timeline entries.
// What only repeats a call is left out: tellCalls has it.
func told(e centratest.Event, interval time.Duration) (entry, bool) {
	next := entry{At: e.At, Cart: e.Cart, Detail: e.Detail}
	say := func(kind, from, title, detail string) (entry, bool) {
		next.Kind, next.From, next.Title, next.Detail = kind, from, title, cmp.Or(detail, e.Detail)
		return next, true
	}
	switch e.Kind {
	case centratest.CartCreated:
		return say("put", "Centra", "A cart is created", "")
	case centratest.ItemsChanged:
		return say("put", "Shop → Centra", "The cart changes", itemName(e.Detail))
	case centratest.TokenRotated:
		return say("put", "Centra", "The session token is rotated", "The new one is in the visitor's cookie")
	case centratest.OrderCreated:
		return say("mailer", "Centra → mailer", "orderCreated", "The subscriber is tagged")
	case centratest.CountdownStarted:
		due := e.At.Add(interval)
		next.Due = &due
		return say("mailer", "Mailer", "The countdown runs", "")
	case centratest.CountdownStopped:
		next.Ends = true
		return say("mailer", "Mailer", "The countdown is stopped", "No e-mail will be sent")
	case centratest.MailSent:
		next.Ends = true
		return say("mail", "Mailer → shopper", "“Cart abandoned” is sent", "See the inbox")
	case centratest.OutOfStock:
		return say("trouble", "Centra", "Out of stock", itemName(e.Detail))
	case centratest.OrderCompleted:
		next.Ends = true
		return say("order", "Centra → mailer", "orderCompleted", "")
	}
	return entry{}, false
}

func itemName(item string) string {
	for _, p := range catalogue {
		if p.Item == item {
			return p.Name
		}
	}
	return item
}

// watchRecovery writes down how visits of the cart link end, and which orders
// came of them.
func (s *site) watchRecovery(_ context.Context, o recovery.Outcome) {
	s.funnel.visit(o)
	next := entry{Kind: "recovery", From: "Shopper → shop", Title: "The cart link is opened", Detail: string(o.Code)}
	switch o.Code {
	case recovery.Recovered:
		next.Title, next.Detail = "The cart is recovered", "303 to the checkout"
	case recovery.OrderRecovered:
		next.Kind, next.From = "order", "Shop"
		next.Title, next.Detail = "A recovered cart is ordered", fmt.Sprintf("%.2f %s", o.Value, o.Currency)
	case recovery.AlreadyCurrent:
		next.Detail = "The visitor has this cart already"
	case recovery.Asked:
		next.Detail = "The visitor is asked first"
	case recovery.NotAPerson:
		next.Title, next.Detail = "A robot looks at the cart link", "Nothing is attached: "+o.Signature
	case recovery.NotFound, recovery.Malformed:
		next.Kind, next.Detail = "trouble", "There is no such cart"
	case recovery.Unavailable, recovery.Misconfigured:
		next.Kind, next.Detail = "trouble", "It cannot be opened now: "+string(o.Code)
	}
	s.tell(next)
}
