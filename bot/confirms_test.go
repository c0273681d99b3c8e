package bot

import (
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// TestOnlyWhatDecidesConfirms: an adapter leaves out what confirms a list that cannot be read, and nothing else.
func TestOnlyWhatDecidesConfirms(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	var urls []string
	for i := range 120 {
		urls = append(urls, fmt.Sprintf("https://www.test.com/%d", i))
	}
	w.types(alice, strings.Join(urls, " "))
	m := w.chat.await(t, func(m shown) bool { return hasButton(m.card, "Cancel") })
	require.NotNil(t, m.card.File)
	assert.Equal(t, urls, strings.Fields(m.card.File.Text), "the file has every target")
	confirming := map[string]bool{}
	for _, b := range m.card.Buttons {
		confirming[b.Label] = b.Confirms
	}
	assert.Equal(t, map[string]bool{"Purge": true, "Cancel": false}, confirming)
	for _, action := range ofCards {
		assert.Equal(t, action == actionPurge || action == actionEmergency, view{}.button("x", action, "").Confirms, action)
	}
}
