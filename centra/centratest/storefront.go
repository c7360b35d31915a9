package centratest

import (
	_ "embed"
	"errors"
	"net/http"
	"strings"

	"github.com/centra-go/cartabandonment/centra/centratest/internal/graphql"
)

//go:embed storefront.graphql
var storefrontSource string

var storefrontSchema = func() *graphql.Schema {
	schema, err := graphql.ParseSchema(storefrontSource)
	if err != nil {
		panic("centratest: " + err.Error())
	}
	return schema
}()

// unauthorized is the message for a token that does not work.
const unauthorized = "Unauthorized"

// prepareStorefront reads a request of the Storefront API. Whether it changes
// the cart stands in its document.
func (s *Server) prepareStorefront(c *call) {
	c.changes = false
	body, refused := decodeBody(c.record.Body)
	if refused != nil || len(c.segments) > 0 || c.record.Method != http.MethodPost {
		return
	}
	c.record.Document, _ = body["query"].(string)
	c.record.Variables, _ = body["variables"].(map[string]any)
	operation, _ := body["operationName"].(string)
	c.graphql, c.graphqlErr = storefrontSchema.Prepare(c.record.Document, operation, c.record.Variables)
	if c.graphqlErr != nil {
		return
	}
	c.record.Operation, c.record.Fields = c.graphql.Name, c.graphql.Fields()
	c.record.AsksCheckout = c.graphql.Asks("Selection", "checkout")
	c.changes = c.graphql.Kind == "mutation"
	for _, field := range c.record.Fields {
		c.completes = c.completes || field == "paymentResult"
	}
}

// answerStorefront finds the session and carries the document out.
func (s *Server) answerStorefront(c *call) *reply {
	sent := bearer(c.record.Header)
	fresh := false
	switch {
	case sent != "" && sent == s.config.sessionToken:
		c.session, fresh = s.newSession(), true
		c.session.cart.lifetime = StorefrontCartLifetime
	case s.lookup(sent) != nil:
		c.session, _ = s.resume(sent)
	}
	if c.session != nil {
		c.cart = c.session.cart
	}
	answer := s.answerDocument(c)
	extensions := object{"traceId": randomHex()}
	if c.session != nil {
		token := s.respond(c.session, fresh, c.fault != nil && c.fault.rotate)
		if token != sent || !s.config.tokenWhenNew {
			extensions["token"] = token
		}
	}
	if padding := s.config.responseSize; padding > 0 {
		extensions["padding"] = strings.Repeat("x", padding)
	}
	answer.body["extensions"] = extensions
	return answer
}

func (s *Server) answerDocument(c *call) *reply {
	secret := c.record.Header.Get("X-Shared-Secret")
	switch {
	case c.fault != nil:
		return c.fault.graphqlReply()
	case len(c.segments) > 0 || c.record.Method != http.MethodPost:
		answer := s.unknownRoute(c)
		answer.body = object{"data": nil, "errors": []object{{"message": "centratest: this route is not simulated"}}}
		return answer
	case c.graphql == nil:
		return s.unfit(c)
	case c.session == nil || secret != "" && secret != s.config.secret:
		return s.graphqlError(unauthorized, nil)
	case c.locked:
		return s.graphqlError("the selection's payment result is being processed", nil)
	}
	field := ""
	data, err := c.graphql.Execute(func(name string, arguments map[string]any) (any, error) {
		field = name
		return s.resolveStorefront(c, name, arguments)
	})
	if err != nil {
		return s.graphqlError(err.Error(), []any{field})
	}
	return &reply{status: http.StatusOK, body: object{"data": data}}
}

// unfit fails the test: a document that does not fit the schema would be refused
// by Centra for every shopper. The reason names fields, never values.
func (s *Server) unfit(c *call) *reply {
	err := c.graphqlErr
	if err == nil {
		err = errors.New("the body is no JSON object with a query")
	}
	if s.tb != nil && !s.closed {
		s.tb.Errorf("centratest: a document that does not fit the Storefront API's schema: %v", err)
	}
	return s.graphqlError(err.Error(), nil)
}

func (s *Server) graphqlError(message string, path []any) *reply {
	failure := object{"message": message}
	if path != nil {
		failure["path"] = path
	}
	return &reply{status: s.config.graphqlErrorStatus, body: object{"data": nil, "errors": []object{failure}}}
}

// graphqlReply is a scripted failure in GraphQL's shape.
func (f *Fault) graphqlReply() *reply {
	var failures []object
	for field, message := range f.errors {
		failures = append(failures, object{"message": message, "path": []any{field}})
	}
	for _, message := range f.says {
		failures = append(failures, object{"message": message})
	}
	body := object{"data": nil}
	if len(failures) > 0 {
		body["errors"] = failures
	}
	return &reply{status: f.status, body: body}
}

// NewStorefrontCart is [Server.NewCart] with a cart that lives as long as those
// of the Storefront API.
func (s *Server) NewStorefrontCart(items ...string) (sessionToken, selection string) {
	sessionToken, selection = s.NewCart(items...)
	s.update(func() { s.carts[selection].lifetime = StorefrontCartLifetime })
	return sessionToken, selection
}
