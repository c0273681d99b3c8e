package bot

import (
	"context"
	"slices"
	"strings"

	"purgebot/acl"
	"purgebot/bot/card"
	"purgebot/bot/chat"
	"purgebot/bot/grammar"
	"purgebot/bot/store"
	"purgebot/bot/wish"
	"purgebot/purge"
)

// The command "why" answers for one target whether the person may purge it, by which rule, and whose press it needs.

// why answers for each kind that the target can be, in each area. Equal answers are given once.
func (b *answers) why(ctx context.Context, s scene, in grammar.Intent) (chat.Card, error) {
	if len(in.Refused) > 0 {
		r := in.Refused[0]
		return card.CannotAsTyped(r), nil
	}
	t := in.Targets[0]
	recent, err := b.Store.Recent(ctx, b.requests.recent(s, wish.Wish{}, requestOf(card.WhyReading{Kind: purge.URL, Area: purge.Mainland}, t), ""))
	if err != nil {
		return chat.Card{}, err
	}
	// Judge each reading, and collect its answer and its budgets.
	var answers []card.Because
	var budgets []card.Budget
	for _, r := range readings(t, in.Areas) {
		text, charges := b.whyOne(s, r, t, recent)
		answers = addBecause(answers, text, r)
		for _, charge := range charges {
			budgets = append(budgets, card.Budget{Charge: charge, QuotaOf: card.QuotaOf(r)})
		}
	}
	// The card shows the answers, the budgets, and the area of an untyped target.
	c := chat.Card{Title: "Why", Targets: []string{t.String()}, Lines: card.WhyLines(answers)}
	lines, err := b.requests.budgetLines(ctx, budgets)
	c.Lines = append(c.Lines, lines...)
	if where := s.places().Why(t.Host()); where != "" {
		c.Lines = append(c.Lines, where)
	}
	return c, err
}

// readings returns all ways to read a target, in the given areas, or in both.
func readings(t purge.Target, areas []purge.Area) (all []card.WhyReading) {
	if len(areas) == 0 {
		areas = []purge.Area{purge.Mainland, purge.Overseas}
	}
	for _, k := range kindsOf(t) {
		for _, a := range areas {
			all = append(all, card.WhyReading{Kind: k, Area: a})
		}
	}
	return all
}

// kindsOf returns the kinds that a target can be: an address with a final slash may also be a directory.
func kindsOf(t purge.Target) []purge.Kind {
	if strings.HasSuffix(t.Path(), "/") && t.Query() == "" {
		return []purge.Kind{purge.URL, purge.Directory}
	}
	return []purge.Kind{purge.URL}
}

// requestOf returns the request for one reading of a target.
func requestOf(r card.WhyReading, t purge.Target) purge.Request {
	req := purge.Request{Kind: r.Kind, Parts: []purge.Part{{Area: r.Area, Targets: []purge.Target{t}}}}
	if r.Kind == purge.Directory {
		req.Mode = purge.Flush
	}
	return req
}

// whyOne answers for one reading, and returns the charges of an allowed one.
func (b *answers) whyOne(s scene, r card.WhyReading, t purge.Target, recent store.Recent) (string, []acl.Charge) {
	d := s.law.JudgeOne(acl.Request{Who: s.who, In: s.at.Subject(), Purge: requestOf(r, t)})
	if !d.Allowed {
		return s.law.ToldTo(s.who, s.law.Refusal(d, s.who)).Reason, nil
	}
	return card.YesBy(d.Rule, d.Via) + " " + b.wouldAsk(s, requestOf(r, t), d.Decision, recent), d.Charges
}

// wouldAsk names the people who would have to press before a request is sent.
func (b *answers) wouldAsk(s scene, r purge.Request, d acl.Decision, recent store.Recent) string {
	p := store.Purge{Request: r, Requester: s.person.Subject, Groups: s.person.Groups, Channel: s.at.Subject()}
	p.Confirm = b.requests.guard(wish.Wish{}, judgement{allowed: r, confirm: d.Confirm}, recent)
	if p.Confirm == "" {
		return card.NotAsked(b.requests.ConfirmURLs)
	}
	return card.AsksFirst(p, s.law.Approvers(p))
}

// addBecause adds an answer for a reading, merging readings with the same answer.
func addBecause(all []card.Because, text string, r card.WhyReading) []card.Because {
	i := slices.IndexFunc(all, func(b card.Because) bool { return b.Text == text })
	if i < 0 {
		return append(all, card.Because{Text: text, Of: []card.WhyReading{r}})
	}
	all[i].Of = append(all[i].Of, r)
	return all
}
