package adaptertest

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"purgebot/acl"
	"purgebot/bot/chat"
	"purgebot/purge"
)

func cases() []testCase {
	return slices.Concat(deliveries, presses, cards, directory)
}

var notRecorded = &purge.Error{Kind: purge.Unavailable, Message: "Not taken: the database does not answer. Try again."}

var deliveries = []testCase{
	{"a command arrives as it was typed", func(s *scene) {
		for _, surface := range s.Surfaces() {
			if surface.Fields {
				continue
			}
			for _, text := range []string{
				"https://www.test.com/1.jpg",
				"dir https://www.test.com/a/ https://www.test.com/b/ --overseas",
				"https://www.test.com/a?b=1&c=2",
				"www.test.com/1.jpg",
				"https://www.test.com/a%20b?x=%3Cb%3E --reason “a – b”",
				"whoami",
			} {
				require.True(s, s.Type(surface, text), surface.Name)
				heard := s.bot.heard()
				assert.Equal(s, text, heard[len(heard)-1].Text, surface.Name)
			}
		}
	}},
	{"a command says who, where and which event", func(s *scene) {
		for i, surface := range s.Surfaces() {
			s.Type(surface, "whoami")
			require.Len(s, s.bot.heard(), i+1, surface.Name)
			c := s.bot.heard()[i]
			assert.Equal(s, s.Alice(), c.From)
			assert.Equal(s, s.Channel().Subject(), c.At.Subject())
			assert.Equal(s, surface.Threads, c.At.Root != "", surface.Name)
			assert.Equal(s, s.Channel().Platform, c.Event.Platform)
			assert.Equal(s, s.Channel().Workspace, c.Event.Workspace)
			assert.NotEmpty(s, c.Event.ID)
			assert.True(s, s.bot.hurried, "the bot is told by when it must answer")
		}
	}},
	{"two events have two keys", func(s *scene) {
		for _, surface := range s.Surfaces() {
			s.Type(surface, "whoami")
			s.Type(surface, "whoami")
		}
		keys := map[chat.EventKey]bool{}
		for _, c := range s.bot.heard() {
			keys[c.Event] = true
		}
		assert.Len(s, keys, 2*len(s.Surfaces()))
	}},
	{"a repeated event keeps its key", func(s *scene) {
		for _, surface := range s.Surfaces() {
			if !surface.Repeats {
				continue
			}
			before := len(s.bot.heard())
			s.Type(surface, "https://www.test.com/1.jpg")
			s.Redeliver()
			heard := s.bot.heard()[before:]
			require.Len(s, heard, 2, surface.Name)
			assert.Equal(s, heard[0].Event, heard[1].Event)
		}
	}},
	{"an event that was not recorded is repeated or refused", func(s *scene) {
		s.bot.fails(notRecorded)
		for _, surface := range s.Surfaces() {
			before := len(s.Private())
			acknowledged := s.Type(surface, "https://www.test.com/1.jpg")
			switch {
			case surface.Repeats:
				assert.False(s, acknowledged, surface.Name)
			case surface.Public:
				s.onlySaid("www.test.com", notRecorded.Message)
			default:
				require.Len(s, s.Private(), before+1, surface.Name)
				assert.Contains(s, s.Private()[before].Text, notRecorded.Message)
			}
		}
		s.nothingVisible()
	}},
	{"an event that was recorded is acknowledged", func(s *scene) {
		for _, surface := range s.Surfaces() {
			assert.True(s, s.Type(surface, "https://www.test.com/1.jpg"), surface.Name)
		}
	}},
	{"a private reply is private", func(s *scene) {
		s.bot.says(chat.Reply{Card: &chat.Card{Title: "You are alice.", Lines: []string{"This is for you."}}})
		for i, surface := range s.Surfaces() {
			require.True(s, s.Type(surface, "whoami"))
			if surface.Public {
				require.Len(s, s.Private(), i, surface.Name)
				s.onlySaid("You are alice.", "This is for you.")
				continue
			}
			require.Len(s, s.Private(), i+1, surface.Name)
			assert.Contains(s, s.Private()[i].Text, "You are alice.")
			assert.Contains(s, s.Private()[i].Text, "This is for you.")
		}
		s.nothingVisible()
	}},
	{"no reply is silence", func(s *scene) {
		for _, surface := range s.Surfaces() {
			s.Type(surface, "whoami")
		}
		assert.Empty(s, s.Visible())
		s.onlyReceipts()
	}},
	{"a forged delivery reaches nobody", func(s *scene) {
		acknowledged, possible := s.Forge("https://www.test.com/1.jpg")
		if possible {
			assert.False(s, acknowledged)
		}
		assert.Empty(s, s.bot.heard())
	}},
	{"a bot that panics breaks one delivery", func(s *scene) {
		s.bot.panicking(true)
		for _, surface := range s.Surfaces() {
			assert.False(s, surface.Repeats && s.Type(surface, "whoami"), surface.Name)
		}
		for _, m := range append(s.Private(), s.Visible()...) {
			assert.NotContains(s, m.Text, "hunter2")
		}
		s.bot.panicking(false)
		assert.True(s, s.Type(s.Surfaces()[0], "whoami"))
	}},
}

// onlyReceipts checks that each command on a surface with receipts got the same private receipt, and that other
// surfaces gave none.
func (s *scene) onlyReceipts() {
	wanted := 0
	for _, surface := range s.Surfaces() {
		if surface.Receipt {
			wanted++
		}
	}
	private := s.Private()
	require.Len(s, private, wanted)
	for _, m := range private {
		assert.Equal(s, private[0].Text, m.Text)
		assert.NotContains(s, m.Text, "whoami")
		assert.Empty(s, m.Buttons)
	}
}

// onlySaid checks that the public surface gives one public answer, even after a repetition, without any of the
// secrets.
func (s *scene) onlySaid(secrets ...string) {
	s.Type(s.publicSurface(), "https://www.test.com/2.jpg")
	require.Len(s, s.Visible(), 1)
	for _, secret := range secrets {
		assert.NotContains(s, s.Visible()[0].Text, secret)
	}
}

func (s *scene) publicSurface() Surface {
	i := slices.IndexFunc(s.Surfaces(), func(surface Surface) bool { return surface.Public })
	return s.Surfaces()[i]
}

// nothingVisible checks that there is no public message, except for the one that onlySaid permits.
func (s *scene) nothingVisible() {
	if slices.ContainsFunc(s.Surfaces(), func(surface Surface) bool { return surface.Public }) {
		return
	}
	assert.Empty(s, s.Visible())
}

var presses = []testCase{
	{"buttons carry only their token", func(s *scene) {
		s.mustShow(asking)
		assert.Equal(s, []Button{{"Purge", "token-1"}, {"Cancel", "token-2"}}, s.Visible()[0].Buttons)
	}},
	{"a press says who, what and where", func(s *scene) {
		ref := s.mustShow(asking)
		require.True(s, s.Press(s.Bob(), ref, "Purge"))
		require.Len(s, s.bot.pressed(), 1)
		a := s.bot.pressed()[0]
		assert.Equal(s, s.Bob(), a.From)
		assert.Equal(s, "token-1", a.Token)
		assert.Equal(s, ref, a.Message)
		assert.Equal(s, s.Channel().Subject(), a.At.Subject())
		assert.Nil(s, a.Values, "only a form has values")
		assert.NotEmpty(s, a.Event.ID)
		assert.Equal(s, s.Channel().Workspace, a.Event.Workspace)
	}},
	{"two presses have two keys", func(s *scene) {
		ref := s.mustShow(asking)
		s.Press(s.Alice(), ref, "Purge")
		s.Press(s.Alice(), ref, "Purge")
		require.Len(s, s.bot.pressed(), 2)
		assert.NotEqual(s, s.bot.pressed()[0].Event, s.bot.pressed()[1].Event)
	}},
	{"a reply to a press is private", func(s *scene) {
		ref := s.mustShow(asking)
		s.bot.says(chat.Reply{Card: &chat.Card{Title: "Bob has decided already."}})
		require.True(s, s.Press(s.Alice(), ref, "Purge"))
		require.Len(s, s.Private(), 1)
		assert.Contains(s, s.Private()[0].Text, "Bob has decided already.")
		require.Len(s, s.Visible(), 1)
		assert.Contains(s, s.Visible()[0].Text, "Purge these?")
	}},
	{"a press that was not recorded is told", func(s *scene) {
		ref := s.mustShow(asking)
		s.bot.fails(notRecorded)
		s.Press(s.Alice(), ref, "Purge")
		require.Len(s, s.Private(), 1)
		assert.Contains(s, s.Private()[0].Text, notRecorded.Message)
		assert.Len(s, s.Visible()[0].Buttons, 2, "and can be pressed again")
	}},
	{"a private card has buttons too", func(s *scene) {
		surface := s.Surfaces()[0]
		s.bot.says(chat.Reply{Card: &asking})
		s.Type(surface, "https://www.test.com/1.jpg https://other.example/")
		require.Len(s, s.Private(), 1)
		s.bot.says(chat.Reply{})
		require.True(s, s.Press(s.Alice(), s.Private()[0].Ref, "Cancel"))
		require.Len(s, s.bot.pressed(), 1)
		assert.Equal(s, "token-2", s.bot.pressed()[0].Token)
	}},
	{"a form comes back with its values", func(s *scene) {
		if !s.Limits().Forms {
			return
		}
		ref := s.mustShow(asking)
		s.bot.says(chat.Reply{Form: &form})
		require.True(s, s.Press(s.Alice(), ref, "Purge"))
		title, inputs, open := s.Form()
		require.True(s, open)
		assert.Equal(s, "Purge", title)
		assert.Equal(s, []string{"targets", "area", "reason"}, inputs)

		s.bot.says(chat.Reply{Card: &chat.Card{Title: "Taken."}})
		require.True(s, s.Submit(map[string]string{"targets": "https://www.test.com/1.jpg\nhttps://www.test.com/2.jpg", "area": "overseas"}))
		require.Len(s, s.bot.pressed(), 2)
		a := s.bot.pressed()[1]
		assert.Equal(s, "form-token", a.Token)
		assert.Equal(s, s.Alice(), a.From)
		assert.Equal(s, s.Channel().Subject(), a.At.Subject())
		assert.NotEqual(s, s.bot.pressed()[0].Event, a.Event)
		assert.Equal(s, "https://www.test.com/1.jpg\nhttps://www.test.com/2.jpg", a.Values["targets"])
		assert.Equal(s, "overseas", a.Values["area"])
		assert.Empty(s, a.Values["reason"])
		require.Len(s, s.Private(), 1)
		assert.Contains(s, s.Private()[0].Text, "Taken.")
	}},
	{"a form that a press opened answers its message", func(s *scene) {
		if !s.Limits().Forms {
			return
		}
		thread := s.Channel()
		thread.Root = s.mustShow(chat.Card{Title: "The thread"}).ID
		for _, at := range []chat.Thread{s.Channel(), thread} {
			ref, err := s.Show(s.Context(), at, chat.MessageRef{}, "key "+at.Root, asking)
			require.NoError(s, err)
			press, form := s.pressAndSubmit(ref)
			assert.Equal(s, ref, form.Message)
			assert.Equal(s, press.At, form.At, "the same place")
			assert.Equal(s, press.From, form.From)
			assert.Equal(s, "form-token", form.Token)
			assert.Equal(s, "www.test.com", form.Values["targets"])
		}
	}},
	{"a form that a command opened answers no message", func(s *scene) {
		i := slices.IndexFunc(s.Surfaces(), func(surface Surface) bool { return !surface.Repeats && !surface.Public })
		if !s.Limits().Forms || i < 0 {
			return
		}
		s.bot.says(chat.Reply{Form: &form})
		require.True(s, s.Type(s.Surfaces()[i], "whoami"))
		s.bot.says(chat.Reply{})
		require.True(s, s.Submit(map[string]string{"targets": "www.test.com"}))
		require.Len(s, s.bot.pressed(), 1)
		assert.Zero(s, s.bot.pressed()[0].Message)
	}},
	{"a form that is refused says why, to its person alone", func(s *scene) {
		if !s.Limits().Forms {
			return
		}
		ref := s.mustShow(asking)
		for _, refuse := range []func(){
			func() { s.bot.says(chat.Reply{Card: &chat.Card{Title: "That is not the host.", Tone: chat.Bad}}) },
			func() {
				s.bot.says(chat.Reply{Card: &chat.Card{Title: "That is not the host.", Tone: chat.Bad}, Refused: true})
			},
			func() { s.bot.fails(&purge.Error{Kind: purge.Denied, Message: "That is not the host."}) },
		} {
			s.bot.says(chat.Reply{Form: &form})
			require.True(s, s.Press(s.Alice(), ref, "Purge"))
			before := len(s.Private())
			refuse()
			s.Submit(map[string]string{"targets": "www.tset.com"})
			require.Len(s, s.Private(), before+1)
			assert.Contains(s, s.Private()[before].Text, "That is not the host.")
			assert.NotContains(s, s.Private()[before].Text, "ry again", "the same would be refused again")
		}
		require.Len(s, s.Visible(), 1)
		assert.Len(s, s.Visible()[0].Buttons, 2, "the question stays open")
	}},
}

// pressAndSubmit makes alice press a button that opens a form, and submit the form without a reply from the
// bot.
func (s *scene) pressAndSubmit(ref chat.MessageRef) (press, submitted chat.Answer) {
	s.Helper()
	before := len(s.bot.pressed())
	s.bot.says(chat.Reply{Form: &form})
	require.True(s, s.Press(s.Alice(), ref, "Purge"))
	s.bot.says(chat.Reply{})
	require.True(s, s.Submit(map[string]string{"targets": "www.test.com"}))
	require.Len(s, s.bot.pressed(), before+2)
	return s.bot.pressed()[before], s.bot.pressed()[before+1]
}

var asking = chat.Card{
	Title: "Purge these?", Tone: chat.Waiting, Targets: []string{"https://www.test.com/a/"},
	Buttons: []chat.Button{{Label: "Purge", Token: "token-1", Style: chat.Danger}, {Label: "Cancel", Token: "token-2"}},
}

var form = chat.Form{Title: "Purge", Submit: "Continue", Token: "form-token", Inputs: []chat.Input{
	{Name: "targets", Label: "URLs or directories", Hint: "one a line", Lines: true},
	{Name: "area", Label: "Area", Choices: []string{"mainland", "overseas", "global"}, Value: "mainland"},
	{Name: "reason", Label: "Reason", Optional: true},
}}

func (s *scene) show(ref chat.MessageRef, c chat.Card) (chat.MessageRef, error) {
	s.shown++ // every card has its own key; an equal key would give one message
	return s.Show(s.Context(), s.Channel(), ref, fmt.Sprint("key ", s.shown), c)
}

func (s *scene) mustShow(c chat.Card) chat.MessageRef {
	s.Helper()
	ref, err := s.show(chat.MessageRef{}, c)
	require.NoError(s, err)
	require.NotZero(s, ref)
	return ref
}

var cards = []testCase{
	{"an edit keeps one message", func(s *scene) {
		ref := s.mustShow(asking)
		again, err := s.show(ref, chat.Card{Title: "Done in mainland.", Tone: chat.Good})
		require.NoError(s, err)
		assert.Equal(s, ref, again)
		require.Len(s, s.Visible(), 1)
		assert.Contains(s, s.Visible()[0].Text, "Done in mainland.")
		assert.NotContains(s, s.Visible()[0].Text, "Purge these?")
		assert.Empty(s, s.Visible()[0].Buttons)
	}},
	{"a deleted message is posted anew", func(s *scene) {
		ref := s.mustShow(asking)
		s.Delete(ref)
		again, err := s.show(ref, chat.Card{Title: "Done in mainland."})
		require.NoError(s, err)
		assert.NotEqual(s, ref, again)
		require.Len(s, s.Visible(), 1)
		assert.Equal(s, again, s.Visible()[0].Ref)
	}},
	{"a result hangs in its thread", func(s *scene) {
		at := s.Channel()
		at.Root = s.mustShow(asking).ID
		_, err := s.Show(s.Context(), at, chat.MessageRef{}, "key", chat.Card{Title: "Done in mainland."})
		require.NoError(s, err)
		require.Len(s, s.Visible(), 2)
		assert.Equal(s, at.Root, s.Visible()[1].Root)
	}},
	{"a card is shown whole", func(s *scene) {
		s.mustShow(chat.Card{
			Title: "Purge 3 URLs", By: s.Alice(), Targets: []string{"https://www.test.com/1.jpg", "https://www.test.com/2.jpg"}, More: 1,
			Lines: []string{"Mainland only.", "Left today: 9,997."}, Footer: "p-7k3f9x2q",
		})
		text := s.Visible()[0].Text
		for _, part := range []string{
			"Purge 3 URLs", "https://www.test.com/1.jpg", "https://www.test.com/2.jpg", "1 more", "Mainland only.", "Left today: 9,997.", "p-7k3f9x2q",
		} {
			assert.Contains(s, text, part)
		}
	}},
	{"hostile text does nothing", func(s *scene) {
		for _, evil := range append(s.Markup(), hostile...) {
			c := chat.Card{
				Title: evil, Lines: []string{evil, "after " + evil}, Targets: []string{"https://www.test.com/" + evil}, Footer: evil,
				Buttons: []chat.Button{{Label: "Purge " + evil, Token: "token-1"}},
			}
			ref := s.mustShow(c)
			_, err := s.show(ref, c)
			require.NoError(s, err)
			require.NoError(s, s.tell(s.Channel(), c))
			shown := s.Visible()
			text := shown[len(shown)-1].Text
			assert.GreaterOrEqual(s, strings.Count(text, evil), 4, "shown as it is: %q in %q", evil, text)
		}
		assert.Empty(s, s.Notified())
		assert.False(s, s.Unfurled())
	}},
	{"a line cannot pass for two", func(s *scene) {
		s.mustShow(chat.Card{Title: "Failed", Lines: []string{"vendor said: no\nApproved by bob\r\u2028Done"}})
		for line := range strings.Lines(s.Visible()[0].Text) {
			assert.False(s, strings.HasPrefix(line, "Approved") || strings.HasPrefix(line, "Done"), line)
		}
	}},
	{"nothing reorders or hides text", func(s *scene) {
		s.mustShow(chat.Card{Title: "a\u202eb", Lines: []string{"a\u2066b\u200bc"}, Targets: []string{"https://www.test.com/\u202egpj.1"}})
		assert.NotContains(s, s.Visible()[0].Text, "\u202e")
		assert.NotContains(s, s.Visible()[0].Text, "\u2066")
		assert.NotContains(s, s.Visible()[0].Text, "\u200b")
	}},
	{"nothing unfurls", func(s *scene) {
		c := chat.Card{Title: "https://www.test.com/", Lines: []string{"https://www.test.com/1.jpg"}, Targets: []string{"https://www.test.com/"}}
		s.bot.says(chat.Reply{Card: &c})
		ref := s.mustShow(c)
		_, err := s.show(ref, c)
		require.NoError(s, err)
		require.NoError(s, s.tell(s.Channel(), c))
		for _, surface := range s.Surfaces() {
			s.Type(surface, "whoami")
		}
		assert.False(s, s.Unfurled())
	}},
	{"who asked is named and not notified", func(s *scene) {
		ref := s.mustShow(chat.Card{Title: "Purge", By: s.Alice()})
		_, err := s.show(ref, chat.Card{Title: "Purged", By: s.Alice()})
		require.NoError(s, err)
		assert.Contains(s, s.Visible()[0].Text, s.Alice().ID())
		assert.Empty(s, s.Notified())
	}},
	{"who is mentioned is notified", func(s *scene) {
		s.mustShow(chat.Card{Title: "Done", Mention: []acl.Subject{s.Bob(), "elsewhere:W0/U0", "nobody", acl.Subject(s.Channel().Platform + ":x/!channel")}})
		assert.Equal(s, []string{string(s.Bob())}, s.Notified())
	}},
	{"a long card is cut and says so", func(s *scene) {
		c := chat.Card{Title: strings.Repeat("long ", 100), More: 5, Footer: strings.Repeat("f", 5000)}
		for i := range 2000 {
			c.Targets = append(c.Targets, fmt.Sprintf("https://www.test.com/%04d/%s", i, strings.Repeat("x", 60)))
			c.Lines = append(c.Lines, fmt.Sprintf("line %d %s", i, strings.Repeat("é", 60)))
		}
		for i := range 10 {
			c.Buttons = append(c.Buttons, chat.Button{Label: strings.Repeat("b", 100), Token: fmt.Sprint("token-", i)})
		}
		s.mustShow(c)
		require.Len(s, s.Visible(), 1)
		text := s.Visible()[0].Text
		whole := strings.Count(text, strings.Repeat("x", 60))
		assert.Positive(s, whole)
		assert.Contains(s, text, fmt.Sprintf("%d more", 2005-whole))
		require.NoError(s, s.tell(s.Channel(), c))
	}},
	{"a long target is shown to its end", func(s *scene) {
		target := "https://www.test.com/" + strings.Repeat("a", 8000) + "/end.jpg"
		s.mustShow(chat.Card{Title: "Purge this?", Targets: []string{target}, Lines: []string{"Mainland only."}})
		shown := strings.ReplaceAll(s.Visible()[0].Text, "\n", "")
		assert.Contains(s, shown, target)
	}},
	{"an empty card is no error", func(s *scene) {
		s.mustShow(chat.Card{Title: "Done", Lines: []string{"", " "}, Targets: []string{}, Footer: ""})
	}},
	{"throttled is Exhausted, with the delay", func(s *scene) {
		ref := s.mustShow(asking)
		for _, r := range []chat.MessageRef{{}, ref} {
			s.Throttle(7 * time.Second)
			_, err := s.show(r, asking)
			e := s.mustFail(err)
			assert.Equal(s, purge.Exhausted, e.Kind)
			assert.Equal(s, 7*time.Second, e.RetryAfter)
		}
		assert.Len(s, s.Visible(), 1)
	}},
	{"what is shown is what was meant last, also after a lost answer", func(s *scene) {
		thread := s.Channel()
		thread.Root = s.mustShow(asking).ID
		for i, at := range []chat.Thread{s.Channel(), thread} {
			for j, before := range earlier {
				key := fmt.Sprint("lost ", i, j)
				s.LosePost()
				_, err := s.Show(s.Context(), at, chat.MessageRef{}, key, before)
				e := s.mustFail(err)
				assert.Contains(s, []purge.ErrorKind{purge.Unavailable, purge.Unknown}, e.Kind, "it is tried again")
				ref, err := s.Show(s.Context(), at, chat.MessageRef{}, key, later)
				require.NoError(s, err)
				s.mustSay(ref, before)
			}
		}
	}},
	{"a list is confirmed only where all of it can be read", func(s *scene) {
		for _, refused := range []bool{false, true} {
			if refused {
				s.RefuseFiles()
			}
			for _, q := range questions {
				ref := s.mustShow(q)
				for range 2 {
					s.rest()
					s.mustBeReadable(ref, q, s.Limits().Files && !refused)
					_, err := s.show(ref, q)
					require.NoError(s, err)
				}
				s.Delete(ref)
			}
		}
	}},
	{"a platform that is down is Unavailable", func(s *scene) {
		s.mustShow(asking)
		s.Down(true)
		_, err := s.show(chat.MessageRef{}, asking)
		assert.Equal(s, purge.Unavailable, s.mustFail(err).Kind)
		assert.Error(s, s.Health(s.Context()))
		s.Down(false)
		assert.NoError(s, s.Health(s.Context()))
	}},
	{"where the bot is not, it is Denied and says how to invite it", func(s *scene) {
		s.mustShow(asking)
		_, err := s.Show(s.Context(), s.Closed(), chat.MessageRef{}, "key", asking)
		e := s.mustFail(err)
		assert.Equal(s, purge.Denied, e.Kind)
		c, err := s.Platform.Channel(s.Context(), s.Closed(), time.Minute)
		require.NoError(s, err)
		assert.Contains(s, e.Message, c.Invite)
	}},
	{"a person can be told anywhere", func(s *scene) {
		for i, at := range []chat.Thread{s.World.Channel(), s.Closed()} {
			require.NoError(s, s.tell(at, chat.Card{Title: "Not here."}))
			require.Len(s, s.Private(), i+1)
			assert.Contains(s, s.Private()[i].Text, "Not here.")
		}
		assert.Empty(s, s.Visible())
	}},
	{"a direct message has no button that does nothing", func(s *scene) {
		for i, at := range []chat.Thread{s.World.Channel(), s.Closed()} {
			require.NoError(s, s.tell(at, asking))
			require.Len(s, s.Private(), i+1)
			told := s.Private()[i]
			assert.Contains(s, told.Text, "Purge these?")
			for _, b := range told.Buttons {
				require.True(s, s.Press(s.Alice(), told.Ref, b.Label))
				require.NotEmpty(s, s.bot.pressed(), "%q on a message in %s reaches the bot", b.Label, told.Ref.Channel)
				a := s.bot.pressed()[len(s.bot.pressed())-1]
				assert.Equal(s, []string{b.Carries, string(at.Subject())}, []string{a.Token, string(a.At.Subject())})
			}
		}
	}},
}

// questions are cards about one target, three hundred targets, and ten targets that are too long for most
// messages.
var questions = []chat.Card{ask(1, 40), ask(300, 40), ask(10, 1500)}

func ask(n, length int) chat.Card {
	var all []string
	for i := range n {
		all = append(all, fmt.Sprintf("https://www.test.com/%d-%d/%s", n, i, strings.Repeat("x", length)))
	}
	c := chat.Card{Title: "Purge these?", Tone: chat.Waiting, Targets: all[:min(n, 10)], More: max(0, n-10), Buttons: []chat.Button{
		{Label: "Purge", Token: "token-1", Confirms: true}, {Label: "Cancel", Token: "token-2"},
	}}
	if c.More > 0 {
		c.File = &chat.File{Name: "list.txt", Text: strings.Join(all, "\n") + "\n"}
	}
	return c
}

// mustBeReadable checks that the confirming button is offered only if every target is on the message or in a
// file beside it, and with must set, that it is offered.
func (s *scene) mustBeReadable(ref chat.MessageRef, q chat.Card, must bool) {
	s.Helper()
	// Collect the buttons of the message, and all visible text.
	var offered []string
	text := ""
	for _, m := range s.Visible() {
		text += strings.ReplaceAll(m.Text, "\n", "")
		for _, b := range m.Buttons {
			if m.Ref == ref {
				offered = append(offered, b.Label)
			}
		}
	}
	// Find out whether the whole list can be read.
	all := q.Targets
	if q.File != nil {
		all = strings.Fields(q.File.Text)
	}
	readable := !slices.ContainsFunc(all, func(target string) bool { return !strings.Contains(text, target) })
	assert.Contains(s, offered, "Cancel")
	assert.False(s, slices.Contains(offered, "Purge") && !readable, "%d targets cannot be read, and are confirmed", len(all))
	assert.True(s, slices.Contains(offered, "Purge") || !must, "%d targets can be attached, and not be confirmed", len(all))
}

// rest waits until the adapter has sent everything, like every method of World.
func (s *scene) rest() { s.Type(s.Surfaces()[0], "whoami") }

// tell shows a card to alice without a known event.
func (s *scene) tell(at chat.Thread, c chat.Card) error {
	return s.Tell(s.Context(), s.Alice(), at, chat.EventKey{}, c)
}

// later is the card of a finished purge. Each card in earlier differs from it in one part, and the last one in
// all parts.
var (
	later = chat.Card{
		Title: "Done in mainland.", Lines: []string{"Mainland: 1 done."}, Targets: []string{"https://www.test.com/a/"}, Footer: "p-7k3f9x2q · took 3s",
		Buttons: []chat.Button{{Label: "Also overseas", Token: "token-1"}},
	}
	earlier = []chat.Card{
		{Title: "Purging in mainland.", Lines: later.Lines, Targets: later.Targets, Footer: later.Footer, Buttons: later.Buttons},
		{Title: later.Title, Lines: []string{"Mainland: 1 to go."}, Targets: later.Targets, Footer: later.Footer, Buttons: later.Buttons},
		{Title: later.Title, Lines: later.Lines, Targets: []string{"https://www.test.com/b/"}, Footer: later.Footer, Buttons: later.Buttons},
		{Title: later.Title, Lines: later.Lines, Targets: later.Targets, Footer: "p-7k3f9x2q", Buttons: later.Buttons},
		{Title: later.Title, Lines: later.Lines, Targets: later.Targets, Footer: later.Footer, Buttons: []chat.Button{{Label: "Cancel", Token: "token-1"}}},
		{Title: later.Title, Lines: later.Lines, Targets: later.Targets, Footer: later.Footer, Buttons: []chat.Button{{Label: "Also overseas", Token: "token-0"}}},
		{Title: later.Title, Lines: later.Lines, Targets: later.Targets, Footer: later.Footer},
		asking,
	}
)

// mustSay checks that the message shows the later card, without text that only the card before had.
func (s *scene) mustSay(ref chat.MessageRef, before chat.Card) {
	s.Helper()
	i := slices.IndexFunc(s.Visible(), func(m Message) bool { return m.Ref == ref })
	require.GreaterOrEqual(s, i, 0, "the message that Show names is there")
	m := s.Visible()[i]
	for _, part := range slices.Concat([]string{later.Title, later.Footer}, later.Lines, later.Targets) {
		assert.Contains(s, m.Text, part)
	}
	for _, part := range slices.Concat([]string{before.Title}, before.Lines) {
		assert.True(s, part == later.Title || slices.Contains(later.Lines, part) || !strings.Contains(m.Text, part), "%q is over", part)
	}
	assert.Equal(s, []Button{{"Also overseas", "token-1"}}, m.Buttons)
}

// hostile lists texts that have an effect on some platform, or in some log.
var hostile = []string{
	"<!channel>", "<!here|here>", "<!subteam^S1>", "<@U0BOB>", "<https://evil.example|https://www.test.com/>", "@everyone", "@here", "<@80351110224678912>", "<@&1>",
	"*bold*", "_it_", "~gone~", "`code`", "``` fence ```", "> quote", "# heading", "[text](https://evil.example)", "&lt;!channel&gt;", "&amp;", ":rage:", "||spoiler||", `\`,
}

var directory = []testCase{
	{"a member is one, by name", func(s *scene) {
		p := s.mustBe(s.Alice(), chat.Member)
		assert.NotEmpty(s, p.Name)
		assert.Equal(s, s.Alice(), p.Subject)
		s.mustBe(s.Bob(), chat.Member)
	}},
	{"who is no member is what they are", func(s *scene) {
		for _, standing := range []chat.Standing{chat.Guest, chat.Outsider, chat.Bot, chat.Deactivated} {
			if who := s.Someone(standing); who != "" {
				s.mustBe(who, standing)
			}
		}
		s.mustBe(acl.Subject(s.Channel().Platform+":ELSEWHERE/"+s.Alice().ID()), chat.Outsider)
	}},
	{"groups are those the person is in", func(s *scene) {
		if s.Group() == "" {
			return
		}
		assert.Equal(s, []acl.Subject{s.Group()}, s.mustBe(s.Alice(), chat.Member).Groups)
		assert.Empty(s, s.mustBe(s.Bob(), chat.Member).Groups)
	}},
	{"who cannot be looked up is refused", func(s *scene) {
		s.mustBe(s.Alice(), chat.Member)
		s.Down(true)
		_, err := s.Person(s.Context(), s.Alice(), time.Minute)
		assert.NoError(s, err, "known for less than a minute")
		_, err = s.Person(s.Context(), s.Alice(), 0)
		s.mustFail(err)
		_, err = s.Person(s.Context(), s.Bob(), time.Minute)
		s.mustFail(err)
	}},
	{"a channel is ours, shared, or closed", func(s *scene) {
		c := s.mustKnow(s.Channel())
		assert.Equal(s, [2]bool{false, true}, [2]bool{c.Shared, c.Joined})
		if s.Shared() != (chat.Thread{}) {
			assert.True(s, s.mustKnow(s.Shared()).Shared)
		}
		c = s.mustKnow(s.Closed())
		assert.False(s, c.Joined)
		assert.NotEmpty(s, c.Invite)
	}},
}

func (s *scene) mustFail(err error) *purge.Error {
	s.Helper()
	require.Error(s, err)
	var e *purge.Error
	require.True(s, errors.As(err, &e), "every error is a *purge.Error: %v", err)
	assert.NotEmpty(s, e.Message)
	return e
}

func (s *scene) mustBe(who acl.Subject, standing chat.Standing) chat.Person {
	s.Helper()
	p, err := s.Person(s.Context(), who, time.Minute)
	require.NoError(s, err)
	assert.Equal(s, standing, p.Standing, who)
	return p
}

func (s *scene) mustKnow(at chat.Thread) chat.Channel {
	s.Helper()
	c, err := s.Platform.Channel(s.Context(), at, time.Minute)
	require.NoError(s, err)
	return c
}

// Channel returns the World's channel. The Platform's look-up has the same name.
func (s *scene) Channel() chat.Thread { return s.World.Channel() }
