package main

import (
	"fmt"
	"io"
	"strings"
	"text/tabwriter"
	"time"
)

// report is what a soak found.
type report struct {
	options
	tally         *tally
	witness       *witness
	before, after vitals
	peak          vitals
	upstream      map[phase]load
	injected      int    // faults beside the outage
	death         string // of the shop; empty if it lived
	log           *shopLog
}

func (r *report) write(out io.Writer) {
	fmt.Fprintf(out, "\n%s API, %d visitors, %s, of it an outage of %s, a new token every %s, seed %d\n\n",
		r.api, r.visitors, r.duration, r.outage, times(r.rotate), r.seed)
	asked := r.writeEndpoints(out)
	r.writeFailures(out)

	fmt.Fprintf(out, "\n%d captures answered 2xx and looked up in Centra, %d carts recovered, %d requests not waited for\n",
		r.tally.captures, r.tally.recovered, r.tally.left)
	all := r.sum(func(phase) bool { return true })
	fmt.Fprintf(out, "%d requests to Centra for %d calls and %d requests of visitors; %d faults beside the outage\n",
		all.requests, all.calls, asked, r.injected)
	for _, p := range []phase{unreliable, unavailable, silent} {
		if l := r.upstream[p]; l.calls > 0 {
			fmt.Fprintf(out, "  while it %-14s %7d requests for %7d calls, %.3f a call\n", p, l.requests, l.calls, l.ratio())
		}
	}
	fmt.Fprintf(out, "the shop before %s; peak %s; after %s\n", r.before, r.peak.peak, r.after)

	fmt.Fprintln(out, "\nwhat nobody can promise")
	for _, m := range mishaps {
		if n := r.tally.mishaps[m]; n > 0 {
			fmt.Fprintf(out, "  %d %s\n", n, m)
		}
	}

	fmt.Fprintln(out, "\nwhat was promised")
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

func times(n int) string {
	switch n {
	case 0:
		return "never"
	case 1:
		return "answer"
	}
	return fmt.Sprintf("%d answers", n)
}

func (r *report) writeEndpoints(out io.Writer) (asked int) {
	w := tabwriter.NewWriter(out, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprintln(w, "requests\tserved\tp50\tp99\tslowest\tin the outage\t\tendpoint")
	for _, e := range endpoints {
		row := r.tally.row(e)
		asked += row.requests
		fmt.Fprintf(w, "%d\t%d\t%s\t%s\t%s\t%s\t\t%s\n", row.requests, row.served,
			short(row.p50), short(row.p99), short(row.max), short(row.slowestInTheOutage), e)
	}
	_ = w.Flush()
	return asked
}

func (r *report) writeFailures(out io.Writer) {
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
