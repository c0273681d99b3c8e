package discordsim

import (
	"encoding/json"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"unicode/utf8"
)

// Option types: https://docs.discord.com/developers/interactions/application-commands#application-command-object-application-command-option-type
const (
	subCommand      = 1
	subCommandGroup = 2
	stringOption    = 3
	integerOption   = 4
	booleanOption   = 5
	userOption      = 6
	channelOption   = 7
	roleOption      = 8
	mentionOption   = 9
	numberOption    = 10
	fileOption      = 11
)

// Command types: https://docs.discord.com/developers/interactions/application-commands#application-command-object-application-command-types
const (
	slashCommand   = 1
	userCommand    = 2
	messageCommand = 3
)

// The limits: https://docs.discord.com/developers/interactions/application-commands
const (
	maxSlash, maxContext        = 100, 15
	maxCommand, maxTold         = 32, 100
	maxCommandText, maxStringOf = 8000, 6000
	maxCreates                  = 200 // a day and guild; here for good
)

func (s *Sim) getCommands(r *request) (answer, *failure) {
	if problem := s.mayRegister(r); problem != nil {
		return answer{}, problem
	}
	return ok(append([]node{}, s.commands[r.arg("guild")]...))
}

// putCommands: https://docs.discord.com/developers/interactions/application-commands#bulk-overwrite-guild-application-commands
func (s *Sim) putCommands(r *request) (answer, *failure) {
	if problem := s.mayRegister(r); problem != nil {
		return answer{}, problem
	}
	if r.list == nil {
		return answer{}, wrong("_", "BASE_TYPE_BAD_TYPE", "Only iterables may be used in a ListType")
	}
	if problem := s.register(r.arg("guild"), nodes(r.list)); problem != nil {
		return answer{}, problem
	}
	return ok(append([]node{}, s.commands[r.arg("guild")]...))
}

// deleteCommand: https://docs.discord.com/developers/interactions/application-commands#delete-global-application-command
func (s *Sim) deleteCommand(r *request) (answer, *failure) {
	if problem := s.mayRegister(r); problem != nil {
		return answer{}, problem
	}
	before := len(s.commands[""])
	s.commands[""] = slices.DeleteFunc(s.commands[""], func(c node) bool { return c.str("id") == r.arg("command") })
	if len(s.commands[""]) == before {
		return answer{}, fail(10063)
	}
	s.change()
	return none()
}

// mayRegister: the application must be installed with applications.commands.
func (s *Sim) mayRegister(r *request) *failure {
	guild := r.arg("guild")
	g, found := s.guilds[guild]
	switch {
	case r.arg("application") != s.ApplicationID:
		return fail(50001)
	case guild == "":
		return nil
	case !found || g.Absent || g.Bare || !slices.Contains(s.Scopes, "applications.commands"):
		return fail(50001)
	}
	return nil
}

// register replaces the commands of a guild; what was there under the same name and type keeps its id.
func (s *Sim) register(guild string, list []node) *failure {
	if problem := checkCommands(list); problem != nil {
		return problem
	}
	var registered []node
	for _, c := range list {
		c = clone(c)
		c["type"] = float64(max(c.number("type"), slashCommand))
		old := s.command(guild, c.str("name"), c.number("type"))
		if old == nil {
			s.creates[guild]++
			c["id"], c["version"] = s.id(), s.id()
		} else {
			c["id"], c["version"] = old["id"], s.id()
		}
		c["application_id"] = s.ApplicationID
		if guild != "" {
			c["guild_id"] = guild
		}
		registered = append(registered, c)
	}
	if s.creates[guild] > maxCreates {
		return fail(30034)
	}
	s.commands[guild] = registered
	s.change()
	return nil
}

// command finds a registered command, of the guild first.
func (s *Sim) command(guild, name string, kind int) node {
	for _, scope := range []string{guild, ""} {
		for _, c := range s.commands[scope] {
			if c.str("name") == name && c.number("type") == kind {
				return c
			}
		}
	}
	return nil
}

// RegisterCommands registers commands as PUT …/commands does, for a guild or, with "", globally, but without a call; it
// panics on what Discord would refuse.
func (s *Sim) RegisterCommands(guild, commands string) {
	defer s.lock()()
	var list []any
	if err := json.Unmarshal([]byte(commands), &list); err != nil {
		panic("discordsim: " + err.Error())
	}
	if problem := s.register(guild, nodes(list)); problem != nil {
		panic("discordsim: " + string(rawJSON(problem.errors)))
	}
}

// Commands returns the commands registered for a guild or, with "", globally: a JSON array.
func (s *Sim) Commands(guild string) json.RawMessage {
	defer s.lock()()
	return rawJSON(append([]node{}, s.commands[guild]...))
}

// commandName: lower case where there is one. https://docs.discord.com/developers/interactions/application-commands#application-command-object-application-command-naming
var commandName = regexp.MustCompile(`^[-_'\p{L}\p{N}\p{Devanagari}\p{Thai}]{1,32}$`)

func checkCommands(list []node) *failure {
	c := &checker{}
	count, taken := map[int]int{}, map[string]bool{}
	for i, command := range list {
		at := fmt.Sprint(i)
		kind := max(command.number("type"), slashCommand)
		count[kind]++
		key := fmt.Sprint(kind, command.str("name"))
		if taken[key] {
			c.say(at+".name", "APPLICATION_COMMANDS_DUPLICATE_NAME", "Application command names must be unique")
		}
		taken[key] = true
		c.command(command, kind, at)
	}
	c.count(count[slashCommand], 0, maxSlash, "_")
	c.count(count[userCommand], 0, maxContext, "_")
	c.count(count[messageCommand], 0, maxContext, "_")
	return c.failure()
}

func (c *checker) command(command node, kind int, at string) {
	if kind != slashCommand {
		c.length(command.str("name"), at+".name", 1, maxCommand)
		if command.str("description") != "" {
			c.say(at+".description", "APPLICATION_COMMAND_CONTEXT_MENU_DESCRIPTION_INVALID", "Context menu commands cannot have description")
		}
		if len(command.list("options")) > 0 {
			c.say(at+".options", "APPLICATION_COMMAND_CONTEXT_MENU_OPTIONS_INVALID", "Context menu commands cannot have options")
		}
		return
	}
	c.named(command, at)
	c.options(command.list("options"), at+".options", 0)
	if total := commandText(command); total > maxCommandText {
		c.say(at, "APPLICATION_COMMAND_TOO_LARGE", "Command exceeds maximum size (%d)", maxCommandText)
	}
}

func (c *checker) named(n node, at string) {
	name := n.str("name")
	if !commandName.MatchString(name) || strings.ToLower(name) != name {
		c.say(at+".name", "APPLICATION_COMMAND_INVALID_NAME", "Command name is invalid")
	}
	c.length(n.str("description"), at+".description", 1, maxTold)
}

// options checks a list of options; depth counts the groups and subcommands around it.
func (c *checker) options(options []node, at string, depth int) {
	c.count(len(options), 0, maxOptions, at)
	taken, optional, nested := map[string]bool{}, false, 0
	for i, o := range options {
		where := fmt.Sprintf("%s.%d", at, i)
		c.named(o, where)
		if taken[o.str("name")] {
			c.say(where+".name", "APPLICATION_COMMAND_OPTIONS_NAME_INVALID", "Option names must be unique")
		}
		if o.yes("required") && optional {
			c.say(where, "APPLICATION_COMMAND_OPTIONS_REQUIRED_INVALID", "Required options must be placed before non-required options")
		}
		taken[o.str("name")], optional = true, optional || !o.yes("required")
		if o.number("type") <= subCommandGroup {
			nested++
		}
		c.option(o, where, depth)
	}
	if nested > 0 && nested < len(options) {
		c.say(at, "APPLICATION_COMMAND_OPTIONS_TYPE_INVALID", "Sub-command and sub-command group option types are mutually exclusive to all other types")
	}
}

func (c *checker) option(o node, at string, depth int) {
	switch kind := o.number("type"); {
	case kind == subCommandGroup && depth == 0, kind == subCommand && depth <= 1:
		c.options(o.list("options"), at+".options", depth+1+map[bool]int{true: 1}[kind == subCommand])
		return
	case kind < stringOption || kind > fileOption:
		c.say(at+".type", "BASE_TYPE_CHOICES", "Value must be one of {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11}.")
	}
	choices := o.list("choices")
	c.count(len(choices), 0, maxOptions, at+".choices")
	if len(choices) > 0 && o.yes("autocomplete") {
		c.say(at, "APPLICATION_COMMAND_OPTIONS_AUTOCOMPLETE_CHOICES", "Autocomplete cannot be enabled with choices")
	}
	c.choices(choices, at+".choices", o.number("type"))
	for _, bound := range []string{"min_length", "max_length"} {
		if n := o.number(bound); o.has(bound) && (n < 0 || n > maxStringOf || n == 0 && bound == "max_length") {
			c.say(at+"."+bound, "NUMBER_TYPE_MAX", "int value should be less than or equal to %d.", maxStringOf)
		}
	}
}

func (c *checker) choices(choices []node, at string, kind int) {
	for i, choice := range choices {
		where := fmt.Sprintf("%s.%d", at, i)
		c.length(choice.str("name"), where+".name", 1, maxOption)
		value, isText := choice["value"].(string)
		_, isNumber := choice["value"].(float64)
		switch {
		case isText && kind == stringOption:
			c.length(value, where+".value", 1, maxOption)
		case !isNumber || kind == stringOption:
			c.say(where+".value", "BASE_TYPE_BAD_TYPE", "The value is not of the option's type.")
		}
	}
}

// commandText counts what the limit of a command counts.
func commandText(n node) int {
	total := 0
	for _, key := range []string{"name", "description", "value"} {
		total += utf8.RuneCountInString(n.str(key))
	}
	for _, inner := range append(n.list("options"), n.list("choices")...) {
		total += commandText(inner)
	}
	return total
}
