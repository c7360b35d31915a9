package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"path"
	"sync"
	"time"

	"github.com/centra-go/cartabandonment/centra/centratest"
)

// trace is what Centra sees of the fleet: whose calls meet, which token went to
// which process, and which address arrived in which cart.
type trace struct {
	centra *centratest.Server

	mu       sync.Mutex
	visitors map[string]*visits    // by any token that they ever had
	issued   map[string]bool       // all tokens
	arrived  map[arrival]time.Time // the first time
	last     map[string]issue      // the newest token of a cart
	meetings []meeting             // two calls at once for one visitor
	requests int
}

// visits are the calls of one visitor that are under way.
type visits struct {
	began time.Time
	under map[*exchange]bool
}

// exchange is a request to Centra.
type exchange struct {
	process int
	path    string
	call    string // all attempts of a call have the same
	token   string
	cart    string // of an address
	email   string
	at      time.Time
	visitor *visits
	left    time.Time
	broken  time.Time // when its connection was lost; zero if it was not
}

// issue is a token's beginning.
type issue struct {
	process int
	at      time.Time
}

type arrival struct{ cart, email string }

// meeting is two calls at once for one visitor.
type meeting struct{ earlier, later *exchange }

// real tells it from a call whose process has given it up, or is gone, which Centra
// notices a moment later.
func (m meeting) real() bool {
	return m.earlier.broken.IsZero() || m.earlier.broken.After(m.later.at.Add(50*time.Millisecond))
}

// String says when which processes met, without a token or an ID.
func (m meeting) String() string {
	say := func(e *exchange) string {
		return fmt.Sprintf("%s from process %d, %s to %s", e.path, e.process,
			e.at.Format("15:04:05.000"), e.left.Format("15:04:05.000"))
	}
	return say(m.earlier) + ", and " + say(m.later)
}

func newTrace(c *centratest.Server) *trace {
	return &trace{
		centra: c, visitors: make(map[string]*visits), issued: make(map[string]bool),
		last: make(map[string]issue), arrived: make(map[arrival]time.Time),
	}
}

func (t *trace) arrive(process int, r *http.Request, body []byte) *exchange {
	e := &exchange{
		process: process, path: path.Base(r.URL.Path), at: time.Now(),
		call: r.Header.Get("X-Correlation-ID"), token: r.Header.Get("API-Token"),
	}
	if e.path == "payment-fields" {
		var fields struct {
			Email string `json:"email"`
			OptIn any    `json:"cartAbandonmentEmail"`
		}
		if json.Unmarshal(body, &fields) == nil && fields.OptIn == true {
			e.email, e.cart = fields.Email, t.centra.SelectionOf(e.token)
		}
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	t.requests++
	if e.token == "" || e.token == "none" {
		return e
	}
	v := t.visitors[e.token]
	if v == nil {
		v = &visits{e.at, make(map[*exchange]bool)}
		t.visitors[e.token] = v
	}
	for other := range v.under {
		if other.call != e.call { // else a client that has given up its first attempt
			t.meetings = append(t.meetings, meeting{other, e})
		}
	}
	v.under[e] = true
	e.visitor = v
	context.AfterFunc(r.Context(), func() {
		t.mu.Lock()
		defer t.mu.Unlock()
		if v.under[e] {
			e.broken = time.Now()
		}
	})
	return e
}

var tokenMember = []byte(`"token":"`)

// leave is told before the answer's connection is free again.
func (t *trace) leave(e *exchange, status int, answer []byte) {
	_, rest, _ := bytes.Cut(answer, tokenMember)
	token, _, _ := bytes.Cut(rest, []byte(`"`))
	next, now := string(token), time.Now()
	cart := t.centra.SelectionOf(next)
	t.mu.Lock()
	defer t.mu.Unlock()
	e.left = now
	if e.visitor != nil {
		delete(e.visitor.under, e)
	}
	if next != "" {
		t.issued[next] = true
		t.last[cart] = issue{e.process, now}
		if e.visitor != nil {
			t.visitors[next] = e.visitor
		}
	}
	taken := e.email != "" && status == http.StatusOK && next != "" // a silent Centra says nothing
	if first := (arrival{e.cart, e.email}); taken && t.arrived[first].IsZero() {
		t.arrived[first] = now
	}
}

// arrivedAt is when an address first arrived in a cart; zero if it never did.
func (t *trace) arrivedAt(cart, email string) time.Time {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.arrived[arrival{cart, email}]
}

// lastIssue says where a cart's newest token went.
func (t *trace) lastIssue(cart string) issue {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.last[cart]
}

func (t *trace) count() int {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.requests
}

// canaries are all tokens and IDs that Centra has given, and the secret.
func (t *trace) canaries() map[string]bool {
	all := map[string]bool{secret: true}
	t.mu.Lock()
	for token := range t.visitors {
		all[token] = true
	}
	for token := range t.issued {
		all[token] = true
	}
	t.mu.Unlock()
	for _, cart := range t.centra.Carts() {
		all[cart.Selection] = true
	}
	return all
}

// underWay lists the processes of the calls that are under way.
func (t *trace) underWay() (processes []int) {
	t.mu.Lock()
	defer t.mu.Unlock()
	seen := make(map[*visits]bool)
	for _, v := range t.visitors {
		if seen[v] {
			continue
		}
		seen[v] = true
		for e := range v.under {
			processes = append(processes, e.process)
		}
	}
	return processes
}
