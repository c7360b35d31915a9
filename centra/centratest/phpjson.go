package centratest

import (
	"bytes"
	"encoding/json"
	"fmt"
	"unicode/utf16"
	"unicode/utf8"
)

// object is a PHP array with string keys: encoded as [] when it is empty.
type object map[string]any

// MarshalJSON implements json.Marshaler.
func (o object) MarshalJSON() ([]byte, error) {
	if len(o) == 0 {
		return []byte("[]"), nil
	}
	return encodePlain(map[string]any(o))
}

// textOrFalse is PHP's way to say that a text is missing.
func textOrFalse(text string) any {
	if text == "" {
		return false
	}
	return text
}

// encodePlain leaves <, > and & as they are, as PHP does.
func encodePlain(v any) ([]byte, error) {
	var plain bytes.Buffer
	encoder := json.NewEncoder(&plain)
	encoder.SetEscapeHTML(false)
	if err := encoder.Encode(v); err != nil {
		return nil, err
	}
	return bytes.TrimSuffix(plain.Bytes(), []byte("\n")), nil
}

// encodePHP encodes v like PHP's json_encode, which escapes slashes and
// everything outside ASCII.
func encodePHP(v any) []byte {
	source, err := encodePlain(v)
	if err != nil {
		panic("centratest: a response cannot be encoded: " + err.Error())
	}
	out := make([]byte, 0, len(source)+len(source)/16)
	for len(source) > 0 {
		r, size := utf8.DecodeRune(source)
		switch {
		case r == '/':
			out = append(out, `\/`...)
		case r < utf8.RuneSelf:
			out = append(out, byte(r))
		case r > 0xFFFF:
			high, low := utf16.EncodeRune(r)
			out = fmt.Appendf(out, `\u%04x\u%04x`, high, low)
		default:
			out = fmt.Appendf(out, `\u%04x`, r)
		}
		source = source[size:]
	}
	return out
}
