package recovery_test

import (
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/centra-go/cartabandonment/centra"
	"github.com/centra-go/cartabandonment/centra/session"
	"github.com/centra-go/cartabandonment/recovery"
)

const benchID = "abeb59928306768d255e21920f9087a4"

// BenchmarkRecovery is a click on the link of an e-mail in a browser without a
// session, from request to response: a call to a Centra in this process that
// answers with a cart of 30 kB. As many visitors click at once as there are
// processors.
func BenchmarkRecovery(b *testing.B) {
	api, err := centra.NewShopAPI("https://centra.example/api/shop", "secret",
		centra.WithTransport(inProcess(cartJSON(30_000))))
	if err != nil {
		b.Fatal(err)
	}
	benchmarkRecovery(b, api)
}

// BenchmarkRecoveryHandler is the same without the call: what the handler itself
// adds to it, the visitor's turn included.
func BenchmarkRecoveryHandler(b *testing.B) {
	benchmarkRecovery(b, instantAPI{&centra.Selection{Session: benchID, Items: make([]centra.Item, 3)}})
}

func benchmarkRecovery(b *testing.B, api recovery.API) {
	ours, err := recovery.New(recovery.Config{
		API: api, Visitors: visitors(b, session.Cookie{}), Checkout: "/checkout",
		CartLink: "https://example.com/abandoned-cart/{selection}",
	})
	if err != nil {
		b.Fatal(err)
	}
	for _, bm := range []struct {
		name    string
		handler http.Handler
	}{
		{"ours", ours},
		{"handwritten", handwritten(api)},
		{"handwrittenInTurn", inTurn(visitors(b, session.Cookie{}), handwritten(api))},
	} {
		b.Run(bm.name, func(b *testing.B) {
			mux := http.NewServeMux()
			mux.Handle(ours.Pattern(), bm.handler)
			b.ReportAllocs()
			b.RunParallel(func(pb *testing.PB) {
				r := httptest.NewRequest(http.MethodGet, "/abandoned-cart/"+benchID, nil)
				for name, value := range chromeClick {
					r.Header.Set(name, value)
				}
				w := &discardResponse{header: make(http.Header)}
				for pb.Next() {
					clear(w.header)
					mux.ServeHTTP(w, r)
					if w.status != http.StatusSeeOther || w.header.Get("Location") != "/checkout" {
						b.Errorf("status %d to %q", w.status, w.header.Get("Location"))
					}
				}
			})
		})
	}
}

// handwritten is the shortest handler that does the same call, saves the cookie
// and redirects with the three headers.
func handwritten(api recovery.API) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		var s centra.Session
		if c, err := r.Cookie("__Host-centra-session"); err == nil {
			s = centra.Session(c.Value)
		}
		sel, err := api.AttachSelection(r.Context(), s, centra.SelectionID(r.PathValue("selection")))
		if err != nil {
			http.Redirect(w, r, "/", http.StatusSeeOther)
			return
		}
		http.SetCookie(w, &http.Cookie{
			Name: "__Host-centra-session", Value: string(sel.Session), Path: "/", MaxAge: 30 * 24 * 60 * 60,
			HttpOnly: true, Secure: true, SameSite: http.SameSiteLaxMode,
		})
		w.Header().Set("X-Robots-Tag", "noindex, nofollow, noarchive")
		w.Header().Set("Referrer-Policy", "no-referrer")
		w.Header().Set("Cache-Control", "no-store")
		http.Redirect(w, r, "/checkout", http.StatusSeeOther)
	})
}

// inTurn has a handler take the visitor's turn, as whatever speaks to Centra for a
// visitor must.
func inTurn(v *session.Visitors, h http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_ = v.Do(w, r, func(ctx context.Context, s centra.Session) (centra.Session, error) {
			h.ServeHTTP(w, r.WithContext(ctx))
			return s, nil
		})
	})
}

// instantAPI answers at once.
type instantAPI struct{ selection *centra.Selection }

func (a instantAPI) Selection(context.Context, centra.Session) (*centra.Selection, error) {
	return a.selection, nil
}

func (a instantAPI) AttachSelection(context.Context, centra.Session, centra.SelectionID) (*centra.Selection, error) {
	return a.selection, nil
}

// inProcess is a Centra that has one answer.
type inProcess string

func (body inProcess) RoundTrip(r *http.Request) (*http.Response, error) {
	return &http.Response{
		StatusCode: http.StatusOK, Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1,
		Header: http.Header{"Content-Type": {"application/json"}}, Request: r,
		Body: io.NopCloser(strings.NewReader(string(body))), ContentLength: int64(len(body)),
	}, nil
}

// cartJSON is a Shop API answer of about that many bytes.
func cartJSON(size int) inProcess {
	const item = `{"item":"1-1","line":"0f8ba6f9dcaf64bc7d8b4f5f4d4a2bd3","sku":"BB","ean":"7300000000017","size":"M","quantity":1,` +
		`"priceEach":"100.00 SEK","priceEachAsNumber":100,"totalPrice":"100.00 SEK","totalPriceAsNumber":100,` +
		`"product":{"product":"1","name":"Basic Jacket","uri":"basic-jacket","media":[]}}`
	body := `{"selection":{"selection":"` + benchID + `","currency":"SEK","items":[` + item +
		strings.Repeat(","+item, size/len(item)) + `]}}`
	return inProcess(body)
}

// discardResponse costs as little as a ResponseWriter can.
type discardResponse struct {
	header http.Header
	status int
}

func (w *discardResponse) Header() http.Header         { return w.header }
func (w *discardResponse) Write(b []byte) (int, error) { return len(b), nil }
func (w *discardResponse) WriteHeader(status int)      { w.status = status }

// chromeClick is the header of a click on a link in a web mailer.
var chromeClick = map[string]string{
	"User-Agent":      "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/139.0.0.0 Safari/537.36",
	"Accept":          "text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,image/webp,*/*;q=0.8",
	"Accept-Language": "sv-SE,sv;q=0.9,en;q=0.8",
	"Sec-Fetch-Site":  "cross-site",
	"Sec-Fetch-Mode":  "navigate",
	"Sec-Fetch-Dest":  "document",
	"Sec-Fetch-User":  "?1",
	"Cookie":          "consent=yes; theme=dark",
}
