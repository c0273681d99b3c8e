package runner

import (
	"context"
	"math/bits"

	"purgebot/bot/card"
	"purgebot/bot/store"
	"purgebot/purge"
)

// A call is refused whole for one bad target, and does not say which. So it is narrowed: its targets go on in smaller batches,
// by host and then in halves, until the culprit is alone and all others have gone through. Each part is a batch like any other,
// written down together with the refusal, so that a kill loses nothing and sends nothing twice.

// mostNarrowing bounds the calls that one refused batch may lead to: enough to find one target among a thousand.
const MostNarrowing = 20

// narrower returns the smaller batches that a refused one goes on as; nil if it is not to be narrowed.
func narrower(batch sending, e *purge.Error) [][]store.Target {
	if e == nil || e.Kind != purge.Invalid && e.Kind != purge.NotFound || batch.unclear() > 0 { // of that all may have been done
		return nil
	}
	groups := byHost(batch.rows)
	if len(groups) == 1 && e.Kind == purge.Invalid && len(batch.rows) > 1 { // that a domain is not there is true of all of it
		half := len(batch.rows) / 2
		groups = [][]store.Target{batch.rows[:half], batch.rows[half:]}
	}
	if len(groups) < 2 || !batch.affords(len(groups)) {
		return nil
	}
	return batch.numbered(groups)
}

func byHost(rows []store.Target) (groups [][]store.Target) {
	at := map[string]int{}
	for _, t := range rows {
		i, known := at[t.Target.Host()]
		if !known {
			i = len(groups)
			at[t.Target.Host()] = i
			groups = append(groups, nil)
		}
		groups[i] = append(groups[i], t)
	}
	return groups
}

// affords reports whether so many more calls are within what the batch that was refused first may lead to.
func (s sending) affords(more int) bool {
	root := s.rootOf(s.N)
	made, units, hosts := 0, len(s.rows), 1
	for _, c := range s.calls {
		if c.Next.What == store.Split && s.rootOf(c.Batch) == root {
			made += c.Next.Parts
		}
		if c.Batch == root {
			units = max(units, c.Units)
		}
	}
	if root == s.N {
		hosts = len(byHost(s.rows))
	}
	return made+more <= min(2*bits.Len(uint(units-1))+hosts, MostNarrowing)
}

// rootOf follows a part back to the batch of the plan that it was split from.
func (s sending) rootOf(batch int) int {
	for _, c := range s.calls {
		if n := c.Next; n.What == store.Split && n.First <= batch && batch < n.First+n.Parts {
			return s.rootOf(c.Batch) // a part has a higher number than what it was split from
		}
	}
	return batch
}

// numbered gives the groups the next free numbers.
func (s sending) numbered(groups [][]store.Target) [][]store.Target {
	last := s.N
	for _, t := range s.All {
		last = max(last, t.Batch)
	}
	for _, c := range s.calls {
		last = max(last, c.Batch)
	}
	for i, g := range groups {
		groups[i] = make([]store.Target, len(g))
		for j, t := range g {
			t.Batch = last + 1 + i
			groups[i][j] = t
		}
	}
	return groups
}

// split ends a refused call and has its targets go on.
func (b *Runner) split(ctx context.Context, batch sending, call store.Call, into [][]store.Target, entries []store.Entry) (Submitted, error) {
	call.Next = store.Next{What: store.Split, First: into[0][0].Batch, Parts: len(into)}
	err := insist(func() error { return b.Store.Split(ctx, call, into, entries...) })
	b.poster.WantCards()
	return b.follows(batch, call), err
}

// reason is what is said of each target of a call that was not accepted.
func (s sending) reason(call store.Call, e *purge.Error) string {
	if e != nil && e.Kind == purge.Invalid && len(s.rows) > 1 {
		return card.NotNarrowed(len(s.rows), call.Problem)
	}
	return call.Problem
}

// onlyHost returns the host that all targets of a batch are on; "" if there are several.
func onlyHost(rows []store.Target) string {
	if len(byHost(rows)) != 1 {
		return ""
	}
	return rows[0].Target.Host()
}
