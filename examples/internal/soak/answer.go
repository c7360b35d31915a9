package main

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
)

// answer is what came back. Whoever asked has to say what it is worth: served or
// counted.
type answer struct {
	*browser
	result
	status     int  // 0: none came
	left       bool // the browser did not wait for it
	hadSession bool // the request brought one
	mayBeEmpty bool // the cart, when it was sent, for all that the visitor knew
	location   string
	body       []byte
}

// away are the answers that a page may give while Centra fails.
var away = []int{http.StatusBadGateway, http.StatusServiceUnavailable}

// served counts the answer and reports whether it is the one that was hoped for.
// The others are those that the shop may give instead.
func (a *answer) served(hoped int, others ...int) bool {
	return a.count(a.status == hoped, "", others...)
}

func (a *answer) count(ok bool, code string, others ...int) bool {
	if a.left {
		a.tally.leftOne()
		return false
	}
	a.ok = ok
	a.kind = strings.TrimSpace(fmt.Sprintf("%d %s", a.status, code))
	if a.status == 0 {
		a.kind = "no answer"
	}
	a.tally.add(a.result, a.centra.outageEnd())
	switch {
	case ok:
	case a.status == 0:
		a.tally.found(unanswered, string(a.endpoint))
	case !slices.Contains(others, a.status):
		a.tally.found(wrongAnswer, fmt.Sprintf("%s: %s", a.endpoint, a.kind))
	}
	return ok
}
