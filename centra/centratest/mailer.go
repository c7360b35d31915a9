package centratest

import (
	"net/mail"
	"slices"
	"strings"
	"time"
)

// Mail is a "Cart abandoned" e-mail.
type Mail struct {
	To      string
	Subject string
	Link    string // the cart link with the selection ID
	SentAt  time.Time
}

// countdown leads from orderCreated to one mail.
type countdown struct {
	to    string
	due   time.Time
	timer *time.Timer
}

// Outbox returns the e-mails sent so far, oldest first; of a long run the latest.
func (s *Server) Outbox() []Mail {
	s.update(s.sendDueMails)
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.outbox)
}

// reportOptIn keeps address and opt-in as they were received and tells the
// mailer: yes starts the countdown, for which both have to come together, and no
// stops it unless the Server was made [WithNoIgnored].
func (s *Server) reportOptIn(c *cart, email string, optIn any) {
	if email != "" {
		c.email = email
	}
	if optIn != nil {
		c.abandonment = optIn
	}
	switch {
	case optIn == true && validEmail(email):
		c.optedIn = email
		s.orderCreated(c, email)
	case optIn == false:
		c.optedIn = ""
		if !s.config.noIgnored && s.stopCountdown(c) {
			s.record(CountdownStopped, c, "consent withdrawn")
		}
	}
}

// orderCreated is what Centra reports to the mailer when a shopper has left an
// address. It starts the countdown again if one is running.
func (s *Server) orderCreated(c *cart, to string) {
	s.record(OrderCreated, c, "")
	if running := s.countdowns[c]; running != nil {
		running.timer.Stop()
	}
	if s.closed || s.carts[c.id] == nil { // a token-less call's cart is gone with it
		return
	}
	interval := s.config.mailInterval
	s.countdowns[c] = &countdown{
		to:    to,
		due:   time.Now().Add(interval),
		timer: time.AfterFunc(interval, func() { s.update(s.sendDueMails) }),
	}
	s.record(CountdownStarted, c, interval.String())
}

func (s *Server) orderCompleted(c *cart) {
	s.record(OrderCompleted, c, "order "+c.order)
	if s.stopCountdown(c) {
		s.record(CountdownStopped, c, "")
	}
}

func (s *Server) stopCountdown(c *cart) bool {
	running := s.countdowns[c]
	if running == nil {
		return false
	}
	running.timer.Stop()
	delete(s.countdowns, c)
	return true
}

// sendDueMails runs from the timers, and before the outbox is read: at the very
// moment a countdown ends a reader must not depend on whose turn it is.
func (s *Server) sendDueMails() {
	now := time.Now()
	var due []*cart
	for c, countdown := range s.countdowns {
		if !now.Before(countdown.due) {
			due = append(due, c)
		}
	}
	slices.SortFunc(due, func(a, b *cart) int { return s.countdowns[a].due.Compare(s.countdowns[b].due) })
	for _, c := range due {
		s.outbox = appendBounded(s.outbox, Mail{
			To:      s.countdowns[c].to,
			Subject: "You left something in your cart",
			Link:    strings.ReplaceAll(s.config.cartLink, "{selection}", c.id),
			SentAt:  s.countdowns[c].due,
		})
		s.stopCountdown(c)
		s.record(MailSent, c, "")
	}
}

func validEmail(text string) bool {
	address, err := mail.ParseAddress(text)
	return err == nil && address.Address == text
}
