// Package acl is the policy: it decides about every purge by person, target and channel, and about its
// confirmation. It is pure and denies by default: it reads no clock, asks no chat, and never guesses names. Two
// rules never combine to cover an ask that neither covers whole.
package acl

import (
	"fmt"
	"strings"
)

// Subject is a person, a group or a place: "platform:workspace/id" for a person, a user group or a channel,
// "discord:G0/role/2" for a role, "terminal:alice" for the terminal. Subjects are compared byte for byte; names
// are never subjects.
type Subject string

// Platform returns "slack" of "slack:T0/U1".
func (s Subject) Platform() string {
	p, _, _ := strings.Cut(string(s), ":")
	return p
}

// Workspace returns "T0" of "slack:T0/U1", and "" of "terminal:alice".
func (s Subject) Workspace() string {
	_, rest, _ := strings.Cut(string(s), ":")
	w, _, found := strings.Cut(rest, "/")
	if !found {
		return ""
	}
	return w
}

// ID returns "U1" of "slack:T0/U1", and "role/2" of "discord:G0/role/2".
func (s Subject) ID() string {
	_, rest, _ := strings.Cut(string(s), ":")
	if _, id, found := strings.Cut(rest, "/"); found {
		return id
	}
	return rest
}

// ParseSubject returns s if it has the shape of a subject; the sentence of its error suggests the correction.
// It checks the shape only: the platform alone knows whether the id exists.
func ParseSubject(s string) (Subject, error) {
	switch Subject(s).Platform() {
	case "slack":
		return parseSlack(s)
	case "discord":
		return parseDiscord(s)
	case "terminal":
		if id := Subject(s).ID(); id == "" || strings.Trim(id, lower+upper+digits+"._-/") != "" {
			return "", fmt.Errorf("%q is no terminal user; write terminal:NAME, as in terminal:alice", s)
		}
		return Subject(s), nil
	}
	return "", fmt.Errorf("%q is no subject; write PLATFORM:WORKSPACE/ID as `/purge whoami` shows it, as in slack:T024BE7LD/U2147483697", s)
}

const (
	digits = "0123456789"
	upper  = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
	lower  = "abcdefghijklmnopqrstuvwxyz"
)

// parseSlack checks "slack:T…/U…". Slack's ids begin with a letter for their kind, followed by digits and
// capitals: https://docs.slack.dev/reference/objects/user-object,
// https://docs.slack.dev/reference/objects/usergroup-object
func parseSlack(s string) (Subject, error) {
	workspace, id := Subject(s).Workspace(), Subject(s).ID()
	if !idOf(workspace, "TE") {
		return "", fmt.Errorf("%q lacks the workspace's id, which begins with T or E; write slack:T…/U… as `/purge whoami` shows it", s)
	}
	if !idOf(id, "UWSCGD") {
		return "", fmt.Errorf("%q holds a name where an id belongs; in Slack open the profile, choose ⋮ and \"Copy member ID\" (a user group's id is in its link), or copy what `/purge whoami` shows", s)
	}
	return Subject(s), nil
}

// parseDiscord checks "discord:GUILD/USER" and "discord:GUILD/role/ROLE". The role whose id is the guild's is
// @everyone: https://discord.com/developers/docs/topics/permissions#role-object
func parseDiscord(s string) (Subject, error) {
	guild := Subject(s).Workspace()
	id, role := strings.CutPrefix(Subject(s).ID(), "role/")
	if guild == "" || strings.Trim(guild, digits+upper) != "" || id == "" || strings.Trim(id, digits) != "" {
		return "", fmt.Errorf("%q is no Discord id; write discord:GUILD/USER or discord:GUILD/role/ROLE in digits: switch on Developer Mode, right-click and choose \"Copy ID\", or copy what `/purge whoami` shows", s)
	}
	if role && id == guild {
		return "", fmt.Errorf("%q is the role of all members of the guild; name a role that is assigned to some of them", s)
	}
	return Subject(s), nil
}

func idOf(s, first string) bool {
	return len(s) > 1 && strings.IndexByte(first, s[0]) >= 0 && strings.Trim(s, digits+upper) == ""
}

// role is the kind that the shape of a subject shows. A Discord channel has the shape of a person.
type role int

const (
	person role = iota
	group
	channel
)

func (s Subject) role() role {
	id := s.ID()
	switch {
	case s.Platform() == "discord" && strings.HasPrefix(id, "role/"), s.Platform() == "slack" && id[0] == 'S':
		return group
	case s.Platform() == "slack" && strings.IndexByte("CGD", id[0]) >= 0:
		return channel
	}
	return person
}
