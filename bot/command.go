package bot

import (
	"context"
	"errors"
	"slices"
	"strings"
	"time"

	"purgebot/acl"
	"purgebot/bot/books"
	"purgebot/bot/card"
	"purgebot/bot/chat"
	"purgebot/bot/grammar"
	"purgebot/bot/store"
	"purgebot/bot/wish"
	"purgebot/purge"
)

// handleWithin bounds the handling of one event: platforms give up after three seconds, and a later answer is lost.
const handleWithin = 2500 * time.Millisecond

// Command handles one command. The reply is for the person alone; the public sees the card of the purge.
func (b *desk) Command(ctx context.Context, c chat.Command) (chat.Reply, error) {
	ctx, cancel := context.WithTimeout(ctx, handleWithin+b.Patience)
	defer cancel()
	if !b.rate.allow(c.From, c.Event, b.Now()) {
		return private(card.TooFast(b.PersonRate))
	}
	s, refused, err := b.scene(ctx, c.Event, c.From, c.At, personAge)
	if err != nil {
		return chat.Reply{}, err
	}
	if refused != "" {
		return b.refuse(ctx, s, "", refused)
	}
	s.collected = c.Collected
	in, err := understand(c)
	if err != nil {
		return b.requests.misunderstood(ctx, s, c, err)
	}
	return b.do(ctx, s, in)
}

// misunderstood answers a command that is not done as typed, with a correction or a refusal.
func (b *requests) misunderstood(ctx context.Context, s scene, c chat.Command, err error) (chat.Reply, error) {
	var wrong *grammar.Correction
	if errors.As(err, &wrong) {
		return b.correct(ctx, s, c, wrong)
	}
	return b.refuse(ctx, s, "", purge.AsError(err).Message)
}

// understand parses a command's text or fields.
func understand(c chat.Command) (grammar.Intent, error) {
	if c.Fields != nil {
		return grammar.ParseFields(c.Fields)
	}
	return grammar.Parse(c.Text)
}

// do dispatches a parsed command of a person who may use the bot here.
func (b *desk) do(ctx context.Context, s scene, in grammar.Intent) (chat.Reply, error) {
	return b.verbs[in.Verb](ctx, s, in)
}

// purge carries out a command to purge.
func (b *requests) purge(ctx context.Context, s scene, in grammar.Intent) (chat.Reply, error) {
	w := wish.Of(in)
	w.Asks = s.collected
	return b.request(ctx, s, w, books.EventID(s.event))
}

// refuse commits the audit row of a refusal, then returns the message for the person alone.
func (b *reception) refuse(ctx context.Context, s scene, verb, message string) (chat.Reply, error) {
	body := s.refused(verb)
	body.Message = message
	dup, err := b.Store.Take(ctx, s.event, nil, b.By(s.person, store.AuditRefused, s.about, body))
	if err != nil || dup {
		return chat.Reply{}, err
	}
	return private(message)
}

// private returns a private refusal.
func private(message string) (chat.Reply, error) {
	return chat.Reply{Card: &chat.Card{Title: message, Tone: chat.Bad}, Refused: true}, nil
}

// maxChoices is the number of completions that a platform shows.
const maxChoices = 25

// Suggest completes a target with the hosts that this person may purge, an id with the person's own purges, and an administrator's
// rule with the present rules. Other people's ids are not shown.
func (b *desk) Suggest(ctx context.Context, q chat.Suggestion) (chat.Reply, error) {
	ctx, cancel := context.WithTimeout(ctx, handleWithin+b.Patience)
	defer cancel()
	s, refused, err := b.scene(ctx, chat.EventKey{}, q.From, q.At, personAge)
	if err != nil || refused != "" {
		return chat.Reply{}, err
	}
	switch q.Field {
	case "targets":
		return chat.Reply{Choices: completions(s.grants(), q.Text)}, nil
	case "domain":
		return chat.Reply{Choices: hosts(s.grants(), q.Text)}, nil
	case "id":
		return b.answers.ownIDs(ctx, q)
	case "rule":
		return chat.Reply{Choices: rulesToRevoke(s, q.Text)}, nil
	}
	return chat.Reply{}, nil
}

// rulesToRevoke returns the ids of the present rules from chat, newest first, for an administrator.
func rulesToRevoke(s scene, typed string) (found []string) {
	if !s.policy.Administrator(s.who) {
		return nil
	}
	for _, r := range slices.Backward(s.law.Lasting()) {
		if strings.Contains(r.ID, strings.ToLower(strings.TrimSpace(typed))) && len(found) < maxChoices {
			found = append(found, r.ID)
		}
	}
	return found
}

// ownIDs returns the ids of the person's own latest purges, the open ones first.
func (b *answers) ownIDs(ctx context.Context, q chat.Suggestion) (chat.Reply, error) {
	own, err := b.Store.History(ctx, store.Filter{Platform: q.At.Platform, Workspace: q.At.Workspace, By: q.From, Limit: maxChoices})
	var open, closed []string
	for _, p := range own {
		switch {
		case !strings.Contains(p.Short, strings.ToLower(strings.TrimSpace(q.Text))):
		case p.State.Final():
			closed = append(closed, p.Short)
		default:
			open = append(open, p.Short)
		}
	}
	return chat.Reply{Choices: append(open, closed...)}, err
}

// hosts returns the granted hosts that contain the typed text.
func hosts(grants []acl.GrantView, typed string) []string {
	var out []string
	for _, g := range grants {
		for _, host := range g.Domains {
			if strings.Contains(host, typed) && len(out) < maxChoices && !slices.Contains(out, host) {
				out = append(out, host)
			}
		}
	}
	return out
}

// completions returns the addresses of granted hosts that match the last typed word, each behind the words before it.
func completions(grants []acl.GrantView, typed string) []string {
	before, word := "", typed
	if i := strings.LastIndexByte(typed, ' '); i >= 0 {
		before, word = typed[:i+1], typed[i+1:]
	}
	var out []string
	for _, g := range grants {
		for _, host := range g.Domains {
			address := "https://" + strings.TrimPrefix(host, "*.") + "/"
			fits := strings.HasPrefix(address, word) || strings.Contains(host, word)
			if fits && !strings.HasPrefix(host, "*.") && len(out) < maxChoices && !slices.Contains(out, before+address) {
				out = append(out, before+address)
			}
		}
	}
	return out
}
