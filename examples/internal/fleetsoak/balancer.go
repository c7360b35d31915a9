package main

import (
	"errors"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httputil"
	"sync/atomic"
	"syscall"
)

// balancer sends each request to the next process. One that does not listen it
// leaves out; an answer that breaks off is a 502, as with any load balancer.
type balancer struct {
	fleet    []*process
	next     atomic.Uint64
	listener net.Listener
	server   *http.Server
}

func newBalancer(fleet []*process) (*balancer, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	b := &balancer{fleet: fleet, listener: l}
	proxy := &httputil.ReverseProxy{
		Rewrite:      func(r *httputil.ProxyRequest) { r.Out.Host = r.In.Host },
		Transport:    b.transport(),
		ErrorHandler: func(w http.ResponseWriter, _ *http.Request, _ error) { w.WriteHeader(http.StatusBadGateway) },
		ErrorLog:     log.New(io.Discard, "", 0),
	}
	b.server = &http.Server{Handler: proxy, ErrorLog: log.New(io.Discard, "", 0)}
	go func() { _ = b.server.Serve(l) }()
	return b, nil
}

func (b *balancer) url() string { return "http://" + b.listener.Addr().String() }

func (b *balancer) close() { _ = b.server.Close() }

type roundTripper func(*http.Request) (*http.Response, error)

func (f roundTripper) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

func (b *balancer) transport() http.RoundTripper {
	transport := &http.Transport{MaxIdleConnsPerHost: 512, DisableCompression: true}
	return roundTripper(func(r *http.Request) (resp *http.Response, err error) {
		for range b.fleet {
			out := r.Clone(r.Context())
			out.URL.Scheme, out.URL.Host = "http", b.fleet[b.next.Add(1)%uint64(len(b.fleet))].addr
			if resp, err = transport.RoundTrip(out); !errors.Is(err, syscall.ECONNREFUSED) {
				return resp, err
			}
		}
		return resp, err
	})
}
