package account

import (
	"context"
	"errors"
	"log/slog"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"

	"purgebot/bot/books"
	"purgebot/purge"
)

// listing answers the question for the account's domains, and panics at a question that must not come.
type listing struct {
	purge.CDN
	list []purge.Domain
	err  error
}

func (l *listing) Domains(context.Context) ([]purge.Domain, error) {
	if l.list == nil {
		panic("the vendor is asked too soon")
	}
	return l.list, l.err
}

// TestComplaints keeps a complaint for each kind of call until that kind succeeds or the complaint is old.
func TestComplaints(t *testing.T) {
	t.Parallel()
	now := time.Now()
	of := func(kind purge.ErrorKind) *purge.Error {
		return &purge.Error{Kind: kind, Message: "It is " + kind.String() + "."}
	}
	var c complaints
	c.note(cdnPurge, of(purge.Denied), now)
	c.note(CDNQuota, of(purge.Denied), now)
	c.note(cdnDomains, of(purge.Unavailable), now)
	assert.Len(t, c.Told(now), 3, "the key may not purge, nor see the quota")
	c.note(CDNQuota, of(purge.Invalid), now)
	assert.Len(t, c.Told(now), 2, "any answer shows that it is reached")
	c.note(CDNQuota, nil, now)
	assert.Len(t, c.Told(now), 1)
	assert.Empty(t, c.Told(now.Add(WarnFor)))
	c.note(cdnPurge, of(purge.Conflict), now)
	assert.Len(t, c.Told(now), 1, "one domain's trouble mends no key")
	c.note(cdnPurge, nil, now)
	assert.Empty(t, c.Told(now))
	c.note(cdnPurge, of(purge.Internal), now)
	c.note(cdnDomains, of(purge.Internal), now)
	c.note(CDNQuota, nil, now)
	assert.Len(t, c.Told(now), 1, "a key that is taken for one question is taken for the other, but may not purge")
	c.note(cdnDomains, of(purge.Internal), now)
	c.note(cdnPurge, nil, now)
	assert.Empty(t, c.Told(now))
	c.note(cdnPurge, of(purge.Unavailable), now)
	assert.Equal(t, []string{"CDN: It is unavailable. (seen at " + now.UTC().Format(time.DateTime) + " UTC)"}, c.Told(now))
	for _, passes := range []purge.ErrorKind{purge.Invalid, purge.NotFound, purge.Conflict, purge.Exhausted, purge.Unknown} {
		c.note(cdnPurge, nil, now)
		c.note(cdnPurge, of(passes), now)
		assert.Empty(t, c.Told(now), passes)
	}
}

// A key that lacks a permission is as much the operator's problem as a wrong key; a person's bad request is not.
func TestAMissingRightIsAWarning(t *testing.T) {
	t.Parallel()
	for kind, warns := range map[purge.ErrorKind]bool{purge.Denied: true, purge.Internal: true, purge.Invalid: false, purge.NotFound: false,
		purge.Conflict: false, purge.Exhausted: false, purge.Unavailable: true, purge.Unknown: false} { // Unavailable: it could not be reached
		b := &Account{Books: &books.Books{Now: time.Now}}
		b.NoteCDN(&purge.Error{Kind: kind, Message: "Give the key the right to it."})
		assert.Equal(t, warns, len(b.Complaints.Told(time.Now())) == 1, kind)
		b.NoteCDN(nil)
		assert.Empty(t, b.Complaints.Told(time.Now()))
	}
}

// The next question for the domains comes after a pause that depends on the last answer.
func TestTheVendorIsAskedForItsDomainsSeldom(t *testing.T) {
	t.Parallel()
	now := time.Now()
	log := slog.New(slog.DiscardHandler)
	denied := &purge.Error{Kind: purge.Denied, Message: "No.", Err: errors.New("not allowed")}
	for name, c := range map[string]struct {
		err   error
		after time.Duration
	}{"told": {nil, domainsEvery}, "denied": {denied, domainsDenied}, "away": {&purge.Error{Kind: purge.Unavailable}, domainsAgain}} {
		b := &Account{Books: &books.Books{Now: func() time.Time { return now }, Log: log}}
		b.hearDomains(t.Context(), &listing{list: []purge.Domain{{Host: "www.abc.com"}}, err: c.err})
		assert.Equal(t, now.Add(c.after), b.list.next, name)
		b.CDN = &listing{}
		b.AskDomains(t.Context())
		b.Done.Wait()
	}
}

// A host belongs to its own entry, else to the longest wildcard above it.
func TestTheDomainOfAHost(t *testing.T) {
	t.Parallel()
	all := Domains{}
	for _, host := range []string{"*.test.com", "*.img.test.com", "a.img.test.com", "www.abc.com"} {
		all[host] = purge.Domain{Host: host}
	}
	for host, want := range map[string]string{
		"a.img.test.com": "a.img.test.com", "b.img.test.com": "*.img.test.com", "c.b.img.test.com": "*.img.test.com", "img.test.com": "*.test.com",
		"test.com": "", "xtest.com": "", "www.abc.com": "www.abc.com", "x.www.abc.com": "", "com": "",
	} {
		d, found := all.Of(host)
		assert.Equal(t, want, d.Host, host)
		assert.Equal(t, want != "", found, host)
	}
}
