package checkoutscript

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"unicode/utf8"
)

var (
	errJSON      = badRequest("the body is not valid JSON")
	errNotObject = badRequest("the body is not a JSON object")
)

// parseJSON decodes an object. Of encoding/json's making are the values; the
// limits, which it does not know, come before it.
func parseJSON(body []byte) (map[string]any, error) {
	if !utf8.Valid(body) {
		return nil, errText
	}
	if err := checkLimits(body); err != nil {
		return nil, err
	}
	d := json.NewDecoder(bytes.NewReader(body))
	d.UseNumber()
	var payload map[string]any
	if err := d.Decode(&payload); err != nil {
		var another *json.UnmarshalTypeError
		if errors.As(err, &another) {
			return nil, errNotObject
		}
		return nil, errJSON
	}
	if payload == nil { // null
		return nil, errNotObject
	}
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		return nil, errJSON // something behind the object
	}
	return payload, nil
}

// checkLimits counts what a body holds outside of its texts, valid or not. A NUL
// can only come as an escape: as itself it is not valid JSON.
func checkLimits(body []byte) error {
	depth, keys := 0, 0
	for i := 0; i < len(body); i++ {
		switch body[i] {
		case '"':
			end, nul := textEnd(body, i+1)
			if nul {
				return errText
			}
			i = end
		case '{', '[':
			if depth++; depth > maxDepth {
				return errDepth
			}
		case '}', ']':
			depth--
		case ':':
			if keys++; keys > maxKeys {
				return errKeys
			}
		}
	}
	return nil
}

// textEnd returns where the text ends that begins at i, and whether it holds an
// escaped NUL.
func textEnd(body []byte, i int) (end int, nul bool) {
	for ; i < len(body); i++ {
		switch body[i] {
		case '"':
			return i, nul
		case '\\':
			i++ // what is escaped ends no text
			nul = nul || bytes.HasPrefix(body[min(i, len(body)):], []byte("u0000"))
		}
	}
	return i, nul
}
