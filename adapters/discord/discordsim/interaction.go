package discordsim

import (
	"encoding/base64"
	"time"
)

// Interaction types: https://docs.discord.com/developers/interactions/receiving-and-responding#interaction-object-interaction-type
const (
	ping            = 1
	applicationUse  = 2
	componentUse    = 3
	autocompleteUse = 4
	modalUse        = 5
)

// interaction is one act of a user that the application must answer.
type interaction struct {
	id, token     string
	kind          int
	user, channel string
	command       string
	menu          bool // it is a context-menu command
	born          time.Time
	message       *Message // of a component, or of the component that opened the form
	userInstalled bool
	dead          bool // it was not answered in time
	answerType    int
	answer        []byte
	original      *Message // what @original is
	deferred      bool     // the first follow-up fills in @original
	followUps     []*Message
	choices       []Choice
	done          chan struct{} // closed when it is answered
}

// interact makes an interaction and its payload, but for the data.
func (s *Sim) interact(kind int, user string, c Channel, o *outgoing) (*interaction, node) {
	in := &interaction{id: s.id(), kind: kind, user: user, channel: c.ID, born: s.Now(), userInstalled: o.userInstalled, done: make(chan struct{})}
	in.token = base64.RawURLEncoding.EncodeToString([]byte("interaction:" + in.id + ":" + s.random(32)))
	s.interactions[in.id], s.interactions[in.token] = in, in
	o.in, o.Event, o.ID, o.Token = in, "INTERACTION_CREATE", in.id, in.token
	return in, s.wireInteraction(in, c)
}

// wireInteraction: https://docs.discord.com/developers/interactions/receiving-and-responding#interaction-object
func (s *Sim) wireInteraction(in *interaction, c Channel) node {
	n := node{"id": in.id, "application_id": s.ApplicationID, "type": in.kind, "token": in.token, "version": 1,
		"channel_id": c.ID, "channel": s.wirePartialChannel(c, in.user), "locale": "en-US", "entitlements": []any{},
		"app_permissions": s.appPermissions(c).wire(), "authorizing_integration_owners": s.owners(in, c),
		"attachment_size_limit": maxFile, "context": placeOf(c)}
	if c.direct() {
		n["user"] = s.wireUser(in.user)
		return n
	}
	m := s.wireFullMember(s.members[memberKey{c.Guild, in.user}])
	m["permissions"] = s.may(in.user, c).wire()
	n["member"], n["guild_id"], n["guild_locale"] = m, c.Guild, "en-US"
	n["guild"] = node{"id": c.Guild, "locale": "en-US", "features": []any{}}
	return n
}

// appPermissions is what the application may do where the interaction comes from. In direct messages it is fixed.
func (s *Sim) appPermissions(c Channel) Permission {
	if c.direct() {
		return AttachFiles | EmbedLinks | MentionEveryone
	}
	return s.may(s.BotUser, c)
}

// placeOf is the context: https://docs.discord.com/developers/interactions/receiving-and-responding#interaction-object-interaction-context-types
func placeOf(c Channel) int {
	return map[Kind]int{DM: 1, GroupDM: 2}[c.Kind]
}

// owners: https://docs.discord.com/developers/interactions/receiving-and-responding#interaction-object-authorizing-integration-owners-object
func (s *Sim) owners(in *interaction, c Channel) node {
	switch {
	case in.userInstalled:
		return node{"1": in.user}
	case c.direct():
		return node{"0": "0"}
	}
	return node{"0": c.Guild}
}

// wireMetadata: https://docs.discord.com/developers/resources/message#message-interaction-metadata-object
func (s *Sim) wireMetadata(in *interaction) node {
	n := node{"id": in.id, "type": in.kind, "user": s.wireUser(in.user), "authorizing_integration_owners": s.owners(in, s.channels[in.channel])}
	if in.command != "" {
		n["name"] = in.command
	}
	if in.message != nil {
		n["interacted_message_id"] = in.message.ID
	}
	return n
}

// late reports whether the time for an answer is over; such an interaction is answered no more.
func (s *Sim) late(in *interaction) bool {
	return in.dead || in.answerType == 0 && s.Now().Sub(in.born) > s.AckWithin
}

// spent reports whether the token has died.
func (s *Sim) spent(in *interaction) bool { return s.Now().Sub(in.born) > s.TokenLife }
