package discord

import (
	"encoding/json"
	"strconv"
	"strings"
	"time"

	"purgebot/acl"
)

// This file reads Discord's messages, limited to the fields in use: discordgo drops a whole message or
// interaction for one unknown component.
// https://docs.discord.com/developers/interactions/receiving-and-responding#interaction-object

// The types of interactions.
const (
	interactionPing         = 1
	interactionCommand      = 2
	interactionComponent    = 3
	interactionAutocomplete = 4
	interactionModal        = 5
)

type interaction struct {
	ID             string            `json:"id"`
	ApplicationID  string            `json:"application_id"`
	Type           int               `json:"type"`
	Token          string            `json:"token"`
	GuildID        string            `json:"guild_id"`
	ChannelID      string            `json:"channel_id"`
	Channel        channel           `json:"channel"`
	Context        *int              `json:"context"`
	Owners         map[string]string `json:"authorizing_integration_owners"`
	Member         member            `json:"member"`
	User           user              `json:"user"`
	AppPermissions string            `json:"app_permissions"`
	Data           data              `json:"data"`
	Message        *message          `json:"message"`
}

type data struct {
	Name       string      `json:"name"`
	Type       int         `json:"type"`
	Options    []option    `json:"options"`
	TargetID   string      `json:"target_id"`
	CustomID   string      `json:"custom_id"`
	Components []component `json:"components"`
	Resolved   struct {
		Messages    map[string]message    `json:"messages"`
		Attachments map[string]attachment `json:"attachments"`
		Roles       map[string]struct{}   `json:"roles"`
	} `json:"resolved"`
}

type option struct {
	Name    string          `json:"name"`
	Type    int             `json:"type"`
	Value   json.RawMessage `json:"value"`
	Focused bool            `json:"focused"`
	Options []option        `json:"options"`
}

type user struct {
	ID         string `json:"id"`
	Username   string `json:"username"`
	GlobalName string `json:"global_name"`
	Bot        bool   `json:"bot"`
	System     bool   `json:"system"`
}

type member struct {
	User    user     `json:"user"`
	Nick    string   `json:"nick"`
	Roles   []string `json:"roles"`
	Pending bool     `json:"pending"`
	Flags   int      `json:"flags"`
	// TimedOut is the end of a timeout, during which the member may only read.
	TimedOut time.Time `json:"communication_disabled_until"`
}

type channel struct {
	ID         string      `json:"id"`
	Type       int         `json:"type"`
	GuildID    string      `json:"guild_id"`
	ParentID   string      `json:"parent_id"`
	Overwrites []overwrite `json:"permission_overwrites"`
	Metadata   struct {
		Locked bool `json:"locked"`
	} `json:"thread_metadata"`
}

// overwrite is the permissions that a channel grants and denies to a role, everyone or a member:
// https://docs.discord.com/developers/resources/channel#overwrite-object
type overwrite struct {
	ID    string     `json:"id"`
	Allow permission `json:"allow,string"`
	Deny  permission `json:"deny,string"`
}

// thread reports whether the channel is a thread:
// https://docs.discord.com/developers/resources/channel#channel-object-channel-types
func (c channel) thread() bool { return c.Type >= 10 && c.Type <= 12 }

// direct reports whether the channel is a direct message, between two or several people.
func (c channel) direct() bool { return c.Type == 1 || c.Type == 3 }

type message struct {
	ID           string       `json:"id"`
	ChannelID    string       `json:"channel_id"`
	GuildID      string       `json:"guild_id"`
	Type         int          `json:"type"`
	Flags        int          `json:"flags"`
	Author       user         `json:"author"`
	Member       *member      `json:"member"` // sometimes absent
	WebhookID    string       `json:"webhook_id"`
	Content      string       `json:"content"`
	MentionRoles []string     `json:"mention_roles"`
	Embeds       []sentEmbed  `json:"embeds"`
	Attachments  []attachment `json:"attachments"`
	Components   []component  `json:"components"`
	Snapshots    []struct {
		Message message `json:"message"`
	} `json:"message_snapshots"`
}

type sentEmbed struct {
	URL         string `json:"url"`
	Title       string `json:"title"`
	Description string `json:"description"`
	Color       int    `json:"color"`
	Footer      footer `json:"footer"`
	Fields      []struct {
		Name  string `json:"name"`
		Value string `json:"value"`
	} `json:"fields"`
}

type attachment struct {
	ID          string `json:"id"`
	Filename    string `json:"filename"`
	ContentType string `json:"content_type"`
	Size        int64  `json:"size"`
	URL         string `json:"url"`
}

// component is a component of any type: only its text, link, style, value and content are read. Fields of
// another shape are ignored.
type component struct {
	Type     int      `json:"type"`
	CustomID string   `json:"custom_id"`
	Value    string   `json:"value"`
	Values   []string `json:"values"`
	Content  string   `json:"content"`
	URL      string   `json:"url"`
	Label    string   `json:"label"`
	Style    int      `json:"style"`
	inner    []component
}

// UnmarshalJSON reads each field separately, so that an unknown shape does not affect the others.
func (c *component) UnmarshalJSON(b []byte) error {
	var parts map[string]json.RawMessage
	if json.Unmarshal(b, &parts) != nil {
		return nil
	}
	for name, into := range map[string]any{"type": &c.Type, "custom_id": &c.CustomID, "value": &c.Value, "values": &c.Values,
		"content": &c.Content, "url": &c.URL, "label": &c.Label, "style": &c.Style, "components": &c.inner} {
		if part, said := parts[name]; said {
			_ = json.Unmarshal(part, into)
		}
	}
	for _, name := range []string{"component", "accessory"} {
		var one component
		if part, said := parts[name]; said && json.Unmarshal(part, &one) == nil {
			c.inner = append(c.inner, one)
		}
	}
	return nil
}

// walk visits components and those inside them.
func walk(all []component, visit func(component)) {
	for _, c := range all {
		visit(c)
		walk(c.inner, visit)
	}
}

// snowflake reports whether s is an id: https://docs.discord.com/developers/reference#snowflakes
func snowflake(s string) bool {
	_, err := strconv.ParseUint(s, 10, 64)
	return err == nil && s[0] != '+' && len(s) <= 20
}

func (d *Discord) subject(id string) acl.Subject {
	return acl.Subject(platform + ":" + d.config.GuildID + "/" + id)
}

func (d *Discord) role(id string) acl.Subject { return d.subject("role/" + id) }

// oursRole returns the id of a role of this guild, or "". The role with the guild's id is everyone's and does
// not count.
func (d *Discord) oursRole(s acl.Subject) string {
	id, found := strings.CutPrefix(string(s), string(d.role("")))
	if !found || !snowflake(id) || id == d.config.GuildID {
		return ""
	}
	return id
}

// ours returns the id of a person or channel of this guild, or "".
func (d *Discord) ours(s acl.Subject) string {
	id, found := strings.CutPrefix(string(s), platform+":"+d.config.GuildID+"/")
	if !found || !snowflake(id) {
		return ""
	}
	return id
}
