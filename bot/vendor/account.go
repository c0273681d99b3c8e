package vendor

import (
	"context"
	"errors"
	"strings"
	"sync"
	"time"

	"purgebot/bot/card"
	"purgebot/purge"
)

// The domains of the account as the vendor lists them: which of them ignore queries, where they are served, and which would be refused.
// They are asked for in the background, and nobody but a refused call waits for them. What is not known changes nothing: every query
// matters then, mainland is purged, and nothing is pointed out.

const (
	domainsEvery   = 5 * time.Minute
	DomainsAge     = 3 * domainsEvery // how long the vendor's word is believed
	domainsAgain   = time.Minute      // before it is asked again after it did not tell
	domainsDenied  = time.Hour        // the same where this key may not ask
	domainsTimeout = 30 * time.Second // a list may be many calls
	DomainsDoubt   = 10 * time.Second // after which a refusal has it asked for anew
)

// account is the vendor's last word.
type account struct {
	mu     sync.Mutex
	listed Domains
	at     time.Time     // of the word; zero where there is none
	next   time.Time     // before it the vendor is not asked again
	answer chan struct{} // closed when the answer under way is there; nil if none is

	misfits map[string]misfit // by host: what the vendor has refused since the start
}

// domains are by host, nil where nothing is known.
type Domains map[string]purge.Domain

// of finds the domain that serves a host: itself, or the longest "*." above it.
func (d Domains) Of(host string) (purge.Domain, bool) {
	found, is := d[host]
	for rest := host; !is; {
		_, above, more := strings.Cut(rest, ".")
		if !more {
			return purge.Domain{}, false
		}
		rest = above
		found, is = d["*."+above]
	}
	return found, is
}

// listed is what is known now.
func (b *Vendor) Listed() Domains {
	a := &b.account
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.at.IsZero() || b.Now().Sub(a.at) > DomainsAge {
		return nil
	}
	return a.listed
}

// AskDomains has the vendor asked, unless what it said is new enough. The channel is closed once there is nothing to wait for.
func (b *Vendor) AskDomains(ctx context.Context) <-chan struct{} {
	cdn, can := b.CDN.(purge.Domains)
	a := &b.account
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.answer != nil {
		return a.answer
	}
	answer := make(chan struct{})
	if !can || b.Now().Before(a.next) {
		close(answer)
		return answer
	}
	a.answer = answer
	b.Asks(func() {
		defer close(answer)
		ctx, cancel := context.WithTimeout(ctx, domainsTimeout)
		defer cancel()
		b.hearDomains(ctx, cdn)
	})
	return answer
}

// hearDomains keeps what the vendor says. An account without a domain has nothing to purge: an empty list is no word.
func (b *Vendor) hearDomains(ctx context.Context, cdn purge.Domains) {
	asked := b.Now()
	list, err := cdn.Domains(ctx)
	if !errors.Is(ctx.Err(), context.Canceled) {
		b.noteAsked(ctx, cdnDomains, err)
	}
	a := &b.account
	a.mu.Lock()
	defer a.mu.Unlock()
	a.answer, a.next = nil, b.Now().Add(domainsAgain)
	if err != nil || len(list) == 0 {
		b.noDomains(ctx, err)
		return
	}
	a.listed, a.at, a.next = Domains{}, asked, asked.Add(domainsEvery)
	for _, d := range list {
		a.listed[d.Host] = d
	}
}

// noDomains says seldom that nothing is known; the caller holds the account's lock. A key that may not ask may not a minute later.
func (b *Vendor) noDomains(ctx context.Context, err error) {
	if err == nil || errors.Is(ctx.Err(), context.Canceled) {
		return
	}
	if purge.AsError(err).Kind == purge.Denied {
		b.account.next = b.Now().Add(domainsDenied)
	}
	if b.Seldom.First("domains: "+err.Error(), b.Now()) {
		b.Log.InfoContext(ctx, "the account's domains are not told; every query counts as an object of its own", "error", err)
	}
}

// maxHints is how many hosts are pointed out.
const maxHints = 3

// hint says why the vendor may refuse a host, whatever the area; "" if nothing is known against it.
func (d Domains) hint(host string) string {
	found, is := d.Of(host)
	switch {
	case d == nil || is && found.Online:
		return ""
	case is:
		return card.NotOnline(host, found.Status)
	}
	return card.NotListed(host)
}
