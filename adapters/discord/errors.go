package discord

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/bwmarrin/discordgo"

	"purgebot/bot/chat"
	"purgebot/purge"
)

var errSilent = &purge.Error{Kind: purge.Unavailable, Message: "Discord does not answer. Try again."}

// Discord's error codes with a special treatment:
// https://docs.discord.com/developers/topics/opcodes-and-status-codes#json
const (
	unknownChannel      = 10003
	unknownMember       = 10007
	unknownMessage      = 10008
	unknownUser         = 10013
	unknownInteraction  = 10062
	missingAccess       = 50001
	otherAuthor         = 50005
	cannotDM            = 50007
	missingPermission   = 50013
	notForThisChannel   = 50024
	bodyTooLarge        = 40005
	fileTooLarge        = 50045
	archived            = 50083
	alreadyAcknowledged = 40060
	cannotReply         = 160002
	threadExists        = 160004
	threadLocked        = 160005
	tooManyThreads      = 160006
	tooManyNewsThreads  = 160007
)

type meaning struct {
	kind    purge.ErrorKind
	message string // %s is the instruction that lets the bot in
}

const (
	tokenGone = "Discord does not take DISCORD_TOKEN. Ask whoever runs purgebot to set the bot token of the developer portal's Bot page."
	notIn     = "purgebot does not see that channel. There choose %s, then try again."
	sayNoFile = "The file is missing: allow my role Attach Files here."
	sayNoList = "I cannot attach the list, and nobody can confirm what cannot be read: allow my role Attach Files here (Edit Channel → Permissions), cancel this, and ask again."
	// Discord has limits for files, which depend on a server's boosts.
	sayFileRefused = "The file is missing: Discord did not take it."
	sayListRefused = "The list could not be attached, and nobody can confirm what cannot be read: cancel this, and ask again for fewer at once."
	sayNoThreads   = "I may not use threads here, so results come to the channel itself. To change that allow my role Create Public Threads and Send Messages in Threads (Edit Channel → Permissions)."
	sayNoEmbeds    = "… This does not fit, so it has no buttons: allow my role Embed Links here, and ask again."
	cannotWrite    = "purgebot cannot write in Discord's channel %s. There choose Edit Channel → Permissions, and allow its role View Channel, Send Messages and Send Messages in Threads."
	mayNot         = "Discord does not let purgebot write there. In that channel allow its role View Channel, Send Messages, Embed Links, Attach Files and Send Messages in Threads, then try again."
)

var meanings = map[int]meaning{
	unknownChannel:      {purge.NotFound, "That channel is gone. Use another one."},
	unknownMember:       {purge.NotFound, "Discord knows no such person here."},
	unknownUser:         {purge.NotFound, "Discord knows no such person here."},
	unknownMessage:      {purge.NotFound, "That message is gone."},
	unknownInteraction:  {purge.Conflict, "Discord gave up waiting for the answer. Look with /purge status before you try again."},
	alreadyAcknowledged: {purge.Conflict, "Discord has an answer to this already."},
	missingAccess:       {purge.Denied, notIn},
	missingPermission:   {purge.Denied, mayNot},
	otherAuthor:         {purge.NotFound, "That message is not purgebot's."},
	cannotDM:            {purge.Denied, "Discord does not let purgebot write to that person. They can allow direct messages in the server's privacy settings."},
	notForThisChannel:   {purge.Denied, "purgebot cannot write in a channel of that kind. Use a text channel."},
	archived:            {purge.Denied, "That thread is archived. Use another one."},
	threadLocked:        {purge.Denied, "That thread is locked. Use another one."},
}

func cannotWriteIn(channel string) *purge.Error {
	return &purge.Error{Kind: purge.Denied, Message: fmt.Sprintf(cannotWrite, channel)}
}

// apiError is a refusal by Discord.
type apiError struct {
	status, code int
	said         string
	details      string // for a refused body: the fields and their problems
}

// Error implements error.
func (e apiError) Error() string {
	text := fmt.Sprintf("HTTP %d, code %d: %s", e.status, e.code, chat.Clip(chat.OneLine(e.said), 300))
	if e.details != "" {
		text += ": " + e.details
	}
	return text
}

const (
	maxDetails = 10  // maximum number of problems in one error
	maxDetail  = 200 // maximum length of one of them, in units
)

// detailsOf lists the problems of a refused body, as in "embeds.0.title: Must be 256 or fewer in length.
// (BASE_TYPE_MAX_LENGTH)": https://docs.discord.com/developers/reference#error-messages
func detailsOf(errors json.RawMessage) string {
	var all []string
	flatten(errors, "", func(detail string) { all = append(all, chat.Clip(chat.OneLine(detail), maxDetail)) })
	slices.Sort(all)
	if more := len(all) - maxDetails; more > 0 {
		all = append(all[:maxDetails], fmt.Sprintf("and %d more", more))
	}
	return strings.Join(all, "; ")
}

// flatten visits each problem together with its path.
func flatten(errors json.RawMessage, path string, visit func(string)) {
	var inner map[string]json.RawMessage
	if json.Unmarshal(errors, &inner) != nil {
		return
	}
	for key, below := range inner {
		var problems []struct{ Code, Message string }
		if key != "_errors" || json.Unmarshal(below, &problems) != nil {
			flatten(below, strings.TrimPrefix(path+"."+key, "."), visit)
			continue
		}
		for _, p := range problems {
			visit(fmt.Sprintf("%s: %s (%s)", cmp.Or(path, "the body"), p.Message, p.Code))
		}
	}
}

// translate converts an error of a call into a *purge.Error, by its code and never by its text. The path
// appears without ids and tokens.
func (d *Discord) translate(method, path string, err error) *purge.Error {
	var known *purge.Error
	if errors.As(err, &known) {
		return known
	}
	err = bare(err)
	e := d.judge(err)
	e.Err = fmt.Errorf("%s %s: %s", method, template(path), d.redact(err.Error()))
	if refusal := (apiError{}); errors.As(err, &refusal) {
		refusal.said, refusal.details = d.redact(refusal.said), d.redact(refusal.details)
		e.Err = fmt.Errorf("%s %s: %w", method, template(path), refusal)
	}
	return e
}

// bare removes addresses from an error, because those of interactions hold their token.
func bare(err error) error {
	var transport *url.Error
	var refusal *discordgo.RESTError
	switch {
	case errors.As(err, &transport):
		return transport.Err
	case errors.As(err, &refusal):
		said := struct {
			Code    int             `json:"code"`
			Message string          `json:"message"`
			Errors  json.RawMessage `json:"errors"`
		}{}
		_ = json.Unmarshal(refusal.ResponseBody, &said)
		return apiError{refusal.Response.StatusCode, said.Code, said.Message, detailsOf(said.Errors)}
	case errors.Is(err, discordgo.ErrUnauthorized):
		return apiError{status: http.StatusUnauthorized}
	}
	return err
}

func (d *Discord) judge(err error) *purge.Error {
	var refusal apiError
	var fast tooFast
	switch {
	// Handle errors without a code.
	case errors.As(err, &fast):
		return &purge.Error{Kind: purge.Exhausted, Message: "Discord asks purgebot to slow down. Try again in a moment.", RetryAfter: max(fast.after, 100*time.Millisecond)}
	case !errors.As(err, &refusal) || refusal.status >= 500:
		return &purge.Error{Kind: errSilent.Kind, Message: errSilent.Message}
	case refusal.status == http.StatusUnauthorized && refusal.code < 10000:
		return &purge.Error{Kind: purge.Internal, Message: tokenGone}
	}
	// Translate the code.
	m, known := meanings[refusal.code]
	switch {
	case !known && refusal.code == 0:
		return &purge.Error{Kind: purge.Internal, Message: fmt.Sprintf("Discord's API answers HTTP %d. Ask whoever runs purgebot to check DISCORD_API_URL.", refusal.status)}
	case !known:
		return &purge.Error{Kind: purge.Internal, Message: fmt.Sprintf("Discord refused purgebot's call (code %d). Tell whoever runs purgebot.", refusal.code)}
	case m.message == notIn:
		m.message = fmt.Sprintf(notIn, rights{}.invite())
	}
	return &purge.Error{Kind: m.kind, Message: m.message}
}

// missing reports whether an address does not exist, by a 404 without a code.
func missing(err error) bool {
	var refusal apiError
	return errors.As(err, &refusal) && refusal.status == http.StatusNotFound && refusal.code == 0
}

// status returns the HTTP status of a refusal, or 0.
func status(err error) int {
	var refusal apiError
	errors.As(err, &refusal)
	return refusal.status
}

// code returns Discord's error code, or 0.
func code(err error) int {
	var refusal apiError
	errors.As(err, &refusal)
	return refusal.code
}

// template returns a path without ids, for logs: "/channels/…/messages".
func template(path string) string {
	parts := strings.Split(path, "/")
	for i, part := range parts {
		if strings.Trim(part, "abcdefghijklmnopqrstuvwxyz-@") != "" || i == 3 && (parts[1] == "webhooks" || parts[1] == "interactions") {
			parts[i] = "…"
		}
	}
	return strings.Join(parts, "/")
}

// redact removes the token from a text, and bounds its length.
func (d *Discord) redact(text string) string {
	return chat.Clip(chat.OneLine(strings.ReplaceAll(text, d.config.Token, "…")), 2000)
}

// logUntaken logs the reason why an action of a person was not recorded. Such an error ends here: only the
// person is told.
func (d *Discord) logUntaken(what, id string, err error) {
	level := slog.LevelWarn
	if purge.AsError(err).Kind == purge.Internal {
		level = slog.LevelError
	}
	d.config.Log.Log(context.Background(), level, "discord: "+what+" not taken", "id", id, "error", d.redact(err.Error()))
}

// notTaken returns the sentence for the person whose command was not recorded.
func notTaken(err error) string {
	e := purge.AsError(err)
	if e.Kind == purge.Unknown || strings.HasPrefix(e.Message, "Not taken") {
		return e.Message
	}
	message := "Not taken: " + e.Message
	passes := e.Kind == purge.Unavailable || e.Kind == purge.Exhausted // otherwise another attempt would fail alike
	if passes && !strings.Contains(strings.ToLower(message), "try again") {
		message += " Try again."
	}
	return message
}
