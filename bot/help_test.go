package bot

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"purgebot/acl"
	"purgebot/bot/card"
	"purgebot/bot/chat"
	"purgebot/bot/grammar"
	"purgebot/purge"
)

const helpPolicy = `version: 1
contact: "#cdn-help"
administrators: [slack:T0/UALL, slack:T0/UCHIEF]
auditors: [slack:T0/UAUDITOR]
grants:
  - {name: urls, to: [slack:T0/UURLS], domains: [www.test.com]}
  - {name: directories, to: [slack:T0/UDIRS], domains: [www.test.com], kinds: [directory]}
  - {name: abroad, to: [slack:T0/UABROAD], domains: [www.test.com], areas: [overseas]}
  - {name: both, to: [slack:T0/UBOTH], domains: [www.test.com], areas: [mainland, overseas]}
  - {name: all, to: [slack:T0/UALL, slack:T0/UASKER], domains: [www.test.com], kinds: [url, directory], areas: [mainland, overseas]}
  - {name: over, to: [slack:T0/UOVER], domains: [www.test.com], kinds: [url, directory], areas: [mainland, overseas], until: 2020-01-01T00:00:00Z}
`

// probes are the commands that test whether a line of help is useful to a person: one of them must not be refused.
func probes(id string) map[string][]string {
	return map[string][]string{
		"/purge https|/purge url":            {"https://www.test.com/1 --dry-run", "https://www.test.com/1 --overseas --dry-run"},
		"/purge dir":                         {"dir https://www.test.com/a/ --dry-run"},
		"    --overseas|area:":               {"https://www.test.com/1 --overseas --dry-run", "dir https://www.test.com/a/ --overseas --dry-run"},
		"    --mode|mode:":                   {"dir https://www.test.com/a/ --mode delete --dry-run"},
		"    --prefetch|prefetch:":           {"https://www.test.com/1 --prefetch --dry-run", "https://www.test.com/1 --overseas --prefetch --dry-run"},
		"    --dry-run|dry-run:":             {"https://www.test.com/1 --dry-run", "https://www.test.com/1 --overseas --dry-run", "dir https://www.test.com/a/ --dry-run"},
		"/purge leak":                        {`leak https://www.test.com/1 "it leaked" --dry-run`},
		"/purge status":                      {"status " + id},
		"/purge quota":                       {"quota"},
		"/purge why":                         {"why https://www.test.com/1"},
		"/purge freeze":                      {`freeze other.test.com 1h "to see"`},
		"/purge grant|/purge grant · revoke": {`revoke r-00000000 "to see"`},
	}
}

// The test reads the help as every person, in every kind of chat and with either API, and types each listed and unlisted command:
// the help lists exactly the commands that are not refused.
func TestHelpListsExactlyWhatItsReaderMayUse(t *testing.T) {
	t.Parallel()
	people := []string{"UNOBODY", "UURLS", "UDIRS", "UABROAD", "UBOTH", "UALL", "UOVER", "UAUDITOR", "UCHIEF", "ULENT"}
	for _, options := range []bool{false, true} {
		for _, prefetch := range []int{0, 500} {
			t.Run(fmt.Sprintf("options %t, prefetch %d", options, prefetch), func(t *testing.T) {
				t.Parallel()
				w := newWorld(t)
				w.setPolicy(helpPolicy)
				w.chat.options, w.cdn.prefetch = options, prefetch
				for _, name := range append(people, "UASKER") {
					w.chat.put(chat.Person{Subject: acl.Subject("slack:T0/" + name), Name: name, Standing: chat.Member})
				}
				require.Empty(t, w.types("slack:T0/UALL", `grant <@ULENT> www.test.com 1h "help"`).Title)
				w.asks("slack:T0/UASKER", "dir https://www.test.com/a/")
				id := w.onlyPurge().Short
				for _, name := range people {
					who := acl.Subject("slack:T0/" + name)
					help := textOf(w.types(who, "help"))
					for words, tries := range probes(id) {
						listed := slices.ContainsFunc(strings.Split(words, "|"), func(word string) bool { return strings.Contains(help, word) })
						if words == "/purge status" && (name == "UOVER" || name == "ULENT") {
							continue // people may see their own purges alone
						}
						assert.Equal(t, slices.ContainsFunc(tries, func(text string) bool { return !w.refuses(who, text) }), listed, "%s is shown %q: %t", name, words, listed)
					}
				}
				w.quiet()
			})
		}
	}
}

// refuses reports whether a command is refused for want of a right.
func (w *world) refuses(who acl.Subject, text string) bool {
	c := w.types(who, text)
	return c.Tone == chat.Bad && !strings.HasPrefix(c.Title, "No freeze or grant from chat holds now") && !strings.HasPrefix(c.Title, "There is no r-")
}

// A person with every right is shown every word of the grammar, in both kinds of chat.
func TestHelpNamesEveryWord(t *testing.T) {
	t.Parallel()
	all := card.Rights{Urls: true, Directories: true, Overseas: true, Everywhere: true, Prefetch: true, Forms: true, Mentions: true, Audits: true, Administers: true}
	for _, help := range []card.Help{card.TypedHelp, card.OptionHelp} {
		text := strings.Join(help.Of(all), "\n")
		for word := range grammar.Words() {
			if !slices.Contains([]string{"url", "directory", "path", "purge", "help", "--help"}, word) {
				assert.Contains(t, text, word)
			}
		}
	}
	assert.NotContains(t, strings.Join(card.TypedHelp.Of(card.Rights{Urls: true}), "\n"), "a form", "where a chat has none")
}

func TestWhoMayUseNothingIsToldWhomToAsk(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	help := w.types(carol, "help").Lines
	assert.Equal(t, []string{"No rule lets you purge anything.", "You are slack:T0/UCAROL. Ask #cdn-help."}, help[:2])
	w.setPolicy(strings.ReplaceAll(worldPolicy, "contact: \"#cdn-help\"\n", ""))
	assert.Contains(t, w.types(carol, "help").Lines, "You are slack:T0/UCAROL. Ask those who keep the policy file.")
}

// A person with the power to end a freeze is not told to ask for it; a public card names no reader's powers.
func TestAFrozenAdministratorIsToldWhatTheyMayDo(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.types(bob, `freeze www.test.com 2h "release"`)
	for who, want := range map[acl.Subject]string{
		alice: "Wait, or ask an administrator for /purge unfreeze www.test.com.",
		bob:   `Wait, or end the freeze: /purge unfreeze www.test.com "why".`,
	} {
		for _, text := range []string{"https://www.test.com/1", "why https://www.test.com/1", "domains"} {
			said := textOf(w.types(who, text))
			assert.Contains(t, said, want, "%s %s", who, text)
			assert.Equal(t, who == alice, strings.Contains(said, "ask an administrator"), "%s %s", who, text)
		}
	}
	w.types(bob, `unfreeze www.test.com "asked first"`)
	m := w.asks(bob, directory)
	w.types(bob, `freeze www.test.com 2h "release"`)
	assert.Contains(t, w.pressesOn(bob, m, "Purge").Title, "Wait, or end the freeze:", "at a press as well")
	assert.Contains(t, lines(w.chat.await(t, func(n shown) bool { return n.ref == m.ref && strings.Contains(lines(n.card), "frozen until") }).card), "Wait, or ask an administrator")
}

// The test covers every reading of a target and every confirmation.
func TestWhySaysWhatWouldFollowAndEachThingOnce(t *testing.T) {
	t.Parallel()
	const plain, asks = "No question comes first, up to 3 URLs in ten minutes.", "A question comes first. Only the person who asked may press Purge."
	for text, want := range map[string][]string{
		"why https://www.test.com/1": {
			"As a URL in mainland: yes, by the rule “site”. " + plain,
			"As a URL in overseas: yes, by the rule “site”. " + asks},
		"why https://www.test.com/a/": {
			"As a URL in mainland: yes, by the rule “site”. " + plain,
			"As a URL in overseas, as a directory in mainland and overseas: yes, by the rule “site”. " + asks},
		"why https://www.test.com/": {
			"As a URL in mainland: yes, by the rule “site”. " + plain,
			"As a URL in overseas: yes, by the rule “site”. " + asks,
			"As a directory in mainland and overseas: yes, by the rule “site”. " + asks + " " + card.TypeHost},
		"why https://two.test.com/1": {"As a URL in mainland and overseas: yes, by the rule “two”. A question comes first. A second person who may purge the same must press Purge; whoever asked cannot."},
		"why https://evil.test/a/":   {"No rule lets you purge evil.test. You are slack:T0/UALICE. Ask #cdn-help."},
	} {
		w := newWorld(t, func(o *Options) { o.ConfirmURLs = 3 })
		assert.Equal(t, want, w.types(alice, text).Lines, text)
	}
	w := newWorld(t, func(o *Options) { o.ConfirmURLs = 3 })
	w.types(alice, "https://www.test.com/1 https://www.test.com/2 https://www.test.com/3")
	w.ends("Done")
	assert.Contains(t, w.types(alice, "why https://www.test.com/4").Lines, "As a URL in mainland and overseas: yes, by the rule “site”. "+asks, "by now")
	for _, p := range readings(w.cdn.sent()[0].Targets[0], []purge.Area{purge.Overseas}) {
		assert.Equal(t, card.WhyReading{Kind: purge.URL, Area: purge.Overseas}, p)
	}
}
