package app

import (
	"encoding/csv"
	"encoding/json"
	"fmt"
	"io"
	"strconv"
	"strings"
	"time"
	"unicode"

	"purgebot/bot/store"
)

// lines writes a history in one format.
type lines struct {
	write func(line) error
	end   func() error
}

// newLines begins a history. Texts of people and of the vendor are escaped in every format: no cell is a formula or
// markup.
func newLines(format string, out io.Writer, zone *time.Location) (lines, error) {
	switch format {
	case "", "markdown":
		return markdownLines(out, zone), nil
	case "csv":
		return csvLines(out), nil
	case "json":
		e := json.NewEncoder(out)
		e.SetEscapeHTML(false)
		return lines{func(l line) error { return e.Encode(l) }, func() error { return nil }}, nil
	}
	return lines{}, fmt.Errorf("--format %q is unknown: write markdown, csv or json", format)
}

// columns lists the columns of the CSV format, with the names used in JSON.
var columns = []struct {
	name string
	of   func(line) string
}{
	{"utc", func(l line) string { return l.UTC }},
	{"local", func(l line) string { return l.Local }},
	{"seq", func(l line) string { return strconv.FormatInt(l.Seq, 10) }},
	{"what", func(l line) string { return l.What }},
	{"subject", func(l line) string { return l.Subject }},
	{"name", func(l line) string { return l.Name }},
	{"groups", func(l line) string { return strings.Join(l.Groups, " ") }},
	{"via", func(l line) string { return strings.Join(l.Via, "; ") }},
	{"rules", func(l line) string { return strings.Join(l.Rules, "; ") }},
	{"policy", func(l line) string { return l.Policy }},
	{"channel", func(l line) string { return l.Channel }},
	{"purge", func(l line) string { return l.Purge }},
	{"requester", func(l line) string { return l.Requester }},
	{"requester_name", func(l line) string { return l.RequesterName }},
	{"kind", func(l line) string { return l.Kind }},
	{"mode", func(l line) string { return l.Mode }},
	{"areas", func(l line) string { return strings.Join(l.Areas, " ") }},
	{"targets", func(l line) string { return targetsText(l.Targets, len(l.Targets)) }},
	{"to", func(l line) string { return l.To }},
	{"until", func(l line) string { return l.Until }},
	{"reason", func(l line) string { return l.Reason }},
	{"approver", func(l line) string { return l.Approver }},
	{"approver_name", func(l line) string { return l.ApproverName }},
	{"state", func(l line) string { return l.State }},
	{"outcome", func(l line) string { return l.Outcome }},
	{"tasks", func(l line) string { return strings.Join(l.Tasks, " ") }},
	{"requests", func(l line) string { return strings.Join(l.Requests, " ") }},
	{"problem", func(l line) string { return l.Problem }},
	{"id", func(l line) string { return l.ID }},
	{"hash", func(l line) string { return l.Hash }},
}

func csvLines(out io.Writer) lines {
	w := csv.NewWriter(out)
	names := make([]string, len(columns))
	for i, c := range columns {
		names[i] = c.name
	}
	_ = w.Write(names) // w.Error in end reports a failure
	write := func(l line) error {
		cells := make([]string, len(columns))
		for i, c := range columns {
			cells[i] = inert(c.of(l))
		}
		return w.Write(cells)
	}
	return lines{write, func() error { w.Flush(); return w.Error() }}
}

// inert keeps a spreadsheet from taking a cell for a formula: https://owasp.org/www-community/attacks/CSV_Injection
func inert(cell string) string {
	if cell != "" && strings.ContainsRune("=+-@\t\r\n＝＋－＠", []rune(cell)[0]) {
		return "'" + cell
	}
	return cell
}

// targetsText lists the first targets, at most `most`, and counts the rest.
func targetsText(ts []affected, most int) string {
	var named []string
	for _, t := range ts[:min(most, len(ts))] {
		fate := strings.Join(append(present(t.Area), present(t.Outcome)...), ": ")
		text := t.Target
		if fate != "" {
			text += " (" + fate + ")"
		}
		if t.Reason != "" {
			text += " " + t.Reason
		}
		named = append(named, text)
	}
	if more := len(ts) - most; more > 0 {
		named = append(named, fmt.Sprintf("and %d more", more))
	}
	return strings.Join(named, "; ")
}

// shownTargets is the number of targets named in one Markdown cell.
const shownTargets = 10

func markdownLines(out io.Writer, zone *time.Location) lines {
	begun := false
	write := func(l line) error {
		// The table head waits for the first row, since an empty history has no table.
		if !begun {
			begun = true
			local := "local time"
			if zone != time.Local {
				local = zone.String()
			}
			fmt.Fprintf(out, "| UTC | %s | what | who | purge | about |\n|---|---|---|---|---|---|\n", plain(local))
		}
		// Every cell is escaped.
		cells := []string{seconds(l.UTC), seconds(l.Local), l.What, who(l.Name, l.Subject), l.Purge, about(l)}
		for i := range cells {
			cells[i] = plain(cells[i])
		}
		_, err := fmt.Fprintf(out, "| %s |\n", strings.Join(cells, " | "))
		return err
	}
	return lines{write, func() error {
		if begun {
			return nil
		}
		_, err := fmt.Fprintln(out, "Nothing matches.")
		return err
	}}
}

// seconds drops the fraction of a time.
func seconds(s string) string {
	at, err := time.Parse(timeLayout, s)
	if err != nil {
		return s
	}
	return at.Format("2006-01-02 15:04:05 Z07:00")
}

func who(name, subject string) string {
	if name == "" {
		return subject
	}
	return name + " (" + subject + ")"
}

// about joins the details of a row in one cell.
func about(l line) string {
	var parts []string
	say := func(what, value string) {
		if value != "" {
			parts = append(parts, what+value)
		}
	}
	// The problem and the targets stand on every row.
	say("", l.Problem)
	if l.first || l.Purge == "" {
		say("", strings.TrimSpace(l.Kind+" "+l.Mode))
	}
	say("", targetsText(l.Targets, shownTargets))
	// The request is described once, on the first row.
	if l.first || l.Purge == "" {
		say("to ", l.To)
		say("until ", l.Until)
		say("reason: ", l.Reason)
		say("rule: ", strings.Join(l.Rules, ", "))
		say("let in by: ", strings.Join(l.Via, ", "))
		say("in ", l.Channel)
		say("policy ", l.Policy)
		say("asked by ", who(l.RequesterName, l.Requester))
	}
	// The end names the second person and the outcome.
	switch {
	case l.Outcome != "":
		say("Purge pressed by ", who(l.ApproverName, l.Approver))
		say("outcome: ", l.Outcome)
	case l.What == string(store.AuditRevised):
		say("known now: ", l.State)
	}
	say("task ", strings.Join(l.Tasks, ", "))
	say("request ", strings.Join(l.Requests, ", "))
	return strings.Join(parts, " · ")
}

// plain escapes s so that Markdown shows s on one line: without markup and mentions, and with invisible characters
// spelled out.
func plain(s string) string {
	var b strings.Builder
	for _, r := range strings.ToValidUTF8(s, "\uFFFD") {
		switch {
		case strings.ContainsRune("\\`*_[]|~#", r):
			b.WriteString("\\" + string(r))
		case strings.ContainsRune("&<>@", r):
			fmt.Fprintf(&b, "&#%d;", r)
		case !unicode.IsPrint(r):
			fmt.Fprintf(&b, "\\\\u%04x", r)
		default:
			b.WriteRune(r)
		}
	}
	return b.String()
}
