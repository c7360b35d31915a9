package centratest

import (
	"fmt"
	"io"
	"maps"
	"net"
	"net/http"
	"slices"
	"strconv"
)

// Fault is an answer that takes the place of the real one: the request is
// recorded, but changes nothing, except with [LostAnswerFault].
type Fault struct {
	name   string
	status int
	errors map[string]string
	header http.Header
	code   string
	says   []string
	rotate bool
	lost   bool                                              // carried out, but not answered
	hangs  bool                                              // counts as under way until it ends
	act    func(*Server, http.ResponseWriter, *http.Request) // nil: a JSON error
}

// StatusFault answers the status with errors in JSON, and with the session token
// in the Checkout API and the Storefront API, whose errors have GraphQL's shape. A
// status below 400 needs no errors; with errors it is a failure all the same.
func StatusFault(status int, errors map[string]string) Fault {
	return Fault{name: "status " + strconv.Itoa(status), status: status, errors: maps.Clone(errors)}
}

// RetryAfterFault is a [StatusFault], usually 429 or 503, with a Retry-After header.
func RetryAfterFault(status int, retryAfter string) Fault {
	f := StatusFault(status, map[string]string{"request": "try again later"})
	f.header = http.Header{"Retry-After": {retryAfter}}
	return f
}

// Rotating returns the fault with a new session token in its answer. Only
// [StatusFault] and [RetryAfterFault] answer with a token.
func (f Fault) Rotating() Fault {
	f.rotate = true
	return f
}

// Saying returns the fault with what the website is supposed to show to the
// shopper: "message", "messages" and, unless it is empty, "code". Payments fail
// that way, with 406 or 412 or also with 200. Only [StatusFault] and
// [RetryAfterFault] say anything.
func (f Fault) Saying(code string, messages ...string) Fault {
	f.code, f.says = code, slices.Clone(messages)
	return f
}

// HTMLFault answers an HTML page, as a proxy in front of Centra does.
func HTMLFault(status int) Fault {
	return bodyFault("HTML "+strconv.Itoa(status), status, "text/html; charset=UTF-8",
		[]byte("<!DOCTYPE html>\n<html><head><title>Bad Gateway</title></head><body><h1>Bad Gateway</h1></body></html>\n"))
}

// ListFault answers 200 with [], as PHP writes an empty object.
func ListFault() Fault {
	return bodyFault("list", http.StatusOK, "application/json", []byte("[]"))
}

// OversizedFault answers 200 with a JSON object of that many bytes, at least 12.
func OversizedFault(size int) Fault {
	body := slices.Repeat([]byte("x"), max(size, 12))
	copy(body, `{"pad":"`)
	copy(body[len(body)-2:], `"}`)
	return bodyFault("oversized", http.StatusOK, "application/json", body)
}

func bodyFault(name string, status int, contentType string, body []byte) Fault {
	return Fault{name: name, status: status, act: func(_ *Server, w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", contentType)
		w.Header().Set("Content-Length", strconv.Itoa(len(body)))
		w.WriteHeader(status)
		_, _ = w.Write(body)
	}}
}

// TruncatedFault answers 200 with the request's own token and closes the
// connection in the middle of the body; the client reads io.ErrUnexpectedEOF.
func TruncatedFault() Fault {
	return Fault{name: "truncated", status: http.StatusOK, act: func(_ *Server, w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		w.Header().Set("Content-Length", "30000")
		w.WriteHeader(http.StatusOK)
		beginning := fmt.Sprintf(`{"token":%q,"selection":{"items":[{"item":"1-1",`, r.Header.Get("API-Token"))
		if api, _ := splitPath(r.URL.EscapedPath()); api == StorefrontAPI {
			beginning = fmt.Sprintf(`{"extensions":{"token":%q},"data":{"selection":{"lines":[{"id":"1",`, bearer(r.Header))
		}
		_, _ = io.WriteString(w, beginning)
		_ = http.NewResponseController(w).Flush() // the client shall see the half that there is
		panic(http.ErrAbortHandler)
	}}
}

// LostAnswerFault carries the request out and closes the connection in place of
// an answer: whoever asked does not know what became of it.
func LostAnswerFault() Fault { return Fault{name: "lost answer", lost: true} }

// HangFault never answers: it ends with the request's context or with [Server.Close].
func HangFault() Fault {
	return Fault{name: "hang", hangs: true, act: func(s *Server, _ http.ResponseWriter, r *http.Request) {
		select {
		case <-r.Context().Done():
		case <-s.done:
		}
		panic(http.ErrAbortHandler)
	}}
}

// ResetFault resets the connection after the request has been read.
func ResetFault() Fault {
	return Fault{name: "reset", act: func(_ *Server, w http.ResponseWriter, _ *http.Request) {
		if conn, _, err := http.NewResponseController(w).Hijack(); err == nil {
			if tcp, ok := conn.(*net.TCPConn); ok {
				_ = tcp.SetLinger(0) // closing sends RST instead of FIN
			}
			_ = conn.Close()
		}
		panic(http.ErrAbortHandler)
	}}
}

// FailNext scripts the answers to the next requests, one fault each, before
// their routes are looked at.
func (s *Server) FailNext(faults ...Fault) {
	s.update(func() { s.nextFaults = append(s.nextFaults, faults...) })
}

// SetFault answers every request with the fault, until [Server.ClearFault].
// Those of FailNext come first.
func (s *Server) SetFault(f Fault) {
	s.update(func() { s.lastingFault = &f })
}

// ClearFault ends all scripted faults.
func (s *Server) ClearFault() {
	s.update(func() { s.lastingFault, s.nextFaults = nil, nil })
}

func (s *Server) takeFault() *Fault {
	if len(s.nextFaults) > 0 {
		f := s.nextFaults[0]
		s.nextFaults = s.nextFaults[1:]
		return &f
	}
	return s.lastingFault
}

func (f *Fault) reply() *reply {
	body := object{}
	if len(f.errors) > 0 {
		errors := object{}
		for field, message := range f.errors {
			errors[field] = message
		}
		body["errors"] = errors
	}
	if f.code != "" {
		body["code"] = f.code
	}
	if len(f.says) > 0 {
		messages := []any{}
		for _, message := range f.says {
			messages = append(messages, message)
		}
		body["message"], body["messages"] = f.says[0], messages
	}
	return &reply{status: f.status, body: body}
}
