package browsertest

import (
	"testing"
	"time"
)

// Another script of the page may have used up what browsers let be in flight.
func TestKeepaliveQuota(t *testing.T) {
	t.Parallel()
	shop, tab := newFakeShop(t), newTab(t)
	tab.expect("keepalive")
	shop.answer = slowly(300 * time.Millisecond)
	tab.open(shop.URL)
	tab.run(`fetch("/centra/callback", {method: "POST", keepalive: true, body: "x".repeat(65530)});
		fire({email: "a@example.com"})`)
	tab.wait(`heard.length`)
	if got := eval[string](tab, `heard.map((h) => h.name).join()`); got != "centra:selection" {
		t.Errorf("the page heard %s, want centra:selection alone", got)
	}
	if got := len(shop.got()); got != 2 {
		t.Errorf("%d posts, want the other script's and ours", got)
	}
}
