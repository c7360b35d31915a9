package centraotel

import (
	"context"
	"errors"
	"net/http"
	"time"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/metric"
	"go.opentelemetry.io/otel/trace"

	"github.com/centra-go/cartabandonment/centra"
)

// Client is an option for the clients of package centra, of any API and of as many
// as there are: a span and the metrics of each call.
func (t *Telemetry) Client() centra.Option { return centra.WithTrace(t.call) }

func (t *Telemetry) call(ctx context.Context, api, op string) (context.Context, func(centra.Call)) {
	what := []attribute.KeyValue{apiKey.String(t.api.of(api)), operationKey.String(t.operation.of(op))}
	ctx, span := t.tracer.Start(ctx, t.operation.of(op),
		trace.WithSpanKind(trace.SpanKindClient), trace.WithAttributes(what...))
	return ctx, func(c centra.Call) {
		labels := what
		if c.Failure != "" {
			failure := t.failure.of(c.Failure)
			labels = append(labels, failureKey.String(failure))
			span.SetAttributes(failureKey.String(failure))
			if !everyday(c.Failure) {
				span.SetStatus(codes.Error, failure)
			}
		}
		if span.IsRecording() {
			span.SetAttributes(attribute.Int("centra.attempts", c.Attempts))
			if c.StatusCode != 0 {
				span.SetAttributes(statusKey.Int(c.StatusCode))
			}
			if c.Cart != centra.CartUnknown {
				span.SetAttributes(attribute.String("centra.cart", c.Cart.String()))
			}
			if c.BudgetRefused {
				span.SetAttributes(attribute.Bool("centra.budget_refused", true))
			}
			switch c.Session {
			case centra.SessionRotated, centra.SessionReplaced, centra.SessionUnclear:
				span.SetAttributes(attribute.Bool("centra.session_changed", true))
			}
		}
		t.callDuration.Record(ctx, c.Duration.Seconds(), metric.WithAttributes(labels...))
		t.attempts.Add(ctx, int64(c.Attempts), metric.WithAttributes(what...))
		refused := int64(0) // told too: a counter that appears with its first increment shows no increase
		if c.BudgetRefused {
			refused = 1
		}
		t.budgetRefusals.Add(ctx, refused, metric.WithAttributes(what[:1]...))
		span.End()
	}
}

// everyday reports whether a failure is a shop's everyday life, and not an error of
// anybody's: a cart that is gone, fields that are refused, stock that ran out, a
// caller who left.
func everyday(failure string) bool {
	switch failure {
	case "not_found", "refused", "out_of_stock", "canceled":
		return true
	}
	return false
}

// TraceID returns the ID of the trace that ctx belongs to, "" where there is none,
// for [centra.WithCorrelationID]: Centra's API log then names the trace.
func TraceID(ctx context.Context) string {
	if s := trace.SpanContextFromContext(ctx); s.HasTraceID() {
		return s.TraceID().String()
	}
	return ""
}

// Attempts returns a transport for [centra.WithTransport] that notes each attempt of
// a call as an event of the call's span: its duration until the answer began, and
// its status or what kept the answer away.
func Attempts(rt http.RoundTripper) http.RoundTripper { return attempts{rt} }

type attempts struct{ http.RoundTripper }

func (a attempts) RoundTrip(r *http.Request) (*http.Response, error) {
	began := time.Now()
	resp, err := a.RoundTripper.RoundTrip(r)
	span := trace.SpanFromContext(r.Context())
	if !span.IsRecording() {
		return resp, err
	}
	outcome := failureKey.String(reason(r.Context(), err))
	if err == nil {
		outcome = statusKey.Int(resp.StatusCode)
	}
	span.AddEvent("attempt", trace.WithAttributes(
		attribute.Float64("centra.attempt.duration", time.Since(began).Seconds()), outcome))
	return resp, err
}

// reason says why no answer came, without the error's own text.
func reason(ctx context.Context, err error) string {
	switch {
	case errors.Is(err, context.Canceled), errors.Is(ctx.Err(), context.Canceled):
		return "canceled"
	case errors.Is(err, context.DeadlineExceeded), ctx.Err() != nil:
		return "timeout"
	}
	return "no_connection"
}
