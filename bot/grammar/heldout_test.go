package grammar

import (
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// TestHeldOut measures pastes that the grammar was not built with: nothing is done that was not plainly typed, nothing that was not
// meant is the first thing offered, and nine of ten that are plain are one press away.
func TestHeldOut(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile("testdata/heldout.txt")
	require.NoError(t, err)
	plain, offered, all := 0, 0, 0
	for line := range strings.Lines(string(text)) {
		typed, meant, is := strings.Cut(strings.TrimSuffix(line, "\n"), "\t")
		if strings.HasPrefix(line, "#") || !is {
			continue
		}
		all++
		u := paste(t, typed)
		sign, want, _ := strings.Cut(meant, " ")
		want = "/purge " + shortened(strings.ReplaceAll(want, "T/", "https://www.test.com/"))
		switch sign {
		case "+":
			assert.Equal(t, want, withoutReason(u.done), "%q: %s %v", typed, u.problem, u.readings)
		case "?":
			assert.Empty(t, u.done, typed)
			assert.Empty(t, u.readings, "%q: %s", typed, u.problem)
		case "=":
			plain++
			assert.Empty(t, u.done, typed)
			if len(u.readings) == 0 {
				t.Logf("no press for %q: %s", typed, u.problem)
				continue
			}
			if slices.ContainsFunc(u.readings, func(r string) bool { return withoutReason(r) == want }) {
				offered++
			} else {
				t.Errorf("%q means %q, and %q is offered", typed, want, u.readings)
			}
		}
	}
	t.Logf("%d pastes; %d of %d that are plain are one press away", all, offered, plain)
	assert.GreaterOrEqual(t, all, 100)
	assert.GreaterOrEqual(t, 10*offered, 9*plain)
}

func withoutReason(line string) string {
	line, _, _ = strings.Cut(line, " --reason")
	return line
}
