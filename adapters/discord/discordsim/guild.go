package discordsim

import (
	"maps"
	"slices"
	"time"
)

// Guild is what people call a server.
type Guild struct {
	ID, Name string
	Owner    string // may do everything
	Bare     bool   // the bot is in it, but the application was installed without applications.commands
	Absent   bool   // the bot is not in it
}

// Role is a role of a guild. The role with the guild's own id is @everyone; PutGuild makes it.
type Role struct {
	ID, Guild, Name string
	Permissions     Permission // of the bot's own role: what Sim.Permissions says
	Mentionable     bool
	Managed         bool // Discord made it for a bot

	own bool // for this bot
}

// User is an account.
type User struct {
	ID, Name    string
	DisplayName string
	Bot         bool
	NoDMs       bool // takes no direct messages from the bot: 50007
}

// Member is a user in a guild.
type Member struct {
	Guild, User string
	Nick        string
	Roles       []string // without @everyone, as on the wire
	Pending     bool     // has not accepted the rules yet

	TimedOutUntil time.Time // may only look until then
}

type memberKey struct{ guild, user string }

// PutGuild adds a guild, with its @everyone and the bot's own role (BotRole in HQ), or replaces the one with its ID.
func (s *Sim) PutGuild(g Guild) {
	defer s.lock()()
	_, existed := s.guilds[g.ID]
	s.guilds[g.ID] = g
	if existed {
		s.change()
		return
	}
	own := BotRole
	if g.ID != HQ {
		own = s.id()
	}
	s.putRole(Role{ID: g.ID, Guild: g.ID, Name: "@everyone", Permissions: everybodyMay})
	s.putRole(Role{ID: own, Guild: g.ID, Name: s.BotName, Managed: true, own: true})
	s.members[memberKey{g.ID, s.BotUser}] = Member{Guild: g.ID, User: s.BotUser, Roles: []string{own}}
	s.broadcast(Guilds, "GUILD_CREATE", s.wireGuildCreate(g))
}

// PutRole adds a role or replaces the one with its ID.
func (s *Sim) PutRole(r Role) {
	defer s.lock()()
	r.own = s.roles[r.ID].own
	s.putRole(r)
	s.broadcast(Guilds, "GUILD_ROLE_UPDATE", node{"guild_id": r.Guild, "role": s.wireRole(r)})
}

func (s *Sim) putRole(r Role) {
	s.roles[r.ID] = r
	s.mentionable = maps.Clone(s.mentionable)
	s.mentionable[r.ID] = r.Mentionable
	if r.ID != r.Guild {
		s.name(r.ID, "@"+r.Name)
	}
}

// PutUser adds a user or replaces the one with its ID. It is in no guild before PutMember.
func (s *Sim) PutUser(u User) {
	defer s.lock()()
	s.users[u.ID] = u
	s.name(u.ID, "@"+u.Name)
}

// PutMember adds a user to a guild, or replaces what it is there: roles taken away count from the next interaction on.
func (s *Sim) PutMember(m Member) {
	defer s.lock()()
	s.members[memberKey{m.Guild, m.User}] = m
	full := s.wireFullMember(m)
	full["guild_id"] = m.Guild
	need := GuildMembers
	if m.User == s.BotUser { // which is told of itself regardless: https://docs.discord.com/developers/events/gateway#gateway-intents
		need = 0
	}
	s.broadcast(need, "GUILD_MEMBER_UPDATE", full)
	s.change()
}

// RemoveMember takes a user out of a guild.
func (s *Sim) RemoveMember(guild, user string) {
	defer s.lock()()
	delete(s.members, memberKey{guild, user})
	s.broadcast(GuildMembers, "GUILD_MEMBER_REMOVE", node{"guild_id": guild, "user": s.wireUser(user)})
	s.change()
}

func (s *Sim) name(id, shown string) {
	s.names = maps.Clone(s.names)
	s.names[id] = shown
	s.change()
}

// User returns the user with this ID, or false.
func (s *Sim) User(id string) (User, bool) {
	defer s.lock()()
	u, found := s.users[id]
	return u, found
}

// Member returns what a user is in a guild, or false.
func (s *Sim) Member(guild, user string) (Member, bool) {
	defer s.lock()()
	m, found := s.members[memberKey{guild, user}]
	m.Roles = slices.Clone(m.Roles)
	return m, found
}

// Role returns the role with this ID, or false.
func (s *Sim) Role(id string) (Role, bool) {
	defer s.lock()()
	r, found := s.roles[id]
	return r, found
}

// Users returns every user, the bot too, by ID.
func (s *Sim) Users() []User {
	defer s.lock()()
	return sorted(s.users)
}

// rolesOf returns the roles of a guild by ID.
func (s *Sim) rolesOf(guild string) []Role {
	return slices.DeleteFunc(sorted(s.roles), func(r Role) bool { return r.Guild != guild })
}

func sorted[V any](byID map[string]V) []V {
	all := make([]V, 0, len(byID))
	for _, id := range slices.Sorted(maps.Keys(byID)) {
		all = append(all, byID[id])
	}
	return all
}
