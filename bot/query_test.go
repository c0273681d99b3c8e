package bot

import (
	"context"
	"errors"
	"math/rand/v2"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"purgebot/bot/account"
	"purgebot/bot/books"
	"purgebot/purge"
)

// listing is a CDN that lists its domains.
type listing struct {
	*fakeCDN
	list  []purge.Domain
	err   error
	asked chan struct{} // one is sent at each question
	mu    sync.Mutex    // of list
	holds atomic.Bool   // no further question is answered before the test ends
	again chan struct{} // closed when the test ends
}

func (l *listing) Domains(context.Context) ([]purge.Domain, error) {
	if l.holds.Load() {
		<-l.again
	}
	defer func() { l.asked <- struct{}{} }()
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.list, l.err
}

// theDomains are the world's domains: www.abc.com ignores queries.
var theDomains = []purge.Domain{
	{Host: "*.test.com", Online: true, Status: "online", Query: purge.QueryMatters},
	{Host: "two.test.com", Online: false, Status: "off\nline", Query: purge.QueryMatters},
	{Host: "www.abc.com", Online: true, Status: "online", Query: purge.QueryIgnored},
}

// newListedWorld returns a world whose bot has read the vendor's list.
func newListedWorld(t *testing.T, list []purge.Domain, err error, change ...func(*Options)) *world {
	t.Helper()
	l := &listing{list: list, err: err, asked: make(chan struct{}, 1000), again: make(chan struct{})}
	t.Cleanup(func() { close(l.again) })
	w := newWorld(t, append(change, func(o *Options) { l.fakeCDN = o.CDN.(*fakeCDN); o.CDN = l })...)
	<-l.asked
	require.Eventually(t, func() bool {
		backlog, err := w.bot.Backlog(t.Context())
		return err == nil && backlog.Asking == 0
	}, time.Minute, time.Millisecond)
	return w
}

func TestVariantsOfOneObjectArePurgedOnce(t *testing.T) {
	t.Parallel()
	w := newListedWorld(t, theDomains, nil)
	const typed = "https://www.abc.com/a?x=1 https://www.test.com/b?x=1 https://www.abc.com/a?x=2 https://www.test.com/b?x=2 https://www.abc.com/a http://www.abc.com/a"
	const note = "?…: 3 variants of /a are one object on www.abc.com, which ignores queries; purging the first of them purges all."
	dry := w.types(alice, typed+" --dry-run")
	assert.Contains(t, dry.Lines, note)
	assert.Contains(t, dry.Title, "4 URLs")
	w.types(alice, typed)
	m := w.chat.await(t, func(m shown) bool { return strings.HasPrefix(m.card.Title, "Done") && len(m.card.Targets) > 0 })
	assert.Equal(t, []string{"https://www.abc.com/a?x=1", "https://www.test.com/b?x=1", "https://www.test.com/b?x=2", "http://www.abc.com/a"},
		m.card.Targets, "as it was typed, each scheme its own")
	assert.Contains(t, m.card.Lines, note)
	var sent []string
	for _, b := range w.cdn.sent() {
		for _, t := range b.Targets {
			sent = append(sent, t.String())
		}
	}
	assert.ElementsMatch(t, []string{"https://www.abc.com/a?x=1", "http://www.abc.com/a", "https://www.test.com/b?x=1", "https://www.test.com/b?x=2"}, sent)
}

// A variant that may not be purged is refused by its own address, and the rest is offered as always.
func TestARefusedVariantIsNamed(t *testing.T) {
	t.Parallel()
	w := newListedWorld(t, theDomains, nil)
	reply := w.types(alice, "https://www.abc.com/a?x=1 https://www.abc.com/a?x=2 https://www.abc.com/a?x=ü")
	assert.Equal(t, "Nothing was purged: 1 target is refused", reply.Title)
	assert.Contains(t, lines(reply), "https://www.abc.com/a?x=ü: ")
	assert.Empty(t, w.cdn.sent())
}

func TestWhatIsPrivateNamesNoVariant(t *testing.T) {
	t.Parallel()
	w := newListedWorld(t, theDomains, nil)
	w.types(alice, "https://www.abc.com/hidden?x=1 https://www.abc.com/hidden?x=2 --private")
	w.ends("Done in mainland: 1 URL on www.abc.com")
	w.chat.await(t, func(m shown) bool {
		return strings.Contains(lines(m.card), "?…: 2 variants of one URL are one object on www.abc.com")
	})
	for _, m := range w.chat.all() {
		assert.NotContains(t, string(books.JSON(m.card)), "hidden")
	}
}

// A dropped variant costs no budget, but the confirmation that its grant requires still counts.
func TestADroppedVariantCostsNothing(t *testing.T) {
	t.Parallel()
	w := newListedWorld(t, theDomains, nil)
	w.setPolicy(strings.Replace(worldPolicy, "groups:", "defaults: {budget: {url: 1, directory: 1}}\ngroups:", 1))
	assert.Empty(t, w.types(alice, "https://www.abc.com/a?x=1 https://www.abc.com/a?x=2").Title)
	w.ends("Done in mainland: 1 URL on www.abc.com")
}

// Without a recent list of domains, every query is an object of its own, and no card mentions variants.
func TestNothingIsDroppedWhereNothingIsKnown(t *testing.T) {
	t.Parallel()
	now := time.Now()
	var log book
	for name, c := range map[string]struct {
		list []purge.Domain
		err  error
		wait time.Duration
	}{
		"this key may not ask":   {err: &purge.Error{Kind: purge.Denied, Message: "No.", Err: errors.New("not allowed")}},
		"the vendor is away":     {err: &purge.Error{Kind: purge.Unavailable, Message: "Later."}},
		"an empty list":          {},
		"unknown of this domain": {list: []purge.Domain{{Host: "www.abc.com", Online: true}}},
		"too long ago":           {list: theDomains, wait: account.DomainsAge + time.Second},
	} {
		t.Run(name, func(t *testing.T) {
			var passed atomic.Int64
			w := newListedWorld(t, c.list, c.err, logged(&log), func(o *Options) {
				o.Now = func() time.Time { return now.Add(time.Duration(passed.Load())) }
			})
			w.bot.vendor.CDN.(*listing).holds.Store(true)
			passed.Store(int64(c.wait))
			dry := w.types(alice, "https://www.abc.com/a?x=1 https://www.abc.com/a?x=2 --dry-run")
			assert.Contains(t, dry.Title, "2 URLs")
			assert.NotContains(t, textOf(dry), "?…")
			assert.NotContains(t, textOf(dry), "Tencent lists")
		})
	}
	assert.Len(t, log.lines("cannot list the account's domains"), 2, "an error is told once each")
}

func TestADomainThatWouldBeRefusedIsPointedOut(t *testing.T) {
	t.Parallel()
	w := newListedWorld(t, append(theDomains[:2:2], purge.Domain{Host: "www.other.com", Online: true}), nil)
	const off = "two.test.com is not running at Tencent (“off line”), which may refuse this."
	const foreign = "www.abc.com is not among the domains that Tencent lists for this account, so it will probably refuse this. Check the name."
	assert.Contains(t, w.types(alice, "dir https://two.test.com/a/ --dry-run").Lines, off)
	dry := w.types(alice, "https://www.abc.com/a https://www.test.com/a --dry-run")
	assert.Contains(t, dry.Lines, foreign)
	assert.NotContains(t, textOf(dry), "www.test.com is not", "a wildcard lists it")
	q := w.asks(alice, "dir https://www.abc.com/a/")
	assert.Contains(t, q.card.Lines, foreign)
	w.pressesOn(alice, q, "Purge")
	w.ends("Done")
	assert.Len(t, w.cdn.sent(), 1, "it is pointed out, not refused")
}

// Each typed target is kept, or is the same object as an earlier kept one.
func TestFoldingKeepsOneOfEach(t *testing.T) {
	t.Parallel()
	hosts, queries := []string{"www.abc.com", "www.test.com"}, []string{"", "?", "?x=1", "?x=2", "?x=1?y"}
	for seed := range uint64(200) {
		r := rand.New(rand.NewPCG(seed, 1))
		f := folding{domains: account.Domains{"www.abc.com": {Query: purge.QueryIgnored}, "www.test.com": {Query: purge.QueryMatters}}}
		kept := map[string]bool{}
		for range 20 {
			text := "https://" + hosts[r.IntN(2)] + "/" + string(rune('a'+r.IntN(3))) + queries[r.IntN(len(queries))]
			target, err := purge.Parse(purge.URL, text)
			require.NoError(t, err)
			bare, _, _ := strings.Cut(text, "?")
			if target.Host() == "www.test.com" {
				assert.False(t, f.drops(purge.URL, purge.Mainland, target), text)
				continue
			}
			assert.Equal(t, kept[bare], f.drops(purge.URL, purge.Mainland, target), text)
			kept[bare] = true
		}
		assert.Len(t, f.found, len(kept))
	}
}
