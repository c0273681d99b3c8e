package app

import (
	"cmp"
	"slices"
	"strings"
	"time"

	"purgebot/bot/store"
)

// line is one row of the history, the same in every format.
type line struct {
	UTC   string `json:"utc"`
	Local string `json:"local"` // in the reader's zone
	Seq   int64  `json:"seq"`
	What  string `json:"what"`
	// The person who acted, as known at the time, and the permissions used.
	Subject string   `json:"subject"`
	Name    string   `json:"name"`
	Groups  []string `json:"groups"`
	Via     []string `json:"via"` // the groups that gave the permission
	Rules   []string `json:"rules"`
	Policy  string   `json:"policy"` // hash of the policy
	Channel string   `json:"channel"`
	// The purge of the row; empty if the row has none.
	Purge         string     `json:"purge"`
	Requester     string     `json:"requester"`
	RequesterName string     `json:"requester_name"`
	Kind          string     `json:"kind"`
	Mode          string     `json:"mode"`
	Areas         []string   `json:"areas"`
	Reason        string     `json:"reason"`
	Approver      string     `json:"approver"` // the person who pressed Purge
	ApproverName  string     `json:"approver_name"`
	State         string     `json:"state"`   // state of the purge when the row was written
	Outcome       string     `json:"outcome"` // set only on the row that ends the purge
	Tasks         []string   `json:"tasks"`   // the vendor's task ids
	Requests      []string   `json:"requests"`
	Problem       string     `json:"problem"`
	Targets       []affected `json:"targets"` // targets as known at the time: on the first and the last row of a purge, on later rows with news, and on a refusal
	To            string     `json:"to"`      // recipient of a grant from chat
	Until         string     `json:"until"`   // planned end of a grant or a freeze
	ID            string     `json:"id"`
	Hash          string     `json:"hash"` // hash of the audit row

	first bool // true on the first row of a purge
}

// affected is one target with its outcome.
type affected struct {
	Target  string `json:"target"`
	Area    string `json:"area"`
	Outcome string `json:"outcome"`
	Reason  string `json:"reason,omitempty"`
}

func lineOf(m store.Moment, zone *time.Location) line {
	// The body of the row gives the person, the reason and the policy.
	b := bodyOf(m)
	l := line{
		UTC: m.At.UTC().Format(timeLayout), Local: m.At.In(zone).Format(timeLayout), Seq: m.Seq, What: string(m.What), Subject: string(m.Who), Name: m.Name,
		Groups: texts(b.Groups), Via: b.Via, Rules: b.Rules, Policy: cmp.Or(b.Policy, m.Purge.Policy), Channel: string(cmp.Or(b.Channel, m.Purge.Channel)),
		Reason: cmp.Or(b.Reason, m.Purge.Reason), Problem: cmp.Or(b.Problem, b.Message), ID: m.Entry.Purge, Hash: m.Hash,
		To: b.To, Until: b.Until, Kind: strings.Join(texts(b.Kinds), " "), Areas: texts(b.Areas),
	}
	// A row without a person is an action of purgebot itself.
	if m.Who == "" {
		l.Subject = "purgebot"
	}
	l.Rules = append(l.Rules, present(b.Rule)...)
	for _, f := range b.Freezes {
		l.Rules = append(l.Rules, "in spite of freeze "+f)
	}
	// Refused targets and the host of a rule from chat stand in the same list as purged targets.
	for _, r := range b.Refused {
		l.Targets = append(l.Targets, affected{r.Target, string(r.Area), "refused", r.Reason})
		if r.Rule != "" && !slices.Contains(l.Rules, r.Rule) {
			l.Rules = append(l.Rules, r.Rule)
		}
	}
	if b.Domain != "" {
		l.Targets = append(l.Targets, affected{Target: b.Domain, Area: string(b.Area)})
	}
	l.about(m, b)
	return l
}

const timeLayout = "2006-01-02T15:04:05.000Z07:00"

// bodyOf returns the body of a row. The first row alone stores the permissions of the requester; bodyOf adds these
// permissions to later rows about the requester or purgebot.
func bodyOf(m store.Moment) store.Body {
	b := m.Said()
	if m.Who != "" && m.Who != m.Purge.Requester || m.Purge.ID == "" {
		return b
	}
	why := m.First.Said()
	if b.Rules == nil {
		b.Rules = why.Rules
	}
	if b.Via == nil {
		b.Via = why.Via
	}
	if b.Groups == nil {
		b.Groups = m.Purge.Groups
	}
	return b
}

// about adds the facts about the purge: people, vendor ids and targets.
func (l *line) about(m store.Moment, b store.Body) {
	p := m.Purge
	if p.ID == "" {
		return
	}
	l.Purge, l.Requester, l.RequesterName, l.State, l.first = p.Short, string(p.Requester), p.Name, string(p.State), m.Entry.Seq == m.First.Seq
	l.Kind, l.Mode, l.Areas = string(p.Request.Kind), string(p.Request.Mode), texts(p.Request.Areas())
	// The decision names the second person.
	if d := m.Decision; d.What == store.Confirmed {
		l.Approver, l.ApproverName = string(d.Who), d.Name
		if m.Who == d.Who && l.Groups == nil {
			l.Groups = texts(d.Groups)
		}
	}
	// The vendor's ids and the outcome follow.
	l.Tasks, l.Requests = callIDs(m.Calls, b)
	if m.Ends {
		l.Outcome, l.Problem = l.State, cmp.Or(l.Problem, p.Problem)
	}
	for _, t := range m.Targets {
		l.Targets = append(l.Targets, affected{t.Target.String(), string(t.Area), string(t.Outcome), t.Reason})
	}
}

// callIDs returns the vendor's ids in the row itself, otherwise all ids in the given calls.
func callIDs(calls []store.Call, b store.Body) (tasks, requests []string) {
	if b.Task != "" || b.Request != "" {
		return present(b.Task), present(b.Request)
	}
	for _, c := range calls {
		tasks = append(tasks, present(c.Receipt.TaskID)...)
		requests = append(requests, present(c.Receipt.RequestID)...)
	}
	return tasks, requests
}

func present(s string) []string {
	if s == "" {
		return nil
	}
	return []string{s}
}
