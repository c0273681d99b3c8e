package discord

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"strings"
	"time"

	"github.com/bwmarrin/discordgo"

	"purgebot/bot/chat"
	"purgebot/purge"
)

// patient is the longest wait for a rate limit within a call; the caller waits for longer limits.
const patient = time.Second

// call makes one call to the API, with a path below its version ("/channels/1/messages"). A nil out drops the
// answer. The error is a *purge.Error.
//
// discordgo's own buckets are not used: they hold a lock while they wait, put all interactions of the process
// into one bucket, and are never freed. https://github.com/bwmarrin/discordgo/issues/1333
func (d *Discord) call(ctx context.Context, method, path string, body, out any, files ...*chat.File) error {
	kind, payload, err := encode(body, files)
	if err != nil {
		return d.translate(method, path, err)
	}
	ctx = withRoute(ctx, routeOf(method, path))
	answer, err := d.send(ctx, method, path, kind, payload)
	if err == nil && out != nil {
		err = json.Unmarshal(answer, out)
	}
	if err != nil {
		return d.translate(method, path, err)
	}
	return nil
}

// send makes the call after a short wait for a known limit, and again after a short wait that Discord's answer
// demands.
func (d *Discord) send(ctx context.Context, method, path, kind string, payload []byte) (answer []byte, err error) {
	for range 2 {
		if err := d.turn(ctx, routeOf(method, path)); err != nil {
			return nil, err
		}
		bucket := discordgo.NewRatelimiter().LockBucket("")
		answer, err = d.rest.RequestWithLockedBucket(method, d.api+path, kind, payload, bucket, 0,
			discordgo.WithContext(ctx), discordgo.WithClient(d.http), discordgo.WithRetryOnRatelimit(false), discordgo.WithRestRetries(0))
		var fast tooFast
		if !errors.As(err, &fast) || fast.after > patient {
			return answer, err
		}
	}
	return answer, err
}

// turn waits until a route may be called, or returns an error if that takes too long.
func (d *Discord) turn(ctx context.Context, route string) error {
	wait := d.limits.wait(route)
	if wait == 0 {
		return nil
	}
	if deadline, bound := ctx.Deadline(); wait > patient || bound && time.Until(deadline) < wait {
		return tooFast{wait}
	}
	return sleep(ctx, wait)
}

func sleep(ctx context.Context, for_ time.Duration) error {
	timer := time.NewTimer(for_)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// encode writes a body as JSON, or with files as a form:
// https://docs.discord.com/developers/reference#uploading-files
func encode(body any, files []*chat.File) (kind string, payload []byte, err error) {
	if body == nil {
		return "", nil, nil
	}
	if len(files) == 0 {
		payload, err = json.Marshal(body)
		return "application/json", payload, err
	}
	var parts []*discordgo.File
	for _, f := range files {
		parts = append(parts, &discordgo.File{Name: f.Name, ContentType: "text/plain; charset=utf-8", Reader: strings.NewReader(f.Text)})
	}
	return discordgo.MultipartBodyWithJSON(body, parts)
}

// whoami returns the token's user.
func (d *Discord) whoami(ctx context.Context, maxAge time.Duration) (user, error) {
	if me, known := d.me.get("", maxAge); known {
		return me, nil
	}
	var me user
	asked := d.config.Now()
	if err := d.call(ctx, http.MethodGet, "/users/@me", nil, &me); err != nil {
		return user{}, err
	}
	if !snowflake(me.ID) {
		return user{}, &purge.Error{Kind: errSilent.Kind, Message: errSilent.Message}
	}
	d.me.put("", me, asked)
	return me, nil
}

// newSession returns a discordgo session that does not reconnect, retry, wait or print: the supervisor
// reconnects, call does the rest, and discordgo's output may hold the token.
func (d *Discord) newSession() *discordgo.Session {
	s, _ := discordgo.New("Bot " + d.config.Token) // New returns no error
	s.LogLevel = -1
	s.ShouldReconnectOnError, s.ShouldReconnectVoiceOnSessionError = false, false
	s.ShouldRetryOnRateLimit, s.MaxRestRetries = false, 0
	s.StateEnabled, s.Compress = false, false
	s.Client = &http.Client{Timeout: d.http.Timeout, Transport: elsewhere{d.http.Transport, d.api}}
	s.UserAgent = "DiscordBot (purgebot, 1)"
	return s
}

// elsewhere directs discordgo's own requests to the configured API, and to no other host despite redirects.
// discordgo's addresses are global to the process.
type elsewhere struct {
	http.RoundTripper
	api string
}

// RoundTrip implements http.RoundTripper.
func (e elsewhere) RoundTrip(r *http.Request) (*http.Response, error) {
	path := strings.TrimPrefix(r.URL.String(), strings.TrimSuffix(discordgo.EndpointAPI, "/"))
	to, err := http.NewRequestWithContext(r.Context(), r.Method, e.api+path, bytes.NewReader(nil))
	if err != nil {
		return nil, err
	}
	to.Header = r.Header.Clone()
	to.Header.Del("Authorization") // GET /gateway needs no token
	return e.RoundTripper.RoundTrip(to)
}
