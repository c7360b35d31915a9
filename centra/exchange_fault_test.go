package centra_test

import (
	"bytes"
	"compress/gzip"
	"context"
	"errors"
	"net"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/centra-go/cartabandonment/centra"
)

// outcome is what a fault leads to.
type outcome struct {
	kind  error // nil: the call succeeds
	calls int   // how often the request arrived
	conns int   // how many connections were made
}

func gzipped(text string) string {
	var b bytes.Buffer
	w := gzip.NewWriter(&b)
	_, _ = w.Write([]byte(text))
	_ = w.Close()
	return b.String()
}

// What goes wrong on the wire → calls, kind of error, connections. GET and PUT
// share a column, since both are repeated; a POST is not.
func TestFaults(t *testing.T) {
	const (
		ok      = "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"
		zipped  = "Content-Encoding: gzip\r\n"
		chunked = ok + "Transfer-Encoding: chunked\r\n\r\n"
	)
	bomb := gzipped(`{"selection":{"x":"` + strings.Repeat("x", 32<<20) + `"}}`)
	whole := gzipped(fitsAll)
	corrupt := whole[:len(whole)-8] + "12345678"
	after := func(text string) func(faultyConn) bool { // sends text and closes
		return func(c faultyConn) bool { c.readBody(); c.write(text); return false }
	}
	answers := func(status int, header, body string) func(faultyConn) bool {
		return func(c faultyConn) bool { c.answer(status, header, body); return true }
	}
	thrice := func(kind error) outcome { return outcome{kind, 3, 3} }
	thriceOnOne := func(kind error) outcome { return outcome{kind, 3, 1} }
	once := func(kind error) outcome { return outcome{kind, 1, 1} }
	unknown := once(centra.ErrOutcomeUnknown) // a payment may have been made

	tests := []struct {
		name      string
		script    func(faultyConn) (keep bool)
		put, post outcome
	}{
		{"no fault", answers(200, "", fitsAll), once(nil), once(nil)},
		{"reset before the request's body", func(c faultyConn) bool { c.reset(); return false },
			thrice(centra.ErrUnavailable), unknown},
		{"reset after the request's body", func(c faultyConn) bool { c.readBody(); c.reset(); return false },
			thrice(centra.ErrUnavailable), unknown},
		{"closed without an answer", after(""), thrice(centra.ErrUnavailable), unknown},
		{"EOF in the status line", after("HTTP/1.1 20"), thrice(centra.ErrUnavailable), unknown},
		{"EOF in the header", after(ok + "Content-Le"), thrice(centra.ErrUnavailable), unknown},
		{"EOF before the body", after(ok + "Content-Length: 20\r\n\r\n"), thrice(centra.ErrInvalidResponse), unknown},
		{"EOF in the body", after(ok + "Content-Length: 100\r\n\r\n" + emptyCart[:50]),
			thrice(centra.ErrInvalidResponse), unknown},
		{"EOF behind a body that seems whole", after(ok + "Content-Length: 1000\r\n\r\n" + emptyCart),
			thrice(centra.ErrInvalidResponse), unknown},
		{"EOF in a chunk", after(chunked + "40\r\n" + emptyCart[:20]), thrice(centra.ErrInvalidResponse), unknown},
		{"EOF between chunks", after(chunked + "2\r\n{}\r\n"), thrice(centra.ErrInvalidResponse), unknown},
		{"a body without an end", after(ok + "\r\n" + emptyCart[:20]), once(centra.ErrInvalidResponse), unknown},
		{"reset in the body", func(c faultyConn) bool {
			c.readBody()
			c.write(ok + "Content-Length: 100\r\n\r\n" + emptyCart[:50])
			time.Sleep(20 * time.Millisecond) // until it was read: an RST discards what was not
			c.reset()
			return false
		}, thrice(centra.ErrUnavailable), unknown},
		{"another protocol", after("SSH-2.0-OpenSSH_9.2\r\n"), thrice(centra.ErrUnavailable), unknown},
		{"no answer at all", func(c faultyConn) bool { c.hang(); return false }, thrice(centra.ErrUnavailable), unknown},
		{"a header that drips", func(c faultyConn) bool { c.readBody(); c.write(ok + "X-Drip: "); c.drip("x"); return false },
			thrice(centra.ErrUnavailable), unknown},
		{"a body that drips", func(c faultyConn) bool { c.readBody(); c.write(ok + "\r\n"); c.drip(" "); return false },
			thrice(centra.ErrUnavailable), unknown},
		{"an error's body that drips", func(c faultyConn) bool {
			c.readBody()
			c.write("HTTP/1.1 502 Bad Gateway\r\n\r\n")
			c.drip(" ")
			return false
		}, thrice(centra.ErrUnavailable), unknown},
		{"some 1xx", after("HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n" + ok + "\r\n" + fitsAll), once(nil), once(nil)},
		{"a flood of 1xx", func(c faultyConn) bool {
			c.readBody()
			for {
				if _, err := c.Write([]byte("HTTP/1.1 103 Early Hints\r\nX: " + strings.Repeat("x", 1000) + "\r\n\r\n")); err != nil {
					return false
				}
			}
		}, thrice(centra.ErrUnavailable), unknown},
		{"101", after("HTTP/1.1 101 Switching Protocols\r\nConnection: upgrade\r\nUpgrade: x\r\n\r\n" + `{"selection":{"items":[]},"action":"failed"}`),
			once(centra.ErrInvalidResponse), once(centra.ErrInvalidResponse)},
		{"an oversized header", after(ok + "X: " + strings.Repeat("x", 1<<20) + "\r\n\r\n"),
			thrice(centra.ErrUnavailable), unknown},
		{"many headers", after(ok + strings.Repeat("X: x\r\n", 1<<16) + "\r\n"), thrice(centra.ErrUnavailable), unknown},
		{"gzip", answers(200, zipped, whole), once(nil), once(nil)},
		{"a gzip bomb", answers(200, zipped, bomb), once(centra.ErrInvalidResponse), unknown},
		{"a gzip bomb with 503", answers(503, zipped, bomb), thrice(centra.ErrUnavailable), unknown},
		{"truncated gzip", after(ok + zipped + "\r\n" + whole[:len(whole)/2]), thrice(centra.ErrInvalidResponse), unknown},
		{"gzip without its checksum", after(ok + zipped + "\r\n" + whole[:len(whole)-8]), thrice(centra.ErrInvalidResponse), unknown},
		{"gzip with a wrong checksum", after(ok + zipped + "\r\n" + corrupt), thrice(centra.ErrInvalidResponse), unknown},
		{"gzip that is none", answers(200, zipped, fitsAll), thriceOnOne(centra.ErrInvalidResponse), unknown},
		{"a body larger than the limit", answers(200, "", strings.Repeat(" ", 2<<20)), once(centra.ErrInvalidResponse), unknown},
		{"a length larger than the limit", after(ok + "Content-Length: 9223372036854775807\r\n\r\n{"),
			thrice(centra.ErrInvalidResponse), unknown},
		{"HTML with 200", answers(200, "", "<html>maintenance</html>"), once(centra.ErrInvalidResponse), unknown},
		{"HTML with 502", answers(502, "", "<html>bad gateway</html>"), thriceOnOne(centra.ErrUnavailable), unknown},
		{"503 of 5 kB", answers(503, "", padding(5<<10)), thriceOnOne(centra.ErrUnavailable), unknown},
		{"503 of 60 kB", answers(503, "", padding(60<<10)), thriceOnOne(centra.ErrUnavailable), unknown},
		{"503 of 1 MB", answers(503, "", padding(1<<20)), thrice(centra.ErrUnavailable), unknown},
		{"503 cut short", after("HTTP/1.1 503 x\r\nContent-Length: 100\r\n\r\n{"), thrice(centra.ErrUnavailable), unknown},
		{"429", answers(429, "Retry-After: 0\r\n", `{}`), thriceOnOne(centra.ErrRateLimited), once(centra.ErrRateLimited)},
		{"501: a mistake, not an outage", answers(501, "", ""), once(centra.ErrUnavailable), unknown},
		{"505: a mistake, not an outage", answers(505, "", ""), once(centra.ErrUnavailable), unknown},
		{"400", answers(400, "", `{}`), once(errors.New("none of the kinds")), once(errors.New("none of the kinds"))},
		{"401", answers(401, "", `{}`), once(centra.ErrUnauthorized), once(centra.ErrUnauthorized)},
		{"404", answers(404, "", `{}`), once(centra.ErrSelectionNotFound), once(centra.ErrSelectionNotFound)},
		{"down once", func(c faultyConn) bool {
			if c.nth == 1 {
				c.answer(503, "", padding(5<<10))
			} else {
				c.answer(200, "", fitsAll)
			}
			return true
		}, outcome{nil, 2, 1}, unknown},
		{"cut short once", func(c faultyConn) bool {
			if c.nth == 1 {
				c.readBody()
				c.write(ok + "Content-Length: 100\r\n\r\n{")
				return false
			}
			c.answer(200, "", fitsAll)
			return true
		}, outcome{nil, 2, 2}, unknown},
	}
	noGoroutineLeft(t)
	patient := []centra.Option{quickRetries(), centra.WithMaxResponseBytes(1 << 20)}
	hasty := append(slices.Clip(patient), centra.WithAttemptTimeout(250*time.Millisecond))
	hastyPost := append(slices.Clip(patient), centra.WithTimeout(250*time.Millisecond))
	// Bodies that name a new token before they are cut. One that is garbled, or
	// not Centra's, is not believed.
	tellsToken := map[string]bool{
		"EOF in the body": true, "EOF behind a body that seems whole": true, "reset in the body": true, "truncated gzip": true, "gzip without its checksum": true,
	}
	// A single endpoint has no carts behind it that could be missing.
	storefrontKinds := map[string]error{"400": centra.ErrInvalidResponse, "404": centra.ErrInvalidResponse}
	methods := []struct {
		name             string
		call, storefront call // the latter of one call to Centra each
		post             bool
	}{
		{"GET", readSelection, readSelection, false},
		{"PUT", updateFields, storeCountry, false},
		{"POST", startPayment, paymentResult, true},
	}
	for _, test := range tests {
		hangs := strings.Contains(test.name, "drips") || test.name == "no answer at all" // short timeouts, then
		for _, method := range methods {
			for name, client := range map[string]func(string, []centra.Option) api{
				"checkout": func(u string, opts []centra.Option) api { return newCheckout(t, u, opts...) },
				"shop":     func(u string, opts []centra.Option) api { return newShop(t, u, opts...) },
				"storefront": func(u string, opts []centra.Option) api {
					return newStorefront(t, u, append(slices.Clip(opts), centra.WithPartialAddress())...)
				},
			} {
				t.Run(test.name+"/"+method.name+"/"+name, func(t *testing.T) {
					t.Parallel()
					server := newFaultyServer(t, test.script)
					opts, bound := patient, 15*time.Second
					switch {
					case hangs && method.post:
						opts, bound = hastyPost, 3*time.Second
					case hangs:
						opts, bound = hasty, 4*time.Second
					}
					call := method.call
					if name == "storefront" {
						call = method.storefront
					}
					begin := time.Now()
					err := call(t.Context(), client(server.url, opts), centra.Session(cartID))
					if took := time.Since(begin); took > bound {
						t.Errorf("took %v, more than %v", took, bound)
					}
					want := test.put
					if method.post {
						want = test.post
					}
					if kind := storefrontKinds[test.name]; kind != nil && name == "storefront" {
						want.kind = kind
					}
					if calls, conns := server.counts(); calls != want.calls || conns != want.conns {
						t.Errorf("%d calls on %d connections, want %d on %d", calls, conns, want.calls, want.conns)
					}
					session := centra.Session(cartID)
					if name == "checkout" && tellsToken[test.name] {
						session = "f611707b97e18a902270223b79f743c2" // see emptyCart
					}
					checkFault(t, err, want, session)
				})
			}
		}
	}
}

func checkFault(t *testing.T, err error, want outcome, session centra.Session) {
	t.Helper()
	if want.kind == nil {
		if err != nil {
			t.Error(err)
		}
		return
	}
	if err == nil {
		t.Fatalf("no error, want %v", want.kind)
	}
	for _, kind := range kinds[:6] {
		if is := errors.Is(err, kind); is != (kind == want.kind) {
			t.Errorf("errors.Is(%q, %q) is %v", err, kind, is)
		}
	}
	if e := asError(t, err); e.Attempts != want.calls || e.Session != session {
		t.Errorf("%d attempts, session %v; want %d, %v", e.Attempts, e.Session, want.calls, session)
	}
}

// Where no connection is made a POST is repeated too: nothing was sent.
func TestNoConnection(t *testing.T) {
	dialer := func(err error) centra.Option {
		return centra.WithTransport(&http.Transport{
			DialContext: func(context.Context, string, string) (net.Conn, error) {
				return nil, &net.OpError{Op: "dial", Net: "tcp", Err: err}
			},
		})
	}
	tests := []struct {
		name     string
		url      string
		opt      centra.Option
		attempts int
		cause    func(error) bool
	}{
		{"connection refused", refusingURL(t), centra.WithUserAgent("x"), 3,
			func(err error) bool { return errors.Is(err, syscall.ECONNREFUSED) }},
		{"no such host", "http://does-not-exist.invalid", dialer(&net.DNSError{Err: "no such host", Name: "does-not-exist.invalid", IsNotFound: true}), 1,
			func(err error) bool { dns, ok := as[*net.DNSError](err); return ok && dns.IsNotFound }},
		{"DNS does not answer", "http://shop.example.com", dialer(&net.DNSError{Err: "timeout", Name: "shop.example.com", IsTimeout: true, IsTemporary: true}), 3,
			func(err error) bool { dns, ok := as[*net.DNSError](err); return ok && dns.IsTimeout }},
		{"host unreachable", "http://shop.example.com", dialer(syscall.EHOSTUNREACH), 3,
			func(err error) bool { return errors.Is(err, syscall.EHOSTUNREACH) }},
	}
	for _, test := range tests {
		for name, call := range map[string]call{"GET": readSelection, "PUT": updateFields, "POST": startPayment} {
			t.Run(test.name+"/"+name, func(t *testing.T) {
				err := call(t.Context(), newCheckout(t, test.url, test.opt, quickRetries()), token)
				if !errors.Is(err, centra.ErrUnavailable) || !test.cause(err) {
					t.Errorf("%v is not ErrUnavailable with its cause", err)
				}
				if e := asError(t, err); e.Attempts != test.attempts || e.StatusCode != 0 {
					t.Errorf("%d attempts, status %d; want %d, none", e.Attempts, e.StatusCode, test.attempts)
				}
			})
		}
	}
}

// A certificate that is not trusted will not be so a moment later, and nothing
// is said to whoever shows it.
func TestCertificates(t *testing.T) {
	var calls, conns atomic.Int32
	server := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		calls.Add(1)
		answer(200, fitsAll)(w, r)
	}))
	server.Config.ErrorLog = silent
	server.Config.ConnState = func(_ net.Conn, state http.ConnState) {
		if state == http.StateNew {
			conns.Add(1)
		}
	}
	server.StartTLS()
	defer server.Close()
	trusted := server.Client().Transport.(*http.Transport).Clone()
	otherName := trusted.Clone()
	otherName.TLSClientConfig.ServerName = "shop.centra.com"
	tests := []struct {
		name         string
		opts         []centra.Option
		kind         error
		calls, conns int32
	}{
		{"unknown authority", nil, centra.ErrUnavailable, 0, 1},
		{"another host's", []centra.Option{centra.WithTransport(otherName)}, centra.ErrUnavailable, 0, 1},
		{"trusted", []centra.Option{centra.WithTransport(trusted)}, nil, 1, 1},
	}
	for _, test := range tests {
		for name, call := range map[string]call{"PUT": updateFields, "POST": startPayment} {
			t.Run(test.name+"/"+name, func(t *testing.T) {
				trusted.CloseIdleConnections()
				calls.Store(0)
				conns.Store(0)
				err := call(t.Context(), newCheckout(t, server.URL, append(test.opts, quickRetries())...), token)
				if !errors.Is(err, test.kind) || (err == nil) != (test.kind == nil) {
					t.Errorf("error %v, want %v", err, test.kind)
				}
				if calls.Load() != test.calls || conns.Load() != test.conns {
					t.Errorf("%d calls on %d connections, want %d on %d", calls.Load(), conns.Load(), test.calls, test.conns)
				}
				if err != nil && !strings.Contains(err.Error(), "certificate") {
					t.Errorf("%v does not name the certificate", err)
				}
			})
		}
	}
}
