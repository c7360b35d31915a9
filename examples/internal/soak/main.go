// Soak drives examples/webshop with hundreds of visitors while its Centra
// misbehaves, and says whether the library's promises held:
//
//	go run ./examples/internal/soak
//	go run ./examples/internal/soak -api storefront
//	go run ./examples/internal/soak -duration 90s -outage 60s
//
// It is bounded and stays on the loopback interface: a simulated Centra in this
// process, the webshop built and started as a child, and visitors with a cookie
// jar each. A visitor's pages, cart changes, widget events, forms, decisions about
// the reminder and cart links run side by side: two tabs, double clicks, a browser
// that leaves before it has its answer. Every answer of Centra's brings another
// session token, and the old one is dead at once. Centra meanwhile answers late,
// wrongly or not at all, and in an outage first 503, then refuses connections, then
// stays silent.
//
// The report ends with what was promised and what came of it; the exit status is
// 1 if a promise was broken. What nobody can promise stands apart: an answer that
// brings a new token and is lost between Centra and the shop, for instance, costs
// the visitor the cart, until they open its link.
//
// The same -seed makes the visitors and the faults choose alike, though not at the
// same moments. The webshop's memory is read from /proc, so elsewhere than on Linux
// it is not reported.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"slices"
	"syscall"
	"time"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	o, err := parseFlags(os.Args[1:], os.Stderr)
	if errors.Is(err, flag.ErrHelp) {
		return
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "soak:", err)
		os.Exit(2)
	}
	r, err := soak(ctx, o, os.Stdout)
	if err != nil {
		fmt.Fprintln(os.Stderr, "soak:", err)
		os.Exit(1)
	}
	r.write(os.Stdout)
	if broken := r.broken(); len(broken) > 0 {
		fmt.Fprintf(os.Stderr, "soak: %d promises broken\n", len(broken))
		os.Exit(1)
	}
}

// options are the flags.
type options struct {
	api      string
	visitors int
	duration time.Duration
	outage   time.Duration
	rotate   int
	seed     uint64
}

var apis = []string{"checkout", "shop", "storefront"}

func parseFlags(args []string, out io.Writer) (options, error) {
	var o options
	fs := flag.NewFlagSet("soak", flag.ContinueOnError)
	fs.SetOutput(out)
	fs.StringVar(&o.api, "api", "checkout", "Centra's API to use, `checkout, shop or storefront`")
	fs.IntVar(&o.visitors, "visitors", 200, "how `many` visitors there are at once")
	fs.DurationVar(&o.duration, "duration", 30*time.Second, "how `long` they shop, with the outage")
	fs.DurationVar(&o.outage, "outage", 0, "how `long` of it Centra is down")
	fs.IntVar(&o.rotate, "rotate", 1, "in every n-th `answer` of a session its token changes; 0: in none")
	fs.Uint64Var(&o.seed, "seed", 1, "`number` that the random choices follow from")
	if err := fs.Parse(args); err != nil {
		return o, err
	}
	switch {
	case fs.NArg() > 0:
		return o, fmt.Errorf("%q is no flag", fs.Arg(0))
	case !slices.Contains(apis, o.api):
		return o, errors.New("-api must be checkout, shop or storefront")
	case o.visitors < 1:
		return o, errors.New("-visitors must be positive")
	case o.rotate < 0:
		return o, errors.New("-rotate must not be negative")
	case o.outage < 0 || o.duration < o.outage+2*time.Second:
		return o, errors.New("-duration must exceed -outage by 2s or more: there is a time before it and one after")
	}
	return o, nil
}

const progressEvery = 3 * time.Second

// soak makes one run. The error is that of a soak that could not be made; what
// it found is in the report.
func soak(ctx context.Context, o options, progress io.Writer) (*report, error) {
	up, err := newUpstream(o)
	if err != nil {
		return nil, err
	}
	defer up.close()
	fmt.Fprintln(progress, "The webshop is built and started.")
	shop, err := startWebshop(ctx, o.api, up.url(), up.witness)
	if err != nil {
		return nil, err
	}
	defer shop.stop()

	// A first crowd brings pools, heap and code to where they stay, so that what
	// is more after the second one has leaked.
	warmUp := newCrowd(o, up, shop.url, ^o.seed)
	warmUp.walk(ctx, min(o.duration/4, 5*time.Second))
	warmUp.leave()
	r := &report{options: o, before: shop.settle(ctx, up, vitals{}, 0)}
	fmt.Fprintf(progress, "It is warm: %s. %d visitors come in.\n", r.before, o.visitors)

	main := newCrowd(o, up, shop.url, o.seed)
	up.forget()
	r.tally, r.witness = main.tally, up.witness
	walking, enough := context.WithTimeout(ctx, o.duration)
	defer enough()
	go func() { // nobody walks around in a shop that is gone
		select {
		case <-shop.exited:
			enough()
		case <-walking.Done():
		}
	}()
	done := make(chan struct{})
	go func() {
		defer close(done)
		up.misbehave(walking, o)
	}()
	go main.tell(walking, progress, up, shop)
	main.walk(walking, o.duration)
	<-done
	main.leave()

	r.peak = shop.vitals(ctx)
	r.after = shop.settle(ctx, up, r.before, up.witness.replacements())
	r.upstream, r.injected = up.count()
	main.checkLedger()
	r.death, r.log = shop.stop()
	return r, ctx.Err()
}

// tell writes a line every few seconds.
func (c *crowd) tell(ctx context.Context, out io.Writer, up *upstream, shop *webshop) {
	start := time.Now()
	ticker := time.NewTicker(progressEvery)
	defer ticker.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
		}
		requests, failures := c.tally.sum()
		fmt.Fprintf(out, "%5s  Centra %-19s %7d requests, %6d not served, memory %s\n",
			time.Since(start).Round(time.Second), up.now(), requests, failures, shop.memory())
	}
}
