package centra

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"strings"
	"unicode"
)

// Do sends a document of the shop's own, which stands in place of a path; in
// holds its variables. The method says how often it may be sent: GET for a query,
// PUT for a mutation that has the same effect when it is sent twice, POST for one
// that has not, such as addItem.
//
// What stands in data is decoded into out by encoding/json unless nil. A
// *Selection is filled from the last cart in it; a document can ask for all that
// a Selection holds by ...shown, on a cart, or ...answered, on what a mutation of
// the cart answers. Do adds the fragments:
//
//	mutation addItem($item: String!) { addItem(item: $item) { ...answered } }
//
// userErrors of what the document asks are an [*Error], or an [*OutOfStockError];
// out is filled all the same. Where the session has expired Do starts another and
// sends the document again, which Centra had refused to look at. The session to
// keep is returned in any case. With [NoSession] the plugin's token is sent, and
// no session is kept.
func (a *StorefrontAPI) Do(ctx context.Context, s Session, method, document string, in, out any) (Session, error) {
	session, err := a.do(ctx, s, method, document, in, out)
	if !isExpired(err) {
		return session, err
	}
	started, err := a.start(ctx, s)
	if err != nil {
		return s, err
	}
	session, err = a.do(ctx, started.Session, method, document, in, out)
	if isExpired(err) {
		return s, refusedAgain(err, s)
	}
	return session, err
}

func (a *StorefrontAPI) do(
	ctx context.Context, s Session, method, document string, in, out any,
) (kept Session, err error) {
	r := a.hostsDocument(s, method, document, in)
	kept = r.session
	_, err = a.ask(ctx, r, func(x *exchange, answer *storefrontAnswer) error {
		kept = x.session
		if len(answer.errors) > 0 && !answer.partial() {
			return x.faulty(answer)
		}
		fits := answer.into(out, x.response.Bytes())
		switch {
		case len(answer.userErrors) > 0:
			return x.refusedChange(answer)
		case !fits:
			return x.failed(x.unreadable(), "the data does not fit the type to decode into", nil)
		}
		return nil
	})
	var e *Error
	if errors.As(err, &e) {
		kept = e.Session
	}
	return kept, err
}

// hostsDocument is the call for a document that is not one of ours.
func (a *StorefrontAPI) hostsDocument(s Session, method, document string, in any) request {
	doc, fits := parseDocument(document, a.documents.shown)
	doc.repeatable = method != http.MethodPost
	r := request{op: doc.op, method: http.MethodPost}
	switch {
	case method != http.MethodGet && method != http.MethodPut && method != http.MethodPost:
		r.refuse("the method must be GET, PUT or POST: how often the document may be sent", nil)
	case !fits:
		r.refuse("the document must be a query or a mutation", nil)
	default:
		noSession := s == NoSession
		if noSession {
			s = ""
		}
		r = a.request(doc, s, in)
		r.noSession = noSession
	}
	r.session, r.hostsDocument = s, true
	return r
}

// parseDocument names a host's document by its operation, and completes it with
// the fragments that it spreads and does not have.
func parseDocument(text, shown string) (doc storefrontDocument, fits bool) {
	kind, rest := leadingWord(text)
	name, _ := leadingWord(rest)
	op := kind
	switch {
	case kind == "" && strings.HasPrefix(rest, "{"):
		op = "query"
	case kind != "query" && kind != "mutation":
		return storefrontDocument{op: "Do"}, false
	case isFieldName(name):
		op += " " + name
	}
	answered := strings.Contains(text, "...answered") && !strings.Contains(text, "fragment answered ")
	if answered {
		text += "\n" + answeredFragment
	}
	if answered || strings.Contains(text, "...shown") && !strings.Contains(text, "fragment shown ") {
		text += "\n" + shown
	}
	return newStorefrontDocument(op, text, false), true
}

// leadingWord cuts the name that a document begins with.
func leadingWord(text string) (word, rest string) {
	text = strings.TrimSpace(text)
	end := strings.IndexFunc(text, func(r rune) bool { return r != '_' && !unicode.IsLetter(r) && !unicode.IsDigit(r) })
	if end < 0 {
		end = len(text)
	}
	return text[:end], strings.TrimSpace(text[end:])
}

// into decodes the data into a caller's type.
func (a *storefrontAnswer) into(out any, body []byte) bool {
	switch out := out.(type) {
	case nil:
		return true
	case *Selection:
		if a.cart == nil || a.cart.Items == nil {
			return false
		}
		*out = *a.selection()
		return true
	}
	return a.data && json.Unmarshal(body[a.start:a.end], out) == nil
}
