package centratest

import (
	"encoding/json"
	"io"
	"maps"
	"net/http"
	"strconv"
	"time"

	"github.com/centra-go/cartabandonment/centra/centratest/internal/graphql"
)

const maxRequestBytes = 1 << 20

// SetLatency delays every answer. A request that is cancelled while it waits
// changes nothing.
func (s *Server) SetLatency(latency time.Duration) {
	s.update(func() { s.latency = latency })
}

// call is a request on its way to an operation.
type call struct {
	record   *Request
	segments []string // of the path, escaped
	fault    *Fault   // nil: none
	locked   bool     // a payment-result was under way when it arrived
	left     bool     // no longer under way

	changes   bool // the cart
	completes bool // it is a payment-result

	session *session // nil for a token-less call, and in the Shop API
	cart    *cart
	line    string   // the line that an answer of the Shop API is about
	args    []string // the path's parameters, unescaped
	body    map[string]any
	bodyErr *reply // for operations that read the body

	graphql    *graphql.Request // Storefront API only; nil for one that does not fit the schema
	graphqlErr error            // what is wrong with it
}

// reply is an answer before the API's envelope is put around it.
type reply struct {
	status int
	body   object
	order  *cart // set where a payment has completed it
}

func refuse(status int, field, message string) *reply {
	return &reply{status: status, body: object{"errors": object{field: message}}}
}

func (s *Server) serveHTTP(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxRequestBytes))
	if err != nil {
		http.Error(w, "centratest: the body is too large or ended early", http.StatusRequestEntityTooLarge)
		return
	}
	if id := r.Header.Get("X-Correlation-ID"); id != "" {
		w.Header().Set("X-Correlation-ID", id)
	}
	c, latency := s.arrive(r, body)
	defer s.update(func() { s.leave(c) })
	s.wait(r, latency)
	if c.fault != nil && c.fault.act != nil {
		s.update(func() {
			c.record.Status = c.fault.status
			if !c.fault.hangs {
				s.leave(c)
			}
		})
		c.fault.act(s, w, r)
		return
	}
	lost := c.fault != nil && c.fault.lost
	if lost {
		c.fault = nil
	}
	answer := s.answer(c)
	if lost {
		panic(http.ErrAbortHandler)
	}
	out := answer.encode(c.record.API)
	if c.fault != nil {
		maps.Copy(w.Header(), c.fault.header)
	}
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Content-Length", strconv.Itoa(len(out)))
	w.WriteHeader(answer.status)
	_, _ = w.Write(out) // a client that has gone needs no answer
}

// answer finds the reply to a request and puts it into the envelope of its API.
func (s *Server) answer(c *call) (answer *reply) {
	c.body, c.bodyErr = decodeBody(c.record.Body)
	s.update(func() {
		switch c.record.API {
		case CheckoutAPI:
			answer = s.answerCheckout(c)
		case ShopAPI:
			answer = s.answerShop(c)
		case StorefrontAPI:
			answer = s.answerStorefront(c)
		default:
			answer = s.unknownRoute(c)
		}
		c.record.Status = answer.status
		s.leave(c) // before the client has the answer and sends the next request
	})
	return answer
}

// unknownRoute fails the test: a route that is not simulated must not pass for
// one that works, nor for a selection that is not found.
func (s *Server) unknownRoute(c *call) *reply {
	if s.tb != nil && !s.closed { // a report after the end of a test would panic
		s.tb.Errorf("centratest: this route is not simulated: %s %s %s", c.record.API, c.record.Method, showPath(c.segments))
	}
	return refuse(http.StatusNotFound, "route", "centratest: this route is not simulated")
}

// encode writes the body as PHP does, except for GraphQL.
func (r *reply) encode(api API) []byte {
	if api != StorefrontAPI {
		return appendPHP(nil, r.body)
	}
	out, err := json.Marshal(r.body)
	if err != nil {
		panic(err) // everything in it is made here
	}
	return out
}

// wait returns after the latency. A request that ends before is aborted, for
// nobody is left to answer.
func (s *Server) wait(r *http.Request, latency time.Duration) {
	if latency <= 0 {
		return
	}
	timer := time.NewTimer(latency)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-r.Context().Done():
		panic(http.ErrAbortHandler)
	case <-s.done:
		panic(http.ErrAbortHandler)
	}
}

// decodeBody reads the JSON object of a request; no body and PHP's [] are the empty one.
func decodeBody(body []byte) (map[string]any, *reply) {
	if len(body) == 0 || string(body) == "[]" {
		return nil, nil
	}
	var fields map[string]any
	if err := json.Unmarshal(body, &fields); err != nil {
		return nil, refuse(http.StatusBadRequest, "body", "not a JSON object")
	}
	return fields, nil
}
