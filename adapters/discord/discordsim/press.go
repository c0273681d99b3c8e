package discordsim

import (
	"fmt"
	"slices"
)

// Press presses the button with this label on a message, or on an ephemeral of this user. With message "" it is the newest in
// the channel and its threads that this user sees with such a button. It returns when the application has answered.
func (s *Sim) Press(user, channel, message, label string, opts ...Option) Delivery {
	o := apply(opts)
	unlock := s.lock()
	m, b := s.buttonOn(user, channel, message, label)
	refused := ""
	switch {
	case m == nil:
		refused = fmt.Sprintf("there is no button %q to press", label)
	case b.Disabled:
		refused = fmt.Sprintf("the button %q is disabled", label)
	case b.CustomID == "":
		refused = fmt.Sprintf("the button %q is a link", label)
	}
	if refused != "" {
		unlock()
		return Delivery{Event: "INTERACTION_CREATE", Refused: refused}
	}
	s.press(user, m, b, o)
	unlock()
	d := s.deliver(o)
	s.regret(d, user, m.Channel, "This interaction failed")
	return d
}

// buttonOn finds a button by its label on what the user sees.
func (s *Sim) buttonOn(user, channel, message, label string) (*Message, Button) {
	for _, m := range slices.Backward(s.log) {
		named := message == "" && s.within(channel, m) || m.ID == message && m.Channel == channel
		if m.Deleted || !named || !m.visible(user) || !s.sees(user, s.channels[m.Channel]) {
			continue
		}
		for _, b := range s.copy(m).Buttons() {
			if b.Label == label {
				return m, b
			}
		}
	}
	return nil, Button{}
}

// press: https://docs.discord.com/developers/interactions/receiving-and-responding#interaction-object-message-component-data-structure
func (s *Sim) press(user string, m *Message, b Button, o *outgoing) {
	if sent := s.interactions[m.Interaction]; sent != nil && sent.userInstalled {
		o.userInstalled = true
	}
	in, payload := s.interact(componentUse, user, s.channels[m.Channel], o)
	in.message = m
	payload["message"] = s.wireMessage(m)
	payload["data"] = node{"custom_id": b.CustomID, "component_type": button, "id": 1}
	o.data = payload
}
