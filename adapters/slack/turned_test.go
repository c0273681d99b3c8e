package slack

import (
	"bytes"
	"log/slog"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"

	"purgebot/adapters/slack/slacksim"
)

// TestTheOperatorHearsOfWhatIsTurnedAway checks the advice in the log, and its rate.
func TestTheOperatorHearsOfWhatIsTurnedAway(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		opts         []slacksim.Option
		reason, says string
	}{
		"another secret":           {[]slacksim.Option{slacksim.SignedWith("another")}, wrongSecret, "does not match SLACK_SIGNING_SECRET"},
		"signed long ago":          {[]slacksim.Option{slacksim.Skewed(-400 * time.Second)}, wrongClock, "signed 40"},
		"signed in the future":     {[]slacksim.Option{slacksim.Skewed(400 * time.Second)}, wrongClock, "in the future"},
		"another secret, long ago": {[]slacksim.Option{slacksim.SignedWith("another"), slacksim.Skewed(-400 * time.Second)}, wrongSecret, "does not match"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var log bytes.Buffer
			var mu sync.Mutex
			counted := map[string]int{}
			w := newWorld(t, &fake{}, func(o *Config) {
				o.Log = slog.New(slog.NewTextHandler(&log, nil))
				o.TurnedAway = func(reason string) { mu.Lock(); defer mu.Unlock(); counted[reason]++ }
			})
			for range 3 {
				w.Workspace.Type("U0ALICE", "C0CDN", "", "/purge https://www.test.com/secret", c.opts...)
			}
			w.slack.Wait()
			assert.Equal(t, map[string]int{c.reason: 3}, counted)
			assert.Equal(t, 1, strings.Count(log.String(), "turned away"), log.String())
			assert.Contains(t, log.String(), c.says)
			assert.NotContains(t, log.String(), "secret\"", "nothing of what was sent")
			assert.NotContains(t, log.String(), "simulated-signing-secret")
		})
	}
}
