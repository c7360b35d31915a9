package browsertest

import (
	"flag"
	"os"
	"path/filepath"
	"testing"

	"github.com/chromedp/chromedp"
)

var update = flag.Bool("update", false, "write the screenshots of the README")

// The pictures of the README. Written by
//
//	go test -run TestScreenshots -update
func TestScreenshots(t *testing.T) {
	t.Parallel()
	const (
		most = 150 << 10 // bytes: a README should load
		desk = 1280
		hand = 390
	)
	pictures := map[string][]int64{
		"shop": {desk, hand}, "checkout-widget": {desk, hand}, "checkout-form": {desk}, "timeline": {desk},
		"inbox": {desk}, "conflict": {desk}, "out-of-stock": {desk}, "dead-link": {desk},
	}
	for _, state := range states {
		widths, wanted := pictures[state.name]
		if !wanted {
			continue
		}
		t.Run(state.name, func(t *testing.T) {
			t.Parallel()
			shop := newWebshop(t, state.flags()...)
			tab := newTab(t)
			tab.media(desk, 800, "light", "reduce")
			state.reach(t, shop, tab)
			tab.wait(state.shows)
			for _, width := range widths {
				name, height := state.name, int64(800)
				if width == hand {
					name, height = state.name+"-phone", 844
				}
				tab.media(width, height, "light", "reduce")
				tab.wait(state.shows)
				if !*update {
					continue
				}
				tab.wait(`!document.querySelector(".fresh")`)
				picture, err := chromedp.Run(tab.ctx, chromedp.CaptureScreenshot())
				if err != nil {
					t.Fatal(err)
				}
				if len(picture) > most {
					t.Errorf("%s has %d bytes, more than %d", name, len(picture), most)
				}
				if err := os.WriteFile(filepath.Join("..", "..", ".github", "screenshots", name+".png"), picture, 0o644); err != nil {
					t.Fatal(err)
				}
			}
		})
	}
}
