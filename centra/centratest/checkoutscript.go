package centratest

import _ "embed"

//go:embed checkoutscript.js
var checkoutScript string

// CheckoutScript returns the script that selections of [KlarnaMethod] carry as
// centraCheckoutScript. It is our own, with the behaviour that Centra documents:
// it forwards widget events as the DOM event centra_checkout_callback and adds
// window.CentraCheckout with suspend and resume. It needs no eval.
//
// A simulated widget is an iframe with the attribute data-centra-widget. It and
// the page exchange messages with window.postMessage:
//
//	{centraWidget: true, type: "load" | "change" | "shipping_address_change", detail: {...}}   from the widget
//	{centraWidget: true, type: "suspend", ignore: ...}                                        to the widget
//	{centraWidget: true, type: "resume", ignore: ...}                                         to the widget
//
// A shipping_address_change suspends the widget, which then waits for resume.
func CheckoutScript() string { return checkoutScript }
