package centratest

import (
	"cmp"
	"slices"
)

// The payment methods, one for each answer of POST /payment, and those whose
// plugins add fields to a selection.
const (
	DummyMethod          = "dummy"              // redirect, to the return page with a paymentRef
	KlarnaMethod         = "klarna-checkout-v3" // form; its selections carry centraCheckoutScript
	FormMethod           = "dummy-form"         // form with formFields and formUrl; costs extra
	JavaScriptMethod     = "dummy-javascript"   // javascript with nested formFields
	SuccessMethod        = "dummy-success"      // success: ordered at once
	FailedMethod         = "dummy-failed"       // failed
	DeclinedMethod       = "dummy-declined"     // 412 with errors, message and messages
	ExternalMethod       = "external-payment"   // external; payment-result needs success: true
	RetryMethod          = "dummy-retry"        // redirect; the first payment-result answers another redirect
	KlarnaPaymentsMethod = "klarna-payments"    // form; its selections carry pluginFields.klarnaPayments
	QliroMethod          = "qliroone-payment"   // form; its selections carry pluginFields.qliro and centraCheckoutScript
)

type paymentMethod struct {
	id, name, kind string
	handling       int64 // in öre
	addressAfter   bool  // the widget asks for the address
}

var paymentMethods = []paymentMethod{
	{id: DummyMethod, name: "Dummy"},
	{id: KlarnaMethod, name: "Klarna Checkout", kind: "klarna_checkout_v3", addressAfter: true},
	{id: FormMethod, name: "Dummy with a form", handling: 1300},
	{id: JavaScriptMethod, name: "Dummy with a script"},
	{id: SuccessMethod, name: "Dummy on account"},
	{id: FailedMethod, name: "Dummy that fails"},
	{id: DeclinedMethod, name: "Dummy that declines"},
	{id: ExternalMethod, name: "Somebody else's", kind: "external_payment"},
	{id: RetryMethod, name: "Dummy that asks again"},
	{id: KlarnaPaymentsMethod, name: "Klarna Payments", kind: "klarna_payments"},
	{id: QliroMethod, name: "Qliro One", kind: "qliro", addressAfter: true},
}

type shippingMethod struct {
	id, name string
	price    int64 // in öre
}

var shippingMethods = []shippingMethod{
	{id: "standard", name: "Standard"},
	{id: "express", name: "Express", price: 4900},
}

func paymentMethodOf(id string) paymentMethod {
	i := slices.IndexFunc(paymentMethods, func(m paymentMethod) bool { return m.id == id })
	if i < 0 {
		return paymentMethod{}
	}
	return paymentMethods[i]
}

func shippingMethodOf(id string) shippingMethod {
	i := slices.IndexFunc(shippingMethods, func(m shippingMethod) bool { return m.id == id })
	if i < 0 {
		return shippingMethod{}
	}
	return shippingMethods[i]
}

// hasWidget tells whether the method's selections carry centraCheckoutScript.
func (m paymentMethod) hasWidget() bool { return m.id == KlarnaMethod || m.id == QliroMethod }

func (m paymentMethod) object() object {
	o := object{
		"paymentMethod": m.id, "name": m.name, "paymentMethodType": cmp.Or(m.kind, "dummy"),
		"supportsInitiateOnly": false, "providesCustomerAddressAfterPayment": m.addressAfter,
	}
	o.setAmount("handlingCost", m.handling)
	return o
}

func (m shippingMethod) object() object {
	o := object{"shippingMethod": m.id, "name": m.name}
	o.setAmount("price", m.price)
	return o
}

// paymentMethodList is how the Checkout API lists them.
func paymentMethodList() []object {
	var list []object
	for _, m := range paymentMethods {
		list = append(list, m.object())
	}
	return list
}

func shippingMethodList() []object {
	var list []object
	for _, m := range shippingMethods {
		list = append(list, m.object())
	}
	return list
}

// paymentMethodsByID is how the Shop API lists them.
func paymentMethodsByID() object {
	byID := object{}
	for _, m := range paymentMethods {
		method := m.object()
		method["useForDigitalContent"] = true
		required := []any{"firstName", "lastName", "address1", "zipCode", "city", "phoneNumber", "country"}
		if m.addressAfter {
			required = []any{"country"}
		}
		method["addressRequiredFields"] = required
		byID[m.id] = method
	}
	return byID
}

func shippingMethodsByID() object {
	byID := object{}
	for _, m := range shippingMethods {
		byID[m.id] = m.object()
	}
	return byID
}
