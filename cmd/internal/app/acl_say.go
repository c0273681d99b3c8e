package app

import (
	"fmt"
	"io"
	"strings"
	"time"

	"purgebot/acl"
)

// This file holds the texts of `purgebot acl`, which maintainers of the policy file read in a terminal.

func sayWhy(w io.Writer, y acl.Why) {
	// The first lines give the verdict and the deciding rule.
	verdict := "no"
	if y.Allowed {
		verdict = "yes"
	}
	fmt.Fprintf(w, "%s  %s as a %s in %s\n  %s\n", verdict, y.Target, y.Kind, y.Area, y.Reason)
	if y.Denied {
		y.Rule += " (a denial)"
	}
	fmt.Fprintf(w, "  rule: %s\n", y.Rule)
	// The next lines give the consequences: approval and budgets.
	if len(y.Approvers) > 0 {
		fmt.Fprintf(w, "  approvers: %s\n", listed(y.Approvers))
	}
	for _, c := range y.Budgets {
		fmt.Fprintf(w, "  counts towards: %s, %d a day\n", c.Key, c.Limit)
	}
	// The last lines list every grant on the host, and the reason why a grant does not apply.
	for _, g := range y.Grants {
		if len(g.Misses) == 0 {
			fmt.Fprintf(w, "  grant %q covers it\n", g.Rule)
			continue
		}
		fmt.Fprintf(w, "  grant %q does not cover it: %s\n", g.Rule, strings.Join(g.Misses, ", "))
	}
	sayOthers(w, y.User, y.Others)
}

// sayOthers lists the grants on the host that belong to other people.
func sayOthers(w io.Writer, user acl.Subject, others []acl.Named) {
	for i, o := range others {
		if i == mostListed {
			fmt.Fprintf(w, "  and %d more grants are for others\n", len(others)-i)
			return
		}
		fmt.Fprintf(w, "  grant %q is for %s, not for %s\n", o.Rule, listed(o.To), user)
	}
}

func sayWhoCan(w io.Writer, c whoCan) {
	fmt.Fprintf(w, "%s as a %s\n", c.Target, c.Kind)
	if len(c.Who) == 0 {
		fmt.Fprintln(w, "  nobody")
	}
	for _, a := range c.Who {
		fmt.Fprintf(w, "  %s  by %q\n", sayAccess(a), a.Rule)
		for _, d := range a.Denied {
			fmt.Fprintf(w, "    but %s\n", sayDenied(d))
		}
	}
}

func sayAccess(a acl.Access) string {
	// The people come first.
	s := a.To
	if len(a.Members) > 0 {
		s += " (" + listed(a.Members) + ")"
	}
	s += "  "
	// The places where they may purge follow.
	if len(a.Areas) > 0 {
		s += "in " + listed(a.Areas)
	} else {
		s += "nowhere"
	}
	if len(a.In) > 0 {
		s += ", from " + listed(a.In)
	}
	if len(a.Paths) > 0 {
		s += ", below " + listed(a.Paths)
	}
	// The conditions come last.
	if a.Confirm != "" {
		s += ", confirm: " + string(a.Confirm)
	}
	if len(a.Approvers) > 0 {
		s += " of " + listed(a.Approvers)
	}
	if !a.Until.IsZero() {
		s += ", until " + a.Until.Format(time.RFC3339)
	}
	return s
}

func sayDenied(d acl.Denied) string {
	s := "denied"
	if len(d.Who) > 0 {
		s = listed(d.Who) + " denied"
	}
	s += " in " + listed(d.Areas)
	if d.In != "" {
		s += ", from " + string(d.In)
	}
	return fmt.Sprintf("%s by %q", s, d.Rule)
}

func sayTest(w io.Writer, file string, r acl.TestResult) {
	may := "may not purge"
	if r.May {
		may = "may purge"
	}
	if r.Failed == "" {
		fmt.Fprintf(w, "ok    %s:%d  %s %s %s\n", file, r.Line, r.As, may, r.Target)
		return
	}
	fmt.Fprintf(w, "FAIL  %s:%d  %s %s %s: %s\n", file, r.Line, r.As, may, r.Target, r.Failed)
}

func sayTested(w io.Writer, file string, tests int) {
	if tests == 0 {
		fmt.Fprintf(w, "%s loads, and has no tests: add tests under `tests`, for access that must be allowed and access that must be denied\n", file)
		return
	}
	fmt.Fprintf(w, "%s loads, and meets all %d of its tests\n", file, tests)
}

func orNone[T ~string](s T) string {
	if s == "" {
		return "none"
	}
	return string(s)
}

// mostListed is the number of names shown on one line; --json shows all names.
const mostListed = 8

func listed[T ~string](all []T) string {
	var texts []string
	for i, s := range all {
		if i == mostListed {
			texts = append(texts, fmt.Sprintf("and %d more", len(all)-i))
			break
		}
		texts = append(texts, string(s))
	}
	return strings.Join(texts, ", ")
}
