package bot

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
)

func TestSeldom(t *testing.T) {
	t.Parallel()
	var s seldom
	now := time.Now()
	assert.True(t, s.first("a", now))
	assert.False(t, s.first("a", now.Add(sayAgainAfter-1)))
	assert.True(t, s.first("b", now))
	assert.True(t, s.first("a", now.Add(sayAgainAfter)))
	for i := range 10 * seldomMost {
		s.first(strings.Repeat("x", i), now)
		assert.LessOrEqual(t, len(s.last), seldomMost)
	}
}
