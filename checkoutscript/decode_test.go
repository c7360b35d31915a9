package checkoutscript_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/google/go-cmp/cmp"

	"github.com/centra-go/cartabandonment/checkoutscript"
)

const (
	formType = "application/x-www-form-urlencoded; charset=UTF-8" // as jQuery writes it
	jsonType = "application/json"
)

func post(contentType, body string) *http.Request {
	r := httptest.NewRequest(http.MethodPost, "/centra/callback", strings.NewReader(body))
	r.Header.Set("Content-Type", contentType)
	return r
}

func golden(t testing.TB, name string) string {
	t.Helper()
	content, err := os.ReadFile("testdata/" + name)
	if err != nil {
		t.Fatal(err)
	}
	return string(content)
}

func decodePayload(t testing.TB, contentType, body string) map[string]any {
	t.Helper()
	event, err := checkoutscript.Decode(post(contentType, body))
	if err != nil {
		t.Fatalf("Decode: %v", err)
	}
	return event.Payload()
}

// parseTree is what encoding/json alone makes of an object.
func parseTree(t testing.TB, text string) map[string]any {
	t.Helper()
	d := json.NewDecoder(strings.NewReader(text))
	d.UseNumber()
	var tree map[string]any
	if err := d.Decode(&tree); err != nil {
		t.Fatal(err)
	}
	return tree
}

// The .form files are what jQuery 3.7 and 4 both send for the .json beside them.
func TestDecodeGolden(t *testing.T) {
	for _, name := range []string{"klarna", "ingrid", "odd"} {
		t.Run(name, func(t *testing.T) {
			sent := parseTree(t, golden(t, "event-"+name+".json"))
			asJSON := decodePayload(t, jsonType, golden(t, "event-"+name+".json"))
			if diff := cmp.Diff(sent, asJSON); diff != "" {
				t.Errorf("JSON (-sent +decoded):\n%s", diff)
			}
			asForm := decodePayload(t, formType, golden(t, "event-"+name+".form"))
			if diff := cmp.Diff(formOf(sent), asForm); diff != "" {
				t.Errorf("form (-sent +decoded):\n%s", diff)
			}
		})
	}
}

func TestDecodeForm(t *testing.T) {
	type object = map[string]any
	type list = []any
	tests := map[string]struct {
		body string
		want object
	}{
		"nothing":                        {"", object{}},
		"empty pairs":                    {"&&a=1&&", object{"a": "1"}},
		"no value":                       {"a", object{"a": ""}},
		"no name":                        {"=1", object{"": "1"}},
		"an equals sign in the value":    {"a=b=c", object{"a": "b=c"}},
		"a semicolon is text":            {"a=1;b=2", object{"a": "1;b=2"}},
		"plus and percent":               {"a+b=c%20d%2B", object{"a b": "c d+"}},
		"member":                         {"a[b][c]=1", object{"a": object{"b": object{"c": "1"}}}},
		"list":                           {"a[]=1&a[]=2", object{"a": list{"1", "2"}}},
		"list of objects":                {"a[0][b]=1&a[1][b]=2", object{"a": list{object{"b": "1"}, object{"b": "2"}}}},
		"list by index, out of order":    {"a[1]=y&a[0]=x", object{"a": list{"x", "y"}}},
		"indexes and appending":          {"a[0]=x&a[]=y&a[2]=z", object{"a": list{"x", "y", "z"}}},
		"appending behind a gap":         {"a[]=x&a[5]=y&a[]=z", object{"a": object{"0": "x", "5": "y", "6": "z"}}},
		"a gap":                          {"a[1]=x", object{"a": object{"1": "x"}}},
		"a huge index":                   {"a[999999999]=1", object{"a": object{"999999999": "1"}}},
		"appending behind a huge index":  {"a[999999999]=1&a[]=2", object{"a": object{"999999999": "1", "1000000000": "2"}}},
		"appending twice behind one":     {"a[999999999999999999]=1&a[]=2&a[]=3", object{"a": object{"999999999999999999": "1", "1000000000000000000": "2", "1000000000000000001": "3"}}},
		"an index beyond 64 bits":        {"a[99999999999999999999]=1&a[]=2", object{"a": object{"99999999999999999999": "1", "0": "2"}}},
		"an index with a zero":           {"a[00]=1", object{"a": object{"00": "1"}}},
		"a negative index":               {"a[-1]=1&a[]=2", object{"a": object{"-1": "1", "0": "2"}}},
		"names and appending":            {"a[x]=1&a[]=2", object{"a": object{"x": "1", "0": "2"}}},
		"the event is never a list":      {"0=a&1=b", object{"0": "a", "1": "b"}},
		"duplicate: last wins":           {"a=1&a=2", object{"a": "2"}},
		"duplicate member: last wins":    {"a[b]=1&a[b]=2", object{"a": object{"b": "2"}}},
		"conflict: object after text":    {"a=1&a[b]=2", object{"a": object{"b": "2"}}},
		"conflict: text after object":    {"a[b]=2&a=1", object{"a": "1"}},
		"conflict: deeper after text":    {"a[b]=1&a[b][c]=2", object{"a": object{"b": object{"c": "2"}}}},
		"conflict: list becomes object":  {"a[]=1&a[b]=2", object{"a": object{"0": "1", "b": "2"}}},
		"bracket not closed":             {"a[b=x", object{"a[b": "x"}},
		"bracket not opened":             {"a]b=x", object{"a]b": "x"}},
		"text behind brackets":           {"a[b]c=x", object{"a[b]c": "x"}},
		"brackets within brackets":       {"a[[b]]=x", object{"a[[b]]": "x"}},
		"only brackets":                  {"[]=x&[a]=y", object{"[]": "x", "[a]": "y"}},
		"escaped brackets are brackets":  {"a%5Bb%5D=1&a[c]=2", object{"a": object{"b": "1", "c": "2"}}},
		"15 brackets":                    {"a" + strings.Repeat("[]", 15) + "=x", nested("a", 15)},
		"values stay text":               {"a=true&b=1&c=null", object{"a": "true", "b": "1", "c": "null"}},
		"suspendIgnore true":             {"additionalFields[suspendIgnore]=true", object{"additionalFields": object{"suspendIgnore": true}}},
		"suspendIgnore false":            {"additionalFields[suspendIgnore]=false", object{"additionalFields": object{"suspendIgnore": false}}},
		"suspendIgnore 0":                {"additionalFields[suspendIgnore]=0", object{"additionalFields": object{"suspendIgnore": "0"}}},
		"suspendIgnore empty":            {"additionalFields[suspendIgnore]=", object{"additionalFields": object{"suspendIgnore": ""}}},
		"suspendIgnore list":             {"additionalFields[suspendIgnore][]=a&additionalFields[suspendIgnore][]=false", object{"additionalFields": object{"suspendIgnore": list{"a", false}}}},
		"suspendIgnore, wrapped":         {"type=x&detail[additionalFields][suspendIgnore]=false", object{"type": "x", "detail": object{"additionalFields": object{"suspendIgnore": false}}}},
		"suspendIgnore elsewhere":        {"suspendIgnore=true&address[suspendIgnore]=true", object{"suspendIgnore": "true", "address": object{"suspendIgnore": "true"}}},
		"additionalFields is a text":     {"additionalFields=true", object{"additionalFields": "true"}},
		"the rest of additionalFields":   {"additionalFields[free]=true", object{"additionalFields": object{"free": "true"}}},
		"cartAbandonmentEmail is no use": {"cartAbandonmentEmail=true&address[cartAbandonmentEmail]=true&a[][b][CartAbandonmentEmail]=1&b=2", object{"address": object{}, "a": list{object{"b": object{}}}, "b": "2"}},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			got := decodePayload(t, formType, test.body)
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Errorf("payload (-want +got):\n%s", diff)
			}
		})
	}
}

// nested is {name: [[... ["x"] ...]]} with n lists.
func nested(name string, n int) map[string]any {
	var v any = "x"
	for range n {
		v = []any{v}
	}
	return map[string]any{name: v}
}

func TestDecodeJSONKeepsValues(t *testing.T) {
	const body = ` {"number": 12345678901234567890.10, "exponent": 1E+400, "null": null, "list": [true, "false", {"a": []}],
		"text": "Malm\u00f6 \ud83d\uded2 \\u0000 \"", "dup": 1, "dup": 2, "additionalFields": {"suspendIgnore": "true"}} `
	want := map[string]any{
		"number": json.Number("12345678901234567890.10"), "exponent": json.Number("1E+400"), "null": nil,
		"list": []any{true, "false", map[string]any{"a": []any{}}},
		"text": "Malmö 🛒 \\u0000 \"", "dup": json.Number("2"),
		"additionalFields": map[string]any{"suspendIgnore": "true"},
	}
	for _, contentType := range []string{jsonType, "application/json;charset=utf-8", "Application/JSON", "application/vnd.shop+json"} {
		if diff := cmp.Diff(want, decodePayload(t, contentType, body)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", contentType, diff)
		}
	}
}

func TestDecodeMultipart(t *testing.T) {
	const body = "--x\r\nContent-Disposition: form-data; name=\"email\"\r\n\r\na@b.se\r\n" +
		"--x\r\nContent-Disposition: form-data; name=\"address[city]\"\r\n\r\nMalmö\r\n" +
		"--x\r\nContent-Disposition: form-data; name=\"additionalFields[suspendIgnore]\"\r\n\r\ntrue\r\n--x--\r\n"
	want := map[string]any{
		"email": "a@b.se", "address": map[string]any{"city": "Malmö"},
		"additionalFields": map[string]any{"suspendIgnore": true},
	}
	if diff := cmp.Diff(want, decodePayload(t, "multipart/form-data; boundary=x", body)); diff != "" {
		t.Errorf("payload (-want +got):\n%s", diff)
	}
}

// object writes n members, each on its own.
func manyKeys(n int, format, sep string) string {
	pairs := make([]string, n)
	for i := range pairs {
		pairs[i] = fmt.Sprintf(format, i)
	}
	return strings.Join(pairs, sep)
}

func multipartBody(parts ...string) string {
	return "--x\r\n" + strings.Join(parts, "\r\n--x\r\n") + "\r\n--x--\r\n"
}

func TestDecodeRefuses(t *testing.T) {
	const multipartType = "multipart/form-data; boundary=x"
	tests := map[string]struct {
		contentType, body string
		status            int
	}{
		"JSON: empty":                   {jsonType, "", 400},
		"JSON: broken":                  {jsonType, `{"a":`, 400},
		"JSON: bracket of another kind": {jsonType, `{"a":1]`, 400},
		"JSON: string not closed":       {jsonType, `{"a":"`, 400},
		"JSON: escape cut short":        {jsonType, `{"a":"\`, 400},
		"JSON: a list":                  {jsonType, `[{"a":1}]`, 400},
		"JSON: a text":                  {jsonType, `"a"`, 400},
		"JSON: null":                    {jsonType, `null`, 400},
		"JSON: trailing object":         {jsonType, `{"a":1}{"b":2}`, 400},
		"JSON: trailing text":           {jsonType, `{"a":1} x`, 400},
		"JSON: trailing bracket":        {jsonType, `{"a":1}}`, 400},
		"JSON: HTML":                    {jsonType, `<!doctype html>`, 400},
		"JSON: NUL in a value":          {jsonType, `{"a":"b\u0000"}`, 400},
		"JSON: NUL in a key":            {jsonType, `{"a\u0000":1}`, 400},
		"JSON: raw NUL":                 {jsonType, "{\"a\":\"\x00\"}", 400},
		"JSON: not UTF-8":               {jsonType, "{\"a\":\"\xff\"}", 400},
		"JSON: 1,001 keys":              {jsonType, "{" + manyKeys(1001, `"k%d":1`, ",") + "}", 400},
		"JSON: 1,001 keys in a list":    {jsonType, `{"a":[` + manyKeys(1000, `{"k%d":1}`, ",") + "]}", 400},
		"JSON: 17 deep":                 {jsonType, strings.Repeat(`{"a":`, 17) + "1" + strings.Repeat("}", 17), 400},
		"JSON: 20,000 deep":             {jsonType, `{"a":` + strings.Repeat("[", 20_000) + strings.Repeat("]", 20_000) + "}", 400},
		"JSON: 64 KiB and a byte":       {jsonType, `{"a":"` + strings.Repeat("x", 64<<10-7) + `"}`, 413},

		"form: broken escape in a key":   {formType, "a%zz=1", 400},
		"form: broken escape in a value": {formType, "a=%", 400},
		"form: NUL in a key":             {formType, "a%00=1", 400},
		"form: NUL in a value":           {formType, "a=%00", 400},
		"form: not UTF-8":                {formType, "a=%ff", 400},
		"form: 1,001 keys":               {formType, manyKeys(1001, "k%d=1", "&"), 400},
		"form: 1,001 elements":           {formType, manyKeys(1001, "k[]=%d", "&"), 400},
		"form: 17 deep":                  {formType, "a" + strings.Repeat("[a]", 16) + "=1", 400},
		"form: 20,000 brackets":          {formType, "a" + strings.Repeat("[b]", 20_000) + "=1", 400},
		"form: 20,000 within another":    {formType, "a" + strings.Repeat("[", 20_000) + strings.Repeat("]", 20_000) + "=1", 400},
		"form: 64 KiB and a byte":        {formType, "a=" + strings.Repeat("x", 64<<10-1), 413},

		"multipart: broken":         {multipartType, "--x\r\nContent", 400},
		"multipart: no end":         {multipartType, "--x\r\nContent-Disposition: form-data; name=a\r\n\r\n1", 400},
		"multipart: no name":        {multipartType, multipartBody("Content-Disposition: form-data\r\n\r\n1"), 400},
		"multipart: no boundary":    {"multipart/form-data", multipartBody("Content-Disposition: form-data; name=a\r\n\r\n1"), 400},
		"multipart: a file":         {multipartType, multipartBody("Content-Disposition: form-data; name=a; filename=b.txt\r\n\r\n1"), 415},
		"multipart: NUL":            {multipartType, multipartBody("Content-Disposition: form-data; name=a\r\n\r\n\x00"), 400},
		"multipart: 1,001 keys":     {multipartType, multipartBody(strings.Split(manyKeys(1001, "Content-Disposition: form-data; name=k%d\r\n\r\n1", "|"), "|")...), 400},
		"multipart: 17 deep":        {multipartType, multipartBody(`Content-Disposition: form-data; name="a` + strings.Repeat("[a]", 16) + "\"\r\n\r\n1"), 400},
		"multipart: too large":      {multipartType, strings.Repeat("x", 64<<10+1), 413},
		"no type":                   {"", "{}", 415},
		"text/plain":                {"text/plain;charset=UTF-8", "{}", 415},
		"HTML":                      {"text/html", "{}", 415},
		"a malformed type":          {"application/json; charset", "{}", 415},
		"JSON in Latin-1":           {"application/json; charset=iso-8859-1", "{}", 415},
		"a form in Latin-1":         {"application/x-www-form-urlencoded; charset=windows-1252", "a=1", 415},
		"an other type, too large":  {"text/plain", strings.Repeat("x", 64<<10+1), 415},
		"multipart of another kind": {"multipart/mixed; boundary=x", multipartBody("\r\n1"), 415},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			event, err := checkoutscript.Decode(post(test.contentType, test.body))
			var refused *checkoutscript.DecodeError
			if !errors.As(err, &refused) {
				t.Fatalf("Decode = %v, %v, want a *DecodeError", event, err)
			}
			if refused.StatusCode != test.status {
				t.Errorf("status %d (%v), want %d", refused.StatusCode, err, test.status)
			}
		})
	}
}

func TestDecodeAtItsLimits(t *testing.T) {
	tests := map[string]struct{ contentType, body string }{
		"JSON: 64 KiB":     {jsonType, `{"a":"` + strings.Repeat("x", 64<<10-8) + `"}`},
		"JSON: 1,000 keys": {jsonType, "{" + manyKeys(1000, `"k%d":1`, ",") + "}"},
		"JSON: 16 deep":    {jsonType, strings.Repeat(`{"a":`, 16) + "1" + strings.Repeat("}", 16)},
		"JSON: brackets and colons in text": {jsonType,
			`{"a":"` + strings.Repeat(`[{:\"`, 5000) + `"}`},
		"JSON: 100 side by side": {jsonType, `{"a":[` + strings.Repeat(`{},[],[1],{"b":{}},`, 100) + `1]}`},
		"form: 64 KiB":           {formType, "a=" + strings.Repeat("x", 64<<10-2)},
		"form: 1,000 keys":       {formType, manyKeys(1000, "k%d=1", "&")},
		"form: 16 deep":          {formType, "a" + strings.Repeat("[a]", 15) + "=1"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) { decodePayload(t, test.contentType, test.body) })
	}
}

func TestDecodeRefusesCompressedBodies(t *testing.T) {
	for encoding, status := range map[string]int{"gzip": 415, "br": 415, "gzip, identity": 415, "identity": 0, "": 0} {
		r := post(jsonType, "{}")
		r.Header.Set("Content-Encoding", encoding)
		_, err := checkoutscript.Decode(r)
		if got := statusOf(err); got != status {
			t.Errorf("Content-Encoding %q: status %d, want %d", encoding, got, status)
		}
	}
}

// statusOf is 0 for no error.
func statusOf(err error) int {
	var refused *checkoutscript.DecodeError
	if errors.As(err, &refused) {
		return refused.StatusCode
	}
	return 0
}

func TestDecodeBodies(t *testing.T) {
	tests := map[string]struct {
		body   io.Reader
		length int64
		status int
	}{
		"length not known":           {strings.NewReader("{}"), -1, 0},
		"length not known, too long": {strings.NewReader(strings.Repeat(" ", 64<<10+1)), -1, 413},
		"length said to be too long": {iotest.ErrReader(errors.New("must not be read")), 64<<10 + 1, 413},
		"read error":                 {io.MultiReader(strings.NewReader("{}"), iotest.ErrReader(io.ErrUnexpectedEOF)), 10, 400},
		"the host's own limit":       {http.MaxBytesReader(nil, io.NopCloser(strings.NewReader(`{"a":1}`)), 3), -1, 413},
		"a byte at a time":           {iotest.OneByteReader(strings.NewReader(`{"a":1}`)), 7, 0},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			r := post(jsonType, "")
			r.Body, r.ContentLength = io.NopCloser(test.body), test.length
			_, err := checkoutscript.Decode(r)
			if got := statusOf(err); got != test.status {
				t.Errorf("status %d (%v), want %d", got, err, test.status)
			}
		})
	}
	r := &http.Request{Header: http.Header{"Content-Type": {formType}}}
	if _, err := checkoutscript.Decode(r); err != nil {
		t.Errorf("without a body: %v", err)
	}
}
