module github.com/centra-go/cartabandonment/examples/internal/benchmarks

go 1.25.0

require (
	github.com/centra-go/cartabandonment v0.1.0
	github.com/go-resty/resty/v2 v2.17.2
	github.com/hashicorp/go-retryablehttp v0.7.8
)

require (
	github.com/hashicorp/go-cleanhttp v0.5.2 // indirect
	golang.org/x/net v0.43.0 // indirect
)

replace github.com/centra-go/cartabandonment => ../../..
