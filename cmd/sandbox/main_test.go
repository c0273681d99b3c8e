package main

import (
	"bytes"
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
