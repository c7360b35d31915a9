// Package browsertest proves the browser's half of the library in Chromium: it
// holds nothing but tests. Run them with
//
//	go test ./...
//
// They drive our listener and others in small shops of their own, and the running
// examples/webshop. They need Chromium, and npm for the two versions of jQuery that the
// documented listener is tried with; -short skips them.
package browsertest
