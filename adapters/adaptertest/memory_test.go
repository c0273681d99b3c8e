package adaptertest

import (
	"cmp"
	"context"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"
	"unicode"

	"github.com/stretchr/testify/assert"

	"purgebot/acl"
	"purgebot/bot/chat"
	"purgebot/purge"
)

// memory is a platform in memory with its world, correct except for a planted defect. Its markup is "<@id>",
// which notifies, and the entity "&lt;". It repeats deliveries without acknowledgement.
type memory struct {
	t      *testing.T
	bot    chat.Handler
	defect string

	mu       sync.Mutex
	messages []*posted
	serial   int
	last     chat.Command
	form     *chat.Form
	formOn   chat.Answer // the press that opened the form, if any
	throttle time.Duration
	down     bool
	lose     bool
	noFiles  bool
	keys     map[string]*posted // the posts by key: an honest platform posts once for each key
	known    map[acl.Subject]chat.Person
}

type posted struct {
	Message
	wire     string
	to       acl.Subject // the only reader; "" means everyone
	notified []string
	unfurls  bool
}

func TestTheSuitePassesAnHonestPlatform(t *testing.T) {
	t.Parallel()
	Run(t, plant(""))
}

// TestTheSuiteFindsDefects checks that the suite finds each planted defect.
func TestTheSuiteFindsDefects(t *testing.T) {
	t.Parallel()
	for defect, found := range map[string]string{
		"always posts":               "an edit keeps one message",
		"leaks markup":               "hostile text does nothing",
		"always acknowledges":        "an event that was not recorded is repeated or refused",
		"never acknowledges":         "an event that was recorded is acknowledged",
		"hands on markup":            "a command arrives as it was typed",
		"answers in public":          "a private reply is private",
		"believes anybody":           "a forged delivery reaches nobody",
		"new key for a repetition":   "a repeated event keeps its key",
		"one key for everything":     "two events have two keys",
		"edits what is deleted":      "a deleted message is posted anew",
		"forgets the thread":         "a result hangs in its thread",
		"buttons carry labels":       "buttons carry only their token",
		"presses are alice's":        "a press says who, what and where",
		"loses the values of a form": "a form comes back with its values",
		"forgets where a form was":   "a form that a press opened answers its message",
		"mixes up forms":             "a form that a command opened answers no message",
		"closes refused forms":       "a form that is refused says why, to its person alone",
		"notifies who asked":         "who asked is named and not notified",
		"notifies nobody":            "who is mentioned is notified",
		"unfurls":                    "nothing unfurls",
		"cuts silently":              "a long card is cut and says so",
		"cuts targets":               "a long target is shown to its end",
		"keeps line breaks":          "a line cannot pass for two",
		"all errors alike":           "throttled is Exhausted, with the delay",
		"everybody is a member":      "who is no member is what they are",
		"no groups":                  "groups are those the person is in",
		"remembers for ever":         "who cannot be looked up is refused",
		"nothing is shared":          "a channel is ours, shared, or closed",
		"no direct messages":         "a person can be told anywhere",
		"believes a repeated post":   "what is shown is what was meant last, also after a lost answer",
		"calls what is lost refused": "what is shown is what was meant last, also after a lost answer",
		"confirms what is hidden":    "a list is confirmed only where all of it can be read",
		"confirms nothing":           "a list is confirmed only where all of it can be read",
		"dead buttons":               "a direct message has no button that does nothing",
		"falls over":                 "a bot that panics breaks one delivery",
	} {
		t.Run(defect, func(t *testing.T) {
			t.Parallel()
			assert.Contains(t, Failing(t, plant(defect)), found)
		})
	}
}

func plant(defect string) Open {
	return func(t *testing.T, h chat.Handler) (chat.Platform, World) {
		m := &memory{t: t, bot: h, defect: defect, keys: map[string]*posted{}, known: map[acl.Subject]chat.Person{}}
		return m.platform(), m
	}
}

func (m *memory) has(defect string) bool { return m.defect == defect }

func (m *memory) platform() chat.Platform { return memoryPlatform{m} }

// memoryPlatform is a separate type because World and Platform both have a method Channel.
type memoryPlatform struct{ m *memory }

func (p memoryPlatform) Show(_ context.Context, at chat.Thread, ref chat.MessageRef, key string, c chat.Card) (chat.MessageRef, error) {
	m := p.m
	m.mu.Lock()
	defer m.mu.Unlock()
	if err := m.trouble(); err != nil {
		return chat.MessageRef{}, err
	}
	if at.Channel == m.Closed().Channel {
		return chat.MessageRef{}, &purge.Error{Kind: purge.Denied, Message: "Type /invite first."}
	}
	i := slices.IndexFunc(m.messages, func(p *posted) bool { return p.Ref == ref })
	if i >= 0 && !m.has("always posts") {
		m.render(m.messages[i], c, true)
		return ref, nil
	}
	if m.has("edits what is deleted") && ref != (chat.MessageRef{}) {
		return ref, nil
	}
	return m.postOnce(at, key, c)
}

// postOnce posts, or edits the earlier post with the same key.
func (m *memory) postOnce(at chat.Thread, key string, c chat.Card) (chat.MessageRef, error) {
	if twin := m.keys[key]; twin != nil && !m.lose && slices.Contains(m.messages, twin) {
		if !m.has("believes a repeated post") {
			m.render(twin, c, true)
		}
		return twin.Ref, nil
	}
	p := m.post(at, "", c)
	if !m.lose {
		return p.Ref, nil
	}
	m.lose, m.keys[key] = false, p
	if m.has("calls what is lost refused") {
		return chat.MessageRef{}, &purge.Error{Kind: purge.Denied, Message: "no"}
	}
	return chat.MessageRef{}, &purge.Error{Kind: purge.Unavailable, Message: "no answer"}
}

func (p memoryPlatform) Tell(_ context.Context, who acl.Subject, at chat.Thread, _ chat.EventKey, c chat.Card) error {
	p.m.mu.Lock()
	defer p.m.mu.Unlock()
	if p.m.has("no direct messages") && at == p.m.Closed() {
		return &purge.Error{Kind: purge.Denied, Message: "not there"}
	}
	if at == p.m.Closed() && !p.m.has("dead buttons") {
		c.Buttons = nil
	}
	p.m.post(at, who, c)
	return nil
}

func (p memoryPlatform) Person(_ context.Context, s acl.Subject, maxAge time.Duration) (chat.Person, error) {
	m := p.m
	m.mu.Lock()
	defer m.mu.Unlock()
	if known, ok := m.known[s]; ok && (maxAge > 0 || m.has("remembers for ever")) {
		return known, nil
	}
	if err := m.trouble(); err != nil {
		return chat.Person{}, err
	}
	person := chat.Person{Subject: s, Name: "Somebody", Standing: chat.Standing(s.ID())}
	switch {
	case s.Workspace() != "W":
		person.Standing = chat.Outsider
	case s == m.Alice() || s == m.Bob() || m.has("everybody is a member"):
		person.Standing = chat.Member
	}
	if s == m.Alice() && !m.has("no groups") {
		person.Groups = []acl.Subject{m.Group()}
	}
	m.known[s] = person
	return person, nil
}

func (p memoryPlatform) Channel(_ context.Context, at chat.Thread, _ time.Duration) (chat.Channel, error) {
	return chat.Channel{
		Shared: at == p.m.Shared() && !p.m.has("nothing is shared"), Joined: at != p.m.Closed(), Invite: "/invite",
	}, nil
}

func (p memoryPlatform) Limits() chat.ChatLimits { return chat.ChatLimits{Forms: true, Files: true} }

func (p memoryPlatform) Health(context.Context) error {
	p.m.mu.Lock()
	defer p.m.mu.Unlock()
	return p.m.trouble()
}

func (m *memory) trouble() error {
	after := m.throttle
	m.throttle = 0
	switch {
	case m.has("all errors alike") && after > 0:
		return &purge.Error{Kind: purge.Unavailable, Message: "no"}
	case after > 0:
		return &purge.Error{Kind: purge.Exhausted, Message: "slower", RetryAfter: after}
	case m.down:
		return &purge.Error{Kind: purge.Unavailable, Message: "down"}
	}
	return nil
}

func (m *memory) post(at chat.Thread, to acl.Subject, c chat.Card) *posted {
	m.serial++
	p := &posted{Message: Message{Ref: chat.MessageRef{Channel: at.Channel, ID: fmt.Sprint(m.serial)}, Root: at.Root}, to: to}
	if m.has("answers in public") {
		p.to = ""
	}
	if m.has("forgets the thread") {
		p.Root = ""
	}
	m.render(p, c, false)
	m.messages = append(m.messages, p)
	return p
}

var mentioned = regexp.MustCompile(`<@(\w+)>`)

func (m *memory) render(p *posted, c chat.Card, edit bool) {
	parts := append(append([]string{c.Title}, c.Lines...), m.some(c.Targets, &c.More)...)
	if c.More > 0 && !m.has("cuts silently") {
		parts = append(parts, fmt.Sprintf("%d more", c.More))
	}
	parts = append(parts, c.Footer, c.By.ID())
	for i := range parts {
		parts[i] = m.escape(parts[i])
	}
	if m.has("notifies who asked") {
		c.Mention = append(c.Mention, c.By)
	}
	for _, who := range c.Mention {
		if who.Workspace() == "W" && !m.has("notifies nobody") {
			parts = append(parts, "<@"+who.ID()+">")
		}
	}
	p.wire = strings.Join(parts, "\n")
	p.Text = strings.ReplaceAll(mentioned.ReplaceAllString(p.wire, "@$1"), "&lt;", "<")
	p.Text = strings.ReplaceAll(p.Text, "&amp;", "&")
	if !edit && p.to == "" {
		for _, found := range mentioned.FindAllStringSubmatch(p.wire, -1) {
			p.notified = append(p.notified, "memory:W/"+found[1])
		}
	}
	p.unfurls = m.has("unfurls")
	p.Buttons = nil
	if c.File != nil && !m.noFiles {
		p.Text += "\n" + c.File.Text
		c.More = 0
	}
	for _, b := range c.Buttons {
		if b.Confirms && (c.More > 0 && !m.has("confirms what is hidden") || m.has("confirms nothing")) {
			continue
		}
		p.Buttons = append(p.Buttons, Button{b.Label, cmp.Or(map[bool]string{true: b.Label}[m.has("buttons carry labels")], b.Token)})
	}
}

func (m *memory) some(targets []string, more *int) []string {
	if n := 100; len(targets) > n {
		*more += len(targets) - n
		targets = targets[:n]
	}
	targets = slices.Clone(targets)
	for i, t := range targets {
		if m.has("cuts targets") {
			targets[i] = t[:min(len(t), 1000)]
		}
	}
	return targets
}

func (m *memory) escape(s string) string {
	if !m.has("keeps line breaks") {
		s = strings.Map(func(r rune) rune {
			if unicode.IsControl(r) || r == '\u2028' || unicode.Is(unicode.Cf, r) {
				return ' '
			}
			return r
		}, s)
	}
	if m.has("leaks markup") {
		return s
	}
	return strings.NewReplacer("&", "&amp;", "<", "&lt;").Replace(s)
}

func (m *memory) Alice() acl.Subject                  { return "memory:W/alice" }
func (m *memory) Bob() acl.Subject                    { return "memory:W/bob" }
func (m *memory) Group() acl.Subject                  { return "memory:W/group" }
func (m *memory) Someone(s chat.Standing) acl.Subject { return acl.Subject("memory:W/" + s) }
func (m *memory) Channel() chat.Thread {
	return chat.Thread{Platform: "memory", Workspace: "W", Channel: "here"}
}
func (m *memory) Shared() chat.Thread {
	return chat.Thread{Platform: "memory", Workspace: "W", Channel: "shared"}
}
func (m *memory) Closed() chat.Thread {
	return chat.Thread{Platform: "memory", Workspace: "W", Channel: "closed"}
}
func (m *memory) Markup() []string { return []string{"<@bob>", "&lt;@bob>"} }

func (m *memory) Surfaces() []Surface {
	return []Surface{{Name: "once"}, {Name: "repeated", Repeats: true, Threads: true}}
}

func (m *memory) Type(s Surface, text string) bool {
	m.mu.Lock()
	m.serial++
	c := chat.Command{Event: m.key(), From: m.Alice(), At: m.Channel(), Text: text}
	m.mu.Unlock()
	if s.Threads {
		c.At.Root = "root"
	}
	if m.has("hands on markup") {
		c.Text = "<" + text + ">"
	}
	m.last = c
	return m.deliver(c, s.Repeats)
}

func (m *memory) key() chat.EventKey {
	if m.has("one key for everything") {
		return chat.EventKey{Platform: "memory", Workspace: "W", ID: "event"}
	}
	return chat.EventKey{Platform: "memory", Workspace: "W", ID: fmt.Sprint("event-", m.serial)}
}

func (m *memory) deliver(c chat.Command, repeats bool) bool {
	reply, err, fell := m.ask(func(ctx context.Context) (chat.Reply, error) { return m.bot.Command(ctx, c) })
	if fell {
		return m.has("falls over")
	}
	return m.answer(reply, err, c.At, c.From, repeats, chat.Answer{})
}

func (m *memory) ask(f func(context.Context) (chat.Reply, error)) (reply chat.Reply, err error, fell bool) {
	ctx, cancel := context.WithTimeout(m.t.Context(), time.Second)
	defer cancel()
	defer func() {
		if recover() != nil {
			fell = true
		}
	}()
	reply, err = f(ctx)
	return reply, err, false
}

func (m *memory) answer(reply chat.Reply, err error, at chat.Thread, to acl.Subject, repeats bool, on chat.Answer) bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	switch {
	case err != nil && m.has("always acknowledges"):
		return true
	case err != nil && repeats:
		return false
	case err != nil:
		m.post(at, to, chat.Card{Title: purge.AsError(err).Message})
	case reply.Card != nil:
		m.post(at, to, *reply.Card)
	case reply.Form != nil:
		m.form, m.formOn = reply.Form, on
	}
	return !m.has("never acknowledges")
}

func (m *memory) Redeliver() bool {
	if m.has("new key for a repetition") {
		m.last.Event.ID += "'"
	}
	return m.deliver(m.last, true)
}

func (m *memory) Forge(text string) (acknowledged, possible bool) {
	if m.has("believes anybody") {
		return m.Type(m.Surfaces()[0], text), true
	}
	return false, true
}

func (m *memory) Press(who acl.Subject, ref chat.MessageRef, label string) bool {
	m.mu.Lock()
	m.serial++
	a := chat.Answer{Event: m.key(), From: who, At: m.Channel(), Message: ref}
	for _, p := range m.messages {
		for _, b := range p.Buttons {
			if p.Ref == ref && b.Label == label {
				a.Token = b.Carries
			}
		}
	}
	m.mu.Unlock()
	if m.has("presses are alice's") {
		a.From = m.Alice()
	}
	return m.send(a)
}

func (m *memory) send(a chat.Answer) bool {
	reply, err, _ := m.ask(func(ctx context.Context) (chat.Reply, error) { return m.bot.Answer(ctx, a) })
	return m.answer(reply, err, a.At, a.From, false, a)
}

func (m *memory) Form() (title string, inputs []string, open bool) {
	if m.form == nil {
		return "", nil, false
	}
	for _, in := range m.form.Inputs {
		inputs = append(inputs, in.Name)
	}
	return m.form.Title, inputs, true
}

func (m *memory) Submit(values map[string]string) bool {
	m.mu.Lock()
	m.serial++
	a := chat.Answer{Event: m.key(), From: m.Alice(), At: m.Channel(), Message: m.formOn.Message, Token: m.form.Token, Values: values}
	m.mu.Unlock()
	switch m.defect {
	case "loses the values of a form":
		a.Values = nil
	case "forgets where a form was":
		a.Message = chat.MessageRef{}
	case "mixes up forms":
		a.Message = chat.MessageRef{Channel: "here", ID: "1"}
	case "closes refused forms":
		_, _, _ = m.ask(func(ctx context.Context) (chat.Reply, error) { return m.bot.Answer(ctx, a) })
		return true
	}
	return m.send(a)
}

func (m *memory) seen(private bool) []Message {
	m.mu.Lock()
	defer m.mu.Unlock()
	var all []Message
	for _, p := range m.messages {
		if private == (p.to != "") {
			all = append(all, p.Message)
		}
	}
	return all
}

func (m *memory) Visible() []Message { return m.seen(false) }
func (m *memory) Private() []Message { return m.seen(true) }

func (m *memory) Notified() []string {
	var all []string
	for _, p := range m.messages {
		all = append(all, p.notified...)
	}
	return all
}

func (m *memory) Unfurled() bool {
	return slices.ContainsFunc(m.messages, func(p *posted) bool { return p.unfurls })
}

func (m *memory) Delete(ref chat.MessageRef) {
	m.messages = slices.DeleteFunc(m.messages, func(p *posted) bool { return p.Ref == ref })
}

func (m *memory) Throttle(after time.Duration) { m.throttle = after }
func (m *memory) Down(down bool)               { m.down = down }
func (m *memory) LosePost()                    { m.lose = true }
func (m *memory) RefuseFiles()                 { m.noFiles = true }
