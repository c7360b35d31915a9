package centra

import (
	"context"
	"errors"
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

// WithOrigin is the shop's origin as it stands in the plugin's list of allowed
// origins: "https://www.example.com" or "http://127.0.0.1:8080", that is scheme,
// host and perhaps a port, and nothing else. Checkout API calls without a secret
// carry it; see [CheckoutAPI.AsShopper].
func WithOrigin(origin string) Option {
	return func(c *client) error {
		u, err := url.Parse(origin)
		known := err == nil && (u.Scheme == "https" || u.Scheme == "http") && u.Hostname() != ""
		known = known && u.Scheme+"://"+u.Host == origin && !strings.HasSuffix(origin, ":")
		if !known || Session(origin).checkToken() != nil {
			return errors.New("WithOrigin: must be an origin such as https://www.example.com, without a path")
		}
		c.origin = origin
		return nil
	}
}

// WithTransport makes the attempts of calls through rt, for instance one that
// traces what it passes to [NewTransport]; see [Operation]. The default is
// NewTransport itself. rt must end with the context of its request, and must not
// follow redirects.
func WithTransport(rt http.RoundTripper) Option {
	return func(c *client) error {
		if rt == nil {
			return errors.New("WithTransport: the transport is nil")
		}
		c.transport = rt
		return nil
	}
}

// WithLogger logs each attempt at debug level and each failed call once, with the
// context of the call and without a secret or anything a shopper typed: at info
// level where it is a shop's everyday life (a cart that is gone, fields that are
// refused, stock that ran out, a caller who left), else at warn level. The
// default is silence.
func WithLogger(logger *slog.Logger) Option {
	return func(c *client) error {
		if logger == nil {
			return errors.New("WithLogger: the logger is nil")
		}
		c.logger = logger
		return nil
	}
}

// WithObserve has observe told of every call once, after it has ended and with
// its context: for metrics, traces and alerts. It is called by the goroutine that
// made the call, so it must be safe for concurrent use and should be quick. Given
// more than once, each is told. See also [WatchCalls].
func WithObserve(observe func(context.Context, Call)) Option {
	return func(c *client) error {
		if observe == nil {
			return errors.New("WithObserve: the function is nil")
		}
		c.observe = append(c.observe, observe)
		return nil
	}
}

// WithTrace has begin called at the beginning of every call, for spans. The context
// that it returns is that of the call from then on, of its attempts and its log
// lines too, and must come from the one that it was given; the function that it
// returns is told of the call in the end, as that of [WithObserve] is. api and op
// are those of [Call].
func WithTrace(begin func(ctx context.Context, api, op string) (context.Context, func(Call))) Option {
	return func(c *client) error {
		if begin == nil {
			return errors.New("WithTrace: the function is nil")
		}
		c.trace = append(c.trace, begin)
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

// WithAttemptTimeout bounds one attempt of a call that may be repeated, body
// included; the default is 4 s. Any other call has the whole of [WithTimeout].
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
// default is 8 MiB. A larger one is [ErrInvalidResponse] or, after a payment,
// [ErrOutcomeUnknown]; so is one whose lists have more than 10,000 elements
// together. Of an error's body at most 64 KiB are read, except a 410's, which
// holds a selection.
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
// instance the trace ID of the visitor's request. Where it returns "", more than
// 128 characters or what no header can carry, and by default, it is 16 random
// hexadecimal digits. Every
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

// WithUserAgent names the shop in the User-Agent header, in printable ASCII such
// as "fjallbod/2.1", in front of this library's own product name.
func WithUserAgent(product string) Option {
	return func(c *client) error {
		if product == "" || strings.ContainsFunc(product, func(r rune) bool { return r < ' ' || r > '~' }) {
			return errors.New("WithUserAgent: must be printable ASCII")
		}
		c.userAgent = []string{product + " " + productName}
		return nil
	}
}

// WithEmailIn says where UpdateFields and StartPayment send the e-mail address: at
// the [TopLevel] of the body, which is the default, [InAddress],
// [InShippingAddress], or several of them. Centra's documentation names the field
// without saying where it stands, shops that use it differ, and the Shop API
// refuses fields that it does not know: without TopLevel an email in Extra, such as
// what is half typed in a widget, is not sent there either. cartAbandonmentEmail
// stays at the top level; see [WithFieldsInAddress].
func WithEmailIn(places ...EmailPlace) Option {
	return func(c *client) error {
		c.placement.email = 0
		for _, place := range places {
			c.placement.email |= place
		}
		if c.placement.email == 0 || c.placement.email&^(TopLevel|InAddress|InShippingAddress) != 0 {
			return errors.New("WithEmailIn: the places are TopLevel, InAddress and InShippingAddress, at least one of them")
		}
		return nil
	}
}

// WithFieldsInAddress makes UpdateFields and StartPayment repeat email and
// cartAbandonmentEmail inside the address object, beside the places that they have
// otherwise. Use this if the countdown does not start without.
func WithFieldsInAddress() Option {
	return func(c *client) error {
		c.placement.repeated = true
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

// productName is this library's in the User-Agent header.
const productName = "centra-go-cartabandonment/0.1"
