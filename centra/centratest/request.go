package centratest

import (
	"net/http"
	"slices"
	"strings"
	"time"
)

// API names one of Centra's three APIs.
type API string

// The three APIs.
const (
	CheckoutAPI   API = "checkout"
	ShopAPI       API = "shop"
	StorefrontAPI API = "storefront"
)

// Request is a request as it arrived. Its header and path hold secrets.
type Request struct {
	API       API // empty outside the three APIs
	Method    string
	Path      string // escaped, below the API's base URL and without a plugin ID: "/payment-fields"
	Header    http.Header
	Body      []byte
	At        time.Time
	Selection string // ID of the selection it was for; empty when there was none yet
	Fault     string // the scripted fault that answered it, if one did
	Status    int    // of the answer; 0 while there is none

	// Of the Storefront API only:
	Document     string         // the query
	Variables    map[string]any // as they were sent
	Operation    string         // the name of the operation in the document; may be empty
	Fields       []string       // the fields of the operation, "setAddress"
	AsksCheckout bool           // anywhere it asks for checkout, which makes Centra call other services
}

// Requests returns the requests in order of arrival; of a long run the latest.
// Headers and bodies are shared with the recording: read them only.
func (s *Server) Requests() []Request {
	s.mu.Lock()
	defer s.mu.Unlock()
	requests := make([]Request, len(s.requests))
	for i, r := range s.requests {
		requests[i] = *r
	}
	return requests
}

// MaxConcurrent returns how many requests that change the selection (anything
// but GET, HEAD and the Storefront API's queries) were under way at once, at most: from their arrival until
// their answer is decided, or a [HangFault] ends.
func (s *Server) MaxConcurrent(selection string) int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.maxInFlight[selection]
}

// arrive records the request and decides what depends on the order of arrival.
func (s *Server) arrive(r *http.Request, body []byte) (c *call, latency time.Duration) {
	s.mu.Lock()
	defer s.mu.Unlock()
	api, segments := splitPath(r.URL.EscapedPath())
	record := &Request{
		API:    api,
		Method: r.Method,
		Path:   "/" + strings.Join(segments, "/"),
		Header: r.Header.Clone(),
		Body:   body,
		At:     time.Now(),
	}
	switch api {
	case CheckoutAPI:
		if session := s.lookup(r.Header.Get("API-Token")); session != nil {
			record.Selection = session.cart.id
		}
	case StorefrontAPI:
		if session := s.lookup(bearer(r.Header)); session != nil {
			record.Selection = session.cart.id
		}
	case ShopAPI:
		if len(segments) > 1 && s.carts[segments[1]] != nil {
			record.Selection = segments[1]
		} else if isPaymentResult(segments) {
			fields, _ := decodeBody(body)
			result, _ := fields["paymentMethodFields"].(map[string]any)
			if paid := s.cartOfPayment(result); paid != nil {
				record.Selection = paid.id
			}
		}
	}
	s.requests = appendBounded(s.requests, record)
	c = &call{record: record, segments: segments, fault: s.takeFault()}
	c.changes, c.completes = changes(r.Method), isPaymentResult(segments)
	if api == StorefrontAPI {
		s.prepareStorefront(c)
	}
	if c.fault != nil {
		record.Fault = c.fault.name
	}
	if cart := s.carts[record.Selection]; cart != nil && c.changes {
		s.inFlight[cart.id]++
		s.maxInFlight[cart.id] = max(s.maxInFlight[cart.id], s.inFlight[cart.id])
		if c.completes {
			cart.processing++
		} else {
			c.locked = cart.processing > 0
		}
	}
	return c, s.latency
}

func (s *Server) leave(c *call) {
	cart := s.carts[c.record.Selection]
	if cart == nil || c.left || !c.changes {
		return
	}
	c.left = true
	if s.inFlight[cart.id]--; s.inFlight[cart.id] == 0 {
		delete(s.inFlight, cart.id)
	}
	if c.completes {
		cart.processing--
	}
}

func bearer(header http.Header) string {
	token, _ := strings.CutPrefix(header.Get("Authorization"), "Bearer ")
	return token
}

func changes(method string) bool {
	return !slices.Contains([]string{http.MethodGet, http.MethodHead}, method)
}

func isPaymentResult(segments []string) bool {
	return len(segments) > 0 && segments[len(segments)-1] == "payment-result"
}
