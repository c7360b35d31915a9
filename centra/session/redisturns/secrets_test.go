package redisturns_test

import (
	"context"
	"crypto/md5"
	"crypto/sha1"
	"crypto/sha256"
	"crypto/sha512"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"os"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/centra-go/cartabandonment/centra"
	"github.com/centra-go/cartabandonment/centra/session"
	"github.com/centra-go/cartabandonment/centra/session/redisturns"
)

// wire is all that a client ever sends to Redis and gets from it.
type wire struct {
	mu   sync.Mutex
	text strings.Builder
}

func (w *wire) DialHook(next redis.DialHook) redis.DialHook { return next }

func (w *wire) ProcessHook(next redis.ProcessHook) redis.ProcessHook {
	return func(ctx context.Context, cmd redis.Cmder) error {
		err := next(ctx, cmd)
		w.mu.Lock()
		defer w.mu.Unlock()
		fmt.Fprintln(&w.text, cmd.Args()...)
		fmt.Fprintln(&w.text, cmd)
		return err
	}
}

func (w *wire) ProcessPipelineHook(next redis.ProcessPipelineHook) redis.ProcessPipelineHook {
	return func(ctx context.Context, cmds []redis.Cmder) error {
		err := next(ctx, cmds)
		w.mu.Lock()
		defer w.mu.Unlock()
		for _, cmd := range cmds {
			fmt.Fprintln(&w.text, cmd)
		}
		return err
	}
}

// Whoever reads Redis, listens on the way there, or reads the log, learns neither
// who visits the shop nor what opens a cart.
func TestNothingTellsASession(t *testing.T) {
	server := startServer(t)
	client := server.client()
	var sent wire
	client.AddHook(&sent)
	var log log
	var seen outcomes
	turns, err := redisturns.New(client, redisturns.WithLogger(log.logger()), redisturns.WithObserve(seen.observe))
	if err != nil {
		t.Fatal(err)
	}
	tokens := []centra.Session{
		"esf1p3tgchfg5ggtpqdpgqjtt6", "f611707b97e18a902270223b79f743c2", "kbd2q9tgchfg5ggtpqdpgqjtt7",
	}
	take(t, turns, tokens[0]).Done(tokens[1])
	take(t, turns, tokens[1]).Done(tokens[2])
	held := take(t, turns, tokens[0])
	blocked(t, process(t, client), tokens[2])
	server.do("REPLICAOF", "127.0.0.1", "1")
	held.Done(tokens[0])
	take(t, turns, tokens[0]).Done(tokens[1])
	server.do("REPLICAOF", "NO", "ONE")
	takes(t, turns, tokens[0], tokens[1])

	said := sent.text.String() + log.String() + fmt.Sprintf("%+v", seen.all()) + fmt.Sprintf("%v %+v", turns, held)
	if !strings.Contains(said, "centra:turns:{") || !strings.Contains(log.String(), "WARN") {
		t.Fatal("the test has seen nothing")
	}
	for _, s := range tokens {
		for what, bytes := range traces(s) {
			for _, written := range []string{
				string(bytes), hex.EncodeToString(bytes),
				base64.StdEncoding.EncodeToString(bytes), base64.RawURLEncoding.EncodeToString(bytes),
			} {
				if strings.Contains(said, written[:min(len(written), 12)]) {
					t.Errorf("the %s of a session can be read", what)
				}
			}
		}
		if digest := s.String(); strings.Contains(said, strings.Trim(digest[strings.LastIndexAny(digest, " :-")+1:], ")")) {
			t.Error("a key has the digest that logs of the library show")
		}
	}
}

func traces(s centra.Session) map[string][]byte {
	b := []byte(s)
	sum1, sum5, sum256, sum512 := sha1.Sum(b), md5.Sum(b), sha256.Sum256(b), sha512.Sum512(b)
	return map[string][]byte{"text": b, "SHA-1": sum1[:], "MD5": sum5[:], "SHA-256": sum256[:], "SHA-512": sum512[:]}
}

// Everything in Redis goes away by itself, a day after it was last asked for.
func TestRedisForgetsAfterADay(t *testing.T) {
	client := startServer(t).client()
	turns := process(t, client)
	take(t, turns, "a").Done("b")
	take(t, turns, "b").Done("c")
	keys := client.Keys(t.Context(), "*").Val()
	if len(keys) != 3 {
		t.Errorf("%d keys, want one for each session", len(keys))
	}
	day := func() (days int) {
		for _, key := range keys {
			if ttl := client.PTTL(t.Context(), key).Val(); ttl > 24*time.Hour-time.Minute && ttl <= 24*time.Hour {
				days++
			}
		}
		return days
	}
	if n := day(); n != 3 {
		t.Errorf("%d of 3 keys are kept for a day", n)
	}
	for _, key := range keys {
		client.PExpire(t.Context(), key, time.Minute)
	}
	takes(t, process(t, client), "a", "c") // leads to the newest, and keeps that
	if n := day(); n != 2 {
		t.Errorf("%d keys are kept for another day, want that of the session, and of the newest", n)
	}
	for _, key := range keys { // a day later
		client.Del(t.Context(), key)
	}
	takes(t, process(t, client), "a", "a")
}

// What stands in Redis and was not written there by this package, or for another
// place, is nothing.
func TestStrangeValues(t *testing.T) {
	client := startServer(t).client()
	turns := process(t, client)
	take(t, turns, "a").Done("b")
	take(t, turns, "other").Done("another")
	keys := client.Keys(t.Context(), "*").Val()
	values := map[string]string{}
	for _, key := range keys {
		values[key] = client.Get(t.Context(), key).Val()
	}
	tests := map[string]func(i int) string{
		"empty":   func(int) string { return "" },
		"short":   func(i int) string { return values[keys[i]][:10] },
		"text":    func(int) string { return "esf1p3tgchfg5ggtpqdpgqjtt6" },
		"flipped": func(i int) string { return values[keys[i]][:20] + "x" + values[keys[i]][21:] },
		"swapped": func(i int) string { return values[keys[(i+1)%len(keys)]] },
	}
	for name, value := range tests {
		t.Run(name, func(t *testing.T) {
			for i, key := range keys {
				client.Set(t.Context(), key, value(i), time.Hour)
			}
			fresh := process(t, client)
			takes(t, fresh, "a", "a")
			take(t, fresh, "a").Done("b")
			takes(t, process(t, client), "a", "b")
		})
	}
}

func TestNewNamesWhatIsWrong(t *testing.T) {
	hasty := redis.NewClient(&redis.Options{ContextTimeoutEnabled: true})
	defer func() { _ = hasty.Close() }()
	patient := redis.NewClient(&redis.Options{})
	defer func() { _ = patient.Close() }()
	cluster := redis.NewClusterClient(&redis.ClusterOptions{})
	defer func() { _ = cluster.Close() }()
	tests := []struct {
		name   string
		client redis.UniversalClient
		opt    redisturns.Option
		want   string
	}{
		{"no client", nil, nil, "the client is nil"},
		{"a client that waits", patient, nil, "ContextTimeoutEnabled"},
		{"a cluster's client that waits", cluster, nil, "ContextTimeoutEnabled"},
		{"an empty prefix", hasty, redisturns.WithPrefix(""), "WithPrefix"},
		{"a prefix that would decide over a cluster's slots", hasty, redisturns.WithPrefix("{x}"), "WithPrefix"},
		{"no logger", hasty, redisturns.WithLogger(nil), "WithLogger"},
		{"no function", hasty, redisturns.WithObserve(nil), "WithObserve"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			var opts []redisturns.Option
			if tt.opt != nil {
				opts = append(opts, tt.opt)
			}
			if _, err := redisturns.New(tt.client, opts...); err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("New: %v, want an error that has %q", err, tt.want)
			}
		})
	}
}

// Two shops share a Redis, but no turns.
func TestPrefix(t *testing.T) {
	client := startServer(t).client()
	theirs, err := redisturns.New(client, redisturns.WithPrefix("theirs:"))
	if err != nil {
		t.Fatal(err)
	}
	held := take(t, theirs, "a")
	takes(t, process(t, client), "a", "a")
	held.Done("b")
	takes(t, process(t, client), "a", "a")
	for _, key := range client.Keys(t.Context(), "*").Val() {
		if !strings.HasPrefix(key, "theirs:") {
			t.Errorf("the key %q has another prefix", key)
		}
	}
}

// In a cluster a visitor's keys lie in several slots.
func TestCluster(t *testing.T) {
	server := startServer(t, "--cluster-enabled", "yes")
	server.do("CLUSTER", "ADDSLOTSRANGE", 0, 16383)
	client := redis.NewClusterClient(&redis.ClusterOptions{Addrs: []string{server.addr}, ContextTimeoutEnabled: true})
	t.Cleanup(func() { _ = client.Close() })
	for began := time.Now(); !strings.Contains(client.ClusterInfo(t.Context()).Val(), "cluster_state:ok"); {
		if time.Since(began) > 10*time.Second {
			t.Fatal("the cluster does not come up")
		}
		time.Sleep(50 * time.Millisecond)
	}
	var one, two session.Turns = process(t, client), process(t, client)
	take(t, one, "a").Done("b")
	held := take(t, two, "b")
	blocked(t, one, "a")
	held.Done("c")
	takes(t, one, "a", "c")
}

// A client needs no more rights than those that README.md names.
func TestRights(t *testing.T) {
	readme, err := os.ReadFile("README.md")
	if err != nil {
		t.Fatal(err)
	}
	_, named, _ := strings.Cut(string(readme), "the client needs ")
	named, _, _ = strings.Cut(named, " on keys")
	rights := []any{"ACL", "SETUSER", "shop", "on", "nopass", "~centra:turns:*", "+hello", "+ping"}
	for _, command := range regexp.MustCompile("`([a-z]+)`").FindAllStringSubmatch(named, -1) {
		rights = append(rights, "+"+command[1])
	}
	server := startServer(t)
	server.do(rights...)
	client := redis.NewClient(&redis.Options{
		Addr: server.addr, Username: "shop", Password: "any", ContextTimeoutEnabled: true,
	})
	t.Cleanup(func() { _ = client.Close() })
	one, two := process(t, client), process(t, client)
	held := take(t, one, "a")
	blocked(t, two, "a")
	time.Sleep(time.Second) // so that the lease is extended
	held.Done("b")
	takes(t, two, "a", "b")
}
