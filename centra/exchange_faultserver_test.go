package centra_test

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"
)

// faultyConn is a connection to a faulty server with a request on it, of which
// only the header was read.
type faultyConn struct {
	*net.TCPConn
	request *http.Request
	nth     int // of all requests to the server, from 1
}

// readBody reads the request's body, as a server does that fails later.
func (c faultyConn) readBody() { _, _ = io.Copy(io.Discard, c.request.Body) }

// write sends text as it is.
func (c faultyConn) write(text string) { _, _ = io.WriteString(c, text) }

// answer sends a well-formed response, whatever its body says.
func (c faultyConn) answer(status int, header, body string) {
	c.readBody()
	c.write(fmt.Sprintf("HTTP/1.1 %d %s\r\n%sContent-Length: %d\r\n\r\n%s", status, http.StatusText(status), header, len(body), body))
}

// reset ends the connection with an RST in place of a FIN.
func (c faultyConn) reset() {
	_ = c.SetLinger(0)
	_ = c.Close()
}

// drip sends a byte at a time until the other side has had enough.
func (c faultyConn) drip(text string) {
	for i := 0; ; i++ {
		if _, err := c.Write([]byte{text[i%len(text)]}); err != nil {
			return
		}
		time.Sleep(5 * time.Millisecond)
	}
}

// hang waits until the other side closes.
func (c faultyConn) hang() {
	c.readBody()
	_, _ = c.Read(make([]byte, 1))
}

// faultyServer speaks HTTP only as far as its script does.
type faultyServer struct {
	url      string
	listener net.Listener
	script   func(faultyConn) (keep bool)

	mu    sync.Mutex
	conns []net.Conn
	calls int
	done  sync.WaitGroup
}

// newFaultyServer serves each request by the script, which says whether the
// connection is kept for another.
func newFaultyServer(tb testing.TB, script func(faultyConn) (keep bool)) *faultyServer {
	tb.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		tb.Fatal(err)
	}
	s := &faultyServer{url: "http://" + listener.Addr().String(), listener: listener, script: script}
	s.done.Go(s.accept)
	tb.Cleanup(s.close)
	return s
}

func (s *faultyServer) accept() {
	for {
		conn, err := s.listener.Accept()
		if err != nil {
			return
		}
		s.mu.Lock()
		s.conns = append(s.conns, conn)
		s.mu.Unlock()
		s.done.Go(func() { s.serve(conn.(*net.TCPConn)) })
	}
}

func (s *faultyServer) serve(conn *net.TCPConn) {
	defer func() { _ = conn.Close() }()
	r := bufio.NewReader(conn)
	for {
		request, err := http.ReadRequest(r)
		if err != nil {
			return
		}
		s.mu.Lock()
		s.calls++
		nth := s.calls
		s.mu.Unlock()
		if !s.script(faultyConn{conn, request, nth}) {
			return
		}
	}
}

// counts returns how many requests and connections have come.
func (s *faultyServer) counts() (calls, conns int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.calls, len(s.conns)
}

func (s *faultyServer) close() {
	_ = s.listener.Close()
	s.mu.Lock()
	for _, conn := range s.conns {
		_ = conn.Close()
	}
	s.mu.Unlock()
	s.done.Wait()
}

// refusingURL is where nothing listens.
func refusingURL(tb testing.TB) string {
	tb.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		tb.Fatal(err)
	}
	defer func() { _ = listener.Close() }()
	return "http://" + listener.Addr().String()
}

// noGoroutineLeft checks, at the end of the test, that it left no goroutine
// behind. The servers must be closed by then.
func noGoroutineLeft(t *testing.T) {
	t.Helper()
	before := runtime.NumGoroutine()
	t.Cleanup(func() {
		if t.Failed() {
			return
		}
		http.DefaultTransport.(*http.Transport).CloseIdleConnections()
		for deadline := time.Now().Add(5 * time.Second); runtime.NumGoroutine() > before; time.Sleep(10 * time.Millisecond) {
			if time.Now().After(deadline) {
				stacks := make([]byte, 1<<20)
				t.Errorf("%d goroutines, %d before:\n%s", runtime.NumGoroutine(), before, stacks[:runtime.Stack(stacks, true)])
				return
			}
		}
	})
}

// as returns the first error of the type in err's tree.
func as[T error](err error) (T, bool) {
	var target T
	ok := errors.As(err, &target)
	return target, ok
}

// padding is n bytes of a body that is not JSON.
func padding(n int) string { return strings.Repeat("<p>down</p>\n", n/12+1)[:n] }
