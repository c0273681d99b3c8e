package bot

import (
	"context"
	"errors"
	"slices"
	"time"

	"purgebot/acl"
	"purgebot/bot/account"
	"purgebot/bot/books"
	"purgebot/bot/card"
	"purgebot/bot/chat"
	"purgebot/bot/rules"
	"purgebot/bot/store"
	"purgebot/bot/wish"
	"purgebot/purge"
)

// judgement is the judgement on a whole wish.
type judgement struct {
	allowed purge.Request
	refused []card.Refusal
	confirm acl.Confirm
	rules   []string // the rules that allowed a target, each once
	via     []string // the groups that gave the person the right, each once
	// overrides are the freezes that the request overrides, each once.
	overrides []acl.Freeze
	charges   []store.Charge // without a day yet
	folding   folding        // the variants among the allowed targets
}

// request judges a wish and starts its purge, or answers privately with the obstacles and an offer of the rest. id is the
// workflow's id: one event or one button never starts two purges.
func (b *requests) request(ctx context.Context, s scene, w wish.Wish, id string) (chat.Reply, error) {
	if (w.Prefetch || w.Kind == purge.Prefetch) && !b.vendor.Prefetches() {
		return b.refuse(ctx, s, w.Verb, card.CannotPrefetch)
	}
	// A refusal, a dry run and a channel without the bot end the request here.
	v := b.judgeWish(s, w)
	switch {
	case len(v.refused) > 0:
		w.Readings = mayable(s, w.Readings)
		return b.offer(ctx, s, w, v, card.RefusedCard(v.refused, w.Readings, s.areaNotes(w, wish.Parts(s.places(), w))))
	case w.DryRun:
		return b.dryRun(ctx, s, w, v)
	case !s.channel.Joined:
		return b.refuse(ctx, s, w.Verb, card.NotJoined(s.channel.Invite))
	}
	batches, err := purge.NewPlan(v.allowed, b.vendor.CDN.Limits())
	if err != nil { // a target too long for one call
		return b.refuse(ctx, s, w.Verb, purge.AsError(err).Message)
	}
	return b.take(ctx, s, w, v, batches, id)
}

// take commits the purge, unless a recent purge or a limit prevents it: the commit is the promise to carry it out. One transaction
// reads the recent purges and writes the new one, so that the second of two simultaneous commands sees the first, and a failed
// write surely took nothing.
func (b *requests) take(ctx context.Context, s scene, w wish.Wish, v judgement, batches []purge.Batch, id string) (chat.Reply, error) {
	b.vendor.AskQuota() // the answer serves the next request; this one uses the known figure
	// The transaction decides between a repeat, a join, a limit and a new purge.
	taken, err := b.Store.TakeIf(ctx, b.recent(s, w, v.allowed, id), func(r store.Recent) *store.Intake {
		rule := b.guard(w, v, r)
		switch {
		case r.Same != "":
			return nil
		case r.Running != "":
			return b.joining(s, w, v, id, r.Running)
		case b.tooMuch(s, v.allowed, rule, r) != "":
			return nil
		}
		p := b.newPurge(s, w, v, id, rule)
		return &store.Intake{Purge: p, Batches: batches, Entries: []store.Entry{b.asked(s, w, v, p)}}
	})
	// An untaken request is answered with its reason.
	var over *store.OverBudget
	switch {
	case errors.As(err, &over):
		return b.overBudget(ctx, s, w, v, over)
	case err != nil:
		return chat.Reply{}, err
	case taken.Known:
		return b.answerKnown(ctx, s, id)
	case taken.Same != "":
		return b.alreadyOpen(ctx, s, taken.Same)
	case taken.Purge == nil:
		return b.refuse(ctx, s, w.Verb, b.tooMuch(s, v.allowed, b.guard(w, v, taken.Recent), taken.Recent))
	}
	// A taken request starts its purge, or joins a running one.
	b.At("taken")
	if taken.Purge.Joined != "" {
		b.joined(*taken.Purge)
	} else {
		b.runner.Begin(*taken.Purge, len(batches))
	}
	if w.Private {
		card := card.PrivateTargetsCard(v.allowed)
		return chat.Reply{Card: &card}, nil
	}
	return chat.Reply{}, nil
}

// answerKnown answers an event or a press whose purge was taken before: a redelivery gets no answer, and another press of the same button
// a pointer to the purge.
func (b *requests) answerKnown(ctx context.Context, s scene, id string) (chat.Reply, error) {
	p, found, err := b.Store.Purge(ctx, id)
	if err != nil || !found {
		return chat.Reply{}, err
	}
	if p.Event.ID == s.event.ID {
		return chat.Reply{}, b.Store.Note(ctx, b.sceneEntry(s, store.AuditDuplicate, id))
	}
	return b.alreadyOpen(ctx, s, id)
}

// recent returns the question about recent purges that the database answers before a purge is taken.
func (b *requests) recent(s scene, w wish.Wish, r purge.Request, id string) store.RecentQuery {
	now := b.Now()
	return store.RecentQuery{
		ID: id, Who: s.person.Subject, Channel: s.at.Subject(), Digest: books.DigestOf(r, w.Prefetch),
		Same: now.Add(-sameWindow), URLs: now.Add(-recentWindow), Asked: now.Add(-recentWindow - b.waits.LongestTTL()), Day: b.vendor.Day(now), Kind: r.Kind,
		Platform: s.at.Platform, Workspace: s.at.Workspace, Private: w.Private, Anew: w.Anew,
	}
}

// judgeWish judges every target of a wish in each of its areas.
func (b *requests) judgeWish(s scene, w wish.Wish) judgement {
	v := judgement{refused: w.Refused, allowed: purge.Request{Kind: w.Kind, Mode: w.Mode}, folding: folding{domains: s.listed}}
	asked := acl.Request{Who: s.who, In: s.at.Subject(), Despite: acl.Despite{All: w.Reason != ""},
		Purge: purge.Request{Kind: w.Kind, Parts: wish.Parts(s.places(), w)}}
	for one := range s.law.Judge(asked) {
		if one.Allowed {
			v.allow(one)
		} else {
			v.refused = append(v.refused, s.law.ToldTo(s.who, s.law.Refusal(one, s.who)))
		}
	}
	return v
}

// allow adds a target to the allowed ones, unless it is the same object as an earlier one.
func (v *judgement) allow(one acl.Verdict) {
	v.note(one.Decision)
	kind := v.allowed.Kind
	if v.folding.drops(kind, one.Area, one.Target) {
		return
	}
	n := len(v.allowed.Parts)
	if n == 0 || v.allowed.Parts[n-1].Area != one.Area {
		v.allowed.Parts = append(v.allowed.Parts, purge.Part{Area: one.Area})
		n++
	}
	part := &v.allowed.Parts[n-1]
	if kind != purge.Prefetch { // the purge before a prefetch was charged already
		v.charge(kind, one.Area, len(part.Targets), one.Charges)
	}
	part.Targets = append(part.Targets, one.Target)
}

// note adds the rule, group, confirmation and overridden freeze of a decision to the judgement.
func (v *judgement) note(d acl.Decision) {
	v.confirm = rules.Stricter(v.confirm, d.Confirm)
	v.rules = addOnce(v.rules, d.Rule)
	if d.Via != "" {
		v.via = addOnce(v.via, d.Via)
	}
	if f := d.Frozen; f != nil && !slices.Contains(v.overrides, *f) {
		v.overrides = append(v.overrides, *f)
	}
}

// offer answers with a refusal, and puts the targets without a refusal behind one button.
func (b *requests) offer(ctx context.Context, s scene, w wish.Wish, v judgement, refusal chat.Card) (chat.Reply, error) {
	rest := w
	rest.Targets = union(v.allowed.Parts, v.refused)
	rest.Notes = append(rest.Notes, card.LeftOut(len(v.refused)))
	// A button for each possible reading, and one for the rest.
	var buttons []store.Button
	rest.Parts = without(w.Parts, rest.Targets)
	if len(w.Readings) > 0 {
		card.ShowReadings(&refusal, w.Readings)
		buttons = b.offerReadings(s, &refusal, w.Readings)
	}
	if len(rest.Targets) > 0 {
		button := b.offering(s, rest)
		refusal.Buttons = append(refusal.Buttons, chat.Button{Label: card.LabelRest(len(rest.Targets)), Token: button.Token})
		buttons = append(buttons, button)
	}
	// The audit row lists the first hundred refusals.
	shown := v.refused[:min(len(v.refused), 100)]
	body := s.refused(w.Verb)
	body.Refused, body.More, body.Reason = card.Recorded(shown...), len(v.refused)-len(shown), w.Reason
	dup, err := b.Store.Take(ctx, s.event, buttons, b.By(s.person, store.AuditRefused, "", body))
	if err != nil || dup {
		return chat.Reply{}, err
	}
	return chat.Reply{Card: &refusal, Refused: true, Public: card.Mistakes(v.refused)}, nil
}

// union returns the targets that are allowed in every requested area: a target that is refused in one area is not silently purged
// in the other.
func union(parts []purge.Part, refused []card.Refusal) []purge.Target {
	gone := map[string]bool{}
	for _, r := range refused {
		gone[r.Target] = true
	}
	var out []purge.Target
	for _, p := range parts {
		for _, t := range p.Targets {
			if !gone[t.String()] {
				gone[t.String()] = true
				out = append(out, t)
			}
		}
	}
	return out
}

// recentWindow is the time for which a person's purged URLs count towards a question; within sameWindow, a repeat is answered with
// the first purge.
const (
	recentWindow = 10 * time.Minute
	sameWindow   = 60 * time.Second
)

// guard returns the confirmation that a request needs, or "" for none. It may add to the confirmation of the rules, never lower it.
func (b *requests) guard(w wish.Wish, v judgement, r store.Recent) acl.Confirm {
	many := v.allowed.Kind == purge.URL && r.URLs+v.allowed.Len() > b.ConfirmURLs
	if v.confirm == "" && (w.Asks || many || wide(v.allowed) || len(v.overrides) > 0) {
		return acl.Requester
	}
	return v.confirm
}

// tooMuch returns the limit that a new request would exceed, as a sentence; "" if there is none.
func (b *requests) tooMuch(s scene, req purge.Request, rule acl.Confirm, r store.Recent) string {
	switch {
	case r.Open >= b.PersonOpen:
		return card.TooManyOpen(r.Open)
	case rule != "" && (r.Waits >= maxWaiting || r.Open >= maxWaitingPerson):
		return card.TooManyWaiting
	}
	left := b.vendor.Room(req.Kind, map[purge.Area]int{purge.Mainland: r.Mainland, purge.Overseas: r.Overseas})
	return b.vendor.WouldNotFit(req, account.WithoutReserve(left, s.policy, s.who, req.Kind))
}

// wide reports whether a mistake in the request would be costly: directories, and every area but mainland.
func wide(r purge.Request) bool {
	if r.Kind == purge.Directory {
		return true
	}
	for _, p := range r.Parts {
		if p.Area != purge.Mainland {
			return true
		}
	}
	return false
}

// newPurge returns the row of a new purge.
func (b *requests) newPurge(s scene, w wish.Wish, v judgement, id string, rule acl.Confirm) store.Purge {
	p := store.Purge{
		ID: id, Secret: books.NewToken(), Event: s.event, Requester: s.person.Subject, Name: s.person.Name, Groups: s.person.Groups,
		Thread: books.JSON(s.at), Channel: s.at.Subject(), Request: v.allowed, Digest: books.DigestOf(v.allowed, w.Prefetch), Policy: s.policy.Hash(),
		Confirm: rule, Reason: w.Reason, Private: w.Private, Prefetch: w.Prefetch, Notes: slices.Concat(w.Notes, s.areaNotes(w, v.allowed.Parts), v.folding.notes(w.Private)), State: store.StateRecorded, CreatedAt: b.Now(),
	}
	p.Event.Digest, p.Charges = p.Digest, v.chargesOn(b.vendor.Day(p.CreatedAt))
	for _, f := range v.overrides {
		p.Overrides, p.Notes = append(p.Overrides, f.ID), append(p.Notes, card.Overrides(f, w.Reason))
	}
	return p
}

// asked returns the audit row of a taken purge: the person, the request, and the rules that allowed it.
func (b *requests) asked(s scene, w wish.Wish, v judgement, p store.Purge) store.Entry {
	return b.By(s.person, store.AuditAsked, p.ID, b.letIn(s, w, v, p.Confirm))
}

// letIn returns the audit body with the grounds on which a request was allowed.
func (b *requests) letIn(s scene, w wish.Wish, v judgement, rule acl.Confirm) store.Body {
	body := s.refused(w.Verb)
	body.Digest, body.Targets, body.Reason = books.DigestOf(v.allowed, w.Prefetch), v.allowed.Len(), w.Reason
	body.Rules, body.Via, body.Confirm = v.rules, v.via, rule
	for _, f := range v.overrides {
		body.Freezes = append(body.Freezes, f.ID)
	}
	return body
}

// alreadyOpen answers a repeated request with a pointer to the first purge: people resend after a platform's timeout.
func (b *requests) alreadyOpen(ctx context.Context, s scene, id string) (chat.Reply, error) {
	p, err := b.Load(ctx, id)
	if err != nil {
		return chat.Reply{}, err
	}
	dup, err := b.Store.Take(ctx, s.event, nil, b.sceneEntry(s, store.AuditRepeated, id))
	if err != nil || dup {
		return chat.Reply{}, err
	}
	return chat.Reply{Card: &chat.Card{Title: card.AlreadyOpen(p.Short)}}, nil
}

// addOnce appends a word to a short list of distinct words. It searches from the end, since the last word is the likeliest to
// repeat.
func addOnce(list []string, s string) []string {
	for i := len(list) - 1; i >= 0; i-- {
		if list[i] == s {
			return list
		}
	}
	return append(list, s)
}

// Prefetching fetches the URLs of a purge into the caches again, once they are done. A prefetch is a purge of its own kind, which
// no command and no rule names, with the same workflow, ledger and cards. No question precedes it, since its purge was decided; a
// requester who has lost the right to the URLs gets no prefetch of them.
