package slack

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"net/http"
	"strconv"
	"time"
)

// Slack's signature: https://docs.slack.dev/authentication/verifying-requests-from-slack/
const (
	signatureHeader = "X-Slack-Signature"
	timestampHeader = "X-Slack-Request-Timestamp"
	maxSkew         = 300 // seconds, to either side
)

// stamp is the signature of a request and its time.
type stamp struct{ at, signature string }

// stampOf returns the stamp of a request, and whether its body is worth reading: one of each header, well
// formed and fresh. The digits are checked first, because a valid signature stays valid when bytes move between
// time and body.
func stampOf(h http.Header, now time.Time) (stamp, bool) {
	ats, signatures := h.Values(timestampHeader), h.Values(signatureHeader)
	if len(ats) != 1 || len(signatures) != 1 || !digits(ats[0]) || len(signatures[0]) != len("v0=")+2*sha256.Size {
		return stamp{}, false
	}
	at, err := strconv.ParseInt(ats[0], 10, 64)
	if err != nil {
		return stamp{}, false
	}
	n := now.Unix()
	return stamp{ats[0], signatures[0]}, at >= n-maxSkew && at <= n+maxSkew
}

func digits(s string) bool {
	for _, c := range []byte(s) {
		if c < '0' || c > '9' {
			return false
		}
	}
	return s != ""
}

// signs reports whether secret signed body with this stamp, in constant time.
func (t stamp) signs(secret string, body []byte) bool {
	mac := hmac.New(sha256.New, []byte(secret))
	mac.Write([]byte("v0:" + t.at + ":"))
	mac.Write(body)
	want := make([]byte, 0, len("v0=")+2*sha256.Size)
	want = hex.AppendEncode(append(want, "v0="...), mac.Sum(nil))
	return hmac.Equal([]byte(t.signature), want)
}
