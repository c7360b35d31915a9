package main

import (
	"context"
	"errors"
	"math/rand/v2"
	"net"
	"net/http"
	"sync"
	"time"

	"github.com/centra-go/cartabandonment/centra/centratest"
)

// shopOrigin is how Centra knows the shop, wherever it listens.
const shopOrigin = "http://shop.example"

// phase is how Centra behaves.
type phase string

const (
	working     phase = "works"
	unreliable  phase = "is unreliable"
	unavailable phase = "answers 503"
	refusing    phase = "refuses connections"
	silent      phase = "is silent"
)

func (p phase) outage() bool { return p == unavailable || p == refusing || p == silent }

// upstream is the Centra that the webshop calls, on a socket that can be closed
// and opened again.
type upstream struct {
	*centratest.Server
	witness *witness
	api     string

	mu       sync.Mutex
	addr     string
	server   *http.Server // nil while connections are refused
	phase    phase
	back     time.Time // when the outage was over; zero before
	counts   map[phase]*traffic
	rng      *rand.Rand
	injected int // faults beside the outage
}

// traffic is what arrived at Centra. All attempts of one call have one
// X-Correlation-ID.
type traffic struct {
	requests int
	calls    map[string]bool
}

func newUpstream(o options) (*upstream, error) {
	u := &upstream{
		Server: centratest.New(
			centratest.WithProducts(wares(o.visitors)...),
			centratest.WithSecret(secret),
			centratest.WithSessionModeToken(secret),
			centratest.WithAllowedOrigins(shopOrigin),
			centratest.WithPaymentMethod(centratest.KlarnaMethod),
			centratest.WithMailInterval(24*time.Hour),
		),
		api:    o.api,
		addr:   "127.0.0.1:0",
		phase:  working,
		counts: make(map[phase]*traffic),
		rng:    rand.New(rand.NewPCG(o.seed, o.seed)),
	}
	u.witness = newWitness(u.Server, o.api)
	u.RotateTokens(o.rotate)
	return u, u.listen()
}

func (u *upstream) url() string {
	u.mu.Lock()
	defer u.mu.Unlock()
	return "http://" + u.addr + "/api/" + u.api
}

// listen opens the socket, a second time at the same address.
func (u *upstream) listen() error {
	u.mu.Lock()
	defer u.mu.Unlock()
	listener, err := net.Listen("tcp", u.addr)
	if err != nil {
		return errors.New("the simulated Centra cannot listen: " + err.Error())
	}
	u.addr = listener.Addr().String()
	u.server = &http.Server{Handler: u}
	go func(s *http.Server) { _ = s.Serve(listener) }(u.server)
	return nil
}

// refuse closes the socket and what is connected to it. Answers that are under way
// are still sent: one that brings a token and is lost costs a visitor the cart, and
// those that are to be lost are chosen elsewhere. What hangs is cut off.
func (u *upstream) refuse() {
	u.mu.Lock()
	server := u.server
	u.server = nil
	u.mu.Unlock()
	if server == nil {
		return
	}
	ctx, cancel := context.WithTimeout(context.Background(), time.Second)
	defer cancel()
	if server.Shutdown(ctx) != nil {
		_ = server.Close()
	}
}

// reconnect cuts all connections, idle ones too.
func (u *upstream) reconnect() error {
	u.refuse()
	return u.listen()
}

// open listens again. Somebody may have taken the port for a moment.
func (u *upstream) open(ctx context.Context) {
	for u.listen() != nil && ctx.Err() == nil {
		pause(ctx, 50*time.Millisecond)
	}
}

func (u *upstream) close() {
	u.refuse()
	u.Server.Close()
}

// arrive counts a request, and has it fail or its answer get lost where that is due.
func (u *upstream) arrive(call string) loss {
	u.mu.Lock()
	defer u.mu.Unlock()
	t := u.counts[u.phase]
	if t == nil {
		t = &traffic{calls: make(map[string]bool)}
		u.counts[u.phase] = t
	}
	t.requests++
	t.calls[call] = true
	if u.phase != unreliable || u.rng.Float64() >= faultShare {
		return arrives
	}
	u.injected++
	f := pickFault(u.rng)
	if f.loss == arrives {
		u.FailNext(f.fault)
	}
	return f.loss
}

func (u *upstream) turn(p phase) {
	u.mu.Lock()
	defer u.mu.Unlock()
	if u.phase.outage() && !p.outage() {
		u.back = time.Now()
	}
	u.phase = p
}

func (u *upstream) now() phase {
	u.mu.Lock()
	defer u.mu.Unlock()
	return u.phase
}

// outageEnd is zero before the outage is over.
func (u *upstream) outageEnd() time.Time {
	u.mu.Lock()
	defer u.mu.Unlock()
	return u.back
}

// forget starts counting again.
func (u *upstream) forget() {
	u.mu.Lock()
	defer u.mu.Unlock()
	clear(u.counts)
}

// load is traffic in numbers.
type load struct{ requests, calls int }

func (l load) ratio() float64 { return float64(l.requests) / float64(max(l.calls, 1)) }

func (u *upstream) count() (loads map[phase]load, injected int) {
	u.mu.Lock()
	defer u.mu.Unlock()
	loads = make(map[phase]load)
	for p, t := range u.counts {
		loads[p] = load{t.requests, len(t.calls)}
	}
	return loads, u.injected
}
