package session

import (
	"maps"
	"net/http"
)

// response is what Do's caller answers. A store that saves in it works on a copy
// of its header: should it take too long, Do's caller goes on with the response.
type response struct {
	w http.ResponseWriter
	r *http.Request

	changed http.Header // the copy, as the store and followers left it
}

func (p *response) copy() http.Header {
	if h := p.w.Header().Clone(); h != nil {
		return h
	}
	return http.Header{}
}

// apply does to the header of the response what was done to its copy.
func (p *response) apply() {
	if p.changed == nil {
		return
	}
	h := p.w.Header()
	maps.DeleteFunc(h, func(name string, _ []string) bool { return p.changed[name] == nil })
	maps.Copy(h, p.changed)
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
