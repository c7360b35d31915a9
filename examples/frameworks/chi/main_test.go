package main

import (
	"testing"

	"github.com/centra-go/cartabandonment/examples/frameworks/internal/flow"
)

func TestHost(t *testing.T) { flow.Run(t, "", flow.InMemory(newHost)) }
