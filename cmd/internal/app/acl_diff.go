package app

import (
	"fmt"
	"io"
	"strings"

	"purgebot/acl"
)

// This file holds the texts of `purgebot acl diff`.

func sayDiff(w io.Writer, d acl.Difference) {
	if d.Same {
		fmt.Fprintln(w, "access does not change")
	}
	// Changes are grouped by the people they concern.
	for _, of := range d.Who {
		fmt.Fprintf(w, "%s:\n", listedOf(of.Who, of.MoreWho))
		for _, c := range of.Changes {
			fmt.Fprintf(w, "  %s\n", sayChange(c))
		}
		if of.More > 0 {
			fmt.Fprintf(w, "  … and %d more changes\n", of.More)
		}
	}
	if d.More > 0 {
		fmt.Fprintf(w, "… and changes for other people in %d places; --most 0 lists all changes\n", d.More)
	}
	// Settings are changes that concern everybody.
	if len(d.Settings) > 0 {
		fmt.Fprintln(w, "settings that change:")
	}
	for _, s := range d.Settings {
		fmt.Fprintf(w, "  %s\n", s)
	}
}

var signs = map[acl.Effect]string{acl.Gains: "+", acl.DenialAdded: "+", acl.Loses: "-", acl.DenialRemoved: "-", acl.ConfirmChanged: "~ changes", acl.LimitsChanged: "~ changes"}

// sayChange describes one change: its effect and place, its kinds, areas and schemes, and the values before and after.
func sayChange(c acl.Change) string {
	parts := []string{fmt.Sprintf("%s %s %s", signs[c.What], c.What, places(c)), listed(c.Kinds), listed(c.Areas), listed(c.Schemes)}
	if c.In != "" {
		parts = append(parts, "in "+string(c.In))
	}
	if !c.From.IsZero() {
		parts = append(parts, "from "+c.From.Format("2006-01-02 15:04 UTC"))
	}
	if !c.Until.IsZero() {
		parts = append(parts, "until "+c.Until.Format("2006-01-02 15:04 UTC"))
	}
	parts = append(parts, turned(c.What == acl.ConfirmChanged, orNone(c.Before), string(c.Confirm), orNone(c.Confirm))...)
	parts = append(parts, turned(c.LimitsBefore != c.Limits && c.LimitsBefore != "" || c.What == acl.LimitsChanged, orNone(c.LimitsBefore), c.Limits, orNone(c.Limits))...)
	if c.Denied {
		parts = append(parts, "which a denial closes anyway")
	}
	return strings.Join(parts, " · ")
}

// turned shows a value as "before → after" if it changed, otherwise as the value alone.
func turned(changed bool, was, is, orNone string) []string {
	switch {
	case changed:
		return []string{was + " → " + orNone}
	case is != "":
		return []string{is}
	}
	return nil
}

// places names the domains and the path of a change.
func places(c acl.Change) string {
	domains := listedOf(c.Domains, c.MoreDomains)
	if len(c.Domains) == 0 {
		domains = "every domain"
	}
	switch {
	case c.Above:
		return "the directories that contain " + c.Path + " on " + domains
	case c.Path != "" && len(c.Domains) == 1 && c.MoreDomains == 0:
		return domains + c.Path
	case c.Path != "":
		return c.Path + " on " + domains
	}
	return domains
}

// listedOf lists names up to a limit and counts the rest; more is the number of names already cut off before.
func listedOf(some []string, more int) string {
	show := min(len(some), mostListed)
	text := strings.Join(some[:show], ", ")
	if more += len(some) - show; more > 0 {
		text += fmt.Sprintf(" and %d more", more)
	}
	return text
}
