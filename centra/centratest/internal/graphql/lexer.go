package graphql

import (
	"fmt"
	"strconv"
	"strings"
)

type tokenKind int

const (
	end tokenKind = iota
	name
	number
	text
	punctuator
)

type token struct {
	kind tokenKind
	text string // of a text its value, of anything else as it was written
	at   int
}

// lexer cuts a source into tokens; comments and commas are nothing. It stops at
// the first error and only returns ends from then on.
type lexer struct {
	source string
	pos    int
	token  token // the next one
	err    error
}

func newLexer(source string) *lexer {
	l := &lexer{source: source}
	l.advance()
	return l
}

func (l *lexer) fail(format string, args ...any) {
	if l.err == nil {
		line := strings.Count(l.source[:min(l.token.at, len(l.source))], "\n") + 1
		l.err = fmt.Errorf("line %d: %s", line, fmt.Sprintf(format, args...))
	}
	l.pos, l.token = len(l.source), token{at: len(l.source)}
}

func (l *lexer) advance() {
	for l.pos < len(l.source) {
		switch c := l.source[l.pos]; {
		case c == '#':
			if i := strings.IndexByte(l.source[l.pos:], '\n'); i >= 0 {
				l.pos += i
			} else {
				l.pos = len(l.source)
			}
		case strings.IndexByte(" \t\r\n,", c) >= 0:
			l.pos++
		default:
			l.read(c)
			return
		}
	}
	l.token = token{at: l.pos}
}

func (l *lexer) read(c byte) {
	start := l.pos
	l.token = token{at: start}
	switch {
	case isNameByte(c) && !isDigit(c):
		l.pos = start + l.span(isNameByte)
		l.token = token{name, l.source[start:l.pos], start}
	case isDigit(c) || c == '-':
		l.pos = start + l.span(func(c byte) bool { return isNameByte(c) || strings.IndexByte("+-.", c) >= 0 })
		l.token = token{number, l.source[start:l.pos], start}
		if _, err := strconv.ParseFloat(l.token.text, 64); err != nil {
			l.fail("%q is no number", l.token.text)
		}
	case strings.HasPrefix(l.source[start:], `"""`):
		body, _, closed := strings.Cut(l.source[start+3:], `"""`)
		l.pos = min(start+3+len(body)+3, len(l.source))
		l.token = token{text, body, start}
		if !closed {
			l.fail("a text does not end")
		}
	case c == '"':
		l.readText(start)
	case strings.HasPrefix(l.source[start:], "..."):
		l.pos = start + 3
		l.token = token{punctuator, "...", start}
	case strings.IndexByte("!$&()|:=@[]{}", c) >= 0:
		l.pos = start + 1
		l.token = token{punctuator, l.source[start:l.pos], start}
	default:
		l.fail("%q is not expected", c)
	}
}

func (l *lexer) readText(start int) {
	for i := start + 1; i < len(l.source) && l.source[i] != '\n'; i++ {
		switch l.source[i] {
		case '\\':
			i++
		case '"':
			value, err := strconv.Unquote(strings.ReplaceAll(l.source[start:i+1], `\/`, "/"))
			if err != nil {
				l.fail("a text has an escape that is none")
				return
			}
			l.pos, l.token = i+1, token{text, value, start}
			return
		}
	}
	l.fail("a text does not end")
}

func (l *lexer) span(in func(byte) bool) int {
	n := 0
	for l.pos+n < len(l.source) && in(l.source[l.pos+n]) {
		n++
	}
	return n
}

func isDigit(c byte) bool { return '0' <= c && c <= '9' }

func isNameByte(c byte) bool {
	return c == '_' || isDigit(c) || 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z'
}

// skip reports whether the punctuator or keyword comes next, and passes it.
func (l *lexer) skip(expected string) bool {
	if l.token.text != expected || (l.token.kind != punctuator && l.token.kind != name) {
		return false
	}
	l.advance()
	return true
}

func (l *lexer) expect(expected string) {
	if !l.skip(expected) {
		l.fail("%q is expected before %q", expected, l.token.text)
	}
}

func (l *lexer) name() string {
	if l.token.kind != name {
		l.fail("a name is expected before %q", l.token.text)
		return ""
	}
	read := l.token.text
	l.advance()
	return read
}

// each calls read for each element up to the closing punctuator.
func (l *lexer) each(closing string, read func()) {
	for !l.skip(closing) {
		if l.token.kind == end {
			l.fail("%q is missing", closing)
			return
		}
		read()
	}
}
