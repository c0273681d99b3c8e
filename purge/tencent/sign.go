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
)

// The string to sign holds names and values as they are, the request holds them percent-encoded; see
// https://cloud.tencent.com/doc/api/231/1725. Both are written in one pass, without sorting: whoever calls param
// does so in the byte order of the names.
//
// The string to sign alone is ambiguous: one value "x&urls.1=y" signs like two parameters. Only the encoding keeps them apart.

// rawChunk is how much of the string to sign is gathered before it goes through the HMAC: small enough to stay in the
// processor's nearest cache, and in whole blocks, which both hashes (their blocks are of 64 bytes) take at full speed.
const rawChunk = 8 << 10

type signing struct {
	mac  hash.Hash
	raw  []byte // of the string to sign, what the HMAC has not seen yet
	wire []byte // the encoded parameters so far
	sep  byte   // before the next parameter of the string to sign
}

// newSigning begins a request; capacity is how many bytes it will roughly take on the wire.
func newSigning(method, key, httpMethod, host, path string, capacity int) *signing {
	h := sha1.New
	if method == HmacSHA256 {
		h = sha256.New
	}
	s := &signing{mac: hmac.New(h, []byte(key)), raw: make([]byte, 0, 2*rawChunk), wire: make([]byte, 0, capacity), sep: '?'}
	s.raw = append(append(append(s.raw, httpMethod...), host...), path...)
	return s
}

// param adds a parameter. Underscores of a name are signed as dots.
func (s *signing) param(name, value string) {
	s.begin()
	s.raw = append(s.raw, strings.ReplaceAll(name, "_", ".")...)
	s.wire = appendEscaped(s.wire, name)
	s.value(value)
}

// item adds the parameter list.n, whose name needs no encoding.
func (s *signing) item(list string, n int, value string) {
	s.begin()
	from := len(s.raw)
	s.raw = strconv.AppendInt(append(append(s.raw, list...), '.'), int64(n), 10)
	s.wire = append(s.wire, s.raw[from:]...)
	s.value(value)
}

func (s *signing) begin() {
	s.raw = append(s.raw, s.sep)
	if s.sep == '&' {
		s.wire = append(s.wire, '&')
	}
	s.sep = '&'
}

func (s *signing) value(v string) {
	s.raw = append(append(s.raw, '='), v...)
	s.wire = appendEscaped(append(s.wire, '='), v)
	if whole := len(s.raw) &^ (sha1.BlockSize - 1); whole >= rawChunk {
		s.mac.Write(s.raw[:whole])
		s.raw = s.raw[:copy(s.raw, s.raw[whole:])]
	}
}

// finish adds the Signature, which is not signed itself, and returns the query or body, and the signature.
func (s *signing) finish() (wire []byte, signature string) {
	s.mac.Write(s.raw)
	signature = base64.StdEncoding.EncodeToString(s.mac.Sum(nil))
	return appendEscaped(append(s.wire, "&Signature="...), signature), signature
}

// inTextOrder yields 0 … n-1 in the byte order of their decimal digits: 0 1 10 100 101 … 11 110 … 2 20 …
func inTextOrder(n int) func(yield func(int) bool) {
	return func(yield func(int) bool) {
		if n > 0 && !yield(0) {
			return
		}
		for i, left := 1, n-1; left > 0; left-- {
			if !yield(i) {
				return
			}
			i = nextInTextOrder(i, n)
		}
	}
}

func nextInTextOrder(i, n int) int {
	if i*10 < n {
		return i * 10
	}
	for i%10 == 9 || i+1 >= n {
		i /= 10
	}
	return i + 1
}

// appendEscaped percent-encodes every byte but A–Z a–z 0–9 - . _ ~, as purge.EncodedLen counts it. It writes four bytes
// for each and keeps one or three: a branch per byte costs more, since nobody can predict where the slashes are.
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

// escapes holds what a byte becomes in its low three bytes, and how many of them count in the highest.
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
