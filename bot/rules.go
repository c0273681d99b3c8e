package bot

import (
	"context"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"purgebot/acl"
	"purgebot/bot/store"
	"purgebot/purge"
)

// What is judged by is a law: the policy file, and what administrators have said in chat since. What was said is kept as a
// snapshot, so that judging reads no database; the call that is about to leave is judged once more by the rows themselves.

// rulesEvery is how often it is looked whether somebody else has changed the rules.
const rulesEvery = time.Second

// law is what holds at one moment.
type law struct {
	*acl.Policy
	chat *chatRules
	at   time.Time // on the clock of whoever is told, UTC if that is unknown or everybody
}

// chatRules is one version of the rules from chat. It never changes.
type chatRules struct {
	version int64
	rules   []store.Rule
	overlay *acl.Overlay
	loans   *acl.Overlay // the temporary grants alone
}

// newChatRules indexes rules that hold.
func newChatRules(rules []store.Rule, version int64) *chatRules {
	var freezes []acl.Freeze
	var loans []acl.Loan
	for _, r := range rules {
		switch r.Kind {
		case store.Freeze:
			freezes = append(freezes, freezeOf(r))
		case store.Grant:
			loans = append(loans, loanOf(r))
		}
	}
	return &chatRules{version, rules, acl.NewOverlay(freezes, loans), acl.NewOverlay(nil, loans)}
}

func freezeOf(r store.Rule) acl.Freeze {
	return acl.Freeze{ID: r.ID, Domain: r.Domain, Path: r.Path, Until: r.Until, By: r.By, Reason: r.Reason}
}

func loanOf(r store.Rule) acl.Loan {
	return acl.Loan{ID: r.ID, To: r.To, Domain: r.Domain, Kinds: r.Kinds, Areas: r.Areas, Until: r.Until, By: r.By, ByGroups: r.ByGroups, Reason: r.Reason}
}

// spoken is the newest version of the rules that was read.
type spoken struct {
	reading sync.Mutex // one reader: what is kept only grows newer
	now     atomic.Pointer[chatRules]
}

// law is what holds now under a policy.
func (b *Bot) law(policy *acl.Policy) law {
	return law{policy, b.spoken.now.Load(), b.Now().UTC()}
}

// readRules reads the rules if they have changed since they were read.
func (b *Bot) readRules(ctx context.Context) error {
	b.spoken.reading.Lock()
	defer b.spoken.reading.Unlock()
	version, err := b.Store.RulesVersion(ctx)
	if err != nil || version == b.spoken.now.Load().version {
		return err
	}
	rules, version, err := b.Store.Rules(ctx, b.Now())
	if err != nil {
		return err
	}
	b.spoken.now.Store(newChatRules(rules, version))
	return nil
}

// watchRules notices what another process has changed.
func (b *Bot) watchRules(ctx context.Context) {
	ticks := time.NewTicker(rulesEvery)
	defer ticks.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-ticks.C:
			b.logError(ctx, "read the rules from chat", b.readRules(ctx))
		}
	}
}

// Decide answers by what holds at that moment: nobody who asks can forget it.
func (l law) Decide(a acl.Ask) acl.Decision { return l.Policy.Decide(l.ask(a)) }

// refusal says why Decide has not allowed it.
func (l law) refusal(a acl.Ask, d acl.Decision) refusal {
	r := refusal{Target: a.Target.String(), Area: a.Area, Rule: d.Rule}
	if d.Frozen != nil && d.Rule == d.Frozen.Rule() { // without it they might: so it is no secret
		for _, f := range l.chat.rules {
			if f.ID == d.Frozen.ID {
				r.frozen, r.Reason = &f, sayFrozen(f, powers{override: l.OverridesFreeze(a.Who)}, l.at.Location())
				return r
			}
		}
	}
	r.Reason = l.Explain(l.ask(a), d)
	return r
}

// toldTo words a refusal for one reader alone, who may be able to end the freeze that is in the way.
func (l law) toldTo(reader acl.Who, r refusal) refusal {
	if r.frozen != nil {
		r.Reason = sayFrozen(*r.frozen, powersOf(l, reader), l.at.Location())
	}
	return r
}

func (l law) ask(a acl.Ask) acl.Ask {
	a.At, a.Kind = l.at, judgedAs(a.Kind)
	if l.chat != nil {
		a.Overlay = l.chat.overlay
	}
	return a
}

// thawed is the law without freezes: whom they keep from purging may still see and cancel.
func (l law) thawed() law {
	if l.chat != nil {
		l.chat = &chatRules{overlay: l.chat.loans, loans: l.chat.loans}
	}
	return l
}

// denied lists the targets of a part that somebody may not purge. A Who is nobody to any policy but its own. In spite of other
// freezes than those of overrides nothing is purged: they were said since it was asked for.
func denied(l law, who acl.Who, in acl.Subject, kind purge.Kind, part purge.Part, overrides []string) []refusal {
	var out []refusal
	for _, t := range part.Targets {
		ask := acl.Ask{Who: who, In: in, Kind: kind, Area: part.Area, Target: t, Override: len(overrides) > 0}
		d := l.Decide(ask)
		if d.Allowed && d.Frozen != nil && !slices.Contains(overrides, d.Frozen.ID) {
			ask.Override = false
			d = l.Decide(ask)
		}
		if !d.Allowed {
			out = append(out, l.refusal(ask, d))
		}
	}
	return out
}

// deniedAny is what somebody may not purge of a purge, of one of its areas.
func deniedAny(l law, who acl.Who, p store.Purge) []refusal {
	for _, part := range p.Request.Parts {
		if d := denied(l, who, p.Channel, p.Request.Kind, part, p.Overrides); len(d) > 0 {
			return d
		}
	}
	return nil
}

// stopped is asked by the call that is about to leave, in its own transaction: it names the rule that stops it, where the rules
// there are others than those that the law was made of.
func stopped(l law, people []acl.Who, p store.Purge, batch purge.Batch) func(active []store.Rule) string {
	return func(active []store.Rule) string {
		same := func(a, b store.Rule) bool { return a.ID == b.ID }
		if slices.EqualFunc(active, l.lasting(), same) {
			return ""
		}
		now := law{l.Policy, newChatRules(active, 0), l.at}
		for _, who := range people {
			if d := denied(now, who, p.Channel, batch.Kind, purge.Part{Area: batch.Area, Targets: batch.Targets}, p.Overrides); len(d) > 0 {
				return d[0].Rule
			}
		}
		return ""
	}
}

// lent is what somebody was lent and may still use.
func (l law) lent(who acl.Who) []acl.GrantView { return l.Loans(who, l.chat.overlay, l.at) }

// Borrowers are the subjects that temporary grants are for. Groups among them must be looked up like those of the policy file.
func (b *Bot) Borrowers() (to []acl.Subject) {
	for _, r := range b.spoken.now.Load().rules {
		if s, err := acl.ParseSubject(r.To); err == nil {
			to = append(to, s)
		}
	}
	return to
}

// lasting is those rules that are not over.
func (l law) lasting() []store.Rule {
	return slices.DeleteFunc(slices.Clone(l.chat.rules), func(r store.Rule) bool { return !l.at.Before(r.Until) })
}

// onlyFrozen reports whether nothing but freezes is in the way, which may be over soon.
func onlyFrozen(denied []refusal) bool {
	return len(denied) > 0 && !slices.ContainsFunc(denied, func(r refusal) bool { return r.frozen == nil })
}

// frozenLines names the freezes that a purge waits under.
func frozenLines(l law, p store.Purge) (lines []string) {
	who := l.Who(p.Requester, p.Groups)
	for _, part := range p.Request.Parts {
		for _, r := range denied(l, who, p.Channel, p.Request.Kind, part, p.Overrides) {
			if r.frozen != nil { // the card has many readers
				lines = addOnce(lines, sayFrozen(*r.frozen, powers{}, l.at.Location()))
			}
		}
	}
	return lines
}
