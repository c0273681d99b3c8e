package discord

import (
	"io"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"purgebot/adapters/discord/discordsim"
	"purgebot/bot/chat"
)

// This file tests without the parts that Discord's documents call optional and purgebot can do without.

// sparse is an API without limits, without codes for missing things, and without the routes that only check
// something.
type sparse struct{ http.RoundTripper }

var lacking = regexp.MustCompile(`GET .*/(applications/@me|commands|gateway/bot)$`)

const notFound = `{"message":"404: Not Found","code":0}`

func (s sparse) RoundTrip(r *http.Request) (*http.Response, error) {
	answer, err := s.RoundTripper.RoundTrip(r)
	if err != nil {
		return nil, err
	}
	for name := range answer.Header {
		if strings.HasPrefix(strings.ToLower(name), "x-ratelimit") {
			delete(answer.Header, name)
		}
	}
	if lacking.MatchString(r.Method + " " + r.URL.Path) {
		answer.StatusCode = http.StatusNotFound
	}
	if answer.StatusCode == http.StatusNotFound {
		answer.Body.Close()
		answer.Body, answer.ContentLength = io.NopCloser(strings.NewReader(notFound)), int64(len(notFound))
		answer.Header.Del("Content-Length")
	}
	return answer, nil
}

func onSparse(c *Config, _ *discordsim.Sim) {
	c.HTTPClient = &http.Client{Transport: sparse{http.DefaultTransport}}
}

func TestAnAPIThatLacksWhatOnlyChecks(t *testing.T) {
	t.Parallel()
	f := &fake{}
	w := newWorld(t, f, onSparse).started()
	w.hears(f)
	w.Type(slash, "whoami")
	require.Len(t, f.heard(), 2)
	card := w.show(w.Channel(), chat.MessageRef{}, "Purging")
	assert.Equal(t, card.ID, w.show(under(card), chat.MessageRef{}, "Done").Channel, "in a thread")
	w.Sim.Delete(card.Channel, card.ID)
	assert.NotEqual(t, card, w.show(w.Channel(), card, "Purging"), "what is gone is posted anew")
}

func TestInteractionsWithFewFields(t *testing.T) {
	t.Parallel()
	member := func(all map[string]any) map[string]any { return all["member"].(map[string]any) }
	channel := func(all map[string]any) map[string]any { return all["channel"].(map[string]any) }
	in := []string{discordsim.CDN, thread}
	for name, leaveOut := range map[string]func(map[string]any){
		"nothing":                        func(map[string]any) {},
		"app_permissions":                func(all map[string]any) { delete(all, "app_permissions") },
		"context":                        func(all map[string]any) { delete(all, "context") },
		"authorizing_integration_owners": func(all map[string]any) { delete(all, "authorizing_integration_owners") },
		"member.permissions":             func(all map[string]any) { delete(member(all), "permissions") },
		"channel":                        func(all map[string]any) { delete(all, "channel") },
		"channel_id":                     func(all map[string]any) { delete(all, "channel_id") },
		"channel.parent_id":              func(all map[string]any) { delete(channel(all), "parent_id") },
		"all but what is needed": func(all map[string]any) {
			for key := range all {
				if !slices.Contains([]string{"id", "type", "token", "guild_id", "channel_id", "member", "data"}, key) {
					delete(all, key)
				}
			}
			all["member"] = map[string]any{"user": map[string]any{"id": discordsim.Alice}, "roles": member(all)["roles"]}
		},
		"the types of options": func(all map[string]any) {
			sub := all["data"].(map[string]any)["options"].([]any)[0].(map[string]any)
			for _, o := range sub["options"].([]any) {
				delete(o.(map[string]any), "type")
			}
		},
		"nothing, and what is unknown": func(all map[string]any) { all["later"], all["entitlements"] = map[string]any{"a": 1}, []any{7} },
	} {
		for _, changes := range [][]change{{onSparse}, {overHTTP}} {
			f := &fake{}
			w := newWorld(t, f, changes...).started()
			w.thread(false)
			for _, id := range in {
				before := len(f.heard())
				d := w.Sim.Command(discordsim.Alice, id, "purge url", discordsim.Options{"targets": "https://www.test.com/a", "private": true}, discordsim.AlterJSON(leaveOut))
				require.True(t, w.settled(d), "%s: %+v", name, d)
				require.Len(t, f.heard(), before+1, name)
				c := f.heard()[before]
				assert.Equal(t, &chat.Fields{Verb: "url", Targets: "https://www.test.com/a", Private: true}, c.Fields, name)
				assert.Equal(t, discordsim.CDN, c.At.Channel, "%s: a thread counts as its channel", name)
				is, err := w.discord.Channel(t.Context(), c.At, time.Minute)
				require.NoError(t, err)
				assert.True(t, is.Joined, name)
				assert.False(t, is.Shared, name)
			}
			p, err := w.discord.Person(t.Context(), w.Alice(), time.Minute)
			require.NoError(t, err)
			assert.Contains(t, p.Groups, w.Group(), name)
		}
	}
}

// TestAMessageWithoutItsMember checks that missing roles are looked up, and not taken for an absence of roles.
func TestAMessageWithoutItsMember(t *testing.T) {
	t.Parallel()
	f := &fake{}
	w := newWorld(t, f).started()
	w.Sim.Type(discordsim.Alice, discordsim.CDN, "@purgebot whoami", discordsim.AlterJSON(func(all map[string]any) { delete(all, "member") }))
	w.eventually(func() bool { return len(f.heard()) == 1 }, "heard")
	p, err := w.discord.Person(t.Context(), w.Alice(), time.Minute)
	require.NoError(t, err)
	assert.Equal(t, chat.Member, p.Standing)
	assert.Contains(t, p.Groups, w.Group())
}

func TestAChannelThatDoesNotSayItsGuild(t *testing.T) {
	t.Parallel()
	for body, shared := range map[string]bool{`{"id":"2","type":0}`: false, `{"id":"2","type":1}`: true, `{"id":"2","type":0,"guild_id":"9"}`: true} {
		d := offline(t, func(c *Config) { c.HTTPClient = &http.Client{Transport: parrot{"/channels/2": body}} })
		is, err := d.Channel(t.Context(), in("2"), time.Minute)
		require.NoError(t, err)
		assert.Equal(t, shared, is.Shared, body)
	}
}

// parrot is an API with one answer to all calls of addresses with a given ending.
type parrot map[string]string

func (a parrot) RoundTrip(r *http.Request) (*http.Response, error) {
	body := map[bool]string{true: "[]", false: `{"id":"7","user":{"id":"7"}}`}[strings.HasSuffix(r.URL.Path, "/roles")]
	for end, said := range a {
		if strings.HasSuffix(r.URL.Path, end) {
			body = said
		}
	}
	return &http.Response{StatusCode: http.StatusOK, Header: http.Header{}, Body: io.NopCloser(strings.NewReader(body)), Request: r}, nil
}

func TestATextFileThatDoesNotSayItsType(t *testing.T) {
	t.Parallel()
	for name, want := range map[string]bool{"links.txt": true, "LINKS.TXT": true, "links.png": false, "": false} {
		assert.Equal(t, want, attachment{Filename: name}.isText(), name)
	}
	assert.True(t, attachment{Filename: "links", ContentType: "text/plain; charset=utf-8"}.isText())
	assert.False(t, attachment{Filename: "links.txt", ContentType: "image/png"}.isText())
}

// TestREADYSaysWhoTheBotIs checks that READY makes the look-up unnecessary.
func TestREADYSaysWhoTheBotIs(t *testing.T) {
	t.Parallel()
	d := offline(t, nil)
	d.event(&fake{}, "READY", []byte(`{"v":9,"user":{"id":"7","username":"purgebot"},"session_id":"s"}`))
	me, err := d.whoami(t.Context(), forever)
	require.NoError(t, err)
	assert.Equal(t, "7", me.ID)
}

// TestThrottledWithoutABody checks that only an HTML page counts as a ban.
func TestThrottledWithoutABody(t *testing.T) {
	t.Parallel()
	l := newLimits(time.Now)
	refuse := func(route, body string, h http.Header) {
		_ = l.refused(route, &http.Response{Header: h, Body: io.NopCloser(strings.NewReader(body))})
	}
	refuse("a", "", http.Header{"Retry-After": {"3"}})
	assert.Positive(t, l.wait("a"))
	assert.Zero(t, l.wait("b"))
	refuse("a", `{"retry_after":3}`, http.Header{"X-Ratelimit-Scope": {"global"}})
	assert.Positive(t, l.wait("b"))
	assert.Zero(t, l.wait("POST /interactions/1/a callback"))
	refuse("a", "<html>", http.Header{"Retry-After": {"3"}})
	assert.Positive(t, l.wait("POST /interactions/1/a callback"))
}

// TestHeartbeatsAreNeverHeldUp covers a server that requests many heartbeats and acknowledges them late.
func TestHeartbeatsAreNeverHeldUp(t *testing.T) {
	t.Parallel()
	f := &fake{}
	w := newWorld(t, f, func(_ *Config, sim *discordsim.Sim) { sim.HeartbeatEvery = 100 * time.Millisecond }) // discordgo gives up after five without an answer
	w.discord.gateway.patience.invalid = time.Hour
	w.started()
	w.eventually(func() bool { return w.Sim.Gateway().Heartbeats > 50 }, "beats")
	assert.Equal(t, 1, w.Sim.Gateway().Dials)
	w.hears(f)
}

func TestWhereThereAreTooManyThreadsTheChannelServes(t *testing.T) {
	t.Parallel()
	w := newWorld(t, &fake{}, overHTTP)
	card := w.show(w.Channel(), chat.MessageRef{}, "Purging")
	w.Fail("POST /channels/{channel}/messages/{message}/threads", tooManyThreads, -1)
	assert.Equal(t, discordsim.CDN, w.show(under(card), chat.MessageRef{}, "Done").Channel)
}

// TestAThreadThatHangsOnNoMessage covers a restart, after which the thread is known only from the database.
func TestAThreadThatHangsOnNoMessage(t *testing.T) {
	t.Parallel()
	w := newWorld(t, &fake{}, overHTTP)
	assert.Equal(t, thread, w.show(w.thread(false), chat.MessageRef{}, "Done").Channel)
}

func TestAForumPostIsAThread(t *testing.T) {
	t.Parallel()
	const forum, post = "900000000000000070", "900000000000000071"
	f := &fake{}
	w := newWorld(t, f).started()
	w.PutChannel(discordsim.Channel{ID: forum, Guild: guild, Name: "help", Kind: discordsim.Forum})
	w.PutChannel(discordsim.Channel{ID: post, Guild: guild, Name: "a post", Kind: discordsim.PublicThread, Parent: forum, Owner: discordsim.Alice})
	w.Sim.Type(discordsim.Alice, post, "@purgebot whoami")
	w.eventually(func() bool { return len(f.heard()) == 1 }, "heard")
	at := f.heard()[0].At
	assert.Equal(t, []string{forum, post}, []string{at.Channel, at.Root})
	is, err := w.discord.Channel(t.Context(), at, time.Minute)
	require.NoError(t, err)
	assert.True(t, is.Joined)
	assert.Equal(t, post, w.show(at, chat.MessageRef{}, "Done").Channel)
}

// TestEventsThatNobodyKnows checks that unknown events, and known ones of another shape, are ignored. (A
// GUILD_CREATE without data, which Discord does not send, ends the process inside discordgo, before the adapter
// receives it.)
func TestEventsThatNobodyKnows(t *testing.T) {
	t.Parallel()
	f := &fake{}
	w := newWorld(t, f).started()
	for _, event := range []string{"SOMETHING_NEW", "GUILD_CREATE", "THREAD_CREATE", "MESSAGE_UPDATE", "MESSAGE_CREATE", "INTERACTION_CREATE", "READY"} {
		w.Dispatch(event, map[string]any{"id": 7, "channels": "none", "user": []any{}, "embeds": map[string]any{}, "data": 1.5})
	}
	w.hears(f)
	w.well()
	assert.Equal(t, 1, w.Sim.Gateway().Dials)
}
