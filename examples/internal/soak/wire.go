package main

import (
	"bytes"
	"io"
	"math/rand/v2"
	"net/http"
	"strconv"
)

// loss is what happens to an answer after Centra has done what was asked.
type loss int

const (
	arrives  loss = iota
	noAnswer      // the connection breaks instead
	cut           // it breaks somewhere in the body
	cutAtEnd      // only the body's last byte is missing, so the new token is there
)

// part is what is left of an answer.
func (l loss) part(body []byte) []byte {
	switch {
	case l == noAnswer, len(body) == 0 && l != arrives:
		return nil
	case l == cut:
		return body[:rand.N(len(body))]
	case l == cutAtEnd:
		return body[:len(body)-1]
	}
	return body
}

// heldAnswer keeps an answer back, so that the witness knows it before the shop does.
type heldAnswer struct {
	http.ResponseWriter
	status int
	body   bytes.Buffer
	out    bool // it was let out before its end, which no answer of Centra's is
}

func (a *heldAnswer) WriteHeader(status int) { a.status = status }

func (a *heldAnswer) Write(p []byte) (int, error) { return a.body.Write(p) }

// Flush is for the faults that break in the middle.
func (a *heldAnswer) Flush() {
	a.out = true
	a.send(a.body.Bytes())
}

// Unwrap leads to the connection, for the faults that break that.
func (a *heldAnswer) Unwrap() http.ResponseWriter { return a.ResponseWriter }

func (a *heldAnswer) send(part []byte) {
	if a.status != 0 {
		a.ResponseWriter.WriteHeader(a.status)
	}
	_, _ = a.ResponseWriter.Write(part) // a shop that has gone needs no answer
	_ = http.NewResponseController(a.ResponseWriter).Flush()
}

// ServeHTTP is Centra with the witness at its door, and what happens to answers on
// their way.
func (u *upstream) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return
	}
	r.Body = io.NopCloser(bytes.NewReader(body))
	loss := u.arrive(r.Header.Get("X-Correlation-ID"))
	req := u.witness.arrives(r, body)
	defer func() {
		if r.Context().Err() != nil {
			u.witness.givesUp(req)
		}
	}()

	held := &heldAnswer{ResponseWriter: w}
	u.Handler().ServeHTTP(held, r)
	if held.out {
		return
	}
	s := u.witness.read(held.status, held.body.Bytes())
	part := loss.part(held.body.Bytes())
	told := r.Context().Err() == nil && bytes.Contains(part, []byte(strconv.Quote(s.session)))
	u.witness.answered(req, s, told)
	if len(part) > 0 {
		held.send(part)
	}
	if len(part) < held.body.Len() {
		panic(http.ErrAbortHandler)
	}
}
