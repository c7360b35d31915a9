package main

import (
	"testing"

	"github.com/centra-go/cartabandonment/examples/frameworks/internal/flow"
)

func TestHost(t *testing.T) {
	t.Setenv("SESSION_KEY", "0123456789abcdef0123456789abcdef")
	flow.Run(t, "", flow.Handler(newHost))
}
