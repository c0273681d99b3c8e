package app

import (
	"fmt"
	"net/http"

	"github.com/prometheus/client_golang/prometheus/promhttp"

	"purgebot/bot"
)

// opsHandler serves the endpoints for operators: /healthz shows that the process runs, /readyz lists problems, /metrics
// counts.
func opsHandler(b *bot.Bot, policy *policyFile, m *metrics) http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /healthz", func(w http.ResponseWriter, _ *http.Request) { fmt.Fprintln(w, "ok") })
	mux.HandleFunc("GET /readyz", func(w http.ResponseWriter, r *http.Request) {
		c := b.Condition(r.Context())
		c.Warnings = append(c.Warnings, policy.warnings()...)
		ready(w, c)
	})
	m.registry.MustRegister(figures{b, policy})
	m.policy(policy)
	mux.Handle("GET /metrics", promhttp.HandlerFor(m.registry, promhttp.HandlerOpts{}))
	return mux
}

// ready answers 503 if the bot cannot work, otherwise 200. Warnings alone do not make the bot unready.
func ready(w http.ResponseWriter, c bot.Condition) {
	if len(c.Problems) > 0 {
		w.WriteHeader(http.StatusServiceUnavailable)
	} else {
		fmt.Fprintln(w, "ready")
	}
	for _, p := range c.Problems {
		fmt.Fprintln(w, p)
	}
	for _, p := range c.Warnings {
		fmt.Fprintln(w, "warning:", p)
	}
}
