package slacksim

import (
	"bytes"
	"encoding/json"
	"net/http"
	"strings"
	"time"
)

// A response_url takes five posts within 30 minutes:
// https://docs.slack.dev/interactivity/handling-user-interaction/#message_responses
const (
	hookUses = 5
	hookLife = 30 * time.Minute
)

// hook is one response_url.
type hook struct {
	user, channel, thread string
	message               *Message // the one whose button was pressed; nil after a slash command
	opened                time.Time
	used                  int
}

// hook opens a response_url; kind is "commands" or "actions".
func (w *Workspace) hook(kind string, h hook) string {
	path := "/" + kind + "/" + w.TeamID + "/" + w.random(6) + "/" + w.random(12)
	h.opened = w.Now()
	w.hooks[path] = &h
	return w.own + path
}

func (w *Workspace) serveHook(rw http.ResponseWriter, r *http.Request) {
	a, err := decodeJSON(r.Body)
	w.serve(rw, hookMethod, a, func() (int, answer) {
		h := w.hooks[r.URL.Path]
		switch {
		case h == nil || r.Method != http.MethodPost:
			return http.StatusNotFound, fail("invalid_url")
		case w.Now().Sub(h.opened) > hookLife:
			return http.StatusNotFound, fail("expired_url")
		case h.used >= hookUses:
			return http.StatusNotFound, fail("used_url")
		case err != nil:
			return http.StatusBadRequest, fail("invalid_payload")
		}
		return w.respond(h, a)
	})
}

// respond does what a post to a response_url, or the body of a slash command's answer, asks for.
func (w *Workspace) respond(h *hook, a args) (int, answer) {
	if a.yes("delete_original") {
		h.used++
		if h.message != nil {
			w.remove(h.message)
		}
		return http.StatusOK, answer{}
	}
	said := w.content(a)
	if said.problem != nil {
		return http.StatusBadRequest, said.problem
	}
	h.used++
	if a.yes("replace_original") && h.message != nil {
		if !h.message.Deleted {
			w.edit(h.message, said.text, said.blocks)
		}
		return http.StatusOK, answer{}
	}
	m := w.message(a, w.channels[h.channel], said)
	if a["response_type"] != "in_channel" {
		m.To = h.user
	}
	w.post(m)
	return http.StatusOK, answer{}
}

// acknowledge shows what the answer to a slash command says: nothing if empty, JSON as a message, other text as it is.
func (w *Workspace) acknowledge(d Delivery, h *hook, typed string) {
	trouble := func(code string) {
		w.tell(h.user, h.channel, "", strings.Fields(typed)[0]+" failed with the error \""+code+"\"")
	}
	switch {
	case d.Status == 0 && d.late:
		trouble("operation_timeout")
	case d.Status == 0:
		trouble("dispatch_failed")
	case !d.Acknowledged():
		trouble("http_service_error")
	case len(d.Answer) > 0:
		if !w.showAnswer(d, h, typed) {
			trouble("invalid_command_response")
		}
	}
}

func (w *Workspace) showAnswer(d Delivery, h *hook, typed string) bool {
	a := args{"text": string(d.Answer)}
	if json.Valid(d.Answer) && d.Answer[0] == '{' {
		var err error
		if a, err = decodeJSON(bytes.NewReader(d.Answer)); err != nil {
			return false
		}
	}
	if a["text"] == "" && a["blocks"] == "" {
		return true
	}
	free := *h // the acknowledgement does not count against the response_url
	if a["response_type"] == "in_channel" {
		w.post(Message{User: h.user, Channel: h.channel, Text: escape(typed)})
	}
	status, _ := w.respond(&free, a)
	return status == http.StatusOK
}
