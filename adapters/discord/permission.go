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

// permission is a set of them: https://docs.discord.com/developers/topics/permissions#permissions-bitwise-permission-flags
type permission uint64

const (
	administrator permission = 1 << 3
	viewChannel   permission = 1 << 10
	sendMessages  permission = 1 << 11
	embedLinks    permission = 1 << 14 // without it, everything is shown as plain content
	attachFiles   permission = 1 << 15
	readHistory   permission = 1 << 16
	manageThreads permission = 1 << 34
	sendInThreads permission = 1 << 38

	everything = ^permission(0)
)

// has reports whether all of q is in p.
func (p permission) has(q permission) bool { return p&q == q }

// rights is what the bot may do in one channel.
type rights struct {
	may            permission
	thread, locked bool
	timedOut       bool // in the whole server
	shared         bool // not the server's own
}

// What lets the bot into a channel; Discord has no command for it.
const (
	inviteTo      = "Edit Channel → Permissions → Add members or roles → purgebot, and allow "
	inviteUnlock  = "unlock this thread"
	inviteTimeout = "end purgebot's timeout in this server"
)

// channel says it as the bot wants to know it.
func (r rights) channel() chat.Channel {
	return chat.Channel{Shared: r.shared, Joined: r.invite() == "", Invite: r.invite()}
}

// invite says what to do so that the bot can write; "" is nothing.
func (r rights) invite() string {
	write, named := sendMessages, "Send Messages"
	if r.thread { // which does not inherit Send Messages
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

// Channel says what a channel is to the bot. Nobody from outside the guild reads one of it.
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

// rightsIn is what the last interaction said, or what is computed, in one round of calls.
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

// askRights computes; a channel that is not seen, or not there, gives none.
func (d *Discord) askRights(ctx context.Context, at chat.Thread, maxAge time.Duration) (rights, error) {
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
	may   permission // by its roles, channels aside
	roles []string
	until time.Time // timed out
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

// in computes what the bot may do in a channel: the overwrite of everybody, then those of its roles together, then its own.
// https://docs.discord.com/developers/topics/permissions#permission-overwrites
func (me self) in(c channel, guild string, now time.Time) permission {
	if me.may.has(administrator) {
		return everything
	}
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
	may := me.may
	for _, o := range []overwrite{all, roles, own} {
		may = may&^o.Deny | o.Allow
	}
	if me.until.After(now) {
		may &= viewChannel | readHistory
	}
	return may
}

// role is one of the server's: https://docs.discord.com/developers/topics/permissions#role-object
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

// changed are the events after which what the bot may do is asked anew: an admin who mends it need not wait.
var changed = []string{
	"GUILD_CREATE", "GUILD_ROLE_CREATE", "GUILD_ROLE_UPDATE", "GUILD_ROLE_DELETE", "GUILD_MEMBER_UPDATE", "CHANNEL_CREATE", "CHANNEL_UPDATE",
	"THREAD_UPDATE",
}

func (d *Discord) forgetRights() {
	d.rights.clear()
	d.ownself.clear()
	d.mute.clear()
}

// muteFor is how long Health tells of a channel that could not be written to, unless an event says that it may have changed.
const muteFor = 10 * time.Minute

// writable notes, after something was to be posted in a channel, whether that may be done.
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
