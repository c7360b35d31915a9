package main

import (
	"encoding/json"
	"net/http"
	"regexp"
	"strings"
	"sync"

	"github.com/centra-go/cartabandonment/centra/centratest"
)

// witness sees what reaches Centra and what Centra answers. So it knows what no
// visitor sees: in which cart something landed, and whether the shop was ever told
// of a new token.
type witness struct {
	centra *centratest.Server
	api    string

	mu       sync.Mutex
	tally    *tally
	carts    map[string]*cartStory // by selection ID
	captures map[string]*capture   // by e-mail address
	tokens   map[string]string     // those that work, and the selections they lead to
	replaced map[string]*replaced  // those that do not work any more
	lostBy   map[owner]int         // carts whose token was lost
}

// replaced is a token that another one took the place of.
type replaced struct {
	selection string
	told      bool // the shop knows the other one
}

// cartStory is what became of a cart.
type cartStory struct {
	owner   *owner // by its first item; nil while it is empty
	lost    bool   // a token that led to it never reached the shop
	givenUp bool   // the shop gave up a request for it that was under way
}

func (c *cartStory) alive() bool { return c.owner != nil && !c.lost }

func newWitness(centra *centratest.Server, api string) *witness {
	return &witness{
		centra: centra, api: api, tally: newTally(),
		carts: make(map[string]*cartStory), captures: make(map[string]*capture),
		tokens: make(map[string]string), replaced: make(map[string]*replaced), lostBy: make(map[owner]int),
	}
}

// watch has another crowd's tally told from now on, and forgets the captures of
// the one before.
func (w *witness) watch(t *tally) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.tally = t
	clear(w.captures)
}

// request is one that reached Centra.
type request struct {
	session   string // token, or selection ID in the Shop API
	selection string // its cart; empty if it has none
	text      string // path and body
}

var selectionInPath = regexp.MustCompile(`/selections/([0-9a-f]{32})\b`)

// arrives notes a request, before anything comes of it.
func (w *witness) arrives(r *http.Request, body []byte) *request {
	req := &request{text: r.URL.Path + " " + string(body)}
	switch w.api {
	case "checkout":
		req.session = r.Header.Get("API-Token")
	case "storefront":
		req.session = strings.TrimPrefix(r.Header.Get("Authorization"), "Bearer ")
	default:
		if match := selectionInPath.FindStringSubmatch(r.URL.Path); match != nil {
			req.session, req.selection = match[1], match[1]
		}
		return req
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	req.selection = w.tokens[req.session]
	// Of an empty cart nobody can tell a new token from one in place of an expired
	// session, and after a loss the shop has none that works.
	if old := w.replaced[req.session]; old != nil && old.told && w.story(old.selection).alive() {
		w.tally.found(deadToken, "while the shop knew the new one")
	}
	return req
}

// givesUp notes that the shop has not waited for the answer.
func (w *witness) givesUp(req *request) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if req.selection != "" {
		w.story(req.selection).givenUp = true
	}
}

func (w *witness) story(selection string) *cartStory {
	if w.carts[selection] == nil {
		w.carts[selection] = new(cartStory)
	}
	return w.carts[selection]
}

// said is what an answer tells.
type said struct {
	session    string // token, or selection ID in the Shop API
	carriedOut bool
}

// read understands the answers of all three APIs. A fault's answer that is none of
// Centra's says nothing.
func (w *witness) read(status int, body []byte) (s said) {
	var answer struct {
		Token      string
		Selection  json.RawMessage
		Data       map[string]any
		Extensions struct{ Token string }
	}
	if json.Unmarshal(body, &answer) != nil {
		return said{}
	}
	switch w.api {
	case "checkout":
		s.session, s.carriedOut = answer.Token, answer.Token != ""
	case "storefront":
		s.session, s.carriedOut = answer.Extensions.Token, answer.Data != nil
	default:
		s.carriedOut = json.Unmarshal(answer.Selection, &s.session) == nil
	}
	s.carriedOut = s.carriedOut && status < http.StatusMultipleChoices
	return s
}

// answered notes what an answer says, before it is sent; told is whether the shop
// gets to know the session in it.
func (w *witness) answered(req *request, s said, told bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	selection := s.session
	if w.api != "shop" {
		selection = w.centra.SelectionOf(s.session)
		w.follow(req.session, s.session, selection)
	}
	if selection == "" {
		return
	}
	if s.carriedOut {
		w.lands(req.text, selection)
	}
	if w.api != "shop" && !told && s.session != req.session {
		w.loses(req.session, selection)
	}
}

// follow notes which token took the place of which.
func (w *witness) follow(before, now, selection string) {
	if now == "" {
		return
	}
	if _, known := w.tokens[before]; known && now != before {
		delete(w.tokens, before)
		w.replaced[before] = &replaced{selection, true}
	}
	w.tokens[now] = selection
}

// loses notes that a token has not reached the shop: no shop can keep that cart.
func (w *witness) loses(before, selection string) {
	if old := w.replaced[before]; old != nil {
		old.told = false
	}
	story := w.story(selection)
	story.lost = true
	if story.owner != nil {
		w.lostBy[story.owner.slot()]++
		w.tally.note(lostToken)
	}
}

var optInPattern = regexp.MustCompile(`"(?:cartAbandonmentEmail|optIn)":(true|false)`)

// lands notes what came into a cart.
func (w *witness) lands(text, selection string) {
	story := w.story(selection)
	if o, found := ownerOfItem(text); found {
		if story.owner == nil {
			story.owner = &o
		}
		if !story.owner.same(o) {
			w.tally.found(astray, "an item")
		}
	}
	emails, _ := emailsIn(text)
	if len(emails) == 0 {
		return
	}
	c := w.captures[emails[len(emails)-1]] // an address of before comes first in the Storefront API's
	if c == nil {
		return
	}
	c.landed = append(c.landed, selection)
	if story.owner != nil && !story.owner.same(c.owner) {
		w.tally.found(astray, "an address, "+string(c.endpoint))
	}
	optIn := optInPattern.FindStringSubmatch(text)
	if optIn != nil && optIn[1] == "true" && c.saidNo && c.declined() {
		w.tally.found(reminded, string(c.endpoint))
	}
}

// expect has the capture's way watched from now on.
func (w *witness) expect(c *capture) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.captures[c.email] = c
}

// landedAtHome reports whether the capture is in a cart of its owner's with
// something in it.
func (w *witness) landedAtHome(c *capture) bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, selection := range c.landed {
		if o := w.story(selection).owner; o != nil && o.same(c.owner) {
			return true
		}
	}
	return false
}

// captureOf returns the capture of an address, nil for one that is not known.
func (w *witness) captureOf(email string) *capture {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.captures[email]
}

// lost reports whether a token of the cart has not reached the shop.
func (w *witness) lost(selection string) bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.story(selection).lost
}

// losses is how often an owner has lost a cart.
func (w *witness) losses(o owner) int {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.lostBy[o.slot()]
}

// reachable notes that a token of the cart has reached the shop again.
func (w *witness) reachable(selection string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.story(selection).lost = false
}

// gaveUp reports whether the shop has not waited for an answer about the cart.
func (w *witness) gaveUp(selection string) bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.story(selection).givenUp
}

// fill makes a cart behind the shop's back.
func (w *witness) fill(o owner, items ...string) (session, selection string) {
	session, selection = w.centra.NewCart(items...)
	w.mu.Lock()
	defer w.mu.Unlock()
	w.story(selection).owner = &o
	if w.api == "shop" {
		w.centra.ExpireToken(session)
		return selection, selection
	}
	w.tokens[session] = selection
	return session, selection
}

// throwAway ends the sessions that lead to a cart. They would cost the simulated
// Centra time with every look at one.
func (w *witness) throwAway(selection string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for token, leadsTo := range w.tokens {
		if leadsTo == selection {
			w.centra.ExpireToken(token)
			delete(w.tokens, token)
		}
	}
}

// isSecret reports whether a word is a session or a selection's ID.
func (w *witness) isSecret(word string) bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	_, works := w.tokens[word]
	_, worked := w.replaced[word]
	return works || worked || w.carts[word] != nil
}

// replacements is how many tokens were replaced.
func (w *witness) replacements() int {
	w.mu.Lock()
	defer w.mu.Unlock()
	return len(w.replaced)
}
