package centra

import (
	"bytes"
	"encoding/binary"
	"math/bits"
	"strings"
	"unicode/utf16"
	"unicode/utf8"
)

// The strings of JSON: where they end, what their escapes stand for, and where
// those that are kept are copied to.

// quoted reads a string and resolves its escapes.
func (d *decoder) quoted() string {
	start, end, escaped := d.span()
	if escaped {
		d.room(end - start)
		return d.written(unescape(&d.copies, d.data[start:end]))
	}
	return d.own(start, end)
}

// viewed is quoted for a string that is not kept: a part of data, if it can be.
func (d *decoder) viewed() []byte {
	start, end, escaped := d.span()
	if escaped {
		var plain strings.Builder
		unescape(&plain, d.data[start:end])
		return []byte(plain.String())
	}
	return d.data[start:end]
}

// own returns a part of data as a string that lasts.
func (d *decoder) own(start, end int) string {
	switch {
	case start == end:
		return ""
	case d.kept != "":
		return d.kept[start:end]
	}
	d.room(end - start)
	at := d.copies.Len()
	d.copies.Write(d.data[start:end])
	return d.written(at)
}

// copiesChunk is how much is allocated at once for strings that are copied: one
// by one, a cart's hundred short strings would cost more than decoding them.
const copiesChunk = 2 << 10

func (d *decoder) room(n int) {
	if d.copies.Cap()-d.copies.Len() < n {
		d.copies = strings.Builder{}
		d.copies.Grow(max(copiesChunk, n))
	}
}

func (d *decoder) written(start int) string { return d.copies.String()[start:] }

// span reads a string and returns where what stands between its quotes begins and
// ends.
func (d *decoder) span() (start, end int, escaped bool) {
	data := d.data
	start = d.pos + 1
	for i := start; ; i++ {
		i += plain(data[min(i, len(data)):])
		if i >= len(data) {
			break
		}
		switch data[i] {
		case '"':
			d.pos = i + 1
			return start, i, escaped
		case '\\':
			escaped = true
			n := escapeLen(data[i:])
			if n == 0 {
				d.fail(errSyntax)
				return 0, 0, false
			}
			i += n - 1
		default:
			d.fail(errSyntax)
			return 0, 0, false
		}
	}
	d.fail(errSyntax)
	return 0, 0, false
}

// plain returns how many bytes of a string, from its beginning, need no second look.
// Most of a cart is text, so it looks at eight of them at once: a subtraction takes
// the highest bit out of a byte that is less than what is subtracted.
func plain(s []byte) (n int) {
	const (
		ones  = 0x0101010101010101
		highs = 0x80 * ones
	)
	for ; len(s)-n >= 8; n += 8 {
		word := binary.LittleEndian.Uint64(s[n:])
		quote, backslash := word^('"'*ones), word^('\\'*ones) // 0 where one stands
		found := ((word-' '*ones)&^word | (quote-ones)&^quote | (backslash-ones)&^backslash) & highs
		if found != 0 {
			return n + bits.TrailingZeros64(found)/8
		}
	}
	for ; n < len(s); n++ {
		if c := s[n]; c < ' ' || c == '"' || c == '\\' {
			break
		}
	}
	return n
}

// escapeLen returns the length of the escape that s begins with, 0 for none.
func escapeLen(s []byte) int {
	if len(s) < 2 {
		return 0
	}
	switch s[1] {
	case '"', '\\', '/', 'b', 'f', 'n', 'r', 't':
		return 2
	case 'u':
		if len(s) >= 6 && hex4(s[2:6]) >= 0 {
			return 6
		}
	}
	return 0
}

func hex4(s []byte) rune {
	var r rune
	for i := range 4 {
		switch c := s[i]; {
		case '0' <= c && c <= '9':
			r = r<<4 | rune(c-'0')
		case 'a' <= c|0x20 && c|0x20 <= 'f':
			r = r<<4 | rune(c|0x20-'a'+10)
		default:
			return -1
		}
	}
	return r
}

// unescape appends s to out with its escapes, which span has checked, resolved,
// and returns where it begins there. Half a surrogate pair becomes U+FFFD, as in
// encoding/json.
func unescape(out *strings.Builder, s []byte) (start int) {
	start = out.Len()
	for {
		i := bytes.IndexByte(s, '\\')
		if i < 0 {
			out.Write(s)
			return start
		}
		out.Write(s[:i])
		c := s[i+1]
		s = s[i+2:]
		switch c {
		case 'b':
			c = '\b'
		case 'f':
			c = '\f'
		case 'n':
			c = '\n'
		case 'r':
			c = '\r'
		case 't':
			c = '\t'
		case 'u':
			r := hex4(s[:4])
			s = s[4:]
			if utf16.IsSurrogate(r) {
				pair := rune(utf8.RuneError)
				if len(s) >= 6 && s[0] == '\\' && s[1] == 'u' {
					pair = utf16.DecodeRune(r, hex4(s[2:6]))
				}
				if r = pair; r != utf8.RuneError {
					s = s[6:]
				}
			}
			out.WriteRune(r)
			continue
		}
		out.WriteByte(c)
	}
}
