package centra_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"github.com/centra-go/cartabandonment/centra"
)

// Canaries: whatever must not be printed holds one of them.
const (
	canarySession   = "canary1session4711"
	canaryRotated   = "canary2rotated4711"
	canarySelection = "canary3selection4711"
	canarySecret    = "canary4secret4711"
	canaryEmail     = "canary5@example.com"
	canaryStreet    = "Canary Street 6"
	canaryMessage   = "canary7 says Centra"
	canaryQuery     = "canary8query"
	canaryResult    = "canary9result"
)

func hasCanary(text string) bool { return strings.Contains(strings.ToLower(text), "canary") }

// linesWithCanary is what a failure shows of a log.
func linesWithCanary(log string) string {
	var lines strings.Builder
	for line := range strings.Lines(log) {
		if hasCanary(line) {
			lines.WriteString(line)
		}
	}
	return lines.String()
}

// canaryCalls send every canary there is.
func canaryCalls(ctx context.Context, c api, s centra.Session) map[string]error {
	fields := centra.Fields{
		Email: canaryEmail, CartAbandonmentEmail: centra.Yes,
		Address: &centra.Address{Email: canaryEmail, Address1: canaryStreet},
		Extra:   map[string]any{"additionalFields": canaryMessage},
	}
	errs := map[string]error{}
	_, errs["Selection"] = c.Selection(ctx, s)
	_, errs["AttachSelection"] = c.AttachSelection(ctx, s, canarySelection)
	_, errs["UpdateFields"] = c.UpdateFields(ctx, s, fields)
	_, errs["StartPayment"] = c.StartPayment(ctx, s, centra.Payment{Fields: fields, ReturnPage: "https://example.com/" + canaryResult})
	_, errs["PaymentResult"] = c.PaymentResult(ctx, s, url.Values{canaryResult: {canaryResult}})
	_, errs["Do"] = c.Do(ctx, s, http.MethodPut, "/selections/"+canarySelection+"/x?email="+canaryQuery, fields, nil)
	_, errs["Do with a document"] = c.Do(ctx, s, http.MethodPost, "mutation "+canarySelection+" { x(email: \""+canaryEmail+"\") { ...answered } }", fields, nil)
	_, errs["Do with a bad path"] = c.Do(ctx, s, http.MethodPut, "/selections/"+canarySelection+"/../"+canaryQuery, fields, nil)
	_, errs["Do with a bad method"] = c.Do(ctx, s, canarySelection+" ", "/x", fields, nil)
	_, errs["Do with a bad body"] = c.Do(ctx, s, http.MethodPut, "/x", json.RawMessage(canaryEmail), nil)
	_, errs["a bad session"] = c.Selection(ctx, centra.Session(canarySession+"\n"))
	_, errs["a bad selection ID"] = c.AttachSelection(ctx, s, canarySelection+"/..")
	_, errs["a bad payment"] = c.StartPayment(ctx, s, centra.Payment{Fields: centra.Fields{Extra: map[string]any{"x": json.RawMessage(canaryEmail)}}})
	return errs
}

// checkNoCanary prints an error in every way that a host might.
func checkNoCanary(t *testing.T, name string, err error) {
	t.Helper()
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%d", "%x", "%t", "%10v", "%T"} {
		if text := fmt.Sprintf(verb, err); hasCanary(text) || strings.Contains(text, fmt.Sprintf("%x", "canary")) {
			t.Errorf("%s: %s prints %s", name, verb, text)
		}
	}
	if g, ok := err.(fmt.GoStringer); ok && hasCanary(g.GoString()) {
		t.Errorf("%s: GoString returns %s", name, g.GoString())
	}
	wrapped := fmt.Errorf("checkout: %w", errors.Join(err, io.EOF))
	if text := fmt.Sprintf("%v %+v %#v", wrapped, wrapped, errors.Join(err)); hasCanary(text) {
		t.Errorf("%s: wrapped: %s", name, text)
	}
	var text, jsonText bytes.Buffer
	for _, logger := range []*slog.Logger{slog.New(slog.NewTextHandler(&text, nil)), slog.New(slog.NewJSONHandler(&jsonText, nil))} {
		logger.Error(err.Error(), "error", err, "wrapped", wrapped, slog.Group("group", "error", err), "list", []error{err})
		logger.With("error", err).WithGroup("g").Info("m")
	}
	if hasCanary(text.String()) || hasCanary(jsonText.String()) {
		t.Errorf("%s: logged:\n%s%s", name, linesWithCanary(text.String()), linesWithCanary(jsonText.String()))
	}
	func() {
		defer func() {
			if text := fmt.Sprint(recover()); hasCanary(text) {
				t.Errorf("%s: panicked: %s", name, text)
			}
		}()
		panic(err)
	}()
	walk(err, func(err error) {
		if text := fmt.Sprintf("%v %+v %#v", err, err, err); hasCanary(text) {
			t.Errorf("%s: in the chain: %T %s", name, err, text)
		}
	})
}

// walk visits an error and all that it wraps.
func walk(err error, visit func(error)) {
	if err == nil {
		return
	}
	visit(err)
	switch e := err.(type) {
	case interface{ Unwrap() error }:
		walk(e.Unwrap(), visit)
	case interface{ Unwrap() []error }:
		for _, err := range e.Unwrap() {
			walk(err, visit)
		}
	}
}

func TestNothingLeaks(t *testing.T) {
	const everything = canarySession + " " + canaryRotated + " " + canarySelection + " " + canarySecret + " " + canaryEmail + " " + canaryStreet
	quoted := `"` + everything + " " + canaryMessage + `"`
	handler := func(status int, header http.Header, body string) http.HandlerFunc {
		return func(w http.ResponseWriter, r *http.Request) {
			for name, values := range header {
				w.Header()[name] = values
			}
			answer(status, body)(w, r)
		}
	}
	answers := map[string]http.HandlerFunc{
		"HTML": handler(200, nil, "<html>"+everything),
		"refused fields": handler(400, nil, `{"token":"`+canaryRotated+`","errors":{"email":`+quoted+`,"`+canaryEmail+`":"x","`+canarySession+
			`":"x","`+canarySelection+`":"x","`+canaryStreet+`":"x"}}`),
		"refused with words for the shopper": handler(412, nil, `{"message":`+quoted+`,"messages":[`+quoted+`],"code":`+quoted+`,"errors":{"paymentMethod":`+quoted+`}}`),
		"refused with 200":                   handler(200, nil, `{"token":"`+canaryRotated+`","errors":{"email":`+quoted+`}}`),
		"unauthorized":                       handler(401, nil, `{"errors":{"origin":`+quoted+`}}`),
		"not found":                          handler(404, nil, everything),
		"rate limited":                       handler(429, http.Header{"Retry-After": {canaryMessage}}, everything),
		"down":                               handler(503, http.Header{"X-Correlation-Id": {canarySession}}, everything),
		"redirect":                           handler(302, http.Header{"Location": {"https://" + canarySecret + ":" + canarySecret + "@shop.example.com/" + canarySelection + "?" + canaryQuery}}, everything),
		"bad redirect":                       handler(302, http.Header{"Location": {"http://[" + canarySelection}}, everything),
		"out of stock": handler(410, nil, `{"token":"`+canaryRotated+`","errors":{"items":`+quoted+`},"unavailable":[{"item":`+quoted+`}],"selection":{"items":[],"address":{"email":"`+
			canaryEmail+`"}}}`),
		"GraphQL errors": handler(200, nil, `{"data":null,"errors":[{"message":`+quoted+`,"path":["`+canarySelection+`"]}],"extensions":{"token":"`+
			canaryRotated+`","traceId":"`+canaryMessage+`"}}`),
		"GraphQL refusals": handler(200, nil, `{"data":{"x":{"selection":{"id":"`+canarySelection+`","lines":[{"id":"`+canaryMessage+`"}]},"userErrors":[`+
			`{"__typename":"`+canaryMessage+`","message":`+quoted+`,"path":["`+canaryEmail+`","`+canarySelection+`"]}]}}}`),
		"GraphQL stock": handler(200, nil, `{"data":{"x":{"selection":{"id":"`+canarySelection+`","lines":[]},"userErrors":[`+
			`{"__typename":"UnavailableItem","message":`+quoted+`,"item":{"id":"`+canaryMessage+`"}}]}}}`),
		"GraphQL without a session": handler(200, nil, `{"data":null,"errors":[{"message":"Unauthorized `+everything+`"}]}`),
		"GraphQL of another type":   handler(200, nil, `{"data":{"selection":{"id":"`+canarySelection+`","lines":["`+canaryMessage+`"]}}}`),
		"another type":              handler(200, nil, `{"token":"`+canaryRotated+`","selection":"`+canarySelection+`"}`),
		"malformed header": func(w http.ResponseWriter, _ *http.Request) {
			conn, _, _ := w.(http.Hijacker).Hijack()
			_, _ = io.WriteString(conn, "HTTP/1.1 200 OK\r\n"+everything+"\r\n\r\n")
			_ = conn.Close()
		},
		"malformed status": func(w http.ResponseWriter, _ *http.Request) {
			conn, _, _ := w.(http.Hijacker).Hijack()
			_, _ = io.WriteString(conn, "HTTP/1.1 "+everything+"\r\n\r\n")
			_ = conn.Close()
		},
		"cut short": func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Length", "1000")
			_, _ = io.WriteString(w, everything)
		},
		"gone": func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) },
	}
	for name, handler := range answers {
		t.Run(name, func(t *testing.T) {
			server := httptest.NewUnstartedServer(handler)
			server.Config.ErrorLog = silent
			server.Start()
			defer server.Close()
			checkEveryCall(t, server.URL)
		})
	}
	t.Run("no connection", func(t *testing.T) { checkEveryCall(t, refusingURL(t)) })
	t.Run("a transport that says all it knows", func(t *testing.T) {
		checkEveryCall(t, "https://shop.example.com", over(func(r *http.Request) (*http.Response, error) {
			return nil, fmt.Errorf("%s %s %v", r.Method, r.URL, r.Header)
		}))
	})
}

func checkEveryCall(t *testing.T, host string, opts ...centra.Option) {
	t.Helper()
	var text, jsonText bytes.Buffer
	level := &slog.HandlerOptions{Level: slog.LevelDebug - 4, AddSource: true}
	for _, handler := range []slog.Handler{slog.NewTextHandler(&text, level), slog.NewJSONHandler(&jsonText, level)} {
		opts := append([]centra.Option{centra.WithLogger(slog.New(handler)), quickRetries()}, opts...)
		checkout := newCheckout(t, host+"/"+canarySecret, append(opts, centra.WithSecret(canarySecret), centra.WithOrigin("https://"+canarySecret+".example.com"))...)
		shop, err := centra.NewShopAPI(host+"/"+canarySecret, canarySecret, opts...)
		if err != nil {
			t.Fatal(err)
		}
		storefront, err := centra.NewStorefrontAPI(host+"/"+canarySecret, canarySecret, append(opts, centra.WithSharedSecret(canarySecret),
			centra.WithShopperAddress(func(context.Context) string { return canaryQuery }))...)
		if err != nil {
			t.Fatal(err)
		}
		for name, c := range map[string]api{
			"checkout": checkout, "shopper": checkout.AsShopper(), "shop": shop, "storefront": storefront.AtCheckout(),
		} {
			ctx, cancel := context.WithCancelCause(t.Context())
			for method, err := range canaryCalls(ctx, c, canarySession) {
				if err == nil {
					continue // the answer fits this call
				}
				checkNoCanary(t, name+" "+method, err)
			}
			cancel(errors.New(canaryMessage))
			for method, err := range canaryCalls(ctx, c, canarySession) {
				checkNoCanary(t, name+" "+method+" cancelled", err)
			}
		}
	}
	for _, log := range []string{text.String(), jsonText.String()} {
		if hasCanary(log) {
			t.Errorf("the log holds a canary:\n%s", linesWithCanary(log))
		}
		if !strings.Contains(log, "centra: call failed") {
			t.Errorf("nothing was logged: %s", log)
		}
	}
}

// What a call returns can be logged, and says whose it is only by a digest.
func TestResultsInLogs(t *testing.T) {
	const body = `{"token":"` + canaryRotated + `","action":"success","order":"1001","selection":{"items":[{"item":"1-1"}],"address":{"email":"` + canaryEmail + `"},
		"centraCheckoutScript":"` + canaryMessage + `"}}`
	rec := record(t, answer(200, body))
	c := newCheckout(t, rec.URL)
	sel, err := c.Selection(t.Context(), canarySession)
	if err != nil {
		t.Fatal(err)
	}
	action, err := c.StartPayment(t.Context(), canarySession, centra.Payment{})
	if err != nil {
		t.Fatal(err)
	}
	order, err := c.PaymentResult(t.Context(), canarySession, nil)
	if err != nil {
		t.Fatal(err)
	}
	fields := centra.Fields{
		Email: canaryEmail, Address: &centra.Address{Address1: canaryStreet}, PaymentMethod: canaryMessage, Extra: map[string]any{"x": canaryMessage},
	}
	payment := centra.Payment{Fields: fields, ReturnPage: "https://example.com/" + canaryResult, FailedPage: canaryResult}
	address := centra.Address{Email: canaryEmail, FirstName: canaryMessage}
	paid := centra.Order{Session: canarySession, Order: "1001", Address: address, ShippingAddress: address, Message: canaryMessage, Next: nil}
	next := centra.PaymentAction{
		Session: canarySession, Action: centra.Action(canaryMessage), URL: "https://example.com/" + canaryResult, FormHTML: canaryEmail,
		FormFields: json.RawMessage(`"` + canaryEmail + `"`), FormURL: canaryResult, Code: canaryMessage, Order: &paid,
	}
	values := map[string]any{
		"selection": sel, "no selection": (*centra.Selection)(nil), "a selection's value": *sel,
		"action": action, "an action's value": *action, "an action as a value": next, "no action": (*centra.PaymentAction)(nil),
		"order": order, "an order's value": *order, "an order as a value": paid, "an order that is not over": centra.Order{Next: &next},
		"fields": fields, "fields by pointer": &fields, "payment": payment, "payment by pointer": &payment,
		"address": address, "address by pointer": &address,
	}
	for name, value := range values {
		t.Run(name, func(t *testing.T) {
			var text, jsonText bytes.Buffer
			slog.New(slog.NewTextHandler(&text, nil)).Info("m", "v", value)
			slog.New(slog.NewJSONHandler(&jsonText, nil)).Info("m", "v", value)
			if log := text.String() + jsonText.String(); hasCanary(log) {
				t.Errorf("logged: %s", log)
			}
			holder := struct{ Value any }{value}
			for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%d", "%x", "%X", "%t", "%8v", "%c", "%U", "%e"} {
				for _, v := range []any{value, holder, []any{value}, map[string]any{"k": value}} {
					if text := fmt.Sprintf(verb, v); hasCanary(text) || strings.Contains(strings.ToLower(text), fmt.Sprintf("%x", "canary")) {
						t.Errorf("%s prints: %.300s", verb, text)
					}
				}
			}
		})
	}
}

// Without a logger nothing is written anywhere.
func TestSilentByDefault(t *testing.T) {
	var log bytes.Buffer
	old := slog.Default()
	slog.SetDefault(slog.New(slog.NewTextHandler(&log, &slog.HandlerOptions{Level: slog.LevelDebug})))
	defer slog.SetDefault(old)
	rec := record(t, answer(503, ""))
	wantKind(t, updateFields(t.Context(), newCheckout(t, rec.URL, quickRetries()), token), centra.ErrUnavailable)
	if log.Len() > 0 {
		t.Errorf("logged: %s", log.String())
	}
}

// Debug logs each attempt, warn each failed call, with what correlates them.
func TestLogs(t *testing.T) {
	var log bytes.Buffer
	rec := record(t, answer(503, ""))
	c := newCheckout(t, rec.URL, quickRetries(), centra.WithLogger(slog.New(slog.NewJSONHandler(&log, &slog.HandlerOptions{Level: slog.LevelDebug}))),
		centra.WithCorrelationID(func(context.Context) string { return "trace-1" }))
	wantKind(t, updateFields(t.Context(), c, token), centra.ErrUnavailable)
	var levels []string
	for line := range strings.Lines(log.String()) {
		var entry struct{ Level string }
		if err := json.Unmarshal([]byte(line), &entry); err != nil {
			t.Fatal(err)
		}
		levels = append(levels, entry.Level)
		for _, part := range []string{"PUT /payment-fields", "503", "trace-1", token.String()} {
			if !strings.Contains(line, part) {
				t.Errorf("%q is not in %s", part, line)
			}
		}
	}
	if got := strings.Join(levels, " "); got != "DEBUG DEBUG DEBUG WARN" {
		t.Errorf("levels %s", got)
	}
}

// A host that prints its configuration prints its clients, by pointer or by value,
// in fields that fmt may ask for their text and in others.
func TestClientsPrintNoSecret(t *testing.T) {
	checkout := newCheckout(t, "https://shop.example.com", centra.WithSecret(canarySecret), centra.WithOrigin("https://"+canarySecret))
	shop, err := centra.NewShopAPI("https://shop.example.com/api/shop", canarySecret)
	if err != nil {
		t.Fatal(err)
	}
	storefront, err := centra.NewStorefrontAPI("https://shop.example.com/x", canarySecret, centra.WithSharedSecret(canarySecret))
	if err != nil {
		t.Fatal(err)
	}
	type hosts struct {
		Storefront *centra.StorefrontAPI
		storefront centra.StorefrontAPI
	}
	type config struct {
		Checkout *centra.CheckoutAPI
		checkout centra.CheckoutAPI
		shop     *centra.ShopAPI
		shops    []centra.ShopAPI
	}
	tests := []struct {
		name  string
		value any
		host  bool // it says where the client leads
	}{
		{"checkout", checkout, true},
		{"checkout by value", *checkout, true},
		{"shopper by value", *checkout.AsShopper(), true},
		{"shop", shop, true},
		{"shop by value", *shop, true},
		{"storefront", storefront, true},
		{"storefront by value", *storefront.AtCheckout(), true},
		{"storefront in a struct", hosts{storefront, *storefront}, false},
		{"no storefront", centra.StorefrontAPI{}, false},
		{"in a list", []any{checkout, *shop}, true},
		{"in a map", map[string]centra.ShopAPI{"shop": *shop}, true},
		{"in a struct", config{checkout, *checkout, shop, []centra.ShopAPI{*shop}}, false},
		{"in a struct by pointer", &config{checkout, *checkout, shop, []centra.ShopAPI{*shop}}, false},
		{"no client", centra.CheckoutAPI{}, false},
		{"no client by pointer", (*centra.ShopAPI)(nil), false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			var log bytes.Buffer
			slog.New(slog.NewTextHandler(&log, nil)).Info("m", "v", tt.value)
			slog.New(slog.NewJSONHandler(&log, nil)).Info("m", "v", tt.value)
			printed := []string{log.String()}
			for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%d", "%x"} {
				printed = append(printed, fmt.Sprintf(verb, tt.value))
			}
			for _, text := range printed {
				if hasCanary(text) || strings.Contains(text, "PANIC") || tt.host && !strings.Contains(text, "shop.example.com") && text != log.String() {
					t.Errorf("printed: %s", text)
				}
			}
		})
	}
}
