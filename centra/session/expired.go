package session

import (
	"time"

	"github.com/centra-go/cartabandonment/centra"
)

// healAfter is when a browser that still brings an expired session gets a new
// one: those that were under way with it are over by then.
const healAfter = 3 * time.Second

// expiredSessions are those that Centra did not know any more, and since when.
type expiredSessions struct{ *memory[time.Time] }

func (x expiredSessions) add(s centra.Session) {
	if _, known := x.get(s); !known {
		x.set(s, time.Now())
	}
}

// restart makes s, if it is known to have expired, seem so only now: a request
// that was under way meanwhile must not overwrite what the visitor was given.
func (x expiredSessions) restart(s centra.Session) {
	if _, known := x.get(s); known {
		x.set(s, time.Now())
	}
}

// knownFor returns for how long it was known that s has expired when a request came,
// 0 if it is not known. That it waited since then says nothing of its browser.
func (x expiredSessions) knownFor(came time.Time, s centra.Session) time.Duration {
	first, known := x.get(s)
	if !known {
		return 0
	}
	return max(came.Sub(first), 1)
}
