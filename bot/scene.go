package bot

import (
	"cmp"
	"context"
	"errors"
	"log/slog"
	"strings"
	"sync"
	"time"

	"purgebot/acl"
	"purgebot/bot/card"
	"purgebot/bot/chat"
	"purgebot/bot/rules"
	"purgebot/bot/store"
	"purgebot/bot/vendor"
	"purgebot/bot/wish"
	"purgebot/purge"
)

const (
	personAge  = 5 * time.Minute  // how long a person or a channel is believed to be what it was
	channelAge = 30 * time.Second // at a press likewise for the channel, in which nobody loses a right
	lookWithin = 1500 * time.Millisecond
)

// scene is who does something where, looked up once for one event.
type scene struct {
	event   store.Event
	at      chat.Thread
	person  chat.Person
	channel chat.Channel
	policy  *acl.Policy
	law     rules.Law // the policy, and what was said in chat since
	who     acl.Who
	listed  vendor.Domains // of the account, as they were known when the event came
	// collected: the targets were found in somebody's message or a file, so they are shown before they are purged.
	collected bool
	about     string // id of the purge that a press is about
}

// scene looks up who and where, in one network round at most. A refusal is a sentence, an error is that nobody could be asked just now.
func (b *desk) scene(ctx context.Context, ev chat.EventKey, from acl.Subject, at chat.Thread, maxAge time.Duration) (scene, string, error) {
	policy := b.rules.Policy()
	s := scene{event: store.Event{Platform: ev.Platform, Workspace: ev.Workspace, ID: ev.ID}, at: at, policy: policy, law: b.rules.Law(policy), listed: b.vendor.Listed(), person: chat.Person{Subject: from}}
	chat, err := b.poster.Platform(at.Platform)
	if err != nil {
		return s, purge.AsError(err).Message, nil
	}
	lookCtx, cancel := context.WithTimeout(ctx, lookWithin+b.Patience)
	defer cancel()
	var wg sync.WaitGroup
	var channelErr error
	wg.Go(func() { s.channel, channelErr = chat.Channel(lookCtx, at, max(maxAge, channelAge)) })
	person, err := chat.Person(lookCtx, from, maxAge)
	wg.Wait()
	if refused, err := b.unknown(ctx, "who asks", card.WhoUnknown, err); refused != "" || err != nil {
		return s, refused, err
	}
	if refused, err := b.unknown(ctx, "what the channel is", card.WhereUnknown, channelErr); refused != "" || err != nil {
		return s, refused, err
	}
	s.person = person
	s.who = policy.Who(person.Subject, person.Groups)
	if person.Zone != nil {
		s.law.Rules = s.law.In(person.Zone)
	}
	s.law = b.lenders(ctx, s.law, maxAge, s.who)
	return s, standingProblem(person, s.channel, b.poster.Limits(s.at).Workspace), nil
}

// standingProblem is why somebody may do nothing here, whatever the policy says; "" if there is no reason. workspace is what people
// there call theirs.
func standingProblem(p chat.Person, c chat.Channel, workspace string) string {
	switch {
	case p.Standing != chat.Member:
		return strings.ReplaceAll(card.StandingProblem[p.Standing], card.Workspace, cmp.Or(workspace, card.Workspace))
	case c.Shared:
		return card.SharedChannel
	}
	return ""
}

// unknown is what a failed look-up leads to: an error where asking again may help, which is logged where it stops, and a refusal
// where it cannot. Then nobody can do anything until somebody mends it, so the log names it.
func (b *desk) unknown(ctx context.Context, what, could string, err error) (refused string, again error) {
	refused, again = failedLook(could, err)
	if refused != "" && b.Seldom.First(what+": "+err.Error(), b.Now()) {
		kind, level := purge.AsError(err).Kind, slog.LevelWarn
		if kind == purge.Internal {
			level = slog.LevelError
		}
		b.Log.Log(ctx, level, "cannot look up "+what, "kind", kind.String(), "error", err)
	}
	return refused, again
}

// failedLook is what to say about a look-up that failed: that one may try again, or why not.
func failedLook(could string, err error) (refused string, again error) {
	if err == nil {
		return "", nil
	}
	e := purge.AsError(err)
	switch {
	case errors.Is(err, context.DeadlineExceeded), errors.Is(err, context.Canceled), e.Kind.Transient():
		return "", &purge.Error{Kind: purge.Unavailable, Message: could + card.TryAgain, RetryAfter: e.RetryAfter, Err: err}
	case e.Kind == purge.Internal:
		return could + card.NotYours, nil
	}
	return e.Message, nil
}

// askerUnknown is why a press cannot be judged just now: whoever asked cannot be looked up. The question stays open.
func askerUnknown(err error) error {
	refused, again := failedLook(card.WhoAskedUnknown, err)
	if again != nil {
		return again
	}
	return &purge.Error{Kind: purge.Denied, Message: refused, Err: err}
}

// places are the things that decide where a target is purged for which no area was typed.
func (s scene) places() wish.Places { return wish.Places{Policy: s.policy, Listed: s.listed} }

// areaNotes say why the parts of a wish are where they are.
func (s scene) areaNotes(w wish.Wish, parts []purge.Part) []string {
	return s.places().Notes(parts, len(w.Areas)+len(w.Parts) > 0)
}
