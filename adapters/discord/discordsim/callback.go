package discordsim

import (
	"fmt"
	"slices"
)

// Callback types: https://docs.discord.com/developers/interactions/receiving-and-responding#interaction-response-object-interaction-callback-type
const (
	pong          = 1
	sayMessage    = 4
	deferMessage  = 5
	deferUpdate   = 6
	updateMessage = 7
	giveChoices   = 8
	openModal     = 9
)

// sayable is what an interaction's messages may set.
const sayable = settable | Ephemeral

// callback: https://docs.discord.com/developers/interactions/receiving-and-responding#create-interaction-response
func (s *Sim) callback(r *request) (answer, *failure) {
	in := s.interactions[r.arg("interaction")]
	if in == nil || in.token != r.arg("token") {
		return answer{}, fail(10062)
	}
	if problem := s.accept(in, r.body, r.files); problem != nil {
		return answer{}, problem
	}
	if r.URL.Query().Get("with_response") != "true" {
		return none()
	}
	return ok(s.wireCallback(in))
}

// wireCallback: https://docs.discord.com/developers/interactions/receiving-and-responding#interaction-callback-interaction-callback-response-object
func (s *Sim) wireCallback(in *interaction) node {
	about, resource := node{"id": in.id, "type": in.kind}, node{"type": in.answerType}
	if m := in.original; m != nil && in.answerType != deferUpdate {
		about["response_message_id"], about["response_message_loading"] = m.ID, m.Loading
		about["response_message_ephemeral"] = m.To != ""
		if in.answerType != deferMessage {
			resource["message"] = s.wireMessage(m)
		}
	}
	return node{"interaction": about, "resource": resource}
}

// accept takes an answer, however it came, or says why not. What is refused as malformed may be tried again in time.
func (s *Sim) accept(in *interaction, b node, files []File) *failure {
	kind, data := b.number("type"), b.node("data")
	switch {
	case in.answerType != 0:
		return fail(40060)
	case s.late(in):
		return fail(10062)
	case !in.takes(kind):
		return wrong("type", "INTERACTION_APPLICATION_COMMAND_INVALID_CALLBACK_TYPE", "Callback type %d does not fit this interaction", kind)
	}
	if problem := s.obey(in, kind, data, files); problem != nil {
		return problem
	}
	in.answerType, in.answer = kind, rawJSON(b)
	close(in.done)
	s.change()
	return nil
}

// takes reports whether a callback type fits the interaction.
func (in *interaction) takes(kind int) bool {
	switch kind {
	case sayMessage, deferMessage:
		return in.kind != autocompleteUse
	case deferUpdate, updateMessage:
		return in.kind == componentUse || in.kind == modalUse && in.message != nil
	case giveChoices:
		return in.kind == autocompleteUse
	case openModal:
		return in.kind == applicationUse || in.kind == componentUse
	}
	return false
}

func (s *Sim) obey(in *interaction, kind int, data node, files []File) (problem *failure) {
	switch kind {
	case sayMessage:
		in.original, problem = s.respond(in, data, files, "data.")
	case deferMessage:
		in.original, in.deferred = s.loading(in, Flag(data.number("flags"))), true
	case deferUpdate:
		in.original = in.message
	case updateMessage:
		in.original, problem = in.message, s.update(in, data, files)
	case giveChoices:
		in.choices, problem = readChoices(data)
	case openModal:
		problem = s.open(in, data)
	}
	return problem
}

// update edits the message that the component hangs on.
func (s *Sim) update(in *interaction, data node, files []File) *failure {
	if in.message.Deleted {
		return fail(10008)
	}
	return s.edit(in.message, data, files, "data.")
}

// respond posts a message of an interaction. The bot's permissions in the channel do not matter.
func (s *Sim) respond(in *interaction, data node, files []File, at string) (*Message, *failure) {
	m := s.response(in, Flag(data.number("flags")))
	if problem := s.write(&m, data, files, sayable, at); problem != nil {
		return nil, problem
	}
	m.Files = s.storeAll(in.channel, m.Files)
	posted := s.post(m)
	s.publish(posted, "MESSAGE_CREATE", nil)
	return posted, nil
}

func (s *Sim) loading(in *interaction, flags Flag) *Message {
	m := s.response(in, flags)
	m.Flags, m.Loading = flags&Ephemeral|IsLoading, true
	posted := s.post(m)
	s.publish(posted, "MESSAGE_CREATE", nil)
	return posted
}

// response is the beginning of a message of an interaction.
func (s *Sim) response(in *interaction, flags Flag) Message {
	m := Message{Channel: in.channel, User: s.BotUser, Interaction: in.id, Flags: flags & Ephemeral}
	if flags&Ephemeral != 0 {
		m.To = in.user
	}
	switch {
	case in.original != nil:
		m.Type, m.ReplyTo = 19, in.original.ID
	case in.kind == applicationUse && !in.menu:
		m.Type = 20
	case in.kind == applicationUse:
		m.Type = 23
	case in.message != nil:
		m.Type, m.ReplyTo = 19, in.message.ID
	}
	return m
}

// readChoices: a list must be given, even if it is empty.
func readChoices(data node) ([]Choice, *failure) {
	c := &checker{}
	if !data.has("choices") {
		return nil, wrong("data.choices", "BASE_TYPE_REQUIRED", "This field is required")
	}
	list := data.list("choices")
	c.count(len(list), 0, maxOptions, "data.choices")
	choices := []Choice{}
	for i, one := range list {
		at := fmt.Sprintf("data.choices.%d", i)
		c.length(one.str("name"), at+".name", 1, maxOption)
		if value, is := one["value"].(string); is {
			c.length(value, at+".value", 1, maxOption)
		} else if _, is := one["value"].(float64); !is {
			c.say(at+".value", "BASE_TYPE_REQUIRED", "This field is required")
		}
		choices = append(choices, Choice{one.str("name"), one["value"]})
	}
	return choices, c.failure()
}

// open shows a form.
func (s *Sim) open(in *interaction, data node) *failure {
	if problem := checkModal(data); problem != nil {
		return problem
	}
	s.modals[in.user] = &Modal{CustomID: data.str("custom_id"), Title: data.str("title"), Components: kept(data.list("components")), from: in}
	return nil
}

// maxFollowUps is for an application that is only installed to the user:
// https://docs.discord.com/developers/interactions/receiving-and-responding#create-followup-message
const maxFollowUps = 5

// used returns the interaction that a token is of, if it may be used.
func (s *Sim) used(r *request) (*interaction, *failure) {
	in := s.interactions[r.arg("token")]
	switch {
	case in == nil || in.token != r.arg("token") || r.arg("application") != s.ApplicationID:
		return nil, fail(10015)
	case s.spent(in):
		return nil, fail(50027)
	case in.answerType == 0:
		return nil, fail(10015)
	}
	return in, nil
}

// followUp: https://docs.discord.com/developers/interactions/receiving-and-responding#create-followup-message
func (s *Sim) followUp(r *request) (answer, *failure) {
	in, problem := s.used(r)
	if problem != nil {
		return answer{}, problem
	}
	if in.deferred && in.original.Loading && !in.original.Deleted {
		if problem := s.edit(in.original, r.body, r.files, ""); problem != nil {
			return answer{}, problem
		}
		return ok(s.wireMessage(in.original))
	}
	if in.userInstalled && len(in.followUps) >= maxFollowUps {
		return answer{}, fail(40094)
	}
	m, problem := s.respond(in, r.body, r.files, "")
	if problem != nil {
		return answer{}, problem
	}
	in.followUps = append(in.followUps, m)
	return ok(s.wireMessage(m))
}

// response finds a message of an interaction by its id, or "@original".
func (s *Sim) responseTo(r *request) (*Message, *failure) {
	in, problem := s.used(r)
	if problem != nil {
		return nil, problem
	}
	id := r.arg("message")
	m := in.original
	if id != "@original" && (m == nil || m.ID != id) {
		i := slices.IndexFunc(in.followUps, func(m *Message) bool { return m.ID == id })
		if i < 0 {
			return nil, fail(10008)
		}
		m = in.followUps[i]
	}
	if m == nil || m.Deleted {
		return nil, fail(10008)
	}
	return m, nil
}

func (s *Sim) getResponse(r *request) (answer, *failure) {
	m, problem := s.responseTo(r)
	if problem != nil {
		return answer{}, problem
	}
	return ok(s.wireMessage(m))
}

func (s *Sim) editResponse(r *request) (answer, *failure) {
	m, problem := s.responseTo(r)
	if problem != nil {
		return answer{}, problem
	}
	if s.channels[m.Channel].Archived {
		return answer{}, fail(50083)
	}
	if problem := s.edit(m, r.body, r.files, ""); problem != nil {
		return answer{}, problem
	}
	return ok(s.wireMessage(m))
}

func (s *Sim) deleteResponse(r *request) (answer, *failure) {
	m, problem := s.responseTo(r)
	if problem != nil {
		return answer{}, problem
	}
	s.remove(m)
	return none()
}
