// Package slacksim is a simulated Slack workspace with one app installed: the Web API that the app calls, and the signed
// requests that Slack sends to the app. It is a small honest service, not a mock: it keeps channels, threads, private
// messages and forms, and enforces the limits of Slack's documents, so that a wire mistake shows up as Slack would show it.
//
// It imports nothing of this project and no Slack client, so that a mistake cannot be made on both sides of the wire.
// It never sleeps, never retries by itself, and never talks to the real Slack. Its tokens and secrets are simulated: the
// one kind that may be printed.
package slacksim

import (
	"net/http"
	"sync"
	"time"
)

// Workspace is the simulated workspace. It is an http.Handler for the Web API (below /api/), for response_url and for
// uploads. The zero value works; New also has people and channels. The exported fields are set before first use or not at
// all; everything else may be called from any goroutine.
type Workspace struct {
	TeamID, TeamDomain string // "T0SIM", "sim"
	AppID              string // "A0PURGE"
	BotUser, BotID     string // "U0PURGEBOT", "B0PURGEBOT"
	BotName            string // "purgebot": what people type after the "@"
	Token              string // "xoxb-…": the only token that the Web API takes
	SigningSecret      string
	Scopes             []string         // what the token may do; New grants what the methods here need
	Now                func() time.Time // time.Now
	Client             *http.Client     // sends the deliveries; it must not follow redirects
	AckWithin          time.Duration    // 3 s: https://docs.slack.dev/interactivity/implementing-slash-commands/
	EscapeSlash        bool             // the manifest's should_escape: slash text arrives in Slack's markup
	MaxText            int              // longest text before msg_too_long; 4,000, which some workspaces enforce

	ready sync.Once
	mu    sync.Mutex
}

// User is an account.
type User struct {
	ID, Name, RealName string
	TeamID             string // "" is the workspace's own team; another one is an outsider of Slack Connect
	Deleted            bool
	Bot                bool
	Restricted         bool // multi-channel guest
	UltraRestricted    bool // single-channel guest
	Stranger           bool
}

// Channel is a public or private channel, or a direct message when User is set.
type Channel struct {
	ID, Name  string
	Member    bool // the bot is in it
	Private   bool
	Archived  bool
	ExtShared bool     // Slack Connect
	People    []string // who is in it; nil is everybody
	User      string   // the other side of a direct message with the bot
}

// UserGroup is an "S…" group.
type UserGroup struct {
	ID, Handle string
	Members    []string
	Disabled   bool
}

// New returns a workspace with alice, bob and mallory (U0ALICE, U0BOB, U0MALLORY), the channels #cdn (C0CDN, the bot is
// in it) and #random (C0RANDOM, it is not), and the user group @oncall (S0ONCALL: alice and bob).
func New() *Workspace { panic("todo") }

// ServeAt says where this handler is reached ("http://127.0.0.1:1234"); response_url and upload URLs begin with it.
func (w *Workspace) ServeAt(url string) {}

// Install says where the app is reached: deliveries go to url + "/slack/commands", "/slack/interactions" and "/slack/events".
func (w *Workspace) Install(url string) {}

// PutUser adds a user or replaces the one with its ID.
func (w *Workspace) PutUser(u User) {}

// PutChannel adds a channel or replaces the one with its ID; its messages stay.
func (w *Workspace) PutChannel(c Channel) {}

// PutUserGroup adds a user group or replaces the one with its ID.
func (w *Workspace) PutUserGroup(g UserGroup) {}

// User returns the user with this ID, or false.
func (w *Workspace) User(id string) (User, bool) { panic("todo") }

// Channel returns the channel with this ID, or false.
func (w *Workspace) Channel(id string) (Channel, bool) { panic("todo") }

// Channels returns every channel, direct messages too, by ID.
func (w *Workspace) Channels() []Channel { panic("todo") }

// Users returns every user, by ID.
func (w *Workspace) Users() []User { panic("todo") }

// DM returns the ID of the direct message between the bot and a user, opening it.
func (w *Workspace) DM(user string) string { panic("todo") }

// Changed returns a channel that is closed at the next change of anything a query can see. Take it before looking.
func (w *Workspace) Changed() <-chan struct{} { panic("todo") }

// ServeHTTP implements http.Handler.
func (w *Workspace) ServeHTTP(rw http.ResponseWriter, r *http.Request) {}
