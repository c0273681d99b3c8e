package grammar

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"purgebot/bot/chat"
	"purgebot/purge"
)

var (
	mainland = []purge.Area{purge.Mainland}
	overseas = []purge.Area{purge.Overseas}
	global   = []purge.Area{purge.Mainland, purge.Overseas}
)

// texts are the canonical targets.
func texts(targets []purge.Target) []string {
	var s []string
	for _, t := range targets {
		s = append(s, t.String())
	}
	return s
}

// parsed returns what a person would have to retype to mean the same, which says all that an Intent holds but its notes.
func parsed(t *testing.T, text string) string {
	t.Helper()
	in, err := Parse(text)
	require.NoError(t, err, "%q", text)
	require.Empty(t, in.Refused, "%q", text)
	require.Empty(t, in.Readings, "%q", text)
	return in.commandLine()
}

// refusedWith returns the message, and the corrected line in it.
func refusedWith(t *testing.T, text string) (message, line string) {
	t.Helper()
	_, err := Parse(text)
	e := (*purge.Error)(nil)
	require.True(t, errors.As(err, &e), "%q was accepted", text)
	assert.Equal(t, purge.Invalid, e.Kind)
	_, line, _ = strings.Cut(e.Message, sayTry)
	return e.Message, line
}

func TestCommandsMeanWhatTheySay(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ typed, means string }{
		{"", "/purge"},
		{" \n ", "/purge"},
		{"purge", "/purge"},
		{"/purge", "/purge"},
		{"https://a.com/1", "/purge https://a.com/1"},
		{"HTTPS://A.com/Ab?C=D", "/purge https://a.com/Ab?C=D"},
		{"url https://a.com/1", "/purge https://a.com/1"},
		{"purge https://a.com/1", "/purge https://a.com/1"},
		{"Purge Url https://a.com/1", "/purge https://a.com/1"},
		{"/purge dir https://a.com/b/", "/purge dir https://a.com/b/"},
		{"Dir https://a.com/b/", "/purge dir https://a.com/b/"},
		{"directory https://a.com/b/", "/purge dir https://a.com/b/"},
		{"path https://a.com/b/", "/purge dir https://a.com/b/"},
		{"dir\nhttps://a.com/b/\nhttps://a.com/c/\n", "/purge dir https://a.com/b/ https://a.com/c/"},

		// flags anywhere behind the verb
		{"https://a.com/1 --overseas", "/purge https://a.com/1 --overseas"},
		{"--overseas https://a.com/1", "/purge https://a.com/1 --overseas"},
		{"dir --area overseas https://a.com/b/", "/purge dir https://a.com/b/ --overseas"},
		{"dir https://a.com/b/ --area=Overseas https://a.com/c/", "/purge dir https://a.com/b/ https://a.com/c/ --overseas"},
		{"https://a.com/1 --area mainland", "/purge https://a.com/1 --area mainland"},
		{"https://a.com/1 --mainland", "/purge https://a.com/1 --area mainland"},
		{"https://a.com/1 --global", "/purge https://a.com/1 --global"},
		{"https://a.com/1 --area=global", "/purge https://a.com/1 --global"},
		{"dir https://a.com/b/ --mode delete", "/purge dir https://a.com/b/ --mode delete"},
		{"dir https://a.com/b/ --Mode=FLUSH", "/purge dir https://a.com/b/ --mode flush"},
		{"https://a.com/1 --private --dry-run", "/purge https://a.com/1 --private --dry-run"},

		// reasons
		{`https://a.com/1 --reason "wrong price"`, `/purge https://a.com/1 --reason "wrong price"`},
		{`https://a.com/1 --reason="wrong price" --overseas`, `/purge https://a.com/1 --overseas --reason "wrong price"`},
		{`https://a.com/1 --reason 'wrong price'`, `/purge https://a.com/1 --reason "wrong price"`},
		{`https://a.com/1 --reason 'wrong price'. --overseas`, `/purge https://a.com/1 --overseas --reason "wrong price"`},
		{"https://a.com/1 --reason 'wrong price'\u00a0--overseas", `/purge https://a.com/1 --overseas --reason "wrong price"`},
		{`https://a.com/1 --reason 'it's wrong'`, `/purge https://a.com/1 --reason "it's wrong"`},
		{`https://a.com/1 --reason don't`, `/purge https://a.com/1 --reason "don't"`},
		{`https://a.com/1 --reason "a \"b\" \\ c"`, `/purge https://a.com/1 --reason "a \"b\" \\ c"`},
		{`https://a.com/1 --reason "C:\temp"`, `/purge https://a.com/1 --reason "C:\\temp"`},
		{`https://a.com/1 --reason "a\\"`, `/purge https://a.com/1 --reason "a\\"`},
		{`https://a.com/1 --reason "it\'s"`, `/purge https://a.com/1 --reason "it\\'s"`},
		{`https://a.com/1 --reason INC-7`, `/purge https://a.com/1 --reason "INC-7"`},
		{`https://a.com/1 --reason=INC-7`, `/purge https://a.com/1 --reason "INC-7"`},
		{`https://a.com/1 --reason https://t.com/7,`, `/purge https://a.com/1 --reason "https://t.com/7,"`},
		{`https://a.com/1 --reason <https://t.com/7|ticket>`, `/purge https://a.com/1 --reason "https://t.com/7"`},
		{`https://a.com/1 --reason "https://a.com/2 --overseas dir"`, `/purge https://a.com/1 --reason "https://a.com/2 --overseas dir"`},
		{"https://a.com/1 --reason \"two\n lines\"", `/purge https://a.com/1 --reason "two lines"`},
		{`https://a.com/1 --reason “smart — quotes”`, `/purge https://a.com/1 --reason "smart — quotes"`},
		{"https://a.com/1 --reason \"two\r\n\tlines\"", `/purge https://a.com/1 --reason "two lines"`},
		{"https://a.com/1 --reason \"👩\u200d🚒 می\u200cخواهم\"", "/purge https://a.com/1 --reason \"👩\u200d🚒 می\u200cخواهم\""},
		{"https://a.com/1 --reason " + strings.Repeat("é", 500), `/purge https://a.com/1 --reason "` + strings.Repeat("é", 500) + `"`},
		{`https://a.com/1 --reason ‘smart’`, `/purge https://a.com/1 --reason "smart"`},

		// what phones put
		{"https://a.com/1 —overseas", "/purge https://a.com/1 --overseas"},
		{"https://a.com/1 –area=overseas", "/purge https://a.com/1 --overseas"},
		{"https://a.com/1 —-overseas", "/purge https://a.com/1 --overseas"},
		{"https://a.com/1 —dry–run", "/purge https://a.com/1 --dry-run"},
		{"dir\u00a0https://a.com/b/\u00a0--overseas", "/purge dir https://a.com/b/ --overseas"},
		{"https://a.com/1\u3000https://a.com/2", "/purge https://a.com/1 https://a.com/2"},

		// a leak
		{`leak https://a.com/1 "key in it"`, `/purge leak https://a.com/1 "key in it"`},
		{`leak https://a.com/1`, `/purge leak https://a.com/1`},
		{`leak https://a.com/b/ https://a.com/c/ “key in it”`, `/purge leak https://a.com/b/ https://a.com/c/ "key in it"`},
		{`leak https://a.com/1 --reason "key in it" --dry-run`, `/purge leak https://a.com/1 "key in it" --dry-run`},
		{`leak https://a.com/1 --area global --private`, `/purge leak https://a.com/1`},
		{`leak https://a.com/b/ --mode delete`, `/purge leak https://a.com/b/`},
		{`leak https://a.com/1 --reason "https://t.com/7"`, `/purge leak https://a.com/1 --reason "https://t.com/7"`},
		{`leak "https://a.com/1" "key in it"`, `/purge leak https://a.com/1 "key in it"`},

		// the others
		{"status p-7k3f9x2q", "/purge status p-7k3f9x2q"},
		{"status P-7K3F9X2Q", "/purge status p-7k3f9x2q"},
		{"cancel p-ILO00000", "/purge cancel p-11000000"},
		{"cancel `p-7k3f9x2q`", "/purge cancel p-7k3f9x2q"},
		{"cancel p–7k3f9x2q", "/purge cancel p-7k3f9x2q"},
		{"why https://a.com/1", "/purge why https://a.com/1"},
		{"why https://a.com/1 --area overseas", "/purge why https://a.com/1 --overseas"},
		{"why dir https://a.com/b/", "/purge why dir https://a.com/b/"},
		{"domains", "/purge domains"},
		{"whoami", "/purge whoami"},
		{"Help", "/purge help"},
		{"--help", "/purge help"},
		{"history", "/purge history"},
		{"history a.com", "/purge history a.com"},
		{"history A.com --since 30d", "/purge history a.com --since 30d"},
		{"history <http://a.com|a.com> --until=2026-11-21", "/purge history a.com --until 2026-11-21"},
		{"history --by me --outcome partly-done", "/purge history --by me --outcome partly-done"},
		{"history --by slack:T0/U1 --since 2W", "/purge history --since 2w --by slack:T0/U1"},

		// a whole command in code, as pasted from a card
		{"`dir https://a.com/b/ --overseas`", "/purge dir https://a.com/b/ --overseas"},
		{"`/purge dir https://a.com/b/`", "/purge dir https://a.com/b/"},
	} {
		assert.Equal(t, c.means, parsed(t, c.typed), "%q", c.typed)
	}
}

func TestIntentHoldsWhatWasSaid(t *testing.T) {
	t.Parallel()
	in, err := Parse(`dir https://img.example.com/a/ https://img.example.com/b/ --overseas --mode delete --reason "old logo" --private`)
	require.NoError(t, err)
	assert.Equal(t, VerbPurge, in.Verb)
	assert.Equal(t, purge.Directory, in.Kind)
	assert.Equal(t, overseas, in.Areas)
	assert.Equal(t, purge.Delete, in.Mode)
	assert.Equal(t, "old logo", in.Reason)
	assert.True(t, in.Private)
	assert.False(t, in.DryRun)
	assert.Equal(t, []string{"https://img.example.com/a/", "https://img.example.com/b/"}, texts(in.Targets))
	assert.Empty(t, in.Notes)
}

func TestAreaAndModeAreNotGuessed(t *testing.T) {
	t.Parallel()
	for _, text := range []string{"https://a.com/1", "dir https://a.com/b/"} {
		in, err := Parse(text)
		require.NoError(t, err)
		assert.Nil(t, in.Areas)
		assert.Empty(t, in.Mode)
	}
	in, err := Parse("why https://a.com/1 --mainland")
	require.NoError(t, err)
	assert.Equal(t, mainland, in.Areas)
}

func TestLeakIsEverywhereDeletedAndPrivate(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		typed string
		kind  purge.Kind
		mode  purge.Mode
	}{
		{"leak https://a.com/1", purge.URL, ""},
		{"leak https://a.com/b/?x=/", purge.URL, ""},
		{"leak https://a.com/b/", purge.Directory, purge.Delete},
		{"leak https://a.com/b/.", purge.Directory, purge.Delete},
		{"leak https://a.com", purge.Directory, purge.Delete}, // its canonical form ends in "/", so that typing that again means the same
		{"leak https://a.com/b/#top", purge.Directory, purge.Delete},
	} {
		in, err := Parse(c.typed)
		require.NoError(t, err)
		assert.Equal(t, VerbLeak, in.Verb)
		assert.Equal(t, c.kind, in.Kind, c.typed)
		assert.Equal(t, c.mode, in.Mode, c.typed)
		assert.Equal(t, global, in.Areas)
		assert.True(t, in.Private)
	}
}

func TestMistakesRefuseTheWholeCommand(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ typed, names, corrected string }{
		// words
		{"https://a.com/1 please", `"please"`, "/purge https://a.com/1"},
		{"please dir https://a.com/b/", `"please"`, "/purge dir https://a.com/b/"},
		{"thanks!", `"thanks!"`, "/purge https://www.example.com/a.jpg"},
		{"driectory https://a.com/b/", `"driectory"`, "/purge dir https://a.com/b/"},
		{"stauts p-7k3f9x2q", `"stauts"`, "/purge status p-7k3f9x2q"},
		{"sttxus p-7k3f9x2q", `"sttxus"`, "/purge https://www.example.com/a.jpg"},
		{"stxaus p-7k3f9x2q", `"stxaus"`, "/purge https://www.example.com/a.jpg"},
		{"xdirx https://a.com/b/", `"xdirx"`, "/purge https://a.com/b/"},
		{"prge https://a.com/1", `"prge"`, "/purge https://a.com/1"},
		{"<@U1|bob> https://a.com/1", `"<@U1|bob>"`, "/purge https://a.com/1"},
		{"https://a.com/1 <!channel>", `"<!channel>"`, "/purge https://a.com/1"},
		{"请刷新 https://a.com/1", `"请刷新"`, "/purge https://a.com/1"},
		{"https://a.com/1 「", `"「"`, "/purge https://a.com/1"},
		{"https://a.com/1 | https://a.com/2", `"|"`, "/purge https://a.com/1 https://a.com/2"},
		{"https://a.com/1 and https://a.com/2", `"and"`, "/purge https://a.com/1 https://a.com/2"},
		{"https://a.com/1 (old)", `"(old)"`, "/purge https://a.com/1"},
		{"https://a.com/1 @here", `"@here"`, "/purge https://a.com/1"},
		{"https://a.com/1 <@U1>", `"<@U1>"`, "/purge https://a.com/1"},
		{"https://a.com/1 :pray:", `":pray:"`, "/purge https://a.com/1"},
		{"\x1b[31m https://a.com/1\r\n", `"\x1b[31m"`, "/purge https://a.com/1"},
		{"\u202edir https://a.com/1", `"\u202edir"`, "/purge https://a.com/1"},
		{strings.Repeat("é", 1000) + " https://a.com/1", `ééé..."`, "/purge https://a.com/1"},

		// what is put right must stay what it is when it is typed
		{"ftp://a.com/1 please", `"please"`, "/purge https://www.example.com/a.jpg"},
		{"<https://a.com/b...> please", `"please"`, "/purge <https://a.com/b...>"},
		{"<https://a.com/b.> please", `"please"`, "/purge <https://a.com/b.>"},
		{"<https://a.com/?u=x,https://b.com/y> please", `"please"`, "/purge <https://a.com/?u=x,https://b.com/y>"},
		{"<https://a.com/?u=x;https://b.com/y> please", `"please"`, "/purge <https://a.com/?u=x;https://b.com/y>"},

		// verbs out of place
		{`"dir" https://a.com/b/`, `quoted text "dir"`, "/purge https://a.com/b/"},
		{"--hepl https://a.com/b/", `no flag "--hepl"`, "/purge https://a.com/b/"},
		{"<dir> https://a.com/b/", `"<dir>"`, "/purge https://a.com/b/"},
		{"https://a.com/b/ dir", `"dir"`, "/purge dir https://a.com/b/"},
		{"--overseas dir https://a.com/b/", `"dir"`, "/purge dir https://a.com/b/ --overseas"},
		{"https://a.com/1 status", `"status"`, "/purge https://a.com/1"},
		{"https://a.com/1\n/purge https://a.com/2", `"/purge"`, "/purge https://a.com/1"},
		{"https://a.com/1 /purge https://a.com/2", `"/purge"`, "/purge https://a.com/1"},
		{"https://a.com/1\n  dir https://a.com/b/", `second command begins at "dir"`, "/purge https://a.com/1"},
		{"https://a.com/1\ndir https://a.com/b/", `"dir"`, "/purge https://a.com/1"},
		{"status p-7k3f9x2q\ncancel p-7k3f9x2q", `"cancel"`, "/purge status p-7k3f9x2q"},
		{"dir https://a.com/b/\npurge https://a.com/1", `"purge"`, "/purge dir https://a.com/b/"},

		// flags
		{"https://a.com/1 --oversea", `"--oversea"`, "/purge https://a.com/1 --overseas"},
		{"https://a.com/1 -overseas", `"-overseas"`, "/purge https://a.com/1 --overseas"},
		{"https://a.com/1 --regoin overseas", `"--regoin"`, "/purge https://a.com/1"},
		{"https://a.com/1 --region overseas", `"--region"`, "/purge https://a.com/1 --overseas"},
		{"https://a.com/1 --dryrun", `"--dryrun"`, "/purge https://a.com/1 --dry-run"},
		{"https://a.com/1 --force", `"--force"`, "/purge https://a.com/1"},
		{"https://a.com/1 --", `"--"`, "/purge https://a.com/1"},
		{"https://a.com/1 --=x", `"--=x"`, "/purge https://a.com/1"},
		{"https://a.com/1 --area=world", `"world"`, "/purge https://a.com/1 --global"},
		{"https://a.com/1 --area mars", `"mars"`, "/purge https://a.com/1"},
		{"https://a.com/1 --area=mainland,overseas", `"mainland,overseas"`, "/purge https://a.com/1"},
		{"https://a.com/1 --overseas --overseas", "area is said twice", "/purge https://a.com/1 --overseas"},
		{"https://a.com/1 --overseas --global", "area is said twice, the second time by --global", "/purge https://a.com/1 --overseas"},
		{"https://a.com/1 --private --private", "private is said twice.", "/purge https://a.com/1 --private"},
		{"https://a.com/1 --private=yes", "--private takes no value", "/purge https://a.com/1 --private"},
		{"https://a.com/1 --area", "missing behind --area", "/purge https://a.com/1"},
		{"https://a.com/1 --area= overseas", "missing behind --area", "/purge https://a.com/1"},
		{"--area https://a.com/1", "missing behind --area", "/purge https://a.com/1"},
		{"https://a.com/1 --area <https://a.com/2>", "missing behind --area", "/purge https://a.com/1 https://a.com/2"},
		{"https://a.com/1 --reason --private", "missing behind --reason", "/purge https://a.com/1 --private"},
		{"https://a.com/1 --area --private", "missing behind --area", "/purge https://a.com/1 --private"},
		{"https://a.com/1 --reason\n(https://a.com/2)", "missing behind --reason", "/purge https://a.com/1 https://a.com/2"},
		{"https://a.com/1 --reason\nhttps://a.com/2", "missing behind --reason", "/purge https://a.com/1 https://a.com/2"},
		{"https://a.com/1 --mode delete", "--mode is for directories", "/purge https://a.com/1"},
		{"dir https://a.com/b/ --mode everything", `"everything"`, "/purge dir https://a.com/b/ --mode delete"},
		{"status p-7k3f9x2q --overseas", `"--overseas"`, "/purge status p-7k3f9x2q"},
		{"https://a.com/1 --since 30d", `"--since"`, "/purge https://a.com/1"},

		// reasons
		{`https://a.com/1 --reason wrong price tag`, `"price"`, `/purge https://a.com/1 --reason "wrong price tag"`},
		{`https://a.com/1 --reason wrong ` + strings.Repeat("x", 501), `"xxx`, `/purge https://a.com/1 --reason "wrong"`},
		{`leak https://a.com/1 key in it`, `"key"`, `/purge leak https://a.com/1 "key in it"`},
		{`leak "key in it" https://a.com/1`, `"key in it"`, `/purge leak https://a.com/1`},
		{`leak "https://a.com/1" "https://a.com/2"`, `"https://a.com/2"`, `/purge leak https://a.com/1 https://a.com/2`},
		{`leak https://a.com/1 "a" "b"`, "reason is said twice", `/purge leak https://a.com/1 "a"`},
		{`leak https://a.com/1 "a" --reason b`, "reason is said twice", `/purge leak https://a.com/1 "a"`},
		{`https://a.com/1 "wrong price"`, `"wrong price"`, `/purge https://a.com/1`},
		{`"https://a.com/1 https://a.com/2"`, `"https://a.com/1 https://a.com/2"`, `/purge https://a.com/1 https://a.com/2`},
		{`https://a.com/1 --reason ""`, "reason is empty", "/purge https://a.com/1"},
		{`https://a.com/1 --reason "wrong price`, `"\"wrong price"`, "/purge https://a.com/1"},
		{`https://a.com/1 --reason “wrong price`, `"“wrong price"`, "/purge https://a.com/1"},
		{"https://a.com/1 --reason \"a\u202eb\"", "U+202E", "/purge https://a.com/1"},
		{"https://a.com/1 --reason \"a\x1b[0mb\"", "U+001B", "/purge https://a.com/1"},
		{"https://a.com/1 --reason \"a\u2028b\"", "U+2028", "/purge https://a.com/1"},
		{"https://a.com/1 --reason \"a\ufffdb\"", "U+FFFD", "/purge https://a.com/1"},
		{"https://a.com/1 --reason \"a\xffb\"", "no text", "/purge https://a.com/1"},
		{"https://a.com/1 --reason " + strings.Repeat("x", 501), "501 characters", "/purge https://a.com/1"},

		// brackets
		{"https://a.com/1 <https://a.com/2", `"<https://a.com/2"`, "/purge https://a.com/1"},
		{"https://a.com/1 [two](https://a.com/2", `"[two](https://a.com/2"`, "/purge https://a.com/1"},
		{"https://a.com/1 `https://a.com/2", "\"`https://a.com/2\"", "/purge https://a.com/1"},

		{"<https://a.com/1\nhttps://a.com/2>", "never closes", "/purge https://www.example.com/a.jpg"},
		{"<https://a.com/1 <https://a.com/2>", "never closes", "/purge https://www.example.com/a.jpg"},
		{"<<https://a.com/1>>", "never closes", "/purge https://www.example.com/a.jpg"},
		{"https://a.com/1 <>", `the word "<>"`, "/purge https://a.com/1"},
		{"https://a.com/1 [", `the word "["`, "/purge https://a.com/1"},
		{"[x https://a.com/1", `the word "[x"`, "/purge https://a.com/1"},
		{`[x](https://a.com/1 "title")`, "never closes", "/purge https://www.example.com/a.jpg"},
		{"```text```", `the word "text"`, "/purge https://www.example.com/a.jpg"},

		// nothing to do it to
		{"https://a.com:/ //a.com please", `"please"`, "/purge https://a.com/"},
		{"dir", "addresses", "/purge dir https://www.example.com/a/"},
		{"url", "addresses", "/purge https://www.example.com/a.jpg"},
		{"--overseas", "addresses", "/purge https://www.example.com/a.jpg --overseas"},
		{"leak", "addresses", "/purge leak https://www.example.com/a.jpg"},
		{"why", "address", "/purge why https://www.example.com/a.jpg"},
		{"status", "which purge to show", "/purge status p-7k3f9x2q"},
		{"cancel", "which purge to cancel", "/purge cancel p-7k3f9x2q"},

		// leaks of two kinds, or of less
		{"leak https://a.com/b/ https://a.com/1", `"https://a.com/1"`, "/purge leak https://a.com/b/"},
		{"leak https://a.com/1 https://a.com/b/", `"https://a.com/b/"`, "/purge leak https://a.com/1"},
		{"leak https://a.com/1 --overseas", "everywhere", "/purge leak https://a.com/1"},
		{"leak https://a.com/b/ --mode flush", "deleted", "/purge leak https://a.com/b/"},
		{"leak https://a.com/1 --mode delete", "--mode is for directories", "/purge leak https://a.com/1"},

		// the others
		{"status 7k3f9x2q", `"7k3f9x2q"`, "/purge status p-7k3f9x2q"},
		{"status p-7k3f9x2u", `"p-7k3f9x2u"`, "/purge status p-7k3f9x2q"},
		{"status p-7k3f9x2", `"p-7k3f9x2"`, "/purge status p-7k3f9x2q"},
		{"status p-7k3f9x2q p-7k3f9x2r", `"p-7k3f9x2r"`, "/purge status p-7k3f9x2q"},
		{"status https://a.com/1", `"https://a.com/1"`, "/purge status p-7k3f9x2q"},
		{"why https://a.com/1 https://a.com/2", `"https://a.com/2"`, "/purge why https://a.com/1"},
		{"why foo https://a.com/1", `"foo"`, "/purge why https://a.com/1"},
		{"why https://a.com/1 dir", `"dir"`, "/purge why https://a.com/1"},
		{"whoami please", `"please"`, "/purge whoami"},
		{"help dir", `"dir"`, "/purge help"},
		{"domains https://a.com/1", `"https://a.com/1"`, "/purge domains"},
		{"history a.com b.com", `"b.com"`, "/purge history a.com"},
		{"history https://a.com/1", `"https://a.com/1"`, "/purge history a.com"},
		{"history a", `"a"`, "/purge history"},
		{`history --since ""`, `not ""`, "/purge history"},
		{"history --since yesterday", `"yesterday"`, "/purge history"},
		{"history --outcome good", `"good"`, "/purge history"},
		{"history --by bob", `"bob"`, "/purge history"},
	} {
		message, line := refusedWith(t, c.typed)
		assert.Contains(t, message, c.names, "%q", c.typed)
		assert.Contains(t, message, sayNothing, "%q", c.typed)
		assert.Equal(t, c.corrected, line, "%q", c.typed)
		assert.Equal(t, line, parsed(t, line), "the corrected line of %q", c.typed)
	}
}

func TestLimitsAreStated(t *testing.T) {
	t.Parallel()
	_, err := Parse(strings.Repeat("https://a.com/1 ", maxTargets))
	require.NoError(t, err)
	message, _ := refusedWith(t, strings.Repeat("https://a.com/1 ", maxTargets+1))
	assert.Contains(t, message, "10,001 targets")
	assert.Contains(t, message, "at most 10,000")
	message, _ = refusedWith(t, "please "+strings.Repeat("a.co ", 200_000))
	assert.Contains(t, message, "200,000 targets")
	message, _ = refusedWith(t, strings.Repeat(" ", maxText+1))
	assert.Contains(t, message, "1,048,577 bytes")
	assert.Contains(t, message, "at most 1,048,576")
	_, err = ParseFields(&chat.Fields{Targets: strings.Repeat(" ", maxText), Reason: "x"})
	require.ErrorContains(t, err, "1,048,577 bytes")
	_, err = ParseFields(&chat.Fields{Targets: strings.Repeat(" ", maxText)})
	require.ErrorContains(t, err, "is empty")
}

func TestCorrectedLineFitsOnACard(t *testing.T) {
	t.Parallel()
	var text strings.Builder
	for i := range 40 {
		fmt.Fprintf(&text, "https://a.com/%d ", i)
	}
	message, line := refusedWith(t, text.String()+"please")
	assert.Contains(t, message, "5 of your 40 links")
	assert.Equal(t, "/purge https://a.com/0 https://a.com/1 https://a.com/2 https://a.com/3 https://a.com/4", line)
	for _, typed := range []string{"https://a.com/1 please", "dir", "why https://a.com/1 please", "status", "https://a.com/1 https://a.com/2 please"} {
		message, _ := refusedWith(t, typed)
		assert.NotContains(t, message, "This shows")
	}
	message, line = refusedWith(t, "https://a.com/"+strings.Repeat("a", 8000)+" please")
	assert.Equal(t, "/purge https://www.example.com/a.jpg", line)
	assert.Less(t, len(message), 300)
}

func TestRefusedTargetsLeaveTheRest(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ typed, refused, suggests, rest string }{
		{"www.test.com/a https://a.com/1", "www.test.com/a", "https://www.test.com/a", "https://a.com/1"},
		{"www.test.com/a, https://a.com/1", "www.test.com/a", "https://www.test.com/a", "https://a.com/1"},
		{"https://a.com/1 //www.test.com/a", "//www.test.com/a", "https://www.test.com/a", "https://a.com/1"},
		{"https://a.com/1 ftp://www.test.com/a", "ftp://www.test.com/a", "", "https://a.com/1"},
		{"https://a.com/1 http:/www.test.com/a", "http:/www.test.com/a", "http://www.test.com/a", "https://a.com/1"},
		{"https://a.com/1 10.0.0.1/a", "10.0.0.1/a", "", "https://a.com/1"},
		{"dir https://a.com/b https://a.com/c/", "https://a.com/b", "https://a.com/b/", "https://a.com/c/"},
		{"https://a.com/1 https://a.com/é", "https://a.com/é", "https://a.com/%C3%A9", "https://a.com/1"},
		{"https://a.com/1 https://a.com/a—b", "https://a.com/a—b", "https://a.com/a%E2%80%94b", "https://a.com/1"},
		{"https://a.com/1 \u200bhttps://a.com/2", "\u200bhttps://a.com/2", "https://a.com/2", "https://a.com/1"},
		{"https://a.com/1 https://a.com/b/..", "https://a.com/b/..", "", "https://a.com/1"},
		{"https://a.com/1 https://a.com/b...", "https://a.com/b...", "", "https://a.com/1"},
		{"https://a.com/1 https://a.com/b…", "https://a.com/b…", "", "https://a.com/1"},
		{"https://a.com/1 https://a.com/2，请刷新", "https://a.com/2，请刷新", "https://a.com/2", "https://a.com/1"},
		{"https://a.com/1 <https://a.com/2，>", "https://a.com/2，", "https://a.com/2", "https://a.com/1"},
		{"https://a.com/1 <https://user:pw@a.com/2|https://b.com/>", "https://user:pw@a.com/2", "", "https://a.com/1"},
		{"https://a.com/1 [https://b.com/](https://a.com/\u202e2)", "https://a.com/\u202e2", "", "https://a.com/1"},
		{"https://a.com/1 https://a.com/2<https://a.com/3", "https://a.com/2<https://a.com/3", "", "https://a.com/1"}, // both are offered
		{"https://a.com/1 `` https://a.com/`2 ``", "https://a.com/`2", "", "https://a.com/1"},
		{"https://a.com/1 <http://a.com/2|a.com/2>", "http://a.com/2", "https://a.com/2", "https://a.com/1"},
		{"https://a.com/1 <http://a.com|a.com>", "http://a.com", "https://a.com/", "https://a.com/1"},
		{"https://a.com/1 <http://a.com/|a.com>", "http://a.com/", "https://a.com/", "https://a.com/1"},
		{"dir https://a.com/b/ <http://a.com/c|a.com/c>", "http://a.com/c", "https://a.com/c/", "https://a.com/b/"},
	} {
		in, err := Parse(c.typed)
		require.NoError(t, err, c.typed)
		require.Len(t, in.Refused, 1, c.typed)
		assert.Equal(t, c.refused, in.Refused[0].Input, c.typed)
		assert.Equal(t, c.suggests, in.Refused[0].Suggest, c.typed)
		assert.NotEmpty(t, in.Refused[0].Reason)
		assert.Equal(t, []string{c.rest}, texts(in.Targets), c.typed)
	}
}

func TestNotesSayWhatWasChanged(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		typed string
		notes []string
	}{
		{"https://a.com/1", nil},
		{"<https://a.com/1>, <https://a.com/2>.", nil},
		{"https://a.com/1.", []string{`The "." behind https://a.com/1 was cut off.`}},
		{"https://a.com/1, https://a.com/2, https://a.com/3", []string{`Punctuation behind 2 links was cut off, as the "," behind https://a.com/1.`}},
		{"<https://a.com/1.>", []string{`Punctuation at the end of 1 link was kept, as in https://a.com/1.: nothing is cut in brackets, quotes or code.`}},
		{"`https://a.com/1,` `https://a.com/2,`", []string{`Punctuation at the end of 2 links was kept, as in https://a.com/1,: nothing is cut in brackets, quotes or code.`}},
		{"https://a.com/1,https://a.com/2", []string{`A comma between two links was read as the end of the first in 1 place, as behind https://a.com/1.`}},
		{"https://a.com/1,https://a.com/2,https://a.com/3", []string{`A comma between two links was read as the end of the first in 2 places, as behind https://a.com/1.`}},
		{"https://a.com/1 https://a.com/1", []string{"One target was left out, being repeated."}},
		{"dir https://a.com/b/ https://a.com/b/c/ https://a.com/b/", []string{"2 targets were left out, being repeated or inside another one."}},
		{"HTTPS://a.com:443#x", purge.Changes(purge.LowerCased | purge.PortDropped | purge.PathAdded | purge.FragmentDropped).Sentences()},
	} {
		in, err := Parse(c.typed)
		require.NoError(t, err)
		assert.Equal(t, c.notes, in.Notes, c.typed)
	}
}

func TestPrivateNotesNameNoTarget(t *testing.T) {
	t.Parallel()
	for _, typed := range []string{
		"https://a.com/secret, https://a.com/secret,https://a.com/secret2 <https://a.com/secret.> --private",
		"leak https://a.com/secret, https://a.com/secret,https://a.com/secret2 <https://a.com/secret.>",
	} {
		in, err := Parse(typed)
		require.NoError(t, err)
		assert.Len(t, in.Notes, 4)
		assert.NotContains(t, strings.Join(in.Notes, " "), "secret")
	}
}

func TestPrivateNotesCount(t *testing.T) {
	t.Parallel()
	in, err := Parse("https://a.com/1, https://a.com/2,https://a.com/3 <https://a.com/4.> --private")
	require.NoError(t, err)
	assert.Equal(t, []string{
		"Punctuation behind 1 link was cut off.",
		"Punctuation at the end of 1 link was kept: nothing is cut in brackets, quotes or code.",
		"A comma between two links was read as the end of the first in 1 place.",
	}, in.Notes)
}

// A word that somebody typed is shown on one line, and not at any length.
func TestSaid(t *testing.T) {
	t.Parallel()
	for word, want := range map[string]string{
		"": `""`, "a\nb\u202e": `"a\nb\u202e"`,
		strings.Repeat("a", 60):        `"` + strings.Repeat("a", 60) + `"`,
		strings.Repeat("a", 61):        `"` + strings.Repeat("a", 60) + `..."`,
		strings.Repeat("a", 59) + "éé": `"` + strings.Repeat("a", 59) + `..."`,
		strings.Repeat("\x80", 61):     `"..."`,
	} {
		assert.Equal(t, want, quoted(word))
	}
	for n, want := range map[int]string{0: "0", 999: "999", 1000: "1,000", 10000: "10,000", 123456: "123,456", 1234567: "1,234,567"} {
		assert.Equal(t, want, thousands(n))
	}
}

func TestNotesStayFewForManyTargets(t *testing.T) {
	t.Parallel()
	var text strings.Builder
	for i := range maxTargets {
		fmt.Fprintf(&text, "HTTPS://a.com:443/%d,\n", i)
	}
	in, err := Parse(text.String())
	require.NoError(t, err)
	assert.Len(t, in.Targets, maxTargets)
	assert.Len(t, in.Notes, 3)
}

func TestFieldsStayApart(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		fields chat.Fields
		means  string
	}{
		{chat.Fields{}, "/purge"},
		{chat.Fields{Targets: "https://a.com/1"}, "/purge https://a.com/1"},
		{chat.Fields{Verb: "url", Targets: "https://a.com/1\nhttps://a.com/2"}, "/purge https://a.com/1 https://a.com/2"},
		{chat.Fields{Verb: "Dir", Targets: " https://a.com/b/, ", Area: "overseas", Mode: "delete"}, "/purge dir https://a.com/b/ --overseas --mode delete"},
		{chat.Fields{Verb: "leak", Targets: "https://a.com/1", Reason: `key "x" in it`}, `/purge leak https://a.com/1 "key \"x\" in it"`},
		{chat.Fields{Targets: "https://a.com/1", Reason: "--global https://a.com/2 dir"}, `/purge https://a.com/1 --reason "--global https://a.com/2 dir"`},
		{chat.Fields{Targets: "<https://a.com/1>"}, "/purge https://a.com/1"},
		{chat.Fields{Targets: `"https://a.com/1"`, Private: true, DryRun: true}, `/purge https://a.com/1 --private --dry-run`},
		{chat.Fields{Verb: "status", ID: "P-7K3F9X2Q "}, "/purge status p-7k3f9x2q"},
		{chat.Fields{Verb: "history", Targets: "a.com"}, "/purge history a.com"},
		{chat.Fields{Verb: "history"}, "/purge history"},
		{chat.Fields{Verb: "why", Targets: "https://a.com/1", Area: "global"}, "/purge why https://a.com/1 --global"},
		{chat.Fields{Verb: "help"}, "/purge help"},
	} {
		in, err := ParseFields(&c.fields)
		require.NoError(t, err, "%+v", c.fields)
		assert.Equal(t, c.means, in.commandLine())
	}
}

func TestFieldsAreNotSearched(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		fields chat.Fields
		names  string
	}{
		{chat.Fields{Targets: "https://a.com/1 --overseas"}, `"targets" holds "--overseas"`},
		{chat.Fields{Targets: "dir https://a.com/b/"}, `"targets" holds "dir"`},
		{chat.Fields{Targets: "https://a.com/1\n/purge https://a.com/2"}, `"targets" holds "/purge"`},
		{chat.Fields{Targets: `https://a.com/1 "because"`}, `"targets" holds "because"`},
		{chat.Fields{Targets: "<https://a.com/1"}, `"targets" holds "<https://a.com/1"`},
		{chat.Fields{Verb: "dir --mode delete", Targets: "https://a.com/b/"}, `"verb" holds "dir --mode delete"`},
		{chat.Fields{Targets: "https://a.com/1", Area: "overseas --private"}, `the field "area" choose mainland, overseas or global, not "overseas --private"`},
		{chat.Fields{Targets: "https://a.com/1", Area: "--overseas"}, `field "area"`},
		{chat.Fields{Targets: "https://a.com/1", Mode: "delete"}, `field "mode"`},
		{chat.Fields{Targets: "https://a.com/1", ID: "p-7k3f9x2q"}, `field "id" is not for purge`},
		{chat.Fields{Verb: "status", ID: "p-7k3f9x2q --x"}, `not "p-7k3f9x2q --x"`},
		{chat.Fields{Verb: "status", ID: "p-7k3f9x2q", Area: "global"}, `field "area" is not for status`},
		{chat.Fields{Verb: "status", ID: "p-7k3f9x2q", Private: true}, `field "private" is not for status`},
		{chat.Fields{Verb: "status", ID: "p-7k3f9x2q", Targets: "https://a.com/1"}, `"https://a.com/1"`},
		{chat.Fields{Verb: "help", Targets: "me"}, `"me"`},
		{chat.Fields{Verb: "leak", Targets: "https://a.com/1", Area: "overseas"}, `leave out the field "area"`},
		{chat.Fields{Verb: "dir"}, `field "targets" is empty`},
		{chat.Fields{Verb: "cancel"}, `field "id" is empty`},
		{chat.Fields{Targets: "https://a.com/1", Reason: "a\x00b"}, "U+0000"},
		{chat.Fields{Targets: "https://a.com/1", Reason: "  "}, "empty"},
	} {
		_, err := ParseFields(&c.fields)
		require.Error(t, err, "%+v", c.fields)
		assert.Contains(t, purge.AsError(err).Message, c.names)
		assert.Contains(t, purge.AsError(err).Message, sayNothing)
		assert.Equal(t, purge.Invalid, purge.AsError(err).Kind)
	}
}

func TestMomentsAreDaysOrSpans(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 11, 21, 12, 0, 0, 0, time.UTC)
	shanghai := time.FixedZone("", 8*3600)
	for _, c := range []struct {
		typed string
		want  time.Time
	}{
		{"", time.Time{}},
		{"45m", now.Add(-45 * time.Minute)},
		{"12h", now.Add(-12 * time.Hour)},
		{"30d", now.AddDate(0, 0, -30)},
		{"2w", now.AddDate(0, 0, -14)},
		{"2026-11-20", time.Date(2026, 11, 20, 0, 0, 0, 0, shanghai)},
		{"2026-11-20 09:30", time.Date(2026, 11, 20, 9, 30, 0, 0, shanghai)},
		{"2026-11-20T09:30", time.Date(2026, 11, 20, 9, 30, 0, 0, shanghai)},
		{"2026-11-20 09:30:15", time.Date(2026, 11, 20, 9, 30, 15, 0, shanghai)},
		{"2026-11-20T09:30:15Z", time.Date(2026, 11, 20, 9, 30, 15, 0, time.UTC)},
	} {
		got, err := ParseTime(c.typed, now, shanghai)
		require.NoError(t, err)
		assert.True(t, c.want.Equal(got), c.typed)
	}
	for _, typed := range []string{"d", "-1d", "30", "30y", "99999999d", "2026-13-01", "yesterday"} {
		_, err := ParseTime(typed, now, shanghai)
		assert.Error(t, err, typed)
	}
	_, is := parseSpan("")
	assert.False(t, is)
}

// FuzzParseText: nothing panics; what is accepted means the same when its canonical line is typed; what is refused gets a corrected line
// that is accepted; and no target is purged that was not typed.
func FuzzParseText(f *testing.F) {
	for _, seed := range []string{
		`dir https://a.com/b/ --area=overseas --mode delete --reason "x \" y" --private --dry-run`,
		"leak <https://a.com/1|one>, [two](https://a.com/2) `https://a.com/3.` \"https://a.com/4\"\n```txt\nhttps://a.com/5\n```",
		"leak https://a.com “smart” —global", "https://a.com/1,https://A.com:443/2). www.test.com", "status P-7K3F9X2L", "why dir https://a.com/b/",
		"history <http://a.com|a.com> --since 30d --until 2026-11-21 --by me --outcome partly-done", "https://a.com/1\n/purge dir", "purge --reason 'it's x'",
		`freeze *.a.com 2h "sale" --reason x`, `grant <@U1|bob> a.com 90m "on call" --kind directory --global`, "grant oncall *. a.com 1d x", "unfreeze a.com “over”",
		"revoke r-7k3f9x2l 'x'", "retry p-7k3f9x2q --reason y", "history --by <@&1> 2h", "https://a.com/1 --prefetch",
		"(https://a.com/1) [https://a.com/2] [[x](https://a.com/3(4)) <@U1>", "https://a.com/1 --reason wrong price",
	} {
		f.Add(seed)
	}
	for _, seed := range []string{
		"https://a.com/my photo.jpg", "https://a.com/{a,b}[1-3].js", "https://a.com/a.css,200,HIT", "https://a.com/?x&amp;y", `{"url":"https:\/\/a.com\/1"}`,
		"• https://a.com/1\n* _https://a.com/2_", "<loc>https://a.com/1</loc>|https://a.com/2", "curl -H 'Referer: https://b.com/' https://a.com/1 \\", "https://a.com/b/*",
		`1.2.3.4 "GET https://a.com/1 HTTP/1.1" "https://b.com/"`, "everything www.a.com", "/a.jpg", "https://a.com/1，请", "\u200bhttps%3A%2F%2Fa.com", "https://a.com/\nb.css", "A.,0.aa/",
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		in, err := Parse(text)
		requireOffers(t, text, in, err)
		if err != nil {
			message := purge.AsError(err).Message
			if _, line, found := strings.Cut(message, sayTry); found {
				corrected, err := Parse(line)
				require.NoError(t, err, "corrected line of %q", text)
				assert.Equal(t, line, corrected.commandLine())
			}
			return
		}
		lowered := strings.ToLower(text)
		for _, target := range in.Targets {
			assert.Contains(t, lowered, strings.ToLower(target.Host()))
			assert.Contains(t, text, strings.TrimPrefix(target.Path(), "/"))
			assert.Contains(t, text, target.Query())
		}
		if len(in.Targets) == 0 && len(in.Refused) > 0 {
			return
		}
		again, err := Parse(in.commandLine())
		require.NoError(t, err, "%q became %q", text, in.commandLine())
		assert.Equal(t, texts(in.Targets), texts(again.Targets))
		in.Targets, in.Refused, in.Readings, in.Notes, again.Targets, again.Notes = nil, nil, nil, nil, nil, nil
		assert.Equal(t, in, again)
	})
}

// requireOffers: each reading is a command that is taken as it stands and means the same, and none sends a "*".
func requireOffers(t *testing.T, text string, in Intent, err error) {
	t.Helper()
	readings := in.Readings
	if wrong := (*Correction)(nil); errors.As(err, &wrong) {
		readings = wrong.Readings
	}
	for _, r := range readings {
		require.NotEmpty(t, r.Targets, "%q", text)
		again, err := Parse(r.commandLine())
		require.NoError(t, err, "%q: %q", text, r.commandLine())
		if r.Literal {
			continue
		}
		require.Empty(t, again.Refused, "%q: %q", text, r.commandLine())
		require.Equal(t, texts(r.Targets), texts(again.Targets), "%q: %q", text, r.commandLine())
		require.NotContains(t, strings.Join(texts(r.Targets), " "), "*", "%q", text)
	}
}

func TestAFlagAmongTheTargetsIsAFieldOfItsOwn(t *testing.T) {
	t.Parallel()
	for word, meant := range map[string]string{
		"--oversea": "You may mean area: overseas.", "--overseas": "You may mean area: overseas.", "—global": "You may mean area: global.",
		"--area=overseas": "You may mean area: overseas.", "--dryrun": "You may mean dry-run.", "--xyz": "a field of its own.", "oversea": "a field of its own.",
	} {
		_, err := ParseFields(&chat.Fields{Verb: "url", Targets: "https://www.test.com/1.jpg " + word})
		require.Error(t, err, word)
		assert.Truef(t, strings.HasSuffix(purge.AsError(err).Message, meant+" Nothing was purged."), "%s: %s", word, purge.AsError(err).Message)
	}
}
