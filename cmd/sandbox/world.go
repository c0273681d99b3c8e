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

// The simulated account. Its keys open nothing, and are the one kind that may be printed.
const (
	secretID  = "AKIDSANDBOX0000000000000000000000000"
	secretKey = "SANDBOXKEY0000000000000000000000"
)

// The hosts on the simulated account. What is on static.test.com is cached without its query; old.test.com is switched off;
// intl.test.com and all below hk.test.com are served overseas only, cn.test.com in mainland only.
var (
	hosts   = []string{"www.test.com", "www.abc.com", "two.test.com", "static.test.com", "old.test.com", "intl.test.com", "*.hk.test.com", "cn.test.com"}
	onlyOne = map[string][]cdnsim.Area{"intl.test.com": {cdnsim.Overseas}, "*.hk.test.com": {cdnsim.Overseas}, "cn.test.com": {cdnsim.Mainland}}
)

// world is the simulators on loopback and the production wiring pointed at them.
type world struct {
	slack   *slacksim.Workspace
	discord *discordsim.Sim
	cdn     *cdnsim.Sim
	api     string // of the CDN, "2.0" or "3.0"
	app     *app.App
	servers []*http.Server
	dir     string
}

// leeway is what each bound on the answer to an event has added here: no chat gives up after three seconds, and the machine may be busy.
const leeway = 20 * time.Second

// newWorld starts everything. api is the one of the CDN that purgebot speaks; delay is how long the simulated CDN takes from "accepted" to "done".
// Changes are what a test has otherwise.
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

// newSimulators is a world without purgebot in it.
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

// chats are what one can type in, by name.
func (w *world) chats() map[string]chat {
	return map[string]chat{"slack": slackChat{w.slack}, "discord": discordChat{w.discord}}
}

// chat returns one of them.
func (w *world) chat(name string) (chat, error) {
	if c, found := w.chats()[name]; found {
		return c, nil
	}
	return nil, fmt.Errorf("there is no chat %q here: there are slack and discord", name)
}

func (w *world) start(ctx context.Context, log *slog.Logger, changes []func(*app.Config)) error {
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

// ready waits until purgebot has heard what is left of the quota and which domains the account has, so that each run shows the
// same. What it asked for that is in nobody's conversation.
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
		case <-time.After(5 * time.Millisecond): // the database has no bell for other packages
		}
	}
}

// settings are the documented variables and nothing else: what runs here is what runs in production.
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

// close stops everything and forgets it.
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
