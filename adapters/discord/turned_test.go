package discord

import (
	"bytes"
	"crypto/ed25519"
	"log/slog"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"purgebot/adapters/discord/discordsim"
)

// TestTheOperatorHearsOfWhatIsTurnedAway: once in a while, and what to check.
func TestTheOperatorHearsOfWhatIsTurnedAway(t *testing.T) {
	t.Parallel()
	_, another, err := ed25519.GenerateKey(nil)
	require.NoError(t, err)
	for name, c := range map[string]struct {
		opt          discordsim.Option
		reason, says string
	}{
		"another key":          {discordsim.SignedWith(another), wrongSecret, "does not match DISCORD_PUBLIC_KEY"},
		"signed long ago":      {discordsim.Skewed(-400 * time.Second), wrongClock, "s ago"},
		"signed in the future": {discordsim.Skewed(400 * time.Second), wrongClock, "in the future"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var log bytes.Buffer
			var mu sync.Mutex
			counted := map[string]int{}
			w := newWorld(t, &fake{}, overHTTP, func(o *Config, _ *discordsim.Sim) {
				o.Log = slog.New(slog.NewTextHandler(&log, nil))
				o.TurnedAway = func(reason string) { mu.Lock(); defer mu.Unlock(); counted[reason]++ }
			}).started()
			for range 3 {
				w.Sim.Command(discordsim.Alice, discordsim.CDN, "purge whoami", nil, c.opt)
			}
			mu.Lock()
			defer mu.Unlock()
			assert.Equal(t, 3, counted[c.reason], "%v", counted)
			assert.Equal(t, 1, strings.Count(log.String(), c.says), log.String())
		})
	}
}
