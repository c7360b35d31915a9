package centratest

import (
	"net/http"
	"slices"
)

// Voucher is a code that takes a part off the price of a cart's items.
type Voucher struct {
	Code    string
	Name    string
	Percent int
}

func seedVouchers() []Voucher { return []Voucher{{Code: "WELCOME10", Name: "Welcome", Percent: 10}} }

func (v Voucher) off(items int64) int64 { return items * int64(v.Percent) / 100 }

func (v Voucher) object(items int64) object {
	o := object{"voucher": v.Code, "name": v.Name, "type": "code", "description": v.Name}
	o.setAmount("priceOff", -v.off(items))
	return o
}

func (s *Server) addVoucher(c *call) *reply {
	code, _ := c.body["voucher"].(string)
	i := slices.IndexFunc(s.config.vouchers, func(v Voucher) bool { return v.Code == code })
	switch {
	case c.bodyErr != nil:
		return c.bodyErr
	case i < 0:
		return refuse(http.StatusNotFound, "voucher", "not found")
	case slices.Contains(c.cart.vouchers, s.config.vouchers[i]):
		return refuse(http.StatusNotAcceptable, "voucher", "already added")
	}
	c.cart.vouchers = append(c.cart.vouchers, s.config.vouchers[i])
	return made(c, s.itemsChanged(c, code))
}

func (s *Server) removeVoucher(c *call) *reply {
	i := slices.IndexFunc(c.cart.vouchers, func(v Voucher) bool { return v.Code == c.args[0] })
	if i < 0 {
		return refuse(http.StatusNotFound, "voucher", "not found")
	}
	c.cart.vouchers = slices.Delete(c.cart.vouchers, i, i+1)
	return s.itemsChanged(c, c.args[0])
}
