package centra_test

import (
	"encoding/json"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/centra-go/cartabandonment/centra"
)

// plainSelection has the fields of a centra.Selection in types that
// encoding/json fills by itself.
type plainSelection struct {
	Token     string `json:"token"`
	Selection struct {
		Items           []plainItem           `json:"items"`
		Totals          centra.Totals         `json:"totals"`
		Discounts       centra.Discounts      `json:"discounts"`
		Currency        string                `json:"currency"`
		CurrencyFormat  centra.CurrencyFormat `json:"currencyFormat"`
		Language        string                `json:"language"`
		PaymentMethod   string                `json:"paymentMethod"`
		ShippingMethod  string                `json:"shippingMethod"`
		Address         plainAddress          `json:"address"`
		ShippingAddress plainAddress          `json:"shippingAddress"`
		CheckoutScript  string                `json:"centraCheckoutScript"`
	} `json:"selection"`
	PaymentMethods []centra.PaymentMethod `json:"paymentMethods"`
	Countries      []centra.Country       `json:"countries"`
	Location       centra.Location        `json:"location"`
	LoggedIn       bool                   `json:"loggedIn"`
	Errors         map[string]string      `json:"errors"`
}

// plainItem is an item whose image still has to be found.
type plainItem struct {
	centra.Item
	Product struct {
		centra.Product
		Media map[string][]string `json:"media"`
	} `json:"product"`
}

func (p plainItem) item() centra.Item {
	item := p.Item
	item.Product = p.Product.Product
	item.Product.Image = p.Product.Media["standard"][0]
	return item
}

type plainAddress struct {
	Email          string `json:"email"`
	Newsletter     *bool  `json:"newsletter"`
	FirstName      string `json:"firstName"`
	LastName       string `json:"lastName"`
	Company        string `json:"company"`
	Address1       string `json:"address1"`
	Address2       string `json:"address2"`
	ZipCode        string `json:"zipCode"`
	City           string `json:"city"`
	State          string `json:"state"`
	Country        string `json:"country"`
	PhoneNumber    string `json:"phoneNumber"`
	VATNumber      string `json:"vatNumber"`
	IdentityNumber string `json:"identityNumber"`
	HouseNumber    string `json:"houseNumber"`
	HouseExtension string `json:"houseExtension"`
}

// The benchmarks compare like with like: on clean data both decoders agree.
func TestBenchmarksCompareEquals(t *testing.T) {
	for _, kB := range []int{30, 300} {
		body := benchBody(kB)
		if len(body) < kB*1000*95/100 || len(body) > kB*1000*105/100 {
			t.Errorf("%d bytes, want about %d kB", len(body), kB)
		}
		got, err := decodeSelection(body)
		if err != nil {
			t.Fatal(err)
		}
		var plain plainSelection
		if err := json.Unmarshal([]byte(body), &plain); err != nil {
			t.Fatal(err)
		}
		p, a := plain.Selection, plain.Selection.Address
		address := centra.Address{
			Email: a.Email, Newsletter: centra.YesNo(*a.Newsletter), FirstName: a.FirstName, LastName: a.LastName, Address1: a.Address1,
			ZipCode: a.ZipCode, City: a.City, Country: a.Country, PhoneNumber: a.PhoneNumber,
		}
		items := make([]centra.Item, len(p.Items))
		for i := range items {
			items[i] = p.Items[i].item()
		}
		want := &centra.Selection{
			Session: centra.Session(plain.Token), Items: items, Totals: p.Totals, Discounts: p.Discounts,
			Currency: p.Currency, CurrencyFormat: p.CurrencyFormat, Language: p.Language,
			PaymentMethods: plain.PaymentMethods, Countries: plain.Countries,
			PaymentMethod: p.PaymentMethod, ShippingMethod: p.ShippingMethod, Address: address, ShippingAddress: address,
			CheckoutScript: p.CheckoutScript, Location: plain.Location,
		}
		if diff := cmp.Diff(want, got, unexported); diff != "" {
			t.Errorf("%d kB (-encoding/json +ours):\n%s", kB, diff)
		}
	}
}

func BenchmarkDecodeSelection(b *testing.B) {
	for _, kB := range []int{30, 300} {
		body := []byte(benchBody(kB))
		b.Run(strconv.Itoa(kB)+"kB/ours", func(b *testing.B) {
			b.ReportAllocs()
			b.SetBytes(int64(len(body)))
			for b.Loop() {
				if err := new(centra.Selection).UnmarshalJSON(body); err != nil {
					b.Fatal(err)
				}
			}
		})
		b.Run(strconv.Itoa(kB)+"kB/encodingjson", func(b *testing.B) {
			b.ReportAllocs()
			b.SetBytes(int64(len(body)))
			for b.Loop() {
				if err := json.Unmarshal(body, new(plainSelection)); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
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
			"discounts": object{"vouchers": []string{}}, "currencyFormat": object{"suffix": " SEK", "decimalDigits": 2},
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
