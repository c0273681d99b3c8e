package bot

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"purgebot/purge"
)

func TestURLIsPurgedAtOnce(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	assert.Empty(t, w.types(alice, "https://www.test.com/1.jpg").Title)
	end := w.ends("Done in mainland: 1 URL on www.test.com")
	assert.Contains(t, end.card.Lines, "Overseas was not purged.")
	require.Len(t, w.cdn.sent(), 1)
	assert.Equal(t, purge.Mainland, w.cdn.sent()[0].Area)
}

func TestDirectoryWaitsForItsRequester(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.types(alice, "dir https://www.test.com/test/ --overseas")
	assert.Contains(t, w.presses(bob, "Purge").Title, "Only the person who asked")
	assert.Empty(t, w.cdn.sent(), "nothing leaves before the press")
	w.presses(alice, "Purge")
	w.ends("Done in overseas: 1 directory on www.test.com")
	require.Len(t, w.cdn.sent(), 1)
}
