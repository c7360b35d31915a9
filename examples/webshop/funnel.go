package main

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"

	"github.com/centra-go/cartabandonment/checkoutscript"
	"github.com/centra-go/cartabandonment/recovery"
)

// funnel counts what the library's part brings, from what its two handlers tell.
type funnel struct {
	mu     sync.Mutex
	counts funnelCounts
	values map[string]float64 // of recovered orders, by currency
}

type funnelCounts struct {
	Captured  int    `json:"captured"`  // carts that Centra may remind of
	Opened    int    `json:"opened"`    // cart links, by people
	Recovered int    `json:"recovered"` // carts
	Ordered   int    `json:"ordered"`   // of those
	Value     string `json:"value"`     // "1198.00 SEK", of all currencies
}

func (f *funnel) capture(o checkoutscript.Outcome) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if o.First {
		f.counts.Captured++
	}
}

func (f *funnel) visit(o recovery.Outcome) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if o.Opened {
		f.counts.Opened++
	}
	switch o.Code {
	case recovery.Recovered:
		f.counts.Recovered++
	case recovery.OrderRecovered:
		f.counts.Ordered++
		if f.values == nil {
			f.values = make(map[string]float64)
		}
		f.values[o.Currency] += o.Value
	}
}

func (f *funnel) now() funnelCounts {
	f.mu.Lock()
	defer f.mu.Unlock()
	counts := f.counts
	var values []string
	for _, currency := range slices.Sorted(maps.Keys(f.values)) {
		values = append(values, fmt.Sprintf("%.2f %s", f.values[currency], currency))
	}
	counts.Value = strings.Join(values, ", ")
	return counts
}
