package centra

import (
	"context"
	"net/http"
	"net/url"
	"strings"
)

// request is one call before it is sent.
type request struct {
	op      string // names the call without a value: the endpoint with placeholders
	method  string
	path    string // below the base URL, escaped; "" is the base URL itself
	query   string
	session Session
	cart    SelectionID // Shop API: the cart that the call is about
	header  http.Header // of this call alone, beside what all calls of its API have; or nil
	body    []byte

	repeatable  bool // sent twice it has the effect of being sent once
	noSession   bool // Do with NoSession: no session is sent, and none is kept
	anyEndpoint bool // Do: not necessarily about a cart
	adds        int  // Do: how many items it puts into the cart

	hostsDocument bool    // Storefront API, Do: another's document, which may ask for what only some may have
	instead       Session // Storefront API: that has expired, and in whose place this call starts one

	refusal string // why it is not sent, if it is not
	kind    error  // of the refusal
}

// refuse says why the call is not sent. The first reason counts.
func (r *request) refuse(reason string, kind error) {
	if r.refusal == "" {
		r.refusal, r.kind = reason, kind
	}
}

// Header values that are the same in every call.
var (
	jsonType = []string{"application/json"}
	// An Idempotency-Key without a value sends nothing, but tells net/http that it
	// may repeat a PUT or POST on a fresh connection where a kept one is dead.
	mayRepeat = []string{}
)

// httpRequest is what is sent first. Another attempt may carry another session.
func (x *exchange) httpRequest(ctx context.Context) *http.Request {
	u := *x.base
	if u.RawPath != "" || strings.Contains(x.path, "%") {
		u.RawPath = u.EscapedPath() + x.path
		u.Path, _ = url.PathUnescape(u.RawPath) // checked by whoever made the path
	} else {
		u.Path += x.path
	}
	u.RawQuery = x.query
	header := x.header
	if header == nil {
		header = make(http.Header, 8)
	}
	if x.noSession {
		x.sign(x.client, header, NoSession)
	} else {
		x.sign(x.client, header, x.session)
	}
	header["Accept"] = jsonType
	header["User-Agent"] = x.userAgent
	header["X-Correlation-Id"] = []string{x.correlationID}
	if x.body != nil {
		header["Content-Type"] = jsonType
	}
	if x.repeatable {
		header["Idempotency-Key"] = mayRepeat
	}
	req := &http.Request{
		Method: x.method, URL: &u, Host: u.Host, Header: header,
		Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1,
	}
	return req.WithContext(ctx)
}
