package app

import (
	"context"
	"errors"
	"log/slog"
	"sync/atomic"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"

	"purgebot/acl"
	"purgebot/bot/chat"
	"purgebot/purge"
	"purgebot/purge/tencent"
)

// metrics counts and times the calls across the ports, so that no other package knows of Prometheus.
type metrics struct {
	registry *prometheus.Registry
	calls    *prometheus.HistogramVec
	refused  atomic.Int64
	unlisted atomic.Int64 // answers of the CDN with an unlisted code
	turned   *prometheus.CounterVec
	log      *slog.Logger
}

func newMetrics(log *slog.Logger) *metrics {
	m := &metrics{
		log:      log,
		registry: prometheus.NewRegistry(),
		calls: prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Name: "purgebot_call_duration_seconds", Help: "Calls across a port, by port, call and how they ended.",
			Buckets: []float64{.001, .005, .01, .05, .1, .5, 1, 2.5, 5, 10},
		}, []string{"port", "call", "ended"}),
	}
	m.turned = prometheus.NewCounterVec(prometheus.CounterOpts{
		Name: "purgebot_deliveries_turned_away_total", Help: "Deliveries answered 401, by platform and by what is wrong: unsigned, signature or clock.",
	}, []string{"platform", "reason"})
	m.registry.MustRegister(m.turned, m.calls, prometheus.NewCounterFunc(prometheus.CounterOpts{
		Name: "purgebot_refusals_total", Help: "Commands and presses that were answered with a refusal.",
	}, func() float64 { return float64(m.refused.Load()) }), prometheus.NewCounterFunc(prometheus.CounterOpts{
		Name: "purgebot_cdn_unknown_codes_total", Help: "Answers of the CDN with an error code that this version does not list.",
	}, func() float64 { return float64(m.unlisted.Load()) }), collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	return m
}

// turnedAway returns a counter of deliveries that a platform's adapter answers 401. Each reason is shown from the start,
// with 0.
func (m *metrics) turnedAway(platform string) func(reason string) {
	for _, reason := range []string{"unsigned", "signature", "clock"} {
		m.turned.WithLabelValues(platform, reason)
	}
	return func(reason string) { m.turned.WithLabelValues(platform, reason).Inc() }
}

// policy counts the accepted and the refused versions of the policy file.
func (m *metrics) policy(f *policyFile) {
	for outcome, n := range map[string]*atomic.Int64{"in force": &f.taken, "refused": &f.refused} {
		m.registry.MustRegister(prometheus.NewCounterFunc(prometheus.CounterOpts{
			Name: "purgebot_policy_reads_total", Help: "Versions of the policy file that were put in force, or refused while the last good one stays.",
			ConstLabels: prometheus.Labels{"outcome": outcome},
		}, func() float64 { return float64(n.Load()) }))
	}
}

// ended returns the label for the result of a call: one of a few fixed words, never a text from outside.
func ended(err error) string {
	if err == nil {
		return "ok"
	}
	return purge.AsError(err).Kind.String()
}

func (m *metrics) observe(port, call string, from time.Time, err error) {
	m.calls.WithLabelValues(port, call, ended(err)).Observe(time.Since(from).Seconds())
}

// cdn wraps the CDN with metrics. The time of a call includes the wait for its turn. The result implements purge.Domains
// if c does.
func (m *metrics) cdn(c purge.CDN, p *pace) purge.CDN {
	metered := &meteredCDN{c, m, p}
	if lister, lists := c.(purge.Domains); lists {
		return struct {
			*meteredCDN
			domains
		}{metered, domains{lister, metered}}
	}
	return metered
}

// domains wraps purge.Domains with metrics. An embedded purge.Domains would clash with its own method of the same name.
type domains struct {
	from purge.Domains
	by   *meteredCDN
}

// Domains implements purge.Domains.
func (d domains) Domains(ctx context.Context) (all []purge.Domain, err error) {
	defer func(from time.Time) { d.by.saw(ctx, "domains", from, err) }(time.Now())
	return d.from.Domains(ctx)
}

type meteredCDN struct {
	purge.CDN
	m    *metrics
	pace *pace
}

func (c *meteredCDN) saw(ctx context.Context, call string, from time.Time, err error) {
	c.pace.heard(ctx, err)
	c.m.observe("cdn", call, from, err)
	if errors.Is(err, tencent.ErrUnlisted) {
		c.m.unlisted.Add(1)
		c.m.log.WarnContext(ctx, "the CDN answered with a code that purgebot does not list", "call", call, "error", err)
	}
}

// Submit implements purge.CDN and counts prefetches apart from purges.
func (c *meteredCDN) Submit(ctx context.Context, b purge.Batch, leaving func(context.Context) error) (r purge.Receipt, err error) {
	call := "submit"
	if b.Kind == purge.Prefetch {
		call = "prefetch"
	}
	defer func(from time.Time) { c.saw(ctx, call, from, err) }(time.Now())
	return c.CDN.Submit(ctx, b, leaving)
}

// Status implements purge.CDN.
func (c *meteredCDN) Status(ctx context.Context, q purge.StatusQuery) (s []purge.TargetStatus, err error) {
	defer func(from time.Time) { c.saw(ctx, "status", from, err) }(time.Now())
	return c.CDN.Status(ctx, q)
}

// Quota implements purge.CDN.
func (c *meteredCDN) Quota(ctx context.Context) (q []purge.Quota, err error) {
	defer func(from time.Time) { c.saw(ctx, "quota", from, err) }(time.Now())
	return c.CDN.Quota(ctx)
}

// platform wraps a chat with metrics.
func (m *metrics) platform(name string, p chat.Platform) chat.Platform {
	return &meteredPlatform{p, m, name}
}

type meteredPlatform struct {
	chat.Platform
	m    *metrics
	name string
}

// Show implements chat.Platform.
func (p *meteredPlatform) Show(ctx context.Context, at chat.Thread, ref chat.MessageRef, key string, c chat.Card) (r chat.MessageRef, err error) {
	defer func(from time.Time) { p.m.observe(p.name, "show", from, err) }(time.Now())
	return p.Platform.Show(ctx, at, ref, key, c)
}

// Tell implements chat.Platform.
func (p *meteredPlatform) Tell(ctx context.Context, who acl.Subject, at chat.Thread, after chat.EventKey, c chat.Card) (err error) {
	defer func(from time.Time) { p.m.observe(p.name, "tell", from, err) }(time.Now())
	return p.Platform.Tell(ctx, who, at, after, c)
}

// Person implements chat.Platform.
func (p *meteredPlatform) Person(ctx context.Context, s acl.Subject, maxAge time.Duration) (who chat.Person, err error) {
	defer func(from time.Time) { p.m.observe(p.name, "person", from, err) }(time.Now())
	return p.Platform.Person(ctx, s, maxAge)
}

// Channel implements chat.Platform.
func (p *meteredPlatform) Channel(ctx context.Context, at chat.Thread, maxAge time.Duration) (c chat.Channel, err error) {
	defer func(from time.Time) { p.m.observe(p.name, "channel", from, err) }(time.Now())
	return p.Platform.Channel(ctx, at, maxAge)
}

// handler wraps h to measure the time from an event to its acknowledgement.
func (m *metrics) handler(h chat.Handler) chat.Handler { return &meteredHandler{h, m} }

type meteredHandler struct {
	chat.Handler
	m *metrics
}

func (h *meteredHandler) saw(call string, who acl.Subject, at chat.Thread, from time.Time, r chat.Reply, err error) {
	h.m.observe("bot", call, from, err)
	if !r.Refused {
		return
	}
	h.m.refused.Add(1)
	why := ""
	if r.Card != nil {
		why = r.Card.Title
	}
	h.m.log.Info("refused", "call", call, "who", who, "channel", at.Subject(), "why", why)
}

// Command implements chat.Handler.
func (h *meteredHandler) Command(ctx context.Context, c chat.Command) (r chat.Reply, err error) {
	defer func(from time.Time) { h.saw("command", c.From, c.At, from, r, err) }(time.Now())
	return h.Handler.Command(ctx, c)
}

// Answer implements chat.Handler.
func (h *meteredHandler) Answer(ctx context.Context, a chat.Answer) (r chat.Reply, err error) {
	defer func(from time.Time) { h.saw("answer", a.From, a.At, from, r, err) }(time.Now())
	return h.Handler.Answer(ctx, a)
}

// Suggest implements chat.Handler.
func (h *meteredHandler) Suggest(ctx context.Context, q chat.Suggestion) (r chat.Reply, err error) {
	defer func(from time.Time) { h.saw("suggest", q.From, q.At, from, r, err) }(time.Now())
	return h.Handler.Suggest(ctx, q)
}
