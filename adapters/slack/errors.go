package slack

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"regexp"
	"strings"
	"time"

	"github.com/slack-go/slack"

	"purgebot/bot/chat"
	"purgebot/purge"
)

var errSilent = &purge.Error{Kind: purge.Unavailable, Message: "Slack does not answer. Try again."}

// pause is the wait if Slack throttles without a duration.
const pause = 30 * time.Second

type meaning struct {
	kind    purge.ErrorKind
	message string // %s is the command that invites the bot
}

const (
	tokenGone    = "Slack no longer takes this bot's token. Ask whoever runs purgebot to set a valid SLACK_BOT_TOKEN."
	wrongToken   = "Slack does not take this kind of token. Ask whoever runs purgebot to set SLACK_BOT_TOKEN to the app's bot token (xoxb-…)."
	noAccess     = "Slack does not let this app in. Ask whoever manages the workspace whether the app is approved, and from which addresses it may call."
	notInvited   = "purgebot is not in that channel. Type %s there, then try again."
	tooMuch      = "Slack refuses a message of this size or shape. Tell whoever runs purgebot."
	tooLate      = "Slack gave up waiting for the form. Try again."
	noSuchOne    = "Slack knows no such person here."
	mayNotPost   = "Slack does not let purgebot post in that channel. Use another one, or ask its managers to allow it."
	slackTrouble = "Slack has trouble of its own. Try again."
)

// meanings translates Slack's error codes: https://docs.slack.dev/reference/methods/chat.postMessage#errors
var meanings = map[string]meaning{
	"ratelimited": {purge.Exhausted, ""}, "rate_limited": {purge.Exhausted, ""}, "message_limit_exceeded": {purge.Exhausted, ""},

	"not_in_channel": {purge.Denied, notInvited}, "channel_not_found": {purge.Denied, notInvited}, "no_permission": {purge.Denied, mayNotPost},
	"is_archived":       {purge.Denied, "That channel is archived. Use another one."},
	"restricted_action": {purge.Denied, mayNotPost}, "restricted_action_read_only_channel": {purge.Denied, mayNotPost},
	"restricted_action_thread_locked": {purge.Denied, mayNotPost}, "restricted_action_thread_only_channel": {purge.Denied, mayNotPost},
	"restricted_action_non_threadable_channel": {purge.Denied, mayNotPost}, "ekm_access_denied": {purge.Denied, mayNotPost},
	"user_not_in_channel": {purge.Denied, notInvited}, "cannot_dm_bot": {purge.Denied, noSuchOne}, "user_disabled": {purge.Denied, noSuchOne},
	"messages_tab_disabled": {purge.Denied, "Slack does not let purgebot write to people directly. Ask whoever runs purgebot to switch on its messages tab."},

	"user_not_found": {purge.NotFound, noSuchOne}, "users_not_found": {purge.NotFound, noSuchOne}, "user_not_visible": {purge.NotFound, noSuchOne},
	"message_not_found": {purge.NotFound, "That message is gone."}, "thread_not_found": {purge.NotFound, "That thread is gone."},

	"expired_trigger_id": {purge.Conflict, tooLate}, "trigger_expired": {purge.Conflict, tooLate},
	"exchanged_trigger_id": {purge.Conflict, tooLate}, "trigger_exchanged": {purge.Conflict, tooLate},

	"invalid_auth": {purge.Internal, tokenGone}, "not_authed": {purge.Internal, tokenGone}, "account_inactive": {purge.Internal, tokenGone},
	"token_revoked": {purge.Internal, tokenGone}, "token_expired": {purge.Internal, tokenGone},
	"not_allowed_token_type": {purge.Internal, wrongToken}, "access_denied": {purge.Internal, noAccess}, "accesslimited": {purge.Internal, noAccess},
	"team_access_not_granted": {purge.Internal, noAccess}, "enterprise_is_restricted": {purge.Internal, noAccess},
	"org_login_required": {purge.Internal, noAccess}, "two_factor_setup_required": {purge.Internal, noAccess},
	"msg_too_long": {purge.Internal, tooMuch}, "msg_blocks_too_long": {purge.Internal, tooMuch}, "invalid_blocks": {purge.Internal, tooMuch},
	"invalid_blocks_format": {purge.Internal, tooMuch}, "no_text": {purge.Internal, tooMuch},

	"fatal_error": {purge.Unavailable, slackTrouble}, "internal_error": {purge.Unavailable, slackTrouble},
	"service_unavailable": {purge.Unavailable, slackTrouble}, "request_timeout": {purge.Unavailable, slackTrouble},
	"team_added_to_org": {purge.Unavailable, slackTrouble},
}

// translate converts an error of a call into a *purge.Error, by its code and never by its text.
func (s *Slack) translate(method string, err error) *purge.Error {
	var known *purge.Error
	if errors.As(err, &known) {
		return known
	}
	e := s.judge(method, err)
	e.Err = errors.New(method + ": " + s.redact(err.Error()))
	return e
}

func (s *Slack) judge(method string, err error) *purge.Error {
	var limited *slack.RateLimitedError
	var status slack.StatusCodeError
	switch {
	case errors.As(err, &limited):
		return throttled(limited.RetryAfter)
	case errors.As(err, &status) && status.Code == http.StatusTooManyRequests:
		return throttled(pause)
	case errors.As(err, &status) && status.Code < 500:
		return &purge.Error{Kind: purge.Internal, Message: fmt.Sprintf("Slack's API answers HTTP %d. Ask whoever runs purgebot to check SLACK_API_URL.", status.Code)}
	case code(err) != "":
		return s.refused(method, err)
	}
	return &purge.Error{Kind: errSilent.Kind, Message: errSilent.Message}
}

func throttled(after time.Duration) *purge.Error {
	return &purge.Error{Kind: purge.Exhausted, Message: "Slack asks purgebot to slow down. Try again in a moment.", RetryAfter: max(after, time.Second)}
}

func (s *Slack) refused(method string, err error) *purge.Error {
	if code(err) == "missing_scope" {
		return &purge.Error{Kind: purge.Internal, Message: lacks(needed(method, err))}
	}
	m, known := meanings[code(err)]
	switch {
	case !known:
		return &purge.Error{Kind: purge.Internal, Message: "Slack refused purgebot's call. Tell whoever runs purgebot."}
	case m.kind == purge.Exhausted:
		return throttled(pause)
	case m.message == mayNotPost && scopeOf[method] != "chat:write":
		return &purge.Error{Kind: purge.Internal, Message: noAccess}
	case m.message == notInvited:
		m.message = fmt.Sprintf(notInvited, s.invite())
	}
	return &purge.Error{Kind: m.kind, Message: m.message}
}

// code returns Slack's error code, or "".
func code(err error) string { return refusal(err).Err }

var tokenLike = regexp.MustCompile(`xox[a-z]-[0-9A-Za-z-]+|xapp-[0-9A-Za-z-]+`)

// redact removes tokens and secrets from a text, the configured ones in any form, and bounds its length.
func (s *Slack) redact(text string) string {
	text = strings.NewReplacer(s.config.BotToken, "…", s.config.SigningSecret, "…").Replace(text)
	return chat.Clip(chat.OneLine(tokenLike.ReplaceAllString(text, "…")), 2000)
}

// logUntaken logs the reason why an action of a person was not recorded. Such an error ends here: only the
// person is told.
func (s *Slack) logUntaken(what, channel string, err error) {
	level := slog.LevelWarn
	if purge.AsError(err).Kind == purge.Internal {
		level = slog.LevelError
	}
	s.config.Log.Log(context.Background(), level, "slack: "+what+" not taken", "channel", channel, "error", s.redact(err.Error()))
}

// notTaken returns the sentence for the person whose command was not recorded. It suggests another attempt only
// if that can succeed.
func notTaken(err error) string {
	e := purge.AsError(err)
	if e.Kind == purge.Unknown || strings.HasPrefix(e.Message, "Not taken") {
		return e.Message
	}
	message := "Not taken: " + e.Message
	if (e.Kind == purge.Unavailable || e.Kind == purge.Exhausted) && !strings.Contains(strings.ToLower(message), "try again") {
		message += " Try again."
	}
	return message
}
