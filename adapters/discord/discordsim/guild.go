package discordsim

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
	Permissions     Permission
	Mentionable     bool
	Managed         bool // Discord made it for a bot
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
}

type memberKey struct{ guild, user string }

// Kind is the type of a channel: https://docs.discord.com/developers/resources/channel#channel-object-channel-types
type Kind int

// The kinds.
const (
	Text          Kind = 0
	DM            Kind = 1
	Voice         Kind = 2
	GroupDM       Kind = 3 // of people without the bot: only a user-installed application is reached there
	News          Kind = 5
	PublicThread  Kind = 11
	PrivateThread Kind = 12
	Forum         Kind = 15
)

// Channel is a channel, a thread, or a direct message.
type Channel struct {
	ID, Guild, Name string // no Guild: a direct message
	Kind            Kind
	Parent          string     // of a thread
	Owner           string     // of a thread: who started it
	Allow, Deny     Permission // what the bot may do here beyond its role, and may not; a thread has its parent's
	People          []string   // who sees it; nil is everybody. In a direct message: the people in it, the bot not counted
	Archived        bool       // of a thread
	Locked          bool       // of a thread
}

func (c Channel) thread() bool { return c.Kind == PublicThread || c.Kind == PrivateThread }

// PutGuild adds a guild, with its @everyone and the bot's own role (BotRole in HQ), or replaces the one with its ID.
func (s *Sim) PutGuild(g Guild) { panic("later") }

// PutRole adds a role or replaces the one with its ID.
func (s *Sim) PutRole(r Role) { panic("later") }

// PutUser adds a user or replaces the one with its ID. It is in no guild before PutMember.
func (s *Sim) PutUser(u User) { panic("later") }

// PutMember adds a user to a guild, or replaces what it is there: roles taken away count from the next interaction on.
func (s *Sim) PutMember(m Member) { panic("later") }

// RemoveMember takes a user out of a guild.
func (s *Sim) RemoveMember(guild, user string) { panic("later") }

// PutChannel adds a channel or replaces the one with its ID; its messages stay.
func (s *Sim) PutChannel(c Channel) { panic("later") }

// DeleteChannel deletes a channel and what hangs in it: 10003 from then on.
func (s *Sim) DeleteChannel(id string) { panic("later") }

// Archive archives a thread, or locks it as well. A message revives an archived thread, an edit meets 50083.
func (s *Sim) Archive(thread string, locked bool) { panic("later") }

// DM returns the ID of the direct message between the bot and a user, opening it.
func (s *Sim) DM(user string) string { panic("later") }

// User returns the user with this ID, or false.
func (s *Sim) User(id string) (User, bool) { panic("later") }

// Member returns what a user is in a guild, or false.
func (s *Sim) Member(guild, user string) (Member, bool) { panic("later") }

// Role returns the role with this ID, or false.
func (s *Sim) Role(id string) (Role, bool) { panic("later") }

// Channel returns the channel with this ID, or false.
func (s *Sim) Channel(id string) (Channel, bool) { panic("later") }

// Channels returns every channel, threads and direct messages too, by ID.
func (s *Sim) Channels() []Channel { panic("later") }

// Users returns every user, the bot too, by ID.
func (s *Sim) Users() []User { panic("later") }
