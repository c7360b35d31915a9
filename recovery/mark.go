package recovery

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"net/http"
	"slices"
	"strings"

	"github.com/centra-go/cartabandonment/centra"
)

// mark is what the browser keeps of a recovery: which cart became the visitor's,
// in which session, and what was in it. The Checkout API hides the ID of a
// visitor's cart, so without it a link that is opened twice would ask whether to
// replace the cart by itself; and it is how an order is known to come from a
// recovered cart.
//
// It holds digests only. A mark that is wrong, or one of a session that the
// visitor no longer has, makes the handler ask; one that is right makes it change
// nothing. None makes it replace a cart.
//
// It is the cookie's value: digests of the cart's ID and, for this cart, of the
// session, and of lines of the cart, with dots between.
type mark string

const (
	digestSize = 32
	lineSize   = 8
	maxLines   = 12

	sessionAt = digestSize + 1
	linesAt   = sessionAt + digestSize + 1
	markSize  = linesAt + maxLines*lineSize // at most
)

func (m mark) cart() string    { return string(m[:digestSize]) }
func (m mark) session() string { return string(m[sessionAt : sessionAt+digestSize]) }
func (m mark) lines() string   { return string(m[linesAt:]) }

func newMark(id centra.SelectionID, s centra.Session, sel *centra.Selection) mark {
	text := make([]byte, 0, markSize)
	text = append(appendDigest(text, string(id), ""), '.')
	cart := string(text[:digestSize])
	text = append(appendDigest(text, cart, string(s)), '.')
	for _, item := range sel.Items[:min(len(sel.Items), maxLines)] {
		line := lineOf(cart, item)
		text = append(text, line[:]...)
	}
	return mark(text)
}

// movedTo returns the mark for the session that took the place of its own.
func (m mark) movedTo(s centra.Session) mark {
	text := make([]byte, 0, markSize)
	text = appendDigest(append(text, m[:sessionAt]...), m.cart(), string(s))
	return mark(append(text, m[linesAt-1:]...))
}

func (m mark) of(id centra.SelectionID) bool { return isDigest(m.cart(), string(id), "") }

func (m mark) in(s centra.Session) bool {
	return s != "" && isDigest(m.session(), m.cart(), string(s))
}

// resembles reports whether a line of the marked cart is still in sel. A session
// can outlive its cart, after an order for instance, and the next cart in it is
// another one.
func (m mark) resembles(sel *centra.Selection) bool {
	lines := m.lines()
	for _, item := range sel.Items {
		line := lineOf(m.cart(), item)
		for i := 0; i < len(lines); i += lineSize {
			if lines[i:i+lineSize] == string(line[:]) {
				return true
			}
		}
	}
	return false
}

// lineOf tells lines of one cart apart; that takes no cryptography.
func lineOf(cart string, item centra.Item) (hash [lineSize]byte) {
	const offset, prime = 2166136261, 16777619 // FNV-1a
	sum := uint32(offset)
	for _, part := range [...]string{cart, item.Line, item.Item} {
		for i := range len(part) {
			sum = (sum ^ uint32(part[i])) * prime
		}
		sum *= prime // a NUL
	}
	hex.Encode(hash[:], binary.BigEndian.AppendUint32(nil, sum))
	return hash
}

func parseMark(s string) (m mark, ok bool) {
	cart, rest, _ := strings.Cut(s, ".")
	session, lines, ok := strings.Cut(rest, ".")
	ok = ok && len(cart) == digestSize && len(session) == digestSize &&
		len(lines)%lineSize == 0 && len(lines) <= maxLines*lineSize
	for _, part := range []string{cart, session, lines} {
		ok = ok && strings.Trim(part, "0123456789abcdef") == ""
	}
	return mark(s), ok
}

// appendDigest appends that of two parts, of which the first holds no NUL.
func appendDigest(to []byte, first, second string) []byte {
	var buffer [128]byte // for what a session and a digest usually are
	data := append(append(append(buffer[:0], first...), 0), second...)
	sum := sha256.Sum256(data)
	return hex.AppendEncode(to, sum[:digestSize/2])
}

func isDigest(digest, first, second string) bool {
	var buffer [digestSize]byte
	return string(appendDigest(buffer[:0], first, second)) == digest
}

// marks returns the one that this process remembers of a session, which is newer, and
// those that the browser sent.
func (h *Handler) marks(r *http.Request, s centra.Session) []mark {
	marks := h.cookie.sent(r)
	if m, ok := h.recent.get(s); ok {
		marks = slices.Insert(marks, 0, m)
	}
	return marks
}

// remember keeps a mark for requests that the browser sent before it had it. Those
// may come with the session before.
func (h *Handler) remember(m mark, sessions ...centra.Session) {
	for _, s := range sessions {
		if s != "" {
			h.recent.keep(s, m)
		}
	}
}

// follow keeps the mark beside the visitor's session, wherever that goes.
func (h *Handler) follow(w http.ResponseWriter, r *http.Request, from, to centra.Session) {
	if to == "" && r.Context().Value(recoveredBy{}) == h {
		return
	}
	if m, known := h.recent.get(to); known && m.in(to) { // and newer than what the browser has sent
		h.cookie.set(w, m)
		return
	}
	for _, m := range h.marks(r, from) {
		if !m.in(from) {
			continue
		}
		if to == "" {
			h.recent.forget(from)
			h.cookie.forget(w)
			return
		}
		m = m.movedTo(to)
		h.recent.keep(to, m)
		h.cookie.set(w, m)
		return
	}
}
