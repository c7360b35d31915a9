package centra

// The documents of the Storefront API, one for each thing that is asked. Each
// asks only for what this library reads, and for __typename wherever another
// type may appear tomorrow. None writes an argument or a value into its text:
// everything that varies is a variable.
//
// Reading checkout makes Centra call shipping and tax services, so there are two
// parts that a document can end in: cartFragment for pages that show a cart, and
// checkoutFragment where a checkout is shown, see [StorefrontAPI.AtCheckout].
// Both define the fragment shown.

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
  setAddress(shippingAddress: $shipping, separateBillingAddress: $billing, sendCartAbandonmentEmail: $optIn) { ...answered }
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
  setAddress(shippingAddress: $shipping, separateBillingAddress: $billing, sendCartAbandonmentEmail: $optIn) { ...answered }
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
      ... on SuccessPaymentAction { order { id number } }
    }
    selection { ...shown }
    userErrors { ...refusal }
  }
}
` + refusalFragment

// paymentResultDocument completes the order.
const paymentResultDocument = `mutation paymentResult($fields: Map!) {
  paymentResult(paymentMethodFields: $fields) {
    __typename type
    selection { ...shown }
    userErrors { ...refusal }
    ... on PaymentResultSuccessPayload { order { id number } }
  }
}
` + refusalFragment

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
      ... on KlarnaPaymentWidget { client_token replace_snippet }
    }
    shippingAddress { ...typed }
    separateBillingAddress { ...typed }
    paymentMethod { id }
    shippingMethod { id }
    totals { __typename type price { value formattedValue } }
  }
}
fragment typed on Address {
  email firstName lastName companyName address1 address2 zipCode city phoneNumber vatNumber
  country { code }
  state { code }
}
` + cartFieldsFragment

const cartFieldsFragment = `fragment cart on Selection {
  __typename id
  language { code }
  grandTotal { value formattedValue currency { code } }
  lines {
    __typename id name size quantity
    item { id sku }
    displayItem { id uri }
    unitPrice { value formattedValue }
    lineValue { value formattedValue }
  }
}
`
