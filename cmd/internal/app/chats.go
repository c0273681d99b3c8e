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

// chats holds the configured platforms. A platform without its variables is nil.
type chats struct {
	slack   *slack.Slack     // nil if Slack is not configured
	discord *discord.Discord // nil if Discord is not configured
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

// platforms returns the configured chats, each wrapped with metrics, by name.
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

// routes returns the HTTP handler of all webhooks.
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

// start opens the connections that chats need beside webhooks, such as Discord's gateway.
func (s chats) start(ctx context.Context, h chat.Handler) error {
	if s.slack != nil {
		s.slack.Start()
	}
	if s.discord != nil {
		return s.discord.Start(ctx, h)
	}
	return nil
}

// replying counts the private replies still in delivery.
func (s chats) replying() (n int) {
	if s.slack != nil {
		n += s.slack.Replying()
	}
	if s.discord != nil {
		n += s.discord.Replying()
	}
	return n
}

// stop waits for the private replies still in delivery. The caller must have stopped the delivery of events before.
func (s chats) stop() {
	if s.slack != nil {
		s.slack.Wait()
	}
	if s.discord != nil {
		s.discord.Close()
	}
}

// settle waits for the uploads that the last cards began, since a file follows its card.
func (s chats) settle() {
	if s.slack != nil {
		s.slack.Wait()
	}
}
