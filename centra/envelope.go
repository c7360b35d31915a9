package centra

import (
	"errors"
	"unicode/utf8"
)

// envelope is what stands around every answer.
type envelope struct {
	token  string
	errors map[string]string

	// For the shopper, beside errors.
	message  string
	messages []string
	code     string
}

var errNotUTF8 = errors.New("the body is not UTF-8")

// member reads a member of the envelope, or skips one that it does not know.
func (e *envelope) member(d *decoder) {
	switch string(d.key) {
	case "token":
		e.token = d.text()
	case "errors":
		e.errors = d.texts()
	case "message":
		e.message = d.text()
	case "messages":
		e.messages = d.textList()
	case "code":
		e.code = d.text()
	default:
		d.skip()
	}
}

// decodeBody reads a whole body, which must be one object or nothing, and calls
// member to read each member of it. What was read of a body that is cut or
// spoiled further down is returned beside the error: its token counts.
func decodeBody(d *decoder, member func(*envelope)) (envelope, error) {
	var top envelope
	if d.object() {
		for d.next() {
			member(&top)
		}
	}
	err := d.done()
	if err == nil && !utf8.Valid(d.data) {
		err = errNotUTF8
	}
	return top, err
}
