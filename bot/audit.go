package bot

import (
	"encoding/json"

	"purgebot/acl"
	"purgebot/bot/chat"
	"purgebot/bot/store"
)

// entry is an audit row by purgebot itself, or by who.
func (b *Bot) entry(what, id string, who acl.Subject, body any) store.Entry {
	return store.Entry{At: b.Now(), Who: who, What: what, Purge: id, Body: mustJSON(body)}
}

// by is an audit row of a person, with the name as it is now.
func (b *Bot) by(p chat.Person, what, id string, body any) store.Entry {
	e := b.entry(what, id, p.Subject, body)
	e.Name = p.Name
	return e
}

// seen is an audit row of somebody in a scene that says no more than where it was, under which policy, and as whom.
func (b *Bot) seen(s scene, what, id string) store.Entry {
	return b.by(s.person, what, id, s.refused(""))
}

// refused is what a refusal in this scene says in the audit.
func (s scene) refused(verb string) refusedBody {
	return refusedBody{Verb: verb, Channel: s.at.Subject(), Policy: s.policy.Hash(), Groups: s.person.Groups}
}

// mustJSON encodes our own values, which cannot fail to encode.
func mustJSON(v any) json.RawMessage {
	if v == nil {
		return json.RawMessage("{}")
	}
	data, err := json.Marshal(v)
	if err != nil {
		panic(err)
	}
	return data
}

// askedBody is why a request was let in: kept with it for as long as the audit is.
type askedBody struct {
	Verb    string        `json:"verb"`
	Digest  string        `json:"digest"`
	Targets int           `json:"targets"`
	Channel acl.Subject   `json:"channel"`
	Groups  []acl.Subject `json:"groups,omitempty"`
	Rules   []string      `json:"rules,omitempty"`
	Via     []string      `json:"via,omitempty"`
	Confirm acl.Confirm   `json:"confirm,omitempty"`
	Policy  string        `json:"policy"`
	Reason  string        `json:"reason,omitempty"`
	Freezes []string      `json:"freezes,omitempty"` // in spite of which it was asked for
}

// refusedBody is what was refused and why.
type refusedBody struct {
	Verb    string        `json:"verb,omitempty"`
	Channel acl.Subject   `json:"channel,omitempty"`
	Policy  string        `json:"policy,omitempty"`
	Groups  []acl.Subject `json:"groups,omitempty"`
	Refused []refusal     `json:"refused,omitempty"`
	More    int           `json:"more,omitempty"`
	Message string        `json:"message,omitempty"`
	Reason  string        `json:"reason,omitempty"` // that was typed
}

// callBody is what is written before a call leaves and after its answer.
type callBody struct {
	Batch   int    `json:"batch"`
	Try     int    `json:"try"`
	Area    string `json:"area"`
	Units   int    `json:"units,omitempty"`
	State   string `json:"state,omitempty"`
	Task    string `json:"task,omitempty"`
	Request string `json:"request,omitempty"`
	Problem string `json:"problem,omitempty"`
}

// notSentBody is how many targets were left out, and why.
type notSentBody struct {
	Targets int    `json:"targets"`
	Problem string `json:"problem"`
}
