package acl

import (
	"iter"
	"slices"
	"time"

	"purgebot/purge"
)

// Rules are everything that decides at one moment: the policy file, the freezes and temporary grants from chat,
// and the time. Other packages can get a decision only from all of them together. The zero Rules refuse
// everything.
type Rules struct {
	policy *Policy
	said   *Overlay
	at     time.Time
}

// Now joins the policy file with the freezes and temporary grants from chat (nil means none) and the time.
// Explanations use the zone of the time.
func (p *Policy) Now(said *Overlay, at time.Time) Rules { return Rules{p, said, at} }

// Policy returns the file's part of the rules, which identifies people and decides nothing.
func (r Rules) Policy() *Policy { return r.policy }

// At returns the time of the rules.
func (r Rules) At() time.Time { return r.at }

// In returns the same rules with explanations in another time zone.
func (r Rules) In(zone *time.Location) Rules {
	r.at = r.at.In(zone)
	return r
}

// Thawed returns the rules without the freezes: people whom a freeze keeps from purging may still see and
// cancel.
func (r Rules) Thawed() Rules {
	if r.said != nil {
		r.said = &Overlay{loans: r.said.loans}
	}
	return r
}

// Request is a requested purge with its requester and channel. In is empty outside every channel.
type Request struct {
	Who     Who
	In      Subject
	Purge   purge.Request // a prefetch is judged as the URLs that it fetches
	Despite Despite
}

// Despite names the freezes to override. It is ignored for people without that right in the policy file.
type Despite struct {
	All bool
	IDs []string // these freezes only, not those declared after the request
}

func (d Despite) any() bool { return d.All || len(d.IDs) > 0 }

func (d Despite) covers(f *Freeze) bool { return d.All || slices.Contains(d.IDs, f.ID) }

// Verdict is the decision on one target in one area.
type Verdict struct {
	Target purge.Target
	Area   purge.Area
	Decision
	ask Ask
}

// ByFreeze reports whether the target is refused only because of a freeze.
func (v Verdict) ByFreeze() bool { return v.Frozen != nil && v.Rule == v.Frozen.Rule() }

// Judge yields a verdict for every target of a request in each of its areas, in the request's order.
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

// judge answers one Ask. An override does not apply to freezes that it does not name.
func (r Rules) judge(a Ask, despite Despite) Verdict {
	if r.policy == nil {
		return Verdict{Target: a.Target, Area: a.Area, Decision: Decision{Rule: DefaultDeny}, ask: a}
	}
	d := r.policy.decideByFile(a)
	if d.Allowed && d.Frozen != nil && !despite.covers(d.Frozen) {
		a.Override = false
		d = r.policy.decideByFile(a)
	}
	return Verdict{a.Target, a.Area, d, a}
}

// Explain words the refusal of a verdict of these rules, as Policy.Why does. The text contains only facts that
// the asker may know.
func (r Rules) Explain(v Verdict) string {
	if r.policy == nil {
		return ""
	}
	return r.policy.explain(v.ask, v.Decision)
}

// Loans returns the current temporary grants of a person in the form of Grants, by name. The limits of their
// givers are not applied.
func (r Rules) Loans(w Who) []GrantView { return r.policy.loans(w, r.said, r.at) }
