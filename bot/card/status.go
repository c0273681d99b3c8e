package card

import (
	"fmt"
	"slices"
	"sort"
	"strings"

	"purgebot/acl"
	"purgebot/bot/chat"
	"purgebot/bot/grammar"
	"purgebot/bot/store"
	"purgebot/purge"
)

// Unreadable explains a question without a Purge button: its targets do not fit on the card and the chat takes no files.
const Unreadable = "The targets do not fit here, and nobody can confirm what cannot be read: whoever runs purgebot can let it attach files, as /readyz says. " +
	"Or cancel this, and ask for at most ten at once."

// shownTargets bounds the targets that a card lists; a file holds all targets beyond that.
const shownTargets = 10

// Status returns the one card that follows a purge from the question to the end, by edits in place.
func (v View) Status() chat.Card {
	// The card begins with the targets and the facts so far.
	c := chat.Card{Title: v.statusTitle(), Tone: v.Tone(), By: v.Requester, Footer: v.footer()}
	v.showTargets(&c)
	c.Lines = append(c.Lines, v.joinLines()...)
	c.Lines = append(c.Lines, v.outcomeLines()...)
	c.Lines = append(c.Lines, v.ProgressLines()...)
	c.Lines = append(c.Lines, v.triesLines()...)
	c.Lines = append(c.Lines, v.Notes...)
	if v.Reason != "" {
		c.Lines = append(c.Lines, "Reason: "+v.Reason)
	}
	// A question adds its costs and warnings; a decided purge adds the decision and the remaining parts.
	if v.Asking() {
		c.Lines = append(c.Lines, v.questionLines()...)
	} else {
		c.Lines = slices.Concat(c.Lines, v.decidedLines(), v.leftOut(), v.prefetchLines())
	}
	c.Buttons = v.buttons()
	if v.Asking() {
		c.Mention = v.Approvers.Mention()
	}
	return c
}

// Result returns the new message at the end of a purge, because an edit notifies nobody.
func (v View) Result() chat.Card {
	c := chat.Card{Title: v.statusTitle(), Tone: v.Tone(), Mention: []acl.Subject{v.Requester}, Footer: v.footer()}
	c.Lines = slices.Concat(v.joinLines(), v.outcomeLines(), v.triesLines(), v.Notes, v.leftOut(), v.prefetchLines())
	c.Buttons = v.followUpButtons()
	if !v.Private && len(v.Targets) > 20 {
		c.File = v.outcomeFile()
	}
	return c
}

// statusTitle returns the title of a purge's card in its present state.
func (v View) statusTitle() string {
	areas := areaWords(v.Request.Areas())
	if v.Request.Kind == purge.Prefetch {
		return v.prefetchTitle(areas)
	}
	switch v.State {
	case store.StateRecorded, store.StateSending:
		if v.Asking() {
			return "Purge " + v.what() + " in " + areas + "?"
		}
		if v.Looking() && store.Count(v.Targets)[purge.Pending] == 0 {
			return "Looking up what became of " + v.what() + " in " + areas
		}
		return "Purging " + v.what() + " in " + areas
	case store.StateWaiting:
		return v.waitingTitle(areas)
	case store.StateFollowing:
		if n := store.Count(v.Targets); n[purge.OutcomeUnknown]+n[purge.Failed]+n[purge.Skipped] > 0 {
			return "Looking up what became of " + v.what() + " in " + areas
		}
		return "Accepted: " + v.what() + " in " + areas
	case store.StateDone:
		return "Done in " + areas + ": " + v.what()
	case store.StateAccepted:
		return "Accepted in " + areas + ": " + v.what()
	case store.StatePartly:
		return "Partly done: " + v.what()
	case store.StateFailed:
		return "Failed: " + v.what() + " in " + areas
	case store.StateUnknown:
		return "Unknown: " + v.what() + " in " + areas + " may have been purged"
	case store.StateExpired:
		return "Expired, nothing was purged: " + v.what()
	case store.StateCancelled:
		return "Cancelled, nothing was purged: " + v.what()
	}
	return "Not purged: " + v.what()
}

// waitingTitle returns the title of a question, before and right after the answer.
func (v View) waitingTitle(areas string) string {
	if !v.Decided {
		return "Purge " + v.what() + " in " + areas + "?"
	}
	if v.Decision.What == store.Confirmed {
		return "Purging " + v.what() + " in " + areas
	}
	return "Not purged: " + v.what()
}

// showTargets lists the first ten targets; the channel sees no targets of a private purge.
func (v View) showTargets(c *chat.Card) {
	if v.Private {
		c.Lines = append(c.Lines, "Private: the channel sees no targets. /purge status "+v.Short+" shows them to whoever asked and whoever may purge them.")
		return
	}
	all := v.Request.Texts()
	c.Targets = all[:min(len(all), shownTargets)]
	if c.More = len(all) - len(c.Targets); c.More > 0 {
		c.File = &chat.File{Name: v.Short + ".txt", Text: strings.Join(all, "\n") + "\n"}
	}
}

// outcomeLines shows the known outcomes of each area, and each distinct reason once.
func (v View) outcomeLines() []string {
	// Counts and reasons come first.
	var lines []string
	for _, a := range v.Request.Areas() {
		if s := v.areaLine(a); s != "" {
			lines = append(lines, s)
		}
	}
	lines = append(lines, v.reasonLines()...)
	if v.Problem != "" && !slices.ContainsFunc(lines, func(l string) bool { return strings.Contains(l, v.Problem) }) {
		lines = append(lines, v.Problem)
	}
	// An accepted or unknown end needs an explanation.
	switch v.State {
	case store.StateAccepted:
		if v.Problem == "" {
			lines = append(lines, "Tencent accepted it; its API does not tell when it is done. It usually takes "+v.usualWait()+".")
		}
	}
	if n := store.Count(v.Targets)[purge.OutcomeUnknown]; n > 0 && v.State.Final() {
		lines = append(lines, UnclearCosts(n))
	}
	return lines
}

// usualWait returns the duration that Tencent documents.
func (v View) usualWait() string {
	if v.Request.Kind == purge.Prefetch {
		return "5 to 30 minutes"
	}
	return "about five minutes"
}

// areaLine returns "Mainland: 3 done, 1 failed"; it returns "" before the first outcome.
func (v View) areaLine(a purge.Area) string {
	// The targets are counted by outcome, and the counts worded in a fixed order.
	n := map[purge.Outcome]int{}
	for _, t := range v.Targets {
		if t.Area == a {
			n[t.Outcome]++
		}
	}
	var words []string
	for _, o := range []purge.Outcome{purge.Done, purge.Accepted, purge.Failed, purge.OutcomeUnknown, purge.Skipped} {
		if n[o] > 0 {
			words = append(words, fmt.Sprintf("%d %s", n[o], outcomeWord[o]))
		}
	}
	if len(words) == 0 {
		return ""
	}
	if left := n[purge.Pending]; left > 0 {
		words = append(words, fmt.Sprintf("%d to go", left))
	}
	return Title(string(a)) + ": " + strings.Join(words, ", ") + "."
}

// outcomeWord holds the word for each outcome.
var outcomeWord = map[purge.Outcome]string{
	purge.Done: "done", purge.Accepted: "accepted", purge.Failed: "failed",
	purge.OutcomeUnknown: "unknown (may have been done)", purge.Skipped: "not sent",
}

// reasonLines lists each distinct reason with the number of its targets, the commonest first.
func (v View) reasonLines() []string {
	// The targets are counted by reason.
	n := map[string]int{}
	first := map[string]string{}
	for _, t := range v.Targets {
		if t.Reason != "" {
			n[t.Reason]++
			if n[t.Reason] == 1 {
				first[t.Reason] = t.Target.String()
			}
		}
	}
	// The reasons are sorted by count, then by text, so that edits of a card keep their order.
	reasons := make([]string, 0, len(n))
	for r := range n {
		reasons = append(reasons, r)
	}
	sort.Slice(reasons, func(i, j int) bool {
		return n[reasons[i]] > n[reasons[j]] || n[reasons[i]] == n[reasons[j]] && reasons[i] < reasons[j]
	})
	lines := make([]string, 0, len(reasons))
	for _, r := range reasons[:min(len(reasons), 5)] {
		lines = append(lines, v.reasonLine(n[r], first[r], r))
	}
	return lines
}

// reasonLine words one reason with its first target and the number of the others.
func (v View) reasonLine(n int, first, reason string) string {
	switch {
	case n == len(v.Targets) || v.Private:
		return reason
	case n == 1:
		return first + ": " + reason
	}
	return fmt.Sprintf("%s and %d more: %s", first, n-1, reason)
}

// questionLines lists the facts that a person needs for a decision.
func (v View) questionLines() []string {
	lines := slices.Concat([]string{v.modeLine()}, costLines(v.Request, v.Room, v.Turns), v.prefetchCost())
	lines = append(lines, PurgedLately(v.Lately, v.Private))
	lines = slices.Concat(lines, v.Hints, v.warnings(), v.Frozen)
	for _, l := range v.leftOut() {
		if l != sayStayCached { // the mode's line tells it already
			lines = append(lines, l)
		}
	}
	if len(v.asLeak()) > 0 {
		lines = append(lines, SoundsLikeLeak)
	}
	lines = append(lines, v.PressLine, v.emergencyLine())
	if !v.ExpiresAt.IsZero() {
		lines = append(lines, "Expires at "+clock(v.ExpiresAt)+".")
	}
	return Compact(lines)
}

// modeLine explains the mode of a directory purge.
func (v View) modeLine() string {
	switch v.Request.Mode {
	case purge.Flush:
		return "Mode flush: changed files only; unchanged files stay cached."
	case purge.Delete:
		return "Mode delete: everything below, changed or not; the origin will feel it."
	}
	return ""
}

// warnings names the whole sites, and the typing that their confirmation requires.
func (v View) warnings() []string {
	hosts := v.Request.WholeSites()
	if len(hosts) == 0 {
		return nil
	}
	verb := " is a whole site."
	if len(hosts) > 1 {
		verb = " are whole sites."
	}
	return []string{"Warning: " + strings.Join(hosts, ", ") + verb, TypeHost}
}

// decidedLines names the people who decided or cancelled the purge.
func (v View) decidedLines() []string {
	var lines []string
	if v.Decided && v.Decision.Name != "" && v.Join == nil {
		lines = append(lines, Title(sayDecided(v.Decision))+" by "+chat.OneLine(v.Decision.Name)+" ("+v.Decision.Who.ID()+") at "+clock(v.Decision.At)+".")
	}
	if v.Decision.Released() && v.Join == nil {
		lines = append(lines, "Why it could not wait: "+v.Decision.Emergency)
	}
	if v.Cancelled != "" {
		lines = append(lines, sayCancelled(v.Cancelled, v.Stopped))
	}
	return lines
}

// sayStayCached reminds readers of the limit of mode flush.
const sayStayCached = "Unchanged files stay cached."

// leftOut names the untouched parts, so that readers do not take "done" for more than the purge did.
func (v View) leftOut() []string {
	if v.State.Final() && !v.anyGood() || v.Request.Kind == purge.Prefetch {
		return nil
	}
	lines := v.leftOutLines()
	if v.Request.Mode == purge.Flush {
		lines = append(lines, sayStayCached)
	}
	if page := v.pageOnly(); page != "" {
		lines = append(lines, "Only the page "+page+" itself, nothing below it.")
	}
	return lines
}

// pageOnly returns the path of a URL that ends in "/", because its purge leaves the directory below alone.
func (v View) pageOnly() string {
	if v.Request.Kind != purge.URL || v.Private {
		return ""
	}
	for _, p := range v.Request.Parts {
		for _, t := range p.Targets {
			if strings.HasSuffix(t.Path(), "/") && t.Query() == "" {
				return t.Path()
			}
		}
	}
	return ""
}

// sayWholeSite states the effect of typing the hosts of whole sites. Discord shows a hundred characters of it.
func sayWholeSite(r purge.Request) string {
	does, areas := "Flushes changed files", areasOfWholeSites(r)
	if r.Mode == purge.Delete {
		does = "Deletes everything"
	}
	where := ", each host in the areas of its card"
	if len(areas) > 0 {
		where = " in " + areaWords(areas)
	}
	if len(areas) == 1 {
		where += "; " + areaWords(purge.AreasBut(areas)) + " is left out"
	}
	return does + where + ". Any other text purges nothing."
}

// areasOfWholeSites returns the areas of a request's whole sites; it returns none if the sites differ in areas.
func areasOfWholeSites(r purge.Request) (areas []purge.Area) {
	n := 0
	for _, part := range r.Parts {
		in := purge.Request{Kind: r.Kind, Parts: []purge.Part{part}}.WholeSites()
		if len(in) > 0 {
			areas, n = append(areas, part.Area), n+len(in)
		}
	}
	if n != len(areas)*len(r.WholeSites()) {
		return nil
	}
	return areas
}

// outcomeFile returns a file with a line for each target and area: target, area, outcome, reason.
func (v View) outcomeFile() *chat.File {
	var text strings.Builder
	for _, t := range v.Targets {
		fmt.Fprintf(&text, "%s\t%s\t%s\t%s\n", t.Target, t.Area, t.Outcome, chat.OneLine(t.Reason))
	}
	return &chat.File{Name: v.Short + ".txt", Text: text.String()}
}

// RefusedCard lists refused targets with their reasons, and explains the area of refused overseas targets.
func RefusedCard(refused []Refusal, readings []grammar.Reading, areas []string) chat.Card {
	// The title counts the refused targets.
	c := chat.Card{Title: "Nothing was purged: " + fmt.Sprint(len(refused)) + " refused", Tone: chat.Bad}
	if len(refused) == 1 {
		c.Title = "Nothing was purged: 1 target is refused"
	}
	// Many targets with one reason take one line if the card offers them all corrected.
	if all := alike(refused); all != "" && len(readings) > 0 && len(readings[0].Targets) >= len(refused) {
		c.Lines = []string{all}
		return c
	}
	// Otherwise the first targets are listed and the others counted.
	for _, r := range refused[:min(len(refused), shownTargets)] {
		where := ""
		if r.Area == purge.Overseas {
			where = " (overseas)"
		}
		c.Lines = append(c.Lines, r.Target+where+": "+r.Reason)
	}
	if more := len(refused) - len(c.Lines); more > 0 {
		c.Lines = append(c.Lines, fmt.Sprintf("and %d more.", more))
	}
	if slices.ContainsFunc(refused, func(r Refusal) bool { return r.Area == purge.Overseas }) {
		c.Lines = append(c.Lines, areas...)
	}
	return c
}

// DryRun describes the effect of a request: its calls to Tencent and its further course, given by the parameter would.
func (v View) DryRun(calls int, would []string) chat.Card {
	c := chat.Card{Title: "Dry run, nothing is sent: " + v.what() + " in " + areaWords(v.Request.Areas())}
	v.showTargets(&c)
	c.File = nil
	c.Lines = slices.Concat(c.Lines, v.Notes, []string{sayCalls(calls)}, would)
	if v.Confirm != "" {
		c.Lines = append(c.Lines, v.questionLines()...)
	} else {
		c.Lines = append(c.Lines, Compact(slices.Concat(costLines(v.Request, v.Room, v.Turns), v.prefetchCost(), []string{PurgedLately(v.Lately, false)}, v.Hints, v.leftOut()))...)
	}
	return c
}

// PrivateTargetsCard shows the requester alone what a private purge is about.
func PrivateTargetsCard(r purge.Request) chat.Card {
	all := r.Texts()
	c := chat.Card{Title: "Taken. Only you see the targets:", Targets: all[:min(len(all), shownTargets)]}
	c.More = len(all) - len(c.Targets)
	return c
}

// Compact removes empty lines.
func Compact(lines []string) []string {
	out := lines[:0]
	for _, l := range lines {
		if l != "" {
			out = append(out, l)
		}
	}
	return out
}
