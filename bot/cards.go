package bot

import (
	"context"
	"encoding/json"
	"errors"
	"sync"
	"time"

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

// wantCards wakes the sender.
func (b *poster) wantCards() {
	select {
	case b.dueCards <- struct{}{}:
	default:
	}
}

// message names one message of a purge, for pacing.
func message(id string, role store.Role) string { return id + "/" + string(role) }

// showCards shows what is due until ctx ends. It never holds up a purge: the CDN does not wait for chat.
func (b *poster) showCards(ctx context.Context) {
	slots := make(chan struct{}, showAtOnce)
	var wg sync.WaitGroup
	defer wg.Wait()
	for ctx.Err() == nil {
		due, err := b.Store.DueCards(ctx, 200)
		b.logError(ctx, "find due cards", err)
		now, opening := b.Now(), opening(due)
		for _, d := range due {
			if !b.hasTurn(d, now, opening) || !b.showing.take(message(d.Purge, d.Role)) {
				continue
			}
			slots <- struct{}{}
			wg.Go(func() {
				defer func() { <-slots }()
				defer b.showing.give(message(d.Purge, d.Role))
				b.showCard(ctx, d)
			})
		}
		b.awaitDue(ctx, len(due) > 0)
	}
}

func (b *poster) awaitDue(ctx context.Context, some bool) {
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
func (b *poster) showCard(ctx context.Context, c store.Due) {
	p, err := b.load(ctx, c.Purge)
	if err != nil {
		b.logError(ctx, "load for a card", err)
		return
	}
	of, err := b.original(ctx, p)
	if err != nil {
		b.logError(ctx, "load for a card of a request that joined", err)
		return
	}
	if b.notYet(ctx, p, c) {
		b.pace.wait(message(c.Purge, c.Role), b.Now().Add(notYetWait))
		return
	}
	if moot, err := b.moot(ctx, p, c.Card); err != nil || moot {
		b.logError(ctx, "give up a message that says nothing any more", err)
		return
	}
	give, taken := b.takeLane(c)
	if !taken { // its turn comes again
		return
	}
	defer give()
	if _, err = b.post(ctx, p, c.Role); err != nil {
		b.showFailed(ctx, p, c, lastChange(of), purge.AsError(err))
		return
	}
	if c.Ref != nil && !of.State.Final() { // an edit; the first one after the post need not wait
		b.pace.wait(message(c.Purge, c.Role), b.Now().Add(b.EditGap))
	}
	if c.Role == store.Status {
		b.pace.hurry(message(c.Purge, store.Result))
	}
	b.wantCards()
}

// showFailed puts the card off, or gives it up where no retry can help. A failing message never fails a purge.
func (b *poster) showFailed(ctx context.Context, p store.Purge, c store.Due, last time.Time, e *purge.Error) {
	if ctx.Err() != nil || errors.Is(e, errStopping) {
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
		b.pace.wait(lane(c), b.Now().Add(wait))
	}
	b.pace.wait(message(c.Purge, c.Role), b.Now().Add(wait))
	b.Log.WarnContext(ctx, "card not shown", "purge", p.ID, "short", p.Short, "role", c.Role, "fails", c.Fails+1, "gave_up", giveUp, "error", e)
	b.logError(ctx, "note a failed card", b.Store.CardFailed(ctx, c.Purge, c.Role, c.Wanted, giveUp))
}

// tellEnd tells whoever asked, and nobody else, how a purge ended whose end cannot be shown where it was asked for. It reports whether
// there is nothing more to try. What happens before the end is told nobody: there is one end, and there may be many changes.
func (b *poster) tellEnd(ctx context.Context, p store.Purge, why *purge.Error) bool {
	c, err := b.draw(ctx, p, store.Result)
	if err != nil {
		b.logError(ctx, "draw the end of a purge", err)
		return false
	}
	c.Lines = append(c.Lines, card.ToldAlone(why.Message))
	err = b.tell(ctx, p, c)
	return err == nil || !purge.AsError(err).Kind.Transient()
}

func lastChange(p store.Purge) time.Time {
	if p.FinishedAt.IsZero() {
		return p.CreatedAt
	}
	return p.FinishedAt
}

// post shows one card of a purge as its rows are now. One writer per message: whoever comes second edits.
// What is under way when the bot stops is finished and written down: else its message would stay as it is for good.
func (b *poster) post(ctx context.Context, p store.Purge, role store.Role) (chat.MessageRef, error) {
	leave, err := b.calls.enter()
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
	adapter, err := b.platform(p.Requester.Platform())
	if err != nil {
		return chat.MessageRef{}, err
	}
	at, err := b.place(ctx, p, role)
	if err != nil {
		return chat.MessageRef{}, err
	}
	if p, err = b.reload(ctx, p); err != nil {
		return chat.MessageRef{}, err
	}
	card, err := b.draw(ctx, p, role)
	if err != nil {
		return chat.MessageRef{}, err
	}
	ref, err := adapter.Show(ctx, at, refOf(c), p.ID+"/"+string(role), card)
	if err != nil {
		return chat.MessageRef{}, err
	}
	return ref, b.Store.CardShown(ctx, p.ID, role, c.Wanted, mustJSON(ref))
}

// reload reads the rows after the version that was wanted, so that what is drawn is never older than what is marked as shown.
// The step ask draws the expiry that it is about to store.
func (b *poster) reload(ctx context.Context, p store.Purge) (store.Purge, error) {
	fresh, err := b.load(ctx, p.ID)
	if fresh.ExpiresAt.IsZero() {
		fresh.ExpiresAt = p.ExpiresAt
	}
	return fresh, err
}

// place is where a card goes: the status card opens the thread where there is none, the result replies in it, and so does all that
// follows the purge.
func (b *poster) place(ctx context.Context, p store.Purge, role store.Role) (chat.Thread, error) {
	at := thread(p)
	openers := []string{p.Follows, p.ID}
	if role == store.Status {
		openers = openers[:1]
	}
	for _, id := range openers {
		if at.Root != "" || id == "" {
			continue
		}
		c, _, err := b.Store.CardOf(ctx, id, store.Status)
		if err != nil {
			return at, err
		}
		at.Root = refOf(c).ID
	}
	return at, nil
}

func refOf(c store.Card) chat.MessageRef {
	var ref chat.MessageRef
	if c.Ref != nil {
		_ = json.Unmarshal(c.Ref, &ref) // written by mustJSON
	}
	return ref
}

// draw makes the card of a purge from its rows.
func (b *poster) draw(ctx context.Context, p store.Purge, role store.Role) (chat.Card, error) {
	request := p
	p, err := b.original(ctx, p)
	if err != nil {
		return chat.Card{}, err
	}
	v := card.View{Purge: p, Now: b.Now(), Token: buttonToken, Unserved: b.vendor.unserved(p.Request.Hosts()), Leaks: p.Request.Kind != purge.Prefetch && soundsLikeLeak(b.rules.Policy(), p.Reason) && !isLeak(p)}
	if request.Joined != "" {
		if err := b.drawJoin(ctx, &v, request); err != nil {
			return chat.Card{}, err
		}
	}
	if v.Targets, err = b.Store.Targets(ctx, p.ID); err == nil {
		v.Decision, v.Decided, err = b.Store.Decision(ctx, p.ID)
	}
	if err == nil && !p.State.Final() && p.Confirm != "" {
		policy := b.rules.Policy()
		v.Room, err = b.vendor.roomFor(ctx, policy, policy.Who(p.Requester, p.Groups), p.Request.Kind)
		v.Turns = b.vendor.dayTurns()
		v.Frozen = frozenLines(b.rules.law(b.rules.Policy()), p)
	}
	if err == nil && v.Asking() {
		v.Hints = b.vendor.listed().hintsOf(p.Request)
		v.Lately, err = b.lately(ctx, p, p.CreatedAt)
		drawApproval(&v, b.rules.law(b.rules.Policy()))
		v.Emergency = b.waits.emergency(b.rules.Policy(), p)
	}
	if err == nil {
		err = b.drawPrefetch(ctx, &v)
	}
	if err == nil && v.Tone() == chat.Busy {
		v.Usual, err = b.usual(ctx, p.Request)
	}
	if err == nil {
		err = b.drawTries(ctx, &v)
	}
	if err == nil {
		err = b.drawStop(ctx, &v)
	}
	if err == nil && (p.State.Final() || v.Leaks) {
		drawOffers(&v, b.rules.law(b.rules.Policy()), request)
	}
	if err != nil { // a half-empty card could say something false
		return chat.Card{}, err
	}
	switch role {
	case store.Result:
		return v.Result(), nil
	case store.Reminder:
		return v.Reminder(), nil
	case store.Looking:
		return v.StillLooking(), nil
	}
	return card.Readable(v.Status(), b.limits(thread(request)).Files), nil
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
