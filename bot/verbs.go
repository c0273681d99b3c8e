package bot

import (
	"context"
	"slices"
	"time"

	"purgebot/acl"
	"purgebot/bot/card"
	"purgebot/bot/chat"
	"purgebot/bot/grammar"
	"purgebot/bot/store"
	"purgebot/purge"
)

// answerVerb answers the verbs that only say something, privately. A person learns only what concerns them.
func (b *desk) answerVerb(ctx context.Context, s scene, in grammar.Intent) (chat.Card, []store.Entry, error) {
	switch in.Verb {
	case grammar.VerbStatus:
		return b.status(ctx, s, in.ID)
	case grammar.VerbHistory:
		return b.history(ctx, s, in)
	case grammar.VerbDomains:
		return b.domains(ctx, s)
	case grammar.VerbWhy:
		return b.why(ctx, s, in)
	case grammar.VerbWhoami:
		person, groups := s.policy.Whoami(s.who)
		return card.WhoamiCard(card.Self{Subject: s.person.Subject, Channel: s.at.Subject(), Person: person, Seen: s.person.Groups, Groups: groups}), nil, nil
	case grammar.VerbQuota:
		return b.quotaCard(ctx, s)
	}
	return b.helpCard(s), nil, nil
}

// cancelID cancels by id.
func (b *desk) cancelID(ctx context.Context, s scene, short string) (chat.Reply, error) {
	p, found, err := b.visible(ctx, s, short)
	if err != nil {
		return chat.Reply{}, err
	}
	if !found {
		return b.refuse(ctx, s, "cancel", card.NoSuchPurge)
	}
	if p, err = b.original(ctx, p); err != nil {
		return chat.Reply{}, err
	}
	return b.cancel(ctx, s, p)
}

// visible finds a purge by its short id. One that the person may not see is answered like one that does not exist.
func (b *desk) visible(ctx context.Context, s scene, short string) (store.Purge, bool, error) {
	p, found, err := b.Store.Find(ctx, s.at.Platform, s.at.Workspace, short)
	if err != nil || !found {
		return p, false, err
	}
	may, err := b.sees(ctx, s, p)
	return p, may && err == nil, err
}

// maySee: the requester, anyone granted all its hosts, auditors, and administrators, who may cancel it.
func maySee(s scene, p store.Purge) bool {
	if s.policy.SamePerson(s.person.Subject, p.Requester) || s.policy.Auditor(s.who) || s.policy.Administrator(s.who) {
		return true
	}
	for _, h := range p.Request.Hosts() {
		if !s.policy.Holds(s.who, h) {
			return false
		}
	}
	return true
}

// mayKnow reports whether somebody may see the targets of a private purge: whoever asked, whoever may purge them all
// and so could approve it, and auditors.
func (b *desk) mayKnow(s scene, p store.Purge) bool {
	return s.policy.SamePerson(s.person.Subject, p.Requester) || s.policy.Auditor(s.who) || len(deniedAny(s.law.thawed(), s.who, p)) == 0
}

func (b *desk) status(ctx context.Context, s scene, short string) (chat.Card, []store.Entry, error) {
	p, found, err := b.visible(ctx, s, short)
	if err != nil || !found {
		return chat.Card{Title: card.NoSuchPurge, Tone: chat.Bad}, nil, err
	}
	p.Private = p.Private && !b.mayKnow(s, p)
	c, err := b.poster.draw(ctx, p, store.Status)
	if err != nil {
		return chat.Card{}, nil, err
	}
	c.Buttons = nil // they belong to the purge's own message
	c.Lines = append(c.Lines, "Asked at "+card.Dated(p.CreatedAt, s.person.Zone)+" by "+chat.OneLine(p.Name)+".")
	return c, nil, nil
}

// historyLines is how many purges a history shows in chat.
const historyLines = 20

func (b *desk) history(ctx context.Context, s scene, in grammar.Intent) (chat.Card, []store.Entry, error) {
	f, err := b.filter(s, in)
	if err != nil {
		return chat.Card{Title: purge.AsError(err).Message, Tone: chat.Bad}, nil, nil
	}
	lines, more, err := b.historyLinesFor(ctx, s, f)
	if err != nil {
		return chat.Card{}, nil, err
	}
	c := chat.Card{Title: "Purges, newest first", Lines: lines}
	if len(lines) == 0 {
		c.Title = "No purge that you may see matches."
	}
	if more {
		c.Lines = append(c.Lines, card.MoreHistory)
	}
	return c, nil, nil
}

// historyTime bounds the search for purges that somebody may see, which others' may stand in front of.
const historyTime = time.Second

// historyLinesFor goes back page by page until enough are found that this person may see, and says whether there may be more.
func (b *desk) historyLinesFor(ctx context.Context, s scene, f store.Filter) (lines []string, more bool, err error) {
	for began := time.Now(); len(lines) <= historyLines && time.Since(began) < historyTime+b.Patience; {
		rows, err := b.Store.History(ctx, f)
		if err != nil {
			return nil, false, err
		}
		for _, p := range rows {
			if maySee(s, p) {
				lines = append(lines, card.HistoryLine(p, s.person.Zone))
			}
		}
		if len(rows) < f.Limit {
			return lines[:min(len(lines), historyLines)], len(lines) > historyLines, nil
		}
		f.Until = rows[len(rows)-1].CreatedAt
	}
	return lines[:min(len(lines), historyLines)], true, nil
}

func (b *desk) filter(s scene, in grammar.Intent) (store.Filter, error) {
	now := b.Now()
	since, err := grammar.ParseTime(in.Since, now, b.vendor.Zone)
	if err != nil {
		return store.Filter{}, err
	}
	until, err := grammar.ParseTime(in.Until, now, b.vendor.Zone)
	if err != nil {
		return store.Filter{}, err
	}
	by := grammar.Subject(s.at, in.By)
	switch {
	case in.By == "me":
		by = s.person.Subject
	case isUnmentioned(in.By):
		return store.Filter{}, &purge.Error{Kind: purge.Invalid, Message: card.Unmentioned(in.By, b.poster.limits(s.at).Mentions)}
	case in.By != "" && by == "":
		return store.Filter{}, &purge.Error{Kind: purge.Invalid, Message: card.NobodyHere}
	}
	return store.Filter{Platform: s.at.Platform, Workspace: s.at.Workspace, Host: in.Host, By: by,
		Since: since, Until: until, State: store.State(in.Outcome), Limit: historyLines}, nil
}

// domains says what somebody may purge, lent for a while too, what is left of their budgets, and what of it is frozen.
func (b *desk) domains(ctx context.Context, s scene) (chat.Card, []store.Entry, error) {
	grants := s.grants()
	c := card.DomainsCard(s.person.Subject, s.policy.Contact(), grants, s.person.Zone)
	budgets, err := b.budgetLines(ctx, budgetsOf(s, grants))
	c.Lines = slices.Concat(c.Lines, budgets, s.listed.servedLines(grants))
	for _, f := range s.law.ofKind(store.Freeze) {
		if slices.ContainsFunc(grants, func(g acl.GrantView) bool { return closes(f, g) }) {
			c.Lines = append(c.Lines, card.Frozen(f, powersOf(s.law, s.who), s.person.Zone))
		}
	}
	return c, nil, err
}

// grants are the file's, then those that were given in chat.
func (s scene) grants() []acl.GrantView {
	return append(s.policy.Grants(s.who), s.law.Loans(s.who)...)
}

// closes reports whether a freeze is of some of a grant's domains. That of "*.x" is of x too.
func closes(f store.Rule, g acl.GrantView) bool {
	return slices.ContainsFunc(g.Domains, func(d string) bool { return meet(f.Domain, d) || f.Domain == "*."+d })
}

// limits is what the chat there can show.
func (b *poster) limits(at chat.Thread) chat.ChatLimits {
	adapter, err := b.platform(at.Platform)
	if err != nil {
		return chat.ChatLimits{}
	}
	return adapter.Limits()
}

// dryVerdicts say what a wish would be refused for, and what it would take of budgets.
func (b *desk) dryVerdicts(ctx context.Context, s scene, v verdict, rule acl.Confirm, recent store.Recent) ([]string, error) {
	takes, refused, err := b.wouldTake(ctx, s, v)
	if err != nil {
		return nil, err
	}
	if first := b.tooMuch(s, v.allowed, rule, recent); first != "" {
		refused = first
	}
	if refused != "" {
		takes = append([]string{"It would be refused: " + refused}, takes...)
	}
	return takes, nil
}

// wouldHappen says what a wish would join, or what it would be refused for and take of budgets.
func (b *desk) wouldHappen(ctx context.Context, s scene, v verdict, rule acl.Confirm, recent store.Recent) ([]string, error) {
	join, err := b.wouldJoin(ctx, recent.Running)
	if join != "" || err != nil {
		return []string{join}, err
	}
	return b.dryVerdicts(ctx, s, v, rule, recent)
}

// dryRun says what would happen, and sends nothing.
func (b *desk) dryRun(ctx context.Context, s scene, w wish, v verdict) (chat.Reply, error) {
	batches, err := purge.NewPlan(v.allowed, b.vendor.CDN.Limits())
	if err != nil {
		return b.refuse(ctx, s, w.Verb, purge.AsError(err).Message)
	}
	b.vendor.awaitQuota(ctx, quotaReply)
	left, err := b.vendor.roomFor(ctx, s.policy, s.who, w.Kind)
	if err != nil {
		return chat.Reply{}, err
	}
	recent, err := b.Store.Recent(ctx, b.recent(s, w, v.allowed, eventID(s.event)))
	if err != nil {
		return chat.Reply{}, err
	}
	dry := card.View{Room: left, Turns: b.vendor.dayTurns(), Hints: s.listed.hintsOf(v.allowed), Unserved: b.vendor.unserved(v.allowed.Hosts())}
	dry.Request, dry.Private, dry.Prefetch = v.allowed, false, w.Prefetch
	if dry.FetchRoom, err = b.vendor.prefetchRoom(ctx); err != nil {
		return chat.Reply{}, err
	}
	asks := store.Purge{Request: v.allowed, Requester: s.person.Subject, Private: true} // the answer is for one person
	if dry.Lately, err = b.poster.lately(ctx, asks, b.Now()); err != nil {
		return chat.Reply{}, err
	}
	dry.Notes = slices.Concat(w.Notes, s.areaNotes(w, v.allowed.Parts), v.folding.notes(false))
	dry.Confirm = b.guard(w, v, recent)
	dry.Requester, dry.Groups, dry.Channel = s.person.Subject, s.person.Groups, s.at.Subject()
	drawApproval(&dry, s.law)
	would, err := b.wouldHappen(ctx, s, v, dry.Confirm, recent)
	if err != nil {
		return chat.Reply{}, err
	}
	shown := dry.DryRun(len(batches), would)
	dup, err := b.Store.Take(ctx, s.event, nil, b.by(s.person, store.AuditDryRun, "", s.refused(w.Verb)))
	if err != nil || dup {
		return chat.Reply{}, err
	}
	return chat.Reply{Card: &shown}, nil
}
