package vendor

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"time"

	"purgebot/bot/card"
	"purgebot/purge"
)

// The domains of the account as the vendor lists them: which of them ignore queries, and which would be refused. They are asked for
// in the background alone. What is not known changes nothing: every query matters then, and nothing is pointed out.

const (
	domainsEvery   = 5 * time.Minute
	DomainsAge     = 3 * domainsEvery // how long the vendor's word is believed
	domainsAgain   = time.Minute      // before it is asked again after it did not tell
	domainsDenied  = time.Hour        // the same where this key may not ask
	domainsTimeout = 30 * time.Second // a list may be many calls
)

// account is the vendor's last word.
type account struct {
	mu     sync.Mutex
	Listed Domains
	at     time.Time // of the word; zero where there is none
	next   time.Time // before it the vendor is not asked again
	Asking bool
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
	return a.Listed
}

// askDomains has the vendor asked, unless what it said is new enough. It waits for nothing.
func (b *Vendor) AskDomains(ctx context.Context) {
	cdn, can := b.CDN.(purge.Domains)
	a := &b.account
	a.mu.Lock()
	defer a.mu.Unlock()
	if !can || a.Asking || b.Now().Before(a.next) {
		return
	}
	a.Asking = true
	b.Asks(func() {
		ctx, cancel := context.WithTimeout(ctx, domainsTimeout)
		defer cancel()
		b.hearDomains(ctx, cdn)
	})
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
	a.Asking, a.next = false, b.Now().Add(domainsAgain)
	if err != nil || len(list) == 0 {
		b.noDomains(ctx, err)
		return
	}
	a.Listed, a.at, a.next = Domains{}, asked, asked.Add(domainsEvery)
	for _, d := range list {
		a.Listed[d.Host] = d
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

// hints point out the hosts that the vendor would probably refuse. It is not refused on what may have changed since.
func (d Domains) Hints(hosts []string) (lines []string) {
	for _, host := range hosts {
		if line := d.hint(host); line != "" {
			lines = append(lines, line)
		}
	}
	if more := len(lines) - maxHints; more > 0 {
		lines = append(lines[:maxHints], fmt.Sprintf("and %d more hosts like that.", more))
	}
	return lines
}

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
