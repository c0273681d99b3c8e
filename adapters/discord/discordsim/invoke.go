package discordsim

import (
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"
)

// Options are the options of a slash command by name: a string, a bool, an int, a float64, or a File; for options that name a
// user, a role or a channel, its ID. A string is read as what the option is registered as.
type Options map[string]any

// Choice is what autocomplete offers.
type Choice struct {
	Name  string
	Value any
}

// Unchecked makes the client send a command as it is, registered or not; the Go type of each value says its option's type.
func Unchecked() Option { return func(o *outgoing) { o.unchecked = true } }

// UserInstalled makes the user invoke the application that is installed to the user's own account instead of the guild's.
func UserInstalled() Option { return func(o *outgoing) { o.userInstalled = true } }

// noAnswer is what the client says when an interaction was not answered.
const noAnswer = "The application did not respond"

// Command invokes a slash command ("purge dir"), as registered for the guild or globally. As in Discord's client, one that is
// not registered, lacks a required option, has another option, or a value that is too long or not among the choices is not
// sent: see Delivery.Refused. Command returns when the application has answered, or after AckWithin.
func (s *Sim) Command(user, channel, command string, options Options, opts ...Option) Delivery {
	return s.invoke(applicationUse, user, channel, command, "", options, apply(opts))
}

// Autocomplete asks for completions of the option focused, as typed so far in options; the others may be partial.
func (s *Sim) Autocomplete(user, channel, command, focused string, options Options, opts ...Option) ([]Choice, Delivery) {
	o := apply(opts)
	d := s.invoke(autocompleteUse, user, channel, command, focused, options, o)
	if o.in == nil {
		return nil, d
	}
	defer s.lock()()
	return o.in.choices, d
}

func (s *Sim) invoke(kind int, user, channel, command, focused string, options Options, o *outgoing) Delivery {
	unlock := s.lock()
	data, refused := s.commandData(kind, user, channel, command, focused, options, o)
	if refused != "" {
		unlock()
		return Delivery{Event: "INTERACTION_CREATE", Refused: refused}
	}
	in, payload := s.interact(kind, user, s.channels[channel], o)
	in.command = command
	payload["data"] = data
	o.data = payload
	unlock()
	d := s.deliver(o)
	if kind == applicationUse {
		s.regret(d, user, channel, noAnswer)
	}
	return d
}

// regret tells the user that an interaction was not answered.
func (s *Sim) regret(d Delivery, user, channel, words string) {
	if d.Acknowledged() {
		return
	}
	defer s.lock()()
	s.tell(user, channel, words)
}

// commandData: https://docs.discord.com/developers/interactions/receiving-and-responding#interaction-object-application-command-data-structure
func (s *Sim) commandData(kind int, user, channel, command, focused string, options Options, o *outgoing) (node, string) {
	c := s.channels[channel]
	if refused := s.cannotUse(user, c, o); refused != "" {
		return nil, refused
	}
	registered, path, defined, refused := s.lookUp(c.Guild, command)
	if o.unchecked {
		registered, path, defined = s.improvise(command, options)
	} else if refused != "" {
		return nil, refused
	}
	f := &filling{sim: s, channel: c, resolved: node{}, focused: focused, partial: kind == autocompleteUse || o.unchecked}
	filled := f.fill(defined, options)
	if f.refused != "" {
		return nil, f.refused
	}
	for _, step := range slices.Backward(path) {
		filled = []node{{"name": step.str("name"), "type": step.number("type"), "options": filled}}
	}
	data := node{"id": registered.str("id"), "name": registered.str("name"), "type": slashCommand}
	if registered.has("guild_id") {
		data["guild_id"] = registered["guild_id"]
	}
	if len(filled) > 0 {
		data["options"] = filled
	}
	if len(f.resolved) > 0 {
		data["resolved"] = f.resolved
	}
	return data, ""
}

// cannotUse returns what stops a user from using the application in a channel.
func (s *Sim) cannotUse(user string, c Channel, o *outgoing) string {
	_, known := s.users[user]
	switch {
	case !known:
		return "there is no user " + user
	case c.ID == "" || !s.sees(user, c):
		return "there is no channel " + c.ID + " for " + user
	case c.Kind == GroupDM && !o.userInstalled:
		return "the application is not installed here"
	case !c.direct() && !s.may(user, c).has(UseApplicationCommands):
		return "You do not have permission to use application commands in this channel."
	}
	return ""
}

// lookUp finds a command by its words, the groups and the subcommand among them, and the options that it takes.
func (s *Sim) lookUp(guild, words string) (registered node, path []node, defined []node, refused string) {
	names := strings.Fields(words)
	unknown := fmt.Sprintf("there is no command %q", words)
	if len(names) == 0 {
		return nil, nil, nil, unknown
	}
	registered = s.command(guild, names[0], slashCommand)
	if registered == nil || guild == "" && !inDM(registered) {
		return nil, nil, nil, unknown
	}
	defined = registered.list("options")
	for _, name := range names[1:] {
		i := slices.IndexFunc(defined, func(o node) bool { return o.str("name") == name && o.number("type") <= subCommandGroup })
		if i < 0 {
			return nil, nil, nil, unknown
		}
		path = append(path, defined[i])
		defined = defined[i].list("options")
	}
	if slices.ContainsFunc(defined, func(o node) bool { return o.number("type") <= subCommandGroup }) {
		return nil, nil, nil, unknown // a command with subcommands cannot be invoked bare
	}
	return registered, path, defined, ""
}

// inDM reports whether a global command may be used outside guilds: https://docs.discord.com/developers/interactions/application-commands#interaction-contexts
func inDM(registered node) bool {
	contexts, said := registered["contexts"].([]any)
	return !said || slices.Contains(contexts, any(1.0)) || slices.Contains(contexts, any(2.0))
}

// improvise makes up a registration for Unchecked.
func (s *Sim) improvise(words string, options Options) (registered node, path []node, defined []node) {
	names := strings.Fields(words)
	registered = node{"id": s.id(), "name": names[0]}
	for i, name := range names[1:] {
		kind := subCommand
		if i < len(names)-2 {
			kind = subCommandGroup
		}
		path = append(path, node{"name": name, "type": float64(kind)})
	}
	for name, value := range options {
		defined = append(defined, node{"name": name, "type": float64(typeOf(value))})
	}
	slices.SortFunc(defined, func(a, b node) int { return strings.Compare(a.str("name"), b.str("name")) })
	return registered, path, defined
}

func typeOf(value any) int {
	switch value.(type) {
	case bool:
		return booleanOption
	case int:
		return integerOption
	case float64:
		return numberOption
	case File:
		return fileOption
	}
	return stringOption
}

// filling turns options into what the wire carries.
type filling struct {
	sim      *Sim
	channel  Channel
	resolved node
	focused  string
	partial  bool // autocomplete: nothing is required, nothing is checked
	refused  string
}

func (f *filling) refuse(format string, a ...any) {
	if f.refused == "" {
		f.refused = fmt.Sprintf(format, a...)
	}
}

// fill goes by the order in which the options are registered.
func (f *filling) fill(defined []node, options Options) []node {
	filled := []node{}
	for name := range options {
		if !slices.ContainsFunc(defined, func(o node) bool { return o.str("name") == name }) {
			f.refuse("there is no option %q", name)
		}
	}
	for _, o := range defined {
		name := o.str("name")
		value, given := options[name]
		if !given {
			if o.yes("required") && !f.partial {
				f.refuse("%s: This option is required.", name)
			}
			continue
		}
		one := node{"name": name, "type": o.number("type"), "value": f.value(o, value)}
		if name == f.focused {
			one["focused"] = true
		}
		filled = append(filled, one)
	}
	return filled
}

func (f *filling) value(o node, value any) any {
	if f.partial && o.str("name") == f.focused {
		return value // as typed so far
	}
	switch name, kind := o.str("name"), o.number("type"); kind {
	case stringOption:
		return f.text(o, fmt.Sprint(value))
	case integerOption, numberOption:
		return f.number(o, value)
	case booleanOption:
		yes, err := strconv.ParseBool(strings.ToLower(fmt.Sprint(value)))
		if err != nil {
			f.refuse("%s: Choose True or False.", name)
		}
		return yes
	case fileOption:
		return f.file(o, value)
	default:
		return f.entity(kind, fmt.Sprint(value))
	}
}

func (f *filling) text(o node, value string) any {
	if choices := o.list("choices"); len(choices) > 0 && !f.partial {
		return f.choice(o, value)
	}
	n := characters(value)
	switch most := o.number("max_length"); {
	case f.partial:
	case most > 0 && n > most, n > maxStringOf:
		f.refuse("%s: Must be %d or fewer in length.", o.str("name"), min(max(most, 1), maxStringOf))
	case n < o.number("min_length"), n == 0:
		f.refuse("%s: Must be %d or more in length.", o.str("name"), max(o.number("min_length"), 1))
	}
	return value
}

// choice finds a choice by what a person reads or by its value.
func (f *filling) choice(o node, value string) any {
	for _, c := range o.list("choices") {
		if c.str("name") == value || fmt.Sprint(c["value"]) == value {
			return c["value"]
		}
	}
	f.refuse("%s: %q is not one of the choices.", o.str("name"), value)
	return value
}

func (f *filling) number(o node, value any) any {
	if len(o.list("choices")) > 0 && !f.partial {
		return f.choice(o, fmt.Sprint(value))
	}
	n, err := strconv.ParseFloat(fmt.Sprint(value), 64)
	if err != nil || o.number("type") == integerOption && n != math.Trunc(n) {
		f.refuse("%s: %v is not a number.", o.str("name"), value)
	}
	return n
}

func (f *filling) file(o node, value any) any {
	attached, is := value.(File)
	if !is {
		f.refuse("%s: choose a file.", o.str("name"))
		return nil
	}
	stored := f.sim.store(f.channel.ID, attached)
	f.resolve("attachments", stored.ID, stored.wire(true))
	return stored.ID
}

// entity resolves what an id names: https://docs.discord.com/developers/interactions/receiving-and-responding#interaction-object-resolved-data-structure
func (f *filling) entity(kind int, id string) any {
	s := f.sim
	_, isUser := s.users[id]
	role, isRole := s.roles[id]
	channel, isChannel := s.channels[id]
	switch {
	case isUser && (kind == userOption || kind == mentionOption):
		f.resolve("users", id, s.wireUser(id))
		if m, is := s.members[memberKey{f.channel.Guild, id}]; is {
			f.resolve("members", id, s.wireMember(m))
		}
	case isRole && (kind == roleOption || kind == mentionOption):
		f.resolve("roles", id, s.wireRole(role))
	case isChannel && kind == channelOption:
		f.resolve("channels", id, s.wirePartialChannel(channel, s.BotUser))
	default:
		f.refuse("there is no %s to choose", id)
	}
	return id
}

func (f *filling) resolve(kind, id string, n node) {
	if f.resolved[kind] == nil {
		f.resolved[kind] = node{}
	}
	f.resolved[kind].(node)[id] = n
}

// MessageCommand invokes a message command ("Purge links in this message") on a message that the user sees. The message comes
// along as it stands, whatever the intents.
func (s *Sim) MessageCommand(user, channel, message, command string, opts ...Option) Delivery {
	o := apply(opts)
	unlock := s.lock()
	c := s.channels[channel]
	m := s.find(channel, message)
	refused := s.cannotUse(user, c, o)
	registered := s.command(c.Guild, command, messageCommand)
	if o.unchecked {
		registered = node{"id": s.id(), "name": command}
	}
	switch {
	case refused != "":
	case m == nil || m.Deleted || !m.visible(user):
		refused = "there is no such message"
	case registered == nil:
		refused = fmt.Sprintf("there is no command %q", command)
	}
	if refused != "" {
		unlock()
		return Delivery{Event: "INTERACTION_CREATE", Refused: refused}
	}
	in, payload := s.interact(applicationUse, user, c, o)
	in.command, in.menu = command, true
	payload["data"] = s.messageData(registered, m)
	o.data = payload
	unlock()
	d := s.deliver(o)
	s.regret(d, user, channel, noAnswer)
	return d
}

func (s *Sim) messageData(registered node, m *Message) node {
	data := node{"id": registered.str("id"), "name": registered.str("name"), "type": messageCommand, "target_id": m.ID,
		"resolved": node{"messages": node{m.ID: s.wireMessage(m)}}}
	if registered.has("guild_id") {
		data["guild_id"] = registered["guild_id"]
	}
	return data
}

// characters counts as Discord's client does.
func characters(text string) int { return utf8.RuneCountInString(text) }
