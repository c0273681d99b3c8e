package runner

import (
	"context"
	"math/bits"

	"purgebot/bot/card"
	"purgebot/bot/store"
	"purgebot/purge"
)

// The vendor refuses a whole call for one bad target, and does not name the target. The refused batch is therefore narrowed: its
// targets continue in smaller batches, by host and then in halves, until the bad target is alone and all others have been accepted.
// Each part is an ordinary batch, recorded in one commit with the refusal, so that a kill loses nothing and sends nothing twice.

// MostNarrowing bounds the calls that one refused batch may lead to: enough to find one target among a thousand.
const MostNarrowing = 20

// narrower returns the smaller batches in which the targets of a refused batch continue, or nil for a batch that is not narrowed.
func narrower(batch sending, e *purge.Error) [][]store.Target {
	if e == nil || e.Kind != purge.Invalid && e.Kind != purge.NotFound || batch.unclear() > 0 { // an earlier call of the batch may have been carried out
		return nil
	}
	groups := byHost(batch.rows)
	if len(groups) == 1 && e.Kind == purge.Invalid && len(batch.rows) > 1 { // NotFound is about the domain, so about all targets of one host
		half := len(batch.rows) / 2
		groups = [][]store.Target{batch.rows[:half], batch.rows[half:]}
	}
	if len(groups) < 2 || !batch.affords(len(groups)) {
		return nil
	}
	return batch.numbered(groups)
}

// byHost groups targets by host, in their order.
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

// affords reports whether the given number of further calls stays within MostNarrowing and the halvings that the original batch
// needs.
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

// rootOf returns the number of the planned batch that a part was split from, through all levels.
func (s sending) rootOf(batch int) int {
	for _, c := range s.calls {
		if n := c.Next; n.What == store.Split && n.First <= batch && batch < n.First+n.Parts {
			return s.rootOf(c.Batch) // a part has a higher number than its origin, so the recursion ends
		}
	}
	return batch
}

// numbered gives the groups the next free batch numbers.
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

// split records the end of a refused call together with the batches in which its targets continue.
func (b *Runner) split(ctx context.Context, batch sending, call store.Call, into [][]store.Target, entries []store.Entry) (Submitted, error) {
	call.Next = store.Next{What: store.Split, First: into[0][0].Batch, Parts: len(into)}
	err := insist(func() error { return b.Store.Split(ctx, call, into, entries...) })
	b.poster.WantCards()
	return b.stepAfter(batch, call), err
}

// reason returns the reason that each target of a call without acceptance shows.
func (s sending) reason(call store.Call, e *purge.Error) string {
	if e != nil && e.Kind == purge.Invalid && len(s.rows) > 1 {
		return card.NotNarrowed(len(s.rows), call.Problem)
	}
	return call.Problem
}

// onlyHost returns the one host of a batch's targets, or "" for several hosts.
func onlyHost(rows []store.Target) string {
	if len(byHost(rows)) != 1 {
		return ""
	}
	return rows[0].Target.Host()
}
