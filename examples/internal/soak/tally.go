package main

import (
	"maps"
	"slices"
	"sync"
	"time"
)

// endpoint is a request of a visitor, as the report names it.
type endpoint string

const (
	callbackForm endpoint = "POST /centra/callback (form)"
	callbackJSON endpoint = "POST /centra/callback (JSON)"
	checkoutForm endpoint = "POST /checkout"
	cartLink     endpoint = "GET /abandoned-cart/{selection}"
	cartJSON     endpoint = "GET /cart.json"
)

var endpoints = []endpoint{callbackForm, callbackJSON, checkoutForm, cartLink, cartJSON}

// result is one answer to a visitor.
type result struct {
	endpoint   endpoint
	ok         bool
	kind       string // of failure: "503 unavailable"
	start, end time.Time
	outage     bool // it was asked or answered while Centra was down
}

// defect is something that may never happen.
type defect string

const (
	lostCapture   defect = "captures lost that were answered 2xx"
	lostSession   defect = "visitors whose session was lost"
	wrongCart     defect = "recovered carts with other items, or not recovered at all"
	deadLink      defect = "links of living carts called dead"
	overwritten   defect = "carts of visitors replaced without asking"
	wrongResume   defect = "answers without the widget's suspendIgnore"
	wrongAnswer   defect = "answers that no promise allows"
	unanswered    defect = "requests without an answer"
	wrongCartJSON defect = "carts shown with other items"
)

var defects = []defect{lostCapture, lostSession, wrongCart, wrongCartJSON, deadLink, overwritten, wrongResume, wrongAnswer, unanswered}

// tally counts what the visitors saw. It is safe for concurrent use.
type tally struct {
	mu        sync.Mutex
	served    map[endpoint]int
	failed    map[endpoint]map[string]int
	durations map[endpoint][]time.Duration
	slowest   map[endpoint]time.Duration // during the outage
	defects   map[defect]int
	examples  map[defect]string // the first of each
	captures  int               // 2xx, each of them checked
	recovered int
	back      time.Duration // from the end of the outage to the first capture; -1 while there is none
}

func newTally() *tally {
	return &tally{
		served:    make(map[endpoint]int),
		failed:    make(map[endpoint]map[string]int),
		durations: make(map[endpoint][]time.Duration),
		slowest:   make(map[endpoint]time.Duration),
		defects:   make(map[defect]int),
		examples:  make(map[defect]string),
		back:      -1,
	}
}

// add counts an answer; outageEnd is when Centra came back, or zero.
func (t *tally) add(r result, outageEnd time.Time) {
	t.mu.Lock()
	defer t.mu.Unlock()
	took := r.end.Sub(r.start)
	t.durations[r.endpoint] = append(t.durations[r.endpoint], took)
	if r.outage {
		t.slowest[r.endpoint] = max(t.slowest[r.endpoint], took)
	}
	if !r.ok {
		if t.failed[r.endpoint] == nil {
			t.failed[r.endpoint] = make(map[string]int)
		}
		t.failed[r.endpoint][r.kind]++
		return
	}
	t.served[r.endpoint]++
	if captures := r.endpoint != cartLink && r.endpoint != cartJSON; captures && t.back < 0 &&
		!outageEnd.IsZero() && r.end.After(outageEnd) {
		t.back = r.end.Sub(outageEnd)
	}
}

func (t *tally) found(d defect, example string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.defects[d]++
	if t.examples[d] == "" {
		t.examples[d] = example
	}
}

func (t *tally) captured(n int) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.captures += n
}

func (t *tally) recoveredOne() {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.recovered++
}

func (t *tally) sum() (requests, failures int) {
	t.mu.Lock()
	defer t.mu.Unlock()
	for _, e := range endpoints {
		requests += len(t.durations[e])
		failures += len(t.durations[e]) - t.served[e]
	}
	return requests, failures
}

// row is an endpoint in numbers.
type row struct {
	requests, served   int
	p50, p99, max      time.Duration
	slowestInTheOutage time.Duration
}

func (t *tally) row(e endpoint) row {
	t.mu.Lock()
	defer t.mu.Unlock()
	sorted := slices.Sorted(slices.Values(t.durations[e]))
	return row{
		requests: len(sorted), served: t.served[e],
		p50: quantile(sorted, 0.50), p99: quantile(sorted, 0.99), max: quantile(sorted, 1),
		slowestInTheOutage: t.slowest[e],
	}
}

// quantile of a sorted list is the smallest value that q of all do not exceed.
func quantile(sorted []time.Duration, q float64) time.Duration {
	if len(sorted) == 0 {
		return 0
	}
	i := int(q*float64(len(sorted))+0.9999) - 1
	return sorted[min(max(i, 0), len(sorted)-1)]
}

// failures are the kinds, the most frequent first.
func (t *tally) failures(e endpoint) (kinds []string, count map[string]int) {
	t.mu.Lock()
	defer t.mu.Unlock()
	count = maps.Clone(t.failed[e])
	kinds = slices.Sorted(maps.Keys(count))
	slices.SortStableFunc(kinds, func(a, b string) int { return count[b] - count[a] })
	return kinds, count
}
