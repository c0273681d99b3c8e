package discord

import (
	"crypto/ed25519"
	"encoding/hex"
	"net/http"
	"strconv"
	"time"
)

// Discord's signature: https://docs.discord.com/developers/interactions/overview#setting-up-an-endpoint
const (
	signatureHeader = "X-Signature-Ed25519"
	timestampHeader = "X-Signature-Timestamp"
	maxSkew         = 300 // seconds, to either side
)

// stamp is the signature of a request and its time.
type stamp struct {
	at        string
	signature [ed25519.SignatureSize]byte
}

// stampOf returns the stamp of a request, and whether its body is worth reading: one of each header, well
// formed and fresh. The digits are checked first, because a valid signature stays valid when bytes move between
// time and body.
func stampOf(h http.Header, now time.Time) (t stamp, fresh bool) {
	ats, signatures := h.Values(timestampHeader), h.Values(signatureHeader)
	if len(ats) != 1 || len(signatures) != 1 || !digits(ats[0]) || len(signatures[0]) != 2*len(t.signature) {
		return stamp{}, false
	}
	if _, err := hex.Decode(t.signature[:], []byte(signatures[0])); err != nil {
		return stamp{}, false
	}
	at, err := strconv.ParseInt(ats[0], 10, 64)
	t.at = ats[0]
	n := now.Unix()
	return t, err == nil && at >= n-maxSkew && at <= n+maxSkew
}

func digits(s string) bool {
	for _, c := range []byte(s) {
		if c < '0' || c > '9' {
			return false
		}
	}
	return s != ""
}

// signed reports whether key signed body with this stamp.
func (t stamp) signed(key ed25519.PublicKey, body []byte) bool {
	return ed25519.Verify(key, append([]byte(t.at), body...), t.signature[:])
}
