package centraotel

import (
	"context"
	"errors"
	"net/http"
	"net/url"
)

// HideURL returns a transport for [centra.WithTransport] that makes attempts through
// base, within what instrument puts around it: for instrumentation that records the
// URL of requests, such as package otelhttp's. It sees method, host and body, but no
// path, no query and no header, and no header that it sets is sent: what traces a
// shop tells Centra nothing. [centra.Operation] has the name of what it sees.
func HideURL(instrument func(http.RoundTripper) http.RoundTripper, base http.RoundTripper) http.RoundTripper {
	return hiding{instrument(showing{base})}
}

type askedKey struct{}

type hiding struct{ http.RoundTripper }

func (t hiding) RoundTrip(r *http.Request) (*http.Response, error) {
	shown := r.WithContext(context.WithValue(r.Context(), askedKey{}, r))
	shown.URL = &url.URL{Scheme: r.URL.Scheme, Host: r.URL.Host, Path: "/"}
	shown.Header = http.Header{}
	return t.RoundTripper.RoundTrip(shown)
}

type showing struct{ http.RoundTripper }

var errLost = errors.New("centraotel: HideURL: the instrumentation has lost the request's context")

func (t showing) RoundTrip(r *http.Request) (*http.Response, error) {
	asked, ok := r.Context().Value(askedKey{}).(*http.Request)
	if !ok {
		if r.Body != nil {
			_ = r.Body.Close()
		}
		return nil, errLost
	}
	whole := asked.WithContext(r.Context())
	whole.Body, whole.GetBody = r.Body, r.GetBody // whose bytes may be counted
	return t.RoundTripper.RoundTrip(whole)
}
