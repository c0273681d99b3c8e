package runner

import (
	"context"
	"errors"
	"slices"
	"time"

	"purgebot/bot/card"
	"purgebot/bot/store"
	"purgebot/purge"
)

// jobOf returns the engine's job for a recorded purge.
func (b *Runner) jobOf(p store.Purge, batches int) Job {
	return Job{ID: p.ID, Batches: batches, Guarded: p.Confirm != "", TTL: b.waits.TTL(p.Confirm), Wakes: b.waits.Wakes(p)}
}

// startLost starts a purge that is recorded but unknown to the engine, because of a kill between the two or of lost engine rows. A
// second start is harmless. The ledger holds the calls that have left, and they are not repeated.
func (b *Runner) startLost(ctx context.Context, id string) error {
	p, err := b.Load(ctx, id)
	if err != nil || p.State.Final() {
		return err
	}
	batches, err := b.Store.Batches(ctx, id)
	if err != nil {
		return err
	}
	last := -1 // the numbers have gaps where a batch was split
	for _, batch := range batches {
		last = batch.N
	}
	return b.Engine.start(b.jobOf(p, last+1))
}

// endBroken ends a purge whose workflow the engine itself has ended. A call without an answer counts as unclear, and a target
// without a call as never sent.
func (b *Runner) endBroken(ctx context.Context, id string) error {
	b.Log.ErrorContext(ctx, "the durable engine lost a purge", "purge", id)
	err := b.endOne(ctx, id)
	b.poster.WantCards()
	return err
}

// endOne records the end of a purge that the engine has lost, with the outcomes that its ledger supports.
func (b *Runner) endOne(ctx context.Context, id string) error {
	calls, err := b.Store.Calls(ctx, id)
	if err != nil {
		return err
	}
	targets, err := b.Store.Targets(ctx, id)
	if err != nil {
		return err
	}
	// Calls without an answer leave their targets unclear. A purge without any call was never sent.
	state := store.StateRefused
	for _, c := range calls {
		if c.State == store.Calling {
			lost := slices.DeleteFunc(slices.Clone(targets), func(t store.Target) bool { return t.Batch != c.Batch })
			err = errors.Join(err, b.Store.SetOutcomes(ctx, id, outcomes(lost, purge.OutcomeUnknown, card.Interrupted)))
		}
		state = store.StateUnknown
	}
	b.mu.Lock()
	b.broken++
	b.mu.Unlock()
	b.Endings.count(state)
	return errors.Join(err, b.Store.Finish(ctx, id, state, card.LostByEngine, b.Now(), true, b.Entry(store.AuditEnded, id, "", ended(state, card.LostByEngine))))
}

// TendOpen starts every open purge that the engine does not know, and ends those that the engine itself has ended.
func (b *Runner) TendOpen(ctx context.Context) {
	ids, err := b.Store.Unfinished(ctx)
	if err == nil && len(ids) > 0 {
		var known map[string]condition
		known, err = b.Engine.conditions(ids)
		for i := 0; i < len(ids) && err == nil; i++ {
			switch known[ids[i]] {
			case unstarted:
				err = b.startLost(ctx, ids[i])
			case broken:
				err = b.endBroken(ctx, ids[i])
			}
		}
	}
	b.LogError(ctx, "tend open purges", err)
}

// RingDecided wakes the purges with a verdict that their workflow has not seen, such as after a lost wake-up message.
func (b *Runner) RingDecided(ctx context.Context) {
	ids, err := b.Store.Decided(ctx)
	for _, id := range ids {
		err = errors.Join(err, b.Engine.Ring(id))
	}
	b.LogError(ctx, "wake decided purges", err)
}

// Forget deletes purges and audit rows older than the retention time, and the engine's rows of ended jobs.
func (b *Runner) Forget(ctx context.Context) {
	now := b.Now()
	n, err := b.Store.Prune(ctx, now.Add(-b.Keep), now.Add(-7*24*time.Hour))
	b.LogError(ctx, "forget old purges", errors.Join(err, b.Engine.Forget(now.Add(-24*time.Hour))))
	if n > 0 {
		b.Log.InfoContext(ctx, "forgot old purges", "purges", n)
	}
}

// Begin starts the workflow of a recorded purge in the background, after the answer to its event has left. A purge whose start
// fails here is started by TendOpen.
func (b *Runner) Begin(p store.Purge, batches int) {
	b.Log.Info("purge taken", "purge", p.ID, "short", p.Short, "from", p.Requester, "kind", p.Request.Kind, "targets", p.Request.Len(), "guarded", p.Confirm != "")
	b.Done.Go(func() {
		time.Sleep(answerFirst)
		b.At("before start")
		again, err := b.poster.Lately(context.Background(), p, p.CreatedAt) // the calls of this purge must not be among the earlier ones
		b.LogError(context.Background(), "look for recent purges of the same targets", err)
		b.LogError(context.Background(), "start a purge", b.Engine.start(b.jobOf(p, batches)))
		b.poster.WantCards()
		if p.Confirm == "" {
			b.poster.TellLately(context.Background(), p, again)
		}
	})
}

// answerFirst is the head start of the answer to an event: the engine's own work would delay the answer, whose purge is already
// committed, by more than the commit took.
const answerFirst = time.Millisecond
