package centra_test

import (
	"bytes"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"runtime"
	"strings"
	"testing"
	"unsafe"

	"github.com/centra-go/cartabandonment/centra"
	"github.com/centra-go/cartabandonment/centra/centratest"
)

func TestParseSelectionID(t *testing.T) {
	tests := []struct {
		name, id string
		ok       bool
	}{
		{"of Centra", "abeb59928306768d255e21920f9087a4", true},
		{"one character", "a", true},
		{"every kind of character", "azAZ09_-", true},
		{"the longest", strings.Repeat("a", 128), true},
		{"a dash first", "-a", true},
		{"empty", "", false},
		{"too long", strings.Repeat("a", 129), false},
		{"500 characters", strings.Repeat("a", 500), false},
		{"a dot", "a.b", false},
		{"the parent", "..", false},
		{"a slash", "a/b", false},
		{"an escaped parent", "..%2f..", false},
		{"a backslash", `a\b`, false},
		{"a query", "a?b", false},
		{"a fragment", "a#b", false},
		{"a space", "a b", false},
		{"a trailing line break", "a\n", false},
		{"CR and LF", "a\r\nb", false},
		{"NUL", "a\x00", false},
		{"DEL", "a\x7f", false},
		{"another alphabet", "аbc", false}, // a Cyrillic а
		{"full-width digits", "１２３", false},
		{"invalid UTF-8", "a\xff", false},
		{"beside the ranges: @", "@", false},
		{"beside the ranges: [", "[", false},
		{"beside the ranges: `", "`", false},
		{"beside the ranges: {", "{", false},
		{"beside the ranges: :", ":", false},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			id, err := centra.ParseSelectionID(test.id)
			if test.ok && (err != nil || string(id) != test.id) {
				t.Errorf("%q, %v; want it unchanged", string(id), err)
			}
			if !test.ok && (!errors.Is(err, centra.ErrInvalidSelectionID) || id != "") {
				t.Errorf("%q, %v; want ErrInvalidSelectionID", string(id), err)
			}
		})
	}
}

// Servers such as fasthttp use the memory of a request again.
func TestParseSelectionIDCopies(t *testing.T) {
	memory := []byte("abeb59928306768d255e21920f9087a4")
	id, err := centra.ParseSelectionID(unsafe.String(&memory[0], len(memory)))
	copy(memory, "f611707b97e18a902270223b79f743c2")
	if string(id) != "abeb59928306768d255e21920f9087a4" || err != nil {
		t.Errorf("%q, %v; want it unchanged", string(id), err)
	}
}

// A shop remembers sessions for long, many of them: they must not keep the answers
// in memory that they came with.
func TestSessionsKeepNoAnswer(t *testing.T) {
	const calls, size = 40, 300_000
	server := centratest.NewServer(t, centratest.WithoutSocket(), centratest.WithResponseSize(size))
	server.RotateTokens(1)
	web := centra.WithTransport(server.Transport())
	checkout, err := centra.NewCheckoutAPI(server.CheckoutURL(), web)
	if err != nil {
		t.Fatal(err)
	}
	shop, err := centra.NewShopAPI(server.ShopURL(), centratest.Secret, web)
	if err != nil {
		t.Fatal(err)
	}
	storefront, err := centra.NewStorefrontAPI(server.StorefrontURL(), centratest.SessionModeToken, web)
	if err != nil {
		t.Fatal(err)
	}
	add := func(api centra.API, path string) func(centra.Session) (centra.Session, error) {
		return func(s centra.Session) (centra.Session, error) {
			var cart centra.Selection
			return api.Do(t.Context(), s, http.MethodPost, path, nil, &cart)
		}
	}
	read := func(api centra.API) func(centra.Session) (centra.Session, error) {
		return func(s centra.Session) (centra.Session, error) {
			cart, err := api.Selection(t.Context(), s)
			if err != nil {
				return "", err
			}
			return cart.Session, nil
		}
	}
	tests := []struct {
		name string
		call func(centra.Session) (centra.Session, error)
	}{
		{"a cart of the Checkout API", read(checkout)},
		{"Do of the Checkout API", add(checkout, "/items/1-1")},
		{"a new cart of the Shop API", func(centra.Session) (centra.Session, error) { return add(shop, "/selections")("") }},
		{"a cart of the Storefront API", read(storefront)},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			var before, after runtime.MemStats
			sessions := make([]centra.Session, 1, calls)
			runtime.GC()
			runtime.ReadMemStats(&before)
			for len(sessions) < calls {
				s, err := test.call(sessions[len(sessions)-1])
				if err != nil {
					t.Fatal(err)
				}
				sessions = append(sessions, s)
			}
			runtime.GC()
			runtime.GC() // a pool gives up what it holds the second time
			runtime.ReadMemStats(&after)
			if grown := int64(after.HeapAlloc) - int64(before.HeapAlloc); grown > calls*size/4 {
				t.Errorf("%d sessions keep %d kB", len(sessions), grown>>10)
			}
			runtime.KeepAlive(sessions)
		})
	}
}

// Whatever is printed with whatever verb, a digest is what comes out.
func TestSecretsPrintAsDigests(t *testing.T) {
	const value = "canary4711canary4711"
	session, id := centra.Session(value), centra.SelectionID(value)
	type holder struct {
		S centra.Session
		I centra.SelectionID
		P *centra.Session
	}
	values := map[string]any{
		"Session": session, "SelectionID": id, "pointer": &session,
		"struct": holder{session, id, nil}, "pointer to struct": &holder{session, id, nil},
		"slice": []centra.Session{session}, "map": map[centra.SelectionID]centra.Session{id: session},
		"error": fmt.Errorf("at %v: %w", session, fmt.Errorf("%s", id)),
	}
	verbs := []string{"%v", "%+v", "%#v", "%s", "%q", "%d", "%x", "%X", "% x", "%T%v", "%10.3s", "%-40v", "%t", "%c", "%U", "%e", "%b", "%o"}
	for name, v := range values {
		for _, verb := range verbs {
			text := fmt.Sprintf(strings.ReplaceAll(verb, "%T", "%[1]T%[1]"), v)
			if strings.Contains(text, "canary") || strings.Contains(strings.ToLower(strings.ReplaceAll(text, " ", "")), fmt.Sprintf("%x", "canary")) {
				t.Errorf("%s of a %s prints the value: %s", verb, name, text)
			}
		}
		for _, text := range []string{fmt.Sprint(v), fmt.Sprintln(v)} {
			if strings.Contains(text, "canary") {
				t.Errorf("a %s prints its value: %s", name, text)
			}
		}
	}
	for name, v := range map[string]any{"Session": session, "SelectionID": id} {
		var text, json bytes.Buffer
		slog.New(slog.NewTextHandler(&text, nil)).Info("m", "v", v)
		slog.New(slog.NewJSONHandler(&json, nil)).Info("m", "v", v)
		if got := text.String() + json.String(); strings.Contains(got, "canary") || strings.Count(got, fmt.Sprint(v)) != 2 {
			t.Errorf("logged %s: %s", name, got)
		}
	}
}

// A digest correlates two lines of a log: equal for equal values, different for
// others, and the same whatever the verb.
func TestDigests(t *testing.T) {
	a, b := centra.Session("esf1p3tgchfg5ggtpqdpgqjtt6"), centra.Session("f611707b97e18a902270223b79f743c2")
	if a.String() != centra.Session(string(a)).String() || a.String() == b.String() {
		t.Errorf("digests %s and %s", a, b)
	}
	tests := []struct {
		name string
		got  string
		want string
	}{
		{"no session", centra.Session("").String(), "session:none"},
		{"no selection", centra.SelectionID("").String(), "selection:none"},
		{"GoString of a session", a.GoString(), a.String()},
		{"GoString of a selection ID", centra.SelectionID(a).GoString(), centra.SelectionID(a).String()},
		{"%q", fmt.Sprintf("%q", a), a.String()},
		{"%d", fmt.Sprintf("%d", a), a.String()},
		{"LogValue of a session", a.LogValue().String(), a.String()},
		{"LogValue of a selection ID", centra.SelectionID(a).LogValue().String(), centra.SelectionID(a).String()},
		{"one value, one digest", strings.TrimPrefix(a.String(), "session:"), strings.TrimPrefix(centra.SelectionID(a).String(), "selection:")},
	}
	for _, test := range tests {
		if test.got != test.want {
			t.Errorf("%s: %q, want %q", test.name, test.got, test.want)
		}
	}
}
