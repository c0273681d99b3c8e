// Package rules keeps the rules of this moment: the policy file joined with the freezes and temporary grants from chat, as one law
// that answers who may purge, what must happen first, and who may approve. It looks nobody up and sends nothing.
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

// What is judged by is a law: the policy file, and what administrators have said in chat since. What was said is kept as a
// snapshot, so that judging reads no database; the call that is about to leave is judged once more by the rows themselves.

// rulesEvery is how often it is looked whether somebody else has changed the rules.
const rulesEvery = time.Second

// rules are the policy file and the rules from chat, as they are now.
type Rules struct {
	*books.Books
	Policy func() *acl.Policy // the policy of this moment; never nil
	spoken spoken             // the rules from chat
}

func New(b *books.Books, policy func() *acl.Policy) *Rules {
	r := &Rules{Books: b, Policy: policy}
	r.spoken.now.Store(NewFromChat(nil, -1)) // older than any
	return r
}

// law is the rules of one moment, with the rows of those that were said in chat. Its time is on the reader's clock, in UTC where
// that is unknown or everybody reads.
type Law struct {
	acl.Rules
	Chat *FromChat
}

// chatRules is one version of the rules from chat. It never changes.
type FromChat struct {
	Version int64
	Rules   []store.Rule
	overlay *acl.Overlay
}

// newChatRules indexes rules that hold.
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

func FreezeOf(r store.Rule) acl.Freeze {
	return acl.Freeze{ID: r.ID, Domain: r.Domain, Path: r.Path, Until: r.Until, By: r.By, Reason: r.Reason}
}

func LoanOf(r store.Rule) acl.Loan {
	return acl.Loan{ID: r.ID, To: r.To, Domain: r.Domain, Kinds: r.Kinds, Areas: r.Areas, Until: r.Until, By: r.By, ByGroups: r.ByGroups, Reason: r.Reason}
}

// spoken is the newest version of the rules that was read.
type spoken struct {
	reading sync.Mutex // one reader: what is kept only grows newer
	now     atomic.Pointer[FromChat]
}

// law is what holds now under a policy.
func (b *Rules) Law(policy *acl.Policy) Law {
	return b.spoken.now.Load().Under(policy, b.Now().UTC())
}

// under joins the rules from chat with a policy file and a moment.
func (c *FromChat) Under(policy *acl.Policy, at time.Time) Law {
	return Law{policy.Now(c.overlay, at), c}
}

// readRules reads the rules if they have changed since they were read.
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

// watchRules notices what another process has changed.
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

// refusal says why a verdict has not allowed its target.
func (l Law) Refusal(v acl.Verdict, who acl.Who) card.Refusal {
	r := card.Refusal{Target: v.Target.String(), Area: v.Area, Rule: v.Rule}
	if v.ByFreeze() { // without it they might: so it is no secret
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

// powersOf returns what a reader may do about a freeze.
func PowersOf(l Law, who acl.Who) card.Powers {
	return card.Powers{Override: l.Policy().OverridesFreeze(who), Administers: l.Policy().Administrator(who)}
}

// toldTo words a refusal for one reader alone, who may be able to end the freeze that is in the way.
func (l Law) ToldTo(reader acl.Who, r card.Refusal) card.Refusal {
	if r.Frozen != nil {
		r.Reason = card.Frozen(*r.Frozen, PowersOf(l, reader), l.At().Location())
	}
	return r
}

// thawed is the law without freezes: whom they keep from purging may still see and cancel.
func (l Law) Thawed() Law { return Law{l.Rules.Thawed(), l.Chat} }

// asRequest is a purge as somebody would have it made now, in spite of no freezes but those that it was asked for in spite of.
func AsRequest(p store.Purge, who acl.Who, parts []purge.Part) acl.Request {
	return acl.Request{Who: who, In: p.Channel, Purge: purge.Request{Kind: p.Request.Kind, Parts: parts}, Despite: acl.Despite{IDs: p.Overrides}}
}

// denied lists the targets of a request that its person may not purge.
func (l Law) Denied(q acl.Request) (refused []card.Refusal) {
	for v := range l.Judge(q) {
		if !v.Allowed {
			refused = append(refused, l.Refusal(v, q.Who))
		}
	}
	return refused
}

// judgeOne answers on a request for one target.
func (l Law) JudgeOne(q acl.Request) (one acl.Verdict) {
	for one = range l.Judge(q) {
	}
	return one
}

// deniedAny is what somebody may not purge of a purge, of one of its areas.
func DeniedAny(l Law, who acl.Who, p store.Purge) []card.Refusal {
	for _, part := range p.Request.Parts {
		if d := l.Denied(AsRequest(p, who, []purge.Part{part})); len(d) > 0 {
			return d
		}
	}
	return nil
}

// stopped is asked by the call that is about to leave, in its own transaction: it names the rule that stops it, where the rules
// there are others than those that the law was made of.
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

// Borrowers are the subjects that temporary grants are for. Groups among them must be looked up like those of the policy file.
func (b *Rules) Borrowers() (to []acl.Subject) {
	for _, r := range b.spoken.now.Load().Rules {
		if s, err := acl.ParseSubject(r.To); err == nil {
			to = append(to, s)
		}
	}
	return to
}

// lasting is those rules that are not over.
func (l Law) Lasting() []store.Rule {
	return slices.DeleteFunc(slices.Clone(l.Chat.Rules), func(r store.Rule) bool { return !l.At().Before(r.Until) })
}

// onlyFrozen reports whether nothing but freezes is in the way, which may be over soon.
func onlyFrozen(denied []card.Refusal) bool {
	return len(denied) > 0 && !slices.ContainsFunc(denied, func(r card.Refusal) bool { return r.Frozen == nil })
}

func Stricter(a, b acl.Confirm) acl.Confirm {
	if a == acl.SecondPerson || b == "" {
		return a
	}
	return b
}

// FreezesOf returns those of exactly this domain.
func (l Law) FreezesOf(domain string) []store.Rule {
	return slices.DeleteFunc(l.OfKind(store.Freeze), func(r store.Rule) bool { return r.Domain != domain || r.Path != "" })
}

func (l Law) OfKind(kind store.RuleKind) []store.Rule {
	return slices.DeleteFunc(l.Lasting(), func(r store.Rule) bool { return r.Kind != kind })
}

// LentBy is the same rules without the groups that some givers have left, and without what those have lent who are nil. A group
// that a giver joined since lends nothing: the call that leaves later knows only those they were in.
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
	fresh.Rules = c.Rules // who ends a rule must still find it
	return fresh
}
