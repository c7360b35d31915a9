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
	postReminder endpoint = "POST /reminder"
	postItem     endpoint = "POST /cart/items/{item}"
	postLine     endpoint = "POST /cart/lines/{line}"
	homePage     endpoint = "GET /"
	checkoutPage endpoint = "GET /checkout"
	cartJSON     endpoint = "GET /cart.json"
	cartLink     endpoint = "GET /abandoned-cart/{selection}"
	confirmLink  endpoint = "POST /abandoned-cart/{selection}"
)

var (
	captures    = []endpoint{callbackForm, callbackJSON, checkoutForm}
	cartChanges = []endpoint{postItem, postLine}
	pages       = []endpoint{homePage, checkoutPage, cartJSON}
	cartLinks   = []endpoint{cartLink, confirmLink}
	endpoints   = slices.Concat(captures, []endpoint{postReminder}, cartChanges, pages, cartLinks)
)

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
	lostCapture defect = "captures answered 2xx that are not in the visitor's cart"
	astray      defect = "captures, items or addresses in or from a cart that is not the visitor's"
	lostCart    defect = "carts lost, for a moment or for good"
	lostItems   defect = "carts without what was answered, or with more than was asked for"
	overwritten defect = "carts of visitors replaced without asking"
	wrongCart   defect = "links that lead to another cart"
	deadLink    defect = "links of living carts called dead"
	reminded    defect = "reminders for visitors who had declined them"
	crowded     defect = "carts that two calls changed at once"
	deadToken   defect = "calls with a token that was known to be replaced"
	wrongResume defect = "answers without the widget's suspendIgnore"
	wrongAnswer defect = "answers that no promise allows"
	unanswered  defect = "requests without an answer"
)

var defects = []defect{
	lostCapture, astray, lostCart, lostItems, overwritten, wrongCart, deadLink, reminded, crowded, deadToken,
	wrongResume, wrongAnswer, unanswered,
}

// mishap is something that happens, and that nobody can promise away.
type mishap string

const (
	lostToken mishap = "answers with a new token were lost between Centra and the shop, and a visitor's cart with each"
	inVain    mishap = "visitors clicked twice before they had a session: each click started a cart, and one of the two counts"
	overtaken mishap = "addresses were left with consent and then withdrawn, and arrived in the other order"
	lateEnd   mishap = "carts had the next call while Centra still held one that the shop had given up"
)

var mishaps = []mishap{lostToken, inVain, overtaken, lateEnd}

// tally counts what the visitors saw. It is safe for concurrent use.
type tally struct {
	mu        sync.Mutex
	served    map[endpoint]int
	failed    map[endpoint]map[string]int
	durations map[endpoint][]time.Duration
	slowest   map[endpoint]time.Duration // during the outage
	defects   map[defect]int
	examples  map[defect]string // the first of each
	mishaps   map[mishap]int
	captures  int // 2xx, each of them checked
	recovered int
	left      int           // requests that the browser did not wait for
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
		mishaps:   make(map[mishap]int),
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
	if slices.Contains(captures, r.endpoint) && t.back < 0 && !outageEnd.IsZero() && r.end.After(outageEnd) {
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

func (t *tally) note(m mishap) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.mishaps[m]++
}

func (t *tally) captured() {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.captures++
}

func (t *tally) leftOne() {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.left++
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
