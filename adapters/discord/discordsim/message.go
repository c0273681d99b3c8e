package discordsim

import "encoding/json"

// Message is one message as it stands; it is a copy.
type Message struct {
	ID, Channel     string
	User            string          // who posted it; the bot's is Sim.BotUser, Discord's own notices are "1"
	To              string          // the only person who sees it; "" is everybody in the channel
	Type            int             // 0 is ordinary, 19 a reply, 20 and 23 an answer to a slash or context-menu command
	Content         string          // Discord's markup
	Embeds          json.RawMessage // nil if it has none
	Components      json.RawMessage // nil if it has none
	Files           []File
	Flags           Flag
	AllowedMentions json.RawMessage // as its sender said it; nil if nothing was said, and then everything notifies
	Nonce           string
	ReplyTo         string    // the message it answers, in the same channel
	Ping            bool      // it is a reply that notifies whom it answers, unless AllowedMentions says otherwise
	Interaction     string    // the interaction it came from
	Webhook         string    // the webhook that posted it
	Snapshots       []Message // what it forwards
	Thread          string    // the thread that was started from it
	Loading         bool      // "purgebot is thinking…"
	Deleted         bool
	Edited          bool
	History         []Version // what it was before each edit, oldest first

	names   map[string]string
	may     Permission // what its author may do in the channel
	mention map[string]bool
}

// Version is what a message was before an edit.
type Version struct {
	Content                             string
	Embeds, Components, AllowedMentions json.RawMessage
	Flags                               Flag
	Loading                             bool
}

// Flag is a set of message flags: https://docs.discord.com/developers/resources/message#message-object-message-flags
type Flag int

// The flags.
const (
	HasSnapshot           Flag = 1 << 14
	SuppressEmbeds        Flag = 1 << 2
	HasThread             Flag = 1 << 5
	Ephemeral             Flag = 1 << 6
	Loading               Flag = 1 << 7
	SuppressNotifications Flag = 1 << 12
	ComponentsV2          Flag = 1 << 15
)

// Button is a button of a message.
type Button struct {
	Label, CustomID, URL string
	Style                int // 1 primary, 2 secondary, 3 success, 4 danger, 5 link
	Disabled             bool
}

// Plain returns the message as a person sees it, one line a line: its content, its embeds, the text among its components, then
// its files and what it forwards. Buttons are not in it. Of a masked link only the label is seen.
func (m Message) Plain() string { panic("later") }

// Buttons returns the buttons in the order shown.
func (m Message) Buttons() []Button { panic("later") }

// Mentions returns whom the message notifies or would have notified when it was posted, each once, as Discord's markup names
// them ("@everyone", "@here", "<@1>", "<@&2>"): what its content says and allowed_mentions lets through. Code spans do not
// protect; embeds never notify.
func (m Message) Mentions() []string { panic("later") }

// Unfurls returns the links that Discord would fetch to show a preview: those in the content that stand in neither <> nor
// code; none with SuppressEmbeds. The links of embeds and components are not fetched.
func (m Message) Unfurls() []string { panic("later") }

// Messages returns what everybody sees in a channel or a thread, oldest first.
func (s *Sim) Messages(channel string) []Message { panic("later") }

// Thread returns the root message, if it still stands, and what was said in the thread made from it, oldest first.
func (s *Sim) Thread(channel, root string) []Message { panic("later") }

// Ephemerals returns what only this user sees, in any channel, oldest first; direct messages are not in it.
func (s *Sim) Ephemerals(user string) []Message { panic("later") }

// Visible returns all that a user sees in a channel, threads and ephemerals included, in the order in which it came.
func (s *Sim) Visible(user, channel string) []Message { panic("later") }

// Message returns one message, deleted ones and ephemerals too, or false.
func (s *Sim) Message(channel, id string) (Message, bool) { panic("later") }

// Delete removes a message, as its author or a moderator does; it reports whether it was there.
func (s *Sim) Delete(channel, id string) bool { panic("later") }

// Reload drops a user's ephemerals and open form, as a restart of the client does.
func (s *Sim) Reload(user string) { panic("later") }
