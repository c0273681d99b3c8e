// Package discordsim is a simulated Discord with one application installed: the REST API that the application calls, the
// gateway that it listens to, the signed interactions that Discord sends to an endpoint instead, and the CDN that serves
// attachments. It is a small honest service, not a mock: it keeps guilds, channels, threads, private replies and forms, and
// enforces the limits of Discord's documents, so that a wire mistake shows up as Discord would show it.
//
// It imports nothing of this project and no Discord client, so that a mistake cannot be made on both sides of the wire. It
// never retries by itself, and never talks to the real Discord. Its tokens and keys are simulated: the one kind that may be
// printed.
package discordsim

import (
	"cmp"
	"context"
	"crypto/ed25519"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"time"
)

// The ids that New uses. An id is a snowflake: the milliseconds since 2015 of its birth, and what makes it unique.
const (
	HQ      = "100000000000000001" // the guild
	Alice   = "100000000000000011"
	Bob     = "100000000000000012"
	Mallory = "100000000000000013"
	OnCall  = "100000000000000021" // a role: alice and bob
	BotRole = "100000000000000022" // the bot's own role, which Discord made: mentioning it is not mentioning the bot
	CDN     = "100000000000000031" // #cdn: the bot may do all that it was installed with
	Random  = "100000000000000032" // #random: the bot does not see it
)

// itself posts what Discord itself tells a user.
const itself = "1"

// Sim is the simulated Discord. It is an http.Handler for the REST API (below /api/v9 and /api/v10), the CDN (below
// /attachments/) and the gateway (any path that asks for a websocket). The zero value works; New also has a guild with people
// and channels. The exported fields are set before first use (right after New is early enough, but for BotUser, BotName and
// ApplicationID) or not at all; the methods may be called from any goroutine.
type Sim struct {
	ApplicationID  string             // "100000000000000002"
	BotUser        string             // "100000000000000003"
	BotName        string             // "purgebot": what people type after the "@"
	Token          string             // "simulated-bot-token": the only one that the API and the gateway take
	Key            ed25519.PrivateKey // signs deliveries over HTTP; drawn at random
	Scopes         []string           // "bot" and "applications.commands": what guilds installed the application with
	Permissions    Permission         // what the bot's role may do: what "least privilege" in the README asks for
	Privileged     Intent             // the privileged intents that are switched on in the portal; none
	AckWithin      time.Duration      // 3 s, by Now and by the real clock, whichever is first: https://docs.discord.com/developers/interactions/receiving-and-responding#interaction-callback
	TokenLife      time.Duration      // 15 min, by Now: the same page
	HeartbeatEvery time.Duration      // 41.25 s: what HELLO asks for
	IdentifyEvery  time.Duration      // an IDENTIFY sooner than this after another is answered with op 9, as max_concurrency 1 does; 0 is never (Discord: 5 s)
	IdentifyLimit  int                // IDENTIFYs before the token is void: 1000
	PerSecond      int                // calls a second before the global limit, by Now; 50
	CDNHost        string             // where attachment URLs point to: "https://cdn.discordapp.com"
	Now            func() time.Time   // time.Now
	Client         *http.Client       // sends the deliveries over HTTP; it must not follow redirects
	Seed           string             // the same seed gives the same tokens and keys; random, so that a restarted simulator never repeats one

	once sync.Once
	mu   sync.Mutex // guards everything below; never held while a request is in flight

	own, app     string
	guilds       map[string]Guild
	roles        map[string]Role
	users        map[string]User
	members      map[memberKey]Member
	channels     map[string]Channel
	names        map[string]string // how an id is shown: "@alice"; replaced, never changed
	mentionable  map[string]bool   // roles; replaced, never changed
	log          []*Message        // every message ever, oldest first
	files        map[string]*File
	commands     map[string][]node // by guild; "" is global
	creates      map[string]int    // commands created, by guild
	interactions map[string]*interaction
	modals       map[string]*Modal // by user
	calls        []Call
	deliveries   []*Delivery
	buckets      map[string]*bucket
	limits       map[string]limit
	mux          *http.ServeMux
	global       bucket
	invalid      int
	faults       []*fault
	down         bool
	sessions     map[string]*session
	conns        map[*conn]bool
	openings     []opening
	repeats      int
	stats        Gateway
	lastIdentify time.Time
	invalidated  time.Time // when op 9 was last said, and no IDENTIFY came since
	changed      chan struct{}
	serial       int
	lastID       uint64
}

// New returns a Discord with the guild HQ, the people Alice, Bob and Mallory in it, the role OnCall (alice and bob), and the
// channels #cdn and #random, which the bot does not see.
func New() *Sim {
	s := &Sim{}
	s.PutGuild(Guild{ID: HQ, Name: "HQ", Owner: Bob})
	s.PutRole(Role{ID: OnCall, Guild: HQ, Name: "oncall", Mentionable: true})
	s.PutUser(User{ID: Alice, Name: "alice", DisplayName: "Alice Archer"})
	s.PutUser(User{ID: Bob, Name: "bob", DisplayName: "Bob Baker"})
	s.PutUser(User{ID: Mallory, Name: "mallory", DisplayName: "Mallory Mason"})
	s.PutMember(Member{Guild: HQ, User: Alice, Roles: []string{OnCall}})
	s.PutMember(Member{Guild: HQ, User: Bob, Roles: []string{OnCall}})
	s.PutMember(Member{Guild: HQ, User: Mallory})
	s.PutChannel(Channel{ID: CDN, Guild: HQ, Name: "cdn"})
	s.PutChannel(Channel{ID: Random, Guild: HQ, Name: "random", Deny: ViewChannel})
	return s
}

// ready fills in what was left zero.
func (s *Sim) ready() {
	s.once.Do(func() {
		s.ApplicationID = cmp.Or(s.ApplicationID, "100000000000000002")
		s.BotUser, s.BotName = cmp.Or(s.BotUser, "100000000000000003"), cmp.Or(s.BotName, "purgebot")
		s.Token, s.Seed = cmp.Or(s.Token, "simulated-bot-token"), cmp.Or(s.Seed, rand.Text())
		s.AckWithin, s.TokenLife = cmp.Or(s.AckWithin, 3*time.Second), cmp.Or(s.TokenLife, 15*time.Minute)
		s.HeartbeatEvery = cmp.Or(s.HeartbeatEvery, 41250*time.Millisecond)
		s.IdentifyLimit, s.PerSecond = cmp.Or(s.IdentifyLimit, 1000), cmp.Or(s.PerSecond, 50)
		s.CDNHost = cmp.Or(s.CDNHost, "https://cdn.discordapp.com")
		s.Permissions = cmp.Or(s.Permissions, leastPrivilege)
		if s.Key == nil {
			seed := sha256.Sum256([]byte("key " + s.Seed))
			s.Key = ed25519.NewKeyFromSeed(seed[:])
		}
		if s.Scopes == nil {
			s.Scopes = []string{"bot", "applications.commands"}
		}
		if s.Now == nil {
			s.Now = time.Now
		}
		if s.Client == nil {
			s.Client = &http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
		}
		s.fill()
	})
}

func (s *Sim) fill() {
	s.guilds, s.roles, s.users = map[string]Guild{}, map[string]Role{}, map[string]User{}
	s.members, s.channels = map[memberKey]Member{}, map[string]Channel{}
	s.users[s.BotUser] = User{ID: s.BotUser, Name: s.BotName, Bot: true}
	s.names = map[string]string{s.BotUser: "@" + s.BotName, itself: "Discord"}
	s.mentionable = map[string]bool{}
	s.files = map[string]*File{}
	s.commands, s.creates = map[string][]node{}, map[string]int{}
	s.interactions, s.modals = map[string]*interaction{}, map[string]*Modal{}
	s.buckets, s.limits = map[string]*bucket{}, map[string]limit{}
	s.sessions, s.conns = map[string]*session{}, map[*conn]bool{}
	s.mux = s.newMux()
	s.changed = make(chan struct{})
}

// lock makes the simulator ready and takes its lock: defer s.lock()().
func (s *Sim) lock() (unlock func()) {
	s.ready()
	s.mu.Lock()
	return s.mu.Unlock
}

// PublicKey returns the application's public key as the portal shows it: hexadecimal.
func (s *Sim) PublicKey() string {
	defer s.lock()()
	return hex.EncodeToString(s.Key.Public().(ed25519.PublicKey))
}

// ServeAt says where this handler is reached ("http://127.0.0.1:1234"); GET /gateway answers with it, as "ws://…".
func (s *Sim) ServeAt(url string) {
	defer s.lock()()
	s.own = strings.TrimSuffix(url, "/")
}

// Install says where the application takes interactions over HTTP: at url + "/discord/interactions". From then on the gateway
// carries none; messages still only come over the gateway. "" goes back to the gateway.
func (s *Sim) Install(url string) {
	defer s.lock()()
	s.app = strings.TrimSuffix(url, "/")
}

// Changed returns a channel that is closed at the next change of anything a query can see. Take it before looking.
func (s *Sim) Changed() <-chan struct{} {
	defer s.lock()()
	return s.changed
}

func (s *Sim) change() {
	close(s.changed)
	s.changed = make(chan struct{})
}

// Wait returns once ok holds, looking again after every change, or with ctx's error.
func (s *Sim) Wait(ctx context.Context, ok func() bool) error {
	for {
		changed := s.Changed()
		if ok() {
			return nil
		}
		select {
		case <-changed:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// epoch is where snowflakes begin, in Unix milliseconds: https://docs.discord.com/developers/reference#snowflakes
const epoch = 1420070400000

// id returns a snowflake that nothing has had.
func (s *Sim) id() string {
	fresh := uint64(max(s.Now().UnixMilli()-epoch, 0)) << 22
	s.lastID = max(fresh, s.lastID+1)
	return strconv.FormatUint(s.lastID, 10)
}

// random returns hexadecimal that is the same for the same seed and number of calls before.
func (s *Sim) random(bytes int) string {
	s.serial++
	sum := sha256.Sum256(fmt.Appendf(nil, "%s %d", s.Seed, s.serial))
	return hex.EncodeToString(sum[:bytes])
}
