package discord

import (
	"cmp"
	"context"
	"net/http"
	"slices"
	"sync"
	"time"

	"purgebot/bot/chat"
)

// permission is a set of permissions:
// https://docs.discord.com/developers/topics/permissions#permissions-bitwise-permission-flags
type permission uint64

const (
	administrator permission = 1 << 3
	viewChannel   permission = 1 << 10
	sendMessages  permission = 1 << 11
	embedLinks    permission = 1 << 14 // without it, cards are shown as plain content
	attachFiles   permission = 1 << 15
	readHistory   permission = 1 << 16
	manageThreads permission = 1 << 34
	sendInThreads permission = 1 << 38

	everything = ^permission(0)
)

// has reports whether p contains all of q.
func (p permission) has(q permission) bool { return p&q == q }

// rights is the bot's rights in one channel.
type rights struct {
	may            permission
	thread, locked bool
	timedOut       bool // in the whole server
	shared         bool // the channel does not belong to the server
}

// Instructions that let the bot into a channel; Discord has no command for it.
const (
	inviteTo      = "Edit Channel → Permissions → Add members or roles → purgebot, and allow "
	inviteUnlock  = "unlock this thread"
	inviteTimeout = "end purgebot's timeout in this server"
)

// channel returns the rights in the bot's terms.
func (r rights) channel() chat.Channel {
	return chat.Channel{Shared: r.shared, Joined: r.invite() == "", Invite: r.invite()}
}

// invite returns the instruction that lets the bot write, or "".
func (r rights) invite() string {
	write, named := sendMessages, "Send Messages"
	if r.thread { // a thread does not inherit Send Messages
		write, named = sendInThreads, "Send Messages in Threads"
	}
	seen, written := r.may.has(viewChannel), r.may.has(write)
	switch {
	case r.timedOut && !written:
		return inviteTimeout
	case !seen && !written:
		return inviteTo + "View Channel and " + named
	case !seen:
		return inviteTo + "View Channel"
	case !written:
		return inviteTo + named
	case r.locked && !r.may.has(manageThreads):
		return inviteUnlock
	}
	return ""
}

// Channel looks up the bot's access to a channel. Channels of the guild have no readers from outside.
func (d *Discord) Channel(ctx context.Context, at chat.Thread, maxAge time.Duration) (chat.Channel, error) {
	if d.ours(at.Subject()) == "" || at.Root != "" && !snowflake(at.Root) {
		return chat.Channel{Shared: true}, nil
	}
	r, err := d.rightsIn(ctx, at, maxAge)
	if err != nil {
		return chat.Channel{}, err
	}
	return r.channel(), nil
}

// rightsIn returns the rights from the last interaction, or computes them in one round of calls.
func (d *Discord) rightsIn(ctx context.Context, at chat.Thread, maxAge time.Duration) (rights, error) {
	id := cmp.Or(at.Root, at.Channel)
	if r, known := d.rights.get(id, maxAge); known {
		return r, nil
	}
	asked := d.config.Now()
	r, err := d.askRights(ctx, at, maxAge)
	if err == nil {
		d.rights.put(id, r, asked)
	}
	return r, err
}

// askRights computes the rights. A hidden or missing channel gives none.
func (d *Discord) askRights(ctx context.Context, at chat.Thread, maxAge time.Duration) (rights, error) {
	// Look up the channel, its thread and the bot at the same time.
	var rules, thread channel
	var me self
	var errs [3]error
	var calls sync.WaitGroup
	calls.Go(func() { errs[0] = d.call(ctx, http.MethodGet, "/channels/"+at.Channel, nil, &rules) })
	calls.Go(func() { me, errs[1] = d.self(ctx, maxAge) })
	if at.Root != "" {
		calls.Go(func() { errs[2] = d.call(ctx, http.MethodGet, "/channels/"+at.Root, nil, &thread) })
	}
	calls.Wait()
	// Treat a hidden or missing channel as one without rights.
	for _, err := range errs {
		switch {
		case code(err) == missingAccess, code(err) == unknownChannel:
			return rights{}, nil
		case err != nil:
			return rights{}, err
		}
	}
	now := d.config.Now()
	return rights{
		may: me.in(rules, d.config.GuildID, now), thread: at.Root != "", locked: thread.Metadata.Locked, timedOut: me.until.After(now),
		shared: rules.GuildID != "" && rules.GuildID != d.config.GuildID || rules.direct(),
	}, nil
}

// self is the bot as a member of the server.
type self struct {
	id    string
	may   permission // permissions of its roles, without overwrites of channels
	roles []string
	until time.Time // end of a timeout
}

// self looks up the bot and the roles of the server, in one round.
func (d *Discord) self(ctx context.Context, maxAge time.Duration) (self, error) {
	if me, known := d.ownself.get("", maxAge); known {
		return me, nil
	}
	asked := d.config.Now()
	who, err := d.whoami(ctx, forever)
	if err != nil {
		return self{}, err
	}
	// Look up the member and the roles at the same time.
	var m member
	var roles []role
	var errs [2]error
	var calls sync.WaitGroup
	calls.Go(func() {
		errs[0] = d.call(ctx, http.MethodGet, "/guilds/"+d.config.GuildID+"/members/"+who.ID, nil, &m)
	})
	calls.Go(func() { roles, errs[1] = d.roles(ctx) })
	calls.Wait()
	if err := cmp.Or(errs[0], errs[1]); err != nil {
		return self{}, err
	}
	me := selfOf(who.ID, d.config.GuildID, m, roles)
	d.ownself.put("", me, asked)
	return me, nil
}

func selfOf(id, guild string, m member, roles []role) self {
	me := self{id: id, roles: m.Roles, until: m.TimedOut}
	for _, r := range roles {
		if r.ID == guild || slices.Contains(m.Roles, r.ID) {
			me.may |= r.Permissions
		}
	}
	return me
}

// in returns the bot's permissions in a channel: the overwrite for everyone, then those of its roles together,
// then its own. https://docs.discord.com/developers/topics/permissions#permission-overwrites
func (me self) in(c channel, guild string, now time.Time) permission {
	if me.may.has(administrator) {
		return everything
	}
	// Collect the overwrites.
	var all, roles, own overwrite
	for _, o := range c.Overwrites {
		switch {
		case o.ID == guild:
			all = o
		case o.ID == me.id:
			own = o
		case slices.Contains(me.roles, o.ID):
			roles.Allow, roles.Deny = roles.Allow|o.Allow, roles.Deny|o.Deny
		}
	}
	// Apply them in Discord's order.
	may := me.may
	for _, o := range []overwrite{all, roles, own} {
		may = may&^o.Deny | o.Allow
	}
	if me.until.After(now) {
		may &= viewChannel | readHistory
	}
	return may
}

// role is a role of the server: https://docs.discord.com/developers/topics/permissions#role-object
type role struct {
	ID          string     `json:"id"`
	Permissions permission `json:"permissions,string"`
	Tags        struct {
		BotID string `json:"bot_id"`
	} `json:"tags"`
}

func (d *Discord) roles(ctx context.Context) (all []role, err error) {
	err = d.call(ctx, http.MethodGet, "/guilds/"+d.config.GuildID+"/roles", nil, &all)
	return all, err
}

// changed lists the events after which the bot's rights are looked up again, so that an admin's correction
// takes effect immediately.
var changed = []string{
	"GUILD_CREATE", "GUILD_ROLE_CREATE", "GUILD_ROLE_UPDATE", "GUILD_ROLE_DELETE", "GUILD_MEMBER_UPDATE", "CHANNEL_CREATE", "CHANNEL_UPDATE",
	"THREAD_UPDATE",
}

func (d *Discord) forgetRights() {
	d.rights.clear()
	d.ownself.clear()
	d.mute.clear()
}

// muteFor is the time for which Health reports a channel that refused a message, unless an event indicates a
// change.
const muteFor = 10 * time.Minute

// writable records, after a post in a channel, whether the channel accepts messages.
func (d *Discord) writable(channel string, err error) {
	last, _ := d.mute.get("", forever)
	switch {
	case forbidden(err):
		d.config.Log.Warn("discord: " + cannotWriteIn(channel).Message)
		d.mute.put("", channel, d.config.Now())
	case err == nil && last == channel:
		d.mute.clear()
	}
}
