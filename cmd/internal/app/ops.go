package app

import (
	"fmt"
	"net/http"

	"github.com/prometheus/client_golang/prometheus/promhttp"

	"purgebot/bot"
)

// opsHandler serves what operators watch: /healthz is that the process runs, /readyz names what is wrong, /metrics counts.
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

// ready answers 503 if the bot cannot do its work, else 200. A warning is no reason to send the chats elsewhere.
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
