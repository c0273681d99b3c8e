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

// The audit binds what history prints from other tables. Each row carries facts: where its purge stood when it was written, and what
// its transaction made true. What never changes again is there as a digest over its values, whatever columns hold them; what does
// change is there itself. Whoever writes such a value says so by tx.makes, and the next audit row of the transaction has the fact,
// or a row of its own that history does not show (AuditNoted).

// factsVersion is that of the digests below. Older ones must stay readable for as long as audits are kept.
const factsVersion = 1

// facts are what one audit row binds.
type facts struct {
	Version int `json:"v"`
	stand
	Request  string            `json:"request,omitempty"` // digest of all that was asked
	Joined   string            `json:"joined,omitempty"`  // with Request: the purge without which this one is forgotten
	Old      bool              `json:"old,omitempty"`     // it was there before rows had facts, and is bound as it was found
	Decision string            `json:"decision,omitempty"`
	Calls    []callFact        `json:"calls,omitempty"`
	Outcomes []outcomeFact     `json:"outcomes,omitempty"`
	Rules    map[string]string `json:"rules,omitempty"` // that were made, by id
	Ends     map[string]string `json:"ends,omitempty"`  // that were revoked, by id
}

// stand is where a purge stands.
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

// outcomeFact is what became of some targets of one area.
type outcomeFact struct {
	Area    purge.Area    `json:"area"`
	Outcome purge.Outcome `json:"outcome"`
	Reason  string        `json:"reason,omitempty"`
	Of      string        `json:"of"` // their numbers: "0-3,7"
}

// making is what one transaction has made true and not yet bound.
type making struct {
	ids     []string // of purges, in the order of their first change
	changes map[string]*changes
	rules   []string
	ended   []string
}

// changes are those of one purge.
type changes struct {
	at       time.Time // zero: now
	request  string
	joined   string
	decided  bool
	calls    [][2]int // batch and try
	outcomes []outcomes
}

// outcomes are what became of the targets with these numbers.
type outcomes struct {
	meaning
	ns []int
}

// meaning is what became of a target in an area.
type meaning struct {
	area    purge.Area
	outcome purge.Outcome
	reason  string
}

func (m meaning) fact() outcomeFact {
	return outcomeFact{Area: m.area, Outcome: m.outcome, Reason: m.reason}
}

// makes returns what the transaction changes of a purge, to be added to.
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

// bind has each entry carry what was made true of its purge; the first one has the rules as well.
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

// factsOf takes what was made true of a purge; false where there is no such purge.
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

// change adds what changed to the facts of a purge, as the tables have it now.
func (t tx) change(id string, c *changes, f *facts) error {
	f.Request, f.Joined, f.Outcomes = c.request, c.joined, c.outcomeFacts()
	if c.decided {
		d, err := decision(context.Background(), t, id)
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

// ruleFacts takes what was made true of rules.
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

// noteRest writes rows for what no entry was about.
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

// bound reads the facts of a row; those of an old row are zero.
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
