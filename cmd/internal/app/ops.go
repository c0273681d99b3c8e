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
		problems := b.Problems(r.Context())
		if p := policy.problem(); p != "" {
			problems = append(problems, p)
		}
		if len(problems) > 0 {
			w.WriteHeader(http.StatusServiceUnavailable)
		} else {
			problems = []string{"ready"}
		}
		for _, p := range problems {
			fmt.Fprintln(w, p)
		}
	})
	m.open(b)
	mux.Handle("GET /metrics", promhttp.HandlerFor(m.registry, promhttp.HandlerOpts{}))
	return mux
}
