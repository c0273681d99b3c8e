package purge

import (
	"encoding/json"
	"io"
	"os"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// labelled is a line of testdata/attacks.txt.
type labelled struct {
	allow           bool
	kind            Kind
	input           string
	canonical       string // if allowed
	reason, suggest string // if not
}

// attacks reads testdata/attacks.txt; the head of that file explains its format.
func attacks(t testing.TB) (all []labelled) {
	t.Helper()
	text, err := os.ReadFile("testdata/attacks.txt")
	require.NoError(t, err)
	for line := range strings.Lines(string(text)) {
		if line = strings.TrimSpace(line); line == "" || line[0] == '#' {
			continue
		}
		verdict, rest, _ := strings.Cut(line, " ")
		kind, rest, _ := strings.Cut(rest, " ")
		l := labelled{allow: verdict == "allow", kind: Kind(kind)}
		fields := quoted(t, rest)
		l.input, l.canonical = fields[0], fields[len(fields)-1]
		if !l.allow {
			require.Equal(t, "deny", verdict)
			require.Len(t, fields, 3, line)
			l.canonical, l.reason, l.suggest = "", fields[1], fields[2]
		}
		all = append(all, l)
	}
	return all
}

func quoted(t testing.TB, s string) (fields []string) {
	t.Helper()
	for d := json.NewDecoder(strings.NewReader(s)); ; {
		var field string
		err := d.Decode(&field)
		if err == io.EOF {
			return fields
		}
		require.NoError(t, err, s)
		fields = append(fields, field)
	}
}

// The test refuses attacks made by hand and accepts ordinary addresses that resemble them.
func TestAttacks(t *testing.T) {
	t.Parallel()
	all := attacks(t)
	for _, l := range all {
		if !l.allow {
			r := requireRefused(t, l.kind, l.input)
			assert.Equal(t, l.reason, r.Reason, "%q", l.input)
			assert.Equal(t, l.suggest, r.Suggest, "%q", l.input)
			continue
		}
		got, err := Parse(l.kind, l.input)
		if assert.NoError(t, err) {
			assert.Equal(t, l.canonical, got.String(), "%q", l.input)
			requireCanonical(t, got)
			requireSameInBrowser(t, l.input, got)
			requireSameInGo(t, got)
		}
	}
	assert.Greater(t, len(all), 700)
}
