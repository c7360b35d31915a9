module github.com/centra-go/cartabandonment/examples/internal/schema

go 1.25.0

require (
	github.com/centra-go/cartabandonment v0.1.0
	github.com/vektah/gqlparser/v2 v2.5.64
)

require (
	github.com/agnivade/levenshtein v1.2.2 // indirect
	github.com/hashicorp/go-cleanhttp v0.5.2 // indirect
	github.com/hashicorp/go-retryablehttp v0.7.8 // indirect
)

replace github.com/centra-go/cartabandonment => ../../..
