package browsertest

import (
	"fmt"
	"slices"
	"testing"
	"time"
)

// hide opens another tab in front of this one.
func (tab *tab) hide() {
	tab.t.Helper()
	tab.run(`window.front = open("/elsewhere")`)
	tab.wait(`document.hidden`)
}

// A hidden tab is not a page that goes away: its events keep their order.
func TestHiddenTab(t *testing.T) {
	t.Parallel()
	shop, tab := newFakeShop(t), newTab(t)
	shop.answer = slowly(100 * time.Millisecond)
	tab.open(shop.URL)
	tab.run(`for (let i = 0; i < 3; i++) fire({event: "e" + i, additionalFields: {suspendIgnore: i}})`)
	tab.hide()
	tab.run(`for (let i = 3; i < 10; i++) fire({event: "e" + i, additionalFields: {suspendIgnore: i}})`)
	tab.wait(`resumes.length === 10`)
	if !eval[bool](tab, `document.hidden`) {
		t.Fatal("the tab is not hidden")
	}
	posts := shop.got()
	if len(posts) != 10 || slices.ContainsFunc(posts, func(p post) bool { return p.Overlaps }) {
		t.Errorf("the callback got %+v, want ten posts that do not overlap", posts)
	}
	for i, post := range posts {
		if want := fmt.Sprintf(`{"event":"e%d","additionalFields":{"suspendIgnore":%d}}`, i, i); post.Body != want {
			t.Errorf("post %d is %s, want %s", i, post.Body, want)
		}
	}
}

// Who looks something up in another tab may not come back.
func TestTypedThenHidden(t *testing.T) {
	t.Parallel()
	shop, tab := newFakeShop(t), newTab(t)
	shop.body = watching(`{consent: () => true}`)
	tab.open(shop.URL)
	tab.focus("#email")
	tab.keys("anna@example.com")
	tab.hide()
	shop.waitPosts(t, 1)
	tab.run(`front.close()`)
	tab.wait(`!document.hidden`)
	tab.keys("\t") // the field's own change
	tab.hide()
	tab.close()
	time.Sleep(time.Second)
	if got := sortedBodies(shop); len(got) != 1 || got[0] != `{"email":"anna@example.com"}` {
		t.Errorf("the callback got %s, want the address once", got)
	}
}
