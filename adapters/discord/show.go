package discord

import (
	"context"
	"net/http"
	"slices"
	"time"

	"purgebot/acl"
	"purgebot/bot/chat"
	"purgebot/purge"
)

// Show edits or posts a message. A message that is gone or no longer editable is posted again. A Root without a
// thread becomes a thread of that message; if none can be made, the message goes to the channel.
func (d *Discord) Show(ctx context.Context, at chat.Thread, ref chat.MessageRef, key string, c chat.Card) (chat.MessageRef, error) {
	if d.ours(at.Subject()) == "" || at.Root != "" && !snowflake(at.Root) {
		return chat.MessageRef{}, &purge.Error{Kind: purge.Denied, Message: otherServer}
	}
	// Edit the message, if there is one.
	m, files := d.message(c)
	if snowflake(ref.Channel) && snowflake(ref.ID) {
		err := d.edit(ctx, ref, m, files)
		if err == nil {
			return ref, nil
		}
		if !lost(err) {
			return chat.MessageRef{}, err
		}
	}
	// Correct a message that an earlier attempt has posted.
	m.Nonce, m.EnforceNonce = nonce(key, at.Channel, at.Root, ref.ID), true
	if posted, found := d.posted.get(m.Nonce, forever); found && posted != ref {
		return d.Show(ctx, at, posted, key, c)
	}
	// Post a new message.
	var err error
	if at.Root == "" {
		ref, err = d.post(ctx, at.Channel, m, files)
	} else {
		ref, err = d.postUnder(ctx, at, m, files, c.Title)
	}
	d.writable(at.Channel, err)
	return ref, err
}

// lost reports whether a message no longer accepts changes.
func lost(err error) bool {
	return missing(err) || slices.Contains([]int{unknownMessage, unknownChannel, otherAuthor, archived, threadLocked}, code(err))
}

// post posts a message as far as the channel permits. An earlier message under the same nonce that no longer
// accepts changes is left there.
func (d *Discord) post(ctx context.Context, channel string, m outgoing, files []*chat.File) (chat.MessageRef, error) {
	for range 3 {
		ref, left, err := d.postOnce(ctx, channel, m, files)
		if left == "" {
			return ref, err
		}
		m.Nonce = nonce(m.Nonce, left)
	}
	return chat.MessageRef{}, &purge.Error{Kind: errSilent.Kind, Message: errSilent.Message}
}

// fileRefused reports whether a message was refused only because of its file.
func fileRefused(err error) bool {
	return slices.Contains([]int{bodyTooLarge, fileTooLarge}, code(err)) || status(err) == http.StatusRequestEntityTooLarge
}

// postOnce posts with at most one repetition: after a refusal it looks up the permissions, or drops the file.
// The result left is the id of an existing message that cannot be changed.
func (d *Discord) postOnce(ctx context.Context, channel string, m outgoing, files []*chat.File) (ref chat.MessageRef, left string, err error) {
	// Post as far as the permissions are known.
	may := everything
	if r, known := d.rights.get(channel, rightsFor); known {
		may = r.may
	}
	s, err := d.postWithin(ctx, channel, may, m, files)
	if code(err) == missingPermission {
		if less := d.lessThan(ctx, channel, may, m, files); less != may {
			may = less
			s, err = d.postWithin(ctx, channel, may, m, files)
		}
	}
	// Repeat without a refused file.
	if fileRefused(err) && len(files) > 0 {
		m, files = m.withoutFile(sayFileRefused, sayListRefused), nil
		s, err = d.postWithin(ctx, channel, may, m, files)
	}
	// Return the message, corrected if Discord knew its nonce.
	if err == nil && !snowflake(s.ID) {
		err = &purge.Error{Kind: purge.Unknown, Message: errSilent.Message}
	}
	if err != nil {
		return chat.MessageRef{}, "", err
	}
	ref = s.ref(channel)
	within, kept := m.within(may, files)
	if !m.EnforceNonce || s.says(within, kept) {
		return ref, "", nil
	}
	return d.correct(ctx, ref, m, files)
}

// correct edits a posted message to the intended text. For a known nonce, for example after a lost answer,
// Discord returns the existing message unchanged:
// https://docs.discord.com/developers/resources/message#create-message
func (d *Discord) correct(ctx context.Context, ref chat.MessageRef, m outgoing, files []*chat.File) (_ chat.MessageRef, left string, err error) {
	posted := m.Nonce
	m.Nonce, m.EnforceNonce, m.Reference = "", false, nil
	switch err := d.edit(ctx, ref, m, files); {
	case err == nil:
		return ref, "", nil
	case closed(err):
		return ref, ref.ID, nil
	default:
		d.posted.put(posted, ref, d.config.Now())
		return chat.MessageRef{}, "", err
	}
}

// rightsFor is the age up to which known rights determine the parts of a message.
const rightsFor = time.Hour

func (d *Discord) postWithin(ctx context.Context, channel string, may permission, m outgoing, files []*chat.File) (s sent, err error) {
	m, files = m.within(may, files)
	err = d.call(ctx, http.MethodPost, "/channels/"+channel+"/messages", attached(m, files), &s, files...)
	return s, err
}

// lessThan looks up the permissions in a channel after a refusal. It returns may if a smaller message would not
// help.
func (d *Discord) lessThan(ctx context.Context, channel string, may permission, m outgoing, files []*chat.File) permission {
	at, err := d.place(ctx, channel)
	if err != nil {
		return may
	}
	r, err := d.rightsIn(ctx, at, 0)
	lost := may &^ r.may
	if err != nil || !(lost.has(embedLinks) && len(m.Embeds) > 0 || lost.has(attachFiles) && len(files) > 0) {
		return may
	}
	d.config.Log.Warn("discord: card shown without its embed or file; allow purgebot's role Embed Links and Attach Files in the channel", "channel", channel)
	return r.may
}

// edited always has its flags, so that an embed reappears after a time without the permission.
type edited struct {
	outgoing
	Flags int `json:"flags"`
}

// edit replaces a message. It reopens an archived thread first, and keeps existing attachments.
func (d *Discord) edit(ctx context.Context, ref chat.MessageRef, m outgoing, files []*chat.File) error {
	if r, known := d.rights.get(ref.Channel, rightsFor); known {
		m, files = m.within(r.may, files)
	}
	if len(files) == 0 {
		m.Attachments = &[]upload{}
	}
	s, err := d.write(ctx, ref, m, nil)
	if code(err) == archived && d.reopen(ctx, ref.Channel) == nil {
		s, err = d.write(ctx, ref, m, nil)
	}
	if code(err) == missingPermission && len(m.Embeds) > 0 {
		m = m.unembedded()
		s, err = d.write(ctx, ref, m, nil)
	}
	if err != nil || len(files) == 0 || slices.ContainsFunc(s.Attachments, func(a attachment) bool { return a.Filename == files[0].Name }) {
		return err
	}
	return d.attach(ctx, ref, m, files)
}

// write writes a message, with files or without.
func (d *Discord) write(ctx context.Context, ref chat.MessageRef, m outgoing, files []*chat.File) (s sent, err error) {
	err = d.call(ctx, http.MethodPatch, "/channels/"+ref.Channel+"/messages/"+ref.ID, edited{attached(m, files), m.Flags}, &s, files...)
	return s, err
}

// attach adds a file to a message. After a failure the message says so, and offers no confirmation of hidden
// targets; a transient failure is returned for repetition if a person waits for the file.
func (d *Discord) attach(ctx context.Context, ref chat.MessageRef, m outgoing, files []*chat.File) error {
	_, err := d.write(ctx, ref, m, files)
	if err == nil {
		return nil
	}
	d.config.Log.Warn("discord: file not attached", "error", err)
	without := m.withoutFile(sayFileRefused, sayListRefused)
	if forbidden(err) {
		without = m.withoutFile(sayNoFile, sayNoList)
	}
	without.Attachments = &[]upload{}
	asks := len(without.buttons()) < len(m.buttons())
	if _, again := d.write(ctx, ref, without, nil); again != nil {
		return again
	}
	if asks && purge.AsError(err).Kind.Transient() {
		return err
	}
	return nil
}

// reopen takes a thread out of the archive; an edit does not:
// https://docs.discord.com/developers/topics/threads#active--archived-threads
func (d *Discord) reopen(ctx context.Context, thread string) error {
	return d.call(ctx, http.MethodPatch, "/channels/"+thread, map[string]bool{"archived": false}, nil)
}

// postUnder posts in the thread of a message, whose id is the message's, and makes the thread if needed.
func (d *Discord) postUnder(ctx context.Context, at chat.Thread, m outgoing, files []*chat.File, name string) (chat.MessageRef, error) {
	ref, err := d.inThread(ctx, at, m, files, name)
	if !closed(err) {
		return ref, err
	}
	d.config.Log.Warn("discord: thread not usable, so the message goes to the channel", "channel", at.Channel, "error", err)
	ref, inChannel := d.post(ctx, at.Channel, m, files)
	if inChannel == nil && forbidden(err) {
		d.noThreads(ctx, at.Channel)
	}
	return ref, inChannel
}

// inThread posts in a thread. An unknown thread is made first, because a message has none until then.
func (d *Discord) inThread(ctx context.Context, at chat.Thread, m outgoing, files []*chat.File, name string) (chat.MessageRef, error) {
	if _, met := d.parents.get(at.Root, forever); met {
		ref, err := d.post(ctx, at.Root, m, files)
		if code(err) != unknownChannel && !missing(err) {
			return ref, err
		}
	}
	if err := d.mayUseThreads(ctx, at); err != nil {
		return chat.MessageRef{}, err
	}
	opened := d.openThread(ctx, at, name)
	if opened != nil && !closed(opened) {
		return chat.MessageRef{}, opened
	}
	ref, err := d.post(ctx, at.Root, m, files) // the thread may belong to no message
	if opened != nil && closed(err) {
		err = opened
	}
	return ref, err
}

// mayUseThreads returns an error if a new thread could not be written to. If the rights are unknown, the
// attempt is made.
func (d *Discord) mayUseThreads(ctx context.Context, at chat.Thread) error {
	at.Root = ""
	r, err := d.rightsIn(ctx, at, rightsFor)
	switch {
	case err != nil && purge.AsError(err).Kind.Transient():
		return err
	case err == nil && !r.may.has(sendInThreads):
		return &purge.Error{Kind: purge.Denied, Message: mayNot, Err: apiError{status: http.StatusForbidden, code: missingPermission, said: "not asked: no Send Messages in Threads"}}
	}
	return nil
}

const noThreadsEvery = 24 * time.Hour

// noThreads explains in a channel, at most once a day, the absence of threads.
func (d *Discord) noThreads(ctx context.Context, channel string) {
	if !first(d.hinted, "no threads in "+channel, noThreadsEvery) {
		return
	}
	m := outgoing{Content: sayNoThreads, Flags: suppressEmbeds, Mentions: nobody, Nonce: nonce("no threads", channel), EnforceNonce: true}
	if _, err := d.post(ctx, channel, m, nil); err != nil {
		d.config.Log.Warn("discord: notice about missing threads not posted", "channel", channel, "error", err)
	}
}

// forbidden reports whether a permission is missing.
func forbidden(err error) bool { return code(err) == missingAccess || code(err) == missingPermission }

// closed reports whether a thread is missing or inaccessible; its channel may still be accessible.
func closed(err error) bool {
	return lost(err) || forbidden(err) || slices.Contains([]int{notForThisChannel, tooManyThreads, tooManyNewsThreads}, code(err))
}

const archiveAfter = 1440 // minutes

// openThread makes a thread from a message. An existing thread is no failure.
func (d *Discord) openThread(ctx context.Context, at chat.Thread, name string) error {
	if name = chat.Clip(chat.OneLine(name), 100); name == "" {
		name = "purge"
	}
	path := "/channels/" + at.Channel + "/messages/" + at.Root + "/threads"
	err := d.call(ctx, http.MethodPost, path, map[string]any{"name": name, "auto_archive_duration": archiveAfter}, nil)
	if err != nil && code(err) != threadExists {
		return err
	}
	d.parents.put(at.Root, at.Channel, d.config.Now())
	return nil
}

// Tell shows a card to one person: below the interaction that it belongs to, while Discord allows that,
// otherwise as a direct message. Another interaction could be in another channel.
func (d *Discord) Tell(ctx context.Context, who acl.Subject, _ chat.Thread, after chat.EventKey, c chat.Card) error {
	id := d.ours(who)
	if id == "" {
		return &purge.Error{Kind: purge.NotFound, Message: meanings[unknownUser].message}
	}
	if t, alive := d.tokens.get(after.ID, tokenLife); alive && after == d.eventKey(after.ID) && t.user == id {
		m, files := d.message(c)
		m.Flags |= ephemeral
		err := d.call(ctx, http.MethodPost, "/webhooks/"+d.config.ApplicationID+"/"+t.token, attached(m, files), nil, files...)
		if err == nil {
			return nil
		}
	}
	return d.direct(ctx, id, c)
}

// direct sends a person a direct message without buttons, because the buttons of a purge belong to its own
// message.
func (d *Discord) direct(ctx context.Context, id string, c chat.Card) error {
	c.Buttons = nil
	return d.offerDirectly(ctx, id, c)
}

// offerDirectly sends a direct message with buttons, which work there.
func (d *Discord) offerDirectly(ctx context.Context, id string, c chat.Card) error {
	var dm channel
	if err := d.call(ctx, http.MethodPost, "/users/@me/channels", map[string]string{"recipient_id": id}, &dm); err != nil {
		return err
	}
	m, files := d.message(c)
	_, err := d.post(ctx, dm.ID, m, files)
	return err
}
