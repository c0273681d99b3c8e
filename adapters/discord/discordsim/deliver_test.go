package discordsim_test

import (
	"crypto/ed25519"
	"encoding/hex"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"purgebot/adapters/discord/discordsim"
)

// endpoint is an application that takes interactions over HTTP, and verifies them as the documents say.
type endpoint struct {
	*fixture
	age     time.Duration // how old a timestamp may be, either way
	answers func(w http.ResponseWriter, in obj)
	got     []obj
}

func newEndpoint(t *testing.T, answers func(w http.ResponseWriter, in obj)) *endpoint {
	e := &endpoint{fixture: newFixture(t), age: 5 * time.Second, answers: answers}
	server := httptest.NewServer(e)
	t.Cleanup(server.Close)
	e.Install(server.URL)
	return e
}

func says(body string) func(http.ResponseWriter, obj) {
	return func(w http.ResponseWriter, _ obj) {
		w.Header().Set("Content-Type", "application/json")
		_, _ = io.WriteString(w, body)
	}
}

func (e *endpoint) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, _ := io.ReadAll(r.Body)
	if r.URL.Path != "/discord/interactions" || !e.genuine(r.Header, body) {
		w.WriteHeader(http.StatusUnauthorized)
		return
	}
	in := decode(e.t, string(body))
	e.mu.Lock()
	e.got = append(e.got, in)
	e.mu.Unlock()
	if in["type"] == 1.0 {
		says(`{"type":1}`)(w, in)
		return
	}
	e.answers(w, in)
}

func (e *endpoint) genuine(h http.Header, body []byte) bool {
	stamp := h.Get("X-Signature-Timestamp")
	seconds, err := strconv.ParseInt(stamp, 10, 64)
	signature, bad := hex.DecodeString(h.Get("X-Signature-Ed25519"))
	key, _ := hex.DecodeString(e.PublicKey())
	return err == nil && bad == nil && e.Now().Sub(time.Unix(seconds, 0)).Abs() <= e.age &&
		ed25519.Verify(key, append([]byte(stamp), body...), signature)
}

func TestAnInteractionOverHTTP(t *testing.T) {
	t.Parallel()
	e := newEndpoint(t, says(private))
	require.NoError(t, e.VerifyEndpoint())
	c := e.bot("")
	d := e.Command(discordsim.Alice, discordsim.CDN, "purge", nil, discordsim.Unchecked())
	require.True(t, d.Acknowledged(), d.Err)
	assert.Equal(t, 200, d.Status)
	assert.Equal(t, "only you", e.Ephemerals(discordsim.Alice)[0].Plain())
	assert.NotContains(t, c.names(), "INTERACTION_CREATE", "either way, not both")
	require.True(t, e.Type(discordsim.Alice, discordsim.CDN, "@purgebot hello").Acknowledged(), "messages still come over the gateway")
	e.must("POST", "/webhooks/"+e.ApplicationID+"/"+d.Token, `{"content":"and later"}`)

	again := e.Redeliver(d)
	assert.Equal(t, d.Body, again.Body)
	assert.Equal(t, d.Header, again.Header)
	assert.True(t, again.Acknowledged())
	assert.Len(t, e.Ephemerals(discordsim.Alice), 1, "nobody is shown the answer to a repetition")
	assert.Len(t, e.Deliveries(), 5)
}

func TestForgedDeliveries(t *testing.T) {
	t.Parallel()
	e := newEndpoint(t, says(private))
	forged := ed25519.NewKeyFromSeed(make([]byte, 32))
	for name, opt := range map[string]discordsim.Option{
		"another key":       discordsim.SignedWith(forged),
		"stale":             discordsim.Skewed(-time.Minute),
		"from the future":   discordsim.Skewed(time.Minute),
		"no digits":         discordsim.Stamped("now"),
		"a digit moved":     discordsim.ShiftBoundary(-1),
		"a brace moved":     discordsim.ShiftBoundary(1),
		"an altered body":   discordsim.AlterBody(func(b []byte) []byte { return append(b, ' ') }),
		"no signature":      discordsim.AlterHeader(func(h http.Header) { h.Del("X-Signature-Ed25519") }),
		"half a signature":  discordsim.AlterHeader(func(h http.Header) { h.Set("X-Signature-Ed25519", h.Get("X-Signature-Ed25519")[:64]) }),
		"another timestamp": discordsim.AlterHeader(func(h http.Header) { h.Set("X-Signature-Timestamp", "1800000001") }),
	} {
		d := e.Command(discordsim.Alice, discordsim.CDN, "purge", nil, discordsim.Unchecked(), opt)
		assert.Equal(t, 401, d.Status, name)
		assert.False(t, d.Acknowledged(), name)
	}
	assert.Empty(t, e.got)
	require.True(t, e.Command(discordsim.Alice, discordsim.CDN, "purge", nil, discordsim.Unchecked()).Acknowledged())
}

// TestAShiftedBoundaryIsSigned shows why the timestamp must be digits: the signature does not tell.
func TestAShiftedBoundaryIsSigned(t *testing.T) {
	t.Parallel()
	e := newEndpoint(t, says(private))
	key, _ := hex.DecodeString(e.PublicKey())
	for _, n := range []int{-3, 1, 40} {
		d := e.Ping(discordsim.ShiftBoundary(n))
		signature, _ := hex.DecodeString(d.Header.Get("X-Signature-Ed25519"))
		assert.True(t, ed25519.Verify(key, append([]byte(d.Header.Get("X-Signature-Timestamp")), d.Body...), signature))
		assert.Equal(t, 401, d.Status)
	}
}

func TestAnswersOverHTTP(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		answer       func(http.ResponseWriter, obj)
		acknowledged bool
	}{
		"no content type": {func(w http.ResponseWriter, _ obj) {
			w.Header().Set("Content-Type", "text/plain")
			fmt.Fprint(w, private)
		}, false},
		"not JSON":             {says(`{"type":`), false},
		"a pong":               {says(`{"type":1}`), false},
		"a message too long":   {says(`{"type":4,"data":{"content":"` + strings.Repeat("x", 2001) + `"}}`), false},
		"HTTP 500":             {func(w http.ResponseWriter, _ obj) { w.WriteHeader(500) }, false},
		"a deferral":           {says(`{"type":5,"data":{"flags":64}}`), true},
		"202 and nothing else": {func(w http.ResponseWriter, _ obj) { w.WriteHeader(202) }, false},
		"no answer":            {func(http.ResponseWriter, obj) { panic(http.ErrAbortHandler) }, false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			e := newEndpoint(t, c.answer)
			if strings.HasPrefix(name, "202") {
				e.AckWithin = 50 * time.Millisecond
			}
			d := e.Command(discordsim.Alice, discordsim.CDN, "purge", nil, discordsim.Unchecked())
			assert.Equal(t, c.acknowledged, d.Acknowledged())
			assert.Equal(t, c.acknowledged, d.Err == nil)
		})
	}
}

func TestACallbackMayBePostedAndTheRequestAnswered202(t *testing.T) {
	t.Parallel()
	var e *endpoint
	e = newEndpoint(t, func(w http.ResponseWriter, in obj) {
		assert.Equal(t, 204, e.callback(in, private).status)
		w.WriteHeader(http.StatusAccepted)
	})
	assert.True(t, e.Command(discordsim.Alice, discordsim.CDN, "purge", nil, discordsim.Unchecked()).Acknowledged())
}

func TestAFileInAnAnswerOverHTTP(t *testing.T) {
	t.Parallel()
	kind, body := multi(t, `{"type":4,"data":{"content":"see"}}`, map[string]string{"files[0]=p-1.txt": "x"})
	e := newEndpoint(t, func(w http.ResponseWriter, _ obj) {
		w.Header().Set("Content-Type", kind)
		_, _ = w.Write(body.Bytes())
	})
	require.True(t, e.Command(discordsim.Alice, discordsim.CDN, "purge", nil, discordsim.Unchecked()).Acknowledged())
	assert.Equal(t, "see\n[p-1.txt]", e.Messages(discordsim.CDN)[0].Plain())
}

func TestAnEndpointThatDoesNotVerify(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { says(`{"type":1}`)(w, nil) }))
	defer server.Close()
	f.Install(server.URL)
	require.ErrorContains(t, f.VerifyEndpoint(), "not 401")
	f.Install("http://127.0.0.1:1")
	require.Error(t, f.VerifyEndpoint())
}
