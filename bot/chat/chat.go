// Package chat is the port between the conversation and chat platforms: the commands and presses that adapters hand over,
// and the cards and forms that adapters show. It does nothing itself, and imports neither the conversation nor any platform.
package chat

import (
	"context"
	"time"

	"purgebot/acl"
)

// Thread is where a conversation happens. It is stored whole, so that any replica can go on with it.
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

// EventKey names one delivery of a platform; it comes from signed bytes and is the same at every redelivery.
type EventKey struct {
	Platform, Workspace, ID string
}

// Platform is one adapter: it shows cards and says who people are. Every error is a *purge.Error;
// one that is throttled is Exhausted with RetryAfter, one that no retry can help (archived channel, not a member) is Denied or NotFound.
type Platform interface {
	// Show edits the message ref names, or posts one if ref is zero or gone, and returns the message now shown.
	// key makes a repeated post one message where the platform can; elsewhere a crash between post and commit
	// may leave a stale message, whose buttons do nothing.
	Show(ctx context.Context, at Thread, ref MessageRef, key string, c Card) (MessageRef, error)
	// Tell shows c to one person only, now or later: ephemeral, else a direct message, which has no buttons: a press counts in its
	// channel only. after is the event that c is about, or zero. A platform that can answer an event in private for a while answers
	// that one, and never another of the same person.
	Tell(ctx context.Context, who acl.Subject, at Thread, after EventKey, c Card) error
	// Person says who a subject is now. maxAge bounds the cache; an error refuses.
	Person(ctx context.Context, s acl.Subject, maxAge time.Duration) (Person, error)
	// Channel says what the bot may do there now. maxAge bounds the cache; an error refuses.
	Channel(ctx context.Context, at Thread, maxAge time.Duration) (Channel, error)
	Limits() ChatLimits
	// Health returns nil, or says in one sentence what is wrong and what to change. Denied means that a part is closed to the
	// bot, such as one channel, while the rest works: a warning. Any other kind means that the platform is not ready.
	Health(ctx context.Context) error
}

// ChatLimits is what a platform can show.
type ChatLimits struct {
	Forms     bool
	Files     bool   // a card's file can be read; where that differs between channels, the adapter sees to it
	Workspace string // what people call the workspace: "server"; "" is that word
	// Addressed says that help is to offer a mention of the bot as a way to give a command.
	Addressed bool
	Options   bool // what the terminal calls flags are options of the platform's own
	// Threads says how a command is given inside a thread, for help; "" if as anywhere.
	Threads string
	// Mentions says how to name a person or a group in a command, to whoever typed a name; "" if nothing is to be said.
	Mentions string
}

// Standing is what a person is to the workspace. Only a Member may do anything.
type Standing string

// The standings.
const (
	Member      Standing = "member"
	Guest       Standing = "guest"
	Outsider    Standing = "outsider" // another organisation's
	Bot         Standing = "bot"
	Deactivated Standing = "gone" // deleted or deactivated
)

// Person is who a subject is at this moment.
type Person struct {
	Subject  acl.Subject
	Name     string // as displayed now: for cards and the audit, never for access
	Groups   []acl.Subject
	Standing Standing
	Zone     *time.Location // where the person's clock is; nil if unknown
}

// Channel is what a channel is to the bot at this moment.
type Channel struct {
	Shared bool   // people of other organisations can read it; unknown counts as shared
	Joined bool   // the bot can post there
	Invite string // what to type to let it in, e.g. "/invite @purgebot"
}

// Command is one thing typed, as text or as fields, never both.
type Command struct {
	Event  EventKey
	From   acl.Subject
	At     Thread
	Text   string  // what follows "/purge" or the mention, free of the platform's own markup
	Fields *Fields // what arrived as separate fields
	// Opening is what a command begins with where this one was typed, for a corrected line: "@purgebot"; "" is "/purge".
	Opening string
	// NoLink is what to say of a command without an address, where the chat may have handed over the label of a link instead; "" is
	// nothing.
	NoLink string
	// Collected says that the targets were found in somebody's message or in a file, not typed: they are always shown and confirmed.
	Collected bool
}

// Fields is a command whose parts arrived apart (a form, native options, argv). No field is searched for flags or verbs.
type Fields struct {
	Verb, Targets, Area, Mode, Reason, ID string
	Private, DryRun, Prefetch             bool
	File                                  *File // more targets, from a file; nil is none

	Domain             string // of freeze, unfreeze, grant and history
	For, Subject, Kind string // "2h"; a subject, a mention or a name of the policy file; "url" or "directory"
	// Of history, as its flags take them.
	Since, Until, By, Outcome string
}

// Answer is a pressed button, or a form that came back (then Values is not nil).
type Answer struct {
	Event   EventKey
	From    acl.Subject
	At      Thread
	Message MessageRef // the message the button hangs on, or that opened the form; zero for the form of a command
	Token   string     // of the button or the form
	Values  map[string]string
}

// Suggestion asks for completions while somebody types.
type Suggestion struct {
	From  acl.Subject
	At    Thread
	Field string // "targets", "domain", "id" of a purge, or "rule", the id of what an administrator said
	Text  string
}

// Reply is for the acting person's eyes only. At most one of Card, Form and Choices is set; the zero Reply says nothing.
type Reply struct {
	Card    *Card
	Form    *Form
	Choices []string
	Refused bool // the command or press was refused, and Card says why
	// Public is what may be said where everybody reads it, if Card cannot be shown to the person alone: a mistake of the command itself
	// and its correction, of which nothing was not typed there. It is "" where nothing may be told.
	Public string
}

// Handler is what an adapter calls. An error means that nothing was recorded: where the platform redelivers answer 503;
// elsewhere answer in time with the error's Message as the private reply.
type Handler interface {
	Command(ctx context.Context, c Command) (Reply, error)
	Answer(ctx context.Context, a Answer) (Reply, error)
	Suggest(ctx context.Context, q Suggestion) (Reply, error)
}

// Tone colours a card, and decides nothing; adapters may ignore it.
type Tone string

// The tones.
const (
	Neutral Tone = ""
	Waiting Tone = "waiting" // somebody must press
	Busy    Tone = "busy"
	Good    Tone = "good"
	Bad     Tone = "bad"
	Unsure  Tone = "unsure"
)

// Card is what a message means. Every string is plain text and hostile until the adapter has escaped it:
// links are not to unfurl, mentions in it are not to reach anybody.
type Card struct {
	Title   string        `json:"title"`
	Tone    Tone          `json:"tone,omitempty"`
	By      acl.Subject   `json:"by,omitempty"`      // who asked: shown as a person, without notifying
	Mention []acl.Subject `json:"mention,omitempty"` // who is to be notified
	Targets []string      `json:"targets,omitempty"` // shown as code, one a line
	More    int           `json:"more,omitempty"`    // targets beyond those, in File if there is one
	Lines   []string      `json:"lines,omitempty"`
	Buttons []Button      `json:"buttons,omitempty"`
	File    *File         `json:"file,omitempty"` // attached where the platform has files
	Footer  string        `json:"footer,omitempty"`
}

// Button is one that can be pressed. Token is opaque, and all that travels.
type Button struct {
	Label string `json:"label"`
	Token string `json:"token"`
	Style Style  `json:"style,omitempty"`
	// Confirms says that pressing it agrees to all that the card lists. It is not offered where those who press cannot read every target,
	// on the card or in a file that hangs there; the card then says what to change.
	Confirms bool `json:"confirms,omitempty"`
}

// Style is how a button looks.
type Style string

// The styles.
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

// Form asks for fields. It comes back as an Answer with the Token and a value for each input's Name.
type Form struct {
	Title, Submit, Token string
	Inputs               []Input
}

// Input is one field of a form.
type Input struct {
	Name, Label, Hint string
	Lines             bool // many lines
	Optional          bool
	Choices           []string // if any, one of these
	Value             string   // what it holds at first
}
