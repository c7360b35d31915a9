package centra

import (
	"encoding/json"
	"errors"
	"sync"
)

// The documents of the Storefront API, one for each thing that is asked. Each
// asks only for what this library reads, and for __typename wherever another
// type may appear tomorrow. None writes an argument or a value into its text:
// everything that varies is a variable.
//
// Reading checkout makes Centra call shipping and tax services, so there are two
// parts that a document can end in: cartFragment for pages that show a cart, and
// checkoutFragment where a checkout is shown, see [StorefrontAPI.AtCheckout].
// Both define the fragment shown.

// storefrontDocument is a document that is ready to be sent.
type storefrontDocument struct {
	op         string // "mutation setAddress"
	prefix     string // the request's body up to the variables
	repeatable bool
}

func newStorefrontDocument(op, text string, repeatable bool) storefrontDocument {
	quoted, _ := json.Marshal(text) // never fails for a string
	return storefrontDocument{op: op, prefix: `{"query":` + string(quoted) + `,"variables":`, repeatable: repeatable}
}

// body is the request for the document with its variables, which are an object or
// nothing.
func (doc storefrontDocument) body(variables any) ([]byte, error) {
	written, err := json.Marshal(variables)
	switch {
	case err != nil:
		return nil, err
	case string(written) == "null":
		written = []byte("{}")
	case written[0] != '{':
		return nil, errNotAnObject
	}
	body := make([]byte, 0, len(doc.prefix)+len(written)+1)
	body = append(body, doc.prefix...)
	body = append(body, written...)
	return append(body, '}'), nil
}

var errNotAnObject = errors.New("the variables are not an object")

// storefrontDocuments are all of them, with the cart shown as on one kind of page.
type storefrontDocuments struct {
	shown string // the fragment

	selection, setSelection, addresses     storefrontDocument
	setAddress, widgetEvent, widgetAddress storefrontDocument
	setPaymentMethod, setShippingMethod    storefrontDocument
	paymentInstructions, paymentResult     storefrontDocument
}

func newStorefrontDocuments(shown string) *storefrontDocuments {
	read := func(op, text string) storefrontDocument { return newStorefrontDocument("query "+op, text, true) }
	change := func(op, text string) storefrontDocument {
		return newStorefrontDocument("mutation "+op, text+shown, true)
	}
	return &storefrontDocuments{
		shown:               shown,
		selection:           read("selection", selectionDocument+shown),
		addresses:           read("addresses", addressesDocument),
		setSelection:        change("setSelection", setSelectionDocument),
		setAddress:          change("setAddress", setAddressDocument),
		widgetEvent:         change("handleWidgetEvent", widgetEventDocument),
		widgetAddress:       change("handleWidgetEventAndSetAddress", widgetAddressDocument),
		setPaymentMethod:    change("setPaymentMethod", setPaymentMethodDocument),
		setShippingMethod:   change("setShippingMethod", setShippingMethodDocument),
		paymentInstructions: newStorefrontDocument("mutation paymentInstructions", paymentInstructionsDocument+shown, false),
		// Whatever it says, the checkout is over.
		paymentResult: newStorefrontDocument("mutation paymentResult", paymentResultDocument+cartFragment, false),
	}
}

var (
	cartDocuments     = sync.OnceValue(func() *storefrontDocuments { return newStorefrontDocuments(cartFragment) })
	checkoutDocuments = sync.OnceValue(func() *storefrontDocuments { return newStorefrontDocuments(checkoutFragment) })
)

// selectionDocument reads the session's cart.
const selectionDocument = `query selection {
  selection { ...shown }
}
`

// setSelectionDocument attaches a cart to the session.
const setSelectionDocument = `mutation setSelection($id: String!) {
  setSelection(id: $id) { ...answered }
}
` + answeredFragment

// setAddressDocument stores the address. The opt-in has no default here: where
// it is left out Centra takes it for given.
const setAddressDocument = `mutation setAddress($shipping: AddressInput!, $billing: AddressInput, $optIn: Boolean!) {
  setAddress(
    shippingAddress: $shipping, separateBillingAddress: $billing, sendCartAbandonmentEmail: $optIn
  ) { ...answered }
}
` + answeredFragment

// widgetEventDocument forwards a widget's event.
const widgetEventDocument = `mutation handleWidgetEvent($payload: Map!) {
  handleWidgetEvent(payload: $payload) { ...answered }
}
` + answeredFragment

// widgetAddressDocument forwards a widget's event that brings an address. The
// fields of a mutation are carried out in their order, so the opt-in comes last.
const widgetAddressDocument = `mutation handleWidgetEventAndSetAddress(
  $payload: Map!, $shipping: AddressInput!, $billing: AddressInput, $optIn: Boolean!
) {
  handleWidgetEvent(payload: $payload) { __typename ...refusals }
  setAddress(
    shippingAddress: $shipping, separateBillingAddress: $billing, sendCartAbandonmentEmail: $optIn
  ) { ...answered }
}
` + answeredFragment

// setPaymentMethodDocument and setShippingMethodDocument choose by ID.
const setPaymentMethodDocument = `mutation setPaymentMethod($id: Int!) {
  setPaymentMethod(id: $id) { ...answered }
}
` + answeredFragment

const setShippingMethodDocument = `mutation setShippingMethod($id: Int!) {
  setShippingMethod(id: $id) { ...answered }
}
` + answeredFragment

// answeredFragment is what a change of the cart answers: the cart as it is now
// or, beside refusals, as it was last valid.
const answeredFragment = `fragment answered on SelectionMutationPayload {
  __typename
  selection { ...shown }
  ...refusals
}
fragment refusals on SelectionMutationPayload {
  userErrors { ...refusal }
}
` + refusalFragment

// refusalFragment is what Centra says against what was sent.
const refusalFragment = `fragment refusal on UserError {
  __typename message path
  ... on UnavailableItem {
    originalQuantity availableQuantity unavailableQuantity
    item { id }
    displayItem { id }
  }
}
`

// addressesDocument reads what the shopper has entered, and the country of the
// session where that is nothing yet. It is asked for before an address is
// stored, which happens at the checkout.
const addressesDocument = `query addresses {
  selection {
    __typename id
    checkout { shippingAddress { ...entered } separateBillingAddress { ...entered } }
  }
  session { country { code } }
}
fragment entered on Address {
  email firstName lastName companyName attention vatNumber
  address1 address2 zipCode city stateOrProvince
  phoneNumber cellPhoneNumber faxNumber
  country { code }
  state { code }
}
`

// paymentInstructionsDocument begins to pay.
const paymentInstructionsDocument = `mutation paymentInstructions($input: PaymentInstructionsInput!) {
  paymentInstructions(input: $input) {
    __typename
    action {
      __typename
      ... on RedirectPaymentAction { url }
      ... on FormPaymentAction { formType html formFields }
      ... on JavascriptPaymentAction { formType script formFields }
      ... on SuccessPaymentAction { order { ...receipt } }
    }
    selection { ...shown }
    userErrors { ...refusal }
  }
}
` + receiptFragment + refusalFragment

// paymentResultDocument completes the order.
const paymentResultDocument = `mutation paymentResult($fields: Map!) {
  paymentResult(paymentMethodFields: $fields) {
    __typename type
    selection { ...shown }
    userErrors { ...refusal }
    ... on PaymentResultSuccessPayload {
      order { ...receipt }
    }
  }
}
` + receiptFragment + refusalFragment

// receiptFragment is an order, for the page that thanks for it. What it spreads is
// in what shows a cart.
const receiptFragment = `fragment receipt on Order {
  id number status orderDate affiliateHtml
  totals { __typename type price { value formattedValue currency { code } } }
  lines { ...line }
  shippingAddress { ` + addressFields + ` }
  billingAddress { ` + addressFields + ` }
}
`

// cartFragment is what a page shows of a cart.
const cartFragment = `fragment shown on Selection {
  ...cart
}
` + cartFieldsFragment

// checkoutFragment is what a checkout shows: the cart, and what Centra and the
// widgets make of it.
const checkoutFragment = `fragment shown on Selection {
  ...cart
  checkout {
    checkoutScript
    widgets {
      __typename kind
      ... on IngridWidget { snippet reload deliveryOptionsAvailable }
      ... on KlarnaCheckoutWidget { replaceSnippet }
      ... on KlarnaPaymentWidget { client_token replace_snippet authorizePayload }
    }
    shippingAddress { ` + addressFields + ` }
    separateBillingAddress { ` + addressFields + ` }
    paymentMethod { id name }
    paymentMethods { id name kind addressAfterPayment initiateOnlySupported handlingCost { value formattedValue } }
    shippingMethod { id name }
    shippingMethods { id name price { value formattedValue } }
    totals { __typename type price { value formattedValue } }
  }
}
` + cartFieldsFragment

// addressFields are what a page shows of an address.
const addressFields = `email firstName lastName companyName address1 address2 zipCode city stateOrProvince phoneNumber
  vatNumber country { code } state { code }`

const cartFieldsFragment = `fragment cart on Selection {
  __typename id comment
  language { code }
  grandTotal { value formattedValue currency { code } }
  lines { ...line }
}
fragment line on Line {
  __typename id name productVariantName size quantity comment hasDiscount
  item { id sku }
  displayItem { id uri media { source { url } } }
  unitPrice { value formattedValue }
  unitOriginalPrice { value formattedValue }
  lineValue { value formattedValue }
  originalLineValue { value formattedValue }
}
`
