// Package wish turns commands, buttons and forms into requests, before areas are settled and anything is decided. It judges
// nothing.
package wish

import (
	"slices"

	"purgebot/bot/card"
	"purgebot/bot/grammar"
	"purgebot/bot/store"
	"purgebot/purge"
)

// Wish is the request of a command, a button or a form, before areas are settled and anything is decided.
type Wish struct {
	Verb     string            `json:"verb"`
	Kind     purge.Kind        `json:"kind"`
	Areas    []purge.Area      `json:"areas,omitempty"` // nil: each domain's default
	Mode     purge.Mode        `json:"mode,omitempty"`
	Targets  []purge.Target    `json:"targets"`
	Parts    []purge.Part      `json:"parts,omitempty"` // instead of Areas and Targets, where each area has its own
	Reason   string            `json:"reason,omitempty"`
	Private  bool              `json:"private,omitempty"`
	DryRun   bool              `json:"dry,omitempty"`
	Asks     bool              `json:"asks,omitempty"`     // a question is due in any case: the targets were collected, not typed
	Anew     bool              `json:"anew,omitempty"`     // the request joins no purge that is under way
	Prefetch bool              `json:"prefetch,omitempty"` // the URLs are fetched again once they are done
	Notes    []string          `json:"notes,omitempty"`
	Refused  []card.Refusal    `json:"-"`
	Readings []grammar.Reading `json:"-"` // other readings of the refused targets, together with the rest
}

// Of returns the wish of a parsed command, with its refused targets and their reasons.
func Of(in grammar.Intent) Wish {
	w := Wish{Verb: string(in.Verb), Kind: in.Kind, Areas: in.Areas, Mode: in.Mode, Targets: in.Targets,
		Reason: in.Reason, Private: in.Private, DryRun: in.DryRun, Prefetch: in.Prefetch, Notes: in.Notes}
	for _, r := range in.Refused {
		w.Refused = append(w.Refused, card.Refusal{Target: r.Legible(), Reason: r.Reason + card.Suggestion(r.Suggest), Cause: r.Reason})
	}
	w.Readings = in.Readings
	if w.Kind == purge.Directory && w.Mode == "" {
		w.Mode = purge.Flush
	}
	return w
}

// OfButton returns the new request that a button of a purge stands for. The request is the presser's own, and judged as such.
func OfButton(p store.Purge, action string, unserved map[purge.Area]map[string]bool) Wish {
	w := Wish{Verb: string(grammar.VerbPurge), Kind: p.Request.Kind, Mode: p.Request.Mode, Areas: p.Request.Areas(), Reason: p.Reason, Private: p.Private, Prefetch: p.Prefetch}
	// Collect each target once, also from two areas.
	seen := map[string]bool{}
	for _, part := range p.Request.Parts {
		for _, t := range part.Targets {
			if !seen[t.String()] {
				seen[t.String()] = true
				w.Targets = append(w.Targets, t)
			}
		}
	}
	// Change the wish by the button's action.
	switch action {
	case card.ActionAgain:
		w.Parts = p.Request.Parts
	case card.ActionAnew:
		w.Parts, w.Anew = p.Request.Parts, true
	case card.ActionOverseas:
		w.Areas, w.Targets = []purge.Area{purge.Overseas}, leftOutIn(p, w.Targets, purge.Overseas, unserved)
	case card.ActionMainland:
		w.Areas, w.Targets = []purge.Area{purge.Mainland}, leftOutIn(p, w.Targets, purge.Mainland, unserved)
	case card.ActionDelete:
		w.Parts, w.Mode = p.Request.Parts, purge.Delete
	case card.ActionLeak:
		w = asLeak(w)
	}
	return w
}

// Parts spreads the targets of a wish over areas: the typed ones, else each host's own.
func Parts(in Places, w Wish) []purge.Part {
	if len(w.Parts) > 0 {
		return w.Parts
	}
	byArea := map[purge.Area][]purge.Target{}
	for _, t := range w.Targets {
		areas := w.Areas
		if len(areas) == 0 {
			areas = []purge.Area{in.area(t.Host())}
		}
		for _, a := range areas {
			byArea[a] = append(byArea[a], t)
		}
	}
	var ps []purge.Part
	for _, a := range []purge.Area{purge.Mainland, purge.Overseas} {
		if len(byArea[a]) > 0 {
			ps = append(ps, purge.Part{Area: a, Targets: byArea[a]})
		}
	}
	return ps
}

// leftOutIn returns the targets that a purge has left out in an area, or all of them if the vendor's list has changed so that none
// is left out.
func leftOutIn(p store.Purge, targets []purge.Target, a purge.Area, unserved map[purge.Area]map[string]bool) []purge.Target {
	hosts := card.LeftOutIn(p.Request, a, unserved[a])
	if len(hosts) == 0 {
		return targets
	}
	return slices.DeleteFunc(targets, func(t purge.Target) bool { return !slices.Contains(hosts, t.Host()) })
}
