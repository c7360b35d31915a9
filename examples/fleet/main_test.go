package main

import (
	"errors"
	"flag"
	"io"
	"net"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestRunSaysWhatIsWrong(t *testing.T) {
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer taken.Close()
	required := "-centra https://shop.centra.com -redis 127.0.0.1:1 -addr 127.0.0.1:0 "
	tests := []struct {
		name, args, want string
	}{
		{"no Centra", "-redis 127.0.0.1:1", "-centra is required"},
		{"no Redis", "-centra https://shop.centra.com", "-redis is required"},
		{"no such flag", required + "-port 1", "flag provided but not defined"},
		{"an argument", required + "shop", `"shop" is no flag`},
		{"no such API", required + "-api graphql", "-api must be checkout, shop or storefront"},
		{"no secret", required + "-api shop", "secret"},
		{"a URL that is none", "-redis 127.0.0.1:1 -centra %%%", "-centra is not a URL"},
		{"an origin with a path", required + "-origin https://example.com/shop", "-origin must be an origin"},
		{"a cart link without a place for the cart", required + "-cart-link http://127.0.0.1/cart", "CartLink"},
		{"an address that is taken", required + "-addr " + taken.Addr().String(), "cannot listen on"},
		{"a queue nowhere", required + "-queue " + filepath.Join(t.TempDir(), "no", "q.db"), "the queue cannot be opened"},
		{"no queue", required + "-queue=", "-queue names no file"},
		{"a database that is none", required + "-postgres nowhere", "-postgres is no URL"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Setenv("CENTRA_SECRET", "")
			t.Chdir(t.TempDir()) // where the queue's file is by default
			err := run(t.Context(), strings.Fields(tt.args), io.Discard, io.Discard)
			if err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("run: %v, want an error that has %q", err, tt.want)
			}
		})
	}
	if err := run(t.Context(), []string{"-h"}, io.Discard, io.Discard); !errors.Is(err, flag.ErrHelp) {
		t.Errorf("-h: %v", err)
	}
}

func TestOptions(t *testing.T) {
	t.Setenv("CENTRA_SECRET", secret)
	addr := &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1), Port: 8081}
	tests := []struct {
		args string
		want options
	}{
		{"-centra https://shop.centra.com -redis r:6379", options{
			addr: "127.0.0.1:8080", api: "checkout", centra: "https://shop.centra.com/api/checkout", secret: secret,
			redis: "r:6379", origin: "http://127.0.0.1:8081", queue: "fleet-queue.db",
			cartLink: "http://127.0.0.1:8081/abandoned-cart/{selection}",
		}},
		{"-centra https://shop.centra.com/gql/7 -api storefront -secret s -redis r:6379 -origin https://example.com/ " +
			"-queue q -postgres postgres://db", options{
			addr: "127.0.0.1:8080", api: "storefront", centra: "https://shop.centra.com/gql/7", secret: "s",
			redis: "r:6379", origin: "https://example.com", queue: "q", postgres: "postgres://db",
			cartLink: "https://example.com/abandoned-cart/{selection}",
		}},
	}
	for _, tt := range tests {
		got, err := parseFlags(strings.Fields(tt.args), io.Discard)
		if err == nil {
			err = got.complete(addr)
		}
		if err != nil {
			t.Errorf("%s: %v", tt.args, err)
		}
		if diff := cmp.Diff(tt.want, got, cmp.AllowUnexported(options{})); diff != "" {
			t.Errorf("%s (-want +got):\n%s", tt.args, diff)
		}
	}
}
