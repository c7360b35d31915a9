package checkoutscript

import (
	"bytes"
	"encoding/json"
	"unicode/utf8"
)

var (
	errJSON      = badRequest("the body is not valid JSON")
	errNotObject = badRequest("the body is not a JSON object")
)

// parseJSON decodes an object. Numbers stay the text they are.
func parseJSON(body []byte) (map[string]any, error) {
	if err := checkJSON(body); err != nil {
		return nil, err
	}
	d := json.NewDecoder(bytes.NewReader(body))
	d.UseNumber()
	var payload map[string]any
	if err := d.Decode(&payload); err != nil {
		return nil, errJSON
	}
	return payload, nil
}

// checkJSON holds a body to the limits before anything is allocated for it. The
// grammar is left to encoding/json, but for what it allows: another top level
// than an object, and anything behind it.
func checkJSON(body []byte) error {
	if !utf8.Valid(body) {
		return errText
	}
	body = bytes.TrimSpace(body)
	if len(body) == 0 || body[0] != '{' {
		return errNotObject
	}
	depth, keys := 0, 0
	for i := 0; i < len(body); i++ {
		switch body[i] {
		case '"':
			n, nul := quoted(body[i:])
			if nul {
				return errText
			}
			i += n - 1
		case '{', '[':
			if depth++; depth > maxDepth {
				return errDepth
			}
		case '}', ']':
			if depth--; depth == 0 && i != len(body)-1 {
				return errJSON
			}
		case ':':
			if keys++; keys > maxKeys {
				return errKeys
			}
		}
	}
	return nil
}

// quoted returns the length of the string that b begins with, to its closing
// quote or to the end of b, and whether it holds a NUL.
func quoted(b []byte) (n int, nul bool) {
	for i := 1; i < len(b); i++ {
		switch b[i] {
		case '"':
			return i + 1, nul
		case 0:
			nul = true
		case '\\':
			nul = nul || bytes.HasPrefix(b[i+1:], []byte("u0000"))
			i++
		}
	}
	return len(b), nul
}
