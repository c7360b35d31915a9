package benchmarks_test

import (
	"io"
	"net/http"
	"slices"
	"strconv"
	"sync"
	"testing"
	"time"
)

// BenchmarkParallel has 200 sessions make calls at once, and reports what plain
// means hide: the slowest one in a hundred, and connections opened.
func BenchmarkParallel(b *testing.B) {
	const sessions = 200
	baseURL := startServer(b)
	for _, client := range []struct {
		name string
		update
	}{
		{"ours", ours(b, baseURL+"/30k")},
		{"nethttp", netHTTP(b, baseURL+"/30k")},
	} {
		b.Run(client.name, func(b *testing.B) {
			before := connections(b, baseURL)
			var mu sync.Mutex
			var took []time.Duration
			var wg sync.WaitGroup
			calls := make(chan struct{}, sessions)
			b.ReportAllocs()
			for range sessions {
				wg.Go(func() {
					var mine []time.Duration
					for range calls {
						start := time.Now()
						if err := client.update(b.Context()); err != nil {
							b.Error(err)
						}
						mine = append(mine, time.Since(start))
					}
					mu.Lock()
					took = append(took, mine...)
					mu.Unlock()
				})
			}
			for b.Loop() {
				calls <- struct{}{}
			}
			close(calls)
			wg.Wait()
			slices.Sort(took)
			b.ReportMetric(float64(took[len(took)*99/100].Microseconds())/1000, "p99-ms")
			b.ReportMetric(float64(connections(b, baseURL)-before), "connections")
		})
	}
}

func connections(b *testing.B, baseURL string) int {
	b.Helper()
	resp, err := http.Get(baseURL + "/connections")
	if err != nil {
		b.Fatal(err)
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		b.Fatal(err)
	}
	n, err := strconv.Atoi(string(body))
	if err != nil {
		b.Fatal(err)
	}
	return n
}
