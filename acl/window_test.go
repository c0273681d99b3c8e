package acl

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
)

func TestAWindowSaysWhenItIsOpen(t *testing.T) {
	t.Parallel()
	from, until := time.Date(2026, 11, 27, 10, 0, 0, 0, time.UTC).Unix(), time.Date(2026, 11, 28, 10, 0, 0, 0, time.UTC).Unix()
	beijing := time.FixedZone("", 8*3600)
	for _, c := range []struct {
		window
		on   *time.Location
		want string
	}{
		{window{}, time.UTC, ""},
		{window{from, 0}, time.UTC, "from 2026-11-27 10:00 UTC"},
		{window{0, until}, time.UTC, "until 2026-11-28 10:00 UTC"},
		{window{from, until}, beijing, "from 2026-11-27 10:00 UTC (11-27 18:00 +08:00) until 2026-11-28 10:00 UTC (11-28 18:00 +08:00)"},
	} {
		assert.Equal(t, c.want, c.window.on(c.on), c.want)
	}
}
