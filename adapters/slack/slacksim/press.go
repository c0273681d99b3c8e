package slacksim

import (
	"fmt"
	"slices"
)

// Press presses the button with this label on a message, or on an ephemeral of this user. With ts "" it is the newest
// message in the channel that this user sees with such a button. A confirmation dialog of the button is confirmed.
func (w *Workspace) Press(user, channel, ts, label string, opts ...Option) Delivery {
	unlock := w.lock()
	m, b := w.button(user, channel, ts, label)
	if _, known := w.users[user]; m == nil || !known {
		unlock()
		return Delivery{Refused: fmt.Sprintf("there is no button %q to press", label)}
	}
	o := w.press(user, m, b, opts)
	unlock()
	d := w.send(o)
	if d.Acknowledged() {
		return d
	}
	defer w.lock()()
	w.tell(user, channel, m.ThreadTS, "This app responded with an error. Try again?")
	return d
}

// button finds a button by its label on what the user sees.
func (w *Workspace) button(user, channel, ts, label string) (*Message, Button) {
	for _, m := range slices.Backward(w.log) {
		if m.Deleted || m.Channel != channel || ts != "" && m.TS != ts || !m.visible(user) || !w.channels[channel].sees(user) {
			continue
		}
		for _, b := range m.Buttons() {
			if b.Text == label {
				return m, b
			}
		}
	}
	return nil, Button{}
}

// press is a block_actions payload: https://docs.slack.dev/reference/interaction-payloads/block_actions-payload/
func (w *Workspace) press(user string, m *Message, b Button, opts []Option) outgoing {
	container := node{"type": "message", "message_ts": m.TS, "channel_id": m.Channel, "is_ephemeral": m.To != ""}
	action := node{"type": "button", "action_id": b.ActionID, "block_id": b.BlockID, "action_ts": w.stamp(),
		"text": node{"type": "plain_text", "text": b.Text, "emoji": true}}
	if b.Value != "" {
		action["value"] = b.Value
	}
	if b.Style != "" {
		action["style"] = b.Style
	}
	address := w.hook("actions", hook{user: user, channel: m.Channel, thread: m.ThreadTS, message: m})
	payload := node{"type": "block_actions", "container": container, "actions": []node{action}, "response_url": address,
		"channel": node{"id": m.Channel, "name": w.channels[m.Channel].Name}, "state": node{"values": node{}}}
	if m.ThreadTS != "" {
		container["thread_ts"] = m.ThreadTS
	}
	if m.To == "" {
		payload["message"] = w.wire(m) // an ephemeral is not sent along
	}
	o := w.interaction(user, payload, opts)
	o.ResponseURL = address
	return o
}

// interaction completes a payload with who acts, where from, and a trigger_id.
func (w *Workspace) interaction(user string, payload node, opts []Option) outgoing {
	u := w.users[user]
	o := outgoing{Delivery: Delivery{Path: interactionsPath, TriggerID: w.trigger(user)}, payload: payload}
	payload["user"] = node{"id": u.ID, "username": u.Name, "name": u.Name, "team_id": w.team(u)}
	payload["team"] = node{"id": w.TeamID, "domain": w.TeamDomain}
	payload["enterprise"], payload["is_enterprise_install"] = nil, false
	payload["api_app_id"], payload["token"] = w.AppID, "legacy-verification-token"
	payload["trigger_id"] = o.TriggerID
	o.apply(opts)
	return o
}
