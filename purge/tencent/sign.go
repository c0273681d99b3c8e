package tencent

import (
	"crypto/hmac"
	"crypto/sha1"
	"crypto/sha256"
	"encoding/base64"
	"hash"
	"strconv"
	"strings"
)

// The string to sign holds names and values as they are, the request holds them percent-encoded; see
// https://cloud.tencent.com/doc/api/231/1725. Both are written in one pass, without sorting: whoever calls param
// does so in the byte order of the names.
//
// The string to sign alone is ambiguous: one value "x&urls.1=y" signs like two parameters. Only the encoding keeps them apart.

// rawChunk is how much of the string to sign is gathered before it goes through the HMAC: few calls, small memory.
const rawChunk = 4 << 10

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
	s.raw = strconv.AppendInt(append(append(s.raw, list...), '.'), int64(n), 10)
	s.wire = strconv.AppendInt(append(append(s.wire, list...), '.'), int64(n), 10)
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
	if len(s.raw) >= rawChunk {
		s.mac.Write(s.raw)
		s.raw = s.raw[:0]
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

// appendEscaped percent-encodes every byte but A–Z a–z 0–9 - . _ ~, as purge.EncodedLen counts it.
func appendEscaped(dst []byte, s string) []byte {
	from := 0
	for i := 0; i < len(s); i++ {
		if c := s[i]; !unreserved[c] {
			dst = append(append(dst, s[from:i]...), '%', upperHex[c>>4], upperHex[c&15])
			from = i + 1
		}
	}
	return append(dst, s[from:]...)
}

const upperHex = "0123456789ABCDEF"

var unreserved = func() (t [256]bool) {
	for _, c := range "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~" {
		t[c] = true
	}
	return t
}()
