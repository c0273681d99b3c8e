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

// RuleKind is the kind of a rule from chat.
type RuleKind string

// The kinds of rule.
const (
	Freeze RuleKind = "freeze" // forbids purges
	Grant  RuleKind = "grant"  // permits purges for a time
)

// Rule is a freeze or a temporary grant, made by an administrator in chat in addition to the policy file. A rule holds
// in every workspace until its time Until or its revocation.
type Rule struct {
	ID                  string // "r-7k3f9x2q"; AddRule assigns the RuleID of the event to ""
	Kind                RuleKind
	Platform, Workspace string // workspace in which the rule was made
	To                  string // recipient of a grant: a subject, or a name of the policy file; "" for a freeze
	Domain, Path        string // an empty Path means the whole domain
	Kinds               []purge.Kind
	Areas               []purge.Area
	Until               time.Time
	By                  acl.Subject
	ByName              string        // name at that time
	ByGroups            []acl.Subject // groups at that time
	Reason              string
	At                  time.Time
	RevokedAt           time.Time // zero while the rule holds
	RevokedBy           acl.Subject
}

// RuleID returns the id for the rule of an event, so that the audit row in the same transaction can name it. The id has
// 40 bits of a hash, as eight letters of Crockford's alphabet. The knowledge of an id grants nothing.
func RuleID(ev Event) string {
	sum := sha256.Sum256([]byte(encode([]string{"rule", ev.Platform, ev.Workspace, ev.ID})))
	return "r-" + crockford.EncodeToString(sum[:5])
}

// AddRule commits a rule with its event and audit, and raises the version of the rules. A second delivery of the event
// adds nothing and returns the stored rule, or the zero Rule if the event made none.
func (s *Store) AddRule(ctx context.Context, r Rule, ev Event, entries ...Entry) (stored Rule, duplicate bool, err error) {
	type added struct {
		rule      Rule
		duplicate bool
	}
	// Times are kept as they will be read back.
	if r.ID == "" {
		r.ID = RuleID(ev)
	}
	r.Until, r.At, r.RevokedAt = instant(millis(r.Until)), instant(millis(r.At)), time.Time{}
	a, err := change(ctx, s, "add rule "+r.ID, func(t tx) (added, error) {
		duplicate, err := t.takeEvent(ev, "", entries)
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
		// A new rule is stored, bound and audited.
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

// rulesChanged raises the version of the rules and marks the cards of all waiting questions as outdated, since they name
// the freezes.
func (t tx) rulesChanged() error {
	_, err := t.again(`role = $1 AND purge IN (`+selectAsking+`)`, Status)
	if err == nil {
		_, err = t.exec(`UPDATE pb_rule_version SET version = version + 1 WHERE id = 1`)
	}
	return err
}

const selectAsking = `SELECT id FROM pb_purge WHERE finished_at = 0 AND confirm <> '' AND state IN ('recorded', 'waiting')`

// RevokeRules ends the given rules that still hold at a time and returns them. If none holds, the audit gets a row about
// it instead of entries. A second delivery of the event changes nothing.
func (s *Store) RevokeRules(ctx context.Context, ids []string, by acl.Subject, at time.Time, ev Event, entries ...Entry) (revoked []Rule, duplicate bool, err error) {
	type done struct {
		revoked   []Rule
		duplicate bool
	}
	d, err := change(ctx, s, fmt.Sprintf("revoke %q", ids), func(t tx) (d done, err error) {
		// A repeated event changes nothing.
		if d.duplicate, err = t.takeEvent(ev, "", entries); err != nil || d.duplicate {
			return d, err
		}
		// Each rule that still holds is ended.
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
		// A late revocation leaves an audit row.
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

// Rules returns the rules that hold at now, oldest first, with their version. No rule was added or revoked as long as
// RulesVersion returns the same version. The end of a rule does not change the version; Until tells it.
func (s *Store) Rules(ctx context.Context, now time.Time) (active []Rule, version int64, err error) {
	version, err = s.RulesVersion(ctx) // the version comes first, so that a simultaneous change leads to another reading
	if err != nil {
		return nil, 0, err
	}
	active, err = rules(ctx, s.db, now)
	return active, version, fail("read the rules", err)
}

// RulesVersion returns a number that grows with every added or revoked rule. RulesVersion reads one row.
func (s *Store) RulesVersion(ctx context.Context) (version int64, err error) {
	err = s.db.QueryRowContext(ctx, `SELECT version FROM pb_rule_version WHERE id = 1`).Scan(&version)
	return version, fail("read the rules' version", err)
}

// Rule returns one rule, in force or not, or false if none has the id.
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
	// selectActive reads the index of unrevoked rules from now on, so that ended rules cost nothing.
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
