package benchmarks_test

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
)

// serverVariable makes the test binary the server: in a process of its own, so
// that its allocations are not counted.
const serverVariable = "BENCHMARK_SERVER"

func TestMain(m *testing.M) {
	if os.Getenv(serverVariable) != "" {
		serve()
		return
	}
	os.Exit(m.Run())
}

// serve answers every PUT, and every POST of GraphQL, like Centra, with a cart of as many bytes as the path
// says, and GET /connections with how many connections there were.
func serve() {
	carts := map[string][]byte{"30k": cart(30_000), "300k": cart(300_000), "storefront": storefrontCart(30_000)}
	var connections atomic.Int64
	server := &http.Server{
		ConnState: func(_ net.Conn, s http.ConnState) {
			if s == http.StateNew {
				connections.Add(1)
			}
		},
		Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if r.URL.Path == "/connections" {
				fmt.Fprint(w, connections.Load())
				return
			}
			_, _ = io.Copy(io.Discard, r.Body)
			size, _, _ := strings.Cut(r.URL.Path[1:], "/")
			w.Header().Set("Content-Type", "application/json")
			w.Header().Set("Content-Length", strconv.Itoa(len(carts[size])))
			_, _ = w.Write(carts[size])
		}),
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		panic(err)
	}
	fmt.Println(listener.Addr())
	go func() { // ends with the benchmark, which closes this pipe
		_, _ = io.Copy(io.Discard, os.Stdin)
		os.Exit(0)
	}()
	_ = server.Serve(listener)
}

// startServer returns the server's URL.
func startServer(tb testing.TB) string {
	tb.Helper()
	server := exec.Command(os.Args[0])
	server.Env = append(os.Environ(), serverVariable+"=1")
	stdin, err := server.StdinPipe()
	if err != nil {
		tb.Fatal(err)
	}
	stdout, err := server.StdoutPipe()
	if err != nil {
		tb.Fatal(err)
	}
	if err := server.Start(); err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() { _ = stdin.Close(); _ = server.Wait() })
	address, err := bufio.NewReader(stdout).ReadString('\n')
	if err != nil {
		tb.Fatal(err)
	}
	return "http://" + strings.TrimSpace(address)
}

// cart is a Checkout API answer of about the given size, two thirds of it lines of
// the cart, 2 kB each, as Centra sends them. The JSON is clean, without PHP's
// habits, so that every baseline can decode it.
func cart(size int) []byte {
	var b strings.Builder
	b.WriteString(`{"token":"esf1p3tgchfg5ggtpqdpgqjtt6","selection":{"currency":"SEK","language":"sv",` +
		`"paymentMethod":"klarna-checkout-v3","shippingMethod":"standard","items":[`)
	for i := 0; b.Len() < size*2/3; i++ {
		if i > 0 {
			b.WriteByte(',')
		}
		fmt.Fprintf(&b, `{"item":"%[1]d-1","productUrl":null,"category":null,"size":"M","sku":"SKU-%[1]d","ean":"735000000%04[1]d",`+
			`"quantity":2,"line":"0a6d0c85c097bffdd54ad0cac52b%04[1]d","priceEach":"100.00 SEK","priceEachAsNumber":100,`+
			`"totalPrice":"200.00 SEK","totalPriceAsNumber":200,"priceEachBeforeDiscount":"100.00 SEK",`+
			`"priceEachBeforeDiscountAsNumber":100,"anyDiscount":false,"taxPercent":25,"priceEachWithoutTax":"80.00 SEK",`+
			`"priceEachWithoutTaxAsNumber":80,"product":{"product":"%[1]d","name":"Shell Jacket %[1]d","uri":"women\/jackets\/shell-jacket-%[1]d",`+
			`"sku":"SKU-%[1]d","brand":"1","brandName":"Fjord","collection":"1","collectionName":"Autumn","variantName":"Red",`+
			`"excerpt":"A jacket for wind and rain.","description":"%[2]s","media":{"standard":[`+
			`"https:\/\/cdn.example.com\/client\/dynamic\/images\/%[1]d_front.jpg","https:\/\/cdn.example.com\/client\/dynamic\/images\/%[1]d_back.jpg"]}}}`,
			i, strings.Repeat("Three layers, taped seams and a hood that fits over a helmet. ", 22))
	}
	b.WriteString(`],"discounts":{},"totals":{"itemsTotalPrice":"3600.00 SEK","itemsTotalPriceAsNumber":3600,"totalDiscountPrice":"0.00 SEK",` +
		`"totalDiscountPriceAsNumber":0,"shippingPrice":"49.00 SEK","shippingPriceAsNumber":49,"grandTotalPrice":"3649.00 SEK",` +
		`"grandTotalPriceAsNumber":3649,"totalQuantity":36},"address":{"email":"test@example.com","firstName":"Test","country":"SE"},` +
		`"shippingAddress":{"country":"SE"},"centraCheckoutScript":"` + strings.Repeat(`window.CentraCheckout = {};\n`, 40) + `"},` +
		`"location":{"country":"SE","name":"Sweden"},"paymentMethods":[`)
	b.WriteString(`{"paymentMethod":"klarna-checkout-v3","name":"Klarna","paymentMethodType":"klarna_checkout_v3"}],"countries":[`)
	for i := 0; b.Len() < size; i++ {
		if i > 0 {
			b.WriteByte(',')
		}
		fmt.Fprintf(&b, `{"country":"C%[1]d","name":"Country %[1]d","eu":true,"language":"en","currency":"EUR","states":[],"zipCodeRequired":true}`, i)
	}
	b.WriteString(`]}`)
	return []byte(b.String())
}
