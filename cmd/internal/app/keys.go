package app

import (
	"cmp"
	"errors"
	"fmt"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"unicode"

	"purgebot/adapters/discord"
)

// This file checks what keys, tokens and ids look like, so that a slip of pasting is named at the start and not by the vendor's
// "wrong signature" at the first incident. No sentence here repeats a value: it may be a secret, or another secret in the wrong place.

// key is one of them.
type key struct {
	name, value string
	shape       *regexp.Regexp // what the service itself gives out
	standIn     *regexp.Regexp // what is taken where another address stands in for the service; nil: the same
	is          string         // the shape in words, and where to copy it from
	not         []mistake
}

// mistake is the shape of something else that lies beside the right thing.
type mistake struct {
	shape *regexp.Regexp
	is    string
}

var (
	printable = regexp.MustCompile(`^[!-~]+$`)
	quoted    = regexp.MustCompile("^[\"'`].*[\"'`]$")

	slackToken     = regexp.MustCompile(`^xoxb-[0-9A-Za-z-]{20,250}$`)
	slackSecret    = regexp.MustCompile(`^[0-9a-f]{32}$`)
	discordToken   = regexp.MustCompile(`^(Bot )?[A-Za-z0-9_-]{20,40}\.[A-Za-z0-9_-]{6,10}\.[A-Za-z0-9_-]{25,50}$`)
	snowflake      = regexp.MustCompile(`^[1-9][0-9]{16,19}$`)
	tencentID      = regexp.MustCompile(`^[AI]KID[0-9A-Za-z]{32}$`)
	tencentKey     = regexp.MustCompile(`^[0-9A-Za-z]{32}$`)
	tencentTempID  = regexp.MustCompile(`^[AI]KID[0-9A-Za-z_-]{32,}$`)
	tencentTempKey = regexp.MustCompile(`^[0-9A-Za-z+/=_-]{32,}$`)
	tencentToken   = regexp.MustCompile(`^[0-9A-Za-z+/=_.-]{32,}$`)

	// A stand-in gives out what it likes, but nothing that somebody could guess, and nothing that was cut.
	anyToken   = regexp.MustCompile(`^xoxb-[0-9A-Za-z._-]+$`)
	anySecret  = regexp.MustCompile(`^([0-9a-f]{32}|[0-9A-Za-z_-]*[g-zA-Z_-][0-9A-Za-z_-]*)$`)
	anyOfEight = regexp.MustCompile(`^[0-9A-Za-z+/=_.-]{8,}$`)
	anyBot     = regexp.MustCompile(`^(Bot )?[0-9A-Za-z_.-]{8,}$`)
	anyID      = regexp.MustCompile(`^[1-9][0-9]{0,19}$`)
)

// A secret that nobody can guess has so many characters, and so many different ones; a stand-in's as well.
const (
	shortest = 16
	plainest = 6
)

// guessable reports whether a secret is too short or too plain.
func guessable(secret string) bool {
	different := map[rune]bool{}
	for _, c := range secret {
		different[c] = true
	}
	return secret != "" && (len(secret) < shortest || len(different) < plainest)
}

var (
	isSlackToken   = mistake{regexp.MustCompile(`^xox|^xapp-`), "a token"}
	isUserToken    = mistake{regexp.MustCompile(`^xoxp-`), "a user's token"}
	isAppToken     = mistake{regexp.MustCompile(`^xapp-`), "an app-level token"}
	isTurningToken = mistake{regexp.MustCompile(`^xoxe`), "a token that expires: switch token rotation off in the app"}
	isPublicKey    = mistake{regexp.MustCompile(`^[0-9a-fA-F]{64}$`), "a public key"}
	isID           = mistake{regexp.MustCompile(`^[0-9]+$`), "an id"}
	isTencentID    = mistake{regexp.MustCompile(`^[AI]KID`), "the id of a key: is it in the place of TENCENTCLOUD_SECRET_ID?"}
)

// checkKeys says of each key that is set what is wrong with it, one sentence each.
func (c Config) checkKeys() []error {
	slack, bot, cdn := standsIn(c.SlackAPIURL, "slack.com"), standsIn(c.DiscordAPIURL, "discord.com"), standsIn(c.CDNEndpoint, "tencentcloudapi.com", "qcloud.com")
	id, secret := tencentID, tencentKey
	if c.Token != "" {
		id, secret = tencentTempID, tencentTempKey
	}
	var problems []error
	for _, k := range []key{
		{"TENCENTCLOUD_SECRET_ID", c.SecretID, id, cdn.take(anyOfEight), "AKID (IKID on the international site) and 32 letters or digits, as Tencent's console shows it beside the key", nil},
		{"TENCENTCLOUD_SECRET_KEY", c.SecretKey, secret, cdn.take(anyOfEight), "32 letters or digits, which Tencent's console shows once, when the key is made", []mistake{isTencentID}},
		{"TENCENTCLOUD_TOKEN", c.Token, tencentToken, cdn.take(anyOfEight), "the Token that came with temporary credentials; leave it out for a permanent key", nil},
		{"SLACK_BOT_TOKEN", c.SlackBotToken, slackToken, slack.take(anyToken), "xoxb- and letters, digits and dashes: the Bot User OAuth Token of the app's OAuth page", []mistake{isUserToken, isAppToken, isTurningToken}},
		{"SLACK_SIGNING_SECRET", c.SlackSigningSecret, slackSecret, slack.take(anySecret), "32 hexadecimal digits: the Signing Secret of the app's Basic Information page", []mistake{isSlackToken}},
		{"DISCORD_TOKEN", c.DiscordToken, discordToken, bot.take(anyBot), "three parts with dots between them, as the application's Bot page shows it once", []mistake{isPublicKey, isID}},
		{"DISCORD_APPLICATION_ID", c.DiscordApplicationID, snowflake, bot.take(anyID), "the 17 to 20 digits of the application's General Information page", nil},
		{"DISCORD_GUILD_ID", c.DiscordGuildID, snowflake, bot.take(anyID), "the 17 to 20 digits of the server (Developer Mode, right click on the server, Copy Server ID)", nil},
	} {
		if err := k.problem(); err != nil {
			problems = append(problems, err)
		}
	}
	return append(problems, c.checkTogether(slack)...)
}

// checkTogether says what only two of them, or what another package, can tell.
func (c Config) checkTogether(slack standIn) []error {
	var problems []error
	if guessable(c.SlackSigningSecret) && (key{value: c.SlackSigningSecret, shape: slackSecret, standIn: slack.take(anySecret)}).problem() == nil {
		problems = append(problems, errors.New("SLACK_SIGNING_SECRET could be guessed: it has too few characters, or the same again and again"))
	}
	if c.DiscordPublicKey != "" {
		_, err := discord.Key(c.DiscordPublicKey)
		problems = append(problems, blemish("DISCORD_PUBLIC_KEY", c.DiscordPublicKey, err))
	}
	if c.SecretID != "" && c.SecretID == c.SecretKey {
		problems = append(problems, errors.New("TENCENTCLOUD_SECRET_KEY is the same as TENCENTCLOUD_SECRET_ID: they are two lines of Tencent's console"))
	}
	if c.DiscordGuildID != "" && c.DiscordGuildID == c.DiscordApplicationID {
		problems = append(problems, errors.New("DISCORD_GUILD_ID is the same as DISCORD_APPLICATION_ID: one is the server's, the other the application's"))
	}
	return slices.DeleteFunc(problems, func(err error) bool { return err == nil })
}

// problem says what is wrong with a key; nil if it is not set, or right.
func (k key) problem() error {
	if k.value == "" {
		return nil // what is missing is said elsewhere
	}
	var wrong error
	if !cmp.Or(k.standIn, k.shape).MatchString(k.value) {
		wrong = fmt.Errorf("%s does not look like one: it is %s", k.name, k.is)
	}
	for _, m := range k.not {
		if m.shape.MatchString(k.value) {
			wrong = fmt.Errorf("%s is %s: it must be %s", k.name, m.is, k.is)
			break
		}
	}
	if strings.HasPrefix(k.value, "Bot ") && wrong == nil {
		return nil // Discord's own examples have it
	}
	return blemish(k.name, k.value, wrong)
}

// blemish is what pasting does to a value, which says more than its shape; else the error given.
func blemish(name, value string, otherwise error) error {
	switch {
	case strings.TrimSpace(value) == "":
		return fmt.Errorf("%s is blank: set it, or unset it", name)
	case quoted.MatchString(strings.TrimSpace(value)):
		return fmt.Errorf("%s has quotes around it: take them away, since Docker's --env-file and systemd's credentials keep them", name)
	case strings.ContainsFunc(value, unicode.IsSpace):
		return fmt.Errorf("%s holds a blank or a line break: paste it again", name)
	case !printable.MatchString(value):
		return fmt.Errorf("%s holds a character that cannot be seen or is not ASCII: paste it again as plain text", name)
	}
	return otherwise
}

// standIn is whether another address stands in for a service.
type standIn bool

// standsIn reports whether an address is none of the service's own, which are the names given and all below them.
func standsIn(address string, own ...string) standIn {
	u, err := url.Parse(address)
	if address == "" || err != nil {
		return false
	}
	host := strings.ToLower(u.Hostname())
	return standIn(!slices.ContainsFunc(own, func(name string) bool { return host == name || strings.HasSuffix(host, "."+name) }))
}

// take returns the looser shape for a stand-in, else nil.
func (s standIn) take(loose *regexp.Regexp) *regexp.Regexp {
	if s {
		return loose
	}
	return nil
}
