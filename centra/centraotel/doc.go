// Package centraotel makes OpenTelemetry spans and metrics of what the library's
// hooks tell: [Telemetry.Client] of the calls to Centra, [Telemetry.Callback] and
// [Telemetry.Recovery] of the two handlers, [Telemetry.Turn] of turns over Redis.
//
//	tel, err := centraotel.New()
//	api, err := centra.NewCheckoutAPI(url, tel.Client())
//	callback, err := checkoutscript.New(checkoutscript.Config{Trace: tel.Callback, ...})
//	cartLink, err := recovery.New(recovery.Config{Trace: tel.Recovery, ...})
//
// It depends on OpenTelemetry's API alone: which SDK and exporter there are is the
// shop's.
//
// # Spans
//
//	PUT /payment-fields       CLIENT, one for each call to Centra, with all its attempts
//	checkoutscript.callback   an event; also .capture, .withdraw, .agree and .redeliver
//	recovery.link             a request for a cart link
//
// A call's span has centra.api, centra.operation, centra.attempts,
// http.response.status_code and error.type, which is [centra.Call]'s Failure; where
// they are the case centra.budget_refused and centra.session_changed; and centra.cart.
// Around a transport [Attempts] adds an event for each attempt. The handlers' spans
// have centra.code and centra.consent or centra.signature, and the calls that are made
// meanwhile are their children. Those of requests are INTERNAL below another span and
// SERVER where there is none, the others INTERNAL. One that a panic passes through
// has no end, and so is not told.
//
// Nothing is sent to Centra: no trace context, no baggage. What connects a trace to
// Centra's API log is the correlation ID; let it be the trace's by [TraceID].
//
// # Metrics
//
// README.md beside this file lists them, with a dashboard and alerts for Prometheus.
//
// # What is never in them
//
// No span and no metric holds a session, a selection ID, a secret, an e-mail
// address, a URL or the text of an error. Every name and every value is one of a few:
// what does not look like a name of this library's or of an endpoint, and whatever
// comes after as many as there should be, is "other".
//
// Other instrumentation sees the URL all the same. That of a server records the path,
// and the cart link's has the selection's ID in it: [HideCartLink] stands around it.
// That of a client records the URL of each attempt: [HideURL] stands around that. Spans
// of package otelhttp are shown and tested within both.
package centraotel
