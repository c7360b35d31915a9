package session

import (
	"context"
	"maps"
	"net/http"
	"slices"

	"github.com/centra-go/cartabandonment/centra"
)

// response is what Do's caller answers. A store that saves in it works on a copy
// of its header: should it take too long, Do's caller goes on with the response.
type response struct {
	w http.ResponseWriter
	r *http.Request

	before, after http.Header // what the store and followers found, and what they left
}

// remember takes the header as it is now.
func (p *response) remember() {
	if p.before = p.w.Header().Clone(); p.before == nil {
		p.before = http.Header{}
	}
}

func (p *response) save(ctx context.Context, store Store, s centra.Session) error {
	w := p.copy()
	if err := store.Save(w, p.r.WithContext(ctx), s); err != nil {
		return err
	}
	p.after = w.header
	return nil
}

// copy is the response with a copy of its header, as it is by now.
func (p *response) copy() headerWriter {
	if p.after != nil {
		return headerWriter{p.w, p.after.Clone()}
	}
	return headerWriter{p.w, p.before.Clone()}
}

// apply does to the header of the response what the store did to its copy.
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
