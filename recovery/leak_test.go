package recovery_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/centra-go/cartabandonment/centra"
	"github.com/centra-go/cartabandonment/centra/centratest"
	"github.com/centra-go/cartabandonment/recovery"
)

// Canaries: a session, an ID and the shop's secret turn up in no log line, no
// event, no page and no header but the visitor's own session cookie.
func TestNothingLeaks(t *testing.T) {
	for _, api := range apis {
		for name, fault := range map[string]func(*centratest.Server, string){
			"recovered": func(*centratest.Server, string) {},
			"ordered":   (*centratest.Server).CompleteCart,
			"down":      func(server *centratest.Server, _ string) { server.SetFault(centratest.HTMLFault(502)) },
			"refused": func(server *centratest.Server, linked string) {
				server.SetFault(centratest.StatusFault(401, map[string]string{linked: linked, "selection": linked}))
			},
			"nonsense": func(server *centratest.Server, _ string) { server.SetFault(centratest.ListFault()) },
			"cut":      func(server *centratest.Server, _ string) { server.SetFault(centratest.TruncatedFault()) },
		} {
			t.Run(api.name+", "+name, func(t *testing.T) {
				log, logger := newLog()
				server := centratest.NewServer(t, centratest.WithoutSocket())
				client := api.client(t, server, centra.WithLogger(logger), centra.WithRetry(centra.Retry{}))
				s := newShop(t, recovery.Config{API: client, Logger: logger})
				b := newBrowser(t, s)
				token, own := server.NewCart("2-2")
				otherToken, linked := server.NewCart("1-1")
				canaries := []string{token, own, otherToken, linked, centratest.Secret}
				fault(server, linked)

				var seen strings.Builder
				record := func(method string, headers ...string) {
					resp := b.do(method, "/abandoned-cart/"+linked+"?utm_source=x&email="+linked, headers...)
					for _, cookie := range resp.Cookies() {
						if cookie.Name == sessionCookie {
							canaries = append(canaries, cookie.Value)
						} else {
							seen.WriteString(cookie.Value)
						}
					}
					resp.Header.Del("Set-Cookie")
					fmt.Fprintln(&seen, resp.Header, bodyOf(t, resp))
				}
				record(http.MethodGet)
				record(http.MethodGet)
				b.have(api.session(token, own))
				record(http.MethodGet)
				record(http.MethodHead)
				record(http.MethodDelete)
				record(http.MethodGet, "Sec-Purpose: prefetch")
				record(http.MethodPost, "Sec-Fetch-Site: cross-site")
				record(http.MethodPost)
				for _, event := range s.outcomes {
					fmt.Fprintf(&seen, "%v %+v %#v\n", event, event, event)
					for err := event.Err; err != nil; err = errors.Unwrap(err) {
						fmt.Fprintf(&seen, "%v %+v %#v %q %s\n", err, err, err, err, err)
					}
				}
				seen.WriteString(log.String())
				for _, canary := range canaries {
					if strings.Contains(seen.String(), canary) {
						t.Errorf("a secret leaked:\n%s", strings.ReplaceAll(seen.String(), canary, "▶▶▶secret◀◀◀"))
					}
				}
			})
		}
	}
}

// A panic in a host's own code passes through with nothing added.
func TestPanicPassesThrough(t *testing.T) {
	s := newShop(t, recovery.Config{
		API:    &fakeAPI{t: t, attach: attaches},
		Target: func(context.Context, *centra.Selection) string { panic("the host's own") },
	})
	defer func() {
		if got := recover(); got != "the host's own" {
			t.Errorf("recovered %v", got)
		}
	}()
	get(newBrowser(t, s), linkedPath)
}
