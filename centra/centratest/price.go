package centratest

import "fmt"

// taxPercent is part of every price.
const taxPercent = 25

// sums are what a cart costs, in öre.
type sums struct {
	quantity                                   int
	items, discount, shipping, handling, grand int64
}

func (s *Server) sums(c *cart) sums {
	var total sums
	for _, l := range c.lines {
		p, _ := s.product(l.item)
		total.items += p.Price * int64(l.quantity)
		total.quantity += l.quantity
	}
	for _, v := range c.vouchers {
		total.discount += v.off(total.items)
	}
	total.discount = min(total.discount, total.items)
	total.shipping = shippingMethodOf(c.shippingMethod).price
	total.handling = paymentMethodOf(c.paymentMethod).handling
	total.grand = total.items - total.discount + total.shipping + total.handling
	return total
}

func tax(ore int64) int64 { return ore - withoutTax(ore) }

func withoutTax(ore int64) int64 { return ore * 100 / (100 + taxPercent) }

// setAmount adds an amount the way Centra writes them: as text and as a number.
func (o object) setAmount(name string, ore int64) {
	o[name], o[name+"AsNumber"] = money(ore), number(ore)
}

// setNoAmount adds an amount that there is none of, which PHP says with false.
func (o object) setNoAmount(name string) {
	o[name], o[name+"AsNumber"] = false, false
}

func money(ore int64) string {
	sign := ""
	if ore < 0 {
		sign, ore = "-", -ore
	}
	return fmt.Sprintf("%s%d.%02d SEK", sign, ore/100, ore%100)
}

func number(ore int64) float64 { return float64(ore) / 100 }
