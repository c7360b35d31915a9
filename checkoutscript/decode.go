package checkoutscript

import (
	"bytes"
	"errors"
	"mime"
	"net/http"
	"strings"
	"unicode/utf8"
)

const (
	defaultMaxBytes = 64 << 10
	maxKeys         = 1000
	maxDepth        = 16 // objects and lists within each other, the event itself included
)

// DecodeError says why a request holds no event. Its text quotes nothing of it.
type DecodeError struct {
	// StatusCode is the fitting HTTP status: 413 for a body that is too large,
	// 415 for one in another format, else 400.
	StatusCode int
	reason     string
}

func (e *DecodeError) Error() string { return "checkoutscript: Decode: " + e.reason }

func badRequest(reason string) error {
	return &DecodeError{StatusCode: http.StatusBadRequest, reason: reason}
}

func unsupported(reason string) error {
	return &DecodeError{StatusCode: http.StatusUnsupportedMediaType, reason: reason}
}

var (
	errTooLarge = &DecodeError{StatusCode: http.StatusRequestEntityTooLarge, reason: "the body is too large"}
	errNoBody   = badRequest("the body could not be read")
	errText     = badRequest("the body is not UTF-8 or holds a NUL")
	errKeys     = badRequest("the body has more than 1,000 keys")
	errDepth    = badRequest("the body is nested more than 16 deep")
)

// Decode reads the event that a page's listener sent: JSON (application/json or
// anything +json), or a form (application/x-www-form-urlencoded or
// multipart/form-data without files) with the bracketed keys of jQuery and PHP.
// All in UTF-8 and not compressed, at most 64 KiB, 1,000 keys and 16 levels. Any
// error is a [*DecodeError].
//
// In a form a[b]=1 is a member, a[]=1 appends, and keys that count from 0 without
// a gap make a list. The last of duplicate or conflicting keys wins: a=1&a[b]=2
// is {"a": {"b": "2"}}. A key whose brackets do not pair, such as a[b or a[b]c,
// is the name of a field as it stands. Values are text, as nothing tells "1" from
// 1; only in additionalFields.suspendIgnore, also of a wrapped event, true and false
// are booleans again, since resume("false") would not be resume(false).
func Decode(r *http.Request) (*Event, error) { return decode(r, defaultMaxBytes) }

func decode(r *http.Request, limit int64) (*Event, error) {
	if e := r.Header.Get("Content-Encoding"); e != "" && !strings.EqualFold(e, "identity") {
		return nil, unsupported("the body is compressed")
	}
	mediaType, params := r.Header.Get("Content-Type"), map[string]string(nil)
	if mediaType != "application/json" { // as listener.js sends it
		var err error
		if mediaType, params, err = mime.ParseMediaType(mediaType); err != nil {
			return nil, unsupported("the Content-Type is missing or malformed")
		}
	}
	if charset := params["charset"]; charset != "" && !strings.EqualFold(charset, "utf-8") {
		return nil, unsupported("the charset is not UTF-8")
	}
	var parse func([]byte) (map[string]any, error)
	switch {
	case mediaType == "application/json", strings.HasSuffix(mediaType, "+json"):
		parse = parseJSON
	case mediaType == "application/x-www-form-urlencoded":
		parse = parseForm
	case mediaType == "multipart/form-data":
		parse = func(body []byte) (map[string]any, error) { return parseMultipart(body, params["boundary"]) }
	default:
		return nil, unsupported("the Content-Type is neither JSON nor a form")
	}
	body, err := readBody(r, limit)
	if err != nil {
		return nil, err
	}
	payload, err := parse(body)
	if err != nil {
		return nil, err
	}
	return newEvent(payload), nil
}

func readBody(r *http.Request, limit int64) ([]byte, error) {
	if r.ContentLength > limit {
		return nil, errTooLarge
	}
	if r.Body == nil {
		return nil, nil
	}
	var body bytes.Buffer
	body.Grow(int(min(max(r.ContentLength, 0), defaultMaxBytes)) + bytes.MinRead) // a header may claim anything
	if _, err := body.ReadFrom(http.MaxBytesReader(nil, r.Body, limit)); err != nil {
		var tooLarge *http.MaxBytesError // may be a smaller limit of the host's own
		if errors.As(err, &tooLarge) {
			return nil, errTooLarge
		}
		return nil, errNoBody
	}
	return body.Bytes(), nil
}

// isText reports whether s is what a shopper can have typed.
func isText(s string) bool {
	return strings.IndexByte(s, 0) < 0 && utf8.ValidString(s)
}
