// Fleet is a shop that outgrew one process: any number of its processes serve the
// same visitors behind any load balancer.
//
//	redis-server --port 6379 &
//	shop="-centra https://shop.centra.com/api/checkout -redis 127.0.0.1:6379 -origin https://www.example.com"
//	go run . $shop -addr 127.0.0.1:8081 &
//	go run . $shop -addr 127.0.0.1:8082 &
//
// Redis holds the turns, so that no two processes call Centra for one cart at
// once; a queue (River) holds what shoppers enter while Centra is away: in an
// SQLite file, or in PostgreSQL with -postgres. README.md says what each part is
// for and what happens when it fails.
//
// shop.go and queue.go are what a host copies; cart.go, pages.go, visits.go and
// metrics.go are the shop around them.
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

	"github.com/redis/go-redis/v9"
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
		fmt.Fprintln(os.Stderr, "fleet:", err)
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
	redis    string
	postgres string
	queue    string
}

func parseFlags(args []string, out io.Writer) (options, error) {
	var o options
	fs := flag.NewFlagSet("fleet", flag.ContinueOnError)
	fs.SetOutput(out)
	fs.StringVar(&o.addr, "addr", "127.0.0.1:8080", "`address` to listen on")
	fs.StringVar(&o.api, "api", "checkout", "Centra's API to use, `checkout, shop or storefront`")
	fs.StringVar(&o.centra, "centra", "", "`URL` of Centra, such as https://shop.centra.com/api/checkout, "+
		"of the Storefront API the whole endpoint; required")
	fs.StringVar(&o.secret, "secret", "", "server-side `secret`, of the Storefront API the session mode token; "+
		"CENTRA_SECRET does not show in the list of processes")
	fs.StringVar(&o.origin, "origin", "", "the shop's `origin` as browsers, Centra and payment providers know it "+
		"(default http://<addr>)")
	fs.StringVar(&o.cartLink, "cart-link", "", "cart `link` as the mailer is configured "+
		"(default <origin>/abandoned-cart/{selection})")
	fs.StringVar(&o.redis, "redis", "", "`host:port` of the Redis that all processes share; required")
	fs.StringVar(&o.postgres, "postgres", "", "`URL` of a PostgreSQL database for the queue, in place of a file")
	fs.StringVar(&o.queue, "queue", "fleet-queue.db", "SQLite `file` of the queue, "+
		"which the processes of one machine share")
	if err := fs.Parse(args); err != nil {
		return o, err
	}
	switch {
	case fs.NArg() > 0:
		return o, fmt.Errorf("%q is no flag", fs.Arg(0))
	case o.centra == "":
		return o, errors.New("-centra is required; examples/webshop brings a Centra of its own")
	case o.redis == "":
		return o, errors.New("-redis is required")
	case o.queue == "" && o.postgres == "":
		return o, errors.New("-queue names no file")
	}
	centra, err := url.Parse(o.centra)
	if err != nil {
		return o, errors.New("-centra is not a URL")
	}
	// Of the Storefront API the path is the plugin's own.
	if strings.Trim(centra.Path, "/") == "" && o.api != "storefront" {
		centra.Path = "/api/" + o.api
	}
	o.centra = centra.String()
	o.secret = cmp.Or(o.secret, os.Getenv("CENTRA_SECRET"))
	return o, nil
}

// complete fills in what depends on the address that is listened on.
func (o *options) complete(addr net.Addr) error {
	if o.origin == "" {
		o.origin = "http://" + addr.String()
	}
	u, err := url.Parse(o.origin)
	if err != nil || u.Host == "" || (u.Scheme != "http" && u.Scheme != "https") || strings.Trim(u.Path, "/") != "" {
		return errors.New("-origin must be an origin such as https://www.example.com")
	}
	o.origin = u.Scheme + "://" + u.Host
	o.cartLink = cmp.Or(o.cartLink, o.origin+"/abandoned-cart/{selection}")
	return nil
}

// run serves until ctx ends. It talks to whoever started it on out, and logs to
// log.
func run(ctx context.Context, args []string, out, log io.Writer) error {
	o, err := parseFlags(args, log)
	if err != nil {
		return err
	}
	logger := slog.New(slog.NewTextHandler(log, nil))
	queue, err := o.openQueue(ctx, logger)
	if err != nil {
		return fmt.Errorf("the queue cannot be opened: %w", err)
	}
	defer queue.close()
	// A Redis that is away is no reason not to open: redisturns goes on without.
	client := redis.NewClient(&redis.Options{Addr: o.redis, ContextTimeoutEnabled: true})
	defer client.Close()

	// Not before there is somebody to answer: what connects would wait.
	listener, err := net.Listen("tcp", o.addr)
	if err != nil {
		return fmt.Errorf("cannot listen on %s: %w", o.addr, err)
	}
	defer listener.Close()
	if err := o.complete(listener.Addr()); err != nil {
		return err
	}
	s := new(site)
	if s.metrics, err = newMetrics(queue.count); err != nil {
		return err
	}
	s.shop, err = newShop(settings{
		api: o.api, centra: o.centra, secret: o.secret, origin: o.origin, cartLink: o.cartLink,
		redis: client, later: queue.later, tel: s.metrics.tel, logger: logger,
	})
	if err != nil {
		return err
	}
	s.visits = newVisits(client, s.plainHTTP(), logger)

	server := &http.Server{Handler: s.handler(), ReadHeaderTimeout: 10 * time.Second, IdleTimeout: 2 * time.Minute}
	failed := make(chan error, 1)
	go func() { failed <- server.Serve(listener) }()
	fmt.Fprintf(out, "The shop is open: http://%s\n", listener.Addr())
	if err = queue.start(ctx, s.callback.Redeliver); err == nil {
		select {
		case err = <-failed:
		case <-ctx.Done():
			fmt.Fprintln(out, "The shop closes.")
		}
	}
	return errors.Join(err, s.close(server, queue.queue))
}

func (o options) openQueue(ctx context.Context, logger *slog.Logger) (*database, error) {
	ctx, cancel := context.WithTimeout(ctx, 30*time.Second)
	defer cancel()
	if o.postgres != "" {
		return openPostgres(ctx, o.postgres, logger)
	}
	return openFile(ctx, o.queue, logger)
}

const (
	// drain is how long a closing process still takes requests, until the load
	// balancer has seen that it is.
	drain = 2 * time.Second
	// finish is what requests in flight have then: more than an event or a page.
	finish = 12 * time.Second
)

// close finishes what is in flight: first requests, since those may still fill the
// queue, then the jobs under way. A job that does not end in time is another
// process's.
func (s *site) close(server *http.Server, queue *queue) error {
	s.closing.Store(true)
	server.SetKeepAlivesEnabled(false)
	time.Sleep(drain)
	ctx, cancel := context.WithTimeout(context.Background(), finish)
	defer cancel()
	err := server.Shutdown(ctx)
	stopping, cancel := context.WithTimeout(context.Background(), finish)
	defer cancel()
	return errors.Join(err, queue.stop(stopping))
}
