package main

import (
	"context"
	"crypto/aes"
	"crypto/cipher"
	"crypto/hkdf"
	"crypto/sha256"
	"encoding/hex"
	"log/slog"
	"net/http"
	"time"

	"github.com/alexedwards/scs/goredisstore"
	"github.com/alexedwards/scs/v2"
	"github.com/redis/go-redis/v9"
)

// visits are what the shop itself remembers of a visitor, in scs over Redis. Here
// it is the last order, which the checkout shows to who comes back to it; a login
// would be another thing. Where Redis is away nothing is remembered, and the page
// goes on without.
type visits struct {
	sessions *scs.SessionManager
	logger   *slog.Logger
}

const (
	lastOrder = "order"
	// visitsTimeout is for how long a page waits for Redis.
	visitsTimeout = 200 * time.Millisecond
)

func newVisits(client *redis.Client, plainHTTP bool, logger *slog.Logger) *visits {
	sessions := scs.New()
	sessions.Store = sealed{goredisstore.NewWithPrefix(client, "fleet:visit:")}
	sessions.Lifetime = time.Hour
	sessions.Cookie.Name = "__Host-visit"
	sessions.Cookie.Secure = true
	if plainHTTP {
		sessions.Cookie.Name, sessions.Cookie.Secure = "visit", false
	}
	return &visits{sessions, logger}
}

// order returns the number of the visitor's last order, if there was one.
func (v *visits) order(r *http.Request) string {
	ctx, cancel := context.WithTimeout(r.Context(), visitsTimeout)
	defer cancel()
	ctx, err := v.load(ctx, r)
	if err != nil {
		v.complain(r, err)
		return ""
	}
	return v.sessions.GetString(ctx, lastOrder)
}

// ordered remembers an order. Call it before the body is written.
func (v *visits) ordered(w http.ResponseWriter, r *http.Request, number string) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(r.Context()), visitsTimeout)
	defer cancel()
	loaded, err := v.load(ctx, r)
	if err != nil {
		v.complain(r, err)
		return
	}
	v.sessions.Put(loaded, lastOrder, number)
	token, expiry, err := v.sessions.Commit(loaded)
	if err != nil {
		v.complain(r, err)
		return
	}
	v.sessions.WriteSessionCookie(loaded, w, token, expiry)
}

func (v *visits) load(ctx context.Context, r *http.Request) (context.Context, error) {
	token := ""
	if cookie, err := r.Cookie(v.sessions.Cookie.Name); err == nil {
		token = cookie.Value
	}
	return v.sessions.Load(ctx, token)
}

func (v *visits) complain(r *http.Request, err error) {
	v.logger.WarnContext(r.Context(), "Redis does not answer; the page goes on without what it knows",
		slog.Any("error", err))
}

// sealed lets Redis hold nothing that opens a visitor's session: its keys are
// derived from the cookie's token one way, and its values are sealed with a key
// that only who has the token can derive.
type sealed struct{ *goredisstore.RedisStore }

func (s sealed) FindCtx(ctx context.Context, token string) ([]byte, bool, error) {
	name, seal, err := derive(token)
	if err != nil {
		return nil, false, err
	}
	value, found, err := s.RedisStore.FindCtx(ctx, name)
	if err != nil || !found {
		return nil, false, err
	}
	opened, err := seal.Open(nil, nil, value, nil)
	return opened, err == nil, nil // what was not sealed here is nothing
}

func (s sealed) CommitCtx(ctx context.Context, token string, value []byte, expiry time.Time) error {
	name, seal, err := derive(token)
	if err != nil {
		return err
	}
	return s.RedisStore.CommitCtx(ctx, name, seal.Seal(nil, nil, value, nil), expiry)
}

func (s sealed) DeleteCtx(ctx context.Context, token string) error {
	name, _, err := derive(token)
	if err != nil {
		return err
	}
	return s.RedisStore.DeleteCtx(ctx, name)
}

func derive(token string) (name string, seal cipher.AEAD, err error) {
	key, err := hkdf.Key(sha256.New, []byte(token), nil, "fleet visit", 48)
	if err != nil {
		return "", nil, err
	}
	block, err := aes.NewCipher(key[:32])
	if err != nil {
		return "", nil, err
	}
	seal, err = cipher.NewGCMWithRandomNonce(block)
	return hex.EncodeToString(key[32:]), seal, err
}
