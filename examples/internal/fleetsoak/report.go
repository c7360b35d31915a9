package main

import (
	"context"
	"fmt"
	"io"
	"strings"
	"text/tabwriter"
	"time"
)

const (
	// What the pages promise, and a second for a busy machine.
	callbackLimit = 8*time.Second + time.Second
	pageLimit     = 4*time.Second + time.Second
	cartLinkLimit = 10*time.Second + time.Second
	// arrivalLimit is how soon after an outage every address is in its cart.
	arrivalLimit = 90 * time.Second
)

// report is what a soak found.
type report struct {
	options
	*crowd
	chaos   *chaos
	drained time.Duration
	fates   fates
	lost    map[loss]int
	leaks   map[string]int // by where
	keys    map[string]int // in Redis, by prefix
	memory  []string
}

// promise is one of the fleet's, and what came of it.
type promise struct {
	name, found string
	kept        bool
}

// look reads what the processes and Redis hold at the end.
func (r *report) look(ctx context.Context) {
	canaries := r.centra.trace.canaries()
	metrics, stored := newRecord(), newRecord()
	r.leaks = make(map[string]int)
	for _, p := range r.fleet {
		metrics.add(r.metrics(ctx, p))
		r.leaks["logs"] += p.log.leaks(canaries)
		now, peak := p.memory()
		r.memory = append(r.memory, fmt.Sprintf("%s (peak %s)", megabytes(now), megabytes(peak)))
		if death := p.died(); death != "" {
			r.chaos.trouble(fmt.Errorf("%s ended by itself: %s\n%s", p.name, death, p.log.tail()))
		}
	}
	r.leaks["metrics"] = metrics.leaks(canaries)
	var err error
	if r.keys, err = r.redis.scan(ctx, stored); err != nil {
		r.chaos.trouble(err)
	}
	r.leaks["Redis"] = stored.leaks(canaries)
}

func megabytes(n int64) string {
	if n < 0 {
		return "not known"
	}
	return fmt.Sprintf("%.0f MiB", float64(n)/(1<<20))
}

// meetings are calls at once for one visitor: those that met while processes shared
// their turns, and how many did while they did not, or when Redis had forgotten that
// two sessions are one visitor's.
func (r *report) meetings() (shared []meeting, apart int) {
	t := r.centra.trace
	t.mu.Lock()
	defer t.mu.Unlock()
	for _, m := range t.meetings {
		switch {
		case !m.real():
		case r.alone(m.earlier.visitor.began, m.later.at):
			apart++
		default:
			shared = append(shared, m)
		}
	}
	return shared, apart
}

func (r *report) promises() []promise {
	var list []promise
	add := func(kept bool, name, format string, args ...any) {
		list = append(list, promise{name, fmt.Sprintf(format, args...), kept})
	}
	r.tally.mu.Lock()
	for _, d := range defects {
		n, example := r.tally.defects[d], r.tally.examples[d]
		if n > 0 {
			example = " (" + example + ")"
		}
		add(n == 0, "no "+string(d), "%d%s", n, example)
	}
	r.tally.mu.Unlock()
	for _, e := range endpoints {
		if r.tally.row(e).served == 0 {
			add(false, "every endpoint serves", "%s never did", e)
		}
	}
	f := r.fates
	add(f.false200 == 0, "what is answered 200 is in the cart", "%d of %d not", f.false200, f.delivered)
	add(f.never == 0, "every address that was accepted reaches its cart, or a newer one does", "%d did not", f.never)
	add(f.overwritten == 0, "no newer address is overwritten", "%d", f.overwritten)
	add(f.late <= arrivalLimit, fmt.Sprintf("all are there within %s of Centra being back", arrivalLimit), "%s",
		short(f.late))
	add(r.drained >= 0 && r.drained <= arrivalLimit, "and the queue is empty", "%s", short(r.drained))
	lost := fmt.Sprint(r.lost[unexplained])
	if r.ledger.example != "" {
		lost += " (" + r.ledger.example + ")"
	}
	add(r.lost[unexplained] == 0, "no cart is lost", "%s", lost)
	add(f.itemsWrong == 0, "carts hold what was put into them, once", "%d do not", f.itemsWrong)
	shared, _ := r.meetings()
	met := fmt.Sprint(len(shared), " times")
	if len(shared) > 0 {
		met += " (" + shared[0].String() + ")"
	}
	add(len(shared) == 0, "never two calls at once for one visitor", "%s", met)
	lag := r.strain.late()
	add(r.tally.row(callback).max < callbackLimit+lag, fmt.Sprintf("events are answered within %s", callbackLimit), "%s",
		short(r.tally.row(callback).max))
	r.tally.mu.Lock()
	pages := max(r.tally.longest[checkout], r.tally.longest[cartJSON])
	r.tally.mu.Unlock()
	add(pages < pageLimit+lag, fmt.Sprintf("pages are answered within %s, once more after a kill", pageLimit), "%s",
		short(pages))
	links := r.tally.row(cartLink).max
	add(links < cartLinkLimit+lag, fmt.Sprintf("cart links are answered within %s", cartLinkLimit), "%s", short(links))
	for _, where := range []string{"logs", "metrics", "Redis"} {
		add(r.leaks[where] == 0, "no token, ID, secret or address in "+where, "%d", r.leaks[where])
	}
	add(len(r.chaos.troubles) == 0, "processes end when they are told to, and not before", "%s",
		strings.Join(append([]string{fmt.Sprint(len(r.chaos.troubles), " did not")}, r.chaos.troubles...), "\n"))
	return list
}

// broken lists the promises that were not kept.
func (r *report) broken() []promise {
	var list []promise
	for _, p := range r.promises() {
		if !p.kept {
			list = append(list, p)
		}
	}
	return list
}

func (r *report) write(out io.Writer) {
	queue := "an SQLite file"
	if r.options.postgres {
		queue = "PostgreSQL"
	}
	fmt.Fprintf(out, "\n%d processes, %d visitors, %s, of it Centra away for %s, the queue in %s, seed %d\n",
		fleetSize, r.crowd.visitors, r.duration, r.outage, queue, r.options.seed)
	fmt.Fprintf(out, "%d kills, %d deployments, Redis killed %d times; the machine was late by up to %s\n\n",
		r.chaos.kills, r.chaos.deploys, r.chaos.redis, short(r.strain.late()))
	w := tabwriter.NewWriter(out, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprintln(w, "requests\tserved\tp50\tp95\tp99\tslowest\t\tendpoint")
	for _, e := range endpoints {
		row := r.tally.row(e)
		fmt.Fprintf(w, "%d\t%d\t%s\t%s\t%s\t%s\t\t%s\n", row.requests, row.served,
			short(row.p50), short(row.p95), short(row.p99), short(row.max), e)
	}
	_ = w.Flush()
	fmt.Fprintln(out, "\nnot served")
	for _, e := range endpoints {
		var kinds []string
		names, count := r.tally.failures(e)
		for _, name := range names {
			kinds = append(kinds, fmt.Sprintf("%d × %s", count[name], name))
		}
		if kinds != nil {
			fmt.Fprintf(out, "  %-34s %s\n", e, strings.Join(kinds, ", "))
		}
	}

	f := r.fates
	fmt.Fprintf(out, "\n%d addresses answered 200, %d answered 202\n", f.delivered, f.queued)
	fmt.Fprintf(out, "  %d reached their cart, %d gave way to a newer one, %d never did\n", f.reached, f.replaced, f.never)
	fmt.Fprintf(out, "  of %d the cart was ordered or lost first\n", f.pointless)
	fmt.Fprintf(out, "  %d are not the last in their cart: turns were not shared, or Redis had forgotten\n", f.unordered)
	fmt.Fprintf(out, "%d carts; lost: %d %s, %d %s, %d %s\n", len(r.ledger.entries), r.lost[withKilled], withKilled,
		r.lost[alone], alone, r.lost[unexplained], unexplained)
	shared, apart := r.meetings()
	fmt.Fprintf(out, "calls at once for one visitor: %d times, and %d times while turns were not shared\n",
		len(shared), apart)
	fmt.Fprintf(out, "%d requests to Centra\n", r.centra.trace.count())
	fmt.Fprintf(out, "memory %s; keys in Redis %v\n\n", strings.Join(r.memory, ", "), r.keys)

	for _, p := range r.promises() {
		word := "kept  "
		if !p.kept {
			word = "BROKEN"
		}
		fmt.Fprintf(out, "%s  %s: %s\n", word, p.name, p.found)
	}
}

func short(d time.Duration) string {
	switch {
	case d < 0:
		return "never"
	case d == 0:
		return "-"
	case d < 10*time.Millisecond:
		return d.Round(10 * time.Microsecond).String()
	case d < time.Second:
		return d.Round(time.Millisecond).String()
	}
	return d.Round(10 * time.Millisecond).String()
}
