// Package slacksim is a simulated Slack workspace with one app installed: the Web API that the app calls, and the signed
// requests that Slack sends to the app. It is a small honest service, not a mock: it keeps channels, threads, private
// messages and forms, and enforces the limits of Slack's documents, so that a wire mistake shows up as Slack would show it.
//
// It imports nothing of this project and no Slack client, so that a mistake cannot be made on both sides of the wire.
// It never sleeps, never retries by itself, and never talks to the real Slack. Its tokens and secrets are simulated: the
// one kind that may be printed.
package slacksim

import (
	"cmp"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"
)

// Workspace is the simulated workspace. It is an http.Handler for the Web API (below /api/), for response_url and for
// uploads. The zero value works; New also has people and channels. The exported fields are set before first use (right
// after New is early enough, but for BotUser and BotName) or not at all; the methods may be called from any goroutine.
type Workspace struct {
	TeamID, TeamDomain string           // "T0SIM", "sim"
	AppID              string           // "A0PURGE"
	BotUser, BotID     string           // "U0PURGEBOT", "B0PURGEBOT"
	BotName            string           // "purgebot": what people type after the "@"
	Token              string           // "xoxb-simulated": the only token that the Web API takes
	SigningSecret      string           // "simulated-signing-secret"
	Scopes             []string         // what the token may do; all that the methods here need
	Commands           []string         // the app's slash commands; "/purge"
	EscapeSlash        bool             // the manifest's should_escape: slash text arrives in Slack's markup
	MaxText            int              // characters of text before msg_too_long; 4,000, where some workspaces draw the line
	AckWithin          time.Duration    // 3 s: https://docs.slack.dev/interactivity/implementing-slash-commands/
	TriggerLife        time.Duration    // 3 s: https://docs.slack.dev/interactivity/handling-user-interaction/#modal_responses
	Now                func() time.Time // time.Now
	Client             *http.Client     // sends the deliveries; it must not follow redirects
	Seed               string           // the same seed gives the same ids; random, so that a restarted simulator never repeats an event

	once sync.Once
	mu   sync.Mutex // guards everything below; never held while a request is in flight

	own, app   string
	users      map[string]User
	channels   map[string]Channel
	groups     map[string]UserGroup
	names      map[string]string // how an id is shown: "@alice"; replaced, never changed
	log        []*Message        // every message ever, oldest first
	views      map[string][]*View
	triggers   map[string]*trigger
	hooks      map[string]*hook
	uploads    map[string]*upload
	uninvited  map[string]func() Delivery // by channel: the mention that waits for the bot to be invited
	calls      []Call
	deliveries []*Delivery
	failed     []failedEvent
	faults     []*fault
	down       bool
	changed    chan struct{}
	serial     int
	lastTS     int64 // microseconds
}

// User is an account.
type User struct {
	ID, Name, RealName string
	TeamID             string   // "" is the workspace's own team; another one is an outsider of Slack Connect
	Teams              []string // of an organisation: the workspaces of it that the user is in, if it is one
	Deleted            bool
	Bot                bool
	Restricted         bool // multi-channel guest
	UltraRestricted    bool // single-channel guest
	Stranger           bool
	TZ                 string // "Europe/Berlin"; "" is not told
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

// slackbot posts what Slack itself tells a user.
const slackbot = "USLACKBOT"

// New returns a workspace with alice, bob and mallory (U0ALICE, U0BOB, U0MALLORY), the channels #cdn (C0CDN, the bot is
// in it) and #random (C0RANDOM, it is not), and the user group @oncall (S0ONCALL: alice and bob).
func New() *Workspace {
	w := &Workspace{}
	w.PutUser(User{ID: "U0ALICE", Name: "alice", RealName: "Alice Archer"})
	w.PutUser(User{ID: "U0BOB", Name: "bob", RealName: "Bob Baker"})
	w.PutUser(User{ID: "U0MALLORY", Name: "mallory", RealName: "Mallory Mason"})
	w.PutChannel(Channel{ID: "C0CDN", Name: "cdn", Member: true})
	w.PutChannel(Channel{ID: "C0RANDOM", Name: "random"})
	w.PutUserGroup(UserGroup{ID: "S0ONCALL", Handle: "oncall", Members: []string{"U0ALICE", "U0BOB"}})
	return w
}

// ready fills in what was left zero.
func (w *Workspace) ready() {
	w.once.Do(func() {
		w.TeamID, w.TeamDomain = cmp.Or(w.TeamID, "T0SIM"), cmp.Or(w.TeamDomain, "sim")
		w.AppID = cmp.Or(w.AppID, "A0PURGE")
		w.BotUser, w.BotID = cmp.Or(w.BotUser, "U0PURGEBOT"), cmp.Or(w.BotID, "B0PURGEBOT")
		w.BotName = cmp.Or(w.BotName, "purgebot")
		w.Token = cmp.Or(w.Token, "xoxb-simulated")
		w.SigningSecret = cmp.Or(w.SigningSecret, "simulated-signing-secret")
		w.MaxText, w.AckWithin = cmp.Or(w.MaxText, 4000), cmp.Or(w.AckWithin, 3*time.Second)
		w.TriggerLife = cmp.Or(w.TriggerLife, 3*time.Second)
		w.Seed = cmp.Or(w.Seed, rand.Text())
		if w.Scopes == nil {
			w.Scopes = []string{"commands", "chat:write", "app_mentions:read", "users:read", "usergroups:read",
				"channels:read", "groups:read", "im:write", "files:write"}
		}
		if w.Commands == nil {
			w.Commands = []string{"/purge"}
		}
		if w.Now == nil {
			w.Now = time.Now
		}
		if w.Client == nil {
			w.Client = &http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
		}
		w.fill()
	})
}

func (w *Workspace) fill() {
	w.users = map[string]User{w.BotUser: {ID: w.BotUser, Name: w.BotName, RealName: w.BotName, Bot: true}}
	w.channels = map[string]Channel{}
	w.groups = map[string]UserGroup{}
	w.names = map[string]string{w.BotUser: "@" + w.BotName, slackbot: "@slackbot"}
	w.views = map[string][]*View{}
	w.triggers = map[string]*trigger{}
	w.hooks = map[string]*hook{}
	w.uploads = map[string]*upload{}
	w.uninvited = map[string]func() Delivery{}
	w.changed = make(chan struct{})
}

// lock makes the workspace ready and takes its lock: defer w.lock()().
func (w *Workspace) lock() (unlock func()) {
	w.ready()
	w.mu.Lock()
	return w.mu.Unlock
}

// Reinstall installs the app again, with these scopes; its token stays the same.
func (w *Workspace) Reinstall(scopes ...string) {
	defer w.lock()()
	w.Scopes = scopes
	w.change()
}

// ServeAt says where this handler is reached ("http://127.0.0.1:1234"); response_url and upload URLs begin with it.
func (w *Workspace) ServeAt(url string) {
	defer w.lock()()
	w.own = strings.TrimSuffix(url, "/")
}

// Install says where the app is reached: deliveries go to url + "/slack/commands", "/slack/interactions" and "/slack/events".
func (w *Workspace) Install(url string) {
	defer w.lock()()
	w.app = strings.TrimSuffix(url, "/")
}

// PutUser adds a user or replaces the one with its ID.
func (w *Workspace) PutUser(u User) {
	defer w.lock()()
	w.users[u.ID] = u
	w.name(u.ID, "@"+u.Name)
}

// PutChannel adds a channel or replaces the one with its ID; its messages stay.
func (w *Workspace) PutChannel(c Channel) {
	defer w.lock()()
	w.putChannel(c)
}

func (w *Workspace) putChannel(c Channel) {
	w.channels[c.ID] = c
	if c.User != "" {
		w.change()
		return
	}
	w.name(c.ID, "#"+c.Name)
}

// PutUserGroup adds a user group or replaces the one with its ID.
func (w *Workspace) PutUserGroup(g UserGroup) {
	defer w.lock()()
	w.groups[g.ID] = g
	w.name(g.ID, "@"+g.Handle)
}

func (w *Workspace) name(id, shown string) {
	w.names = maps.Clone(w.names)
	w.names[id] = shown
	w.change()
}

// User returns the user with this ID, or false.
func (w *Workspace) User(id string) (User, bool) {
	defer w.lock()()
	u, found := w.users[id]
	return u, found
}

// Channel returns the channel with this ID, or false.
func (w *Workspace) Channel(id string) (Channel, bool) {
	defer w.lock()()
	c, found := w.channels[id]
	return c, found
}

// UserGroup returns the user group with this ID, or false.
func (w *Workspace) UserGroup(id string) (UserGroup, bool) {
	defer w.lock()()
	g, found := w.groups[id]
	return g, found
}

// Channels returns every channel, direct messages too, by ID.
func (w *Workspace) Channels() []Channel {
	defer w.lock()()
	return sorted(w.channels)
}

// Users returns every user, the bot too, by ID.
func (w *Workspace) Users() []User {
	defer w.lock()()
	return sorted(w.users)
}

func sorted[V any](byID map[string]V) []V {
	all := make([]V, 0, len(byID))
	for _, id := range slices.Sorted(maps.Keys(byID)) {
		all = append(all, byID[id])
	}
	return all
}

// DM returns the ID of the direct message between the bot and a user, opening it.
func (w *Workspace) DM(user string) string {
	defer w.lock()()
	return w.dm(user)
}

func (w *Workspace) dm(user string) string {
	id := "D" + user
	if _, open := w.channels[id]; !open {
		w.putChannel(Channel{ID: id, Name: "directmessage", Member: true, Private: true, People: []string{user}, User: user})
	}
	return id
}

// sees reports whether a user is in the channel.
func (c Channel) sees(user string) bool {
	return c.People == nil || slices.Contains(c.People, user)
}

// Changed returns a channel that is closed at the next change of anything a query can see. Take it before looking.
func (w *Workspace) Changed() <-chan struct{} {
	defer w.lock()()
	return w.changed
}

func (w *Workspace) change() {
	close(w.changed)
	w.changed = make(chan struct{})
}

// id returns a fresh id, the same for the same seed and number of ids before it.
func (w *Workspace) id(prefix string) string {
	return prefix + strings.ToUpper(w.random(5))
}

func (w *Workspace) random(bytes int) string {
	w.serial++
	sum := sha256.Sum256(fmt.Appendf(nil, "%s %d", w.Seed, w.serial))
	return hex.EncodeToString(sum[:bytes])
}

// stamp returns a ts that no message has had: seconds, a dot, six digits.
func (w *Workspace) stamp() string {
	w.lastTS = max(w.Now().UnixMicro(), w.lastTS+1)
	return fmt.Sprintf("%d.%06d", w.lastTS/1e6, w.lastTS%1e6)
}

// team returns the user's own team.
func (w *Workspace) team(u User) string { return cmp.Or(u.TeamID, w.TeamID) }
