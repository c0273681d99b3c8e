// Package acl is the policy: who may purge which target, where, and who must press. It is pure and denies by default:
// it reads no clock, asks no chat, and never guesses at a name. What one rule does not cover whole, no two rules cover together.
package acl

import "strings"

// Subject is who acts, or what is acted in: "platform:workspace/id" for a person, a user group or a channel,
// "discord:G0/role/2" for a role, "terminal:alice" for the terminal. It is compared byte for byte; names are never subjects.
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
