package session

import (
	"maps"
	"net/http"
	"slices"
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
