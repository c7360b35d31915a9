package main

import (
	"cmp"
	"fmt"
	"io"
	"strings"
	"text/tabwriter"
	"time"
)

const (
	// What the pages promise, and a second for a busy machine.
	callbackLimit = 8*time.Second + time.Second
	cartLinkLimit = 10*time.Second + time.Second
	// maxRatio of requests to calls holds in the long run; a burst of retries is
	// allowed on top.
	maxRatio   = 1.1
	retryBurst = 10
	// backLimit is how soon the first address is captured after an outage.
	backLimit = 3 * time.Second
)

// report is what a soak found.
type report struct {
	options
	tally         *tally
	before, after vitals
	peak          vitals
	upstream      map[phase]load
	injected      int    // faults beside the outage
	death         string // of the shop; empty if it lived
	log           *shopLog
}

// promise is one of the library's, and what came of it.
type promise struct {
	name, found string
	kept        bool
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
	back := r.tally.back
	r.tally.mu.Unlock()

	for _, e := range endpoints {
		if row := r.tally.row(e); row.served == 0 {
			add(false, "every endpoint serves", "%s never did", e)
		}
	}
	captures := max(r.tally.row(callbackForm).max, r.tally.row(callbackJSON).max, r.tally.row(checkoutForm).max)
	add(captures < callbackLimit, fmt.Sprintf("captures are answered within %s", callbackLimit), "%s", short(captures))
	links := r.tally.row(cartLink).max
	add(links < cartLinkLimit, fmt.Sprintf("cart links are answered within %s", cartLinkLimit), "%s", short(links))

	limit := fmt.Sprintf("at most %.1f requests to Centra a call, and %d", maxRatio, retryBurst)
	all := r.sum(func(phase) bool { return true })
	add(all.bounded(), limit, "%.3f", all.ratio())
	if r.outage > 0 {
		down := r.sum(phase.outage)
		add(down.bounded(), limit+", in the outage", "%.3f", down.ratio())
		add(back >= 0 && back < backLimit, fmt.Sprintf("captures work within %s after the outage", backLimit), "%s", short(back))
	}
	add(returned(r.before.live, r.after.live, liveSlack),
		fmt.Sprintf("the live heap returns to where it was, give or take %s", bytesize(liveSlack)), "%s to %s", r.before.live, r.after.live)
	if r.before.memory >= 0 {
		add(returned(r.before.memory, r.after.memory, memorySlack),
			fmt.Sprintf("resident memory returns to where it was, give or take %s", bytesize(memorySlack)), "%s to %s", r.before.memory, r.after.memory)
	}
	if r.before.goroutines >= 0 {
		add(returned(r.before.goroutines, r.after.goroutines, goroutineSlack),
			fmt.Sprintf("goroutines return to what they were, give or take %d", goroutineSlack), "%d to %d", r.before.goroutines, r.after.goroutines)
	}
	add(r.death == "", "the shop runs to the end", "%s", cmp.Or(r.death, "it did"))
	add(r.log.leaked() == 0, "no address and no secret in the shop's log", "%d lines", r.log.leaked())
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

func (l load) bounded() bool { return float64(l.requests) <= maxRatio*float64(l.calls)+retryBurst }

// sum adds up phases. Connections that were refused nobody counts: they cost
// Centra nothing.
func (r *report) sum(of func(phase) bool) load {
	var sum load
	for p, l := range r.upstream {
		if of(p) {
			sum.requests += l.requests
			sum.calls += l.calls
		}
	}
	return sum
}

func (r *report) write(out io.Writer) {
	fmt.Fprintf(out, "\n%s API, %d visitors, %s, of it an outage of %s, seed %d\n\n", r.api, r.visitors, r.duration, r.outage, r.seed)
	w := tabwriter.NewWriter(out, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprintln(w, "requests\tserved\tp50\tp99\tslowest\tin the outage\t\tendpoint")
	asked := 0
	for _, e := range endpoints {
		row := r.tally.row(e)
		asked += row.requests
		fmt.Fprintf(w, "%d\t%d\t%s\t%s\t%s\t%s\t\t%s\n", row.requests, row.served, short(row.p50), short(row.p99), short(row.max), short(row.slowestInTheOutage), e)
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
			fmt.Fprintf(out, "  %-32s %s\n", e, strings.Join(kinds, ", "))
		}
	}

	fmt.Fprintf(out, "\n%d captures answered 2xx and looked up in Centra, %d carts recovered\n", r.tally.captures, r.tally.recovered)
	all := r.sum(func(phase) bool { return true })
	fmt.Fprintf(out, "%d requests to Centra for %d calls and %d requests of visitors; %d faults beside the outage\n",
		all.requests, all.calls, asked, r.injected)
	for _, p := range []phase{unreliable, unavailable, silent} {
		if l := r.upstream[p]; l.calls > 0 {
			fmt.Fprintf(out, "  while it %-14s %7d requests for %7d calls, %.3f a call\n", p, l.requests, l.calls, l.ratio())
		}
	}
	fmt.Fprintf(out, "the shop before %s; peak %s; after %s\n\n", r.before, r.peak.peak, r.after)

	for _, p := range r.promises() {
		word := "kept  "
		if !p.kept {
			word = "BROKEN"
		}
		fmt.Fprintf(out, "%s  %s: %s\n", word, p.name, p.found)
	}
	if r.death != "" {
		fmt.Fprintf(out, "\nthe last lines of the shop's log:\n%s\n", r.log.tail())
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
