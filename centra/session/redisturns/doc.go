// Package redisturns lets the calls of one visitor take turns across all
// processes of a shop, over Redis: [Turns] is a [session.Turns], for
// [session.WithTurns].
//
// One call for a visitor at a time is what it gives, in order of arrival within
// a process, and the newest session for whoever still brings an older one. A
// session that was replaced is remembered for a day after it was last used.
//
// # Leases
//
// A turn is a lock in Redis that ends by itself 2.5 s after its holder was last
// heard of. A living process extends it until Done, however long the call takes;
// a process that was killed has lost it within 3 s. A holder that could not
// extend its lease is not cut. When it comes back, what it brings counts unless
// somebody has brought a newer session meanwhile.
//
// # Where Redis is away
//
// The shop goes on without Redis: turns are then those of the one process. No
// call waits for Redis longer than 200 ms, and while Redis is known to be away
// none does, except for one a second that looks whether it is back. The log says
// so once a minute ([WithLogger]), and each turn says whether it was shared with
// the other processes ([WithObserve]). Which sessions were replaced meanwhile is
// told to Redis when it is back.
//
// The same goes for a Redis that is slow, read-only, full or not permitted. A
// Redis that has lost its data has forgotten the older sessions; the newest are
// in the visitors' cookies.
//
// # What Redis holds
//
// Nothing in Redis names a visitor or opens a cart. Keys are derived from a
// session by HKDF, and values are sealed by AES-GCM with a key that is derived
// from the same session: what took a session's place can be read only by who has
// that session.
//
// Redis 6.2 or newer is needed, or Valkey; a cluster and Sentinel will do. The
// lock itself is that of github.com/bsm/redislock: it depends on nothing but
// go-redis, takes one round trip, and tells a lock that is held from a Redis that
// failed. Locks over a quorum of servers (redsync) would gain nothing here, since
// the memory of sessions has one home.
package redisturns
