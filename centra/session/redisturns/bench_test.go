package redisturns_test

import (
	"fmt"
	"slices"
	"sync/atomic"
	"testing"
	"time"

	"github.com/centra-go/cartabandonment/centra"
)

// What a turn costs where nobody else wants it.
func BenchmarkTurn(b *testing.B) {
	turns := process(b, startServer(b).client())
	for _, rotates := range []bool{false, true} {
		b.Run(fmt.Sprint("rotates=", rotates), func(b *testing.B) {
			var visitors atomic.Int64
			b.RunParallel(func(pb *testing.PB) {
				name := fmt.Sprint("visitor", visitors.Add(1), rotates, b.N)
				for i := 0; pb.Next(); i++ {
					turn, err := turns.Take(b.Context(), centra.Session(name))
					if err != nil {
						b.Error(err)
						return
					}
					now := centra.Session("")
					if rotates {
						now = centra.Session(fmt.Sprint(name, i))
					}
					turn.Done(now)
				}
			})
		})
	}
}

// How long after a call of 100 ms in one process the next in another begins.
func BenchmarkHandOver(b *testing.B) {
	client := startServer(b).client()
	one, two := process(b, client), process(b, client)
	var gaps []time.Duration
	for b.Loop() {
		held, err := one.Take(b.Context(), "s")
		if err != nil {
			b.Fatal(err)
		}
		came := make(chan time.Time)
		go func() {
			next, err := two.Take(b.Context(), "s")
			if err != nil {
				b.Error(err)
				close(came)
				return
			}
			came <- time.Now()
			next.Done("")
			close(came)
		}()
		time.Sleep(100 * time.Millisecond)
		ended := time.Now()
		held.Done("")
		gaps = append(gaps, (<-came).Sub(ended))
		<-came
	}
	slices.Sort(gaps)
	b.ReportMetric(float64(gaps[len(gaps)/2].Microseconds())/1000, "p50-ms")
	b.ReportMetric(float64(gaps[len(gaps)*99/100].Microseconds())/1000, "p99-ms")
}
