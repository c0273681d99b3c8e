package discord

import (
	"context"
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"

	"purgebot/bot/chat"
	"purgebot/purge"
)

const (
	commandName   = "purge"
	onMessageName = "Purge links in this message"

	commandTyped     = 1
	commandOnMessage = 3
)

// permissions is the set that the bot's role needs: view, send, embed, attach, read history, make threads,
// write in them.
const permissions = 309237763072

// hash returns equal hashes for equal commands, in any order.
func hash(all []definition) [sha256.Size]byte {
	all = slices.SortedFunc(slices.Values(all), func(a, b definition) int { return strings.Compare(a.Name, b.Name) })
	text, _ := json.Marshal(all)
	return sha256.Sum256(text)
}

// register writes the commands of the guild if Discord's differ, because creation is limited to 200 a day.
func (d *Discord) register(ctx context.Context) error {
	path := "/applications/" + d.config.ApplicationID + "/guilds/" + d.config.GuildID + "/commands"
	var there []definition
	if err := d.call(ctx, http.MethodGet, path, nil, &there); err != nil && !missing(err) {
		return err
	}
	if hash(there) != hash(definitions(d.config.Verbs)) {
		if err := d.call(ctx, http.MethodPut, path, definitions(d.config.Verbs), nil); err != nil {
			return err
		}
	}
	return d.unregisterGlobal(ctx)
}

// unregisterGlobal deletes global commands of the application with the same names, because people would see
// both.
func (d *Discord) unregisterGlobal(ctx context.Context) error {
	// List the global commands.
	path := "/applications/" + d.config.ApplicationID + "/commands"
	var there []struct {
		definition
		ID string `json:"id"`
	}
	if err := d.call(ctx, http.MethodGet, path, nil, &there); err != nil && !missing(err) {
		return err
	}
	// Delete those with the name of a command of the guild.
	for _, c := range there {
		ours := slices.ContainsFunc(definitions(d.config.Verbs), func(o definition) bool { return o.Name == c.Name && o.Type == c.Type })
		if !ours {
			continue
		}
		d.config.Log.Warn("discord: deleting a global command, because the server has a command of the same name", "command", c.Name)
		if err := d.call(ctx, http.MethodDelete, path+"/"+c.ID, nil, nil); err != nil {
			return err
		}
	}
	return nil
}

// mismatched returns an error that names the variable of another application than the token's.
// https://docs.discord.com/developers/resources/application#get-current-application
func (d *Discord) mismatched(ctx context.Context) error {
	var app struct {
		ID  string `json:"id"`
		Key string `json:"verify_key"`
	}
	if err := d.call(ctx, http.MethodGet, "/applications/@me", nil, &app); err != nil && !missing(err) {
		return err
	}
	switch {
	case app.ID != "" && app.ID != d.config.ApplicationID:
		return misconfigured(fmt.Sprintf("DISCORD_APPLICATION_ID is %s, but DISCORD_TOKEN is of the application %s: set DISCORD_APPLICATION_ID to that, "+
			"or take the token of the other one.", d.config.ApplicationID, chat.OneLine(app.ID)))
	case d.key != nil && app.Key != "" && !strings.EqualFold(app.Key, d.config.PublicKey):
		return misconfigured(fmt.Sprintf("DISCORD_PUBLIC_KEY is not that of the application of DISCORD_TOKEN: set it to %s.", chat.OneLine(app.Key)))
	}
	return nil
}

// prepare checks that the settings belong together, and registers the commands.
func (d *Discord) prepare(ctx context.Context) error {
	if err := d.mismatched(ctx); err != nil {
		return err
	}
	err := d.register(ctx)
	if kind := purge.AsError(err).Kind; err == nil || kind != purge.Denied && kind != purge.NotFound {
		return err
	}
	return &purge.Error{Kind: purge.Internal, Err: err, Message: fmt.Sprintf("Discord does not let purgebot register its commands in the server %s. Open "+
		"https://discord.com/oauth2/authorize?client_id=%s&scope=bot+applications.commands&permissions=%d as somebody who manages that server.",
		d.config.GuildID, d.config.ApplicationID, permissions)}
}

// keepRegistered registers the commands, and repeats failures, because a missing permission may be granted at
// any time.
func (d *Discord) keepRegistered(ctx context.Context) {
	for wait := time.Second; ; wait = min(2*wait, time.Minute) {
		err := d.prepare(ctx)
		d.setup.set(err)
		if err == nil {
			return
		}
		d.config.Log.Warn("discord: commands not registered", "error", err)
		if sleep(ctx, max(wait, purge.AsError(err).RetryAfter)) != nil {
			return
		}
	}
}
