package bot

import (
	"context"
	"slices"
	"strings"

	"purgebot/acl"
	"purgebot/bot/card"
	"purgebot/bot/chat"
	"purgebot/bot/grammar"
	"purgebot/bot/rules"
	"purgebot/bot/store"
	"purgebot/purge"
)

// grant lends somebody what the giver may purge, for a while. What the giver may is judged anew at each purge.
func (b *desk) grant(ctx context.Context, s scene, in grammar.Intent) (chat.Reply, error) {
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

// borrower is whom the policy knows by what was typed: a mention names an account or a group of that workspace.
func borrower(at chat.Thread, typed string) string {
	if s := grammar.Subject(at, typed); s != "" {
		return string(s)
	}
	return typed
}

// isUnmentioned reports whether a name was typed as a mention that the chat has made none of: names are anybody's.
func isUnmentioned(typed string) bool { return strings.HasPrefix(typed, "@") }

// mayLend reports whether some grant of the giver's meets what is to be lent, so that it is not lent in vain.
func mayLend(own []acl.GrantView, r store.Rule) bool {
	return slices.ContainsFunc(own, func(g acl.GrantView) bool {
		return slices.ContainsFunc(g.Domains, func(d string) bool { return meet(d, r.Domain) }) &&
			slices.ContainsFunc(g.Kinds, func(k purge.Kind) bool { return slices.Contains(r.Kinds, k) }) &&
			slices.ContainsFunc(g.Areas, func(a purge.Area) bool { return slices.Contains(r.Areas, a) })
	})
}

// meet reports whether two domains of grants, each a host or "*." and a host, have a host in common.
func meet(a, b string) bool {
	within := func(host, wild string) bool {
		above, is := strings.CutPrefix(wild, "*")
		return is && strings.HasSuffix(strings.TrimPrefix(host, "*"), above)
	}
	return a == b || within(a, b) || within(b, a)
}
