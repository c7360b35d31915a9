package main

import (
	"bytes"
	"context"
	"io"
	"log"
	"net"
	"net/http"
	"sync"
	"time"

	"github.com/centra-go/cartabandonment/centra/centratest"
)

// phase is how Centra behaves.
type phase string

const (
	working     phase = "works"
	unavailable phase = "answers 503"
	refusing    phase = "refuses connections"
	silent      phase = "is silent"
)

// upstream is the Centra that the fleet calls: one, on a socket for each process,
// so that it is known which process an answer went to.
type upstream struct {
	*centratest.Server
	trace *trace

	mu      sync.Mutex
	addrs   []string
	servers []*http.Server // none while connections are refused
	phase   phase
	since   time.Time
}

func newUpstream(sockets int) (*upstream, error) {
	u := &upstream{
		Server: centratest.New(
			centratest.WithSecret(secret),
			centratest.WithAllowedOrigins(shopOrigin),
			centratest.WithPaymentMethod(centratest.SuccessMethod),
			centratest.WithMailInterval(24*time.Hour),
		),
		phase: working,
		since: time.Now(),
	}
	u.trace = newTrace(u.Server)
	for range sockets {
		u.addrs = append(u.addrs, "127.0.0.1:0")
	}
	u.RotateTokens(1)
	return u, u.listen()
}

func (u *upstream) url(process int) string {
	u.mu.Lock()
	defer u.mu.Unlock()
	return "http://" + u.addrs[process] + "/api/checkout"
}

// listen opens the sockets, a second time at the same addresses.
func (u *upstream) listen() error {
	u.mu.Lock()
	defer u.mu.Unlock()
	for i := len(u.servers); i < len(u.addrs); i++ {
		l, err := net.Listen("tcp", u.addrs[i])
		if err != nil {
			return err
		}
		u.addrs[i] = l.Addr().String()
		server := &http.Server{Handler: u.watched(i), ErrorLog: log.New(io.Discard, "", 0)}
		u.servers = append(u.servers, server)
		go func() { _ = server.Serve(l) }()
	}
	return nil
}

// refuse closes the sockets and what is connected to them.
func (u *upstream) refuse() {
	u.mu.Lock()
	defer u.mu.Unlock()
	for _, s := range u.servers {
		_ = s.Close()
	}
	u.servers = nil
}

func (u *upstream) close() {
	u.refuse()
	u.Server.Close()
}

func (u *upstream) turn(p phase) {
	u.mu.Lock()
	defer u.mu.Unlock()
	u.phase, u.since = p, time.Now()
}

func (u *upstream) now() phase {
	u.mu.Lock()
	defer u.mu.Unlock()
	return u.phase
}

// watched lets the trace see each request and its answer.
func (u *upstream) watched(process int) http.Handler {
	handler := u.Handler()
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		if err != nil {
			return
		}
		r.Body = io.NopCloser(bytes.NewReader(body))
		e := u.trace.arrive(process, r, body)
		answer := &held{ResponseWriter: w, status: http.StatusOK}
		func() {
			// Before anybody has read it; a fault may be a panic.
			defer func() { u.trace.leave(e, answer.status, answer.body.Bytes()) }()
			handler.ServeHTTP(answer, r)
		}()
		w.WriteHeader(answer.status)
		_, _ = w.Write(answer.body.Bytes())
	})
}

// held is an answer that has not been sent yet.
type held struct {
	http.ResponseWriter
	status int
	body   bytes.Buffer
}

func (h *held) WriteHeader(status int)      { h.status = status }
func (h *held) Write(b []byte) (int, error) { return h.body.Write(b) }

// outage takes Centra away for a while and shows the three faces of it. A token
// that changes in an answer which nobody gets is lost with any shop, so that none
// changes at the moment in which connections are cut.
func (u *upstream) outage(ctx context.Context, d time.Duration) {
	u.turn(unavailable)
	u.SetFault(centratest.StatusFault(http.StatusServiceUnavailable, nil))
	pause(ctx, d/3-quiet)
	u.quietly(ctx, u.refuse)
	u.turn(refusing)
	pause(ctx, d/3-quiet)
	u.SetFault(centratest.HangFault())
	u.turn(silent)
	u.open(ctx)
	pause(ctx, d/3)
	u.back(ctx)
}

const quiet = 300 * time.Millisecond

func (u *upstream) quietly(ctx context.Context, cut func()) {
	u.RotateTokens(0)
	pause(ctx, quiet)
	cut()
}

// back ends an outage, with the sockets of a Centra that was started again.
func (u *upstream) back(ctx context.Context) {
	u.refuse()
	u.ClearFault()
	u.RotateTokens(1)
	u.turn(working)
	u.open(ctx)
}

// open listens again. Somebody may have taken a port for a moment.
func (u *upstream) open(ctx context.Context) {
	for u.listen() != nil && ctx.Err() == nil {
		pause(ctx, 50*time.Millisecond)
	}
}

func pause(ctx context.Context, d time.Duration) {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-ctx.Done():
	}
}
