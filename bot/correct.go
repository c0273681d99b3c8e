package bot

import (
	"context"
	"encoding/json"
	"slices"
	"strings"

	"purgebot/acl"
	"purgebot/bot/books"
	"purgebot/bot/card"
	"purgebot/bot/chat"
	"purgebot/bot/grammar"
	"purgebot/bot/store"
	"purgebot/bot/wish"
	"purgebot/purge"
)

// An unclear command is never carried out by a guess: each possible reading stands behind a button of its own, whose press is
// judged, asked and charged as if the command had been typed so. The person sees every address before the press.

// correct explains privately the mistake of a command, and offers its possible readings.
func (b *requests) correct(ctx context.Context, s scene, c chat.Command, wrong *grammar.Correction) (chat.Reply, error) {
	readings := mayable(s, wrong.Readings)
	if len(wrong.Paths) > 0 {
		readings = onHosts(s, wrong)
	}
	shown := card.CorrectionCard(wrong, readings, c)
	buttons := b.offerReadings(s, &shown, readings)
	body := s.refused("")
	body.Message = wrong.Message(card.Begins(c))
	dup, err := b.Store.Take(ctx, s.event, buttons, b.By(s.person, store.AuditRefused, s.about, body))
	if err != nil || dup {
		return chat.Reply{}, err
	}
	// The public part of the reply names no hosts.
	public := wrong.Message(card.Begins(c))
	if len(wrong.Paths) > 0 { // the hosts that the person may purge stay private
		public = wrong.Problem + " " + wrong.Nothing
	}
	return chat.Reply{Card: &shown, Refused: true, Public: public}, nil
}

// mostHosts is the number of hosts up to which a path without a host is offered on each.
const mostHosts = 5

// onHosts returns a path without a host on each host on which the person may purge it, or nothing for more than mostHosts.
func onHosts(s scene, wrong *grammar.Correction) (readings []grammar.Reading) {
	for _, host := range plainHosts(s.grants()) {
		for _, scheme := range []string{"https", "http"} {
			r, is := wrong.On(scheme + "://" + host)
			if is && mayAll(s, r.Intent) {
				readings = append(readings, r)
				break
			}
		}
	}
	if len(readings) > mostHosts {
		return nil
	}
	return readings
}

// plainHosts returns the hosts that grants name without a wildcard, each once.
func plainHosts(grants []acl.GrantView) (hosts []string) {
	for _, g := range grants {
		for _, host := range g.Domains {
			if !strings.HasPrefix(host, "*.") && !slices.Contains(hosts, host) {
				hosts = append(hosts, host)
			}
		}
	}
	return hosts
}

// mayable removes from each reading the targets that the person may not purge. A reading without any allowed target stays as it is,
// since its press gives the reason.
func mayable(s scene, readings []grammar.Reading) []grammar.Reading {
	out := slices.Clone(readings)
	for i, r := range out {
		may := slices.DeleteFunc(slices.Clone(r.Targets), func(t purge.Target) bool {
			one := r.Intent
			one.Targets = []purge.Target{t}
			return !mayAll(s, one)
		})
		if len(may) > 0 {
			out[i].Targets = may
		}
	}
	return out
}

// mayAll reports whether a person may purge everything that an intent asks for.
func mayAll(s scene, in grammar.Intent) bool {
	w := wish.Of(in)
	asked := acl.Request{Who: s.who, In: s.at.Subject(), Despite: acl.Despite{All: w.Reason != ""},
		Purge: purge.Request{Kind: w.Kind, Parts: wish.Parts(s.places(), w)}}
	for one := range s.law.Judge(asked) {
		if !one.Allowed {
			return false
		}
	}
	return true
}

// offered is the request behind a button of a private reply, with its place: the reply may be shown elsewhere, as a direct message.
type offered struct {
	wish.Wish
	At *chat.Thread `json:"at,omitempty"`
}

// offerReadings puts each reading behind a button of a private card, which shows its addresses.
func (b *requests) offerReadings(s scene, shown *chat.Card, readings []grammar.Reading) []store.Button {
	var buttons []store.Button
	for i, r := range readings {
		w := wish.Of(r.Intent)
		w.Asks = s.collected || !card.ShownWhole(r, len(readings))
		label := card.LabelReading(i, len(readings), r)
		button := b.offering(s, w)
		shown.Buttons = append(shown.Buttons, chat.Button{Label: label, Token: button.Token})
		buttons = append(buttons, button)
	}
	return buttons
}

// offering returns the button that requests a wish, for this person in this place, valid as long as a question.
func (b *requests) offering(s scene, w wish.Wish) store.Button {
	return store.Button{Token: books.NewToken(), Action: card.ActionRequest, Who: s.person.Subject, Channel: s.at.Subject(),
		Request: books.JSON(offered{w, &s.at}), Expires: b.Now().Add(b.waits.TTL(acl.Requester))}
}

// whereOffered returns the place of a press. For a button of a private reply it is the place of the command, since the reply may
// have been shown as a direct message.
func (b *presses) whereOffered(ctx context.Context, a chat.Answer) (chat.Thread, error) {
	button, found, err := b.button(ctx, a.Token)
	if err != nil || !found || button.Purge != "" || button.Who != a.From || button.Channel == a.At.Subject() {
		return a.At, err
	}
	var o offered
	if json.Unmarshal(button.Request, &o) != nil || o.At == nil || o.At.Platform != a.At.Platform || o.At.Workspace != a.At.Workspace {
		return a.At, nil
	}
	return *o.At, nil
}
