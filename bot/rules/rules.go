// Package rules keeps the rules of this moment: the policy file joined with the freezes and temporary grants from chat, as one law
// that decides on requests, on the confirmation that must come first, and on the people who may approve. It looks up no person and
// sends nothing.
package rules

import (
	"context"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"purgebot/acl"
	"purgebot/bot/books"
	"purgebot/bot/card"
	"purgebot/bot/chat"
	"purgebot/bot/store"
	"purgebot/purge"
)

// Requests are judged by a Law: the policy file, and the rules that administrators have added in chat since. The rules from chat
// are kept as a snapshot, so that judging reads no database; a call that is about to leave is judged once more by the rows
// themselves.

// rulesEvery is the interval at which changes by another process are looked for.
const rulesEvery = time.Second

// Rules holds the policy file and the rules from chat, as they are now.
type Rules struct {
	*books.Books
	Policy func() *acl.Policy // the policy of this moment; never nil
	spoken spoken             // the rules from chat
}

// New returns the rules of a policy, with no rules from chat until the first Read.
func New(b *books.Books, policy func() *acl.Policy) *Rules {
	r := &Rules{Books: b, Policy: policy}
	r.spoken.now.Store(NewFromChat(nil, -1)) // a version older than any stored one
	return r
}

// Law is the rules of one moment, with the rows of the rules from chat. Its time is on the reader's clock, or in UTC where the
// clock is unknown or the text has many readers.
type Law struct {
	acl.Rules
	Chat *FromChat
}

// FromChat is one version of the rules from chat. It never changes.
type FromChat struct {
	Version int64
	Rules   []store.Rule
	overlay *acl.Overlay
}

// NewFromChat indexes the rules that hold at a version.
func NewFromChat(rules []store.Rule, version int64) *FromChat {
	var freezes []acl.Freeze
	var loans []acl.Loan
	for _, r := range rules {
		switch r.Kind {
		case store.Freeze:
			freezes = append(freezes, FreezeOf(r))
		case store.Grant:
			loans = append(loans, LoanOf(r))
		}
	}
	return &FromChat{version, rules, acl.NewOverlay(freezes, loans)}
}

// FreezeOf translates a stored freeze for package acl.
func FreezeOf(r store.Rule) acl.Freeze {
	return acl.Freeze{ID: r.ID, Domain: r.Domain, Path: r.Path, Until: r.Until, By: r.By, Reason: r.Reason}
}

// LoanOf translates a stored temporary grant for package acl.
func LoanOf(r store.Rule) acl.Loan {
	return acl.Loan{ID: r.ID, To: r.To, Domain: r.Domain, Kinds: r.Kinds, Areas: r.Areas, Until: r.Until, By: r.By, ByGroups: r.ByGroups, Reason: r.Reason}
}

// spoken is the newest version of the rules that was read.
type spoken struct {
	reading sync.Mutex // one reader at a time, so that an older version never replaces a newer one
	now     atomic.Pointer[FromChat]
}

// Law joins a policy with the newest rules from chat, at the present time.
func (b *Rules) Law(policy *acl.Policy) Law {
	return b.spoken.now.Load().Under(policy, b.Now().UTC())
}

// Under joins the rules from chat with a policy file and a moment.
func (c *FromChat) Under(policy *acl.Policy, at time.Time) Law {
	return Law{policy.Now(c.overlay, at), c}
}

// Read loads the rules from chat if they have changed since the last reading.
func (b *Rules) Read(ctx context.Context) error {
	b.spoken.reading.Lock()
	defer b.spoken.reading.Unlock()
	version, err := b.Store.RulesVersion(ctx)
	if err != nil || version == b.spoken.now.Load().Version {
		return err
	}
	rules, version, err := b.Store.Rules(ctx, b.Now())
	if err != nil {
		return err
	}
	b.spoken.now.Store(NewFromChat(rules, version))
	return nil
}

// Watch reads the changes that another process has made, until ctx ends.
func (b *Rules) Watch(ctx context.Context) {
	ticks := time.NewTicker(rulesEvery)
	defer ticks.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-ticks.C:
			b.LogError(ctx, "read the rules from chat", b.Read(ctx))
		}
	}
}

// Refusal returns the refusal of a target with its reason, for the person of the verdict.
func (l Law) Refusal(v acl.Verdict, who acl.Who) card.Refusal {
	r := card.Refusal{Target: v.Target.String(), Area: v.Area, Rule: v.Rule}
	if v.ByFreeze() { // the person might purge without the freeze, so the freeze is no secret
		for _, f := range l.Chat.Rules {
			if f.ID == v.Frozen.ID {
				r.Frozen, r.Reason = &f, card.Frozen(f, card.Powers{Override: l.Policy().OverridesFreeze(who)}, l.At().Location())
				return r
			}
		}
	}
	r.Reason = l.Explain(v)
	return r
}

// PowersOf returns the powers of a reader over a freeze.
func PowersOf(l Law, who acl.Who) card.Powers {
	return card.Powers{Override: l.Policy().OverridesFreeze(who), Administers: l.Policy().Administrator(who)}
}

// ToldTo words a refusal for one reader alone, who may have the power to end the freeze in the way.
func (l Law) ToldTo(reader acl.Who, r card.Refusal) card.Refusal {
	if r.Frozen != nil {
		r.Reason = card.Frozen(*r.Frozen, PowersOf(l, reader), l.At().Location())
	}
	return r
}

// Thawed returns the law without freezes: a person whom only a freeze stops may still see and cancel.
func (l Law) Thawed() Law { return Law{l.Rules.Thawed(), l.Chat} }

// AsRequest returns the parts of a purge as a person's request of now, which overrides only the freezes that the purge itself
// overrides.
func AsRequest(p store.Purge, who acl.Who, parts []purge.Part) acl.Request {
	return acl.Request{Who: who, In: p.Channel, Purge: purge.Request{Kind: p.Request.Kind, Parts: parts}, Despite: acl.Despite{IDs: p.Overrides}}
}

// Denied lists the targets that the person of a request may not purge.
func (l Law) Denied(q acl.Request) (refused []card.Refusal) {
	for v := range l.Judge(q) {
		if !v.Allowed {
			refused = append(refused, l.Refusal(v, q.Who))
		}
	}
	return refused
}

// JudgeOne returns the verdict on a request for one target.
func (l Law) JudgeOne(q acl.Request) (one acl.Verdict) {
	for one = range l.Judge(q) {
	}
	return one
}

// DeniedAny returns the refusals for one area of a purge: the first area in which the person may not purge everything.
func DeniedAny(l Law, who acl.Who, p store.Purge) []card.Refusal {
	for _, part := range p.Request.Parts {
		if d := l.Denied(AsRequest(p, who, []purge.Part{part})); len(d) > 0 {
			return d
		}
	}
	return nil
}

// Stopped returns the last check of a call, which runs in the transaction that writes the ledger row. The check returns the rule
// that stops the call, or ""; it judges again only if the active rules differ from those of the law.
func Stopped(l Law, people []acl.Who, p store.Purge, batch purge.Batch) func(active []store.Rule) string {
	return func(active []store.Rule) string {
		same := func(a, b store.Rule) bool { return a.ID == b.ID }
		if slices.EqualFunc(active, l.Lasting(), same) {
			return ""
		}
		now := NewFromChat(active, 0).Under(l.Policy(), l.At())
		for _, who := range people {
			if d := now.Denied(AsRequest(p, who, []purge.Part{{Area: batch.Area, Targets: batch.Targets}})); len(d) > 0 {
				return d[0].Rule
			}
		}
		return ""
	}
}

// Borrowers returns the subjects of the temporary grants. Groups among them must be looked up like those of the policy file.
func (b *Rules) Borrowers() (to []acl.Subject) {
	for _, r := range b.spoken.now.Load().Rules {
		if s, err := acl.ParseSubject(r.To); err == nil {
			to = append(to, s)
		}
	}
	return to
}

// Lasting returns the rules from chat that are not over.
func (l Law) Lasting() []store.Rule {
	return slices.DeleteFunc(slices.Clone(l.Chat.Rules), func(r store.Rule) bool { return !l.At().Before(r.Until) })
}

// onlyFrozen reports whether freezes are the only obstacle, which may end soon.
func onlyFrozen(denied []card.Refusal) bool {
	return len(denied) > 0 && !slices.ContainsFunc(denied, func(r card.Refusal) bool { return r.Frozen == nil })
}

// Stricter returns the stricter of two confirmations.
func Stricter(a, b acl.Confirm) acl.Confirm {
	if a == acl.SecondPerson || b == "" {
		return a
	}
	return b
}

// FreezesOf returns the freezes of exactly this domain.
func (l Law) FreezesOf(domain string) []store.Rule {
	return slices.DeleteFunc(l.OfKind(store.Freeze), func(r store.Rule) bool { return r.Domain != domain || r.Path != "" })
}

// OfKind returns the lasting rules of one kind.
func (l Law) OfKind(kind store.RuleKind) []store.Rule {
	return slices.DeleteFunc(l.Lasting(), func(r store.Rule) bool { return r.Kind != kind })
}

// LentBy returns the same rules with the temporary grants cut down to their givers' present groups; a nil giver has left, and gives
// nothing. A group that a giver joined later adds nothing, because the call that leaves knows only the groups at the time of the
// grant.
func (c *FromChat) LentBy(givers map[acl.Subject]*chat.Person) *FromChat {
	var now []store.Rule
	for _, r := range c.Rules {
		giver, asked := givers[r.By]
		switch {
		case r.Kind != store.Grant || !asked:
			now = append(now, r)
		case giver != nil:
			r.ByGroups = slices.DeleteFunc(slices.Clone(r.ByGroups), func(g acl.Subject) bool { return !slices.Contains(giver.Groups, g) })
			now = append(now, r)
		}
	}
	fresh := NewFromChat(now, c.Version)
	fresh.Rules = c.Rules // a command that ends a rule must still find it
	return fresh
}
