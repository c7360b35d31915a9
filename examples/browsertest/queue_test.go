package browsertest

import (
	"encoding/json"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// A burst: posts never overlap, the last state wins, every event is resumed.
func TestBurst(t *testing.T) {
	t.Parallel()
	for name, row := range map[string]struct {
		detail string // of the i-th event
		want   []float64
	}{
		// While the first is in flight, 28 are replaced by the last.
		"one kind": {`{n: i, address: {zipCode: "1"}}`, []float64{0, 29}},
		// Each says something that the others do not.
		"30 kinds": {`{n: i, ["field" + i]: i}`, counted(30)},
		"types":    {`{n: i, type: i % 2 ? "change" : "load"}`, []float64{0, 28, 29}},
		"events":   {`{n: i, event: "change" + i}`, counted(30)},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			shop, tab := newFakeShop(t), newTab(t)
			shop.answer = slowly(20 * time.Millisecond)
			tab.open(shop.URL)
			tab.run(`for (let i = 0; i < 30; i++) fire({...` + row.detail + `, additionalFields: {suspendIgnore: i}})`)
			tab.wait(`resumes.length >= 30`)
			tab.wait(fmt.Sprintf(`heard.some((h) => h.detail.answer === %d)`, len(row.want))) // on a busy machine later

			var got []float64
			for _, body := range shop.bodies(t) {
				got = append(got, body.(map[string]any)["n"].(float64))
			}
			if diff := cmp.Diff(row.want, got); diff != "" {
				t.Errorf("the callback got other events (-want +got):\n%s", diff)
			}
			if slices.ContainsFunc(shop.got(), func(p post) bool { return p.Overlaps }) {
				t.Error("posts overlapped")
			}
			resumed := eval[[]float64](tab, `resumes.map((r) => r.args[0])`)
			slices.Sort(resumed)
			if diff := cmp.Diff(counted(30), resumed); diff != "" {
				t.Errorf("resumes, sorted (-want +got):\n%s", diff)
			}
			if got := eval[int](tab, `heard.at(-1).detail.answer`); got != len(row.want) {
				t.Errorf("the page's last selection is of answer %d, want %d", got, len(row.want))
			}
		})
	}
}

func counted(n int) []float64 {
	list := make([]float64, n)
	for i := range list {
		list[i] = float64(i)
	}
	return list
}

// Which of the events that wait behind another one are sent.
func TestReplace(t *testing.T) {
	t.Parallel()
	shop, tab := newFakeShop(t), newTab(t)
	tab.open(shop.URL)
	for name, row := range map[string]struct{ events, want string }{
		"same keys":       {`[{email: "a"}, {email: "b"}]`, `[{"email":"b"}]`},
		"more keys":       {`[{email: "a"}, {email: "a", zip: 1}]`, `[{"email":"a","zip":1}]`},
		"fewer keys":      {`[{email: "a", zip: 1}, {zip: 2}]`, `[{"email":"a","zip":1},{"zip":2}]`},
		"fewer, nested":   {`[{address: {zip: 1, city: "x"}}, {address: {zip: 2}}]`, `[{"address":{"zip":1,"city":"x"}},{"address":{"zip":2}}]`},
		"cleared":         {`[{email: "a"}, {email: ""}]`, `[{"email":"a"},{"email":""}]`},
		"cleared by null": {`[{address: {zip: 1}}, {address: null}]`, `[{"address":{"zip":1}},{"address":null}]`},
		"filled in":       {`[{email: "", zip: null}, {email: "a", zip: 1}]`, `[{"email":"a","zip":1}]`},
		"shorter list":    {`[{items: [1, 2]}, {items: [3]}]`, `[{"items":[1,2]},{"items":[3]}]`},
		"other type":      {`[{type: "load", zip: 1}, {type: "change", zip: 2}]`, `[{"type":"load","zip":1},{"type":"change","zip":2}]`},
		// To the end of the queue: the event between the two overlaps with both.
		"order":   {`[{zip: 1}, {zip: 2, type: "x"}, {zip: 3}]`, `[{"zip":2,"type":"x"},{"zip":3}]`},
		"several": {`[{a: 1}, {b: 1}, {a: 2, b: 2}]`, `[{"a":2,"b":2}]`},
	} {
		before := len(shop.got())
		tab.run(`resumes.length = 0; window.events = ` + row.events + `; fire({first: true}); events.forEach(fire)`)
		tab.wait(`resumes.length === events.length + 1`)
		var want []any
		if err := json.Unmarshal([]byte(row.want), &want); err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(want, shop.bodies(t)[before+1:]); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
}

// What is sent is what the event held when it was dispatched.
func TestDetailChangedAfterwards(t *testing.T) {
	t.Parallel()
	shop, tab := newFakeShop(t), newTab(t)
	tab.open(shop.URL)
	tab.run(`fire({first: true});
		const detail = {email: "a@example.com"};
		fire(detail); detail.email = ""; fire(detail)`)
	tab.wait(`resumes.length === 3`)
	want := []any{map[string]any{"first": true}, map[string]any{"email": "a@example.com"}, map[string]any{"email": ""}}
	if diff := cmp.Diff(want, shop.bodies(t)); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}
