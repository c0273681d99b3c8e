package slack

import (
	"context"
	"math"
	"slices"
	"strings"
	"time"

	"purgebot/acl"
	"purgebot/bot/chat"
)

const forever = time.Duration(math.MaxInt64)

// identity is the workspace, user and scopes of the token.
type identity struct {
	team, user, name string
	scopes           []string // nil if Slack does not list them
}

// has reports whether the token has a scope. Without a list of scopes the answer is yes.
func (i identity) has(scope string) bool {
	return i.scopes == nil || slices.Contains(i.scopes, scope)
}

func (s *Slack) whoami(ctx context.Context, maxAge time.Duration) (identity, error) {
	return s.askIdentity(maxAge).wait(ctx)
}

func (s *Slack) askIdentity(maxAge time.Duration) *answer[identity] {
	return s.identity.ask("", maxAge, func(ctx context.Context) (identity, error) {
		a, err := s.api.AuthTestContext(ctx)
		if err != nil {
			return identity{}, s.translate("auth.test", err)
		}
		if !teamID.match(a.TeamID) || !userID.match(a.UserID) {
			return identity{}, misconfigured("Slack does not say whose token SLACK_BOT_TOKEN is: it must be a bot token (xoxb-…).")
		}
		return identity{team: a.TeamID, user: a.UserID, name: a.User, scopes: scopes(a.Header.Get("X-OAuth-Scopes"))}, nil
	})
}

func scopes(header string) []string {
	if header == "" {
		return nil
	}
	list := strings.Split(header, ",")
	for i := range list {
		list[i] = strings.TrimSpace(list[i])
	}
	return list
}

// Health checks that the token is valid and has the needed scopes, and repeats refused look-ups. An error that
// closes only a part of Slack, such as private channels or files, is Denied.
func (s *Slack) Health(ctx context.Context) error {
	i, err := s.whoami(ctx, 0)
	if err != nil {
		return err
	}
	needed := slices.Clone(essential)
	if len(s.userGroups(i.team)) > 0 {
		needed = append(needed, "usergroups:read")
	}
	needed = slices.DeleteFunc(needed, i.has)
	if len(needed) > 0 {
		return misconfigured(lacks(needed))
	}
	return s.healthy(ctx)
}

// invite returns the command that lets the bot into a channel.
func (s *Slack) invite() string {
	if i, known := s.identity.peek(""); known && i.name != "" {
		return "/invite @" + chat.OneLine(i.name)
	}
	return "/invite @purgebot"
}

func subject(team, id string) acl.Subject { return acl.Subject(platform + ":" + team + "/" + id) }

// ours returns the id of a subject of this workspace, or "".
func ours(team string, s acl.Subject, k idKind) string {
	if s.Platform() != platform || s.Workspace() != team || !k.match(s.ID()) {
		return ""
	}
	return s.ID()
}

// idKind is the set of first letters of a kind of Slack id: https://docs.slack.dev/reference/objects
type idKind string

const (
	teamID    idKind = "TE"
	userID    idKind = "UW"
	groupID   idKind = "S"
	channelID idKind = "CDG"
)

// match reports whether id is of this kind: capitals and digits only, so that it can break neither a subject
// nor markup.
func (k idKind) match(id string) bool {
	if len(id) < 2 || len(id) > 64 || !strings.Contains(string(k), id[:1]) {
		return false
	}
	for _, c := range []byte(id) {
		if (c < 'A' || c > 'Z') && (c < '0' || c > '9') {
			return false
		}
	}
	return true
}
