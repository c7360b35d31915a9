package recovery

import (
	"crypto/sha256"
	"encoding/hex"
	"net/http"
	"slices"

	"github.com/centra-go/cartabandonment/centra"
)

// recoveredCookie remembers which cart was recovered into which session. The
// Checkout API hides the ID of a visitor's cart, so without this a link that is
// opened twice would ask whether to replace the cart by itself. Being wrong is
// safe either way: a mismatch asks, a match changes nothing.
type recoveredCookie struct{ insecurePlainHTTP bool }

func (c recoveredCookie) name() string {
	if c.insecurePlainHTTP {
		return "centra-recovered"
	}
	return "__Host-centra-recovered"
}

// recoveredMaxAge is as long as Centra keeps a guest's cart, in seconds.
const recoveredMaxAge = 30 * 24 * 60 * 60

func (c recoveredCookie) set(w http.ResponseWriter, s centra.Session, id centra.SelectionID) {
	http.SetCookie(w, &http.Cookie{
		Name: c.name(), Value: recoveredDigest(s, id), Path: "/", MaxAge: recoveredMaxAge,
		HttpOnly: true, Secure: !c.insecurePlainHTTP, SameSite: http.SameSiteLaxMode,
	})
}

func (c recoveredCookie) matches(r *http.Request, s centra.Session, id centra.SelectionID) bool {
	want := recoveredDigest(s, id)
	return slices.ContainsFunc(r.CookiesNamed(c.name()), func(cookie *http.Cookie) bool {
		return cookie.Value == want
	})
}

// recoveredDigest binds the cart to the session, so that a later session with
// another cart does not match. An ID has no NUL, so no other pair has the same
// input.
func recoveredDigest(s centra.Session, id centra.SelectionID) string {
	sum := sha256.Sum256([]byte(string(id) + "\x00" + string(s)))
	return hex.EncodeToString(sum[:16])
}
