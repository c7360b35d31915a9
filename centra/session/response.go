package session

import (
	"maps"
	"net/http"
	"slices"
	"time"

	"github.com/centra-go/cartabandonment/centra"
)

// response is what Do's caller answers. A store that saves in it works on a copy
// of its header: should it take too long, Do's caller goes on with the response.
type response struct {
	w http.ResponseWriter
	r *http.Request

	before, after http.Header // what the store and followers found, and what they left
}

func (p *response) copy() http.Header {
	h := p.w.Header().Clone()
	if h == nil {
		h = http.Header{}
	}
	p.before = h.Clone()
	return h
}

// apply does to the header of the response what was done to its copy, and nothing
// else: a store may have the response from elsewhere, and have set its cookie there.
func (p *response) apply() {
	if p.after == nil {
		return
	}
	h := p.w.Header()
	for name := range p.before {
		if _, still := p.after[name]; !still {
			delete(h, name)
		}
	}
	maps.DeleteFunc(p.after, func(name string, values []string) bool { return slices.Equal(values, p.before[name]) })
	maps.Copy(h, p.after)
}

// saveTimeout bounds a store where [Visitors.Within] does not.
const saveTimeout = 5 * time.Second

// save keeps a session while the turn is held. The browser may have left; its
// session is kept all the same.
func (e *errand) save(s centra.Session) error {
	if s == centra.NoSession {
		s = ""
	}
	save := e.saveInTime
	if e.inRequest {
		save = e.saveAtOnce
	}
	if err := save(s); err != nil {
		return &StoreError{Op: "save", Err: err}
	}
	return nil
}

// saveAtOnce is for a store that takes no time: meanwhile the response is still ours.
func (e *errand) saveAtOnce(s centra.Session) error {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.abandoned {
		return nil
	}
	return e.store.Save(e.response.w, e.response.r, s)
}

func (e *errand) saveInTime(s centra.Session) error {
	ctx, cancel := e.deadline(e.total, saveTimeout)
	defer cancel()
	w := e.header()
	if err := e.store.Save(w, e.response.r.WithContext(ctx), s); err != nil {
		return err
	}
	e.response.after = w.header
	return nil
}

// header is the response as a store and followers see it: only its header, and of
// that a copy. Once the errand is given up, Do's caller may write to the response
// again, and nobody asks for the copy any more.
func (e *errand) header() headerWriter {
	e.mu.Lock()
	defer e.mu.Unlock()
	switch {
	case e.response.after != nil:
		return headerWriter{e.response.w, e.response.after}
	case e.abandoned:
		return headerWriter{e.response.w, http.Header{}}
	}
	return headerWriter{e.response.w, e.response.copy()}
}

// headerWriter is the response as stores and followers see it: only its header.
type headerWriter struct {
	http.ResponseWriter
	header http.Header
}

func (w headerWriter) Header() http.Header       { return w.header }
func (headerWriter) WriteHeader(int)             {}
func (headerWriter) Write(b []byte) (int, error) { return len(b), nil }

// Unwrap is for http.ResponseController.
func (w headerWriter) Unwrap() http.ResponseWriter { return w.ResponseWriter }
