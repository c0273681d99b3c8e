package tencent

import (
	"crypto/hmac"
	"crypto/sha1"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"hash"
	"slices"
	"strconv"
	"strings"

	"purgebot/purge"
)

// The string to sign holds names and values unescaped, the request holds them percent-encoded; see
// https://cloud.tencent.com/doc/api/231/1725. Both are written in one pass, without sorting: callers of param
// add parameters in the byte order of their names.
//
// The string to sign alone is ambiguous: one value "x&urls.1=y" signs like two parameters. Only the encoding
// keeps them apart.

// rawChunk is the size at which the string to sign goes through the HMAC: small enough for the processor's
// nearest cache, and whole blocks, which both hashes (with blocks of 64 bytes) process at full speed.
const rawChunk = 8 << 10

type signing struct {
	mac  hash.Hash
	raw  []byte // the part of the string to sign that the HMAC has not seen yet
	wire []byte // the encoded parameters so far
}

// newSigning begins a request. The capacity is an estimate of its size on the wire.
func newSigning(method, key, httpMethod, host, path string, capacity int) *signing {
	h := sha1.New
	if method == HmacSHA256 {
		h = sha256.New
	}
	s := &signing{mac: hmac.New(h, []byte(key)), raw: make([]byte, 0, 2*rawChunk), wire: make([]byte, 0, capacity)}
	s.raw = append(append(append(append(s.raw, httpMethod...), host...), path...), '?')
	return s
}

// param adds a parameter. Underscores in its name are signed as dots.
func (s *signing) param(name, value string) {
	if len(s.wire) > 0 {
		s.raw, s.wire = append(s.raw, '&'), append(s.wire, '&')
	}
	s.raw = append(append(append(s.raw, strings.ReplaceAll(name, "_", ".")...), '='), value...)
	s.wire = appendEscaped(append(appendEscaped(s.wire, name), '='), value)
	s.raw = s.hashed(s.raw)
}

// items adds the parameters list.0, list.1 … in the order of their names. Local variables hold the buffers: in
// a struct on the heap, each append would also cost a write barrier while the collector runs.
func (s *signing) items(list string, targets []purge.Target) {
	raw, wire := s.raw, s.wire
	n := len(targets)
	for i, left := 0, n; left > 0; i, left = nextInTextOrder(i, n), left-1 {
		from, value := len(raw), targets[i].String()
		raw = append(append(append(raw, '&'), list...), '.')
		raw = append(strconv.AppendInt(raw, int64(i), 10), '=')
		wire = appendEscaped(append(wire, raw[from:]...), value)
		raw = s.hashed(append(raw, value...))
	}
	s.raw, s.wire = raw, wire
}

// hashed feeds the whole blocks of raw to the HMAC once they reach rawChunk, and returns the rest.
func (s *signing) hashed(raw []byte) []byte {
	if len(raw) < rawChunk {
		return raw
	}
	whole := len(raw) &^ (sha1.BlockSize - 1)
	s.mac.Write(raw[:whole])
	return raw[:copy(raw, raw[whole:])]
}

// finish adds the Signature, which is not signed itself, and returns the query or body, and the signature.
func (s *signing) finish() (wire []byte, signature string) {
	s.mac.Write(s.raw)
	signature = base64.StdEncoding.EncodeToString(s.mac.Sum(nil))
	return appendEscaped(append(s.wire, "&Signature="...), signature), signature
}

// nextInTextOrder steps from 0 through all of 0 … n-1 in the byte order of their decimal digits: 0 1 10 100 101
// … 11 110 … 2 20 … The result after the last number is meaningless.
func nextInTextOrder(i, n int) int {
	if i == 0 {
		return 1
	}
	if i*10 < n {
		return i * 10
	}
	for i%10 == 9 || i+1 >= n && i > 0 {
		i /= 10
	}
	return i + 1
}

// appendEscaped percent-encodes every byte except A–Z a–z 0–9 - . _ ~, the rule that purge.EncodedLen counts
// by. It writes four bytes for each byte and keeps one or three of them: a branch per byte would cost more,
// because its outcome is unpredictable.
func appendEscaped(dst []byte, s string) []byte {
	n := len(dst)
	dst = slices.Grow(dst, 3*len(s)+1)
	dst = dst[:cap(dst)]
	for i := range len(s) {
		e := escapes[s[i]]
		binary.LittleEndian.PutUint32(dst[n:n+4:n+4], e)
		n += int(e >> 24)
	}
	return dst[:n]
}

// escapes holds the encoded form of each byte in the low three bytes, and the length of that form in the
// highest.
var escapes = func() (t [256]uint32) {
	const hex = "0123456789ABCDEF"
	for c := range t {
		t[c] = 3<<24 | uint32(hex[c&15])<<16 | uint32(hex[c>>4])<<8 | '%'
		if unreserved(byte(c)) {
			t[c] = 1<<24 | uint32(c)
		}
	}
	return t
}()

func unreserved(c byte) bool {
	return 'A' <= c && c <= 'Z' || 'a' <= c && c <= 'z' || '0' <= c && c <= '9' || strings.IndexByte("-._~", c) >= 0
}
