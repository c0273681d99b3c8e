// Package chat is the port between the conversation and chat platforms: the commands and presses that adapters hand over, and the
// cards and forms that adapters show. The package has no behaviour, and imports neither the conversation nor any platform.
package chat

import (
	"context"
	"time"

	"purgebot/acl"
)

// Thread is the place of a conversation. A thread is stored whole, so that any replica can continue the conversation.
// Root is the message that the thread hangs from; "" is the channel itself.
type Thread struct {
	Platform  string `json:"platform"`
	Workspace string `json:"workspace"`
	Channel   string `json:"channel"`
	Root      string `json:"root,omitempty"`
}

// Subject returns the channel as rules name it ("slack:T0/C1").
func (t Thread) Subject() acl.Subject {
	return acl.Subject(t.Platform + ":" + t.Workspace + "/" + t.Channel)
}

// MessageRef names one message that a platform shows; the zero value names none.
type MessageRef struct {
	Channel string `json:"channel,omitempty"`
	ID      string `json:"id,omitempty"`
}

// EventKey names one delivery of a platform. The key comes from signed bytes and is the same at every redelivery.
type EventKey struct {
	Platform, Workspace, ID string
}

// Platform is one adapter: it shows cards and identifies people. Every error is a *purge.Error. A throttled call's error is Exhausted
// with RetryAfter; an error beyond the help of a retry (archived channel, not a member) is Denied or NotFound.
type Platform interface {
	// Show edits the message that ref names, or posts a new one if ref is zero or the message is gone, and returns the shown message.
	// The key prevents a second message at a repeated post, on platforms with such keys; elsewhere a crash between post and commit
	// may leave a stale message, whose buttons do nothing.
	Show(ctx context.Context, at Thread, ref MessageRef, key string, c Card) (MessageRef, error)
	// Tell shows c to one person only, now or later, as an ephemeral message or else as a direct message. A direct message has no
	// buttons, because a press counts in its own channel only. The parameter after is the event that c answers, or zero: a platform
	// with private answers to an event answers that event, and never another event of the same person.
	Tell(ctx context.Context, who acl.Subject, at Thread, after EventKey, c Card) error
	// Person returns the present identity of a subject. The parameter maxAge bounds the age of a cached answer; an error is a refusal.
	Person(ctx context.Context, s acl.Subject, maxAge time.Duration) (Person, error)
	// Channel returns the bot's present rights in a channel. The parameter maxAge bounds the age of a cached answer; an error is a refusal.
	Channel(ctx context.Context, at Thread, maxAge time.Duration) (Channel, error)
	// Limits returns the abilities of the platform.
	Limits() ChatLimits
	// Health returns nil, or an error whose sentence names the fault and the remedy. Denied is a warning: a part such as one channel
	// is closed to the bot, and the rest works. Any other kind means that the platform is not ready.
	Health(ctx context.Context) error
}

// ChatLimits describes the abilities of a platform.
type ChatLimits struct {
	Forms     bool
	Files     bool   // people can read a card's file; the adapter handles channels that differ in this
	Workspace string // the platform's own word for a workspace, such as "server"; "" is "workspace"
	// Addressed tells help to offer a mention of the bot as a way to give a command.
	Addressed bool
	Options   bool // commands have native options in place of flags
	// Threads explains, for help, the way to give a command inside a thread; "" if threads need no explanation.
	Threads string
	// Mentions explains, after a typed name, the way to mention a person or a group; "" if there is no explanation.
	Mentions string
}

// Standing is a person's membership in the workspace. Only a Member may use purgebot.
type Standing string

// These are the standings.
const (
	Member      Standing = "member"
	Guest       Standing = "guest"
	Outsider    Standing = "outsider" // a member of another organisation
	Bot         Standing = "bot"
	Deactivated Standing = "gone" // a deleted or deactivated account
)

// Person is the present identity of a subject.
type Person struct {
	Subject  acl.Subject
	Name     string // the displayed name, for cards and the audit, never for access
	Groups   []acl.Subject
	Standing Standing
	Zone     *time.Location // the zone of the person's clock; nil if unknown
}

// Channel is the present state of a channel for the bot.
type Channel struct {
	Shared bool   // true if people of other organisations can read the channel, or if that is unknown
	Joined bool   // true if the bot can post in the channel
	Invite string // the text that lets the bot in, e.g. "/invite @purgebot"
}

// Command is one typed command, as text or as fields, never both.
type Command struct {
	Event  EventKey
	From   acl.Subject
	At     Thread
	Text   string  // the text behind "/purge" or the mention, free of the platform's own markup
	Fields *Fields // the parts of a command that arrived as separate fields
	// Opening begins a corrected line in the place where the command was typed: "@purgebot"; "" is "/purge".
	Opening string
	// NoLink explains a command without an address, on a chat that may hand over a link's label instead of the link; "" is no
	// explanation.
	NoLink string
	// Collected marks targets that were found in a message or a file, not typed: such targets are always shown and confirmed.
	Collected bool
}

// Fields is a command whose parts arrived separately (a form, native options, argv). No field is searched for flags or verbs.
type Fields struct {
	Verb, Targets, Area, Mode, Reason, ID string
	Private, DryRun, Prefetch             bool
	File                                  *File // more targets, from a file; nil without a file

	Domain             string // the domain of freeze, unfreeze, grant and history
	For, Subject, Kind string // "2h"; a subject, a mention or a name of the policy file; "url" or "directory"
	// The filters of history are spelled as in its flags.
	Since, Until, By, Outcome string
}

// Answer is a pressed button, or a submitted form (Values is not nil then).
type Answer struct {
	Event   EventKey
	From    acl.Subject
	At      Thread
	Message MessageRef // the message with the button, or the message that opened the form; zero for the form of a command
	Token   string     // the token of the button or the form
	Values  map[string]string
}

// Suggestion asks for completions while a person types.
type Suggestion struct {
	From  acl.Subject
	At    Thread
	Field string // "targets", "domain", "id" for the id of a purge, or "rule" for the id of a freeze or grant
	Text  string
}

// Reply is for the acting person's eyes only. At most one of Card, Form and Choices is set; the zero Reply is silent.
type Reply struct {
	Card    *Card
	Form    *Form
	Choices []string
	Refused bool // true for a refused command or press; Card holds the reason
	// Public is the text for the whole channel, in case that Card cannot be shown to the person alone: the command's mistake and its
	// correction, made only of words typed in that channel. Public is "" if the channel may learn nothing.
	Public string
}

// Handler is the conversation, as adapters call it. An error means that nothing was recorded: an adapter whose platform redelivers
// answers 503, and any other adapter answers in time with the error's Message as the private reply.
type Handler interface {
	Command(ctx context.Context, c Command) (Reply, error)
	Answer(ctx context.Context, a Answer) (Reply, error)
	Suggest(ctx context.Context, q Suggestion) (Reply, error)
}

// Tone colours a card. A tone has no other effect, and adapters may ignore it.
type Tone string

// These are the tones.
const (
	Neutral Tone = ""
	Waiting Tone = "waiting" // the card waits for a press
	Busy    Tone = "busy"
	Good    Tone = "good"
	Bad     Tone = "bad"
	Unsure  Tone = "unsure"
)

// Card is the meaning of a message. Every string is plain text and hostile until the adapter has escaped it: links must not unfurl,
// and mentions inside a string must not notify people.
type Card struct {
	Title   string        `json:"title"`
	Tone    Tone          `json:"tone,omitempty"`
	By      acl.Subject   `json:"by,omitempty"`      // the requester, shown as a person without a notification
	Mention []acl.Subject `json:"mention,omitempty"` // the people and groups to notify
	Targets []string      `json:"targets,omitempty"` // the shown targets, as code, one a line
	More    int           `json:"more,omitempty"`    // the number of further targets, which File holds if present
	Lines   []string      `json:"lines,omitempty"`
	Buttons []Button      `json:"buttons,omitempty"`
	File    *File         `json:"file,omitempty"` // attached where the platform has files
	Footer  string        `json:"footer,omitempty"`
}

// Button is a button of a card. Only the opaque Token travels to the platform and back.
type Button struct {
	Label string `json:"label"`
	Token string `json:"token"`
	Style Style  `json:"style,omitempty"`
	// Confirms marks a press that agrees to the whole list of the card. A confirming button is offered only if the presser can read
	// every target, on the card or in its file; otherwise the card names the remedy.
	Confirms bool `json:"confirms,omitempty"`
}

// Style is the look of a button.
type Style string

// These are the styles.
const (
	Plain   Style = ""
	Primary Style = "primary"
	Danger  Style = "danger"
)

// File is a list too long for a card.
type File struct {
	Name string `json:"name"` // "p-7k3f9x2q.txt"
	Text string `json:"text"`
}

// Form asks for fields. A submitted form comes back as an Answer with the Token and a value for each input's Name.
type Form struct {
	Title, Submit, Token string
	Inputs               []Input
}

// Input is one field of a form.
type Input struct {
	Name, Label, Hint string
	Lines             bool // true for a field of many lines
	Optional          bool
	Choices           []string // the allowed values; none allows any text
	Value             string   // the initial value
}
