package discordsim

import (
	"encoding/json"
	"slices"
	"strings"
)

// Modal is a form that a user has open.
type Modal struct {
	CustomID, Title string
	Components      json.RawMessage
	Error           string // what the client said of the last try to submit it

	from  *interaction
	names map[string]string
}

// Input is one field of a Modal.
type Input struct {
	CustomID, Label, Hint, Placeholder, Initial string
	Kind                                        int      // 4 is a text input, 3 a string select
	Choices                                     []string // values to choose from
	Lines, Optional                             bool
	Min, Max                                    int // characters; 0 is no bound

	options []node
}

// Plain returns what a person reads in the form: its title, texts and labels, one line a line.
func (m Modal) Plain() string {
	lines := []string{m.Title}
	for _, c := range parsed(m.Components) {
		if c.number("type") == textDisplay {
			lines = append(lines, plainMarkup(c.str("content"), m.names))
		}
		for _, i := range inputs(c) {
			lines = append(lines, i.Label, i.Hint)
		}
	}
	return join(lines)
}

// Inputs returns its fields in order.
func (m Modal) Inputs() []Input {
	var all []Input
	for _, c := range parsed(m.Components) {
		all = append(all, inputs(c)...)
	}
	return all
}

// inputs returns the field of an action row or of a label.
func inputs(top node) []Input {
	switch top.number("type") {
	case label:
		i := readInput(top.node("component"))
		i.Label, i.Hint = top.str("label"), top.str("description")
		return []Input{i}
	case actionRow:
		var all []Input
		for _, inside := range top.list("components") {
			all = append(all, readInput(inside))
		}
		return all
	}
	return nil
}

func readInput(n node) Input {
	i := Input{CustomID: n.str("custom_id"), Label: n.str("label"), Placeholder: n.str("placeholder"), Initial: n.str("value"),
		Kind: n.number("type"), Lines: n.number("style") == 2, Optional: n["required"] == false,
		Min: n.number("min_length"), Max: n.number("max_length"), options: n.list("options")}
	var chosen []string
	for _, o := range i.options {
		i.Choices = append(i.Choices, o.str("value"))
		if o.yes("default") {
			chosen = append(chosen, o.str("value"))
		}
	}
	if i.Kind != textInput {
		i.Initial = strings.Join(chosen, ",")
	}
	return i
}

// Modal returns the form that a user has open, or false.
func (s *Sim) Modal(user string) (Modal, bool) {
	defer s.lock()()
	m := s.modals[user]
	if m == nil {
		return Modal{}, false
	}
	c := *m
	c.names = s.names
	return c, true
}

// Dismiss closes the user's open form; the application never hears of it.
func (s *Sim) Dismiss(user string) {
	defer s.lock()()
	delete(s.modals, user)
	s.change()
}

// Submit sends the user's open form back with values by custom_id or label; unnamed inputs keep their initial value; several
// choices are separated by commas. As in Discord's client, a form with a required field empty, too short, too long, or not one
// of the choices is not sent: see Delivery.Refused. The form closes when the application has answered.
func (s *Sim) Submit(user string, values map[string]string, opts ...Option) Delivery {
	o := apply(opts)
	unlock := s.lock()
	m := s.modals[user]
	if m == nil {
		unlock()
		return Delivery{Event: "INTERACTION_CREATE", Refused: "no form is open"}
	}
	components, refused := m.fill(values)
	if refused != "" {
		m.Error = refused
		s.change()
		unlock()
		return Delivery{Event: "INTERACTION_CREATE", Refused: refused}
	}
	o.userInstalled = o.userInstalled || m.from.userInstalled
	in, payload := s.interact(modalUse, user, s.channels[m.from.channel], o)
	if m.from.message != nil {
		in.message = m.from.message
		payload["message"] = s.wireMessage(in.message)
	}
	payload["data"] = node{"custom_id": m.CustomID, "components": components, "resolved": node{}}
	o.data = payload
	unlock()
	d := s.deliver(o)
	s.afterSubmit(user, m, d)
	return d
}

// afterSubmit closes the form, unless it was not answered or another is open by now.
func (s *Sim) afterSubmit(user string, m *Modal, d Delivery) {
	defer s.lock()()
	if !d.Acknowledged() {
		m.Error = "Something went wrong. Try again."
	} else if s.modals[user] == m {
		delete(s.modals, user)
	}
	s.change()
}

// fill: https://docs.discord.com/developers/interactions/receiving-and-responding#interaction-object-modal-submit-data-structure
func (m *Modal) fill(values map[string]string) (components []node, refused string) {
	serial := 0
	number := func(n node) node { serial++; n["id"] = serial; return n }
	for _, top := range parsed(m.Components) {
		kind := top.number("type")
		sent := number(node{"type": kind})
		for _, i := range inputs(top) {
			filled, refused := i.fill(i.chosen(values))
			if refused != "" {
				return nil, i.Label + ": " + refused
			}
			if kind == label {
				sent["component"] = number(filled)
			} else {
				sent["components"] = []node{number(filled)}
			}
		}
		components = append(components, sent)
	}
	return components, ""
}

func (i Input) chosen(values map[string]string) string {
	for _, name := range []string{i.CustomID, i.Label} {
		if given, named := values[name]; named {
			return given
		}
	}
	return i.Initial
}

func (i Input) fill(value string) (node, string) {
	n := node{"type": i.Kind, "custom_id": i.CustomID}
	if i.Kind == textInput {
		return i.fillText(n, value)
	}
	chosen := []string{}
	for one := range strings.SplitSeq(value, ",") {
		at := slices.IndexFunc(i.options, func(o node) bool { return o.str("value") == one || o.str("label") == one })
		switch {
		case one == "":
		case at < 0 && len(i.options) > 0:
			return nil, "There is no choice " + one + "."
		case at < 0:
			chosen = append(chosen, one)
		default:
			chosen = append(chosen, i.options[at].str("value"))
		}
	}
	if len(chosen) == 0 && !i.Optional {
		return nil, "This field is required."
	}
	n["values"] = chosen
	return n, ""
}

func (i Input) fillText(n node, value string) (node, string) {
	switch length := characters(value); {
	case length == 0 && !i.Optional:
		return nil, "This field is required."
	case length > 0 && length < i.Min:
		return nil, "This is too short."
	case i.Max > 0 && length > i.Max, length > maxInput:
		return nil, "This is too long."
	}
	n["value"] = value
	return n, ""
}
