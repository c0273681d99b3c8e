package app

import (
	"context"
	"log/slog"
	"net/http"

	"purgebot/acl"
	"purgebot/adapters/discord"
	"purgebot/adapters/slack"
	"purgebot/bot/chat"
	"purgebot/bot/grammar"
)

// chats are the platforms that are configured. One without its variables is off.
type chats struct {
	slack   *slack.Slack     // nil if off
	discord *discord.Discord // nil if off
}

func newChats(c Config, groups func() []acl.Subject, m *metrics, log *slog.Logger) (s chats, err error) {
	if c.SlackBotToken != "" {
		s.slack, err = slack.New(slack.Config{
			BotToken: c.SlackBotToken, SigningSecret: c.SlackSigningSecret, APIURL: c.SlackAPIURL, Groups: groups, Log: log,
			Patience: c.Patience, TurnedAway: m.turnedAway("slack"),
		})
		if err != nil {
			return s, err
		}
	}
	if c.DiscordToken != "" {
		s.discord, err = discord.New(discord.Config{
			Token: c.DiscordToken, ApplicationID: c.DiscordApplicationID, GuildID: c.DiscordGuildID, PublicKey: c.DiscordPublicKey,
			APIURL: c.DiscordAPIURL, Verbs: grammar.Menu(), MessageContent: c.DiscordMessageContent, Groups: groups, Log: log,
			Patience: c.Patience, TurnedAway: m.turnedAway("discord"),
		})
	}
	return s, err
}

// platforms is what the bot is given, measured.
func (s chats) platforms(m *metrics) map[string]chat.Platform {
	all := map[string]chat.Platform{}
	if s.slack != nil {
		all["slack"] = m.platform("slack", s.slack)
	}
	if s.discord != nil {
		all["discord"] = m.platform("discord", s.discord)
	}
	return all
}

// routes are the webhooks.
func (s chats) routes(h chat.Handler) http.Handler {
	mux := http.NewServeMux()
	if s.slack != nil {
		mux.Handle("/slack/", s.slack.Handler(h))
	}
	if s.discord != nil {
		mux.Handle("/discord/", s.discord.Handler(h))
	}
	return mux
}

// start begins what no webhook brings.
func (s chats) start(ctx context.Context, h chat.Handler) error {
	if s.slack != nil {
		s.slack.Start()
	}
	if s.discord != nil {
		return s.discord.Start(ctx, h)
	}
	return nil
}

// replying is how many private replies are still going out.
func (s chats) replying() (n int) {
	if s.slack != nil {
		n += s.slack.Replying()
	}
	if s.discord != nil {
		n += s.discord.Replying()
	}
	return n
}

// stop waits for the private replies that are still going out. Nothing may deliver any more.
func (s chats) stop() {
	if s.slack != nil {
		s.slack.Wait()
	}
	if s.discord != nil {
		s.discord.Close()
	}
}

// settle waits for what the bot's last cards have begun: a file follows its card.
func (s chats) settle() {
	if s.slack != nil {
		s.slack.Wait()
	}
}
