package main

import (
	"bytes"
	"context"
	"errors"
	"flag"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"regexp"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/txtar"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"purgebot/adapters/discord/discordsim"
	"purgebot/adapters/slack/slacksim"
	"purgebot/cmd/internal/app"
	"purgebot/purge/tencent/cdnsim"
)

var update = flag.Bool("update", false, "write what the conversations say now into testdata")

func TestMain(m *testing.M) {
	flag.Parse()
	if f := flag.Lookup("test.parallel"); f.Value.String() == f.DefValue && runtime.GOMAXPROCS(0) < 16 {
		_ = f.Value.Set("16") // more than the processors: conversations wait more than they compute
	}
	os.Exit(m.Run())
}

// TestConversations runs testdata/*.txtar through the production wiring. Each file has these sections.
//
//	say       the lines of a conversation: "alice: /purge …", "bob presses Purge", "bob fills in www.test.com", "alice sees Accepted",
//	          "fault reset", "faults end", "guest bob"; until the last line was said: "the CDN takes its time" and "fault slow";
//	          once the CDN was called and before it answers: "meanwhile alice: /purge …"
//	channel   the final view of the channel
//	cdn       the purge calls that the CDN received
//	exit      the exit code of -say
//
// At the top, "emergency at once" removes the wait of five minutes, and "audit" makes the channel the audit's
// channel, too. The same conversation is run in Discord, where "discord-channel" is the view, unless the
// comment at the top begins with "Slack only" and a reason; and with the CDN's API 3.0, which receives
// "cdn-3.0", with "channel-3.0" if the view differs. If the comment says that only API 3.0 can, the exit code
// there is "exit-3.0", and the view in Discord is "discord-channel-3.0".
func TestConversations(t *testing.T) {
	t.Parallel()
	files, err := filepath.Glob("testdata/*.txtar")
	require.NoError(t, err)
	require.NotEmpty(t, files)
	for _, file := range files {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".txtar"), func(t *testing.T) {
			t.Parallel()
			archive, err := txtar.ParseFile(file)
			require.NoError(t, err)
			onDiscord, only3 := !bytes.HasPrefix(archive.Comment, []byte("Slack only")), bytes.Contains(archive.Comment, []byte("only API 3.0 can"))
			var got, discord2, by3, discord3 map[string]string
			t.Run("played", func(t *testing.T) { // each in its own world, all at the same time
				play := func(into *map[string]string, api, in string) {
					t.Run(in+" "+api, func(t *testing.T) {
						t.Parallel()
						*into = converse(t, api, in, section(archive, "say"))
					})
				}
				play(&got, "2.0", "slack")
				play(&by3, "3.0", "slack")
				if onDiscord {
					play(&discord2, "2.0", "discord")
				}
				if only3 {
					play(&discord3, "3.0", "discord")
				}
			})
			require.False(t, t.Failed(), "each is played to its end")
			if onDiscord {
				got["discord-channel"] = discord2["channel"]
				assert.Equal(t, got["cdn"], discord2["cdn"], "what the CDN receives does not depend on the chat")
				assert.Equal(t, got["exit"], discord2["exit"], "nor how it ends")
			}
			if by3["cdn"] != "" {
				got["cdn-3.0"] = by3["cdn"]
			}
			if only3 {
				assert.Equal(t, by3["exit"], discord3["exit"])
				got["exit-3.0"], got["discord-channel-3.0"] = discord3["exit"], discord3["channel"]
			} else {
				assert.Equal(t, got["exit"], by3["exit"], "how it ends does not depend on the API")
			}
			if by3["channel"] != got["channel"] {
				got["channel-3.0"] = by3["channel"]
			}
			if *update {
				drop(archive, "channel-3.0")
				for name, text := range got {
					set(archive, name, text)
				}
				require.NoError(t, os.WriteFile(file, txtar.Format(archive), 0o644))
			}
			for name, text := range got {
				assert.Equal(t, section(archive, name), text, name)
			}
			assert.Len(t, archive.Files, len(got)+1, "every part is played")
		})
	}
}

func section(a *txtar.Archive, name string) string {
	for _, f := range a.Files {
		if f.Name == name {
			return string(f.Data)
		}
	}
	return ""
}

func set(a *txtar.Archive, name, text string) {
	for i := range a.Files {
		if a.Files[i].Name == name {
			a.Files[i].Data = []byte(text)
			return
		}
	}
	a.Files = append(a.Files, txtar.File{Name: name, Data: []byte(text)})
}

func drop(a *txtar.Archive, name string) {
	a.Files = slices.DeleteFunc(a.Files, func(f txtar.File) bool { return f.Name == name })
}

// migrated is the database of a fresh world. Its migrations take half of the time of a world.
var migrated = sync.OnceValues(func() ([]byte, error) {
	w, err := newWorld(context.Background(), "2.0", delay, slog.New(slog.DiscardHandler))
	if err != nil {
		return nil, err
	}
	err = w.app.Stop()
	w.app = nil
	database, readErr := os.ReadFile(filepath.Join(w.dir, "purgebot.db"))
	return database, errors.Join(err, readErr, w.close())
})

func newTestWorld(t *testing.T) *world { return newTestWorldOf(t, "2.0") }

func newTestWorldOf(t *testing.T, api string, changes ...func(*app.Config)) *world {
	t.Helper()
	database, err := migrated()
	require.NoError(t, err)
	copied := func(c *app.Config) {
		assert.NoError(t, os.WriteFile(strings.TrimPrefix(c.Database, "sqlite:"), database, 0o600))
	}
	w, err := newWorld(t.Context(), api, delay, slog.New(slog.DiscardHandler), append(changes, copied)...)
	require.NoError(t, err)
	t.Cleanup(func() { assert.NoError(t, w.close()) })
	return w
}

func converse(t *testing.T, api, in, script string) map[string]string {
	t.Helper()
	script, urgent := strings.CutPrefix(script, "emergency at once\n")
	script, audited := strings.CutPrefix(script, "audit\n")
	w := newTestWorldOf(t, api, func(c *app.Config) {
		if audited {
			c.AuditChannel = map[string]string{"slack": "slack:T0SIM/" + slackChannel, "discord": "discord:" + discordsim.HQ + "/" + discordsim.CDN}[in]
		}
		if urgent {
			c.EmergencyAfter = 1 // 1 ns: over before the card is drawn
		}
	})
	// The account alice has another account, which the policy lists.
	w.slack.PutUser(slacksim.User{ID: "U0ALICE2", Name: "alice2", RealName: "Alice Again"})
	w.discord.PutUser(discordsim.User{ID: "100000000000000019", Name: "alice2"})
	w.discord.PutMember(discordsim.Member{Guild: discordsim.HQ, User: "100000000000000019"})
	// The account mallory is in a group that the policy does not name.
	w.slack.PutUserGroup(slacksim.UserGroup{ID: "S0NIGHT", Handle: "night", Members: []string{"U0MALLORY"}})
	w.discord.PutRole(discordsim.Role{ID: "100000000000000028", Guild: discordsim.HQ, Name: "night"})
	w.discord.PutMember(discordsim.Member{Guild: discordsim.HQ, User: discordsim.Mallory, Roles: []string{"100000000000000028"}})
	c, err := w.chat(in)
	require.NoError(t, err)
	var out strings.Builder
	var lines []line
	code := exitDone
	var undo func(*cdnsim.Sim) // ends the change of the CDN after the last line
	play := func() {
		if undo != nil {
			lines = append(lines, line{then: func() { undo(w.cdn) }})
		}
		ctx, cancel := context.WithTimeout(t.Context(), 3*patience) // one takes a minute by itself
		defer cancel()
		code, err = w.play(ctx, c, lines, &out)
		require.NoError(t, err, out.String())
		lines, undo = nil, nil
	}
	for _, s := range strings.Split(strings.TrimSpace(script), "\n") {
		if name, found := strings.CutPrefix(s, "guest "); found {
			w.makeGuest(t, name)
			continue
		}
		change, back, found := scenery(t, api, s)
		if !found {
			lines = append(lines, read(t, s))
			continue
		}
		if len(lines) > 0 { // the change comes after the end of the lines so far
			play()
		}
		change(w.cdn)
		undo = back
	}
	play()
	return map[string]string{"channel": channel(c), "cdn": w.calls(), "exit": fmt.Sprintf("%d\n", code)}
}

// scenery changes the simulated CDN, and returns a function that ends the change after the last line; nil if it
// stays.
func scenery(t *testing.T, api, s string) (change, undo func(*cdnsim.Sim), found bool) {
	t.Helper()
	switch s {
	case "faults end":
		return (*cdnsim.Sim).ClearFaults, nil, true
	case "the CDN takes its time":
		return func(sim *cdnsim.Sim) { setDelay(sim, time.Hour) }, func(sim *cdnsim.Sim) { setDelay(sim, delay); sim.Finish() }, true
	}
	name, found := strings.CutPrefix(s, "fault ")
	if !found {
		return nil, nil, false
	}
	fault, known := scripted[name]
	require.True(t, known, s)
	if api == "3.0" {
		fault.Action = in3[fault.Action]
	}
	if fault.Do == cdnsim.Slow {
		undo = (*cdnsim.Sim).ClearFaults
	}
	return func(sim *cdnsim.Sim) { sim.Fault(fault) }, undo, true
}

func setDelay(sim *cdnsim.Sim, d time.Duration) {
	sim.Adjust(func(s *cdnsim.Sim) { s.Delay = d })
}

// delay is the simulated CDN's time from "accepted" to "done".
const delay = 50 * time.Millisecond

var scripted = map[string]cdnsim.Fault{
	"slow":                         {Latency: 9 * time.Second, Times: 1, Action: "RefreshCdnUrl"},
	"refused once":                 {Do: cdnsim.Refusal, Code: 4100, Times: 1, Action: "RefreshCdnUrl"},
	"reset before acting":          {Do: cdnsim.Reset, Times: 1, Action: "RefreshCdnUrl"},
	"resets before acting":         {Do: cdnsim.Reset, Times: 2, Action: "RefreshCdnUrl"},
	"acts and says it broke":       {Do: cdnsim.Refusal, Code: 6000, Acts: true, Times: 1, Action: "RefreshCdnUrl"},
	"out of service once":          {Do: cdnsim.HTTPError, Status: 503, RetryAfter: 3 * time.Second, Times: 1, Action: "RefreshCdnUrl"},
	"logs are garbage for a while": {Do: cdnsim.Garbage, Times: 11, Action: "GetCdnRefreshLog"},
	"reset after acting":           {Do: cdnsim.Reset, Acts: true, Times: 1, Action: "RefreshCdnUrl"},
	"bad gateway":                  {Do: cdnsim.HTTPError, Status: 502, Acts: true, Times: 1, Action: "RefreshCdnUrl"},
	"no logs":                      {Do: cdnsim.Refusal, Code: 6100, Action: "GetCdnRefreshLog"},
	"broken answer":                {Do: cdnsim.BrokenJSON, Times: 1, Action: "RefreshCdnUrl"},
	"wrong key":                    {Do: cdnsim.Refusal, Code: 4100, Action: "RefreshCdnUrl"},
	"quota used up":                {Do: cdnsim.Refusal, Code: 22044, Action: "RefreshCdnUrl"},
	"task fails":                   {Do: cdnsim.TaskFails, Action: "RefreshCdnUrl"},
	"2.jpg fails once":             {Do: cdnsim.TaskFails, Times: 1, Action: "RefreshCdnUrl", Only: []string{"https://www.test.com/2.jpg"}},
	"2.jpg is refused":             {Do: cdnsim.Refusal, Code: 9003, Action: "RefreshCdnUrl", Only: []string{"https://www.test.com/2.jpg"}},
	"suspended":                    {Do: cdnsim.Refusal, Code: 4300, Action: "RefreshCdnUrl"},
	"clock off":                    {Do: cdnsim.Refusal, Code: 4500, Action: "RefreshCdnUrl"},
	"too fast once":                {Do: cdnsim.Refusal, Code: 9163, Times: 1, Action: "RefreshCdnUrl"},
}

// in3 maps those actions to their names in API 3.0.
var in3 = map[string]string{"RefreshCdnUrl": "PurgeUrlsCache", "GetCdnRefreshLog": "DescribePurgeTasks"}

// makeGuest makes a person a guest in both chats.
func (w *world) makeGuest(t *testing.T, name string) {
	t.Helper()
	id, err := find(slackChat{w.slack}, name)
	require.NoError(t, err)
	w.slack.PutUser(slacksim.User{ID: id, Name: name, Restricted: true})
	id, err = find(discordChat{w.discord}, name)
	require.NoError(t, err)
	w.discord.PutMember(discordsim.Member{Guild: discordsim.HQ, User: id, Pending: true})
}

func read(t *testing.T, s string) line {
	t.Helper()
	if s, found := strings.CutPrefix(s, "meanwhile "); found {
		l := read(t, s)
		l.meanwhile = true
		return l
	}
	if as, label, found := strings.Cut(s, " presses "); found && !strings.Contains(as, ":") {
		return line{as: as, press: label}
	}
	if as, text, found := strings.Cut(s, " sees "); found && !strings.Contains(as, ":") {
		return line{as: as, sees: text}
	}
	if as, text, found := strings.Cut(s, " fills in "); found && !strings.Contains(as, ":") {
		return line{as: as, fill: text}
	}
	as, text, found := strings.Cut(s, ": ")
	require.True(t, found, s)
	return line{as: as, text: text}
}

// channel returns the final public view, then the audit's messages, then the private ones and open forms: the
// audit and private answers have no fixed order among the others.
func channel(c chat) string {
	var public, audit, private strings.Builder
	for _, m := range byThread(everything(c)) {
		out := &public
		switch {
		case m.to != "":
			out = &private
		case strings.HasPrefix(m.plain(), "Audit\n"):
			out = &audit
		}
		if m.Who != "person" {
			fmt.Fprintf(out, "%s\n  %s\n", where(m), strings.ReplaceAll(steady(m.plain()), "\n", "\n  "))
		}
	}
	for _, p := range c.people() {
		if why := refusal(c.form(p.id)); why != "" {
			fmt.Fprintf(&private, "only %s, in a form:\n  %s\n", p.name, steady(why))
		}
	}
	return public.String() + audit.String() + private.String()
}

// byThread sorts consecutive replies in the order of their threads' first messages, because two threads are
// written at the same time.
func byThread(all []message) []message {
	place := map[string]int{}
	for i, m := range all {
		place[m.Key] = i
	}
	for i := 0; i < len(all); i++ {
		run := i
		for run < len(all) && all[run].Root != "" {
			run++
		}
		slices.SortStableFunc(all[i:run], func(a, b message) int { return place[a.Root] - place[b.Root] })
		i = max(i, run)
	}
	return all
}

func where(m message) string {
	switch {
	case m.to != "":
		return "only " + m.to + ":"
	case m.Direct:
		return "direct message:"
	case m.Root != "":
		return "thread:"
	}
	return "channel:"
}

// calls returns the purge calls as received, without the parts that differ between runs.
func (w *world) calls() string {
	var out strings.Builder
	for _, r := range w.cdn.Requests() {
		if r.Kind == "" {
			continue
		}
		for _, l := range strings.SplitAfter(r.String()+"\n", "\n") {
			if !changing.MatchString(l) {
				out.WriteString(l)
			}
		}
	}
	return out.String()
}

var (
	changing = regexp.MustCompile(`^  ((Nonce|SecretId|Signature|SignatureMethod|Timestamp)=|(Authorization|Host|X-TC-Timestamp): )`)
	unsteady = []struct {
		pattern *regexp.Regexp
		steady  string
	}{
		{regexp.MustCompile(`p-[0-9a-z]{8}`), "p-ID"},
		{regexp.MustCompile(`r-[0-9a-z]{8}`), "r-ID"},
		{regexp.MustCompile(`\d{4}-\d\d-\d\d \d\d:\d\d UTC`), "YYYY-MM-DD HH:MM UTC"},
		{regexp.MustCompile(`\d\d:\d\d:\d\d UTC`), "HH:MM:SS UTC"},
		{regexp.MustCompile(`\d\d:\d\d UTC`), "HH:MM UTC"},
		{regexp.MustCompile(`\d\d-\d\d \d\d:\d\d`), "MM-DD HH:MM"},
		{regexp.MustCompile(`took [0-9.ms]+`), "took T"},
		{regexp.MustCompile(`\d{4}-MM-DD HH:MM:\d\d CST`), "DATE"},
	}
)

func steady(s string) string {
	for _, u := range unsteady {
		s = u.pattern.ReplaceAllString(s, u.steady)
	}
	return s
}
