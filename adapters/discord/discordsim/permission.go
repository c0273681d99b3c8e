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
	if p.has(Administrator) {
		return all
	}
	m := s.members[memberKey{c.Guild, user}]
	p = overwritten(p, s.overwrites(c), m)
	if m.TimedOutUntil.After(s.Now()) {
		p &= ViewChannel | ReadMessageHistory
	}
	if !p.has(ViewChannel) {
		return 0
	}
	return p
}

// overwritten applies a channel's overwrites in Discord's order: @everyone, then all the roles together, then the member.
func overwritten(p Permission, list []Overwrite, m Member) Permission {
	for _, holds := range []func(id string) bool{
		func(id string) bool { return id == m.Guild },
		func(id string) bool { return slices.Contains(m.Roles, id) },
		func(id string) bool { return id == m.User },
	} {
		var allow, deny Permission
		for _, o := range list {
			if holds(o.ID) {
				allow, deny = allow|o.Allow, deny|o.Deny
			}
		}
		p = p&^deny | allow
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

// Overwrite is what a role, everybody (the guild's ID) or a member may do in a channel beyond what they may elsewhere, and may not.
type Overwrite struct {
	ID          string
	Allow, Deny Permission
}

// overwrites are a channel's own, and what its short forms say.
func (s *Sim) overwrites(c Channel) []Overwrite {
	list := slices.Clone(c.Overwrites)
	bot := Overwrite{s.BotUser, c.Allow &^ c.Deny, c.Deny}
	if c.People != nil {
		list = append(list, Overwrite{c.Guild, 0, ViewChannel})
		for _, user := range c.People {
			list = append(list, Overwrite{user, ViewChannel, 0})
		}
		bot.Allow |= ViewChannel &^ c.Deny
	}
	if bot.Allow|bot.Deny != 0 {
		list = append(list, bot)
	}
	return list
}

// wireOverwrites: https://docs.discord.com/developers/resources/channel#overwrite-object
func (s *Sim) wireOverwrites(c Channel) []node {
	list := []node{}
	for _, o := range s.overwrites(c) {
		kind := 0 // a role
		if _, member := s.users[o.ID]; member {
			kind = 1
		}
		list = append(list, node{"id": o.ID, "type": kind, "allow": o.Allow.wire(), "deny": o.Deny.wire()})
	}
	return list
}
