// Package schema holds what is known of the schema of Centra's Storefront API, and
// its tests hold every document that package centra sends against it. It is a
// module of its own since reading GraphQL takes a module that the library does
// not need.
package schema

import _ "embed"

// Text is the schema in GraphQL's own language.
//
//go:embed schema.graphql
var Text string
