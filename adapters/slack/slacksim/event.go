package slacksim

import (
	"net/url"
	"strings"
)

// mention is the inner event that tells the app of a message which names it.
func (w *Workspace) mention(m *Message, edited node) node {
	defer w.lock()()
	u := w.users[m.User]
	e := node{"type": "app_mention", "user": m.User, "text": m.Text, "ts": m.TS, "event_ts": m.TS,
		"channel": m.Channel, "team": w.team(u), "user_team": w.team(u), "client_msg_id": w.random(16)}
	if m.Blocks != nil {
		e["blocks"] = m.Blocks
	}
	if m.ThreadTS != "" {
		e["thread_ts"] = m.ThreadTS
	}
	if u.Bot {
		e["bot_id"] = "B" + strings.TrimPrefix(u.ID, "U")
	}
	if edited != nil {
		e["edited"] = edited
	}
	return e
}

// Event delivers any other event ("app_uninstalled", "user_change"); event is the inner one.
func (w *Workspace) Event(event map[string]any, opts ...Option) Delivery {
	return w.sendEvent(event, "", opts)
}

// sendEvent wraps an event in its envelope: https://docs.slack.dev/apis/events-api/#receiving-events
func (w *Workspace) sendEvent(event node, ts string, opts []Option) Delivery {
	unlock := w.lock()
	o := outgoing{Delivery: Delivery{Path: eventsPath, EventID: w.id("Ev"), TS: ts}}
	o.event = node{"token": "legacy-verification-token", "type": "event_callback", "team_id": w.TeamID, "api_app_id": w.AppID,
		"context_team_id": w.TeamID, "event": event, "event_id": o.EventID, "event_time": w.Now().Unix(),
		"is_ext_shared_channel": w.channels[event.str("channel")].ExtShared,
		"authorizations": []node{{"enterprise_id": nil, "team_id": w.TeamID, "user_id": w.BotUser,
			"is_bot": true, "is_enterprise_install": false}}}
	unlock()
	o.apply(opts)
	d := w.send(o)
	if !o.forged() {
		w.keepFailed(failedEvent{Delivery: d})
	}
	return d
}

// VerifyURL sends the url_verification challenge, which the app must echo.
func (w *Workspace) VerifyURL(challenge string, opts ...Option) Delivery {
	o := outgoing{Delivery: Delivery{Path: eventsPath},
		event: node{"token": "legacy-verification-token", "type": "url_verification", "challenge": challenge}}
	o.apply(opts)
	return w.send(o)
}

// CheckSSL sends the ssl_check that Slack sends to a slash command's URL.
func (w *Workspace) CheckSSL(opts ...Option) Delivery {
	o := outgoing{Delivery: Delivery{Path: commandsPath},
		form: url.Values{"ssl_check": {"1"}, "token": {"legacy-verification-token"}}}
	o.apply(opts)
	return w.send(o)
}
