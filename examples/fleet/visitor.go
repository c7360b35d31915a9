package main

import (
	"context"
	"crypto/rand"
	"net/http"
)

type visitorKey struct{}

// identify gives each browser a name of the shop's own, for as long as it is open.
// A visitor's Centra session would not do for the queue: its token can be another
// one with every answer, failures too.
func identify(plainHTTP bool) func(http.Handler) http.Handler {
	cookie := http.Cookie{
		Name: "__Host-visitor", Path: "/", Secure: true, HttpOnly: true, SameSite: http.SameSiteLaxMode,
	}
	if plainHTTP {
		cookie.Name, cookie.Secure = "visitor", false
	}
	return func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			mine := cookie
			if known, err := r.Cookie(cookie.Name); err == nil {
				mine.Value = known.Value
			} else {
				mine.Value = rand.Text()
				http.SetCookie(w, &mine)
			}
			next.ServeHTTP(w, r.WithContext(context.WithValue(r.Context(), visitorKey{}, mine.Value)))
		})
	}
}

// visitor is the name of the browser that a request came from, "" for none.
func visitor(ctx context.Context) string {
	name, _ := ctx.Value(visitorKey{}).(string)
	return name
}
