// Package adaptertest is the one suite that every chat platform must pass: what bot.Platform and bot.Handler promise, checked
// against a world that behaves as the platform does.
//
// It knows no platform: what differs between them, the World says. It does not look inside an adapter, and it makes no test pass
// by waiting: a World's verbs return when the adapter has come to rest.
package adaptertest

import (
	"context"
	"runtime"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"purgebot/acl"
	"purgebot/bot/chat"
)

// Open returns a new adapter that hands what it is delivered to h, and the world around it. It is called once for each case,
// in parallel; t is for what must be cleaned up, and for a world that cannot be built.
type Open func(t *testing.T, h chat.Handler) (chat.Platform, World)

// World is the platform as the people in it see it: alice and bob, full members; a channel that they and the bot are in.
// Each verb returns when the platform is answered, and when whatever the adapter still sends for it is sent.
type World interface {
	Alice() acl.Subject
	Bob() acl.Subject
	// Someone is an account that is not a member; "" if the platform knows no such thing.
	Someone(chat.Standing) acl.Subject
	// Group is one that the policy names, that alice is in and bob is not; "" if the platform has none.
	Group() acl.Subject

	Channel() chat.Thread // where everything happens, Root ""
	Shared() chat.Thread  // one that people of another organisation read; zero if the platform has none
	Closed() chat.Thread  // one that alice is in and the bot is not

	// Surfaces are the ways in which a command is typed.
	Surfaces() []Surface
	// Type is alice typing text in Channel; the platform's own command or mention is put before it.
	Type(s Surface, text string) (acknowledged bool)
	// Redeliver delivers the last event of a surface that repeats again, as the platform does.
	Redeliver() (acknowledged bool)
	// Forge delivers a command that the platform did not sign; possible is false where that cannot be.
	Forge(text string) (acknowledged, possible bool)
	// Press presses the button with a label on a message, public or who's own.
	Press(who acl.Subject, ref chat.MessageRef, label string) (acknowledged bool)
	// Form returns the title and the names of the inputs of the form that alice has open; Submit sends it back.
	Form() (title string, inputs []string, open bool)
	Submit(values map[string]string) (acknowledged bool)

	Visible() []Message // in Channel and its threads, what everybody sees
	Private() []Message // anywhere, what only alice sees, also in a form that she has open
	// Notified names whom the messages so far have notified: subjects, or "everyone".
	Notified() []string
	// Unfurled reports whether any message so far lets the platform fetch the links in it.
	Unfurled() bool
	// Markup returns pieces of text that do something where they pass for markup: notify bob, notify everyone, hide a link.
	Markup() []string

	Delete(chat.MessageRef)
	Throttle(after time.Duration) // the next call is refused for being too fast
	Down(bool)                    // nothing is answered, or everything again
	RefuseFiles()                 // the bot can attach no files from now on
	LosePost()                    // the next message is posted in Channel or its threads, and the answer to its sender is lost
}

// Surface is one way to type a command.
type Surface struct {
	Name    string
	Repeats bool // the platform delivers again what is not acknowledged
	Threads bool // a command comes with a Root to reply under
	Fields  bool // parts arrive apart, as bot.Fields
	Receipt bool // it must be answered: where there is nothing to say, a private sentence says that it was taken, and nothing of what was asked
	Public  bool // it cannot be answered in private: a sentence says so to all, once, and nothing of what was asked
}

// Message is one message as a person sees it.
type Message struct {
	Ref     chat.MessageRef
	Root    string // the thread it hangs in; "" is none
	Text    string // all that can be read, buttons aside
	Buttons []Button
}

// Button is one as it travels.
type Button struct{ Label, Carries string }

// T is what a case reports to: a *testing.T, or what stands in for one where the suite itself is tested.
type T interface {
	require.TestingT
	Helper()
	Context() context.Context
}

type scene struct {
	T
	chat.Platform
	World
	bot   *recorder
	shown int
}

type testCase struct {
	name string
	run  func(s *scene)
}

// Run runs every case against the adapter that open returns.
func Run(t *testing.T, open Open) {
	for _, c := range cases() {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			c.run(stage(t, t, open))
		})
	}
}

// Failing returns the names of the cases that the adapter does not pass, and reports none of them. It is how to see that the suite
// finds a defect that was put there on purpose.
func Failing(t *testing.T, open Open) []string {
	var names []string
	for _, c := range cases() {
		verdict := &silent{T: t}
		var done sync.WaitGroup
		done.Go(func() { c.run(stage(t, verdict, open)) })
		done.Wait()
		if verdict.failed {
			t.Logf("%s: %s", c.name, verdict.first)
			names = append(names, c.name)
		}
	}
	return names
}

func stage(t *testing.T, verdict T, open Open) *scene {
	r := &recorder{}
	p, w := open(t, r)
	return &scene{T: verdict, Platform: p, World: w, bot: r}
}

// silent is a T that keeps a failure to itself.
type silent struct {
	T
	failed bool
	first  string
}

func (s *silent) Errorf(format string, args ...any) {
	if !s.failed {
		s.first = sprint(format, args...)
	}
	s.failed = true
}

func (s *silent) FailNow() {
	s.failed = true
	runtime.Goexit()
}
