package slacksim

import (
	"encoding/json"
	"maps"
	"net/http"
	"strings"
	"time"
	"unicode/utf8"
)

// View is a modal that a user has open.
type View struct {
	ID, CallbackID, PrivateMetadata string
	Title, Submit, Close            string
	Blocks                          json.RawMessage
	Errors                          map[string]string // by block_id: what was wrong with the last submission; "" is the whole form

	raw   node
	names map[string]string
	typed map[string]string // by block_id: what its fields held when it was last sent
}

// Input is one field of a View. Initial is what it held when the view was shown, Value what it holds now: a form that comes back
// with errors holds what was typed.
type Input struct {
	BlockID, ActionID, Type, Label, Initial, Value string
	Options                                        []string // values to choose from
	Multiline, Optional                            bool

	element node
}

// trigger is a trigger_id: it opens one view, within TriggerLife.
type trigger struct {
	user string
	born time.Time
	used bool
}

// trigger opens a trigger_id for a user.
func (w *Workspace) trigger(user string) string {
	id := w.random(5) + "." + w.random(5) + "." + w.random(16)
	w.triggers[id] = &trigger{user: user, born: w.Now()}
	return id
}

// maxView and maxStack are documented at https://docs.slack.dev/reference/methods/views.open/ and /surfaces/modals/
const (
	maxView  = 250_000
	maxStack = 3
)

func (w *Workspace) viewsOpen(a args) answer {
	t := w.triggers[a["trigger_id"]]
	switch {
	case t == nil:
		return fail("invalid_trigger_id")
	case t.used:
		return fail("exchanged_trigger_id")
	case w.Now().Sub(t.born) > w.TriggerLife:
		return fail("expired_trigger_id")
	}
	v, refused := w.newView([]byte(a["view"]))
	if refused != nil {
		return refused
	}
	t.used = true
	w.views[t.user] = []*View{v}
	w.change()
	return answer{"view": w.wireView(v)}
}

// newView checks a view as sent and gives it an id.
func (w *Workspace) newView(raw []byte) (*View, answer) {
	var n node
	if len(raw) > maxView {
		return nil, fail("view_too_large")
	}
	if json.Unmarshal(raw, &n) != nil {
		return nil, fail("invalid_arguments")
	}
	if problems := checkView(n); len(problems) > 0 {
		return nil, answer{"ok": false, "error": "invalid_arguments",
			"response_metadata": answer{"messages": problems}}
	}
	blocks, refused := w.checkBlocks(rawJSON(n["blocks"]), onModal)
	if refused != nil {
		refused["error"] = "invalid_arguments"
		return nil, refused
	}
	return &View{
		ID: w.id("V"), CallbackID: n.str("callback_id"), PrivateMetadata: n.str("private_metadata"),
		Title: n.node("title").str("text"), Submit: n.node("submit").str("text"), Close: n.node("close").str("text"),
		Blocks: blocks, raw: n,
	}, nil
}

func (w *Workspace) wireView(v *View) answer {
	sent := answer{}
	maps.Copy(sent, v.raw)
	maps.Copy(sent, answer{"id": v.ID, "team_id": w.TeamID, "blocks": v.Blocks, "app_id": w.AppID, "bot_id": w.BotID,
		"callback_id": v.CallbackID, "private_metadata": v.PrivateMetadata, "root_view_id": v.ID, "hash": w.random(8),
		"state": answer{"values": answer{}}})
	return sent
}

// Plain returns what a person reads in the form: its title, texts and labels, one line a line.
func (v View) Plain() string {
	return strings.TrimSuffix(v.Title+"\n"+plainBlocks(parsed(v.Blocks), v.names), "\n")
}

// Inputs returns its fields in order.
func (v View) Inputs() []Input {
	var inputs []Input
	for _, b := range parsed(v.Blocks) {
		if b.str("type") != "input" {
			continue
		}
		i := input(b)
		i.Value = i.Initial
		if typed, is := v.typed[i.BlockID]; is {
			i.Value = typed
		}
		inputs = append(inputs, i)
	}
	return inputs
}

func input(b node) Input {
	e := b.node("element")
	i := Input{BlockID: b.str("block_id"), ActionID: e.str("action_id"), Type: e.str("type"), Label: b.node("label").str("text"),
		Initial: e.str("initial_value"), Multiline: e.yes("multiline"), Optional: b.yes("optional"), element: e}
	for _, o := range e.list("options") {
		i.Options = append(i.Options, o.str("value"))
	}
	if o := e.node("initial_option"); o != nil {
		i.Initial = o.str("value")
	}
	var chosen []string
	for _, o := range e.list("initial_options") {
		chosen = append(chosen, o.str("value"))
	}
	if chosen != nil {
		i.Initial = strings.Join(chosen, ",")
	}
	return i
}

// View returns the topmost form a user has open, or false.
func (w *Workspace) View(user string) (View, bool) {
	defer w.lock()()
	v := w.top(user)
	if v == nil {
		return View{}, false
	}
	c := *v
	c.names = w.names
	return c, true
}

func (w *Workspace) top(user string) *View {
	if stack := w.views[user]; len(stack) > 0 {
		return stack[len(stack)-1]
	}
	return nil
}

// Submit sends the user's open form back with values by action_id, block_id or label; unnamed inputs keep the value
// that they hold; several choices are separated by commas. As in Slack's client, a form with a required field empty, too long, or
// not one of the choices is not sent: see Delivery.Refused.
func (w *Workspace) Submit(user string, values map[string]string, opts ...Option) Delivery {
	unlock := w.lock()
	v := w.top(user)
	if v == nil {
		unlock()
		return Delivery{Refused: "no form is open"}
	}
	state, refused := v.state(values)
	if refused != "" {
		unlock()
		return Delivery{Refused: refused}
	}
	sent := w.wireView(v)
	sent["state"] = answer{"values": state}
	o := w.interaction(user, node{"type": "view_submission", "view": sent, "response_urls": []any{}}, opts)
	unlock()
	d := w.send(o)
	defer w.lock()()
	w.afterSubmit(user, v, d)
	return d
}

// state is the form as filled in, or why the client does not send it.
func (v *View) state(values map[string]string) (state map[string]map[string]node, refused string) {
	state = map[string]map[string]node{}
	typed := map[string]string{}
	for _, i := range v.Inputs() {
		value := i.Value
		for _, name := range []string{i.Label, i.BlockID, i.ActionID} {
			if given, named := values[name]; named {
				value = given
			}
		}
		filled, refused := i.fill(value)
		if refused != "" {
			return nil, i.Label + ": " + refused
		}
		state[i.BlockID] = map[string]node{i.ActionID: filled}
		typed[i.BlockID] = value
	}
	v.typed = typed
	return state, ""
}

func (i Input) fill(value string) (node, string) {
	if value == "" && !i.Optional {
		return nil, "Please complete this required field."
	}
	filled := node{"type": i.Type}
	switch i.Type {
	case "static_select", "radio_buttons":
		filled["selected_option"] = nil
		if value != "" {
			option := i.option(value)
			if option == nil {
				return nil, "There is no choice " + value + "."
			}
			filled["selected_option"] = option
		}
	case "checkboxes", "multi_static_select":
		chosen := []node{}
		for one := range strings.SplitSeq(value, ",") {
			if option := i.option(one); option != nil {
				chosen = append(chosen, option)
			}
		}
		filled["selected_options"] = chosen
	default:
		if limit := i.element.number("max_length"); limit > 0 && utf8.RuneCountInString(value) > limit {
			return nil, "This is too long."
		}
		filled["value"] = any(value)
		if value == "" {
			filled["value"] = nil
		}
	}
	return filled, ""
}

// option finds a choice by its value or by what a person reads.
func (i Input) option(value string) node {
	for _, o := range i.element.list("options") {
		if o.str("value") == value || o.node("text").str("text") == value {
			return o
		}
	}
	return nil
}

// afterSubmit obeys response_action: https://docs.slack.dev/surfaces/modals/#close_current_view
func (w *Workspace) afterSubmit(user string, v *View, d Delivery) {
	defer w.change()
	v.Errors = nil
	if !d.Acknowledged() {
		v.Errors = map[string]string{"": "We had some trouble connecting. Try again?"}
		return
	}
	var said struct {
		Action string            `json:"response_action"`
		Errors map[string]string `json:"errors"`
		View   json.RawMessage   `json:"view"`
	}
	_ = json.Unmarshal(d.Answer, &said) // an answer that is no JSON closes the view, as an empty one does
	switch said.Action {
	case "errors":
		v.Errors = said.Errors
	case "clear":
		delete(w.views, user)
	case "update", "push":
		w.nextView(user, v, said.Action, said.View)
	default:
		w.pop(user, v)
	}
}

func (w *Workspace) nextView(user string, v *View, action string, raw []byte) {
	next, refused := w.newView(raw)
	switch {
	case refused != nil || action == "push" && len(w.views[user]) >= maxStack:
		v.Errors = map[string]string{"": "We had some trouble connecting. Try again?"}
	case action == "push":
		w.views[user] = append(w.views[user], next)
	default:
		next.ID = v.ID
		*v = *next
	}
}

func (w *Workspace) pop(user string, v *View) {
	if stack := w.views[user]; len(stack) > 0 && stack[len(stack)-1] == v {
		w.views[user] = stack[:len(stack)-1]
	}
}

// CloseView closes the user's open form; the app hears of it if it asked to (notify_on_close).
func (w *Workspace) CloseView(user string, opts ...Option) Delivery {
	unlock := w.lock()
	v := w.top(user)
	if v == nil {
		unlock()
		return Delivery{Refused: "no form is open"}
	}
	w.pop(user, v)
	w.change()
	if !v.raw.yes("notify_on_close") {
		unlock()
		return Delivery{Status: http.StatusOK}
	}
	o := w.interaction(user, node{"type": "view_closed", "view": w.wireView(v), "is_cleared": false}, opts)
	unlock()
	return w.send(o)
}
