package discordsim

import (
	"slices"
	"strconv"
)

// Permission is a set of permissions: https://docs.discord.com/developers/topics/permissions
type Permission uint64

// The permissions that matter to a bot like this.
const (
	Administrator          Permission = 1 << 3
	AddReactions           Permission = 1 << 6
	ViewChannel            Permission = 1 << 10
	SendMessages           Permission = 1 << 11
	ManageMessages         Permission = 1 << 13
	EmbedLinks             Permission = 1 << 14
	AttachFiles            Permission = 1 << 15
	ReadMessageHistory     Permission = 1 << 16
	MentionEveryone        Permission = 1 << 17
	UseApplicationCommands Permission = 1 << 31
	ManageThreads          Permission = 1 << 34
	CreatePublicThreads    Permission = 1 << 35
	SendMessagesInThreads  Permission = 1 << 38

	all Permission = 1<<52 - 1
)

const (
	leastPrivilege = ViewChannel | SendMessages | EmbedLinks | AttachFiles | ReadMessageHistory | CreatePublicThreads | SendMessagesInThreads
	everybodyMay   = leastPrivilege | AddReactions | UseApplicationCommands
	inDMs          = ViewChannel | SendMessages | EmbedLinks | AttachFiles | ReadMessageHistory | AddReactions
)

func (p Permission) has(q Permission) bool { return p&q == q }

func (p Permission) wire() string { return strconv.FormatUint(uint64(p), 10) }

// may computes what a user may do in a channel: https://docs.discord.com/developers/topics/permissions#permission-overwrites
func (s *Sim) may(user string, c Channel) Permission {
	if c.direct() {
		return inDMs
	}
	c = s.rulesOf(c)
	p := s.base(c.Guild, user)
	switch {
	case p.has(Administrator):
		return all
	case user == s.BotUser:
		p = (p | c.Allow) &^ c.Deny
	case c.People != nil && !slices.Contains(c.People, user):
		return 0
	}
	if !p.has(ViewChannel) {
		return 0
	}
	return p
}

// base computes what a user may do in a guild, channels aside.
func (s *Sim) base(guild, user string) Permission {
	m, is := s.members[memberKey{guild, user}]
	if g := s.guilds[guild]; !is || user == s.BotUser && g.Absent {
		return 0
	} else if g.Owner == user {
		return all
	}
	p := s.roles[guild].Permissions
	for _, id := range m.Roles {
		p |= s.permissions(s.roles[id])
	}
	return p
}

func (s *Sim) permissions(r Role) Permission {
	if r.own {
		return s.Permissions
	}
	return r.Permissions
}

// overwrites is how a channel says on the wire what may computes.
func (s *Sim) overwrites(c Channel) []node {
	list := []node{}
	if c.People != nil {
		list = append(list, overwrite(c.Guild, 0, 0, ViewChannel))
		for _, user := range c.People {
			list = append(list, overwrite(user, 1, ViewChannel, 0))
		}
	}
	allow := c.Allow
	if c.People != nil {
		allow |= ViewChannel
	}
	if allow != 0 || c.Deny != 0 {
		list = append(list, overwrite(s.BotUser, 1, allow&^c.Deny, c.Deny))
	}
	return list
}

// overwrite is for a role (kind 0) or a member (1).
func overwrite(id string, kind int, allow, deny Permission) node {
	return node{"id": id, "type": kind, "allow": allow.wire(), "deny": deny.wire()}
}
