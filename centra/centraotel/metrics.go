package centraotel

import (
	"context"
	"errors"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/metric"
)

// The attributes of spans and metrics.
const (
	apiKey       = attribute.Key("centra.api")
	operationKey = attribute.Key("centra.operation")
	failureKey   = attribute.Key("error.type")
	statusKey    = attribute.Key("http.response.status_code")
	sourceKey    = attribute.Key("centra.source")
	codeKey      = attribute.Key("centra.code")
	consentKey   = attribute.Key("centra.consent")
	signatureKey = attribute.Key("centra.signature")
	currencyKey  = attribute.Key("centra.currency")
	turnKey      = attribute.Key("centra.turn")
)

// instruments are all metrics; README.md has them in a table.
type instruments struct {
	callDuration             metric.Float64Histogram
	attempts, budgetRefusals metric.Int64Counter
	eventDuration            metric.Float64Histogram
	linkDuration             metric.Float64Histogram
	events, links            metric.Int64Counter
	cartsCaptured            metric.Int64Counter
	linksOpened              metric.Int64Counter
	cartsRecovered           metric.Int64Counter
	ordersRecovered          metric.Int64Counter
	ordersValue              metric.Float64Counter
	turnWait                 metric.Float64Histogram
}

// Centra answers an update in about 100 ms; a client gives up after 20 s, the
// handlers after 8 and 9.
var seconds = []float64{.025, .05, .1, .15, .25, .5, 1, 2, 4, 8, 10, 20}

// A turn that nobody else has is there within a millisecond or two of Redis.
var turnSeconds = []float64{.001, .0025, .005, .01, .025, .1, .25, 1, 4, 8}

func newInstruments(m metric.Meter) (*instruments, error) {
	var errs []error
	duration := func(name, description string, buckets []float64) metric.Float64Histogram {
		h, err := m.Float64Histogram(name, metric.WithUnit("s"), metric.WithDescription(description),
			metric.WithExplicitBucketBoundaries(buckets...))
		errs = append(errs, err)
		return h
	}
	counter := func(name, unit, description string) metric.Int64Counter {
		c, err := m.Int64Counter(name, metric.WithUnit(unit), metric.WithDescription(description))
		errs = append(errs, err)
		return c
	}
	value, err := m.Float64Counter("centra.orders.value", metric.WithUnit("{amount}"),
		metric.WithDescription("Grand totals of the orders that came from recovered carts."))
	errs = append(errs, err)
	i := &instruments{
		callDuration: duration("centra.call.duration",
			"Duration of calls to Centra, with all their attempts.", seconds),
		attempts: counter("centra.call.attempts", "{attempt}",
			"How often calls to Centra were sent; more than there are calls where some were repeated."),
		budgetRefusals: counter("centra.call.budget_refusals", "{call}",
			"Calls that were not repeated since the retries of all had used up their budget."),
		eventDuration: duration("centra.checkoutscript.duration",
			"From when an event, a capture or a redelivery came until it was over.", seconds),
		events: counter("centra.checkoutscript.outcomes", "{outcome}",
			"Events, captures, withdrawals and redeliveries by what became of them."),
		linkDuration: duration("centra.recovery.duration",
			"From when a request for a cart link came until it was answered.", seconds),
		links: counter("centra.recovery.outcomes", "{outcome}",
			"Requests for cart links by what became of them."),
		cartsCaptured: counter("centra.carts.captured", "{cart}",
			"Carts that Centra may remind of; each once."),
		linksOpened: counter("centra.links.opened", "{link}",
			"Cart links that a person followed."),
		cartsRecovered: counter("centra.carts.recovered", "{cart}",
			"Carts that a link attached to a visitor's session."),
		ordersRecovered: counter("centra.orders.recovered", "{order}",
			"Orders that came from recovered carts."),
		ordersValue: value,
		turnWait: duration("centra.turn.wait",
			"How long calls waited for the turn of their visitor, by how the turn went.", turnSeconds),
	}
	if err := errors.Join(errs...); err != nil {
		return nil, err
	}
	i.begin()
	return i, nil
}

// begin makes the counters exist that somebody waits for: of one that appears with
// its first increment Prometheus sees no increase.
func (i *instruments) begin() {
	ctx := context.Background()
	for _, c := range []metric.Int64Counter{i.cartsCaptured, i.linksOpened, i.cartsRecovered, i.ordersRecovered} {
		c.Add(ctx, 0)
	}
	for _, e := range []struct{ source, code string }{
		{"callback", "queued"}, {"callback", "queue_failed"}, {"redeliver", "redelivered"}, {"redeliver", "dropped"},
	} {
		i.events.Add(ctx, 0, metric.WithAttributes(
			sourceKey.String(e.source), codeKey.String(e.code), consentKey.String("yes")))
	}
	for _, code := range []string{"recovered", "unavailable", "misconfigured"} {
		i.links.Add(ctx, 0, metric.WithAttributes(codeKey.String(code)))
	}
}
