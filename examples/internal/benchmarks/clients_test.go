package benchmarks_test

import "testing"

// The comparison is worth nothing if one of the clients does not do its work.
func TestClients(t *testing.T) {
	baseURL := startServer(t) + "/30k"
	for name, update := range map[string]update{
		"ours":          ours(t, baseURL),
		"nethttp":       netHTTP(t, baseURL),
		"retryablehttp": retryableHTTP(t, baseURL),
		"resty":         restyClient(t, baseURL),
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
