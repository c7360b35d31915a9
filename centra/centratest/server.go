package centratest

import (
	"net/http"
	"net/http/httptest"
	"sync"
	"time"
)

// TB is the part of testing.TB that a Server needs. It is an interface of its
// own because a program that embeds a Server, a demo shop for example, should
// not have to link package testing.
type TB interface {
	Helper()
	Cleanup(func())
	Errorf(format string, args ...any)
}

const (
	processURL     = "http://centra.test"
	checkoutPath   = "/api/checkout"
	shopPath       = "/api/shop"
	storefrontPath = "/api/storefront"
)

// Server is an in-memory Centra with its three APIs and a mailer. All methods are
// safe for concurrent use.
type Server struct {
	config config
	tb     TB // nil without a test
	done   chan struct{}

	listen   sync.Once
	listener *httptest.Server

	mu              sync.Mutex // guards everything below
	closed          bool
	catalogue       []Product
	paddedCountries encoded // see WithResponseSize; nil until needed
	stock           map[string]int
	carts           map[string]*cart
	cartCount       int
	orderCount      int
	tokens          map[string]*token
	rotateEvery     int
	rotateNext      int
	latency         time.Duration
	nextFaults      []Fault
	lastingFault    *Fault
	requests        []*Request
	inFlight        map[string]int
	maxInFlight     map[string]int
	countdowns      map[*cart]*countdown
	outbox          []Mail
	timeline        timeline
}

// NewServer returns a Server that closes itself at the end of the test and
// fails the test when it is asked for a route that it does not simulate.
func NewServer(tb TB, opts ...Option) *Server {
	tb.Helper()
	s := New(opts...)
	s.tb = tb
	tb.Cleanup(s.Close)
	return s
}

// New returns a Server for a program that is not a test. The caller closes it.
func New(opts ...Option) *Server {
	s := &Server{
		config:      defaultConfig(),
		done:        make(chan struct{}),
		stock:       make(map[string]int),
		carts:       make(map[string]*cart),
		orderCount:  1000,
		tokens:      make(map[string]*token),
		inFlight:    make(map[string]int),
		maxInFlight: make(map[string]int),
		countdowns:  make(map[*cart]*countdown),
	}
	for _, opt := range opts {
		opt(&s.config)
	}
	s.catalogue = s.config.products
	return s
}

// Handler returns all APIs as a handler to be mounted at the root of a host.
func (s *Server) Handler() http.Handler { return http.HandlerFunc(s.serveHTTP) }

// URL returns the server's base URL, without a slash at the end. It panics if
// no loopback port can be listened on.
func (s *Server) URL() string {
	if s.config.withoutSocket {
		return processURL
	}
	return s.start().URL
}

// CheckoutURL returns the base URL of the Checkout API.
func (s *Server) CheckoutURL() string { return s.URL() + checkoutPath }

// ShopURL returns the base URL of the Shop API.
func (s *Server) ShopURL() string { return s.URL() + shopPath }

// StorefrontURL returns the endpoint of the Storefront API.
func (s *Server) StorefrontURL() string { return s.URL() + storefrontPath }

// Client returns a client that reaches [Server.URL].
func (s *Server) Client() *http.Client {
	if s.config.withoutSocket {
		return &http.Client{Transport: s.Transport()}
	}
	return s.start().Client()
}

// start listens late, because a listening socket keeps a synctest bubble awake.
func (s *Server) start() *httptest.Server {
	s.listen.Do(func() { s.listener = httptest.NewServer(s.Handler()) })
	if s.listener == nil {
		panic("centratest: URL or Client called on a closed Server")
	}
	return s.listener
}

// Close ends hanging requests, stops all countdowns and the listener. Carts,
// requests and mails can still be read. Closing twice does nothing.
func (s *Server) Close() {
	s.mu.Lock()
	alreadyClosed := s.closed
	s.closed = true
	for c := range s.countdowns {
		s.stopCountdown(c)
	}
	s.mu.Unlock()
	if alreadyClosed {
		return
	}
	close(s.done)
	s.listen.Do(func() {})
	if s.listener != nil {
		s.listener.Close()
	}
}

// update runs change under the lock and tells the observers afterwards, so
// that they may call the Server's methods.
func (s *Server) update(change func()) {
	func() {
		s.mu.Lock()
		defer s.mu.Unlock()
		change()
	}()
	s.tellObservers()
}
