package app

import (
	"context"
	"runtime"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"purgebot/bot"
)

// figures collects the metrics that are read at each scrape. An unknown figure is left out, since a placeholder such as
// -1 would be added to real values.
type figures struct {
	bot    *bot.Bot
	policy *policyFile
}

// readWithin limits the time that a scrape waits for the database.
const readWithin = 2 * time.Second

func desc(name, help string, labels ...string) *prometheus.Desc {
	return prometheus.NewDesc(name, help, labels, nil)
}

var (
	descUp       = desc("purgebot_up", "1 if this part was well when it was last asked, else 0; /readyz says why.", "part")
	descOpen     = desc("purgebot_purges_open", "Purges that are not final.")
	descWaiting  = desc("purgebot_purges_waiting", "Purges that wait for a press.")
	descCards    = desc("purgebot_cards_due", "Messages that are behind what they should show.")
	descOutcomes = desc("purgebot_purge_outcomes_total", "Purges that ended in this process, by how.", "outcome")
	descLimit    = desc("purgebot_quota_limit", "Targets of the vendor's day, by kind and area.", "kind", "area")
	descLeft     = desc("purgebot_quota_left", "Targets that are left of it, as far as purgebot knows.", "kind", "area")
	descRead     = desc("purgebot_policy_last_reload_timestamp_seconds", "When the policy in force was read, Unix time.")
	descHeld     = desc("purgebot_policy_last_check_timestamp_seconds", "When the policy in force was last found in its file, Unix time.")
	descBuild    = desc("purgebot_build_info", "1, labelled with what runs.", "version", "go_version")
)

// Describe implements prometheus.Collector.
func (f figures) Describe(to chan<- *prometheus.Desc) {
	for _, d := range []*prometheus.Desc{descUp, descOpen, descWaiting, descCards, descOutcomes, descLimit, descLeft, descRead, descHeld, descBuild} {
		to <- d
	}
}

// Collect implements prometheus.Collector.
func (f figures) Collect(to chan<- prometheus.Metric) {
	gauge := func(d *prometheus.Desc, value float64, labels ...string) {
		to <- prometheus.MustNewConstMetric(d, prometheus.GaugeValue, value, labels...)
	}
	gauge(descBuild, 1, Version(), runtime.Version())
	for part, well := range f.bot.Up() {
		gauge(descUp, map[bool]float64{true: 1}[well], part)
	}
	for outcome, n := range f.bot.Outcomes() {
		to <- prometheus.MustNewConstMetric(descOutcomes, prometheus.CounterValue, float64(n), string(outcome))
	}
	read, held := f.policy.inForce()
	gauge(descRead, unix(read))
	gauge(descHeld, unix(held))
	f.collectStored(gauge)
}

// collectStored collects the figures in the database, if the database answers in time.
func (f figures) collectStored(gauge func(d *prometheus.Desc, value float64, labels ...string)) {
	ctx, cancel := context.WithTimeout(context.Background(), readWithin)
	defer cancel()
	if busy, err := f.bot.Backlog(ctx); err == nil {
		gauge(descOpen, float64(busy.Open))
		gauge(descWaiting, float64(busy.Waiting))
		gauge(descCards, float64(busy.Cards))
	}
	if quotas, err := f.bot.Quotas(ctx); err == nil {
		for _, q := range quotas {
			gauge(descLimit, float64(q.Total), string(q.Kind), string(q.Area))
			gauge(descLeft, float64(q.Left), string(q.Kind), string(q.Area))
		}
	}
}

func unix(t time.Time) float64 { return float64(t.UnixMilli()) / 1000 }
