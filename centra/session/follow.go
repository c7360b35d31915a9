package session

import (
	"net/http"
	"sync"

	"github.com/centra-go/cartabandonment/centra"
)

// Follower is told where a visitor's session goes; see [Visitors.Follow].
type Follower func(w http.ResponseWriter, r *http.Request, from, to centra.Session)

// Follow has f told by every Do what becomes of the visitor's cart, so that what
// is kept beside the session, such as a cookie that says something about the
// cart, can go along with it: to took the place of from, with the same cart. to
// is "" where what was known of the cart of from is over: nothing is in it any
// more, as after an order, or somebody has said so by [Visitors.CartChanged]. Of
// a session that is only given up f is not told.
//
// f is called after the session was saved: by Do in the visitor's turn, so that
// [Note] works with r's context, by CartChanged outside of one. It may set headers,
// but not write, and must not wait for anything. Package recovery
// follows by itself the visitors that it is given.
func (v *Visitors) Follow(f Follower) {
	v.followers.mu.Lock()
	defer v.followers.mu.Unlock()
	v.followers.all = append(v.followers.all[:len(v.followers.all):len(v.followers.all)], f)
}

// CartChanged says that another cart is in s from now on. Package recovery does
// where it attaches one; so should a shop that attaches carts by itself. Call it
// after Do and before the response's body is written.
func (v *Visitors) CartChanged(w http.ResponseWriter, r *http.Request, s centra.Session) {
	for _, follow := range v.followers.list() {
		follow(w, r, s, "")
	}
}

type followers struct {
	mu  sync.Mutex
	all []Follower // replaced, never changed
}

func (f *followers) list() []Follower {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.all
}

// tellFollowers says that now took the place of what the request brought and of
// what was sent for it, or that its cart is empty.
func (e *errand) tellFollowers(loaded, sent, now centra.Session, emptied bool) {
	all := e.followers.list()
	if len(all) == 0 || (loaded == now && !emptied) {
		return
	}
	e.mu.Lock()
	if e.abandoned { // and the request its caller's again
		e.mu.Unlock()
		return
	}
	r := e.response.r.WithContext(withTurn(e.response.r.Context(), e.turn))
	e.mu.Unlock()
	w := e.header()
	for _, follow := range all {
		if loaded != now {
			follow(w, r, loaded, now)
		}
		if sent != loaded && sent != now {
			follow(w, r, sent, now)
		}
		if emptied {
			follow(w, r, now, "")
		}
	}
	e.response.after = w.header
}
