package discordsim

// Intent is a set of gateway intents: https://docs.discord.com/developers/events/gateway#gateway-intents
type Intent int

// The intents that matter here; the last three are privileged.
const (
	Guilds         Intent = 1 << 0
	GuildMessages  Intent = 1 << 9
	DirectMessages Intent = 1 << 12
	GuildMembers   Intent = 1 << 1
	GuildPresences Intent = 1 << 8
	MessageContent Intent = 1 << 15
)

// Gateway counts what happened on the gateway.
type Gateway struct {
	Dials       int // websockets accepted
	Open        int // of which stand now
	Live        int // of which have a session
	Sessions    int // that can be used or resumed
	Identifies  int
	Resumes     int // that were taken
	Heartbeats  int
	Codes       []int // with which the application closed, oldest first; 1006 is a connection that just broke
	LastIntents Intent
}

// Gateway returns the counts.
func (s *Sim) Gateway() Gateway { panic("later") }

// Opening is how the gateway meets a client that connects.
type Opening string

// The openings.
const (
	NoHello           Opening = "no HELLO"            // accepts, and says nothing
	ReconnectNotHello Opening = "op 7, not HELLO"     //
	ReconnectNotReady Opening = "op 7, not READY"     // instead of READY and of RESUMED
	NotReady          Opening = "no READY"            // acknowledges heartbeats, and nothing else
	InvalidNotReady   Opening = "op 9 false"          // instead of READY and of RESUMED
	ResumableNotReady Opening = "op 9 true"           // the session, if there is one, stays
	RefuseUpgrade     Opening = "HTTP 503"            // instead of a websocket
	HangUpBeforeHello Opening = "closed before HELLO" // without a close frame
)

// Meet makes the next n connections begin so; n < 0 is until Heal.
func (s *Sim) Meet(o Opening, n int) { panic("later") }

// RefuseWith makes the next n connections close with this code once they identify or resume (4004, 4010 to 4014, 4009).
func (s *Sim) RefuseWith(code, n int) { panic("later") }

// Reconnect sends op 7 on every live connection.
func (s *Sim) Reconnect() { panic("later") }

// Invalidate sends op 9 on every live connection; unless resumable, the sessions are gone.
func (s *Sim) Invalidate(resumable bool) { panic("later") }

// Hangup closes every connection with this code; 4004, 4007, 4009 to 4014, 1000 and 1001 end the sessions too.
func (s *Sim) Hangup(code int) { panic("later") }

// Drop cuts every connection without a close frame. The sessions can be resumed.
func (s *Sim) Drop() { panic("later") }

// Mute makes every connection that stands now die silently: nothing is sent on it any more, heartbeats are not acknowledged,
// and it stays open. What happens meanwhile is replayed on a resume.
func (s *Sim) Mute() { panic("later") }

// RepeatOnResume makes each resume replay the last n events that the application had received already, besides those it missed.
func (s *Sim) RepeatOnResume(n int) { panic("later") }

// Forget ends every session that has no connection, as a few minutes do: resuming it meets op 9.
func (s *Sim) Forget() { panic("later") }

// Dispatch sends any other event ("GUILD_DELETE") to every session, whatever its intents.
func (s *Sim) Dispatch(event string, data map[string]any, opts ...Option) Delivery { panic("later") }

// Close cuts every connection for good. It is for the end of a test.
func (s *Sim) Close() { panic("later") }

type (
	node        map[string]any
	interaction struct{}
	bucket      struct{}
	limit       struct{}
	fault       struct{}
	session     struct{}
	conn        struct{}
	opening     struct{}
)
