package store

import (
	"context"
	"crypto/sha256"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"purgebot/acl"
	"purgebot/purge"
)

// RuleKind is what a rule from chat does.
type RuleKind string

// The kinds of rule.
const (
	Freeze RuleKind = "freeze" // nobody may purge
	Grant  RuleKind = "grant"  // somebody may, for a while
)

// Rule is a freeze or a temporary grant: what administrators decide in chat, beside the policy file. It holds in every
// workspace until Until, or until it is revoked.
type Rule struct {
	ID                  string // "r-7k3f9x2q"; AddRule assigns RuleID of the event where it is ""
	Kind                RuleKind
	Platform, Workspace string // where it was made
	To                  string // whom a grant is for: a subject, or a name of the policy file; "" of a freeze
	Domain, Path        string // Path "" is all of the domain
	Kinds               []purge.Kind
	Areas               []purge.Area
	Until               time.Time
	By                  acl.Subject
	ByName              string        // as it was then
	ByGroups            []acl.Subject // as they were then
	Reason              string
	At                  time.Time
	RevokedAt           time.Time // zero while it holds
	RevokedBy           acl.Subject
}

// RuleID is the id that the rule of an event gets, so that the audit row written with it can name it: 40 bits of a hash
// as eight letters of Crockford's alphabet. It grants nothing to know one.
func RuleID(ev Event) string {
	sum := sha256.Sum256([]byte(encode([]string{"rule", ev.Platform, ev.Workspace, ev.ID})))
	return "r-" + crockford.EncodeToString(sum[:5])
}

// AddRule commits a rule with its event and audit, and moves the rules' version on. A second delivery of the event adds
// nothing and returns the rule as it stands; the zero Rule if the event made none.
func (s *Store) AddRule(ctx context.Context, r Rule, ev Event, entries ...Entry) (stored Rule, duplicate bool, err error) {
	type added struct {
		rule      Rule
		duplicate bool
	}
	if r.ID == "" {
		r.ID = RuleID(ev)
	}
	r.Until, r.At, r.RevokedAt = instant(millis(r.Until)), instant(millis(r.At)), time.Time{}
	a, err := change(ctx, s, "add rule "+r.ID, func(t tx) (added, error) {
		duplicate, err := t.seen(ev, "", entries)
		if err != nil {
			return added{}, err
		}
		if duplicate {
			stored, err := scanRule(t.one(selectRules+`id = $1`, r.ID))
			if errors.Is(err, sql.ErrNoRows) {
				err = nil
			}
			return added{stored, true}, err
		}
		if err := t.addRule(r); err != nil {
			return added{}, err
		}
		t.making.rules = append(t.making.rules, r.ID)
		return added{rule: r}, t.audit(entries)
	})
	return a.rule, a.duplicate, err
}

func (t tx) addRule(r Rule) error {
	err := t.insert(`INSERT INTO pb_rule (id, kind, platform, workspace, grantee, domain, path, kinds, areas, until, maker, name, groups_of,
		reason, at, revoked_at, revoked_by) VALUES`, [][]any{{r.ID, r.Kind, r.Platform, r.Workspace, r.To, r.Domain, r.Path, encode(r.Kinds),
		encode(r.Areas), millis(r.Until), r.By, r.ByName, encode(r.ByGroups), r.Reason, millis(r.At), 0, ""}})
	if err != nil {
		return err
	}
	return t.rulesChanged()
}

// rulesChanged moves the version on, and has every question that waits shown anew: its card says what freezes it.
func (t tx) rulesChanged() error {
	_, err := t.again(`role = $1 AND purge IN (`+selectAsking+`)`, Status)
	if err == nil {
		_, err = t.exec(`UPDATE pb_rule_version SET version = version + 1 WHERE id = 1`)
	}
	return err
}

const selectAsking = `SELECT id FROM pb_purge WHERE finished_at = 0 AND confirm <> '' AND state IN ('recorded', 'waiting')`

// RevokeRules ends those of the rules that still hold at at, all with one event, and returns them. Where none of them
// does, an audit row that says so is written instead of entries. A second delivery of the event changes nothing.
func (s *Store) RevokeRules(ctx context.Context, ids []string, by acl.Subject, at time.Time, ev Event, entries ...Entry) (revoked []Rule, duplicate bool, err error) {
	type done struct {
		revoked   []Rule
		duplicate bool
	}
	d, err := change(ctx, s, fmt.Sprintf("revoke %q", ids), func(t tx) (d done, err error) {
		if d.duplicate, err = t.seen(ev, "", entries); err != nil || d.duplicate {
			return d, err
		}
		for _, id := range ids {
			r, err := scanRule(t.one(`UPDATE pb_rule SET revoked_at = $1, revoked_by = $2 WHERE id = $3 AND revoked_at = 0 AND until > $1
				RETURNING `+ruleColumns, millis(at), by, id))
			if errors.Is(err, sql.ErrNoRows) {
				continue
			}
			if err != nil {
				return d, err
			}
			d.revoked, t.making.ended = append(d.revoked, r), append(t.making.ended, r.ID)
		}
		if len(d.revoked) == 0 {
			late := remark(AuditRevokedTooLate, "", entries)
			late.Who, late.Body = by, Body{Rules: ids}.JSON()
			return d, t.audit([]Entry{late})
		}
		if err := t.rulesChanged(); err != nil {
			return d, err
		}
		return d, t.audit(entries)
	})
	return d.revoked, d.duplicate, err
}

// Rules returns the rules that hold at now, the oldest first, with the version they were read at: as long as RulesVersion
// answers it, none was added or revoked. That one of them has come to its end, its Until says.
func (s *Store) Rules(ctx context.Context, now time.Time) (active []Rule, version int64, err error) {
	version, err = s.RulesVersion(ctx) // before the rules: one that comes in between is read again, not missed
	if err != nil {
		return nil, 0, err
	}
	active, err = rules(ctx, s.db, now)
	return active, version, fail("read the rules", err)
}

// RulesVersion grows with every rule that is added or revoked. It reads one row.
func (s *Store) RulesVersion(ctx context.Context) (version int64, err error) {
	err = s.db.QueryRowContext(ctx, `SELECT version FROM pb_rule_version WHERE id = 1`).Scan(&version)
	return version, fail("read the rules' version", err)
}

// Rule returns one rule, in force or not; false if there is none.
func (s *Store) Rule(ctx context.Context, id string) (Rule, bool, error) {
	r, err := scanRule(s.db.QueryRowContext(ctx, selectRules+`id = $1`, id))
	return some("read rule "+id, r, err)
}

func rules(ctx context.Context, q querier, now time.Time) ([]Rule, error) {
	return rows(ctx, q, scanRule, selectActive, millis(now))
}

const (
	ruleColumns = `id, kind, platform, workspace, grantee, domain, path, kinds, areas, until, maker, name, groups_of, reason, at, revoked_at, revoked_by`
	selectRules = `SELECT ` + ruleColumns + ` FROM pb_rule WHERE `
	// selectActive walks an index of what is not revoked, from now on: ended rules cost nothing.
	selectActive = selectRules + `revoked_at = 0 AND until > $1 ORDER BY at, id`
)

func scanRule(r row) (rule Rule, err error) {
	var kinds, areas, groups string
	var until, at, revoked int64
	err = r.Scan(&rule.ID, &rule.Kind, &rule.Platform, &rule.Workspace, &rule.To, &rule.Domain, &rule.Path, &kinds, &areas, &until,
		&rule.By, &rule.ByName, &groups, &rule.Reason, &at, &revoked, &rule.RevokedBy)
	if err != nil {
		return Rule{}, err
	}
	rule.Until, rule.At, rule.RevokedAt = instant(until), instant(at), instant(revoked)
	return rule, errors.Join(json.Unmarshal([]byte(kinds), &rule.Kinds), json.Unmarshal([]byte(areas), &rule.Areas),
		json.Unmarshal([]byte(groups), &rule.ByGroups))
}
