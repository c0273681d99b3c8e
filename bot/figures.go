package bot

import (
	"context"
	"maps"

	"purgebot/bot/card"
	"purgebot/bot/store"
	"purgebot/purge"
)

// Outcomes returns the number of purges that ended in this process, for every final state. A later look changes none of them.
func (b *Bot) Outcomes() map[store.State]int64 {
	all := map[store.State]int64{store.StateDone: 0, store.StatePartly: 0, store.StateAccepted: 0, store.StateFailed: 0, store.StateUnknown: 0,
		store.StateRefused: 0, store.StateCancelled: 0, store.StateExpired: 0}
	maps.Copy(all, b.runner.Endings.All())
	return all
}

// Quotas returns the remaining units of each known quota for today, without a question to the vendor: by the vendor's figure if it
// is new enough, else by the configured quota less the bot's own ledger.
func (b *Bot) Quotas(ctx context.Context) ([]purge.Quota, error) {
	spent, err := b.vendor.Spent(ctx, b.vendor.Day(b.Now()))
	if err != nil {
		return nil, err
	}
	var all []purge.Quota
	for _, k := range b.vendor.Kinds() {
		for _, a := range []purge.Area{purge.Mainland, purge.Overseas} {
			if al, limited := b.vendor.Allowance(k, a); limited {
				all = append(all, purge.Quota{Kind: k, Area: a, Total: al.Total, Left: max(0, al.Limit-spent[card.QuotaOf{Kind: k, Area: a}])})
			}
		}
	}
	return all, nil
}
