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

// This file checks the shape of keys, tokens and ids, so that a pasting mistake is found at the start and not at the
// first incident, as the vendor's "wrong signature". No error repeats a value, since the value may be a secret, or
// another secret in the wrong place.

// key is a key, a token or an id, with its expected shape.
type key struct {
	name, value string
	shape       *regexp.Regexp // the shape issued by the service itself
	standIn     *regexp.Regexp // the shape accepted when another address replaces the service; nil: the same
	is          string         // the shape in words, with the place to copy the value from
	not         []mistake
}

// mistake is the shape of another value that is easily pasted instead.
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

	// A stand-in may issue any value that is neither guessable nor cut off.
	anyToken   = regexp.MustCompile(`^xoxb-[0-9A-Za-z._-]+$`)
	anySecret  = regexp.MustCompile(`^([0-9a-f]{32}|[0-9A-Za-z_-]*[g-zA-Z_-][0-9A-Za-z_-]*)$`)
	anyOfEight = regexp.MustCompile(`^[0-9A-Za-z+/=_.-]{8,}$`)
	anyBot     = regexp.MustCompile(`^(Bot )?[0-9A-Za-z_.-]{8,}$`)
	anyID      = regexp.MustCompile(`^[1-9][0-9]{0,19}$`)
)

// Minimum number of characters, and of different characters, in a secret. Secrets of a stand-in obey the same limits.
const (
	shortest = 16
	plainest = 6
)

// guessable reports whether a secret is too short or has too few different characters.
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

// checkKeys returns one error for each key with a wrong value.
func (c Config) checkKeys() []error {
	// Temporary credentials and stand-ins have shapes of their own.
	slack, bot, cdn := standsIn(c.SlackAPIURL, "slack.com"), standsIn(c.DiscordAPIURL, "discord.com"), standsIn(c.CDNEndpoint, "tencentcloudapi.com", "qcloud.com")
	id, secret := tencentID, tencentKey
	if c.Token != "" {
		id, secret = tencentTempID, tencentTempKey
	}
	// Each row is the name, value, shape, looser shape, description and frequent mistakes of one key.
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
	// Rules about two keys at once follow.
	return append(problems, c.checkTogether(slack)...)
}

// checkTogether returns the errors that need two keys or the help of another package.
func (c Config) checkTogether(slack standIn) []error {
	var problems []error
	if guessable(c.SlackSigningSecret) && (key{value: c.SlackSigningSecret, shape: slackSecret, standIn: slack.take(anySecret)}).problem() == nil {
		problems = append(problems, errors.New("SLACK_SIGNING_SECRET could be guessed: the secret has too few characters, or too few different ones"))
	}
	if c.DiscordPublicKey != "" {
		_, err := discord.Key(c.DiscordPublicKey)
		problems = append(problems, blemish("DISCORD_PUBLIC_KEY", c.DiscordPublicKey, err))
	}
	if c.SecretID != "" && c.SecretID == c.SecretKey {
		problems = append(problems, errors.New("TENCENTCLOUD_SECRET_KEY is the same as TENCENTCLOUD_SECRET_ID: copy the two values from their own lines of the console"))
	}
	if c.DiscordGuildID != "" && c.DiscordGuildID == c.DiscordApplicationID {
		problems = append(problems, errors.New("DISCORD_GUILD_ID is the same as DISCORD_APPLICATION_ID: copy the id of the server and the id of the application"))
	}
	return slices.DeleteFunc(problems, func(err error) bool { return err == nil })
}

// problem returns the error of one key, or nil for an unset or valid key.
func (k key) problem() error {
	if k.value == "" {
		return nil // check and checkChats report a missing value
	}
	var wrong error
	if !cmp.Or(k.standIn, k.shape).MatchString(k.value) {
		wrong = fmt.Errorf("%s has the wrong form: it must be %s", k.name, k.is)
	}
	for _, m := range k.not {
		if m.shape.MatchString(k.value) {
			wrong = fmt.Errorf("%s is %s: it must be %s", k.name, m.is, k.is)
			break
		}
	}
	if strings.HasPrefix(k.value, "Bot ") && wrong == nil {
		return nil // Discord's own examples write "Bot " before the token
	}
	return blemish(k.name, k.value, wrong)
}

// blemish returns an error about a pasting mistake (blanks, quotes, invisible characters), which helps more than an
// error about the shape. Without such a mistake, blemish returns otherwise.
func blemish(name, value string, otherwise error) error {
	switch {
	case strings.TrimSpace(value) == "":
		return fmt.Errorf("%s is blank: set it, or unset it", name)
	case quoted.MatchString(strings.TrimSpace(value)):
		return fmt.Errorf("%s has quotes around the value: remove the quotes, since Docker's --env-file and systemd's credentials keep quotes", name)
	case strings.ContainsFunc(value, unicode.IsSpace):
		return fmt.Errorf("%s holds a blank or a line break: paste it again", name)
	case !printable.MatchString(value):
		return fmt.Errorf("%s holds a character that cannot be seen or is not ASCII: paste it again as plain text", name)
	}
	return otherwise
}

// standIn is true if another address replaces a service.
type standIn bool

// standsIn reports whether an address is outside the service's own domains and their subdomains.
func standsIn(address string, own ...string) standIn {
	u, err := url.Parse(address)
	if address == "" || err != nil {
		return false
	}
	host := strings.ToLower(u.Hostname())
	return standIn(!slices.ContainsFunc(own, func(name string) bool { return host == name || strings.HasSuffix(host, "."+name) }))
}

// take returns the looser shape for a stand-in, otherwise nil.
func (s standIn) take(loose *regexp.Regexp) *regexp.Regexp {
	if s {
		return loose
	}
	return nil
}
