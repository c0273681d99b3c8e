package books

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
)

func TestSeldom(t *testing.T) {
	t.Parallel()
	var s Seldom
	now := time.Now()
	assert.True(t, s.First("a", now))
	assert.False(t, s.First("a", now.Add(sayAgainAfter-1)))
	assert.True(t, s.First("b", now))
	assert.True(t, s.First("a", now.Add(sayAgainAfter)))
	for i := range 10 * seldomMost {
		s.First(strings.Repeat("x", i), now)
		assert.LessOrEqual(t, len(s.last), seldomMost)
	}
}
