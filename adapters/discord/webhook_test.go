package discord

import (
	"bytes"
	"context"
	"crypto/ed25519"
	"encoding/hex"
	"encoding/json"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"purgebot/acl"
	"purgebot/adapters/discord/discordsim"
	"purgebot/bot/chat"
	"purgebot/bot/grammar"
)

var secret = ed25519.NewKeyFromSeed(bytes.Repeat([]byte{7}, ed25519.SeedSize))

func header(at string, body []byte) http.Header {
	h := http.Header{}
	h.Set(timestampHeader, at)
	h.Set(signatureHeader, hex.EncodeToString(ed25519.Sign(secret, append([]byte(at), body...))))
	return h
}

func valid(h http.Header, now time.Time, body []byte) bool {
	t, fresh := stampOf(h, now)
	return fresh && t.signed(secret.Public().(ed25519.PublicKey), body)
}

func TestAge(t *testing.T) {
	t.Parallel()
	h := header("1700000000", []byte("{}"))
	for skew, want := range map[int64]bool{0: true, -300: true, 300: true, -301: false, 301: false} {
		assert.Equal(t, want, valid(h, time.Unix(1700000000+skew, 0), []byte("{}")), skew)
	}
}

func TestMalformedStamps(t *testing.T) {
	t.Parallel()
	now := time.Unix(1700000000, 0)
	for _, at := range []string{"", "+1700000000", "-1700000000", " 1700000000", "1700000000 ", "1700000000.0", "1_700_000_000", "0x6553f100", "١٧٠٠٠٠٠٠٠٠",
		"9223372036854775808", strings.Repeat("9", 400), `1700000000{"type":1}`} {
		assert.False(t, valid(header(at, []byte("{}")), now, []byte("{}")), "even with its own signature: %q", at)
	}
	good := header("1700000000", []byte("{}"))
	require.True(t, valid(good, now, []byte("{}")))
	for _, signature := range []string{"", "00", strings.Repeat("g", 128), strings.Repeat("0", 128), good.Get(signatureHeader) + "00", good.Get(signatureHeader)[2:]} {
		h := good.Clone()
		h.Set(signatureHeader, signature)
		assert.False(t, valid(h, now, []byte("{}")), signature)
	}
	for _, name := range []string{timestampHeader, signatureHeader} {
		h := good.Clone()
		h.Add(name, h.Get(name))
		assert.False(t, valid(h, now, []byte("{}")), "%s twice", name)
	}
}

// FuzzSignature checks that a changed request passes only if the change has no effect.
func FuzzSignature(f *testing.F) {
	const at, body = "1700000000", `{"type":1}`
	good := header(at, []byte(body)).Get(signatureHeader)
	f.Add(at, good, body)
	f.Add("170000000", good, "0"+body)
	f.Add(at+"{", good, body[1:])
	f.Add("", "", "")
	f.Fuzz(func(t *testing.T, a, signature, b string) {
		h := http.Header{timestampHeader: {a}, signatureHeader: {signature}}
		same := a == at && b == body && strings.EqualFold(signature, good)
		assert.Equal(t, same, valid(h, time.Unix(1700000000, 0), []byte(b)))
	})
}

func TestNothingIsTakenUnlessSignedAndFresh(t *testing.T) {
	t.Parallel()
	f := &fake{}
	w := newWorld(t, f, overHTTP).started()
	require.NoError(t, w.VerifyEndpoint())
	drop := func(name string) discordsim.Option {
		return discordsim.AlterHeader(func(h http.Header) { h.Del(name) })
	}
	for name, how := range map[string]discordsim.Option{
		"another key":       discordsim.SignedWith(secret),
		"stale":             discordsim.Skewed(-10 * time.Minute),
		"from the future":   discordsim.Skewed(10 * time.Minute),
		"altered":           discordsim.AlterBody(func(b []byte) []byte { return append(b, ' ') }),
		"empty":             discordsim.AlterBody(func([]byte) []byte { return nil }),
		"boundary to time":  discordsim.ShiftBoundary(1),
		"boundary to body":  discordsim.ShiftBoundary(-1),
		"no number":         discordsim.Stamped("now"),
		"signed number":     discordsim.Stamped("+1"),
		"without signature": drop(signatureHeader),
		"without time":      drop(timestampHeader),
	} {
		d := w.Sim.Command(discordsim.Alice, discordsim.CDN, "purge whoami", nil, how)
		assert.Equal(t, http.StatusUnauthorized, d.Status, name)
		assert.Empty(t, d.Answer, name)
		assert.Equal(t, http.StatusUnauthorized, w.Ping(how).Status, name)
	}
	assert.Empty(t, f.heard())
	d := w.Sim.Command(discordsim.Alice, discordsim.CDN, "purge whoami", nil, discordsim.AlterBody(func(b []byte) []byte { return append(b, make([]byte, maxBody)...) }))
	assert.Equal(t, http.StatusRequestEntityTooLarge, d.Status)
}

// TestPackedBodiesAreNotRead checks that encoded bodies are refused.
func TestPackedBodiesAreNotRead(t *testing.T) {
	t.Parallel()
	f := &fake{}
	w := newWorld(t, f, overHTTP).started()
	for i, c := range []struct {
		encoding []string
		status   int
	}{
		{nil, http.StatusOK}, {[]string{""}, http.StatusOK}, {[]string{"identity"}, http.StatusOK}, {[]string{"Identity, identity"}, http.StatusOK},
		{[]string{"gzip"}, http.StatusUnsupportedMediaType}, {[]string{"x-unknown"}, http.StatusUnsupportedMediaType},
		{[]string{"identity,br"}, http.StatusUnsupportedMediaType}, {[]string{"identity", "deflate"}, http.StatusUnsupportedMediaType},
		{[]string{" zstd "}, http.StatusUnsupportedMediaType}, {[]string{"identity gzip"}, http.StatusUnsupportedMediaType},
	} {
		says := discordsim.AlterHeader(func(h http.Header) { h["Content-Encoding"] = c.encoding })
		before := len(f.heard())
		d := w.Sim.Command(discordsim.Alice, discordsim.CDN, "purge whoami", nil, says)
		assert.Equal(t, c.status, d.Status, "%d: %q", i, c.encoding)
		assert.Equal(t, c.status == http.StatusOK, len(f.heard()) > before, c.encoding)
		assert.Equal(t, c.status, w.Ping(says).Status, c.encoding)
		d = w.Sim.Command(discordsim.Alice, discordsim.CDN, "purge whoami", nil, says, discordsim.SignedWith(secret))
		assert.Equal(t, http.StatusUnauthorized, d.Status, "without a signature nothing else is said: %q", c.encoding)
	}
}

// TestInteractionsThatAreNotForUsOrContradictThemselves checks that such interactions are refused despite a
// valid signature.
func TestInteractionsThatAreNotForUsOrContradictThemselves(t *testing.T) {
	t.Parallel()
	object := func(all map[string]any, name string) map[string]any { return all[name].(map[string]any) }
	for name, alter := range map[string]func(map[string]any){
		"another application": func(all map[string]any) { all["application_id"] = "100000000000000009" },
		"no application":      func(all map[string]any) { all["application_id"] = "x" },
		"another server":      func(all map[string]any) { all["guild_id"] = "700" },
		"a channel of another server": func(all map[string]any) {
			object(all, "channel")["guild_id"] = "700"
		},
		"another channel": func(all map[string]any) { all["channel_id"] = discordsim.Random },
		"two people":      func(all map[string]any) { all["user"] = map[string]any{"id": discordsim.Bob} },
	} {
		for _, changes := range [][]change{nil, {overHTTP}} {
			f := &fake{}
			w := newWorld(t, f, append(changes, impatient)...).started()
			ref := w.show(w.Channel(), chat.MessageRef{}, "?")
			_, err := w.discord.Show(t.Context(), w.Channel(), ref, "k", asking)
			require.NoError(t, err)
			d := w.Sim.Command(discordsim.Alice, discordsim.CDN, "purge whoami", nil, discordsim.AlterJSON(alter))
			w.settled(d)
			w.settled(w.Sim.Press(discordsim.Alice, ref.Channel, ref.ID, "Go", discordsim.AlterJSON(alter)))
			_, d2 := w.Autocomplete(discordsim.Alice, discordsim.CDN, "purge url", "targets", discordsim.Options{"targets": "h"}, discordsim.AlterJSON(alter))
			w.settled(d2)
			assert.Empty(t, f.heard(), name)
			assert.Empty(t, f.pressed(), name)
			assert.Empty(t, f.asked, name)
			if w.http && strings.HasSuffix(name, "application") {
				assert.Equal(t, http.StatusUnauthorized, d.Status, name)
				assert.Empty(t, d.Answer)
			}
		}
	}
}

var asking = chat.Card{Title: "?", Buttons: []chat.Button{{Label: "Go", Token: "t"}}}

func TestAPingForAnotherApplicationIsRefused(t *testing.T) {
	t.Parallel()
	w := newWorld(t, &fake{}, overHTTP)
	assert.Equal(t, http.StatusOK, w.Ping().Status)
	assert.Equal(t, http.StatusUnauthorized, w.Ping(discordsim.AlterJSON(func(all map[string]any) { all["application_id"] = "9" })).Status)
}

func TestNoEndpointWithoutKey(t *testing.T) {
	t.Parallel()
	d := offline(t, func(c *Config) { c.PublicKey = "" })
	w := httptest.NewRecorder()
	d.Handler(&fake{}).ServeHTTP(w, httptest.NewRequest(http.MethodPost, "/discord/interactions", strings.NewReader("{}")))
	assert.Equal(t, http.StatusNotFound, w.Code)
}

// TestOddInteractions checks that signed interactions of an impossible shape do no harm.
func TestOddInteractions(t *testing.T) {
	t.Parallel()
	for _, body := range []string{
		"", "null", "[]", "{", `{"type":"1"}`, `{}`, `{"type":99}`, `{"type":2}`, `{"type":2,"id":"x","token":"t"}`,
		`{"type":2,"id":"1","token":"t","guild_id":"1","data":null}`, `{"type":3,"id":"1","token":"t","message":null,"member":null}`,
	} {
		f := &fake{}
		d := offline(t, nil)
		w := post(d.Handler(f), []byte(body))
		d.later.Wait()
		assert.Contains(t, []int{200, 400}, w.Code, body)
		assert.Empty(t, f.heard(), body)
	}
}

// FuzzInteraction checks that no signed interaction causes a panic or reaches the bot without a person of the
// guild.
func FuzzInteraction(f *testing.F) {
	for _, body := range []string{string(commandBody()), `{"type":1}`, `{"type":5,"id":"1","token":"t","guild_id":"100000000000000001","data":{"components":[{"type":18,"component":{"type":4,"custom_id":"a","value":7}}]}}`} {
		f.Add([]byte(body))
	}
	d := offline(f, nil)
	taken := chat.Reply{Card: &chat.Card{Title: "Taken."}} // silence would be repeated
	f.Fuzz(func(t *testing.T, body []byte) {
		b := &fake{command: says("Taken."), answer: func(context.Context, chat.Answer) (chat.Reply, error) { return taken, nil }}
		post(d.Handler(b), body)
		d.later.Wait()
		for _, c := range b.heard() {
			assert.NotEmpty(t, d.ours(c.From))
			assert.NotEmpty(t, c.Event.ID)
		}
	})
}

func post(h http.Handler, body []byte) *httptest.ResponseRecorder {
	r := httptest.NewRequest(http.MethodPost, "/discord/interactions", bytes.NewReader(body))
	r.Header = header(strconv.FormatInt(time.Now().Unix(), 10), body)
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	return w
}

// offline is an adapter whose calls all fail at once.
func offline(t testing.TB, change func(*Config)) *Discord {
	c := Config{
		Verbs: grammar.Menu(),
		Token: "simulated-bot-token", ApplicationID: "100000000000000002", GuildID: guild, APIURL: "http://127.0.0.1:1/",
		PublicKey: hex.EncodeToString(secret.Public().(ed25519.PublicKey)), Log: slog.New(slog.DiscardHandler),
		HTTPClient: &http.Client{Transport: unplugged{}},
	}
	if change != nil {
		change(&c)
	}
	d, err := New(c)
	require.NoError(t, err)
	return d
}

type unplugged struct{}

func (unplugged) RoundTrip(*http.Request) (*http.Response, error) { return nil, io.ErrUnexpectedEOF }

func commandBody() []byte {
	body, _ := json.Marshal(map[string]any{
		"id": "1400000000000000001", "application_id": "100000000000000002", "type": 2, "token": "aW50ZXJhY3Rpb24", "version": 1,
		"guild_id": guild, "channel_id": discordsim.CDN, "context": 0, "app_permissions": "309237763072",
		"channel": map[string]any{"id": discordsim.CDN, "type": 0, "guild_id": guild, "name": "cdn"}, "authorizing_integration_owners": map[string]string{"0": guild},
		"member": map[string]any{"user": map[string]any{"id": discordsim.Alice, "username": "alice"}, "roles": []string{discordsim.OnCall}, "permissions": "0"},
		"data": map[string]any{"id": "1", "name": "purge", "type": 1, "options": []any{map[string]any{"name": "url", "type": 1, "options": []any{
			map[string]any{"name": "targets", "type": 3, "value": "https://www.test.com/1.jpg"}, map[string]any{"name": "area", "type": 3, "value": "overseas"},
		}}}},
	})
	return body
}

func BenchmarkInteractionToHandler(b *testing.B) {
	d := offline(b, nil)
	h := d.Handler(&fake{command: says("Taken.")})
	body := commandBody()
	head := header(strconv.FormatInt(time.Now().Unix(), 10), body)
	b.ReportAllocs()
	for b.Loop() {
		r := httptest.NewRequest(http.MethodPost, "/discord/interactions", bytes.NewReader(body))
		r.Header = head
		w := httptest.NewRecorder()
		if h.ServeHTTP(w, r); w.Code != 200 {
			b.Fatal(w.Code)
		}
	}
}

// BenchmarkInteractionToHandlerFloor is a handler that only verifies the signature and reads the JSON.
func BenchmarkInteractionToHandlerFloor(b *testing.B) {
	key := secret.Public().(ed25519.PublicKey)
	h := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		signature, _ := hex.DecodeString(r.Header.Get(signatureHeader))
		if !ed25519.Verify(key, append([]byte(r.Header.Get(timestampHeader)), body...), signature) {
			w.WriteHeader(401)
		}
		var in interaction
		_ = json.Unmarshal(body, &in)
		_ = json.NewEncoder(w).Encode(callback{Type: pong})
	})
	body := commandBody()
	head := header(strconv.FormatInt(time.Now().Unix(), 10), body)
	b.ReportAllocs()
	for b.Loop() {
		r := httptest.NewRequest(http.MethodPost, "/discord/interactions", bytes.NewReader(body))
		r.Header = head
		w := httptest.NewRecorder()
		if h.ServeHTTP(w, r); w.Code != 200 {
			b.Fatal(w.Code)
		}
	}
}

func TestFieldsStayApart(t *testing.T) {
	t.Parallel()
	f := &fake{}
	w := newWorld(t, f, overHTTP).started()
	for command, want := range map[string]struct {
		options discordsim.Options
		fields  chat.Fields
	}{
		"purge url":      {discordsim.Options{"targets": "https://www.test.com/ --overseas", "reason": "dir --private", "area": "global", "private": true, "prefetch": true}, chat.Fields{Verb: "url", Targets: "https://www.test.com/ --overseas", Reason: "dir --private", Area: "global", Private: true, Prefetch: true}},
		"purge dir":      {discordsim.Options{"targets": "https://www.test.com/a/", "mode": "delete", "dry-run": true}, chat.Fields{Verb: "dir", Targets: "https://www.test.com/a/", Mode: "delete", DryRun: true}},
		"purge leak":     {discordsim.Options{"targets": "https://www.test.com/a", "reason": "leaked"}, chat.Fields{Verb: "leak", Targets: "https://www.test.com/a", Reason: "leaked"}},
		"purge form":     {nil, chat.Fields{Verb: "form"}},
		"purge status":   {discordsim.Options{"id": "p-1"}, chat.Fields{Verb: "status", ID: "p-1"}},
		"purge cancel":   {discordsim.Options{"id": "p-1"}, chat.Fields{Verb: "cancel", ID: "p-1"}},
		"purge history":  {discordsim.Options{"domain": "www.test.com", "since": "30d", "until": "2026-11-21", "by": "me", "outcome": "failed"}, chat.Fields{Verb: "history", Domain: "www.test.com", Since: "30d", Until: "2026-11-21", By: "me", Outcome: "failed"}},
		"purge retry":    {discordsim.Options{"id": "p-1", "reason": "again"}, chat.Fields{Verb: "retry", ID: "p-1", Reason: "again"}},
		"purge quota":    {nil, chat.Fields{Verb: "quota"}},
		"purge freeze":   {discordsim.Options{"domain": "*.test.com", "for": "2h", "reason": "sale"}, chat.Fields{Verb: "freeze", Domain: "*.test.com", For: "2h", Reason: "sale"}},
		"purge unfreeze": {discordsim.Options{"domain": "*.test.com", "reason": "over"}, chat.Fields{Verb: "unfreeze", Domain: "*.test.com", Reason: "over"}},
		"purge grant":    {discordsim.Options{"subject": "<@" + discordsim.Bob + ">", "domain": "www.test.com", "for": "2h", "reason": "on call", "kind": "directory", "area": "global"}, chat.Fields{Verb: "grant", Subject: "<@" + discordsim.Bob + ">", Domain: "www.test.com", For: "2h", Reason: "on call", Kind: "directory", Area: "global"}},
		"purge revoke":   {discordsim.Options{"id": "r-1", "reason": "enough"}, chat.Fields{Verb: "revoke", ID: "r-1", Reason: "enough"}},
		"purge domains":  {nil, chat.Fields{Verb: "domains"}},
		"purge why":      {discordsim.Options{"url": "https://www.test.com/", "area": "overseas"}, chat.Fields{Verb: "why", Targets: "https://www.test.com/", Area: "overseas"}},
		"purge whoami":   {nil, chat.Fields{Verb: "whoami"}},
		"purge help":     {nil, chat.Fields{Verb: "help"}},
	} {
		d := w.Sim.Command(discordsim.Alice, discordsim.CDN, command, want.options)
		require.Empty(t, d.Refused, command)
		heard := f.heard()
		assert.Equal(t, &want.fields, heard[len(heard)-1].Fields, command)
		assert.Empty(t, heard[len(heard)-1].Text)
		assert.False(t, heard[len(heard)-1].Collected)
	}
}

// TestEveryOptionReachesTheBot checks for each registered subcommand that each option alone changes the bot's
// command.
func TestEveryOptionReachesTheBot(t *testing.T) {
	t.Parallel()
	d := offline(t, nil)
	for _, s := range definitions(grammar.Menu())[0].Options {
		for _, o := range s.Options {
			value := map[int]string{optionString: `"x"`, optionBoolean: `true`}[o.Type]
			if o.Type == optionAttachment {
				continue
			}
			f, _, err := d.fields(t.Context(), data{Name: commandName, Options: []option{{Name: s.Name, Type: optionSubcommand, Options: []option{{Name: o.Name, Type: o.Type, Value: []byte(value)}}}}})
			require.NoError(t, err)
			assert.NotEqual(t, &chat.Fields{Verb: s.Name}, f, "%s %s", s.Name, o.Name)
		}
	}
}

// TestAPickedPersonIsAMention checks that a picked person equals a mention. purgebot registers strings, another
// registration may not.
func TestAPickedPersonIsAMention(t *testing.T) {
	t.Parallel()
	d := offline(t, nil)
	for want, c := range map[string]struct {
		kind     int
		value    string
		resolved string
	}{
		"<@7>":       {optionUser, `"7"`, `{"users":{"7":{"id":"7"}}}`},
		"<@&8>":      {optionRole, `"8"`, `{}`},
		"<@9>":       {optionMention, `"9"`, `{"users":{"9":{"id":"9"}},"members":{"9":{}}}`},
		"<@&10>":     {optionMention, `"10"`, `{"roles":{"10":{"id":"10","name":"x"}}}`},
		"<@11>":      {optionString, `"<@11>"`, `{}`},
		"oncall":     {optionString, `"oncall"`, `{}`},
		"slack:T/U1": {optionString, `"slack:T/U1"`, `{}`},
		"":           {optionMention, `"../7"`, `{}`},
	} {
		for _, field := range []string{"subject", "by"} {
			in := data{Name: commandName, Options: []option{{Name: "grant", Type: optionSubcommand, Options: []option{{Name: field, Type: c.kind, Value: []byte(c.value)}}}}}
			require.NoError(t, json.Unmarshal([]byte(c.resolved), &in.Resolved))
			f, _, err := d.fields(t.Context(), in)
			require.NoError(t, err)
			assert.Equal(t, want, map[string]string{"subject": f.Subject, "by": f.By}[field])
		}
	}
}

func TestUnknownOptionsAreIgnored(t *testing.T) {
	t.Parallel()
	f := &fake{}
	w := newWorld(t, f, overHTTP).started()
	d := w.Sim.Command(discordsim.Alice, discordsim.CDN, "purge url", discordsim.Options{"targets": "https://www.test.com/", "sudo": true, "area": 7, "reason": false}, discordsim.Unchecked())
	assert.True(t, d.Acknowledged())
	assert.Equal(t, &chat.Fields{Verb: "url", Targets: "https://www.test.com/"}, f.heard()[0].Fields)
	for _, command := range []string{"purge", "other url"} {
		d = w.Sim.Command(discordsim.Alice, discordsim.CDN, command, nil, discordsim.Unchecked())
		assert.True(t, d.Acknowledged(), command)
	}
	assert.Len(t, f.heard(), 1)
}

func TestAttachments(t *testing.T) {
	t.Parallel()
	elsewhere := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte("https://www.test.com/1")) }))
	t.Cleanup(elsewhere.Close)
	for name, c := range map[string]struct {
		file discordsim.File
		said string // "" means taken
	}{
		"text":        {discordsim.File{Name: "a.txt", Content: []byte("\ufeffhttps://www.test.com/1\nhttps://www.test.com/2\n")}, ""},
		"not UTF-8":   {discordsim.File{Name: "a.txt", Content: []byte("\xff\xfe")}, "no UTF-8"},
		"binary":      {discordsim.File{Name: "a.txt", Content: []byte("a\x00b")}, "no UTF-8"},
		"claims much": {discordsim.File{Name: "a.txt", Content: []byte("x"), Size: 1e9}, "too large"},
		"is much":     {discordsim.File{Name: "a.txt", Content: make([]byte, maxFile+1), Size: 10}, "too large"},
		"redirects":   {discordsim.File{Name: "a.txt", Content: []byte("x"), Location: elsewhere.URL}, "does not give out"},
		"elsewhere":   {discordsim.File{Name: "a.txt", Content: []byte("x"), URL: "http://169.254.169.254/latest"}, "not one of Discord's"},
		"user info":   {discordsim.File{Name: "a.txt", Content: []byte("x"), URL: "https://cdn.discordapp.com@evil.example/"}, "not one of Discord's"},
		"user":        {discordsim.File{Name: "a.txt", Content: []byte("x"), URL: "https://u:p@cdn.discordapp.com/attachments/1/2/a.txt"}, "not one of Discord's"},
		"suffix":      {discordsim.File{Name: "a.txt", Content: []byte("x"), URL: "https://cdn.discordapp.com.evil.example/"}, "not one of Discord's"},
		"plain http":  {discordsim.File{Name: "a.txt", Content: []byte("x"), URL: "http://cdn.discordapp.com/attachments/1/2/a.txt"}, "not one of Discord's"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f := &fake{}
			w := newWorld(t, f, overHTTP).started()
			d := w.Sim.Command(discordsim.Alice, discordsim.CDN, "purge url", discordsim.Options{"targets": "https://www.test.com/0", "file": c.file})
			require.True(t, w.settled(d), d.Refused)
			if c.said != "" {
				assert.Empty(t, f.heard())
				assert.Contains(t, w.Private()[0].Text, c.said)
				return
			}
			require.Len(t, f.heard(), 1)
			assert.Equal(t, "https://www.test.com/0", f.heard()[0].Fields.Targets)
			assert.Equal(t, &chat.File{Name: "a.txt", Text: "https://www.test.com/1\nhttps://www.test.com/2\n"}, f.heard()[0].Fields.File)
			assert.True(t, f.heard()[0].Collected)
		})
	}
}

func TestOnlyTheGuildIsServed(t *testing.T) {
	t.Parallel()
	for name, delivery := range map[string]func(w *world) discordsim.Delivery{
		"direct message": func(w *world) discordsim.Delivery {
			return w.Sim.Command(discordsim.Alice, w.DM(discordsim.Alice), "purge whoami", nil, discordsim.Unchecked())
		},
		"installed to an account": func(w *world) discordsim.Delivery {
			return w.Sim.Command(discordsim.Alice, discordsim.CDN, "purge whoami", nil, discordsim.Unchecked(), discordsim.UserInstalled())
		},
		"another guild": func(w *world) discordsim.Delivery {
			w.PutGuild(discordsim.Guild{ID: "700", Name: "other"})
			w.PutChannel(discordsim.Channel{ID: "701", Guild: "700", Name: "there"})
			w.PutMember(discordsim.Member{Guild: "700", User: discordsim.Alice, Roles: []string{"900000000000000001"}})
			return w.Sim.Command(discordsim.Alice, "701", "purge whoami", nil, discordsim.Unchecked())
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f := &fake{}
			w := newWorld(t, f).started()
			d := delivery(w)
			assert.True(t, w.settled(d), "answered with a sentence: %+v", d)
			assert.Equal(t, showMessage, d.AnswerType)
			assert.Empty(t, f.heard())
			assert.Empty(t, w.Visible())
		})
	}
}

func TestRolesComeWithEachEvent(t *testing.T) {
	t.Parallel()
	f := &fake{}
	w := newWorld(t, f, overHTTP).started()
	groups := func() []string {
		p, err := w.discord.Person(t.Context(), w.Alice(), time.Minute)
		require.NoError(t, err)
		var all []string
		for _, g := range p.Groups {
			all = append(all, string(g))
		}
		return all
	}
	w.Type(slash, "whoami")
	assert.Equal(t, []string{oncall}, groups())
	w.PutMember(discordsim.Member{Guild: guild, User: discordsim.Alice})
	w.Type(slash, "whoami")
	assert.Empty(t, groups(), "taken away counts from the next event on")
	assert.Empty(t, w.Calls("GET /guilds/{guild}/members/{user}"))
}

func TestDeferral(t *testing.T) {
	t.Parallel()
	slow := func(r chat.Reply) func(context.Context, chat.Command) (chat.Reply, error) {
		return func(context.Context, chat.Command) (chat.Reply, error) {
			time.Sleep(500 * time.Millisecond)
			return r, nil
		}
	}
	for name, changes := range map[string][]change{"gateway": nil, "HTTP": {overHTTP}} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f := &fake{command: slow(chat.Reply{Card: &chat.Card{Title: "Late."}})}
			w := newWorld(t, f, changes...)
			w.discord.timing.deferAfter = 5 * time.Millisecond
			w.started()
			d := w.Sim.Command(discordsim.Alice, discordsim.CDN, "purge whoami", nil)
			require.True(t, w.settled(d))
			assert.Equal(t, thinking, d.AnswerType)
			require.Len(t, w.Private(), 1)
			assert.Contains(t, w.Private()[0].Text, "Late.")
			assert.Empty(t, w.Visible())

			f.command = slow(chat.Reply{})
			w.settled(w.Sim.Command(discordsim.Alice, discordsim.CDN, "purge whoami", nil))
			require.Len(t, w.Private(), 2)
			assert.Equal(t, sayTaken, w.Private()[1].Text)

			f.command = slow(chat.Reply{Form: &chat.Form{Title: "x", Token: "t", Inputs: []chat.Input{{Name: "a", Label: "a"}}}})
			w.settled(w.Sim.Command(discordsim.Alice, discordsim.CDN, "purge form", nil))
			assert.Contains(t, w.Private()[2].Text, gaveUp)

			f.answer = func(context.Context, chat.Answer) (chat.Reply, error) {
				time.Sleep(500 * time.Millisecond)
				return chat.Reply{Card: &chat.Card{Title: "Pressed late."}}, nil
			}
			ref, err := w.discord.Show(t.Context(), w.Channel(), chat.MessageRef{}, "k", chat.Card{Title: "?", Buttons: []chat.Button{{Label: "Go", Token: "t"}}})
			require.NoError(t, err)
			d = w.Sim.Press(discordsim.Alice, ref.Channel, ref.ID, "Go")
			w.settled(d)
			assert.Equal(t, nothingToSee, d.AnswerType)
			assert.Contains(t, w.Private()[3].Text, "Pressed late.")
		})
	}
}

func TestAnswersThatComeTooLateAreToldDirectly(t *testing.T) {
	t.Parallel()
	f := &fake{command: says("You are alice.")}
	w := newWorld(t, f, impatient).started()
	for i, code := range []int{10062, 50027, 40060} {
		w.Fail(callbackPost, code, 1)
		w.settled(w.Sim.Command(discordsim.Alice, discordsim.CDN, "purge whoami", nil))
		direct := w.Messages(w.DM(discordsim.Alice))
		require.Len(t, direct, i+1, code)
		assert.Contains(t, direct[i].Plain(), "You are alice.")
	}
}

func TestEverythingWorksAfterTheTokenDied(t *testing.T) {
	t.Parallel()
	clock := time.Now()
	f := &fake{}
	w := newWorld(t, f, func(_ *Config, sim *discordsim.Sim) {
		sim.TokenLife = time.Nanosecond
		sim.Now = func() time.Time { clock = clock.Add(time.Millisecond); return clock }
	})
	w.started()
	w.Type(slash, "whoami")
	ref, err := w.discord.Show(t.Context(), w.Channel(), chat.MessageRef{}, "k", chat.Card{Title: "Purging"})
	require.NoError(t, err)
	_, err = w.discord.Show(t.Context(), w.Channel(), ref, "k", chat.Card{Title: "Done"})
	require.NoError(t, err)
	require.NoError(t, w.discord.Tell(t.Context(), w.Alice(), w.Channel(), chat.EventKey{}, chat.Card{Title: "For you."}))
	assert.Contains(t, w.Messages(w.DM(discordsim.Alice))[0].Plain(), "For you.")
}

// TestWhatIsToldStandsBelowWhatItIsAbout checks that private cards appear below their own interaction while
// that is possible, and otherwise in a direct message.
func TestWhatIsToldStandsBelowWhatItIsAbout(t *testing.T) {
	t.Parallel()
	const elsewhere = "900000000000000080"
	f := &fake{}
	w := newWorld(t, f).started()
	w.PutChannel(discordsim.Channel{ID: elsewhere, Guild: guild, Name: "elsewhere"})
	typed := func(channel string) chat.EventKey {
		w.settled(w.Sim.Command(discordsim.Alice, channel, "purge whoami", nil))
		return f.heard()[len(f.heard())-1].Event
	}
	about := typed(discordsim.CDN)
	typed(elsewhere)
	tell := func(who acl.Subject, after chat.EventKey, title string) {
		require.NoError(t, w.discord.Tell(t.Context(), who, w.Channel(), after, chat.Card{Title: title, Buttons: asking.Buttons}))
	}
	below := func() (titles []string) {
		for _, m := range w.Ephemerals(discordsim.Alice) {
			if m.Plain() != sayTaken {
				assert.Equal(t, discordsim.CDN, m.Channel)
				assert.Len(t, m.Buttons(), 1)
				titles = append(titles, m.Plain())
			}
		}
		return titles
	}
	tell(w.Alice(), about, "About it.")
	assert.Equal(t, []string{"About it."}, below())
	assert.Empty(t, w.Messages(w.DM(discordsim.Alice)))

	other := about
	other.Workspace = "1"
	for i, after := range []chat.EventKey{{}, other, {Platform: "slack", Workspace: guild, ID: about.ID}, {Platform: "discord", Workspace: guild, ID: "7"}} {
		tell(w.Alice(), after, "About something else.")
		direct := w.Messages(w.DM(discordsim.Alice))
		require.Len(t, direct, i+1, "%+v", after)
		assert.Equal(t, "About something else.", direct[i].Plain())
		assert.Empty(t, direct[i].Buttons(), "nothing can be pressed there")
	}
	tell(w.Bob(), about, "It was not bob's.")
	assert.Len(t, w.Messages(w.DM(discordsim.Bob)), 1)
	assert.Len(t, below(), 1)
}

func TestAFormSaysWhereTheButtonWasThatOpenedIt(t *testing.T) {
	t.Parallel()
	f := &fake{}
	f.answer = func(_ context.Context, a chat.Answer) (chat.Reply, error) {
		if a.Values != nil {
			return chat.Reply{}, nil
		}
		return chat.Reply{Form: &chat.Form{Title: "Which host?", Token: "form", Inputs: []chat.Input{{Name: "host", Label: "Host"}}}}, nil
	}
	w := newWorld(t, f).started()
	ref, err := w.discord.Show(t.Context(), w.Channel(), chat.MessageRef{}, "k", chat.Card{Title: "?", Buttons: []chat.Button{{Label: "Purge", Token: "t"}}})
	require.NoError(t, err)
	d := w.Sim.Press(discordsim.Alice, ref.Channel, ref.ID, "Purge")
	require.True(t, w.settled(d))
	assert.Equal(t, showForm, d.AnswerType)
	require.True(t, w.Submit(map[string]string{"host": "www.test.com"}))
	require.Len(t, f.pressed(), 2)
	got := f.pressed()[1]
	assert.Equal(t, ref, got.Message)
	assert.Equal(t, w.Channel(), got.At)
	assert.Equal(t, "form", got.Token)
	assert.Equal(t, map[string]string{"host": "www.test.com"}, got.Values)
	assert.Empty(t, w.Private(), "and what has nothing to say says nothing")
}

func TestAPrivateCardIsReplacedWhereItsButtonWas(t *testing.T) {
	t.Parallel()
	f := &fake{command: func(context.Context, chat.Command) (chat.Reply, error) {
		return chat.Reply{Card: &chat.Card{Title: "Take the rest?", Buttons: []chat.Button{{Label: "Take", Token: "t"}}}}, nil
	}, answer: func(context.Context, chat.Answer) (chat.Reply, error) {
		return chat.Reply{Card: &chat.Card{Title: "Taken."}}, nil
	}}
	w := newWorld(t, f).started()
	w.Type(slash, "whoami")
	d := w.Sim.Press(discordsim.Alice, discordsim.CDN, "", "Take")
	require.True(t, w.settled(d))
	assert.Equal(t, updateMessage, d.AnswerType)
	require.Len(t, w.Private(), 1)
	assert.Contains(t, w.Private()[0].Text, "Taken.")
	assert.Empty(t, w.Private()[0].Buttons)
}

func TestOnlyWhereMessagesAreHeardAreMentionsOffered(t *testing.T) {
	t.Parallel()
	for name, changes := range map[string][]change{"gateway": nil, "HTTP": {overHTTP}} {
		w := newWorld(t, &fake{}, changes...)
		assert.Equal(t, name == "gateway", w.discord.Limits().Addressed, name)
		assert.Equal(t, "server", w.discord.Limits().Workspace)
	}
}
