package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"html"
	"html/template"
	"net/http"
	"net/url"
	"regexp"

	"github.com/centra-go/cartabandonment/centra"
)

// checkoutPage is what the checkout shows beside the cart.
type checkoutPage struct {
	Unknown   bool // Centra did not say what is in the cart
	Methods   []method
	Widget    bool          // the payment method brings a widget
	Script    template.HTML // CheckoutScript and the listener
	MayRemind bool
	Agreed    bool
	Paying    bool // the details are there
	Fields    []field
	Countries []country
}

type method struct {
	ID, Name string
	Active   bool
}

type field struct {
	Name, Label, Type, Complete string
	Value, Error                string
	Required, Whole             bool
}

type country struct {
	Code, Name string
	Active     bool
}

func (s *site) getCheckout(w http.ResponseWriter, r *http.Request) {
	v := s.view(w, r, s.checkout, "Checkout")
	switch r.URL.Query().Get("payment") {
	case "failed":
		v.Notices = append(v.Notices, notice{
			Warn: true, Title: "The payment failed.", Text: "Nothing was taken from your account; your cart is as it was.",
		})
	}
	s.writeCheckout(w, r, http.StatusOK, v, nil)
}

// writeCheckout shows v.Cart with the shopper's details, those of the form if
// there is one.
func (s *site) writeCheckout(w http.ResponseWriter, r *http.Request, status int, v view, refused map[string]string) {
	v.Here = "/checkout"
	page := checkoutPage{
		Unknown:   v.Cart == nil,
		MayRemind: mayRemind(r),
		Script:    s.callback.Embed(v.Cart, v.Nonce),
	}
	if cart := v.Cart; cart != nil {
		address := cart.Address
		if r.PostForm.Has("email") {
			address = *formAddress(r)
		}
		_, err := r.Cookie(reminderCookie)
		page.Agreed = mayRemind(r) && (err == nil || r.PostForm.Has("reminder")) // a box that asks starts empty
		page.Widget = cart.CheckoutScript != ""
		page.Paying = cart.Address.Email != "" && refused == nil
		page.Methods = s.methods(cart)
		page.Fields = fields(address, refused)
		page.Countries = countries(address.Country)
	}
	v.Page = page
	s.write(w, status, "checkout", v)
}

// methods are what Centra offers; of the simulated one, the two flows.
func (s *site) methods(cart *centra.Selection) []method {
	var methods []method
	for _, m := range cart.PaymentMethods {
		name := m.Name
		if s.centra != nil {
			name = flows[m.Name]
		}
		if name != "" {
			methods = append(methods, method{m.PaymentMethod, name, m.PaymentMethod == cart.PaymentMethod})
		}
	}
	return methods
}

// flows are the simulated methods that a shopper may choose.
var flows = map[string]string{"Klarna Checkout": "Pay with Klarna Checkout", "Dummy": "Without a widget"}

func fields(a centra.Address, refused map[string]string) []field {
	list := []field{
		{Name: "email", Label: "E-mail", Type: "email", Complete: "email", Value: a.Email, Required: true, Whole: true},
		{Name: "firstName", Label: "First name", Type: "text", Complete: "given-name", Value: a.FirstName, Required: true},
		{Name: "lastName", Label: "Last name", Type: "text", Complete: "family-name", Value: a.LastName, Required: true},
		{Name: "address1", Label: "Street and number", Type: "text", Complete: "address-line1", Value: a.Address1,
			Required: true, Whole: true},
		{Name: "zipCode", Label: "Postal code", Type: "text", Complete: "postal-code", Value: a.ZipCode, Required: true},
		{Name: "city", Label: "City", Type: "text", Complete: "address-level2", Value: a.City, Required: true},
		{Name: "phoneNumber", Label: "Phone (optional)", Type: "tel", Complete: "tel", Value: a.PhoneNumber},
	}
	for i := range list {
		list[i].Error = refused[list[i].Name]
	}
	return list
}

func countries(chosen string) []country {
	list := []country{
		{Code: "SE", Name: "Sweden"}, {Code: "NO", Name: "Norway"},
		{Code: "DE", Name: "Germany"}, {Code: "US", Name: "United States"},
	}
	for i := range list {
		list[i].Active = list[i].Code == chosen
	}
	return list
}

// postCheckout is the form of the flow without a widget.
func (s *site) postCheckout(w http.ResponseWriter, r *http.Request) {
	if err := r.ParseForm(); err != nil {
		s.write(w, http.StatusBadRequest, "message", view{
			Title: "The form cannot be read", Demo: s.demoState(), Page: "Please fill it in again.",
		})
		return
	}
	rememberAnswer(w, r)
	_, err := s.saveDetails(w, r)
	refused := refusal(err)
	switch {
	case err == nil:
		http.Redirect(w, r, "/checkout", http.StatusSeeOther)
	case refused != nil:
		v := s.view(w, r, s.checkout, "Checkout")
		v.Notices = append(v.Notices, said("Some details were not accepted.", refused))
		s.writeCheckout(w, r, http.StatusUnprocessableEntity, v, refused.Fields)
	default:
		s.fail(w, r, "Your details are not saved", err)
	}
}

func (s *site) postPaymentMethod(w http.ResponseWriter, r *http.Request) {
	if err := s.setPaymentMethod(w, r, r.PostFormValue("method")); err != nil {
		s.fail(w, r, "The payment method has not changed", err)
		return
	}
	http.Redirect(w, r, "/checkout", http.StatusSeeOther)
}

// postReminder is the switch above the widget. The page's script posts it too.
func (s *site) postReminder(w http.ResponseWriter, r *http.Request) {
	if err := r.ParseForm(); err != nil {
		s.write(w, http.StatusBadRequest, "message", view{
			Title: "The form cannot be read", Demo: s.demoState(), Page: "Please try again.",
		})
		return
	}
	if err := s.decideReminder(w, r); err != nil {
		s.fail(w, r, "Your answer has not reached us", err)
		return
	}
	http.Redirect(w, r, "/checkout", http.StatusSeeOther)
}

// pay starts the payment and does what Centra answers.
func (s *site) pay(w http.ResponseWriter, r *http.Request) {
	action, err := s.startPayment(w, r)
	if err != nil {
		s.failPayment(w, r, err)
		return
	}
	s.follow(w, r, action)
}

// follow does what Centra wants to happen next in a payment.
func (s *site) follow(w http.ResponseWriter, r *http.Request, action *centra.PaymentAction) {
	switch action.Action {
	case centra.ActionSuccess:
		s.thank(w, r, action.Order)
	case centra.ActionRedirect:
		s.redirectToPayment(w, r, action.URL)
	case centra.ActionForm:
		if s.centra != nil { // the simulated Klarna has asked already, in its iframe
			s.redirectToPayment(w, r, returnPath+"?"+hiddenFields(action.FormHTML).Encode())
			return
		}
		s.showPayment(w, r, action)
	case centra.ActionJavaScript, centra.ActionExternal:
		s.showPayment(w, r, action)
	default:
		http.Redirect(w, r, "/checkout?payment=failed", http.StatusSeeOther)
	}
}

var hiddenField = regexp.MustCompile(`name="([^"]*)" value="([^"]*)"`)

// hiddenFields reads the form that the simulated Klarna's widget sends when the
// shopper has paid.
func hiddenFields(form string) url.Values {
	fields := make(url.Values)
	for _, match := range hiddenField.FindAllStringSubmatch(form, -1) {
		fields.Set(html.UnescapeString(match[1]), html.UnescapeString(match[2]))
	}
	return fields
}

// redirectToPayment goes where Centra says, as long as that is on the web.
func (s *site) redirectToPayment(w http.ResponseWriter, r *http.Request, target string) {
	u, err := url.Parse(target)
	if err != nil || (u.Scheme != "" && u.Scheme != "https" && u.Scheme != "http") {
		s.fail(w, r, "The payment could not be started", centra.ErrInvalidResponse)
		return
	}
	http.Redirect(w, r, u.String(), http.StatusSeeOther)
}

// showPayment is the page of a payment method that brings HTML or a script.
func (s *site) showPayment(w http.ResponseWriter, r *http.Request, action *centra.PaymentAction) {
	v := s.view(w, r, s.checkout, "Payment")
	v.Here = "/checkout"
	v.Page = struct {
		Script, HTML template.HTML
		Fields       json.RawMessage
		Code         template.JS
	}{s.callback.Embed(v.Cart, v.Nonce), withNonce(action.FormHTML, v.Nonce), action.FormFields, template.JS(action.Code)}
	s.write(w, http.StatusOK, "payment", v)
}

// outOfStock shows what is gone and the cart that is left, which Centra has
// already put in order.
func (s *site) outOfStock(w http.ResponseWriter, r *http.Request, gone *centra.OutOfStockError) {
	names := make(map[string]string)
	s.mu.Lock()
	for _, p := range s.lastKnown {
		for _, size := range p.Sizes {
			names[string(size.Item)] = string(p.Name)
		}
	}
	s.mu.Unlock()
	problem := notice{Warn: true, Title: "Somebody was faster.", Text: "Nothing has been paid."}
	if gone.Cancellation != nil {
		problem.Text = "Your payment of " + gone.Cancellation.GrandTotalPrice + " was cancelled."
	} else if gone.Selection != nil && !gone.Selection.Empty() {
		problem.Text = "The rest of your cart is as it was; nothing has been paid."
	}
	for _, item := range gone.Items {
		name := names[item.Item]
		if name == "" {
			name = "Item " + item.Item
		}
		line := name + " is sold out."
		if item.Available > 0 {
			line = fmt.Sprintf("%s: only %d of %d left.", name, item.Available, item.OriginalQuantity)
		}
		problem.Lines = append(problem.Lines, line)
	}
	v := view{Title: "Checkout", Nonce: nonce(), Demo: s.demoState(), Cart: gone.Selection}
	if v.Cart == nil { // Centra does not always send it along
		v = s.view(w, r, s.checkout, "Checkout")
	}
	v.Notices = append(v.Notices, problem)
	s.writeCheckout(w, r, http.StatusOK, v, nil)
}

// paymentReturn is where a payment provider sends the shopper.
func (s *site) paymentReturn(w http.ResponseWriter, r *http.Request) {
	if r.Method == http.MethodPost && r.Header.Get("Sec-Fetch-Site") == "cross-site" {
		s.repeatPost(w, r)
		return
	}
	order, err := s.finishPayment(w, r)
	switch {
	case err != nil:
		s.failPayment(w, r, err)
	case order.Next != nil:
		s.follow(w, r, order.Next)
	default:
		s.thank(w, r, order)
	}
}

// failPayment is the page after a payment that has not ended with an order.
func (s *site) failPayment(w http.ResponseWriter, r *http.Request, err error) {
	var gone *centra.OutOfStockError
	if errors.As(err, &gone) {
		s.outOfStock(w, r, gone)
		return
	}
	s.fail(w, r, "The payment is not complete", err)
}

// repeatPost has the browser post once more, from here: it withholds a
// SameSite=Lax cookie from what another site posts, and without the session
// nobody knows whose payment this is.
func (s *site) repeatPost(w http.ResponseWriter, r *http.Request) {
	if err := r.ParseForm(); err != nil {
		s.fail(w, r, "The payment is not complete", err)
		return
	}
	s.write(w, http.StatusOK, "repeat", view{Title: "One moment", Here: returnPath, Demo: s.demoState(), Page: struct {
		Action string
		Values url.Values
	}{r.URL.RequestURI(), r.PostForm}})
}

func (s *site) thank(w http.ResponseWriter, r *http.Request, order *centra.Order) {
	s.recovery.Ordered(w, r, order) // tells watchRecovery where the order came from a recovered cart
	s.write(w, http.StatusOK, "order", view{Title: "Thank you", Here: returnPath, Demo: s.demoState(), Page: order})
}
