package main

import (
	"bufio"
	"bytes"
	"context"
	"io"
	"net"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/centra-go/cartabandonment/centra/centratest"
)

const (
	secret     = "fleet-secret-canary"
	modeToken  = "fleet-mode-token-canary"
	mailDomain = "@fleet.example"
)

// redisServer is one of the test's own.
type redisServer struct {
	t    *testing.T
	addr string
	cmd  *exec.Cmd
}

func startRedis(t *testing.T) *redisServer {
	t.Helper()
	if _, err := exec.LookPath("redis-server"); err != nil {
		if os.Getenv("CI") == "true" {
			t.Fatal("redis-server is missing; .ci/run installs it")
		}
		t.Skip("redis-server is missing: install it by its ordinary package to run this test")
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	s := &redisServer{t: t, addr: l.Addr().String()}
	_ = l.Close()
	s.start()
	t.Cleanup(s.kill)
	return s
}

// start starts it, empty.
func (s *redisServer) start() {
	s.t.Helper()
	_, port, _ := net.SplitHostPort(s.addr)
	s.cmd = exec.Command("redis-server", "--bind", "127.0.0.1", "--port", port,
		"--save", "", "--appendonly", "no", "--dir", s.t.TempDir())
	if err := s.cmd.Start(); err != nil {
		s.t.Fatal(err)
	}
	client := s.client()
	defer client.Close()
	eventually(s.t, 10*time.Second, "redis-server answers", func() bool {
		return client.Ping(context.Background()).Err() == nil
	})
}

func (s *redisServer) kill() {
	_ = s.cmd.Process.Kill()
	_ = s.cmd.Wait()
}

func (s *redisServer) client() *redis.Client { return redis.NewClient(&redis.Options{Addr: s.addr}) }

// process is the program, run within the test, with all that it says.
type process struct {
	t      *testing.T
	url    string
	output safeBuffer
	cancel context.CancelFunc
	ended  chan error
}

// startShop opens a shop. Its output is looked through for secrets when the test
// ends.
func startShop(t *testing.T, c *centratest.Server, redisAddr string, args ...string) *process {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	p := &process{t: t, cancel: cancel, ended: make(chan error, 1)}
	read, write := io.Pipe()
	args = append([]string{"-addr", "127.0.0.1:0", "-centra", c.CheckoutURL(), "-redis", redisAddr}, args...)
	go func() {
		err := run(ctx, args, io.MultiWriter(write, &p.output), &p.output)
		_ = write.CloseWithError(io.EOF)
		p.ended <- err
	}()
	t.Cleanup(func() {
		p.stop()
		mustNotLeak(t, c, "the log", p.output.String())
	})
	lines := bufio.NewReader(read)
	first, _ := lines.ReadString('\n')
	go func() { _, _ = io.Copy(io.Discard, lines) }()
	_, address, found := strings.Cut(strings.TrimSpace(first), "The shop is open: ")
	if !found {
		t.Fatalf("the shop does not open: %v\n%s", <-p.ended, p.output.String())
	}
	p.url = address
	return p
}

// stop closes the shop as SIGTERM does. Twice does nothing.
func (p *process) stop() {
	p.cancel()
	if err, open := <-p.ended; open {
		close(p.ended)
		if err != nil {
			p.t.Errorf("the shop ended with %v", err)
		}
	}
}

func queueFile(t *testing.T) string { return filepath.Join(t.TempDir(), "queue.db") }

// browser is a visitor's, with cookies of its own.
type browser struct {
	t    *testing.T
	shop string
	http.Client
}

func (p *process) browser() *browser {
	jar, _ := cookiejar.New(nil) // has no error to return
	b := &browser{t: p.t, shop: p.url}
	b.Jar, b.Timeout = jar, 20*time.Second
	b.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	return b
}

// answer is what a browser got.
type answer struct {
	status   int
	location string
	header   http.Header
	body     string
	took     time.Duration
}

func (b *browser) get(path string) answer { return b.send(http.MethodGet, path, nil) }

func (b *browser) post(path string, form url.Values) answer {
	return b.send(http.MethodPost, path, form)
}

// event is what the listener posts for an address.
func (b *browser) event(email string) answer {
	return b.post("/centra/callback", url.Values{"email": {email}, "additionalFields[suspendIgnore]": {"true"}})
}

func (b *browser) send(method, path string, form url.Values) answer {
	b.t.Helper()
	target := path
	if strings.HasPrefix(path, "/") {
		target = b.shop + path
	}
	req, err := http.NewRequestWithContext(b.t.Context(), method, target, strings.NewReader(form.Encode()))
	if err != nil {
		b.t.Fatal(err)
	}
	if form != nil {
		req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	began := time.Now()
	resp, err := b.Do(req)
	if err != nil {
		b.t.Errorf("%s %s: %v", method, path, err)
		return answer{took: time.Since(began)}
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		b.t.Errorf("%s %s: %v", method, path, err)
	}
	return answer{resp.StatusCode, resp.Header.Get("Location"), resp.Header, string(body), time.Since(began)}
}

// fill puts something into the visitor's cart.
func (b *browser) fill() {
	b.t.Helper()
	if a := b.post("/cart/items/1-1", nil); a.status != http.StatusSeeOther {
		b.t.Fatalf("an item is answered %d: %s", a.status, a.body)
	}
}

func eventually(t *testing.T, within time.Duration, what string, happened func() bool) {
	t.Helper()
	for end := time.Now().Add(within); !happened(); time.Sleep(20 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("not within %s: %s", within, what)
		}
	}
}

// mustNotLeak looks for everything that opens a cart or names a shopper.
func mustNotLeak(t *testing.T, c *centratest.Server, where, text string) {
	t.Helper()
	canaries := map[string]string{secret: "the secret", modeToken: "the session mode token", mailDomain: "an address"}
	for _, cart := range c.Carts() {
		canaries[cart.Selection] = "a selection's ID"
	}
	for _, r := range c.Requests() {
		canaries[r.Header.Get("Api-Token")] = "a session"
		canaries[strings.TrimPrefix(r.Header.Get("Authorization"), "Bearer ")] = "a token"
	}
	for canary, what := range canaries {
		if len(canary) > len("none") && strings.Contains(text, canary) {
			t.Errorf("%s holds %s", where, what)
		}
	}
}

type safeBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (s *safeBuffer) Write(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.b.Write(p)
}

func (s *safeBuffer) String() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.b.String()
}
