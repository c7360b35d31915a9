// Verify walks the flow of cart abandonment against a Centra of your own, and says
// what it found for each thing that Centra documents nowhere:
//
//	CENTRA_SECRET=... go run ./examples/verify -api storefront \
//		-endpoint https://.../the-plugins-endpoint -item 1-1 -email you@example.com
//
// Use a test plugin. It makes carts with one item each, leaves e-mail addresses in
// them and, with -pay, begins to pay for one. It prints nothing secret: no token,
// ID, address or URL.
//
// With -api checkout or shop the endpoint is the base URL. The secret is that of
// the Checkout API's or Shop API's plugin, or the Storefront API's session mode
// token; it is read from the environment only, since flags show in the list of
// processes. So is CENTRA_SELECTION, the ID of an open cart from the link in a mail,
// which the Checkout API shows nowhere else.
//
// A line that begins with
//
//	ok       is as the library takes it
//	differs  is not, and says what to change
//	seen     is for you to know
//	unknown  could not be found out
//
// What starts a countdown shows in the mails alone. They go to your address with a
// word behind a plus sign, you+yes@example.com, and the last lines say what it means
// that a word arrives. The exit status is 1 where something differs or the walk had
// to end, and 2 where it was not asked rightly.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"net/mail"
	"os"
	"os/signal"
	"strings"
	"time"

	"github.com/centra-go/cartabandonment/centra"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	os.Exit(run(ctx, os.Args[1:], os.Getenv, os.Stdout, os.Stderr))
}

type options struct {
	api, endpoint, item, origin, email string
	pay                                bool
	secret                             string
	selection                          centra.SelectionID
	client                             []centra.Option // more of them, for tests
}

var errUsage = errors.New("what to verify is not clear")

func parseFlags(args []string, getenv func(string) string, out io.Writer) (options, error) {
	var o options
	fs := flag.NewFlagSet("verify", flag.ContinueOnError)
	fs.SetOutput(out)
	fs.StringVar(&o.api, "api", "", "Centra's API: `checkout, shop or storefront`")
	fs.StringVar(&o.endpoint, "endpoint", "", "base `URL` of the plugin; for the Storefront API its whole endpoint")
	fs.StringVar(&o.item, "item", "", "`item` to put into carts, as the API calls it, with stock")
	fs.StringVar(&o.email, "email", "verify@example.com", "your `address`, to see which mails come")
	fs.StringVar(&o.origin, "origin", "", "the shop's `origin`, for a Checkout API plugin that checks it")
	fs.BoolVar(&o.pay, "pay", false, "begin to pay for a cart too")
	if err := fs.Parse(args); err != nil {
		return o, err
	}
	o.secret = getenv("CENTRA_SECRET")
	wrong := func(text string) (options, error) { return o, fmt.Errorf("%w: %s", errUsage, text) }
	switch {
	case fs.NArg() > 0:
		return wrong("there are arguments behind the flags")
	case o.api != "checkout" && o.api != "shop" && o.api != "storefront":
		return wrong("-api must be checkout, shop or storefront")
	case o.endpoint == "" || o.item == "":
		return wrong("-endpoint and -item are needed")
	case o.secret == "" && o.api != "checkout":
		return wrong("CENTRA_SECRET is needed")
	}
	if address, err := mail.ParseAddress(o.email); err != nil || address.Address != o.email {
		return wrong("-email is no address")
	}
	if id := getenv("CENTRA_SELECTION"); id != "" {
		var err error
		if o.selection, err = centra.ParseSelectionID(id); err != nil {
			return wrong("CENTRA_SELECTION is no selection ID")
		}
	}
	return o, nil
}

// run returns the exit status.
func run(ctx context.Context, args []string, getenv func(string) string, out, log io.Writer) int {
	o, err := parseFlags(args, getenv, log)
	if errors.Is(err, flag.ErrHelp) {
		return 0
	}
	if err != nil {
		fmt.Fprintln(log, "verify:", err)
		return 2
	}
	return verify(ctx, o, out, log)
}

func verify(ctx context.Context, o options, out, log io.Writer) int {
	v := &verifier{ctx: ctx, options: o, report: &report{out: out}}
	walks := map[string]func() error{"checkout": v.checkout, "shop": v.shop, "storefront": v.storefront}
	if err := walks[o.api](); err != nil {
		if errors.Is(err, errUsage) {
			fmt.Fprintln(log, "verify:", err)
			return 2
		}
		v.report.ended(err)
	}
	v.report.inbox()
	if v.report.differences > 0 {
		return 1
	}
	return 0
}

// verifier walks the flow of one API.
type verifier struct {
	ctx context.Context
	options
	report *report
	calls  []centra.Call // since the last watched
}

// clientOptions are those of every client. Calls are made one after the other.
func (v *verifier) clientOptions(more ...centra.Option) []centra.Option {
	opts := append([]centra.Option{
		centra.WithObserve(func(_ context.Context, c centra.Call) { v.calls = append(v.calls, c) }),
		centra.WithTimeout(30 * time.Second), centra.WithUserAgent("verify"),
	}, v.client...)
	return append(opts, more...)
}

// tagged is the address with a word that names what it was used for.
func (v *verifier) tagged(word string) string {
	local, domain, _ := strings.Cut(v.email, "@")
	if strings.Contains(local, "+") {
		return local + "-" + word + "@" + domain
	}
	return local + "+" + word + "@" + domain
}

// step is an error that ends the walk.
func step(what string, err error) error { return fmt.Errorf("%s: %w", what, err) }

// unknownID is an ID that no cart has.
const unknownID centra.SelectionID = "00000000000000000000000000000000"

// what says in words what became of a call.
func what(err error) string {
	for _, row := range []struct {
		kind  error
		words string
	}{
		{centra.ErrSelectionNotFound, "no such cart"},
		{centra.ErrUnauthorized, "not allowed"},
		{centra.ErrRateLimited, "too many calls"},
		{centra.ErrUnavailable, "not available"},
		{centra.ErrOutcomeUnknown, "an answer that cannot be read"},
		{centra.ErrInvalidResponse, "an answer that cannot be read"},
	} {
		if errors.Is(err, row.kind) {
			return row.words + status(err)
		}
	}
	if err == nil {
		return "accepted"
	}
	return "refused" + status(err)
}

func status(err error) string {
	var e *centra.Error
	if errors.As(err, &e) && e.StatusCode != 0 {
		return fmt.Sprintf(" (status %d)", e.StatusCode)
	}
	return ""
}
