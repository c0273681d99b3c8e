package slack

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"math/big"
	"net/http"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"purgebot/adapters/slack/slacksim"
	"purgebot/bot/chat"
)

// The example of https://docs.slack.dev/authentication/verifying-requests-from-slack/
const (
	docSecret    = "8f742231b10e8888abcd99yyyzzz85a5"
	docTime      = "1531420618"
	docSignature = "v0=a2114d57b48eac39b9ad189dd8316235a7b4a8d21a10bd27519666489c69b503"
	docBody      = "token=xyzz0WbapA4vBCDEFasx0q6G&team_id=T1DC2JH3J&team_domain=testteamnow&channel_id=G8PSS9T3V&channel_name=foobar&" +
		"user_id=U2CERLKJA&user_name=roadrunner&command=%2Fwebhook-collect&text=&response_url=https%3A%2F%2Fhooks.slack.com%2Fcommands%2F" +
		"T1DC2JH3J%2F397700885554%2F96rGlfmibIGlgcZRskXaIFfN&trigger_id=398738663015.47445629121.803a0bc887a14d10d2c447fce8b6703c"
)

func signed(at, signature string) http.Header {
	h := http.Header{}
	h.Set(timestampHeader, at)
	h.Set(signatureHeader, signature)
	return h
}

func valid(h http.Header, now time.Time, secret, body string) bool {
	t, fresh := stampOf(h, now)
	return fresh && t.signs(secret, []byte(body))
}

func TestKnownAnswer(t *testing.T) {
	t.Parallel()
	now := time.Unix(1531420618, 0)
	assert.True(t, valid(signed(docTime, docSignature), now, docSecret, docBody))
	assert.False(t, valid(signed(docTime, docSignature), now, docSecret+"x", docBody))
	assert.False(t, valid(signed(docTime, docSignature), now, docSecret, docBody+"x"))
	assert.False(t, valid(signed("1531420619", docSignature), now, docSecret, docBody))
}

func TestAge(t *testing.T) {
	t.Parallel()
	for skew, want := range map[int64]bool{0: true, -300: true, 300: true, -301: false, 301: false} {
		assert.Equal(t, want, valid(signed(docTime, docSignature), time.Unix(1531420618+skew, 0), docSecret, docBody), skew)
	}
}

func TestMalformedStamps(t *testing.T) {
	t.Parallel()
	now := time.Unix(1531420618, 0)
	for _, at := range []string{
		"", "+1531420618", "-1531420618", " 1531420618", "1531420618 ", "1531420618.0", "1_531_420_618", "0x5b477d4a", "١٥٣١٤٢٠٦١٨",
		"9223372036854775807", "9223372036854775808", "-9223372036854775808", strings.Repeat("9", 400), "1531420618:token=x",
	} {
		_, fresh := stampOf(signed(at, docSignature), now)
		assert.False(t, fresh, at)
		assert.False(t, valid(signed(at, sign(docSecret, at, docBody)), now, docSecret, docBody), "even with its own signature: %s", at)
	}
	for _, signature := range []string{
		"", "v0=", strings.TrimPrefix(docSignature, "v0="), "v1=" + docSignature[3:], strings.ToUpper(docSignature), "v0=" + strings.ToUpper(docSignature[3:]),
		docSignature + "00", docSignature[:len(docSignature)-1], docSignature[:len(docSignature)-1] + "4", docSignature + "," + docSignature,
	} {
		assert.False(t, valid(signed(docTime, signature), now, docSecret, docBody), signature)
	}
}

func TestOneHeaderEach(t *testing.T) {
	t.Parallel()
	now := time.Unix(1531420618, 0)
	for _, name := range []string{timestampHeader, signatureHeader} {
		h := signed(docTime, docSignature)
		h.Add(name, h.Get(name))
		assert.False(t, valid(h, now, docSecret, docBody), "two of %s", name)
		h.Del(name)
		assert.False(t, valid(h, now, docSecret, docBody), "none of %s", name)
	}
}

// TestBytesDoNotMove moves the first bytes of a signed body into the time, which keeps the signed text the
// same.
func TestBytesDoNotMove(t *testing.T) {
	t.Parallel()
	body := "5:token=x"
	signature := sign(docSecret, "153142061", body) // "v0:153142061:5:token=x"
	assert.False(t, valid(signed("153142061:5", signature), time.Unix(153142061, 0), docSecret, "token=x"))
}

// sign computes a signature independently of the adapter.
func sign(secret, at, body string) string {
	mac := hmac.New(sha256.New, []byte(secret))
	mac.Write([]byte("v0:" + at + ":" + body))
	return "v0=" + hex.EncodeToString(mac.Sum(nil))
}

// FuzzSignature searches for a request that passes without being exactly one of Slack's.
func FuzzSignature(f *testing.F) {
	f.Add(docTime, docSignature, docBody, int64(1531420618))
	f.Add("+1531420618", docSignature, docBody, int64(1531420618))
	f.Add("9223372036854775807", docSignature, "", int64(-9223372036854775808))
	f.Add("0", "v0=", "", int64(0))
	f.Fuzz(func(t *testing.T, at, signature, body string, now int64) {
		h := http.Header{timestampHeader: {at}, signatureHeader: {signature}}
		got := valid(h, time.Unix(now, 0), docSecret, body)
		n, err := strconv.ParseUint(at, 10, 63)
		age := new(big.Int).Abs(new(big.Int).Sub(big.NewInt(now), new(big.Int).SetUint64(n)))
		want := err == nil && digits(at) && age.Cmp(big.NewInt(300)) <= 0 && signature == sign(docSecret, at, body)
		if got != want {
			t.Fatalf("valid(%q, %q, %q, now %d) = %v, want %v", at, signature, body, now, got, want)
		}
	})
}

// A signature covers the body only. The rest of the request may be forged, and is not read.
func TestNothingInTheAddressIsRead(t *testing.T) {
	t.Parallel()
	f := &fake{}
	w := newWorld(t, f, nil)
	ref := w.mustShow(t, chat.MessageRef{}, chat.Card{Title: "?", Buttons: []chat.Button{{Label: "Purge", Token: "t"}}})
	said := w.Workspace.Type("U0ALICE", "C0CDN", "", "/purge whoami")
	pressed := w.Workspace.Press("U0ALICE", ref.Channel, ref.ID, "Purge")
	w.slack.Wait()
	asked := f.asked()
	for _, d := range []slacksim.Delivery{said, pressed} {
		require.True(t, d.Acknowledged())
		for _, body := range []string{"", "payload=", "text=", "token=x"} {
			post(w.slack.Handler(f), d.Path+"?"+string(d.Body), "application/x-www-form-urlencoded", secret, strings.NewReader(body))
		}
	}
	w.slack.Wait()
	assert.Equal(t, asked, f.asked())
}
