package browsertest

import (
	"bufio"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/centra-go/cartabandonment/centra/centratest"
)

// A webshop is a running examples/webshop.
type webshop struct {
	URL string

	mu  sync.Mutex
	log strings.Builder
}

var webshopDir = filepath.Join(os.TempDir(), fmt.Sprintf("webshop-%d", os.Getpid()))

var buildWebshop = sync.OnceValues(func() (string, error) {
	binary := filepath.Join(webshopDir, "webshop")
	build := exec.Command("go", "build", "-o", binary, "./examples/webshop")
	build.Dir = filepath.Join("..", "..") // it belongs to the library's module
	if out, err := build.CombinedOutput(); err != nil {
		return "", fmt.Errorf("building the webshop: %w\n%s", err, out)
	}
	return binary, nil
})

func removeWebshop() { _ = os.RemoveAll(webshopDir) }

// newWebshop starts a webshop on a free port. It ends with the test, which fails
// if the shop wrote an e-mail address to its log.
func newWebshop(t *testing.T, flags ...string) *webshop {
	t.Helper()
	if testing.Short() {
		t.Skip("needs Chromium, which -short leaves out")
	}
	binary, err := buildWebshop()
	if err != nil {
		t.Fatal(err)
	}
	process := exec.Command(binary, append([]string{"-addr", "127.0.0.1:0"}, flags...)...)
	output, err := process.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	process.Stderr = process.Stdout
	if err := process.Start(); err != nil {
		t.Fatalf("starting the webshop: %v", err)
	}
	shop := new(webshop)
	opened := make(chan string, 1)
	ended := make(chan struct{})
	go shop.read(output, opened, ended)
	t.Cleanup(func() {
		_ = process.Process.Kill()
		<-ended
		_ = process.Wait()
		if log := shop.log.String(); strings.Contains(log, "@example.com") || t.Failed() && log != "" {
			t.Errorf("the webshop's log:\n%s", log)
		}
	})
	select {
	case shop.URL = <-opened:
	case <-ended:
		t.Fatal("the webshop does not start")
	case <-time.After(patience):
		t.Fatal("the webshop does not say where it is")
	}
	return shop
}

// read collects what the webshop writes, its address first.
func (shop *webshop) read(output io.Reader, opened chan<- string, ended chan<- struct{}) {
	defer close(ended)
	for lines := bufio.NewScanner(output); lines.Scan(); {
		if _, address, ok := strings.Cut(lines.Text(), "The shop is open: "); ok {
			opened <- address
		}
		shop.mu.Lock()
		fmt.Fprintln(&shop.log, lines.Text())
		shop.mu.Unlock()
	}
}

// post sends a form as no browser does, from behind the shopper's back.
func (shop *webshop) post(t *testing.T, path string, form url.Values) {
	t.Helper()
	resp, err := http.PostForm(shop.URL+path, form)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		t.Fatalf("POST %s: %s", path, resp.Status)
	}
}

// newShopWithCentra starts a webshop with a Centra that the test sees into.
func newShopWithCentra(t *testing.T, opts ...centratest.Option) (*webshop, *centratest.Server) {
	t.Helper()
	server := centratest.NewServer(t, opts...)
	return newWebshop(t, "-centra", server.CheckoutURL()), server
}

// updates are the calls that brought details to Centra.
func updates(server *centratest.Server) []centratest.Request {
	var puts []centratest.Request
	for _, r := range server.Requests() {
		if r.Path == "/payment-fields" {
			puts = append(puts, r)
		}
	}
	return puts
}

// filled opens a checkout of the shop with something in the cart.
func (shop *webshop) filled(tab *tab) {
	tab.t.Helper()
	tab.open(shop.URL)
	tab.click(`form[action="/cart/items/1-1"] button`)
	tab.arrive("?added=")
	tab.open(shop.URL + "/checkout")
}

// withoutWidget goes on to the shop's own form.
func (shop *webshop) withoutWidget(tab *tab) {
	tab.t.Helper()
	tab.click(`button[value="dummy"]`)
	tab.wait(`document.querySelector("#details")`)
}

// arrive waits for a page whose address holds text, loaded.
func (tab *tab) arrive(text string) {
	tab.t.Helper()
	tab.wait(fmt.Sprintf(`location.href.includes(%q) && document.readyState === "complete"`, text))
}

// reads waits until the page's own part says text.
func (tab *tab) reads(text string) {
	tab.t.Helper()
	tab.wait(fmt.Sprintf(`document.querySelector("main")?.innerText.includes(%q)`, text))
}

// happened waits until the timeline beside the page says text.
func (tab *tab) happened(text string) {
	tab.t.Helper()
	tab.wait(fmt.Sprintf(`document.querySelector("#entries").innerText.includes(%q)`, text))
}
