package benchmarks_test

import "testing"

// The comparison is worth nothing if one of the clients does not do its work.
func TestClients(t *testing.T) {
	server := startServer(t)
	baseURL := server + "/30k"
	for name, update := range map[string]update{
		"ours, Storefront API":    oursStorefront(t, server+"/storefront"),
		"nethttp, Storefront API": netHTTPStorefront(t, server+"/storefront"),
		"ours":                    ours(t, baseURL),
		"nethttp":                 netHTTP(t, baseURL),
		"retryablehttp":           retryableHTTP(t, baseURL),
		"resty":                   restyClient(t, baseURL),
	} {
		t.Run(name, func(t *testing.T) {
			if err := update(t.Context()); err != nil {
				t.Error(err)
			}
			if err := update(t.Context()); err != nil {
				t.Error("second call:", err)
			}
		})
	}
}
