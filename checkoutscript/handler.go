package checkoutscript

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"runtime/debug"
	"strings"
	"time"

	"github.com/centra-go/cartabandonment/centra"
	"github.com/centra-go/cartabandonment/centra/session"
)

// Handler serves what a checkout page needs below Config.Path: the callback,
// which forwards events to Centra, and listener.js, which posts them. Make it
// with [New]; it is safe for concurrent use.
type Handler struct {
	config   Config
	visitors *session.Visitors // within Config.Timeout
	listener *listener
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
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch name, below := strings.CutPrefix(r.URL.Path, h.config.Path); {
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
	errPanic     = errors.New("checkoutscript: a function of the host's panicked")
)

// serveCallback forwards one event and answers as the package documentation says.
func (h *Handler) serveCallback(w http.ResponseWriter, r *http.Request) {
	began := time.Now()
	var a answer
	var o Outcome
	event, err := h.receive(r)
	if err == nil {
		a.SuspendIgnore = event.SuspendIgnore()
		a.Selection, o, err = h.forwardEvent(w, r, event.Fields())
	}
	o.Duration, o.Err = time.Since(began), err
	o.Code = a.write(w, err)
	if h.config.Observe != nil {
		// Observe comes after the answer; net/http would keep it for so long.
		_ = http.NewResponseController(w).Flush()
	}
	h.report(r.Context(), o)
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

// forwardEvent is forward for a page that has to be answered, so that its widget
// goes on, also where a function of the host's panics.
func (h *Handler) forwardEvent(w http.ResponseWriter, r *http.Request, f centra.Fields) (
	sel *centra.Selection, o Outcome, err error) {
	defer func() {
		switch p := recover(); p {
		case nil:
		case http.ErrAbortHandler: //nolint:errorlint // the value itself is the signal
			panic(p)
		default:
			// Not the value: it may hold what a shopper typed.
			h.config.Logger.ErrorContext(r.Context(), "checkoutscript: a function of the host's panicked",
				slog.String("type", fmt.Sprintf("%T", p)), slog.String("stack", string(debug.Stack())))
			sel, err = nil, errPanic
		}
	}()
	sel, o.CartAbandonmentEmail, err = h.forward(w, r, f)
	return sel, o, err
}

// Capture sends fields that the shop learned without a widget, for instance from
// its own checkout form, just as an event is sent: with the visitor's consent
// as CartAbandonmentEmail, whatever f says, through Filter, in turn with the
// visitor's other calls, within Timeout. The e-mail address is f.Email, or that
// of the address or shipping address. f itself is not changed.
//
// It saves a session that Centra changed, so call it before the response is
// written; it writes none itself. It does not look at where the request came
// from: protect the form as any other.
//
// The error is a [*centra.Error] (Fields says what Centra refused), or matches
// [centra.ErrNoSession] for a visitor who has no cart, [centra.ErrSelectionNotFound]
// for one whose cart is gone, [session.ErrBusy], [session.ErrStore],
// context.DeadlineExceeded or context.Canceled.
func (h *Handler) Capture(w http.ResponseWriter, r *http.Request, f centra.Fields) (*centra.Selection, error) {
	began := time.Now()
	sel, choice, err := h.forward(w, r, cloneFields(f))
	h.report(r.Context(), Outcome{
		Code:                 codeOf(err),
		CartAbandonmentEmail: choice,
		Duration:             time.Since(began),
		Err:                  err,
	})
	return sel, err
}

// report tells the log what no client of package centra has told it yet, and the
// host everything.
func (h *Handler) report(ctx context.Context, o Outcome) {
	if o.Err != nil && !loggedByClient(o.Err) && !errors.Is(o.Err, errPanic) {
		p := describe(o.Err)
		h.config.Logger.LogAttrs(ctx, p.level(), "checkoutscript: event not forwarded", p.attrs(o)...)
	}
	if h.config.Observe != nil {
		h.config.Observe(ctx, o)
	}
}
