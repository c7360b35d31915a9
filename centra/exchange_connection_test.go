package centra_test

import (
	"context"
	"errors"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/centra-go/cartabandonment/centra"
)

var silent = log.New(io.Discard, "", 0)

// A server that closes a kept connection just as a request comes must not cost
// a PUT, and must not get a POST twice.
func TestStaleConnection(t *testing.T) {
	tests := []struct {
		name string
		end  func(faultyConn)
	}{
		{"closed", func(faultyConn) {}},
		{"reset", faultyConn.reset},
		{"reset after the body", func(c faultyConn) { c.readBody(); c.reset() }},
	}
	noGoroutineLeft(t)
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			// The first request of a connection is answered, the second ends it.
			newServer := func() *faultyServer {
				var served sync.Map
				return newFaultyServer(t, func(c faultyConn) bool {
					if _, again := served.LoadOrStore(c.RemoteAddr().String(), true); again {
						test.end(c)
						return false
					}
					c.answer(200, "", fitsAll)
					return true
				})
			}
			for name, call := range map[string]call{"GET": readSelection, "PUT": updateFields, "PUT without a body": attachSelection} {
				server := newServer()
				c := newCheckout(t, server.url, quickRetries())
				for i := range 20 {
					if err := call(t.Context(), c, token); err != nil {
						t.Fatalf("%s %d: %v", name, i, err)
					}
				}
			}

			server := newServer()
			c := newCheckout(t, server.url, quickRetries())
			for i := range 20 {
				before, _ := server.counts()
				err := startPayment(t.Context(), c, token)
				after, _ := server.counts()
				if after-before > 1 {
					t.Fatalf("POST %d was sent %d times", i, after-before)
				}
				if err != nil && !errors.Is(err, centra.ErrOutcomeUnknown) {
					t.Fatalf("POST %d: %v", i, err)
				}
			}
		})
	}
}

// Where the server closed a kept connection a while ago, even a POST finds a new
// one.
func TestConnectionClosedWhileIdle(t *testing.T) {
	server := newFaultyServer(t, func(c faultyConn) bool { c.answer(200, "", fitsAll); return false })
	c := newCheckout(t, server.url)
	for i := range 5 {
		if err := startPayment(t.Context(), c, token); err != nil {
			t.Fatalf("POST %d: %v", i, err)
		}
		time.Sleep(20 * time.Millisecond) // until the FIN was seen
	}
	if calls, conns := server.counts(); calls != 5 || conns != 5 {
		t.Errorf("%d calls on %d connections, want 5 on 5", calls, conns)
	}
}

// One connection serves calls in a row, whatever their outcome, and a failure
// leaves the host's other connections alone.
func TestConnectionsAreReused(t *testing.T) {
	elsewhere := newFaultyServer(t, func(c faultyConn) bool { c.answer(200, "", "x"); return true })
	statuses := []int{200, 503, 400, 502, 200, 404, 429, 503, 302, 200}
	server := newFaultyServer(t, func(c faultyConn) bool {
		c.answer(statuses[(c.nth-1)%len(statuses)], "Location: /x\r\n", padding(5<<10))
		return true
	})
	transport := &http.Transport{}
	defer transport.CloseIdleConnections()
	host := &http.Client{Transport: transport}
	c := newCheckout(t, server.url, centra.WithTransport(transport), centra.WithRetry(centra.Retry{}))
	for range statuses {
		resp, err := host.Get(elsewhere.url)
		if err != nil {
			t.Fatal(err)
		}
		_, _ = io.Copy(io.Discard, resp.Body)
		_ = resp.Body.Close()
		if err := updateFields(t.Context(), c, token); err == nil {
			t.Fatal("no error of a body that is no JSON")
		}
	}
	if calls, conns := server.counts(); calls != len(statuses) || conns != 1 {
		t.Errorf("%d calls on %d connections, want %d on 1", calls, conns, len(statuses))
	}
	if _, conns := elsewhere.counts(); conns != 1 {
		t.Errorf("the host made %d connections elsewhere, want 1", conns)
	}
}

// Nobody asked for another protocol, whose body would never end: the call is over
// at once, and so is its connection.
func TestSwitchingProtocols(t *testing.T) {
	noGoroutineLeft(t)
	for name, call := range map[string]call{"GET": readSelection, "PUT": updateFields, "POST": startPayment} {
		t.Run(name, func(t *testing.T) {
			closed := make(chan struct{})
			server := newFaultyServer(t, func(c faultyConn) bool {
				c.readBody()
				c.write("HTTP/1.1 101 Switching Protocols\r\nConnection: upgrade\r\nUpgrade: x\r\n\r\n" + `{"token":"another"`)
				c.hang()
				close(closed)
				return false
			})
			ended := make(chan error, 1)
			c := newCheckout(t, server.url, quickRetries())
			go func() { ended <- call(t.Context(), c, token) }()
			var err error
			select {
			case err = <-ended:
			case <-time.After(2 * time.Second):
				t.Fatal("the call is held")
			}
			wantKind(t, err, centra.ErrInvalidResponse)
			if e := asError(t, err); e.StatusCode != 101 || e.Session != token {
				t.Errorf("status %d, session %v", e.StatusCode, e.Session)
			}
			select {
			case <-closed:
			case <-time.After(2 * time.Second):
				t.Error("the connection was kept")
			}
		})
	}
}

// Redirects are errors: following one would carry the session to wherever it
// says.
func TestRedirects(t *testing.T) {
	noGoroutineLeft(t)
	var followed atomic.Int32
	target := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		followed.Add(1)
		answer(200, fitsAll)(w, r)
	}))
	defer target.Close()
	locations := map[string]string{
		"to another host":         "Location: " + target.URL + "/api\r\n",
		"to another path":         "Location: /api/checkout/53/selection\r\n",
		"to itself":               "Location: ?\r\n",
		"to another scheme":       "Location: ftp://127.0.0.1/\r\n",
		"without a target":        "",
		"to what is no URL":       "Location: http://[::1/\r\n",
		"to a host without a URL": "Location: //" + target.Listener.Addr().String() + "\r\n",
	}
	for where, location := range locations {
		for _, status := range []int{300, 301, 302, 303, 307, 308} {
			for name, call := range map[string]call{"GET": readSelection, "PUT": updateFields, "POST": startPayment} {
				t.Run(http.StatusText(status)+"/"+where+"/"+name, func(t *testing.T) {
					server := newFaultyServer(t, func(c faultyConn) bool { c.answer(status, location, fitsAll); return true })
					err := call(t.Context(), newCheckout(t, server.url, quickRetries()), token)
					wantKind(t, err, centra.ErrInvalidResponse)
					if calls, _ := server.counts(); calls != 1 {
						t.Errorf("%d calls, want 1", calls)
					}
				})
			}
		}
	}
	if n := followed.Load(); n != 0 {
		t.Errorf("%d redirects were followed", n)
	}
}

// A call that nobody waits for any longer ends at once, and frees its
// connection at Centra.
func TestCancellation(t *testing.T) {
	noGoroutineLeft(t)
	for name, call := range map[string]call{"GET": readSelection, "PUT": updateFields, "POST": startPayment} {
		t.Run("before the call/"+name, func(t *testing.T) {
			server := newFaultyServer(t, func(c faultyConn) bool { c.answer(200, "", fitsAll); return true })
			ctx, cancel := context.WithCancel(t.Context())
			cancel()
			wantKind(t, call(ctx, newCheckout(t, server.url), token), context.Canceled)
			if calls, _ := server.counts(); calls != 0 {
				t.Errorf("%d calls, want none", calls)
			}
		})
		t.Run("after the deadline/"+name, func(t *testing.T) {
			server := newFaultyServer(t, func(c faultyConn) bool { c.answer(200, "", fitsAll); return true })
			ctx, cancel := context.WithDeadline(t.Context(), time.Now().Add(-time.Second))
			defer cancel()
			wantKind(t, call(ctx, newCheckout(t, server.url), token), centra.ErrUnavailable, context.DeadlineExceeded)
			if calls, _ := server.counts(); calls != 0 {
				t.Errorf("%d calls, want none", calls)
			}
		})
		for where, begun := range map[string]string{
			"before the answer":    "",
			"in the header":        "HTTP/1.1 200 OK\r\nX: ",
			"in the body":          "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{",
			"in an error's body":   "HTTP/1.1 503 Unavailable\r\nContent-Length: 100\r\n\r\n{",
			"behind a 1xx":         "HTTP/1.1 103 Early Hints\r\n\r\n",
			"in a chunked answer":  "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n",
			"in a redirect's body": "HTTP/1.1 302 Found\r\nLocation: /\r\nContent-Length: 100\r\n\r\n{",
		} {
			t.Run(where+"/"+name, func(t *testing.T) {
				ctx, cancel := context.WithCancelCause(t.Context())
				freed := make(chan struct{})
				server := newFaultyServer(t, func(c faultyConn) bool {
					c.readBody()
					c.write(begun)
					time.AfterFunc(20*time.Millisecond, func() { cancel(errors.New("the visitor left canary4711")) })
					c.hang()
					close(freed)
					return false
				})
				begin := time.Now()
				err := call(ctx, newCheckout(t, server.url), token)
				if took := time.Since(begin); took > 3*time.Second { // an attempt would take 4 s
					t.Errorf("returned after %v", took)
				}
				if name == "POST" {
					wantKind(t, err, centra.ErrOutcomeUnknown, context.Canceled)
				} else {
					wantKind(t, err, context.Canceled)
				}
				select {
				case <-freed:
				case <-time.After(3 * time.Second):
					t.Error("the connection to Centra was kept")
				}
				if calls, _ := server.counts(); calls != 1 {
					t.Errorf("%d calls, want 1", calls)
				}
			})
		}
	}
}
