package store

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// TestNextIsReadAsItWasWritten: also what older versions wrote in words, of which open purges still have rows.
func TestNextIsReadAsItWasWritten(t *testing.T) {
	t.Parallel()
	at := time.UnixMilli(1764288000000).UTC()
	for text, want := range map[string]Next{
		"": {}, "again": {What: Again}, "again 1764288000000": {What: Again, At: at}, "look up 1764288000000": {What: LookUp, At: at},
		"skip": {What: Skip}, "halt": {What: Halt}, "split 3 2": {What: Split, First: 3, Parts: 2},
	} {
		n, err := scanNext(text)
		require.NoError(t, err, text)
		assert.Equal(t, want.What, n.What, text)
		assert.True(t, want.At.Equal(n.At), text)
		assert.Equal(t, [2]int{want.First, want.Parts}, [2]int{n.First, n.Parts}, text)
		again, err := scanNext(n.encode())
		require.NoError(t, err, text)
		assert.True(t, n.At.Equal(again.At), text)
		assert.Equal(t, n.What, again.What, text)
	}
	_, err := scanNext(`{"what":`)
	assert.Error(t, err)
}
