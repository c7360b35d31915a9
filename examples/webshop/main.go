// Webshop is a small shop that shows cart abandonment from the first widget
// event to the recovered cart:
//
//	go run ./examples/webshop -interval 3s
//
// It serves http://127.0.0.1:8080 and needs nothing else: a simulated Centra and
// a mailer run in the same process. Add something, begin to check out, leave an
// e-mail address, wait, and open the mail's link in another browser. The same
// with curl:
//
//	shop=http://127.0.0.1:8080
//	curl -c jar -b jar -X POST $shop/cart/items/1-1
//	curl -c jar -b jar $shop/centra/callback -d email=kim@example.com -d 'additionalFields[suspendIgnore]=true'
//	sleep 3; curl $shop/inbox.json
//	curl -c jar2 -b jar2 -i "$(curl -s $shop/inbox.json | sed 's/.*"link":"\([^"]*\)".*/\1/')?utm_source=mail"
//	curl -c jar2 -b jar2 $shop/cart.json
//	curl -c jar2 -b jar2 -L -d '' $shop/pay
//
// Without Klarna's widget the shop's own form does the same:
//
//	curl -c jar -b jar $shop/checkout -d email=kim@example.com -d firstName=Kim
//
// With another Centra nothing is simulated; the secret is best given in the
// environment variable CENTRA_SECRET:
//
//	go run ./examples/webshop -centra https://shop.centra.com/api/checkout -origin https://www.example.com
//	go run ./examples/webshop -centra https://shop.centra.com/api/shop -api shop
//	go run ./examples/webshop -centra https://shop.centra.com/api/storefront -api storefront
//
// shop.go, cart.go and checkout.go are what a host copies; the other files are
// the shop's pages and the demonstration around it.
package main

import (
	"cmp"
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/url"
	"os"
	"os/signal"
	"strings"
	"syscall"
	"time"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	context.AfterFunc(ctx, stop) // a second Ctrl-C does not wait for anybody
	err := run(ctx, os.Args[1:], os.Stdout, os.Stderr)
	if errors.Is(err, flag.ErrHelp) {
		return
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "webshop:", err)
		os.Exit(1)
	}
}

// options are the flags.
type options struct {
	addr     string
	api      string
	centra   string
	secret   string
	origin   string
	cartLink string
	interval time.Duration
}

func parseFlags(args []string, out io.Writer) (options, error) {
	var o options
	fs := flag.NewFlagSet("webshop", flag.ContinueOnError)
	fs.SetOutput(out)
	fs.StringVar(&o.addr, "addr", "127.0.0.1:8080", "`address` to listen on; the inbox is open to whoever can reach it")
	fs.StringVar(&o.api, "api", "checkout", "Centra's API to use, `checkout, shop or storefront`")
	fs.StringVar(&o.centra, "centra", "", "`URL` of another Centra, such as https://shop.centra.com/api/checkout, "+
		"of the Storefront API the whole endpoint; without it one is simulated")
	fs.StringVar(&o.secret, "secret", "", "server-side `secret` for -centra, of the Storefront API the session mode "+
		"token; CENTRA_SECRET does not show in the list of processes")
	fs.StringVar(&o.origin, "origin", "",
		"the shop's `origin` as Centra and payment providers know it (default http://<addr>)")
	fs.DurationVar(&o.interval, "interval", 20*time.Second,
		"`time` from orderCreated to the e-mail of the simulated mailer")
	fs.StringVar(&o.cartLink, "cart-link", "",
		"cart `link` as the mailer is configured (default <origin>/abandoned-cart/{selection})")
	if err := fs.Parse(args); err != nil {
		return o, err
	}
	if fs.NArg() > 0 {
		return o, fmt.Errorf("%q is no flag", fs.Arg(0))
	}
	if o.interval <= 0 {
		return o, errors.New("-interval must be positive")
	}
	o.secret = cmp.Or(o.secret, os.Getenv("CENTRA_SECRET"))
	return o, nil
}

// complete fills in what depends on the address that is listened on.
func (o *options) complete(addr net.Addr) error {
	if o.origin == "" {
		o.origin = "http://" + reachable(addr)
	}
	u, err := url.Parse(o.origin)
	if err != nil || u.Host == "" || (u.Scheme != "http" && u.Scheme != "https") || strings.Trim(u.Path, "/") != "" {
		return errors.New("-origin must be an origin such as https://www.example.com")
	}
	o.origin = u.Scheme + "://" + u.Host
	if o.cartLink == "" {
		o.cartLink = o.origin + "/abandoned-cart/{selection}"
	}
	return nil
}

// reachable is an address for a browser on this machine.
func reachable(addr net.Addr) string {
	host, port, err := net.SplitHostPort(addr.String())
	if ip := net.ParseIP(host); err == nil && ip.IsUnspecified() {
		return net.JoinHostPort("127.0.0.1", port)
	}
	return addr.String()
}

// baseURL completes a bare https://shop.centra.com. The Storefront API has no
// usual path: its URL is the plugin's whole endpoint.
func baseURL(raw, api string) (string, error) {
	u, err := url.Parse(raw)
	if err != nil {
		return "", errors.New("-centra is not a URL")
	}
	if strings.Trim(u.Path, "/") == "" && api != "storefront" {
		u.Path = "/api/" + api
	}
	return u.String(), nil
}

// run serves until ctx ends, and then lets the requests in flight finish. It
// talks to whoever started it on out, and logs to log.
func run(ctx context.Context, args []string, out, log io.Writer) error {
	o, err := parseFlags(args, log)
	if err != nil {
		return err
	}
	listener, err := net.Listen("tcp", o.addr)
	if err != nil {
		if errors.Is(err, syscall.EADDRINUSE) {
			return fmt.Errorf("%s is taken: stop what runs there, or choose another with -addr 127.0.0.1:8081", o.addr)
		}
		return fmt.Errorf("cannot listen on %s: %w", o.addr, err)
	}
	defer listener.Close()
	if err := o.complete(listener.Addr()); err != nil {
		return err
	}
	s, err := newSite(o, slog.New(slog.NewTextHandler(log, nil)))
	if err != nil {
		return err
	}
	defer s.Close()

	server := &http.Server{Handler: s.Handler(), ReadHeaderTimeout: 10 * time.Second}
	server.RegisterOnShutdown(s.timeline.close)
	fmt.Fprintf(out, "The shop is open: http://%s\n", reachable(listener.Addr()))
	if s.centra != nil {
		fmt.Fprintf(out, "1. Add something and begin to check out; leave an e-mail address, but do not pay.\n"+
			"2. Wait %v for the mail in /inbox.\n"+
			"3. Open its link in another browser or a private window. Ctrl-C closes the shop.\n", o.interval)
	} else {
		fmt.Fprintf(out, "1. The mailing plugin's cart link must be %s\n"+
			"2. Leave an e-mail address at the checkout, but do not pay; then wait for the mailer.\n"+
			"3. Open the link of its mail. Ctrl-C closes the shop.\n", o.cartLink)
	}

	failed := make(chan error, 1)
	go func() { failed <- server.Serve(listener) }()
	select {
	case err := <-failed:
		return err
	case <-ctx.Done():
	}
	fmt.Fprintln(out, "The shop closes.")
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), 10*time.Second)
	defer cancel()
	return server.Shutdown(ctx)
}
