package card

import (
	"slices"

	"purgebot/bot/chat"
	"purgebot/bot/store"
	"purgebot/purge"
)

func (v View) buttons() []chat.Button {
	switch {
	case v.Asking():
		return slices.Concat([]chat.Button{v.Button(doesOf(v.Request), ActionPurge, styleOf(v.Request)), v.Button("Cancel", ActionCancel, chat.Plain)}, v.withoutApproval(), v.asLeak())
	case v.State == store.StateSending && store.Count(v.Targets)[purge.Pending] > 0 && v.Cancelled == "" && v.Join == nil:
		return append([]chat.Button{v.Button("Cancel", ActionCancel, chat.Plain)}, v.lookAgain()...)
	}
	return v.followUps()
}

// followUps offer what was left out, as new requests with decisions of their own.
func (v View) followUps() []chat.Button {
	switch {
	case v.State == store.StateExpired, v.Decided && v.Decision.What == store.Withdrawn:
		return []chat.Button{v.Button("Ask again", ActionAgain, chat.Plain)}
	case !v.State.Final():
		return append(v.anew(), v.lookAgain()...)
	}
	out := v.anew()
	if v.Tried() && v.mayFare() {
		out = append(out, v.Button("Retry failed", ActionRetry, chat.Plain))
	}
	out = append(out, v.lookAgain()...)
	if v.Request.Kind == purge.Prefetch {
		return out
	}
	for _, a := range purge.AreasBut(nil) {
		if label := v.areaOffer(a); label != "" {
			out = append(out, v.Button(label, string(a), chat.Plain))
		}
	}
	if !v.anyGood() {
		return out
	}
	if v.Request.Mode == purge.Flush && v.offers(ActionDelete) {
		out = append(out, v.Button("Delete instead", ActionDelete, chat.Danger))
	}
	return append(out, v.asLeak()...)
}

// lookAgain offers to look at once at what is unclear.
func (v View) lookAgain() []chat.Button {
	if !v.unclear() && !v.Looking() {
		return nil
	}
	return []chat.Button{v.Button("Look again", ActionLook, chat.Plain)}
}

// asLeak offers to purge it as the leak that its reason sounds like.
func (v View) asLeak() []chat.Button {
	if !v.Leaks || !v.offers(ActionLeak) {
		return nil
	}
	return []chat.Button{v.Button("Purge as leak", ActionLeak, chat.Danger)}
}

func (v View) Button(label, action string, style chat.Style) chat.Button {
	return chat.Button{Label: label, Token: v.Token(v.Secret, action), Style: style, Confirms: action == ActionPurge || action == ActionEmergency}
}

func (v View) withoutApproval() []chat.Button {
	if !v.Emergency {
		return nil
	}
	return []chat.Button{v.Button(LabelWithoutApproval(v.Request), ActionEmergency, chat.Danger)}
}

// anew offers whoever joined a purge of their own.
func (v View) anew() []chat.Button {
	if v.Join == nil {
		return nil
	}
	return []chat.Button{v.Button("Purge again", ActionAnew, chat.Plain)}
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

// LabelWithoutApproval is the button, and the form, of an emergency.
func LabelWithoutApproval(r purge.Request) string { return doesOf(r) + sayWithoutApproval }

// The actions of buttons.
const (
	ActionPurge    = "purge"    // decide a waiting purge
	ActionCancel   = "cancel"   // decide it against, or stop what has not left
	ActionAgain    = "again"    // the same request anew
	ActionAnew     = "anew"     // the same, where it had joined another purge
	ActionOverseas = "overseas" // what a purge left out, as a new request
	ActionMainland = "mainland"
	ActionDelete   = "delete"
	ActionRetry    = "retry"   // what of it failed, as a new request
	ActionLook     = "look"    // once more, after the end
	ActionLeak     = "leak"    // the same everywhere, deleted and private, as a new request
	ActionRequest  = "request" // what a private reply offered
	ActionTyped    = "typed"   // decide a waiting purge by the form that a press has opened

	ActionEmergency = "emergency" // decide a waiting purge without the approval that it needs
	ActionReleased  = "released"  // the same by the form that such a press has opened
)

// CardActions are the actions that cards of a purge may ever show.
var CardActions = []string{ActionPurge, ActionCancel, ActionAgain, ActionAnew, ActionOverseas, ActionMainland, ActionDelete, ActionRetry, ActionLook, ActionLeak, ActionEmergency}
