package account

import (
	"context"
	"errors"
	"strings"
	"sync"
	"time"

	"purgebot/bot/card"
	"purgebot/purge"
)

// The domains of the account, as the vendor lists them: those that ignore queries, those that are served in one area, and those
// that would be refused. The list is read in the background, and only a refused call waits for it. An unknown domain changes
// nothing: every query counts, mainland is purged, and no hint is shown.

const (
	domainsEvery   = 5 * time.Minute
	DomainsAge     = 3 * domainsEvery // the time for which the vendor's list is believed
	domainsAgain   = time.Minute      // the pause after a question without an answer
	domainsDenied  = time.Hour        // the same pause for a key without the permission to ask
	domainsTimeout = 30 * time.Second // a list may be many calls
	DomainsDoubt   = 10 * time.Second // the age of a list at which a refusal causes a new question
)

// domainList is the vendor's last list of the domains.
type domainList struct {
	mu     sync.Mutex
	listed Domains
	at     time.Time     // the time of the list; zero without a list
	next   time.Time     // the vendor is not asked again earlier
	answer chan struct{} // closed at the answer under way; nil without a question

	misfits map[string]misfit // by host: the refusals since the start
}

// Domains are the listed domains by host, or nil without a list.
type Domains map[string]purge.Domain

// Of finds the domain that serves a host: the host itself, or the longest "*." domain above it.
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

// Listed returns the list of domains if it is new enough, else nil.
func (b *Account) Listed() Domains {
	a := &b.list
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.at.IsZero() || b.Now().Sub(a.at) > DomainsAge {
		return nil
	}
	return a.listed
}

// AskDomains asks the vendor for the domains in the background, unless the last list is new enough. The returned channel is closed
// once there is nothing to wait for.
func (b *Account) AskDomains(ctx context.Context) <-chan struct{} {
	cdn, can := b.CDN.(purge.Domains)
	a := &b.list
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

// hearDomains reads and keeps the vendor's list. An empty list is ignored: an account without a domain has nothing to purge.
func (b *Account) hearDomains(ctx context.Context, cdn purge.Domains) {
	asked := b.Now()
	list, err := cdn.Domains(ctx)
	if !errors.Is(ctx.Err(), context.Canceled) {
		b.noteAsked(ctx, cdnDomains, err)
	}
	a := &b.list
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

// noDomains logs, at long intervals, that the list is unknown; the caller holds the account's lock. A key without the permission to
// ask waits longer for the next question.
func (b *Account) noDomains(ctx context.Context, err error) {
	if err == nil || errors.Is(ctx.Err(), context.Canceled) {
		return
	}
	if purge.AsError(err).Kind == purge.Denied {
		b.list.next = b.Now().Add(domainsDenied)
	}
	if b.Seldom.First("domains: "+err.Error(), b.Now()) {
		b.Log.InfoContext(ctx, "cannot list the account's domains; every query counts as an object of its own", "error", err)
	}
}

// maxHints is the number of hosts that a card points out.
const maxHints = 3

// hint returns the reason for which the vendor may refuse a host in every area, or "" if none is known.
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
