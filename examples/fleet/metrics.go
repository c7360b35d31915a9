package main

import (
	"context"
	"math"
	"net/http"
	"strconv"
	"time"

	"github.com/go-chi/chi/v5"
	"github.com/go-chi/chi/v5/middleware"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"

	"github.com/centra-go/cartabandonment/centra"
	"github.com/centra-go/cartabandonment/centra/session/redisturns"
	"github.com/centra-go/cartabandonment/checkoutscript"
	"github.com/centra-go/cartabandonment/recovery"
)

// metrics are what GET /metrics shows. Every label is one of a few words: no
// token, ID or address can be in one.
type metrics struct {
	registry   *prometheus.Registry
	requests   *prometheus.HistogramVec // of browsers
	calls      *prometheus.HistogramVec // to Centra
	captures   *prometheus.CounterVec
	recoveries *prometheus.CounterVec
	turns      *prometheus.CounterVec
	waited     prometheus.Histogram
}

// buckets end with what an event has, and a page.
var buckets = []float64{.005, .01, .025, .05, .1, .25, .5, 1, 2.5, 5, 8, 10, 30}

func newMetrics(waiting func(context.Context) (int, error)) *metrics {
	histogram := func(name, help string, labels ...string) *prometheus.HistogramVec {
		return prometheus.NewHistogramVec(prometheus.HistogramOpts{Name: name, Help: help, Buckets: buckets}, labels)
	}
	counter := func(name, help string, labels ...string) *prometheus.CounterVec {
		return prometheus.NewCounterVec(prometheus.CounterOpts{Name: name, Help: help}, labels)
	}
	m := &metrics{
		registry:   prometheus.NewRegistry(),
		requests:   histogram("shop_request_seconds", "Requests of browsers.", "route", "status"),
		calls:      histogram("centra_call_seconds", "Calls to Centra with their retries.", "op", "failure"),
		captures:   counter("centra_captures_total", "Checkout events and redeliveries, by how they ended.", "code"),
		recoveries: counter("centra_recoveries_total", "Requests for cart links, and orders of recovered carts.", "code"),
		turns: counter("centra_turns_total",
			"Visitors' turns: shared by all processes, alone while Redis was away, lost, or none.", "how"),
		waited: prometheus.NewHistogram(prometheus.HistogramOpts{
			Name: "centra_turn_wait_seconds", Help: "How long visitors' turns were waited for.", Buckets: buckets,
		}),
	}
	m.registry.MustRegister(m.requests, m.calls, m.captures, m.recoveries, m.turns, m.waited,
		collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}),
		prometheus.NewGaugeFunc(prometheus.GaugeOpts{
			Name: "centra_captures_waiting",
			Help: "Captures that wait in the queue for Centra; NaN where the queue does not answer.",
		}, func() float64 {
			ctx, cancel := context.WithTimeout(context.Background(), time.Second)
			defer cancel()
			n, err := waiting(ctx)
			if err != nil {
				return math.NaN()
			}
			return float64(n)
		}))
	return m
}

func (m *metrics) handler() http.Handler {
	return promhttp.HandlerFor(m.registry, promhttp.HandlerOpts{})
}

func (m *metrics) observers() observers {
	return observers{
		call: func(_ context.Context, c centra.Call) {
			m.calls.WithLabelValues(c.Op, c.Failure).Observe(c.Duration.Seconds())
		},
		turn: func(_ context.Context, o redisturns.Outcome) {
			how := "shared"
			switch {
			case o.Err != nil:
				how = "none"
			case o.Lost:
				how = "lost"
			case o.Alone:
				how = "alone"
			}
			m.turns.WithLabelValues(how).Inc()
			m.waited.Observe(o.Waited.Seconds())
		},
		capture:  func(_ context.Context, o checkoutscript.Outcome) { m.captures.WithLabelValues(string(o.Code)).Inc() },
		recovery: func(_ context.Context, o recovery.Outcome) { m.recoveries.WithLabelValues(string(o.Code)).Inc() },
	}
}

// measure counts requests by their route: the path of a cart link holds its ID.
func (m *metrics) measure(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		began := time.Now()
		written := middleware.NewWrapResponseWriter(w, r.ProtoMajor)
		next.ServeHTTP(written, r)
		route := chi.RouteContext(r.Context()).RoutePattern()
		if route == "" {
			route = "none"
		}
		status := strconv.Itoa(max(written.Status(), http.StatusOK))
		m.requests.WithLabelValues(route, status).Observe(time.Since(began).Seconds())
	})
}
