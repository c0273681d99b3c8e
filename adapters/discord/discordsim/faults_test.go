package discordsim_test

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"purgebot/adapters/discord/discordsim"
)

const posting = "POST /channels/{channel}/messages"

func TestARouteThatIsThrottled(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	f.Throttle(1, 1500*time.Millisecond, posting)
	got := f.call("POST", messages, `{"content":"x"}`)
	require.Equal(t, 429, got.status)
	o := decode(t, got.body)
	assert.InDelta(t, 1.5, o["retry_after"], 0)
	assert.Equal(t, false, o["global"])
	assert.Equal(t, []string{"2", "user", "0", "1.500"}, []string{got.header.Get("Retry-After"), got.header.Get("X-RateLimit-Scope"),
		got.header.Get("X-RateLimit-Remaining"), got.header.Get("X-RateLimit-Reset-After")})
	assert.Equal(t, 1, f.Invalid())
	f.say(`{"content":"x"}`)
	assert.Len(t, f.Messages(discordsim.CDN), 1)
}

func TestScopesOfA429(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	f.ThrottleAs(discordsim.Global, 1, time.Second)
	in := f.call("POST", "/webhooks/x/y", `{"content":"x"}`)
	assert.Equal(t, 404, in.status, "interaction endpoints are outside the global limit")
	got := f.call("GET", "/users/@me", "")
	assert.Equal(t, []string{"true", "global", ""}, []string{got.header.Get("X-RateLimit-Global"), got.header.Get("X-RateLimit-Scope"), got.header.Get("X-RateLimit-Reset-After")})
	assert.Equal(t, true, decode(t, got.body)["global"])

	before := f.Invalid()
	f.ThrottleAs(discordsim.Shared, 1, 1336570*time.Millisecond)
	got = f.call("GET", "/users/@me", "")
	assert.Equal(t, "shared", got.header.Get("X-RateLimit-Scope"))
	assert.InDelta(t, 1336.57, decode(t, got.body)["retry_after"], 0)
	assert.Equal(t, before, f.Invalid())

	f.ThrottleAs(discordsim.Cloudflare, 1, time.Second)
	got = f.call("GET", "/users/@me", "")
	assert.Equal(t, "text/html", got.header.Get("Content-Type"))
	assert.Equal(t, before+1, f.Invalid())
}

func TestBuckets(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	f.Limit(posting, 2, 5*time.Second)
	first := f.call("POST", messages, `{"content":"1"}`)
	assert.Equal(t, []string{"2", "1", "5.000"}, []string{first.header.Get("X-RateLimit-Limit"), first.header.Get("X-RateLimit-Remaining"), first.header.Get("X-RateLimit-Reset-After")})
	f.say(`{"content":"2"}`)
	assert.Equal(t, 429, f.call("POST", messages, `{"content":"3"}`).status)
	other := f.call("POST", "/channels/"+f.DM(discordsim.Alice)+"/messages", `{"content":"1"}`)
	assert.Equal(t, 200, other.status, "another channel has its own")
	assert.Equal(t, first.header.Get("X-RateLimit-Bucket"), other.header.Get("X-RateLimit-Bucket"))
	f.pass(5 * time.Second)
	f.say(`{"content":"3"}`)
}

func TestFiftyCallsASecond(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	for range 50 {
		f.must("GET", "/users/@me", "")
	}
	got := f.call("GET", "/users/@me", "")
	assert.Equal(t, 429, got.status)
	assert.Equal(t, "true", got.header.Get("X-RateLimit-Global"))
	f.pass(time.Second)
	f.must("GET", "/users/@me", "")
}

func TestFailuresAndLosses(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	f.Fail(posting, 50013, 1)
	f.refused(403, 50013, "POST", messages, `{"content":"x"}`)
	f.Fail("", 502, -1)
	assert.Equal(t, 502, f.call("GET", "/users/@me", "").status)
	f.Heal()
	f.Lose(posting, 1)
	_, err := http.DefaultClient.Do(f.request("POST", messages, "application/json", strings.NewReader(`{"content":"done, but who knows"}`)))
	require.Error(t, err)
	assert.Len(t, f.Messages(discordsim.CDN), 1)
	f.Down(true)
	assert.Equal(t, 503, f.call("GET", "/gateway", "").status)
	f.Down(false)
	f.must("GET", "/gateway", "")
	assert.Panics(t, func() { f.Fail("POST /nowhere", 50013, 1) })
	assert.Contains(t, discordsim.Routes(), posting)
}

func TestACallIsHeld(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	release := f.Hold(posting, 1)
	done := make(chan answered)
	go func() { done <- f.call("POST", messages, `{"content":"held"}`) }()
	require.NoError(t, f.Wait(t.Context(), func() bool { return len(f.Calls(posting)) == 1 }))
	f.say(`{"content":"meanwhile"}`)
	assert.Equal(t, 0, f.Calls(posting)[0].Status)
	release()
	assert.Equal(t, 200, (<-done).status)
	assert.Equal(t, []string{"meanwhile", "held"}, plain(f.Messages(discordsim.CDN)))
	release()
}

func TestDownCutsTheGateway(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	c := f.bot("")
	f.Down(true)
	<-c.over
	assert.Empty(t, c.closed(), "without a close frame")
	f.Down(false)
	f.resume(c, c.last()).await("RESUMED")
}

func TestACallWithFilesCanFailAlone(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	f.FailFiles("POST /channels/{channel}/messages", 50045, 1)
	f.say(`{"content":"without"}`)
	for _, status := range []int{413, 200} {
		kind, body := multi(t, `{"content":"with"}`, map[string]string{"files[0]=x.txt": "x"})
		assert.Equal(t, status, f.do(f.request("POST", messages, kind, body)).status)
	}
}
