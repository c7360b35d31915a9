package main

import (
	"net"
	"testing"
	"time"

	"github.com/gofiber/fiber/v3"

	"github.com/centra-go/cartabandonment/centra"
	"github.com/centra-go/cartabandonment/examples/frameworks/internal/flow"
)

func TestHost(t *testing.T) {
	flow.Run(t, "", func(t *testing.T, api *centra.CheckoutAPI, origin string, l net.Listener) func() {
		app := newHost(api, origin)
		go func() { _ = app.Listener(l, fiber.ListenConfig{DisableStartupMessage: true}) }()
		t.Cleanup(func() { _ = app.ShutdownWithTimeout(time.Second) })
		return nil
	})
}
