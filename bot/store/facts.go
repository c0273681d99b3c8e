package store

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"time"

	"purgebot/acl"
	"purgebot/purge"
)

// The audit binds the values that history prints from other tables. Each row carries facts: the state of its purge at
// the time, and the changes of its transaction. A final value is bound by a digest over its content, independent of its
// columns; a value that may change is bound in full. Code that writes such a value reports the change through tx.makes.
// The next audit row of the transaction carries the fact; without one, the store adds a row of the kind AuditNoted,
// which history does not show.

// factsVersion is the version of the digests below. Older versions must stay readable as long as audits are kept.
const factsVersion = 1

// facts holds the facts bound by one audit row.
type facts struct {
	Version int `json:"v"`
	stand
	Request  string            `json:"request,omitempty"` // digest of the whole request
	Joined   string            `json:"joined,omitempty"`  // with Request: id of the joined purge, which is forgotten together with this one
	Old      bool              `json:"old,omitempty"`     // true for a purge from before the upgrade, bound in the state found then
	Decision string            `json:"decision,omitempty"`
	Calls    []callFact        `json:"calls,omitempty"`
	Outcomes []outcomeFact     `json:"outcomes,omitempty"`
	Rules    map[string]string `json:"rules,omitempty"` // digests of new rules, by id
	Ends     map[string]string `json:"ends,omitempty"`  // digests of revoked rules, by id
}

// stand is the state of a purge.
type stand struct {
	State     State       `json:"state,omitempty"`
	Problem   string      `json:"problem,omitempty"`
	Finished  int64       `json:"finished,omitempty"`
	Cancelled acl.Subject `json:"cancelled,omitempty"`
}

func (p Purge) stand() stand {
	return stand{p.State, p.Problem, millis(p.FinishedAt), p.Cancelled}
}

type callFact struct {
	Batch  int    `json:"batch"`
	Try    int    `json:"try"`
	Digest string `json:"digest"`
}

// outcomeFact is the outcome of some targets in one area.
type outcomeFact struct {
	Area    purge.Area    `json:"area"`
	Outcome purge.Outcome `json:"outcome"`
	Reason  string        `json:"reason,omitempty"`
	Of      string        `json:"of"` // numbers of the targets: "0-3,7"
}

// making holds the changes of one transaction that no audit row has bound yet.
type making struct {
	ids     []string // ids of purges, in the order of their first change
	changes map[string]*changes
	rules   []string
	ended   []string
}

// changes holds the changes of one purge.
type changes struct {
	at       time.Time // zero: now
	request  string
	joined   string
	decided  bool
	calls    [][2]int // batch and try
	outcomes []outcomes
}

// outcomes is one outcome with the numbers of its targets.
type outcomes struct {
	meaning
	ns []int
}

// meaning is the outcome of a target in an area.
type meaning struct {
	area    purge.Area
	outcome purge.Outcome
	reason  string
}

func (m meaning) fact() outcomeFact {
	return outcomeFact{Area: m.area, Outcome: m.outcome, Reason: m.reason}
}

// makes returns the changes of a purge in this transaction, for the caller to extend.
func (t tx) makes(id string, at time.Time) *changes {
	c := t.making.changes[id]
	if c == nil {
		c = &changes{at: at}
		t.making.changes[id] = c
		t.making.ids = append(t.making.ids, id)
	}
	return c
}

func (c *changes) call(batch, try int) {
	if at := [2]int{batch, try}; !slices.Contains(c.calls, at) {
		c.calls = append(c.calls, at)
	}
}

func (c *changes) outcome(m meaning, ns ...int) {
	if last := len(c.outcomes) - 1; last >= 0 && c.outcomes[last].meaning == m {
		c.outcomes[last].ns = append(c.outcomes[last].ns, ns...)
		return
	}
	c.outcomes = append(c.outcomes, outcomes{m, slices.Clone(ns)})
}

func (c *changes) outcomeFacts() (of []outcomeFact) {
	for _, o := range c.outcomes {
		f := o.fact()
		f.Of = runs(o.ns)
		of = append(of, f)
	}
	return of
}

// bind adds to each entry the changes of its purge, and to the first entry the changes of rules.
func (t tx) bind(entries []Entry) error {
	for i := range entries {
		f, known, err := t.factsOf(entries[i].Purge)
		if err != nil {
			return fmt.Errorf("bind the audit: %w", err)
		}
		if i == 0 && len(t.making.rules)+len(t.making.ended) > 0 {
			known = true
			if err := t.ruleFacts(&f); err != nil {
				return fmt.Errorf("bind the audit: %w", err)
			}
		}
		if known {
			f.Version = factsVersion
			entries[i].facts = encode(f)
		}
	}
	return nil
}

// factsOf removes the changes of a purge from the transaction and returns them as facts, or false if the purge does not
// exist.
func (t tx) factsOf(id string) (f facts, known bool, err error) {
	if id == "" {
		return f, false, nil
	}
	c := t.making.changes[id]
	delete(t.making.changes, id)
	err = t.one(`SELECT state, problem, finished_at, cancelled FROM pb_purge WHERE id = $1`, id).Scan(&f.State, &f.Problem, &f.Finished, &f.Cancelled)
	if errors.Is(err, sql.ErrNoRows) {
		return f, false, nil
	}
	if c != nil && err == nil {
		err = t.change(id, c, &f)
	}
	return f, true, err
}

// change adds the changes of a purge to its facts, with the values now in the tables.
func (t tx) change(id string, c *changes, f *facts) error {
	f.Request, f.Joined, f.Outcomes = c.request, c.joined, c.outcomeFacts()
	if c.decided {
		d, err := readDecision(context.Background(), t, id)
		if err != nil {
			return err
		}
		f.Decision = d.digest()
	}
	for _, at := range c.calls {
		call, err := scanCall(t.one(selectCalls+` AND batch = $2 AND try = $3`, id, at[0], at[1]))
		if err != nil {
			return err
		}
		f.Calls = append(f.Calls, callFact{at[0], at[1], call.digest()})
	}
	return nil
}

// ruleFacts moves the changes of rules from the transaction to facts.
func (t tx) ruleFacts(f *facts) (err error) {
	f.Rules, err = t.ruleDigests(t.making.rules)
	if err == nil {
		f.Ends, err = t.ruleDigests(t.making.ended)
	}
	t.making.rules, t.making.ended = nil, nil
	return err
}

func (t tx) ruleDigests(ids []string) (map[string]string, error) {
	digests := map[string]string{}
	for _, id := range ids {
		r, err := scanRule(t.one(selectRules+`id = $1`, id))
		if err != nil {
			return nil, err
		}
		digests[id] = r.digest()
	}
	return digests, nil
}

// noteRest writes rows for changes that no entry has bound.
func (t tx) noteRest() error {
	var entries []Entry
	note := func(id string, at time.Time) {
		if at.IsZero() {
			at = instant(now())
		}
		entries = append(entries, Entry{At: at, What: AuditNoted, Purge: id})
	}
	for _, id := range t.making.ids {
		if c := t.making.changes[id]; c != nil {
			note(id, c.at)
		}
	}
	if len(entries) == 0 && len(t.making.rules)+len(t.making.ended) > 0 {
		note("", time.Time{})
	}
	return t.audit(entries)
}

// bound reads the facts of a row; rows from before the upgrade have zero facts.
func (e Entry) bound() (f facts, err error) {
	if e.facts == "" {
		return f, nil
	}
	if err := json.Unmarshal([]byte(e.facts), &f); err != nil {
		return f, fmt.Errorf("read what row %d binds: %w", e.Seq, err)
	}
	if f.Version != factsVersion {
		return f, fmt.Errorf("row %d binds values in version %d, and this program knows %d", e.Seq, f.Version, factsVersion)
	}
	return f, nil
}
