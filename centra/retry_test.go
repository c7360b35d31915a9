package centra_test

import (
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/centra-go/cartabandonment/centra"
)

// attempts is a Centra without a socket that notes when it was called.
type attempts struct {
	answer func(*http.Request) (*http.Response, error)

	mu sync.Mutex
	at []time.Time
}

func (a *attempts) RoundTrip(r *http.Request) (*http.Response, error) {
	if r.Body != nil {
		_, _ = io.Copy(io.Discard, r.Body)
		_ = r.Body.Close()
	}
	a.mu.Lock()
	a.at = append(a.at, time.Now())
	a.mu.Unlock()
	return a.answer(r)
}

func (a *attempts) count() int {
	a.mu.Lock()
	defer a.mu.Unlock()
	return len(a.at)
}

// waits are the times between the attempts.
func (a *attempts) waits() []time.Duration {
	var waits []time.Duration
	for i := 1; i < len(a.at); i++ {
		waits = append(waits, a.at[i].Sub(a.at[i-1]))
	}
	return waits
}

// status answers every request with one status and header.
func status(code int, header, value string) *attempts {
	return &attempts{answer: func(r *http.Request) (*http.Response, error) {
		h := http.Header{}
		if header != "" {
			h.Set(header, value)
		}
		return &http.Response{StatusCode: code, Header: h, Body: io.NopCloser(strings.NewReader("")), Request: r}, nil
	}}
}

func (a *attempts) option() centra.Option { return over(a.RoundTrip) }

// What may be sent again, by what a call is and how it failed. A payment that
// may have arrived is never.
func TestWhatIsRepeated(t *testing.T) {
	calls := []struct {
		name string
		call call
		read bool // it may be repeated
	}{
		{"GET", readSelection, true},
		{"PUT", updateFields, true},
		{"PUT without a body", attachSelection, true},
		{"POST", startPayment, false},
		{"Do GET", doInto("GET", "/x", nil), true},
		{"Do HEAD", doInto("HEAD", "/x", nil), true},
		{"Do PUT", doInto("PUT", "/x", nil), true},
		{"Do POST", doInto("POST", "/x", nil), false},
		{"Do PATCH", doInto("PATCH", "/x", nil), false},
		{"Do DELETE", doInto("DELETE", "/x", nil), false},
	}
	tests := []struct {
		name   string
		answer func(*http.Request) (*http.Response, error)
		again  bool // if the call may be repeated
		always bool // any call: nothing was sent
	}{
		{"a broken connection", fails(errors.New("broken")), true, false},
		{"no connection", fails(&net.OpError{Op: "dial", Err: errors.New("refused")}), true, true},
		{"no connection to a proxy", fails(&net.OpError{Op: "proxyconnect", Err: &net.OpError{Op: "dial", Err: errors.New("refused")}}), true, true},
		{"no such host", fails(&net.OpError{Op: "dial", Err: &net.DNSError{IsNotFound: true}}), false, false},
		{"408: the request came too slowly", status(408, "", "").answer, true, false},
		{"425: too early", status(425, "", "").answer, true, false},
		{"429", status(429, "", "").answer, true, false},
		{"500", status(500, "", "").answer, true, false},
		{"503", status(503, "", "").answer, true, false},
		{"599", status(599, "", "").answer, true, false},
		{"400: it would be refused again", status(400, "", "").answer, false, false},
		{"409: a payment is being completed, and takes its time", status(409, "", "").answer, false, false},
		{"423: locked, by whom and how long nobody knows", status(423, "", "").answer, false, false},
		{"404", status(404, "", "").answer, false, false},
		{"501: not this API", status(501, "", "").answer, false, false},
		{"505: not this protocol", status(505, "", "").answer, false, false},
		{"101: a protocol that nobody asked for", status(101, "", "").answer, false, false},
		{"302: another server", status(302, "Location", "/x").answer, false, false},
	}
	for _, tt := range tests {
		for _, c := range calls {
			t.Run(tt.name+"/"+c.name, func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					centraAPI := &attempts{answer: tt.answer}
					err := c.call(t.Context(), newCheckout(t, "https://shop.example.com", centraAPI.option()), token)
					want := 1
					if tt.always || tt.again && c.read {
						want = 3
					}
					if got := centraAPI.count(); got != want {
						t.Errorf("sent %d times, want %d", got, want)
					}
					if e := asError(t, err); e.Attempts != want {
						t.Errorf("the error says %d attempts, want %d", e.Attempts, want)
					}
				})
			})
		}
	}
}

// Waits are drawn from 0 to a ceiling that doubles: the documented 100 ms, then
// 200 ms. A draw of many shows the whole range in use.
func TestWaitsAreJittered(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var longest [4]time.Duration
		shortest := [4]time.Duration{time.Hour, time.Hour, time.Hour, time.Hour}
		ceilings := [4]time.Duration{100 * time.Millisecond, 200 * time.Millisecond, 400 * time.Millisecond, 500 * time.Millisecond}
		for range 200 {
			down := status(503, "", "")
			c := newCheckout(t, "https://shop.example.com", down.option(),
				centra.WithRetry(centra.Retry{Max: 4, MinWait: 100 * time.Millisecond, MaxWait: 500 * time.Millisecond}))
			wantKind(t, updateFields(t.Context(), c, token), centra.ErrUnavailable)
			waits := down.waits()
			if len(waits) != 4 {
				t.Fatalf("%d waits, want 4", len(waits))
			}
			for i, wait := range waits {
				longest[i], shortest[i] = max(longest[i], wait), min(shortest[i], wait)
			}
		}
		for i, ceiling := range ceilings {
			if longest[i] > ceiling || longest[i] < ceiling*8/10 || shortest[i] > ceiling*2/10 {
				t.Errorf("wait %d: %v to %v, want 0 to %v", i, shortest[i], longest[i], ceiling)
			}
		}
	})
}

func TestDefaultWaits(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		for range 50 {
			down := status(503, "", "")
			wantKind(t, readSelection(t.Context(), newCheckout(t, "https://shop.example.com", down.option()), token), centra.ErrUnavailable)
			waits := down.waits()
			if len(waits) != 2 || waits[0] > 100*time.Millisecond || waits[1] > 200*time.Millisecond {
				t.Fatalf("waits %v, want two of at most 100 ms and 200 ms", waits)
			}
		}
	})
}

func TestRetryAfter(t *testing.T) {
	tests := []struct {
		name   string
		header func() string
		asked  time.Duration // what the error says
		waits  time.Duration // what is waited at least; at most it is 2 s
	}{
		{"none", func() string { return "" }, 0, 0},
		{"zero", func() string { return "0" }, 0, 0},
		{"seconds", func() string { return "1" }, time.Second, time.Second},
		{"more than MaxWait", func() string { return "3600" }, time.Hour, 2 * time.Second},
		{"more than a day", func() string { return "1000000" }, 24 * time.Hour, 2 * time.Second},
		{"more than a duration holds", func() string { return "9223372036854775807" }, 24 * time.Hour, 2 * time.Second},
		{"more than any integer holds", func() string { return strings.Repeat("9", 40) }, 24 * time.Hour, 2 * time.Second},
		{"negative", func() string { return "-1" }, 0, 0},
		{"a fraction", func() string { return "1.5" }, 0, 0},
		{"garbage", func() string { return "soon" }, 0, 0},
		{"a date", func() string { return time.Now().Add(time.Second).UTC().Format(http.TimeFormat) }, time.Second, time.Second},
		{"a distant date", func() string { return time.Now().Add(time.Hour).UTC().Format(http.TimeFormat) }, time.Hour, 2 * time.Second},
		{"a date beyond all", func() string { return "Fri, 31 Dec 9999 23:59:59 GMT" }, 24 * time.Hour, 2 * time.Second},
		{"a date in the past", func() string { return "Sun, 06 Nov 1994 08:49:37 GMT" }, 0, 0},
		{"a date in an old form", func() string { return time.Now().Add(time.Second).UTC().Format(time.ANSIC) }, time.Second, time.Second},
		{"a broken date", func() string { return "Mon, 99 Jan 2006" }, 0, 0},
	}
	for _, test := range tests {
		for _, code := range []int{429, 503} {
			t.Run(http.StatusText(code)+"/"+test.name, func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					down := status(code, "Retry-After", test.header())
					c := newCheckout(t, "https://shop.example.com", down.option(), centra.WithRetry(centra.Retry{Max: 1, MinWait: time.Millisecond, MaxWait: 2 * time.Second}))
					err := readSelection(t.Context(), c, token)
					waits := down.waits()
					if len(waits) != 1 || waits[0] < test.waits || waits[0] > test.waits+time.Millisecond {
						t.Errorf("waited %v, want one wait of %v", waits, test.waits)
					}
					if got := asError(t, err).RetryAfter; got > test.asked || got < test.asked-3*time.Second {
						t.Errorf("RetryAfter %v, want %v", got, test.asked)
					}
				})
			})
		}
	}
}

// A wait that the deadline would end is not begun.
func TestNoWaitOutlivesTheDeadline(t *testing.T) {
	tests := []struct {
		name     string
		timeout  time.Duration // the client's
		deadline time.Duration // the context's
		calls    int
		within   time.Duration
	}{
		{"the context's deadline", 20 * time.Second, 1500 * time.Millisecond, 1, 0},
		{"the client's timeout", 1500 * time.Millisecond, time.Hour, 1, 0},
		{"room for one wait", 20 * time.Second, 3 * time.Second, 2, 2 * time.Second},
		{"room for all", 20 * time.Second, time.Hour, 3, 4 * time.Second},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				down := status(503, "Retry-After", "2")
				c := newCheckout(t, "https://shop.example.com", down.option(), centra.WithTimeout(test.timeout))
				ctx, cancel := context.WithTimeout(t.Context(), test.deadline)
				defer cancel()
				begin := time.Now()
				err := readSelection(ctx, c, token)
				wantKind(t, err, centra.ErrUnavailable)
				if e := asError(t, err); e.StatusCode != 503 || e.RetryAfter != 2*time.Second {
					t.Errorf("status %d, retry after %v: Centra's answer was lost", e.StatusCode, e.RetryAfter)
				}
				if took := time.Since(begin); down.count() != test.calls || took != test.within {
					t.Errorf("%d calls in %v, want %d in %v", down.count(), took, test.calls, test.within)
				}
			})
		})
	}
}

// A hanging Centra costs what the documentation says and no more.
func TestDefaultTimeouts(t *testing.T) {
	tests := []struct {
		name  string
		call  call
		calls int
		least time.Duration
		most  time.Duration
		kind  error
	}{
		{"GET", readSelection, 3, 12 * time.Second, 12300 * time.Millisecond, centra.ErrUnavailable},
		{"PUT", updateFields, 3, 12 * time.Second, 12300 * time.Millisecond, centra.ErrUnavailable},
		{"POST", startPayment, 1, 20 * time.Second, 20 * time.Second, centra.ErrOutcomeUnknown},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				hang := &attempts{answer: hangs}
				begin := time.Now()
				err := test.call(t.Context(), newCheckout(t, "https://shop.example.com", hang.option()), token)
				took := time.Since(begin)
				wantKind(t, err, test.kind, context.DeadlineExceeded)
				if hang.count() != test.calls || took < test.least || took > test.most {
					t.Errorf("%d calls in %v, want %d in %v to %v", hang.count(), took, test.calls, test.least, test.most)
				}
			})
		})
	}
}

// hangs answers when nobody waits any longer.
func hangs(r *http.Request) (*http.Response, error) {
	<-r.Context().Done()
	return nil, r.Context().Err()
}

func TestCancelledInABackoff(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		down := status(503, "Retry-After", "2")
		c := newCheckout(t, "https://shop.example.com", down.option())
		ctx, cancel := context.WithCancel(t.Context())
		time.AfterFunc(700*time.Millisecond, cancel)
		begin := time.Now()
		err := updateFields(ctx, c, token)
		wantKind(t, err, context.Canceled)
		if took := time.Since(begin); took != 700*time.Millisecond || down.count() != 1 {
			t.Errorf("%d calls in %v, want 1 in 700ms", down.count(), took)
		}
		if e := asError(t, err); e.Session != token || e.Attempts != 1 {
			t.Errorf("session %v, %d attempts", e.Session, e.Attempts)
		}
	})
}

func TestNumberOfRetries(t *testing.T) {
	for _, test := range []struct{ max, calls int }{{0, 1}, {1, 2}, {2, 3}, {10, 11}} {
		synctest.Test(t, func(t *testing.T) {
			down := status(503, "", "")
			c := newCheckout(t, "https://shop.example.com", down.option(), centra.WithRetry(centra.Retry{Max: test.max}))
			begin := time.Now()
			wantKind(t, readSelection(t.Context(), c, token), centra.ErrUnavailable)
			if down.count() != test.calls || time.Since(begin) != 0 {
				t.Errorf("Max %d: %d calls in %v, want %d at once", test.max, down.count(), time.Since(begin), test.calls)
			}
		})
	}
}
