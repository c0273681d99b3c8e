package main

import (
	"bytes"
	"io"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"purgebot/purge/tencent/cdnsim"
)

func TestRunIn(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		args []string
		code int
		says string
	}{
		"Discord":        {[]string{"-chat", "discord", "-say", "/purge dir https://www.test.com/test/ --overseas", "-press", "Purge"}, exitDone, "Action=RefreshCdnOverSeaDir\n"},
		"API 3.0":        {[]string{"-api", "3.0", "-say", "/purge dir https://www.test.com/test/ --overseas", "-press", "Purge"}, exitDone, "POST /\n  Authorization: TC3-HMAC-SHA256 Credential=" + secretID + "/"},
		"its body":       {[]string{"-api", "3.0", "-say", "/purge dir https://www.test.com/test/ --overseas", "-press", "Purge"}, exitDone, `  {"Paths":["https://www.test.com/test/"],"Area":"overseas","FlushType":"flush"}`},
		"another API":    {[]string{"-api", "4.0", "-say", "hello"}, exitWrong, `-api "4.0" is not understood: there are 2.0 and 3.0`},
		"no press":       {[]string{"-chat", "discord", "-say", "/purge dir https://www.test.com/test/"}, exitWaiting, "(none)"},
		"a mention":      {[]string{"-chat", "discord", "-say", "@purgebot purge https://www.example.org/"}, exitRefused, "I cannot do that for you here"},
		"another chat":   {[]string{"-chat", "irc", "-say", "hello"}, exitWrong, `there is no chat "irc" here: there are slack and discord`},
		"another person": {[]string{"-chat", "discord", "-as", "eve", "-say", "hello"}, exitWrong, `there is no "eve" here: there are alice, bob, mallory`},
		"another button": {[]string{"-chat", "discord", "-say", "/purge whoami", "-press", "Nonsense"}, exitWrong, `there is no button "Nonsense" to press`},
		"another's flag": {[]string{"-chat", "discord", "-say", "/purge why https://www.test.com/ --mode delete"}, exitRefused, `The field "targets" holds "--mode": write links only`},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var out bytes.Buffer
			code, err := run(t.Context(), c.args, &out, &out)
			if err != nil {
				out.WriteString(err.Error())
			}
			assert.Equal(t, c.code, code, out.String())
			assert.Contains(t, out.String(), c.says)
		})
	}
}

// An incomplete command opens a form, which -say cannot fill in. The printed advice works.
func TestFormOfACommand(t *testing.T) {
	t.Parallel()
	for in, command := range map[string]string{"slack": "/purge", "discord": "/purge form"} {
		for _, as := range []string{"alice", "bob"} {
			t.Run(in+" "+as, func(t *testing.T) {
				t.Parallel()
				var out bytes.Buffer
				code, err := run(t.Context(), []string{"-chat", in, "-as", as, "-say", command}, &out, &out)
				assert.NoError(t, err)
				assert.Equal(t, exitWaiting, code, "a form waits")
				assert.Contains(t, out.String(), as+" has the form “Purge the CDN” open and nothing was sent: ")
				assert.Contains(t, out.String(), "(none)")
				assert.NotContains(t, out.String(), "-press")
				advice := regexp.MustCompile(`as in -say '([^']+)'`).FindStringSubmatch(out.String())
				require.NotNil(t, advice, out.String())
				out.Reset()
				code, err = run(t.Context(), []string{"-chat", in, "-as", as, "-say", advice[1]}, &out, &out)
				assert.NoError(t, err)
				assert.Equal(t, exitDone, code, out.String())
				assert.Contains(t, out.String(), "Action=RefreshCdnUrl")
			})
		}
	}
}

// The refusal of a form is printed, and the typed text can be corrected in the form.
func TestRefusedForm(t *testing.T) {
	t.Parallel()
	var out bytes.Buffer
	code, err := run(t.Context(), []string{"-say", "/purge dir https://www.test.com/", "-press", "Purge=www.tset.com"}, &out, &out)
	assert.NoError(t, err)
	assert.Equal(t, exitWaiting, code, "the question does")
	assert.Contains(t, out.String(), "the form “Purge a whole site” (only alice sees this):\n  That is not the host")
	assert.Contains(t, out.String(), "as in -press 'Purge=www.test.com'")
	assert.Equal(t, 1, strings.Count(out.String(), "That is not the host"))
}

// A press alone does not purge a whole site. The printed advice works.
func TestPressOnAWholeSite(t *testing.T) {
	t.Parallel()
	for _, chat := range []string{"slack", "discord"} {
		for press, c := range map[string]struct {
			flag string
			code int
		}{
			"Purge": {"", exitWaiting}, "Purge=www.test.com": {"", exitDone},
			"Delete": {" --mode delete", exitWaiting}, "Delete=www.test.com": {" --mode delete", exitDone},
		} {
			t.Run(chat+" "+press, func(t *testing.T) {
				t.Parallel()
				var out bytes.Buffer
				got, err := run(t.Context(), []string{"-chat", chat, "-say", "/purge dir https://www.test.com/" + c.flag, "-press", press}, &out, &out)
				assert.NoError(t, err)
				assert.Equal(t, c.code, got)
				assert.Equal(t, c.code == exitDone, strings.Contains(out.String(), "Action=RefreshCdnDir"))
				assert.Equal(t, c.code == exitWaiting, strings.Contains(out.String(), "add what to type to the press, as in -press '"+press+"=www.test.com'"))
			})
		}
	}
	_, err := run(t.Context(), []string{"-say", "/purge dir https://www.test.com/a/", "-press", "Purge=www.test.com"}, io.Discard, io.Discard)
	assert.ErrorContains(t, err, "opened no form")
}

// TestRepliesGoOutWithoutEdits checks that a chat that accepts messages but no edits still reports the end of a
// purge, once.
func TestRepliesGoOutWithoutEdits(t *testing.T) {
	t.Parallel()
	for name, refuse := range map[string]func(*world){
		"slack in trouble":            func(w *world) { w.slack.Fail("chat.update", "internal_error", -1) },
		"slack throttled":             func(w *world) { w.slack.Throttle(-1, time.Second, "chat.update") },
		"slack throttled for an hour": func(w *world) { w.slack.Throttle(-1, time.Hour, "chat.update") },
		"slack cut off":               func(w *world) { w.slack.Fail("chat.update", "request_timeout", -1) },
		"discord in trouble":          func(w *world) { w.discord.Fail("PATCH /channels/{channel}/messages/{message}", 502, -1) },
		"discord throttled": func(w *world) {
			w.discord.Throttle(-1, time.Second, "PATCH /channels/{channel}/messages/{message}")
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newTestWorld(t)
			in, _, _ := strings.Cut(name, " ")
			c, err := w.chat(in)
			require.NoError(t, err)
			alice, err := find(c, "alice")
			require.NoError(t, err)
			w.cdn.Adjust(func(s *cdnsim.Sim) { s.Delay = time.Second })
			refuse(w)
			require.NoError(t, c.say(alice, "", c.example()))
			reply := func(m message) bool { return m.Root != "" && strings.Contains(m.plain(), "Done in mainland") }
			require.Eventually(t, func() bool { return some(c.messages(alice), reply) }, patience, 20*time.Millisecond)
			assert.False(t, some(c.messages(alice), func(m message) bool {
				return m.Root == "" && m.Who == "bot" && strings.Contains(m.plain(), "Done in mainland")
			}))
			n := 0
			for _, m := range c.messages(alice) {
				if reply(m) {
					n++
				}
			}
			assert.Equal(t, 1, n, "told once")
		})
	}
}
