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
	exporter "go.opentelemetry.io/otel/exporters/prometheus"
	"go.opentelemetry.io/otel/sdk/metric"

	"github.com/centra-go/cartabandonment/centra/centraotel"
)

// metrics are what GET /metrics shows: the library's, by OpenTelemetry, and the
// shop's own. No label can hold a token, an ID or an address. For spans set a
// provider with otel.SetTracerProvider; centraotel makes them.
type metrics struct {
	tel      *centraotel.Telemetry
	registry *prometheus.Registry
	requests *prometheus.HistogramVec
}

func newMetrics(waiting func(context.Context) (int, error)) (*metrics, error) {
	m := &metrics{
		registry: prometheus.NewRegistry(),
		requests: prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Name: "shop_request_duration_seconds", Help: "Requests of browsers.",
			Buckets: []float64{.005, .01, .025, .05, .1, .25, .5, 1, 2.5, 5, 8, 10, 30},
		}, []string{"route", "status"}),
	}
	m.registry.MustRegister(m.requests, waitingGauge(waiting),
		collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	reader, err := exporter.New(
		exporter.WithRegisterer(m.registry), exporter.WithoutScopeInfo(), exporter.WithoutTargetInfo())
	if err != nil {
		return nil, err
	}
	m.tel, err = centraotel.New(centraotel.WithMeterProvider(metric.NewMeterProvider(metric.WithReader(reader))))
	return m, err
}

// waitingGauge asks the queue when it is looked at.
func waitingGauge(waiting func(context.Context) (int, error)) prometheus.GaugeFunc {
	return prometheus.NewGaugeFunc(prometheus.GaugeOpts{
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
	})
}

func (m *metrics) handler() http.Handler {
	return promhttp.HandlerFor(m.registry, promhttp.HandlerOpts{})
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
