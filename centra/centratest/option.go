package centratest

import (
	"slices"
	"time"
)

// Secret is the shared secret of all APIs unless [WithSecret] sets another.
const Secret = "centratest-secret"

// SessionModeToken is the token that makes sessions of the Storefront API,
// unless [WithSessionModeToken] sets another.
const SessionModeToken = "centratest-session-mode-token"

// Option configures a Server.
type Option func(*config)

type config struct {
	secret         string
	sessionToken   string
	allowedOrigins []string
	products       []Product
	vouchers       []Voucher
	paymentMethod  string
	mailInterval   time.Duration
	cartLink       string
	tokenGrace     time.Duration
	responseSize   int
	withoutSocket  bool

	emailPlaces        []Place
	optInPlaces        []Place
	noIgnored          bool
	attachNeedsSecret  bool
	bare410            bool
	preventOverselling bool
	flatOrders         bool
	ingrid             bool

	deadSelection      DeadSelection
	graphqlErrorStatus int
	widgetOptsIn       bool
	paymentOptsIn      bool
	addressAddsUp      bool
	tokenWhenNew       bool
}

func defaultConfig() config {
	return config{
		secret:        Secret,
		sessionToken:  SessionModeToken,
		products:      seedProducts(),
		vouchers:      seedVouchers(),
		paymentMethod: DummyMethod,
		mailInterval:  time.Hour,
		cartLink:      "https://example.com/abandoned-cart/{selection}",
		emailPlaces:   []Place{TopLevel, InAddress, InShippingAddress},
		optInPlaces:   []Place{TopLevel, InAddress},
		deadSelection: DeadIsUserError,

		graphqlErrorStatus: 200,
	}
}

// WithSecret sets the shared secret of all APIs.
func WithSecret(secret string) Option {
	return func(c *config) { c.secret = secret }
}

// WithSessionModeToken sets the token that makes sessions of the Storefront API.
func WithSessionModeToken(token string) Option {
	return func(c *config) { c.sessionToken = token }
}

// WithAllowedOrigins sets the origins from which the Checkout API may be called
// without the secret. Default: no list, no check.
func WithAllowedOrigins(origins ...string) Option {
	return func(c *config) { c.allowedOrigins = slices.Clone(origins) }
}

// WithProducts replaces the seeded catalogue.
func WithProducts(products ...Product) Option {
	return func(c *config) { c.products = slices.Clone(products) }
}

// WithVouchers replaces the seeded voucher, WELCOME10.
func WithVouchers(vouchers ...Voucher) Option {
	return func(c *config) { c.vouchers = slices.Clone(vouchers) }
}

// WithPaymentMethod sets the payment method of a new cart. Default: [DummyMethod].
func WithPaymentMethod(method string) Option {
	return func(c *config) { c.paymentMethod = method }
}

// WithMailInterval sets the time from orderCreated to the e-mail. Default: one hour.
func WithMailInterval(interval time.Duration) Option {
	return func(c *config) { c.mailInterval = interval }
}

// WithCartLink sets the link in the e-mails as the mailing plugin would be
// configured; {selection} stands for the selection ID.
// Default: https://example.com/abandoned-cart/{selection}.
func WithCartLink(link string) Option {
	return func(c *config) { c.cartLink = link }
}

// WithTokenGrace lets a token work for a while after it has been rotated.
// Default: none, it stops working at once.
func WithTokenGrace(grace time.Duration) Option {
	return func(c *config) { c.tokenGrace = grace }
}

// WithResponseSize pads selection responses to about that many bytes, with
// countries and their states; in the Storefront API, where nothing comes unasked,
// it is the size of a text in the extensions of every answer. Default: no padding, about 8 kB.
func WithResponseSize(bytes int) Option {
	return func(c *config) { c.responseSize = bytes }
}

// WithoutSocket makes URL and Client work in process, as a synctest bubble needs it.
func WithoutSocket() Option {
	return func(c *config) { c.withoutSocket = true }
}
