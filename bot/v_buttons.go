package bot

import (
	"slices"

	"purgebot/bot/chat"
	"purgebot/bot/store"
	"purgebot/purge"
)

func (v view) buttons() []chat.Button {
	switch {
	case v.asking():
		return slices.Concat([]chat.Button{v.button(doesOf(v.Request), actionPurge, styleOf(v.Request)), v.button("Cancel", actionCancel, chat.Plain)}, v.withoutApproval(), v.asLeak())
	case v.State == store.StateSending && store.Count(v.targets)[purge.Pending] > 0 && v.Cancelled == "" && v.join == nil:
		return append([]chat.Button{v.button("Cancel", actionCancel, chat.Plain)}, v.lookAgain()...)
	}
	return v.followUps()
}

// followUps offer what was left out, as new requests with decisions of their own.
func (v view) followUps() []chat.Button {
	switch {
	case v.State == store.StateExpired, v.decided && v.decision.What == store.Withdrawn:
		return []chat.Button{v.button("Ask again", actionAgain, chat.Plain)}
	case !v.State.Final():
		return append(v.anew(), v.lookAgain()...)
	}
	out := v.anew()
	if n := store.Count(v.targets); v.tried() && n[purge.Failed]+n[purge.Skipped] > 0 {
		out = append(out, v.button("Retry failed", actionRetry, chat.Plain))
	}
	out = append(out, v.lookAgain()...)
	if !v.anyGood() || v.Request.Kind == purge.Prefetch {
		return out
	}
	for _, a := range purge.AreasBut(v.Request.Areas()) {
		if v.offers(string(a)) {
			out = append(out, v.button("Also "+string(a), string(a), chat.Plain))
		}
	}
	if v.Request.Mode == purge.Flush && v.offers(actionDelete) {
		out = append(out, v.button("Delete instead", actionDelete, chat.Danger))
	}
	return append(out, v.asLeak()...)
}

// lookAgain offers to look at once at what is unclear.
func (v view) lookAgain() []chat.Button {
	if !v.unclear() && !v.looking() {
		return nil
	}
	return []chat.Button{v.button("Look again", actionLook, chat.Plain)}
}

// asLeak offers to purge it as the leak that its reason sounds like.
func (v view) asLeak() []chat.Button {
	if !v.leaks || !v.offers(actionLeak) {
		return nil
	}
	return []chat.Button{v.button("Purge as leak", actionLeak, chat.Danger)}
}

func (v view) button(label, action string, style chat.Style) chat.Button {
	return chat.Button{Label: label, Token: v.token(v.Secret, action), Style: style, Confirms: action == actionPurge || action == actionEmergency}
}

func (v view) withoutApproval() []chat.Button {
	if !v.emergency {
		return nil
	}
	return []chat.Button{v.button(withoutApproval(v.Request), actionEmergency, chat.Danger)}
}

// anew offers whoever joined a purge of their own.
func (v view) anew() []chat.Button {
	if v.join == nil {
		return nil
	}
	return []chat.Button{v.button("Purge again", actionAnew, chat.Plain)}
}

// doesOf is what pressing on a question does, in a word.
func doesOf(r purge.Request) string {
	switch {
	case r.Kind == purge.Prefetch:
		return "Fetch again"
	case r.Mode == purge.Delete:
		return "Delete"
	}
	return "Purge"
}

// styleOf has the press that leaves nothing in the caches look like one.
func styleOf(r purge.Request) chat.Style {
	if r.Mode == purge.Delete {
		return chat.Danger
	}
	return chat.Primary
}

// withoutApproval is the button, and the form, of an emergency.
func withoutApproval(r purge.Request) string { return doesOf(r) + sayWithoutApproval }

// The actions of buttons.
const (
	actionPurge    = "purge"    // decide a waiting purge
	actionCancel   = "cancel"   // decide it against, or stop what has not left
	actionAgain    = "again"    // the same request anew
	actionAnew     = "anew"     // the same, where it had joined another purge
	actionOverseas = "overseas" // what a purge left out, as a new request
	actionMainland = "mainland"
	actionDelete   = "delete"
	actionRetry    = "retry"   // what of it failed, as a new request
	actionLook     = "look"    // once more, after the end
	actionLeak     = "leak"    // the same everywhere, deleted and private, as a new request
	actionRequest  = "request" // what a private reply offered
	actionTyped    = "typed"   // decide a waiting purge by the form that a press has opened

	actionEmergency = "emergency" // decide a waiting purge without the approval that it needs
	actionReleased  = "released"  // the same by the form that such a press has opened
)

// ofCards are the actions that cards of a purge may ever show.
var ofCards = []string{actionPurge, actionCancel, actionAgain, actionAnew, actionOverseas, actionMainland, actionDelete, actionRetry, actionLook, actionLeak, actionEmergency}
