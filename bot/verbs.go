package bot

import (
	"context"
	"slices"
	"time"

	"purgebot/acl"
	"purgebot/bot/account"
	"purgebot/bot/books"
	"purgebot/bot/card"
	"purgebot/bot/chat"
	"purgebot/bot/grammar"
	"purgebot/bot/poster"
	"purgebot/bot/rules"
	"purgebot/bot/store"
	"purgebot/bot/wish"
	"purgebot/purge"
)

// verb carries out a parsed command.
type verb func(context.Context, scene, grammar.Intent) (chat.Reply, error)

// verbsOf returns the function of each verb of the grammar's table, in that table's order.
func verbsOf(b *desk) map[grammar.Verb]verb {
	return map[grammar.Verb]verb{
		grammar.VerbPurge: b.requests.purge, grammar.VerbLeak: b.requests.purge, grammar.VerbForm: b.answers.form,
		grammar.VerbStatus: b.answers.draw(b.answers.status), grammar.VerbCancel: b.presses.cancelID, grammar.VerbRetry: b.requests.retryID, grammar.VerbHistory: b.answers.draw(b.answers.history),
		grammar.VerbQuota: b.answers.draw(b.answers.quotaCard), grammar.VerbDomains: b.answers.draw(b.answers.domains), grammar.VerbWhy: b.answers.draw(b.answers.why),
		grammar.VerbWhoami: b.answers.draw(b.answers.whoami), grammar.VerbHelp: b.answers.draw(b.answers.help),
		grammar.VerbFreeze: b.administration.administers(b.administration.freeze), grammar.VerbUnfreeze: b.administration.administers(b.administration.unfreeze),
		grammar.VerbGrant: b.administration.administers(b.administration.grant), grammar.VerbRevoke: b.administration.administers(b.administration.revoke),
	}
}

// answers turns a function that draws a private card into a verb. The card holds only facts that concern its reader.
func (b *answers) draw(draw func(context.Context, scene, grammar.Intent) (chat.Card, error)) verb {
	return func(ctx context.Context, s scene, in grammar.Intent) (chat.Reply, error) {
		drawn, err := draw(ctx, s, in)
		if err != nil {
			return chat.Reply{}, err
		}
		// An answer has no effect to protect, but a redelivered mention must not be answered twice.
		dup, err := b.Store.Take(ctx, s.event, nil)
		if err != nil || dup {
			return chat.Reply{}, err
		}
		return chat.Reply{Card: &drawn}, nil
	}
}

// whoami shows a person's identity under the policy: the account, the person and the groups.
func (b *answers) whoami(_ context.Context, s scene, _ grammar.Intent) (chat.Card, error) {
	person, groups := s.policy.Whoami(s.who)
	return card.WhoamiCard(card.Self{Subject: s.person.Subject, Channel: s.at.Subject(), Person: person, Seen: s.person.Groups, Groups: groups}), nil
}

// help lists the commands that its reader may use.
func (b *answers) help(_ context.Context, s scene, _ grammar.Intent) (chat.Card, error) {
	return b.helpCard(s), nil
}

// cancelID cancels the purge with a typed id.
func (b *presses) cancelID(ctx context.Context, s scene, in grammar.Intent) (chat.Reply, error) {
	p, found, err := b.visiblePurge(ctx, s, in.ID)
	if err != nil {
		return chat.Reply{}, err
	}
	if !found {
		return b.refuse(ctx, s, "cancel", card.NoSuchPurge)
	}
	if p, err = b.Original(ctx, p); err != nil {
		return chat.Reply{}, err
	}
	return b.cancel(ctx, s, p)
}

// visiblePurge finds a purge by its short id. A purge that the person may not see is reported as missing.
func (b *reception) visiblePurge(ctx context.Context, s scene, short string) (store.Purge, bool, error) {
	p, found, err := b.Store.Find(ctx, s.at.Platform, s.at.Workspace, short)
	if err != nil || !found {
		return p, false, err
	}
	may, err := b.sees(ctx, s, p)
	return p, may && err == nil, err
}

// maySee reports whether a person may see a purge: its requester, people with grants on all its hosts, auditors and administrators
// may.
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

// mayKnow reports whether a person may see the targets of a private purge: its requester, people who may purge all of them and so
// could approve it, and auditors may.
func (b *reception) mayKnow(s scene, p store.Purge) bool {
	return s.policy.SamePerson(s.person.Subject, p.Requester) || s.policy.Auditor(s.who) || len(rules.DeniedAny(s.law.Thawed(), s.who, p)) == 0
}

// status returns the card of a purge by its short id, without buttons.
func (b *answers) status(ctx context.Context, s scene, in grammar.Intent) (chat.Card, error) {
	p, found, err := b.visiblePurge(ctx, s, in.ID)
	if err != nil || !found {
		return chat.Card{Title: card.NoSuchPurge, Tone: chat.Bad}, err
	}
	p.Private = p.Private && !b.mayKnow(s, p)
	c, err := b.poster.Draw(ctx, p, store.Status)
	if err != nil {
		return chat.Card{}, err
	}
	c.Buttons = nil // buttons belong to the purge's own message
	c.Lines = append(c.Lines, card.AskedBy(p, s.person.Zone))
	return c, nil
}

// historyLines is the number of purges that a history shows in chat.
const historyLines = 20

// history lists the purges that match a command's filter and that the person may see.
func (b *answers) history(ctx context.Context, s scene, in grammar.Intent) (chat.Card, error) {
	f, err := b.filter(s, in)
	if err != nil {
		return chat.Card{Title: purge.AsError(err).Message, Tone: chat.Bad}, nil
	}
	lines, more, err := b.historyLinesFor(ctx, s, f)
	if err != nil {
		return chat.Card{}, err
	}
	return card.HistoryCard(lines, more), nil
}

// historyTime bounds the search for visible purges among others' purges.
const historyTime = time.Second

// historyLinesFor searches page by page until enough visible purges are found, and reports whether there may be more.
func (b *answers) historyLinesFor(ctx context.Context, s scene, f store.Filter) (lines []string, more bool, err error) {
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

// filter translates the options of a history command. Its errors are for the person.
func (b *answers) filter(s scene, in grammar.Intent) (store.Filter, error) {
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
		return store.Filter{}, &purge.Error{Kind: purge.Invalid, Message: card.Unmentioned(in.By, b.poster.Limits(s.at).Mentions)}
	case in.By != "" && by == "":
		return store.Filter{}, &purge.Error{Kind: purge.Invalid, Message: card.NobodyHere}
	}
	return store.Filter{Platform: s.at.Platform, Workspace: s.at.Workspace, Host: in.Host, By: by,
		Since: since, Until: until, State: store.State(in.Outcome), Limit: historyLines}, nil
}

// domains lists a person's grants, temporary ones included, with the remaining budgets and the freezes on their domains.
func (b *answers) domains(ctx context.Context, s scene, _ grammar.Intent) (chat.Card, error) {
	grants := s.grants()
	c := card.DomainsCard(s.person.Subject, s.policy.Contact(), grants, s.person.Zone)
	budgets, err := b.requests.budgetLines(ctx, budgetsOf(s, grants))
	c.Lines = slices.Concat(c.Lines, budgets, s.listed.ServedLines(grants))
	for _, f := range s.law.OfKind(store.Freeze) {
		if slices.ContainsFunc(grants, func(g acl.GrantView) bool { return closes(f, g) }) {
			c.Lines = append(c.Lines, card.Frozen(f, rules.PowersOf(s.law, s.who), s.person.Zone))
		}
	}
	return c, err
}

// grants returns the person's grants of the policy file, then the temporary ones from chat.
func (s scene) grants() []acl.GrantView {
	return append(s.policy.Grants(s.who), s.law.Loans(s.who)...)
}

// closes reports whether a freeze covers a part of a grant's domains. A freeze of "*.x" covers x too.
func closes(f store.Rule, g acl.GrantView) bool {
	return slices.ContainsFunc(g.Domains, func(d string) bool { return acl.DomainsMeet(f.Domain, d) || f.Domain == "*."+d })
}

// dryVerdicts returns the refusal that a request would get, and its charges to budgets, as lines.
func (b *requests) dryVerdicts(ctx context.Context, s scene, v judgement, rule acl.Confirm, recent store.Recent) ([]string, error) {
	takes, refused, err := b.wouldTake(ctx, s, v)
	if err != nil {
		return nil, err
	}
	if first := b.tooMuch(s, v.allowed, rule, recent); first != "" {
		refused = first
	}
	if refused != "" {
		takes = append([]string{card.WouldBeRefused(refused)}, takes...)
	}
	return takes, nil
}

// wouldHappen returns the line about the purge that a request would join, or else its refusal and charges.
func (b *requests) wouldHappen(ctx context.Context, s scene, v judgement, rule acl.Confirm, recent store.Recent) ([]string, error) {
	join, err := b.wouldJoin(ctx, recent.Running)
	if join != "" || err != nil {
		return []string{join}, err
	}
	return b.dryVerdicts(ctx, s, v, rule, recent)
}

// dryRun answers with the effects of a request, and sends nothing.
func (b *requests) dryRun(ctx context.Context, s scene, w wish.Wish, v judgement) (chat.Reply, error) {
	batches, err := purge.NewPlan(v.allowed, b.vendor.CDN.Limits())
	if err != nil {
		return b.refuse(ctx, s, w.Verb, purge.AsError(err).Message)
	}
	b.vendor.AwaitQuota(ctx, account.QuotaReply)
	// Read the remaining quota and the recent purges, as the request itself would.
	left, err := b.vendor.RoomFor(ctx, s.policy, s.who, w.Kind)
	if err != nil {
		return chat.Reply{}, err
	}
	recent, err := b.Store.Recent(ctx, b.recent(s, w, v.allowed, books.EventID(s.event)))
	if err != nil {
		return chat.Reply{}, err
	}
	// Fill a card's view without a stored purge.
	dry := card.View{Room: left, Turns: b.vendor.DayTurns(), Hints: s.listed.HintsOf(v.allowed), Unserved: b.vendor.Unserved(v.allowed.Hosts())}
	dry.Request, dry.Private, dry.Prefetch = v.allowed, false, w.Prefetch
	if dry.FetchRoom, err = b.vendor.PrefetchRoom(ctx); err != nil {
		return chat.Reply{}, err
	}
	asks := store.Purge{Request: v.allowed, Requester: s.person.Subject, Private: true} // the answer is private
	if dry.Lately, err = b.poster.Lately(ctx, asks, b.Now()); err != nil {
		return chat.Reply{}, err
	}
	dry.Notes = slices.Concat(w.Notes, s.areaNotes(w, v.allowed.Parts), v.folding.notes(false))
	dry.Confirm = b.guard(w, v, recent)
	dry.Requester, dry.Groups, dry.Channel = s.person.Subject, s.person.Groups, s.at.Subject()
	poster.DrawApproval(&dry, s.law)
	// Add the refusal or the charges, and commit the audit row before the answer.
	would, err := b.wouldHappen(ctx, s, v, dry.Confirm, recent)
	if err != nil {
		return chat.Reply{}, err
	}
	shown := dry.DryRun(len(batches), would)
	dup, err := b.Store.Take(ctx, s.event, nil, b.By(s.person, store.AuditDryRun, "", s.refused(w.Verb)))
	if err != nil || dup {
		return chat.Reply{}, err
	}
	return chat.Reply{Card: &shown}, nil
}

// rightsOf returns the rights of the reader of the help at this moment, in any channel.
func (b *answers) rightsOf(s scene) card.Rights {
	limits := b.poster.Limits(s.at)
	r := card.Rights{Prefetch: b.vendor.Prefetches(), Forms: limits.Forms, Mentions: limits.Addressed, Audits: s.policy.Auditor(s.who), Administers: s.policy.Administrator(s.who)}
	for _, g := range s.grants() {
		if !holdsNow(g, s.law) {
			continue
		}
		r.Urls = r.Urls || slices.Contains(g.Kinds, purge.URL)
		r.Directories = r.Directories || slices.Contains(g.Kinds, purge.Directory)
		r.Overseas = r.Overseas || slices.Contains(g.Areas, purge.Overseas)
		r.Everywhere = r.Everywhere || len(purge.AreasBut(g.Areas)) == 0
	}
	return r
}

// holdsNow reports whether a grant is valid now.
func holdsNow(g acl.GrantView, l rules.Law) bool {
	return !l.At().Before(g.From) && (g.Until.IsZero() || l.At().Before(g.Until))
}

// helpCard lists the commands that its reader may use.
func (b *answers) helpCard(s scene) chat.Card {
	return card.HelpCard(b.poster.Limits(s.at), b.rightsOf(s), s.person.Subject, s.policy.Contact())
}

// quotaCard draws today's quota: a bar for each kind and area, the time of the reset, and the use by people, as far as the reader
// may see it.
func (b *answers) quotaCard(ctx context.Context, s scene, _ grammar.Intent) (chat.Card, error) {
	b.vendor.AwaitQuota(ctx, account.QuotaReply)
	day := b.vendor.Day(b.Now())
	spent, err := b.vendor.Spent(ctx, day)
	if err != nil {
		return chat.Card{}, err
	}
	// A line for each kind and area, and for the reserve.
	var lines []string
	told := true
	for _, k := range b.vendor.Kinds() {
		for _, a := range []purge.Area{purge.Mainland, purge.Overseas} {
			al, limited := b.vendor.Allowance(k, a)
			told = told && (al.Told || k == purge.Prefetch)
			lines = append(lines, card.QuotaLine(k, a, al.Total, max(0, al.Limit-spent[card.QuotaOf{Kind: k, Area: a}]), spent[card.QuotaOf{Kind: k, Area: a}], limited))
		}
		if n := s.policy.Reserve(k); n > 0 {
			lines = append(lines, card.ReserveLine(n, k, s.policy.MayTouchReserve(s.who)))
		}
	}
	if !told {
		lines = append(lines, card.QuotaOurs)
	}
	// The use by people comes last.
	by, err := b.Store.SpentBy(ctx, day)
	lines = append(lines, usedLines(s, by)...)
	return card.QuotaCard(lines, b.vendor.DayTurns()), err
}

// usedLines lists the use by people: everyone's for auditors and administrators, and one's own for others.
func usedLines(s scene, by []store.SpentBy) []string {
	all := s.policy.Auditor(s.who) || s.policy.Administrator(s.who)
	own := func(who acl.Subject) bool { return s.policy.SamePerson(who, s.person.Subject) }
	if !all {
		by = slices.DeleteFunc(by, func(u store.SpentBy) bool { return !own(u.Who) })
	}
	return card.UsedLines(by, own, all)
}
