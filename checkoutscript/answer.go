package checkoutscript

import (
	"encoding/json"
	"net/http"
	"strconv"
	"time"

	"github.com/centra-go/cartabandonment/centra"
)

// answer is the body of every response: never a selection and an error at once.
type answer struct {
	SuspendIgnore json.RawMessage   `json:"suspendIgnore,omitempty"`
	Selection     *centra.Selection `json:"selection,omitempty"`
	Error         *problem          `json:"error,omitempty"`
}

// The same for all answers; net/http and its middleware replace such lists, and
// do not change them.
var (
	contentTypeJSON = []string{"application/json"}
	noStore         = []string{"no-store"}
	noSniff         = []string{"nosniff"}
)

// The Retry-After of an answer is what Centra asked for, within these bounds.
const (
	defaultRetryAfter = 5 * time.Second
	minRetryAfter     = time.Second
	maxRetryAfter     = 10 * time.Minute
)

// write answers with the selection, or with what err means, and returns the code
// of the answer, which is code unless the answer cannot be written.
func (a answer) write(w http.ResponseWriter, code Code, err error) Code {
	status := http.StatusOK
	header := w.Header()
	switch {
	case err == nil:
	case code == Queued:
		status, a.Selection = http.StatusAccepted, nil
	default:
		p := describe(err)
		status, a.Selection, a.Error = p.Status, nil, &p
		switch status {
		case http.StatusMethodNotAllowed:
			header.Set("Allow", http.MethodPost)
		case http.StatusTooManyRequests, http.StatusServiceUnavailable:
			header.Set("Retry-After", retryAfter(p.retryAfter))
		}
	}
	body, marshalErr := json.Marshal(a)
	if marshalErr != nil { // a price that is no number
		return answer{SuspendIgnore: a.SuspendIgnore}.write(w, InvalidResponse, centra.ErrInvalidResponse)
	}
	header["Content-Type"] = contentTypeJSON
	header["Cache-Control"] = noStore
	header["X-Content-Type-Options"] = noSniff
	header.Set("Content-Length", strconv.Itoa(len(body)))
	w.WriteHeader(status)
	_, _ = w.Write(body) // the client may have gone
	return code
}

// retryAfter returns whole seconds, rounded up.
func retryAfter(asked time.Duration) string {
	wait := defaultRetryAfter
	if asked > 0 {
		wait = min(max(asked, minRetryAfter), maxRetryAfter)
	}
	return strconv.Itoa(int((wait + time.Second - 1) / time.Second))
}
