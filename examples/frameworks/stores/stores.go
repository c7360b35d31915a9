// Package stores keeps the Centra session in session libraries that shops have.
// Each file is a [session.Store] to copy, and stands for itself but for this one.
//
// All but [InSCS] give it a session of its own in the library, beside the shop's,
// with a cookie of its own. In the shop's session it does not last as surely:
// libraries write a session back as a whole, when a request ends or saves another
// value, as it was when the request began. That can bring back a Centra session
// that another request has replaced meanwhile.
package stores

import (
	"net/http"
	"strings"
	"time"
)

// key is where the Centra session is in a session of the library's.
const key = "centra"

// lifetime is as long as Centra keeps a guest's cart.
const lifetime = 30 * 24 * time.Hour

// setOnce has set write a cookie in place of one of the same name that was set
// before: browsers disagree about a cookie that is set twice.
func setOnce(h http.Header, name string, set func() error) error {
	before := h["Set-Cookie"]
	h.Del("Set-Cookie")
	err := set()
	for _, line := range before {
		if err != nil || !strings.HasPrefix(line, name+"=") {
			h.Add("Set-Cookie", line)
		}
	}
	return err
}
