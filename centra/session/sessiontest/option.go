package sessiontest

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/centra-go/cartabandonment/centra"
	"github.com/centra-go/cartabandonment/centra/session"
)

// NewStore returns a store to be tested, which no visitor has used yet, and the
// middleware that it needs around a handler, or nil if it needs none.
type NewStore = func(t *testing.T) (session.Store, func(http.Handler) http.Handler)

// Option adds a test that a store needs a hand for.
type Option func(*options)

type options struct {
	brokenBackend NewStore
	otherWrite    func(http.ResponseWriter, *http.Request) error
}

// WithBrokenBackend also tests a store whose backend fails when something is
// saved, such as one whose server is not there: Save must say so, since the
// visitor goes on with a session that may be dead. A store that commits in its
// middleware, after the handler, cannot; commit in Save.
func WithBrokenBackend(newStore NewStore) Option {
	return func(o *options) { o.brokenBackend = newStore }
}

// WithOtherWrite also tests a store that keeps the session beside other values
// of the host's, all saved together: write changes such another value for the
// visitor who sent r. A slow request that does so brings back the Centra session
// that it began with. [session.Visitors] must find the newest all the same.
func WithOtherWrite(write func(http.ResponseWriter, *http.Request) error) Option {
	return func(o *options) { o.otherWrite = write }
}

func reportsFailure(h host) error {
	err := errors.New("the middleware did not call the handler")
	h.middleware(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if err = h.store.Save(w, r, first); err == nil {
			err = errors.New("store.Save did not report that its backend failed")
			return
		}
		err = nil
	})).ServeHTTP(httptest.NewRecorder(), h.visitor().request(http.MethodPost))
	return err
}

func findsNewest(h host, write func(http.ResponseWriter, *http.Request) error) error {
	visitors, err := session.NewVisitors(h.store)
	if err != nil {
		return err
	}
	v := h.visitor()
	if err := v.saves(first); err != nil {
		return err
	}
	// rotate makes a call that is answered with a new session.
	rotate := func(want, to centra.Session) error {
		return v.sends(http.MethodGet, func(_ session.Store, w http.ResponseWriter, r *http.Request) error {
			var got centra.Session
			err := visitors.Do(w, r, func(_ context.Context, s centra.Session) (centra.Session, error) {
				got = s
				return to, nil
			})
			if err == nil && got != want {
				err = fmt.Errorf("a call was given %v, want the newest, %v", got, want)
			}
			return err
		}, nil)
	}
	// The slow request has begun with the first session when another one's call
	// is answered with the second, and writes its own value afterwards.
	err = v.sends(http.MethodPost, func(_ session.Store, w http.ResponseWriter, r *http.Request) error {
		return errors.Join(rotate(first, second), write(w, r))
	}, nil)
	return errors.Join(err, rotate(second, third), rotate(third, third))
}
