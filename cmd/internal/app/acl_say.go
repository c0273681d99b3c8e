package app

import (
	"fmt"
	"io"
	"strings"
	"time"

	"purgebot/acl"
)

// This file holds the words of `purgebot acl`; people who keep the policy file read them in a terminal.

func sayWhy(w io.Writer, y acl.Why) {
	verdict := "no"
	if y.Allowed {
		verdict = "yes"
	}
	fmt.Fprintf(w, "%s  %s as a %s in %s\n  %s\n", verdict, y.Target, y.Kind, y.Area, y.Reason)
	fmt.Fprintf(w, "  rule: %s\n", y.Rule)
	if len(y.Approvers) > 0 {
		fmt.Fprintf(w, "  approvers: %s\n", listed(y.Approvers))
	}
	for _, c := range y.Budgets {
		fmt.Fprintf(w, "  counts towards: %s, %d a day\n", c.Key, c.Limit)
	}
	for _, g := range y.Grants {
		if len(g.Misses) == 0 {
			fmt.Fprintf(w, "  grant %q covers it\n", g.Rule)
			continue
		}
		fmt.Fprintf(w, "  grant %q does not cover it: %s\n", g.Rule, strings.Join(g.Misses, ", "))
	}
}

func sayWhoCan(w io.Writer, c whoCan) {
	fmt.Fprintf(w, "%s as a %s\n", c.Target, c.Kind)
	if len(c.Who) == 0 {
		fmt.Fprintln(w, "  nobody")
	}
	for _, a := range c.Who {
		fmt.Fprintf(w, "  %s  in %s", a.To, listed(a.Areas))
		if len(a.In) > 0 {
			fmt.Fprintf(w, ", from %s", listed(a.In))
		}
		if a.Confirm != "" {
			fmt.Fprintf(w, ", confirm: %s", a.Confirm)
		}
		if len(a.Approvers) > 0 {
			fmt.Fprintf(w, " of %s", listed(a.Approvers))
		}
		if !a.Until.IsZero() {
			fmt.Fprintf(w, ", until %s", a.Until.Format(time.RFC3339))
		}
		fmt.Fprintf(w, "  by %q\n", a.Rule)
	}
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
		fmt.Fprintf(w, "%s loads, and has no tests: say under `tests` what somebody may and may not purge\n", file)
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

// mostListed is how many names one line holds; --json has them all.
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
