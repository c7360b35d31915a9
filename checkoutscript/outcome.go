package checkoutscript

import (
	"time"

	"github.com/centra-go/cartabandonment/centra"
)

// Code says how an event ended; those of failures are the error.code of the
// answer. Its text is short and stable, fit for the label of a metric.
type Code string

// The codes. The package documentation lists the status that goes with each.
const (
	// Captured: Centra has the fields; Outcome.CartAbandonmentEmail says whether
	// it may remind the shopper.
	Captured Code = "captured"
	// Withdrawn: Centra has been told that the shopper does not agree any more.
	Withdrawn Code = "withdrawn"
	// Queued: Centra cannot be reached, and Config.Later has it.
	Queued Code = "queued"
	// Redelivered: Redeliver brought it, or found it brought already.
	Redelivered Code = "redelivered"
	// Dropped: Redeliver found nothing to deliver any more; see [ErrDropped].
	Dropped Code = "dropped"

	// InvalidBody: broken, too deep, too many keys, a NUL, not UTF-8.
	InvalidBody Code = "invalid_body"
	// BodyTooLarge: see Config.MaxBytes.
	BodyTooLarge Code = "body_too_large"
	// UnsupportedMediaType: neither JSON nor a form; see [Decode].
	UnsupportedMediaType Code = "unsupported_media_type"
	// MethodNotAllowed: anything but POST.
	MethodNotAllowed Code = "method_not_allowed"
	// CrossSite: posted from another site.
	CrossSite Code = "cross_site"
	// NoSession: the visitor has no session, and so no cart; Centra was not asked.
	NoSession Code = "no_session"
	// SelectionNotFound: the cart was ordered, has expired or never was.
	SelectionNotFound Code = "selection_not_found"
	// Refused: Centra refused fields.
	Refused Code = "refused"
	// Busy: too many calls of this visitor wait already.
	Busy Code = "busy"
	// Timeout: see Config.Timeout.
	Timeout Code = "timeout"
	// Canceled: the browser left before the event's turn had come.
	Canceled Code = "canceled"
	// RateLimited: Centra asked for fewer calls.
	RateLimited Code = "rate_limited"
	// Unavailable: Centra is down or cannot be reached.
	Unavailable Code = "unavailable"
	// InvalidResponse: Centra's answer made no sense.
	InvalidResponse Code = "invalid_response"
	// Unauthorized: Centra refused the shop's secret or origin. The shop has to act.
	Unauthorized Code = "unauthorized"
	// SessionStore: the visitor's session could not be loaded or saved.
	SessionStore Code = "session_store"
	// QueueFailed: Centra cannot be reached, and Config.Later failed or took too long.
	QueueFailed Code = "queue_failed"
	// Internal: anything else, such as a Consent or a Filter that panics.
	Internal Code = "internal"
)

// Outcome is what Config.Observe is told of an event, a Capture, a Withdraw, an
// Agree or a Redeliver.
type Outcome struct {
	Op   string // "callback" (an event), "capture", "withdraw", "agree" or "redeliver"
	Code Code
	// CartAbandonmentEmail is what Centra was told, or would have been.
	CartAbandonmentEmail centra.Choice
	// First says that Centra may remind of this cart from now on, and could not
	// before as far as this process knows: a cart is captured many times while its
	// checkout is under way, and counts once.
	First bool
	// Duration includes the time that the visitor's earlier calls took.
	Duration time.Duration
	// Err is what failed, if anything did. Its text holds nothing of the shopper's;
	// that of a host's own store or API is left out.
	Err error
}
