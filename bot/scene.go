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
	"purgebot/bot/account"
	"purgebot/bot/card"
	"purgebot/bot/chat"
	"purgebot/bot/rules"
	"purgebot/bot/store"
	"purgebot/bot/wish"
	"purgebot/purge"
)

const (
	personAge  = 5 * time.Minute  // the age up to which facts about a person or a channel are believed
	channelAge = 30 * time.Second // the same for the channel at a press; a channel takes no rights from a person
	lookWithin = 1500 * time.Millisecond
)

// scene is the person, the place and the rules of one event, looked up once.
type scene struct {
	event   store.Event
	at      chat.Thread
	person  chat.Person
	channel chat.Channel
	policy  *acl.Policy
	law     rules.Law // the policy with the rules from chat
	who     acl.Who
	listed  account.Domains // the account's domains, as known at the event
	// collected marks targets that were found in a message or a file. Such targets are shown before they are purged.
	collected bool
	about     string // the id of the pressed purge
}

// scene looks up the person and the place at the same time. It returns a refusal as a sentence, or an error if the look-up may
// succeed on another try.
func (b *reception) scene(ctx context.Context, ev chat.EventKey, from acl.Subject, at chat.Thread, maxAge time.Duration) (scene, string, error) {
	policy := b.rules.Policy()
	s := scene{event: store.Event{Platform: ev.Platform, Workspace: ev.Workspace, ID: ev.ID}, at: at, policy: policy, law: b.rules.Law(policy), listed: b.vendor.Listed(), person: chat.Person{Subject: from}}
	chat, err := b.poster.Platform(at.Platform)
	if err != nil {
		return s, purge.AsError(err).Message, nil
	}
	// Look up the channel and the person together.
	lookCtx, cancel := context.WithTimeout(ctx, lookWithin+b.Patience)
	defer cancel()
	var wg sync.WaitGroup
	var channelErr error
	wg.Go(func() { s.channel, channelErr = chat.Channel(lookCtx, at, max(maxAge, channelAge)) })
	person, err := chat.Person(lookCtx, from, maxAge)
	wg.Wait()
	// A failed look-up is a refusal or an error.
	if refused, err := b.unknown(ctx, "the person", card.WhoUnknown, err); refused != "" || err != nil {
		return s, refused, err
	}
	if refused, err := b.unknown(ctx, "the channel", card.WhereUnknown, channelErr); refused != "" || err != nil {
		return s, refused, err
	}
	// The person's rights, the clock for texts, and the givers of temporary grants.
	s.person = person
	s.who = policy.Who(person.Subject, person.Groups)
	if person.Zone != nil {
		s.law.Rules = s.law.In(person.Zone)
	}
	s.law = b.lenders(ctx, s.law, maxAge, s.who)
	return s, standingProblem(person, s.channel, b.poster.Limits(s.at).Workspace), nil
}

// standingProblem returns the reason for which a person may do nothing here, whatever the policy says; "" if there is none.
// workspace is the platform's own word for a workspace.
func standingProblem(p chat.Person, c chat.Channel, workspace string) string {
	switch {
	case p.Standing != chat.Member:
		return strings.ReplaceAll(card.StandingProblem[p.Standing], card.Workspace, cmp.Or(workspace, card.Workspace))
	case c.Shared:
		return card.SharedChannel
	}
	return ""
}

// unknown translates the error of a look-up. It returns an error where another try may succeed, and a refusal where only an
// operator can help, which it logs at long intervals.
func (b *reception) unknown(ctx context.Context, what, could string, err error) (refused string, again error) {
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

// failedLook words a failed look-up: an error asks the person to try again, and a refusal gives the reason.
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

// askerUnknown returns the error of a press whose requester cannot be looked up. The question stays open.
func askerUnknown(err error) error {
	refused, again := failedLook(card.WhoAskedUnknown, err)
	if again != nil {
		return again
	}
	return &purge.Error{Kind: purge.Denied, Message: refused, Err: err}
}

// places returns the sources of the area of a target without a typed one.
func (s scene) places() wish.Places { return wish.Places{Policy: s.policy, Listed: s.listed} }

// areaNotes explains the areas of a wish's parts.
func (s scene) areaNotes(w wish.Wish, parts []purge.Part) []string {
	return s.places().Notes(parts, len(w.Areas)+len(w.Parts) > 0)
}
