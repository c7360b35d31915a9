package centratest

import "strconv"

// pluginFields are what the cart's plugins tell the page, nil for none. Where
// Qliro's stand is not documented; here they have an object of their own like
// the others.
func (s *Server) pluginFields(c *cart) object {
	plugins := object{}
	total := s.sums(c)
	switch c.paymentMethod {
	case KlarnaPaymentsMethod:
		plugins["klarnaPayments"] = object{
			"client_token": "client-token-" + c.snippet(), "replaceSnippet": c.replaceSnippet,
			"authorizePayload": object{
				"purchase_country": "se", "purchase_currency": "sek", "locale": "sv-SE",
				"order_amount": int(total.grand), "order_tax_amount": int(tax(total.grand)), "order_lines": []object{},
			},
		}
	case QliroMethod:
		plugins["qliro"] = object{"qliroReplaceSnippet": c.replaceSnippet, "paymentHTML": qliroForm(c)}
	}
	switch {
	case s.config.ingrid && len(c.lines) == 0:
		plugins["ingrid"] = object{"version": 2, "error": "No Ingrid-session created", "deliveryOptionsAvailable": false}
	case s.config.ingrid:
		plugins["ingrid"] = object{
			"version": 2, "snippet": `<div id="ingrid-` + c.snippet() + `"></div>`, "session_id": "ingrid-" + c.snippet(),
			"reload": c.replaceSnippet, "deliveryOptionsAvailable": true,
		}
	}
	if len(plugins) == 0 {
		return nil
	}
	return plugins
}

// ReplaceSnippet makes the next answer about the cart say that the page has to
// show the widget's snippet again, which is another one from then on.
func (s *Server) ReplaceSnippet(selection string) {
	s.update(func() {
		if c := s.liveCart(selection); c != nil {
			c.snippets++
			c.replaceSnippet = true
		}
	})
}

// snippet tells the snippets of a cart apart.
func (c *cart) snippet() string { return strconv.Itoa(c.number) + "-" + strconv.Itoa(c.snippets) }

func qliroForm(c *cart) string { return `<div id="qliro-` + c.snippet() + `"></div>` }
