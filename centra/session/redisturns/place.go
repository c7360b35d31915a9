package redisturns

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/hkdf"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"slices"
	"time"

	"github.com/centra-go/cartabandonment/centra"
)

// place is where Redis keeps what is known of a session, and the key that opens
// it. Whoever has the session can tell both, nobody else either of them.
type place struct {
	id  [16]byte
	key [32]byte
}

func placeOf(s centra.Session) place {
	var p place
	bytes, err := hkdf.Key(sha256.New, []byte(s), nil, "cartabandonment redisturns 1", len(p.id)+len(p.key))
	if err != nil {
		panic(err) // only where so many bytes cannot be had
	}
	copy(p.key[:], bytes[copy(p.id[:], bytes):])
	return p
}

// name is the place's part of a key in Redis. The braces keep all keys of a
// place in one slot of a cluster.
func (p place) name() string { return "{" + base64.RawURLEncoding.EncodeToString(p.id[:]) + "}" }

// record is what a place holds: the visitor's newest session. Only one of the
// visitor's places is kept up to date, their home. The others say where that is,
// and which session was the newest when they were written.
type record struct {
	newest centra.Session
	since  time.Time
	note   string // about the visitor; at home only
	home   place  // the zero value: here
}

func (r record) moved() bool { return r.home != place{} }

const (
	homeRecord  = 'h' // and the time in nanoseconds, the length of the note, the note, the session
	movedRecord = 'm' // and the ID and the key of the home before them
)

func (p place) seal(r record) string {
	since := binary.BigEndian.AppendUint64(nil, uint64(r.since.UnixNano()))
	var plain []byte
	if r.moved() {
		plain = slices.Concat([]byte{movedRecord}, r.home.id[:], r.home.key[:], since)
	} else {
		plain = slices.Concat([]byte{homeRecord}, since, []byte{byte(len(r.note))}, []byte(r.note))
	}
	return string(p.cipher().Seal(nil, nil, append(plain, r.newest...), p.id[:]))
}

// open reads a sealed record. What this package did not write there is none.
func (p place) open(sealed string) record {
	plain, err := p.cipher().Open(nil, nil, []byte(sealed), p.id[:])
	if err != nil || len(plain) == 0 {
		return record{}
	}
	var r record
	kind, plain := plain[0], plain[1:]
	if kind == movedRecord && len(plain) > len(p.id)+len(p.key) {
		plain = plain[copy(r.home.id[:], plain):]
		plain = plain[copy(r.home.key[:], plain):]
	} else if kind != homeRecord {
		return record{}
	}
	if len(plain) <= 8 {
		return record{}
	}
	r.since = time.Unix(0, int64(binary.BigEndian.Uint64(plain)))
	plain = plain[8:]
	if kind == homeRecord {
		note := int(plain[0])
		if len(plain) <= 1+note {
			return record{}
		}
		r.note, plain = string(plain[1:1+note]), plain[1+note:]
	}
	r.newest = centra.Session(plain)
	return r
}

func (p place) cipher() cipher.AEAD {
	block, err := aes.NewCipher(p.key[:])
	if err != nil {
		panic(err) // only for a key of another length
	}
	aead, err := cipher.NewGCMWithRandomNonce(block)
	if err != nil {
		panic(err)
	}
	return aead
}
