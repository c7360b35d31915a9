package centra_test

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
)

const benchServerVariable = "CENTRA_BENCH_SERVER"

// benchServer is the other process: a Centra that answers every PUT with a cart
// of the size in its path, until its standard input ends.
func benchServer() {
	var conns atomic.Int64
	mux := http.NewServeMux()
	for _, size := range []int{30, 300} {
		body := []byte(benchBody(size))
		mux.HandleFunc(fmt.Sprintf("PUT /%dkB/payment-fields", size), func(w http.ResponseWriter, r *http.Request) {
			_, _ = io.Copy(io.Discard, r.Body)
			w.Header()["Content-Type"] = []string{"application/json"}
			w.Header()["Content-Length"] = []string{strconv.Itoa(len(body))}
			_, _ = w.Write(body)
		})
	}
	mux.HandleFunc("GET /connections", func(w http.ResponseWriter, _ *http.Request) { _, _ = fmt.Fprint(w, conns.Load()) })
	server := httptest.NewUnstartedServer(mux)
	server.Config.ConnState = func(_ net.Conn, state http.ConnState) {
		if state == http.StateNew {
			conns.Add(1)
		}
	}
	server.Start()
	defer server.Close()
	fmt.Println(server.URL)
	_, _ = io.Copy(io.Discard, os.Stdin)
}

// startBenchServer starts the other process and returns where it listens.
func startBenchServer(b *testing.B) (url string) {
	b.Helper()
	program, err := os.Executable()
	if err != nil {
		b.Fatal(err)
	}
	server := exec.Command(program)
	server.Env = append(os.Environ(), benchServerVariable+"=1")
	server.Stderr = os.Stderr
	stdin, err := server.StdinPipe()
	if err != nil {
		b.Fatal(err)
	}
	stdout, err := server.StdoutPipe()
	if err != nil {
		b.Fatal(err)
	}
	if err := server.Start(); err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { _ = stdin.Close(); _ = server.Wait() })
	line, err := bufio.NewReader(stdout).ReadString('\n')
	if err != nil {
		b.Fatal(err)
	}
	return strings.TrimSpace(line)
}

// connections asks the server how many it has accepted, this one included.
func connections(b *testing.B, url string) int64 {
	b.Helper()
	resp, err := http.Get(url + "/connections")
	if err != nil {
		b.Fatal(err)
	}
	defer resp.Body.Close()
	var n int64
	if _, err := fmt.Fscan(resp.Body, &n); err != nil {
		b.Fatal(err)
	}
	http.DefaultTransport.(*http.Transport).CloseIdleConnections()
	return n
}

// benchBody is an answer of about so many kB in Centra's shape, with types that
// plain Go structs can take. Everything in it grows with its size.
func benchBody(kB int) string {
	type object = map[string]any
	text := func(n int, words string) string { return strings.Repeat(words+" ", n/len(words)) }
	image := "https://shop.centra.com/client/dynamic/images/123_7c2f9d31aa-original.jpg"
	items, countries := []object{}, []object{}
	for i := range kB / 3 {
		id := strconv.Itoa(i + 1)
		items = append(items, object{
			"item": id + "-9", "line": "0416151f70083fe08677a929394a" + id, "sku": "JK-" + id, "ean": "7350000000" + id, "size": "S", "quantity": 2,
			"priceEach": "315.00 SEK", "priceEachAsNumber": 315, "totalPrice": "630.00 SEK", "totalPriceAsNumber": 630,
			"anyDiscount": false, "taxPercent": 25, "priceEachWithoutTax": "252.00 SEK", "priceEachWithoutTaxAsNumber": 252.5, "bundle": nil,
			"product": object{
				"product": id, "name": "Shell Jacket " + id, "uri": "women/jackets/shell-jacket-" + id, "variantName": "Ljung", "brandName": "Ömsom",
				"excerpt": text(100, "A jacket for wind & rain."), "description": text(950, "Made of recycled nylon."), "metaTitle": nil,
				"media":      object{"standard": []string{image, image, image}, "thumb": []string{image, image}},
				"categories": []object{{"category": "12", "name": []string{"Women", "Jackets"}, "uri": "women/jackets"}},
				"stock":      41, "showAsNew": true, "modifiedAt": "2026-01-12 08:15:02",
			},
		})
	}
	for i := range kB * 2 {
		countries = append(countries, object{"country": "SE", "name": "Country " + strconv.Itoa(i), "eu": true, "shipTo": true, "states": []string{}})
	}
	address := object{
		"email": "test@example.com", "newsletter": true, "firstName": "Test", "lastName": "Testsson", "address1": "Storgatan 1",
		"zipCode": "11122", "city": "Malmö", "country": "SE", "phoneNumber": "+46701234567",
	}
	body, err := json.Marshal(object{
		"token": "f611707b97e18a902270223b79f743c2",
		"selection": object{
			"currency": "SEK", "language": "sv", "paymentMethod": "klarna", "shippingMethod": "std", "items": items, "address": address, "shippingAddress": address,
			"discounts": object{"vouchers": []string{}}, "currencyFormat": object{"suffix": " SEK", "decimalDigits": "2"},
			"totals": object{
				"itemsTotalPrice": "6300.00 SEK", "itemsTotalPriceAsNumber": 6300, "shippingPrice": "79.00 SEK", "shippingPriceAsNumber": 79.5,
				"grandTotalPrice": "6379.50 SEK", "grandTotalPriceAsNumber": 6379.5, "totalQuantity": len(items) * 2, "taxPercent": 25,
			},
			"centraCheckoutScript": text(kB*100, "document.addEventListener('load',function(){\"use strict\";});"),
		},
		"paymentMethods": []object{{"paymentMethod": "klarna", "name": "Klarna", "active": true}},
		"countries":      countries, "location": object{"country": "SE", "name": "Sweden", "state": ""}, "loggedIn": false,
	})
	if err != nil {
		panic(err)
	}
	return strings.ReplaceAll(string(body), "/", `\/`) // as PHP writes it
}
