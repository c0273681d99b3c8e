package discordsim

import "encoding/json"

// Type types text as a user: a message, in a channel, a thread or a direct message; or a slash command, if it begins with "/",
// as the client reads it: "/purge dir https://a.example/ area:overseas" is the command "purge dir" with the option area, and
// with its first required option, whose name may be left out. In a message "@name" and "#name" become Discord's markup where
// they name somebody or something; everything else is sent as it is. The application hears of a message if it sees the
// channel; Type returns when it has read it, or after AckWithin.
func (s *Sim) Type(user, channel, text string, opts ...Option) Delivery { panic("later") }

// Attach attaches a file to a typed message.
func Attach(f File) Option { panic("later") }

// ReplyTo makes a typed message a reply to another of the channel; ping notifies its author.
func ReplyTo(message string, ping bool) Option { panic("later") }

// WithEmbeds gives a typed message embeds, as Discord does for a link, or a bot for its cards.
func WithEmbeds(embeds string) Option { panic("later") }

// WithComponents gives a typed message components, of types that no library need know.
func WithComponents(components string) Option { panic("later") }

// ByWebhook makes a webhook post it; user is then only the name shown.
func ByWebhook(id string) Option { panic("later") }

// OfType sets the message's type: 7 is a join notice, 24 an AutoMod alert.
func OfType(n int) Option { panic("later") }

// Forward posts what somebody else wrote as a forwarded message: its own content is empty, it has a snapshot.
func (s *Sim) Forward(user, channel, fromChannel, message string, opts ...Option) Delivery {
	panic("later")
}

// Edit changes the content of a message that a user typed; the application hears of it by MESSAGE_UPDATE.
func (s *Sim) Edit(channel, message, text string, opts ...Option) Delivery { panic("later") }

// Unfurl does what Discord does a moment after a link was posted: it gives the message an embed for its first link, if any
// may be fetched, and sends MESSAGE_UPDATE.
func (s *Sim) Unfurl(channel, message string) Delivery { panic("later") }

// Options are the options of a slash command by name: a string, a bool, an int, a float64, or a File; for options that name a
// user, a role or a channel, its ID.
type Options map[string]any

// Command invokes a slash command ("purge dir"), as registered for the guild or globally. As in Discord's client, one that is
// not registered, lacks a required option, has another option, or a value that is too long or not among the choices is not
// sent: see Delivery.Refused. Command returns when the application has answered, or after AckWithin.
func (s *Sim) Command(user, channel, command string, options Options, opts ...Option) Delivery {
	panic("later")
}

// Unchecked makes the client send a command as it is, registered or not; the Go type of each value says its option's type.
func Unchecked() Option { panic("later") }

// UserInstalled makes the user invoke the application that is installed to the user's own account instead of the guild's.
func UserInstalled() Option { panic("later") }

// Choice is what autocomplete offers.
type Choice struct {
	Name  string
	Value any
}

// Autocomplete asks for completions of the option focused, as typed so far in options; the others may be partial.
func (s *Sim) Autocomplete(user, channel, command, focused string, options Options, opts ...Option) ([]Choice, Delivery) {
	panic("later")
}

// MessageCommand invokes a message command ("Purge links in this message") on a message that the user sees.
func (s *Sim) MessageCommand(user, channel, message, command string, opts ...Option) Delivery {
	panic("later")
}

// Press presses the button with this label on a message, or on an ephemeral of this user. With message "" it is the newest in
// the channel and its threads that this user sees with such a button. It returns when the application has answered.
func (s *Sim) Press(user, channel, message, label string, opts ...Option) Delivery { panic("later") }

// RegisterCommands registers commands as PUT …/commands does, without calling it, for a guild or, with "", globally; it
// panics on what Discord would refuse.
func (s *Sim) RegisterCommands(guild, commands string) { panic("later") }

// Commands returns the commands registered for a guild or, with "", globally: a JSON array.
func (s *Sim) Commands(guild string) json.RawMessage { panic("later") }
