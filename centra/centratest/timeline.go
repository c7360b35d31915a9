package centratest

import (
	"slices"
	"time"
)

// EventKind says what happened to a cart.
type EventKind string

// The events of a timeline.
const (
	CartCreated      EventKind = "cart created"
	ItemsChanged     EventKind = "items changed"
	FieldsUpdated    EventKind = "fields updated"
	CartAttached     EventKind = "cart attached"
	TokenRotated     EventKind = "token rotated"
	OrderCreated     EventKind = "orderCreated"
	CountdownStarted EventKind = "countdown started"
	CountdownStopped EventKind = "countdown stopped"
	MailSent         EventKind = "mail sent"
	OutOfStock       EventKind = "out of stock"
	PaymentStarted   EventKind = "payment started"
	OrderCompleted   EventKind = "orderCompleted"
)

// Event is one entry of the timeline. It holds no token, selection ID or
// personal data, so it can be shown and logged.
type Event struct {
	At     time.Time
	Kind   EventKind
	Cart   int    // a serial number that tells carts apart, not the selection ID
	Detail string // more to read, such as an item or a payment method; may be empty
}

type timeline struct {
	events    []Event
	observers []func(Event)
	untold    []Event
	telling   bool
}

// Timeline returns what happened, oldest first; of a long run the latest events.
func (s *Server) Timeline() []Event {
	s.update(s.sendDueMails)
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.timeline.events)
}

// OnEvent has observe called with every event from now on, one at a time and
// in order. It may call the Server's methods; a slow one holds up requests.
func (s *Server) OnEvent(observe func(Event)) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.timeline.observers = append(s.timeline.observers, observe)
}

func (s *Server) record(kind EventKind, c *cart, detail string) {
	event := Event{At: time.Now(), Kind: kind, Cart: c.number, Detail: detail}
	s.timeline.events = appendBounded(s.timeline.events, event)
	if len(s.timeline.observers) > 0 {
		s.timeline.untold = append(s.timeline.untold, event)
	}
}

// tellObservers runs without the lock. Whoever finds another caller (or its own
// observer) telling leaves its events to that one, which keeps them in order.
func (s *Server) tellObservers() {
	s.mu.Lock()
	defer s.mu.Unlock()
	t := &s.timeline
	if t.telling {
		return
	}
	t.telling = true
	defer func() { t.telling = false }()
	for len(t.untold) > 0 {
		event, observers := t.untold[0], t.observers
		t.untold = t.untold[1:]
		func() {
			s.mu.Unlock()
			defer s.mu.Lock()
			for _, observe := range observers {
				observe(event)
			}
		}()
	}
}

// maxRecorded bounds what a Server that runs for long remembers of each kind.
const maxRecorded = 10_000

func appendBounded[T any](list []T, next T) []T {
	if len(list) >= 2*maxRecorded {
		list = slices.Clone(list[len(list)-maxRecorded:])
	}
	return append(list, next)
}
