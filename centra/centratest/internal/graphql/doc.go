// Package graphql checks and carries out the part of GraphQL that a simulated
// Storefront API needs: operations, variables with defaults, fields, arguments,
// aliases, fragments and __typename, over a schema that is written down in
// GraphQL's own language. It is strict: whatever the schema does not know, a
// variable of another type than its place, and one that nobody uses, is an error.
// Directives, subscriptions and introspection are errors too.
package graphql
