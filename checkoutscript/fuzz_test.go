package checkoutscript_test

import (
	"encoding/json"
	"fmt"
	"maps"
	"math/rand/v2"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"

	"github.com/centra-go/cartabandonment/checkoutscript"
)

// Whatever a form decodes to, jQuery would send as a form that decodes to it
// again.
func FuzzDecodeForm(f *testing.F) {
	for _, name := range []string{"klarna", "ingrid", "odd"} {
		f.Add(golden(f, "event-"+name+".form"))
	}
	for _, body := range []string{
		"a=1&a[b]=2&a=3", "a[b=x&a]=y&[a]=z", "a[999999999]=1&a[]=2", "a[1]=x&a[0]=y", "a%5B%5D=%C3%A5&a[]=+",
		"a[][b]=1&a[][c]=2", strings.Repeat("[", 100), "a%00=1", "%ff", "=&=&&", "additionalFields[suspendIgnore][x][]=false",
	} {
		f.Add(body)
	}
	f.Fuzz(func(t *testing.T, body string) {
		if plain, _ := url.QueryUnescape(body); strings.Contains(strings.ToLower(plain), "cartabandonmentemail") {
			return // what is dropped does not come back
		}
		event, err := checkoutscript.Decode(post(formType, body))
		if err != nil {
			if statusOf(err) == 0 {
				t.Fatalf("not a *DecodeError: %v", err)
			}
			return
		}
		tree := event.Payload()
		again, err := checkoutscript.Decode(post(formType, param(tree)))
		if statusOf(err) == 413 {
			return // escaped, it may be longer than it was
		}
		if err != nil {
			t.Fatalf("%q decodes, but %q does not: %v", body, param(tree), err)
		}
		if diff := cmp.Diff(tree, again.Payload()); diff != "" {
			t.Errorf("%q decodes to another tree than %q (-first +again):\n%s", body, param(tree), diff)
		}
	})
}

// A JSON body is what encoding/json makes of it, or refused.
func FuzzDecodeJSON(f *testing.F) {
	for _, name := range []string{"klarna", "ingrid", "odd"} {
		f.Add(golden(f, "event-"+name+".json"))
	}
	for _, body := range []string{
		`{}`, `[]`, `null`, `{"a":1}{}`, `{"a":"\u0000"}`, `{"a":"\\u0000"}`, `{"a":1e400,"a":-0}`, `{"a":"\ud800"}`, "{\"\xff\":1}",
		`{"cartAbandonmentEmail":true,"a":[{"cartAbandonmentEmail":1}]}`, strings.Repeat(`{"a":`, 20), `{"a":"`, `{"a":"\`, ` {"a":[]} `,
	} {
		f.Add(body)
	}
	f.Fuzz(func(t *testing.T, body string) {
		event, err := checkoutscript.Decode(post(jsonType, body))
		if err != nil {
			if statusOf(err) == 0 {
				t.Fatalf("not a *DecodeError: %v", err)
			}
			if plainObject(body) {
				t.Fatalf("%q is refused: %v", body, err)
			}
			return
		}
		if !json.Valid([]byte(body)) {
			t.Fatalf("decodes, but is not valid: %q", body)
		}
		want := parseTree(t, body)
		if strings.Contains(strings.ToLower(fmt.Sprint(want)), "cartabandonmentemail") {
			return
		}
		if diff := cmp.Diff(want, event.Payload()); diff != "" {
			t.Errorf("%q (-encoding/json +decoded):\n%s", body, diff)
		}
	})
}

// plainObject reports whether body is an object that cannot be over any limit.
func plainObject(body string) bool {
	var object map[string]json.RawMessage
	return json.Unmarshal([]byte(body), &object) == nil && object != nil &&
		utf8.ValidString(body) && !strings.Contains(body, `\u0000`) && len(body) <= 64<<10 &&
		strings.Count(body, ":") <= 1000 && strings.Count(body, "{")+strings.Count(body, "[") <= 16
}

// Whatever a queue hands back is delivered, to be tried again, or dropped, and
// what can be read is written again as it was.
func FuzzPending(f *testing.F) {
	f.Add(golden(f, "pending.json"))
	for _, text := range []string{`{}`, `[]`, `null`, `{"version":1}`, `{"version":2,"session":5}`, `{"version":1,"session":"s","capturedAt":"now"}`,
		`{"version":1,"session":"s","capturedAt":"2999-01-01T00:00:00Z","fields":{"email":"a@b.se","cartAbandonmentEmail":true}}`} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		var p checkoutscript.Pending
		if err := json.Unmarshal([]byte(text), &p); err != nil {
			return
		}
		again, err := json.Marshal(p)
		if err != nil {
			t.Fatalf("%q can be read, but not written: %v", text, err)
		}
		var q checkoutscript.Pending
		if err := json.Unmarshal(again, &q); err != nil {
			t.Fatalf("%q becomes %s, which cannot be read: %v", text, again, err)
		}
		if diff := cmp.Diff(p, q); diff != "" && p.Version == 1 {
			t.Errorf("%q (-read +read again):\n%s", text, diff)
		}
		h := newHandler(t, funcAPI(nil)) // whose Selection fails
		if err := h.Redeliver(t.Context(), p); err == nil {
			t.Errorf("%q was delivered", text)
		}
	})
}

// Forms agree with an independent model of what $.param sends and PHP reads.
func TestDecodeFormAgreesWithParam(t *testing.T) {
	for seed := range uint64(3000) {
		tree := randomObject(rand.New(rand.NewPCG(seed, 0)), 1)
		got := decodePayload(t, formType, param(tree))
		if diff := cmp.Diff(formOf(tree), got); diff != "" {
			t.Fatalf("seed %d, %s (-want +got):\n%s", seed, param(tree), diff)
		}
	}
}

func randomObject(r *rand.Rand, depth int) map[string]any {
	names := []string{"email", "a", "å b&=", "0", "1", "2", "7", "detail", "additionalFields", "suspendIgnore", "10000000000000000000"}
	object := map[string]any{}
	for range r.IntN(5) {
		object[names[r.IntN(len(names))]] = randomValue(r, depth+1)
	}
	return object
}

func randomValue(r *rand.Rand, depth int) any {
	scalars := []any{nil, true, false, json.Number("0"), json.Number("-1.5e9"), "", "true", "x y", "ö+%&=[]", "🛒"}
	switch n := r.IntN(6); {
	case depth < 6 && n == 0:
		list := make([]any, r.IntN(4))
		for i := range list {
			list[i] = randomValue(r, depth+1)
		}
		return list
	case depth < 6 && n <= 2:
		return randomObject(r, depth)
	}
	return scalars[r.IntN(len(scalars))]
}

// param is jQuery's: members by name, elements by index only where they have
// parts themselves.
func param(event map[string]any) string {
	var pairs []string
	var add func(key string, v any)
	add = func(key string, v any) {
		switch v := v.(type) {
		case nil:
			pairs = append(pairs, url.QueryEscape(key)+"=")
		case map[string]any:
			for _, name := range slices.Sorted(maps.Keys(v)) {
				add(key+"["+name+"]", v[name])
			}
		case []any:
			for i, element := range v {
				index := ""
				if isTree(element) {
					index = strconv.Itoa(i)
				}
				add(key+"["+index+"]", element)
			}
		default:
			pairs = append(pairs, url.QueryEscape(key)+"="+url.QueryEscape(fmt.Sprint(v)))
		}
	}
	for _, name := range slices.Sorted(maps.Keys(event)) {
		add(name, event[name])
	}
	return strings.Join(pairs, "&")
}

// formOf is what $.param leaves of an event, in the terms of PHP: everything is
// text, what is empty is gone, and keys from 0 on are a list.
func formOf(event map[string]any) map[string]any {
	form := map[string]any{}
	for name, v := range event {
		if kept, ok := formValue(v); ok {
			form[name] = kept
		}
	}
	wrapped, _ := form["detail"].(map[string]any)
	for _, fields := range []map[string]any{form, wrapped} {
		additional, _ := fields["additionalFields"].(map[string]any)
		if v, ok := additional["suspendIgnore"]; ok {
			additional["suspendIgnore"] = untext(v)
		}
	}
	return form
}

func formValue(v any) (any, bool) {
	members := map[string]any{}
	switch v := v.(type) {
	case nil:
		return "", true
	case map[string]any:
		for name, member := range v {
			if kept, ok := formValue(member); ok {
				members[name] = kept
			}
		}
	case []any:
		next := 0
		for i, element := range v {
			kept, ok := formValue(element)
			if !ok {
				continue
			}
			if isTree(element) {
				next = i
			}
			members[strconv.Itoa(next)] = kept
			next++
		}
	default:
		return fmt.Sprint(v), true
	}
	for i := range members {
		if n, err := strconv.Atoi(i); err != nil || n < 0 || n >= len(members) || strconv.Itoa(n) != i {
			return members, true
		}
	}
	list := make([]any, len(members))
	for i := range list {
		list[i] = members[strconv.Itoa(i)]
	}
	return list, len(list) > 0
}

func isTree(v any) bool {
	switch v.(type) {
	case map[string]any, []any:
		return true
	}
	return false
}

func untext(v any) any {
	switch v := v.(type) {
	case []any:
		for i := range v {
			v[i] = untext(v[i])
		}
	case map[string]any:
		for name := range v {
			v[name] = untext(v[name])
		}
	case string:
		if b, err := strconv.ParseBool(v); err == nil && len(v) > 3 && v == strings.ToLower(v) {
			return b
		}
	}
	return v
}
