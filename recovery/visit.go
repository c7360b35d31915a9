package recovery

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"sync/atomic"

	"github.com/centra-go/cartabandonment/centra"
)

var errPath = errors.New("recovery: the request's path is not the cart link's")

// visit is one request for a cart link, and how it is answered.
type visit struct {
	*Handler
	w      http.ResponseWriter
	r      *http.Request
	id     centra.SelectionID
	opened bool        // see Outcome.Opened
	logged atomic.Bool // a client of package centra has logged a failure
}

// open speaks to Centra in the visitor's turn, and answers when that is over: by
// then the session is saved in the header, and nothing that the answer takes
// keeps the visitor's next call.
func (v *visit) open() Outcome {
	var f finding // not to be looked at after an error: a turn that is given up may still be running
	err := v.visitors.Do(v.w, v.r, func(ctx context.Context, s centra.Session) (now centra.Session, err error) {
		t := turn{Handler: v.Handler, ctx: centra.WatchCalls(ctx, v.see), r: v.r, id: v.id, before: s, session: s}
		f, now, err = t.take()
		return now, err
	})
	if err != nil {
		return v.failed(err)
	}
	switch f.code {
	case Refused, NotFound:
		return v.dead(Outcome{Code: f.code, Err: f.err})
	case Asked:
		kind := PageConflict
		if f.own == nil {
			kind = PageConfirm
		}
		return v.ask(Page{Kind: kind, Own: f.own, Linked: f.linked})
	case Recovered: // for the handler of another market, if there is one
		r := v.r.WithContext(context.WithValue(v.r.Context(), recoveredBy{}, v.Handler))
		if f.before != "" && f.before != f.now {
			v.visitors.CartChanged(v.w, r, f.before)
		}
		v.visitors.CartChanged(v.w, r, f.now)
	}
	if f.mark != nil {
		v.cookie.set(v.w, *f.mark)
	}
	v.seeOther(v.checkoutOf(f.cart).with(v.r.URL.RawQuery, v.keepParams))
	o := Outcome{Code: f.code}
	if f.cart != nil {
		o.Currency = f.cart.Currency
	}
	return o
}

// recoveredBy is the handler that says that another cart is there: it must not
// forget what it has just remembered. The visitor's next click may be looking.
type recoveredBy struct{}

// see notes that there is a line about a failure in the client's log.
func (v *visit) see(c centra.Call) {
	if c.Failure != "" {
		v.logged.Store(true)
	}
}

func (v *visit) dead(o Outcome) Outcome {
	v.seeOther(v.deadLink.with(v.r.URL.RawQuery, v.keepParams))
	return o
}

func (v *visit) seeOther(location string) {
	v.w.Header()["Location"] = []string{location}
	v.w.Header()["Content-Length"] = noContent // which flushing would make chunked
	v.w.WriteHeader(http.StatusSeeOther)
}

// checkoutOf is the checkout for a cart.
func (v *visit) checkoutOf(sel *centra.Selection) target {
	if v.choose == nil || sel == nil {
		return v.checkout
	}
	ctx := v.r.Context()
	chosen := v.choose(ctx, sel)
	if chosen == "" {
		return v.checkout
	}
	t, err := parseTarget(chosen, v.link)
	if err != nil {
		v.logger.ErrorContext(ctx, "recovery: Config.Target returned no usable URL; the visitor goes to Config.Checkout",
			slog.Any("error", err))
		return v.checkout
	}
	return t
}

// ask shows the page with the button. Its status is 200: nothing went wrong, and
// proxies and monitors take an error's page for theirs.
func (v *visit) ask(p Page) Outcome {
	p.Status = http.StatusOK
	p.Keep = v.checkoutOf(p.Own).with(v.r.URL.RawQuery, v.keepParams)
	v.show(p)
	return Outcome{Code: Asked}
}

// askRobot shows the same page. To a prefetch it is an error, so that browsers
// throw it away and the click itself comes here.
func (v *visit) askRobot(signature string) Outcome {
	p := Page{Kind: PageConfirm, Status: http.StatusOK, Keep: v.checkout.with(v.r.URL.RawQuery, v.keepParams)}
	if isPrefetch(v.r.Header) && v.r.Method == http.MethodGet {
		p.Status = http.StatusServiceUnavailable
	}
	v.w.Header()["Vary"] = append(v.w.Header()["Vary"], prefetchHeaders[:]...)
	v.show(p)
	return Outcome{Code: NotAPerson, Signature: signature}
}
