package centraotel

import (
	"errors"
	"fmt"

	"go.opentelemetry.io/otel"
	"go.opentelemetry.io/otel/metric"
	"go.opentelemetry.io/otel/trace"
)

const scope = "github.com/centra-go/cartabandonment/centra/centraotel"

// Telemetry makes spans and metrics. Make one with [New] for a process, and keep
// it; it is safe for concurrent use.
type Telemetry struct {
	tracers trace.TracerProvider
	meters  metric.MeterProvider
	tracer  trace.Tracer
	*instruments
	*names
}

// Option changes a Telemetry at its construction.
type Option func(*Telemetry) error

// WithTracerProvider has spans made by p; the default is otel.GetTracerProvider.
func WithTracerProvider(p trace.TracerProvider) Option {
	return func(t *Telemetry) error {
		if p == nil {
			return errors.New("WithTracerProvider: the provider is nil")
		}
		t.tracers = p
		return nil
	}
}

// WithMeterProvider has metrics made by p; the default is otel.GetMeterProvider.
func WithMeterProvider(p metric.MeterProvider) Option {
	return func(t *Telemetry) error {
		if p == nil {
			return errors.New("WithMeterProvider: the provider is nil")
		}
		t.meters = p
		return nil
	}
}

// New returns a Telemetry. It starts nothing, and fails where the meter provider
// refuses an instrument.
func New(opts ...Option) (*Telemetry, error) {
	t := &Telemetry{tracers: otel.GetTracerProvider(), meters: otel.GetMeterProvider(), names: newNames()}
	for _, opt := range opts {
		if err := opt(t); err != nil {
			return nil, fmt.Errorf("centraotel: New: %w", err)
		}
	}
	t.tracer = t.tracers.Tracer(scope)
	var err error
	if t.instruments, err = newInstruments(t.meters.Meter(scope)); err != nil {
		return nil, fmt.Errorf("centraotel: New: %w", err)
	}
	return t, nil
}
