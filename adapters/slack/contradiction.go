package slack

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"net/url"
	"slices"
	"strings"

	"purgebot/bot/chat"
	"purgebot/purge"
)

// A delivery states some facts in several places: its workspace, person, channel and message. The places agree
// in every genuine delivery. A delivery with a contradiction is refused, whichever place is right.

var errContradicts = &purge.Error{Kind: purge.Denied,
	Message: "Slack's message to purgebot contradicts itself, so purgebot took nothing of it. Try again, and tell whoever runs purgebot if it stays so."}

// agree reports whether all non-empty values are equal.
func agree(said ...string) bool {
	said = slices.DeleteFunc(said, func(s string) bool { return s == "" })
	return len(slices.Compact(said)) <= 1
}

// once reports whether every field of a form has a single value.
func once(form url.Values) bool {
	for _, said := range form {
		if len(said) > 1 {
			return false
		}
	}
	return true
}

// decode reads JSON, and refuses objects that repeat a name. Go's reader matches "User" to "user", and keeps
// the last of two values.
func decode(raw []byte, v any) error {
	if err := json.Unmarshal(raw, v); err != nil {
		return err
	}
	if twice(raw) {
		return errors.New("a name occurs twice in an object")
	}
	return nil
}

// twice reports whether an object in valid JSON repeats a name, in any capitals.
func twice(raw []byte) bool {
	d := json.NewDecoder(bytes.NewReader(raw))
	d.UseNumber()
	var open []*object
	for {
		token, err := d.Token()
		if err != nil {
			return false // the end of the JSON
		}
		// Find the innermost open object, and close it at its end.
		var in *object
		if len(open) > 0 {
			in = open[len(open)-1]
		}
		switch token {
		case json.Delim('}'), json.Delim(']'):
			open = open[:len(open)-1]
			continue
		}
		// Record a name, and stop at a repetition.
		if name, is := in.name(token); is {
			if in.said[name] {
				return true
			}
			in.said[name] = true
			continue
		}
		switch token {
		case json.Delim('{'):
			open = append(open, &object{said: map[string]bool{}})
		case json.Delim('['):
			open = append(open, nil)
		}
	}
}

// object is the state of an object being read, in which names and values alternate.
type object struct {
	said  map[string]bool
	value bool // the next token is a value
}

// name returns the folded name, if the token is a name in this object.
func (o *object) name(token json.Token) (name string, is bool) {
	if o == nil {
		return "", false
	}
	o.value = !o.value
	if !o.value {
		return "", false
	}
	name, is = token.(string)
	return strings.ToUpper(strings.ToLower(name)), is
}

// contradicts reports whether an interaction for this workspace names another one, or two apps, channels,
// messages, threads or buttons. The workspaces of the person are checked by belongs.
func (in *interaction) contradicts(team string) bool {
	var pressed []string
	for _, a := range in.Actions {
		if a.Type == "button" {
			pressed = append(pressed, a.Value)
		}
	}
	return !agree(team, in.Team.ID, in.Message.Team, in.View.InstalledTeam) ||
		!agree(in.App, in.Message.App, in.View.App) ||
		!agree(in.Channel.ID, in.Container.ChannelID) ||
		!agree(in.Message.TS, in.Container.MessageTS) ||
		!agree(in.Message.ThreadTS, in.Container.ThreadTS) ||
		!agree(pressed...)
}

// belongs returns an error if a delivery assigns a member to a workspace that is not theirs. In an organisation
// a person may have several. The bot itself refuses people who are not members.
func (s *Slack) belongs(ctx context.Context, me identity, user string, teams ...string) error {
	if !slices.ContainsFunc(teams, func(t string) bool { return t != "" && t != me.team }) {
		return nil
	}
	who, err := s.askPerson(me, user, roster).wait(ctx)
	if err != nil {
		return err
	}
	for _, t := range teams {
		if t != "" && t != me.team && who.Standing == chat.Member && !slices.Contains(who.teams, t) {
			return errContradicts
		}
	}
	return nil
}

// consistent returns an error if an interaction contradicts itself or the facts about its person.
func (s *Slack) consistent(ctx context.Context, me identity, in *interaction) error {
	if in.contradicts(me.team) {
		return errContradicts
	}
	return s.belongs(ctx, me, in.User.ID, in.User.Team, in.View.Team)
}
