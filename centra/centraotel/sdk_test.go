package centraotel_test

import (
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promhttp"
	"github.com/prometheus/otlptranslator"
	"go.opentelemetry.io/contrib/instrumentation/net/http/otelhttp"
	exporter "go.opentelemetry.io/otel/exporters/prometheus"
	"go.opentelemetry.io/otel/propagation"
	"go.opentelemetry.io/otel/sdk/metric"
	"go.opentelemetry.io/otel/sdk/resource"
	"go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/sdk/trace/tracetest"

	"github.com/centra-go/cartabandonment/centra/centraotel"
)

// sdk is OpenTelemetry's, with what it gathers in memory.
type sdk struct {
	spans    *tracetest.InMemoryExporter
	tracers  *trace.TracerProvider
	meters   *metric.MeterProvider
	registry *prometheus.Registry
}

func newSDK(t testing.TB) *sdk {
	t.Helper()
	s := &sdk{spans: tracetest.NewInMemoryExporter(), registry: prometheus.NewRegistry()}
	reader, err := exporter.New(exporter.WithRegisterer(s.registry), exporter.WithoutScopeInfo(),
		exporter.WithTranslationStrategy(otlptranslator.UnderscoreEscapingWithSuffixes))
	if err != nil {
		t.Fatal(err)
	}
	res := resource.Empty()
	s.tracers = trace.NewTracerProvider(trace.WithSyncer(s.spans), trace.WithResource(res))
	s.meters = metric.NewMeterProvider(metric.WithReader(reader), metric.WithResource(res))
	return s
}

func (s *sdk) telemetry(t testing.TB) *centraotel.Telemetry {
	t.Helper()
	tel, err := centraotel.New(centraotel.WithTracerProvider(s.tracers), centraotel.WithMeterProvider(s.meters))
	if err != nil {
		t.Fatal(err)
	}
	return tel
}

// scrape is what Prometheus is answered.
func (s *sdk) scrape(t testing.TB) string {
	t.Helper()
	w := httptest.NewRecorder()
	promhttp.HandlerFor(s.registry, promhttp.HandlerOpts{}).ServeHTTP(w, httptest.NewRequest(http.MethodGet, "/metrics", nil))
	if w.Code != http.StatusOK {
		t.Fatalf("the scrape is answered %d %s", w.Code, w.Body)
	}
	return w.Body.String()
}

// traced is otelhttp as a shop has it, everything on: the server's spans, those of
// each attempt, and trace contexts that go on.
func (s *sdk) traced() (front func(http.Handler) http.Handler, behind func(http.RoundTripper) http.RoundTripper) {
	opts := []otelhttp.Option{
		otelhttp.WithTracerProvider(s.tracers), otelhttp.WithMeterProvider(s.meters),
		otelhttp.WithPropagators(propagation.NewCompositeTextMapPropagator(propagation.TraceContext{}, propagation.Baggage{})),
	}
	return func(h http.Handler) http.Handler { return otelhttp.NewHandler(h, "shop", opts...) },
		func(rt http.RoundTripper) http.RoundTripper { return otelhttp.NewTransport(rt, opts...) }
}
