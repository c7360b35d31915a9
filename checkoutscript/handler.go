package checkoutscript

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/centra-go/cartabandonment/centra/session"
)

// Handler serves what a checkout page needs below Config.Path: the callback,
// which forwards events to Centra, and listener.js, which posts them. Make it
// with [New]; it is safe for concurrent use.
type Handler struct {
	config    Config
	visitors  *session.Visitors // within Config.Timeout
	decisions *decisions
	listener  *listener
}

// The last segments of the paths that the handler serves.
const (
	callbackName = "callback"
	listenerName = "listener.js"
)

// Pattern is Config.Path, for an http.ServeMux. Other mount points work too,
// also behind http.StripPrefix: the handler looks at the last segment only.
func (h *Handler) Pattern() string { return h.config.Path }

// Wrap serves the callback and listener.js at Config.Path and leaves every other
// request to next.
func (h *Handler) Wrap(next http.Handler) http.Handler {
	path, _ := url.PathUnescape(h.config.Path) // New has seen that it can be
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch name, below := strings.CutPrefix(r.URL.Path, path); {
		case below && (name == callbackName || name == listenerName):
			h.ServeHTTP(w, r)
		default:
			next.ServeHTTP(w, r)
		}
	})
}

// ServeHTTP serves POST .../callback and GET .../listener.js.
func (h *Handler) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	switch r.URL.Path[strings.LastIndexByte(r.URL.Path, '/')+1:] {
	case callbackName:
		h.serveCallback(w, r)
	case listenerName:
		h.listener.ServeHTTP(w, r)
	default:
		http.NotFound(w, r)
	}
}

var (
	errMethod    = errors.New("checkoutscript: an event must be posted")
	errCrossSite = errors.New("checkoutscript: posted from another site")
)

// serveCallback forwards one event and answers as the package documentation says.
func (h *Handler) serveCallback(w http.ResponseWriter, r *http.Request) {
	began := time.Now()
	var a answer
	d := delivery{op: "callback"}
	r = h.begin(r, &d)
	event, err := h.receive(r)
	if err == nil {
		a.SuspendIgnore = event.SuspendIgnore()
		d.fields, d.withdrawal, d.began = event.Fields(), event.takeWithdrawal(), time.Now()
		a.Selection, err = h.forward(w, r, &d)
	}
	code := a.write(w, d.outcomeOf(err), err)
	if h.config.watched() {
		// They are told after the answer; net/http would keep it for so long.
		_ = http.NewResponseController(w).Flush()
	}
	h.report(r, &d, Outcome{Code: code, Duration: time.Since(began), Err: err})
}

// begin begins the trace of a delivery, and returns the request with its context.
func (h *Handler) begin(r *http.Request, d *delivery) *http.Request {
	if h.config.Trace == nil {
		return r
	}
	var ctx context.Context
	ctx, d.end = h.config.begin(r.Context(), d.op)
	return r.WithContext(ctx)
}

func (h *Handler) receive(r *http.Request) (*Event, error) {
	if r.Method != http.MethodPost {
		return nil, errMethod
	}
	if h.config.CrossOrigin.Check(r) != nil {
		return nil, errCrossSite
	}
	return decode(r, h.config.MaxBytes)
}

// report tells the log what no client of package centra has told it yet, and the
// host everything.
func (h *Handler) report(r *http.Request, d *delivery, o Outcome) {
	o.Op, o.CartAbandonmentEmail, o.First = d.op, d.choice(), d.first.Load()
	if o.Err != nil && !errors.Is(o.Err, errPanic) && !errors.Is(o.Err, ErrDeferred) &&
		!(d.logged.Load() && isCallError(o.Err)) {
		p := describe(o.Err)
		h.config.Logger.LogAttrs(r.Context(), p.level(), "checkoutscript: event not forwarded", p.attrs(o)...)
	}
	h.config.tell(r.Context(), o, d.end)
}
