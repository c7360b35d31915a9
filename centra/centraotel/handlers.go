package centraotel

import (
	"context"
	"math"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/metric"
	"go.opentelemetry.io/otel/trace"

	"github.com/centra-go/cartabandonment/checkoutscript"
	"github.com/centra-go/cartabandonment/recovery"
)

// Callback is for checkoutscript.Config.Trace.
func (t *Telemetry) Callback(ctx context.Context, op string) (context.Context, func(checkoutscript.Outcome)) {
	source := sourceKey.String(t.source.of(op))
	kind := trace.SpanKindInternal // the others are a part of what the shop does
	if op == "callback" {
		kind = serverKind(ctx)
	}
	ctx, span := t.tracer.Start(ctx, "checkoutscript."+source.Value.AsString(), trace.WithSpanKind(kind))
	return ctx, func(o checkoutscript.Outcome) {
		code := codeKey.String(t.code.of(string(o.Code)))
		consent := consentKey.String(o.CartAbandonmentEmail.String())
		span.SetAttributes(code, consent)
		switch o.Code {
		case checkoutscript.Timeout, checkoutscript.RateLimited, checkoutscript.Unavailable, checkoutscript.InvalidResponse,
			checkoutscript.Unauthorized, checkoutscript.SessionStore, checkoutscript.QueueFailed, checkoutscript.Internal:
			span.SetStatus(codes.Error, code.Value.AsString())
		}
		t.eventDuration.Record(ctx, o.Duration.Seconds(), metric.WithAttributes(source, code))
		t.events.Add(ctx, 1, metric.WithAttributes(source, code, consent))
		if o.First {
			t.cartsCaptured.Add(ctx, 1)
		}
		span.End()
	}
}

// Recovery is for recovery.Config.Trace.
func (t *Telemetry) Recovery(ctx context.Context, op string) (context.Context, func(recovery.Outcome)) {
	if op == "order" { // nothing that takes time
		return ctx, func(o recovery.Outcome) { t.order(ctx, o) }
	}
	ctx, span := t.tracer.Start(ctx, "recovery.link", trace.WithSpanKind(serverKind(ctx)))
	return ctx, func(o recovery.Outcome) {
		code := codeKey.String(t.code.of(string(o.Code)))
		span.SetAttributes(code, attribute.Bool("centra.opened", o.Opened))
		if o.Signature != "" {
			span.SetAttributes(signatureKey.String(t.signature.of(o.Signature)))
		}
		switch o.Code {
		case recovery.Unavailable, recovery.Misconfigured:
			span.SetStatus(codes.Error, code.Value.AsString())
		}
		t.linkDuration.Record(ctx, o.Duration.Seconds(), metric.WithAttributes(code))
		t.links.Add(ctx, 1, metric.WithAttributes(code))
		if o.Opened {
			t.linksOpened.Add(ctx, 1)
		}
		if o.Code == recovery.Recovered {
			t.cartsRecovered.Add(ctx, 1)
			t.ordersValue.Add(ctx, 0, t.inCurrency(o.Currency)) // to exist before the order does
		}
		span.End()
	}
}

func (t *Telemetry) order(ctx context.Context, o recovery.Outcome) {
	t.ordersRecovered.Add(ctx, 1)
	if o.Value > 0 && !math.IsInf(o.Value, 0) {
		t.ordersValue.Add(ctx, o.Value, t.inCurrency(o.Currency))
	}
}

func (t *Telemetry) inCurrency(currency string) metric.AddOption {
	return metric.WithAttributes(currencyKey.String(t.currency.of(currency)))
}

// serverKind is that of a request's span: there may be one of the shop's around it.
func serverKind(ctx context.Context) trace.SpanKind {
	if trace.SpanContextFromContext(ctx).IsValid() {
		return trace.SpanKindInternal
	}
	return trace.SpanKindServer
}
