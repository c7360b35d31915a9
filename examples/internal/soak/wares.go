package main

import (
	"fmt"
	"regexp"
	"strconv"

	"github.com/centra-go/cartabandonment/centra/centratest"
)

// owner is whose a cart is: a visitor on one of their trips through the shop.
type owner struct{ visitor, trip int }

// The shop has items for each owner alone, so that a cart tells whose it is, and
// what a page shows whom it was meant for. After a few trips a visitor's items come
// again; until then whatever was left behind by the first one is over.
const tripsApart = 4

// The kinds of a trip's items: of one the visitor only puts more into the cart, of
// the other they change the number.
const (
	added   = "a"
	changed = "b"
)

func (o owner) item(kind string) string {
	return fmt.Sprintf("s%d-%d-%s", o.visitor, o.slot().trip, kind)
}

// slot is the owner as the items tell.
func (o owner) slot() owner { return owner{o.visitor, o.trip % tripsApart} }

var itemPattern = regexp.MustCompile(`\bs(\d+)-(\d+)-([ab])\b`)

// ownerOfItem finds an item in a text; of the trip it knows only which of the
// few it is.
func ownerOfItem(text string) (o owner, found bool) {
	match := itemPattern.FindStringSubmatch(text)
	if match == nil {
		return owner{}, false
	}
	return owner{number(match[1]), number(match[2])}, true
}

// same reports whether two owners have the same items.
func (o owner) same(other owner) bool {
	return o.slot() == other.slot()
}

// wares are the items of all visitors, each visitor's the sizes of one product.
func wares(visitors int) []centratest.Product {
	var products []centratest.Product
	for visitor := range visitors {
		for trip := range tripsApart {
			for _, kind := range []string{added, changed} {
				item := owner{visitor, trip}.item(kind)
				products = append(products, centratest.Product{
					Item: item, ID: strconv.Itoa(visitor), Name: "Ware of one visitor", URI: strconv.Itoa(visitor),
					SKU: item, Size: strconv.Itoa(trip) + kind, Price: 10000,
				})
			}
		}
	}
	return products
}

const mailDomain = "soak.example"

func (o owner) email(n int) string {
	return fmt.Sprintf("v%d-%d-%d@%s", o.visitor, o.trip, n, mailDomain)
}

var emailPattern = regexp.MustCompile(`\bv(\d+)-(\d+)-\d+@soak\.example\b`)

// emailsIn are the addresses in a text and whose they are.
func emailsIn(text string) (emails []string, owners []owner) {
	for _, match := range emailPattern.FindAllStringSubmatch(text, -1) {
		emails = append(emails, match[0])
		owners = append(owners, owner{number(match[1]), number(match[2])})
	}
	return emails, owners
}

// number reads what a pattern has found to be digits.
func number(digits string) int {
	n, _ := strconv.Atoi(digits)
	return n
}
