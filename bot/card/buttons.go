package card

import (
	"slices"

	"purgebot/bot/chat"
	"purgebot/bot/store"
	"purgebot/purge"
)

// buttons returns the buttons of a card in its present state.
func (v View) buttons() []chat.Button {
	switch {
	case v.Asking():
		return slices.Concat([]chat.Button{v.Button(doesOf(v.Request), ActionPurge, styleOf(v.Request)), v.Button("Cancel", ActionCancel, chat.Plain)}, v.withoutApproval(), v.asLeak())
	case v.State == store.StateSending && store.Count(v.Targets)[purge.Pending] > 0 && v.Cancelled == "" && v.Join == nil:
		return append([]chat.Button{v.Button("Cancel", ActionCancel, chat.Plain)}, v.lookAgain()...)
	}
	return v.followUpButtons()
}

// followUpButtons offers the missing parts of a finished purge as new requests, each with a decision of its own.
func (v View) followUpButtons() []chat.Button {
	// A question without an answer can be asked again, and an open purge has no result to add to.
	switch {
	case v.State == store.StateExpired, v.Decided && v.Decision.What == store.Withdrawn:
		return []chat.Button{v.Button("Ask again", ActionAgain, chat.Plain)}
	case !v.State.Final():
		return append(v.anew(), v.lookAgain()...)
	}
	// A failed or unclear purge can be repeated or looked up.
	out := v.anew()
	if v.Tried() && v.mayFare() {
		out = append(out, v.Button("Retry failed", ActionRetry, chat.Plain))
	}
	out = append(out, v.lookAgain()...)
	if v.Request.Kind == purge.Prefetch {
		return out
	}
	// A successful purge can be widened to another area, to unchanged files, or to a leak.
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

// lookAgain offers an immediate look at unclear outcomes.
func (v View) lookAgain() []chat.Button {
	if !v.unclear() && !v.Looking() {
		return nil
	}
	return []chat.Button{v.Button("Look again", ActionLook, chat.Plain)}
}

// asLeak offers to purge the same targets as a leak, where the typed reason sounds like one.
func (v View) asLeak() []chat.Button {
	if !v.Leaks || !v.offers(ActionLeak) {
		return nil
	}
	return []chat.Button{v.Button("Purge as leak", ActionLeak, chat.Danger)}
}

// Button returns a button whose token is bound to this purge and the action.
func (v View) Button(label, action string, style chat.Style) chat.Button {
	return chat.Button{Label: label, Token: v.Token(v.Secret, action), Style: style, Confirms: action == ActionPurge || action == ActionEmergency}
}

// withoutApproval offers the emergency press, where the rules allow it by now.
func (v View) withoutApproval() []chat.Button {
	if !v.Emergency {
		return nil
	}
	return []chat.Button{v.Button(LabelWithoutApproval(v.Request), ActionEmergency, chat.Danger)}
}

// anew offers a separate purge to a requester who joined another one.
func (v View) anew() []chat.Button {
	if v.Join == nil {
		return nil
	}
	return []chat.Button{v.Button("Purge again", ActionAnew, chat.Plain)}
}

// doesOf returns the verb on a question's main button.
func doesOf(r purge.Request) string {
	switch {
	case r.Kind == purge.Prefetch:
		return "Fetch again"
	case r.Mode == purge.Delete:
		return "Delete"
	}
	return "Purge"
}

// styleOf returns the style of a question's main button: deleting looks dangerous.
func styleOf(r purge.Request) chat.Style {
	if r.Mode == purge.Delete {
		return chat.Danger
	}
	return chat.Primary
}

// LabelWithoutApproval returns the label of the emergency's button and form.
func LabelWithoutApproval(r purge.Request) string { return doesOf(r) + sayWithoutApproval }

// Each button's token carries one of these actions.
const (
	ActionPurge    = "purge"    // ActionPurge confirms a waiting purge
	ActionCancel   = "cancel"   // ActionCancel declines a waiting purge, or stops the unsent part of a running one
	ActionAgain    = "again"    // ActionAgain asks an expired or withdrawn question again
	ActionAnew     = "anew"     // ActionAnew starts a separate purge for a request that had joined another one
	ActionOverseas = "overseas" // ActionOverseas asks for the same purge overseas
	ActionMainland = "mainland" // ActionMainland asks for the same purge in mainland
	ActionDelete   = "delete"   // ActionDelete asks for the same purge in mode delete
	ActionRetry    = "retry"    // ActionRetry asks for the failed part again
	ActionLook     = "look"     // ActionLook looks up an unclear outcome at once
	ActionLeak     = "leak"     // ActionLeak asks for the same targets everywhere, deleted and private
	ActionRequest  = "request"  // ActionRequest takes the command that a private reply offered
	ActionTyped    = "typed"    // ActionTyped confirms a waiting purge by the form that a press opened

	ActionEmergency = "emergency" // ActionEmergency confirms a waiting purge without the required approval
	ActionReleased  = "released"  // ActionReleased does the same by the form that the emergency press opened
)

// CardActions lists every action that a purge's card can show.
var CardActions = []string{ActionPurge, ActionCancel, ActionAgain, ActionAnew, ActionOverseas, ActionMainland, ActionDelete, ActionRetry, ActionLook, ActionLeak, ActionEmergency}
