package centratest

// What is open about the Storefront API's behaviour. Its shape is not: Centra
// publishes the schema.

// DeadSelection is a form in which setSelection says that there is no such cart.
type DeadSelection int

// The forms.
const (
	DeadIsUserError DeadSelection = iota // userErrors, and the session's own cart as the selection
	DeadIsError                          // errors, and no data
	DeadIsNull                           // no errors of either kind; the selection is null
)

// WithDeadSelection sets what setSelection answers for an ID that is unknown,
// expired or ordered. None of the three is documented. Default: [DeadIsUserError].
func WithDeadSelection(form DeadSelection) Option {
	return func(c *config) { c.deadSelection = form }
}

// WithGraphQLErrorStatus sets the HTTP status of answers with errors, of an
// expired token too. It is not documented. Default: 200.
func WithGraphQLErrorStatus(status int) Option {
	return func(c *config) { c.graphqlErrorStatus = status }
}

// WithWidgetOptIn starts a countdown when a widget's event brings an e-mail
// address. handleWidgetEvent has no flag for it, and nothing says whether the
// address alone is enough. Default: it is not, only setAddress can opt in.
func WithWidgetOptIn() Option {
	return func(c *config) { c.widgetOptsIn = true }
}

// WithPaymentOptIn starts a countdown when paymentInstructions brings an e-mail
// address. It has no flag either. Default: it changes nothing.
func WithPaymentOptIn() Option {
	return func(c *config) { c.paymentOptsIn = true }
}

// WithAddressAddingUp has setAddress keep what it is not sent. Centra's own form
// always sends everything, so nobody knows. Default: what is left out is cleared.
func WithAddressAddingUp() Option {
	return func(c *config) { c.addressAddsUp = true }
}

// WithTokenWhenNew answers extensions.token only where it is another one than
// was sent. Centra's own storefront reads it after some calls and not after
// others. Default: every answer to a session has it.
func WithTokenWhenNew() Option {
	return func(c *config) { c.tokenWhenNew = true }
}
