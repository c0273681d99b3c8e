package main

import (
	"context"
	_ "embed"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"time"

	"purgebot/adapters/discord/discordsim"
	"purgebot/adapters/slack/slacksim"
	"purgebot/cmd/internal/app"
	"purgebot/purge/tencent/cdnsim"
)

//go:embed acl.yaml
var policy []byte

// The simulated account. Its keys give access to nothing real, so they may be printed.
const (
	secretID  = "AKIDSANDBOX0000000000000000000000000"
	secretKey = "SANDBOXKEY0000000000000000000000"
)

// The hosts of the simulated account. Content of static.test.com is cached without its query; old.test.com is
// switched off. The CDN serves intl.test.com and the hosts below hk.test.com overseas only, and cn.test.com in
// mainland only.
var (
	hosts   = []string{"www.test.com", "www.abc.com", "two.test.com", "static.test.com", "old.test.com", "intl.test.com", "*.hk.test.com", "cn.test.com"}
	onlyOne = map[string][]cdnsim.Area{"intl.test.com": {cdnsim.Overseas}, "*.hk.test.com": {cdnsim.Overseas}, "cn.test.com": {cdnsim.Mainland}}
)

// world is the simulators on loopback with the production wiring pointed at them.
type world struct {
	slack   *slacksim.Workspace
	discord *discordsim.Sim
	cdn     *cdnsim.Sim
	api     string // the CDN's API, "2.0" or "3.0"
	app     *app.App
	servers []*http.Server
	dir     string
}

// leeway extends each time limit on an answer, because the simulated chats are patient and the machine may be
// busy.
const leeway = 20 * time.Second

// newWorld starts everything. The parameter api is the CDN's API, delay is the simulated CDN's time from
// "accepted" to "done", and changes are a test's changes to the configuration.
func newWorld(ctx context.Context, api string, delay time.Duration, log *slog.Logger, changes ...func(*app.Config)) (*world, error) {
	w := newSimulators()
	w.api, w.cdn.Delay = api, delay
	dir, err := os.MkdirTemp("", "purgebot-sandbox-")
	if err != nil {
		return nil, err
	}
	w.dir = dir
	if err := w.start(ctx, log, changes); err != nil {
		return nil, errors.Join(err, w.close())
	}
	return w, nil
}

// newSimulators returns a world without purgebot.
func newSimulators() *world {
	cdn := cdnsim.New(secretID, secretKey, hosts...)
	for i := range cdn.Hosts {
		h := &cdn.Hosts[i]
		h.IgnoreQuery, h.Offline = h.Name == "static.test.com", h.Name == "old.test.com"
		h.Areas = onlyOne[h.Name]
	}
	slack, discord := slacksim.New(), discordsim.New()
	slack.AckWithin, slack.TriggerLife, discord.AckWithin = answerIn+leeway, answerIn+leeway, answerIn+leeway
	return &world{slack: slack, discord: discord, cdn: cdn}
}

// chats returns the chats by name.
func (w *world) chats() map[string]chat {
	return map[string]chat{"slack": slackChat{w.slack}, "discord": discordChat{w.discord}}
}

// chat returns the chat with that name.
func (w *world) chat(name string) (chat, error) {
	if c, found := w.chats()[name]; found {
		return c, nil
	}
	return nil, fmt.Errorf("there is no chat %q here: there are slack and discord", name)
}

func (w *world) start(ctx context.Context, log *slog.Logger, changes []func(*app.Config)) error {
	// Start the simulators.
	cdnURL, err := w.serve(w.cdn)
	if err != nil {
		return err
	}
	slackURL, err := w.serve(w.slack)
	if err != nil {
		return err
	}
	discordURL, err := w.serve(w.discord)
	if err != nil {
		return err
	}
	w.slack.ServeAt(slackURL)
	w.discord.ServeAt(discordURL)
	// Write the policy and the configuration.
	file := filepath.Join(w.dir, "acl.yaml")
	if err := os.WriteFile(file, policy, 0o600); err != nil {
		return err
	}
	config, err := app.Load(w.settings(file, cdnURL, slackURL, discordURL))
	if err != nil {
		return err
	}
	config.Patience = leeway
	for _, change := range changes {
		change(&config)
	}
	// Start purgebot, and wait until both chats reach it.
	if w.app, err = app.Start(ctx, config, log); err != nil {
		return err
	}
	w.slack.Install("http://" + w.app.Addr())
	for _, c := range w.chats() {
		if err := c.ready(ctx); err != nil {
			return err
		}
	}
	return w.ready(ctx)
}

// ready waits until purgebot knows the quota and the domains of the account, so that all runs look alike. Its
// requests for them are removed from the record, because they belong to no conversation.
func (w *world) ready(ctx context.Context) error {
	for {
		p, err := w.app.Progress(ctx)
		if err != nil || p.Asking == 0 {
			w.cdn.ForgetRequests()
			return err
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(5 * time.Millisecond): // the database notifies no other packages
		}
	}
}

// settings returns documented variables only, so that the sandbox runs like production.
func (w *world) settings(aclFile, cdnURL, slackURL, discordURL string) (environ []string) {
	for name, value := range map[string]string{
		"PURGEBOT_LISTEN": "127.0.0.1:0", "PURGEBOT_OPS_LISTEN": "127.0.0.1:0",
		"DATABASE_URL": "sqlite:" + filepath.Join(w.dir, "purgebot.db"), "PURGEBOT_ACL": aclFile,
		"PURGEBOT_CDN_API": w.api, "PURGEBOT_CDN_ENDPOINT": cdnURL + map[string]string{"2.0": "/v2/index.php"}[w.api],
		"TENCENTCLOUD_SECRET_ID": secretID, "TENCENTCLOUD_SECRET_KEY": secretKey,
		"SLACK_BOT_TOKEN": w.slack.Token, "SLACK_SIGNING_SECRET": w.slack.SigningSecret, "SLACK_API_URL": slackURL + "/api/",
		"DISCORD_TOKEN": w.discord.Token, "DISCORD_APPLICATION_ID": w.discord.ApplicationID, "DISCORD_GUILD_ID": discordsim.HQ,
		"DISCORD_API_URL": discordURL + "/api/",
		"PURGEBOT_POLL":   "200ms",
	} {
		environ = append(environ, name+"="+value)
	}
	return environ
}

// serve listens on a free loopback port.
func (w *world) serve(h http.Handler) (string, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", fmt.Errorf("listen on loopback: %w", err)
	}
	s := &http.Server{Handler: h, ReadHeaderTimeout: 5 * time.Second}
	w.servers = append(w.servers, s)
	go s.Serve(l)
	return "http://" + l.Addr().String(), nil
}

// close stops everything and removes its files.
func (w *world) close() error {
	var errs []error
	if w.app != nil {
		errs = append(errs, w.app.Stop())
	}
	w.discord.Close()
	w.cdn.ClearFaults()
	for _, s := range w.servers {
		errs = append(errs, s.Close())
	}
	return errors.Join(append(errs, os.RemoveAll(w.dir))...)
}
