package app

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"net"
	"net/url"
	"os"
	"reflect"
	"strconv"
	"strings"
	"time"
	_ "time/tzdata" // the vendor's day ends in Asia/Shanghai, and some hosts have no zone files

	"github.com/sethvargo/go-envconfig"

	"purgebot/acl"
	"purgebot/bot/chat"
	"purgebot/purge"
)

// Config is the whole configuration, read from the environment. A field tagged secret or file may also come from a file
// named by NAME_FILE; a secret field is never printed.
type Config struct {
	Listen    string `env:"PURGEBOT_LISTEN,default=:8080" help:"webhooks: POST /slack/commands, /slack/interactions, /slack/events"`
	OpsListen string `env:"PURGEBOT_OPS_LISTEN,default=127.0.0.1:9090" help:"/healthz, /readyz, /metrics"`
	Database  string `env:"DATABASE_URL,default=sqlite:purgebot.db" secret:"yes" help:"sqlite:FILE; one serving process per file"`
	ACL       string `env:"PURGEBOT_ACL,default=acl.yaml" help:"the policy file; purgebot acl init writes one that loads"`

	CDNAPI       string  `env:"PURGEBOT_CDN_API" help:"required: 3.0 (Purge…Cache), or 2.0 (RefreshCdn…), whose end Tencent announced for 2022-11-30"`
	CDNEndpoint  string  `env:"PURGEBOT_CDN_ENDPOINT" help:"address instead of Tencent's own, e.g. https://cdn.intl.tencentcloudapi.com for 3.0 on its international site; the signed host and path follow it"`
	CDNMethod    string  `env:"PURGEBOT_CDN_METHOD,default=POST" help:"2.0: GET or POST"`
	CDNSignature string  `env:"PURGEBOT_CDN_SIGNATURE,default=HmacSHA256" help:"2.0: HmacSHA1 or HmacSHA256"`
	CDNRate      float64 `env:"PURGEBOT_CDN_RATE,default=20" help:"CDN calls per second, all processes on the database together"`
	SecretID     string  `env:"TENCENTCLOUD_SECRET_ID" secret:"yes" help:"the key's id"`
	SecretKey    string  `env:"TENCENTCLOUD_SECRET_KEY" secret:"yes" help:"the key"`
	Token        string  `env:"TENCENTCLOUD_TOKEN" secret:"yes" help:"the token of temporary credentials"`
	Language     string  `env:"LANG" help:"3.0: a value that begins with zh makes Tencent's texts in the log Chinese; else English"`

	SlackBotToken      string `env:"SLACK_BOT_TOKEN" secret:"yes" help:"xoxb-…; with SLACK_SIGNING_SECRET switches Slack on"`
	SlackSigningSecret string `env:"SLACK_SIGNING_SECRET" secret:"yes" help:"verifies Slack's deliveries over HTTP"`
	SlackAPIURL        string `env:"SLACK_API_URL" help:"base URL instead of Slack's own, e.g. of a stand-in"`

	DiscordToken          string `env:"DISCORD_TOKEN" secret:"yes" help:"the bot's token; with the two below switches Discord on"`
	DiscordApplicationID  string `env:"DISCORD_APPLICATION_ID" help:"the application's id"`
	DiscordGuildID        string `env:"DISCORD_GUILD_ID" help:"the one server that is served"`
	DiscordPublicKey      string `env:"DISCORD_PUBLIC_KEY" file:"yes" help:"takes interactions over HTTP instead of the gateway"`
	DiscordMessageContent bool   `env:"DISCORD_MESSAGE_CONTENT,default=false" help:"asks for the privileged intent, to read role mentions"`
	DiscordAPIURL         string `env:"DISCORD_API_URL" help:"base URL instead of Discord's own, e.g. of a stand-in"`

	ConfirmTTL  time.Duration `env:"PURGEBOT_CONFIRM_TTL,default=10m" help:"how long a question waits for its requester"`
	ApprovalTTL time.Duration `env:"PURGEBOT_APPROVAL_TTL,default=1h" help:"how long a question waits for a second person"`
	ConfirmURLs int           `env:"PURGEBOT_CONFIRM_URLS,default=100" help:"URLs a person may purge in ten minutes without being asked"`
	Poll        time.Duration `env:"PURGEBOT_POLL,default=5s" help:"time until the first look at a sent purge; doubles up to 60s"`
	Deadline    time.Duration `env:"PURGEBOT_DEADLINE,default=1h" help:"how long a purge is followed"`
	PersonRate  int           `env:"PURGEBOT_PERSON_RATE,default=10" help:"commands a person may send in ten seconds"`
	PersonOpen  int           `env:"PURGEBOT_PERSON_OPEN,default=5" help:"purges a person may have open"`
	Keep        time.Duration `env:"PURGEBOT_KEEP,default=9600h" help:"how long purges and audit are kept (400 days)"`

	AuditChannel string `env:"PURGEBOT_AUDIT_CHANNEL" help:"channel that also gets every purge, decision, freeze and grant from chat: slack:TEAM/CHANNEL or discord:SERVER/CHANNEL, by ids"`

	QuotaURLs        int    `env:"PURGEBOT_QUOTA_URLS,default=10000" help:"the account's daily quota of URLs, per area; 0: none"`
	QuotaDirectories int    `env:"PURGEBOT_QUOTA_DIRECTORIES,default=100" help:"the account's daily quota of directories, per area; 0: none"`
	QuotaZone        string `env:"PURGEBOT_QUOTA_ZONE,default=Asia/Shanghai" help:"time zone of the vendor's day"`

	EmergencyAfter time.Duration // without a variable: five minutes by rule; only tests set another time
	Patience       time.Duration // without a variable: chats wait three seconds; only a simulated chat on a busy machine waits longer
}

// Load reads the configuration from an environment in the form of os.Environ. Load opens no file for writing and no
// listener. Its error names every missing, wrong or misspelt variable at once.
func Load(environ []string) (Config, error) {
	var c Config
	env := map[string]string{}
	for _, v := range environ {
		name, value, _ := strings.Cut(v, "=")
		env[name] = value
	}
	lookup := func(name string) (string, bool) { v, found := env[name]; return v, found }
	var problems []error
	each(&c, func(f reflect.StructField, v reflect.Value) {
		if err := decode(f, v, lookup); err != nil {
			_ = decode(f, v, func(string) (string, bool) { return "", false }) // the default value avoids a second error for the same variable
			problems = append(problems, err)
		}
	})
	problems = append(problems, c.check()...)
	problems = append(problems, checkNames(env)...)
	return c, errors.Join(problems...)
}

// each visits the fields of a Config that have a variable.
func each(c *Config, visit func(reflect.StructField, reflect.Value)) {
	v := reflect.ValueOf(c).Elem()
	for i := range v.NumField() {
		if f := v.Type().Field(i); envName(f) != "" {
			visit(f, v.Field(i))
		}
	}
}

// decode reads one field. Each field is decoded by itself, because the library stops at the first error.
func decode(f reflect.StructField, v reflect.Value, lookup func(string) (string, bool)) error {
	one := reflect.New(reflect.StructOf([]reflect.StructField{f}))
	var fileErr error
	err := envconfig.ProcessWith(context.Background(), &envconfig.Config{
		Target: one.Interface(),
		Lookuper: envconfig.LookuperFunc(func(key string) (string, bool) {
			s, found, err := lookupSecret(f, key, lookup)
			fileErr = err
			return s, found
		}),
	})
	if fileErr != nil {
		return fileErr
	}
	if err != nil {
		return fmt.Errorf("%s is not %s: write it like %s", envName(f), kindWords(f.Type), example(f))
	}
	v.Set(one.Elem().Field(0))
	return nil
}

// lookupSecret looks a variable up, and for secrets also its NAME_FILE.
func lookupSecret(f reflect.StructField, key string, lookup func(string) (string, bool)) (string, bool, error) {
	s, found := lookup(key)
	file, named := lookup(key + "_FILE")
	switch {
	case !fromFile(f) || !named:
		return s, found && s != "", nil
	case found && s != "":
		return "", false, fmt.Errorf("%s and %s_FILE are both set: keep one of them", key, key)
	}
	s, err := readSecret(key, file)
	return s, err == nil, err
}

// fromFile reports whether a field may come from a file named by NAME_FILE.
func fromFile(f reflect.StructField) bool {
	return f.Tag.Get("secret") != "" || f.Tag.Get("file") != ""
}

func envName(f reflect.StructField) string {
	name, _, _ := strings.Cut(f.Tag.Get("env"), ",")
	return name
}

func envDefault(f reflect.StructField) string {
	_, def, _ := strings.Cut(f.Tag.Get("env"), "default=")
	return def
}

func kindWords(t reflect.Type) string {
	switch {
	case t == reflect.TypeFor[time.Duration]():
		return "a duration"
	case t.Kind() == reflect.Int || t.Kind() == reflect.Float64:
		return "a number"
	case t.Kind() == reflect.Bool:
		return "true or false"
	}
	return "readable"
}

func example(f reflect.StructField) string {
	if d := envDefault(f); d != "" {
		return d
	}
	return "the README shows"
}

// check returns one error for each variable that is missing or contradicts another.
func (c Config) check() []error {
	var problems []error
	need := func(ok bool, format string, args ...any) {
		if !ok {
			problems = append(problems, fmt.Errorf(format, args...))
		}
	}
	// The variables without a default come first.
	need(c.CDNAPI != "", "PURGEBOT_CDN_API is missing: set it to 3.0, or to 2.0 where only that still works")
	need(c.CDNAPI == "" || c.CDNAPI == api2 || c.CDNAPI == api3, "PURGEBOT_CDN_API is %q: it must be 2.0 or 3.0", c.CDNAPI)
	need(c.SecretID != "", "TENCENTCLOUD_SECRET_ID is missing: set it to the id of the key that may purge")
	need(c.SecretKey != "", "TENCENTCLOUD_SECRET_KEY is missing: set it to the key that may purge")
	problems = append(problems, c.checkChats()...)
	problems = append(problems, c.checkKeys()...)
	// The options of the CDN and the database follow.
	need(c.CDNMethod == "GET" || c.CDNMethod == "POST", "PURGEBOT_CDN_METHOD is %q: it must be GET or POST", c.CDNMethod)
	need(c.CDNSignature == "HmacSHA1" || c.CDNSignature == "HmacSHA256", "PURGEBOT_CDN_SIGNATURE is %q: it must be HmacSHA1 or HmacSHA256", c.CDNSignature)
	need(strings.HasPrefix(c.Database, "sqlite:"), "DATABASE_URL must be sqlite:FILE: other databases are not in this version yet")
	need(strings.TrimPrefix(c.Database, "sqlite:") != "", "DATABASE_URL names no file: write it like sqlite:purgebot.db")
	need(c.CDNEndpoint == "" || endpointOK(c.CDNEndpoint), "PURGEBOT_CDN_ENDPOINT is not an https:// address of host and path alone (http:// is for loopback only)")
	need(c.CDNAPI != api2 || !endpointOK(c.CDNEndpoint) || hasPath(c.CDNEndpoint), "PURGEBOT_CDN_ENDPOINT has no path, and the path is part of what 2.0 signs: Tencent's own is https://cdn.api.qcloud.com/v2/index.php")
	need(c.CDNAPI != api3 || !endpointOK(c.CDNEndpoint) || !hasPath(strings.TrimSuffix(c.CDNEndpoint, "/")), "PURGEBOT_CDN_ENDPOINT has a path, and 3.0 has none: Tencent's own is https://cdn.tencentcloudapi.com")
	// Addresses, the policy file and the time zone are tried out.
	for name, addr := range map[string]string{"PURGEBOT_LISTEN": c.Listen, "PURGEBOT_OPS_LISTEN": c.OpsListen} {
		need(listenOK(addr), "%s is %q: write it as host:port, like 127.0.0.1:8080, or :8080 for every address of this machine", name, addr)
	}
	if err := fileOK(c.ACL); err != nil {
		problems = append(problems, fmt.Errorf("PURGEBOT_ACL: %w", err))
	}
	_, err := time.LoadLocation(c.QuotaZone)
	need(err == nil && c.QuotaZone != "", "PURGEBOT_QUOTA_ZONE is %q: it must be a zone such as Asia/Shanghai", c.QuotaZone)
	// Limits must be positive, or at least not negative.
	for name, d := range map[string]time.Duration{"PURGEBOT_CONFIRM_TTL": c.ConfirmTTL, "PURGEBOT_APPROVAL_TTL": c.ApprovalTTL,
		"PURGEBOT_POLL": c.Poll, "PURGEBOT_DEADLINE": c.Deadline, "PURGEBOT_KEEP": c.Keep} {
		need(d > 0, "%s must be more than zero", name)
	}
	for name, n := range map[string]int{"PURGEBOT_CONFIRM_URLS": c.ConfirmURLs, "PURGEBOT_QUOTA_URLS": c.QuotaURLs, "PURGEBOT_QUOTA_DIRECTORIES": c.QuotaDirectories} {
		need(n >= 0, "%s must not be less than zero", name)
	}
	need(c.AuditChannel == "" || channelOK(c.AuditChannel), "PURGEBOT_AUDIT_CHANNEL is %q: write it as /purge whoami shows the channel, like slack:T0123/C0123 or discord:111/222", c.AuditChannel)
	need(c.CDNRate > 0, "PURGEBOT_CDN_RATE must be more than zero")
	need(c.PersonRate > 0, "PURGEBOT_PERSON_RATE must be more than zero")
	need(c.PersonOpen > 0, "PURGEBOT_PERSON_OPEN must be more than zero")
	return problems
}

// checkChats returns one error for each missing variable of a configured chat, and an error if no chat is configured.
func (c Config) checkChats() []error {
	var problems []error
	need := func(ok bool, text string) {
		if !ok {
			problems = append(problems, errors.New(text))
		}
	}
	slack := c.SlackBotToken + c.SlackSigningSecret
	discord := c.DiscordToken + c.DiscordApplicationID + c.DiscordGuildID + c.DiscordPublicKey
	need(slack+discord != "", "no chat is configured: set SLACK_BOT_TOKEN and SLACK_SIGNING_SECRET, or DISCORD_TOKEN, DISCORD_APPLICATION_ID and DISCORD_GUILD_ID")
	need(slack == "" || c.SlackBotToken != "", "SLACK_BOT_TOKEN is missing: copy the Bot User OAuth Token from the app's OAuth page")
	need(slack == "" || c.SlackSigningSecret != "", "SLACK_SIGNING_SECRET is missing: copy it from the app's Basic Information page")
	need(discord == "" || c.DiscordToken != "", "DISCORD_TOKEN is missing: copy the token from the application's Bot page")
	need(discord == "" || c.DiscordApplicationID != "", "DISCORD_APPLICATION_ID is missing: copy it from the application's General Information page")
	need(discord == "" || c.DiscordGuildID != "", "DISCORD_GUILD_ID is missing: copy the server's id (Developer Mode, right click on the server)")
	need(c.SlackAPIURL == "" || endpointOK(c.SlackAPIURL), "SLACK_API_URL is not an https:// address of host and path alone (http:// is for loopback only)")
	need(c.DiscordAPIURL == "" || endpointOK(c.DiscordAPIURL), "DISCORD_API_URL is not an https:// address of host and path alone (http:// is for loopback only)")
	return problems
}

// channelOK reports whether s names a channel by platform, workspace and id.
func channelOK(s string) bool {
	at := threadOf(s)
	return (at.Platform == "slack" || at.Platform == "discord") && at.Workspace != "" && at.Channel != "" && string(at.Subject()) == s
}

// threadOf returns the channel that a subject names, or the zero Thread for an invalid name.
func threadOf(s string) chat.Thread {
	subject, err := acl.ParseSubject(s)
	if err != nil {
		return chat.Thread{}
	}
	return chat.Thread{Platform: subject.Platform(), Workspace: subject.Workspace(), Channel: subject.ID()}
}

// endpointOK reports whether s is an https address, or an http address on loopback: a signed request never crosses a
// network unencrypted. An address with a user is refused, since a password in it would reach the log.
func endpointOK(s string) bool {
	u, err := url.Parse(s)
	if err != nil || u.Hostname() == "" || u.User != nil || strings.ContainsAny(s, "?#") || !printable.MatchString(s) {
		return false
	}
	return u.Scheme == "https" || u.Scheme == "http" && purge.Loopback(u.Hostname())
}

func hasPath(s string) bool {
	u, err := url.Parse(s)
	return err == nil && u.Path != ""
}

func listenOK(addr string) bool {
	_, port, err := net.SplitHostPort(addr)
	if err != nil {
		return false
	}
	_, err = strconv.ParseUint(port, 10, 16)
	return err == nil
}

// fileOK returns an error if the policy file cannot be read.
func fileOK(path string) error {
	_, err := within(readFor, func() (none struct{}, err error) {
		info, err := os.Stat(path)
		if err == nil {
			err = regular(path, info)
		}
		return none, err
	})
	if errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("%w (purgebot acl init writes a file that loads)", err)
	}
	return err
}

// Table returns the list of settings that `purgebot serve --help` prints.
func Table() string {
	var out strings.Builder
	each(&Config{}, func(f reflect.StructField, _ reflect.Value) {
		def := envDefault(f)
		if def == "" {
			def = "-"
		}
		fmt.Fprintf(&out, "  %-28s %-12s %s\n", envName(f), def, f.Tag.Get("help"))
	})
	return out.String()
}

// LogValue lists the settings without the secret values.
func (c Config) LogValue() slog.Value {
	var attrs []slog.Attr
	each(&c, func(f reflect.StructField, v reflect.Value) {
		switch {
		case f.Tag.Get("secret") == "":
			attrs = append(attrs, slog.String(envName(f), fmt.Sprint(v.Interface()))) // Sprint gives "10m0s" instead of nanoseconds
		case !v.IsZero():
			attrs = append(attrs, slog.String(envName(f), "(set)"))
		}
	})
	return slog.GroupValue(attrs...)
}
