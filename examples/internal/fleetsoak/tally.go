package main

import (
	"maps"
	"slices"
	"sync"
	"time"
)

// defect is something that may never happen.
type defect string

const (
	wrongAnswer defect = "answers that no promise allows"
	wrongResume defect = "answers without the widget's suspendIgnore"
	deadLink    defect = "links of living carts called dead"
)

var defects = []defect{wrongAnswer, wrongResume, deadLink}

// tally counts what the visitors saw. It is safe for concurrent use.
type tally struct {
	mu        sync.Mutex
	served    map[endpoint]int
	failed    map[endpoint]map[string]int
	durations map[endpoint][]time.Duration
	longest   map[endpoint]time.Duration // of those that no process was killed under
	defects   map[defect]int
	examples  map[defect]string // the first of each
}

func newTally() *tally {
	return &tally{
		served:    make(map[endpoint]int),
		failed:    make(map[endpoint]map[string]int),
		durations: make(map[endpoint][]time.Duration),
		longest:   make(map[endpoint]time.Duration),
		defects:   make(map[defect]int),
		examples:  make(map[defect]string),
	}
}

func (t *tally) add(a answer, ok bool, kind string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	took := a.end.Sub(a.began)
	t.durations[a.endpoint] = append(t.durations[a.endpoint], took)
	if !a.again {
		t.longest[a.endpoint] = max(t.longest[a.endpoint], took)
	}
	if ok {
		t.served[a.endpoint]++
		return
	}
	if t.failed[a.endpoint] == nil {
		t.failed[a.endpoint] = make(map[string]int)
	}
	if a.status == 0 {
		kind = "no answer"
	}
	t.failed[a.endpoint][kind]++
}

func (t *tally) found(d defect, example string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.defects[d]++
	if t.examples[d] == "" {
		t.examples[d] = example
	}
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
	p50, p95, p99, max time.Duration
}

func (t *tally) row(e endpoint) row {
	t.mu.Lock()
	defer t.mu.Unlock()
	sorted := slices.Sorted(slices.Values(t.durations[e]))
	return row{
		requests: len(sorted), served: t.served[e],
		p50: quantile(sorted, 0.50), p95: quantile(sorted, 0.95), p99: quantile(sorted, 0.99), max: quantile(sorted, 1),
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
