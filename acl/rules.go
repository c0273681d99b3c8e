package acl

import (
	"iter"
	"slices"
	"time"

	"purgebot/purge"
)

// Rules are all that decides at one moment: the policy file, the freezes and temporary grants that were said in chat since,
// and the time. They are the one door: no decision by a part of them can be had from outside this package. The zero Rules
// refuse everything.
type Rules struct {
	policy *Policy
	said   *Overlay
	at     time.Time
}

// Now joins the policy file with the freezes and temporary grants from chat (nil is none) and the time. The time's zone is the
// one that explanations are written in.
func (p *Policy) Now(said *Overlay, at time.Time) Rules { return Rules{p, said, at} }

// Policy returns the file's part of the rules, which answers who somebody is and decides nothing.
func (r Rules) Policy() *Policy { return r.policy }

// At returns the moment that the rules are of.
func (r Rules) At() time.Time { return r.at }

// In returns the same rules, to be explained on a clock of another zone.
func (r Rules) In(zone *time.Location) Rules {
	r.at = r.at.In(zone)
	return r
}

// Thawed returns the rules without the freezes: people whom a freeze keeps from purging may still see and cancel.
func (r Rules) Thawed() Rules {
	if r.said != nil {
		r.said = &Overlay{loans: r.said.loans}
	}
	return r
}

// Request is what somebody wants to purge, and from which channel. In is empty outside every channel.
type Request struct {
	Who     Who
	In      Subject
	Purge   purge.Request // a prefetch is judged as the URLs that it fetches
	Despite Despite
}

// Despite says which freezes a request is to be in spite of. It counts for those people whom the policy file lets override.
type Despite struct {
	All bool
	IDs []string // these freezes; others were said since the request was made
}

func (d Despite) any() bool { return d.All || len(d.IDs) > 0 }

func (d Despite) covers(f *Freeze) bool { return d.All || slices.Contains(d.IDs, f.ID) }

// Verdict is the answer on one target in one area.
type Verdict struct {
	Target purge.Target
	Area   purge.Area
	Decision
	ask Ask
}

// ByFreeze reports whether a freeze refuses the target, which the person might purge without that freeze.
func (v Verdict) ByFreeze() bool { return v.Frozen != nil && v.Rule == v.Frozen.Rule() }

// Judge answers on every target of a request in each of its areas, in the request's order.
func (r Rules) Judge(q Request) iter.Seq[Verdict] {
	return func(yield func(Verdict) bool) {
		for _, part := range q.Purge.Parts {
			for _, t := range part.Targets {
				a := Ask{Who: q.Who, In: q.In, Kind: q.Purge.Kind.Judged(), Area: part.Area, Target: t, At: r.at, overlay: r.said, Override: q.Despite.any()}
				if !yield(r.judge(a, q.Despite)) {
					return
				}
			}
		}
	}
}

// judge answers one Ask. An override of other freezes than the one in the way is none.
func (r Rules) judge(a Ask, despite Despite) Verdict {
	if r.policy == nil {
		return Verdict{Target: a.Target, Area: a.Area, Decision: Decision{Rule: DefaultDeny}, ask: a}
	}
	d := r.policy.decide(a)
	if d.Allowed && d.Frozen != nil && !despite.covers(d.Frozen) {
		a.Override = false
		d = r.policy.decide(a)
	}
	return Verdict{a.Target, a.Area, d, a}
}

// Explain says why a verdict of these rules is a refusal, in the words of Policy.Why. What it names is the asker's to know.
func (r Rules) Explain(v Verdict) string {
	if r.policy == nil {
		return ""
	}
	return r.policy.explain(v.ask, v.Decision)
}

// Loans returns what somebody was lent and may still use, as Grants does, by name. Targets that the giver may not purge are
// not taken out.
func (r Rules) Loans(w Who) []GrantView { return r.policy.loans(w, r.said, r.at) }
