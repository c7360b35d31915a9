package recovery

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"net/http"
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
type mark struct {
	cart    string // digest of the cart's ID
	session string // digest of the session, for this cart
	lines   string // digests of lines of the cart, lineSize characters each
}

const (
	digestSize = 32
	lineSize   = 8
	maxLines   = 12
)

func newMark(id centra.SelectionID, s centra.Session, sel *centra.Selection) mark {
	m := mark{cart: digest(string(id), "")}
	lines := make([]byte, 0, maxLines*lineSize)
	for _, item := range sel.Items[:min(len(sel.Items), maxLines)] {
		line := m.line(item)
		lines = append(lines, line[:]...)
	}
	m.lines = string(lines)
	return m.movedTo(s)
}

// movedTo returns the mark for the session that took the place of its own.
func (m mark) movedTo(s centra.Session) mark {
	m.session = digest(m.cart, string(s))
	return m
}

func (m mark) of(id centra.SelectionID) bool { return m.cart == digest(string(id), "") }

func (m mark) in(s centra.Session) bool { return s != "" && m.session == digest(m.cart, string(s)) }

// resembles reports whether a line of the marked cart is still in sel. A session
// can outlive its cart, after an order for instance, and the next cart in it is
// another one.
func (m mark) resembles(sel *centra.Selection) bool {
	for _, item := range sel.Items {
		line := m.line(item)
		for i := 0; i < len(m.lines); i += lineSize {
			if m.lines[i:i+lineSize] == string(line[:]) {
				return true
			}
		}
	}
	return false
}

// line tells lines of one cart apart; that takes no cryptography.
func (m mark) line(item centra.Item) (hash [lineSize]byte) {
	const offset, prime = 2166136261, 16777619 // FNV-1a
	sum := uint32(offset)
	for _, part := range [...]string{m.cart, item.Line, item.Item} {
		for i := range len(part) {
			sum = (sum ^ uint32(part[i])) * prime
		}
		sum *= prime // a NUL
	}
	hex.Encode(hash[:], binary.BigEndian.AppendUint32(nil, sum))
	return hash
}

func (m mark) String() string { return m.cart + "." + m.session + "." + m.lines }

func parseMark(s string) (m mark, ok bool) {
	var session, lines bool
	m.cart, s, session = strings.Cut(s, ".")
	m.session, m.lines, lines = strings.Cut(s, ".")
	ok = session && lines && len(m.cart) == digestSize && len(m.session) == digestSize &&
		len(m.lines)%lineSize == 0 && len(m.lines) <= maxLines*lineSize
	for _, part := range []string{m.cart, m.session, m.lines} {
		ok = ok && strings.Trim(part, "0123456789abcdef") == ""
	}
	return m, ok
}

// digest is that of two parts, of which the first holds no NUL.
func digest(first, second string) string {
	var buffer [128]byte // for what a session and a digest usually are
	data := append(append(append(buffer[:0], first...), 0), second...)
	sum := sha256.Sum256(data)
	var text [digestSize]byte
	hex.Encode(text[:], sum[:digestSize/2])
	return string(text[:])
}

// marks returns those that the browser sent, and those that this process
// remembers of a session.
func (h *Handler) marks(r *http.Request, s centra.Session) []mark {
	marks := h.cookie.sent(r)
	if m, ok := h.recent.get(s); ok {
		marks = append(marks, m)
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
