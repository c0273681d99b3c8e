package slack

import (
	"cmp"
	"context"
	"slices"
	"time"

	"github.com/slack-go/slack"

	"purgebot/acl"
	"purgebot/bot/chat"
	"purgebot/purge"
)

const (
	groupFloor = time.Minute      // usergroups.users.list may be called some 20 times a minute: https://docs.slack.dev/apis/web-api/rate-limits
	groupStale = 15 * time.Minute // accepted age of a group while Slack does not answer
)

// Person looks up a person. An account of another workspace is an outsider, without a look-up. A user group is
// listed at most once a minute. While Slack does not answer, a list of the last 15 minutes is used for callers
// who accept an age of five minutes.
func (s *Slack) Person(ctx context.Context, who acl.Subject, maxAge time.Duration) (chat.Person, error) {
	// Recognise people of other workspaces.
	me, err := s.whoami(ctx, forever)
	if err != nil {
		return chat.Person{}, err
	}
	id := ours(me.team, who, userID)
	if id == "" {
		return chat.Person{Subject: who, Standing: chat.Outsider}, nil
	}
	// Look up the groups and the person at the same time.
	maxAge = min(maxAge, roster)
	lists := s.askGroups(me, maxAge)
	known, err := s.askPerson(me, id, maxAge).wait(ctx)
	if err != nil {
		return chat.Person{}, err
	}
	p := known.Person
	p.Groups, err = s.groupsOf(ctx, id, lists, maxAge)
	if err != nil {
		return chat.Person{}, err
	}
	return p, nil
}

// standingOf returns the standing of a person without their groups; "" if unknown.
func (s *Slack) standingOf(ctx context.Context, who acl.Subject) chat.Standing {
	me, err := s.whoami(ctx, forever)
	id := ours(me.team, who, userID)
	if err != nil || id == "" {
		return ""
	}
	p, _ := s.askPerson(me, id, roster).wait(ctx)
	return p.Standing
}

// groupsOf waits for every list, even after a failure, so that the next caller shares no look-up that began
// earlier.
func (s *Slack) groupsOf(ctx context.Context, id string, lists map[acl.Subject]*answer[map[string]bool], maxAge time.Duration) ([]acl.Subject, error) {
	stale := groupStale
	if maxAge < roster {
		stale = 0
	}
	var groups []acl.Subject
	var failed error
	for group, list := range lists {
		members, err := list.waitOr(ctx, s.config.Now(), stale)
		if err != nil {
			failed = err
		}
		if members[id] {
			groups = append(groups, group)
		}
	}
	slices.Sort(groups)
	return groups, failed
}

// lookUp starts all look-ups that the bot will need for a verified event.
func (s *Slack) lookUp(me identity, user, channel string) {
	s.askPerson(me, user, roster)
	s.askGroups(me, roster)
	s.askChannel(me, channel, roster)
}

// account is a person with their workspaces, which may be several in an organisation.
type account struct {
	chat.Person
	teams []string
}

func (s *Slack) askPerson(me identity, id string, maxAge time.Duration) *answer[account] {
	return s.people.ask(id, maxAge, func(ctx context.Context) (account, error) {
		u, err := look(ctx, s, "users.info", "", func(ctx context.Context) (*slack.User, error) { return s.api.GetUserInfoContext(ctx, id) })
		switch code(err) {
		case "user_not_found":
			return account{Person: chat.Person{Subject: subject(me.team, id), Standing: chat.Deactivated}}, nil
		case "user_not_visible":
			return account{Person: chat.Person{Subject: subject(me.team, id), Standing: chat.Outsider}}, nil
		}
		if err != nil {
			return account{}, s.translate("users.info", err)
		}
		if u.ID != id {
			return account{}, &purge.Error{Kind: errSilent.Kind, Message: errSilent.Message}
		}
		name := cmp.Or(u.Profile.DisplayName, u.Profile.RealName, u.RealName, u.Name)
		who := chat.Person{Subject: subject(me.team, id), Name: name, Standing: standing(me.team, u), Zone: zone(u.TZ)}
		return account{who, append([]string{u.TeamID, u.Enterprise.EnterpriseID}, u.Enterprise.Teams...)}, nil
	})
}

// zone returns the time zone in https://docs.slack.dev/reference/objects/user-object; nil if it is unknown
// here.
func zone(name string) *time.Location {
	at, err := time.LoadLocation(name)
	if name == "" || err != nil {
		return nil
	}
	return at
}

// standing reads an account as described in https://docs.slack.dev/reference/objects/user-object. Some
// outsiders lack is_stranger, so the team counts as well.
func standing(team string, u *slack.User) chat.Standing {
	switch {
	case u.Deleted:
		return chat.Deactivated
	case u.IsBot, u.IsWorkflowBot, u.IsConnectorBot, u.ID == "USLACKBOT":
		return chat.Bot
	case u.IsStranger, u.TeamID != team && !slices.Contains(u.Enterprise.Teams, team):
		return chat.Outsider
	case u.IsRestricted, u.IsUltraRestricted:
		return chat.Guest
	}
	return chat.Member
}

// userGroups returns the user groups of this workspace in the policy.
func (s *Slack) userGroups(team string) []acl.Subject {
	var groups []acl.Subject
	for _, g := range s.config.Groups() {
		if ours(team, g, groupID) != "" {
			groups = append(groups, g)
		}
	}
	return groups
}

func (s *Slack) askGroups(me identity, maxAge time.Duration) map[acl.Subject]*answer[map[string]bool] {
	lists := map[acl.Subject]*answer[map[string]bool]{}
	for _, g := range s.userGroups(me.team) {
		lists[g] = s.groups.ask(g.ID(), max(maxAge, groupFloor), func(ctx context.Context) (map[string]bool, error) {
			return s.members(ctx, g.ID())
		})
	}
	return lists
}

// members returns the members of a user group: https://docs.slack.dev/reference/methods/usergroups.users.list A
// disabled or deleted group has no members, and neither has a group in a plan without groups.
func (s *Slack) members(ctx context.Context, group string) (map[string]bool, error) {
	ids, err := look(ctx, s, "usergroups.users.list", group, func(ctx context.Context) ([]string, error) {
		ids, err := s.api.GetUserGroupMembersContext(ctx, group)
		switch code(err) {
		case "no_such_subteam", "subteam_not_found", "plan_upgrade_required", "paid_teams_only":
			return nil, nil
		}
		return ids, err
	})
	if err != nil {
		return nil, s.translate("usergroups.users.list", err)
	}
	members := map[string]bool{}
	for _, id := range ids {
		members[id] = true
	}
	return members, nil
}

// Channel looks up the bot's access to a channel. A channel that Slack hides from the bot needs an invitation.
func (s *Slack) Channel(ctx context.Context, at chat.Thread, maxAge time.Duration) (chat.Channel, error) {
	me, err := s.whoami(ctx, forever)
	if err != nil {
		return chat.Channel{}, err
	}
	if ours(me.team, at.Subject(), channelID) == "" {
		return chat.Channel{Shared: true}, nil
	}
	c, err := s.askChannel(me, at.Channel, min(maxAge, roster)).wait(ctx)
	c.Shared = c.Shared || s.outside.has(at.Channel)
	return c, err
}

// knownShared reports whether a channel is known to be shared with other organisations, without a look-up.
func (s *Slack) knownShared(channel string) bool {
	c, _ := s.channels.peek(channel)
	return c.Shared || s.outside.has(channel)
}

func (s *Slack) askChannel(me identity, id string, maxAge time.Duration) *answer[chat.Channel] {
	return s.channels.ask(id, maxAge, func(ctx context.Context) (chat.Channel, error) {
		c, err := look(ctx, s, "conversations.info", id, func(ctx context.Context) (*slack.Channel, error) {
			return s.api.GetConversationInfoContext(ctx, &slack.GetConversationInfoInput{ChannelID: id})
		})
		switch {
		case code(err) == "channel_not_found", code(err) == "not_in_channel":
			return chat.Channel{Invite: s.invite()}, nil
		case err != nil:
			return chat.Channel{}, s.translate("conversations.info", err)
		case c.ID != id:
			return chat.Channel{}, &purge.Error{Kind: errSilent.Kind, Message: errSilent.Message}
		}
		return chat.Channel{Shared: shared(c), Joined: c.IsMember || c.IsIM || c.IsMpIM, Invite: s.invite()}, nil
	})
}

// shared reports whether people of other organisations can read a channel, now or after accepting an
// invitation. An unknown kind of sharing counts. https://docs.slack.dev/reference/objects/conversation-object
func shared(c *slack.Channel) bool {
	return c.IsExtShared || c.IsPendingExtShared || c.IsShared && !c.IsOrgShared
}
