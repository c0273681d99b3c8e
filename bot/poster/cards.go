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

// Cards are drawn from the rows of their purge at the moment they are shown: only that one is due is stored,
// so the newest always wins, and a card can never tell something the rows do not.

const (
	showEvery    = 2 * time.Second // how often due cards are looked for without being rung
	notYetWait   = 100 * time.Millisecond
	showAtOnce   = 8 // messages under way at a time
	postTimeout  = 10 * time.Second
	showPatience = time.Hour // how long a platform that does not answer is tried
	hopeless     = 2         // tries where the platform says that no retry can help
)

// Message names one message of a purge, for pacing.
func Message(id string, role store.Role) string { return id + "/" + string(role) }

// ShowCards shows what is due until ctx ends. It never holds up a purge: the CDN does not wait for chat.
func (b *Poster) ShowCards(ctx context.Context) {
	slots := make(chan struct{}, showAtOnce)
	var wg sync.WaitGroup
	defer wg.Wait()
	for ctx.Err() == nil {
		due, err := b.Store.DueCards(ctx, 200)
		b.LogError(ctx, "find due cards", err)
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

func (b *Poster) awaitDue(ctx context.Context, some bool) {
	every := showEvery
	if some { // one may have been put off for a moment
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

// showCard shows one due card, or puts it off.
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
	if b.notYet(ctx, p, c) {
		b.Pace.Wait(Message(c.Purge, c.Role), b.Now().Add(notYetWait))
		return
	}
	if moot, err := b.moot(ctx, p, c.Card); err != nil || moot {
		b.LogError(ctx, "give up a message that says nothing any more", err)
		return
	}
	give, taken := b.TakeLane(c)
	if !taken { // its turn comes again
		return
	}
	defer give()
	if _, err = b.Post(ctx, p, c.Role); err != nil {
		b.showFailed(ctx, p, c, lastChange(of), purge.AsError(err))
		return
	}
	if c.Ref != nil && !of.State.Final() { // an edit; the first one after the post need not wait
		b.Pace.Wait(Message(c.Purge, c.Role), b.Now().Add(b.EditGap))
	}
	if c.Role == store.Status {
		b.Pace.Hurry(Message(c.Purge, store.Result))
	}
	b.WantCards()
}

// showFailed puts the card off, or gives it up where no retry can help. A failing message never fails a purge.
func (b *Poster) showFailed(ctx context.Context, p store.Purge, c store.Due, last time.Time, e *purge.Error) {
	if ctx.Err() != nil || errors.Is(e, books.ErrStopping) {
		return
	}
	overdue := b.Now().Sub(last) > showPatience
	giveUp := !e.Kind.Transient() && c.Fails+1 >= hopeless || overdue
	if giveUp && c.Role == store.Result {
		giveUp = b.tellEnd(ctx, p, e) || overdue
	}
	wait := max(e.RetryAfter, min(time.Second<<min(c.Fails, 6), time.Minute))
	if e.Kind == purge.Exhausted { // the chat says itself how long, for this message and all of its lane
		wait = max(e.RetryAfter, time.Second)
		b.Pace.Wait(lane(c), b.Now().Add(wait))
	}
	b.Pace.Wait(Message(c.Purge, c.Role), b.Now().Add(wait))
	b.Log.WarnContext(ctx, "card not shown", "purge", p.ID, "short", p.Short, "role", c.Role, "fails", c.Fails+1, "gave_up", giveUp, "error", e)
	b.LogError(ctx, "note a failed card", b.Store.CardFailed(ctx, c.Purge, c.Role, c.Wanted, giveUp))
}

// tellEnd tells whoever asked, and nobody else, how a purge ended whose end cannot be shown where it was asked for. It reports whether
// there is nothing more to try. What happens before the end is told nobody: there is one end, and there may be many changes.
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

func lastChange(p store.Purge) time.Time {
	if p.FinishedAt.IsZero() {
		return p.CreatedAt
	}
	return p.FinishedAt
}

// Post shows one card of a purge as its rows are now. One writer per message: whoever comes second edits.
// What is under way when the bot stops is finished and written down: else its message would stay as it is for good.
func (b *Poster) Post(ctx context.Context, p store.Purge, role store.Role) (chat.MessageRef, error) {
	leave, err := b.Calls.Enter()
	if err != nil {
		return chat.MessageRef{}, err
	}
	defer leave()
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), postTimeout)
	defer cancel()
	defer b.posting.lock(p.ID)()
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
	ref, err := adapter.Show(ctx, at, RefOf(c), p.ID+"/"+string(role), card)
	if err != nil {
		return chat.MessageRef{}, err
	}
	return ref, b.Store.CardShown(ctx, p.ID, role, c.Wanted, books.JSON(ref))
}

// keySet is the keys that somebody is at work on.
type keySet struct {
	mu   sync.Mutex
	held map[string]bool
}

// take reports whether the key was free, and is now the caller's.
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

// busy reports whether somebody is at work on a key.
func (k *keySet) busy(key string) bool {
	k.mu.Lock()
	defer k.mu.Unlock()
	return k.held[key]
}

func (k *keySet) give(key string) {
	k.mu.Lock()
	defer k.mu.Unlock()
	delete(k.held, key)
}

// keyedMutex is one lock per key.
type keyedMutex struct {
	mu    sync.Mutex
	locks map[string]*keyLock
}

type keyLock struct {
	sync.Mutex
	users int
}

// lock takes the lock of a key and returns what releases it.
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

// Retire edits a card that was left behind, once.
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

// moot gives up a reminder of what was decided before it could be posted, and the word that something is unclear once it is not.
func (b *Poster) moot(ctx context.Context, p store.Purge, c store.Card) (bool, error) {
	if c.Ref != nil {
		return false, nil
	}
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

// TellUnclear wants the reply for all purges of which something has been unclear long enough.
func (b *Poster) TellUnclear(ctx context.Context) {
	n, err := b.Store.TellUnclear(ctx, b.Now().Add(-min(unclearAfter, 100*b.waits.Poll)))
	b.LogError(ctx, "tell what is unclear", err)
	if n > 0 {
		b.WantCards()
	}
}

// unclearAfter is how long an unclear call is looked up before that is told; where looks come much faster, it is sooner.
const unclearAfter = 30 * time.Second
