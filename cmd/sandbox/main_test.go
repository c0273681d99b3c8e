package main

import (
	"bytes"
	"io"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
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
		"another's flag": {[]string{"-chat", "discord", "-say", "/purge why https://www.test.com/ --mode delete"}, exitRefused, `holds "mode:delete"`},
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

// A press alone does not purge a whole site. What is printed says how to go on.
func TestPressOnAWholeSite(t *testing.T) {
	t.Parallel()
	for _, chat := range []string{"slack", "discord"} {
		for press, code := range map[string]int{"Purge": exitWaiting, "Purge=www.test.com": exitDone} {
			t.Run(chat+" "+press, func(t *testing.T) {
				t.Parallel()
				var out bytes.Buffer
				got, err := run(t.Context(), []string{"-chat", chat, "-say", "/purge dir https://www.test.com/", "-press", press}, &out, &out)
				assert.NoError(t, err)
				assert.Equal(t, code, got)
				assert.Equal(t, code == exitDone, strings.Contains(out.String(), "Action=RefreshCdnDir"))
				assert.Equal(t, code == exitWaiting, strings.Contains(out.String(), "add what to type to the press, as in -press 'Purge=www.test.com'"))
			})
		}
	}
	_, err := run(t.Context(), []string{"-say", "/purge dir https://www.test.com/a/", "-press", "Purge=www.test.com"}, io.Discard, io.Discard)
	assert.ErrorContains(t, err, "opened no form")
}
