package redisturns_test

import (
	"context"
	"fmt"
	"log/slog"
	"net/http"

	"github.com/redis/go-redis/v9"

	"github.com/centra-go/cartabandonment/centra"
	"github.com/centra-go/cartabandonment/centra/session"
	"github.com/centra-go/cartabandonment/centra/session/redisturns"
)

// A shop of several processes gives the same Visitors to its handlers as one of
// a single process does, with turns over Redis.
func Example() {
	client := redis.NewClient(&redis.Options{
		Addr:                  "127.0.0.1:6379",
		ContextTimeoutEnabled: true, // or a Redis that hangs would keep the visitors waiting
	})
	defer func() { _ = client.Close() }()

	turns, err := redisturns.New(client, redisturns.WithLogger(slog.Default()))
	if err != nil {
		fmt.Println(err)
		return
	}
	visitors, err := session.NewVisitors(session.Cookie{}, session.WithTurns(turns))
	if err != nil {
		fmt.Println(err)
		return
	}

	cart := func(w http.ResponseWriter, r *http.Request) {
		_ = visitors.Do(w, r, func(ctx context.Context, s centra.Session) (centra.Session, error) {
			// A call to Centra: no other process makes one for this visitor meanwhile.
			return s, nil
		})
	}
	http.HandleFunc("GET /cart", cart)
}
