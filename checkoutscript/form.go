package checkoutscript

import (
	"bytes"
	"errors"
	"io"
	"mime/multipart"
	"net/url"
	"strconv"
	"strings"
)

var (
	errForm = badRequest("the body is not a valid form")
	errFile = unsupported("the form holds a file")
)

// parseForm decodes application/x-www-form-urlencoded. net/url would sort the
// pairs by key, and lose which of two conflicting ones came last.
func parseForm(body []byte) (map[string]any, error) {
	var form form
	for rest := string(body); rest != ""; {
		var pair string
		pair, rest, _ = strings.Cut(rest, "&")
		if pair == "" {
			continue
		}
		key, value, _ := strings.Cut(pair, "=")
		key, errKey := url.QueryUnescape(key)
		value, errValue := url.QueryUnescape(value)
		if errKey != nil || errValue != nil {
			return nil, errForm
		}
		if err := form.add(key, value); err != nil {
			return nil, err
		}
	}
	return form.payload(), nil
}

// parseMultipart decodes multipart/form-data, which is what FormData sends.
func parseMultipart(body []byte, boundary string) (map[string]any, error) {
	var form form
	parts := multipart.NewReader(bytes.NewReader(body), boundary)
	for {
		part, err := parts.NextPart()
		if errors.Is(err, io.EOF) {
			return form.payload(), nil
		}
		if err != nil || part.FormName() == "" {
			return nil, errForm
		}
		if part.FileName() != "" {
			return nil, errFile
		}
		value, err := io.ReadAll(part)
		if err != nil {
			return nil, errForm
		}
		if err := form.add(part.FormName(), string(value)); err != nil {
			return nil, err
		}
	}
}

// form builds a payload from the pairs of a form.
type form struct {
	top   branch
	pairs int
}

// branch is an object or a list; which of them shows when all pairs are in.
type branch struct {
	members map[string]any // *branch or string
	next    int64          // behind the highest index: where [] appends
}

func (f *form) add(key, value string) error {
	if f.pairs++; f.pairs > maxKeys {
		return errKeys
	}
	if strings.Count(key, "[") >= maxDepth {
		return errDepth
	}
	if !isText(key) || !isText(value) {
		return errText
	}
	at := &f.top
	name, brackets := splitKey(key)
	for brackets != "" {
		end := strings.IndexByte(brackets, ']')
		at = at.branch(name)
		if name = brackets[1:end]; name == "" {
			name = strconv.FormatInt(at.next, 10)
			at.next++
		}
		brackets = brackets[end+1:]
	}
	at.put(name, value)
	return nil
}

// splitKey divides a[b][] into a and [b][]. A key of any other form is a name.
func splitKey(key string) (name, brackets string) {
	start := strings.IndexByte(key, '[')
	if start <= 0 {
		return key, ""
	}
	for rest := key[start:]; rest != ""; {
		end := strings.IndexByte(rest, ']')
		if rest[0] != '[' || end < 0 {
			return key, ""
		}
		rest = rest[end+1:]
	}
	return key[:start], key[start:]
}

// branch returns the branch called name, in place of a text of that name.
func (b *branch) branch(name string) *branch {
	if child, ok := b.members[name].(*branch); ok {
		return child
	}
	child := new(branch)
	b.put(name, child)
	return child
}

func (b *branch) put(name string, v any) {
	if b.members == nil {
		b.members = make(map[string]any)
	}
	b.members[name] = v
	if i, ok := index(name); ok && i >= b.next {
		b.next = i + 1
	}
}

// index reads a key that PHP takes for a number, as it would print it.
func index(name string) (int64, bool) {
	if name == "" || len(name) > 18 || (name[0] == '0' && len(name) > 1) {
		return 0, false
	}
	var i int64
	for _, c := range []byte(name) {
		if c < '0' || c > '9' {
			return 0, false
		}
		i = i*10 + int64(c-'0')
	}
	return i, true
}

// payload ends the form: every branch becomes what it is.
func (f *form) payload() map[string]any {
	payload := f.top.object()
	wrapped, _ := payload["detail"].(map[string]any)
	for _, fields := range []map[string]any{payload, wrapped} { // where SuspendIgnore looks
		additional, _ := fields["additionalFields"].(map[string]any)
		if v, ok := additional["suspendIgnore"]; ok {
			additional["suspendIgnore"] = booleans(v)
		}
	}
	return payload
}

func (b *branch) object() map[string]any {
	if b.members == nil {
		return map[string]any{}
	}
	for name, v := range b.members {
		if child, ok := v.(*branch); ok {
			b.members[name] = child.value()
		}
	}
	return b.members
}

// value is a list where the keys are 0 to n-1, else an object.
func (b *branch) value() any {
	members := b.object()
	if b.next != int64(len(members)) {
		return members
	}
	list := make([]any, len(members))
	for i := range list {
		v, ok := members[strconv.Itoa(i)]
		if !ok {
			return members
		}
		list[i] = v
	}
	return list
}

// booleans turns the texts true and false back into what the widget gave.
func booleans(v any) any {
	switch v := v.(type) {
	case string:
		switch v {
		case "true":
			return true
		case "false":
			return false
		}
	case []any:
		for i := range v {
			v[i] = booleans(v[i])
		}
	case map[string]any:
		for name := range v {
			v[name] = booleans(v[name])
		}
	}
	return v
}
