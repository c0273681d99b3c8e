package bot

import (
	"context"
	"slices"
	"strings"

	"purgebot/acl"
	"purgebot/bot/card"
	"purgebot/bot/chat"
	"purgebot/bot/grammar"
	"purgebot/bot/poster"
	"purgebot/bot/rules"
	"purgebot/bot/store"
	"purgebot/purge"
)

// The commands of administrators: freezes, temporary grants, and their ends. Each is one commit of the rule, its event, its audit
// row and the notice that the channel sees.

// administers turns a function into a verb for administrators alone, in a channel that the bot has joined and can notify.
func (b *administration) administers(do verb) verb {
	return func(ctx context.Context, s scene, in grammar.Intent) (chat.Reply, error) {
		switch {
		case !s.policy.Administrator(s.who):
			return b.refuse(ctx, s, string(in.Verb), card.AdministratorsOnly(string(in.Verb), s.policy.Contact()))
		case !s.channel.Joined:
			return b.refuse(ctx, s, string(in.Verb), card.NoticeNotJoined(s.channel.Invite))
		}
		return do(ctx, s, in)
	}
}

// freeze closes a domain or a path of it. Of two freezes of one domain, the later end counts.
func (b *administration) freeze(ctx context.Context, s scene, in grammar.Intent) (chat.Reply, error) {
	r := b.ruleOf(s, in, store.Freeze)
	if err := s.policy.CheckFreeze(rules.FreezeOf(r), s.law.At()); err != nil {
		return b.refuse(ctx, s, string(in.Verb), card.Title(err.Error())+".")
	}
	before := s.law.FreezesOf(in.Domain)
	for _, f := range before {
		if !r.Until.After(f.Until) {
			return b.refuse(ctx, s, string(in.Verb), card.AlreadyFrozen(f))
		}
	}
	return b.addRule(ctx, s, r, store.AuditFrozen, card.FrozenCard(r, before))
}

// unfreeze ends the freezes of exactly this domain.
func (b *administration) unfreeze(ctx context.Context, s scene, in grammar.Intent) (chat.Reply, error) {
	ending := s.law.FreezesOf(in.Domain)
	if len(ending) == 0 {
		return b.refuse(ctx, s, string(in.Verb), card.NotFrozen(in.Domain, s.law.OfKind(store.Freeze)))
	}
	return b.endRules(ctx, s, ending, store.AuditUnfrozen, in.Reason, card.UnfrozenCard(s.person, ending, in.Reason))
}

// revoke ends one rule by its id.
func (b *administration) revoke(ctx context.Context, s scene, in grammar.Intent) (chat.Reply, error) {
	for _, r := range s.law.Lasting() {
		if r.ID == in.ID {
			return b.endRules(ctx, s, []store.Rule{r}, store.AuditRevoked, in.Reason, card.RevokedCard(s.person, r, in.Reason))
		}
	}
	return b.refuse(ctx, s, string(in.Verb), card.NoSuchRule(in.ID, s.law.Lasting()))
}

// ruleOf returns the rule of a command, which begins now.
func (b *administration) ruleOf(s scene, in grammar.Intent, kind store.RuleKind) store.Rule {
	return store.Rule{
		ID: store.RuleID(s.event), Kind: kind, Platform: s.at.Platform, Workspace: s.at.Workspace, Domain: in.Domain, At: s.law.At(), Until: s.law.At().Add(in.For),
		By: s.person.Subject, ByName: s.person.Name, ByGroups: s.person.Groups, Reason: in.Reason,
	}
}

// addRule commits a rule, and applies it before the answer.
func (b *administration) addRule(ctx context.Context, s scene, r store.Rule, what store.AuditKind, c chat.Card) (chat.Reply, error) {
	e := b.By(s.person, what, "", store.Body{Rule: r.ID, To: r.To, Domain: r.Domain, Kinds: r.Kinds, Areas: r.Areas, Until: card.Stamp(r.Until),
		Channel: s.at.Subject(), Policy: s.policy.Hash(), Reason: r.Reason, Groups: s.person.Groups})
	e.Notice = poster.Notice(s.at, c)
	_, duplicate, err := b.Store.AddRule(ctx, r, s.event, e)
	if err != nil {
		return chat.Reply{}, err
	}
	if !duplicate {
		b.Log.InfoContext(ctx, "rule from chat", "what", what, "rule", r.ID, "domain", r.Domain, "path", r.Path, "to", r.To, "by", r.By, "until", card.Stamp(r.Until))
	}
	b.rulesChanged(ctx)
	return chat.Reply{}, nil
}

// endRules commits the end of rules. A command for rules that have ended already gets a refusal.
func (b *administration) endRules(ctx context.Context, s scene, rules []store.Rule, what store.AuditKind, reason string, c chat.Card) (chat.Reply, error) {
	body := store.Body{Domain: rules[0].Domain, To: rules[0].To, Channel: s.at.Subject(), Policy: s.policy.Hash(), Reason: reason, Groups: s.person.Groups}
	for _, r := range rules {
		body.Rules = append(body.Rules, r.ID)
	}
	e := b.By(s.person, what, "", body)
	e.Notice = poster.Notice(s.at, c)
	revoked, duplicate, err := b.Store.RevokeRules(ctx, body.Rules, s.person.Subject, s.law.At(), s.event, e)
	if err != nil || duplicate {
		return chat.Reply{}, err
	}
	b.rulesChanged(ctx)
	if len(revoked) == 0 {
		return private(card.EndedAlready)
	}
	b.Log.InfoContext(ctx, "rule from chat", "what", what, "rules", body.Rules, "domain", body.Domain, "to", body.To, "by", s.person.Subject)
	return chat.Reply{}, nil
}

// rulesChanged applies a committed change of the rules at once, posts its notice, and redraws the open questions.
func (b *administration) rulesChanged(ctx context.Context) {
	b.LogError(ctx, "read the rules from chat", b.rules.Read(context.WithoutCancel(ctx)))
	b.poster.WantNotices()
	b.poster.WantCards()
}

// grant lends a person or a group a part of the giver's own rights, for a while. The giver's rights are judged anew at each purge.
func (b *administration) grant(ctx context.Context, s scene, in grammar.Intent) (chat.Reply, error) {
	if isUnmentioned(in.Subject) {
		return b.refuse(ctx, s, string(in.Verb), card.Unmentioned(in.Subject, b.poster.Limits(s.at).Mentions)+" "+card.NothingChanged)
	}
	r := b.ruleOf(s, in, store.Grant)
	r.To, r.Kinds, r.Areas = borrower(s.at, in.Subject), []purge.Kind{in.Kind}, in.Areas
	if err := s.policy.CheckLoan(rules.LoanOf(r), s.law.At()); err != nil {
		return b.refuse(ctx, s, string(in.Verb), card.Title(err.Error())+".")
	}
	if !mayLend(s.policy.Grants(s.who), r) {
		return b.refuse(ctx, s, string(in.Verb), card.NothingToLend(r))
	}
	return b.addRule(ctx, s, r, "granted", card.GrantedCard(r))
}

// borrower returns the subject that a typed name stands for: a mention names an account or a group of the same workspace.
func borrower(at chat.Thread, typed string) string {
	if s := grammar.Subject(at, typed); s != "" {
		return string(s)
	}
	return typed
}

// isUnmentioned reports whether a name was typed like a mention without the chat recognising one. Such a name is not trusted, since
// names are not unique.
func isUnmentioned(typed string) bool { return strings.HasPrefix(typed, "@") }

// mayLend reports whether one of the giver's grants covers a part of the rule, so that the rule is not without effect.
func mayLend(own []acl.GrantView, r store.Rule) bool {
	return slices.ContainsFunc(own, func(g acl.GrantView) bool {
		return slices.ContainsFunc(g.Domains, func(d string) bool { return acl.DomainsMeet(d, r.Domain) }) &&
			slices.ContainsFunc(g.Kinds, func(k purge.Kind) bool { return slices.Contains(r.Kinds, k) }) &&
			slices.ContainsFunc(g.Areas, func(a purge.Area) bool { return slices.Contains(r.Areas, a) })
	})
}
