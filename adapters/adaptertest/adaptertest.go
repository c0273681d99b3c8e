// Package adaptertest is the test suite for all chat platforms: it checks the promises of chat.Platform and
// chat.Handler against a world that behaves like the platform.
//
// The suite knows no platform: the World describes the differences between them. It does not look inside an
// adapter, and it never waits to make a test pass: a World's methods return when the adapter is at rest.
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

// Open returns a new adapter that passes its deliveries to h, and the world around it. The suite calls it once
// for each case, in parallel. The parameter t is for cleanups, and for a world that cannot be built.
type Open func(t *testing.T, h chat.Handler) (chat.Platform, World)

// World is the platform from the view of its people: alice and bob, full members, and a channel that they and
// the bot are in. Each method returns after the platform has its answer and the adapter has sent all messages
// about it.
type World interface {
	Alice() acl.Subject
	Bob() acl.Subject
	// Someone returns an account with another standing than member; "" if the platform has none.
	Someone(chat.Standing) acl.Subject
	// Group returns a group of the policy with alice and without bob; "" if the platform has no groups.
	Group() acl.Subject

	Channel() chat.Thread // the place of all events, with an empty Root
	Shared() chat.Thread  // a channel shared with another organisation; zero if the platform has none
	Closed() chat.Thread  // a channel with alice and without the bot

	// Surfaces returns the ways to type a command.
	Surfaces() []Surface
	// Type makes alice type text in Channel, after the platform's own command or mention.
	Type(s Surface, text string) (acknowledged bool)
	// Redeliver delivers the last event of a repeating surface again.
	Redeliver() (acknowledged bool)
	// Forge delivers a command without the platform's signature; possible is false if that cannot be done.
	Forge(text string) (acknowledged, possible bool)
	// Press makes a person press the button with a label on a message, public or private.
	Press(who acl.Subject, ref chat.MessageRef, label string) (acknowledged bool)
	// Form returns the title and the input names of alice's open form; Submit sends the form.
	Form() (title string, inputs []string, open bool)
	Submit(values map[string]string) (acknowledged bool)

	Visible() []Message // the public messages in Channel and its threads
	Private() []Message // the messages for alice alone, anywhere, also in her open form
	// Notified returns everyone whom the messages so far have notified: subjects, or "everyone".
	Notified() []string
	// Unfurled reports whether a message so far makes the platform fetch its links.
	Unfurled() bool
	// Markup returns texts that have an effect as markup: they notify bob, notify everyone, or hide a link.
	Markup() []string

	Delete(chat.MessageRef)
	Throttle(after time.Duration) // refuses the next call for coming too fast
	Down(bool)                    // stops all answers, or restores them
	RefuseFiles()                 // forbids the bot to attach files from now on
	LosePost()                    // posts the next message in Channel or its threads, and loses the answer to its sender
}

// Surface is one way to type a command.
type Surface struct {
	Name    string
	Repeats bool // the platform repeats deliveries without acknowledgement
	Threads bool // commands have a Root to reply under
	Fields  bool // parts arrive separately, as chat.Fields
	Receipt bool // an answer is required: without a reply, a private sentence confirms the command without repeating it
	Public  bool // private answers are impossible: one public sentence says so, without repeating the command
}

// Message is one message from the view of a person.
type Message struct {
	Ref     chat.MessageRef
	Root    string // the thread of the message; "" means none
	Text    string // all readable text, except buttons
	Buttons []Button
}

// Button is one button with its token.
type Button struct{ Label, Carries string }

// T receives the results of a case: a *testing.T, or a substitute in tests of the suite itself.
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

// Failing returns the names of the cases that the adapter fails, without failing the test. It shows that the
// suite finds a planted defect.
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

// silent is a T that records a failure without reporting it.
type silent struct {
	T
	failed bool
	first  string
}

// Errorf records the first message.
func (s *silent) Errorf(format string, args ...any) {
	if !s.failed {
		s.first = sprint(format, args...)
	}
	s.failed = true
}

// FailNow ends the case.
func (s *silent) FailNow() {
	s.failed = true
	runtime.Goexit()
}
