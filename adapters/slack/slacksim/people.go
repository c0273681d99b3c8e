package slacksim

import (
	"slices"
	"strings"
)

// organisation is the one that workspaces may be of: Enterprise Grid.
const organisation = "E0SIM"

func (w *Workspace) authTest(args) answer {
	return answer{"url": "https://" + w.TeamDomain + ".slack.com/", "team": w.TeamDomain, "team_id": w.TeamID,
		"user": w.BotName, "user_id": w.BotUser, "bot_id": w.BotID, "is_enterprise_install": false}
}

func (w *Workspace) usersInfo(a args) answer {
	u, found := w.users[a["user"]]
	if !found {
		return fail("user_not_found")
	}
	user := answer{
		"id": u.ID, "team_id": w.team(u), "name": u.Name, "real_name": u.RealName, "deleted": u.Deleted,
		"profile": answer{"display_name": u.Name, "real_name": u.RealName, "team": w.team(u)},
		"is_bot":  u.Bot, "is_app_user": false, "is_workflow_bot": false,
		"is_restricted": u.Restricted, "is_ultra_restricted": u.UltraRestricted, "is_stranger": u.Stranger,
		"is_admin": false, "is_owner": false, "is_primary_owner": false, "updated": w.Now().Unix(),
	}
	if u.TZ != "" {
		user["tz"] = u.TZ
	}
	if len(u.Teams) > 0 { // https://docs.slack.dev/reference/objects/user-object#enterprise-grid
		user["enterprise_user"] = answer{"id": u.ID, "enterprise_id": organisation, "enterprise_name": "Org", "teams": u.Teams}
	}
	return answer{"user": user}
}

func (w *Workspace) userGroupsList(a args) answer {
	groups := []answer{}
	for _, g := range sorted(w.groups) {
		if g.Disabled && !a.yes("include_disabled") {
			continue
		}
		groups = append(groups, w.userGroup(g, a.yes("include_users")))
	}
	return answer{"usergroups": groups}
}

func (w *Workspace) userGroup(g UserGroup, withUsers bool) answer {
	deleted := int64(0)
	if g.Disabled {
		deleted = w.Now().Unix()
	}
	a := answer{"id": g.ID, "team_id": w.TeamID, "is_usergroup": true, "name": g.Handle, "handle": g.Handle,
		"description": "", "date_delete": deleted, "user_count": len(g.Members)}
	if withUsers {
		a["users"] = g.Members
	}
	return a
}

func (w *Workspace) userGroupMembers(a args) answer {
	g, found := w.groups[a["usergroup"]]
	if !found {
		return fail("no_such_subteam")
	}
	if g.Disabled && !a.yes("include_disabled") {
		return answer{"users": []string{}}
	}
	return answer{"users": append([]string{}, g.Members...)}
}

func (w *Workspace) conversationsInfo(a args) answer {
	c, found := w.channels[a["channel"]]
	if !found || c.Private && !c.Member {
		return fail("channel_not_found")
	}
	if c.User != "" {
		return answer{"channel": answer{"id": c.ID, "is_im": true, "user": c.User, "is_archived": c.Archived,
			"context_team_id": w.TeamID, "is_org_shared": false}}
	}
	return answer{"channel": answer{
		"id": c.ID, "name": c.Name, "name_normalized": c.Name, "is_channel": !c.Private, "is_group": c.Private, "is_im": false, "is_mpim": false,
		"is_private": c.Private, "is_archived": c.Archived, "is_member": c.Member, "is_general": false,
		"is_shared": c.ExtShared, "is_ext_shared": c.ExtShared, "is_org_shared": false, "is_pending_ext_shared": false,
		"context_team_id": w.TeamID,
	}}
}

func (w *Workspace) conversationsOpen(a args) answer {
	if id := a["channel"]; id != "" {
		if _, found := w.channels[id]; !found {
			return fail("channel_not_found")
		}
		return answer{"channel": answer{"id": id}}
	}
	ids := strings.Split(a["users"], ",")
	switch u, found := w.users[ids[0]]; {
	case a["users"] == "":
		return fail("users_list_not_supplied")
	case len(ids) > 1:
		return answer{"ok": false, "error": "missing_scope", "needed": "mpim:write", "provided": strings.Join(w.Scopes, ",")}
	case !found:
		return fail("user_not_found")
	case u.Deleted:
		return fail("user_disabled")
	case u.Bot:
		return fail("cannot_dm_bot")
	}
	existed := slices.ContainsFunc(sorted(w.channels), func(c Channel) bool { return c.User == ids[0] })
	return answer{"channel": answer{"id": w.dm(ids[0])}, "already_open": existed, "no_op": existed}
}
