package main

import (
	"cmp"
	"fmt"
	"time"
)

// limits are how soon the shop answers, whatever Centra does, and a second for a
// busy machine.
var limits = []struct {
	name      string
	endpoints []endpoint
	limit     time.Duration
}{
	{"captures", captures, 8*time.Second + time.Second},
	{"decisions about the reminder", []endpoint{postReminder}, 12*time.Second + time.Second}, // a yes reads the cart first
	{"cart changes", cartChanges, 10*time.Second + time.Second},
	{"pages", pages, 6*time.Second + time.Second},
	{"cart links", cartLinks, 10*time.Second + time.Second},
}

const (
	// maxRatio of requests to calls holds in the long run; a burst of retries is
	// allowed on top.
	maxRatio   = 1.1
	retryBurst = 10
	// backLimit is how soon the first address is captured after an outage.
	backLimit = 3 * time.Second
)

// promise is one of the library's, and what came of it.
type promise struct {
	name, found string
	kept        bool
}

// promises are all of them.
func (r *report) promises() []promise {
	var list promises
	r.promiseCarts(&list)
	r.promiseTime(&list)
	r.promiseCalls(&list)
	r.promiseShop(&list)
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

type promises []promise

func (l *promises) add(kept bool, name, format string, args ...any) {
	*l = append(*l, promise{name, fmt.Sprintf(format, args...), kept})
}

func (r *report) promiseCarts(list *promises) {
	r.tally.mu.Lock()
	defer r.tally.mu.Unlock()
	for _, d := range defects {
		n, example := r.tally.defects[d], r.tally.examples[d]
		if n > 0 {
			example = " (" + example + ")"
		}
		list.add(n == 0, "no "+string(d), "%d%s", n, example)
	}
}

func (r *report) promiseTime(list *promises) {
	for _, e := range endpoints {
		if row := r.tally.row(e); row.served == 0 && e != confirmLink { // a short run may come by no question
			list.add(false, "every endpoint serves", "%s never did", e)
		}
	}
	for _, l := range limits {
		var slowest time.Duration
		for _, e := range l.endpoints {
			slowest = max(slowest, r.tally.row(e).max)
		}
		list.add(slowest < l.limit, fmt.Sprintf("%s are answered within %s", l.name, l.limit), "%s", short(slowest))
	}
	if r.outage > 0 {
		r.tally.mu.Lock()
		back := r.tally.back
		r.tally.mu.Unlock()
		list.add(back >= 0 && back < backLimit, fmt.Sprintf("captures work within %s after the outage", backLimit), "%s", short(back))
	}
}

func (r *report) promiseCalls(list *promises) {
	limit := fmt.Sprintf("at most %.1f requests to Centra a call, and %d", maxRatio, retryBurst)
	all := r.sum(func(phase) bool { return true })
	list.add(all.bounded(), limit, "%.3f", all.ratio())
	if r.outage > 0 {
		down := r.sum(phase.outage)
		list.add(down.bounded(), limit+", in the outage", "%.3f", down.ratio())
	}
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

func (r *report) promiseShop(list *promises) {
	tokens := r.witness.replacements()
	size := func(name string, before, after, least bytesize) {
		if before >= 0 {
			list.add(returned(before, after, slack(least, tokens)),
				fmt.Sprintf("%s returns to where it was, give or take %s and %d bytes a token that is remembered", name, least, bytesPerToken),
				"%s to %s, %d tokens", before, after, min(tokens, tokensRemembered))
		}
	}
	size("the live heap", r.before.live, r.after.live, liveSlack)
	size("resident memory", r.before.memory, r.after.memory, memorySlack)
	if r.before.goroutines >= 0 {
		list.add(returned(r.before.goroutines, r.after.goroutines, goroutineSlack),
			fmt.Sprintf("goroutines return to what they were, give or take %d", goroutineSlack), "%d to %d", r.before.goroutines, r.after.goroutines)
	}
	list.add(r.death == "", "the shop runs to the end", "%s", cmp.Or(r.death, "it did"))
	list.add(r.log.leaked() == 0, "no address, session, cart's ID or secret in the shop's log", "%d lines", r.log.leaked())
}
