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

func visitorsOverRedis(addr string, logger *slog.Logger) (*session.Visitors, error) {
	client := redis.NewClient(&redis.Options{
		Addr:                  addr,
		ContextTimeoutEnabled: true, // or a Redis that hangs would keep the visitors waiting
	})
	turns, err := redisturns.New(client, redisturns.WithLogger(logger))
	if err != nil {
		return nil, err
	}
	return session.NewVisitors(session.Cookie{}, session.WithTurns(turns))
}

// A shop of several processes gives the same Visitors to its handlers as one of
// a single process does, with turns over Redis.
func Example() {
	visitors, err := visitorsOverRedis("127.0.0.1:6379", slog.Default())
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
	fmt.Println("ready, whether Redis is there by now or not")
	// Output:
	// ready, whether Redis is there by now or not
}
