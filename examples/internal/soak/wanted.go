package main

import (
	"slices"

	"github.com/centra-go/cartabandonment/centra/centratest"
)

// wanted is what Centra must have, if nothing was lost that nobody can keep.
type wanted struct {
	least, most int      // of the item that is only added
	quantities  []int    // of the other, one of these
	emails      []string // one of these; nil: none yet
	consent     consent

	// What a browser has left behind may still come, at any moment.
	lateEmails     []string
	lateQuantities []int
}

type consent int

const (
	unknown consent = iota
	given
	withdrawn
)

// step is what was tried since the visitor last looked at the cart.
type step struct {
	captures   []*capture
	quantities []tried
	decided    consent // as the shop has confirmed it
}

type tried struct {
	quantity int
	ok       bool
}

// settle replaces what was wanted by what was answered well, and adds what may or
// may not have been done.
func (w *wanted) settle(s step) {
	w.settleCaptures(s)
	var quantities []int
	changed := false
	for _, q := range s.quantities {
		quantities = append(quantities, q.quantity)
		changed = changed || q.ok
	}
	if !changed {
		quantities = append(quantities, w.quantities...)
	}
	w.quantities = quantities
}

func (w *wanted) settleCaptures(s step) {
	var emails []string
	answered, no := false, false
	for _, c := range s.captures {
		emails = append(emails, c.email)
		answered, no = answered || c.ok, no || c.saidNo
		if c.left {
			w.lateEmails = append(w.lateEmails, c.email)
		}
	}
	switch {
	case answered:
		// Of several at once nobody knows which came last, nor whether one that failed
		// for the page arrived all the same.
		w.emails = emails
	case w.emails != nil:
		w.emails = append(w.emails, emails...)
	}
	switch {
	case answered && no, s.decided == withdrawn:
		w.consent = withdrawn
	case answered:
		w.consent = given
	case len(emails) > 0, s.decided == given: // it is told for an address that Centra has, if it has one
		w.consent = unknown
	}
}

// holds says what is wrong with the items of a cart, "" if nothing is.
func (w *wanted) holds(o owner, items []centratest.CartItem) string {
	count := map[string]int{}
	for _, item := range items {
		if of, found := ownerOfItem(item.Item); !found || !of.same(o) {
			return "somebody else's item"
		}
		count[item.Item] += item.Quantity
	}
	n, q := count[o.item(added)], count[o.item(changed)]
	switch {
	case n < w.least:
		return "an item is missing"
	case n > w.most:
		return "an item too many"
	case !slices.Contains(w.quantities, q) && !slices.Contains(w.lateQuantities, q):
		return "a quantity that was changed"
	}
	return ""
}
