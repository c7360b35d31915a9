package centratest

import (
	"crypto/rand"
	"encoding/base32"
	"strings"
	"time"
)

// session is a shopper's session of the Checkout API or the Storefront API.
type session struct {
	cart      *cart
	ordered   *cart // the cart before, once it became an order
	token     string
	responses int
}

// token is a key to a session: its current one, or one that was rotated and
// still works for a while.
type token struct {
	session *session
	until   time.Time // zero: does not end
}

// RotateTokens gives every session a new token with each n-th of its responses,
// error responses included. Zero, the default, stops it.
func (s *Server) RotateTokens(n int) {
	s.update(func() { s.rotateEvery = max(n, 0) })
}

// RotateNext gives the session of the next response a new token. A response
// that starts a session does not count.
func (s *Server) RotateNext() {
	s.update(func() { s.rotateNext++ })
}

// ExpireToken makes the token unknown. The cart stays, but only its selection
// ID leads to it.
func (s *Server) ExpireToken(sessionToken string) {
	s.update(func() { delete(s.tokens, sessionToken) })
}

// SelectionOf returns the ID of the selection that the token is attached to,
// or "" for a token that does not work.
func (s *Server) SelectionOf(sessionToken string) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	if session := s.lookup(sessionToken); session != nil {
		return session.cart.id
	}
	return ""
}

func (s *Server) lookup(value string) *session {
	t := s.tokens[value]
	if t == nil {
		return nil
	}
	if expired := !t.until.IsZero() && !time.Now().Before(t.until); expired || t.session.cart.expired() {
		delete(s.tokens, value)
		return nil
	}
	return t.session
}

func (s *Server) newSession() *session {
	session := &session{cart: s.storeNewCart()}
	s.issueToken(session)
	return session
}

func (s *Server) issueToken(session *session) {
	// 26 characters, the shape of a PHP session ID.
	id := make([]byte, 16)
	rand.Read(id) // never fails
	session.token = strings.ToLower(base32.HexEncoding.WithPadding(base32.NoPadding).EncodeToString(id))
	s.tokens[session.token] = &token{session: session}
}

// resume finds the session of a request's token; fresh tells that it had to be started.
func (s *Server) resume(value string) (_ *session, fresh bool) {
	session := s.lookup(value)
	if session == nil {
		return s.newSession(), true
	}
	if session.cart.completed() {
		session.ordered, session.cart = session.cart, s.storeNewCart()
	}
	return session, false
}

// respond counts a response of the session and returns the token to answer
// with, a new one when it is time or when rotate says so.
func (s *Server) respond(session *session, fresh, rotate bool) string {
	session.responses++
	if fresh {
		return session.token
	}
	if s.rotateNext > 0 {
		s.rotateNext--
		rotate = true
	}
	if rotate || (s.rotateEvery > 0 && session.responses%s.rotateEvery == 0) {
		old := session.token
		s.issueToken(session)
		if grace := s.config.tokenGrace; grace > 0 {
			s.tokens[old].until = time.Now().Add(grace)
		} else {
			delete(s.tokens, old)
		}
		s.record(TokenRotated, session.cart, "")
	}
	return session.token
}
