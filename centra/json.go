package centra

import (
	"bytes"
	"encoding/json"
	"errors"
	"strings"
)

// decoder reads JSON in one pass, strictly in its grammar and tolerantly in its
// types: PHP writes [] for an empty object, false for a missing string and "630"
// for a number. encoding/json can be taught that with a type for every field;
// this reads into plain Go types, and only what is asked for.
//
// Errors stick: after the first, every call returns zero and done reports it.
// Nothing that is returned shares memory with data, which is often a buffer that
// will be used again.
type decoder struct {
	data     []byte
	kept     string          // the same as a string, where the caller keeps one: strings are then parts of it
	copies   strings.Builder // where strings are copied to otherwise, and escapes are resolved
	pos      int
	depth    int
	elements int    // that lists have brought so far
	first    bool   // just behind an opening bracket
	key      []byte // the member that next stopped at
	err      error
}

const (
	// maxDepth is far beyond what Centra sends and far below what a stack holds.
	maxDepth = 256
	// maxElements bounds the lists of a body together. Three bytes of a body, and
	// much less of a compressed one, would become some hundred of memory.
	maxElements = 10_000
)

var (
	errSyntax   = errors.New("invalid JSON")
	errDepth    = errors.New("JSON nested too deeply")
	errElements = errors.New("more list elements than any cart has")
)

func (d *decoder) fail(err error) {
	if d.err == nil {
		d.err = err
	}
	d.pos = len(d.data)
}

// done checks that nothing but space follows, and returns the first error.
func (d *decoder) done() error {
	if d.peek() != 0 || d.pos != len(d.data) {
		d.fail(errSyntax)
	}
	return d.err
}

// peek skips space and returns the next byte, 0 at the end.
func (d *decoder) peek() byte {
	for d.pos < len(d.data) {
		switch c := d.data[d.pos]; c {
		case ' ', '\t', '\n', '\r':
			d.pos++
		default:
			return c
		}
	}
	return 0
}

// object enters an object. Where there is none (null, false, a PHP array) it
// skips the value and returns false; where PHP wrote a list, so it does too.
func (d *decoder) object() bool {
	if d.peek() != '{' {
		d.skip()
		return false
	}
	return d.open()
}

// next moves to the next member of the object entered last and returns false at
// its end. The caller reads or skips each value.
func (d *decoder) next() bool {
	if !d.more('}') {
		return false
	}
	if d.peek() != '"' {
		d.fail(errSyntax)
		return false
	}
	d.key = d.viewed()
	if d.peek() != ':' {
		d.fail(errSyntax)
		return false
	}
	d.pos++
	return d.err == nil
}

// list enters an array, or an object whose values stand for one: PHP writes a
// list with a gap as an object. It returns the closing bracket to hand to
// element, or 0 where there is no list.
func (d *decoder) list() (end byte) {
	switch d.peek() {
	case '[':
		end = ']'
	case '{':
		end = '}'
	default:
		d.skip()
		return 0
	}
	if !d.open() {
		return 0
	}
	return end
}

// element moves to the next element of the list entered last.
func (d *decoder) element(end byte) bool {
	if !d.each(end) {
		return false
	}
	if d.elements++; d.elements > maxElements {
		d.fail(errElements)
		return false
	}
	return true
}

// each is element for a list whose elements are not kept.
func (d *decoder) each(end byte) bool {
	switch end {
	case ']':
		return d.more(']')
	case '}':
		return d.next()
	}
	return false
}

// elementName is the key of an element of an object that stands for a list.
func (d *decoder) elementName(end byte) string {
	if end != '}' {
		return ""
	}
	return string(d.key)
}

func (d *decoder) open() bool {
	if d.depth++; d.depth > maxDepth {
		d.fail(errDepth)
		return false
	}
	d.pos++
	d.first = true
	return true
}

// more reads the comma before the next element or the closing bracket.
func (d *decoder) more(end byte) bool {
	first := d.first
	d.first = false
	switch c := d.peek(); {
	case c == end && d.err == nil:
		d.pos++
		d.depth--
		return false
	case first:
		return d.err == nil
	case c == ',':
		d.pos++
		return true // a bracket behind the comma is no value
	}
	d.fail(errSyntax)
	return false
}

// skip reads any value, checking its grammar.
func (d *decoder) skip() {
	switch d.peek() {
	case '"':
		d.span()
	case '{':
		for ok := d.open(); ok && d.next(); {
			d.skip()
		}
	case '[':
		for ok := d.open(); ok && d.more(']'); {
			d.skip()
		}
	case 't':
		d.literal("true")
	case 'f':
		d.literal("false")
	case 'n':
		d.literal("null")
	default:
		d.number()
	}
}

// raw returns a copy of any value as it is written; nil for null and false.
func (d *decoder) raw() json.RawMessage {
	c := d.peek()
	start := d.pos
	d.skip()
	if d.err != nil || c == 'n' || c == 'f' {
		return nil
	}
	return bytes.Clone(d.data[start:d.pos])
}

// rawObject returns a copy of an object, written as encoding/json writes it; nil
// for anything that is none or that PHP wrote as [].
func (d *decoder) rawObject() json.RawMessage {
	if d.peek() != '{' {
		d.skip()
		return nil
	}
	written, err := json.Marshal(d.raw())
	if err != nil { // only after an error of our own
		return nil
	}
	return written
}

func (d *decoder) literal(word string) {
	if !bytes.HasPrefix(d.data[d.pos:], []byte(word)) {
		d.fail(errSyntax)
		return
	}
	d.pos += len(word)
}
