package acl

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"purgebot/purge"
)

// This file checks freezes and loans from chat before they are stored. Administrator decides about the right to
// declare them.

// CheckFreeze returns nil, or an error whose sentence suggests the correction.
func (p *Policy) CheckFreeze(f Freeze, now time.Time) error {
	if err := checkDomain(f.Domain, true); err != nil {
		return err
	}
	if f.Path != "" {
		if why := judgePath(f.Path); why != "" {
			return fmt.Errorf("%q %s", f.Path, why)
		}
	}
	if !f.Until.After(now) {
		return errors.New("a freeze ends later than now; say how long, as in 2h")
	}
	return checkReason(f.Reason)
}

// CheckLoan returns nil, or an error whose sentence suggests the correction.
func (p *Policy) CheckLoan(l Loan, now time.Time) error {
	if err := p.checkBorrower(l); err != nil {
		return err
	}
	if err := checkDomain(l.Domain, false); err != nil {
		return err
	}
	switch {
	case !among(l.Kinds, purge.URL, purge.Directory):
		return errors.New("a temporary grant is for url, directory or both")
	case !among(l.Areas, purge.Mainland, purge.Overseas):
		return errors.New("a temporary grant is for mainland, overseas or both")
	case !l.Until.After(now) || l.Until.Sub(now) > MaxLoan:
		return errors.New("a temporary grant lasts at most 24 hours; say how long, as in 2h, or put a grant with `until` into the policy file")
	}
	return checkReason(l.Reason)
}

// checkBorrower checks the borrower of a loan. A person must not lend to themselves, under any name.
func (p *Policy) checkBorrower(l Loan) error {
	s, err := ParseSubject(l.To)
	named := p.names.numbers[l.To]
	switch {
	case err != nil && (named == 0 || named == everyone || strings.Contains(l.To, ":")):
		return fmt.Errorf("%q is no subject, and no person or group of the policy file; write the id as `/purge whoami` shows it", l.To)
	case err == nil && s.role() == channel:
		return fmt.Errorf("%q is a channel; grant to a person or a group", l.To)
	case p.SamePerson(s, l.By), named != 0 && named == p.names.owner[l.By]:
		return errors.New("nobody grants to themselves; ask another administrator")
	}
	return nil
}

func checkDomain(domain string, wide bool) error {
	if why := judgeDomain(strings.TrimPrefix(domain, "*."), domain, wide); why != "" {
		return fmt.Errorf("%q %s", domain, why)
	}
	return nil
}

func checkReason(reason string) error {
	if strings.TrimSpace(reason) == "" {
		return errors.New("say why, in quotes: the reason is posted and kept")
	}
	return nil
}

// among reports whether all is not empty and has only known values.
func among[T comparable](all []T, known ...T) bool {
	return len(all) > 0 && !slices.ContainsFunc(all, func(v T) bool { return !slices.Contains(known, v) })
}
