package centra_test

import (
	"encoding/json"
	"net/url"
	"strings"
	"testing"

	"github.com/centra-go/cartabandonment/centra"
)

// The variables of a return page are sent as PHP would nest them.
func TestPaymentResultVariables(t *testing.T) {
	deep := strings.Repeat("[x]", 65)
	tests := []struct {
		name, query, want string
	}{
		{"nothing", "", `{}`},
		{"flat", "orderRef=1&pay=a+b%26", `{"orderRef":"1","pay":"a b&"}`},
		{"an empty value", "a=&b", `{"a":"","b":""}`},
		{"names unchanged", "klarna_order=1&Weird.Name=2&%C3%A5=3", `{"klarna_order":"1","Weird.Name":"2","å":"3"}`},
		{"brackets", "details[MD]=x&details[PaRes]=y", `{"details":{"MD":"x","PaRes":"y"}}`},
		{"escaped brackets", "details%5BMD%5D=x", `{"details":{"MD":"x"}}`},
		{"nested brackets", "a[b][c][d]=1&a[b][e]=2", `{"a":{"b":{"c":{"d":"1"},"e":"2"}}}`},
		{"a list", "a[]=1&a[]=2", `{"a":["1","2"]}`},
		{"a list with numbers", "a[0]=1&a[1]=2", `{"a":["1","2"]}`},
		{"a long list with numbers", "a[0]=0&a[1]=1&a[2]=2&a[3]=3&a[4]=4&a[5]=5&a[6]=6&a[7]=7&a[8]=8&a[9]=9&a[10]=10",
			`{"a":["0","1","2","3","4","5","6","7","8","9","10"]}`},
		{"a list with a gap", "a[1]=1&a[3]=3", `{"a":{"1":"1","3":"3"}}`},
		{"a list of objects", "a[0][b]=1&a[1][b]=2", `{"a":[{"b":"1"},{"b":"2"}]}`},
		{"lists in a list", "a[][]=1&a[][]=2", `{"a":[["1"],["2"]]}`},
		{"numbers that are none", "a[01]=1&a[-1]=2&a[1e1]=3", `{"a":{"01":"1","-1":"2","1e1":"3"}}`},
		{"a huge number", "a[99999999999999999999]=1&a[2147483648]=2", `{"a":{"99999999999999999999":"1","2147483648":"2"}}`},
		{"behind a huge number", "a[2147483647]=1&a[]=2&a[]=3", `{"a":{"2147483647":"1","2147483648":"2","2147483649":"3"}}`},
		{"of duplicates the last", "a=1&b[c]=1&a=2&b[c]=2&a=3", `{"a":"3","b":{"c":"2"}}`},
		{"an object in place of a text", "a=1&a[b]=2", `{"a":{"b":"2"}}`},
		{"an object in place of a text, deeper", "a[b]=1&a[b][c]=2", `{"a":{"b":{"c":"2"}}}`},
		{"a bracket that does not close", "a[b=1&c[=2", `{"a[b":"1","c[":"2"}`},
		{"a bracket that only closes", "a]=1", `{"a]":"1"}`},
		{"a second that does not close", "a[b][c=1", `{"a":{"b":"1"}}`},
		{"text behind a bracket", "a[b]c=1", `{"a":{"b":"1"}}`},
		{"no name", "=1&[]=2&[a]=3", `{"[]":"2","[a]":"3"}`},
		{"64 levels", "a" + deep[3:] + "=1", nested("a", 64)},
		{"65 levels are dropped", "a" + deep + "=1&b=2", `{"b":"2"}`},
		{"100,000 levels are dropped", "a" + strings.Repeat("[x]", 1e5) + "=1&b=2", `{"b":"2"}`},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			values, err := url.ParseQuery(test.query)
			if err != nil {
				t.Fatal(err)
			}
			rec := record(t, answer(200, `{"order":"1"}`))
			if _, err := newCheckout(t, rec.URL).PaymentResult(t.Context(), token, values); err != nil {
				t.Fatal(err)
			}
			if _, err := newShop(t, rec.URL).PaymentResult(t.Context(), centra.Session(cartID), values); err != nil {
				t.Fatal(err)
			}
			for _, sent := range rec.sent() {
				sameJSON(t, `{"paymentMethodFields":`+test.want+`}`, sent.Body)
			}
		})
	}
}

// nested is {"name":{"x":{"x": ... "1"}}} with so many levels below name.
func nested(name string, levels int) string {
	var v any = "1"
	for range levels {
		v = map[string]any{"x": v}
	}
	text, _ := json.Marshal(map[string]any{name: v})
	return string(text)
}
