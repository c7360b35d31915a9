package centra

import (
	"bytes"
	"math"
	"strconv"
)

// The decoder's values without parts, read as the Go type that is wanted.

// text reads a string; a number or true as its text; null, false and anything
// with parts as "".
func (d *decoder) text() string {
	switch c := d.peek(); {
	case c == '"':
		return d.quoted()
	case c == '-' || '0' <= c && c <= '9':
		start := d.pos
		d.number()
		return d.own(start, d.pos)
	case c == 't':
		d.skip()
		if d.err == nil {
			return "true"
		}
	default:
		d.skip()
	}
	return ""
}

// scalar is text for a value that is not kept: a part of data.
func (d *decoder) scalar() []byte {
	switch c := d.peek(); {
	case c == '"':
		return d.viewed()
	case c == '-', '0' <= c && c <= '9', c == 't':
		start := d.pos
		d.skip()
		return d.data[start:d.pos]
	}
	d.skip()
	return nil
}

// float reads a number, or a string that holds one; anything else is 0.
func (d *decoder) float() float64 {
	return parseFloat(string(d.scalar()))
}

func parseFloat(text string) float64 {
	for i := range len(text) { // ParseFloat takes "NaN" and "0x1p4" too
		if c := text[i]; (c < '0' || c > '9') && c != '+' && c != '-' && c != '.' && c != 'e' && c != 'E' {
			return 0
		}
	}
	f, err := strconv.ParseFloat(text, 64)
	if err != nil {
		return 0
	}
	return f
}

// int reads a whole number like float does.
func (d *decoder) int() int {
	text := string(d.scalar())
	if n, err := strconv.Atoi(text); err == nil {
		return n
	}
	const most = min(1<<53, math.MaxInt) // as far as whole numbers go, and an int
	f := parseFloat(text)
	if f > most || f < -most {
		return 0
	}
	return int(f)
}

// bool reads true, 1, "1" and "true" as true, anything else as false.
func (d *decoder) bool() bool {
	switch string(d.scalar()) {
	case "true", "1":
		return true
	}
	return false
}

// present reads an object with anything in it as true, any other value as bool
// does: PHP's [] is nothing.
func (d *decoder) present() bool {
	switch d.peek() {
	case '{', '[':
		start := d.pos
		d.skip()
		return d.err == nil && len(bytes.TrimSpace(d.data[start+1:d.pos-1])) > 0
	}
	return d.bool()
}

// choice reads a boolean that may be missing.
func (d *decoder) choice() Choice {
	if d.peek() == 'n' {
		d.skip()
		return NotSent
	}
	return YesNo(d.bool())
}

// texts reads an object of strings such as {"field": "message"}. PHP's [] is
// none; the names in a list are its indexes, as in PHP.
func (d *decoder) texts() map[string]string {
	var texts map[string]string
	for end := d.list(); d.element(end); {
		name := d.elementName(end)
		if texts == nil {
			texts = map[string]string{}
		}
		if end == ']' {
			name = strconv.Itoa(len(texts))
		}
		texts[name] = d.text()
	}
	return texts
}

// textList reads a list of strings, or the one that stands in its place.
func (d *decoder) textList() []string {
	var texts []string
	if d.peek() == '"' {
		return append(texts, d.text())
	}
	for end := d.list(); d.element(end); {
		texts = append(texts, d.text())
	}
	return texts
}

// number reads what RFC 8259 calls a number.
func (d *decoder) number() {
	if d.at('-') {
		d.pos++
	}
	if d.at('0') {
		d.pos++
	} else if !d.digits() {
		d.fail(errSyntax)
		return
	}
	if d.at('.') {
		d.pos++
		if !d.digits() {
			d.fail(errSyntax)
			return
		}
	}
	if d.at('e') || d.at('E') {
		d.pos++
		if d.at('+') || d.at('-') {
			d.pos++
		}
		if !d.digits() {
			d.fail(errSyntax)
		}
	}
}

func (d *decoder) at(c byte) bool { return d.pos < len(d.data) && d.data[d.pos] == c }

func (d *decoder) digits() bool {
	start := d.pos
	for d.pos < len(d.data) && '0' <= d.data[d.pos] && d.data[d.pos] <= '9' {
		d.pos++
	}
	return d.pos > start
}
