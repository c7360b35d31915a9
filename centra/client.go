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

// client is what the clients of all APIs are made of. It is not changed after
// its construction, so a copy shares its connections and its budget.
type client struct {
	dialect
	*credentials
	base           *url.URL
	transport      http.RoundTripper
	retry          Retry
	budget         *budget
	attemptTimeout time.Duration
	timeout        time.Duration
	maxBytes       int64
	logger         *slog.Logger
	observe        []func(context.Context, Call)
	trace          []func(ctx context.Context, api, op string) (context.Context, func(Call))
	userAgent      []string // a header's value
	correlationID  func(context.Context) string
	placement      placement
	withoutRaw     bool
}

// credentials say who calls. They stand behind a pointer of their own: fmt, which
// for some verbs looks behind the pointer that a struct of a host's has to a
// client, looks no further.
type credentials struct {
	secret string
	origin string // where there is no secret

	storefront storefrontOptions
}

// dialect is what the exchange of a call must know of the API that it speaks.
type dialect struct {
	api string // as in [Call.API]
	// sign says in a request's header who calls, and for whom. It is asked again
	// where an answer has brought another session than the one that was sent.
	sign func(*client, http.Header, Session)
	// token is the session that an answer names: an error, or a body that was cut.
	// nil where a session stays what it is, whatever an answer says.
	token func(body []byte) Session
	// tellsExpired: an answer says where it does not know the caller's session any
	// more. In the Checkout API another session is all that shows it.
	tellsExpired bool
}

func newClient(d dialect, constructor, baseURL string, opts []Option) (*client, error) {
	base, err := parseBaseURL(baseURL)
	if err != nil {
		return nil, fmt.Errorf("centra: %s: %w", constructor, err)
	}
	c := &client{
		dialect:        d,
		credentials:    new(credentials),
		base:           base,
		retry:          defaultRetry,
		attemptTimeout: 4 * time.Second,
		timeout:        20 * time.Second,
		maxBytes:       8 << 20,
		logger:         slog.New(slog.DiscardHandler),
		userAgent:      []string{productName},
		correlationID:  randomID,
		budget:         newBudget(),
	}
	for _, opt := range opts {
		if err := opt(c); err != nil {
			return nil, fmt.Errorf("centra: %s: %w", constructor, err)
		}
	}
	if c.transport == nil {
		c.transport = NewTransport()
	}
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
// http.DefaultTransport keeps two. It believes at most 64 KiB of header.
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

// String says where the client leads. Its fields hold the secret.
func (c *client) String() string {
	if c == nil {
		return ""
	}
	return c.base.Host
}

func randomID(context.Context) string {
	var b [8]byte
	_, _ = rand.Read(b[:]) // never fails
	return hex.EncodeToString(b[:])
}
