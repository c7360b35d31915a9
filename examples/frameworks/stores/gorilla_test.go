package stores_test

import (
	"net/http"
	"net/http/httptest"
	"testing"

	ginsessions "github.com/gin-contrib/sessions"
	"github.com/gin-contrib/sessions/cookie"
	"github.com/gin-contrib/sessions/memstore"
	"github.com/gin-gonic/gin"
	"github.com/gorilla/sessions"

	"github.com/centra-go/cartabandonment/centra"
	"github.com/centra-go/cartabandonment/centra/session"
	"github.com/centra-go/cartabandonment/centra/session/sessiontest"
	"github.com/centra-go/cartabandonment/examples/frameworks/stores"
)

var sessionKey = []byte("0123456789abcdef0123456789abcdef")

func TestGorilla(t *testing.T) {
	for name, newStore := range map[string]func(t *testing.T) sessions.Store{
		"cookie": func(*testing.T) sessions.Store { return sessions.NewCookieStore(sessionKey) },
		"files":  func(t *testing.T) sessions.Store { return sessions.NewFilesystemStore(t.TempDir(), sessionKey) },
	} {
		t.Run(name, func(t *testing.T) {
			var store sessions.Store
			sessiontest.Run(t, func(t *testing.T) (session.Store, func(http.Handler) http.Handler) {
				store = newStore(t)
				return stores.Gorilla{Store: store, Name: "centra"}, nil
			}, sessiontest.WithOtherWrite(func(w http.ResponseWriter, r *http.Request) error {
				shop, err := store.Get(r, "shop")
				if err != nil {
					return err
				}
				shop.Values["language"] = "sv"
				return shop.Save(r, w)
			}), sessiontest.WithBrokenBackend(func(t *testing.T) (session.Store, func(http.Handler) http.Handler) {
				nowhere := sessions.NewFilesystemStore(t.TempDir()+"/is/not/there", sessionKey)
				return stores.Gorilla{Store: nowhere, Name: "centra"}, nil
			}))
		})
	}
}

func TestGinContrib(t *testing.T) {
	gin.SetMode(gin.TestMode)
	for name, newStore := range map[string]func() ginsessions.Store{
		"cookie": func() ginsessions.Store { return cookie.NewStore(sessionKey) },
		"memory": func() ginsessions.Store { return memstore.NewStore(sessionKey) },
	} {
		t.Run(name, func(t *testing.T) {
			sessiontest.Run(t, func(*testing.T) (session.Store, func(http.Handler) http.Handler) {
				store := newStore()
				return stores.Gorilla{Store: store, Name: "centra"}, func(next http.Handler) http.Handler {
					router := gin.New()
					router.Use(ginsessions.Sessions("shop", store), func(c *gin.Context) {
						shop := ginsessions.Default(c)
						shop.Set("visited", true)
						if err := shop.Save(); err != nil {
							t.Error(err)
						}
					})
					router.NoRoute(gin.WrapH(next))
					return router
				}
			})
		})
	}
}

// The shop has changed its key: whoever has a cookie of the old one is a visitor
// without a session, unless the shop still names that key behind the new one.
func TestGorillaAfterAChangeOfKeys(t *testing.T) {
	oldKey, newKey := sessionKey, []byte("fedcba9876543210fedcba9876543210")
	w := httptest.NewRecorder()
	before := stores.Gorilla{Store: sessions.NewCookieStore(oldKey), Name: "centra"}
	if err := before.Save(w, httptest.NewRequest(http.MethodGet, "/", nil), "token-1"); err != nil {
		t.Fatal(err)
	}
	r := httptest.NewRequest(http.MethodGet, "/", nil)
	r.AddCookie(w.Result().Cookies()[0])
	for want, store := range map[centra.Session]*sessions.CookieStore{
		"":        sessions.NewCookieStore(newKey),
		"token-1": sessions.NewCookieStore(newKey, nil, oldKey, nil),
	} {
		after := stores.Gorilla{Store: store, Name: "centra"}
		if s, err := after.Load(r); s != want || err != nil {
			t.Errorf("Load: %q, %v; want %q", string(s), err, string(want))
		}
		if err := after.Save(httptest.NewRecorder(), r, "token-2"); err != nil {
			t.Errorf("Save: %v", err)
		}
	}
}

func TestGorillaTellsAStrictCookie(t *testing.T) {
	store := sessions.NewCookieStore(sessionKey)
	for strict, sameSite := range map[bool]http.SameSite{true: http.SameSiteStrictMode, false: http.SameSiteLaxMode} {
		store.Options.SameSite = sameSite
		visitors, err := session.NewVisitors(stores.Gorilla{Store: store, Name: "centra"})
		if err != nil || visitors.Strict() != strict {
			t.Errorf("Strict of SameSite %v: %v, %v", sameSite, visitors.Strict(), err)
		}
	}
}
