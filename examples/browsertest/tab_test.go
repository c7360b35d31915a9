package browsertest

import (
	"context"
	"flag"
	"fmt"
	"net/url"
	"os"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/log"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/cdproto/page"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/cdproto/target"
	"github.com/chromedp/chromedp"
)

// patience bounds what should take no time at all, on a machine that is busy.
const patience = 60 * time.Second

// browser is the one Chromium of all tests. Every tab has cookies of its own.
var browser context.Context

func TestMain(m *testing.M) {
	flag.Parse()
	if testing.Short() {
		os.Exit(m.Run())
	}
	// Tabs mostly wait for a clock.
	if n, _ := strconv.Atoi(flag.Lookup("test.parallel").Value.String()); n < 4 {
		_ = flag.Set("test.parallel", "4")
	}
	code := runInBrowser(m)
	removeWebshop()
	os.Exit(code)
}

func runInBrowser(m *testing.M) int {
	options := append(chromedp.DefaultExecAllocatorOptions[:],
		chromedp.DisableGPU,
		chromedp.Flag("disable-quic", true),
		chromedp.Flag("disable-component-update", true),
		// Sites of their own, as cookies see it, and with the certificate of
		// httptest, the only one that is trusted without an authority.
		chromedp.Flag("host-resolver-rules", "MAP *.example 127.0.0.1"),
		chromedp.Flag("ignore-certificate-errors-spki-list", testCertificate()),
	)
	if os.Geteuid() == 0 {
		options = append(options, chromedp.NoSandbox)
	}
	allocator, cancel := chromedp.NewExecAllocator(context.Background(), options...)
	defer cancel()
	browser, cancel = chromedp.NewContext(allocator)
	defer cancel()
	if err := chromedp.Do(browser); err != nil {
		fmt.Fprintf(os.Stderr, "starting Chromium: %v (install it, or run with -short)\n", err)
		return 1
	}
	return m.Run()
}

// A tab is a browser tab of one test. The test fails if a page in it writes an
// error or a warning to the console, violates its Content-Security-Policy,
// throws, or asks another host than those that it was opened on for anything.
type tab struct {
	t   *testing.T
	ctx context.Context

	mu       sync.Mutex
	hosts    []string
	expected []string
	problems []string
}

// newTab opens a tab without cookies. It is closed at the end of the test.
func newTab(t *testing.T) *tab {
	t.Helper()
	if testing.Short() {
		t.Skip("needs Chromium, which -short leaves out")
	}
	tab := &tab{t: t}
	ctx, cancel := chromedp.NewContext(browser, chromedp.WithNewBrowserContext(), chromedp.WithListener(tab.listen))
	tab.ctx = ctx
	t.Cleanup(func() {
		cancel()
		tab.mu.Lock()
		defer tab.mu.Unlock()
		for _, problem := range tab.problems {
			if !slices.ContainsFunc(tab.expected, func(e string) bool { return strings.Contains(problem, e) }) {
				t.Errorf("in the browser: %s", problem)
			}
		}
	})
	// A page reports its violations where no page can hide them.
	const report = `document.addEventListener("securitypolicyviolation", (e) =>
		console.error("CSP: " + e.violatedDirective + " blocked " + (e.blockedURI || e.sample)))`
	if _, err := chromedp.Call(ctx, page.AddScriptToEvaluateOnNewDocument,
		page.AddScriptToEvaluateOnNewDocumentParams{Source: report}); err != nil {
		t.Fatalf("opening a tab: %v", err)
	}
	return tab
}

// listen collects what newTab promises to fail on.
func (tab *tab) listen(event any) {
	tab.mu.Lock()
	defer tab.mu.Unlock()
	report := func(format string, args ...any) { tab.problems = append(tab.problems, fmt.Sprintf(format, args...)) }
	switch e := event.(type) {
	case *runtime.EventExceptionThrown:
		report("exception: %s", describe(e.ExceptionDetails))
	case *runtime.EventConsoleAPICalled:
		if e.Type == "error" || e.Type == "warning" || e.Type == "assert" {
			var text []string
			for _, arg := range e.Args {
				text = append(text, string(arg.Value)+arg.Description)
			}
			report("console.%s: %s", e.Type, strings.Join(text, " "))
		}
	case *log.EventEntryAdded:
		if e.Entry.Level == "error" || e.Entry.Level == "warning" {
			report("%s %s: %s %s", e.Entry.Source, e.Entry.Level, e.Entry.Text, e.Entry.URL)
		}
	case *network.EventRequestWillBeSent:
		if u, err := url.Parse(e.Request.URL); err != nil || u.Host != "" && !slices.Contains(tab.hosts, u.Host) {
			report("request to another host: %s", e.Request.URL)
		}
	}
}

func describe(details *runtime.ExceptionDetails) string {
	if details.Exception != nil && details.Exception.Description != "" {
		return details.Exception.Description
	}
	return details.Text
}

// expect lets a problem pass that contains text.
func (tab *tab) expect(text string) {
	tab.mu.Lock()
	defer tab.mu.Unlock()
	tab.expected = append(tab.expected, text)
}

// open navigates to address and waits for the page's load event. The address's
// host may be asked for things from now on.
func (tab *tab) open(address string) {
	tab.t.Helper()
	u, err := url.Parse(address)
	if err != nil {
		tab.t.Fatal(err)
	}
	tab.allow(u.Host)
	tab.do("opening "+address, chromedp.Navigate(address))
}

// allow lets pages ask host for things.
func (tab *tab) allow(host string) {
	tab.mu.Lock()
	defer tab.mu.Unlock()
	tab.hosts = append(tab.hosts, host)
}

// do runs actions of chromedp, such as a click or keys.
func (tab *tab) do(what string, actions ...chromedp.Action[chromedp.Void]) {
	tab.t.Helper()
	ctx, cancel := context.WithTimeout(tab.ctx, patience)
	defer cancel()
	if err := chromedp.Do(ctx, actions...); err != nil {
		tab.t.Fatalf("%s: %v", what, err)
	}
}

// run executes statements in the page.
func (tab *tab) run(script string) {
	tab.t.Helper()
	tab.do(script, chromedp.Evaluate[chromedp.Void]("{"+script+"}\nundefined"))
}

// eval returns the value of an expression in the page; of a promise, what it
// comes to.
func eval[T any](tab *tab, expression string) T {
	tab.t.Helper()
	ctx, cancel := context.WithTimeout(tab.ctx, patience)
	defer cancel()
	value, err := chromedp.Run(ctx, chromedp.Evaluate[T](expression, chromedp.EvalAwaitPromise))
	if err != nil {
		tab.t.Fatalf("%s: %v", expression, err)
	}
	return value
}

// wait returns when condition, an expression in the page, is true. The page may
// be replaced by another meanwhile.
func (tab *tab) wait(condition string) {
	tab.t.Helper()
	var failed error
	done := eventuallyTrue(func() bool {
		ctx, cancel := context.WithTimeout(tab.ctx, patience)
		defer cancel()
		ok, err := chromedp.Run(ctx, chromedp.Evaluate[bool]("Boolean("+condition+")"))
		failed = err
		return err == nil && ok
	})
	if !done {
		tab.t.Fatalf("still not so after %v: %s (error: %v)", patience, condition, failed)
	}
}

// close closes the tab as a shopper does, without waiting for its page. Its
// cookies and what it left in flight live on until the end of the test.
func (tab *tab) close() {
	tab.t.Helper()
	c := chromedp.FromContext(tab.ctx)
	ctx, cancel := context.WithTimeout(browser, patience)
	defer cancel()
	if _, err := cdp.Call(ctx, c.Browser, target.CloseTarget, target.CloseTargetParams{TargetID: c.Target.TargetID}); err != nil {
		tab.t.Fatalf("closing the tab: %v", err)
	}
}

// eventually waits until done is true.
func eventually(t *testing.T, what string, done func() bool) {
	t.Helper()
	if !eventuallyTrue(done) {
		t.Fatalf("still not so after %v: %s", patience, what)
	}
}

func eventuallyTrue(done func() bool) bool {
	for deadline := time.Now().Add(patience); !done(); time.Sleep(10 * time.Millisecond) {
		if time.Now().After(deadline) {
			return false
		}
	}
	return true
}
