package bot

import (
	"errors"
	"fmt"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"purgebot/acl"
	"purgebot/bot/account"
	"purgebot/bot/card"
	"purgebot/bot/wish"
	"purgebot/purge"
)

var mainland, overseas, both = []purge.Area{purge.Mainland}, []purge.Area{purge.Overseas}, []purge.Area{purge.Mainland, purge.Overseas}

// areaDomains are domains in one area, in both areas, and in unknown areas.
var areaDomains = []purge.Domain{
	{Host: "www.test.com", Areas: both, Online: true},
	{Host: "cn.test.com", Areas: mainland, Online: true},
	{Host: "intl.test.com", Areas: overseas, Online: true},
	{Host: "*.hk.test.com", Areas: overseas, Online: true},
	{Host: "cn.hk.test.com", Areas: mainland, Online: true},
	{Host: "new.test.com", Online: true},
}

const areaPolicy = `version: 1
people: {alice: [slack:T0/UALICE], bob: [slack:T0/UBOB]}
domains: {set.test.com: {area: overseas}, "*.set.test.com": {area: overseas}, pin.hk.test.com: {area: mainland}}
grants:
  - {name: all, to: [alice], domains: ["*.test.com"], kinds: [url, directory], areas: [mainland, overseas]}
  - {name: home, to: [bob], domains: ["*.test.com"], kinds: [url, directory]}
`

func newAreaWorld(t *testing.T) (*world, *listing) {
	t.Helper()
	var l *listing
	w := newListedWorld(t, areaDomains, nil, func(o *Options) {})
	l = w.bot.vendor.CDN.(*listing)
	w.setPolicy(areaPolicy)
	w.cdn.set(func(b purge.Batch) error { // as the vendor does
		for _, target := range b.Targets {
			if only := byHostName(areaDomains).Only(target.Host()); only != "" && only != b.Area {
				return &purge.Error{Kind: purge.Invalid, Message: "Tencent refused it as malformed.", Err: errors.New("no such area")}
			}
		}
		return nil
	})
	return w, l
}

func byHostName(list []purge.Domain) account.Domains {
	all := account.Domains{}
	for _, d := range list {
		all[d.Host] = d
	}
	return all
}

// The typed area comes first, then the policy file's, then the only served one, then mainland.
func TestTheAreaOfAHost(t *testing.T) {
	t.Parallel()
	policy, err := acl.Parse("acl.yaml", []byte(areaPolicy))
	require.NoError(t, err)
	for host, want := range map[string]purge.Area{
		"www.test.com": purge.Mainland, "cn.test.com": purge.Mainland, "intl.test.com": purge.Overseas, "a.hk.test.com": purge.Overseas,
		"b.a.hk.test.com": purge.Overseas, "cn.hk.test.com": purge.Mainland, "hk.test.com": purge.Mainland, "new.test.com": purge.Mainland,
		"foreign.example.com": purge.Mainland, "set.test.com": purge.Overseas, "a.set.test.com": purge.Overseas, "pin.hk.test.com": purge.Mainland,
	} {
		target, err := purge.Parse(purge.URL, "https://"+host+"/1.jpg")
		require.NoError(t, err)
		in := wish.Places{Policy: policy, Listed: byHostName(areaDomains)}
		assert.Equal(t, []purge.Part{{Area: want, Targets: []purge.Target{target}}}, wish.Parts(in, wish.Wish{Targets: []purge.Target{target}}), host)
		for _, a := range both {
			typed := wish.Parts(in, wish.Wish{Targets: []purge.Target{target}, Areas: []purge.Area{a}})
			assert.Equal(t, a, typed[0].Area, "%s: what is typed counts", host)
		}
		in.Listed = nil
		if in.Policy.DefaultArea(host) == "" {
			assert.Equal(t, purge.Mainland, wish.Parts(in, wish.Wish{Targets: []purge.Target{target}})[0].Area, "%s: nothing is known", host)
		}
	}
}

// The test plays commands to their end, and checks the calls, the lines about the area, and the offers.
func TestAreasByThemselves(t *testing.T) {
	t.Parallel()
	const intlOnly, cnOnly = "intl.test.com is served overseas only.", "cn.test.com is served in mainland only."
	for name, c := range map[string]struct {
		text   string
		asks   bool
		ends   string
		sent   []purge.Area
		says   []string
		never  []string
		offers []string
	}{
		"served overseas only": {"https://intl.test.com/1", true, "Done in overseas", overseas, []string{intlOnly}, []string{"Mainland was not purged."}, nil},
		"a wildcard's": {"https://a.hk.test.com/1", true, "Done in overseas", overseas,
			[]string{"a.hk.test.com is served overseas only."}, []string{"Mainland was"}, nil},
		"served in mainland only": {"https://cn.test.com/1", false, "Done in mainland", mainland, []string{cnOnly}, []string{"Overseas was not purged."}, nil},
		"served in both":          {"https://www.test.com/1", false, "Done in mainland", mainland, []string{"Overseas was not purged."}, []string{"served"}, []string{"Also overseas"}},
		"not known":               {"https://new.test.com/1", false, "Done in mainland", mainland, []string{"Overseas was not purged."}, []string{"served"}, []string{"Also overseas"}},
		"the policy file's": {"https://set.test.com/1", true, "Done in overseas", overseas,
			[]string{"The policy file has set.test.com purged overseas where no area is typed.", "Mainland was not purged."}, nil, []string{"Also mainland"}},
		"typed": {"https://www.test.com/1 --overseas", true, "Done in overseas", overseas, []string{"Mainland was not purged."}, []string{"served", "policy"}, []string{"Also mainland"}},
		"each by itself": {"https://intl.test.com/1 https://www.test.com/1 https://cn.test.com/1", true, "Done in mainland and overseas", []purge.Area{purge.Mainland, purge.Mainland, purge.Overseas},
			[]string{intlOnly, cnOnly, "Overseas was not purged for www.test.com."}, []string{"Mainland was not"}, []string{"Also overseas"}},
		"a directory": {"dir https://intl.test.com/a/", true, "Done in overseas", overseas, []string{intlOnly}, nil, []string{"Delete instead"}},
		"typed where it is not": {"https://intl.test.com/1 --area mainland", false, "Failed", mainland,
			[]string{"intl.test.com is served overseas only, and Tencent refused this in mainland; ask for it with --area overseas."}, nil, []string{"Overseas instead"}},
		"both where it is in one": {"https://intl.test.com/1 --global", true, "Partly done", both,
			[]string{"Tencent refused this in mainland"}, nil, nil},
		"many that do not fit": {"https://intl.test.com/1 https://intl.test.com/2 https://intl.test.com/3 --area mainland", false, "Failed", mainland,
			[]string{"Tencent refused this in mainland"}, []string{"which of"}, []string{"Overseas instead"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w, _ := newAreaWorld(t)
			dry := w.types(alice, c.text+" --dry-run")
			w.types(alice, c.text)
			if c.asks {
				q := w.chat.await(t, func(m shown) bool { return hasButton(m.card, "Purge") })
				for _, line := range c.says {
					if strings.HasSuffix(line, " only.") {
						assert.Contains(t, lines(q.card), line, "before it is pressed")
						assert.Contains(t, lines(dry), line, "in the dry run")
					}
				}
				w.pressesOn(alice, q, "Purge")
			}
			end := w.ends(c.ends).card
			for _, line := range c.says {
				assert.Contains(t, lines(end), line)
			}
			for _, line := range c.never {
				assert.NotContains(t, lines(end), line)
			}
			assert.ElementsMatch(t, c.offers, labels(end))
			var sent []purge.Area
			for _, b := range w.cdn.sent() {
				sent = append(sent, b.Area)
			}
			assert.Equal(t, c.sent, sent, "a host has a call of its own, and no more")
		})
	}
}

// A refusal for the area offers the area that serves the domain, and the rest of the targets; a target that the other area does not
// serve is not sent there.
func TestOffersOfTheOtherArea(t *testing.T) {
	t.Parallel()
	w, _ := newAreaWorld(t)
	w.types(alice, "https://intl.test.com/1 --area mainland")
	w.pressesOn(alice, w.ends("Failed"), "Overseas instead")
	w.presses(alice, "Purge")
	w.ends("Done in overseas: 1 URL on intl.test.com")

	w, _ = newAreaWorld(t)
	w.types(alice, "https://intl.test.com/1 https://www.test.com/1 https://cn.test.com/1")
	w.presses(alice, "Purge")
	w.pressesOn(alice, w.ends("Done in mainland and overseas"), "Also overseas")
	w.presses(alice, "Purge")
	w.ends("Done in overseas: 1 URL on www.test.com")

	w, _ = newAreaWorld(t)
	w.types(alice, "dir https://intl.test.com/a/ https://www.test.com/a/")
	w.presses(alice, "Purge")
	end := w.ends("Done in mainland and overseas")
	w.pressesOn(alice, end, "Delete instead")
	w.presses(alice, "Delete")
	w.chat.await(t, func(m shown) bool {
		return m.ref != end.ref && strings.HasPrefix(m.card.Title, "Done") && len(w.cdn.sent()) == 4
	})
	for _, b := range w.cdn.sent() {
		assert.Equal(t, map[string]purge.Area{"intl.test.com": purge.Overseas, "www.test.com": purge.Mainland}[b.Targets[0].Host()], b.Area, "each where it was purged")
	}
}

// A person without the right to the domain's only area is told the reason for that area, and gets no offer.
func TestAnAreaByItselfIsJudged(t *testing.T) {
	t.Parallel()
	w, _ := newAreaWorld(t)
	c := w.types(bob, "https://intl.test.com/1")
	assert.Contains(t, lines(c), "https://intl.test.com/1 (overseas): ")
	assert.Contains(t, lines(c), "intl.test.com is served overseas only.")
	w.types(bob, "https://intl.test.com/1 --area mainland")
	end := w.ends("Failed").card
	assert.Contains(t, lines(end), "served overseas only")
	assert.NotContains(t, labels(end), "Overseas instead")
	assert.Len(t, w.cdn.sent(), 1)
}

// The question points out an area that the vendor would refuse.
func TestAnAreaThatDoesNotFitIsPointedOut(t *testing.T) {
	t.Parallel()
	w, _ := newAreaWorld(t)
	const hint = "intl.test.com is served overseas only, so Tencent will probably refuse this in mainland."
	assert.Contains(t, w.types(alice, "https://intl.test.com/1 --area mainland --dry-run").Lines, hint)
	assert.Contains(t, w.asks(alice, "dir https://intl.test.com/a/ --area mainland").card.Lines, hint)
}

// A change of the areas after the last reading does no harm: a refusal causes a new reading.
func TestAStaleListIsReadAnew(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		now  []purge.Area
		says string
		want []string
	}{
		"moved overseas":   {overseas, "www.test.com is served overseas only, and Tencent refused this in mainland; ask for it with --area overseas.", []string{"Overseas instead"}},
		"still everywhere": {both, "Tencent refused it as malformed.", []string{"Retry failed"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var passed atomic.Int64
			start := time.Now()
			w := newListedWorld(t, areaDomains, nil, func(o *Options) { o.Now = func() time.Time { return start.Add(time.Duration(passed.Load())) } })
			w.setPolicy(areaPolicy)
			l := w.bot.vendor.CDN.(*listing)
			l.mu.Lock()
			l.list = []purge.Domain{{Host: "www.test.com", Areas: c.now, Online: true}}
			l.mu.Unlock()
			w.cdn.set(func(purge.Batch) error {
				return &purge.Error{Kind: purge.Invalid, Message: "Tencent refused it as malformed.", Err: errors.New("no")}
			})
			passed.Store(int64(account.DomainsDoubt))
			w.types(alice, "https://www.test.com/1")
			end := w.ends("Failed").card
			assert.Contains(t, lines(end), c.says)
			assert.ElementsMatch(t, c.want, labels(end))
			assert.Len(t, w.cdn.sent(), 1, "a refusal is never sent again")
		})
	}
}

// Without a list of areas, as with API 2.0, a refusal about the area offers the other one.
func TestARefusalOfTheAreaOffersTheOther(t *testing.T) {
	t.Parallel()
	for area, typed := range map[purge.Area]string{purge.Mainland: "", purge.Overseas: " --overseas"} {
		t.Run(string(area), func(t *testing.T) {
			t.Parallel()
			w := newListedWorld(t, []purge.Domain{{Host: "www.test.com", Online: true}}, nil)
			other := purge.AreasBut([]purge.Area{area})[0]
			w.cdn.set(func(b purge.Batch) error {
				if b.Area == area {
					return &purge.Error{Kind: purge.NotFound, Message: "Tencent does not take this.", Err: fmt.Errorf("%w: 1012", purge.ErrArea)}
				}
				return nil
			})
			w.types(alice, "https://www.test.com/1"+typed)
			if typed != "" {
				w.presses(alice, "Purge")
			}
			end := w.ends("Failed")
			assert.Contains(t, lines(end.card), "Tencent does not take this."+card.TryOtherArea(area))
			w.pressesOn(alice, end, card.Title(string(other))+" instead")
			if other == purge.Overseas {
				w.presses(alice, "Purge")
			}
			w.ends("Done in " + string(other))
			assert.Len(t, w.cdn.sent(), 2)
			dry := w.types(alice, "https://www.test.com/2 --dry-run")
			assert.Contains(t, dry.Title, "in mainland", "what was refused is no default")
		})
	}
}

func TestWhyAndDomainsNameTheArea(t *testing.T) {
	t.Parallel()
	w, _ := newAreaWorld(t)
	for host, want := range map[string]string{
		"intl.test.com": "Where no area is typed, it is purged overseas: intl.test.com is served overseas only.",
		"cn.test.com":   "Where no area is typed, it is purged in mainland: cn.test.com is served in mainland only.",
		"set.test.com":  "Where no area is typed, it is purged overseas: the policy file says so.",
	} {
		assert.Contains(t, w.types(alice, "why https://"+host+"/1").Lines, want)
	}
	assert.NotContains(t, lines(w.types(alice, "why https://www.test.com/1")), "no area is typed")
	c := w.types(alice, "domains")
	assert.Contains(t, c.Lines, "Served in mainland only: cn.hk.test.com, cn.test.com.")
	assert.Contains(t, c.Lines, "Served overseas only: *.hk.test.com, intl.test.com.")
	w.setPolicy(strings.ReplaceAll(areaPolicy, `"*.test.com"`, `www.test.com`))
	assert.NotContains(t, lines(w.types(alice, "domains")), "Served", "of others nothing is told")
}
