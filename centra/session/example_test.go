package session_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"

	"github.com/centra-go/cartabandonment/centra/session"
)

// The zero value is a store; a handler loads the visitor's session and saves the
// one that Centra answered with.
func ExampleCookie() {
	var sessions session.Cookie
	cart := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		s, err := sessions.Load(r)
		if err != nil {
			http.Error(w, "try again", http.StatusServiceUnavailable)
			return
		}
		fmt.Println("new visitor:", s == "")
		if err := sessions.Save(w, r, "esf1p3tgchfg5ggtpqdpgqjtt6"); err != nil {
			http.Error(w, "try again", http.StatusServiceUnavailable)
		}
	})
	answer := httptest.NewRecorder()
	cart.ServeHTTP(answer, httptest.NewRequest(http.MethodGet, "/cart", nil))
	fmt.Println(answer.Header().Get("Set-Cookie"))
	// Output:
	// new visitor: true
	// __Host-centra-session=esf1p3tgchfg5ggtpqdpgqjtt6; Path=/; Max-Age=2592000; HttpOnly; Secure; SameSite=Lax
}
