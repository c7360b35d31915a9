package checkoutscript

import (
	"encoding/json"
	"strings"
	"unicode/utf8"
)

var (
	errJSON      = badRequest("the body is not valid JSON")
	errNotObject = badRequest("the body is not a JSON object")
)

// parseJSON decodes an object. encoding/json knows no limits, so that a scan
// would have to come before it; reading the values in that scan is as short, and
// takes a third of the time. What is hard to read, escapes and numbers, is left
// to encoding/json.
func parseJSON(body []byte) (map[string]any, error) {
	if !utf8.Valid(body) {
		return nil, errText
	}
	p := jsonParser{text: string(body)}
	if p.peek() != '{' {
		return nil, errNotObject
	}
	payload := p.object()
	if p.peek(); p.pos != len(p.text) {
		p.fail(errJSON)
	}
	if p.err != nil {
		return nil, p.err
	}
	return payload, nil
}

// jsonParser reads one value after another. After its first error it is at the
// end of the text.
type jsonParser struct {
	text        string
	pos         int
	depth, keys int
	err         error
}

func (p *jsonParser) fail(err error) {
	if p.err == nil {
		p.err = err
	}
	p.pos = len(p.text)
}

// peek skips space and returns the next byte, 0 at the end.
func (p *jsonParser) peek() byte {
	for p.pos < len(p.text) {
		switch c := p.text[p.pos]; c {
		case ' ', '\t', '\r', '\n':
			p.pos++
		default:
			return c
		}
	}
	return 0
}

func (p *jsonParser) value() any {
	switch p.peek() {
	case '{':
		return p.object()
	case '[':
		return p.list()
	case '"':
		return p.string()
	case 't':
		p.literal("true")
		return true
	case 'f':
		p.literal("false")
		return false
	case 'n':
		p.literal("null")
		return nil
	}
	return p.number()
}

func (p *jsonParser) object() map[string]any {
	members := make(map[string]any)
	for more := p.open('}'); more; more = p.more('}') {
		if p.keys++; p.keys > maxKeys {
			p.fail(errKeys)
		}
		if p.peek() != '"' {
			p.fail(errJSON)
			break
		}
		name := p.string()
		if p.peek() != ':' {
			p.fail(errJSON)
			break
		}
		p.pos++
		members[name] = p.value()
	}
	return members
}

func (p *jsonParser) list() []any {
	elements := []any{}
	for more := p.open(']'); more; more = p.more(']') {
		elements = append(elements, p.value())
	}
	return elements
}

// open enters an object or a list and reports whether there is anything in it.
func (p *jsonParser) open(end byte) bool {
	if p.depth++; p.depth > maxDepth {
		p.fail(errDepth)
		return false
	}
	p.pos++
	if p.peek() != end {
		return p.err == nil
	}
	p.pos++
	p.depth--
	return false
}

// more reads what follows a member or an element: a comma, and then there must
// be another, or the end.
func (p *jsonParser) more(end byte) bool {
	switch p.peek() {
	case ',':
		p.pos++
		return true
	case end:
		p.pos++
		p.depth--
		return false
	}
	p.fail(errJSON)
	return false
}

func (p *jsonParser) string() string {
	start, escaped := p.pos+1, false
	for i := start; i < len(p.text); i++ {
		switch c := p.text[i]; {
		case c == '"':
			p.pos = i + 1
			if escaped {
				return p.unescape(p.text[start-1 : p.pos])
			}
			return p.text[start:i]
		case c == '\\':
			escaped = true
			i++
		case c < ' ':
			p.fail(errJSON)
			return ""
		}
	}
	p.fail(errJSON)
	return ""
}

func (p *jsonParser) unescape(quoted string) string {
	var s string
	if err := json.Unmarshal([]byte(quoted), &s); err != nil {
		p.fail(errJSON)
	}
	if strings.IndexByte(s, 0) >= 0 {
		p.fail(errText)
	}
	return s
}

// number keeps a number as the text it is.
func (p *jsonParser) number() json.Number {
	rest := p.text[p.pos:]
	number := rest[:len(rest)-len(strings.TrimLeft(rest, "+-.0123456789Ee"))]
	if !json.Valid([]byte(number)) {
		p.fail(errJSON)
		return ""
	}
	p.pos += len(number)
	return json.Number(number)
}

func (p *jsonParser) literal(word string) {
	if !strings.HasPrefix(p.text[p.pos:], word) {
		p.fail(errJSON)
		return
	}
	p.pos += len(word)
}
