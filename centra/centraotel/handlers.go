package centraotel

import (
	"context"
	"math"
	"net/http"
	"time"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/metric"
	"go.opentelemetry.io/otel/trace"

	"github.com/centra-go/cartabandonment/checkoutscript"
	"github.com/centra-go/cartabandonment/recovery"
)

type handlerKey struct{}

// Handler returns h with a span around each of its requests, so that the calls made
// for one belong to it. Put it around the handlers of checkoutscript and recovery,
// or around all of a shop that has them as middleware. The span has the name until
// [Telemetry.Callback] or [Telemetry.Recovery] hear what the request was.
func (t *Telemetry) Handler(name string, h http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		kind := trace.SpanKindServer
		if trace.SpanContextFromContext(r.Context()).IsValid() {
			kind = trace.SpanKindInternal
		}
		ctx, span := t.tracer.Start(r.Context(), name, trace.WithSpanKind(kind))
		// End itself, deferred, would write the value of a panic into the span.
		defer func() { span.End() }()
		h.ServeHTTP(w, r.WithContext(context.WithValue(ctx, handlerKey{}, span)))
	})
}

// Callback is for checkoutscript.Config.Observe.
func (t *Telemetry) Callback(ctx context.Context, o checkoutscript.Outcome) {
	source := sourceKey.String(t.source.of(o.Op))
	code := codeKey.String(t.code.of(string(o.Code)))
	consent := consentKey.String(o.CartAbandonmentEmail.String())
	begin := t.madeUp
	if o.Op == "callback" { // the others are a part of what the shop does in a request
		begin = t.handlers
	}
	span, end := begin(ctx, "checkoutscript."+source.Value.AsString(), o.Duration)
	span.SetAttributes(code, consent)
	switch o.Code {
	case checkoutscript.Timeout, checkoutscript.RateLimited, checkoutscript.Unavailable, checkoutscript.InvalidResponse,
		checkoutscript.Unauthorized, checkoutscript.SessionStore, checkoutscript.QueueFailed, checkoutscript.Internal:
		span.SetStatus(codes.Error, code.Value.AsString())
	}
	end()

	t.eventDuration.Record(ctx, o.Duration.Seconds(), metric.WithAttributes(source, code))
	t.events.Add(ctx, 1, metric.WithAttributes(source, code, consent))
	if o.First {
		t.cartsCaptured.Add(ctx, 1)
	}
}

// Recovery is for recovery.Config.Observe.
func (t *Telemetry) Recovery(ctx context.Context, o recovery.Outcome) {
	if o.Code == recovery.OrderRecovered {
		currency := metric.WithAttributes(currencyKey.String(t.currency.of(o.Currency)))
		t.ordersRecovered.Add(ctx, 1, currency)
		if o.Value > 0 && !math.IsInf(o.Value, 0) {
			t.ordersValue.Add(ctx, o.Value, currency)
		}
		return
	}
	code := codeKey.String(t.code.of(string(o.Code)))
	span, end := t.handlers(ctx, "recovery.link", o.Duration)
	span.SetAttributes(code, attribute.Bool("centra.opened", o.Opened))
	if o.Signature != "" {
		span.SetAttributes(signatureKey.String(t.signature.of(o.Signature)))
	}
	switch o.Code {
	case recovery.Unavailable, recovery.Misconfigured:
		span.SetStatus(codes.Error, code.Value.AsString())
	}
	end()

	t.linkDuration.Record(ctx, o.Duration.Seconds(), metric.WithAttributes(code))
	t.links.Add(ctx, 1, metric.WithAttributes(code))
	if o.Opened {
		t.linksOpened.Add(ctx, 1)
	}
	if o.Code == recovery.Recovered {
		t.cartsRecovered.Add(ctx, 1)
	}
}

// handlers is the span of Handler, which ends by itself, or one that is made up.
func (t *Telemetry) handlers(ctx context.Context, name string, took time.Duration) (span trace.Span, end func()) {
	if span, ok := ctx.Value(handlerKey{}).(trace.Span); ok {
		span.SetName(name)
		return span, func() {}
	}
	return t.madeUp(ctx, name, took)
}

// madeUp is a span for what took so long until now.
func (t *Telemetry) madeUp(ctx context.Context, name string, took time.Duration) (span trace.Span, end func()) {
	_, span = t.tracer.Start(ctx, name, trace.WithTimestamp(time.Now().Add(-took)))
	return span, func() { span.End() }
}
