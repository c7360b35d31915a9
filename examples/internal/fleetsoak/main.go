// Fleetsoak drives three processes of examples/fleet with hundreds of visitors
// while the processes are killed, Redis is stopped and Centra is away, and says
// whether what was promised held. Run it in its own directory:
//
//	go run -C examples/internal/fleetsoak .
//	go run -C examples/internal/fleetsoak . -duration 5m -outage 60s -postgres
//
// It is bounded and stays on the loopback interface: a redis-server of its own,
// a simulated Centra in this process whose tokens change with every answer and are
// dead at once, a round-robin balancer, the fleet as three child processes with one
// queue, and visitors with a cookie jar each who look at pages, fill carts, leave
// addresses one by one and in bursts, close the browser before they have an answer,
// pay by a double click and open cart links. With -postgres it makes a cluster of
// its own for the queue.
//
// What cannot be promised is counted apart: a process that is killed between
// Centra's answer with a new token and telling Redis takes that token along; and
// while Redis is away a token whose answer never reached the browser is known to
// one process only.
//
// The exit status is 1 if a promise was broken. The same -seed makes the visitors
// and the faults choose alike, though not at the same moments.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"os"
	"os/signal"
	"strings"
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
		fmt.Fprintln(os.Stderr, "fleetsoak:", err)
		os.Exit(2)
	}
	r, err := soak(ctx, o, os.Stdout)
	removeBuilt()
	if err != nil {
		fmt.Fprintln(os.Stderr, "fleetsoak:", err)
		os.Exit(1)
	}
	r.write(os.Stdout)
	if broken := r.broken(); len(broken) > 0 {
		fmt.Fprintf(os.Stderr, "fleetsoak: %d promises broken\n", len(broken))
		os.Exit(1)
	}
}

// options are the flags.
type options struct {
	visitors int
	duration time.Duration
	outage   time.Duration
	seed     uint64
	postgres bool

	think time.Duration // at most, between two actions of a visitor
	every time.Duration // about how often something is broken
}

func parseFlags(args []string, out io.Writer) (options, error) {
	o := options{think: 4 * time.Second, every: 10 * time.Second}
	fs := flag.NewFlagSet("fleetsoak", flag.ContinueOnError)
	fs.SetOutput(out)
	fs.IntVar(&o.visitors, "visitors", 200, "how `many` visitors there are at once")
	fs.DurationVar(&o.duration, "duration", 3*time.Minute, "how `long` they shop, with the outage")
	fs.DurationVar(&o.outage, "outage", time.Minute, "how `long` of it Centra is away")
	fs.Uint64Var(&o.seed, "seed", 1, "`number` that the random choices follow from")
	fs.BoolVar(&o.postgres, "postgres", false, "keep the queue in PostgreSQL, in a cluster made for the run")
	if err := fs.Parse(args); err != nil {
		return o, err
	}
	switch {
	case fs.NArg() > 0:
		return o, fmt.Errorf("%q is no flag", fs.Arg(0))
	case o.visitors < 1:
		return o, errors.New("-visitors must be positive")
	case o.outage != 0 && o.outage < 3*time.Second:
		return o, errors.New("-outage must be 3s or more, or 0")
	case o.duration < o.outage+4*time.Second:
		return o, errors.New("-duration must exceed -outage by 4s or more: there is a time before it and one after")
	}
	return o, nil
}

// soak makes one run. The error is that of a soak that could not be made; what it
// found is in the report.
func soak(ctx context.Context, o options, progress io.Writer) (r *report, err error) {
	fmt.Fprintln(progress, "The fleet is built and started.")
	m, err := newMachine(ctx, o.postgres)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, m.close()) }()
	c := newCrowd(m, o.visitors, o.seed, o.think)
	x := &chaos{machine: m, rng: rand.New(rand.NewPCG(o.seed, 0)), out: progress}
	m.centra.SetLatency(20 * time.Millisecond)

	fmt.Fprintf(progress, "%d visitors come in.\n", o.visitors)
	walking, enough := context.WithTimeout(ctx, o.duration)
	defer enough()
	broken := make(chan struct{})
	go func() {
		defer close(broken)
		x.walk(walking, o.every)
	}()
	back := make(chan time.Time, 1)
	go func() { back <- m.fail(walking, o, x, progress) }()
	go c.tell(walking, progress)
	watching, done := context.WithCancel(ctx)
	defer done()
	watched := c.strain.watch(watching, m)
	c.walk(walking)
	<-broken
	r = &report{options: o, crowd: c, chaos: x}
	wasBack := <-back
	calm := later(wasBack, x.mended())
	fmt.Fprintln(progress, "All is well, and what waits is waited for.")
	r.drained = m.drain(ctx, calm)
	done()
	<-watched
	r.fates, r.lost = c.audit(wasBack, calm)
	r.look(ctx)
	return r, ctx.Err()
}

// fail is the outage of Centra, in the middle of a run, with all processes killed
// in the middle of it. It returns when Centra is back.
func (m *machine) fail(ctx context.Context, o options, x *chaos, progress io.Writer) time.Time {
	if o.outage == 0 {
		return time.Time{}
	}
	pause(ctx, (o.duration-o.outage)/2)
	fmt.Fprintf(progress, "%s  Centra goes away\n", time.Now().Format(time.TimeOnly))
	killing := time.AfterFunc(o.outage/2, x.killAll)
	defer killing.Stop()
	m.centra.outage(ctx, o.outage)
	fmt.Fprintf(progress, "%s  Centra is back\n", time.Now().Format(time.TimeOnly))
	return time.Now()
}

// tell writes a line every few seconds.
func (c *crowd) tell(ctx context.Context, out io.Writer) {
	for {
		pause(ctx, 10*time.Second)
		if ctx.Err() != nil {
			return
		}
		requests, failures := c.tally.sum()
		fmt.Fprintf(out, "%s  Centra %-19s %7d requests, %6d not served, %d captures wait\n",
			time.Now().Format(time.TimeOnly), c.centra.now(), requests, failures, c.waiting(ctx))
	}
}

// drain waits until the queue is empty, and returns when that was; a negative time
// says never.
func (m *machine) drain(ctx context.Context, calm time.Time) time.Duration {
	for time.Since(calm) < 3*time.Minute && ctx.Err() == nil {
		if m.waiting(ctx) == 0 {
			return time.Since(calm)
		}
		pause(ctx, 500*time.Millisecond)
	}
	return -1
}

// waiting asks the fleet how many captures wait; -1 if none of it answers.
func (m *machine) waiting(ctx context.Context) int {
	for _, p := range m.fleet {
		_, rest, found := strings.Cut(m.metrics(ctx, p), "\ncentra_captures_waiting ")
		var n int
		if _, err := fmt.Sscan(rest, &n); found && err == nil {
			return n
		}
	}
	return -1
}

// metrics are what a process says of itself; "" if it does not answer.
func (m *machine) metrics(ctx context.Context, p *process) string {
	ctx, cancel := context.WithTimeout(ctx, 5*time.Second)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, p.url()+"/metrics", nil)
	if err != nil {
		return ""
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return ""
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		return ""
	}
	return string(body)
}
