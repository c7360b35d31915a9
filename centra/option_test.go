package centra_test

import (
	"context"
	"io"
	"net/http"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/centra-go/cartabandonment/centra"
)

func TestConstructorsRefuse(t *testing.T) {
	const good = "https://shop.example.com/api"
	tests := []struct {
		name string
		url  string
		opt  centra.Option
		says string // what the error names
	}{
		{"no URL", "", nil, "base URL"},
		{"no scheme", "shop.example.com/api", nil, "base URL"},
		{"another scheme", "ftp://shop.example.com/api", nil, "base URL"},
		{"no host", "https:///api", nil, "base URL"},
		{"a broken host", "https://canary4711[/api", nil, "base URL"},
		{"a password", "https://canary4711:canary4711@shop.example.com/api", nil, "WithSecret"},
		{"a query", good + "?canary4711", nil, "query"},
		{"a fragment", good + "#canary4711", nil, "fragment"},
		{"a line break", good + "\n", nil, "base URL"},
		{"an empty secret", good, centra.WithSecret(""), "WithSecret"},
		{"a secret with a line break", good, centra.WithSecret("canary4711\n"), "WithSecret"},
		{"a secret with a space", good, centra.WithSecret("canary4711 x"), "WithSecret"},
		{"no transport", good, centra.WithTransport(nil), "WithTransport"},
		{"an origin with a path", good, centra.WithOrigin("https://example.com/canary4711"), "WithOrigin"},
		{"an origin with a slash", good, centra.WithOrigin("https://example.com/"), "WithOrigin"},
		{"an origin that is none", good, centra.WithOrigin("canary4711"), "WithOrigin"},
		{"an origin with an empty port", good, centra.WithOrigin("https://canary4711:"), "WithOrigin"},
		{"an origin without a host", good, centra.WithOrigin("https://:443"), "WithOrigin"},
		{"no origin", good, centra.WithOrigin(""), "WithOrigin"},
		{"an origin with a line break", good, centra.WithOrigin("https://example.com\n"), "WithOrigin"},
		{"an origin with a password", good, centra.WithOrigin("https://canary4711:x@example.com"), "WithOrigin"},
		{"no logger", good, centra.WithLogger(nil), "WithLogger"},
		{"no observer", good, centra.WithObserve(nil), "WithObserve"},
		{"negative retries", good, centra.WithRetry(centra.Retry{Max: -1}), "WithRetry"},
		{"too many retries", good, centra.WithRetry(centra.Retry{Max: 11}), "WithRetry"},
		{"a negative wait", good, centra.WithRetry(centra.Retry{MinWait: -1}), "WithRetry"},
		{"waits the wrong way round", good, centra.WithRetry(centra.Retry{MinWait: 2, MaxWait: 1}), "WithRetry"},
		{"no attempt timeout", good, centra.WithAttemptTimeout(0), "WithAttemptTimeout"},
		{"no timeout", good, centra.WithTimeout(-time.Second), "WithTimeout"},
		{"no bytes", good, centra.WithMaxResponseBytes(0), "WithMaxResponseBytes"},
		{"no function", good, centra.WithCorrelationID(nil), "WithCorrelationID"},
		{"no product", good, centra.WithUserAgent(""), "WithUserAgent"},
		{"a product with a line break", good, centra.WithUserAgent("a\r\nb"), "WithUserAgent"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			var opts []centra.Option
			if test.opt != nil {
				opts = []centra.Option{test.opt}
			}
			checkout, err := centra.NewCheckoutAPI(test.url, opts...)
			if checkout != nil || err == nil || !strings.Contains(err.Error(), test.says) || !strings.Contains(err.Error(), "NewCheckoutAPI") {
				t.Errorf("NewCheckoutAPI: %v, %v", checkout, err)
			}
			shop, shopErr := centra.NewShopAPI(test.url, secret, opts...)
			if shop != nil || shopErr == nil || !strings.Contains(shopErr.Error(), test.says) || !strings.Contains(shopErr.Error(), "NewShopAPI") {
				t.Errorf("NewShopAPI: %v, %v", shop, shopErr)
			}
			for _, err := range []error{err, shopErr} {
				if err != nil && strings.Contains(err.Error(), "canary4711") {
					t.Errorf("the error quotes what it refused: %v", err)
				}
			}
		})
	}
	for _, refused := range []string{"", "canary4711\n", "canary 4711", "cänary4711", strings.Repeat("x", 2049)} {
		if c, err := centra.NewShopAPI(good, refused); err == nil || c != nil || strings.Contains(err.Error(), "4711") {
			t.Errorf("NewShopAPI with the secret %q: %v, %v", refused, c, err)
		}
	}
}

func TestMaxResponseBytes(t *testing.T) {
	pad := strings.Repeat(" ", 100<<10)
	tests := []struct {
		name   string
		limit  int64
		status int
		body   string
		ok     bool
	}{
		{"just fits", int64(len(emptyCart)), 200, emptyCart, true},
		{"one byte too long", int64(len(emptyCart)) - 1, 200, emptyCart, false},
		{"the largest limit", 1<<63 - 1, 200, emptyCart, true},
		{"an error's body over 64 KiB", 8 << 20, 503, pad, false},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			rec := record(t, answer(test.status, test.body))
			c := newCheckout(t, rec.URL, centra.WithMaxResponseBytes(test.limit), quickRetries())
			_, err := c.Selection(t.Context(), token)
			if (err == nil) != test.ok {
				t.Fatalf("error %v, want none: %v", err, test.ok)
			}
			if err == nil {
				return
			}
			if e := asError(t, err); e.StatusCode != test.status || test.status == 200 && e.Attempts != 1 {
				t.Errorf("status %d after %d attempts, want %d, and no repetition of what is too long", e.StatusCode, e.Attempts, test.status)
			}
		})
	}
}

// Nothing is believed that a response says of its length before it has come.
func TestContentLengthIsNoMemory(t *testing.T) {
	tests := []struct {
		name   string
		length int64
		limit  int64
	}{
		{"as long as the limit", 8 << 20, 8 << 20},
		{"longer than any memory", 1 << 62, 1<<63 - 1},
		{"longer than the limit", 1 << 40, 8 << 20},
		{"shorter than the body", 1, 8 << 20},
		{"negative", -5, 8 << 20},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			c := newCheckout(t, "https://shop.example.com", centra.WithMaxResponseBytes(tt.limit), over(func(*http.Request) (*http.Response, error) {
				return &http.Response{StatusCode: 200, ContentLength: tt.length, Body: io.NopCloser(strings.NewReader(emptyCart))}, nil
			}))
			const calls = 20
			var before, after runtime.MemStats
			runtime.ReadMemStats(&before)
			for range calls {
				if _, err := c.Selection(t.Context(), token); err != nil {
					t.Fatal(err)
				}
			}
			runtime.ReadMemStats(&after)
			if each := (after.TotalAlloc - before.TotalAlloc) / calls; each > 1<<20 {
				t.Errorf("a call took %d kB", each>>10)
			}
		})
	}
}

// Eight kilobytes on the wire are bounded after decompression, and so is what
// they would be decoded to.
func TestBombs(t *testing.T) {
	const head = `{"selection":{"items":[`
	bombs := map[string]string{
		"spaces": gzipped(head + "]}}" + strings.Repeat(" ", 1<<30>>4)),
		"items":  gzipped(head + strings.Repeat("{},", 8<<20/3-20) + "{}]}}"),
		"a text": gzipped(`{"token":"` + strings.Repeat("x", 64<<20) + `"}`),
	}
	for name, bomb := range bombs {
		for _, status := range []int{200, 410, 500} {
			t.Run(name+"/"+http.StatusText(status), func(t *testing.T) {
				rec := record(t, func(w http.ResponseWriter, _ *http.Request) {
					w.Header().Set("Content-Encoding", "gzip")
					w.WriteHeader(status)
					_, _ = io.WriteString(w, bomb)
				})
				c := newCheckout(t, rec.URL, centra.WithRetry(centra.Retry{}))
				var before, after runtime.MemStats
				runtime.ReadMemStats(&before)
				_, err := c.Selection(t.Context(), token)
				runtime.ReadMemStats(&after)
				if err == nil {
					t.Error("no error")
				}
				if took := after.TotalAlloc - before.TotalAlloc; took > 128<<20 { // twice what it is with the race detector
					t.Errorf("%d bytes on the wire took %d MB", len(bomb), took>>20)
				}
			})
		}
	}
}

func TestTimeouts(t *testing.T) {
	hang := func(w http.ResponseWriter, r *http.Request) { <-r.Context().Done() }
	tests := []struct {
		name  string
		opts  []centra.Option
		call  call
		calls int
		kind  error
	}{
		{"an attempt of a PUT", []centra.Option{centra.WithAttemptTimeout(30 * time.Millisecond)}, updateFields, 3, centra.ErrUnavailable},
		{"a whole PUT", []centra.Option{centra.WithTimeout(30 * time.Millisecond)}, updateFields, 1, centra.ErrUnavailable},
		{"a whole POST", []centra.Option{centra.WithTimeout(30 * time.Millisecond), centra.WithAttemptTimeout(time.Millisecond)}, startPayment, 1,
			centra.ErrOutcomeUnknown},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			rec := record(t, hang)
			err := test.call(t.Context(), newCheckout(t, rec.URL, append(test.opts, quickRetries())...), token)
			wantKind(t, err, test.kind, context.DeadlineExceeded)
			if n := len(rec.sent()); n != test.calls {
				t.Errorf("%d requests, want %d", n, test.calls)
			}
		})
	}
}
