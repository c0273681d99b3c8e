package discordsim

import (
	"cmp"
	"encoding/json"
	"strconv"
	"time"
)

// bornAt returns the birth of a snowflake, and date writes a time as Discord does.
func bornAt(id string) time.Time {
	n, _ := strconv.ParseUint(id, 10, 64)
	return time.UnixMilli(int64(n>>22) + epoch).UTC()
}

func date(t time.Time) string { return t.UTC().Format("2006-01-02T15:04:05.000000-07:00") }

// orNull is an optional text on the wire.
func orNull(text string) any {
	if text == "" {
		return nil
	}
	return text
}

// wireUser: https://docs.discord.com/developers/resources/user#user-object
func (s *Sim) wireUser(id string) node {
	u, found := s.users[id]
	if !found {
		u = User{ID: id, Name: "deleted_user"}
	}
	return node{"id": u.ID, "username": u.Name, "discriminator": "0", "global_name": orNull(u.DisplayName), "avatar": nil,
		"bot": u.Bot, "system": u.ID == itself, "public_flags": 0}
}

// wireMember is a partial member: without its user.
func (s *Sim) wireMember(m Member) node {
	return node{"roles": append([]string{}, m.Roles...), "nick": orNull(m.Nick), "joined_at": date(bornAt(m.User)), "deaf": false,
		"mute": false, "pending": m.Pending, "flags": 0, "avatar": nil, "premium_since": nil, "communication_disabled_until": untilOrNull(m.TimedOutUntil)}
}

func untilOrNull(t time.Time) any {
	if t.IsZero() {
		return nil
	}
	return date(t)
}

// wireFullMember: https://docs.discord.com/developers/resources/guild#guild-member-object
func (s *Sim) wireFullMember(m Member) node {
	n := s.wireMember(m)
	n["user"] = s.wireUser(m.User)
	return n
}

// wireRole: https://docs.discord.com/developers/topics/permissions#role-object
func (s *Sim) wireRole(r Role) node {
	n := node{"id": r.ID, "name": r.Name, "color": 0, "hoist": false, "icon": nil, "unicode_emoji": nil, "position": 0,
		"permissions": s.permissions(r).wire(), "managed": r.Managed, "mentionable": r.Mentionable, "flags": 0}
	if r.own {
		n["tags"] = node{"bot_id": s.BotUser}
	}
	return n
}

func (s *Sim) wireGuild(g Guild) node {
	roles := []node{}
	for _, r := range s.rolesOf(g.ID) {
		roles = append(roles, s.wireRole(r))
	}
	return node{"id": g.ID, "name": g.Name, "icon": nil, "owner_id": g.Owner, "roles": roles, "emojis": []any{}, "features": []any{},
		"verification_level": 0, "default_message_notifications": 0, "explicit_content_filter": 0, "mfa_level": 0,
		"system_channel_id": nil, "preferred_locale": "en-US", "premium_tier": 0, "nsfw_level": 0, "afk_timeout": 300}
}

// wireGuildCreate: https://docs.discord.com/developers/events/gateway-events#guild-create
func (s *Sim) wireGuildCreate(g Guild) node {
	n := s.wireGuild(g)
	channels, threads := []node{}, []node{}
	for _, c := range s.channelsOf(g.ID) {
		channels = append(channels, s.wireChannel(c))
	}
	for _, c := range s.threadsOf(g.ID) {
		threads = append(threads, s.wireChannel(c))
	}
	people := 0
	for key := range s.members {
		if key.guild == g.ID {
			people++
		}
	}
	n["joined_at"], n["large"], n["unavailable"], n["member_count"] = date(bornAt(g.ID)), false, false, people
	n["members"] = []node{s.wireFullMember(s.members[memberKey{g.ID, s.BotUser}])}
	n["channels"], n["threads"] = channels, threads
	for _, none := range []string{"voice_states", "presences", "stage_instances", "guild_scheduled_events", "soundboard_sounds"} {
		n[none] = []any{}
	}
	return n
}

// wireChannel: https://docs.discord.com/developers/resources/channel#channel-object
func (s *Sim) wireChannel(c Channel) node {
	n := node{"id": c.ID, "type": int(c.Kind), "flags": 0, "last_message_id": orNull(s.lastIn(c.ID))}
	if c.direct() {
		people := []node{}
		for _, user := range c.People {
			people = append(people, s.wireUser(user))
		}
		n["recipients"] = people
		return n
	}
	n["guild_id"], n["name"], n["nsfw"], n["rate_limit_per_user"], n["parent_id"] = c.Guild, c.Name, false, 0, orNull(c.Parent)
	if !c.thread() {
		n["position"], n["topic"], n["permission_overwrites"] = 0, nil, s.wireOverwrites(c)
		return n
	}
	said := s.saidIn(c.ID)
	n["owner_id"], n["message_count"], n["total_message_sent"], n["member_count"] = c.Owner, said, said, 1
	n["thread_metadata"] = node{"archived": c.Archived, "locked": c.Locked, "auto_archive_duration": 1440,
		"archive_timestamp": date(bornAt(c.ID)), "create_timestamp": date(bornAt(c.ID))}
	return n
}

// wirePartialChannel is the channel of an interaction.
func (s *Sim) wirePartialChannel(c Channel, user string) node {
	n := s.wireChannel(c)
	delete(n, "permission_overwrites")
	if !c.direct() {
		n["permissions"] = s.may(user, c).wire()
	}
	return n
}

// wireMessage: https://docs.discord.com/developers/resources/message#message-object
func (s *Sim) wireMessage(m *Message) node {
	n, named := s.wireSnapshot(m), s.copy(m).notified()
	n["id"], n["channel_id"], n["author"] = m.ID, m.Channel, s.wireAuthor(m)
	n["tts"], n["pinned"], n["mention_everyone"] = false, false, named.everyone || named.here
	if m.Webhook != "" {
		n["webhook_id"] = m.Webhook
	}
	if m.User == s.BotUser {
		n["application_id"] = s.ApplicationID
	}
	if m.Nonce != "" {
		n["nonce"] = m.Nonce
	}
	s.wireReference(n, m)
	if in := s.interactions[m.Interaction]; in != nil {
		n["interaction_metadata"] = s.wireMetadata(in)
		if m.User == s.BotUser && m.Type != 0 {
			n["webhook_id"] = s.ApplicationID
		}
	}
	if c, found := s.channels[m.Thread]; found {
		n["thread"] = s.wireChannel(c)
	}
	return n
}

// wireSnapshot is the part of a message that a forward carries.
func (s *Sim) wireSnapshot(m *Message) node {
	named := s.copy(m).notified()
	mentions := []node{}
	for _, user := range named.users {
		mentions = append(mentions, s.wireUser(user))
	}
	files := []node{}
	for _, f := range m.Files {
		files = append(files, f.wire(m.To != ""))
	}
	flags := m.Flags
	if m.Thread != "" {
		flags |= HasThread
	}
	n := node{"type": m.Type, "content": m.Content, "embeds": orEmpty(m.Embeds), "components": orEmpty(m.Components),
		"attachments": files, "mentions": mentions, "mention_roles": append([]string{}, named.roles...), "flags": int(flags),
		"timestamp": date(bornAt(m.ID)), "edited_timestamp": nil}
	if m.Edited {
		n["edited_timestamp"] = date(m.editedAt)
	}
	return n
}

func (s *Sim) wireAuthor(m *Message) node {
	author := s.wireUser(m.User)
	if m.Webhook != "" {
		author["id"], author["bot"] = m.Webhook, true
	}
	return author
}

func (s *Sim) wireReference(n node, m *Message) {
	if len(m.Snapshots) > 0 {
		from := m.Snapshots[0]
		n["message_reference"] = node{"type": 1, "channel_id": from.Channel, "message_id": from.ID, "guild_id": orNull(s.channels[from.Channel].Guild)}
		n["message_snapshots"] = []node{{"message": s.wireSnapshot(&from)}}
		return
	}
	if m.ReplyTo == "" {
		return
	}
	reference := node{"type": 0, "channel_id": m.Channel, "message_id": m.ReplyTo}
	if guild := s.channels[m.Channel].Guild; guild != "" {
		reference["guild_id"] = guild
	}
	n["message_reference"], n["referenced_message"] = reference, nil
	if to := s.find(m.Channel, m.ReplyTo); to != nil && !to.Deleted {
		quoted := s.wireMessage(to)
		delete(quoted, "referenced_message") // only one deep
		n["referenced_message"] = quoted
	}
}

// wire: https://docs.discord.com/developers/resources/message#attachment-object
func (f *File) wire(ephemeral bool) node {
	n := node{"id": f.ID, "filename": f.Name, "size": cmp.Or(f.Size, len(f.Content)), "url": f.URL, "proxy_url": f.URL}
	if f.Type != "" {
		n["content_type"] = f.Type
	}
	if ephemeral {
		n["ephemeral"] = true
	}
	return n
}

// withoutContent is a message as an application sees it that may not read what it says:
// https://docs.discord.com/developers/events/gateway#message-content-intent
func withoutContent(n node) node {
	n["content"] = ""
	for _, key := range []string{"embeds", "attachments", "components"} {
		n[key] = json.RawMessage("[]")
	}
	delete(n, "poll")
	delete(n, "message_snapshots")
	return n
}
