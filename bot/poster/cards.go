package poster

import (
	"context"
	"errors"
	"sync"
	"time"

	"purgebot/bot/books"
	"purgebot/bot/card"
	"purgebot/bot/chat"
	"purgebot/bot/store"
	"purgebot/purge"
)

// Cards are drawn from the rows of their purge at the moment they are shown. The database stores only that a card is due, so the
// newest state always wins, and a card never says more than the rows.

const (
	showEvery    = 2 * time.Second // the interval of looking for due cards without a wake-up
	notYetWait   = 100 * time.Millisecond
	showAtOnce   = 8 // the most messages under way at a time
	postTimeout  = 10 * time.Second
	showPatience = time.Hour // the time for which a silent platform is tried
	hopeless     = 2         // the number of tries after an answer that no retry can help
)

// Message returns the name of one message of a purge, as the key of its pacing.
func Message(id string, role store.Role) string { return id + "/" + string(role) }

// ShowCards shows the due cards until ctx ends. It never delays a purge: the CDN does not wait for chat.
func (b *Poster) ShowCards(ctx context.Context) {
	slots := make(chan struct{}, showAtOnce)
	var wg sync.WaitGroup
	defer wg.Wait()
	for ctx.Err() == nil {
		due, err := b.Store.DueCards(ctx, 200)
		b.LogError(ctx, "find due cards", err)
		// Show each card that has its turn, up to showAtOnce at a time.
		now, opening := b.Now(), Opening(due)
		for _, d := range due {
			if !b.HasTurn(d, now, opening) || !b.showing.take(Message(d.Purge, d.Role)) {
				continue
			}
			slots <- struct{}{}
			wg.Go(func() {
				defer func() { <-slots }()
				defer b.showing.give(Message(d.Purge, d.Role))
				b.showCard(ctx, d)
			})
		}
		b.awaitDue(ctx, len(due) > 0)
	}
}

// awaitDue waits for a wake-up or the next time to look for due cards.
func (b *Poster) awaitDue(ctx context.Context, some bool) {
	every := showEvery
	if some { // a due card may have been postponed for a moment
		every = notYetWait
	}
	timer := time.NewTimer(every)
	defer timer.Stop()
	select {
	case <-ctx.Done():
	case <-b.dueCards:
	case <-timer.C:
	}
}

// showCard shows one due card, or postpones it.
func (b *Poster) showCard(ctx context.Context, c store.Due) {
	p, err := b.Load(ctx, c.Purge)
	if err != nil {
		b.LogError(ctx, "load for a card", err)
		return
	}
	of, err := b.Original(ctx, p)
	if err != nil {
		b.LogError(ctx, "load for a card of a request that joined", err)
		return
	}
	// A card may have to wait for another card, or have nothing to say any more.
	if b.notYet(ctx, p, c) {
		b.Pace.Wait(Message(c.Purge, c.Role), b.Now().Add(notYetWait))
		return
	}
	if moot, err := b.moot(ctx, p, c.Card); err != nil || moot {
		b.LogError(ctx, "give up an outdated message", err)
		return
	}
	// Post the card through its lane. A failure sets the next try.
	give, taken := b.TakeLane(c)
	if !taken { // the card gets another turn
		return
	}
	defer give()
	if _, err = b.Post(ctx, p, c.Role); err != nil {
		b.showFailed(ctx, p, c, lastChange(of), purge.AsError(err))
		return
	}
	// Set the earliest time of the next edit, and let the reply that ends the purge follow at once.
	if c.Ref != nil && !of.State.Final() { // only edits are spaced, and the first edit after the post is not
		b.Pace.Wait(Message(c.Purge, c.Role), b.Now().Add(b.EditGap))
	}
	if c.Role == store.Status {
		b.Pace.Hurry(Message(c.Purge, store.Result))
	}
	b.WantCards()
}

// showFailed postpones a card after a failure, or gives it up where no retry can help. A failing message never fails a purge.
func (b *Poster) showFailed(ctx context.Context, p store.Purge, c store.Due, last time.Time, e *purge.Error) {
	if ctx.Err() != nil || errors.Is(e, books.ErrStopping) {
		return
	}
	// Give up after two answers that no retry can help, or after an hour. A lost result is told to the requester privately.
	overdue := b.Now().Sub(last) > showPatience
	giveUp := !e.Kind.Transient() && c.Fails+1 >= hopeless || overdue
	if giveUp && c.Role == store.Result {
		giveUp = b.tellEnd(ctx, p, e) || overdue
	}
	// The pause doubles with each failure. A rate limit holds up the whole lane for as long as the chat says.
	wait := max(e.RetryAfter, min(time.Second<<min(c.Fails, 6), time.Minute))
	if e.Kind == purge.Exhausted { // the chat sets the pause, for this message and its lane
		wait = max(e.RetryAfter, time.Second)
		b.Pace.Wait(lane(c), b.Now().Add(wait))
	}
	b.Pace.Wait(Message(c.Purge, c.Role), b.Now().Add(wait))
	b.Log.WarnContext(ctx, "card not shown", "purge", p.ID, "short", p.Short, "role", c.Role, "fails", c.Fails+1, "gave_up", giveUp, "error", e)
	b.LogError(ctx, "note a failed card", b.Store.CardFailed(ctx, c.Purge, c.Role, c.Wanted, giveUp))
}

// tellEnd tells the requester privately how a purge ended whose result cannot be shown in its thread. It reports whether there is
// nothing more to try. Only the end is told in this way, because earlier changes may be many.
func (b *Poster) tellEnd(ctx context.Context, p store.Purge, why *purge.Error) bool {
	c, err := b.Draw(ctx, p, store.Result)
	if err != nil {
		b.LogError(ctx, "draw the end of a purge", err)
		return false
	}
	c.Lines = append(c.Lines, card.ToldAlone(why.Message))
	err = b.Tell(ctx, p, c)
	return err == nil || !purge.AsError(err).Kind.Transient()
}

// lastChange returns the time of a purge's end, or of its request while it is under way.
func lastChange(p store.Purge) time.Time {
	if p.FinishedAt.IsZero() {
		return p.CreatedAt
	}
	return p.FinishedAt
}

// Post shows one card of a purge by its present rows, and returns the message. Each purge has one writer at a time, so a second
// caller edits the first one's message. A message under way at a stop is finished and recorded, since its unrecorded post would
// stay unedited for good.
func (b *Poster) Post(ctx context.Context, p store.Purge, role store.Role) (chat.MessageRef, error) {
	leave, err := b.Calls.Enter()
	if err != nil {
		return chat.MessageRef{}, err
	}
	defer leave()
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), postTimeout)
	defer cancel()
	defer b.posting.lock(p.ID)()
	// The version to mark as shown is read first, the rows after it, so that the card is never older than its mark.
	c, _, err := b.Store.CardOf(ctx, p.ID, role)
	if err != nil {
		return chat.MessageRef{}, err
	}
	adapter, err := b.Platform(p.Requester.Platform())
	if err != nil {
		return chat.MessageRef{}, err
	}
	at, err := b.Place(ctx, p, role)
	if err != nil {
		return chat.MessageRef{}, err
	}
	if p, err = b.reload(ctx, p); err != nil {
		return chat.MessageRef{}, err
	}
	card, err := b.Draw(ctx, p, role)
	if err != nil {
		return chat.MessageRef{}, err
	}
	// Show the card and record the message.
	ref, err := adapter.Show(ctx, at, RefOf(c), p.ID+"/"+string(role), card)
	if err != nil {
		return chat.MessageRef{}, err
	}
	return ref, b.Store.CardShown(ctx, p.ID, role, c.Wanted, books.JSON(ref))
}

// keySet is a set of keys in use.
type keySet struct {
	mu   sync.Mutex
	held map[string]bool
}

// take reports whether the key was free, and then reserves it for the caller.
func (k *keySet) take(key string) bool {
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.held[key] {
		return false
	}
	if k.held == nil {
		k.held = map[string]bool{}
	}
	k.held[key] = true
	return true
}

// busy reports whether a key is in use.
func (k *keySet) busy(key string) bool {
	k.mu.Lock()
	defer k.mu.Unlock()
	return k.held[key]
}

// give frees a key.
func (k *keySet) give(key string) {
	k.mu.Lock()
	defer k.mu.Unlock()
	delete(k.held, key)
}

// keyedMutex is one lock for each key.
type keyedMutex struct {
	mu    sync.Mutex
	locks map[string]*keyLock
}

// keyLock is the lock of a key, with the number of its users.
type keyLock struct {
	sync.Mutex
	users int
}

// lock takes the lock of a key and returns the function that releases it.
func (k *keyedMutex) lock(key string) func() {
	k.mu.Lock()
	if k.locks == nil {
		k.locks = map[string]*keyLock{}
	}
	l := k.locks[key]
	if l == nil {
		l = &keyLock{}
		k.locks[key] = l
	}
	l.users++
	k.mu.Unlock()
	l.Lock()
	return func() {
		l.Unlock()
		k.mu.Lock()
		defer k.mu.Unlock()
		if l.users--; l.users == 0 {
			delete(k.locks, key)
		}
	}
}

// Retire edits a copy of a card that a crash left behind, once, so that it points to the valid card.
func (b *Poster) Retire(p store.Purge, on chat.MessageRef) {
	if !b.retired.take(on.Channel + "/" + on.ID) {
		return
	}
	ctx, cancel := context.WithTimeout(context.Background(), postTimeout)
	defer cancel()
	adapter, err := b.Platform(p.Channel.Platform())
	if err == nil {
		_, err = adapter.Show(ctx, thread(p), on, p.ID+"/copy", card.OldCopyCard(p.Short))
	}
	b.LogError(ctx, "edit an old copy of a card", err)
}

// moot gives up a message that has nothing to say any more: a reminder of a decided question, or the reply about an unclear call
// that has become clear. It reports whether it did.
func (b *Poster) moot(ctx context.Context, p store.Purge, c store.Card) (bool, error) {
	if c.Ref != nil {
		return false, nil
	}
	// Only messages that are not posted yet can be given up.
	over := false
	switch c.Role {
	case store.Reminder:
		_, decided, err := b.Store.Decision(ctx, p.ID)
		if err != nil {
			return false, err
		}
		over = decided || p.State.Final()
	case store.Looking:
		of, err := b.Original(ctx, p)
		if err != nil {
			return false, err
		}
		targets, err := b.Store.Targets(ctx, of.ID)
		if err != nil {
			return false, err
		}
		over = !card.View{Purge: of, Targets: targets}.Looking()
	}
	if !over {
		return false, nil
	}
	return true, b.Store.CardFailed(ctx, p.ID, c.Role, c.Wanted, true)
}

// TellUnclear requests the reply about an unclear call for every purge with a call that has been unclear for long enough.
func (b *Poster) TellUnclear(ctx context.Context) {
	n, err := b.Store.TellUnclear(ctx, b.Now().Add(-min(unclearAfter, 100*b.waits.Poll)))
	b.LogError(ctx, "find unclear purges", err)
	if n > 0 {
		b.WantCards()
	}
}

// unclearAfter is the time for which an unclear call is looked up before its thread is told; it is shorter where looks come much
// faster.
const unclearAfter = 30 * time.Second
