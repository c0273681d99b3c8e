package main

import (
	"errors"
	"os"
	"time"

	"github.com/spf13/cobra"

	"purgebot/cmd/internal/app"
)

func historyCommand() *cobra.Command {
	var o app.History
	var verify bool
	c := &cobra.Command{
		Use: "history [DOMAIN]", Short: "Write the timeline of an incident, or check that the audit is whole", Args: cobra.MaximumNArgs(1),
		Long: `history writes the audit, oldest first: requests, refusals and presses with their persons, and calls with their results. It reads the
database in DATABASE_URL, even beside a running purgebot, and writes nothing to it. Readers of that database see private targets, too.`,
		Example: `  purgebot history shop.example.com --since 30d > incident.md
  purgebot history --by slack:T024BE7LD/U2147483697 --outcome failed --format csv > failed.csv
  purgebot history --verify`,
		RunE: func(cmd *cobra.Command, args []string) error {
			if len(args) == 1 {
				o.Host = args[0]
			}
			if !verify {
				return o.Run(cmd.Context(), os.Environ(), time.Now(), cmd.OutOrStdout())
			}
			if o != (app.History{Format: "markdown"}) {
				return errors.New("--verify looks at the whole audit: leave out DOMAIN and the other flags")
			}
			return app.VerifyHistory(cmd.Context(), os.Environ(), cmd.OutOrStdout())
		},
	}
	f := c.Flags()
	f.StringVar(&o.Since, "since", "", "the beginning: a time ago (30d, 12h) or a date; without it, the whole audit")
	f.StringVar(&o.Until, "until", "", "the end: a time ago, or a date, which is itself excluded")
	f.StringVar(&o.By, "by", "", "the person of the purges, presses and refusals, e.g. slack:T024BE7LD/U2147483697")
	f.StringVar(&o.Outcome, "outcome", "", "done, partly done, accepted, failed, unknown, refused, cancelled or expired")
	f.StringVar(&o.Format, "format", "markdown", "markdown, csv or json (one object a line, with everything)")
	f.StringVar(&o.Zone, "zone", "", "the time zone of dates and of the second time column, e.g. Asia/Shanghai; default: this machine's")
	f.BoolVar(&verify, "verify", false, "check the audit's chain of hashes, and the tables against it; exit with 1 at the first row that was changed, removed or inserted, or that contradicts the tables")
	return c
}
