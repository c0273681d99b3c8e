package discord

import (
	"cmp"
	"context"
	"net/http"
	"slices"
	"strconv"
	"time"

	"purgebot/acl"
	"purgebot/bot/chat"
	"purgebot/purge"
)

const guest = 1 << 4 // a member with access to one voice channel only: https://docs.discord.com/developers/resources/guild#guild-member-object-guild-member-flags

// Person looks up a person in the guild. The author data of an event count as a look-up.
func (d *Discord) Person(ctx context.Context, who acl.Subject, maxAge time.Duration) (chat.Person, error) {
	id := d.ours(who)
	if id == "" {
		return chat.Person{Subject: who, Standing: chat.Outsider}, nil
	}
	p, known := d.people.get(id, maxAge)
	if !known {
		var err error
		if p, err = d.askPerson(ctx, id); err != nil {
			return chat.Person{}, err
		}
	}
	p.Groups = d.named(p.Groups)
	return p, nil
}

func (d *Discord) askPerson(ctx context.Context, id string) (chat.Person, error) {
	asked := d.config.Now()
	var m member
	err := d.call(ctx, http.MethodGet, "/guilds/"+d.config.GuildID+"/members/"+id, nil, &m)
	p := chat.Person{Subject: d.subject(id)}
	switch {
	case code(err) == unknownMember:
		p.Standing = chat.Outsider
	case code(err) == unknownUser:
		p.Standing = chat.Deactivated
	case err != nil:
		return chat.Person{}, err
	case m.User.ID != id:
		return chat.Person{}, &purge.Error{Kind: errSilent.Kind, Message: errSilent.Message}
	default:
		p = d.person(m)
	}
	d.people.put(id, p, asked)
	return p, nil
}

// person reads a member with its user.
func (d *Discord) person(m member) chat.Person {
	p := chat.Person{Subject: d.subject(m.User.ID), Name: cmp.Or(m.Nick, m.User.GlobalName, m.User.Username), Standing: chat.Member}
	switch {
	case m.User.Bot, m.User.System:
		p.Standing = chat.Bot
	case m.Pending, m.Flags&guest != 0:
		p.Standing = chat.Guest
	}
	for _, id := range m.Roles {
		if snowflake(id) && id != d.config.GuildID {
			p.Groups = append(p.Groups, d.role(id))
		}
	}
	slices.Sort(p.Groups)
	return p
}

// named returns the roles that the policy names.
func (d *Discord) named(roles []acl.Subject) []acl.Subject {
	if d.config.Groups == nil || len(roles) == 0 {
		return slices.Clone(roles)
	}
	var left []acl.Subject
	policy := d.config.Groups()
	for _, r := range roles {
		if slices.Contains(policy, r) {
			left = append(left, r)
		}
	}
	return left
}

// learn records the person and channel of an event, which come from Discord and are fresh.
func (d *Discord) learn(in *interaction) {
	now := d.config.Now()
	d.people.put(in.Member.User.ID, d.person(in.Member), now)
	if in.Channel.ID == in.ChannelID && (in.Channel.ParentID != "" || !in.Channel.thread()) {
		d.parents.put(in.ChannelID, parentOf(in.Channel), now)
	}
	may, err := strconv.ParseUint(in.AppPermissions, 10, 64)
	if err != nil {
		return
	}
	d.rights.put(in.ChannelID, rights{may: permission(may), thread: in.Channel.thread(), locked: in.Channel.Metadata.Locked}, now)
}

func parentOf(c channel) string {
	if c.thread() {
		return c.ParentID
	}
	return ""
}

// place returns the bot's view of a channel: a thread belongs to its parent channel.
func (d *Discord) place(ctx context.Context, id string) (chat.Thread, error) {
	at := chat.Thread{Platform: platform, Workspace: d.config.GuildID, Channel: id}
	parent, known := d.parents.get(id, forever)
	if !known {
		var c channel
		if err := d.call(ctx, http.MethodGet, "/channels/"+id, nil, &c); err != nil {
			return chat.Thread{}, err
		}
		parent = parentOf(c)
		d.parents.put(id, parent, d.config.Now())
	}
	if parent != "" {
		at.Channel, at.Root = parent, id
	}
	return at, nil
}
