package centra

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/url"
	"strings"
	"time"
)

// Option changes a client at its construction.
type Option func(*client) error

// WithSecret sends the plugin's server-side secret as a bearer token with every
// Checkout API call. It unlocks what shoppers may not do; see
// [CheckoutAPI.AsShopper]. [NewShopAPI] takes its secret as an argument.
func WithSecret(secret string) Option {
	return func(c *client) error {
		if !validSecret(secret) {
			return errors.New("WithSecret: the secret is empty or has characters that no header can carry")
		}
		c.secret = secret
		return nil
	}
}

func validSecret(s string) bool { return s != "" && Session(s).checkToken() == nil }

// WithOrigin is the shop's origin, such as "https://www.example.com", as it
// stands in the plugin's list of allowed origins. Calls that have no secret carry
// it; see [CheckoutAPI.AsShopper].
func WithOrigin(origin string) Option {
	return func(c *client) error {
		u, err := url.Parse(origin)
		if err != nil || u.Host == "" || (u.Scheme != "https" && u.Scheme != "http") ||
			u.Scheme+"://"+u.Host != origin || Session(origin).checkToken() != nil {
			return errors.New("WithOrigin: must be an origin such as https://www.example.com, without a path")
		}
		c.origin = origin
		return nil
	}
}

// WithTransport makes the calls' attempts through rt, for instance one that
// traces what it passes to [NewTransport]; see [Operation]. The default is
// NewTransport itself.
func WithTransport(rt http.RoundTripper) Option {
	return func(c *client) error {
		if rt == nil {
			return errors.New("WithTransport: the transport is nil")
		}
		c.transport = rt
		return nil
	}
}

// WithLogger logs each attempt at debug level and each failed call at warn
// level, without a secret or anything a shopper typed. The default is silence.
func WithLogger(logger *slog.Logger) Option {
	return func(c *client) error {
		if logger == nil {
			return errors.New("WithLogger: the logger is nil")
		}
		c.logger = logger
		return nil
	}
}

// WithRetry replaces the defaults of two retries, 100 ms and 2 s. What is
// repeated at all, and the budget, stay as the package documentation says.
func WithRetry(r Retry) Option {
	return func(c *client) error {
		if r.Max < 0 || r.Max > 10 || r.MinWait < 0 || r.MaxWait < r.MinWait {
			return errors.New("WithRetry: Max must be 0 to 10, and MinWait at most MaxWait")
		}
		c.retry = r
		return nil
	}
}

// WithAttemptTimeout bounds one attempt of a GET or PUT, body included; the
// default is 4 s. A call that cannot be repeated has the whole of [WithTimeout].
func WithAttemptTimeout(d time.Duration) Option {
	return func(c *client) error {
		if d <= 0 {
			return errors.New("WithAttemptTimeout: must be positive")
		}
		c.attemptTimeout = d
		return nil
	}
}

// WithTimeout bounds a call with all its attempts and waits; the default is
// 20 s. An earlier deadline of the context wins.
func WithTimeout(d time.Duration) Option {
	return func(c *client) error {
		if d <= 0 {
			return errors.New("WithTimeout: must be positive")
		}
		c.timeout = d
		return nil
	}
}

// WithMaxResponseBytes bounds a response's body after decompression; the
// default is 8 MiB. A larger one is [ErrInvalidResponse]. Of an error's body at
// most 64 KiB are read, except a 410's, which holds a selection.
func WithMaxResponseBytes(n int64) Option {
	return func(c *client) error {
		if n <= 0 {
			return errors.New("WithMaxResponseBytes: must be positive")
		}
		c.maxBytes = n
		return nil
	}
}

// WithCorrelationID takes the X-Correlation-ID of a call from its context, for
// instance the trace ID of the visitor's request. Where it returns "" or what no
// header can carry, and by default, it is 16 random hexadecimal digits. Every
// attempt of a call has the same one. Centra writes it to its API log.
func WithCorrelationID(id func(context.Context) string) Option {
	return func(c *client) error {
		if id == nil {
			return errors.New("WithCorrelationID: the function is nil")
		}
		c.correlationID = func(ctx context.Context) string {
			if v := id(ctx); v != "" && len(v) <= 128 && Session(v).checkToken() == nil {
				return v
			}
			return randomID(ctx)
		}
		return nil
	}
}

// WithUserAgent names the shop in the User-Agent header, in front of this
// library's own product name.
func WithUserAgent(product string) Option {
	return func(c *client) error {
		if product == "" || strings.ContainsFunc(product, func(r rune) bool { return r < ' ' || r > '~' }) {
			return errors.New("WithUserAgent: must be printable ASCII")
		}
		c.userAgent = product + " " + defaultUserAgent
		return nil
	}
}

// WithFieldsInAddress makes UpdateFields and StartPayment repeat email and
// cartAbandonmentEmail inside the address object, beside their place at the top
// level. Centra's documentation names the fields without saying which of the
// two it means; use this if the countdown does not start without.
func WithFieldsInAddress() Option {
	return func(c *client) error {
		c.fieldsInAddress = true
		return nil
	}
}

// WithoutRaw does not keep response bodies: Raw returns nil, and a decoded cart
// takes a few kilobytes instead of the 20 to 300 that Centra sent.
func WithoutRaw() Option {
	return func(c *client) error {
		c.withoutRaw = true
		return nil
	}
}

const defaultUserAgent = "centra-go-cartabandonment/0.1"

func newClient(api, baseURL string, opts []Option) (*client, error) {
	base, err := parseBaseURL(baseURL)
	if err != nil {
		return nil, fmt.Errorf("centra: %s: %w", api, err)
	}
	c := &client{
		base:           base,
		retry:          defaultRetry,
		attemptTimeout: 4 * time.Second,
		timeout:        20 * time.Second,
		maxBytes:       8 << 20,
		logger:         slog.New(slog.DiscardHandler),
		userAgent:      defaultUserAgent,
		correlationID:  randomID,
		budget:         newBudget(),
	}
	for _, opt := range opts {
		if err := opt(c); err != nil {
			return nil, fmt.Errorf("centra: %s: %w", api, err)
		}
	}
	if c.transport == nil {
		c.transport = NewTransport()
	}
	c.connect()
	return c, nil
}

// parseBaseURL never quotes the URL in an error: somebody may have put a
// password into it.
func parseBaseURL(baseURL string) (*url.URL, error) {
	u, err := url.Parse(baseURL)
	switch {
	case err != nil, strings.ContainsAny(u.Hostname(), "[]"): // which Go 1.25 lets pass
		return nil, errors.New("the base URL cannot be parsed")
	case u.Scheme != "https" && u.Scheme != "http", u.Host == "":
		return nil, errors.New("the base URL must be absolute, such as https://shop.centra.com/api/checkout")
	case u.User != nil:
		return nil, errors.New("the base URL must not hold a user or password; see WithSecret")
	case u.RawQuery != "" || u.Fragment != "":
		return nil, errors.New("the base URL must not have a query or fragment")
	}
	u.Path = strings.TrimRight(u.Path, "/")
	u.RawPath = strings.TrimRight(u.RawPath, "/")
	return u, nil
}

// NewTransport returns the transport that clients have by default, to wrap or to
// change: http.DefaultTransport's settings with a pool that fits a webshop. All
// its connections lead to one host, so it keeps 256 idle ones where
// http.DefaultTransport keeps two.
func NewTransport() *http.Transport {
	t, ok := http.DefaultTransport.(*http.Transport)
	if !ok { // the host application has put another in its place
		t = &http.Transport{Proxy: http.ProxyFromEnvironment, ForceAttemptHTTP2: true}
	}
	t = t.Clone()
	t.MaxIdleConns, t.MaxIdleConnsPerHost = 256, 256
	t.MaxResponseHeaderBytes = 64 << 10
	return t
}

func randomID(context.Context) string {
	var b [8]byte
	_, _ = rand.Read(b[:]) // never fails
	return hex.EncodeToString(b[:])
}
