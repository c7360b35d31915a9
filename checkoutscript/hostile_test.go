package checkoutscript_test

import (
	"fmt"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/centra-go/cartabandonment/centra"
	"github.com/centra-go/cartabandonment/centra/session"
	"github.com/centra-go/cartabandonment/checkoutscript"
)

// hostStore is a store around the cookie that does what a host's may.
type hostStore struct {
	session.Cookie
	load, save func()
}

func (h hostStore) Load(r *http.Request) (centra.Session, error) {
	if h.load != nil {
		h.load()
	}
	return h.Cookie.Load(r)
}

func (h hostStore) Save(w http.ResponseWriter, r *http.Request, s centra.Session) error {
	if h.save != nil {
		h.save()
	}
	return h.Cookie.Save(w, r, s)
}

// Whatever the host's functions do, the page has its answer within 8 s, and the
// visitor's next event is forwarded.
func TestHostileFunctions(t *testing.T) {
	places := map[string]func(*checkoutscript.Config, func()){
		"Consent": func(c *checkoutscript.Config, do func()) {
			c.Consent = func(*http.Request, centra.Fields) bool { do(); return true }
		},
		"Filter": func(c *checkoutscript.Config, do func()) { c.Filter = func(*http.Request, *centra.Fields) { do() } },
		"Load":   func(c *checkoutscript.Config, do func()) { c.Visitors = visitorsOf(hostStore{load: do}) },
		"Save":   func(c *checkoutscript.Config, do func()) { c.Visitors = visitorsOf(hostStore{save: do}) },
	}
	const canary = "canary@example.com"
	deeds := map[string]struct {
		do   func(never chan struct{})
		code checkoutscript.Code
	}{
		"takes a second":  {func(chan struct{}) { time.Sleep(time.Second) }, checkoutscript.Captured},
		"takes a minute":  {func(chan struct{}) { time.Sleep(time.Minute) }, checkoutscript.Timeout},
		"never returns":   {func(never chan struct{}) { <-never }, checkoutscript.Timeout},
		"panics":          {func(chan struct{}) { panic(canary) }, checkoutscript.Internal},
		"panics with nil": {func(chan struct{}) { var p *http.Request; _ = p.URL }, checkoutscript.Internal},
	}
	for place, set := range places {
		for deed, row := range deeds {
			for _, queued := range []bool{false, true} {
				t.Run(fmt.Sprintf("%s %s, with a queue: %t", place, deed, queued), func(t *testing.T) {
					synctest.Test(t, func(t *testing.T) {
						never := make(chan struct{})
						var hostile atomic.Bool
						hostile.Store(true)
						defer close(never)
						q := new(queue)
						s := newShop(t, func(c *checkoutscript.Config) {
							if queued {
								c.Later = q.later
							}
							set(c, func() {
								if hostile.Load() {
									row.do(never)
								}
							})
						})
						s.centra.RotateTokens(1)
						start := time.Now()
						w := s.send(post(jsonType, jsonEvent))
						if took := time.Since(start); took > 8*time.Second {
							t.Errorf("answered after %v", took)
						}
						code := readReply(t, w).code()
						if code == "" {
							code = s.codes()[0]
						}
						if want := row.code; code != want || string(readReply(t, w).SuspendIgnore) != "true" {
							t.Errorf("answered %d %s, want %s", w.Code, w.Body, want)
						}
						if deed == "panics" && strings.Count(s.log.String(), "level=ERROR") != 1 {
							t.Errorf("%d lines in the log, want one", strings.Count(s.log.String(), "level=ERROR"))
						}
						if strings.Contains(s.log.String(), canary) {
							t.Errorf("the value of a panic is in the log:\n%s", s.log)
						}
						hostile.Store(false)
						if w := s.send(post(jsonType, jsonEvent)); w.Code != http.StatusOK {
							t.Errorf("the next event: answered %d %s", w.Code, w.Body)
						}
						time.Sleep(5 * time.Minute)
					})
				})
			}
		}
	}
}

func visitorsOf(store session.Store) *session.Visitors {
	visitors, err := session.NewVisitors(store)
	if err != nil {
		panic(err)
	}
	return visitors
}
